//! A still: its file is written once, when the composition is known, and never again. It says neither that
//! the image is there nor that it failed.
//!
//! # Different from the official client
//! It refuses stills. We call one done when its image is there, failed when its function's time is up without
//! one, and rendering until then. Whoever ordered the still learns of a failure at once, from its stream.

use super::{Location, Moment, OutputHead, Progress, ProgressFile, RenderMetadata, Unreadable, output};
use crate::remotion::output::StoredName;
use crate::remotion::price::{Costs, Usage};

impl ProgressFile {
    /// Where the image will be, unless the file says how the render ended.
    pub(super) fn image_to_check(
        &self,
        moment: &Moment<'_>,
        metadata: &RenderMetadata,
    ) -> Result<Option<Location>, Unreadable> {
        if self.post_render_data.is_some() || self.has_fatal_error() {
            return Ok(None);
        }
        Ok(Some(output::expected(metadata, moment.bucket, moment.region)?))
    }

    /// How a still is at whose place something was found.
    pub(super) fn still(
        &self,
        moment: &Moment<'_>,
        metadata: &RenderMetadata,
        head: OutputHead,
        location: Location,
    ) -> Progress {
        // An image of the same name may be there from before. The last millisecond of the second counts.
        if head.modified_ms.saturating_add(999) < metadata.started_date {
            return self.running(moment, metadata);
        }
        let took = head.modified_ms.saturating_sub(metadata.started_date).max(0);
        let usage =
            Usage { memory_mb: moment.memory_mb, disk_mb: moment.disk_mb, duration_ms: took as f64, invocations: 1 };
        Progress {
            costs: Some(Costs::so_far(&usage, moment.region)),
            time_to_finish: Some(took),
            estimated_billing_duration_in_milliseconds: Some(took),
            ..self.recovered(moment, metadata, head, location)
        }
    }
}

impl RenderMetadata {
    /// Why a still whose function's time is up has failed.
    pub(super) fn no_image(&self) -> String {
        let image = match &self.out_name {
            Some(StoredName::Place { s3_output_provider: Some(_), .. }) => {
                "whether the image is in the other cloud can't be seen".to_owned()
            }
            Some(StoredName::Place { bucket_name, .. }) => {
                format!("no image can be seen in {bucket_name}; that takes s3:GetObject and s3:ListBucket there")
            }
            _ => "there is no image".to_owned(),
        };
        format!("The function's time is up, and {image}.")
    }
}
