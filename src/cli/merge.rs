//! `comity merge`

use std::path::PathBuf;

use comity::pipeline;
use comity::report::{Column, Form};

use super::Done;
use super::score::{load_policy, print_summary};

/// Join the parts that `comity score --shard` scored into what one run over the whole would have written.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folders of all parts, in any order.
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,

    /// Folder to write to; made if it is not there, its report replaced if it holds one.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The policy by which the parts were scored; the built-in one where none is given.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Forms for other programs, to write beside the report: convokit, gexf.
    #[arg(long, value_name = "FORM,...", value_delimiter = ',')]
    also: Vec<Form>,

    /// Columns by whose values by.csv sets comments side by side: section, language, thread, author, file, day, week, month,
    /// year, hour; those of the parts where none is given.
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    by: Vec<Column>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let policy = load_policy(args.policy.as_deref())?;
    let summary = pipeline::merge(&args.dirs, &args.out, &policy, &args.also, &args.by)?;
    print_summary(&summary, &args.out, &args.also)
}
