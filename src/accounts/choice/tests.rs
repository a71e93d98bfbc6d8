use std::collections::HashMap;
use std::sync::Arc;

use aws_config::SdkConfig;

use super::*;
use crate::accounts::AccountSettings;
use crate::aws::Aws;

fn account(name: &str, weight: u32) -> Account {
    let settings = AccountSettings {
        name: name.to_owned(),
        region: "us-east-1".to_owned(),
        region_is_fixed: true,
        function_name: None,
        bucket: None,
        serve_url: None,
        account_id: None,
        weight,
    };
    Account::new(settings, Arc::new(Aws::new(SdkConfig::builder().build(), false, false)))
}

fn accounts(policy: Policy, weights: &[(&str, u32)]) -> Accounts {
    let mut all: Vec<_> = weights.iter().map(|(name, weight)| account(name, *weight)).collect();
    let first = all.remove(0);
    Accounts::new(first, all, policy)
}

/// The accounts in the order in which one order would try them.
fn order(accounts: &Accounts) -> Vec<&str> {
    let turn = accounts.turn(None, |_| true).unwrap();
    turn.left.iter().map(|account| account.settings.name.as_str()).collect()
}

#[test]
fn random_gives_each_its_share() {
    let accounts = accounts(Policy::Random, &[("a", 1), ("b", 3), ("spare", 0)]);
    let mut first: HashMap<&str, u32> = HashMap::new();
    for _ in 0..4000 {
        let order = order(&accounts);
        assert_eq!((order.len(), order[2]), (3, "spare"));
        *first.entry(order[0]).or_default() += 1;
    }
    // Ten standard deviations around 3000.
    assert!((2726..3274).contains(&first["b"]), "{first:?}");
}

#[test]
fn round_robin_goes_round_by_weight() {
    let accounts = accounts(Policy::RoundRobin, &[("a", 3), ("b", 1), ("spare", 0)]);
    let firsts: String = (0..8).map(|_| order(&accounts)[0]).collect();
    assert_eq!(firsts, "aabaaaba");
}

#[test]
fn a_throttled_account_comes_last_for_a_while() {
    let accounts = accounts(Policy::Random, &[("a", 1000), ("b", 1), ("c", 1)]);
    let throttled = Error::new(Kind::Throttled, "full");
    let mut turn = accounts.turn(Some("a"), |_| true).unwrap();
    let a = turn.next_account().unwrap();
    turn.failed(a, throttled).unwrap();
    assert_eq!(turn.next_account().unwrap_err().kind(), Kind::Throttled);
    assert!((0..100).all(|_| order(&accounts)[2] == "a"));
    *a.rests_until.lock().unwrap() = Some(std::time::Instant::now());
    assert!((0..100).any(|_| order(&accounts)[0] == "a"));
}

#[test]
fn only_what_did_not_run_moves_on() {
    let accounts = accounts(Policy::RoundRobin, &[("a", 1), ("b", 1)]);
    for kind in Kind::ALL {
        let mut turn = accounts.turn(None, |_| true).unwrap();
        let account = turn.next_account().unwrap();
        let moved_on = turn.failed(account, Error::new(kind, "no")).is_ok();
        let ran = [Kind::Timeout, Kind::AwsUnavailable, Kind::AwsError, Kind::FunctionError, Kind::UnreadableAnswer];
        assert!(!(moved_on && ran.contains(&kind)), "{kind:?} may have run");
        assert!(moved_on || kind != Kind::Throttled);
        let mut turn = accounts.turn(None, |_| true).unwrap();
        let account = turn.next_account().unwrap();
        assert!(turn.failed(account, Error::new(kind, "no").unsent()).is_ok(), "{kind:?} for want of credentials");
    }
}

#[test]
fn the_caller_is_told_what_passes_by_itself() {
    let accounts = accounts(Policy::RoundRobin, &[("a", 1), ("b", 1), ("c", 1)]);
    for kinds in [
        [Kind::NotAllowed, Kind::Throttled, Kind::AwsAccessDenied],
        [Kind::AwsAccessDenied, Kind::Throttled, Kind::NotAllowed],
        [Kind::Throttled, Kind::AwsAccessDenied, Kind::Throttled],
    ] {
        let mut turn = accounts.turn(None, |_| true).unwrap();
        for kind in kinds {
            let account = turn.next_account().unwrap();
            turn.failed(account, Error::new(kind, "no")).unwrap();
        }
        assert_eq!(turn.next_account().unwrap_err().kind(), Kind::Throttled);
    }
}

#[test]
fn a_named_account_is_the_only_one() {
    let accounts = accounts(Policy::Random, &[("a", 1), ("b", 1)]);
    let mut turn = accounts.turn(Some("b"), |_| true).unwrap();
    assert_eq!(turn.next_account().unwrap().settings.name, "b");
    assert!(turn.is_last());
    assert_eq!(accounts.turn(Some("c"), |_| true).unwrap_err().kind(), Kind::NotAllowed);
    assert!(accounts.only().is_none());
}

#[test]
fn a_caller_gets_the_accounts_that_it_may_use() {
    let weights = [("a", 1), ("b", 2), ("c", 1)];
    for policy in [Policy::Random, Policy::RoundRobin] {
        let accounts = accounts(policy, &weights);
        let mut first: HashMap<&str, u32> = HashMap::new();
        for _ in 0..600 {
            let turn = accounts.turn(None, |name| name != "b").unwrap();
            let names: Vec<_> = turn.left.iter().map(|account| account.settings.name.as_str()).collect();
            assert!(names.len() == 2 && !names.contains(&"b"), "{names:?}");
            *first.entry(names[0]).or_default() += 1;
        }
        assert!(first.values().all(|times| (240..=360).contains(times)), "{policy:?}: {first:?}");
        assert_eq!(accounts.named_or_first(None, |name| name != "a").unwrap().settings.name, "b");
        for named in [None, Some("b")] {
            let refused = accounts.turn(named, |name| name == "z").unwrap_err();
            assert_eq!((refused.kind(), &refused.members()["field"]), (Kind::NotAllowed, &"account".into()));
        }
        assert_eq!(accounts.turn(Some("b"), |name| name == "b").unwrap().left.len(), 1);
    }
}
