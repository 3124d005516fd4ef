//! `comity sample`

use std::io::Write;
use std::path::PathBuf;

use crate::pipeline;

use super::Done;
use super::output::Output;
use super::report::warn_if_unfinished;
use super::score::load_policy;
use super::words::counted;

/// Pick unflagged comments to label, to estimate what the policy misses.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder that `comity score` wrote; the sample becomes its sample.csv.
    dir: PathBuf,

    /// Number of comments to pick.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(10..))]
    n: u64,

    /// Seed; another one picks other comments.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// Policy that flags comments (TOML) [default: the built-in policy].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<Done> {
    let policy = load_policy(args.policy.as_deref())?;
    let sample = pipeline::draw_sample(&args.dir, &policy, args.n, args.seed)?;
    let [size, drawn] = [|part: &(u64, u64)| part.0, |part: &(u64, u64)| part.1]
        .map(|number| sample.strata.iter().map(number).sum::<u64>());
    let mut out = Output::new();
    warn_if_unfinished(&mut out, &args.dir)?;
    writeln!(
        out,
        "{drawn} of {} that the policy `{}` does not flag: {}",
        counted(size, "comment", "comments"),
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
