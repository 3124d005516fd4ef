//! `comity score`

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use comity::engine;
use comity::pipeline::{self, EngineChoice, ScoreRequest, Shard, StreamRequest};
use comity::policy::Policy;
use comity::pseudonym::{MAX_KEY_BYTES, Pseudonyms};
use comity::read::Format;
use comity::report::{Column, Form, Summary};
use comity::score::{DEFAULT_BATCH, Settings};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::Done;
use super::files::{self, Row};
use super::input::InputArgs;
use super::output::{Output, one_line};
use super::progress::Bar;

/// Score every comment of an export and write tables and pages about them.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// Folder to write to; made if it is not there, its report replaced if it holds one.
    #[arg(long, value_name = "DIR", required_unless_present = "stream")]
    out: Option<PathBuf>,

    /// Answer every line of ndjson from standard input (`-`) by a line of ndjson on standard output, as it comes; no report.
    #[arg(long, conflicts_with_all = ["out", "also", "resume", "reuse", "shard", "keep_raw_rejects", "pseudonymize", "limit", "strict", "lenient", "authors", "article_end"])]
    stream: bool,

    /// Folder of another model, ours or Hugging Face's (docs/models.md); the one that ships inside where none is given.
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

    /// Columns by whose values by.csv sets comments side by side: section, language, thread, author, file, day, week, month,
    /// year, hour.
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', default_values_t = Column::DEFAULT)]
    by: Vec<Column>,

    /// Go on with this run where it was interrupted, if the folder holds the beginning of it.
    #[arg(long)]
    resume: bool,

    /// Folder of an earlier run of the same model, whose scores are taken over for comments that say the same.
    #[arg(long, value_name = "DIR")]
    reuse: Option<PathBuf>,

    /// Score one part of the input: the threads of part I of N. `comity merge` joins the parts.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,

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
    let read = args.input.options(args.keep_raw_rejects)?;
    let engine = EngineChoice::Named(args.engine);
    let threads = args.threads.and_then(NonZeroUsize::new);
    let settings = Settings { batch: args.batch, any_language: args.language == Languages::Any };
    let Some(out) = args.out else {
        if args.input.inputs != [Path::new("-")] || read.format.is_some_and(|format| format != Format::Ndjson)
        {
            let usage = "--stream reads ndjson from standard input: give `-` as the only input\n";
            clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, usage).exit();
        }
        return answer_lines(&StreamRequest { read, model: args.model, engine, threads, settings }, &policy);
    };
    let request = ScoreRequest {
        read,
        inputs: args.input.inputs,
        limit: args.input.limit,
        strict: args.input.strict,
        out,
        model: args.model,
        engine,
        threads,
        settings,
        also: args.also,
        by: args.by,
        resume: args.resume,
        reuse: args.reuse,
        shard: args.shard,
        stop: stop_on_signals().context("cannot listen for signals")?,
        pseudonyms: args.key.as_deref().map(load_key).transpose()?,
    };
    let bar = Bar::new(request.stop.clone());
    let finished = pipeline::score(&request, &policy, &|progress| bar.show(progress));
    bar.finish();
    let finished = finished?;
    if finished.kept > 0 {
        let counts = &finished.summary.counts;
        let comments = counts.scored + counts.unscored;
        writeln!(
            Output::new(),
            "resumed: {} of {comments} comments stood in scores.csv already",
            finished.kept
        )?;
    }
    if let Some(dir) = &request.reuse {
        writeln!(Output::new(), "reused: the scores of {} texts, from {}", finished.reused, dir.display())?;
    }
    print_summary(&finished.summary, &request.out, &request.also)
}

/// Answers standard input on standard output, byte for byte: it is for programs.
fn answer_lines(request: &StreamRequest, policy: &Policy) -> anyhow::Result<Done> {
    let mut output = BufWriter::new(std::io::stdout().lock());
    let input = BufReader::new(std::io::stdin());
    let bad_lines = pipeline::stream(request, policy, input, &mut output)?;
    Ok(if bad_lines == 0 { Done::Clean } else { Done::WithRejects })
}

/// Set by the first signal to end; the second one ends the program at once.
fn stop_on_signals() -> std::io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal sets what the second one finds set.
        flag::register_conditional_shutdown(signal, 1, stop.clone())?;
        flag::register(signal, stop.clone())?;
    }
    Ok(stop)
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
    files::show(&mut out, &rows)?;
    let unread = counts.rejects - inputs.iter().map(|input| input.rejects).sum::<u64>().min(counts.rejects);
    if unread > 0 {
        writeln!(out, "files that could not be read: {unread}; rejects.csv names them")?;
    }
    for input in inputs {
        for notice in &input.notices {
            writeln!(out, "{}: {}", one_line(&input.file), one_line(notice))?;
        }
        if input.doubts > 0 {
            let file = one_line(&input.file);
            writeln!(out, "{file}: unsure of {} places; `comity read` lists them", input.doubts)?;
        }
    }
    writeln!(out, "report: {}", dir.join("report.html").display())?;
    for form in also {
        writeln!(out, "{}: {}", form.as_str(), dir.join(form.path()).display())?;
    }
    Ok(if counts.rejects == 0 { Done::Clean } else { Done::WithRejects })
}
