//! Cancels a render.

use serde::Serialize;

use super::progress::word;
use super::{Renderer, Status, Ticket};
use crate::aws::Put;
use crate::error::{Error, Kind, Result};
use crate::remotion::progress;
use crate::telemetry::now_ms;

/// A render that was told to stop.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Cancelling {
    /// Its ticket.
    pub id: String,
    /// Still `rendering`: its functions look for the cancellation about once a second.
    pub status: Status,
    /// When it was told, in milliseconds since 1970.
    pub cancelled_at: u64,
}

impl Renderer {
    /// Tells a render to stop, as <https://www.remotion.dev/docs/lambda/cancelrenderonlambda> does: its
    /// functions see a file in its folder, and progress says `cancelled` some seconds later. Saying it
    /// again does no harm. One GET, rarely one HEAD, and one PUT.
    ///
    /// # Errors
    /// [`Kind::RenderNotFound`]; [`Kind::NotCancellable`] where the render was started without
    /// `enableCancellation`, or has ended: the official client would write the file all the same.
    pub async fn cancel(&self, ticket: &Ticket) -> Result<Cancelling> {
        let file = self.read(ticket).await?;
        if file.cancellation_enabled != Some(true) {
            let detail = "The render was started without `enableCancellation`, so nothing can stop it. Start those with it that you may want to cancel.";
            return Err(Error::new(Kind::NotCancellable, detail));
        }
        let status = self.view(ticket, &file).await?.status;
        if status.is_final() {
            let detail = format!("The render is {}; there is nothing left to cancel.", word(status));
            return Err(Error::new(Kind::NotCancellable, detail).with("renderStatus", word(status)));
        }
        let account = self.settings().accounts.get(&ticket.account)?;
        let object = account.object(&ticket.region, &ticket.bucket, progress::cancel_key(&ticket.render_id));
        let cancelled_at = now_ms();
        let json = serde_json::json!({"cancelledAt": cancelled_at}).to_string();
        account.aws.put(&object, json.into_bytes(), Put::Always).await?;
        Ok(Cancelling { id: ticket.to_string(), status, cancelled_at })
    }
}
