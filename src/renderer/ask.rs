//! Asks the function itself how a render is.

use super::progress::View;
use super::{Renderer, Ticket};
use crate::accounts::{Account, explain_missing};
use crate::aws::Invoked;
use crate::error::{Error, Kind, Result};
use crate::remotion::progress::Progress;
use crate::remotion::reply::{self, StatusReply};

impl Renderer {
    /// As [`Renderer::progress`], but as a deployed function computes it: one invocation instead of one GET,
    /// for those who may invoke but not read the bucket. `function` must be allowed; without one it is the
    /// configured one. Costs are the function's own estimate, which assumes a disk of 10240 MB.
    ///
    /// # Errors
    /// [`Kind::RenderNotFound`]; [`Kind::VersionMismatch`]; [`Kind::FunctionError`] with what the function said.
    pub async fn progress_by_function(&self, ticket: &Ticket, function: Option<&str>) -> Result<View> {
        let (view, record) = tokio::join!(self.ask(ticket, function), self.record(ticket));
        self.with_copy(ticket, view?, record?, super::finish::PATIENCE).await
    }

    async fn ask(&self, ticket: &Ticket, named: Option<&str>) -> Result<View> {
        let account = self.settings().accounts.get(&ticket.account)?;
        let function = account.function(named)?;
        let mut progress = status(account, ticket, function)
            .await
            .map_err(|error| explain_missing(error, &ticket.region, function, named.is_some()))?;
        progress.overall_progress = progress.overall_progress.clamp(0.0, 1.0);
        let status = progress.status();
        self.count_end(ticket, status, &progress);
        Ok(View { id: ticket.to_string(), status, copy: None, progress })
    }
}

async fn status(account: &Account, ticket: &Ticket, function: &str) -> Result<Progress> {
    let region = &ticket.region;
    let version = account.version(region, function).await?;
    let event = reply::status_event(&ticket.bucket, &ticket.render_id, &version).to_string();
    let Invoked { payload, threw } = account.aws.invoke(region, function, event.into_bytes()).await?;
    match reply::status(&payload, threw) {
        StatusReply::Progress(progress) if progress.render_id == ticket.render_id => Ok(*progress),
        StatusReply::NotFound => {
            Err(Error::new(Kind::RenderNotFound, "There is no such render, or its files were deleted. Check the id."))
        }
        StatusReply::Refused(message) => {
            Err(account.version_mismatch(region, function, &version, &message).await.unwrap_or_else(|| {
                let line = reply::first_line(&message);
                Error::new(Kind::FunctionError, format!("The Remotion function refused to tell the status: {line}"))
            }))
        }
        StatusReply::Progress(_) | StatusReply::Unreadable => Err(Error::new(
            Kind::UnreadableAnswer,
            format!("`{function}` did not answer as a Remotion function does. Check functionName."),
        )),
    }
}
