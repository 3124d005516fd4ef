//! Shards of one run, joined into what the run would have written as a whole.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use super::PipelineError;
use super::outputs::{OutputFiles, REJECTS, keep_apart};
use super::queue::Queue;
use super::shard::Shard;
use super::start::{self, Start, read_json};
use crate::explain::Flagged;
use crate::files;
use crate::policy::Policy;
use crate::record::ledger::{self, LedgerError};
use crate::record::{self, Column, Explanation, Run, Scored};
use crate::report::{self, Form, Summary};

/// Why shards cannot be joined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A folder contains no run.
    #[error("{dir} contains no run; name folders that `comity score --shard` wrote", dir = dir.display())]
    NoRun {
        /// The folder.
        dir: PathBuf,
    },
    /// A folder contains a run over all of its input.
    #[error("{dir} contains a whole run, not a part: it was scored without --shard", dir = dir.display())]
    Whole {
        /// The folder.
        dir: PathBuf,
    },
    /// Two folders are not of the same run.
    #[error(
        "{first} and {other} are no parts of one run: {differences}; score them alike",
        first = first.display(),
        other = other.display()
    )]
    Differs {
        /// The first folder.
        first: PathBuf,
        /// Another one.
        other: PathBuf,
        /// The differences, in words.
        differences: String,
    },
    /// Two folders hold the same part.
    #[error(
        "{first} and {other} are both part {shard}; name each part once",
        first = first.display(),
        other = other.display()
    )]
    Twice {
        /// A folder.
        first: PathBuf,
        /// Another one.
        other: PathBuf,
        /// The part.
        shard: Shard,
    },
    /// The folder to write to is one of the parts.
    #[error("{dir} is one of the parts; choose another folder with --out", dir = dir.display())]
    IntoPart {
        /// The folder.
        dir: PathBuf,
    },
    /// Parts are missing.
    #[error("missing: {}; name their folders too, or score them", missing.join(", "))]
    Missing {
        /// The parts.
        missing: Vec<String>,
    },
    /// A part explains other comments than the policy flags.
    #[error(
        "no part explains comment {id} of thread {thread} by the label {label}: the parts were scored under another policy \
         than `{policy}`; name that one with --policy, and another one afterwards with `comity report`"
    )]
    Policy {
        /// Thread of the comment.
        thread: String,
        /// The id of the comment.
        id: String,
        /// The label by which it is flagged.
        label: &'static str,
        /// Name of the policy.
        policy: String,
    },
    /// A file of a part cannot be read.
    #[error("{path}: cannot be read; score that part again or restore the file", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// A folder with one part of a run.
struct Part {
    dir: PathBuf,
    shard: Shard,
    run: Run,
}

/// Joins the folders of all shards of a run and reports on them, into `out`: byte for byte what one
/// run over the whole input writes. `by.csv` has the columns of `by`, or those of the parts where
/// it is empty.
///
/// # Errors
/// [`MergeError`] if the folders are not all parts of one run, and what [`super::score`] fails by
/// where it writes.
pub fn merge(
    dirs: &[PathBuf],
    out: &Path,
    policy: &Policy,
    also: &[Form],
    by: &[Column],
) -> Result<Summary, PipelineError> {
    let parts = dirs.iter().map(|dir| part(dir)).collect::<Result<Vec<Part>, _>>()?;
    let parts = in_order(parts)?;
    for part in &parts {
        let read = [ledger::FILE_NAME, REJECTS, record::EXPLANATIONS].map(|name| part.dir.join(name));
        if keep_apart(&read, out).is_err() {
            return Err(MergeError::IntoPart { dir: part.dir.clone() }.into());
        }
        report::check_scores(&part.run, &part.dir)?;
    }
    let files = OutputFiles::open(out)?;
    let run = Run {
        read: parts.iter().map(|part| part.run.read).sum(),
        rejects: parts.iter().map(|part| part.run.rejects).sum(),
        by: columns(&parts, by)?,
        edited: parts.iter().any(|part| part.run.edited),
        ..parts[0].run.clone()
    };
    let mut outputs = files.begin(Start::of(&run), None, run.settings.contains_key("keep-raw-rejects"))?;
    let mut queue = Queue::new(policy);
    let mut rows = Rows::open(&parts, &run)?;
    while let Some(row) = rows.next()? {
        outputs.score(&row)?;
        queue.offer(row);
    }
    for part in &parts {
        outputs.copy_rejects(&part.dir.join(REJECTS))?;
    }
    outputs.end_rows()?;
    let explanations = explanations(&parts, queue)?;
    let by = run.by.clone();
    let _lock = outputs.finish(&explanations, run)?;
    Ok(report::write(out, policy, also, &by, &[])?)
}

/// Reads the part in a folder.
fn part(dir: &Path) -> Result<Part, PipelineError> {
    let path = dir.join(record::RUN);
    let run = read_json::<Run>(&path).map_err(|source| MergeError::Read { path, source })?;
    let Some(mut run) = run else {
        let dir = dir.to_owned();
        let is_begun = dir.join(start::FILE_NAME).exists();
        return Err(if is_begun {
            PipelineError::NotEnded { dir }
        } else {
            MergeError::NoRun { dir }.into()
        });
    };
    let shard = run.settings.remove("shard").and_then(|shard| shard.parse().ok());
    let shard = shard.ok_or_else(|| MergeError::Whole { dir: dir.to_owned() })?;
    Ok(Part { dir: dir.to_owned(), shard, run })
}

/// The columns that are asked for, else those by which all parts were reported.
fn columns(parts: &[Part], by: &[Column]) -> Result<Vec<Column>, MergeError> {
    let (first, rest) = parts.split_first().expect("a command line names at least one folder");
    let listed = |part: &Part| part.run.by.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(",");
    match rest.iter().find(|part| part.run.by != first.run.by) {
        _ if !by.is_empty() => Ok(by.to_vec()),
        None => Ok(first.run.by.clone()),
        Some(other) => Err(MergeError::Differs {
            first: first.dir.clone(),
            other: other.dir.clone(),
            differences: format!(
                "--by: {} and {}; or name the columns with --by",
                listed(first),
                listed(other)
            ),
        }),
    }
}

/// All parts of one run, in their order.
fn in_order(mut parts: Vec<Part>) -> Result<Vec<Part>, MergeError> {
    let first = &parts[0];
    let start = Start::of(&first.run);
    for other in &parts[1..] {
        let found = start.differences(&Start::of(&other.run)).into_iter();
        let mut differences: Vec<String> = found
            .map(|difference| format!("{}: {} and {}", difference.what, difference.was, difference.is))
            .collect();
        if first.shard.of() != other.shard.of() {
            differences.push(format!(
                "one is of {} parts, the other of {}",
                first.shard.of(),
                other.shard.of()
            ));
        }
        // Every part has read the whole input.
        if differences.is_empty()
            && (&first.run.inputs, first.run.replies) != (&other.run.inputs, other.run.replies)
        {
            differences.push("the content of the input changed between them".to_owned());
        }
        if !differences.is_empty() {
            let (first, other) = (first.dir.clone(), other.dir.clone());
            return Err(MergeError::Differs { first, other, differences: differences.join("; ") });
        }
    }
    let of = first.shard.of();
    parts.sort_by_key(|part| part.shard.index());
    if let Some([first, other]) = parts.windows(2).find(|pair| pair[0].shard == pair[1].shard) {
        let (first, other, shard) = (first.dir.clone(), other.dir.clone(), first.shard);
        return Err(MergeError::Twice { first, other, shard });
    }
    let is_there = |index: &u64| parts.iter().any(|part| part.shard.index() == *index);
    let missing: Vec<String> =
        (1..=of).filter(|index| !is_there(index)).map(|index| format!("{index}/{of}")).collect();
    if missing.is_empty() { Ok(parts) } else { Err(MergeError::Missing { missing }) }
}

/// The rows of all parts in the order of the input.
struct Rows {
    readers: Vec<ledger::Reader>,
    /// The next row of each part, the first of them on top.
    next: BinaryHeap<Reverse<(MergeKey, usize)>>,
    rows: Vec<Option<Scored>>,
    /// The position of each file among the inputs.
    files: HashMap<String, usize>,
}

/// Which file of the input, and which record of it.
type MergeKey = (usize, u64);

impl Rows {
    fn open(parts: &[Part], run: &Run) -> Result<Self, LedgerError> {
        let readers = parts
            .iter()
            .map(|part| ledger::Reader::open(&part.dir.join(ledger::FILE_NAME)))
            .collect::<Result<Vec<_>, _>>()?;
        let files = run.inputs.iter().enumerate().map(|(place, input)| (input.file.clone(), place)).collect();
        let count = readers.len();
        let mut rows = Self { readers, next: BinaryHeap::new(), rows: Vec::new(), files };
        rows.rows.resize_with(count, || None);
        for part in 0..count {
            rows.advance(part)?;
        }
        Ok(rows)
    }

    /// Reads the next row of a part.
    fn advance(&mut self, part: usize) -> Result<(), LedgerError> {
        if let Some(row) = self.readers[part].next().transpose()? {
            let origin = &row.comment.origin;
            let file = self.files.get(&*origin.file).copied().unwrap_or(usize::MAX);
            self.next.push(Reverse(((file, origin.record), part)));
            self.rows[part] = Some(row);
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Scored>, LedgerError> {
        let Some(Reverse((_, part))) = self.next.pop() else { return Ok(None) };
        let row = self.rows[part].take();
        self.advance(part)?;
        Ok(row)
    }
}

/// The explanations of the worst comments of all: each is among the worst of its part.
fn explanations(parts: &[Part], queue: Queue<'_>) -> Result<Vec<u8>, MergeError> {
    let mut of_comment: HashMap<(String, String), (&'static str, String)> = HashMap::new();
    for part in parts {
        let path = part.dir.join(record::EXPLANATIONS);
        let failed = |source| MergeError::Read { path: path.clone(), source };
        let lines = files::read_text_at_most(&path, files::MAX_WHOLE_FILE).map_err(failed)?;
        for line in lines.lines() {
            let explanation: Explanation =
                serde_json::from_str(line).map_err(|error| failed(error.into()))?;
            let key = (explanation.thread, explanation.id);
            of_comment.insert(key, (explanation.label.as_str(), line.to_owned()));
        }
    }
    let policy = queue.policy.name.clone();
    let mut lines = Vec::new();
    for Flagged { thread, id, label, .. } in queue.worst() {
        let label = label.as_str();
        match of_comment.get(&(thread.clone(), id.clone())) {
            Some((explained, line)) if *explained == label => lines.extend_from_slice(line.as_bytes()),
            _ => return Err(MergeError::Policy { thread, id, label, policy }),
        }
        lines.push(b'\n');
    }
    Ok(lines)
}
