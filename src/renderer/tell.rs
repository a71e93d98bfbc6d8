//! Sends events until they are taken: whoever sees the end writes them down, whoever claims one sends it.
//!
//! An attempt is written down before it is made, with the time of the next one, so that two never send at once and
//! a crash costs one attempt.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::notify::{note, note_order};
use super::{OrderView, Renderer, Ticket, View};
use crate::error::{Error, Kind, Result};
use crate::notify::{Answer, LIMIT, Notifier};
use crate::records::{EventRecord, EventStatus, NotifyRecord, Records};
use crate::telemetry::{Metric, now_ms};

/// The pause before each attempt; about three days in all. Of Standard Webhooks,
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability>.
const SCHEDULE: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(24 * 3600),
];
/// Nothing is sent with less time than this for the answer.
const LEAST: Duration = Duration::from_secs(2);
/// Others may write at the same time: how often that is met with another look.
const LOOKS: usize = 50;

/// An event, as whoever runs Rendergate sees it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// The header `webhook-id`.
    pub id: String,
    /// Such as `render.done`.
    pub r#type: String,
    /// `pending`, `delivered` or `failed`.
    pub status: EventStatus,
    /// How often it was sent.
    pub attempts: u32,
    /// What came of the last attempt, unless it was taken.
    pub last_error: Option<String>,
}

impl From<&EventRecord> for EventView {
    fn from(event: &EventRecord) -> Self {
        let EventRecord { id, r#type, status, attempts, last_error, .. } = event.clone();
        Self { id, r#type, status, attempts, last_error }
    }
}

impl Renderer {
    fn notifier(&self) -> Option<(&Notifier, &Records)> {
        let settings = self.settings();
        settings.notifier.as_ref().zip(settings.records.as_ref())
    }

    /// Whether somebody is to be told of a render.
    pub(super) async fn is_told_of(&self, ticket: &Ticket) -> bool {
        let Some((_, records)) = self.notifier() else { return false };
        records.notify(&ticket.to_string()).await.is_ok_and(|found| found.is_some())
    }

    /// Refuses events that could never be sent.
    pub(super) fn check_notify(&self, url: &str) -> Result<()> {
        let Some(notifier) = &self.settings().notifier else {
            let detail = "Events are off here. Set RENDERGATE_NOTIFY_SECRET to the secret that signs them.";
            return Err(Error::new(Kind::NotifyNotConfigured, detail).with("field", "notify"));
        };
        notifier.check(url)?;
        self.settings().webhook_hosts.check("notify.url", url)?;
        self.records().map(|_| ())
    }

    /// Tells of what a look at the render has shown, if anybody is to be told, for `patience` at most. When the next
    /// attempt is due, epoch ms; none where nothing is left to be sent.
    ///
    /// # Errors
    /// Of the store.
    pub(super) async fn tell(&self, ticket: &Ticket, view: &View, patience: Duration) -> Result<Option<u64>> {
        self.tell_of(&ticket.to_string(), |record| note(record, ticket, view), patience).await
    }

    /// The same for an order that ended without a render.
    pub(super) async fn tell_of_order(&self, order: &OrderView, patience: Duration) -> Result<Option<u64>> {
        self.tell_of(&order.id, |record| note_order(record, order), patience).await
    }

    /// The same for what is written down already.
    pub(super) async fn tell_again(&self, id: &str, patience: Duration) -> Result<Option<u64>> {
        self.tell_of(id, |_| Ok(false), patience).await
    }

    async fn tell_of(
        &self,
        id: &str,
        news: impl Fn(&mut NotifyRecord) -> Result<bool>,
        patience: Duration,
    ) -> Result<Option<u64>> {
        let Some((notifier, records)) = self.notifier() else { return Ok(None) };
        let until = Instant::now() + patience;
        for _ in 0..LOOKS {
            let Some((mut record, version)) = records.notify(id).await? else { return Ok(None) };
            let left = until.saturating_duration_since(Instant::now());
            let news = news(&mut record)?;
            let attempt = if left < LEAST { None } else { record.events.iter_mut().find_map(begin) };
            if !news && attempt.is_none() {
                return Ok(record.next_due());
            }
            if records.write_notify(&record, Some(&version)).await?.is_none() {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(10..100))).await;
                continue;
            }
            if let Some(event) = attempt {
                let sending = notifier.send(record.url.expose(), &event.id, &event.body);
                let answer = match tokio::time::timeout(left, sending).await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(error)) => Answer::NotNow(error.detail().to_owned()),
                    Err(_) => Answer::NotNow("no answer".to_owned()),
                };
                self.answered(records, id, &event, &answer).await?;
            }
        }
        Ok(Some(now_ms()))
    }

    /// Writes down what came of an attempt.
    async fn answered(&self, records: &Records, id: &str, sent: &EventRecord, answer: &Answer) -> Result<()> {
        for _ in 0..LOOKS {
            let Some((mut record, version)) = records.notify(id).await? else { return Ok(()) };
            for event in &mut record.events {
                // A later attempt may be under way: it tells.
                if event.id == sent.id && event.attempts == sent.attempts {
                    end(event, answer);
                } else if *answer == Answer::Gone && event.status == EventStatus::Pending {
                    give_up(event, "HTTP 410 to another event");
                }
            }
            if records.write_notify(&record, Some(&version)).await?.is_some() {
                self.tell_how_it_went(id, &record, sent);
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(fastrand::u64(10..100))).await;
        }
        Ok(())
    }

    fn tell_how_it_went(&self, id: &str, record: &NotifyRecord, sent: &EventRecord) {
        let Some(event) = record.events.iter().find(|event| event.id == sent.id) else { return };
        let (event_id, kind, attempts) = (&event.id, &event.r#type, event.attempts);
        let account = id.split_once('~').map(|(account, _)| account).filter(|account| *account != "q");
        let account = account.unwrap_or(&self.settings().accounts.first().settings.name);
        match event.status {
            EventStatus::Delivered => {
                self.settings().metrics.put(account, Metric::EventDelivered);
                tracing::info!(id, event = event_id, kind, attempts, "event taken");
            }
            EventStatus::Failed => {
                self.settings().metrics.put(account, Metric::EventFailed);
                tracing::warn!(id, event = event_id, kind, attempts, why = event.last_error, "event given up");
            }
            EventStatus::Pending => {
                tracing::warn!(id, event = event_id, kind, attempts, why = event.last_error, "event not taken");
            }
        }
    }

    /// The events of a render, or of an order, that were asked for and have happened.
    ///
    /// # Errors
    /// [`Kind::NotifyNotConfigured`], [`Kind::StateNotConfigured`]; [`Kind::RenderNotFound`] where nobody is to be
    /// told of it.
    pub async fn events(&self, id: &str) -> Result<Vec<EventView>> {
        let (record, _) = self.notified(id).await?;
        Ok(record.events.iter().map(EventView::from).collect())
    }

    /// Sends all events of a render once more, with the ids that they had, also those that were taken. What came of
    /// it; whoever sends events goes on with those that were not taken.
    ///
    /// # Errors
    /// As [`Renderer::events`].
    pub async fn replay(&self, id: &str) -> Result<Vec<EventView>> {
        let records = self.records()?;
        let (mut record, version) = self.notified(id).await?;
        for event in &mut record.events {
            (event.status, event.attempts, event.due_at) = (EventStatus::Pending, 0, now_ms());
        }
        if records.write_notify(&record, Some(&version)).await?.is_none() {
            return Err(Error::new(Kind::AwsUnavailable, "An event is being sent just now. Try again."));
        }
        let patience = (LIMIT + LEAST).saturating_mul(u32::try_from(record.events.len()).unwrap_or(u32::MAX));
        if self.tell_again(&record.id, patience).await?.is_some() {
            self.follow_later(&record.id).await;
        }
        self.events(id).await
    }

    async fn notified(&self, id: &str) -> Result<(NotifyRecord, crate::records::Version)> {
        if self.settings().notifier.is_none() {
            return Err(Error::new(Kind::NotifyNotConfigured, "Events are off here. Set RENDERGATE_NOTIFY_SECRET."));
        }
        let records = self.records()?;
        let id = match self.find(id).await? {
            super::Found::Render(ticket) => ticket.to_string(),
            super::Found::Order(order) => order.id,
        };
        let none = || Error::new(Kind::RenderNotFound, "Nobody is to be told of this render: it has no `notify`.");
        records.notify(&id).await?.ok_or_else(none)
    }
}

/// Claims an event that is due: nobody else sends it until this attempt is certain to be over.
fn begin(event: &mut EventRecord) -> Option<EventRecord> {
    if event.status != EventStatus::Pending || event.due_at > now_ms() {
        return None;
    }
    event.attempts += 1;
    event.due_at = now_ms() + ms(LIMIT + pause(event.attempts).unwrap_or_default());
    Some(event.clone())
}

fn end(event: &mut EventRecord, answer: &Answer) {
    match (answer, pause(event.attempts)) {
        (Answer::Taken, _) => (event.status, event.last_error) = (EventStatus::Delivered, None),
        (Answer::Gone, _) => give_up(event, "HTTP 410"),
        (Answer::Never(why), _) | (Answer::NotNow(why), None) => give_up(event, why),
        (Answer::NotNow(why), Some(pause)) => {
            event.due_at = now_ms() + ms(pause);
            event.last_error = Some(why.clone());
        }
    }
}

fn give_up(event: &mut EventRecord, why: &str) {
    (event.status, event.last_error) = (EventStatus::Failed, Some(why.to_owned()));
}

/// The pause after so many attempts, up to a tenth longer, so that not all come at once; none after the last one.
fn pause(attempts: u32) -> Option<Duration> {
    let pause = SCHEDULE.get(usize::try_from(attempts).unwrap_or(usize::MAX))?;
    Some(pause.mul_f64(1.0 + fastrand::f64() / 10.0))
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
