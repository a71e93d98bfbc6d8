//! Starts a render, follows it to its end, and prints a link to the file.
//!
//! ```sh
//! RENDERGATE_SERVE_URL=https://… cargo run --example render -- MyVideo '{"title":"Hello"}'
//! ```
//!
//! The settings are the server's (docs/CONFIGURATION.md), read from the environment. Where a program has its own,
//! `Config::from_lookup` takes them from any function from a name to a value.

use std::error::Error;
use std::time::{Duration, Instant};

use rendergate::app::App;
use rendergate::config::Config;
use rendergate::remotion::options::MediaOptions;
use rendergate::remotion::progress::Status;
use rendergate::remotion::values::Codec;
use rendergate::renderer::Order;
use serde_json::value::RawValue;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let composition = arguments.next().ok_or("which composition?")?;
    let input_props = arguments.next().map(RawValue::from_string).transpose()?;

    let renderer = App::new(&Config::from_env()?).await.renderer;
    // `Order::from_json` reads the body of a request in its place.
    let media =
        MediaOptions { composition: Some(composition), codec: Some(Codec::H264), input_props, ..Default::default() };
    let started = renderer.start(&Order { media, ..Default::default() }).await?;
    println!("{}", started.id);

    // The id is all that is needed to go on elsewhere, or later.
    let ticket = renderer.ticket(&started.id)?;
    let view = loop {
        let view = renderer.wait(&ticket, Instant::now() + Duration::from_secs(2)).await?;
        println!("{:.0} %", view.progress.overall_progress * 100.0);
        if view.is_final() {
            break view;
        }
    };
    if view.status != Status::Done {
        let reason = view.progress.errors.first().map(|error| error.message.clone());
        return Err(reason.unwrap_or("the render has failed".to_owned()).into());
    }
    println!("{}", renderer.output(&ticket, Duration::from_secs(900)).await?.url);
    Ok(())
}
