//! What starts otherwise than with the official client, on purpose.

use super::Difference;
use super::texts::NO_JSON;

/// Props that are uploaded: to the only bucket there is.
const UPLOADED: &[&str] = &[
    "env variables count towards the limit",
    "length is UTF-16 units: astral counts 2",
    "big with dates and nesting",
    "big, region eu-central-1",
    "big, bucket with underivable region asks GetBucketLocation (null = us-east-1)",
    "big, bucket with underivable region in other region",
    "big, bucket name with unknown region word asks location",
    "big, listing check network error ignored",
    "big, China region",
];

/// Props that are too large for us and not for the client.
const LARGER: &[&str] = &["just inline: 193974 + 2", "length is UTF-16 units: 2-byte chars stay inline"];

/// There is no bucket to upload to.
const NO_BUCKET: &[&str] = &[
    "big, no buckets at all, us-east-1",
    "big, no buckets, privacy no-acl still sets the bucket ACL",
    "big, China region, creates bucket with aws-cn policy",
];

const ASKS_FOR_A_REGION: &[&str] = &[
    "big, bucket with underivable region asks GetBucketLocation (null = us-east-1)",
    "big, bucket with underivable region in other region",
    "big, bucket name with unknown region word asks location",
];

/// The function refuses these, after they cost money.
const FAILS: &[&str] = &[
    "pixelFormat = \"yuva420p\"",
    "proResProfile = \"4444\"",
    "proResProfile = \"hq\"",
    "numberOfGifLoops = 3",
    "encodingMaxRate = \"2M\"",
    "deleteAfter = \"2-days\"",
    "outName string bad chars is not checked by the client",
    "outName wrong extension is not checked by the client",
    "framesPerLambda and concurrency both (not checked by client)",
    "unknown option dropped",
];

const BEFORE_IT_COSTS: &str = "refused before it costs anything";

const fn refused(what: &'static str, cases: &'static [&'static str]) -> Difference {
    Difference { what, why: BEFORE_IT_COSTS, cases }
}

pub(super) const ON_PURPOSE: &[Difference] = &[
    Difference { what: "no JSON", why: NO_JSON, cases: &["inputProps invalid date", "inputProps circular"] },
    Difference { what: "taken", why: "the configuration has a default", cases: &["codec missing"] },
    Difference { what: "sent, too: lambda POST", why: "the configuration has a default", cases: &["codec missing"] },
    // Orders that can't work.
    refused("not sent: lambda Invoke", FAILS),
    refused("400 invalid_field pixelFormat", &["pixelFormat = \"yuva420p\""]),
    refused("400 invalid_field proResProfile", &["proResProfile = \"4444\"", "proResProfile = \"hq\""]),
    refused("400 invalid_field numberOfGifLoops", &["numberOfGifLoops = 3"]),
    refused("400 invalid_field encodingMaxRate", &["encodingMaxRate = \"2M\""]),
    refused("400 invalid_field deleteAfter", &["deleteAfter = \"2-days\""]),
    refused(
        "400 invalid_field outName",
        &[
            "outName string bad chars is not checked by the client",
            "outName wrong extension is not checked by the client",
        ],
    ),
    refused("400 invalid_field framesPerLambda", &["framesPerLambda and concurrency both (not checked by client)"]),
    Difference {
        what: "400 invalid_field foo",
        why: "a misspelt option is no option: the nearest known name is told",
        cases: &["unknown option dropped"],
    },
    // Large props.
    Difference {
        what: "lambda Invoke: payload.sha256",
        why: "the bytes of the escaped text are counted, which is what AWS limits: uploaded",
        cases: LARGER,
    },
    Difference { what: "lambda Invoke.inputProps.bucketName", why: "uploaded", cases: LARGER },
    Difference { what: "lambda Invoke.inputProps.hash", why: "uploaded", cases: LARGER },
    Difference { what: "lambda Invoke.inputProps.type", why: "uploaded", cases: LARGER },
    Difference { what: "lambda Invoke.bucketName", why: "uploaded", cases: LARGER },
    Difference { what: "sent, too: s3 GET", why: "uploaded: the bucket is found", cases: LARGER },
    Difference { what: "sent, too: s3 PUT", why: "uploaded", cases: LARGER },
    Difference {
        what: "lambda Invoke.bucketName",
        why: "the function looks for uploaded props in its own bucket: it is told that it is this one",
        cases: UPLOADED,
    },
    Difference {
        what: "not sent: anonymous-https",
        why: "nobody asks without credentials whether a bucket can be listed: a start makes no call that it doesn't need",
        cases: UPLOADED,
    },
    Difference {
        what: "s3 PutObject: x-amz-acl",
        why: "objects are private without it, and buckets may refuse ACLs",
        cases: UPLOADED,
    },
    Difference {
        what: "s3 PutObject: x-amz-acl",
        why: "objects are private without it, and buckets may refuse ACLs",
        cases: &[
            "big with forceBucketName and forcePathStyle (path style is not applied)",
            "big, PutObject denied once then ok",
        ],
    },
    Difference { what: "not sent: s3 GetBucketLocation", why: "HeadBucket tells the same", cases: ASKS_FOR_A_REGION },
    Difference { what: "sent, too: s3 HEAD", why: "in place of GetBucketLocation", cases: ASKS_FOR_A_REGION },
    Difference { what: "not sent: s3", why: NOTHING_IS_CREATED, cases: NO_BUCKET },
    Difference { what: "not sent: lambda Invoke", why: NOTHING_IS_CREATED, cases: NO_BUCKET },
    Difference { what: "400 missing_field forceBucketName", why: NOTHING_IS_CREATED, cases: NO_BUCKET },
    Difference { what: "not sent: s3", why: NOTHING_IS_CREATED, cases: BUCKET_REFUSED },
    Difference {
        what: "not sent: s3 PutObject",
        why: "a refusal doesn't pass by being repeated",
        cases: &["big, PutObject denied once then ok"],
    },
    Difference {
        what: "not sent: lambda Invoke",
        why: "a refusal doesn't pass by being repeated",
        cases: &["big, PutObject denied once then ok"],
    },
    Difference {
        what: "502 aws_access_denied",
        why: "a refusal doesn't pass by being repeated",
        cases: &["big, PutObject denied once then ok"],
    },
    // Answers of Lambda.
    Difference {
        what: "sent, too: lambda POST",
        why: "a 429 says that nothing ran: tried again, at most twice",
        cases: &["invoke error: TooManyRequestsException 429 (not retried)"],
    },
    Difference {
        what: "502 unreadable_answer",
        why: "an answer without `type: success` and with ids of another form is no Remotion function's",
        cases: &["invoke error: 200 without type"],
    },
];

const BUCKET_REFUSED: &[&str] =
    &["big, no buckets, ownership controls refused", "big, no buckets, public access block refused"];

const NOTHING_IS_CREATED: &str =
    "a caller's order makes no bucket that the world can read: `rendergate bucket` does, for who may";
