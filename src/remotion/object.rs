//! How Remotion writes an object to S3: its headers, and the links to it.
//! See <https://www.remotion.dev/docs/lambda/rendermediaonlambda#privacy> and
//! <https://www.remotion.dev/docs/lambda/presignurl>.

use percent_encoding::utf8_percent_encode;

use super::links::URI_COMPONENT;
use super::values::{DownloadBehavior, Privacy};

/// How long a link lives for which nothing was said, in seconds.
pub const LINK_LIFE: u32 = 3600;

/// The longest life of a link, in seconds: seven days, AWS's own limit. With temporary credentials a link
/// dies with them.
pub const LONGEST_LINK_LIFE: u32 = 604_800;

/// The life of a link in seconds: as asked for, [`LINK_LIFE`] by default. `None` unless it is a whole number
/// from 1 to [`LONGEST_LINK_LIFE`].
pub fn link_life(asked: Option<f64>) -> Option<u32> {
    let Some(asked) = asked else { return Some(LINK_LIFE) };
    let fine = asked.fract() == 0.0 && (1.0..=f64::from(LONGEST_LINK_LIFE)).contains(&asked);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and in range")]
    fine.then_some(asked as u32)
}

/// The `x-amz-acl` of an output; `None` for a bucket that takes none.
pub const fn acl(privacy: Privacy) -> Option<&'static str> {
    match privacy {
        Privacy::Public => Some("public-read"),
        Privacy::Private => Some("private"),
        Privacy::NoAcl => None,
    }
}

/// Escapes of reserved characters (but `=`) in a file name tell Remotion that the whole name is escaped already.
const ESCAPES: [&str; 17] = [
    "%3A", "%2F", "%3F", "%23", "%5B", "%5D", "%40", "%21", "%24", "%26", "%27", "%28", "%29", "%2A", "%2B", "%2C",
    "%3B",
];

/// The `Content-Disposition` of an output; `None` where browsers shall show it.
///
/// A name is escaped as a URI component, unless it holds one of a few escapes already.
pub fn content_disposition(behavior: &DownloadBehavior) -> Option<String> {
    match behavior {
        DownloadBehavior::PlayInBrowser => None,
        DownloadBehavior::Download { file_name: None } => Some("attachment".to_owned()),
        DownloadBehavior::Download { file_name: Some(name) } if ESCAPES.iter().any(|escape| name.contains(escape)) => {
            Some(format!("attachment; filename=\"{name}\""))
        }
        DownloadBehavior::Download { file_name: Some(name) } => {
            Some(format!("attachment; filename=\"{}\"", utf8_percent_encode(name, URI_COMPONENT)))
        }
    }
}

/// The `Content-Type` of an object by its key's extension, in whatever case: for what renders, stills and
/// their artifacts usually are. `application/octet-stream` for any other.
pub fn content_type(key: &str) -> &'static str {
    let (folder, file) = key.rsplit_once('/').unwrap_or(("", key));
    let extension = match file.rsplit_once('.') {
        // `.png` in a folder is a name without extension.
        Some(("", _)) if !folder.is_empty() => "",
        Some((_, extension)) => extension,
        // Alone, a word counts as an extension.
        None if folder.is_empty() => file,
        None => "",
    };
    match extension.to_ascii_lowercase().as_str() {
        "mp4" => "video/mp4",
        "mkv" => "video/x-matroska",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "m4v" => "video/x-m4v",
        "3gp" => "video/3gpp",
        "mpg" | "mpeg" => "video/mpeg",
        "ts" => "video/mp2t",
        "avi" => "video/x-msvideo",
        "mxf" => "application/mxf",
        "mp3" => "audio/mpeg",
        "aac" => "audio/x-aac",
        "wav" => "audio/wave",
        "m4a" => "audio/mp4",
        "ogg" | "opus" => "audio/ogg",
        "flac" => "audio/x-flac",
        "gif" => "image/gif",
        "png" => "image/png",
        "jpeg" | "jpg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "json" | "map" => "application/json",
        "js" | "mjs" => "application/javascript",
        "wasm" => "application/wasm",
        "xml" => "application/xml",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "srt" => "application/x-subrip",
        "vtt" => "text/vtt",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "html" | "htm" => "text/html",
        "css" => "text/css",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn a_link_lives_for_whole_seconds_up_to_a_week() {
        assert_eq!((link_life(None), link_life(Some(1.0))), (Some(LINK_LIFE), Some(1)));
        assert_eq!((link_life(Some(604_800.0)), link_life(Some(604_801.0))), (Some(LONGEST_LINK_LIFE), None));
    }

    #[test]
    fn extensions_are_read_from_the_file_name_in_any_case() {
        for (key, expected) in [
            ("renders/m1yq8x2c0v/out.MP4", "video/mp4"),
            ("a.b/c", "application/octet-stream"),
            ("a/png", "application/octet-stream"),
            ("a/.png", "application/octet-stream"),
            (".png", "image/png"),
            ("png", "image/png"),
            ("a.tar.gz", "application/gzip"),
            ("", "application/octet-stream"),
        ] {
            assert_eq!(content_type(key), expected, "{key}");
        }
    }

    #[test]
    fn a_name_that_is_escaped_already_is_kept() {
        let download = |name: &str| DownloadBehavior::Download { file_name: Some(name.to_owned()) };
        let disposition = |name: &str| content_disposition(&download(name)).unwrap();
        assert_eq!(disposition("a%3Ab c.mp4"), "attachment; filename=\"a%3Ab c.mp4\"");
        assert_eq!(disposition("a%3Db c.mp4"), "attachment; filename=\"a%253Db%20c.mp4\"");
        assert_eq!(disposition("it's-(1)~!*.mp4"), "attachment; filename=\"it's-(1)~!*.mp4\"");
    }
}
