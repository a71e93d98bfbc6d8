//! Prints how Rendergate compares. See ../README.md.

#![allow(clippy::disallowed_methods, reason = "the rule is the product's: there only config reads the environment")]

mod callgrind;
mod cold_warm;
mod contenders;
mod copy;
mod cost;
mod growth;
mod lambda;
mod listing;
mod load;
mod machine;
mod options;
mod process;
mod report;
mod serve;
mod server;
mod size;
mod stats;
mod stub;

use options::Options;
use report::Report;
use stub::Stub;

#[tokio::main]
async fn main() {
    let options = Options::parse();
    std::fs::create_dir_all(options.run("logs")).expect("a folder for logs");
    let machine = machine::describe(&options.root);
    println!("{machine}\n");
    let stub = Stub::start().await;
    let mut report = Report::default();
    if options.wants("size") {
        size::run(&options, &mut report);
    }
    if options.wants("cold") || options.wants("warm") {
        let results = cold_warm::run(&options, &stub, &mut report).await;
        if options.wants("warm") {
            cost::run(&results, &mut report);
        }
    }
    if options.wants("callgrind") {
        callgrind::run(&options, &stub, &mut report).await;
    }
    if options.wants("server") {
        server::run(&options, &stub, &mut report).await;
    }
    if options.wants("growth") {
        growth::run(&options, &stub, &mut report).await;
    }
    if options.wants("copy") {
        copy::run(&options, &mut report);
    }
    let text = report.text(&machine);
    println!("{text}");
    if let Some(file) = &options.write {
        report::write(file, &text);
    }
}
