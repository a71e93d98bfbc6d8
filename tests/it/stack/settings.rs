//! The program under test as a process of its own: only its settings, its answers and
//! its log are known here.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::answer::reveals;
use super::http::basic;
use super::server::Server;

pub(crate) type Log = Arc<Mutex<String>>;

/// The settings of one process: nothing of the test's own environment gets through.
#[derive(Clone, Default)]
pub(crate) struct Settings(BTreeMap<String, String>, Option<PathBuf>);

impl Settings {
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// Where the program runs, if not here.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.1 = Some(folder.to_owned());
        self
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(&self.0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = &self.1 {
            command.current_dir(folder);
        }
        command
    }

    /// Runs a command of `rendergate` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.run_program(env!("CARGO_BIN_EXE_rendergate"), arguments)
    }

    /// Runs a program to its end.
    pub(crate) fn run_program(&self, program: &str, arguments: &[&str]) -> Finished {
        let mut process = self.command(program, arguments).spawn().unwrap();
        let (stdout, stderr) = (Log::default(), Log::default());
        let readers =
            [listen_to(process.stdout.take().unwrap(), &stdout), listen_to(process.stderr.take().unwrap(), &stderr)];
        let status = ended(&mut process);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
        let finished =
            Finished { code: status.and_then(|status| status.code()), stdout: read(&stdout), stderr: read(&stderr) };
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(status.is_some(), "{arguments:?} didn't end:\n{said}");
        assert_eq!(reveals(&said, &self.secrets()), None, "{arguments:?} said:\n{said}");
        finished
    }

    /// Starts a program and leaves it running.
    pub(crate) fn start(&self, program: &str, arguments: &[&str]) -> Server {
        let mut process = self.command(program, arguments).spawn().unwrap();
        let log = Log::default();
        let readers =
            vec![listen_to(process.stdout.take().unwrap(), &log), listen_to(process.stderr.take().unwrap(), &log)];
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.timeout(Duration::from_secs(60)).build().unwrap();
        Server { process, log, readers, url: String::new(), client, secrets: self.secrets(), stopped: false }
    }

    /// `rendergate serve` on a free port, ready for requests.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&["serve"])
    }

    /// The same with further arguments.
    pub(crate) fn serve_with(&self, arguments: &[&str]) -> Server {
        let mut server = self.start(env!("CARGO_BIN_EXE_rendergate"), arguments);
        server.log_until(|log| self.own_url(log).is_some());
        server.url = self.own_url(&server.log()).unwrap();
        server.get("/healthz").expect(200);
        server
    }

    /// Where it listens: the address in its log that no setting names.
    fn own_url(&self, log: &str) -> Option<String> {
        log.split("http://127.0.0.1:").skip(1).find_map(|rest| {
            // Digits at the very end may be half a number.
            let (port, _) = rest.split_once(|letter: char| !letter.is_ascii_digit())?;
            let url = format!("http://127.0.0.1:{port}");
            (!self.0.values().any(|value| value.starts_with(&url))).then_some(url)
        })
    }

    /// What must not come back: every secret among the settings, and the password as it travels.
    fn secrets(&self) -> Vec<String> {
        let secret = |name: &str| ["SECRET", "PASSWORD", "TOKEN"].iter().any(|part| name.contains(part));
        let given =
            self.0.iter().filter(|(name, value)| secret(name) && !value.is_empty() && !value.starts_with("secret:"));
        let basic = basic(self.get("API_USERNAME"), self.get("API_PASSWORD")).trim_start_matches("Basic ").to_owned();
        given.map(|(_, value)| value.clone()).chain([basic].into_iter().filter(|basic| basic.len() > 4)).collect()
    }
}

/// A command that has come to its end.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The exit status, or `None` for a process that had to be killed after a generous while.
pub(super) fn ended(process: &mut Child) -> Option<ExitStatus> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if let Some(status) = process.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = process.kill();
    let _ = process.wait();
    None
}

pub(super) fn read(log: &Log) -> String {
    log.lock().unwrap().clone()
}

fn listen_to(mut pipe: impl Read + Send + 'static, log: &Log) -> JoinHandle<()> {
    let log = log.clone();
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            log.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..length]));
        }
    })
}
