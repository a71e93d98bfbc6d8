//! `rendergate list`: the orders that are recorded.

use std::process::ExitCode;

use clap::Args as ClapArgs;

use super::{fail, print_json, quiet_log};
use crate::app::App;
use crate::config::Config;
use crate::error::Result;
use crate::renderer::{Orders, Renderer};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// What this caller has ordered over HTTP [default: what was ordered by command, or by nobody in particular].
    #[arg(long, value_name = "NAME")]
    caller: Option<String>,
    /// How many, up to 100.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Where an earlier list said that it goes on.
    #[arg(long)]
    cursor: Option<String>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args, config: Config) -> ExitCode {
    quiet_log(&config);
    let renderer = App::new(&config).await.renderer;
    match list(args, &renderer).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, args.json),
    }
}

async fn list(args: &Args, renderer: &Renderer) -> Result<()> {
    let named = args.caller.as_ref().map(|caller| renderer.on_behalf_of(caller));
    let orders = named.as_ref().unwrap_or(renderer).orders(args.limit, args.cursor.as_deref()).await?;
    if args.json {
        return print_json(&orders);
    }
    let Orders { renders, next_cursor } = orders;
    for render in renders {
        match (render.status, render.copy) {
            (Some(status), _) => println!("{}\t{status}", render.id),
            (None, Some(copy)) => {
                let status = format!("{:?}", copy.status).to_lowercase();
                println!("{}\t{status}\ts3://{}/{}", render.id, copy.bucket, copy.key);
            }
            (None, None) => println!("{}", render.id),
        }
    }
    if let Some(cursor) = next_cursor {
        eprintln!("More with --cursor {cursor}");
    }
    Ok(())
}
