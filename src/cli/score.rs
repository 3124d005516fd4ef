//! `comity score`

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context;
use comity::engine;
use comity::pipeline::{self, ScoreRequest};
use comity::policy::Policy;
use comity::pseudonym::{MAX_KEY_BYTES, Pseudonyms};
use comity::report::{Form, Summary};
use comity::score::{DEFAULT_BATCH, Settings};

use super::Done;
use super::files::{self, Row};
use super::input::InputArgs;
use super::output::Output;
use super::progress::Bar;

/// Score every comment of an export and write tables and pages about them.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// Folder to write to; made if it is not there, its report replaced if it holds one.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Folder of another model; the one that ships inside where none is given.
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,

    /// What runs the model.
    #[arg(long, value_name = "E", default_value = engine::names().next(), value_parser = engine_name)]
    engine: String,

    /// Rules that turn scores into decisions (TOML); the built-in ones where none is given.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Languages to score: those that the model knows, or any.
    #[arg(long, value_name = "L", default_value = "model")]
    language: Languages,

    /// Threads; as many as there are cores where not given.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<usize>,

    /// Texts in one engine call.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BATCH, value_parser = at_least_one)]
    batch: usize,

    /// Forms for other programs, to write beside the report: convokit, gexf.
    #[arg(long, value_name = "FORM,...", value_delimiter = ',')]
    also: Vec<Form>,

    /// Replace authors, and the names in texts that can be told, by keyed hashes (see docs/privacy.md).
    #[arg(long, requires = "key")]
    pseudonymize: bool,

    /// File with the key of the pseudonyms, at least 16 bytes: `openssl rand -hex 32 > FILE` makes one.
    #[arg(long, value_name = "FILE", requires = "pseudonymize")]
    key: Option<PathBuf>,

    /// Keep the raw records in rejects.csv.
    #[arg(long, conflicts_with = "pseudonymize")]
    keep_raw_rejects: bool,
}

/// A name that [`engine::open`] takes.
pub(crate) fn engine_name(name: &str) -> Result<String, String> {
    let known: Vec<&str> = engine::names().collect();
    known
        .contains(&name)
        .then(|| name.to_owned())
        .ok_or_else(|| format!("known engines: {}", known.join(", ")))
}

/// A whole number above 0.
pub(crate) fn at_least_one(number: &str) -> Result<usize, String> {
    number.parse().ok().filter(|&number| number > 0).ok_or_else(|| "not a whole number above 0".to_owned())
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Languages {
    /// Those that the model knows.
    Model,
    /// Every language, at your own risk.
    Any,
}

pub(crate) fn run(args: Args) -> anyhow::Result<Done> {
    let policy = load_policy(args.policy.as_deref())?;
    let request = ScoreRequest {
        read: args.input.options(args.keep_raw_rejects)?,
        inputs: args.input.inputs,
        limit: args.input.limit,
        strict: args.input.strict,
        out: args.out,
        model: args.model,
        engine: args.engine,
        threads: args.threads.and_then(NonZeroUsize::new),
        settings: Settings { batch: args.batch, any_language: args.language == Languages::Any },
        also: args.also,
        pseudonyms: args.key.as_deref().map(load_key).transpose()?,
    };
    let bar = Bar::new();
    let summary = pipeline::score(&request, &policy, &|progress| bar.show(progress));
    bar.finish();
    print_summary(&summary?, &request.out, &request.also)
}

/// The key of a file.
fn load_key(path: &Path) -> anyhow::Result<Pseudonyms> {
    let mut key = Vec::new();
    // A byte more than a key may have is enough to refuse what was named by mistake.
    let read = File::open(path).and_then(|file| file.take(MAX_KEY_BYTES as u64 + 3).read_to_end(&mut key));
    read.with_context(|| format!("cannot read the key {}", path.display()))?;
    Pseudonyms::new(&key).with_context(|| path.display().to_string())
}

/// The policy of a file, or the built-in one.
pub(crate) fn load_policy(path: Option<&Path>) -> anyhow::Result<Policy> {
    let Some(path) = path else { return Ok(Policy::built_in()) };
    let toml = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the policy {}", path.display()))?;
    Policy::parse(&toml).with_context(|| path.display().to_string())
}

/// Says what came of a run.
pub(crate) fn print_summary(summary: &Summary, dir: &Path, also: &[Form]) -> anyhow::Result<Done> {
    let counts = &summary.counts;
    let mut out = Output::new();
    writeln!(
        out,
        "{} records read: {} scored, {} unscored, {} rejects",
        counts.read, counts.scored, counts.unscored, counts.rejects
    )?;
    for cause in summary.unscored.iter().filter(|cause| cause.comments > 0) {
        writeln!(out, "  unscored: {} {}", cause.comments, cause.cause)?;
    }
    writeln!(
        out,
        "{} authors, {} threads; {} comments flagged by the policy `{}`",
        counts.authors, counts.threads, counts.flagged, summary.policy.name
    )?;
    let inputs = &summary.run.inputs;
    let rows: Vec<Row<'_>> = inputs
        .iter()
        .map(|input| Row {
            file: &input.file,
            format: Some(&input.format),
            comments: input.comments,
            rejects: input.rejects,
        })
        .collect();
    files::show(&mut out, &rows)?;
    let unread = counts.rejects - inputs.iter().map(|input| input.rejects).sum::<u64>().min(counts.rejects);
    if unread > 0 {
        writeln!(out, "files that could not be read: {unread}; rejects.csv names them")?;
    }
    for input in inputs {
        for notice in &input.notices {
            writeln!(out, "{}: {notice}", input.file)?;
        }
        if input.doubts > 0 {
            writeln!(out, "{}: unsure of {} places; `comity read` lists them", input.file, input.doubts)?;
        }
    }
    writeln!(out, "report: {}", dir.join("report.html").display())?;
    for form in also {
        writeln!(out, "{}: {}", form.as_str(), dir.join(form.path()).display())?;
    }
    Ok(if counts.rejects == 0 { Done::Clean } else { Done::WithRejects })
}
