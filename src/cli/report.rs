//! `comity report`

use std::path::PathBuf;

use comity::pipeline;
use comity::policy::Policy;
use comity::report::{Column, Form};

use super::Done;
use super::score::{load_policy, print_summary};

/// Decide anew and write the reports again from a folder's scores, without the model.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder that `comity score` wrote.
    dir: PathBuf,

    /// The policy to decide by; the built-in one where none is given.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Forms for other programs, to write beside the report: convokit, gexf.
    #[arg(long, value_name = "FORM,...", value_delimiter = ',')]
    also: Vec<Form>,

    /// Columns by whose values by.csv sets comments side by side: section, language, thread, author, file, day, week, month,
    /// year, hour; those of the run where none is given.
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    by: Vec<Column>,

    /// People's decisions about flagged comments (CSV, see `comity decisions`), for the what-if tables of queue.html.
    #[arg(long, value_name = "FILE,...", value_delimiter = ',')]
    decisions: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let policy: Policy = load_policy(args.policy.as_deref())?;
    let summary = pipeline::report(&args.dir, &policy, &args.also, &args.by, &args.decisions)?;
    print_summary(&summary, &args.dir, &args.also)
}
