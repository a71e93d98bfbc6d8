//! What is left to do later, by whoever takes it from the queue. Every job may be done twice without harm.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::later::PREFIX;
use super::{Renderer, finish};
use crate::aws::{Message, Queue};
use crate::error::{Error, Kind, Result};
use crate::telemetry::{age, now_ms};

/// A look at a render comes back after a quarter of the time that it has taken so far, within these bounds.
const SOONEST: Duration = Duration::from_secs(5);
const LATEST: Duration = Duration::from_secs(120);
/// How long one job sends events; what is not taken by then comes back with the job.
const TELLING: Duration = Duration::from_secs(40);

/// One thing to do: the body of a message on our queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "camelCase", deny_unknown_fields)]
pub enum Job {
    /// Look at a render; once it has ended, do what was ordered for its end, and tell who asked for it.
    Follow {
        /// The ticket; or the id of an order that ended without a render.
        id: String,
        /// Since when it is followed, epoch ms.
        since: u64,
    },
    /// Remotion says that a render has ended: do what was ordered for its end, as far as that goes now. Whoever
    /// follows it sees to the rest.
    Finish {
        /// The ticket.
        id: String,
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
    pub fn follow(id: &str) -> Self {
        Self::Follow { id: id.to_owned(), since: now_ms() }
    }

    /// Reads a message's body, if it is a job at all and not an order that somebody else put on the queue.
    ///
    /// # Errors
    /// [`Kind::InvalidJson`] for what is neither.
    pub fn find(body: &str) -> Result<Option<Self>> {
        let neither =
            |what: &str, error| Error::new(Kind::InvalidJson, format!("This message is no {what}.")).because(error);
        let fields: Map<String, Value> = serde_json::from_str(body).map_err(|error| neither("JSON object", error))?;
        if !fields.contains_key("job") {
            return Ok(None);
        }
        Self::deserialize(Value::Object(fields)).map(Some).map_err(|error| neither("job of this version", error))
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
            Job::Finish { id } => {
                let ticket = self.ticket(id)?;
                self.tend(&ticket, Duration::ZERO).await;
                self.finish_now(&ticket, finish::PATIENCE).await
            }
            Job::Start { order, attempt } => self.start_order(order, *attempt).await,
        }
    }

    async fn follow_up(&self, id: &str, since: u64) -> Result<()> {
        if id.starts_with(PREFIX) {
            return self.come_back(id, since, self.tell_again(id, TELLING).await?).await;
        }
        let ticket = self.ticket(id)?;
        let held = self.tend(&ticket, age(since)).await;
        let (is_over, due) = match self.see(&ticket, finish::PATIENCE).await {
            Ok(view) if view.status.is_final() => (view.is_final(), self.tell(&ticket, &view, TELLING).await?),
            Ok(_) => (false, None),
            // Deleted: nothing is left to be done, but to tell what was seen before.
            Err(error) if error.kind() == Kind::RenderNotFound && age(since) > LATEST => {
                (true, self.tell_again(id, TELLING).await?)
            }
            Err(error) if error.kind() == Kind::RenderNotFound => (false, None),
            Err(error) => return Err(error),
        };
        if is_over && held.is_none() {
            return self.come_back(id, since, due).await;
        }
        let delay = held.unwrap_or_else(|| (age(since) / 4).clamp(SOONEST, LATEST));
        self.enqueue(&Job::Follow { id: id.to_owned(), since }, delay).await.map(|_| ())
    }

    /// Puts the job back where an event is due later.
    async fn come_back(&self, id: &str, since: u64, due: Option<u64>) -> Result<()> {
        let Some(due) = due else { return Ok(()) };
        let delay = Duration::from_millis(due.saturating_sub(now_ms()));
        self.enqueue(&Job::Follow { id: id.to_owned(), since }, delay).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_its_message() {
        let job = Job::Follow { id: "default~us-east-1~remotionlambda-x~m1yq8x2c0v".into(), since: 7 };
        let body = serde_json::to_string(&job).unwrap();
        assert_eq!(body, r#"{"job":"follow","id":"default~us-east-1~remotionlambda-x~m1yq8x2c0v","since":7}"#);
        assert_eq!(Job::find(&body).unwrap(), Some(job));
        assert_eq!(Job::find("{}").unwrap(), None);
        for wrong in ["", "[]", r#"{"job":"dance"}"#, r#"{"job":"follow","id":"x","since":1,"more":2}"#] {
            assert_eq!(Job::find(wrong).unwrap_err().kind(), Kind::InvalidJson, "{wrong}");
        }
    }
}
