//! Deletes a render: its files and its output, never the copy.

use serde::Serialize;

use super::finish::{CopyView, PATIENCE};
use super::look::unreadable;
use super::progress::word;
use super::{Renderer, Status, Ticket};
use crate::aws::Object;
use crate::error::{Error, Kind, Result};
use crate::records::{CopyStatus, Record, Version};
use crate::remotion::output::{self, Location};
use crate::remotion::progress::{self, ProgressFile, RenderMetadata};

/// What deleting a render freed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// Bytes of all that was deleted.
    pub freed_bytes: u64,
    /// The output, as `endpoint/bucket/key`, where it stays because it is in another cloud, to which we have
    /// no keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_kept: Option<String>,
}

impl Renderer {
    /// Deletes what <https://www.remotion.dev/docs/lambda/deleterender> means to: the render's folder in the
    /// render bucket, and its output where that is elsewhere. A copy that was ordered and is still to be made
    /// is made first. `progress.json` goes last, so that a deletion that broke off can be repeated.
    ///
    /// # Different from the official client
    /// It also deletes the files of renders whose ids merely begin the same; it deletes under a render that
    /// still runs, whose function then writes its files anew; it deletes what is at the output's place even
    /// if the render failed, perhaps because that file was there before; and it deletes nothing of a render
    /// that never got to its composition.
    ///
    /// # Errors
    /// [`Kind::RenderNotFound`]; [`Kind::RenderUnfinished`] while it runs; [`Kind::CopyInProgress`] while its
    /// output is needed; [`Kind::NotAllowed`] where the output is in a bucket that isn't ours to empty.
    pub async fn delete(&self, ticket: &Ticket) -> Result<Deleted> {
        let file = self.read(ticket).await?;
        let record = self.record(ticket).await?;
        let output = self.own_output(ticket, &file, record.clone()).await?;
        let account = self.settings().accounts.get(&ticket.account)?;
        let mut deleted = Deleted { freed_bytes: 0, output_kept: None };
        match output {
            Some(Location { endpoint: Some(endpoint), bucket, key, .. }) => {
                deleted.output_kept = Some(format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')));
            }
            Some(Location { bucket, key, .. }) if bucket != ticket.bucket || !key.starts_with(&ticket.folder()) => {
                self.check_output(ticket, &bucket, &key)?;
                let object = account.object(&ticket.region, &bucket, key);
                let is_the_copy = record.as_ref().is_some_and(|(record, _)| is_at(record, &object));
                if !is_the_copy && let Some(found) = account.aws.head(&object).await? {
                    account.aws.delete(&object, std::slice::from_ref(&object.key)).await?;
                    deleted.freed_bytes += found.size;
                }
            }
            _ => {}
        }
        let folder = account.object(&ticket.region, &ticket.bucket, ticket.folder());
        let last = progress::key(&ticket.render_id);
        let listed = account.aws.list(&folder).await?;
        deleted.freed_bytes += listed.iter().map(|object| object.size).sum::<u64>();
        let others: Vec<String> = listed.into_iter().map(|object| object.key).filter(|key| *key != last).collect();
        account.aws.delete(&folder, &others).await?;
        if let Some((record, version)) = record {
            self.end(record, &version).await?;
        }
        account.aws.delete(&folder, &[last]).await?;
        Ok(deleted)
    }

    /// Where the output is, if the render wrote one; refuses where it is still written or needed.
    async fn own_output(
        &self,
        ticket: &Ticket,
        file: &ProgressFile,
        record: Option<(Record, Version)>,
    ) -> Result<Option<Location>> {
        let written = if file.metadata.as_ref().is_some_and(RenderMetadata::is_still) {
            // A still has no progress: without an error it is taken for done.
            file.errors.is_empty()
        } else {
            let view = self.with_copy(ticket, self.view(ticket, file).await?, record, PATIENCE).await?;
            if !view.status.is_final() {
                let detail = "The render is still running and would write its files again. Wait for its end, or cancel it, then delete it.";
                return Err(Error::new(Kind::RenderUnfinished, detail).with("renderStatus", word(view.status)));
            }
            if !view.copy.as_ref().is_none_or(CopyView::is_final) {
                let detail = "The output is still to be copied. Delete the render when `copy.status` is final.";
                return Err(Error::new(Kind::CopyInProgress, detail));
            }
            view.status == Status::Done
        };
        match &file.metadata {
            Some(metadata) if written => {
                let place = output::expected(metadata, &ticket.bucket, &ticket.region);
                place.map(Some).map_err(|error| unreadable(error.into()))
            }
            _ => Ok(None),
        }
    }

    /// Ends the record of a render that is no more, so that nobody takes it up again.
    async fn end(&self, mut record: Record, version: &Version) -> Result<()> {
        if CopyView::from(&record.copy).is_final() {
            return Ok(());
        }
        record.copy.status = CopyStatus::Failed;
        let detail = "The render was deleted; there is nothing to copy.";
        record.copy.error = Some(serde_json::json!({"code": "render_deleted", "detail": detail}));
        // Where somebody else was faster, they ended it.
        self.records()?.write_render(&record, Some(version)).await?;
        Ok(())
    }
}

fn is_at(record: &Record, object: &Object) -> bool {
    (&record.copy.bucket, &record.copy.key) == (&object.bucket, &object.key)
}
