//! Names that carry meaning, and tickets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::credentials::CredentialSource;
use rendergate::records::StateLocation;
use rendergate::remotion::names;
use rendergate::renderer::{Destinations, Ticket};

fuzz_target!(|text: &str| {
    let _ = names::FunctionName::parse(text);
    let _ = names::bucket_region(text);
    let _ = names::is_bucket_name(text);
    let _ = text.parse::<CredentialSource>();
    let _ = text.parse::<StateLocation>();
    let _ = text.parse::<Destinations>();
    if let Ok(ticket) = text.parse::<Ticket>() {
        assert_eq!(ticket.to_string(), text);
        assert!(!text.contains('/') && !text.contains(".."), "a ticket is safe in a key and a path");
    }
});
