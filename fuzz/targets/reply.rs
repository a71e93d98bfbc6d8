//! What a function answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::remotion::reply;

fuzz_target!(|payload: &[u8]| {
    for threw in [false, true] {
        let _ = reply::start(payload, threw);
        let _ = reply::still(payload, threw);
        let _ = reply::compositions(payload, threw);
    }
    let _ = reply::info(payload);
});
