//! Looks at a render again and again, and tells when there is news.

use std::time::Duration;

use super::progress::{FIRST_PAUSE, LONGEST_PAUSE};
use super::{Renderer, Ticket, View};
use crate::error::Result;

/// A render that is watched to its end.
#[derive(Debug)]
pub struct Watch {
    renderer: Renderer,
    ticket: Ticket,
    pause: Duration,
    told: View,
}

impl Renderer {
    /// How the render is now, and the watch that tells what comes.
    ///
    /// # Errors
    /// As [`Renderer::progress`].
    pub async fn watch(&self, ticket: &Ticket) -> Result<(View, Watch)> {
        let view = self.see(ticket, LONGEST_PAUSE).await?;
        let (renderer, ticket) = (self.clone(), ticket.clone());
        Ok((view.clone(), Watch { renderer, ticket, pause: FIRST_PAUSE, told: view }))
    }
}

impl Watch {
    /// The next news, or `None` once render and copy are final. `overallProgress` never goes backwards.
    ///
    /// # Errors
    /// As [`Renderer::progress`]; one that may pass is waited out.
    pub async fn next(&mut self) -> Result<Option<View>> {
        while !self.told.is_final() {
            tokio::time::sleep(self.pause).await;
            self.pause = self.pause.mul_f32(1.5).min(LONGEST_PAUSE);
            let mut view = match self.renderer.see(&self.ticket, LONGEST_PAUSE).await {
                Ok(view) => view,
                Err(error) if error.kind().is_transient() => continue,
                Err(error) => return Err(error),
            };
            let furthest = view.progress.overall_progress.max(self.told.progress.overall_progress);
            view.progress.overall_progress = furthest;
            if is_news(&self.told, &view) {
                self.told = view.clone();
                return Ok(Some(view));
            }
        }
        Ok(None)
    }
}

/// Whether more has changed than the time.
fn is_news(before: &View, now: &View) -> bool {
    let essence = |view: &View| {
        let progress = &view.progress;
        (progress.overall_progress.to_bits(), progress.lambdas_invoked, progress.errors.len(), view.status)
    };
    essence(before) != essence(now) || before.copy != now.copy
}
