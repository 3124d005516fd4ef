//! `comity man`

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::CommandFactory;

use super::{Cli, Done};

/// Write the manual pages, one for each command.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder to write to, such as ~/.local/share/man/man1. It is created if necessary.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let write = || {
        fs::create_dir_all(&args.dir)?;
        clap_mangen::generate_to(Cli::command(), &args.dir)
    };
    write().with_context(|| format!("cannot write the manual pages to {}", args.dir.display()))?;
    Ok(Done::Clean)
}
