//! A recorded call, and its notation for what JSON lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::stack::root;

const FOLDER: &str = "tests/fixtures/remotion/4.0.527/vectors";

/// One recorded call.
pub(super) struct Case {
    pub(super) name: String,
    /// As text: the order of keys counts, and one input holds half a surrogate pair.
    raw: Box<RawValue>,
    pub(super) requests: Vec<Value>,
    /// What it told while it ran: `{callback, args}`.
    pub(super) callbacks: Vec<Value>,
    /// What the client gave, if it didn't fail.
    pub(super) result: Option<Value>,
    /// `{name, httpStatusCode?}` of what it threw.
    pub(super) error: Option<Value>,
}

impl Case {
    /// The names of all recorded files.
    pub(super) fn files() -> BTreeSet<String> {
        let files = std::fs::read_dir(root().join(FOLDER)).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    }

    pub(super) fn all(call: &str) -> Vec<Self> {
        let text = std::fs::read_to_string(root().join(FOLDER).join(format!("{call}.json"))).unwrap();
        let cases: Vec<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(&text).unwrap();
        let value = |raw: &RawValue| -> Value { serde_json::from_str(raw.get()).unwrap() };
        let cases = cases.into_iter().map(|mut case| Self {
            name: value(&case["name"]).as_str().unwrap().to_owned(),
            raw: case.remove("input").unwrap(),
            requests: serde_json::from_str(case["requests"].get()).unwrap(),
            callbacks: case.get("callbacks").map(|raw| serde_json::from_str(raw.get()).unwrap()).unwrap_or_default(),
            result: case.get("result").map(|raw| value(raw)),
            error: case.get("error").map(|raw| value(raw)),
        });
        cases.collect()
    }

    /// The input as JSON text, as a caller of ours sends it.
    ///
    /// # Errors
    /// Of what JSON can't hold, and JavaScript itself refuses to write.
    pub(super) fn body(&self) -> Result<String, &'static str> {
        Ok(json(&self.raw)?.unwrap_or_default())
    }

    pub(super) fn input(&self) -> Value {
        serde_json::from_str(&self.body().unwrap()).unwrap()
    }

    /// The input with the notation in it.
    pub(super) fn raw(&self) -> Value {
        serde_json::from_str(self.raw.get()).unwrap()
    }

    /// A member of the input, as text.
    pub(super) fn member(&self, name: &str) -> Option<Box<RawValue>> {
        let Members(members) = serde_json::from_str(self.raw.get()).unwrap();
        members.into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// The text in the input by this name.
    pub(super) fn text(&self, name: &str) -> String {
        self.input()[name].as_str().unwrap_or_else(|| panic!("{name} of {}", self.name)).to_owned()
    }

    /// Compares results: nothing where they agree.
    pub(super) fn same(&self, ours: &Value) -> Vec<String> {
        differences("result", self.result.as_ref().unwrap_or(&Value::Null), ours)
    }
}

/// What a caller of JavaScript's `JSON.stringify` would send, with dates as Remotion marks them; `None` for
/// `undefined`.
pub(super) fn json(raw: &RawValue) -> Result<Option<String>, &'static str> {
    let text = raw.get();
    Ok(Some(match text.as_bytes()[0] {
        b'{' => {
            let Members(members) = serde_json::from_str(text).unwrap();
            if let [(name, value)] = &members[..]
                && name.starts_with('$')
            {
                return notation(name, value);
            }
            let mut written = Vec::new();
            for (name, value) in &members {
                if let Some(value) = json(value)? {
                    written.push(format!("{}:{value}", Value::from(name.as_str())));
                }
            }
            format!("{{{}}}", written.join(","))
        }
        b'[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap();
            let items: Result<Vec<_>, _> = items.iter().map(|item| json(item)).collect();
            let items: Vec<String> = items?.into_iter().map(|item| item.unwrap_or("null".into())).collect();
            format!("[{}]", items.join(","))
        }
        _ => text.to_owned(),
    }))
}

fn notation(name: &str, value: &RawValue) -> Result<Option<String>, &'static str> {
    let value: Value = serde_json::from_str(value.get()).unwrap();
    Ok(Some(match name {
        "$undefined" | "$function" => return Ok(None),
        "$date" => match value.as_str() {
            Some(date) => Value::from(format!("remotion-date:{date}")).to_string(),
            None => return Err("an invalid date"),
        },
        "$map" | "$set" => "{}".to_owned(),
        "$nan" | "$infinity" => "null".to_owned(),
        "$bigint" => return Err("a bigint"),
        "$circular" => return Err("a circle"),
        "$repeat" => {
            let times = value[1].as_u64().unwrap() as usize;
            Value::from(value[0].as_str().unwrap().repeat(times)).to_string()
        }
        other => panic!("what is {other}?"),
    }))
}

/// The members of an object in their order.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// What differs, a line each, by its path. `<upstream text>` and `<stack>` stand for any text that is not empty.
pub(super) fn differences(path: &str, recorded: &Value, ours: &Value) -> Vec<String> {
    match (recorded, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let of = |name: &String| match (a.get(name), b.get(name)) {
                (Some(a), Some(b)) => differences(&format!("{path}.{name}"), a, b),
                (Some(_), None) => vec![format!("{path}.{name} is missing")],
                (None, b) => vec![format!("{path}.{name} is {}, recorded is none", b.unwrap_or(&Value::Null))],
            };
            names.into_iter().flat_map(of).collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let both = a.iter().zip(b).enumerate();
            both.flat_map(|(at, (a, b))| differences(&format!("{path}[{at}]"), a, b)).collect()
        }
        (Value::String(any), Value::String(text)) if any == "<upstream text>" || any == "<stack>" => {
            if text.is_empty() { vec![format!("{path} is empty")] } else { Vec::new() }
        }
        (a, b) if a == b || (a.is_number() && a.as_f64() == b.as_f64()) => Vec::new(),
        (a, b) => vec![format!("{path} is {b}, recorded is {a}").chars().take(300).collect()],
    }
}
