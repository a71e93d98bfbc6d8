use serde_json::Value;

use super::*;
use crate::remotion::names::REGIONS;

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// Arguments of the wrong type or out of range, which `Usage` leaves to its caller.
const NOT_OURS: [&str; 9] = [
    "mem high",
    "mem string",
    "mem NaN",
    "disk low",
    "disk string",
    "disk float",
    "duration negative",
    "duration inf",
    "duration string",
];

#[test]
fn prices_as_the_official_client_estimates_them() {
    let (mut ran, mut skipped) = (0, 0);
    for case in cases(include_str!("../../../tests/fixtures/remotion/4.0.527/vectors/estimatePrice.json")) {
        let (name, input) = (case["name"].as_str().unwrap(), &case["input"]);
        if NOT_OURS.contains(&name) {
            skipped += 1;
            continue;
        }
        // The official client still takes an old, misspelt name, and prefers it.
        let duration = input.get("durationInMiliseconds").unwrap_or(&input["durationInMilliseconds"]);
        let usage = Usage {
            memory_mb: input["memorySizeInMb"].as_u64().unwrap() as u32,
            disk_mb: input["diskSizeInMb"].as_u64().unwrap() as u32,
            duration_ms: duration.as_f64().unwrap(),
            invocations: input["lambdasInvoked"].as_u64().unwrap(),
        };
        assert_eq!(usage.price(input["region"].as_str().unwrap()), case["result"].as_f64(), "{name}");
        ran += 1;
    }
    assert_eq!((ran, skipped), (44, NOT_OURS.len()));
}

#[test]
fn costs_as_the_official_client_shows_them() {
    let cases = cases(include_str!("../../../tests/fixtures/remotion/4.0.527/vectors/formatCostsInfo.json"));
    for case in &cases {
        let region = if case["input"]["currency"] == "CNY" { "cn-north-1" } else { "us-east-1" };
        let amount = case["input"]["accrued"].as_f64().unwrap();
        let ours = Costs::new(amount, region);
        assert_eq!(ours.display_cost, case["result"]["displayCost"], "{}", case["name"]);
        assert_eq!(ours.currency, case["result"]["currency"], "{}", case["name"]);
        assert!(!ours.disclaimer.is_empty());
        assert_eq!(Some(ours.accrued_so_far), case["result"]["accruedSoFar"].as_f64(), "{}", case["name"]);
    }
    assert_eq!(cases.len(), 11);
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
