//! The errors of a run, of any stage.

use std::io;
use std::path::PathBuf;

use super::merge::MergeError;
use super::start;
use crate::calibrate::CalibrateError;
use crate::decisions::{EvaluationError, SampleError};
use crate::label::Label;
use crate::read::ReadError;
use crate::record::ledger::LedgerError;
use crate::report::ReportError;
use crate::score::ScoreError;

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The input could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record could not be read and the run is strict.
    #[error("{file}: record {record} (line {line}): {cause}; or leave out --strict to skip the record")]
    Strict {
        /// The file.
        file: String,
        /// The record, from 1.
        record: u64,
        /// Its first line, from 1.
        line: u64,
        /// The cause.
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
        /// The input that contains it.
        input: PathBuf,
    },
    /// A file that is read is one that would be written over.
    #[error(
        "{input}: this command would write over it; choose another output, or move the input elsewhere",
        input = input.display()
    )]
    OverInput {
        /// The input.
        input: PathBuf,
    },
    /// Another process writes into the folder.
    #[error(
        "another comity is writing into {dir}; wait until it has ended, or choose another folder with --out",
        dir = dir.display()
    )]
    Busy {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder contains the beginning of the requested run.
    #[error(
        "{dir} contains an unfinished run with the same settings; add --resume to continue it, or delete {dir}/{} \
         to start over",
        start::FILE_NAME,
        dir = dir.display()
    )]
    Unfinished {
        /// The folder.
        dir: PathBuf,
    },
    /// The run that the folder holds is not the one that was asked for.
    #[error(
        "{dir} contains {run} with other settings, which --resume cannot continue: {differences}; use the settings of that run, \
         or choose another folder with --out",
        dir = dir.display()
    )]
    Differs {
        /// The folder.
        dir: PathBuf,
        /// Whether the run has ended, in words.
        run: &'static str,
        /// The differences, in words.
        differences: String,
    },
    /// The beginning of a run in the folder cannot be read.
    #[error(
        "{dir}: cannot read which run it contains; {remedy}",
        dir = dir.display()
    )]
    Held {
        /// The folder.
        dir: PathBuf,
        /// What to do.
        remedy: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// The folder whose scores are to be reused contains no run.
    #[error("{dir} contains no run whose scores could be reused; name a folder that `comity score` wrote", dir = dir.display())]
    NothingToReuse {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder whose scores are to be reused is the one to write to.
    #[error("{dir} cannot be reused for itself; choose another folder with --out", dir = dir.display())]
    ReuseOfOut {
        /// The folder.
        dir: PathBuf,
    },
    /// The scores of a folder were changed by hand.
    #[error("{dir}: its scores were changed after the run; leave out --reuse, or name another folder", dir = dir.display())]
    ReuseOfEdited {
        /// The folder.
        dir: PathBuf,
    },
    /// The scores of a folder were not made as they would be made now.
    #[error("the scores in {dir} cannot be reused: {differences}; leave out --reuse", dir = dir.display())]
    OtherScorer {
        /// The folder.
        dir: PathBuf,
        /// The differences, in words.
        differences: String,
    },
    /// The run was stopped before its end.
    #[error(
        "stopped; scored comments kept in {dir}: {scored}; run the same command with --resume to continue",
        dir = dir.display()
    )]
    Stopped {
        /// The folder.
        dir: PathBuf,
        /// Comments whose scores stand in it.
        scored: u64,
    },
    /// The run whose report is asked for has not ended.
    #[error(
        "the run in {dir} has not ended; end it first, by the same `comity score` with --resume",
        dir = dir.display()
    )]
    NotEnded {
        /// The folder.
        dir: PathBuf,
    },
    /// A file of the output could not be written.
    #[error("cannot write {path}; choose another folder with --out or make room", path = path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// No temporary file can be made.
    #[error(
        "{dir}: temporary files cannot be created there; set TMPDIR to a folder that can be written",
        dir = dir.display()
    )]
    Temporary {
        /// The folder for temporary files.
        dir: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The reply links of a large export found no room.
    #[error(
        "cannot keep reply links in the folder for temporary files; make room there, or set TMPDIR to another"
    )]
    Links(#[source] io::Error),
    /// The model or the engine could not be loaded, or scoring failed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The scores file could not be written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The answers to a stream could not be written.
    #[error("cannot write the answers")]
    Stream(#[source] io::Error),
    /// The stream was stopped before its end.
    #[error(
        "stopped; every line that was read is answered ({answered} in all); send the lines after those again"
    )]
    StreamStopped {
        /// Lines answered: all that had been read.
        answered: u64,
    },
    /// Shards could not be joined.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// The reports could not be written, or a folder's run or scores cannot be used.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The decisions could not be evaluated.
    #[error(transparent)]
    Decisions(#[from] EvaluationError),
    /// No sample could be drawn.
    #[error(transparent)]
    Sample(#[from] SampleError),
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
    /// No score map can be fitted.
    #[error("{file}: column `{column}`: {cause}", file = file.display())]
    Calibrate {
        /// The file.
        file: PathBuf,
        /// The column with the values.
        column: String,
        /// The cause.
        cause: CalibrateError,
    },
    /// A column of labels is compared with a label that the model does not give.
    #[error(
        "the model {model} does not give {label}, which a column is compared with; leave the column out, or use another model"
    )]
    LabelNotGiven {
        /// Name of the model.
        model: String,
        /// The label.
        label: Label,
    },
}
