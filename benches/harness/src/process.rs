//! A contender's process, and what the kernel knows of it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Killed when it is dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// With nothing of our own environment but PATH; what it prints goes to a file below `logs`.
    pub fn spawn(name: &str, logs: &Path, command: &[String], environment: &[(String, String)]) -> Self {
        let log = File::create(logs.join(format!("{}.log", name.replace([' ', ','], "-")))).expect("a log file");
        let error = log.try_clone().expect("a log file");
        let path = std::env::var("PATH").unwrap_or_default();
        let child = Command::new(&command[0])
            .args(&command[1..])
            .env_clear()
            .env("PATH", path)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(error)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command[0]));
        Self { child }
    }

    /// Peak memory so far, in MiB.
    pub fn peak(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.unwrap_or(f64::NAN) / 1024.0
    }

    /// Peak memory is counted from what is used now.
    pub fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("clear_refs");
    }

    /// CPU time of all threads so far, exact to 10 ms.
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// CPU time of the threads that still run, exact.
    pub fn cpu_of_threads(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let nanos = tasks.filter_map(|task| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanos.sum())
    }

    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end, and waits.
    pub fn end(mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        self.child.wait().expect("an end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
