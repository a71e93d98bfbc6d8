//! The running server: requests to it, its log, its end. Every answer and the whole log
//! are searched for secrets.

use std::path::Path;
use std::process::{Child, Command};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use super::answer::{Answer, reveals};
use super::http::RUNTIME;
use super::settings::{Log, ended, read};

pub(crate) struct Server {
    pub(super) process: Child,
    pub(super) log: Log,
    pub(super) readers: Vec<JoinHandle<()>>,
    pub(crate) url: String,
    pub(super) client: reqwest::Client,
    pub(super) secrets: Vec<String>,
    pub(super) stopped: bool,
}

impl Server {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new())
    }

    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, String::new())
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], String::new())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body)
    }

    pub(crate) fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        self.send(Method::POST, path, &headers, body.to_string())
    }

    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.url)).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        RUNTIME.block_on(async {
            let response = request.send().await;
            let response = response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}\n{}", self.log()));
            Answer::read(response, &self.secrets).await
        })
    }

    /// Everything it wrote so far.
    pub(crate) fn log(&self) -> String {
        read(&self.log)
    }

    /// Waits until the log is as wanted: a line may come a moment after its answer.
    pub(crate) fn log_until(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let log = self.log();
            if wanted(&log) {
                return log;
            }
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}, and its log never said so:\n{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to stop and returns its log; a service that stops badly fails the test.
    pub(crate) fn stop(mut self) -> String {
        self.finish();
        self.log()
    }

    /// Ends it without a warning and returns its log.
    pub(crate) fn kill(mut self) -> String {
        self.stopped = true;
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        let log = self.log();
        assert_eq!(reveals(&log, &self.secrets), None, "in the log:\n{log}");
        log
    }

    /// SIGTERM, as an orchestrator sends it.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// `STOP` and `CONT` freeze and thaw it.
    pub(crate) fn signal(&self, name: &str) {
        let signal = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &signal]).status().unwrap().success(), "{}", self.log());
    }

    /// The most memory that it ever had, kB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn finish(&mut self) {
        self.stopped = true;
        self.terminate();
        let status = ended(&mut self.process);
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        let log = self.log();
        assert_eq!(status.and_then(|status| status.code()), Some(0), "after SIGTERM; its log:\n{log}");
        assert_eq!(reveals(&log, &self.secrets), None, "in the log:\n{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The test has failed already: show why, and leave nothing running.
            let _ = self.process.kill();
            let _ = self.process.wait();
            eprintln!("--- log of the server ---\n{}", self.log());
        } else if !self.stopped {
            self.finish();
        }
    }
}

/// All files below a folder, for looking at what was recorded.
pub(crate) fn files_below(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap_or_default()));
        }
    }
    found
}
