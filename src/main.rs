//! The `comity` program: see `comity --help`.

use std::panic;
use std::process::ExitCode;

/// Returns freed memory to the system after each stage: the report of a large export needs no more
/// memory than its scoring did. It is a little faster than the system's, too (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !comity::read::catches_panics() {
            report(panic);
        }
    }));
    ExitCode::from(comity::cli::run(std::env::args_os(), &comity::cli::stop_on_signals))
}
