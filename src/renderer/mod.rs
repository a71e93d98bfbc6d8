//! The verbs: start a render, follow it, deliver its output.
//!
//! `order` is what callers ask for, `plan` checks it, `target` is the function that it goes to, `start` sends it,
//! `once` sees to it that a request which is repeated starts nothing anew, `list` tells what was ordered, `ticket` is
//! the claim check, `look` reads how it is, `ask` has the function tell it, `progress` and `watch` follow, `finish`
//! sees to the copy, which whoever has the `claim` may `make`, `job` is what is done later, within the `budget` of what
//! may run at once, `submit` accepts orders that `begin` starts from the queue, `later` finds them, `left` is what is
//! left to do for a render, `webhook` and `follow` see its end, `notify` and `tell` tell of it, `download` brings its
//! output here, `cancel` stops, `delete` clears away, `bucket`
//! makes the place for it
//! all. `still` renders one image while the caller waits, `attempt` by `attempt`, with a `memory` of those that take
//! longer. `compositions`, `deployed` and `sites` tell what there is to render, and with what, `doctor` whether all of
//! it is in order; `remove` takes it away. `presign` links to what may be reached. Edges translate to
//! and from these and decide nothing.

mod adopt;
mod ask;
mod attempt;
mod begin;
mod bucket;
mod budget;
mod cancel;
mod claim;
mod compositions;
mod copy_to;
mod delete;
mod deployed;
mod destinations;
mod doctor;
mod download;
mod finish;
mod follow;
mod hosts;
mod job;
mod later;
mod left;
mod list;
mod look;
mod make;
mod memory;
mod notify;
mod once;
mod order;
mod plan;
mod presign;
mod progress;
mod remove;
mod sites;
mod start;
mod still;
mod submit;
mod target;
mod tell;
mod ticket;
mod watch;
mod webhook;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

pub use crate::accounts::FunctionInfo;
use crate::accounts::{Account, Accounts, Turn, not_allowed};
use crate::aws::Aws;
pub use crate::aws::{Message, Queue};
use crate::callers::Caller;
use crate::error::{Error, Kind, Result};
use crate::notify::Notifier;
pub use crate::records::CopyStatus;
use crate::records::Records;
pub use crate::remotion::progress::Status;
use crate::remotion::values::Codec;
use crate::telemetry::Metrics;
pub use bucket::RenderBucket;
pub use budget::Concurrency;
pub use cancel::Cancelling;
pub use compositions::CompositionsOrder;
pub use copy_to::CopyTo;
pub use delete::Deleted;
pub use deployed::Which;
pub use destinations::{Destination, Destinations, Own};
pub use doctor::{Finding, Verdict};
pub use download::Downloaded;
pub use finish::CopyView;
pub use hosts::Hosts;
pub use job::Job;
pub use later::{Found, OrderView};
pub use list::{Ordered, Orders};
pub use notify::{Event, EventData, EventError, Notify};
pub use once::{Accepted, Once};
pub use order::Order;
pub use progress::{Link, View};
pub use remove::DeletedSite;
pub use sites::{Bucket, Site, Sites};
pub use start::Started;
pub use still::{Image, StillOrder, StillView};
pub use tell::EventView;
pub use ticket::Ticket;
pub use watch::Watch;
pub use webhook::OwnWebhook;

/// Renders that a process remembers: their ends, so as to count each once, and stills.
const REMEMBERED: usize = 10_000;

/// What a renderer works with.
#[derive(Debug)]
pub struct Settings {
    /// Where renders run.
    pub accounts: Accounts,
    /// Used where an order names no composition.
    pub composition: Option<String>,
    /// Used where an order names no codec.
    pub codec: Codec,
    /// Where copies may go.
    pub destinations: Destinations,
    /// Who writes to the destinations that have a way of their own, by bucket.
    pub stores: HashMap<String, Arc<Aws>>,
    /// The hosts at which an order's site may be.
    pub serve_url_hosts: Hosts,
    /// The hosts to which an order's webhook may be sent.
    pub webhook_hosts: Hosts,
    /// Where what is left to do is kept.
    pub records: Option<Records>,
    /// Where what is to be done later is put.
    pub queue: Option<Queue>,
    /// Where messages are put that nobody can do anything with.
    pub dead_letters: Option<Queue>,
    /// What Remotion calls at the end of a render.
    pub webhook: Option<OwnWebhook>,
    /// Sends events to those who asked for them.
    pub notifier: Option<Notifier>,
    /// How many functions may run at once.
    pub concurrency: Concurrency,
    /// Counts what happens.
    pub metrics: Metrics,
    /// Whether the process lives on after an answer; else what is left of a copy waits for the next request.
    pub lives_on: bool,
}

/// Starts, follows and delivers renders. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Renderer {
    inner: Arc<Inner>,
    /// Whose orders these are, and what they may use.
    caller: Arc<Caller>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    /// Renders whose end this process has counted.
    ended: Mutex<HashSet<Ticket>>,
    /// Stills, by their id, that outlasted their request, or failed: why.
    stills: Mutex<HashMap<String, Option<String>>>,
    /// What AWS said may run at once, by account and region; nothing where it did not say.
    quotas: tokio::sync::Mutex<HashMap<String, Option<u64>>>,
    /// Whose turn it is to write to a budget.
    budgets: tokio::sync::Mutex<()>,
}

impl Renderer {
    /// A renderer; nothing is called yet.
    pub fn new(settings: Settings) -> Self {
        let (ended, stills) = (Mutex::default(), Mutex::default());
        let (quotas, budgets) = (tokio::sync::Mutex::default(), tokio::sync::Mutex::default());
        Self { inner: Arc::new(Inner { settings, ended, stills, quotas, budgets }), caller: Arc::default() }
    }

    /// The same for this caller, held to its limits.
    pub fn called_by(&self, caller: Caller) -> Self {
        Self { inner: self.inner.clone(), caller: Arc::new(caller) }
    }

    /// The same for what has been ordered, and was allowed then.
    fn unlimited(&self) -> Self {
        self.called_by(Caller::default())
    }

    fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    fn records(&self) -> Result<&Records> {
        self.settings().records.as_ref().ok_or_else(|| {
            Error::new(
                Kind::StateNotConfigured,
                "Copies, queued orders, idempotency keys and the list need a place for records: set RENDERGATE_STATE to s3://bucket or file:<folder>.",
            )
        })
    }

    /// The ticket of an id: ours, or a bare Remotion render id where only one account and bucket are
    /// configured.
    ///
    /// # Errors
    /// [`Kind::RenderNotFound`] for another text, [`Kind::NotAllowed`] for a place that is not configured.
    pub fn ticket(&self, id: &str) -> Result<Ticket> {
        if crate::remotion::names::is_render_id(id) {
            let settings = self.settings().accounts.only().map(|account| &account.settings);
            let Some((settings, bucket)) = settings.and_then(|settings| Some((settings, settings.bucket.as_ref()?)))
            else {
                return Err(Error::new(
                    Kind::RenderNotFound,
                    "A bare render id tells neither account nor bucket. Use the `id` that starting it answered, or set RENDERGATE_BUCKET where there is one account.",
                ));
            };
            self.check_account(&settings.name)?;
            let (account, region) = (settings.name.clone(), settings.region.clone());
            return Ok(Ticket { account, region, bucket: bucket.clone(), render_id: id.to_owned() });
        }
        let ticket: Ticket = id.parse()?;
        let account = self.settings().accounts.get(&ticket.account)?;
        self.check_account(&ticket.account)?;
        account.region(Some(&ticket.region))?;
        if !self.may_render_in(account, &ticket.bucket) {
            return Err(not_allowed("id", &ticket.bucket));
        }
        Ok(ticket)
    }

    /// The ticket of Remotion's own names for a render: its id and its bucket.
    ///
    /// # Errors
    /// As [`Renderer::ticket`]; [`Kind::RenderNotFound`] where several accounts may have that bucket.
    pub fn ticket_in(&self, render_id: &str, bucket: &str) -> Result<Ticket> {
        let accounts = &self.settings().accounts;
        let named = || accounts.all().find(|account| account.settings.bucket.as_deref() == Some(bucket));
        let Some(account) = accounts.only().or_else(named) else {
            return Err(Error::new(
                Kind::RenderNotFound,
                "Several accounts may have this bucket. Use the `id` that starting it answered.",
            ));
        };
        let settings = &account.settings;
        self.ticket(&format!("{}~{}~{bucket}~{render_id}", settings.name, settings.region))
    }

    /// Refuses an account that the caller may not use.
    fn check_account(&self, name: &str) -> Result<()> {
        if self.caller.limits.allow_account(name) { Ok(()) } else { Err(not_allowed("account", name)) }
    }

    /// The accounts that may render for the caller: the named one, or all by the policy.
    fn turn(&self, named: Option<&str>) -> Result<Turn<'_>> {
        self.settings().accounts.turn(named, |name| self.caller.limits.allow_account(name))
    }

    /// The account to ask what is deployed.
    fn named_or_first(&self, named: Option<&str>) -> Result<&Account> {
        self.settings().accounts.named_or_first(named, |name| self.caller.limits.allow_account(name))
    }

    /// Whether the caller may write this object of a destination.
    fn may_write(&self, bucket: &str, key: &str) -> bool {
        self.settings().destinations.allows(bucket, key) && self.caller.limits.allow_destination(bucket, key)
    }

    /// Whether the caller may have Remotion's function write this object itself.
    fn may_have_written(&self, bucket: &str, key: &str) -> bool {
        self.settings().destinations.allows_render(bucket, key) && self.caller.limits.allow_destination(bucket, key)
    }

    /// Whether renders may keep their files in this bucket: `forceBucketName` may name a destination.
    fn may_render_in(&self, account: &Account, bucket: &str) -> bool {
        account.is_render_bucket(bucket) || self.may_have_written(bucket, "renders/")
    }

    /// The site: the order's own, at a host where it may be, else the configured one.
    fn site<'a>(&self, own: Option<&'a str>, account: &'a Account) -> Result<&'a str> {
        if let Some(own) = own {
            self.settings().serve_url_hosts.check_site("serveUrl", own)?;
        }
        plan::required("serveUrl", "RENDERGATE_SERVE_URL", own.or(account.settings.serve_url.as_deref()))
    }

    /// Refuses an output bucket that is neither the render bucket nor a destination.
    fn check_output_bucket(&self, field: &str, account: &Account, bucket: &str, key: &str) -> Result<()> {
        let allowed = account.is_render_bucket(bucket) || self.may_have_written(bucket, key);
        if allowed { Ok(()) } else { Err(not_allowed(field, bucket)) }
    }

    /// Refuses an output that `progress.json` claims and that isn't this render's to give away: the file
    /// may have been written by others.
    fn check_output(&self, ticket: &Ticket, bucket: &str, key: &str) -> Result<()> {
        let account = self.settings().accounts.get(&ticket.account)?;
        self.check_output_bucket("outBucket", account, bucket, key)?;
        let own = bucket == ticket.bucket && key.starts_with(&ticket.folder());
        if !own && account.is_render_bucket(bucket) && plan::is_reserved(key) {
            return Err(not_allowed("outKey", key));
        }
        Ok(())
    }
}
