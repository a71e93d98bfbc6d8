//! Starts a render.

use std::time::Instant;

use serde::Serialize;

use super::finish::CopyView;
use super::plan::Plan;
use super::target::{self, Function, Place};
use super::{CopyTo, Order, Renderer, Ticket};
use crate::aws::Invoked;
use crate::error::{Error, Kind, Result};
use crate::records::{CopyRecord, CopyStatus, Record};
use crate::remotion::links::{Console, Pages};
use crate::remotion::payload::{Given, Start};
use crate::remotion::props::{self, Room};
use crate::remotion::reply::{self, StartReply};
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
    /// Pages of AWS's console about it.
    #[serde(flatten)]
    pub pages: Pages,
}

/// An order that is ready to be sent to a function.
pub(super) struct Prepared<'a> {
    renderer: &'a Renderer,
    order: &'a Order,
    plan: Plan<'a>,
    function: Function<'a>,
    payload: Vec<u8>,
}

/// A render that runs, and of which nobody has been told.
pub(super) struct Running<'a> {
    plan: Plan<'a>,
    pub(super) ticket: Ticket,
    function_name: String,
    pages: Pages,
}

impl Renderer {
    /// Starts a render: one AWS call for a plain order, one more for large props, one for the record
    /// of a copy. The record is durable before this returns.
    ///
    /// # Errors
    /// Bad orders cost nothing. See [`Kind`] for what AWS and the function may refuse.
    pub async fn start(&self, order: &Order) -> Result<Started> {
        let began = Instant::now();
        let mut turn = self.turn(order.account.as_deref())?;
        let running = loop {
            let place = Self::next_place(&mut turn)?;
            match self.start_in(place, order).await {
                Ok(running) => break running,
                Err(error) => self.not_there(&mut turn, place, error)?,
            }
        };
        self.accept(running, began).await
    }

    async fn start_in<'a>(&'a self, place: Place<'a>, order: &'a Order) -> Result<Running<'a>> {
        self.prepare(place, order).await?.send().await
    }

    /// Everything that comes before the one call that costs.
    pub(super) async fn prepare<'a>(&'a self, place: Place<'a>, order: &'a Order) -> Result<Prepared<'a>> {
        let plan = self.plan(place, order)?;
        let media = &order.media;
        let function = plan.target.function().await?;
        check::options_known_to(&function.version, media)?;
        let text = props::text(media.input_props.as_deref());
        let (env, bucket) = (media.env_variables.as_ref(), media.force_bucket_name.as_deref());
        let (props, bucket) = function.pack(&text, env, bucket, Room::Passed).await?;
        let given = Given {
            options: media,
            composition: plan.composition,
            serve_url: plan.serve_url,
            codec: plan.codec,
            version: &function.version,
            bucket: bucket.as_deref(),
            props,
        };
        let payload = serde_json::to_vec(&Start::new(given))
            .map_err(|error| Error::new(Kind::Internal, "The order can't be written.").because(error))?;
        Ok(Prepared { renderer: self, order, plan, function, payload })
    }

    /// The render runs: what is left to do for it is written down before anybody is told.
    async fn accept(&self, running: Running<'_>, began: Instant) -> Result<Started> {
        let record = running.record();
        if let Some(record) = &record {
            let id = &record.id;
            self.records()?.write_render(record, None).await.map_err(|error| {
                let detail = format!("The render {id} runs, but its copy could not be recorded: {error} Ask for the copy at /v1/renders/{id}/copy when it is done.");
                error.with("id", id.as_str()).retold(detail)
            })?;
            self.follow_later(&running.ticket).await;
        }
        self.count_start(&running.ticket, began);
        Ok(running.started(record.as_ref()))
    }

    pub(super) fn count_start(&self, ticket: &Ticket, began: Instant) {
        self.settings().metrics.put(&ticket.account, Metric::Started(began.elapsed().as_secs_f64() * 1000.0));
    }
}

impl<'a> Prepared<'a> {
    /// Invokes the function, once.
    pub(super) async fn send(self) -> Result<Running<'a>> {
        let Self { renderer, order, plan, function, payload } = self;
        let media = &order.media;
        let Invoked { payload, threw } = function.invoke(payload).await.map_err(may_have_started)?;
        match reply::start(&payload, threw) {
            StartReply::Started { render_id, bucket_name }
                if names::is_render_id(&render_id) && renderer.may_render_in(function.account, &bucket_name) =>
            {
                let console = Console {
                    region: function.region,
                    function: &function.name,
                    renderer_function: media.renderer_function_name.as_deref(),
                    bucket: &bucket_name,
                    render_id: &render_id,
                };
                let pages = console.media();
                let (account, region) = (function.account.settings.name.clone(), function.region.to_owned());
                let ticket = Ticket { account, region, bucket: bucket_name, render_id };
                Ok(Running { plan, ticket, function_name: function.name, pages })
            }
            StartReply::Refused(message) => {
                Err(function.refused("refused the render", &message, &order.secrets()).await)
            }
            StartReply::Started { .. } | StartReply::Unreadable => Err(function.unreadable()),
        }
    }
}

impl Running<'_> {
    /// What is left to do at its end.
    pub(super) fn record(&self) -> Option<Record> {
        let Self { plan, ticket, .. } = self;
        let copy_to = plan.copy_to.as_ref()?;
        let key = copy_to.resolved_key(&ticket.render_id, plan.composition, &plan.file_name);
        Some(new_record(ticket, copy_to, key))
    }

    fn started(self, record: Option<&Record>) -> Started {
        let Self { ticket, function_name, pages, .. } = self;
        Started {
            id: ticket.to_string(),
            render_id: ticket.render_id,
            bucket_name: ticket.bucket,
            region: ticket.region,
            function_name,
            account: ticket.account,
            status: "rendering",
            copy: record.map(|record| CopyView::from(&record.copy)),
            pages,
        }
    }
}

/// An answer that was lost says nothing about the render; only a 429 says that nothing ran.
fn may_have_started(error: Error) -> Error {
    if error.is_unsent() || !matches!(error.kind(), Kind::AwsUnavailable | Kind::Timeout) {
        return error;
    }
    let detail = format!("{} The render may have started all the same.", error.detail());
    error.retold(detail)
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
        upload: None,
    };
    Record { id: ticket.to_string(), created_at: now_ms(), copy }
}

impl Order {
    fn secrets(&self) -> Vec<&str> {
        let media = &self.media;
        let webhook = media.webhook.as_ref().and_then(|webhook| webhook.secret());
        let keys = [media.license_key.as_ref(), media.api_key.as_ref()];
        target::secrets(media.env_variables.as_ref(), keys, media.out_name.as_ref(), webhook)
    }
}
