//! JSON text as JavaScript writes it: what `JSON.stringify(JSON.parse(text))` gives.
//!
//! Props reach the function as text. Sending the very text that the official client would send keeps
//! sizes, limits and results the same whoever sends them. The rules are those of ECMAScript:
//! <https://tc39.es/ecma262/#sec-json.stringify>.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde_json::value::RawValue;

/// The same value as `JSON.stringify` writes it:
/// - no white space;
/// - numbers in their shortest form, as doubles: `1e+21`, `1e-7`, `0` for `-0`, `null` for what a double can't
///   hold;
/// - strings with no more escapes than needed; half a surrogate pair stays an escape;
/// - of equal keys the last value, at the place of the first; keys that are array indices come first, ascending.
///
/// The time is linear in the text's length but for the sorting of keys, however deep it nests.
///
/// ```
/// # use rendergate::remotion::javascript::stringify;
/// let json: Box<serde_json::value::RawValue> = serde_json::from_str(r#"{"b": 1.50, "7": "\u00e9"}"#).unwrap();
/// assert_eq!(stringify(&json), r#"{"7":"é","b":1.5}"#);
/// ```
pub fn stringify(json: &RawValue) -> String {
    let text = json.get();
    let mut writer =
        Writer { text, at: 0, out: String::with_capacity(text.len()), open: Vec::new(), moved: BTreeMap::new() };
    while let Some(byte) = text.as_bytes().get(writer.at) {
        writer.token(*byte);
    }
    if writer.moved.is_empty() { writer.out } else { writer.rearranged() }
}

/// Copies token by token. An object whose members have to move is copied as it stands and noted, so that
/// nothing is copied more than twice.
struct Writer<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// The containers around the place that is written; none for an array.
    open: Vec<Option<Object>>,
    /// Objects whose members have to move, by where they begin.
    moved: BTreeMap<usize, Moved>,
}

/// An object that is being written.
struct Object {
    start: usize,
    /// Where its keys are, with their quotes.
    keys: Vec<Range<usize>>,
}

/// An object whose members have to move.
struct Moved {
    /// Its closing brace.
    end: usize,
    members: Vec<Range<usize>>,
}

impl Writer<'_> {
    fn token(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                match byte {
                    b'{' => self.open.push(Some(Object { start: self.out.len(), keys: Vec::new() })),
                    b'[' => self.open.push(None),
                    b']' => drop(self.open.pop()),
                    b'}' => self.close(),
                    _ => {}
                }
                // Punctuation, or a letter of true, false or null: RawValue holds valid JSON only.
                self.out.push(char::from(byte));
                self.at += 1;
            }
        }
    }

    fn number(&mut self) {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        match rest[..end].parse::<f64>() {
            Ok(number) if number.is_finite() => self.out.push_str(ryu_js::Buffer::new().format_finite(number)),
            _ => self.out.push_str("null"),
        }
        self.at += end;
    }

    fn string(&mut self) {
        let start = self.out.len();
        let is_key = self.out.ends_with(['{', ',']);
        self.out.push('"');
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let Some(run) = rest.find(['"', '\\']) else { break };
            self.out.push_str(&rest[..run]);
            self.at += run;
            if rest.as_bytes()[run] == b'"' {
                break;
            }
            self.escape();
        }
        self.at += 1;
        self.out.push('"');
        if is_key && let Some(Some(object)) = self.open.last_mut() {
            object.keys.push(start..self.out.len());
        }
    }

    fn escape(&mut self) {
        let escaped = self.text.as_bytes().get(self.at + 1).copied().unwrap_or_default();
        if escaped != b'u' {
            self.at += 2;
            return match escaped {
                b'/' => self.out.push('/'),
                other => self.out.extend(['\\', char::from(other)]),
            };
        }
        let (Some(first), second) = (self.unit(0), self.unit(6)) else { return self.at = self.text.len() };
        let mut decoded = char::decode_utf16([first].into_iter().chain(second));
        match decoded.next() {
            Some(Ok(char)) => {
                self.at += char.len_utf16() * 6;
                self.push(char);
            }
            _ => {
                self.at += 6;
                self.out.push_str(&format!("\\u{first:04x}"));
            }
        }
    }

    /// The unit of a `\uXXXX` that stands this many bytes further on.
    fn unit(&self, further: usize) -> Option<u16> {
        let escape = self.text.get(self.at + further..self.at + further + 6)?;
        u16::from_str_radix(escape.strip_prefix("\\u")?, 16).ok()
    }

    fn push(&mut self, char: char) {
        match char {
            '"' => self.out.push_str("\\\""),
            '\\' => self.out.push_str("\\\\"),
            '\u{8}' => self.out.push_str("\\b"),
            '\t' => self.out.push_str("\\t"),
            '\n' => self.out.push_str("\\n"),
            '\u{c}' => self.out.push_str("\\f"),
            '\r' => self.out.push_str("\\r"),
            '\0'..='\u{1f}' => self.out.push_str(&format!("\\u{:04x}", u32::from(char))),
            other => self.out.push(other),
        }
    }

    /// Ends an object; the closing brace is not written yet.
    fn close(&mut self) {
        let Some(Some(Object { start, keys })) = self.open.pop() else { return };
        let end = self.out.len();
        let mut places: HashMap<&str, (usize, usize)> = HashMap::with_capacity(keys.len());
        for (place, key) in keys.iter().enumerate() {
            places.entry(&self.out[key.clone()]).and_modify(|(_, last)| *last = place).or_insert((place, place));
        }
        let has_index = places.keys().any(|key| array_index(key).is_some());
        if !has_index && places.len() == keys.len() {
            return;
        }
        let mut order: Vec<_> = places
            .into_iter()
            .map(|(key, (first, last))| (array_index(key).map_or((1, first), |index| (0, index as usize)), last))
            .collect();
        order.sort_unstable();
        let member = |place: usize| keys[place].start..keys.get(place + 1).map_or(end, |next| next.start - 1);
        let members = order.into_iter().map(|(_, place)| member(place)).collect();
        self.moved.insert(start, Moved { end, members });
    }

    fn rearranged(&self) -> String {
        let mut result = String::with_capacity(self.out.len());
        let mut todo = vec![(false, 0..self.out.len())];
        while let Some((comma, piece)) = todo.pop() {
            if comma {
                result.push(',');
            }
            let Some((&start, object)) = self.moved.range(piece.clone()).next() else {
                result.push_str(&self.out[piece]);
                continue;
            };
            result.push_str(&self.out[piece.start..=start]);
            todo.push((false, object.end..piece.end));
            let members = object.members.iter().cloned().enumerate();
            todo.extend(members.rev().map(|(place, member)| (place > 0, member)));
        }
        result
    }
}

/// The number of a key that JavaScript takes for an array index: a whole number below 2^32 - 1, written
/// plainly. The key comes with its quotes.
fn array_index(key: &str) -> Option<u32> {
    let digits = key.get(1..key.len() - 1)?;
    let plain = digits == "0" || !digits.starts_with('0');
    let index = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
    index.filter(|index| plain && *index < u32::MAX)
}

#[cfg(test)]
mod tests;
