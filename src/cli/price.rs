//! `rendergate price`: an estimate of what renders cost, without asking anybody.

use std::process::ExitCode;

use clap::{Args as ClapArgs, value_parser};

use super::{fail, print_json};
use crate::error::{Error, Result};
use crate::remotion::names::FunctionName;
use crate::remotion::price::{Costs, Usage};

/// What functions use together, as `estimatePrice()` takes it:
/// <https://www.remotion.dev/docs/lambda/estimateprice>.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// AWS region of the function.
    #[arg(long)]
    region: String,
    /// Duration of all invocations together.
    #[arg(long, value_name = "SECONDS")]
    duration: f64,
    /// How often a function is invoked.
    #[arg(long, default_value = "1")]
    invocations: u64,
    /// A function whose name tells memory and disk.
    #[arg(long, required_unless_present_all = ["memory", "disk"])]
    function_name: Option<String>,
    /// Memory of the function.
    #[arg(long, value_name = "MB", value_parser = value_parser!(u32).range(512..=10_240))]
    memory: Option<u32>,
    /// Disk of the function.
    #[arg(long, value_name = "MB", value_parser = value_parser!(u32).range(512..=10_240))]
    disk: Option<u32>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> ExitCode {
    match price(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, args.json),
    }
}

fn price(args: &Args) -> Result<()> {
    let named = args.function_name.as_deref().and_then(FunctionName::parse);
    let size = |given: Option<u32>, told: Option<u32>| {
        given.or(told).ok_or_else(|| {
            Error::field("function-name", "`remotion-render-<version>-mem<MB>mb-disk<MB>mb-<seconds>sec`")
        })
    };
    let usage = Usage {
        memory_mb: size(args.memory, named.as_ref().map(|name| name.memory_mb))?,
        disk_mb: size(args.disk, named.as_ref().map(|name| name.disk_mb))?,
        duration_ms: Some(args.duration * 1000.0)
            .filter(|ms| ms.is_finite() && *ms >= 0.0)
            .ok_or_else(|| Error::field("duration", "seconds, from 0"))?,
        invocations: args.invocations,
    };
    let amount =
        usage.price(&args.region).ok_or_else(|| Error::field("region", "an AWS region that Remotion Lambda knows"))?;
    let costs = Costs::new(amount, &args.region);
    if args.json {
        return print_json(&costs);
    }
    println!("{amount} {}", costs.currency);
    eprintln!("{}", costs.disclaimer);
    Ok(())
}
