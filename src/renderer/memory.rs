//! What this process remembers of stills that outlast their request: that they render, and why they failed.
//!
//! Remotion writes down neither. Only the process that hears the stream knows, for as long as it lives; any
//! other goes by what lies in the bucket.

use std::sync::PoisonError;

use super::progress::View;
use super::{REMEMBERED, Renderer, Ticket};
use crate::error::{Error, Kind, Result};
use crate::remotion::progress::{Progress, RenderError};

impl Renderer {
    /// Somebody was given the id of a still that renders.
    pub(super) fn remember_still(&self, render_id: &str) {
        let mut stills = self.inner.stills.lock().unwrap_or_else(PoisonError::into_inner);
        // Why it failed may be known already.
        stills.entry(render_id.to_owned()).or_insert(None);
    }

    /// How a still ended.
    pub(super) fn remember_end(&self, render_id: String, failure: Option<&Error>) {
        let mut stills = self.inner.stills.lock().unwrap_or_else(PoisonError::into_inner);
        if stills.len() >= REMEMBERED {
            stills.clear();
        }
        match failure {
            Some(error) => stills.insert(render_id, Some(error.detail().to_owned())),
            None => stills.remove(&render_id),
        };
    }

    /// What was seen of a render, and what is remembered of it.
    pub(super) fn with_memory(&self, ticket: &Ticket, seen: Result<View>) -> Result<View> {
        let stills = self.inner.stills.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(failure) = stills.get(&ticket.render_id).cloned() else { return seen };
        drop(stills);
        let mut progress = match seen {
            Ok(view) if view.status.is_final() => return Ok(view),
            Ok(view) => view.progress,
            // The composition has not been found yet.
            Err(error) if error.kind() == Kind::RenderNotFound => {
                let (bucket, render_id) = (ticket.bucket.clone(), ticket.render_id.clone());
                Progress { bucket, render_id, r#type: "success".into(), ..Progress::default() }
            }
            Err(error) => return Err(error),
        };
        if let Some(message) = failure {
            progress.errors.insert(0, RenderError::fatal(message));
            progress.fatal_error_encountered = true;
        }
        Ok(View { id: ticket.to_string(), status: progress.status(), copy: None, progress, in_use: None })
    }
}
