//! The body of an order, as anybody may send it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::renderer::{CopyTo, Order};

fuzz_target!(|body: &[u8]| {
    if let Ok(order) = Order::from_json(body) {
        // What was read can be shown and sent.
        let _ = format!("{order:?}");
    }
    let _ = CopyTo::from_json(body);
});
