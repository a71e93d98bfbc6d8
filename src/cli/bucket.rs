//! `rendergate bucket`: Remotion's bucket, found or created.

use std::process::ExitCode;

use clap::Args as ClapArgs;

use super::{fail, print_json};
use crate::app::App;
use crate::config::Config;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// AWS region [default: the configured one].
    #[arg(long)]
    region: Option<String>,
    /// Account, where several are configured [default: the first].
    #[arg(long)]
    account: Option<String>,
    /// Have S3 delete renders that were started with `deleteAfter`, or stop that. Replaces all lifecycle rules.
    #[arg(long, value_name = "true|false")]
    folder_expiry: Option<bool>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args, config: Config) -> ExitCode {
    super::quiet_log(&config);
    let app = App::new(&config).await;
    let found =
        app.renderer.get_or_create_bucket(args.account.as_deref(), args.region.as_deref(), args.folder_expiry).await;
    let told = found.and_then(|found| match args.json {
        true => print_json(&found),
        false => {
            println!("{}", found.bucket_name);
            Ok(())
        }
    });
    told.map_or_else(|error| fail(&error, args.json), |()| ExitCode::SUCCESS)
}
