//! `rendergate compositions`, `functions`, `sites`, `regions`: what there is to render, with what, and where.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::remove;
use super::render::assemble;
use crate::app::App;
use crate::config::Config;
use crate::error::Result;
use crate::remotion::names;
use crate::renderer::{CompositionsOrder, Renderer, Which};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the compositions of a site.
    Compositions {
        /// The site: a URL or a site id.
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
        /// Input props: JSON, or the path of a JSON file.
        #[arg(long, value_name = "JSON|FILE")]
        props: Option<String>,
        /// A JSON file with any options, `-` for standard input; flags win over it.
        #[arg(long, value_name = "FILE")]
        order: Option<PathBuf>,
        /// Print the answer as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the deployed functions, or tell of one.
    #[command(args_conflicts_with_subcommands = true)]
    Functions {
        /// Only this one.
        name: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        verb: Option<FunctionsVerb>,
    },
    /// List the deployed sites.
    #[command(args_conflicts_with_subcommands = true)]
    Sites {
        /// Look into this bucket only.
        #[arg(long)]
        bucket: Option<String>,
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        verb: Option<SitesVerb>,
    },
    /// List the regions that Remotion Lambda deploys to; nobody is asked.
    Regions {
        /// Only those that an AWS account has without opting in.
        #[arg(long)]
        default_only: bool,
        /// Print the answer as JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum FunctionsVerb {
    /// List them.
    Ls {
        #[command(flatten)]
        place: Place,
    },
    /// Tell of one.
    Info {
        /// Its name.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Delete functions; what they render breaks off.
    Rm {
        /// Their names.
        #[arg(required = true)]
        names: Vec<String>,
        #[command(flatten)]
        how: remove::How,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SitesVerb {
    /// List them.
    Ls {
        /// Look into this bucket only.
        #[arg(long)]
        bucket: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Delete sites; renders that open them fail.
    Rm {
        /// Their ids.
        #[arg(required = true)]
        ids: Vec<String>,
        /// The bucket that holds them.
        #[arg(long)]
        bucket: Option<String>,
        #[command(flatten)]
        how: remove::How,
    },
}

/// Where to look.
#[derive(Clone, Debug, Args)]
pub(super) struct Place {
    /// AWS region.
    #[arg(long)]
    region: Option<String>,
    /// Account, where several are configured [default: the first].
    #[arg(long)]
    account: Option<String>,
    /// Only those of the version of the function that renders where none is named.
    #[arg(long)]
    compatible_only: bool,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

impl Place {
    fn which(&self, bucket: Option<&String>) -> Which {
        Which {
            account: self.account.clone(),
            region: self.region.clone(),
            bucket: bucket.cloned(),
            compatible_only: self.compatible_only,
        }
    }
}

/// As the function wrote them: numbers keep all their digits.
#[derive(Serialize)]
struct Compositions {
    compositions: Vec<Box<RawValue>>,
}

/// A composition, as far as it is shown in a line.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Composition {
    id: String,
    width: f64,
    height: f64,
    fps: f64,
    duration_in_frames: f64,
}

pub(super) async fn run(verb: &Verb, config: Config) -> ExitCode {
    super::quiet_log(&config);
    let app = App::new(&config).await;
    let renderer = &app.renderer;
    let (told, json) = match verb {
        Verb::Compositions { json, .. } => (compositions(verb, renderer).await, *json),
        Verb::Functions { verb: Some(FunctionsVerb::Rm { names, how }), .. } => {
            (remove::functions(names, how, renderer).await, how.json)
        }
        Verb::Functions { verb: Some(FunctionsVerb::Info { name, place }), .. } => {
            (functions(place, Some(name), renderer).await, place.json)
        }
        Verb::Functions { verb: Some(FunctionsVerb::Ls { place }), .. } => {
            (functions(place, None, renderer).await, place.json)
        }
        Verb::Functions { name, place, verb: None } => (functions(place, name.as_deref(), renderer).await, place.json),
        Verb::Sites { verb: Some(SitesVerb::Rm { ids, bucket, how }), .. } => {
            (remove::sites(ids, bucket.as_ref(), how, renderer).await, how.json)
        }
        Verb::Sites { verb: Some(SitesVerb::Ls { bucket, place }), .. } | Verb::Sites { bucket, place, verb: None } => {
            (sites(place, bucket.as_ref(), renderer).await, place.json)
        }
        Verb::Regions { default_only, json } => (regions(*default_only, *json), *json),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail(&error, json),
    }
}

async fn compositions(verb: &Verb, renderer: &Renderer) -> Result<()> {
    let Verb::Compositions { serve_url, function_name, region, account, props, order, json } = verb else {
        return Ok(());
    };
    let flags = [("serveUrl", serve_url), ("functionName", function_name), ("region", region), ("account", account)];
    let order = assemble(order.as_ref(), &flags, props.as_deref())?.to_string();
    let listed = renderer.compositions(&CompositionsOrder::from_json(order.as_bytes())?).await?;
    if *json {
        return super::print_json(&Compositions { compositions: listed });
    }
    for raw in listed {
        let Composition { id, width, height, fps, duration_in_frames } =
            serde_json::from_str(raw.get()).unwrap_or_default();
        println!("{id}\t{width}x{height}\t{fps} fps\t{duration_in_frames} frames");
    }
    Ok(())
}

async fn functions(place: &Place, name: Option<&str>, renderer: &Renderer) -> Result<()> {
    let which = place.which(None);
    let functions = match name {
        Some(name) => vec![renderer.function(&which, name).await?],
        None => renderer.functions(&which).await?,
    };
    if place.json {
        return super::print_json(&json!({ "functions": functions }));
    }
    for function in functions {
        let version = function.version.as_deref().unwrap_or("?");
        let (memory, disk, time) = (function.memory_size_in_mb, function.disk_size_in_mb, function.timeout_in_seconds);
        println!("{}\t{version}\t{memory} MB\t{disk} MB disk\t{time} s", function.function_name);
    }
    Ok(())
}

async fn sites(place: &Place, bucket: Option<&String>, renderer: &Renderer) -> Result<()> {
    let found = renderer.sites(&place.which(bucket)).await?;
    if place.json {
        return super::print_json(&found);
    }
    for site in found.sites {
        println!("{}\t{}\t{}", site.id, site.version.as_deref().unwrap_or("?"), site.serve_url);
    }
    Ok(())
}

fn regions(default_only: bool, json: bool) -> Result<()> {
    let regions: &[&str] = if default_only { &names::DEFAULT_REGIONS } else { &names::REGIONS };
    match json {
        true => super::print_json(&json!({ "regions": regions })),
        false => {
            regions.iter().for_each(|region| println!("{region}"));
            Ok(())
        }
    }
}
