//! On what it was measured.

use std::fs;
use std::process::Command;

fn first_line(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("not found").trim().to_owned()
}

/// One paragraph.
pub fn describe(root: &std::path::Path) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let root = root.display().to_string();
    let commit = first_line(&["git", "-C", &root, "describe", "--always", "--dirty"]);
    format!(
        "{} at {commit}: {} of {cores} cores, {:.0} GiB; Linux {} {}; {}; Node {}; {}; load at the start {load}.",
        first_line(&["date", "-u", "+%Y-%m-%d"]),
        model.unwrap_or("a CPU"),
        kib / 1024.0 / 1024.0,
        first_line(&["uname", "-r"]),
        first_line(&["uname", "-m"]),
        first_line(&["rustc", "--version"]),
        first_line(&["node", "--version"]),
        first_line(&["python3", "--version"]),
    )
}
