//! The function that an order goes to, and what it says when it refuses.

use std::collections::BTreeMap;

use super::Renderer;
use crate::accounts::{Account, Turn, explain_missing, not_allowed};
use crate::aws::{Invoked, OnThrottle, Put};
use crate::error::{Error, Kind, Result};
use crate::redacted::Redacted;
use crate::remotion::props::{self, Props, Room};
use crate::remotion::reply;
use crate::remotion::values::OutName;
use crate::telemetry::Metric;

/// Where an order is tried: an account, and what to do when it is used up.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) account: &'a Account,
    on_throttle: OnThrottle,
}

/// Where an order goes, checked. Nothing has been asked yet.
pub(super) struct Target<'a> {
    pub(super) account: &'a Account,
    pub(super) region: &'a str,
    /// The order's function, else the configured one.
    function: Option<&'a str>,
    function_was_named: bool,
    on_throttle: OnThrottle,
}

/// The function, its version known.
pub(super) struct Function<'a> {
    pub(super) account: &'a Account,
    pub(super) region: &'a str,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) on_throttle: OnThrottle,
    was_named: bool,
}

/// The names in an order that say where in an account it goes.
#[derive(Default)]
pub(super) struct Names<'a> {
    pub(super) region: Option<&'a str>,
    pub(super) function: Option<&'a str>,
    pub(super) bucket: Option<&'a str>,
}

impl Renderer {
    /// Refuses names that may not be reached.
    pub(super) fn target<'a>(&'a self, place: Place<'a>, names: &Names<'a>) -> Result<Target<'a>> {
        let Place { account, on_throttle } = place;
        let region = account.region(names.region)?;
        let function = account.function(names.function)?;
        if let Some(bucket) = names.bucket
            && !self.may_render_in(account, bucket)
        {
            return Err(not_allowed("forceBucketName", bucket));
        }
        Ok(Target { account, region, function, function_was_named: names.function.is_some(), on_throttle })
    }

    /// Where an order is tried next.
    pub(super) fn next_place<'a>(turn: &mut Turn<'a>) -> Result<Place<'a>> {
        let account = turn.next_account()?;
        let on_throttle = if turn.is_last() { OnThrottle::TryAgain } else { OnThrottle::Leave };
        Ok(Place { account, on_throttle })
    }

    /// What did not run there may run in the next place; else this is the order's failure.
    pub(super) fn not_there(&self, turn: &mut Turn<'_>, place: Place<'_>, error: Error) -> Result<()> {
        if error.kind() == Kind::Throttled {
            self.settings().metrics.put(&place.account.settings.name, Metric::Throttled);
        }
        turn.failed(place.account, error)
    }
}

impl<'a> Place<'a> {
    /// An account that is settled.
    pub(super) fn only(account: &'a Account) -> Self {
        Self { account, on_throttle: OnThrottle::TryAgain }
    }
}

impl<'a> Target<'a> {
    /// The function that the order goes to: without a name the one that is found in the region.
    pub(super) async fn function(&self) -> Result<Function<'a>> {
        let Self { account, region, function_was_named: was_named, on_throttle, .. } = *self;
        let name = match self.function {
            Some(name) => name.to_owned(),
            None => account.found_function(region).await?,
        };
        let function = Function { account, region, name, version: String::new(), on_throttle, was_named };
        let version = account.version(region, &function.name).await.map_err(|error| function.explain(error))?;
        Ok(Function { version, ..function })
    }
}

impl Function<'_> {
    /// Invokes it and waits for its answer.
    pub(super) async fn invoke(&self, payload: Vec<u8>) -> Result<Invoked> {
        let invoked = self.account.aws.invoke(self.region, &self.name, payload, self.on_throttle).await;
        invoked.map_err(|error| self.explain(error))
    }

    /// The props, and the bucket that the function is told: where they are too large for the payload they
    /// are uploaded first.
    pub(super) async fn pack<'p>(
        &self,
        text: &'p str,
        env: Option<&Redacted<BTreeMap<String, String>>>,
        bucket: Option<&str>,
        room: Room,
    ) -> Result<(Props<'p>, Option<String>)> {
        let forced = bucket.or(self.account.settings.bucket.as_deref());
        if props::fits_inline(text, env.map(Redacted::expose), room) {
            return Ok((Props::Payload { payload: text }, forced.map(str::to_owned)));
        }
        let bucket = self.account.bucket(self.region, forced).await?;
        let hash = props::hash(uuid::Uuid::new_v4().as_u128());
        let object = self.account.object(self.region, &bucket, props::key(&hash));
        self.account.aws.put(&object, text.as_bytes().to_vec(), Put::Always).await?;
        // The function reads uploaded props from its own bucket: it must be this one.
        Ok((Props::BucketUrl { hash, bucket_name: bucket.clone() }, Some(bucket)))
    }

    /// A function that the caller did not name is the operator's to mend.
    pub(super) fn explain(&self, error: Error) -> Error {
        if error.kind() == Kind::FunctionNotFound && !self.was_named {
            // One that was found is looked for again next time.
            self.account.forget_function(self.region);
        }
        explain_missing(error, self.region, &self.name, self.was_named)
    }

    /// The function's own refusal: a mismatch of versions is told with both, anything else by its
    /// first line without the order's secrets. `did` is what it did instead of what was asked.
    pub(super) async fn refused(&self, did: &str, message: &str, secrets: &[&str]) -> Error {
        let Self { account, region, name, version, .. } = self;
        if let Some(mismatch) = account.version_mismatch(region, name, version, message).await {
            return mismatch;
        }
        let mut message = message.to_owned();
        for secret in secrets {
            message = message.replace(secret, "***");
        }
        // Cut last: of a secret at the edge nothing is left.
        let line = reply::first_line(&message);
        Error::new(Kind::FunctionError, format!("The Remotion function {did}: {line}"))
    }

    /// What answered is no Remotion function.
    pub(super) fn unreadable(&self) -> Error {
        Error::new(
            Kind::UnreadableAnswer,
            format!("`{}` did not answer as a Remotion function does. Check functionName.", self.name),
        )
    }
}

/// What must not be echoed, whoever says it.
pub(super) fn secrets<'a>(
    env: Option<&'a Redacted<BTreeMap<String, String>>>,
    keys: [Option<&'a Redacted<String>>; 2],
    out_name: Option<&'a OutName>,
    webhook: Option<&'a str>,
) -> Vec<&'a str> {
    let env = env.into_iter().flat_map(|env| env.expose().values());
    let keys = keys.into_iter().flatten().map(Redacted::expose);
    let provider = match out_name {
        Some(OutName::Place(place)) => place.s3_output_provider.as_ref(),
        _ => None,
    };
    let provider = provider
        .into_iter()
        .flat_map(|provider| [provider.access_key_id.expose(), provider.secret_access_key.expose()]);
    let all = env.chain(keys).chain(provider.flatten()).map(String::as_str).chain(webhook);
    // A shorter one would blot out innocent text.
    all.filter(|secret| secret.len() >= 4).collect()
}
