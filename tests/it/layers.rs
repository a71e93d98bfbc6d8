//! The architecture, kept: who may use whom, who may see the environment and the SDK.

use std::fs;
use std::path::{Path, PathBuf};

use crate::stack::root;

const GROUND: [&str; 4] = ["digest", "error", "telemetry", "redacted"];

/// Each module and what it may use besides itself and the ground, from the ground up.
const LAYERS: [(&str, &str); 20] = [
    ("digest", ""),
    ("error", ""),
    ("telemetry", ""),
    ("redacted", ""),
    ("remotion", ""),
    ("aws", "remotion"),
    ("credentials", "remotion"),
    ("notify", "credentials outbound"),
    ("outbound", ""),
    // Records are objects in a bucket: the one neighbour of the same layer that is used.
    ("records", "aws remotion"),
    // Keys may be kept as a secret.
    ("callers", "credentials"),
    ("accounts", "aws credentials remotion"),
    ("renderer", "accounts aws callers credentials notify records remotion"),
    // Read by app alone, so it may name the types of whatever it configures.
    ("config", "accounts aws callers credentials notify records remotion renderer"),
    ("policy", "config credentials records remotion renderer"),
    ("app", "accounts aws callers config credentials notify records remotion renderer"),
    ("http", "app callers remotion renderer"),
    ("worker", "app renderer"),
    ("cli", "app config http policy remotion renderer worker"),
    ("bin", "app cli config http worker"),
];

/// The only places where an SDK type may be named.
const SEES_THE_SDK: [&str; 4] = ["accounts", "aws", "credentials", "records"];

struct Source {
    /// As in `LAYERS`.
    module: String,
    path: PathBuf,
    /// Without comments: what a comment mentions, the code does not use.
    code: Vec<String>,
    lines: usize,
}

fn sources(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned()).collect();
            let relative = path.strip_prefix(root().join("src")).unwrap().to_owned();
            let module =
                relative.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").replace("main", "bin");
            found.push(Source { module, path: relative, code, lines: text.lines().count() });
        }
    }
    found
}

/// The modules of the crate that a line of code names.
fn mentions(line: &str) -> impl Iterator<Item = String> {
    let from_crate = ["crate::", "rendergate::"].into_iter().flat_map(|root| line.split(root).skip(1));
    from_crate.flat_map(|rest| {
        let (names, grouped) = rest.strip_prefix('{').map_or((rest, false), |rest| (rest, true));
        let names: Vec<&str> = if grouped { names.split(',').collect() } else { vec![names] };
        names.into_iter().map(|name| {
            name.trim().chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect()
        })
    })
}

#[test]
fn nobody_reaches_upward() {
    let mut wrong = Vec::new();
    let sources = sources(&root().join("src"));
    assert!(sources.len() > 20, "the sources are not where they were");
    for source in sources.iter().filter(|source| source.module != "lib") {
        let Some((_, allowed)) = LAYERS.iter().find(|(module, _)| *module == source.module) else {
            wrong.push(format!("{} is in no layer", source.path.display()));
            continue;
        };
        for (number, line) in source.code.iter().enumerate() {
            for used in mentions(line).filter(|used| LAYERS.iter().any(|(module, _)| module == used)) {
                let fine = used == source.module
                    || GROUND.contains(&used.as_str())
                    || allowed.split(' ').any(|module| module == used);
                if !fine {
                    wrong.push(format!("{}:{} uses {used}", source.path.display(), number + 1));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{}", wrong.join("\n"));
}

#[test]
fn the_sdk_and_the_environment_stay_where_they_are_allowed() {
    let mut wrong = Vec::new();
    for source in sources(&root().join("src")) {
        for (number, line) in source.code.iter().enumerate() {
            let place = format!("{}:{}: {}", source.path.display(), number + 1, line.trim());
            if line.contains("aws_sdk_") && !SEES_THE_SDK.contains(&source.module.as_str()) {
                wrong.push(place.clone());
            }
            if line.contains("env::") && source.module != "config" {
                wrong.push(place);
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{}", wrong.join("\n"));
}

#[test]
fn the_protocol_is_pure() {
    let forbidden = ["tokio", "aws_", "axum", "reqwest", "SystemTime::now", "Instant::now", "std::fs", "TcpStream"];
    for source in sources(&root().join("src")).iter().filter(|source| source.module == "remotion") {
        for (number, line) in source.code.iter().enumerate() {
            let found = forbidden.iter().find(|word| line.contains(**word));
            assert_eq!(found, None, "{}:{}: {line}", source.path.display(), number + 1);
        }
    }
}

#[test]
fn no_file_is_longer_than_a_sitting() {
    let tests = root().join("tests/it");
    let tests = crate::stack::server::files_below(&tests).into_iter().map(|(path, text)| (path, text.lines().count()));
    let all = sources(&root().join("src")).into_iter().map(|source| (source.path.display().to_string(), source.lines));
    let long: Vec<_> = all.chain(tests).filter(|(_, lines)| *lines > 300).collect();
    assert_eq!(long, Vec::<(String, usize)>::new());
}
