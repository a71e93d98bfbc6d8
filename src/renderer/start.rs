//! Starts a render.

use std::time::Instant;

use serde::Serialize;

use super::finish::CopyView;
use super::plan::Plan;
use super::{CopyTo, Order, Renderer, Ticket};
use crate::accounts::explain_missing;
use crate::aws::{Invoked, Put};
use crate::error::{Error, Kind, Result};
use crate::records::{CopyRecord, CopyStatus, Record};
use crate::remotion::payload::{Given, Start};
use crate::remotion::props::{self, Props};
use crate::remotion::reply::{self, StartReply};
use crate::remotion::values::OutName;
use crate::remotion::{check, names};
use crate::telemetry::{Metric, now_ms};

/// A render that runs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// Its ticket.
    pub id: String,
    /// Remotion's id.
    pub render_id: String,
    /// The render bucket.
    pub bucket_name: String,
    /// Region of function and bucket.
    pub region: String,
    /// The function that renders.
    pub function_name: String,
    /// The account that renders.
    pub account: String,
    /// Always `rendering`.
    pub status: &'static str,
    /// The copy that was ordered.
    pub copy: Option<CopyView>,
}

impl Renderer {
    /// Starts a render: one AWS call for a plain order, one more for large props, one for the record
    /// of a copy. The record is durable before this returns.
    ///
    /// # Errors
    /// Bad orders cost nothing. See [`Kind`] for what AWS and the function may refuse.
    pub async fn start(&self, order: &Order) -> Result<Started> {
        let began = Instant::now();
        let plan = self.plan(order)?;
        let started = self.send(order, &plan).await.inspect_err(|error| {
            if error.kind() == Kind::Throttled {
                self.settings().metrics.put(&plan.account.settings.name, Metric::Throttled);
            }
        })?;
        self.settings().metrics.put(&started.account, Metric::Started(began.elapsed().as_secs_f64() * 1000.0));
        Ok(started)
    }

    async fn send(&self, order: &Order, plan: &Plan<'_>) -> Result<Started> {
        let Plan { account, region, function, .. } = *plan;
        let version = account.version(region, function).await.map_err(|error| plan.explain(error))?;
        check::options_known_to(&version, &order.media)?;
        let text = &props::text(order.media.input_props.as_deref());
        let forced = order.media.force_bucket_name.as_deref().or(account.settings.bucket.as_deref());
        let env = order.media.env_variables.as_ref().map(|env| env.expose());
        let (props, bucket) = if props::fits_inline(text, env) {
            (Props::Payload { payload: text }, forced.map(str::to_owned))
        } else {
            let bucket = account.bucket(region, forced).await?;
            let hash = props::hash(uuid::Uuid::new_v4().as_u128());
            let object = account.object(region, &bucket, props::key(&hash));
            account.aws.put(&object, text.as_bytes().to_vec(), Put::Always).await?;
            // The function reads uploaded props from its own bucket: it must be this one.
            (Props::BucketUrl { hash, bucket_name: bucket.clone() }, Some(bucket))
        };
        let given = Given {
            options: &order.media,
            composition: plan.composition,
            serve_url: plan.serve_url,
            codec: plan.codec,
            version: &version,
            bucket: bucket.as_deref(),
            props,
        };
        let payload = serde_json::to_vec(&Start::new(given))
            .map_err(|error| Error::new(Kind::Internal, "The order can't be written.").because(error))?;
        let Invoked { payload, threw } =
            account.aws.invoke(region, function, payload).await.map_err(|error| plan.explain(error))?;
        match reply::start(&payload, threw) {
            StartReply::Started { render_id, bucket_name }
                if names::is_render_id(&render_id) && self.may_render_in(account, &bucket_name) =>
            {
                self.accept(plan, render_id, bucket_name).await
            }
            StartReply::Refused(message) => Err(plan.refused(order, &version, &message).await),
            StartReply::Started { .. } | StartReply::Unreadable => Err(Error::new(
                Kind::UnreadableAnswer,
                format!("`{function}` did not answer as a Remotion function does. Check functionName."),
            )),
        }
    }

    /// The render runs: what is left to do for it is written down before anybody is told.
    async fn accept(&self, plan: &Plan<'_>, render_id: String, bucket_name: String) -> Result<Started> {
        let Plan { account, region, function, .. } = *plan;
        let name = account.settings.name.clone();
        let ticket =
            Ticket { account: name.clone(), region: region.to_owned(), bucket: bucket_name.clone(), render_id };
        let id = ticket.to_string();
        let copy = match &plan.copy_to {
            Some(copy_to) => {
                let record = new_record(
                    &ticket,
                    copy_to,
                    copy_to.resolved_key(&ticket.render_id, plan.composition, &plan.file_name),
                );
                self.records()?.write(&record, None).await.map_err(|error| {
                    let detail = format!("The render {id} runs, but its copy could not be recorded: {error} Ask for the copy at /v1/renders/{id}/copy when it is done.");
                    error.with("id", id.as_str()).retold(detail)
                })?;
                Some(CopyView::from(&record.copy))
            }
            None => None,
        };
        Ok(Started {
            id,
            render_id: ticket.render_id,
            bucket_name,
            region: region.to_owned(),
            function_name: function.to_owned(),
            account: name,
            status: "rendering",
            copy,
        })
    }
}

/// The record of a copy that nobody has begun.
pub(super) fn new_record(ticket: &Ticket, copy_to: &CopyTo, key: String) -> Record {
    let CopyTo { bucket, region, expected_bucket_owner, if_exists, storage_class, .. } = copy_to.clone();
    let copy = CopyRecord {
        bucket,
        key,
        region,
        expected_bucket_owner,
        if_exists,
        storage_class,
        status: CopyStatus::Pending,
        size: None,
        error: None,
        attempts: 0,
        lease_until: 0,
    };
    Record { id: ticket.to_string(), created_at: now_ms(), copy }
}

impl Plan<'_> {
    fn explain(&self, error: Error) -> Error {
        explain_missing(error, self.region, self.function, self.function_was_named)
    }

    /// The function's own refusal: a mismatch of versions is told with both, anything else by its
    /// first line without the order's secrets.
    async fn refused(&self, order: &Order, version: &str, message: &str) -> Error {
        if let Some(mismatch) = self.account.version_mismatch(self.region, self.function, version, message).await {
            return mismatch;
        }
        let mut line = reply::first_line(message);
        for secret in order.secrets() {
            line = line.replace(secret, "***");
        }
        Error::new(Kind::FunctionError, format!("The Remotion function refused the render: {line}"))
    }
}

impl Order {
    /// What must not be echoed, whoever says it.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let media = &self.media;
        let env = media.env_variables.iter().flat_map(|env| env.expose().values());
        let keys = media.license_key.iter().chain(&media.api_key).map(|key| key.expose());
        let provider = match &media.out_name {
            Some(OutName::Place(place)) => place.s3_output_provider.as_ref(),
            _ => None,
        };
        let provider = provider
            .into_iter()
            .flat_map(|provider| [provider.access_key_id.expose(), provider.secret_access_key.expose()]);
        let all = env.chain(keys).chain(provider.flatten()).map(String::as_str);
        // A shorter one would blot out innocent text.
        all.chain(media.webhook.iter().filter_map(|webhook| webhook.secret())).filter(|secret| secret.len() >= 4)
    }
}
