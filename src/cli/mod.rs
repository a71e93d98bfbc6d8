//! The command line: `serve`, `render` and what follows a render, `still`, what is deployed, `bucket`, `price`,
//! `config`.

mod bar;
mod bucket;
mod deployed;
mod doctor;
mod events;
mod exit;
mod list;
mod policy;
mod price;
mod remove;
mod render;
mod still;
mod table;
mod verbs;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::app::App;
use crate::config::{Config, Mistakes, Variables};
use crate::error::{Error, Kind, Result};
use crate::telemetry::LogFormat;
use crate::{http, telemetry, worker};

/// Starts Remotion Lambda renders, follows them, and copies the finished file where it belongs.
#[derive(Debug, Parser)]
#[command(name = "rendergate", version, after_help = exit::HELP)]
struct Cli {
    /// A file with settings that the environment lacks [default: .env, if there is one].
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve HTTP until SIGTERM.
    Serve,
    /// Do the jobs of RENDERGATE_QUEUE_URL until SIGTERM.
    Work,
    /// Start a render, follow it to its end, copy it where asked, print where the file is.
    Render(Box<render::Args>),
    /// Render one image, copy it where asked, print where the file is.
    Still(Box<still::Args>),
    #[command(flatten)]
    Deployed(deployed::Verb),
    #[command(flatten)]
    Verb(verbs::Verb),
    /// List the orders that are recorded, newest first: those of the queue, with a copy or with an Idempotency-Key.
    List(list::Args),
    /// Print what was told of a render that was ordered with `notify`; send it again if asked.
    Events(events::Args),
    /// Print the name of Remotion's bucket in a region; create it where there is none.
    Bucket(bucket::Args),
    /// Estimate what renders cost; nobody is asked.
    Price(price::Args),
    /// Check credentials, function, bucket, quota and destinations; nothing is started.
    Doctor(doctor::Args),
    /// Print the IAM policy that the settings need, and nothing beyond it; nobody is asked.
    Policy(policy::Args),
    /// Print the settings with their current values; secrets are masked.
    Config {
        /// As a Markdown table without values, for the documentation.
        #[arg(long)]
        markdown: bool,
    },
}

/// Runs the command line of this process.
pub async fn run() -> ExitCode {
    let Cli { env_file, command } = Cli::parse();
    let variables = match Variables::with_file(env_file.as_deref()) {
        Ok(variables) => variables,
        Err(mistakes) => return refuse(&mistakes),
    };
    let vars = &variables;
    match command {
        Command::Config { markdown: true } => {
            print!("{}", table::markdown());
            ExitCode::SUCCESS
        }
        Command::Config { markdown: false } => table::print_current(vars),
        Command::Serve => with_config(vars, async |config| serve(config, vars).await).await,
        Command::Work => with_config(vars, async |config| work(config, vars).await).await,
        Command::Render(args) => with_config(vars, async |config| render::run(*args, config).await).await,
        Command::Still(args) => with_config(vars, async |config| still::run(&args, config).await).await,
        Command::Deployed(verb) => with_config(vars, async |config| deployed::run(&verb, config).await).await,
        Command::List(args) => with_config(vars, async |config| list::run(&args, config).await).await,
        Command::Events(args) => with_config(vars, async |config| events::run(&args, config).await).await,
        Command::Bucket(args) => with_config(vars, async |config| bucket::run(&args, config).await).await,
        Command::Doctor(args) => with_config(vars, async |config| doctor::run(&args, config).await).await,
        Command::Policy(args) => with_config(vars, async |config| policy::run(&args, &config)).await,
        Command::Price(args) => price::run(&args),
        Command::Verb(verb) => with_config(vars, async |config| verbs::run(&verb, config).await).await,
    }
}

/// Reads the settings first.
async fn with_config(variables: &Variables, run: impl AsyncFnOnce(Config) -> ExitCode) -> ExitCode {
    match Config::from_variables(variables) {
        // Boxed: as in `aws`, the compiler gives up on futures that are nested too deeply.
        Ok(config) => Box::pin(run(config)).await,
        Err(mistakes) => refuse(&mistakes),
    }
}

/// All that is wrong with the settings is printed at once.
fn refuse(mistakes: &Mistakes) -> ExitCode {
    eprint!("{mistakes}");
    exit::CONFIG.into()
}

async fn serve(config: Config, variables: &Variables) -> ExitCode {
    telemetry::init(config.log_format, config.log_level, false);
    variables.warn_of_unknown();
    let listener = match TcpListener::bind((config.host, config.port)).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!(
                "Can't listen on {}:{}: {error}. Choose another PORT or RENDERGATE_HOST.",
                config.host, config.port
            );
            return exit::CONFIG.into();
        }
    };
    let app = App::new(&config).await;
    let renderer = app.renderer.clone();
    tokio::spawn(async move {
        if let Err(error) = renderer.resume().await {
            tracing::warn!(code = error.kind().code(), detail = error.detail(), "earlier renders not taken up");
        }
    });
    match http::serve(http::router(app), listener).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The server broke off: {error}");
            exit::FAILED.into()
        }
    }
}

async fn work(config: Config, variables: &Variables) -> ExitCode {
    telemetry::init(config.log_format, config.log_level, false);
    variables.warn_of_unknown();
    let app = App::new(&config).await;
    tracing::info!("working on the queue");
    match worker::work(&app, http::stopped()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, false),
    }
}

/// Prints what went wrong; its exit code.
fn fail(error: &Error, json: bool) -> ExitCode {
    if json {
        let mut members = error.members().clone();
        members.insert("code".into(), error.kind().code().into());
        members.insert("detail".into(), error.detail().into());
        println!("{}", serde_json::json!({"error": members}));
    } else {
        eprintln!("{error}");
    }
    exit::code(error.kind()).into()
}

fn print_json(answer: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string(answer)
        .map_err(|error| Error::new(Kind::Internal, "The answer can't be written.").because(error))?;
    println!("{json}");
    Ok(())
}

/// A log for commands that print their own progress: only what goes wrong.
fn quiet_log(config: &Config) {
    telemetry::init(LogFormat::Text, config.log_level.min(tracing::level_filters::LevelFilter::WARN), false);
}
