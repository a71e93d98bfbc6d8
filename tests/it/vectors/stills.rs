//! renderStillOnLambda() and getCompositionsOnLambda(), over HTTP.

use super::aws::{BUCKET, requests, script, wide, world};
use super::case::differences;
use super::media::{judged, post};
use super::{Difference, Replay, Subject};
use crate::stack::stream::{begun, complete, rendered};
use crate::stack::{Call, Reply, World};

pub(super) const SUBJECTS: &[Subject] = &[
    Subject { call: "renderStillOnLambda", replay: || over("/v1/stills"), on_purpose: STILLS },
    Subject { call: "getCompositionsOnLambda", replay: || over("/v1/compositions"), on_purpose: COMPOSITIONS },
];

const EARLY: &str = "refused before it costs anything: the function refuses it after it was woken";
const FAILS: &[&str] = &["timeoutInMilliseconds = 5000", "still downloadBehavior is not validated by the client"];
const LEFT_OUT: &str = "no props are empty props: a small order is an order";
const NO_PROPS: &[&str] = &["inputProps missing throws (serializer returns undefined)"];
const THROTTLED: &[&str] = &["invoke error: TooManyRequestsException gets the concurrency text, no retry"];

const STILLS: &[Difference] = &[
    Difference { what: "not sent: lambda InvokeWithResponseStream", why: EARLY, cases: FAILS },
    Difference { what: "400 invalid_field timeoutInMilliseconds", why: EARLY, cases: &[FAILS[0]] },
    Difference { what: "400 invalid_field downloadBehavior", why: "as for a render", cases: &[FAILS[1]] },
    Difference { what: "sent, too: lambda POST", why: LEFT_OUT, cases: NO_PROPS },
    Difference { what: "taken", why: LEFT_OUT, cases: NO_PROPS },
    Difference {
        what: "sent, too: lambda POST",
        why: "a 429 says that nothing ran: tried again, at most twice",
        cases: THROTTLED,
    },
    uploaded("not sent: anonymous-https", "nobody asks without credentials", LARGE_STILL),
    uploaded("s3 PutObject: x-amz-acl", "objects are private without it, and buckets may refuse ACLs", LARGE_STILL),
    uploaded("lambda InvokeWithResponseStream.bucketName", ITS_BUCKET, LARGE_STILL),
];

const LARGE_STILL: &[&str] = &["still just too big"];
const LARGE_LIST: &[&str] = &["big props use the video threshold"];
const ITS_BUCKET: &str = "the function looks for uploaded props in its own bucket: it is told that it is this one";

const fn uploaded(what: &'static str, why: &'static str, cases: &'static [&'static str]) -> Difference {
    Difference { what, why, cases }
}

const NO_VARIABLES: &[&str] = &["envVariables missing throws"];

const COMPOSITIONS: &[Difference] = &[
    Difference { what: "sent, too: lambda POST", why: "no variables are no variables", cases: NO_VARIABLES },
    Difference { what: "taken", why: "no variables are no variables", cases: NO_VARIABLES },
    Difference {
        what: "lambda Invoke.inputProps.payload is \"{}\"",
        why: "null means left out everywhere",
        cases: &["inputProps null"],
    },
    Difference { what: "not sent: lambda Invoke", why: EARLY, cases: &["serveUrl is not validated"] },
    Difference { what: "400 invalid_field serveUrl", why: EARLY, cases: &["serveUrl is not validated"] },
    uploaded("not sent: anonymous-https", "nobody asks without credentials", LARGE_LIST),
    uploaded("s3 PutObject: x-amz-acl", "objects are private without it, and buckets may refuse ACLs", LARGE_LIST),
    uploaded("lambda Invoke.bucketName", ITS_BUCKET, LARGE_LIST),
];

fn over(route: &'static str) -> Replay {
    let world = world();
    let wide = wide(&world);
    let shared = wide.serve();
    Box::new(move |case| {
        let body = case.body().unwrap();
        // A bucket that was found once is remembered.
        let own = (body.len() > 100_000).then(|| wide.serve());
        script(&world, case);
        answer_as_the_function_does(&world);
        let mut answer = post(own.as_ref().unwrap_or(&shared), route, body);
        if route == "/v1/compositions" && answer.status < 400 {
            // A list has no room for what is added later.
            answer.json = answer.json["compositions"].take();
        }
        let mut found = [requests(&world, case), judged(case, &answer)].concat();
        // What was known before the end is in the answer, however it ended.
        let began = answer.status != 400;
        for told in case.callbacks.iter().filter(|_| began).map(|callback| &callback["args"]) {
            found.extend(differences("onInit.renderId", &told["renderId"], &answer.json["renderId"]));
            if answer.status < 400 {
                found.extend(differences("onInit.logs", &told["cloudWatchLogs"], &answer.json["cloudWatchLogs"]));
                let insights = &answer.json["lambdaInsightsLogs"];
                found.extend(differences("onInit.insights", &told["lambdaInsightsUrl"], insights));
            }
        }
        found
    })
}

/// Where the client sent nothing, there is no recorded answer.
fn answer_as_the_function_does(world: &World) {
    let done = Reply::stream([begun("m1yq8x2c0v"), rendered(BUCKET, "m1yq8x2c0v", BUCKET, "k.png", 3), complete(None)]);
    world.aws.fault(usize::MAX, |call| call.path.ends_with("/response-streaming-invocations"), done);
    let is_list = |call: &Call| String::from_utf8_lossy(&call.body).contains("\"compositions\"");
    world.aws.fault(usize::MAX, is_list, Reply::new(200, r#"{"type":"success","compositions":[]}"#));
}
