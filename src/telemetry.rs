//! Log and metrics.
//!
//! Only our own events are let through below `warn`: the SDK's debug output holds signed requests.

use std::io::{IsTerminal, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For people.
    Text,
}

/// Starts logging: to standard output on Lambda, which keeps it, to standard error elsewhere.
pub fn init(format: LogFormat, level: LevelFilter, on_lambda: bool) {
    let others = level.min(LevelFilter::WARN);
    let filter = Targets::new().with_default(others).with_target("rendergate", level);
    let writer =
        move || -> Box<dyn Write> { if on_lambda { Box::new(std::io::stdout()) } else { Box::new(std::io::stderr()) } };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    // A second call (in tests) keeps the first subscriber.
    let _ = match format {
        LogFormat::Json => {
            registry.with(layer.json().flatten_event(true).with_current_span(false).with_span_list(true)).try_init()
        }
        LogFormat::Text => registry.with(layer.with_ansi(std::io::stderr().is_terminal() && !on_lambda)).try_init(),
    };
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
}

/// How long ago that was, in milliseconds since 1970; nothing for what is to come.
pub fn age(since: u64) -> Duration {
    Duration::from_millis(now_ms().saturating_sub(since))
}

/// Metrics as lines of CloudWatch's embedded metric format on standard output: no call, no agent.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
#[derive(Clone, Copy, Debug)]
pub struct Metrics {
    enabled: bool,
}

/// One value of a metric.
#[derive(Clone, Copy, Debug)]
pub enum Metric {
    /// A render was started; how long that took, ms.
    Started(f64),
    /// A render ended well; its duration, ms.
    Done(f64),
    /// A render failed, timed out or was cancelled.
    Failed,
    /// A file was copied to its destination; how long that took, ms.
    Copied(f64),
    /// A copy was given up.
    CopyFailed,
    /// AWS throttled us until we gave up.
    Throttled,
    /// A receiver has an event.
    EventDelivered,
    /// An event was given up.
    EventFailed,
    /// An order's start was given up because nobody knows whether its render runs.
    StartUnknown,
    /// The functions that renders hold of the budget now.
    Held(f64),
}

impl Metrics {
    /// Prints lines if `enabled`.
    pub const fn new(enabled: bool) -> Self {
        Self { enabled }
    }

    /// Prints one line.
    pub fn put(self, account: &str, metric: Metric) {
        if !self.enabled {
            return;
        }
        let line = line(account, metric, now_ms()).to_string();
        // A metric that can't be written is not worth failing a request for.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

fn line(account: &str, metric: Metric, now: u64) -> Value {
    let values: &[(&str, &str, f64)] = match metric {
        Metric::Started(ms) => &[("RendersStarted", "Count", 1.0), ("StartDuration", "Milliseconds", ms)],
        Metric::Done(ms) => &[("RendersDone", "Count", 1.0), ("RenderDuration", "Milliseconds", ms)],
        Metric::Failed => &[("RendersFailed", "Count", 1.0)],
        Metric::Copied(ms) => &[("Copies", "Count", 1.0), ("CopyDuration", "Milliseconds", ms)],
        Metric::CopyFailed => &[("CopiesFailed", "Count", 1.0)],
        Metric::Throttled => &[("Throttles", "Count", 1.0)],
        Metric::EventDelivered => &[("EventsDelivered", "Count", 1.0)],
        Metric::EventFailed => &[("EventsFailed", "Count", 1.0)],
        Metric::Held(functions) => &[("ConcurrencyHeld", "Count", functions)],
        Metric::StartUnknown => &[("StartsUnknown", "Count", 1.0)],
    };
    let names: Vec<Value> = values.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let directive = json!([{"Namespace": "Rendergate", "Dimensions": [["account"]], "Metrics": names}]);
    let mut line = Map::new();
    line.insert("_aws".into(), json!({"Timestamp": now, "CloudWatchMetrics": directive}));
    line.insert("account".into(), account.into());
    line.extend(values.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value))));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_each_metric_that_it_holds() {
        let line = line("default", Metric::Started(12.5), 1_760_000_000_000);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(line["_aws"]["Timestamp"], 1_760_000_000_000_u64);
        assert_eq!(directive["Dimensions"], json!([["account"]]));
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
        assert_eq!(
            (&line["RendersStarted"], &line["StartDuration"], &line["account"]),
            (&json!(1.0), &json!(12.5), &json!("default"))
        );
    }
}
