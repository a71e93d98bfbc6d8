//! What needs no AWS: prices, the progress in a `progress.json`, webhooks. `rendergate::remotion` reads no clock, no
//! network and no environment.
//!
//! ```sh
//! cargo run --example offline -- progress.json
//! ```

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use rendergate::remotion::names::FunctionName;
use rendergate::remotion::price::{Costs, Usage, estimate};
use rendergate::remotion::progress::{Moment, ProgressFile};
use rendergate::remotion::webhook::{self, Notice};

const FUNCTION: &str = "remotion-render-4-0-527-mem2048mb-disk2048mb-120sec";

fn main() -> Result<(), Box<dyn Error>> {
    // A function's name tells its size, and so what ten of it cost in a minute.
    let function = FunctionName::parse(FUNCTION).ok_or("no function of Remotion's")?;
    let usage = Usage {
        memory_mb: function.memory_mb,
        disk_mb: function.disk_mb,
        duration_ms: 10.0 * 60_000.0,
        invocations: 10,
    };
    println!("{}", Costs::new(estimate(&usage, "us-east-1")?, "us-east-1").display_cost);

    // How a render is, from the file that its function writes.
    if let Some(path) = std::env::args().nth(1) {
        let file = ProgressFile::read(&std::fs::read(path)?)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let moment = Moment {
            now_ms: i64::try_from(now.as_millis())?,
            memory_mb: function.memory_mb,
            disk_mb: function.disk_mb,
            timeout_ms: i64::from(function.timeout_seconds) * 1000,
            region: "us-east-1",
            bucket: "remotionlambda-useast1-abcdefghij",
            render_id: "m1yq8x2c0v",
        };
        let progress = file.progress(&moment, None)?;
        println!("{:?} {:.0} %", progress.status(), progress.overall_progress * 100.0);
    }

    // A webhook, as it arrived: verified first, then read.
    let body = br#"{"type":"timeout","renderId":"m1yq8x2c0v","bucketName":"b","customData":null}"#;
    let header = webhook::sign(b"secret", body);
    webhook::verify(b"secret", body, Some(&header))?;
    println!("{:?}", Notice::read(body)?.outcome);
    Ok(())
}
