//! Fills an order's names in, and refuses what may not be reached, before anything costs.

use super::target::{Names, Place, Target};
use super::{CopyTo, Order, Renderer};
use crate::accounts::{Account, not_allowed};
use crate::error::{Error, Kind, Result};
use crate::remotion::values::{Codec, OutName, OutPlace};
use crate::remotion::{check, names, output};

/// Stands for the render id while there is none.
const ANY_RENDER_ID: &str = "0000000000";

/// An order whose names are all filled in and allowed.
pub(super) struct Plan<'a> {
    pub(super) target: Target<'a>,
    pub(super) composition: &'a str,
    pub(super) serve_url: &'a str,
    pub(super) codec: Codec,
    pub(super) copy_to: Option<CopyTo>,
    pub(super) file_name: String,
}

impl Renderer {
    pub(super) fn plan<'a>(&'a self, place: Place<'a>, order: &'a Order) -> Result<Plan<'a>> {
        let settings = self.settings();
        let media = &order.media;
        let names = Names {
            region: media.region.as_deref(),
            function: media.function_name.as_deref(),
            bucket: media.force_bucket_name.as_deref(),
        };
        let target = self.target(place, &names)?;
        let account = target.account;
        if let Some(renderer) = &media.renderer_function_name {
            account.check_function("rendererFunctionName", renderer)?;
        }
        let composition = required(
            "composition",
            "RENDERGATE_COMPOSITION",
            media.composition.as_deref().or(settings.composition.as_deref()),
        )?;
        let serve_url = self.site(media.serve_url.as_deref(), account)?;
        let codec = media.codec.unwrap_or(settings.codec);
        check::media(media, codec, serve_url)?;
        self.check_need(media)?;
        if let Some(webhook) = &media.webhook {
            self.settings().webhook_hosts.check("webhook.url", webhook.url())?;
        }
        if let Some(notify) = &order.notify {
            self.check_notify(notify.url.expose())?;
        }
        let audio_codec = media.audio_codec.map(|codec| codec.as_str());
        let extension = default_extension(codec, audio_codec)?;
        let (copy_to, file_name) =
            self.plan_output(account, media.out_name.as_ref(), order.copy_to.as_ref(), extension, composition)?;
        Ok(Plan { target, composition, serve_url, codec, copy_to, file_name })
    }

    /// The copy that is to be made, and the output's file name, for an order with this `outName` and `copyTo`.
    pub(super) fn plan_output(
        &self,
        account: &Account,
        out_name: Option<&OutName>,
        copy_to: Option<&CopyTo>,
        extension: &str,
        composition: &str,
    ) -> Result<(Option<CopyTo>, String)> {
        let (file_name, guide_form) = match out_name {
            Some(OutName::Place(place)) => {
                self.check_place(account, place)?;
                (place.key.clone(), None)
            }
            Some(OutName::Name(name)) if !name.is_empty() => {
                Self::check_segments("outName", name)?;
                (name.clone(), self.settings().destinations.from_out_name(name))
            }
            _ => (format!("out.{extension}"), None),
        };
        let file_name = file_name.rsplit('/').next().unwrap_or_default().to_owned();
        let field = if copy_to.is_none() { "outName" } else { "copyTo" };
        let copy_to = copy_to.cloned().or(guide_form);
        if let Some(copy_to) = &copy_to {
            if matches!(out_name, Some(OutName::Place(place)) if place.s3_output_provider.is_some()) {
                return Err(Error::field(
                    "copyTo",
                    "nothing where the output goes to another cloud, which S3 can't copy from",
                ));
            }
            self.check_copy(field, copy_to, &copy_to.resolved_key(ANY_RENDER_ID, composition, &file_name))?;
        }
        Ok((copy_to, file_name))
    }

    /// Clients remove `.` and `..` from a link, so that such a key could never be fetched; XML, in which S3 lists
    /// keys, has no control characters.
    fn check_segments(field: &str, key: &str) -> Result<()> {
        if key.split('/').any(|segment| segment == "." || segment == "..") || key.chars().any(char::is_control) {
            return Err(Error::field(field, "a name without `.` and `..` segments and control characters"));
        }
        Ok(())
    }

    fn check_place(&self, account: &Account, place: &OutPlace) -> Result<()> {
        if !names::is_output_bucket_name(&place.bucket_name) {
            return Err(Error::field("outName.bucketName", "the name of an S3 bucket"));
        }
        Self::check_segments("outName.key", &place.key)?;
        self.check_output_bucket("outName.bucketName", account, &place.bucket_name, &place.key)?;
        if is_reserved(&place.key) && account.is_render_bucket(&place.bucket_name) {
            return Err(Error::field(
                "outName.key",
                "a key outside sites/, renders/, input-props/ and resolved-props/",
            ));
        }
        Ok(())
    }

    /// Refuses a copy that may not be made, before anything is started.
    pub(super) fn check_copy(&self, field: &str, copy_to: &CopyTo, key: &str) -> Result<()> {
        if self.settings().destinations.is_empty() {
            return Err(Error::new(
                Kind::DestinationsNotConfigured,
                "Copying is off here. Set RENDERGATE_DESTINATIONS to the allowed buckets.",
            )
            .with("field", field));
        }
        if !self.may_write(&copy_to.bucket, key) {
            return Err(not_allowed(field, &format!("s3://{}/{key}", copy_to.bucket)));
        }
        // What is filled in may bring what the order's own text may not hold.
        Self::check_segments(field, key)?;
        if key.len() > 1024 {
            return Err(Error::field("copyTo.key", "at most 1024 bytes"));
        }
        self.records().map(|_| ())
    }
}

fn default_extension(codec: Codec, audio_codec: Option<&str>) -> Result<&'static str> {
    let extensions = output::extensions(codec.as_str(), audio_codec).map_err(|error| {
        Error::field("audioCodec", format!("an audio codec that fits {}", codec.as_str())).because(error)
    })?;
    Ok(extensions.first().copied().unwrap_or_default())
}

pub(super) fn required<'a>(field: &str, setting: &str, value: Option<&'a str>) -> Result<&'a str> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        Error::new(
            Kind::MissingField,
            format!("`{field}` is missing, and no default is configured. Send it, or set {setting}."),
        )
        .with("field", field)
    })
}

/// Whether a key of the render bucket belongs to Remotion or to some render.
pub(super) fn is_reserved(key: &str) -> bool {
    let key = key.trim_start_matches('/');
    ["sites/", "renders/", "input-props/", "resolved-props/"].iter().any(|prefix| key.starts_with(prefix))
}
