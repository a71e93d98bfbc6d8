//! Remotion's webhook, as anybody may call it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::remotion::webhook::{self, Notice};

fuzz_target!(|body: &[u8]| {
    let _ = Notice::read(body);
    let signature = webhook::sign(b"secret", body);
    assert!(webhook::verify(b"secret", body, Some(&signature)).is_ok());
    assert!(webhook::verify(b"another", body, Some(&signature)).is_err());
    let text = String::from_utf8_lossy(body);
    assert!(webhook::verify(b"secret", body, Some(&text)).is_err());
});
