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
mod sample;
mod score;
mod scorer;
#[cfg(feature = "serve")]
mod serve;
mod table;
mod words;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use output::printable;

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

/// Runs the program and gives its exit code.
pub fn run() -> ExitCode {
    // clap ends the program itself on wrong usage, with code 2.
    let done = match Cli::parse().command {
        Command::Score(args) => score::run(args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(args),
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
        Ok(Done::Clean) => ExitCode::SUCCESS,
        Ok(Done::WithRejects) => ExitCode::from(3),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.chain().len() == 1 && error.is::<io::Error>() => {
            // Errors of files have types of their own; this one is of standard output.
            eprintln!("comity: cannot write to standard output: {error}");
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("comity: {}", one_line(&error));
            ExitCode::from(1)
        }
    }
}

/// Returns an error with its causes, on one line. The causes belong to what is wrong, before what
/// to do about it.
fn one_line(error: &anyhow::Error) -> String {
    let causes = error.chain().map(ToString::to_string).collect::<Vec<_>>();
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
            assert_eq!(one_line(&error.unwrap_err()), line);
        }
    }
}
