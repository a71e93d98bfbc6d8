//! The settings as a table.

use std::fmt::Write;
use std::process::ExitCode;

use super::exit;
use crate::config::{Config, SETTINGS, Variables};

/// The table of docs/CONFIGURATION.md.
pub(super) fn markdown() -> String {
    let mut table = String::from("| variable | meaning | default |\n| --- | --- | --- |\n");
    for setting in SETTINGS {
        let cell = |text: &str| text.replace('|', "\\|");
        // Writing to a string can't fail.
        let _ = writeln!(table, "| {} | {} | {} |", setting.name, cell(setting.meaning), cell(setting.default));
    }
    table
}

/// Prints every setting with its value, then what is wrong.
pub(super) fn print_current(variables: &Variables) -> ExitCode {
    for setting in SETTINGS {
        let value = match variables.get(setting.name).filter(|value| !value.trim().is_empty()) {
            None => format!("(not set: {})", setting.default),
            Some(_) if setting.secret => "***".to_owned(),
            Some(value) => value,
        };
        println!("{} = {value}\n    {}", setting.name, setting.meaning);
    }
    for (name, near) in variables.unknown() {
        println!(
            "{name} is not a setting of this version{}",
            near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
        );
    }
    match Config::from_variables(variables) {
        Ok(_) => ExitCode::SUCCESS,
        Err(mistakes) => {
            eprint!("\n{mistakes}");
            exit::CONFIG.into()
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_documentation_holds_the_table() {
        let documented = include_str!("../../docs/CONFIGURATION.md");
        assert!(
            documented.contains(&super::markdown()),
            "run `rendergate config --markdown` and put it into docs/CONFIGURATION.md"
        );
    }
}
