//! Where the stages meet: one comment's way from an export to a report.
//!
//! `read -> thread -> score (normalize, encode, engine) -> scores.csv -> report (policy,
//! aggregate)`
//!
//! One thread reads, chunks flow through the scoring stage, and whatever reads the scores
//! afterwards reads the file.

mod calibrate;
mod chunks;
mod error;
mod evaluate;
mod labelled;
mod merge;
mod named_file;
mod outputs;
mod progress;
mod queue;
mod shard;
mod start;
mod stream;
mod understand;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use calibrate::{CalibrateRequest, CalibrationReport, calibrate};
pub use error::PipelineError;
pub use evaluate::{Detected, EvaluateRequest, LabelledColumns, ModelMetrics, evaluate};
pub use labelled::Located;
pub use merge::{MergeError, merge};
pub use outputs::keep_apart;
pub use progress::Progress;
pub use shard::Shard;
pub use stream::{StreamRequest, stream};
pub use understand::{Preview, Understood, UnderstoodFile, read, value_of};

use crate::comment::Comment;
use crate::decisions;
use crate::policy::Policy;
use crate::pseudonym::Pseudonyms;
use crate::read::{FileReport, Options, Reader, Reject};
use crate::record::ledger::{self, Recalled};
use crate::record::{self, Column, Input, Replies, Run, SkippedFile};
use crate::report::{self, Form, Summary};
use crate::score::{Earlier, ScoreError, Scorer, ScorerBuilder, Session};
use crate::score_map::ScoreMap;
use crate::thread::ThreadReport;
use chunks::{Chunks, Counts};
use outputs::{OutputFiles, Outputs, cannot_write, keep_exports_apart, lock};
use progress::Meter;
use queue::Queue;
use start::{Difference, Held, Start};

/// A chunk also ends at this many bytes of text, so that long comments do not fill the memory.
const CHUNK_BYTES: usize = 16 << 20;

/// The options of [`score()`].
#[non_exhaustive]
pub struct ScoreRequest {
    /// Files, folders, `-` for standard input.
    pub inputs: Vec<PathBuf>,
    /// The options for reading them.
    pub read: Options,
    /// Comments to read at most.
    pub limit: Option<u64>,
    /// Stop at the first reject.
    pub strict: bool,
    /// Folder to write to.
    pub out: PathBuf,
    /// The model, its engine and its threads.
    pub scorer: ScorerBuilder,
    /// Forms for other programs to write next to the report.
    pub also: Vec<Form>,
    /// Columns by whose values `by.csv` sets comments side by side.
    pub by: Vec<Column>,
    /// The pseudonyms that replace the names of people in everything that is written, if any; raw
    /// records are not kept then.
    pub pseudonyms: Option<Pseudonyms>,
    /// Continue the run that the folder contains, if any.
    pub resume: bool,
    /// Folder of an earlier run whose scores are reused for equal texts.
    pub reuse: Option<PathBuf>,
    /// The part of the input that is scored, if not all of it. All of it is read.
    pub shard: Option<Shard>,
    /// Set to `true` to stop after the current chunk has been written, or at once if its texts are
    /// very long.
    pub stop: Arc<AtomicBool>,
}

impl ScoreRequest {
    /// Creates a request with the default options, for files and folders (`-` is standard input)
    /// and a folder to write to.
    pub fn new(inputs: impl IntoIterator<Item = impl Into<PathBuf>>, out: impl Into<PathBuf>) -> Self {
        Self {
            inputs: inputs.into_iter().map(Into::into).collect(),
            read: Options::default(),
            limit: None,
            strict: false,
            out: out.into(),
            scorer: Scorer::builder(),
            also: Vec::new(),
            by: Column::DEFAULT.to_vec(),
            pseudonyms: None,
            resume: false,
            reuse: None,
            shard: None,
            stop: Arc::default(),
        }
    }

    /// Words about an export, as this run may write them.
    fn shown(&self, words: &str) -> String {
        self.pseudonyms.as_ref().map_or_else(|| words.to_owned(), |pseudonyms| pseudonyms.redact(words))
    }
}

/// The result of a run.
pub struct Finished {
    /// The summary of its report.
    pub summary: Summary,
    /// Comments whose scores an interrupted run had written.
    pub kept: u64,
    /// The number of texts whose scores were reused from the folder of `reuse`.
    pub reused: u64,
}

/// Scores an export and reports on it. `progress` is called often, from many threads.
///
/// What can be known to fail is tried first: the inputs and the outputs are opened before the model
/// is loaded. A report that the folder holds stays whole until nothing but the work itself is left
/// to fail.
///
/// With `resume`, the input is read again from its beginning, which is far cheaper than scoring it:
/// every comment that has a row in the scores file is compared with it and takes its scores from
/// there, and what follows is scored. So whatever the readers and the threader remember is as it
/// would be without an interruption, and so is every byte.
///
/// # Errors
/// [`PipelineError`] names the stage, the place and what to do. What was written until then stays,
/// without `run.json`, so that no report is ever made of half a run.
pub fn score(
    request: &ScoreRequest,
    policy: &Policy,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Finished, PipelineError> {
    let hides_names = request.pseudonyms.is_some();
    let options = Options {
        withhold_names: hides_names,
        keep_raw: request.read.keep_raw && !hides_names,
        ..request.read.clone()
    };
    let reader = Reader::open(&request.inputs, &options)?;
    check_strict(&reader, request.strict)?;
    keep_exports_apart(&request.inputs, &request.out)?;
    check_temporary_folder()?;
    let files = OutputFiles::open(&request.out)?;
    let scorer = request.scorer.build()?;
    let start = Start::new(settings(request), scorer.id(), scorer.engine().name(), reader.files());
    let held = files.held(&start, request.resume)?;
    let mut session = scorer.session();
    session.stop_on(request.stop.clone());
    if let Some(dir) = &request.reuse {
        session.reuse(scorer.install(|| earlier(dir, &start, files.dir(), &scorer))?);
    }
    let mut outputs = files.begin(start.clone(), held, options.keep_raw)?;

    let mut chunks = Chunks::new(request, reader, scorer.threads());
    session.expect(chunks.head_comments());
    let mut queue = Queue::new(policy);
    let mut meter = Meter::new(progress, request.limit);
    let stopped = |meter: &Meter<'_>, error: PipelineError| match error {
        PipelineError::Score(ScoreError::Stopped) => {
            PipelineError::Stopped { dir: request.out.clone(), scored: meter.written }
        }
        error => error,
    };
    while let Some(chunk) = chunks.next(&mut outputs)? {
        chunks.show(&mut meter.progress);
        score_chunk(chunk, &mut session, &mut outputs, &mut queue, &mut meter)
            .and_then(|()| match request.stop.load(Ordering::Relaxed) {
                true => Err(ScoreError::Stopped.into()),
                false => Ok(()),
            })
            .map_err(|error| stopped(&meter, error))?;
    }
    chunks.show(&mut meter.progress);
    outputs.end_rows()?;

    let explanations = queue
        .explain(&scorer, &request.stop, &|explained, of| meter.explain(explained, of))
        .map_err(|error| stopped(&meter, error.into()))?;
    let Chunks { reader, threader, counts, .. } = chunks;
    let replies = threader.finish().map_err(PipelineError::Links)?;
    let run = describe(request, start, &reader, &replies, counts);
    let _lock = outputs.finish(&explanations, run)?;
    let (kept, reused) = (meter.progress.kept, session.reused());
    // The report is made of files, and what made them may be large.
    drop((session, scorer, reader, explanations));
    let summary = report::write(&request.out, policy, &request.also, &request.by, &[])?;
    Ok(Finished { summary, kept, reused })
}

/// Scores the comments of a chunk that have no row in the scores file yet, and writes their rows.
fn score_chunk(
    chunk: Vec<Comment>,
    session: &mut Session,
    outputs: &mut Outputs,
    queue: &mut Queue<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), PipelineError> {
    let mut fresh = Vec::with_capacity(chunk.len());
    let mut kept = 0;
    for comment in chunk {
        match outputs.recall(comment)? {
            Recalled::New(comment) => fresh.push(comment),
            Recalled::Kept(row) => {
                kept += 1;
                queue.offer(row);
            }
        }
    }
    meter.progress.kept += kept;
    meter.advance(kept);
    for row in session.score(fresh, &|more| meter.advance(more))? {
        outputs.score(&row)?;
        queue.offer(row);
    }
    outputs.flush()?;
    meter.written = meter.scored();
    Ok(())
}

/// Opens the scores of an earlier run, if they were made as those of this run are.
fn earlier(dir: &Path, start: &Start, out: &Path, scorer: &Scorer) -> Result<Earlier, PipelineError> {
    let owned = || dir.to_owned();
    let held = Held::read(dir).map_err(|source| {
        let remedy = "leave out --reuse, or name another folder";
        PipelineError::Held { dir: owned(), remedy, source }
    })?;
    let held = held.ok_or_else(|| PipelineError::NothingToReuse { dir: owned() })?;
    if keep_apart(&[dir.join(ledger::FILE_NAME)], out).is_err() {
        return Err(PipelineError::ReuseOfOut { dir: owned() });
    }
    let differences = held.start.differences_of_scorer(start);
    if !differences.is_empty() {
        return Err(PipelineError::OtherScorer { dir: owned(), differences: Difference::list(&differences) });
    }
    if let Some(run) = &held.run {
        report::check_scores(run, dir)?;
        if run.edited {
            return Err(PipelineError::ReuseOfEdited { dir: owned() });
        }
    }
    Ok(Earlier::open(&dir.join(ledger::FILE_NAME), held.run.is_none(), scorer)?)
}

/// Checks, before any work, that temporary files can be made.
fn check_temporary_folder() -> Result<(), PipelineError> {
    let made = tempfile::tempfile().map(drop);
    made.map_err(|source| PipelineError::Temporary { dir: std::env::temp_dir(), source })
}

/// Checks that a folder contains a run that has ended.
fn check_ended(dir: &Path) -> Result<(), PipelineError> {
    let exists = |name: &str| dir.join(name).exists();
    if exists(start::FILE_NAME) && !exists(record::RUN) {
        return Err(PipelineError::NotEnded { dir: dir.to_owned() });
    }
    Ok(())
}

/// Checks that a folder contains a run that has ended, with the scores that it ended with.
fn check_run(dir: &Path) -> Result<(), PipelineError> {
    check_ended(dir)?;
    Ok(report::check_scores(&report::read_run(dir)?, dir)?)
}

/// Applies a policy to the scores of a folder and writes its reports again: [`report::write`],
/// while nobody else writes into the folder.
///
/// # Errors
/// Those of [`report::write`]; [`PipelineError::NotEnded`] if the folder contains an unfinished
/// run, [`PipelineError::Busy`] if somebody writes into it, [`PipelineError::OverInput`] if a file
/// of decisions is one that the report writes.
pub fn report(
    dir: &Path,
    policy: &Policy,
    also: &[Form],
    by: &[Column],
    decisions: &[PathBuf],
) -> Result<Summary, PipelineError> {
    keep_apart(decisions, dir)?;
    let _lock = lock_ended(dir)?;
    Ok(report::write(dir, policy, also, by, decisions)?)
}

/// Accepts a scores file that was changed after its run: `run.json` records its new checksum and
/// that it was changed, and every later report states it.
///
/// # Errors
/// [`PipelineError`]: the folder contains no whole run, somebody writes into it, or `run.json`
/// cannot be written.
pub fn accept_edits(dir: &Path) -> Result<(), PipelineError> {
    let _lock = lock_ended(dir)?;
    outputs::accept_edits(dir)
}

/// Locks a folder whose run has ended. A folder without a run gets no new file.
fn lock_ended(dir: &Path) -> Result<Option<std::fs::File>, PipelineError> {
    let has_run = [start::FILE_NAME, record::RUN].iter().any(|name| dir.join(name).exists());
    let lock = if has_run { Some(lock(dir)?) } else { None };
    check_ended(dir)?;
    Ok(lock)
}

/// Evaluates people's decisions about the comments of a folder: [`decisions::evaluate`], if the
/// folder contains a whole run.
///
/// # Errors
/// [`PipelineError`]: the run has not ended, its scores were changed, or a file cannot be read.
pub fn evaluate_decisions(
    dir: &Path,
    policy: &Policy,
    files: &[PathBuf],
    precision: f64,
) -> Result<decisions::ReviewStats, PipelineError> {
    check_run(dir)?;
    Ok(decisions::evaluate(dir, policy, files, precision)?)
}

/// Draws a sample of the comments of a folder that are not flagged: [`decisions::draw`], if the
/// folder contains a whole run.
///
/// # Errors
/// [`PipelineError`]: the run has not ended, its scores were changed, or the sample cannot be
/// written.
pub fn draw_sample(
    dir: &Path,
    policy: &Policy,
    count: u64,
    seed: u64,
) -> Result<decisions::Sample, PipelineError> {
    check_run(dir)?;
    Ok(decisions::draw(dir, policy, count, seed)?)
}

/// The options that change what is written, as the user gave them.
fn settings(request: &ScoreRequest) -> BTreeMap<String, String> {
    let read = &request.read;
    let yes = |is_set: bool| is_set.then(|| "yes".to_owned());
    let settings = [
        ("format", read.format.map(|format| format.to_string())),
        ("map", Some(read.mapping.to_string()).filter(|map| !map.is_empty())),
        ("authors", read.authors.as_ref().map(|names| format!("{} names", names.len()))),
        ("article-end", read.article_end.clone()),
        ("records", read.records.clone()),
        ("date-order", read.date_order.map(|order| order.as_str().to_owned())),
        ("encoding", read.encoding.map(|encoding| encoding.to_string())),
        ("header-row", read.header_row.map(|row| row.to_string())),
        ("keep-raw-rejects", yes(read.keep_raw && request.pseudonyms.is_none())),
        ("max-expansion", read.max_expansion.map(|times| times.to_string())),
        ("limit", request.limit.map(|limit| limit.to_string())),
        (record::CALIBRATION, request.scorer.score_map().map(ScoreMap::identity)),
        ("language", request.scorer.is_any_language().then(|| "any".to_owned())),
        ("pseudonymize", request.pseudonyms.as_ref().map(|names| format!("key {}", names.fingerprint()))),
        ("shard", request.shard.map(|shard| shard.to_string())),
    ];
    settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Returns the run as its report describes it: nothing that would differ if it were repeated.
fn describe(
    request: &ScoreRequest,
    start: Start,
    reader: &Reader,
    replies: &ThreadReport,
    counts: Counts,
) -> Run {
    let input = |file: &FileReport| Input {
        file: file.file.to_string(),
        bytes: file.fingerprint.as_ref().map(|(bytes, _)| *bytes).or(file.size).unwrap_or(0),
        sha256: file.fingerprint.as_ref().map(|(_, sha256)| sha256.clone()).unwrap_or_default(),
        format: file.format.to_string(),
        why: request.shown(&file.why),
        columns: columns(file, request),
        comments: file.comments,
        rejects: file.rejects,
        notices: file.notices.iter().map(|notice| request.shown(notice)).collect(),
        doubts: file.doubts.len() as u64,
    };
    Run {
        version: start.version,
        settings: start.settings,
        model: start.model,
        engine: start.engine,
        inputs: reader.files().iter().map(input).collect(),
        skipped: reader
            .skipped()
            .iter()
            .map(|skipped| SkippedFile { file: skipped.file.to_string(), why: request.shown(&skipped.why) })
            .collect(),
        replies: Replies {
            inferred: replies.parents_inferred,
            orphans: replies.orphans,
            self_replies: replies.self_replies,
            cycles: replies.cycles,
        },
        read: counts.comments + counts.rejects,
        rejects: counts.rejects,
        by: request.by.clone(),
        scores_sha256: None,
        edited: false,
    }
}

/// Returns the columns of each field; a field may be read from several.
fn columns(file: &FileReport, request: &ScoreRequest) -> BTreeMap<String, String> {
    let mut columns: BTreeMap<String, String> = BTreeMap::new();
    for (field, column) in &file.columns {
        let names = columns.entry(field.to_string()).or_default();
        let comma = if names.is_empty() { "" } else { ", " };
        names.push_str(comma);
        names.push_str(&request.shown(column));
    }
    columns
}

/// Fails a strict run at once if a file of its folders is known to be unreadable.
fn check_strict(reader: &Reader, strict: bool) -> Result<(), PipelineError> {
    match reader.unreadable().next() {
        Some(reject) if strict => Err(strict_error(reject.clone())),
        _ => Ok(()),
    }
}

fn strict_error(reject: Reject) -> PipelineError {
    let Reject { file, record, line, cause, .. } = reject;
    PipelineError::Strict { file: file.to_string(), record, line, cause }
}
