//! The `comity` program: see `comity --help`.

mod cli;

use std::process::ExitCode;

/// Gives back what a stage of a run leaves: the report of a large export needs no more memory than its scoring did. It is a little
/// faster than the system's, too (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
