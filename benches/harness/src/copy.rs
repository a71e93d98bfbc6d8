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
    let cells = text.lines().map(|line| line.trim_matches(['|', ' ']).split(" | "));
    let ratios: Vec<f64> = cells.filter_map(|cells| cells.last()?.parse().ok()).collect();
    let (Some(worst), Some(largest)) = (ratios.iter().copied().reduce(f64::min), ratios.last()) else {
        panic!("no copies: {text}");
    };
    report.at_least("copies of any size, boto3's time to ours", worst, 1.0, "");
    report.at_least("copy of several GB, boto3's time to ours", *largest, 3.0, "");
    // The line above the table, then the table.
    report.section("Copies", text.replacen("\n|", "\n\n|", 1));
}
