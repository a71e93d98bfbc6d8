//! Rendergate stands in front of Remotion Lambda: it holds the AWS credentials, starts renders for
//! callers that need none, follows them, and copies the finished file where it belongs.
//!
//! # Five nouns
//! - **Order**: what a caller asks for: one Remotion render, where the output goes ([`renderer::Order`]).
//! - **Account**: a named place where renders run ([`accounts::Account`]).
//! - **Ticket**: the claim check, `account~region~bucket~renderId` ([`renderer::Ticket`]).
//! - **Progress**: what Remotion says about a render ([`remotion::progress`]).
//! - **Delivery**: the output copied to its destination ([`renderer::CopyTo`], [`renderer::CopyView`]).
//!
//! # Layers (each may use those below)
//! ```text
//! http  worker  cli                  edges: translate, never decide
//! app  config  policy                wiring, settings, the rights they need
//! renderer                           use cases
//! accounts                           a named place where renders run
//! credentials  aws  outbound         the world: who we are, what we call,
//! records  callers  notify           what we keep, who calls, whom we tell
//! remotion                           the protocol: pure
//! digest  error  redacted  telemetry  ground
//! ```
//!
//! # The path of one render
//! [`http`] reads the request and knows the caller; [`renderer::Renderer::start`] checks the order,
//! packs its props, invokes the function and writes down what is left to do; the answer is the
//! ticket. [`renderer::Renderer::progress`] reads `progress.json`; whoever sees the end copies the
//! output.
//!
//! # From a program
//! [`app::App`] makes a [`renderer::Renderer`] out of the settings; its methods are the verbs.
//! `examples/` has whole programs: `render`, `still`, `fetch`, and `offline` for what [`remotion`] knows alone.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::{Duration, Instant};
//! use rendergate::{app::App, config::Config, renderer::Order};
//!
//! let renderer = App::new(&Config::from_env()?).await.renderer;
//! let order = Order::from_json(br#"{"composition":"MyVideo","inputProps":{"title":"Hello"}}"#)?;
//! let started = renderer.start(&order).await?;
//! let ticket = renderer.ticket(&started.id)?;
//! let view = renderer.wait(&ticket, Instant::now() + Duration::from_secs(300)).await?;
//! println!("{:?}: {}", view.status, renderer.output(&ticket, Duration::from_secs(900)).await?.url);
//! # Ok(())
//! # }
//! ```

pub mod digest;
pub mod error;
pub mod redacted;
pub mod telemetry;

pub mod remotion;

pub mod aws;
pub mod callers;
pub mod credentials;
pub mod notify;
pub mod outbound;
pub mod records;

pub mod accounts;

pub mod renderer;

pub mod app;
pub mod config;
pub mod policy;

pub mod cli;
pub mod http;
pub mod worker;
