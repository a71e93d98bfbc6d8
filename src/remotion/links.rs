//! Addresses: of a site, and of what AWS's console shows of a render.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::names;

/// What JavaScript's `encodeURIComponent` leaves as it is beside letters and digits.
pub(super) const URI_COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The address of a site: a URL as it is, else the site of that id in the render bucket. `None` for a file
/// of a project (`src/…`), which Remotion Lambda can't render. See
/// <https://www.remotion.dev/docs/lambda/deploysite>.
///
/// ```
/// # use rendergate::remotion::links::serve_url;
/// let url = serve_url("my-site", "eu-west-1", "remotionlambda-euwest1-0a1b2c3d4e").unwrap();
/// assert_eq!(url, "https://remotionlambda-euwest1-0a1b2c3d4e.s3.eu-west-1.amazonaws.com/sites/my-site/index.html");
/// ```
pub fn serve_url(url_or_id: &str, region: &str, bucket: &str) -> Option<String> {
    if url_or_id.starts_with("src/") {
        return None;
    }
    // Upstream knows schemes in lower case only; in capitals they are part of a site's id.
    if url_or_id.starts_with("http://") || url_or_id.starts_with("https://") {
        return Some(url_or_id.to_owned());
    }
    let suffix = names::dns_suffix(region);
    Some(format!("https://{bucket}.s3.{region}.{suffix}/sites/{url_or_id}/index.html"))
}

/// Pages of AWS's console about a render. Whoever opens them has to be signed in there.
#[derive(Clone, Copy, Debug)]
pub struct Console<'a> {
    /// Region of function and bucket.
    pub region: &'a str,
    /// The function that the render was started with.
    pub function: &'a str,
    /// Another function that renders the chunks, where one was named.
    pub renderer_function: Option<&'a str>,
    /// The render bucket.
    pub bucket: &'a str,
    /// The render.
    pub render_id: &'a str,
}

/// The pages that `renderMediaOnLambda()` and `renderStillOnLambda()` answer, by their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Pages {
    /// What the functions logged that render the chunks, or the still.
    pub cloud_watch_logs: String,
    /// What the function logged that directs a render.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_watch_main_logs: Option<String>,
    /// The function's own insights.
    pub lambda_insights_logs: String,
    /// The render's folder.
    pub folder_in_s3_console: String,
    /// The render's `progress.json`.
    pub progress_json_in_console: String,
}

impl Console<'_> {
    /// The pages about a video, audio or gif render.
    pub fn media(&self) -> Pages {
        Pages { cloud_watch_main_logs: Some(self.logs("launch")), ..self.pages(self.chunk_logs(None)) }
    }

    /// The pages about a still.
    pub fn still(&self) -> Pages {
        self.pages(self.logs("still"))
    }

    fn pages(&self, cloud_watch_logs: String) -> Pages {
        Pages {
            cloud_watch_logs,
            cloud_watch_main_logs: None,
            lambda_insights_logs: self.insights(),
            folder_in_s3_console: self.folder(),
            progress_json_in_console: self.progress_json(),
        }
    }

    /// The function's code and settings.
    pub fn function_page(&self) -> String {
        format!("{}/lambda/home#/functions/{}?tab=code", self.home(), self.function)
    }

    /// The function's own insights.
    pub fn insights(&self) -> String {
        format!("{}/cloudwatch/home?region={}#lambda-insights:functions/{}", self.home(), self.region, self.function)
    }

    /// The render bucket.
    pub fn bucket_page(&self) -> String {
        format!("{}/s3/buckets/{}/?region={}", self.home(), self.bucket, self.region)
    }

    /// The render's folder.
    pub fn folder(&self) -> String {
        let home = match names::partition(self.region) {
            "aws" => "https://s3.console.aws.amazon.com".to_owned(),
            _ => self.home(),
        };
        format!("{home}/s3/buckets/{}?region={}&prefix=renders/{}/", self.bucket, self.region, self.render_id)
    }

    /// The render's `progress.json`.
    pub fn progress_json(&self) -> String {
        let (home, render_id) = (self.home(), self.render_id);
        format!(
            "{home}/s3/object/{}?region={}&bucketType=general&prefix=renders/{render_id}/progress.json",
            self.bucket, self.region
        )
    }

    /// What a routine logged about the render: `launch`, which directs it, or `still`.
    pub fn logs(&self, routine: &str) -> String {
        self.search(&format!("\"method={routine},renderId={}\"", self.render_id))
    }

    /// What the functions logged that render the chunks; those of one chunk, or of all.
    pub fn chunk_logs(&self, chunk: Option<u64>) -> String {
        let chunk = chunk.map_or(String::new(), |chunk| format!(",chunk={chunk},"));
        self.search(&format!("\"method=renderer,renderId={}{chunk}\"", self.render_id))
    }

    fn search(&self, pattern: &str) -> String {
        let function = self.renderer_function.unwrap_or(self.function);
        // The console decodes twice, with `$` for `%`.
        let pattern = utf8_percent_encode(pattern, URI_COMPONENT).to_string().replace('%', "$25");
        format!(
            "{}/cloudwatch/home?region={}#logsV2:log-groups/log-group/$252Faws$252Flambda$252F{function}/log-events$3FfilterPattern$3D{pattern}",
            self.home(),
            self.region
        )
    }

    fn home(&self) -> String {
        let domain = match names::partition(self.region) {
            "aws" => "console.aws.amazon.com",
            _ => "console.amazonaws.cn",
        };
        format!("https://{}.{domain}", self.region)
    }
}
