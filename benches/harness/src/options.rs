//! What the command line says.

use std::path::{Path, PathBuf};

pub const PARTS: [&str; 7] = ["size", "cold", "warm", "callgrind", "server", "growth", "copy"];

const USAGE: &str =
    "usage: harness [--ours FILE] [--server FILE] [--floor FOLDER] [--zip FILE] [--only cold,warm,…] [--quick] [--write FILE]
  --ours    the program for Lambda (bootstrap)
  --server  the rendergate command
  --floor   where floor-lambda and floor-server are
  --zip     the zip for Lambda on arm64; without it its size is not told
  --only    of size, cold, warm, callgrind, server, growth, copy
  --quick   a few rounds, to see that it works
  --write   a file whose text between <!-- bench --> and <!-- /bench --> is replaced by the tables";

pub struct Options {
    /// The repository.
    pub root: PathBuf,
    pub ours: PathBuf,
    pub server: PathBuf,
    pub floor: PathBuf,
    pub zip: Option<PathBuf>,
    pub only: Vec<String>,
    pub quick: bool,
    pub write: Option<PathBuf>,
}

impl Options {
    pub fn parse() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository");
        let built = root.join("benches/.run/target");
        let mut options = Self {
            ours: built.join("release/api"),
            server: built.join("server/rendergate"),
            floor: root.join("benches/.run/floor-target/release"),
            root,
            zip: None,
            only: PARTS.map(str::to_owned).to_vec(),
            quick: false,
            write: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().filter(|value| !value.is_empty()).unwrap_or_else(|| fail());
            match argument.as_str() {
                "--ours" => options.ours = absolute(value()),
                "--server" => options.server = absolute(value()),
                "--floor" => options.floor = absolute(value()),
                "--zip" => options.zip = Some(absolute(value())),
                "--write" => options.write = Some(absolute(value())),
                "--only" => options.only = value().split(',').map(str::to_owned).collect(),
                "--quick" => options.quick = true,
                _ => fail(),
            }
        }
        if options.only.iter().any(|part| !PARTS.contains(&part.as_str())) {
            fail();
        }
        options
    }

    pub fn wants(&self, part: &str) -> bool {
        self.only.iter().any(|wanted| wanted == part)
    }

    /// Below `benches/.run`, where nothing is kept.
    pub fn run(&self, name: &str) -> PathBuf {
        self.root.join("benches/.run").join(name)
    }

    pub fn pick(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}

fn absolute(path: String) -> PathBuf {
    std::path::absolute(path).expect("a path")
}

fn fail() -> ! {
    eprintln!("{USAGE}");
    std::process::exit(2)
}
