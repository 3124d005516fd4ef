//! The command line: turns words into a request for [`crate::pipeline`], and what comes back into
//! words.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with rejects. A broken pipe is 0: whoever
//! read us had enough.

#![expect(clippy::print_stderr, reason = "this is where the program speaks to its user")]

mod calibrate;
mod completions;
mod decisions;
mod eval;
mod files;
mod formats;
mod input;
mod man;
mod merge;
mod models;
mod output;
mod progress;
mod read;
mod report;
#[cfg(feature = "review")]
mod review;
mod sample;
mod score;
mod scorer;
#[cfg(feature = "serve")]
mod serve;
mod signals;
mod table;
mod words;

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Parser, Subcommand};
use output::printable;
pub use signals::stop_on_signals;

/// Scores comment exports for sentiment and toxicity: offline, on a CPU, with a transformer that
/// ships inside.
#[derive(Parser)]
#[command(name = "comity", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// One variant a command; each has a file of its own with its arguments and its `run`.
#[derive(Subcommand)]
enum Command {
    Score(score::Args),
    #[cfg(feature = "serve")]
    Serve(serve::Args),
    #[cfg(feature = "review")]
    Review(review::Args),
    Read(read::Args),
    Report(report::Args),
    Merge(merge::Args),
    Eval(eval::Args),
    Calibrate(calibrate::Args),
    Sample(sample::Args),
    Decisions(decisions::Args),
    Formats(formats::Args),
    Models(models::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// The outcome of a command that did not fail.
enum Done {
    Clean,
    WithRejects,
}

/// Returns the flag that ends a command early once it is set. [`stop_on_signals`] is the one of a
/// program.
pub type Stop<'a> = &'a dyn Fn() -> io::Result<Arc<AtomicBool>>;

/// Runs a command, and returns the exit code of a program for it. `args` begin with the name of the
/// program.
///
/// `stop` is called by a command that keeps its results if it is ended early, before it begins. All
/// others ignore it.
pub fn run(args: impl IntoIterator<Item = OsString>, stop: Stop<'_>) -> u8 {
    let command = match Cli::try_parse_from(args) {
        Ok(cli) => cli.command,
        Err(error) => return show_usage(&error),
    };
    let done = match command {
        Command::Score(args) => score::run(args, stop),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(args),
        #[cfg(feature = "review")]
        Command::Review(args) => review::run(args),
        Command::Read(args) => read::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Eval(args) => eval::run(args),
        Command::Calibrate(args) => calibrate::run(args),
        Command::Sample(args) => sample::run(&args),
        Command::Decisions(args) => decisions::run(&args),
        Command::Formats(args) => formats::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    };
    match done {
        Ok(Done::Clean) => 0,
        Ok(Done::WithRejects) => 3,
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) if error.chain().len() == 1 && error.is::<io::Error>() => {
            // Errors of files have types of their own; this one is of standard output.
            eprintln!("comity: cannot write to standard output: {error}");
            1
        }
        Err(error) => match error.downcast_ref::<clap::Error>() {
            Some(usage) => show_usage(usage),
            None => {
                eprintln!("comity: {}", one_line(error.as_ref()));
                1
            }
        },
    }
}

/// Prints help, the version or what is wrong with the usage, and returns the exit code: 0 or 2.
fn show_usage(error: &clap::Error) -> u8 {
    // There is nowhere else to report it if this fails.
    let _ = error.print();
    u8::from(error.use_stderr()) * 2
}

/// Returns an error with its causes, on one line. The causes belong to what is wrong, before what
/// to do about it.
pub fn one_line(error: &(dyn Error + 'static)) -> String {
    let chain = iter::successors(Some(error), |&error| error.source());
    let causes = chain.map(ToString::to_string).collect::<Vec<_>>();
    let line = causes.into_iter().rev().reduce(|cause, error| match error.split_once("; ") {
        Some((what, remedy)) => format!("{what}: {cause}; {remedy}"),
        None => format!("{error}: {cause}"),
    });
    printable(&line.unwrap_or_default().trim_end().replace('\n', " "))
}

/// Returns true if the reader closed the pipe. Files have no pipes, so it is standard output's.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn causes_come_before_remedies() {
        let full = || Err::<(), _>(anyhow!("No space left"));
        for (error, line) in [
            (full(), "No space left"),
            (full().context("cannot write x; make room"), "cannot write x: No space left; make room"),
            (full().context("cannot write x").context("out"), "out: cannot write x: No space left"),
            (
                full().context("x: broken; get it again").context("out\n"),
                "out : x: broken: No space left; get it again",
            ),
        ] {
            assert_eq!(one_line(error.unwrap_err().as_ref()), line);
        }
    }
}
