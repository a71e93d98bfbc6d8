//! The command line.

use std::process::ExitCode;

/// With glibc's, a seventh of a server's time was malloc and free: docs/PERFORMANCE.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    rendergate::cli::run().await
}
