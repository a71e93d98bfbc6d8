//! What AWS would ask for a million triggers, and a million polls, from what was measured.

use crate::cold_warm::{Measured, Results, of};
use crate::contenders::{BUNDLED, OURS};
use crate::report::Report;
use crate::stats::{Table, short};

/// us-east-1, arm64: <https://aws.amazon.com/lambda/pricing/>, <https://aws.amazon.com/s3/pricing/>. USD.
const GB_SECOND: f64 = 0.000_013_333_4;
const MILLION_REQUESTS: f64 = 0.20;
const MILLION_GETS: f64 = 0.40;

/// A function gets as much CPU as it has memory; a whole one with so many MB.
const WHOLE_CPU: f64 = 1769.0;

/// What AWS takes to answer, ms; and Remotion's function, where a poll asks it.
const WAIT: f64 = 20.0;
const REMOTION_MB: f64 = 2048.0;

pub fn run(results: &Results, report: &mut Report) {
    let mut table = Table::new(&[
        "handler",
        "memory MB",
        "ms per trigger",
        "1,000,000 triggers",
        "ms per poll",
        "1,000,000 polls",
        "both",
    ]);
    let mut steps = Vec::new();
    for (name, memory) in [(OURS, 128.0), (OURS, 256.0), (BUNDLED, 256.0), (BUNDLED, 512.0)] {
        let measured: &Measured = of(results, name);
        let (trigger, poll) =
            (billed(measured.cpu_submit.median(), memory), billed(measured.cpu_poll.median(), memory));
        let triggers = price(trigger, memory);
        steps.push(step(name, memory, measured.cpu_submit.median(), trigger));
        // A poll reads progress.json: we do, or Remotion's function does, for a client that invokes it.
        let asked = if name == OURS { 0.0 } else { price(WAIT, REMOTION_MB) };
        let polls = price(poll, memory) + MILLION_GETS + asked;
        table.row([
            name.to_owned(),
            memory.to_string(),
            trigger.to_string(),
            format!("${triggers:.2}"),
            poll.to_string(),
            format!("${polls:.2}"),
            format!("${:.2}", triggers + polls),
        ]);
    }
    let text = format!("{}\n{}", table.text(), steps.join("\n"));
    report.section("Cost", text + "\n");
}

/// The arithmetic of one row.
fn step(name: &str, memory: f64, cpu: f64, trigger: f64) -> String {
    format!(
        "- {name}, {memory} MB, a trigger: {WAIT} ms waiting + {} ms CPU × {WHOLE_CPU} / {memory} = {trigger} ms; \
         1,000,000 × {} s × {} GB × ${GB_SECOND} + ${MILLION_REQUESTS:.2} = ${:.2}.",
        short(cpu),
        trigger / 1000.0,
        memory / 1024.0,
        price(trigger, memory),
    )
}

/// Milliseconds, each begun one counted.
fn billed(cpu: f64, memory: f64) -> f64 {
    (WAIT + cpu * WHOLE_CPU / memory).ceil()
}

/// Of a million, in USD.
fn price(ms: f64, memory: f64) -> f64 {
    MILLION_REQUESTS + ms / 1000.0 * memory / 1024.0 * 1e6 * GB_SECOND
}
