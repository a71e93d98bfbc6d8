//! `rendergate functions rm`, `rendergate sites rm`: whoever types them is asked first, as by Remotion's command.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use clap::Args;
use serde_json::json;

use super::print_json;
use crate::error::{Error, Kind, Result};
use crate::renderer::{Renderer, Which};

/// Where, and whether to ask.
#[derive(Clone, Debug, Args)]
pub(super) struct How {
    /// AWS region.
    #[arg(long)]
    region: Option<String>,
    /// Account, where several are configured [default: the first].
    #[arg(long)]
    account: Option<String>,
    /// Do it without asking.
    #[arg(long, short)]
    yes: bool,
    /// Print the answer as JSON; nobody is asked then, so that it takes --yes.
    #[arg(long)]
    pub(super) json: bool,
}

impl How {
    fn which(&self, bucket: Option<&String>) -> Which {
        Which {
            account: self.account.clone(),
            region: self.region.clone(),
            bucket: bucket.cloned(),
            ..Which::default()
        }
    }

    /// Goes on only if somebody wants it.
    fn confirm(&self, question: &str) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        let refused = |detail: &str| Err(Error::new(Kind::InvalidParameter, detail));
        if self.json || !io::stdin().is_terminal() {
            return refused("Nobody can be asked here whether to delete. Add --yes.");
        }
        eprint!("{question} (y/N) ");
        let mut answer = String::new();
        let read = io::stderr().flush().and_then(|()| io::stdin().lock().read_line(&mut answer));
        match read {
            Ok(_) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => Ok(()),
            _ => refused("Nothing was deleted."),
        }
    }
}

pub(super) async fn functions(names: &[String], how: &How, renderer: &Renderer) -> Result<()> {
    let which = how.which(None);
    for name in names {
        how.confirm(&format!("Delete the function {name}? What it renders breaks off."))?;
        renderer.delete_function(&which, name).await?;
        match how.json {
            true => print_json(&json!({ "functionName": name, "deleted": true }))?,
            false => println!("deleted {name}"),
        }
    }
    Ok(())
}

pub(super) async fn sites(ids: &[String], bucket: Option<&String>, how: &How, renderer: &Renderer) -> Result<()> {
    let which = how.which(bucket);
    for id in ids {
        how.confirm(&format!("Delete the site {id}? Renders that open it fail."))?;
        let deleted = renderer.delete_site(&which, id).await?;
        match (how.json, deleted.total_size_in_bytes) {
            (false, 0) => eprintln!("There is no site {id}; nothing was deleted."),
            (true, bytes) => print_json(&json!({ "siteName": id, "totalSizeInBytes": bytes }))?,
            (false, bytes) => println!("deleted {id}: {bytes} bytes"),
        }
    }
    Ok(())
}
