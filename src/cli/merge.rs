//! `comity merge`

use std::path::PathBuf;

use crate::pipeline;
use crate::record::Column;
use crate::report::Form;

use super::Done;
use super::score::{keep_policy_apart, load_policy, print_summary};
use super::words::one_of;

/// Join the parts that `comity score --shard` scored into one report.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folders of all parts, in any order.
    #[arg(required = true, value_name = "DIR")]
    dirs: Vec<PathBuf>,

    /// Folder to write to. It is created if necessary; a report in it is replaced.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Policy that the parts were scored with (TOML) [default: the built-in policy].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Write the results in these forms, for other programs, as well.
    #[arg(long, value_name = "FORM,...", value_delimiter = ',', value_parser = one_of::<Form>(Form::ALL.map(Form::as_str)))]
    also: Vec<Form>,

    /// Group by these columns in by.csv [default: those of the parts].
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', value_parser = one_of::<Column>(Column::ALL.map(Column::as_str)))]
    by: Vec<Column>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let policy = load_policy(args.policy.as_deref())?;
    keep_policy_apart(args.policy.as_deref(), &args.out)?;
    let summary = pipeline::merge(&args.dirs, &args.out, &policy, &args.also, &args.by)?;
    print_summary(&summary, &args.out, &args.also)
}
