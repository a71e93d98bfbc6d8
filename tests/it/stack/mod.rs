//! The world outside, on loopback: moto behind a proxy, a scripted Lambda, the program.
//!
//! A test builds a [`World`], starts the program in it, and tells a story.

pub(crate) mod actions;
pub(crate) mod answer;
pub(crate) mod http;
pub(crate) mod lambda;
pub(crate) mod large;
pub(crate) mod moto;
pub(crate) mod owner;
pub(crate) mod progress;
pub(crate) mod proxy;
pub(crate) mod queue;
pub(crate) mod receiver;
pub(crate) mod relay;
mod replies;
pub(crate) mod runtime;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod stream;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub(crate) use answer::Answer;
pub(crate) use http::{Call, Reply, basic};
pub(crate) use lambda::FakeLambda;
pub(crate) use large::Large;
pub(crate) use moto::Moto;
pub(crate) use proxy::Proxy;
pub(crate) use runtime::Function;
pub(crate) use server::Server;
pub(crate) use settings::Settings;

pub(crate) const FUNCTION: &str = "remotion-render-4-0-527-mem2048mb-disk2048mb-120sec";
pub(crate) const SITE: &str =
    "https://remotionlambda-useast1-0a1b2c3d4e.s3.us-east-1.amazonaws.com/sites/testbed/index.html";
/// The role's keys. Not a secret, unlike what belongs to it.
pub(crate) const ROLE_KEY: &str = "ASIAROLE000000000001";
pub(crate) const ROLE_SECRET: &str = "role-secret-key-canary";
pub(crate) const ROLE_TOKEN: &str = "role-session-token-canary";
pub(crate) const VIDEO: &[u8] = b"not really a video, but every byte of it has to arrive";

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Recorded data of Remotion 4.0.527, by its path below that folder.
pub(crate) fn fixture(path: &str) -> Value {
    let path = root().join("tests/fixtures/remotion/4.0.527").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Letters and digits that no other test has: `uuid` is at hand, and its hex is enough.
pub(crate) fn random(length: usize) -> String {
    uuid::Uuid::new_v4().simple().to_string()[..length].to_owned()
}

pub(crate) struct World {
    pub(crate) moto: &'static Moto,
    /// All of AWS but Lambda, as the program sees it.
    pub(crate) aws: Proxy,
    pub(crate) lambda: FakeLambda,
    /// Remotion's bucket.
    pub(crate) bucket: String,
    /// The only configured destination.
    pub(crate) videos: String,
    /// Home, records and whatever else has to be a folder.
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(Moto::shared())
    }

    pub(crate) fn on(moto: &'static Moto) -> Self {
        Self::named(moto, &format!("remotionlambda-useast1-{}", random(10)), &format!("videos-{}", random(10)))
    }

    /// With these names for Remotion's bucket and the destination.
    pub(crate) fn named(moto: &'static Moto, bucket: &str, videos: &str) -> Self {
        let (bucket, videos) = (bucket.to_owned(), videos.to_owned());
        moto.create_bucket(&bucket, "us-east-1");
        moto.create_bucket(&videos, "us-east-1");
        let (aws, lambda) = (Proxy::start(&moto.endpoint), FakeLambda::start(moto, &bucket));
        Self { moto, aws, lambda, bucket, videos, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An execution role's keys, one function, one site, one destination: what most tests need.
    pub(crate) fn settings(&self) -> Settings {
        let home = self.folder().display().to_string();
        Settings::default()
            .set("HOME", &home)
            .set("AWS_ACCESS_KEY_ID", ROLE_KEY)
            .set("AWS_SECRET_ACCESS_KEY", ROLE_SECRET)
            .set("AWS_SESSION_TOKEN", ROLE_TOKEN)
            .set("AWS_REGION", "us-east-1")
            .set("AWS_EC2_METADATA_DISABLED", "true")
            .set("AWS_ENDPOINT_URL", &self.aws.endpoint)
            .set("AWS_ENDPOINT_URL_LAMBDA", &self.lambda.endpoint)
            .set("RENDERGATE_FUNCTION_NAME", FUNCTION)
            .set("RENDERGATE_SERVE_URL", SITE)
            .set("RENDERGATE_COMPOSITION", "react-svg")
            .set("RENDERGATE_BUCKET", &self.bucket)
            .set("RENDERGATE_DESTINATIONS", &self.videos)
            .set("RENDERGATE_STATE", format!("file:{home}/state"))
            .set("RENDERGATE_LOG_FORMAT", "json")
            .set("PORT", "0")
    }

    /// The server that most tests need.
    pub(crate) fn serve(&self) -> Server {
        self.settings().serve()
    }

    /// What the program asked of AWS, Lambda first.
    pub(crate) fn aws_calls(&self) -> Vec<Call> {
        [self.lambda.calls(), self.aws.calls()].concat()
    }

    pub(crate) fn forget_calls(&self) {
        self.lambda.forget_calls();
        self.aws.forget_calls();
    }

    /// Starts a render and returns what the caller gets to know.
    pub(crate) fn submit(&self, server: &Server, body: Value) -> Render {
        let answer = server.post("/v1/renders", &body).expect(202);
        let text =
            |member: &str| answer[member].as_str().unwrap_or_else(|| panic!("{member} in {answer:#}")).to_owned();
        Render { id: text("id"), render_id: text("renderId"), answer }
    }

    /// The function writes its progress.
    pub(crate) fn writes(&self, render_id: &str, progress: &Value) {
        self.moto.put_json(&self.bucket, &format!("renders/{render_id}/progress.json"), progress);
    }

    /// The function ends well: output first, then the word of it.
    pub(crate) fn finishes(&self, render_id: &str) {
        let key = format!("renders/{render_id}/out.mp4");
        self.moto.put_object(&self.bucket, &key, &[("content-type", "video/mp4")], VIDEO);
        self.writes(render_id, &progress::done(&self.bucket, render_id));
    }

    /// As `finishes`, with an output of this size that nobody has.
    pub(crate) fn finishes_large(&self, render_id: &str, size: u64) -> Large {
        let large = Large::new(&format!("/{}/renders/{render_id}/out.mp4", self.bucket), size);
        let script = large.clone();
        self.aws.script(move |call| script.answer(call));
        let mut progress = progress::done(&self.bucket, render_id);
        progress["postRenderData"]["outputSize"] = json!(size);
        self.writes(render_id, &progress);
        large
    }
}

/// Whatever a test did: nothing may be asked of AWS that `rendergate policy` doesn't tell of.
impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let seen = [self.aws.actions(), self.lambda.actions()].concat();
            let untold: Vec<_> = seen.iter().filter(|action| !actions::printed().contains(*action)).collect();
            assert!(untold.is_empty(), "called, but not printed by `rendergate policy`: {untold:?}");
        }
    }
}

/// A render as its caller knows it.
pub(crate) struct Render {
    pub(crate) id: String,
    pub(crate) render_id: String,
    pub(crate) answer: Value,
}

impl Render {
    /// `/v1/renders/{id}` and what comes behind it.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/renders/{}{rest}", self.id)
    }
}

/// An order that leaves everything to the settings.
pub(crate) fn minimal() -> Value {
    json!({ "composition": "react-svg" })
}
