//! Prints how Rendergate compares. See ../README.md.

mod cold_warm;
mod contenders;
mod lambda;
mod listing;
mod machine;
mod options;
mod process;
mod report;
mod serve;
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
    if options.wants("cold") || options.wants("warm") {
        cold_warm::run(&options, &stub, &mut report).await;
    }
    let text = report.text(&machine);
    println!("{text}");
    if let Some(file) = &options.write {
        report::write(file, &text);
    }
}
