//! `rendergate events`: what was told of a render, and once more if asked.

use std::process::ExitCode;

use clap::Args as ClapArgs;
use serde_json::json;

use super::{fail, print_json, quiet_log};
use crate::app::App;
use crate::config::Config;
use crate::error::Result;
use crate::renderer::Renderer;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The `id` that ordering it answered.
    id: String,
    /// Send all of them again, with the ids that they had, also those that were taken.
    #[arg(long)]
    replay: bool,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args, config: Config) -> ExitCode {
    quiet_log(&config);
    let renderer = App::new(&config).await.renderer;
    match show(args, &renderer).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, args.json),
    }
}

async fn show(args: &Args, renderer: &Renderer) -> Result<()> {
    let events = if args.replay { renderer.replay(&args.id).await? } else { renderer.events(&args.id).await? };
    if args.json {
        return print_json(&json!({ "events": events }));
    }
    for event in events {
        let why = event.last_error.unwrap_or_default();
        println!("{}\t{}\t{}\t{}\t{why}", event.id, event.r#type, event.status.as_str(), event.attempts);
    }
    Ok(())
}
