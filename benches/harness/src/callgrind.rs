//! Instructions, which don't depend on what else the machine does. Node and Python compile or interpret: not counted.

use bytes::Bytes;

use crate::cold_warm::event;
use crate::contenders::{self, Contender, FLOOR, OURS};
use crate::lambda::Lambda;
use crate::options::Options;
use crate::report::Report;
use crate::stats::Table;
use crate::stub::Stub;

pub async fn run(options: &Options, stub: &Stub, report: &mut Report) {
    let (few, many) = (10, options.pick(110, 20));
    let (submit, poll) = (event(options, "http-v2-start.json"), event(options, "http-v2-progress.json"));
    let mut table = Table::new(&["program", "to the first answer", "per submit", "per poll"]);
    let millions = |count: f64| format!("{:.2} M", count / 1e6);
    for contender in contenders::lambdas(options).iter().filter(|contender| [OURS, FLOOR].contains(&contender.name)) {
        let first = count(options, stub, contender, &[(&submit, 1)]).await;
        let some = count(options, stub, contender, &[(&submit, few)]).await;
        let more = count(options, stub, contender, &[(&submit, many)]).await;
        let polls = if contender.polls {
            let some = count(options, stub, contender, &[(&submit, 1), (&poll, few)]).await;
            let more = count(options, stub, contender, &[(&submit, 1), (&poll, many)]).await;
            millions((more - some) / (many - few) as f64)
        } else {
            "-".into()
        };
        table.row([contender.name.to_owned(), millions(first), millions((more - some) / (many - few) as f64), polls]);
        eprintln!("bench: callgrind, {}", contender.name);
    }
    report.section("Instructions", format!("Counted by callgrind.\n\n{}", table.text()));
}

/// Of a whole life with these events.
async fn count(options: &Options, stub: &Stub, contender: &Contender, events: &[(&Bytes, usize)]) -> f64 {
    let logs = options.run("logs");
    let name = format!("callgrind {}", contender.name);
    let mut environment = contenders::environment(contender, stub);
    environment.extend(contenders::on_lambda());
    let valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"].map(str::to_owned);
    let command = [&valgrind[..], &contender.command[..]].concat();
    let mut lambda = Lambda::spawn(&name, &logs, &command, &environment).await;
    let mut first = true;
    for (event, times) in events {
        for _ in 0..*times {
            if std::mem::take(&mut first) {
                lambda.first(event).await;
            } else {
                lambda.invoke(event).await;
            }
        }
    }
    lambda.process.end();
    let log = std::fs::read_to_string(logs.join(format!("{}.log", name.replace(' ', "-")))).expect("valgrind's log");
    let line = log.lines().find_map(|line| line.split_once("Collected : "));
    line.and_then(|(_, count)| count.trim().parse().ok()).unwrap_or_else(|| panic!("callgrind counted nothing: {log}"))
}
