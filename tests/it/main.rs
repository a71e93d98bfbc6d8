//! Black-box tests: the real program between real SDKs and a world on loopback.
//!
//! One binary, because linking is what takes long; one file per subject, each of which
//! knows only what a caller may rely on.

// A test that cannot set its scene should fail where it stands.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod stack;

mod accounts;
mod ask;
mod batch;
mod bucket;
mod budget;
mod cancel;
mod cli;
mod cli_deployed;
mod cli_verbs;
mod compositions;
mod connections;
mod copy;
mod copy_follow;
mod copy_large;
mod copy_parts;
mod copy_refused;
mod copy_streamed;
mod copy_tags;
mod cors;
mod credentials;
mod credentials_assume;
mod credentials_chain;
mod credentials_missing;
mod credentials_profile;
mod credentials_rotation;
mod credentials_vectors;
mod delete;
mod deployed;
mod doctor;
mod door;
mod drill;
mod env_file;
mod events;
mod examples;
mod failures;
mod guides;
mod guides_credentials;
mod harness;
mod iam;
mod layers;
mod limits;
mod list;
mod list_queued;
mod logs;
mod notify;
mod notify_kept;
mod once;
mod once_killed;
mod once_queued;
mod orders;
mod orders_broken;
mod orders_plain;
mod output;
mod policy;
mod progress;
mod progress_early;
mod reach;
mod refusals;
mod serve;
mod sse;
mod stills;
mod stills_stream;
mod submit;
mod template;
mod unconnected;
mod vectors;
mod webhooks;
mod worker;
