//! Fetches the output of a finished render: a link that works without credentials, then the file itself.
//!
//! ```sh
//! cargo run --example fetch -- default~us-east-1~remotionlambda-useast1-abcdefghij~m1yq8x2c0v out.mp4
//! ```

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use rendergate::app::App;
use rendergate::config::Config;
use rendergate::remotion::progress;
use rendergate::renderer::Which;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (id, to) = arguments.next().zip(arguments.next()).ok_or("which render, and to which file?")?;

    let renderer = App::new(&Config::from_env()?).await.renderer;
    let ticket = renderer.ticket(&id)?;
    let link = renderer.output(&ticket, Duration::from_secs(900)).await?;
    println!("{} until {}", link.url, link.expires_at);

    // Any other object of the bucket, if it is there.
    let which =
        Which { region: Some(ticket.region.clone()), bucket: Some(ticket.bucket.clone()), ..Default::default() };
    let file = progress::key(&ticket.render_id);
    if let Some(link) = renderer.presign(&which, &file, Duration::from_secs(60), true).await? {
        println!("{}", link.url);
    }

    let downloaded = renderer.download(&ticket, Some(Path::new(&to)), |_, _| {}).await?;
    println!("{}: {} bytes", downloaded.path.display(), downloaded.size_in_bytes);
    Ok(())
}
