//! Who may run how many functions at once: one record per account and region.
//!
//! A lease is taken before a render is started and held until its end; what nobody gives back ends by itself, at
//! the time limit of its functions. Who finds no room waits outside: the record knows the orders that have waited
//! longest, and keeps what becomes free for the first of them after a while, so that small orders don't starve
//! a large one. Nothing here reads a clock: times are epoch ms.

use serde::{Deserialize, Serialize};

use super::{Records, Version};
use crate::error::Result;

/// Budgets, by account and region.
const BUDGETS: &str = "budget";
/// So many of those that wait are known.
const MOST_WAITING: usize = 20;
/// How long the first of them is passed by others that still fit, before room is kept for it, ms.
const PATIENCE: u64 = 20_000;
/// Who was not seen for so long has been cancelled, or its message is lost: the first, and any other, ms.
const FIRST_LOST: u64 = 45_000;
const OTHERS_LOST: u64 = 6 * 60_000;

/// The functions in use, and who waits for some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    leases: Vec<Lease>,
    /// The longest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waiting>,
}

/// Functions that a render uses, or may come to use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// An order's id until its render is known, then the render's.
    pub id: String,
    /// How many.
    pub functions: u64,
    /// When all of them have ended at the latest.
    pub until: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    id: String,
    functions: u64,
    since: u64,
    seen: u64,
    /// Since when it is the first; 0 for the others.
    #[serde(default, skip_serializing_if = "is_zero")]
    first: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Where an order stands that found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Room is being kept for it, or will be soon.
    First,
    /// So many are before it.
    Behind(usize),
    /// Too many are before it to be counted.
    Unlisted,
}

impl Budget {
    /// Takes a lease, as far as there is room below `limit` beside what is in use and what is kept for others. Taking
    /// it again is no second one. How many functions are held: those of the lease down to `least`, which it is while
    /// others wait; else none.
    pub fn take(&mut self, mut lease: Lease, least: u64, limit: u64, now: u64) -> Option<u64> {
        self.expire(now);
        if let Some(held) = self.leases.iter_mut().find(|held| held.id == lease.id) {
            held.until = held.until.max(lease.until);
            return Some(held.functions);
        }
        // While others wait each gets what it can do with: fewer functions spend less of their time on beginning.
        let others_wait = self.waiting.iter().any(|waiting| waiting.id != lease.id);
        let most = if others_wait { least } else { lease.functions };
        let functions = limit.saturating_sub(self.in_use() + self.kept(&lease.id, now)).min(most);
        if functions < least {
            return None;
        }
        self.waiting.retain(|waiting| waiting.id != lease.id);
        lease.functions = functions;
        self.leases.push(lease);
        self.expire(now);
        Some(functions)
    }

    /// Notes an order that found no room, by when it was accepted.
    pub fn wait(&mut self, id: &str, functions: u64, since: u64, now: u64) -> Place {
        match self.waiting.iter_mut().enumerate().find(|(_, waiting)| waiting.id == id) {
            // Not each time: every change is a write.
            Some((place, waiting)) => {
                let kept = if place == 0 { FIRST_LOST } else { OTHERS_LOST };
                if now.saturating_sub(waiting.seen) > kept / 3 {
                    waiting.seen = now;
                }
            }
            None => {
                let place = self.waiting.partition_point(|waiting| waiting.since <= since);
                self.waiting.insert(place, Waiting { id: id.to_owned(), functions, since, seen: now, first: 0 });
                self.waiting.truncate(MOST_WAITING);
            }
        }
        self.expire(now);
        match self.waiting.iter().position(|waiting| waiting.id == id) {
            Some(0) => Place::First,
            Some(place) => Place::Behind(place),
            None => Place::Unlisted,
        }
    }

    /// The lease is another's now: the render's that its order became. Whether there was one.
    pub fn rename(&mut self, id: &str, new: &str) -> bool {
        let lease = self.leases.iter_mut().find(|lease| lease.id == id);
        lease.map(|lease| new.clone_into(&mut lease.id)).is_some()
    }

    /// An order neither uses nor waits for anything more.
    pub fn forget(&mut self, id: &str) {
        self.leases.retain(|lease| lease.id != id);
        self.waiting.retain(|waiting| waiting.id != id);
    }

    /// So many of its functions are left in use, until then at the latest; none ends the lease.
    pub fn resize(&mut self, id: &str, functions: u64, until: Option<u64>) {
        if let Some(lease) = self.leases.iter_mut().find(|lease| lease.id == id) {
            lease.functions = functions;
            lease.until = lease.until.min(until.unwrap_or(u64::MAX));
        }
        self.leases.retain(|lease| lease.functions > 0);
    }

    /// Forgets what has run out.
    pub fn expire(&mut self, now: u64) {
        self.leases.retain(|lease| lease.until > now);
        self.waiting.retain(|waiting| {
            let kept = if waiting.first > 0 { FIRST_LOST } else { OTHERS_LOST };
            waiting.seen.max(waiting.first) + kept > now
        });
        for (place, waiting) in self.waiting.iter_mut().enumerate() {
            match (place, waiting.first) {
                (0, 0) => waiting.first = now,
                (0, _) => {}
                _ => waiting.first = 0,
            }
        }
    }

    /// The lease of that name.
    pub fn lease(&self, id: &str) -> Option<&Lease> {
        self.leases.iter().find(|lease| lease.id == id)
    }

    /// The functions that all leases hold.
    pub fn in_use(&self) -> u64 {
        self.leases.iter().map(|lease| lease.functions).sum()
    }

    /// Whether anybody waits for what becomes free.
    pub fn is_awaited(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What is kept from this order for the first of those that wait.
    fn kept(&self, id: &str, now: u64) -> u64 {
        let first = self.waiting.first().filter(|first| first.id != id && now >= first.first + PATIENCE);
        first.map_or(0, |first| first.functions)
    }
}

impl Records {
    /// The budget of an account in a region; an empty one where none was written.
    pub async fn budget(&self, name: &str) -> Result<(Budget, Option<Version>)> {
        let found = self.read(BUDGETS, name).await?;
        Ok(found.map_or_else(Default::default, |(budget, version)| (budget, Some(version))))
    }

    /// Writes a budget in place of exactly `replaces`; false where somebody else was faster.
    pub async fn write_budget(&self, name: &str, budget: &Budget, replaces: Option<&Version>) -> Result<bool> {
        Ok(self.write(BUDGETS, name, budget, replaces).await?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(id: &str, functions: u64) -> Lease {
        Lease { id: id.into(), functions, until: 1_000_000 }
    }

    #[test]
    fn what_is_held_is_never_more_than_the_limit_and_ends_by_itself() {
        let mut budget = Budget::default();
        assert_eq!(budget.take(lease("a", 60), 60, 100, 0), Some(60));
        assert_eq!(budget.take(lease("a", 60), 60, 100, 0), Some(60), "the same one again");
        assert_eq!(budget.take(lease("b", 50), 50, 100, 0), None);
        assert_eq!(budget.take(lease("c", 50), 20, 100, 0), Some(40), "it can do with less");
        assert!(budget.rename("a", "r") && !budget.rename("a", "s"));
        budget.resize("r", 10, Some(5000));
        assert_eq!((budget.in_use(), budget.lease("r").unwrap().until), (50, 5000));
        assert_eq!(budget.take(lease("b", 60), 60, 100, 4999), None);
        assert_eq!(budget.take(lease("b", 60), 60, 100, 5000), Some(60));
        budget.resize("b", 0, None);
        assert_eq!(budget.lease("b"), None);
    }

    #[test]
    fn room_is_kept_for_whoever_waited_longest_and_still_comes() {
        let mut budget = Budget::default();
        budget.take(lease("a", 50), 50, 100, 1);
        assert_eq!(budget.wait("young", 60, 20, 1), Place::First);
        assert_eq!(budget.wait("old", 80, 10, 1), Place::First);
        assert_eq!(budget.wait("young", 60, 20, 1), Place::Behind(1));
        for order in 0..MOST_WAITING - 2 {
            assert_eq!(budget.wait(&order.to_string(), 60, 30, 1), Place::Behind(order + 2));
        }
        assert_eq!(budget.wait("late", 60, 40, 1), Place::Unlisted);
        assert_eq!(budget.take(lease("small", 5), 5, 100, PATIENCE), Some(5), "they pass it for a while");
        assert_eq!(budget.take(lease("another", 5), 5, 100, PATIENCE + 1), None);
        budget.forget("a");
        assert_eq!(budget.take(lease("another", 5), 5, 100, PATIENCE + 1), Some(5), "beside what is kept");
        assert_eq!(budget.take(lease("another one", 15), 15, 100, PATIENCE + 1), None);
        // It was cancelled, and nobody said so.
        assert_eq!(budget.take(lease("another one", 15), 15, 100, FIRST_LOST + 1), Some(15));
        assert_eq!(budget.take(lease("young", 60), 60, 100, FIRST_LOST + 1), Some(60), "the next one");
        assert!(budget.is_awaited());
    }
}
