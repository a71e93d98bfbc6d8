//! The bench of `benches/copy`, which knows the crate from inside.

use std::process::Command;

use crate::options::Options;
use crate::report::Report;

pub fn run(options: &Options, report: &mut Report) {
    eprintln!("bench: copies …");
    let cargo = Command::new("cargo")
        .args(["bench", "--locked", "--quiet", "--profile", "dev", "--bench", "copy"])
        .current_dir(&options.root)
        .output()
        .expect("cargo");
    let text = String::from_utf8_lossy(&cargo.stdout).into_owned();
    assert!(cargo.status.success(), "{text}{}", String::from_utf8_lossy(&cargo.stderr));
    // The line above the table, then the table.
    report.section("Copies", text.replacen("\n|", "\n\n|", 1));
}
