//! `rendergate policy`: the rights that the settings need.

use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;

use super::fail;
use crate::config::{AccountConfig, Config};
use crate::error::{Error, Kind, Result};
use crate::policy;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// What the rights are for.
    #[arg(value_enum, default_value = "all")]
    subject: Subject,
    /// Whose rights, where there are several accounts [default: the first].
    #[arg(long)]
    account: Option<String>,
    /// For assume-trust: the ARN of whoever assumes the role [default: `ec2-remotion-role` of the role's account].
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Subject {
    /// Start, follow, cancel and delete renders (`remotion-executionrole-policy`).
    Trigger,
    /// Copy outputs to the destinations.
    Copy,
    /// Read the secrets that the settings name.
    Secret,
    /// Assume the role that renders.
    Assume,
    /// Who may assume the role that renders: its trust policy, as in Remotion's EC2 guide.
    AssumeTrust,
    /// Who may assume the instance's role: its trust policy, as in Remotion's EC2 guide.
    Ec2Trust,
    /// Keep records in RENDERGATE_STATE.
    State,
    /// Put jobs on RENDERGATE_QUEUE_URL, and work on them.
    Queue,
    /// Create Remotion's bucket with `rendergate bucket`.
    Bucket,
    /// Delete functions and sites with `rendergate functions rm` and `sites rm`.
    Remove,
    /// What `rendergate doctor` can tell only with further rights.
    Doctor,
    /// All but `bucket`, `remove` and `doctor`, for one role that does everything.
    All,
}

pub(super) fn run(args: &Args, config: &Config) -> ExitCode {
    let printed = match args.subject {
        Subject::AssumeTrust => principal(args, config).and_then(|arn| print(policy::assume_trust(arn))),
        Subject::Ec2Trust => print(policy::ec2_trust()),
        _ => statements(args, config).and_then(print),
    };
    printed.map_or_else(|error| fail(&error, false), |()| ExitCode::SUCCESS)
}

fn print<T: Serialize>(statements: Vec<T>) -> Result<()> {
    let text = serde_json::to_string_pretty(&policy::Document::from(statements))
        .map_err(|error| Error::new(Kind::Internal, "The policy can't be written.").because(error))?;
    println!("{text}");
    Ok(())
}

fn principal(args: &Args, config: &Config) -> Result<String> {
    let own = policy::ec2_role(account(args.account.as_deref(), config)?);
    args.principal.clone().or(own).ok_or_else(|| {
        Error::new(
            Kind::MissingField,
            "Nobody is known to assume the role. Send --principal, or set REMOTION_ROLE_ARN.",
        )
    })
}

fn statements(args: &Args, config: &Config) -> Result<Vec<policy::Statement>> {
    let account = account(args.account.as_deref(), config)?;
    let (statements, setting) = match args.subject {
        Subject::Trigger | Subject::AssumeTrust | Subject::Ec2Trust => (policy::trigger(account), ""),
        Subject::Copy => (policy::copy(config), "RENDERGATE_DESTINATIONS names no bucket"),
        Subject::Secret => (policy::secret(config), "no setting names a secret"),
        Subject::Assume => (policy::assume(config), "no setting names a role"),
        Subject::State => (policy::state(config), "RENDERGATE_STATE names no bucket"),
        Subject::Queue => (policy::queue(config), "RENDERGATE_QUEUE_URL is not set"),
        Subject::Bucket => (policy::bucket(account), ""),
        Subject::Remove => (policy::remove(account), ""),
        Subject::Doctor => (policy::doctor(account), ""),
        Subject::All => {
            let renders = [policy::trigger(account), policy::copy(config)].concat();
            let own = [policy::secret(config), policy::assume(config), policy::state(config), policy::queue(config)];
            ([renders, own.concat()].concat(), "")
        }
    };
    if statements.is_empty() {
        return Err(Error::new(Kind::Config, format!("Nothing to allow: {setting}.")));
    }
    Ok(statements)
}

fn account<'a>(named: Option<&str>, config: &'a Config) -> Result<&'a AccountConfig> {
    let Some(name) = named else { return Ok(&config.account) };
    config.accounts().find(|account| account.settings.name == name).ok_or_else(|| {
        let names: Vec<&str> = config.accounts().map(|account| account.settings.name.as_str()).collect();
        Error::field("--account", format!("one of {}", names.join(", ")))
    })
}
