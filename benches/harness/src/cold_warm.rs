//! Programs on Lambda: from the spawn to the first answer, then warm, and what they hold and ask of AWS.
//! In each round every contender runs once; the rounds begin with another one each.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::contenders::{self, BUNDLED, Contender, FLOOR, OURS};
use crate::lambda::Lambda;
use crate::options::Options;
use crate::report::Report;
use crate::stats::{Samples, Table, ms, short};
use crate::stub::Stub;

#[derive(Default)]
pub struct Measured {
    asked: Samples,
    pub first: Samples,
    cpu: Samples,
    pub submit: Samples,
    pub poll: Samples,
    /// CPU of one warm request, ms.
    pub cpu_submit: Samples,
    pub cpu_poll: Samples,
    /// MiB after the first answer, and in the end.
    peak_first: Samples,
    pub peak: Samples,
    /// What AWS was asked for by so many warm requests of each kind.
    warm: usize,
    per_submit: BTreeMap<&'static str, u64>,
    per_poll: BTreeMap<&'static str, u64>,
}

/// By contender, for one delay of the stub.
pub type Results = Vec<(Contender, Measured)>;

pub fn event(options: &Options, name: &str) -> Bytes {
    std::fs::read(options.root.join("events").join(name)).expect("an event").into()
}

/// The results without a delay, for what is computed from them.
pub async fn run(options: &Options, stub: &Stub, report: &mut Report) -> Results {
    let results = measure(options, stub, 0).await;
    let delayed = measure(options, stub, 20).await;
    if options.wants("cold") {
        cold(report, &results, &delayed);
    }
    if options.wants("warm") {
        warm(report, &results, &delayed);
    }
    results
}

async fn measure(options: &Options, stub: &Stub, delay: u64) -> Results {
    let rounds = options.pick(25, 2);
    let warm = match (options.wants("warm"), delay) {
        (false, _) => 0,
        (true, 0) => options.pick(43, 8),
        (true, _) => options.pick(11, 5),
    };
    let (submit, poll) = (event(options, "http-v2-start.json"), event(options, "http-v2-progress.json"));
    let contenders = contenders::lambdas(options);
    let mut results: Results = contenders.into_iter().map(|contender| (contender, Measured::default())).collect();
    stub.delay(delay);
    let count = results.len();
    for round in 0..rounds {
        for turn in 0..count {
            let (contender, measured) = &mut results[(round + turn) % count];
            one(options, stub, contender, measured, warm, &submit, &poll).await;
        }
        eprint!("\rbench: cold and warm, {delay} ms, round {} of {rounds}", round + 1);
    }
    eprintln!();
    stub.delay(0);
    results
}

async fn one(
    options: &Options,
    stub: &Stub,
    contender: &Contender,
    measured: &mut Measured,
    warm: usize,
    submit: &Bytes,
    poll: &Bytes,
) {
    let mut environment = contenders::environment(contender, stub);
    environment.extend(contenders::on_lambda());
    let mut lambda = Lambda::spawn(contender.name, &options.run("logs"), &contender.command, &environment).await;
    let (asked, first) = lambda.first(submit).await;
    measured.cpu.add(lambda.process.cpu_of_threads());
    measured.peak_first.push(lambda.process.peak());
    measured.asked.add(asked);
    measured.first.add(first);
    measured.warm += warm;
    stub.take_counts();
    let (times, cpu) = several(&mut lambda, submit, warm).await;
    measured.submit.append(times);
    measured.cpu_submit.append(cpu);
    add(&mut measured.per_submit, stub.take_counts());
    if contender.polls {
        let (times, cpu) = several(&mut lambda, poll, warm).await;
        measured.poll.append(times);
        measured.cpu_poll.append(cpu);
    }
    add(&mut measured.per_poll, stub.take_counts());
    measured.peak.push(lambda.process.peak());
}

/// Their times, and the CPU of one. The first few still fill caches, and would be the whole p99.
async fn several(lambda: &mut Lambda, event: &Bytes, warm: usize) -> (Samples, Samples) {
    const FEW: usize = 3;
    let (mut times, mut cpu) = (Samples::default(), Samples::default());
    let mut before = lambda.process.cpu_of_threads();
    for index in 0..warm {
        let time = lambda.invoke(event).await;
        if index >= FEW {
            times.add(time);
        } else {
            before = lambda.process.cpu_of_threads();
        }
    }
    if warm > FEW {
        cpu.push(ms(lambda.process.cpu_of_threads() - before) / (warm - FEW) as f64);
    }
    (times, cpu)
}

fn add(sums: &mut BTreeMap<&'static str, u64>, counts: BTreeMap<&'static str, u64>) {
    for (kind, count) in counts {
        *sums.entry(kind).or_default() += count;
    }
}

pub fn of<'a>(results: &'a Results, name: &str) -> &'a Measured {
    &results.iter().find(|(contender, _)| contender.name == name).expect("a contender").1
}

fn cold(report: &mut Report, results: &Results, delayed: &Results) {
    let mut table = Table::new(&[
        "program",
        "to first event",
        "to first answer",
        "p99",
        "to bare Invoke",
        "with 20 ms",
        "CPU",
        "peak MiB",
    ]);
    let floor = of(results, FLOOR).first.median();
    for (contender, measured) in results {
        table.row([
            contender.name.to_owned(),
            short(measured.asked.median()),
            short(measured.first.median()),
            short(measured.first.percentile(0.99)),
            short(measured.first.median() / floor),
            short(of(delayed, contender.name).first.median()),
            short(measured.cpu.median()),
            short(measured.peak_first.median()),
        ]);
    }
    let rounds = of(results, OURS).first.len();
    let text = format!("Medians of {rounds} rounds, ms; one render started.\n\n{}", table.text());
    report.section("Cold start on Lambda", text);
    let ours = of(results, OURS);
    let bundled = of(results, BUNDLED).first.median();
    report.at_most("cold start, to the bare Invoke's", ours.first.median() / floor, 0.55, "");
    report.at_least("cold start, bundled Node's to ours", bundled / ours.first.median(), 45.0, "");
}

fn warm(report: &mut Report, results: &Results, delayed: &Results) {
    let mut table = Table::new(&[
        "program",
        "submit p50",
        "p99",
        "p50 to bare Invoke",
        "CPU",
        "p50, 20 ms",
        "poll p50",
        "p99",
        "p50, 20 ms",
        "AWS per submit",
        "AWS per poll",
        "peak MiB",
    ]);
    let floor = of(results, FLOOR);
    for (contender, measured) in results {
        let later = of(delayed, contender.name);
        table.row([
            contender.name.to_owned(),
            short(measured.submit.median()),
            short(measured.submit.percentile(0.99)),
            short(measured.submit.median() / floor.submit.median()),
            short(measured.cpu_submit.median()),
            short(later.submit.median()),
            short(measured.poll.median()),
            short(measured.poll.percentile(0.99)),
            short(later.poll.median()),
            each(&measured.per_submit, measured.warm),
            each(&measured.per_poll, measured.warm),
            short(measured.peak.max()),
        ]);
    }
    let ours = of(results, OURS);
    let text = format!("{} submits and as many polls each, one at a time, ms.\n\n{}", ours.submit.len(), table.text());
    report.section("Warm on Lambda", text);
    report.at_most("warm p50, to the bare Invoke's", ours.submit.median() / floor.submit.median(), 1.2, "");
    let tail = ours.submit.percentile(0.99) - floor.submit.percentile(0.99);
    report.at_most("warm p99, above the bare Invoke's", tail, 1.5, "ms");
    report.at_most("peak memory on Lambda", ours.peak.max(), 12.0, "MiB");
    let asked = |counts: &BTreeMap<_, u64>, kind: &str| counts.get(kind).copied().unwrap_or(0) as f64;
    let count = ours.warm as f64;
    let sum = |counts: &BTreeMap<_, u64>| counts.values().sum::<u64>() as f64;
    report.at_most("AWS requests per submit", sum(&ours.per_submit) / count, 1.0, "");
    report.at_most("S3 reads per poll", asked(&ours.per_poll, "GetObject") / count, 1.0, "");
    report.at_most(
        "other AWS requests per poll",
        (sum(&ours.per_poll) - asked(&ours.per_poll, "GetObject")) / count,
        0.0,
        "",
    );
    report.at_most("poll p50", ours.poll.median(), 0.8, "ms");
}

/// AWS requests per request.
fn each(counts: &BTreeMap<&'static str, u64>, requests: usize) -> String {
    let kinds = counts.iter().map(|(kind, count)| format!("{} {kind}", *count as f64 / requests as f64));
    if counts.is_empty() { "-".into() } else { kinds.collect::<Vec<_>>().join(", ") }
}
