//! The files people and programs read: from `scores.csv` and `run.json` alone, by a policy, without
//! the model.
//!
//! What each file holds is said in `docs/output.md`. The scores file is read once for decisions and
//! totals; what must be known of every comment is sorted on disk, and the rows of flagged comments
//! are read once more in the order of their ranks. In memory stand the names of all authors and
//! threads, and no text but those of the page.

mod address;
mod also;
mod authors;
mod by;
mod chart;
mod convokit;
mod draft;
mod first_pass;
mod gexf;
mod links;
mod methods;
mod ndjson;
mod network;
mod page;
#[cfg(feature = "parquet")]
mod parquet;
mod plain;
mod queue;
mod replies;
mod run;
mod summary;
mod threads;

use std::io;
use std::path::{Path, PathBuf};

pub use also::Form;
pub use draft::{UNFINISHED, mark_unfinished};
pub use run::{check_scores, read_run, scores_sha256};
pub use summary::{
    ActionCount, AuthorEntry, CauseCount, Concentration, Counts, Distribution, LanguageCount, NetworkEntry,
    PolicyEntry, Prevalence, RuleEntry, Summary, ThreadEntry,
};

use crate::aggregate::TOXIC;
use crate::decisions::{self, EvaluationError};
use crate::files;
use crate::policy::Policy;
use crate::record::ledger::{self, LedgerError};
use crate::record::{self, Column, Explanation};
use also::Facts;
use draft::Drafts;

/// The page suggests no threshold from people's decisions, so any precision will do.
const WANTED_PRECISION: f64 = 0.9;

/// Names of the files that [`fn@write`] always writes; [`outputs`] has the rest.
pub const OUTPUTS: [&str; 14] = [
    first_pass::DECISIONS,
    queue::FLAGGED,
    authors::AUTHORS,
    threads::THREADS,
    threads::BINS,
    threads::TIME_BINS,
    threads::SIZE_BINS,
    network::NETWORK,
    by::BY,
    summary::JSON,
    summary::MARKDOWN,
    methods::METHODS,
    queue::page::PAGE,
    page::PAGE,
];

/// Names of all files and folders, in the folder of a run, that [`fn@write`] may write.
pub fn outputs() -> impl Iterator<Item = &'static str> {
    OUTPUTS.into_iter().chain([chart::FOLDER, UNFINISHED]).chain(Form::ALL.into_iter().map(Form::path))
}

/// Returns true if the report in a folder was interrupted while its files were replaced: they may
/// not belong together.
pub fn is_unfinished(dir: &Path) -> bool {
    dir.join(UNFINISHED).symlink_metadata().is_ok()
}

/// A report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// `run.json` is missing, or it or `explanations.ndjson` is not one that we write.
    #[error("{path}: cannot be read; score the export again or restore the file", path = path.display())]
    Run {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// `scores.csv` could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// `scores.csv` was changed after its run.
    #[error(
        "{path}: changed since the run ended (its SHA-256 is not the one in run.json); restore the file or score the \
         export again, or add --accept-edits to report on it as it is",
        path = path.display()
    )]
    Edited {
        /// The scores file.
        path: PathBuf,
    },
    /// Records are missing or there are too many: the scores file does not belong to the run, or is
    /// not whole.
    #[error(
        "{path}: {read} records were read, but {scored} scored + {unscored} unscored + {rejects} rejects are {sum}; \
         score the export again",
        path = path.display(),
        sum = scored + unscored + rejects
    )]
    Count {
        /// The scores file.
        path: PathBuf,
        /// Records read, as the run says.
        read: u64,
        /// Rows with scores.
        scored: u64,
        /// Rows without.
        unscored: u64,
        /// Records that were no comments, as the run says.
        rejects: u64,
    },
    /// The decisions could not be evaluated.
    #[error(transparent)]
    Decisions(#[from] EvaluationError),
    /// A file could not be written.
    #[error("{path}: cannot be written; check that the folder can be written and the disk is not full", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Decides every comment of a scored export by `policy` and writes, into the same folder,
/// `decisions.csv`, `flagged.csv`, `authors.csv`, `threads.csv`, `bins.csv`, `time_bins.csv`,
/// `size_bins.csv`, `network.csv`, `by.csv` with the columns of `by` (those of the run if it is
/// empty), `summary.json`, `summary.md`, `methods.md`, `report.html`, `queue.html`, the charts and
/// the forms of `also`. `queue.html` shows what the files of people's `decisions` say of
/// thresholds, if there are any. A form that the folder contains already is written again, so that
/// none is left of another run or policy.
///
/// All of them are written under temporary names first and renamed when all are whole: a report
/// that fails or is interrupted leaves the one before as it was.
///
/// # Errors
/// [`ReportError`]: the scores or the run cannot be read, do not add up, or the folder cannot be
/// written.
pub fn write(
    dir: &Path,
    policy: &Policy,
    also: &[Form],
    by: &[Column],
    decisions: &[PathBuf],
) -> Result<Summary, ReportError> {
    let run = read_run(dir)?;
    check_scores(&run, dir)?;
    let scores = dir.join(ledger::FILE_NAME);
    let evaluation = (!decisions.is_empty())
        .then(|| decisions::evaluate(dir, policy, decisions, WANTED_PRECISION))
        .transpose()?;
    let mut drafts = Drafts::new(dir);

    let by = if by.is_empty() { &run.by } else { by };
    let (first_pass, mut disk, mut totals) =
        first_pass::run(&scores, policy, &run.model.missing, by, &mut drafts)?;
    let (scored, unscored) = (first_pass.scored, first_pass.unscored());
    if run.read != scored + unscored + run.rejects {
        return Err(ReportError::Count {
            path: scores,
            read: run.read,
            scored,
            unscored,
            rejects: run.rejects,
        });
    }
    let authors = authors::write(&first_pass, &mut totals, page::MAX_ROWS, &mut drafts)?;
    let largest = threads::largest(&first_pass, page::MAX_ROWS);
    let charted = page::charted(&first_pass, &largest);
    let threads = threads::write(&scores, &first_pass, &mut disk, &largest, charted, &mut drafts)?;
    let (network, mut answers) = network::write(&first_pass, &mut disk.replies, &mut drafts)?;
    by::write(&first_pass.groups, run.model.errors_at(TOXIC), &mut drafts)?;
    let explanations = read_explanations(&dir.join(record::EXPLANATIONS))?;
    let languages = run.model.languages.clone();
    let sources = queue::Sources {
        scores: &scores,
        policy,
        languages: &languages,
        first_pass: &first_pass,
        explanations: &explanations,
    };
    let linked: Vec<usize> = threads
        .rows
        .iter()
        .filter(|row| row.chart.as_ref().is_some_and(|chart| !chart.flags.is_empty()))
        .map(|row| row.number)
        .collect();
    let mut queue = queue::write(&sources, &mut disk, record::MOST_EXPLAINED, &linked, &mut drafts)?;
    drop(disk);

    let mut facts = Facts {
        scores: &scores,
        policy,
        run: &run,
        first_pass: &first_pass,
        network: &network,
        authors: &mut totals,
        answers: &mut answers,
    };
    for form in Form::ALL.into_iter().filter(|form| also.contains(form) || dir.join(form.path()).exists()) {
        form.write(&mut facts, &mut drafts)?;
    }
    let summary = summary::summarize(run, policy, &first_pass, &authors, &threads.rows, &network);
    summary::write(&summary, &mut drafts)?;
    methods::write(&summary, &mut drafts)?;
    queue::page::write(&sources, &summary, &mut queue, evaluation.as_ref(), &mut drafts)?;
    page::write(&summary, &first_pass, &queue, &authors, &threads, &network, &mut drafts)?;
    drafts.commit(|dir| chart::forget_others(dir, &threads.rows))?;
    Ok(summary)
}

/// The explanations of a run; `None` if it wrote none.
fn read_explanations(path: &Path) -> Result<Vec<Explanation>, ReportError> {
    let failed = |source| ReportError::Run { path: path.to_owned(), source };
    let lines = match files::read_text_at_most(path, files::MAX_WHOLE_FILE) {
        Ok(lines) => lines,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    lines.lines().map(|line| serde_json::from_str(line).map_err(|error| failed(error.into()))).collect()
}
