//! Starts a render.

use std::time::Instant;

use serde::Serialize;

use super::budget::{Asking, Held};
use super::finish::CopyView;
use super::left::Left;
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
use crate::remotion::webhook::Webhook;
use crate::remotion::{check, names};
use crate::telemetry::{Metric, now_ms};

/// The member of an error after which nobody knows whether the render runs.
const MAY_HAVE_STARTED: &str = "mayHaveStarted";

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
    webhook: Option<Webhook>,
    held: Option<Held>,
}

/// A render that runs, and of which nobody has been told.
pub(super) struct Running<'a> {
    plan: Plan<'a>,
    pub(super) ticket: Ticket,
    function_name: String,
    order: &'a Order,
    held: Option<Held>,
}

impl Renderer {
    /// Starts a render: one AWS call for a plain order, one more for large props. Two at once record what is left
    /// to do and put it on the list; the record is durable before this returns.
    ///
    /// # Errors
    /// Bad orders cost nothing. See [`Kind`] for what AWS and the function may refuse.
    pub async fn start(&self, order: &Order) -> Result<Started> {
        let (started, left) = self.run(order).await?;
        if !left.is_nothing() {
            let ((), promised) = tokio::join!(self.enlist(&started.id, now_ms()), self.promise(&left));
            promised?;
        }
        Ok(started)
    }

    /// The render runs, and nobody has been told; what is left to do for it, to be written down first.
    pub(super) async fn run(&self, order: &Order) -> Result<(Started, Left)> {
        let began = Instant::now();
        let mut turn = self.turn(order.account.as_deref())?;
        let running = loop {
            let place = Self::next_place(&mut turn)?;
            match self.start_in(place, order).await {
                Ok(running) => break running,
                Err(error) => self.not_there(&mut turn, place, error)?,
            }
        };
        self.count_start(&running.ticket, began);
        let left = running.left();
        self.runs(running.held.as_ref(), &running.ticket, !left.is_nothing()).await;
        Ok((running.started(left.copy.as_ref()), left))
    }

    async fn start_in<'a>(&'a self, place: Place<'a>, order: &'a Order) -> Result<Running<'a>> {
        self.prepare(place, order, Asking::Caller).await?.send().await
    }

    /// Everything that comes before the one call that costs.
    pub(super) async fn prepare<'a>(
        &'a self,
        place: Place<'a>,
        order: &'a Order,
        asking: Asking<'_>,
    ) -> Result<Prepared<'a>> {
        let plan = self.plan(place, order)?;
        let media = &order.media;
        let function = plan.target.function().await?;
        check::options_known_to(&function.version, media)?;
        let text = props::text(media.input_props.as_deref());
        let (env, bucket) = (media.env_variables.as_ref(), media.force_bucket_name.as_deref());
        let (props, bucket) = function.pack(&text, env, bucket, Room::Passed).await?;
        let held = self.hold(&function, media, asking).await?;
        let webhook = self.own_webhook(&plan, order, held.is_some()).await;
        let given = Given {
            options: media,
            concurrency: held.as_ref().and_then(|held| held.concurrency).or(media.concurrency),
            composition: plan.composition,
            serve_url: plan.serve_url,
            codec: plan.codec,
            version: &function.version,
            bucket: bucket.as_deref(),
            props,
            webhook: webhook.as_ref(),
        };
        let payload = serde_json::to_vec(&Start::new(given))
            .map_err(|error| Error::new(Kind::Internal, "The order can't be written.").because(error))?;
        Ok(Prepared { renderer: self, order, plan, function, payload, webhook, held })
    }

    pub(super) fn count_start(&self, ticket: &Ticket, began: Instant) {
        self.settings().metrics.put(&ticket.account, Metric::Started(began.elapsed().as_secs_f64() * 1000.0));
    }
}

impl<'a> Prepared<'a> {
    /// Invokes the function, once.
    pub(super) async fn send(self) -> Result<Running<'a>> {
        let (renderer, held) = (self.renderer, self.held.clone());
        let sent = self.invoke().await;
        if let (Err(error), Some(held)) = (&sent, &held)
            && !may_have_run(error)
        {
            renderer.give_back(held).await;
        }
        sent
    }

    async fn invoke(self) -> Result<Running<'a>> {
        let Self { renderer, order, plan, function, payload, webhook, held } = self;
        let Invoked { payload, threw } = function.invoke(payload).await.map_err(may_have_started)?;
        match reply::start(&payload, threw) {
            StartReply::Started { render_id, bucket_name }
                if names::is_render_id(&render_id) && renderer.may_render_in(function.account, &bucket_name) =>
            {
                let (account, region) = (function.account.settings.name.clone(), function.region.to_owned());
                let ticket = Ticket { account, region, bucket: bucket_name, render_id };
                Ok(Running { plan, ticket, function_name: function.name, order, held })
            }
            StartReply::Refused(message) => {
                let own = webhook.as_ref().and_then(Webhook::secret);
                let secrets: Vec<&str> = order.secrets().into_iter().chain(own).collect();
                let refused = function.refused("refused the render", &message, &secrets).await;
                // Its own refusal is an answer; a crash may come after the render was launched.
                Err(if threw { unsure(refused) } else { refused })
            }
            StartReply::Started { .. } | StartReply::Unreadable => Err(unsure(function.unreadable())),
        }
    }
}

impl Running<'_> {
    /// What is left to do at its end.
    pub(super) fn left(&self) -> Left {
        let Self { plan, ticket, order, .. } = self;
        let copy = plan.copy_to.as_ref().map(|copy_to| {
            let key = copy_to.resolved_key(&ticket.render_id, plan.composition, &plan.file_name);
            new_record(ticket, copy_to, key)
        });
        Left::new(ticket, copy, order, now_ms())
    }

    fn started(self, record: Option<&Record>) -> Started {
        let renderer_function = self.order.media.renderer_function_name.as_deref();
        Started::new(self.ticket, self.function_name, renderer_function, record)
    }
}

impl Started {
    /// A render that runs, and the copy that was ordered.
    pub(super) fn new(
        ticket: Ticket,
        function_name: String,
        renderer_function: Option<&str>,
        record: Option<&Record>,
    ) -> Self {
        let console = Console {
            region: &ticket.region,
            function: &function_name,
            renderer_function,
            bucket: &ticket.bucket,
            render_id: &ticket.render_id,
        };
        let pages = console.media();
        Self {
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

/// An answer that was lost says nothing about the render; that nothing ran is known from a 429 alone, and where
/// there was no connection.
fn may_have_started(error: Error) -> Error {
    match error.kind() {
        _ if error.is_unsent() => error,
        Kind::AwsUnavailable | Kind::Timeout | Kind::UnreadableAnswer => unsure(error),
        _ => error,
    }
}

/// Whether the render may run although its start failed.
pub(super) fn may_have_run(error: &Error) -> bool {
    error.members().contains_key(MAY_HAVE_STARTED)
}

pub(super) fn unsure(error: Error) -> Error {
    let detail = format!("{} The render may have started all the same.", error.detail());
    error.retold(detail).with(MAY_HAVE_STARTED, true)
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
