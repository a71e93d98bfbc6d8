//! Remotion's own webhook: renders are started with ours where they have none and something is left to do at their
//! end; what it says is only that it is time to look.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::plan::Plan;
use super::{Job, Order, Renderer, Ticket};
use crate::credentials::Held;
use crate::error::{Error, Kind, Result};
use crate::redacted::Redacted;
use crate::remotion::webhook::{self, Notice, Webhook};

/// What is done before the answer, where there is no queue. The function waits for 10 s
/// (<https://www.remotion.dev/docs/lambda/webhooks>).
const PATIENCE: Duration = Duration::from_secs(8);

/// Our webhook.
#[derive(Debug)]
pub struct OwnWebhook {
    /// Where Remotion's function can reach it; none where callers put it into their orders themselves.
    pub url: Option<String>,
    /// What it is signed with.
    pub secret: Held<Redacted<String>>,
}

/// What our webhook says of a render that its own words don't.
#[derive(Deserialize)]
struct Custom {
    account: String,
    region: String,
}

impl Renderer {
    /// The webhook that a render is started with in want of one of its own, if anything is left to do at its end: or if
    /// it `holds` functions of the budget until then.
    pub(super) async fn own_webhook(&self, plan: &Plan<'_>, order: &Order, holds: bool) -> Option<Webhook> {
        let own = self.settings().webhook.as_ref()?;
        let url = own.url.as_ref()?;
        let due = holds || plan.copy_to.is_some() || order.notify.is_some();
        if !due || order.media.webhook.is_some() {
            return None;
        }
        let custom = json!({ "account": plan.target.account.settings.name, "region": plan.target.region });
        let make = |secret: &Redacted<String>| Some(Webhook::new(url, secret.expose(), &custom));
        let made = own.secret.find(read, make, false).await;
        // The render is worth more than to be told of its end at once.
        let made = made.inspect_err(|error| tracing::warn!(code = error.kind().code(), "started without our webhook"));
        made.ok().flatten().and_then(Result::ok)
    }

    /// A webhook of Remotion's has come: its end is seen to, or put on the queue.
    ///
    /// # Errors
    /// [`Kind::WebhookNotConfigured`]; [`Kind::Unauthenticated`] for one that isn't genuine; [`Kind::NotAllowed`] and
    /// [`Kind::RenderNotFound`] for a render that is not ours; what kept us from looking, so that Remotion sends it
    /// again.
    pub async fn heard(&self, body: &[u8], signature: Option<&str>) -> Result<Ticket> {
        let Some(own) = &self.settings().webhook else {
            let detail = "Webhooks are off here. Set RENDERGATE_WEBHOOK_SECRET.";
            return Err(Error::new(Kind::WebhookNotConfigured, detail));
        };
        let verify = |secret: &Redacted<String>| webhook::verify(secret.expose().as_bytes(), body, signature).ok();
        if own.secret.find(read, verify, true).await?.is_none() {
            let detail = "This webhook is not signed with our secret. Start renders with RENDERGATE_WEBHOOK_SECRET as `webhook.secret`.";
            return Err(Error::new(Kind::Unauthenticated, detail));
        }
        let notice = Notice::read(body).map_err(|error| {
            Error::new(Kind::InvalidJson, "This is not a webhook of Remotion Lambda 4.").because(error)
        })?;
        let ticket = match Custom::deserialize(&notice.custom_data) {
            Ok(Custom { account, region }) => {
                self.ticket(&format!("{account}~{region}~{}~{}", notice.bucket_name, notice.render_id))?
            }
            Err(_) => self.ticket_in(&notice.render_id, &notice.bucket_name)?,
        };
        if self.has_queue() {
            self.enqueue(&Job::Finish { id: ticket.to_string() }, Duration::ZERO).await?;
        } else {
            self.finish_now(&ticket, PATIENCE).await?;
        }
        Ok(ticket)
    }

    /// Looks at a render, and does what is due at its end, for `patience` at most.
    pub(super) async fn finish_now(&self, ticket: &Ticket, patience: Duration) -> Result<()> {
        let view = self.see(ticket, patience).await?;
        if view.status.is_final() {
            self.tell(ticket, &view, patience).await?;
        }
        Ok(())
    }
}

#[allow(clippy::unnecessary_wraps, reason = "whoever reads a secret may find it wrong")]
fn read(text: &str) -> Result<Redacted<String>> {
    Ok(Redacted::new(text.trim().to_owned()))
}
