//! Lists the compositions of a site.

use serde_json::value::RawValue;

use super::Renderer;
use super::order::Body;
use super::target::{Names, Place, secrets};
use crate::error::{Error, Kind, Result};
use crate::remotion::check;
use crate::remotion::compositions::{Compositions, CompositionsOptions, Given};
use crate::remotion::props::{self, Room};
use crate::remotion::reply::{self, Reply};

/// Which site, and which account opens it.
#[derive(Clone, Debug, Default)]
pub struct CompositionsOrder {
    /// Which account.
    pub account: Option<String>,
    /// Remotion's own options.
    pub options: CompositionsOptions,
}

impl CompositionsOrder {
    /// Reads a request's body: the options of `getCompositionsOnLambda()` and `account`, flat.
    ///
    /// # Errors
    /// As [`Order::from_json`](super::Order::from_json).
    pub fn from_json(body: &[u8]) -> Result<Self> {
        let mut body = Body::read(body)?;
        Ok(Self { account: body.take("account")?, options: body.options()? })
    }
}

impl Renderer {
    /// The compositions of a site, each as the function wrote it: `{id, width, height, fps, durationInFrames,
    /// defaultProps, props, …}`. One AWS call, one more for large props.
    ///
    /// # Errors
    /// Bad orders cost nothing. [`Kind::FunctionError`] with the site's own message where it can't be opened.
    pub async fn compositions(&self, order: &CompositionsOrder) -> Result<Vec<Box<RawValue>>> {
        let mut turn = self.turn(order.account.as_deref())?;
        loop {
            let place = Self::next_place(&mut turn)?;
            match self.compositions_in(place, &order.options).await {
                Ok(compositions) => return Ok(compositions),
                Err(error) => self.not_there(&mut turn, place, error)?,
            }
        }
    }

    async fn compositions_in(&self, place: Place<'_>, options: &CompositionsOptions) -> Result<Vec<Box<RawValue>>> {
        let names = Names {
            region: options.region.as_deref(),
            function: options.function_name.as_deref(),
            bucket: options.force_bucket_name.as_deref(),
        };
        let target = self.target(place, &names)?;
        let serve_url = self.site(options.serve_url.as_deref(), target.account)?;
        check::compositions(options, serve_url)?;
        let function = target.function().await?;
        let (env, bucket) = (options.env_variables.as_ref(), options.force_bucket_name.as_deref());
        let text = props::text(options.input_props.as_deref());
        let (props, bucket) = function.pack(&text, env, bucket, Room::Passed).await?;
        let given = Given { options, serve_url, version: &function.version, bucket: bucket.as_deref(), props };
        let payload = serde_json::to_vec(&Compositions::new(given))
            .map_err(|error| Error::new(Kind::Internal, "The order can't be written.").because(error))?;
        let answer = function.invoke(payload).await?;
        match reply::compositions(&answer.payload, answer.threw) {
            Reply::Answer(compositions) => Ok(compositions),
            Reply::Refused(message) => {
                let secrets = secrets(env, [None, None], None, None);
                Err(function.refused("could not list the compositions", &message, &secrets).await)
            }
            Reply::Unreadable => Err(function.unreadable()),
        }
    }
}
