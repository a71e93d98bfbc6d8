//! Tags: they go along where that takes no right that a copy doesn't need.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Copier, Result, is};
use crate::error::{Error, Kind};

impl Copier {
    /// Makes a request with the source's tags, as `x-amz-tagging` has them; where they are refused, without.
    pub(super) async fn with_tags<T, F: Future<Output = Result<T>>>(
        &self,
        make: impl Fn(Option<String>) -> F,
    ) -> Result<T> {
        let tags = self.tags().await;
        match make(tags.clone()).await {
            Err(error) if tags.is_some() && (are_refused(&error) || is(&error, "NotImplemented")) => {
                tracing::info!(bucket = self.target.object.bucket, "the copy has no tags: they may not be written");
                make(None).await
            }
            other => other,
        }
    }

    /// S3 tells of tags only those who may read them, so that nobody is asked in vain.
    async fn tags(&self) -> Option<String> {
        if !self.found.tagged {
            return None;
        }
        let from = &self.source;
        let answer = self.aws.call(from.call("s3:GetObjectTagging"), |clients| {
            let request = clients.s3(&from.region).get_object_tagging().bucket(&from.bucket).key(&from.key);
            request.set_expected_bucket_owner(from.owner.clone()).send()
        });
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let tags = answer.await.ok()?.tag_set.into_iter();
        let pairs: Vec<_> = tags.map(|tag| format!("{}={}", encode(&tag.key), encode(&tag.value))).collect();
        Some(pairs.join("&")).filter(|tags| !tags.is_empty())
    }
}

/// AWS names the right that is missing.
pub(super) fn are_refused(error: &Error) -> bool {
    let action = error.members().get("action").and_then(|action| action.as_str()).unwrap_or_default();
    error.kind() == Kind::AwsAccessDenied && action.ends_with("Tagging")
}
