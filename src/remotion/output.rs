//! Where a render writes its output, computed from what it was asked for.
//!
//! The function never says where its output will be before it is there; whoever follows a render computes
//! it from the same metadata by the same rules. See
//! <https://www.remotion.dev/docs/lambda/custom-destination> and <https://www.remotion.dev/docs/encoding>.

use std::error::Error;
use std::fmt;

use serde::Deserialize;

use super::names;
use super::progress::RenderMetadata;

/// The place that `outName` asked for, as `progress.json` keeps it: without credentials.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum StoredName {
    /// A file name below `renders/<renderId>/` in the render bucket. An empty one counts as none.
    File(String),
    /// An own key, in a bucket that need not be Remotion's.
    #[serde(rename_all = "camelCase")]
    Place {
        /// The bucket.
        bucket_name: String,
        /// The whole key; any extension.
        key: String,
        /// Another S3-compatible cloud. Credentials are never stored with it.
        s3_output_provider: Option<Provider>,
    },
}

/// An S3-compatible cloud other than AWS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Provider {
    /// Its URL.
    pub endpoint: String,
}

/// Where an output is, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The bucket.
    pub bucket: String,
    /// The key in it.
    pub key: String,
    /// The address that Remotion gives: path style, not percent-encoded, always on AWS. It is wrong when
    /// `endpoint` is set.
    pub url: String,
    /// The other cloud that holds it, if any; it takes other credentials than AWS does.
    pub endpoint: Option<String>,
}

/// Why no output can be expected: the render can't have been, or will not be, written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputError {
    /// No codec, or a codec or pair of codecs that Remotion does not know. Choose one from [`extensions`].
    Codec(String),
    /// The extension does not fit the codecs. Use one of those listed.
    Extension {
        /// The name as asked for.
        name: String,
        /// Extensions that fit.
        allowed: &'static [&'static str],
    },
    /// The name or key begins with a character that Remotion refuses. Begin it with a letter or digit.
    Name(String),
    /// Not the name of an S3 bucket. Correct `outName.bucketName`.
    Bucket(String),
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codec(codec) => write!(f, "no file extension is known for codec {codec}"),
            Self::Extension { name, allowed } => {
                write!(f, "the extension of \"{name}\" does not fit the codecs; use {}", allowed.join(", "))
            }
            Self::Name(name) => write!(f, "an output name can't begin as \"{name}\" does"),
            Self::Bucket(bucket) => write!(f, "\"{bucket}\" is not the name of an S3 bucket"),
        }
    }
}

impl Error for OutputError {}

/// The file extensions that fit a codec and an audio codec, the default first. Without an audio codec (null)
/// the codec's own default counts.
///
/// # Errors
/// [`OutputError::Codec`] for a codec or pair that Remotion does not support.
pub fn extensions(codec: &str, audio_codec: Option<&str>) -> Result<&'static [&'static str], OutputError> {
    Ok(match (codec, audio_codec) {
        ("h264", None | Some("aac" | "mp3")) => &["mp4", "mkv", "mov"],
        ("h264", Some("pcm-16")) => &["mkv", "mov"],
        ("h265", None | Some("aac")) => &["mp4", "mkv", "hevc"],
        ("vp8" | "vp9", None | Some("opus")) => &["webm"],
        ("h265" | "vp8" | "vp9", Some("pcm-16")) => &["mkv"],
        ("prores", None | Some("aac" | "pcm-16")) => &["mov", "mkv", "mxf"],
        ("gif", None) => &["gif"],
        ("mp3", None | Some("mp3")) => &["mp3"],
        ("aac", None | Some("aac")) => &["aac", "3gp", "m4a", "m4b", "mpg", "mpeg"],
        ("mp3" | "aac", Some("pcm-16")) | ("wav", None | Some("pcm-16")) => &["wav"],
        (codec, None) => return Err(OutputError::Codec(codec.to_owned())),
        (codec, Some(audio)) => return Err(OutputError::Codec(format!("{codec} with audio codec {audio}"))),
    })
}

/// Checks a file name for a render with these codecs: its first character, and the extension, which is all
/// that follows the last dot, in the case as written, once escapes such as `%2E` are decoded.
///
/// # Errors
/// [`OutputError::Name`], [`OutputError::Extension`], or [`OutputError::Codec`].
pub fn check_file_name(name: &str, codec: &str, audio_codec: Option<&str>) -> Result<(), OutputError> {
    let allowed = extensions(codec, audio_codec)?;
    let decoded = percent_encoding::percent_decode_str(name).decode_utf8().unwrap_or(name.into());
    if !decoded.rsplit_once('.').is_some_and(|(_, extension)| allowed.contains(&extension)) {
        return Err(OutputError::Extension { name: name.to_owned(), allowed });
    }
    check_key(name)
}

/// What an output's key may begin with, in words.
pub(super) const KEY_START: &str = "a name that begins with a letter, a digit or one of -!_.*'()/:&$@=;+,?";

/// Checks an output's key. Upstream documents a rule for the whole key, but looks at its first character
/// only; renders rely on that.
///
/// # Errors
/// [`OutputError::Name`]
pub fn check_key(key: &str) -> Result<(), OutputError> {
    match key.chars().next() {
        Some(first) if first.is_ascii_alphanumeric() || "-!_.*'()/:&$@=;+,?".contains(first) => Ok(()),
        _ => Err(OutputError::Name(key.to_owned())),
    }
}

/// Where the output of a render is expected. `bucket` is the render bucket, `region` the function's.
///
/// # Errors
/// The function would have refused to write there: see [`OutputError`].
pub fn expected(metadata: &RenderMetadata, bucket: &str, region: &str) -> Result<Location, OutputError> {
    let folder = format!("renders/{}", metadata.render_id);
    let (bucket, key, endpoint) = match &metadata.out_name {
        Some(StoredName::Place { bucket_name, key, s3_output_provider }) => {
            check_key(key)?;
            if !names::is_output_bucket_name(bucket_name) {
                return Err(OutputError::Bucket(bucket_name.clone()));
            }
            let endpoint = s3_output_provider.as_ref().map(|provider| provider.endpoint.clone());
            (bucket_name.clone(), key.clone(), endpoint)
        }
        Some(StoredName::File(name)) if !name.is_empty() => {
            match metadata.codec.as_deref() {
                Some(codec) => check_file_name(name, codec, metadata.audio_codec.as_deref())?,
                None => check_key(name)?,
            }
            (bucket.to_owned(), format!("{folder}/{name}"), None)
        }
        _ => (bucket.to_owned(), format!("{folder}/out.{}", default_extension(metadata)?), None),
    };
    let url = format!("https://s3.{region}.{}/{bucket}/{key}", names::dns_suffix(region));
    Ok(Location { bucket, key, url, endpoint })
}

/// A still's extension is its image format (`jpeg`, not `jpg`).
fn default_extension(metadata: &RenderMetadata) -> Result<&str, OutputError> {
    if metadata.is_still() {
        return metadata.image_format.as_deref().ok_or_else(|| OutputError::Codec("of a still without format".into()));
    }
    let codec = metadata.codec.as_deref().unwrap_or("null");
    let fitting = extensions(codec, metadata.audio_codec.as_deref())?;
    fitting.first().copied().ok_or_else(|| OutputError::Codec(codec.to_owned()))
}

#[cfg(test)]
mod tests;
