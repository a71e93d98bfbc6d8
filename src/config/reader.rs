//! Looks settings up one by one, and gathers what is wrong with them.

use std::fmt;
use std::str::FromStr;

use super::SETTINGS;
use crate::error::Error;

/// So much of a wrong value is shown, in letters.
const LONGEST_SHOWN: usize = 60;

/// What is wrong with one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its name.
    pub name: &'static str,
    /// What to do. Never the value of a secret.
    pub what: String,
}

/// All mistakes, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} wrong:", if self.0.len() == 1 { "One setting is" } else { "These settings are" })?;
        self.0.iter().try_for_each(|Mistake { name, what }| writeln!(f, "  {name}: {what}"))
    }
}

impl std::error::Error for Mistakes {}

/// Looks settings up and gathers what is wrong with them.
pub(super) struct Reader<F> {
    lookup: F,
    mistakes: Vec<Mistake>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn new(lookup: F) -> Self {
        Self { lookup, mistakes: Vec::new() }
    }

    /// `config`, unless something was wrong.
    pub(super) fn done<T>(self, config: T) -> Result<T, Mistakes> {
        if self.mistakes.is_empty() { Ok(config) } else { Err(Mistakes(self.mistakes)) }
    }

    /// An empty value counts as none.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn wrong(&mut self, name: &'static str, what: impl Into<String>) {
        self.mistakes.push(Mistake { name, what: what.into() });
    }

    pub(super) fn read<T>(&mut self, name: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let value = self.text(name)?;
        read(&value).map_err(|what| self.wrong(name, format!("{}{what}", found(name, &value)))).ok()
    }

    pub(super) fn parsed<T: FromStr<Err = Error>>(&mut self, name: &'static str) -> Option<T> {
        self.read(name, |value| value.parse().map_err(|error: Error| error.to_string()))
    }

    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        let read = |value: &str| value.parse::<bool>().map_err(|_| "expected `true` or `false`".to_owned());
        self.read(name, read).unwrap_or_default()
    }

    pub(super) fn checked(
        &mut self,
        name: &'static str,
        good: impl Fn(&str) -> bool,
        expected: &str,
    ) -> Option<String> {
        self.read(name, |value| if good(value) { Ok(value.to_owned()) } else { Err(format!("expected {expected}")) })
    }
}

/// The value that was found, for a message; nothing of a secret, or of one that may hold some.
fn found(name: &str, value: &str) -> String {
    // Where a source of keys is asked for, keys get pasted.
    let may_show = |setting: &super::Setting| !setting.secret && setting.name != "RENDERGATE_CREDENTIALS";
    let is_open = SETTINGS.iter().any(|setting| setting.name == name && may_show(setting));
    if !is_open || value.contains(['{', '[']) {
        return String::new();
    }
    let shown: String = value.chars().take(LONGEST_SHOWN).collect();
    let rest = if shown.len() < value.len() { "…" } else { "" };
    format!("found `{shown}{rest}`; ")
}
