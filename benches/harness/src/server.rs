//! Servers under load. In each round every contender is started anew and sees the same.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::contenders::{self, Contender, EXPRESS, FLOOR, OURS, SERVE_URL};
use crate::load::{Sent, Server};
use crate::options::Options;
use crate::report::Report;
use crate::stats::{Samples, Table, short};
use crate::stub::Stub;

const CONNECTIONS: [usize; 3] = [1, 32, 128];

#[derive(Default)]
struct Level {
    per_second: Samples,
    p99: Samples,
    cpu_us: Samples,
    delayed_per_second: Samples,
    delayed_p99: Samples,
}

#[derive(Default)]
struct Measured {
    levels: [Level; 3],
    peak_start: Samples,
    peak: Samples,
}

/// The order that every program of the bench is given.
pub fn order() -> Sent {
    let body = json!({
        "serveUrl": SERVE_URL, "composition": "Demo", "codec": "h264", "inputProps": { "title": "Grüße, 世界" },
    });
    Sent { method: "POST", path: "/v1/renders".into(), body: body.to_string().into() }
}

pub async fn run(options: &Options, stub: &Stub, report: &mut Report) {
    let rounds = options.pick(3, 1);
    let contenders = contenders::servers(options);
    let mut results: Vec<(Contender, Measured)> =
        contenders.into_iter().map(|contender| (contender, Measured::default())).collect();
    let count = results.len();
    for round in 0..rounds {
        for turn in 0..count {
            let (contender, measured) = &mut results[(round + turn) % count];
            one(options, stub, contender, measured).await;
        }
        eprintln!("bench: servers, round {} of {rounds}", round + 1);
    }
    tell(report, &results, rounds);
}

async fn one(options: &Options, stub: &Stub, contender: &Contender, measured: &mut Measured) {
    let time = Duration::from_millis(options.pick(3000, 500) as u64);
    let environment = contenders::environment(contender, stub);
    let server = Server::spawn(options, contender.name, &contender.command, &environment).await;
    measured.peak_start.push(server.process.peak());
    let order = order();
    // Until Node has compiled what is hot.
    server.load(8, time / 2, &order).await;
    for (level, connections) in measured.levels.iter_mut().zip(CONNECTIONS) {
        let (began, cpu) = (Instant::now(), server.process.cpu());
        let samples = server.load(connections, time, &order).await;
        level.per_second.push(samples.len() as f64 / began.elapsed().as_secs_f64());
        level.p99.push(samples.percentile(0.99));
        level.cpu_us.push((server.process.cpu() - cpu).as_secs_f64() * 1e6 / samples.len() as f64);
    }
    stub.delay(20);
    for (level, connections) in measured.levels.iter_mut().zip(CONNECTIONS) {
        let began = Instant::now();
        let samples = server.load(connections, time / 2, &order).await;
        level.delayed_per_second.push(samples.len() as f64 / began.elapsed().as_secs_f64());
        level.delayed_p99.push(samples.percentile(0.99));
    }
    stub.delay(0);
    measured.peak.push(server.process.peak());
}

fn tell(report: &mut Report, results: &[(Contender, Measured)], rounds: usize) {
    let of = |name: &str| &results.iter().find(|(contender, _)| contender.name == name).expect("a contender").1;
    let mut text = format!("Medians of {rounds} rounds; each request starts a render.\n\n");
    let mut table = Table::new(&[
        "server",
        "connections",
        "requests/s",
        "to bare Invoke",
        "p99 ms",
        "CPU us/request",
        "requests/s, 20 ms",
        "p99, 20 ms",
    ]);
    for (index, connections) in CONNECTIONS.iter().enumerate() {
        for (contender, measured) in results {
            let level = &measured.levels[index];
            table.row([
                contender.name.to_owned(),
                connections.to_string(),
                format!("{:.0}", level.per_second.median()),
                short(level.per_second.median() / of(FLOOR).levels[index].per_second.median()),
                short(level.p99.median()),
                format!("{:.0}", level.cpu_us.median()),
                format!("{:.0}", level.delayed_per_second.median()),
                short(level.delayed_p99.median()),
            ]);
        }
    }
    text.push_str(&table.text());
    let mut table = Table::new(&["server", "peak MiB at the start", "in the end"]);
    for (contender, measured) in results {
        table.row([contender.name.to_owned(), short(measured.peak_start.median()), short(measured.peak.median())]);
    }
    text.push_str(&format!("\n{}", table.text()));
    report.section("Server", text);
    let (ours, floor, express) = (of(OURS), of(FLOOR), of(EXPRESS));
    for index in [1, 2] {
        let connections = CONNECTIONS[index];
        let (ours, floor, express) = (&ours.levels[index], &floor.levels[index], &express.levels[index]);
        let to = |other: &Level| ours.per_second.median() / other.per_second.median();
        report.at_least(&format!("requests/s at {connections} connections, to the bare Invoke's"), to(floor), 0.85, "");
        let cpu = ours.cpu_us.median() / floor.cpu_us.median();
        report.at_most(&format!("CPU per request at {connections} connections, to the bare Invoke's"), cpu, 1.2, "");
        report.at_least(
            &format!("requests/s at {connections} connections, to the guide's Express"),
            to(express),
            15.0,
            "",
        );
    }
    report.at_most("server's peak memory at the start", ours.peak_start.median(), 12.0, "MiB");
    report.at_most("server's peak memory with 128 connections", ours.peak.median(), 32.0, "MiB");
}
