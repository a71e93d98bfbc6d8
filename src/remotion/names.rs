//! Names that carry meaning: functions, buckets, regions, render ids.
//!
//! Remotion writes a function's version and size into its name, and a bucket's region into the bucket's
//! name, so that much can be known without asking AWS. See
//! <https://www.remotion.dev/docs/lambda/naming-convention>.

/// What the name of every deployed function begins with.
pub const FUNCTION_PREFIX: &str = "remotion-render-";

/// What the name of every bucket begins with that Remotion creates.
pub const BUCKET_PREFIX: &str = "remotionlambda-";

/// The regions that Remotion Lambda deploys to, as of 4.0.527.
/// See <https://www.remotion.dev/docs/lambda/region-selection>.
pub const REGIONS: [&str; 25] = [
    "eu-central-1",
    "eu-central-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-south-1",
    "eu-north-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-south-1",
    "ap-east-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ca-central-1",
    "cn-north-1",
    "cn-northwest-1",
    "sa-east-1",
];

/// Those of [`REGIONS`] that an AWS account has without opting in.
pub const DEFAULT_REGIONS: [&str; 17] = [
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ca-central-1",
    "sa-east-1",
];

/// Whether this has the form of a region, such as `us-east-1`: AWS opens new ones faster than a table grows.
pub fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = parts.next_back().is_some_and(|part| part.len() == 1 && part.bytes().all(|b| b.is_ascii_digit()));
    let place = parts.next().is_some_and(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_lowercase()));
    let words: Vec<&str> = parts.collect();
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    number && place && matches!(words.len(), 1 | 2) && words.iter().all(is_word)
}

/// The ARN partition of a region: `aws`, or `aws-cn` in China.
///
/// Decided by the region's prefix, so that regions newer than [`REGIONS`] are right too.
pub fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") { "aws-cn" } else { "aws" }
}

/// The domain under which a region's AWS endpoints live.
pub fn dns_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// The region in the name of a bucket that Remotion created, such as `us-east-1` in
/// `remotionlambda-useast1-0a1b2c3d4e`.
///
/// `None` when the name has another form or names no region of [`REGIONS`]: then S3 has to be asked.
pub fn bucket_region(bucket: &str) -> Option<&'static str> {
    let (dashless, suffix) = bucket.strip_prefix(BUCKET_PREFIX)?.rsplit_once('-')?;
    let random = !suffix.is_empty() && suffix.bytes().all(|b| b.is_ascii_alphanumeric());
    REGIONS.into_iter().find(|region| random && region.replace('-', "") == dashless)
}

/// The name of a new bucket in a region; `random` are ten characters of `a-z0-9`.
///
/// ```
/// # use rendergate::remotion::names;
/// let bucket = names::bucket("us-east-1", "0a1b2c3d4e");
/// assert_eq!((bucket.as_str(), names::bucket_region(&bucket)), ("remotionlambda-useast1-0a1b2c3d4e", Some("us-east-1")));
/// ```
pub fn bucket(region: &str, random: &str) -> String {
    format!("{BUCKET_PREFIX}{}-{random}", region.replace('-', ""))
}

/// Whether S3 accepts this as a bucket's name: 3 to 63 characters of `a-z`, `0-9`, `.` and `-`, a letter
/// or digit at both ends and around dots, and not the form of an IP address. See
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
pub fn is_bucket_name(name: &str) -> bool {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && bytes.iter().all(|b| alphanumeric(b) || *b == b'-')
    };
    (3..=63).contains(&name.len()) && name.split('.').all(label) && name.parse::<std::net::Ipv4Addr>().is_err()
}

/// Whether the function writes outputs to a bucket of this name. It refuses some that S3 would take:
/// numbers with dots between them, such as `2024.01`.
pub fn is_output_bucket_name(name: &str) -> bool {
    is_bucket_name(name) && !(name.contains('.') && name.bytes().all(|b| b == b'.' || b.is_ascii_digit()))
}

/// The id of the site that a key of a render bucket belongs to: `my-site` in `sites/my-site/index.html`.
/// `None` for a file of no site.
pub fn site_of(key: &str) -> Option<&str> {
    let (id, _) = key.strip_prefix("sites/")?.split_once('/')?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-!_.*'()".contains(&b);
    (!id.is_empty() && id.bytes().all(fits)).then_some(id)
}

/// The address of a site, by which functions open it.
pub fn serve_url(bucket: &str, region: &str, site: &str) -> String {
    format!("https://{bucket}.s3.{region}.{}/sites/{site}/index.html", dns_suffix(region))
}

/// The Remotion version that a site's `index.html` says it was built with.
pub fn site_version(html: &[u8]) -> Option<String> {
    let html = String::from_utf8_lossy(html);
    let (_, after) = html.split_once("window.remotion_version = ")?;
    let quote = after.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let (version, _) = after[1..].split_once(quote)?;
    (!version.is_empty()).then(|| version.to_owned())
}

/// Whether this has the shape of a Remotion render id: ten characters of `a-z0-9`, after `1-day-`,
/// `3-days-`, `7-days-` or `30-days-` when the render was started with `deleteAfter`.
pub fn is_render_id(id: &str) -> bool {
    let random = ["1-day-", "3-days-", "7-days-", "30-days-"]
        .into_iter()
        .find_map(|prefix| id.strip_prefix(prefix))
        .unwrap_or(id);
    random.len() == 10 && random.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// What the name of a deployed function tells:
/// `remotion-render-<version>-mem<MB>mb-disk<MB>mb-<seconds>sec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// The version as it stands in the name, with dashes and at most ten characters: `4-0-527`, `4-0-0-alph`.
    pub version_label: String,
    /// The version that the function speaks, such as `4.0.527`. `None` when the name does not tell it for
    /// certain, because the version was cut at ten characters or is a pre-release, whose dots and dashes
    /// look alike in a name: then the function's `info` answers it.
    pub version: Option<String>,
    /// Memory in MB, 512 to 10240 on AWS.
    pub memory_mb: u32,
    /// Size of `/tmp` in MB, 512 to 10240 on AWS.
    pub disk_mb: u32,
    /// How long one invocation may run, in seconds, 15 to 900 on AWS.
    pub timeout_seconds: u32,
}

impl FunctionName {
    /// Reads a function's name or ARN. What stands before `remotion-render-` is ignored; nothing may
    /// follow, so that a name with a qualifier (`…sec:live`) is not read. `None` for any other name.
    ///
    /// ```
    /// # use rendergate::remotion::names::FunctionName;
    /// let name = FunctionName::parse("remotion-render-4-0-527-mem3008mb-disk10240mb-900sec").unwrap();
    /// assert_eq!(name.version.as_deref(), Some("4.0.527"));
    /// assert_eq!((name.memory_mb, name.disk_mb, name.timeout_seconds), (3008, 10240, 900));
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        let start = name.find(FUNCTION_PREFIX)? + FUNCTION_PREFIX.len();
        let mut parts = name.get(start..)?.rsplitn(4, '-');
        let timeout_seconds = number(parts.next()?.strip_suffix("sec")?)?;
        let disk_mb = number(parts.next()?.strip_prefix("disk")?.strip_suffix("mb")?)?;
        let memory_mb = number(parts.next()?.strip_prefix("mem")?.strip_suffix("mb")?)?;
        let label = parts.next()?;
        let version = is_release(label).then(|| label.replace('-', "."));
        Some(Self { version_label: label.to_owned(), version, memory_mb, disk_mb, timeout_seconds })
    }

    /// The name that Remotion of this version gives to a function of this size, deployed or not. `None` where
    /// a size is 0. See <https://www.remotion.dev/docs/lambda/speculatefunctionname>.
    ///
    /// ```
    /// # use rendergate::remotion::names::FunctionName;
    /// let name = FunctionName::speculate("4.0.527", 2048, 10240, 120).unwrap();
    /// assert_eq!(name, "remotion-render-4-0-527-mem2048mb-disk10240mb-120sec");
    /// ```
    pub fn speculate(version: &str, memory_mb: u32, disk_mb: u32, timeout_seconds: u32) -> Option<String> {
        let label: String = version.replace(['.', '+'], "-").chars().take(10).collect();
        let sizes = [memory_mb, disk_mb, timeout_seconds];
        sizes
            .iter()
            .all(|size| *size > 0)
            .then(|| format!("{FUNCTION_PREFIX}{label}-mem{memory_mb}mb-disk{disk_mb}mb-{timeout_seconds}sec"))
    }

    /// What to assume of a function whose name tells nothing: Remotion's default memory and disk, and the
    /// longest timeout that Lambda has, so that a living render is never called dead.
    pub fn unknown() -> Self {
        Self { version_label: String::new(), version: None, memory_mb: 2048, disk_mb: 2048, timeout_seconds: 900 }
    }
}

/// `u32::from_str` would take a sign as well.
fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Three numbers that the cut at ten characters has certainly not shortened.
fn is_release(label: &str) -> bool {
    label.len() < 10 && label.split('-').count() == 3 && label.split('-').all(|part| number(part).is_some())
}

#[cfg(test)]
mod tests;
