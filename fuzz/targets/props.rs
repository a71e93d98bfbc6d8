//! Props, rewritten as JavaScript would write them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::remotion::javascript;
use serde_json::value::RawValue;

fuzz_target!(|text: &str| {
    let Ok(raw) = serde_json::from_str::<&RawValue>(text) else { return };
    let written = javascript::stringify(raw);
    let again: &RawValue = serde_json::from_str(&written).expect("what is written is JSON");
    assert_eq!(javascript::stringify(again), written, "writing twice changes nothing");
});
