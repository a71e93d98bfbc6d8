//! Every recorded call of the official client, replayed: the same input has to lead to the same requests and the
//! same result. `make vectors` prints what came of it.
//!
//! A subject replays the cases of one file and tells what differs. A difference is only fine if it stands in the
//! subject's list, by case, with its reason; a difference that stands there and is not found fails, too.

mod aws;
mod bucket;
mod case;
mod deployed_differences;
mod functions;

mod media;
mod media_differences;
mod names;
mod presign;
mod price;
mod progress;
mod progress_differences;
mod renders;
mod renders_differences;
mod rules;
mod stills;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use case::Case;

use crate::credentials_vectors;

/// Replays a case and tells what differs, in words that are the same each time.
type Replay = Box<dyn FnMut(&Case) -> Vec<String>>;

/// A recorded file, and how it is replayed.
struct Subject {
    /// The file's name, which is that of the call.
    call: &'static str,
    /// Sets the scene once; called in a thread of its own.
    replay: fn() -> Replay,
    on_purpose: &'static [Difference],
}

/// What we do otherwise on purpose.
struct Difference {
    /// How the words begin that tell of it.
    what: &'static str,
    why: &'static str,
    cases: &'static [&'static str],
}

/// Cases that another file replays, in settings of their own: the beginning of their names.
const CREDENTIALS: &str = "credentials: ";

const SUBJECTS: &[&[Subject]] = &[
    bucket::SUBJECTS,
    functions::SUBJECTS,
    renders::SUBJECTS,
    media::SUBJECTS,
    names::SUBJECTS,
    presign::SUBJECTS,
    price::SUBJECTS,
    progress::SUBJECTS,
    rules::SUBJECTS,
    stills::SUBJECTS,
    texts::SUBJECTS,
];

/// What came of a file.
#[derive(Default)]
struct Report {
    passed: usize,
    /// Case and reason.
    on_purpose: Vec<(String, String)>,
    failed: Vec<String>,
}

impl Report {
    fn credentials(&mut self) {
        for (case, result) in credentials_vectors::replay() {
            match result {
                Ok(None) => self.passed += 1,
                Ok(Some(why)) => self.on_purpose.push((case, why.to_owned())),
                Err(what) => self.failed.push(format!("{case}: {what}")),
            }
        }
    }
}

impl Subject {
    fn run(&self) -> Report {
        let mut report = Report::default();
        let cases = Case::all(self.call);
        let known: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        for name in self.on_purpose.iter().flat_map(|listed| listed.cases).filter(|name| !known.contains(*name)) {
            report.failed.push(format!("{name}: listed as different, and there is no such case"));
        }
        let mut replay = (self.replay)();
        for case in &cases {
            if case.name.starts_with(CREDENTIALS) {
                continue;
            }
            let found = catch_unwind(AssertUnwindSafe(|| replay(case))).unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                vec![format!("panicked: {}", text.unwrap_or_default())]
            });
            self.judge(case, found, &mut report);
        }
        if known.iter().any(|name| name.starts_with(CREDENTIALS)) {
            report.credentials();
        }
        report
    }

    fn judge(&self, case: &Case, found: Vec<String>, report: &mut Report) {
        let listed: Vec<&Difference> =
            self.on_purpose.iter().filter(|listed| listed.cases.contains(&case.name.as_str())).collect();
        let unlisted = found.iter().filter(|text| !listed.iter().any(|listed| text.starts_with(listed.what)));
        let mut wrong: Vec<String> = unlisted.cloned().collect();
        let stale = listed.iter().filter(|listed| !found.iter().any(|text| text.starts_with(listed.what)));
        wrong.extend(stale.map(|listed| format!("listed as different, and it is not: {}", listed.what)));
        if !wrong.is_empty() {
            report.failed.push(format!("{}: {}", case.name, wrong.join("\n        ")));
        } else if listed.is_empty() {
            report.passed += 1;
        } else {
            let reasons: Vec<_> = listed.iter().map(|listed| format!("{}: {}", listed.what, listed.why)).collect();
            report.on_purpose.push((case.name.clone(), reasons.join("; ")));
        }
    }
}

#[test]
fn every_recorded_call_is_accounted_for() {
    let subjects: Vec<&Subject> = SUBJECTS.iter().flat_map(|subjects| subjects.iter()).collect();
    let mut missing: BTreeSet<String> = Case::files();
    for subject in &subjects {
        assert!(missing.remove(subject.call), "{} is replayed twice, or there is no such file", subject.call);
    }
    let running: Vec<_> =
        subjects.into_iter().map(|subject| (subject.call, std::thread::spawn(|| subject.run()))).collect();
    let reports: BTreeMap<_, _> = running.into_iter().map(|(call, run)| (call, run.join().unwrap())).collect();
    let (mut passed, mut on_purpose, mut failed) = (0, 0, 0);
    println!("\n{:26}{:>8}{:>22}{:>8}", "", "passed", "different on purpose", "failed");
    for (call, report) in &reports {
        let Report { passed: same, on_purpose: other, failed: wrong } = report;
        println!("{call:26}{same:8}{:22}{:8}", other.len(), wrong.len());
        passed += same;
        on_purpose += other.len();
        failed += wrong.len();
    }
    println!("{:26}{passed:8}{on_purpose:22}{failed:8}\n", "in all");
    for (call, report) in &reports {
        report.on_purpose.iter().for_each(|(case, why)| println!("different on purpose  {call}  {case}  ({why})"));
    }
    for (call, report) in &reports {
        report.failed.iter().for_each(|text| println!("FAILED  {call}  {text}"));
    }
    assert_eq!(failed, 0, "see above");
    assert!(missing.is_empty(), "not replayed: {missing:?}");
    assert_eq!(passed + on_purpose, 602);
}

#[test]
fn only_what_is_listed_and_found_is_fine() {
    const LISTED: &[Difference] = &[Difference { what: "a", why: "because", cases: &["all"] }];
    let subject = |on_purpose| Subject { call: "getRegions", replay: || Box::new(|_| Vec::new()), on_purpose };
    let judged = |on_purpose, found: &[&str]| {
        let (mut report, cases) = (Report::default(), Case::all("getRegions"));
        let found = found.iter().map(|text| (*text).to_owned()).collect();
        subject(on_purpose).judge(&cases[0], found, &mut report);
        (report.passed, report.on_purpose.len(), report.failed.len())
    };
    assert_eq!(judged(&[], &[]), (1, 0, 0));
    assert_eq!(judged(&[], &["a"]), (0, 0, 1), "not listed");
    assert_eq!(judged(LISTED, &["a: more"]), (0, 1, 0));
    assert_eq!(judged(LISTED, &["a", "b"]), (0, 0, 1), "one more than is listed");
    assert_eq!(judged(LISTED, &[]), (0, 0, 1), "a stale excuse");
    let of_no_case = &[Difference { what: "a", why: "because", cases: &["no such case"] }];
    assert_eq!(subject(of_no_case).run().failed.len(), 1);
}
