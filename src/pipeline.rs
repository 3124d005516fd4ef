//! Where the stages meet: one comment's way from an export to a report.
//!
//! `read -> thread -> score (normalize, encode, engine) -> scores.csv -> report (policy, aggregate)`
//!
//! One thread reads, chunks flow through the scoring stage, and whatever reads the scores afterwards reads the file.

mod evaluate;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cell::guard;
use crate::comment::Comment;
use crate::engine::{self, EngineError};
use crate::explain::{self, Explanation, explain};
use crate::label::Label;
use crate::model::{Manifest, Model, ModelError};
use crate::normalize::{self, normalize};
use crate::policy::{Action, Fired, Policy};
use crate::pseudonym::Pseudonyms;
use crate::read::{FileReport, Options, ReadError, Reader, Record, Reject};
use crate::report::{self, Form, Input, ModelId, Replies, ReportError, Run, Summary};
use crate::score::ledger::{self, LedgerError};
use crate::score::{CHUNK_COMMENTS, ScoreError, Scored, Scorer, Settings};
use crate::thread::{ThreadReport, Threader};

pub use evaluate::{Detected, EvaluateRequest, Evaluation, LabelledColumns, Located, evaluate};

/// A chunk also ends at this many bytes of text, so that long comments do not fill the memory.
const CHUNK_BYTES: usize = 16 << 20;

/// Flagged comments that are explained, the worst first: each takes up to [`explain::WORDS_TRIED`] runs of the model over
/// one of its sentences.
const EXPLAINED: usize = 100;

/// Comments that are explained at a time: enough for every thread, few enough to show that the work goes on.
const EXPLAINED_AT_ONCE: usize = 8;

const REJECTS: &str = "rejects.csv";

/// What a run writes before its report: see [`report::OUTPUTS`] for the rest.
const OUTPUTS: [&str; 4] = [ledger::FILE_NAME, REJECTS, explain::FILE_NAME, report::RUN_FILE_NAME];

/// Comments that [`read`] shows of each file.
const SAMPLES_A_FILE: usize = 3;

/// What to score, how, and where to.
pub struct ScoreRequest {
    /// Files, folders, `-` for standard input.
    pub inputs: Vec<PathBuf>,
    /// How to read them.
    pub read: Options,
    /// Comments to read at most.
    pub limit: Option<u64>,
    /// Stop at the first reject.
    pub strict: bool,
    /// Folder to write to.
    pub out: PathBuf,
    /// Folder of the model; the embedded one if none.
    pub model: Option<PathBuf>,
    /// Name of the engine, one of [`engine::names`].
    pub engine: String,
    /// Threads that score; as many as there are cores if none.
    pub threads: Option<NonZeroUsize>,
    /// Settings of the scoring stage.
    pub settings: Settings,
    /// Forms for other programs to write beside the report.
    pub also: Vec<Form>,
    /// What replaces the names of people in everything that is written, if anything does; raw records are not kept then.
    pub pseudonyms: Option<Pseudonyms>,
}

impl ScoreRequest {
    /// Words about an export, as this run may write them.
    fn shown(&self, words: &str) -> String {
        self.pseudonyms.as_ref().map_or_else(|| words.to_owned(), |pseudonyms| pseudonyms.redact(words))
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Comments that are through the scoring stage.
    pub scored: u64,
    /// Comments read.
    pub read: u64,
    /// Bytes of the input read, as they lie on disk.
    pub bytes_read: u64,
    /// Bytes of the input; none with standard input.
    pub total_bytes: Option<u64>,
    /// Comments to read at most.
    pub limit: Option<u64>,
    /// Once all are scored: how many flagged comments have been explained, of how many.
    pub explained: Option<(usize, usize)>,
}

impl Progress {
    /// How many comments there will be in the end, from the share of the input's bytes that was read.
    pub fn estimated_total(&self) -> Option<f64> {
        let total_bytes = self.total_bytes.filter(|_| self.bytes_read > 0)?;
        let total = self.read as f64 * (total_bytes as f64 / self.bytes_read as f64).max(1.0);
        Some(self.limit.map_or(total, |limit| total.min(limit as f64)))
    }
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The input could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record could not be read and the run is strict.
    #[error(
        "{file}: record {record} (line {line}): {cause}; or leave out --strict to go on without the record"
    )]
    Strict {
        /// The file.
        file: String,
        /// The record, from 1.
        record: u64,
        /// Its first line, from 1.
        line: u64,
        /// What is wrong with it.
        cause: String,
    },
    /// The output folder is one that is read.
    #[error(
        "{out} lies within the input {input}, and its files would be read as exports the next time; choose a folder \
         elsewhere with --out, or name the exports one by one",
        out = out.display(),
        input = input.display()
    )]
    OutWithinInput {
        /// The output folder.
        out: PathBuf,
        /// The input that holds it.
        input: PathBuf,
    },
    /// An input is a file that the run would write over.
    #[error(
        "{input} is a file that this run would write over; choose another folder with --out",
        input = input.display()
    )]
    OverInput {
        /// The input.
        input: PathBuf,
    },
    /// A file of the output could not be written.
    #[error("cannot write {path}: {source}; choose another folder with --out or make room", path = path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The reply links of a large export found no room.
    #[error(
        "reply links could not be kept in the folder for temporary files: {0}; make room there, or name another in TMPDIR"
    )]
    Links(io::Error),
    /// The model could not be loaded.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model was trained on texts that were normalised in another way.
    #[error(
        "the model {model} was trained behind normaliser {normalizer}, this version of comity has normaliser {}; use the \
         version of comity that the model was made for, or train it again",
        normalize::VERSION
    )]
    Normalizer {
        /// Name of the model.
        model: String,
        /// The normaliser's version in its manifest.
        normalizer: u32,
    },
    /// The engine could not be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Scoring failed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The scores file could not be written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The reports could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A column of labels holds none.
    #[error(
        "{file}: no scored row has a label in the column `{column}` (or none that weighs anything); name another column",
        file = file.display()
    )]
    NoLabels {
        /// The labelled file.
        file: PathBuf,
        /// The column.
        column: String,
    },
    /// The threads could not be started.
    #[error("cannot start the threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// What [`read`] understood.
pub struct Understood {
    /// File by file.
    pub files: Vec<FileReport>,
    /// Comments read.
    pub comments: u64,
    /// Different names of authors.
    pub authors: usize,
    /// What was found between comments.
    pub replies: ThreadReport,
    /// The first comments of each file, as a model would see them.
    pub samples: Vec<Sample>,
    /// The records that could not be read: the first hundred.
    pub rejects: Vec<Reject>,
}

/// A comment and its text as the model would see it.
pub struct Sample {
    /// The comment.
    pub comment: Comment,
    /// Its own words, normalised.
    pub normalized: String,
}

/// Reads without scoring.
///
/// # Errors
/// [`PipelineError::Read`] and, if `strict`, [`PipelineError::Strict`].
pub fn read(
    inputs: &[PathBuf],
    options: &Options,
    limit: Option<u64>,
    strict: bool,
) -> Result<Understood, PipelineError> {
    let mut reader = Reader::open(inputs, options)?;
    let mut threader = Threader::new();
    let mut samples: Vec<Sample> = Vec::new();
    let mut rejects = Vec::new();
    let mut comments = 0;
    let mut authors: HashSet<String> = HashSet::new();
    while limit.is_none_or(|limit| comments < limit) {
        match reader.next().transpose()? {
            None => break,
            Some(Record::Reject(reject)) if strict => return Err(strict_error(reject)),
            Some(Record::Reject(reject)) if rejects.len() < 100 => rejects.push(reject),
            Some(Record::Reject(_)) => {}
            Some(Record::Comment(mut comment)) => {
                comments += 1;
                threader.link(&mut comment);
                if let Some(author) = comment.author.as_ref().filter(|author| !authors.contains(*author)) {
                    authors.insert(author.clone());
                }
                let of_file =
                    samples.iter().rev().take_while(|s| s.comment.origin.file == comment.origin.file);
                if of_file.count() < SAMPLES_A_FILE {
                    let normalized = normalize(&comment.own_words()).text.into_owned();
                    samples.push(Sample { comment, normalized });
                }
            }
        }
    }
    let (files, replies) = (reader.files().to_vec(), threader.finish().map_err(PipelineError::Links)?);
    Ok(Understood { files, comments, authors: authors.len(), replies, samples, rejects })
}

/// Scores an export and reports on it. `progress` is called often, from many threads.
///
/// What can be known to fail is tried first: the inputs and the outputs are opened before the model is loaded. A report
/// that the folder holds stays whole until nothing but the work itself is left to fail.
///
/// # Errors
/// [`PipelineError`] names the stage, the place and what to do. What was written until then stays, without `run.json`,
/// so that no report is ever made of half a run.
pub fn score(
    request: &ScoreRequest,
    policy: &Policy,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Summary, PipelineError> {
    let hides_names = request.pseudonyms.is_some();
    let options = Options {
        withhold_names: hides_names,
        keep_raw: request.read.keep_raw && !hides_names,
        ..request.read.clone()
    };
    let mut reader = Reader::open(&request.inputs, &options)?;
    keep_apart(&request.inputs, &request.out)?;
    let files = OutputFiles::open(&request.out)?;
    let model = load_model(request.model.as_deref())?;
    let engine = engine::open(&request.engine, &model)?;
    let threads = request.threads.map_or(0, NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut outputs = Outputs::begin(files, &request.out, options.keep_raw)?;
    let mut scorer = Scorer::new(&model, &*engine, request.settings);
    let mut threader = Threader::new();
    let mut queue = Queue { policy, worst: Vec::new() };
    let mut counts = Counts::default();
    let scored = AtomicU64::new(0);
    loop {
        let chunk = read_chunk(request, &mut reader, &mut threader, &mut outputs, &mut counts)?;
        if chunk.is_empty() {
            break;
        }
        let (bytes_read, total_bytes) = (reader.bytes_read(), reader.total_bytes());
        let advance = |more: u64| {
            let scored = scored.fetch_add(more, Ordering::Relaxed) + more;
            progress(Progress {
                scored,
                read: counts.comments,
                bytes_read,
                total_bytes,
                limit: request.limit,
                explained: None,
            });
        };
        for row in pool.install(|| scorer.score(chunk, &advance))? {
            outputs.scores.write(&row)?;
            queue.offer(row);
        }
    }
    let (bytes_read, total_bytes) = (reader.bytes_read(), reader.total_bytes());
    let (scored, read) = (scored.into_inner(), counts.comments);
    let explanations = pool.install(|| {
        queue.explain(&scorer, &|explained, of| {
            let explained = Some((explained, of));
            progress(Progress { scored, read, bytes_read, total_bytes, limit: request.limit, explained });
        })
    })?;
    outputs.finish(&explanations)?;

    let replies = threader.finish().map_err(PipelineError::Links)?;
    let run = describe(request, &model, &reader, &replies, counts);
    let run_path = request.out.join(report::RUN_FILE_NAME);
    write_whole(&run_path, &serde_json::to_vec_pretty(&run).expect("a run is plain data"))?;
    Ok(report::write(&request.out, policy, &request.also, &[])?)
}

/// The model of a folder, or the embedded one, if it goes with this version's normaliser.
fn load_model(dir: Option<&Path>) -> Result<Model, PipelineError> {
    let model = match dir {
        Some(dir) => Model::open(dir)?,
        None => Model::embedded()?,
    };
    if model.manifest.normalizer != normalize::VERSION {
        let Manifest { name, normalizer, .. } = &model.manifest;
        return Err(PipelineError::Normalizer { model: name.clone(), normalizer: *normalizer });
    }
    Ok(model)
}

/// What was read so far.
#[derive(Clone, Copy, Default)]
struct Counts {
    comments: u64,
    rejects: u64,
}

/// Reads until there is a chunk to score; gives an empty one at the end of the input or of what the user wants of it.
fn read_chunk(
    request: &ScoreRequest,
    reader: &mut Reader,
    threader: &mut Threader,
    outputs: &mut Outputs,
    counts: &mut Counts,
) -> Result<Vec<Comment>, PipelineError> {
    let mut chunk = Vec::new();
    let mut bytes = 0;
    while chunk.len() < CHUNK_COMMENTS
        && bytes < CHUNK_BYTES
        && request.limit.is_none_or(|limit| counts.comments < limit)
    {
        match reader.next().transpose()? {
            None => break,
            Some(Record::Reject(reject)) if request.strict => return Err(strict_error(reject)),
            Some(Record::Reject(mut reject)) => {
                counts.rejects += 1;
                reject.cause = request.shown(&reject.cause);
                outputs.reject(&reject)?;
            }
            Some(Record::Comment(mut comment)) => {
                counts.comments += 1;
                bytes += comment.text.len();
                threader.link(&mut comment);
                if let Some(pseudonyms) = &request.pseudonyms {
                    pseudonyms.apply(&mut comment, threader);
                }
                chunk.push(comment);
            }
        }
    }
    Ok(chunk)
}

/// The worst of the flagged comments: those that get an explanation.
struct Queue<'p> {
    policy: &'p Policy,
    /// Worst first once sorted; never more than twice [`EXPLAINED`].
    worst: Vec<(Fired<'p>, Comment)>,
}

impl Queue<'_> {
    fn offer(&mut self, row: Scored) {
        let decision = self.policy.decide(&row).filter(|decision| decision.action != Action::Approve);
        if let Some(fired) = decision.and_then(|decision| decision.fired) {
            self.worst.push((fired, row.comment));
            if self.worst.len() >= 2 * EXPLAINED {
                self.keep_worst();
            }
        }
    }

    fn keep_worst(&mut self) {
        // A stable sort: equally urgent ones stay in the order of the input.
        self.worst.sort_by(|(a, this), (b, other)| a.urgency(this).first(&b.urgency(other)));
        self.worst.truncate(EXPLAINED);
    }

    /// Explains the worst. `advance` is told how many are explained, of how many.
    fn explain(
        mut self,
        scorer: &Scorer<'_>,
        advance: &dyn Fn(usize, usize),
    ) -> Result<Vec<Explanation>, ScoreError> {
        self.keep_worst();
        let flagged: Vec<(&Comment, Label, f64)> =
            self.worst.iter().map(|(fired, comment)| (comment, fired.rule.label, fired.score)).collect();
        let mut explanations = Vec::with_capacity(flagged.len());
        for some in flagged.chunks(EXPLAINED_AT_ONCE) {
            advance(explanations.len(), flagged.len());
            explanations.extend(explain(scorer, some)?);
        }
        Ok(explanations)
    }
}

/// The run as its report tells of it: nothing that would differ if it were repeated.
fn describe(
    request: &ScoreRequest,
    model: &Model,
    reader: &Reader,
    replies: &ThreadReport,
    counts: Counts,
) -> Run {
    let manifest = &model.manifest;
    let read = &request.read;
    let settings = [
        ("format", read.format.map(|format| format.to_string())),
        ("map", Some(read.mapping.to_string()).filter(|map| !map.is_empty())),
        ("authors", read.authors.as_ref().map(|names| format!("{} names", names.len()))),
        ("article-end", read.article_end.clone()),
        ("lenient", read.lenient.then(|| "yes".to_owned())),
        ("max-expansion", read.max_expansion.map(|times| times.to_string())),
        ("limit", request.limit.map(|limit| limit.to_string())),
        ("language", request.settings.any_language.then(|| "any".to_owned())),
        ("pseudonymize", request.pseudonyms.as_ref().map(|names| format!("key {}", names.fingerprint()))),
    ];
    let input = |file: &FileReport| Input {
        file: file.file.to_string(),
        bytes: file.fingerprint.as_ref().map_or(0, |(bytes, _)| *bytes),
        sha256: file.fingerprint.as_ref().map(|(_, sha256)| sha256.clone()).unwrap_or_default(),
        format: file.format.to_string(),
        why: request.shown(&file.why),
        columns: file
            .columns
            .iter()
            .map(|(field, column)| (field.to_string(), request.shown(column)))
            .collect(),
        comments: file.comments,
        rejects: file.rejects,
        notices: file.notices.iter().map(|notice| request.shown(notice)).collect(),
        doubts: file.doubts.len() as u64,
    };
    Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        model: ModelId {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            checksum: model.checksum.clone(),
            languages: manifest.languages.clone(),
        },
        engine: request.engine.clone(),
        inputs: reader.files().iter().map(input).collect(),
        replies: Replies {
            inferred: replies.parents_inferred,
            orphans: replies.orphans,
            self_replies: replies.self_replies,
            cycles: replies.cycles,
        },
        read: counts.comments + counts.rejects,
        rejects: counts.rejects,
    }
}

/// Writes a file under another name first, so that it is there whole or not at all.
fn write_whole(path: &Path, content: &[u8]) -> Result<(), PipelineError> {
    let draft = path.with_extension("tmp");
    let written = fs::write(&draft, content).and_then(|()| fs::rename(&draft, path));
    written.map_err(|source| PipelineError::Write { path: path.to_owned(), source })
}

fn strict_error(reject: Reject) -> PipelineError {
    let Reject { file, record, line, cause, .. } = reject;
    PipelineError::Strict { file: file.to_string(), record, line, cause }
}

/// Whether inputs and outputs are different files, now and when the same command is run again.
fn keep_apart(inputs: &[PathBuf], out: &Path) -> Result<(), PipelineError> {
    // The part of the folder's path that is there; what is below it will be made.
    let nearest = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let nearest = nearest.ancestors().find_map(|folder| folder.canonicalize().ok()).unwrap_or_default();
    for input in inputs {
        // What cannot be found here is standard input: the reader has opened everything else.
        let Ok(canonical) = input.canonicalize() else { continue };
        if canonical.is_dir() && nearest.starts_with(&canonical) {
            return Err(PipelineError::OutWithinInput { out: out.to_owned(), input: input.clone() });
        }
        let written = report::OUTPUTS.iter().chain(&OUTPUTS);
        if written.filter_map(|name| out.join(name).canonicalize().ok()).any(|file| file == canonical) {
            return Err(PipelineError::OverInput { input: input.clone() });
        }
    }
    Ok(())
}

/// The files that grow while a run goes on, opened but as they were.
struct OutputFiles {
    scores: File,
    rejects: File,
}

impl OutputFiles {
    /// Makes the folder and opens the files.
    fn open(dir: &Path) -> Result<Self, PipelineError> {
        fs::create_dir_all(dir).map_err(cannot_write(dir))?;
        let open = |name| {
            let path = dir.join(name);
            let opened = File::options().write(true).create(true).truncate(false).open(&path);
            opened.map_err(cannot_write(&path))
        };
        Ok(Self { scores: open(ledger::FILE_NAME)?, rejects: open(REJECTS)? })
    }
}

/// The error of a file or folder that could not be written.
fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> PipelineError {
    let path = path.to_owned();
    move |source| PipelineError::Write { path, source }
}

/// The files that grow while a run goes on.
struct Outputs {
    scores: ledger::Writer<BufWriter<File>>,
    rejects: csv::Writer<File>,
    dir: PathBuf,
    keep_raw: bool,
}

impl Outputs {
    /// Begins the files. An earlier run's `run.json` goes first: until this run has ended, the folder holds none.
    fn begin(files: OutputFiles, dir: &Path, keep_raw: bool) -> Result<Self, PipelineError> {
        let run_path = dir.join(report::RUN_FILE_NAME);
        match fs::remove_file(&run_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot_write(&run_path)(error));
            }
            _ => {}
        }
        let scores_path = dir.join(ledger::FILE_NAME);
        files.scores.set_len(0).map_err(cannot_write(&scores_path))?;
        files.rejects.set_len(0).map_err(cannot_write(&dir.join(REJECTS)))?;
        let scores = ledger::Writer::new(BufWriter::new(files.scores), &scores_path)?;
        let rejects = csv::Writer::from_writer(files.rejects);
        let mut outputs = Self { scores, rejects, dir: dir.to_owned(), keep_raw };
        outputs.write_reject(&["file", "record", "line", "bytes", "cause"], "raw")?;
        Ok(outputs)
    }

    fn reject(&mut self, reject: &Reject) -> Result<(), PipelineError> {
        let cells = [
            guard(&reject.file).into_owned(),
            reject.record.to_string(),
            reject.line.to_string(),
            format!("{}-{}", reject.bytes.start, reject.bytes.end),
            guard(&reject.cause).into_owned(),
        ];
        self.write_reject(&cells, &guard(reject.raw.as_deref().unwrap_or_default()))
    }

    fn write_reject<C: AsRef<[u8]>>(&mut self, cells: &[C], raw: &str) -> Result<(), PipelineError> {
        let raw = Some(raw.as_bytes()).filter(|_| self.keep_raw);
        let written = self.rejects.write_record(cells.iter().map(AsRef::as_ref).chain(raw));
        written.map_err(|error| PipelineError::Write { path: self.dir.join(REJECTS), source: error.into() })
    }

    fn finish(mut self, explanations: &[Explanation]) -> Result<(), PipelineError> {
        let flushed = self.rejects.flush();
        flushed.map_err(|source| PipelineError::Write { path: self.dir.join(REJECTS), source })?;
        let flushed = self.scores.finish()?.flush();
        flushed.map_err(|source| PipelineError::Write { path: self.dir.join(ledger::FILE_NAME), source })?;
        let mut lines = Vec::new();
        for explanation in explanations {
            serde_json::to_writer(&mut lines, explanation).expect("an explanation is plain data");
            lines.push(b'\n');
        }
        write_whole(&self.dir.join(explain::FILE_NAME), &lines)
    }
}
