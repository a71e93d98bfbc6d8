use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn raw(text: &str) -> Box<RawValue> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn written(text: &str) -> String {
    stringify(&raw(text))
}

/// Texts and what `JSON.stringify(JSON.parse(text))` gave on Node 20.
#[test]
fn texts_as_node_writes_them() {
    for (text, expected) in [
        (
            r##"{"b":1,"a":2,"10":3,"9":4,"01":5,"-1":6,"4294967294":7,"4294967295":8,"1.0":9}"##,
            r##"{"9":4,"10":3,"4294967294":7,"b":1,"a":2,"01":5,"-1":6,"4294967295":8,"1.0":9}"##,
        ),
        (r##"{"a":1,"b":2,"a":3}"##, r##"{"a":3,"b":2}"##),
        (
            r##"{"2":{"1":0,"0":[]},"1":{"a":1,"a":{"5":1,"4":2}},"2":{"z":1,"0":{"3":1,"2":2}}}"##,
            r##"{"1":{"a":{"4":2,"5":1}},"2":{"0":{"2":2,"3":1},"z":1}}"##,
        ),
        (
            r##"[-0,-0.0,1E21,1e-7,123456789012345678901234567890,1e999,-1e999,5e-324,0.1e1,1.0,100,1e2,9007199254740993,0.000001,1e20,4.35,2244433214032324.25,-1.5E-10]"##,
            r##"[0,0,1e+21,1e-7,1.2345678901234568e+29,null,null,5e-324,1,1,100,100,9007199254740992,0.000001,100000000000000000000,4.35,2244433214032324.2,-1.5e-10]"##,
        ),
        (r##" { "x" : [ true , false , null , { } , [ ] ] , "" : "" } "##, r##"{"x":[true,false,null,{},[]],"":""}"##),
        (r##"{"\u0031":1,"0":2,"__proto__":3,"toJSON":4}"##, r##"{"0":2,"1":1,"__proto__":3,"toJSON":4}"##),
        (r##""\ud800\u0041""##, r##""\ud800A""##),
        (r##""\ud800\n""##, r##""\ud800\n""##),
        (r##"{"\ud800":1,"\ud800":2}"##, r##"{"\ud800":2}"##),
        (r##"{"a,":1,"{":2,"3":[",","{"]}"##, r##"{"3":[",","{"],"a,":1,"{":2}"##),
        (r#""\ud800x\udc00 \uD83D\uDE00 \ud83d\ud83d\ude00""#, r#""\ud800x\udc00 😀 \ud83d😀""#),
        (r#""\/ \u002f \u0022 \u005c \u0007""#, r#""/ / \" \\ \u0007""#),
        (r#""\u0008\u0009\u000a\u000c\u000d""#, r#""\b\t\n\f\r""#),
        (r#""\u007f \u2028 \u00e9""#, "\"\u{7f} \u{2028} \u{e9}\""),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

/// Depth and moving members cost no stack, and no more than linear time.
#[test]
fn depth_is_no_danger() {
    let depth = 200_000;
    let text = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(written(&text), text);
    let moved = format!("{}1{}", r#"{"a":2,"1":"#.repeat(depth), "}".repeat(depth));
    let expected = format!("{}1{}", r#"{"1":"#.repeat(depth), r#","a":2}"#.repeat(depth));
    assert!(written(&moved) == expected);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        let key = prop_oneof![any::<String>(), "[0-9]{1,3}", "[a-c]"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Numbers as JavaScript holds them.
fn as_doubles(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64().unwrap() + 0.0),
        Value::Array(items) => items.iter().map(as_doubles).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), as_doubles(value))).collect(),
        other => other.clone(),
    }
}

/// The UTF-16 units of a string as it stands in JSON, between its quotes.
fn units_of(mut rest: &str) -> Vec<u16> {
    let mut units = Vec::new();
    while let Some(char) = rest.chars().next() {
        let length = match (char, rest.as_bytes().get(1)) {
            ('\\', Some(b'u')) => 6,
            ('\\', _) => 2,
            _ => char.len_utf8(),
        };
        match length {
            6 => units.push(u16::from_str_radix(&rest[2..6], 16).unwrap()),
            _ => {
                let one: String = serde_json::from_str(&format!("\"{}\"", &rest[..length])).unwrap();
                units.extend(one.encode_utf16());
            }
        }
        rest = &rest[length..];
    }
    units
}

proptest! {
    #[test]
    fn the_value_stays_and_white_space_does_not_matter(value in json()) {
        let text = written(&value.to_string());
        prop_assert_eq!(&written(&serde_json::to_string_pretty(&value).unwrap()), &text);
        prop_assert_eq!(&written(&text), &text);
        let read: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(as_doubles(&read), as_doubles(&value));
    }

    #[test]
    fn strings_need_no_escapes_but_those_of_json(text in any::<String>()) {
        let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        prop_assert_eq!(written(&format!("\"{escaped}\"")), serde_json::to_string(&text).unwrap());
    }

    #[test]
    fn halves_of_surrogate_pairs_are_kept(units in prop::collection::vec(prop_oneof![any::<u16>(), 0xd7f0..0xe010u16], 0..20)) {
        let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let text = written(&format!("\"{escaped}\""));
        prop_assert_eq!(units_of(&text[1..text.len() - 1]), units);
    }

    #[test]
    fn numbers_are_the_shortest_that_read_the_same(number in any::<f64>()) {
        let text = written(&serde_json::to_string(&number).unwrap());
        prop_assert_eq!(text.parse::<f64>().unwrap(), number);
        let digits = |text: &str| {
            let digits: String = text.split('e').take(1).flat_map(str::chars).filter(char::is_ascii_digit).collect();
            digits.trim_matches('0').to_owned()
        };
        // Rust's own form is the shortest, too; of two that are equally near it may choose the other one.
        prop_assert_eq!(digits(&text).len(), digits(&format!("{:e}", number)).len());
    }

    #[test]
    fn members_are_in_javascripts_order(keys in prop::collection::vec("[0-9]{1,2}|[a-d]", 0..12)) {
        let members: Vec<String> = keys.iter().enumerate().map(|(value, key)| format!("\"{key}\":{value}")).collect();
        let mut expected: Vec<(Option<u32>, &str, usize)> = Vec::new();
        for (value, key) in keys.iter().enumerate() {
            match expected.iter_mut().find(|(_, known, _)| known == key) {
                Some(known) => known.2 = value,
                None => expected.push((array_index(&format!("\"{key}\"")), key, value)),
            }
        }
        expected.sort_by_key(|(index, ..)| index.map_or(u64::MAX, u64::from));
        let expected: Vec<String> = expected.iter().map(|(_, key, value)| format!("\"{key}\":{value}")).collect();
        prop_assert_eq!(written(&format!("{{{}}}", members.join(","))), format!("{{{}}}", expected.join(",")));
    }
}
