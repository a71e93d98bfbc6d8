//! What is uploaded to Lambda.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::options::Options;
use crate::report::Report;
use crate::stats::Table;

const MB: f64 = 1e6;

pub fn run(options: &Options, report: &mut Report) {
    let mut table = Table::new(&["what", "MB", "compressed"]);
    let mut row = |what: &str, plain: Option<f64>, packed: f64| {
        let plain = plain.map_or("-".into(), |bytes| format!("{:.2}", bytes / MB));
        table.row([what.to_owned(), plain, format!("{:.2}", packed / MB)]);
    };
    if let Some(zip) = &options.zip {
        let bytes = fs::metadata(zip).expect("the zip").len() as f64;
        row("Rendergate's zip for arm64", None, bytes);
        report.at_most("zip for arm64", bytes / MB, 3.0, "MB");
    }
    let peers = options.run("peers");
    let alone: [(&str, &Path, &str); 5] = [
        ("Rendergate's program for this machine", options.ours.parent().expect("a folder"), name(&options.ours)),
        ("bare Invoke for this machine", &options.floor, "floor-lambda"),
        ("Node, bundled, without its runtime", &peers, "bundle.mjs"),
        ("Node, npm's files, without its runtime", &peers, "node_modules/@remotion/lambda-client"),
        ("Python's package, without its runtime and boto3", &options.run("venv"), "lib"),
    ];
    for (what, folder, name) in alone {
        let name = if name == "lib" { python(folder) } else { name.to_owned() };
        let path = folder.join(&name);
        if path.exists() {
            row(what, path.is_file().then(|| fs::metadata(&path).expect("a file").len() as f64), packed(folder, &name));
        }
    }
    report.section("Size", table.text());
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name")
}

fn python(venv: &Path) -> String {
    let versions = fs::read_dir(venv.join("lib")).into_iter().flatten().flatten();
    let version = versions.map(|entry| entry.file_name().to_string_lossy().into_owned()).next().unwrap_or_default();
    format!("lib/{version}/site-packages/remotion_lambda")
}

/// As a zip would be, but for its table of contents.
fn packed(folder: &Path, name: &str) -> f64 {
    let command = "tar --exclude=__pycache__ -cf - -C \"$0\" \"$1\" | gzip -9 | wc -c";
    let output = Command::new("sh").args(["-c", command]).arg(folder).arg(name).output().expect("tar and gzip");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of bytes")
}
