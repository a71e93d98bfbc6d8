use super::*;
use crate::remotion::names::REGIONS;

#[test]
fn what_no_function_has_is_not_priced() {
    let usage = Usage { memory_mb: 512, disk_mb: 10_240, duration_ms: 0.0, invocations: 0 };
    assert_eq!(estimate(&usage, "us-east-1"), Ok(0.0));
    assert_eq!(estimate(&usage, "xx-east-1"), Err(PriceError::Region));
    assert_eq!(estimate(&Usage { memory_mb: 511, ..usage }, "us-east-1"), Err(PriceError::Memory));
    assert_eq!(estimate(&Usage { disk_mb: 10_241, ..usage }, "us-east-1"), Err(PriceError::Disk));
    assert_eq!(estimate(&Usage { duration_ms: f64::NAN, ..usage }, "us-east-1"), Err(PriceError::Duration));
}

/// Expected values from Node 20: `toFixed(5)` and `toPrecision(5)`.
#[test]
fn ties_are_rounded_upwards() {
    assert_eq!(rounded(0.015625, 5), 0.01563);
    assert_eq!(rounded(0.000005, 5), 0.00001);
    assert_eq!(five_digits(12.3125), 12.313);
    assert_eq!(five_digits(9.99995), 10.0);
    assert_eq!(five_digits(0.123456), 0.12346);
}

/// Expected values from Node 20: `Intl.NumberFormat("en-US")` with three decimals.
#[test]
fn three_decimals_round_what_is_shown() {
    for (amount, expected) in [
        (1.0005, "1.001"),
        (0.0045, "0.005"),
        (123456.0005, "123,456.001"),
        (1.00049, "1.000"),
        (0.0625, "0.063"),
        (1234567.0, "1,234,567.000"),
        (999.9995, "1,000.000"),
    ] {
        assert_eq!(three_decimals(amount), expected);
    }
}

#[test]
fn every_region_has_prices_and_they_only_grow() {
    for region in REGIONS {
        let usage = |duration_ms, disk_mb, invocations| {
            Usage { memory_mb: 2048, disk_mb, duration_ms, invocations }.price(region).unwrap()
        };
        assert_eq!(usage(0.0, 512, 0), 0.0);
        assert!(usage(2e6, 512, 1) < usage(4e6, 512, 1));
        assert!(usage(2e6, 512, 1) < usage(2e6, 10_240, 1));
        assert!(usage(2e6, 512, 1) < usage(2e6, 512, 1000));
    }
    assert_eq!(Usage { memory_mb: 1, disk_mb: 1, duration_ms: 1.0, invocations: 1 }.price("xx-east-1"), None);
}
