//! `rendergate still`: one image.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;
use serde_json::Value;

use super::exit::End;
use super::render::assemble;
use crate::app::App;
use crate::config::Config;
use crate::error::{Kind, Result};
use crate::renderer::{CopyStatus, Renderer, StillOrder, StillView};

/// What to render. Options that have no flag go into `--order`, by Remotion's names.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Id of the composition.
    composition: Option<String>,
    /// The site: a URL or a site id.
    #[arg(long)]
    serve_url: Option<String>,
    /// The deployed function.
    #[arg(long)]
    function_name: Option<String>,
    /// AWS region of the function.
    #[arg(long)]
    region: Option<String>,
    /// Account, where several are configured.
    #[arg(long)]
    account: Option<String>,
    /// png, jpeg, webp or pdf.
    #[arg(long)]
    image_format: Option<String>,
    /// Which frame, from 0; -1 is the last.
    #[arg(long, allow_negative_numbers = true)]
    frame: Option<i64>,
    /// Input props: JSON, or the path of a JSON file.
    #[arg(long, value_name = "JSON|FILE")]
    props: Option<String>,
    /// Name of the image in the render's folder.
    #[arg(long)]
    out_name: Option<String>,
    /// Where to copy the finished image: s3://bucket/key.
    #[arg(long, value_name = "S3-URL")]
    copy_to: Option<String>,
    /// A JSON file with any options, `-` for standard input; flags win over it.
    #[arg(long, value_name = "FILE")]
    order: Option<PathBuf>,
    /// Print the answer as JSON on standard output.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args, config: Config) -> ExitCode {
    super::quiet_log(&config);
    let app = App::new(&config).await;
    match render(args, &app.renderer).await {
        Ok(end) => end.code().into(),
        Err(error) => {
            let code = super::fail(&error, args.json);
            // What the function says of an order that was fine is how the render ended.
            if error.kind() == Kind::FunctionError { End::RenderFailed.code().into() } else { code }
        }
    }
}

async fn render(args: &Args, renderer: &Renderer) -> Result<End> {
    let order = StillOrder::from_json(args.order()?.to_string().as_bytes())?;
    let view = renderer.still(order, None).await?;
    let copy_failed = view.started.copy.as_ref().is_some_and(|copy| copy.status == CopyStatus::Failed);
    let end = if copy_failed { End::CopyFailed } else { End::Done };
    if args.json {
        super::print_json(&view)?;
    } else {
        tell(&view, end);
    }
    Ok(end)
}

/// The file on standard output, everything else on standard error.
fn tell(view: &StillView, end: End) {
    match (&view.started.copy, &view.image) {
        (Some(copy), _) if end == End::Done => println!("s3://{}/{}", copy.bucket, copy.key),
        (copy, image) => {
            if let Some(error) = copy.as_ref().and_then(|copy| copy.error.as_ref()) {
                let detail = error["detail"].as_str().unwrap_or_default();
                eprintln!("The image is done, its copy failed: {detail}");
            }
            if let Some(image) = image {
                println!("s3://{}/{}", image.out_bucket, image.out_key);
            }
        }
    }
}

impl Args {
    /// The order as a body of `POST /v1/stills`: the file, with the flags over it.
    fn order(&self) -> Result<Value> {
        let flags = [
            ("composition", &self.composition),
            ("serveUrl", &self.serve_url),
            ("functionName", &self.function_name),
            ("region", &self.region),
            ("account", &self.account),
            ("imageFormat", &self.image_format),
            ("outName", &self.out_name),
            ("copyTo", &self.copy_to),
        ];
        let mut order = assemble(self.order.as_ref(), &flags, self.props.as_deref())?;
        if let Some(frame) = self.frame {
            order["frame"] = frame.into();
        }
        Ok(order)
    }
}
