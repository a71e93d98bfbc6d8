//! Follows renders to their end, in processes that live on.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::finish::CopyView;
use super::later::PREFIX;
use super::{Renderer, Ticket, View};
use crate::error::Result;
use crate::records::NotifyRecord;
use crate::telemetry::now_ms;

/// How long one wait for the end is, and how long events are sent at a time.
const A_WHILE: Duration = Duration::from_secs(60);
/// The pause after a failure of the store.
const PAUSE: Duration = Duration::from_secs(30);

impl Renderer {
    /// Follows a render to its end, its copy with it, and tells who asked for it, for as long as that takes.
    pub async fn follow(&self, ticket: &Ticket) {
        let view = loop {
            match self.wait(ticket, Instant::now() + A_WHILE).await {
                Ok(view) if view.is_final() => break Some(view),
                // Its copy may take long; that it is done is told at once.
                Ok(view) if view.status.is_final() => drop(self.tell_once(ticket, Some(&view)).await),
                Ok(_) => {}
                Err(error) if error.kind().is_transient() => {}
                Err(error) => {
                    tracing::warn!(renderId = ticket.render_id, code = error.kind().code(), "gave up following");
                    break None;
                }
            }
        };
        loop {
            match self.tell_once(ticket, view.as_ref()).await {
                Ok(None) => return,
                Ok(Some(due)) => tokio::time::sleep(Duration::from_millis(due.saturating_sub(now_ms()))).await,
                Err(error) => {
                    tracing::warn!(renderId = ticket.render_id, code = error.kind().code(), "events wait");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Tells of a render that was followed to its end, once. When the next attempt is due, epoch ms; none where
    /// nothing is left to be sent.
    ///
    /// # Errors
    /// Of the store.
    pub async fn tell_once(&self, ticket: &Ticket, view: Option<&View>) -> Result<Option<u64>> {
        match view {
            Some(view) => self.tell(ticket, view, A_WHILE).await,
            None => self.tell_again(&ticket.to_string(), A_WHILE).await,
        }
    }

    /// Sees to what comes after a copy that was ordered when its render had ended: nobody follows that any more.
    pub(super) async fn follow_on(&self, ticket: &Ticket) {
        if self.has_queue() {
            self.follow_later(&ticket.to_string()).await;
        } else if self.settings().lives_on {
            let (renderer, ticket) = (self.clone(), ticket.clone());
            tokio::spawn(async move { renderer.follow(&ticket).await });
        } else if let Err(error) = self.finish_now(ticket, A_WHILE).await {
            tracing::warn!(renderId = ticket.render_id, code = error.kind().code(), "nobody was told yet");
        }
    }

    /// Takes up what an earlier process left unfinished: copies, and events.
    ///
    /// # Errors
    /// Of the store.
    pub async fn resume(&self) -> Result<()> {
        let Some(records) = &self.settings().records else { return Ok(()) };
        let mut unfinished = BTreeSet::new();
        for id in records.renders().await? {
            let Some((record, _)) = records.render(&id).await? else { continue };
            if !CopyView::from(&record.copy).is_final() {
                unfinished.insert(id);
            }
        }
        for id in records.notified().await? {
            let Some((record, _)) = records.notify(&id).await? else { continue };
            if !unfinished.contains(&id) && self.is_untold(&record).await? {
                unfinished.insert(id);
            }
        }
        for id in unfinished {
            // With a queue, its messages see to orders.
            if let (false, Ok(ticket)) = (id.starts_with(PREFIX), self.ticket(&id)) {
                tracing::info!(renderId = ticket.render_id, account = ticket.account, "taking up an unfinished render");
                let renderer = self.clone();
                tokio::spawn(async move { renderer.follow(&ticket).await });
            }
        }
        Ok(())
    }

    /// Whether something is left to be told: an event waits, or has not been seen yet.
    async fn is_untold(&self, record: &NotifyRecord) -> Result<bool> {
        if record.next_due().is_some() || !record.has("render.") {
            return Ok(true);
        }
        let Ok(ticket) = self.ticket(&record.id) else { return Ok(false) };
        let copied = self.record(&ticket).await?.is_some();
        Ok(copied && record.has("render.done") && !record.has("copy."))
    }
}
