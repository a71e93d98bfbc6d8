//! Dotenv files as Node's `dotenv` reads them, which is what Remotion's command uses: spaces need no quotes,
//! `$` stands for itself, a line that is no setting is passed over.

use std::collections::BTreeMap;

/// The settings in a file; of a name that comes twice the last.
pub(super) fn parse(text: &str) -> BTreeMap<String, String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let mut settings = BTreeMap::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (setting, next) = first_line(rest);
        settings.extend(setting);
        rest = next;
    }
    settings
}

/// The setting that the text begins with, if any, and what comes behind its line or lines.
fn first_line(text: &str) -> (Option<(String, String)>, &str) {
    let (line, next) = text.split_once('\n').unwrap_or((text, ""));
    let named = line.trim_start();
    let named = named.strip_prefix("export ").map_or(named, str::trim_start);
    let word = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let Some((name, _)) = named.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        return (None, next);
    };
    let name = name.trim_end();
    if !name.chars().all(word) {
        return (None, next);
    }
    // In the whole text, because a quoted value may go over lines.
    let value = text[text.find('=').map_or(0, |at| at + 1)..].trim_start_matches([' ', '\t']);
    if let Some((value, next)) = quoted(value) {
        return (Some((name.to_owned(), value)), next);
    }
    let value = line.split_once('=').map_or("", |(_, value)| value);
    let value = value.split_once('#').map_or(value, |(value, _)| value).trim();
    (Some((name.to_owned(), value.to_owned())), next)
}

/// What stands between the quotes that the text begins with, and the lines below them.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|first| "'\"`".contains(*first))?;
    let inside = &text[1..];
    let is_end = |at: &usize| !inside[..*at].ends_with('\\');
    let end = inside.match_indices(quote).map(|(at, _)| at).find(is_end)?;
    let (rest, next) = inside[end + 1..].split_once('\n').unwrap_or((&inside[end + 1..], ""));
    // Something else behind the quotes: they belong to the value.
    if !(rest.trim().is_empty() || rest.trim_start().starts_with('#')) {
        return None;
    }
    let value = &inside[..end];
    let value = if quote == '"' { value.replace("\\n", "\n").replace("\\r", "\r") } else { value.to_owned() };
    Some((value, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_node_s_dotenv_reads_them() {
        let text = "\u{feff}# comment\nPLAIN=a b\r\n  export EXPORTED = x \nEMPTY=\nHASH=a#b\nNOTE=a # b\n\
            SINGLE=' a $b #c '\nDOUBLE=\"a\\nb\" # c\nBACK=`it's \"x\"`\nDOLLAR=pa$$word\nEQUALS=a=b==\n\
            LINES=\"one\ntwo\"\nOPEN='a\nno setting\nwrong name=1\n=nothing\nTWICE=1\nTWICE=2\nESC='a\\'b'\nLAST=end";
        let expected = [
            ("PLAIN", "a b"),
            ("EXPORTED", "x"),
            ("EMPTY", ""),
            ("HASH", "a"),
            ("NOTE", "a"),
            ("SINGLE", " a $b #c "),
            ("DOUBLE", "a\nb"),
            ("BACK", "it's \"x\""),
            ("DOLLAR", "pa$$word"),
            ("EQUALS", "a=b=="),
            ("LINES", "one\ntwo"),
            ("TWICE", "2"),
            ("ESC", "a\\'b"),
            ("LAST", "end"),
        ];
        let mut read = parse(text);
        for (name, value) in expected {
            assert_eq!(read.remove(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(read.into_iter().collect::<Vec<_>>(), [("OPEN".to_owned(), "'a".to_owned())]);
    }
}
