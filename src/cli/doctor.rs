//! `rendergate doctor`: is everything there that the settings name?

use std::process::ExitCode;

use clap::Args as ClapArgs;

use super::{exit, fail, print_json};
use crate::app::App;
use crate::config::{AccountConfig, Config};
use crate::renderer::{Finding, Verdict};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args, config: Config) -> ExitCode {
    super::quiet_log(&config);
    let app = App::new(&config).await;
    let mut findings: Vec<_> = config.accounts().map(source).collect();
    findings.extend(app.renderer.examine().await);
    findings.push(callers(&app).await);
    if args.json {
        if let Err(error) = print_json(&findings) {
            return fail(&error, true);
        }
    } else {
        findings.iter().for_each(print);
    }
    if findings.iter().any(|finding| finding.verdict == Verdict::Wrong) {
        return exit::FAILED.into();
    }
    ExitCode::SUCCESS
}

fn source(account: &AccountConfig) -> Finding {
    let (name, detail) = (account.settings.name.clone(), account.credentials.to_string());
    Finding { account: Some(name), subject: "credentials", verdict: Verdict::Ok, detail }
}

async fn callers(app: &App) -> Finding {
    let (verdict, detail) = match app.callers.count_keys().await {
        Err(error) => (Verdict::Wrong, error.detail().to_owned()),
        Ok(0) if app.callers.basic.is_none() && app.callers.allow_anonymous => {
            (Verdict::Check, "nobody has to say who they are".to_owned())
        }
        Ok(keys) => {
            let basic = if app.callers.basic.is_some() { "Basic, " } else { "" };
            (
                Verdict::Ok,
                format!("{basic}{keys} API keys and identities, and whom an authorizer in front has verified"),
            )
        }
    };
    Finding { account: None, subject: "callers", verdict, detail }
}

fn print(finding: &Finding) {
    let verdict = match finding.verdict {
        Verdict::Ok => "ok",
        Verdict::Check => "check",
        Verdict::Wrong => "WRONG",
    };
    let whose = finding.account.as_deref().map_or(String::new(), |account| format!("{account}: "));
    println!("{verdict:<5}  {:<11}  {whose}{}", finding.subject, finding.detail);
}
