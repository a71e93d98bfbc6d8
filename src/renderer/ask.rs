//! Asks the function itself how a render is.

use super::progress::View;
use super::target::{Function, Names, Place};
use super::{Renderer, Ticket};
use crate::aws::Invoked;
use crate::error::{Error, Kind, Result};
use crate::remotion::progress::Progress;
use crate::remotion::reply::{self, StatusReply};

impl Renderer {
    /// As [`Renderer::progress`], but as a deployed function computes it: one invocation instead of one GET,
    /// for those who may invoke but not read the bucket. `function` must be allowed; without one it is the
    /// configured one, or the one that is found. Costs are the function's own estimate, which assumes a disk of 10240 MB.
    ///
    /// # Errors
    /// [`Kind::RenderNotFound`]; [`Kind::VersionMismatch`]; [`Kind::FunctionError`] with what the function said.
    pub async fn progress_by_function(&self, ticket: &Ticket, function: Option<&str>) -> Result<View> {
        let (view, record) = tokio::join!(self.ask(ticket, function), self.record(ticket));
        self.with_copy(ticket, view?, record?, super::finish::PATIENCE).await
    }

    async fn ask(&self, ticket: &Ticket, named: Option<&str>) -> Result<View> {
        let names = Names { region: Some(&ticket.region), function: named, bucket: None };
        let place = Place::only(self.settings().accounts.get(&ticket.account)?);
        let function = self.target(place, &names)?.function().await?;
        let mut progress = status(&function, ticket).await?;
        progress.overall_progress = progress.overall_progress.clamp(0.0, 1.0);
        let status = progress.status();
        self.count_end(ticket, status, &progress);
        Ok(View { id: ticket.to_string(), status, copy: None, progress, in_use: None })
    }
}

async fn status(function: &Function<'_>, ticket: &Ticket) -> Result<Progress> {
    let event = reply::status_event(&ticket.bucket, &ticket.render_id, &function.version).to_string();
    let Invoked { payload, threw } = function.invoke(event.into_bytes()).await?;
    match reply::status(&payload, threw) {
        StatusReply::Progress(progress) if progress.render_id == ticket.render_id => Ok(*progress),
        StatusReply::NotFound => {
            Err(Error::new(Kind::RenderNotFound, "There is no such render, or its files were deleted. Check the id."))
        }
        StatusReply::Refused(message) => Err(function.refused("refused to tell the status", &message, &[]).await),
        StatusReply::Progress(_) | StatusReply::Unreadable => Err(function.unreadable()),
    }
}
