//! The values that options take: closed lists and small shapes.

use std::fmt;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::number::Whole;
use crate::redacted::Redacted;

/// A closed list of names, as Remotion writes them.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

names!(
    /// What is rendered: a video, audio or gif codec.
    Codec { H264 = "h264", H265 = "h265", Vp8 = "vp8", Vp9 = "vp9", Mp3 = "mp3", Aac = "aac", Wav = "wav", Gif = "gif", ProRes = "prores" }
);
names!(
    /// Codec of the sound.
    AudioCodec { Aac = "aac", Mp3 = "mp3", Pcm16 = "pcm-16", Opus = "opus" }
);
names!(
    /// Format of the frames between browser and encoder; `none` for audio.
    VideoImageFormat { Png = "png", Jpeg = "jpeg", None = "none" }
);
names!(
    /// ACL of the output object.
    Privacy { Public = "public", Private = "private", NoAcl = "no-acl" }
);
impl Privacy {
    /// Whether a site can have it: browsers load sites without credentials.
    pub const fn suits_sites(self) -> bool {
        !matches!(self, Self::Private)
    }
}

names!(
    /// How much the function logs.
    LogLevel { Trace = "trace", Verbose = "verbose", Info = "info", Warn = "warn", Error = "error" }
);
names!(
    /// ProRes flavour.
    ProResProfile { P4444Xq = "4444-xq", P4444 = "4444", Hq = "hq", Standard = "standard", Light = "light", Proxy = "proxy" }
);
names!(
    /// Speed of the h264 encoder.
    X264Preset {
        Ultrafast = "ultrafast", Superfast = "superfast", Veryfast = "veryfast", Faster = "faster", Fast = "fast",
        Medium = "medium", Slow = "slow", Slower = "slower", Veryslow = "veryslow", Placebo = "placebo",
    }
);
names!(
    /// Colour space of the output.
    ColorSpace { Default = "default", Bt601 = "bt601", Bt709 = "bt709", Bt2020Ncl = "bt2020-ncl" }
);
names!(
    /// Which lifecycle rule deletes the render.
    DeleteAfter { OneDay = "1-day", ThreeDays = "3-days", SevenDays = "7-days", ThirtyDays = "30-days" }
);

/// A frame, `[first, last]`, or `[first, null]` to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a frame number, [first, last] or [first, null]")]
pub enum FrameRange {
    /// One frame.
    Frame(Whole),
    /// From the first to the last, both included; no last means the end.
    Range(Whole, Option<Whole>),
}

/// A number of browser tabs, or a share of the function's processors such as `50%`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a whole number or a percentage such as \"50%\"")]
pub enum ConcurrencyPerLambda {
    /// Tabs.
    Tabs(Whole),
    /// Percentage.
    Share(String),
}

/// What a browser does with the output's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DownloadBehavior {
    /// Shows it.
    PlayInBrowser,
    /// Saves it, under `fileName` where it is not null.
    Download {
        /// Name of the saved file. Must be given, and may be null.
        #[serde(rename = "fileName", deserialize_with = "Option::deserialize")]
        file_name: Option<String>,
    },
}

/// Options of the browser. Only what is given is sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChromiumOptions {
    /// Accept invalid certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_certificate_errors: Option<bool>,
    /// Switch the same-origin policy off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_web_security: Option<bool>,
    /// OpenGL renderer; null is a value of its own.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub gl: Option<Option<String>>,
    /// User agent; null is a value of its own.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub user_agent: Option<Option<String>>,
    /// Prefer a dark colour scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dark_mode: Option<bool>,
    /// Run without a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headless: Option<bool>,
    /// Ignored by the function, which forces it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_multi_process_on_linux: Option<bool>,
}

/// Reads an object or null. serde would take an array for a struct, too.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Object<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Object(std::marker::PhantomData))
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Where the output goes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum OutName {
    /// A key inside the render's own folder.
    Name(String),
    /// A key in another bucket.
    Place(OutPlace),
}

/// A key in another bucket, or in another cloud.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutPlace {
    /// The bucket.
    pub bucket_name: String,
    /// The whole key.
    pub key: String,
    /// An S3-compatible store other than AWS.
    #[serde(
        rename = "s3OutputProvider",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "object"
    )]
    pub s3_output_provider: Option<S3OutputProvider>,
}

/// An S3-compatible store and its keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct S3OutputProvider {
    /// URL of the store.
    pub endpoint: String,
    /// Its key id.
    pub access_key_id: Redacted<Option<String>>,
    /// Its secret key.
    pub secret_access_key: Redacted<Option<String>>,
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Address buckets by path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_path_style: Option<bool>,
}

struct OutNameVisitor;

impl<'de> Visitor<'de> for OutNameVisitor {
    type Value = OutName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or {bucketName, key, s3OutputProvider?}")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<OutName, E> {
        Ok(OutName::Name(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OutName, A::Error> {
        OutPlace::deserialize(MapAccessDeserializer::new(map)).map(OutName::Place)
    }
}

impl<'de> Deserialize<'de> for OutName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutNameVisitor)
    }
}
