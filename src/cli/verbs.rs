//! What can be done with a render that was started: `status`, `output`, `download`, `cancel`, `delete`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args as ClapArgs, Subcommand, value_parser};
use serde_json::json;

use super::bar::Bar;
use super::exit::End;
use super::{print_json, render};
use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::renderer::{Downloaded, Renderer, Status, Ticket};

/// Which render, and how to answer.
#[derive(Debug, ClapArgs)]
pub(super) struct About {
    /// The `id` that starting it answered, or Remotion's own render id where RENDERGATE_BUCKET is set.
    id: String,
    /// Print the answer as JSON on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Tell how a render is; if it is done and its copy is due, make it.
    Status {
        #[command(flatten)]
        about: About,
        /// Ask the configured function, by one invocation, instead of reading the bucket.
        #[arg(long)]
        invoke: bool,
    },
    /// Print a link to the output that works without credentials.
    Output {
        #[command(flatten)]
        about: About,
        /// How long the link works; at most an hour with temporary credentials.
        #[arg(long, value_name = "SECONDS", default_value = "900", value_parser = value_parser!(u64).range(1..=604_800))]
        expires_in: u64,
    },
    /// Download the output.
    Download {
        #[command(flatten)]
        about: About,
        /// The file or folder to write to [default: the output's name, in the current folder].
        path: Option<PathBuf>,
    },
    /// Cancel a render that was started with `enableCancellation`.
    Cancel {
        #[command(flatten)]
        about: About,
    },
    /// Delete the files and the output of a render that has ended; a copy stays.
    Delete {
        #[command(flatten)]
        about: About,
    },
}

impl Verb {
    fn about(&self) -> &About {
        match self {
            Self::Status { about, .. }
            | Self::Output { about, .. }
            | Self::Download { about, .. }
            | Self::Cancel { about }
            | Self::Delete { about } => about,
        }
    }
}

pub(super) async fn run(verb: &Verb, config: Config) -> ExitCode {
    super::quiet_log(&config);
    let app = App::new(&config).await;
    match act(verb, &app.renderer).await {
        Ok(end) => end.code().into(),
        Err(error) => super::fail(&error, verb.about().json),
    }
}

async fn act(verb: &Verb, renderer: &Renderer) -> Result<End> {
    let About { id, json } = verb.about();
    let render = async || renderer.find_render(id).await;
    match verb {
        Verb::Status { invoke, .. } => return status(renderer, &render().await?, *invoke, *json).await,
        Verb::Output { expires_in, .. } => {
            let link = renderer.output(&render().await?, Duration::from_secs(*expires_in)).await?;
            match json {
                true => print_json(&json!({"url": link.url, "expiresAt": link.expires_at}))?,
                false => println!("{}", link.url),
            }
        }
        Verb::Download { path, .. } => {
            let downloaded = download(renderer, &render().await?, path.as_deref(), *json).await?;
            match json {
                true => print_json(&downloaded)?,
                false => println!("{}", downloaded.path.display()),
            }
        }
        Verb::Cancel { .. } => {
            let cancelling = renderer.cancel_by_id(id).await?;
            match json {
                true => print_json(&cancelling)?,
                false if cancelling.status.is_final() => eprintln!("The order was cancelled before it was started."),
                false => eprintln!("The render was told to stop. Its status is `cancelled` some seconds later."),
            }
        }
        Verb::Delete { .. } => {
            let deleted = renderer.delete_by_id(id).await?;
            match json {
                true => print_json(&deleted)?,
                false => eprintln!("{} bytes were freed.", deleted.freed_bytes),
            }
            if let (false, Some(kept)) = (json, &deleted.output_kept) {
                eprintln!("The output stays at {kept}: there are no keys to that cloud here.");
            }
        }
    }
    Ok(End::Done)
}

async fn status(renderer: &Renderer, ticket: &Ticket, invoke: bool, json: bool) -> Result<End> {
    let view = match invoke {
        true => renderer.progress_by_function(ticket, None).await?,
        false => renderer.progress(ticket).await?,
    };
    let end = End::of(&view);
    if json {
        print_json(&view)?;
    } else if view.status == Status::Rendering {
        println!("rendering {:.0}%", view.progress.overall_progress * 100.0);
    } else {
        render::tell(&view, end);
    }
    Ok(end)
}

/// Ctrl-C ends it here, not the process, so that no half a file is left.
async fn download(renderer: &Renderer, ticket: &Ticket, path: Option<&Path>, json: bool) -> Result<Downloaded> {
    let mut bar = Bar::new(json);
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let seen = |so_far: u64, size: u64| {
        let percent = if size == 0 { 100.0 } else { so_far as f64 / size as f64 * 100.0 };
        bar.set(percent, format!("of {:.1} MB", size as f64 / 1e6));
    };
    let downloaded = tokio::select! {
        downloaded = renderer.download(ticket, path, seen) => downloaded,
        _ = tokio::signal::ctrl_c() => Err(Error::new(Kind::Timeout, "The download was broken off.")),
    };
    bar.end();
    downloaded
}
