//! `comity report`

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::pipeline;
use crate::policy::Policy;
use crate::record::Column;
use crate::report::{self, Form};

use super::Done;
use super::output::Output;
use super::score::{keep_policy_apart, load_policy, print_summary};
use super::words::one_of;

/// Apply a policy to existing scores and rebuild the reports, without the model.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder that `comity score` wrote.
    dir: PathBuf,

    /// Policy to apply (TOML) [default: the built-in policy].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Write the results in these forms, for other programs, as well.
    #[arg(long, value_name = "FORM,...", value_delimiter = ',', value_parser = one_of::<Form>(Form::ALL.map(Form::as_str)))]
    also: Vec<Form>,

    /// Group by these columns in by.csv [default: those of the run].
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', value_parser = one_of::<Column>(Column::ALL.map(Column::as_str)))]
    by: Vec<Column>,

    /// Moderators' decisions (CSV, see `comity decisions`), for the what-if tables of queue.html.
    #[arg(long, value_name = "FILE,...", value_delimiter = ',')]
    decisions: Vec<PathBuf>,

    /// Accept a scores.csv that was changed after the run; every report then states it.
    #[arg(long)]
    accept_edits: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let policy: Policy = load_policy(args.policy.as_deref())?;
    keep_policy_apart(args.policy.as_deref(), &args.dir)?;
    let was_unfinished = report::is_unfinished(&args.dir);
    if args.accept_edits {
        pipeline::accept_edits(&args.dir)?;
    }
    let summary = pipeline::report(&args.dir, &policy, &args.also, &args.by, &args.decisions)?;
    if was_unfinished {
        writeln!(Output::new(), "the report was unfinished; all of its files have been written again")?;
    }
    print_summary(&summary, &args.dir, &args.also)
}

/// Prints a warning if the pages of a folder may be older than its scores.
pub(crate) fn warn_if_unfinished(out: &mut Output, dir: &Path) -> std::io::Result<()> {
    if report::is_unfinished(dir) {
        let dir = dir.display();
        writeln!(out, "{dir}: its report is unfinished, so its pages may be old; run `comity report {dir}`")?;
    }
    Ok(())
}
