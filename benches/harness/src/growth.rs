//! How time and memory of `rendergate serve` grow with what it is given.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::contenders::{self, Contender, SERVE_URL};
use crate::listing;
use crate::load::{Sent, Server};
use crate::options::Options;
use crate::report::Report;
use crate::server::order;
use crate::stats::{Table, ms, short};
use crate::stub::{BUCKET, FUNCTION, Stub};

/// SHA-256 of nothing: the list of who calls without credentials.
const NOBODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The exponent 1, and a bit for what else the machine does.
const LINEAR: f64 = 1.1;

struct Growth<'a> {
    options: &'a Options,
    stub: &'a Stub,
    rounds: usize,
    table: Table,
    curves: Vec<Curve>,
}

struct Curve {
    what: &'static str,
    /// The last point.
    size: f64,
    time: f64,
    /// Of the last step: time grows with this power of the size, so that 1 is linear.
    exponent: f64,
}

pub async fn run(options: &Options, stub: &Stub, report: &mut Report) {
    let table = Table::new(&["what grows", "to", "p50 ms", "p99 ms", "peak MiB", "above the start"]);
    let mut growth = Growth { options, stub, rounds: options.pick(30, 4), table, curves: Vec::new() };
    growth.props().await;
    growth.batch().await;
    growth.accounts().await;
    growth.list_in_s3().await;
    growth.list_in_folder().await;
    let Growth { table, curves, rounds, .. } = growth;
    let text = format!(
        "`rendergate serve`, one request at a time, {rounds} of each; the stub answers at once.\n\n{}",
        table.text()
    );
    report.section("Growth", text);
    for Curve { what, exponent, .. } in curves {
        report.at_most(&format!("growth with {what}: exponent of the last step"), exponent, LINEAR, "");
    }
}

impl Growth<'_> {
    async fn server(&self, settings: &[(String, String)]) -> Server {
        let command = vec![self.options.server.to_string_lossy().into_owned(), "serve".into()];
        let own = [
            ("RENDERGATE_FUNCTION_NAME", FUNCTION.to_owned()),
            ("RENDERGATE_STATE", format!("file:{}", self.options.run("state").display())),
        ];
        let mut settings = settings.to_vec();
        for (name, value) in own {
            if settings.iter().all(|(set, _)| set != name) {
                settings.push((name.to_owned(), value));
            }
        }
        let contender = Contender { name: "growth", command, settings, polls: true };
        let environment = contenders::environment(&contender, self.stub);
        Server::spawn(self.options, contender.name, &contender.command, &environment).await
    }

    /// `size` in the unit of what grows.
    async fn measure(&mut self, what: &'static str, size: f64, label: String, server: &Server, sent: &Sent) {
        // Whatever the first request sets up.
        server.sequence(3, sent).await;
        server.process.forget_peak();
        let before = server.process.peak();
        let samples = server.sequence(self.rounds, sent).await;
        let numbers = [samples.median(), samples.percentile(0.99), server.process.peak(), before];
        self.row(what, size, &label, numbers);
    }

    /// `numbers`: p50, p99, peak, and the peak before.
    fn row(&mut self, what: &'static str, size: f64, label: &str, numbers: [f64; 4]) {
        let [p50, p99, peak, before] = numbers;
        let cells = [what.to_owned(), label.to_owned(), short(p50), short(p99), short(peak), short(peak - before)];
        self.table.row(cells);
        match self.curves.iter_mut().find(|curve| curve.what == what) {
            Some(curve) => {
                curve.exponent = (p50 / curve.time).ln() / (size / curve.size).ln();
                (curve.size, curve.time) = (size, p50);
            }
            None => self.curves.push(Curve { what, size, time: p50, exponent: 0.0 }),
        }
        eprint!("\rbench: growth with {what}, {size}        ");
    }

    async fn props(&mut self) {
        let server = self.server(&[("RENDERGATE_BUCKET".into(), BUCKET.into())]).await;
        for kilobytes in [1, 10, 100, 1000, 5000] {
            let text = "abcdefghij".repeat(kilobytes * 100);
            let body = json!({
                "serveUrl": SERVE_URL, "composition": "Demo", "codec": "h264", "inputProps": { "text": text },
            });
            let sent = Sent { method: "POST", path: "/v1/renders".into(), body: body.to_string().into() };
            self.measure("props", kilobytes as f64, format!("{kilobytes} KB"), &server, &sent).await;
        }
    }

    async fn batch(&mut self) {
        let server = self.server(&[]).await;
        let one = String::from_utf8(order().body.to_vec()).expect("text");
        for orders in [1, 10, 100] {
            let body = format!("{{\"orders\":[{}]}}", vec![one.clone(); orders].join(","));
            let sent = Sent { method: "POST", path: "/v1/renders/batch".into(), body: body.into() };
            self.measure("a batch", orders as f64, format!("{orders} orders"), &server, &sent).await;
        }
    }

    /// Each account has keys, and so clients, of its own; all are used. Their start, then a request.
    async fn accounts(&mut self) {
        let mut requests = Vec::new();
        for accounts in [1, 10, 100] {
            let mut settings = vec![("RENDERGATE_ACCOUNT_POLICY".to_owned(), "round-robin".to_owned())];
            for number in 1..=accounts {
                settings.push((format!("AWS_KEY_{number}"), format!("AKIABENCH{number}")));
                settings.push((format!("AWS_SECRET_{number}"), "bench".to_owned()));
            }
            let server = self.server(&settings).await;
            let (start, peak) = (ms(server.start), server.process.peak());
            let label = format!("{accounts} accounts");
            self.row("accounts, start", accounts as f64, &label, [start, start, peak, 0.0]);
            server.sequence(accounts, &order()).await;
            let samples = server.sequence(self.rounds.max(accounts), &order()).await;
            let numbers = [samples.median(), samples.percentile(0.99), server.process.peak(), peak];
            requests.push((accounts as f64, label, numbers));
        }
        for (accounts, label, numbers) in requests {
            self.row("accounts, request", accounts, &label, numbers);
        }
    }

    fn page() -> Sent {
        Sent { method: "GET", path: "/v1/renders".into(), body: Bytes::new() }
    }

    async fn list_in_s3(&mut self) {
        let server = self.server(&[("RENDERGATE_STATE".into(), "s3://state".into())]).await;
        for orders in [100_u32, 1000, 10_000, 100_000] {
            self.stub.orders(orders.into());
            self.measure("the list, in S3", orders.into(), format!("{orders} renders"), &server, &Self::page()).await;
        }
        self.stub.orders(0);
    }

    async fn list_in_folder(&mut self) {
        let state = self.options.run("state-list");
        fs::remove_dir_all(&state).ok();
        let folder = state.join("list").join(NOBODY);
        fs::create_dir_all(&folder).expect("a folder");
        let server = self.server(&[("RENDERGATE_STATE".into(), format!("file:{}", state.display()))]).await;
        let mut from = 0;
        for orders in [100_u32, 1000, 10_000, 100_000] {
            (from..orders).for_each(|index| entry(&folder, index));
            from = orders;
            // Until the kernel has written what is new.
            tokio::time::sleep(Duration::from_millis(500)).await;
            self.measure("the list, in a folder", orders.into(), format!("{orders} renders"), &server, &Self::page())
                .await;
        }
        drop(server);
        fs::remove_dir_all(&state).ok();
    }
}

fn entry(folder: &Path, index: u32) {
    fs::write(folder.join(format!("{}.json", listing::name(index.into()))), "{}").expect("an entry");
}
