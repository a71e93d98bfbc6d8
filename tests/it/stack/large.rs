//! Files of any size, of which nothing but the size is kept: an S3 for multipart copies that counts, and that
//! refuses what S3 refuses.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;

use super::{Call, Reply};

pub(crate) const ETAG: &str = "\"0123456789abcdef0123456789abcdef-640\"";
pub(crate) const CRC64NVME: &str = "KeqtXtZzDjo=";

/// The file, and what is being made of it.
#[derive(Clone)]
pub(crate) struct Large(Arc<Mutex<State>>);

pub(crate) struct State {
    source: String,
    pub(crate) size: u64,
    pub(crate) etag: String,
    /// What each request takes, and each megabyte that is copied.
    pub(crate) delay: Duration,
    pub(crate) per_mb: Duration,
    pub(crate) uploads: BTreeMap<String, Upload>,
    /// By path: what came of it.
    pub(crate) objects: BTreeMap<String, Upload>,
    /// Every part that was ever copied, in order.
    pub(crate) parts: Vec<(String, u64)>,
    pub(crate) begun: usize,
    pub(crate) completed: usize,
    pub(crate) aborted: usize,
    /// What it says of what it wrote.
    pub(crate) crc64nvme: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Upload {
    path: String,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) parts: BTreeMap<u64, (Range<u64>, String)>,
}

impl Upload {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

type Answer = Result<Reply, (u16, &'static str)>;

impl Large {
    /// A file of this size at `/bucket/key`.
    pub(crate) fn new(source: &str, size: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            source: source.to_owned(),
            size,
            etag: ETAG.to_owned(),
            delay: Duration::ZERO,
            per_mb: Duration::ZERO,
            uploads: BTreeMap::new(),
            objects: BTreeMap::new(),
            parts: Vec::new(),
            begun: 0,
            completed: 0,
            aborted: 0,
            crc64nvme: CRC64NVME.to_owned(),
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The answer, if it is about this file or an upload.
    pub(crate) fn answer(&self, call: &Call) -> Option<Reply> {
        let mut state = self.state();
        let query = |name: &str| {
            call.query.split('&').find_map(|pair| {
                let (found, value) = pair.split_once('=').unwrap_or((pair, ""));
                (found == name).then(|| value.to_owned())
            })
        };
        let (answer, bytes) = match (call.method.as_str(), query("uploadId")) {
            ("HEAD", _) if call.path == state.source => (Ok(state.head()), 0),
            ("GET", _) if call.path == state.source => state.read(call),
            ("POST", None) if query("uploads").is_some() => (Ok(state.begin(call)), 0),
            ("PUT", Some(id)) => state.part(call, &id, query("partNumber")?.parse().unwrap()),
            ("POST", Some(id)) => (state.complete(call, &id), 0),
            ("DELETE", Some(id)) => (state.abort(&id), 0),
            _ => return None,
        };
        let mut reply = answer.unwrap_or_else(|(status, code)| Reply::aws_xml(status, code, "said by the test"));
        reply.delay = state.delay + state.per_mb.mul_f64(bytes as f64 / 1e6);
        Some(reply)
    }
}

impl State {
    fn head(&self) -> Reply {
        let headers = [
            ("content-length", self.size.to_string()),
            ("etag", self.etag.clone()),
            ("last-modified", "Mon, 02 Nov 2026 10:00:00 GMT".to_owned()),
            ("x-amz-checksum-crc64nvme", CRC64NVME.to_owned()),
            ("x-amz-checksum-type", "FULL_OBJECT".to_owned()),
            ("content-type", "video/mp4".to_owned()),
            ("content-disposition", "attachment; filename=\"my%20video.mp4\"".to_owned()),
            ("content-encoding", "identity".to_owned()),
            ("content-language", "de".to_owned()),
            ("cache-control", "max-age=60".to_owned()),
            ("expires", "Tue, 01 Dec 2026 16:00:00 GMT".to_owned()),
            ("x-amz-meta-author", "lunar".to_owned()),
        ];
        headers.into_iter().fold(Reply::new(200, ""), |reply, (name, value)| reply.header(name, &value))
    }

    fn read(&self, call: &Call) -> (Answer, u64) {
        let range = range(call.header("range").expect("a large file is read in pieces"));
        if call.header("if-match") != Some(&self.etag) {
            return (Err((412, "PreconditionFailed")), 0);
        }
        let bytes = Bytes::from(vec![7; (range.end - range.start) as usize]);
        (Ok(Reply::new(206, bytes).header("etag", &self.etag)), range.end - range.start)
    }

    fn begin(&mut self, call: &Call) -> Reply {
        self.begun += 1;
        let id = format!("upload-{}-canary", self.begun);
        let (path, headers) = (call.path.clone(), call.headers.clone());
        self.uploads.insert(id.clone(), Upload { path, headers, parts: BTreeMap::new() });
        Reply::new(
            200,
            format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"),
        )
    }

    fn part(&mut self, call: &Call, id: &str, number: u64) -> (Answer, u64) {
        let copied = call.header("x-amz-copy-source").is_some();
        let range = match call.header("x-amz-copy-source-range") {
            Some(text) => range(text),
            // What is streamed comes in parts of 8 MiB.
            None => {
                let start = (number - 1) * (8 << 20);
                start..start + call.body.len() as u64
            }
        };
        if copied && call.header("x-amz-copy-source-if-match") != Some(&self.etag) {
            return (Err((412, "PreconditionFailed")), 0);
        }
        let size = self.size;
        let Some(upload) = self.uploads.get_mut(id) else { return (Err((404, "NoSuchUpload")), 0) };
        if !(1..=10_000).contains(&number) || range.end > size {
            return (Err((400, "InvalidArgument")), 0);
        }
        let etag = format!("\"{:032x}\"", number);
        upload.parts.insert(number, (range.clone(), etag.clone()));
        self.parts.push((id.to_owned(), number));
        let body = format!("<CopyPartResult><ETag>{}</ETag></CopyPartResult>", etag.replace('"', "&quot;"));
        (Ok(Reply::new(200, body).header("etag", &etag)), range.end - range.start)
    }

    fn complete(&mut self, call: &Call, id: &str) -> Answer {
        let upload = self.uploads.get(id).ok_or((404, "NoSuchUpload"))?.clone();
        if call.header("if-none-match") == Some("*") && self.objects.contains_key(&upload.path) {
            return Err((412, "PreconditionFailed"));
        }
        let body = String::from_utf8_lossy(&call.body).replace("&quot;", "\"");
        let listed = body.matches("<PartNumber>").count();
        let mut end = 0;
        for (number, (range, etag)) in &upload.parts {
            let named = body.contains(&format!("<ETag>{etag}</ETag>"))
                && body.contains(&format!("<PartNumber>{number}</PartNumber>"));
            if range.start != end || !named {
                return Err((400, "InvalidPart"));
            }
            end = range.end;
        }
        if listed != upload.parts.len() || end != self.size {
            return Err((400, "InvalidPart"));
        }
        if call.header("x-amz-mp-object-size").is_some_and(|told| told != self.size.to_string()) {
            return Err((400, "InvalidRequest"));
        }
        if upload.header("x-amz-checksum-type") == Some("FULL_OBJECT")
            && call.header("x-amz-checksum-crc64nvme").is_none_or(|sum| sum != CRC64NVME)
        {
            return Err((400, "BadDigest"));
        }
        self.objects.insert(upload.path.clone(), upload);
        self.uploads.remove(id);
        self.completed += 1;
        Ok(Reply::new(
            200,
            format!(
                "<CompleteMultipartUploadResult><ETag>&quot;00112233445566778899aabbccddeeff-9&quot;</ETag>\
                 <ChecksumCRC64NVME>{}</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>\
                 </CompleteMultipartUploadResult>",
                self.crc64nvme
            ),
        ))
    }

    fn abort(&mut self, id: &str) -> Answer {
        self.aborted += 1;
        self.uploads.remove(id).map(|_| Reply::new(204, "")).ok_or((404, "NoSuchUpload"))
    }
}

/// `bytes=first-last`
fn range(text: &str) -> Range<u64> {
    let (first, last) = text.trim_start_matches("bytes=").split_once('-').unwrap();
    first.parse().unwrap()..last.parse::<u64>().unwrap() + 1
}
