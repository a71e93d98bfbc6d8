//! What is left to do later, by whoever takes it from the queue. Every job may be done twice without harm.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Renderer, Ticket, finish};
use crate::aws::{Message, Queue};
use crate::error::{Error, Kind, Result};
use crate::telemetry::now_ms;

/// A look at a render comes back after a quarter of the time that it has taken so far, within these bounds.
const SOONEST: Duration = Duration::from_secs(5);
const LATEST: Duration = Duration::from_secs(120);

/// One thing to do: the body of a message on our queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "camelCase", deny_unknown_fields)]
pub enum Job {
    /// Look at a render; once it has ended, do what was ordered for its end.
    Follow {
        /// The ticket.
        id: String,
        /// Since when it is followed, epoch ms.
        since: u64,
    },
    /// Start an order.
    Start {
        /// Its id.
        order: String,
        /// How often it was tried before, and came back.
        attempt: u32,
    },
}

impl Job {
    /// To follow a render from now on.
    pub fn follow(ticket: &Ticket) -> Self {
        Self::Follow { id: ticket.to_string(), since: now_ms() }
    }

    /// Reads a message's body, if it is a job at all and not an order that somebody else put on the queue.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] for what is neither.
    pub fn find(body: &str) -> Result<Option<Self>> {
        let neither = |error| Error::new(Kind::InvalidJson, "This message is no JSON object.").because(error);
        let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(body).map_err(neither)?;
        if fields.contains_key("job") { Self::read(body).map(Some) } else { Ok(None) }
    }

    fn read(body: &str) -> Result<Self> {
        serde_json::from_str(body)
            .map_err(|error| Error::new(Kind::InvalidJson, "This message is no job of this version.").because(error))
    }
}

impl Renderer {
    pub(super) fn queue(&self) -> Result<&Queue> {
        let missing = || Error::new(Kind::QueueNotConfigured, "There is no queue here. Set RENDERGATE_QUEUE_URL.");
        self.settings().queue.as_ref().ok_or_else(missing)
    }

    /// Whether orders may be queued.
    pub fn has_queue(&self) -> bool {
        self.settings().queue.is_some()
    }

    /// Messages from the queue, hidden from others for a while; none where nothing came within 20 s.
    ///
    /// # Errors
    /// [`Kind::QueueNotConfigured`]; what AWS refuses.
    pub async fn receive(&self) -> Result<Vec<Message>> {
        self.queue()?.receive().await
    }

    /// Takes messages off the queue whose jobs are done.
    ///
    /// # Errors
    /// As [`Renderer::receive`].
    pub async fn forget(&self, done: &[Message]) -> Result<()> {
        self.queue()?.delete(done).await
    }

    /// Sees to it that somebody follows the render, where there is a queue.
    pub(super) async fn follow_later(&self, ticket: &Ticket) {
        if self.settings().queue.is_none() {
            return;
        }
        if let Err(error) = self.enqueue(&Job::follow(ticket), SOONEST).await {
            // The record is there: whoever asks for the render goes on.
            tracing::warn!(renderId = ticket.render_id, code = error.kind().code(), "could not be put on the queue");
        }
    }

    /// Puts a job on the queue; the message's id.
    ///
    /// # Errors
    /// [`Kind::QueueNotConfigured`]; what refused it.
    pub async fn enqueue(&self, job: &Job, delay: Duration) -> Result<String> {
        let body = serde_json::to_string(job)
            .map_err(|error| Error::new(Kind::Internal, "A job can't be written.").because(error))?;
        self.queue()?.send(body, delay).await
    }

    /// Does a job, or puts it back for later. Once this returns `Ok` the message is no longer needed.
    ///
    /// # Errors
    /// What kept it from being done; the message must stay on the queue.
    pub async fn perform(&self, job: &Job) -> Result<()> {
        match job {
            Job::Follow { id, since } => self.follow_up(id, *since).await,
            Job::Start { order, attempt } => self.start_order(order, *attempt).await,
        }
    }

    async fn follow_up(&self, id: &str, since: u64) -> Result<()> {
        let ticket = self.ticket(id)?;
        let held = self.tend(&ticket, age(since)).await;
        match self.see(&ticket, finish::PATIENCE).await {
            Ok(view) if view.is_final() && held.is_none() => return Ok(()),
            Ok(_) => {}
            // Deleted: nothing is left to be done.
            Err(error) if error.kind() == Kind::RenderNotFound && age(since) > LATEST => return Ok(()),
            Err(error) if error.kind() == Kind::RenderNotFound => {}
            Err(error) => return Err(error),
        }
        let delay = held.unwrap_or_else(|| (age(since) / 4).clamp(SOONEST, LATEST));
        self.enqueue(&Job::Follow { id: id.to_owned(), since }, delay).await.map(|_| ())
    }
}

fn age(since: u64) -> Duration {
    Duration::from_millis(now_ms().saturating_sub(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_its_message() {
        let job = Job::Follow { id: "default~us-east-1~remotionlambda-x~m1yq8x2c0v".into(), since: 7 };
        let body = serde_json::to_string(&job).unwrap();
        assert_eq!(body, r#"{"job":"follow","id":"default~us-east-1~remotionlambda-x~m1yq8x2c0v","since":7}"#);
        assert_eq!(Job::read(&body).unwrap(), job);
        for wrong in ["", "{}", r#"{"job":"dance"}"#, r#"{"job":"follow","id":"x","since":1,"more":2}"#] {
            assert_eq!(Job::read(wrong).unwrap_err().kind(), Kind::InvalidJson, "{wrong}");
        }
    }
}
