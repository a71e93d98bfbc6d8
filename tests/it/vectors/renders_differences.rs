//! What is done with renders otherwise than by the official client, on purpose.

use super::Difference;

const NO_STS: &str = "nobody asks who we are: the owner is checked where it is configured";
const NO_ACL: &str = "objects are private without it, and buckets may refuse ACLs";
const ENDED: &[&str] = &["already finished is still written"];
const DENIED: &[&str] = &["write denied is retried"];

pub(super) const CANCEL: &[Difference] = &[
    Difference {
        what: "not sent: sts GetCallerIdentity",
        why: NO_STS,
        cases: &["enabled", "not enabled", ENDED[0], DENIED[0]],
    },
    Difference { what: "s3 PutObject: x-amz-acl", why: NO_ACL, cases: &["enabled", DENIED[0]] },
    Difference { what: "not sent: s3 PutObject", why: "the file would lie there for nothing", cases: ENDED },
    Difference { what: "409 not_cancellable", why: "the file would lie there for nothing", cases: ENDED },
    Difference { what: "not sent: s3 PutObject", why: "a refusal doesn't pass by being repeated", cases: DENIED },
];

const ALL: &[&str] =
    &["normal", "render never got metadata", "custom key in other bucket", "still", "forcePathStyle", "paginated"];
const RUNS: &[&str] =
    &["normal", "render never got metadata", "custom key in other bucket", "forcePathStyle", "paginated"];
const LISTED: &[&str] = &["normal", "custom key in other bucket", "still", "forcePathStyle", "paginated"];
const EARLY: &[&str] = &["render never got metadata"];

pub(super) const DELETE: &[Difference] = &[
    Difference {
        what: "while it runs: 409 render_unfinished",
        why: "its function would write the files again; replayed once it is dead",
        cases: RUNS,
    },
    Difference { what: "not sent: sts GetCallerIdentity", why: NO_STS, cases: ALL },
    Difference {
        what: "s3 ListObjectsV2: query.prefix is \"renders/m1yq8x2c0v/\"",
        why: "without the slash the files of renders go, too, whose ids begin the same",
        cases: LISTED,
    },
    Difference {
        what: "not sent: s3 ListObjectsV2",
        why: "all pages are listed before anything is deleted; nothing is left to look for",
        cases: LISTED,
    },
    Difference { what: "many keys per request", why: "fewer calls, nothing half done for ever", cases: ALL },
    Difference {
        what: "sent, too: s3 GET /remotionlambda-useast1-0a1b2c3d4e?list-type",
        why: "a render without metadata has files, too",
        cases: EARLY,
    },
    Difference {
        what: "deleted, too: /remotionlambda-useast1-0a1b2c3d4e/renders/m1yq8x2c0v/progress.json",
        why: "a render without metadata has files, too",
        cases: EARLY,
    },
    Difference {
        what: "deleted, too: /remotionlambda-useast1-0a1b2c3d4e/renders/m1yq8x2c0v/progress.json",
        why: "it is deleted last of all, listed or not",
        cases: &["paginated"],
    },
    Difference {
        what: "not deleted: /remotionlambda-useast1-0a1b2c3d4e/renders/m1yq8x2c0v/out.",
        why: "in the render's folder only what is listed",
        cases: &["still", "paginated"],
    },
    Difference {
        what: "not deleted: /out-bucket/k.mp4",
        why: "a render that died has written nothing there: it may be an older file",
        cases: &["custom key in other bucket"],
    },
];

const DOWNLOADED: &[&str] = &["normal", "other bucket", "still"];

pub(super) const DOWNLOAD: &[Difference] = &[
    Difference {
        what: "while it runs: render_unfinished",
        why: "the recorded renders have no end: the client fetches what lies there; replayed with an end",
        cases: &["normal", "other bucket"],
    },
    Difference {
        what: "not sent: sts GetCallerIdentity",
        why: NO_STS,
        cases: &["normal", "not finished yet", "other bucket", "still"],
    },
    Difference {
        what: "s3 GetObject: query",
        why: "the request is signed in its headers, not in its address, which may get into logs",
        cases: DOWNLOADED,
    },
    Difference {
        what: "s3 GetObject: x-amz-expected-bucket-owner",
        why: "the owner is a header, for the same reason",
        cases: &["normal", "still"],
    },
    Difference { what: "sent, too: s3 HEAD", why: "whether a still is done is known by its image", cases: &["still"] },
];
