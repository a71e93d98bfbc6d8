//! Renders one image. Its function streams what it does, so that the id is known before the image is there.
//!
//! ```sh
//! RENDERGATE_SERVE_URL=https://… cargo run --example still -- MyPoster 30
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use rendergate::app::App;
use rendergate::config::Config;
use rendergate::remotion::number::Whole;
use rendergate::remotion::still::{StillImageFormat, StillOptions};
use rendergate::renderer::StillOrder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let still = StillOptions {
        composition: Some(arguments.next().ok_or("which composition?")?),
        frame: arguments.next().map(|frame| frame.parse().map(Whole)).transpose()?,
        image_format: Some(StillImageFormat::Jpeg),
        ..Default::default()
    };

    let renderer = App::new(&Config::from_env()?).await.renderer;
    let order = StillOrder { still, ..Default::default() };
    let view = renderer.still(order, Some(Instant::now() + Duration::from_secs(20))).await?;
    if let Some(image) = view.image {
        println!("{}: {} bytes, {}", image.url, image.size_in_bytes, image.estimated_price.display_cost);
        return Ok(());
    }

    // It takes longer, and goes on as long as this program runs.
    println!("{} renders on", view.started.id);
    let ticket = renderer.ticket(&view.started.id)?;
    let view = renderer.wait(&ticket, Instant::now() + Duration::from_secs(600)).await?;
    println!("{:?} {}", view.status, view.progress.output_file.unwrap_or_default());
    Ok(())
}
