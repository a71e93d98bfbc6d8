//! What is listed and deleted otherwise than by the official client, on purpose.

use super::Difference;

const NAMES_TELL: &str = "a function is only woken to ask for its version if its name does not tell it";
const NO_STS: &str = "nobody asks who we are: the owner is checked where it is configured";

pub(super) const FUNCTIONS: &[Difference] = &[
    Difference {
        what: "not sent: lambda Invoke",
        why: NAMES_TELL,
        cases: &["all", "compatible only", "logLevel passed on", "a function whose info call fails gets version null"],
    },
    Difference {
        what: "result[0].version is \"4.0.527\"",
        why: "its name tells the version; it is not asked, so that nothing fails",
        cases: &["a function whose info call fails gets version null"],
    },
];

pub(super) const INFO: &[Difference] = &[Difference {
    what: "not sent: lambda Invoke",
    why: NAMES_TELL,
    cases: &["ok", "logLevel", "no ephemeral storage reported"],
}];

const VERSIONS: &[&str] = &["ok", "logLevel missing", "AWS CRT binary means n/a"];

pub(super) const VERSION: &[Difference] = &[
    Difference { what: "not sent: lambda Invoke", why: NAMES_TELL, cases: VERSIONS },
    Difference { what: "sent, too: lambda GET", why: "the command tells memory and disk, too", cases: VERSIONS },
    Difference {
        what: "result is \"4.0.527\"",
        why: "n/a is what a function of another kind of Lambda says; its name tells the version",
        cases: &["AWS CRT binary means n/a"],
    },
];

pub(super) const SITES: &[Difference] = &[
    Difference {
        what: "not sent: sts GetCallerIdentity",
        why: NO_STS,
        cases: &[
            "two sites",
            "compatible only",
            "unexpected key",
            "forceBucketName of an unprefixed bucket asks location",
            "several buckets are all listed",
            "China serve URL",
            "AccessDenied twice",
        ],
    },
    Difference {
        what: "taken",
        why: "a file that lies beside the sites is passed over: the sites are there all the same",
        cases: &["unexpected key"],
    },
    Difference {
        what: "not sent: s3 ListObjectsV2",
        why: "a refusal is told; nobody tries again without the owner",
        cases: &["AccessDenied twice"],
    },
    configured("not sent: s3 ListBuckets"),
    configured("not sent: s3 GetBucketLocation"),
    configured("result.buckets[0].creationDate is null"),
];

const fn configured(what: &'static str) -> Difference {
    Difference {
        what,
        why: "only Remotion's buckets are looked for; one of another name is configured, and then known",
        cases: &["forceBucketName of an unprefixed bucket asks location"],
    }
}

pub(super) const DELETE_SITE: &[Difference] = &[
    Difference { what: "not sent: sts GetCallerIdentity", why: NO_STS, cases: &["two files", "nothing there"] },
    Difference {
        what: "many keys per request",
        why: "fewer calls, and each key by its owner's bucket",
        cases: &["two files"],
    },
    Difference {
        what: "not sent: s3 ListObjectsV2",
        why: "all pages are listed before anything is deleted; nothing is left to look for",
        cases: &["two files"],
    },
];
