//! What a caller may use, and how often it may call.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The span in which requests are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// What a caller may use of what is configured; what is left out is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Names of accounts.
    pub accounts: Option<Vec<String>>,
    /// Destinations: a bucket, or a bucket and the beginning of keys, such as `archive/customers/`.
    pub destinations: Option<Vec<String>>,
}

impl Limits {
    /// Whether the account may be used.
    pub fn allow_account(&self, name: &str) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.iter().any(|account| account == name))
    }

    /// Whether this object of a destination may be written and read.
    pub fn allow_destination(&self, bucket: &str, key: &str) -> bool {
        let covers = |destination: &String| {
            let (own, prefix) = destination.split_once('/').unwrap_or((destination, ""));
            own == bucket && key.starts_with(prefix)
        };
        self.destinations.as_ref().is_none_or(|destinations| destinations.iter().any(covers))
    }
}

/// The requests of the last minute, by caller.
#[derive(Debug, Default)]
pub(super) struct Rates(Mutex<HashMap<String, VecDeque<Instant>>>);

impl Rates {
    /// Counts a request made now, if no more than `limit` are made in any minute; else tells how long to wait.
    /// A refused request does not count.
    pub(super) fn count(&self, caller: &str, limit: u32, now: Instant) -> Result<(), Duration> {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let made = rates.entry(caller.to_owned()).or_default();
        while made.front().is_some_and(|first| now.duration_since(*first) >= MINUTE) {
            made.pop_front();
        }
        let limit = limit.try_into().unwrap_or(usize::MAX);
        match made.len().checked_sub(limit) {
            None => {
                made.push_back(now);
                Ok(())
            }
            // There is room as soon as this one is a minute old.
            Some(first) => Err((made[first] + MINUTE).duration_since(now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_than_the_limit() {
        let (rates, start) = (Rates::default(), Instant::now());
        let at = |second: u64| start + Duration::from_secs(second);
        for second in [0, 20, 40] {
            assert_eq!(rates.count("shop", 3, at(second)), Ok(()));
        }
        assert_eq!(rates.count("shop", 3, at(50)), Err(Duration::from_secs(10)));
        assert_eq!(rates.count("shop", 3, at(59)), Err(Duration::from_secs(1)));
        assert_eq!(rates.count("shop", 3, at(60)), Ok(()), "the refused ones did not count");
        assert_eq!(rates.count("shop", 3, at(61)), Err(Duration::from_secs(19)));
        assert_eq!(rates.count("shop", 1, at(61)), Err(Duration::from_secs(59)), "another key of the same caller");
        assert_eq!(rates.count("blog", 3, at(61)), Ok(()), "callers don't share");
    }

    #[test]
    fn requests_at_the_same_time_don_t_pass_the_limit() {
        let rates = Rates::default();
        let passed: usize = std::thread::scope(|scope| {
            let one = || (0..100).filter(|_| rates.count("shop", 150, Instant::now()).is_ok()).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 150);
    }

    #[test]
    fn limits_allow_what_they_name() {
        let list = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let limits = Limits { accounts: list(&["a"]), destinations: list(&["videos", "archive/customers/"]) };
        assert!(limits.allow_account("a") && !limits.allow_account("b") && !limits.allow_account(""));
        assert!(limits.allow_destination("videos", "x") && limits.allow_destination("archive", "customers/x"));
        for (bucket, key) in [("archive", "x"), ("archive", "customers"), ("video", "s/x"), ("", "")] {
            assert!(!limits.allow_destination(bucket, key), "{bucket}/{key}");
        }
        let nothing = Limits { accounts: list(&[]), destinations: list(&[]) };
        assert!(!nothing.allow_account("a") && !nothing.allow_destination("videos", ""));
        assert!(Limits::default().allow_account("a") && Limits::default().allow_destination("videos", ""));
    }
}
