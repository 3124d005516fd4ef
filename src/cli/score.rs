//! `comity score`

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::engine;
use crate::files;
use crate::pipeline::{self, ScoreRequest, Shard, StreamRequest};
use crate::policy::Policy;
use crate::pseudonym::{MAX_KEY_BYTES, Pseudonyms};
use crate::record::Column;
use crate::report::{Form, Summary};
use crate::score::DEFAULT_BATCH;
use anyhow::Context;
use clap::builder::PossibleValuesParser;

use super::files::{Row, show};
use super::input::InputArgs;
use super::output::{Output, one_line};
use super::progress::Bar;
use super::scorer::{calibrated, scorer, threads};
use super::words::{counted, one_of};
use super::{Done, Stop};

/// Score every comment of an export and write tables and pages about them.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// Folder to write to. It is created if necessary; a report in it is replaced.
    #[arg(long, value_name = "DIR", required_unless_present = "stream")]
    out: Option<PathBuf>,

    /// Answer each line of ndjson on standard input (`-`) with a line on standard output; no
    /// report.
    #[arg(long, conflicts_with_all = ["out", "also", "by", "resume", "reuse", "shard", "keep_raw_rejects", "pseudonymize",
        "limit", "strict", "lenient", "authors", "article_end", "records", "header_row", "date_order", "encoding",
        "max_expansion"])]
    stream: bool,

    /// Folder of another model, ours or from Hugging Face (docs/models.md) [default: the built-in
    /// model].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,

    /// Engine that runs the model.
    #[arg(long, value_name = "E", default_value = engine::names().next(), value_parser = PossibleValuesParser::new(engine::names()))]
    engine: String,

    /// Map toxicity scores to those of Perspective (`perspective`), or by a file of `comity
    /// calibrate`.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,

    /// Policy that turns scores into decisions (TOML) [default: the built-in policy].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Languages to score.
    #[arg(long, value_name = "L", default_value = "model")]
    language: Languages,

    /// Number of threads [default: one per core].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<usize>,

    /// Number of texts in one engine call.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_BATCH, value_parser = at_least_one)]
    batch: usize,

    /// Write the results in these forms, for other programs, as well.
    #[arg(long, value_name = "FORM,...", value_delimiter = ',', value_parser = one_of::<Form>(Form::ALL.map(Form::as_str)))]
    also: Vec<Form>,

    /// Group by these columns in by.csv.
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', default_values_t = Column::DEFAULT,
        value_parser = one_of::<Column>(Column::ALL.map(Column::as_str)))]
    by: Vec<Column>,

    /// Continue this run where it was interrupted.
    #[arg(long)]
    resume: bool,

    /// Reuse the scores of an earlier run of the same model for identical texts.
    #[arg(long, value_name = "DIR")]
    reuse: Option<PathBuf>,

    /// Score only the threads of part I of N; `comity merge` joins the parts.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

    /// Replace authors, and the names it can detect in texts, with keyed hashes (docs/privacy.md).
    #[arg(long, requires = "key")]
    pseudonymize: bool,

    /// File with the key of the pseudonyms, at least 16 bytes: `openssl rand -hex 32 > FILE`
    /// creates one.
    #[arg(long, value_name = "FILE", requires = "pseudonymize")]
    key: Option<PathBuf>,

    /// Keep the raw records in rejects.csv.
    #[arg(long, conflicts_with = "pseudonymize")]
    keep_raw_rejects: bool,
}

/// A whole number above 0.
pub(crate) fn at_least_one(number: &str) -> Result<usize, String> {
    number.parse().ok().filter(|&number| number > 0).ok_or_else(|| "not a whole number above 0".to_owned())
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Languages {
    /// Those that the model supports.
    Model,
    /// Every language; scores in others than the model's are unreliable.
    Any,
}

pub(crate) fn run(args: Args, stop: Stop<'_>) -> anyhow::Result<Done> {
    let policy = load_policy(args.policy.as_deref())?;
    let read = args.input.options(args.keep_raw_rejects)?;
    let scorer = calibrated(scorer(args.model, args.engine), args.calibration.as_deref())?
        .threads(threads(args.threads))
        .batch(args.batch)
        .any_language(args.language == Languages::Any);
    let Some(out) = args.out else {
        if args.input.inputs != [Path::new("-")]
            || read.format.is_some_and(|format| format.as_str() != "ndjson")
        {
            let usage = "--stream reads ndjson from standard input: give `-` as the only input\n";
            return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, usage).into());
        }
        let mut request = StreamRequest::new();
        request.read = read;
        request.scorer = scorer;
        request.stop = stop().context("cannot listen for signals")?;
        return answer_lines(&request, &policy);
    };
    let read_files = [&args.policy, &args.key, &args.input.authors, &args.calibration]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    pipeline::keep_apart(&read_files, &out)?;
    let mut request = ScoreRequest::new(args.input.inputs, out);
    request.read = read;
    request.limit = args.input.limit;
    request.strict = args.input.strict;
    request.scorer = scorer;
    request.also = args.also;
    request.by = args.by;
    request.resume = args.resume;
    request.reuse = args.reuse;
    request.shard = args.shard;
    request.stop = stop().context("cannot listen for signals")?;
    request.pseudonyms = args.key.as_deref().map(load_key).transpose()?;
    let bar = Bar::new(request.stop.clone());
    let finished = pipeline::score(&request, &policy, &|progress| bar.show(progress));
    bar.finish();
    let finished = finished?;
    if finished.kept > 0 {
        let counts = &finished.summary.counts;
        let comments = counts.scored + counts.unscored;
        writeln!(
            Output::new(),
            "resumed: {} of {comments} comments were already in scores.csv",
            finished.kept
        )?;
    }
    if let Some(dir) = &request.reuse {
        let texts = counted(finished.reused, "text", "texts");
        writeln!(Output::new(), "reused: the scores of {texts}, from {}", dir.display())?;
    }
    print_summary(&finished.summary, &request.out, &request.also)
}

/// Answers standard input on standard output, byte for byte: it is for programs.
fn answer_lines(request: &StreamRequest, policy: &Policy) -> anyhow::Result<Done> {
    let mut output = BufWriter::new(std::io::stdout().lock());
    let bad_lines = pipeline::stream(request, policy, std::io::stdin(), &mut output)?;
    Ok(if bad_lines == 0 { Done::Clean } else { Done::WithRejects })
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
    let toml = files::read_text_at_most(path, files::MAX_SMALL_FILE)
        .with_context(|| format!("cannot read the policy {}", path.display()))?;
    Policy::parse(&toml).with_context(|| path.display().to_string())
}

/// Checks that a policy is not a file that a report in `dir` would write over.
pub(crate) fn keep_policy_apart(policy: Option<&Path>, dir: &Path) -> anyhow::Result<()> {
    Ok(pipeline::keep_apart(policy.as_slice(), dir)?)
}

/// Prints the summary of a run.
pub(crate) fn print_summary(summary: &Summary, dir: &Path, also: &[Form]) -> anyhow::Result<Done> {
    let counts = &summary.counts;
    let mut out = Output::new();
    writeln!(
        out,
        "{} read: {} scored, {} unscored, {}",
        counted(counts.read, "record", "records"),
        counts.scored,
        counts.unscored,
        counted(counts.rejects, "reject", "rejects")
    )?;
    for cause in summary.unscored.iter().filter(|cause| cause.comments > 0) {
        writeln!(out, "  unscored: {} {}", cause.comments, cause.cause)?;
    }
    writeln!(
        out,
        "{}, {}; {} flagged by the policy `{}`",
        counted(counts.authors, "author", "authors"),
        counted(counts.threads, "thread", "threads"),
        counted(counts.flagged, "comment", "comments"),
        summary.policy.name
    )?;
    for notice in &summary.notices {
        writeln!(out, "{notice}")?;
    }
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
    show(&mut out, &rows)?;
    for skipped in &summary.run.skipped {
        writeln!(out, "skipped {}: {}", one_line(&skipped.file), one_line(&skipped.why))?;
    }
    let unread = counts.rejects - inputs.iter().map(|input| input.rejects).sum::<u64>().min(counts.rejects);
    if unread > 0 {
        writeln!(out, "files that could not be read: {unread}; rejects.csv names them")?;
    }
    for input in inputs {
        for notice in &input.notices {
            writeln!(out, "{}: {}", one_line(&input.file), one_line(notice))?;
        }
        if input.doubts > 0 {
            let (file, places) = (one_line(&input.file), counted(input.doubts, "place", "places"));
            writeln!(out, "{file}: unsure of {places}; `comity read` lists them")?;
        }
    }
    writeln!(out, "report: {}", dir.join("report.html").display())?;
    for form in also {
        writeln!(out, "{}: {}", form.as_str(), dir.join(form.path()).display())?;
    }
    Ok(if counts.rejects == 0 { Done::Clean } else { Done::WithRejects })
}
