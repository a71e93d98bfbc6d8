//! Which account renders.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{Account, not_allowed};
use crate::error::{Error, Kind, Result};

/// How an account is chosen where an order names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// At random, by weight.
    #[default]
    Random,
    /// Each in its turn, those with more weight more often.
    RoundRobin,
}

/// All accounts, in the order of the settings.
#[derive(Debug)]
pub struct Accounts {
    first: Account,
    others: Vec<Account>,
    policy: Policy,
    /// For round robin: what each account has coming, in the same order.
    credit: Mutex<Vec<i64>>,
}

impl Accounts {
    /// At least one account; their names differ.
    pub fn new(first: Account, others: Vec<Account>, policy: Policy) -> Self {
        let credit = Mutex::new(vec![0; 1 + others.len()]);
        Self { first, others, policy, credit }
    }

    /// All, in the order of the settings.
    pub fn all(&self) -> impl Iterator<Item = &Account> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The account of that name.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] for an account that is not configured.
    pub fn get(&self, name: &str) -> Result<&Account> {
        self.all().find(|account| account.settings.name == name).ok_or_else(|| not_allowed("account", name))
    }

    /// The account to ask what is deployed: the named one, else the first of those that the caller may use.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] for an account that is not configured, or not for this caller.
    pub fn named_or_first(&self, named: Option<&str>, may_use: impl Fn(&str) -> bool) -> Result<&Account> {
        let (_, first) = self.usable(named, may_use)?[0];
        Ok(first)
    }

    /// The named account, or all, as far as the caller may use them, each with its place in the settings. There
    /// is at least one.
    fn usable(&self, named: Option<&str>, may_use: impl Fn(&str) -> bool) -> Result<Vec<(usize, &Account)>> {
        let name = |account: &Account| account.settings.name.clone();
        let asked = |account: &Account| named.is_none_or(|named| named == name(account));
        let usable = self.all().enumerate().filter(|(_, account)| asked(account) && may_use(&name(account)));
        let usable: Vec<_> = usable.collect();
        match named {
            _ if !usable.is_empty() => Ok(usable),
            Some(named) => Err(not_allowed("account", named)),
            None => {
                Err(Error::new(Kind::NotAllowed, "None of the configured accounts is yours to use. Ask the operator.")
                    .with("field", "account"))
            }
        }
    }

    /// The first of the settings.
    pub fn first(&self) -> &Account {
        &self.first
    }

    /// The account, where there is only one.
    pub fn only(&self) -> Option<&Account> {
        self.others.is_empty().then_some(&self.first)
    }

    /// The accounts that may render, best first: the named one alone, else by the policy all that the caller may
    /// use. Those that AWS throttled a moment ago come last.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] for an account that is not configured, or not for this caller.
    pub fn turn(&self, named: Option<&str>, may_use: impl Fn(&str) -> bool) -> Result<Turn<'_>> {
        let usable = self.usable(named, may_use)?;
        let mut order = match self.policy {
            _ if usable.len() == 1 => vec![usable[0].1],
            Policy::Random => shuffled(&usable),
            Policy::RoundRobin => self.rotated(usable),
        };
        order.sort_by_key(|account| (account.rests(), account.settings.weight == 0));
        Ok(Turn::new(order.into()))
    }

    /// The accounts that may render, in the order of the settings: to check an order that is rendered later.
    ///
    /// # Errors
    /// As [`Accounts::turn`].
    pub fn in_order(&self, named: Option<&str>, may_use: impl Fn(&str) -> bool) -> Result<Turn<'_>> {
        let usable = self.usable(named, may_use)?;
        Ok(Turn::new(usable.into_iter().map(|(_, account)| account).collect()))
    }

    /// Every turn each earns its weight, and the richest pays for all: the others follow by what they have left.
    fn rotated<'a>(&self, mut order: Vec<(usize, &'a Account)>) -> Vec<&'a Account> {
        let mut credit = self.credit.lock().unwrap_or_else(PoisonError::into_inner);
        let weight = weights(&order);
        for (index, account) in &order {
            credit[*index] += i64::from(weight(account));
        }
        order.sort_by_key(|(index, _)| std::cmp::Reverse(credit[*index]));
        credit[order[0].0] -= order.iter().map(|(_, account)| i64::from(weight(account))).sum::<i64>();
        order.into_iter().map(|(_, account)| account).collect()
    }
}

/// Each draws the time until its first event at a rate of its weight: the earliest wins.
fn shuffled<'a>(accounts: &[(usize, &'a Account)]) -> Vec<&'a Account> {
    let weight = weights(accounts);
    let draw =
        |(_, account): &(usize, &'a Account)| (-(1.0 - fastrand::f64()).ln() / f64::from(weight(account)), *account);
    let mut drawn: Vec<_> = accounts.iter().map(draw).collect();
    drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
    drawn.into_iter().map(|(_, account)| account).collect()
}

/// Where no account has any weight, all have the same.
fn weights(accounts: &[(usize, &Account)]) -> impl Fn(&Account) -> u32 + use<> {
    let none = accounts.iter().all(|(_, account)| account.settings.weight == 0);
    move |account| if none { 1 } else { account.settings.weight }
}

/// One order's way through the accounts: what did not run in one may run in the next.
#[derive(Debug)]
pub struct Turn<'a> {
    left: VecDeque<&'a Account>,
    failure: Option<Error>,
}

impl<'a> Turn<'a> {
    fn new(left: VecDeque<&'a Account>) -> Self {
        Self { left, failure: None }
    }

    /// The next account.
    ///
    /// # Errors
    /// What to tell the caller, where none is left.
    pub fn next_account(&mut self) -> Result<&'a Account> {
        self.left.pop_front().ok_or_else(|| {
            self.failure.take().unwrap_or_else(|| Error::new(Kind::Internal, "No account has been tried."))
        })
    }

    /// Whether no other account comes after this one.
    pub fn is_last(&self) -> bool {
        self.left.is_empty()
    }

    /// Takes note of what kept `account` from starting the order, so that the next one is tried.
    ///
    /// # Errors
    /// `error` itself, where the order may have run or no other account would fare better.
    pub fn failed(&mut self, account: &Account, error: Error) -> Result<()> {
        if error.kind() == Kind::Throttled {
            account.rest();
        }
        if !(error.is_unsent() || may_move_on(error.kind())) {
            return Err(error);
        }
        if !self.is_last() {
            let (account, code) = (account.settings.name.as_str(), error.kind().code());
            tracing::warn!(account, code, "not here, trying the next account");
        }
        // That it passes is what a caller can use best; else the account that came first speaks.
        let is_better = self.failure.as_ref().is_none_or(|kept| rank(error.kind()) > rank(kept.kind()));
        if is_better {
            self.failure = Some(error);
        }
        Ok(())
    }
}

/// Nothing ran, and it is this account's fault: it is used up, its credentials or function are not in order, or
/// it doesn't have what the order names.
fn may_move_on(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Throttled
            | Kind::ConcurrencyExceeded
            | Kind::AwsAccessDenied
            | Kind::AwsCredentialsRefused
            | Kind::CredentialsUnavailable
            | Kind::FunctionMissing
            | Kind::FunctionNotFound
            | Kind::MissingField
            | Kind::NotAllowed
    )
}

/// Which failure is told: one that passes by itself, then one of AWS, then that the order fits no account.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Throttled | Kind::ConcurrencyExceeded => 2,
        Kind::MissingField | Kind::NotAllowed => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
