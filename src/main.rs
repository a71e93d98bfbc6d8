//! The command line.

use std::process::ExitCode;

/// What a server does between its calls is for the most part allocation: docs/PERFORMANCE.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    rendergate::cli::run().await
}
