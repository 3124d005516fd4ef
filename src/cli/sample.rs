//! `comity sample`

use std::io::Write;
use std::path::PathBuf;

use comity::decisions::draw;

use super::Done;
use super::output::Output;
use super::score::load_policy;

/// Draw a sample of the comments that were not flagged, to judge what the rules miss.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A folder that `comity score` wrote; the sample goes into its `sample.csv`.
    dir: PathBuf,

    /// Comments to draw.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(10..))]
    n: u64,

    /// Another seed draws other comments.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// The policy that flags; the built-in one where none is given.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let policy = load_policy(args.policy.as_deref())?;
    let sample = draw(&args.dir, &policy, args.n, args.seed)?;
    let [size, drawn] = [|part: &(u64, u64)| part.0, |part: &(u64, u64)| part.1]
        .map(|number| sample.strata.iter().map(number).sum::<u64>());
    let mut out = Output::new();
    writeln!(
        out,
        "{drawn} of {size} comments that the policy `{}` does not flag: {}",
        policy.name,
        sample.path.display()
    )?;
    writeln!(
        out,
        "fill in `decision` (approve or reject), then: comity decisions {} {}",
        args.dir.display(),
        sample.path.display()
    )?;
    Ok(Done::Clean)
}
