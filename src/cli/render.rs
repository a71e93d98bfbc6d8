//! `rendergate render`: one render from start to file.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args as ClapArgs;
use serde_json::{Map, Value, json};

use super::bar::Bar;
use super::exit::End;
use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::renderer::{CopyView, Order, Renderer, Started, Status, View};

/// How long one look waits for news.
const LOOK: Duration = Duration::from_secs(1);

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
    /// h264, h265, vp8, vp9, mp3, aac, wav, gif or prores.
    #[arg(long)]
    codec: Option<String>,
    /// Input props: JSON, or the path of a JSON file.
    #[arg(long, value_name = "JSON|FILE")]
    props: Option<String>,
    /// Name of the output in the render's folder.
    #[arg(long)]
    out_name: Option<String>,
    /// Where to copy the finished file: s3://bucket/key.
    #[arg(long, value_name = "S3-URL")]
    copy_to: Option<String>,
    /// Where signed events of its end are sent: https://…
    #[arg(long, value_name = "URL")]
    notify: Option<String>,
    /// A JSON file with any options, `-` for standard input; flags win over it.
    #[arg(long, value_name = "FILE")]
    order: Option<PathBuf>,
    /// Print the final answer as JSON on standard output, and no progress.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, config: Config) -> ExitCode {
    super::quiet_log(&config);
    let app = App::new(&config).await;
    match follow(&args, &app.renderer).await {
        Ok(end) => end.code().into(),
        Err(error) => super::fail(&error, args.json),
    }
}

async fn follow(args: &Args, renderer: &Renderer) -> Result<End> {
    let started = renderer.start(&Order::from_json(args.order()?.to_string().as_bytes())?).await?;
    if !args.json {
        eprintln!("{} renders {}", started.function_name, started.id);
    }
    let view = to_the_end(args, renderer, &started).await?;
    if let Some(due) = renderer.tell_once(&renderer.ticket(&started.id)?, Some(&view)).await? {
        tracing::warn!(due, "not all events were taken; `rendergate serve` and the queue go on with them");
    }
    let end = End::of(&view);
    if args.json {
        super::print_json(&view)?;
    } else {
        tell(&view, end);
    }
    Ok(end)
}

async fn to_the_end(args: &Args, renderer: &Renderer, started: &Started) -> Result<View> {
    let ticket = renderer.ticket(&started.id)?;
    let mut bar = Bar::new(args.json);
    let mut furthest: f64 = 0.0;
    loop {
        match renderer.wait(&ticket, Instant::now() + LOOK).await {
            Ok(mut view) => {
                furthest = furthest.max(view.progress.overall_progress);
                view.progress.overall_progress = furthest;
                bar.show(&view);
                if view.is_final() {
                    bar.end();
                    return Ok(view);
                }
            }
            // The render goes on whatever happens to one look.
            Err(error) if error.kind().is_transient() => tokio::time::sleep(LOOK).await,
            Err(error) => {
                bar.end();
                return Err(error);
            }
        }
    }
}

/// The file on standard output, everything else on standard error.
pub(super) fn tell(view: &View, end: End) {
    for error in view.progress.errors.iter().filter(|error| error.is_final()) {
        eprintln!("{}", error.message.lines().next().unwrap_or_default());
    }
    match (end, &view.copy) {
        (End::Done, Some(CopyView { bucket, key, .. })) => println!("s3://{bucket}/{key}"),
        (End::CopyFailed, Some(CopyView { error: Some(error), .. })) => {
            eprintln!("The render is done, its copy failed: {}", error["detail"].as_str().unwrap_or_default());
            print_output(view);
        }
        (End::Done | End::CopyFailed, _) => print_output(view),
        (End::RenderFailed, _) if view.status == Status::Cancelled => eprintln!("The render was cancelled."),
        (End::RenderFailed, _) => eprintln!("The render failed."),
    }
}

fn print_output(view: &View) {
    if let (Some(bucket), Some(key)) = (&view.progress.out_bucket, &view.progress.out_key) {
        println!("s3://{bucket}/{key}");
    }
}

impl Args {
    /// The order as a body of `POST /v1/renders`: the file, with the flags over it.
    fn order(&self) -> Result<Value> {
        let flags = [
            ("composition", &self.composition),
            ("serveUrl", &self.serve_url),
            ("functionName", &self.function_name),
            ("region", &self.region),
            ("account", &self.account),
            ("codec", &self.codec),
            ("outName", &self.out_name),
            ("copyTo", &self.copy_to),
        ];
        let mut order = assemble(self.order.as_ref(), &flags, self.props.as_deref())?;
        if let Some(url) = &self.notify {
            order["notify"] = json!({ "url": url });
        }
        Ok(order)
    }
}

/// An order: the file, with the flags and the props over it.
pub(super) fn assemble(
    file: Option<&PathBuf>,
    flags: &[(&str, &Option<String>)],
    props: Option<&str>,
) -> Result<Value> {
    let mut order = match file {
        None => Map::new(),
        Some(path) => read_object(path)?,
    };
    let given = flags.iter().filter_map(|(name, flag)| Some((*name, flag.as_ref()?)));
    order.extend(given.map(|(name, value)| (name.to_owned(), value.as_str().into())));
    if let Some(props) = props {
        let text = match props.trim_start().starts_with('{') {
            true => props.to_owned(),
            false => read(&PathBuf::from(props))?,
        };
        let props =
            serde_json::from_str(&text).map_err(|_| Error::field("props", "JSON, or the path of a JSON file"))?;
        order.insert("inputProps".into(), props);
    }
    Ok(Value::Object(order))
}

fn read_object(path: &PathBuf) -> Result<Map<String, Value>> {
    serde_json::from_str(&read(path)?)
        .map_err(|_| Error::new(Kind::InvalidJson, format!("{} does not hold a JSON object.", path.display())))
}

fn read(path: &PathBuf) -> Result<String> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| Error::new(Kind::InvalidParameter, format!("{} can't be read: {error}.", path.display())))
}
