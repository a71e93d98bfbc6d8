//! Renders a still: one image, while the caller waits for it.

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use tracing::Instrument;

use super::attempt::{Begun, End};
use super::finish::{CopyView, PATIENCE, Source};
use super::left::Left;
use super::order::Body;
use super::plan::required;
use super::start::{Started, new_record};
use super::target::{self, Function, Names, Place, Target};
use super::{CopyTo, Renderer, Ticket};
use crate::error::{Error, Kind, Result};
use crate::remotion::links::Console;
use crate::remotion::number::Whole;
use crate::remotion::price::Costs;
use crate::remotion::props::{self, Room};
use crate::remotion::still::{Given, Still, StillOptions};
use crate::remotion::stream::Rendered;
use crate::remotion::values::OutName;
use crate::remotion::{check, names};
use crate::telemetry::Metric;

/// One image, and where it goes.
#[derive(Clone, Debug, Default)]
pub struct StillOrder {
    /// Which account renders.
    pub account: Option<String>,
    /// Where the finished image is copied.
    pub copy_to: Option<CopyTo>,
    /// Remotion's own options.
    pub still: StillOptions,
}

/// A still: done, or still being rendered when the caller's patience ended.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StillView {
    /// The render; its `status` is `done` or `rendering`.
    #[serde(flatten)]
    pub started: Started,
    /// What is known of the image, once it is done.
    #[serde(flatten)]
    pub image: Option<Image>,
}

/// An image that is done, by the names of `renderStillOnLambda()`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Its address. It opens only if the image is public.
    pub url: String,
    /// Its bucket, which `outName` may have chosen.
    pub out_bucket: String,
    /// Its key.
    pub out_key: String,
    /// Its size.
    pub size_in_bytes: u64,
    /// What it cost.
    pub estimated_price: Costs,
    /// Files that the composition wrote beside it: `{filename, sizeInBytes, s3Url, s3Key}`.
    pub artifacts: Vec<Value>,
}

/// An order whose names are all filled in and allowed.
struct Plan<'a> {
    target: Target<'a>,
    composition: &'a str,
    serve_url: &'a str,
    copy_to: Option<CopyTo>,
    file_name: String,
}

impl StillOrder {
    /// Reads a request's body: the options of `renderStillOnLambda()`, `account` and `copyTo`, flat.
    ///
    /// # Errors
    /// As [`Order::from_json`](super::Order::from_json).
    pub fn from_json(body: &[u8]) -> Result<Self> {
        let mut body = Body::read(body)?;
        let (account, copy_to) = (body.take("account")?, body.take("copyTo")?);
        Ok(Self { account, copy_to, still: body.options()? })
    }

    fn secrets(&self) -> Vec<&str> {
        let still = &self.still;
        let keys = [still.license_key.as_ref(), still.api_key.as_ref()];
        target::secrets(still.env_variables.as_ref(), keys, still.out_name.as_ref(), None)
    }
}

impl Renderer {
    /// Renders a still, and makes its copy: one AWS call for a plain order. Waits for it until `until`, or to
    /// its end; what is not done then goes on by itself as long as this process lives, and its ticket tells
    /// how it is.
    ///
    /// # Errors
    /// Bad orders cost nothing. [`Kind::FunctionError`] with the composition's own message where it failed;
    /// [`Kind::Timeout`] where the function has not even begun by `until`.
    pub async fn still(&self, order: StillOrder, until: Option<Instant>) -> Result<StillView> {
        let (begun, id) = watch::channel(None);
        let (renderer, ordered) = (self.clone(), order.clone());
        let work = async move {
            let ended = renderer.render_still(&ordered, &begun).await;
            if let Some(Begun { render_id, .. }) = begun.borrow().clone() {
                renderer.remember_end(render_id, ended.as_ref().err());
            }
            ended
        };
        let mut work = tokio::spawn(work.in_current_span());
        let done = match until {
            None => (&mut work).await,
            Some(until) => match tokio::time::timeout_at(until.into(), &mut work).await {
                Ok(done) => done,
                Err(_) => {
                    let known = id.borrow().clone();
                    // From now on no other render may take its place.
                    drop(id);
                    return self.renders_on(&order, known).await;
                }
            },
        };
        done.map_err(|broken| Error::new(Kind::Internal, "The still broke off. Order it again.").because(broken))?
    }

    fn plan_still<'a>(&'a self, place: Place<'a>, order: &'a StillOrder) -> Result<Plan<'a>> {
        let still = &order.still;
        let names = Names {
            region: still.region.as_deref(),
            function: still.function_name.as_deref(),
            bucket: still.force_bucket_name.as_deref(),
        };
        let target = self.target(place, &names)?;
        let configured = self.settings().composition.as_deref();
        let composition =
            required("composition", "RENDERGATE_COMPOSITION", still.composition.as_deref().or(configured))?;
        let serve_url = self.site(still.serve_url.as_deref(), target.account)?;
        check::still(still, serve_url)?;
        let (out_name, copy_to) = (still.out_name.as_ref(), order.copy_to.as_ref());
        let (copy_to, file_name) =
            self.plan_output(target.account, out_name, copy_to, still.format().as_str(), composition)?;
        Ok(Plan { target, composition, serve_url, copy_to, file_name })
    }

    async fn render_still(&self, order: &StillOrder, begun: &watch::Sender<Option<Begun>>) -> Result<StillView> {
        let began = Instant::now();
        let mut turn = self.turn(order.account.as_deref())?;
        let (plan, function, image) = loop {
            let place = Self::next_place(&mut turn)?;
            match self.image_in(place, order, begun).await {
                Ok(done) => break done,
                Err(error) => self.not_there(&mut turn, place, error)?,
            }
        };
        let (account, ms) = (&function.account.settings.name, began.elapsed().as_secs_f64() * 1000.0);
        self.settings().metrics.put(account, Metric::Started(ms));
        self.settings().metrics.put(account, Metric::Done(ms));
        self.deliver_still(&plan, &function, order, image).await
    }

    async fn image_in<'a>(
        &'a self,
        place: Place<'a>,
        order: &'a StillOrder,
        begun: &watch::Sender<Option<Begun>>,
    ) -> Result<(Plan<'a>, Function<'a>, Rendered)> {
        let plan = self.plan_still(place, order)?;
        let still = &order.still;
        let function = plan.target.function().await?;
        let text = props::text(still.input_props.as_deref());
        let (env, bucket) = (still.env_variables.as_ref(), still.force_bucket_name.as_deref());
        let (props, bucket) = function.pack(&text, env, bucket, Room::Direct).await?;
        let given = Given {
            options: still,
            composition: plan.composition,
            serve_url: plan.serve_url,
            version: &function.version,
            bucket: bucket.as_deref(),
            props,
            streamed: names::partition(function.region) == "aws",
        };
        let streamed = given.streamed;
        let payload = serde_json::to_vec(&Still::new(given))
            .map_err(|error| Error::new(Kind::Internal, "The order can't be written.").because(error))?;
        let mut retries = still.max_retries.unwrap_or(Whole(1)).0;
        // Whoever learns that it failed may look for what it wrote.
        let with_id = |error: Error| match begun.borrow().as_ref() {
            Some(Begun { render_id, .. }) => error.with("renderId", render_id.as_str()),
            None => error,
        };
        loop {
            match function.attempt(payload.clone(), streamed, begun).await? {
                End::Image(image) => return Ok((plan, function, *image)),
                // An id that was given away is kept: no other render may take its place.
                End::Broken(error) if retries > 0 && !begun.is_closed() => {
                    tracing::warn!(code = error.kind().code(), "still broke off, trying again");
                    retries -= 1;
                }
                End::Broken(error) => return Err(with_id(error)),
                End::Refused(message) => {
                    self.settings().metrics.put(&place.account.settings.name, Metric::Failed);
                    let refused = function.refused("could not render the still", &message, &order.secrets()).await;
                    return Err(with_id(refused));
                }
            }
        }
    }

    /// The image is there: its copy is written down, then made.
    async fn deliver_still(
        &self,
        plan: &Plan<'_>,
        function: &Function<'_>,
        order: &StillOrder,
        image: Rendered,
    ) -> Result<StillView> {
        let Rendered { render_id, bucket_name, url, out_key, size_in_bytes, estimated_price, artifacts } = image;
        if !names::is_render_id(&render_id) || !self.may_render_in(function.account, &bucket_name) {
            return Err(function.unreadable());
        }
        let mut started = self.begun_still(plan, &function.name, render_id, bucket_name);
        started.status = "done";
        let ticket: Ticket = started.id.parse()?;
        // It has been counted.
        self.inner.ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(ticket.clone());
        started.copy = self.record_still(plan, &ticket).await?;
        let out_bucket = match &order.still.out_name {
            Some(OutName::Place(place)) => place.bucket_name.clone(),
            _ => started.bucket_name.clone(),
        };
        if started.copy.is_some()
            && let Some((record, version)) = self.record(&ticket).await?
        {
            let source = Source { bucket: out_bucket.clone(), key: out_key.clone() };
            started.copy = Some(self.deliver(&ticket, source, record, version, PATIENCE).await?);
        }
        let image = Image { url, out_bucket, out_key, size_in_bytes, estimated_price, artifacts };
        Ok(StillView { started, image: Some(image) })
    }

    /// The caller's patience has ended: the ticket, if the function has begun.
    async fn renders_on(&self, order: &StillOrder, begun: Option<Begun>) -> Result<StillView> {
        let Some(Begun { account, render_id }) = begun else {
            return Err(Error::new(Kind::Timeout, "The function did not begin to render in time. Try again."));
        };
        self.remember_still(&render_id);
        let plan = self.plan_still(Place::only(self.settings().accounts.get(&account)?), order)?;
        let function = plan.target.function().await?;
        let bucket = order.still.force_bucket_name.as_deref();
        let bucket = function.account.bucket(function.region, bucket).await.map_err(|error| {
            let detail = format!("The still {render_id} renders on, but its bucket is not known: {error}");
            error.with("renderId", render_id.as_str()).retold(detail)
        })?;
        let mut started = self.begun_still(&plan, &function.name, render_id, bucket);
        started.copy = self.record_still(&plan, &started.id.parse()?).await?;
        Ok(StillView { started, image: None })
    }

    fn begun_still(&self, plan: &Plan<'_>, function: &str, render_id: String, bucket: String) -> Started {
        let Target { account, region, .. } = plan.target;
        let account = account.settings.name.clone();
        let console = Console { region, function, renderer_function: None, bucket: &bucket, render_id: &render_id };
        let pages = console.still();
        let ticket = Ticket { account, region: region.to_owned(), bucket, render_id };
        Started {
            id: ticket.to_string(),
            render_id: ticket.render_id,
            bucket_name: ticket.bucket,
            region: ticket.region,
            function_name: function.to_owned(),
            account: ticket.account,
            status: "rendering",
            copy: None,
            pages,
        }
    }

    /// Writes the ordered copy down and sees to it that it is followed, unless that has been done: the caller's request
    /// and the render's task may both come here.
    async fn record_still(&self, plan: &Plan<'_>, ticket: &Ticket) -> Result<Option<CopyView>> {
        let Some(copy_to) = &plan.copy_to else { return Ok(None) };
        let key = copy_to.resolved_key(&ticket.render_id, plan.composition, &plan.file_name);
        let record = new_record(ticket, copy_to, key);
        let (copy, created_at) = (CopyView::from(&record.copy), record.created_at);
        let left = Left { id: ticket.to_string(), copy: Some(record), notify: None };
        if self.promise(&left).await? {
            self.enlist(&left.id, created_at).await;
        }
        Ok(Some(copy))
    }
}
