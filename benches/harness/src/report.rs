//! What is printed in the end, and written into the docs.

use std::fs;
use std::path::Path;

use crate::stats::Table;

#[derive(Default)]
pub struct Report {
    targets: Vec<[String; 4]>,
    sections: Vec<(String, String)>,
}

impl Report {
    /// A part's tables; told at once, because the whole takes long.
    pub fn section(&mut self, title: &str, text: String) {
        eprintln!("### {title}\n{text}");
        self.sections.push((title.to_owned(), text));
    }

    /// A promise: `value` is at most, or at least, `bound`.
    pub fn at_most(&mut self, what: &str, value: f64, bound: f64, unit: &str) {
        self.target(what, value, "at most", bound, unit, value <= bound);
    }

    pub fn at_least(&mut self, what: &str, value: f64, bound: f64, unit: &str) {
        self.target(what, value, "at least", bound, unit, value >= bound);
    }

    fn target(&mut self, what: &str, value: f64, how: &str, bound: f64, unit: &str, met: bool) {
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        let met = if met { "met" } else { "**not met**" };
        let number = if value.fract() == 0.0 { format!("{value}") } else { format!("{value:.2}") };
        self.targets.push([what.to_owned(), format!("{how} {bound}{unit}"), format!("{number}{unit}"), met.to_owned()]);
    }

    pub fn text(&self, machine: &str) -> String {
        let mut text = format!("{machine}\n");
        if !self.targets.is_empty() {
            let mut table = Table::new(&["target", "promised", "measured", ""]);
            self.targets.iter().for_each(|target| table.row(target.clone()));
            text.push_str(&format!("\n### Targets\n{}", table.text()));
        }
        for (title, section) in &self.sections {
            text.push_str(&format!("\n### {title}\n{section}"));
        }
        text
    }
}

/// Replaces what the last run left between the markers.
pub fn write(file: &Path, text: &str) {
    let (begin, end) = ("<!-- bench -->\n", "<!-- /bench -->");
    let old = fs::read_to_string(file).expect("the file to write");
    let (before, rest) = old.split_once(begin).expect("<!-- bench -->");
    let (_, after) = rest.split_once(end).expect("<!-- /bench -->");
    fs::write(file, format!("{before}{begin}{text}{end}{after}")).expect("the file to write");
}
