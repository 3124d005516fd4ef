//! `comity completions`

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::output::Output;
use super::{Cli, Done};

/// Print a script that completes commands and options in a shell.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "comity", &mut script);
    Output::new().write_all(&script)?;
    Ok(Done::Clean)
}
