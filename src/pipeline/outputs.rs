//! The folder of a run, and the files in it that grow while the run goes on.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::PipelineError;
use super::merge::MergeError;
use super::start::{self, Difference, Held, Start};
use crate::cell::guard;
use crate::comment::Comment;
use crate::files;
use crate::read::Reject;
use crate::record::ledger::{self, Kept, Recalled};
use crate::record::{self, Run, Scored};
use crate::report;

pub(super) const REJECTS: &str = "rejects.csv";

/// The files that a run writes before its report; [`report::outputs`] has the rest.
const OUTPUTS: [&str; 5] = [ledger::FILE_NAME, REJECTS, record::EXPLANATIONS, record::RUN, start::FILE_NAME];

/// Files that a run writes in place: a hard link to one shares what is written.
const IN_PLACE: [&str; 2] = [ledger::FILE_NAME, REJECTS];

/// Returns true for a name, in the folder of a run, that a run or a report may write or remove.
fn is_output(name: &str) -> bool {
    OUTPUTS.into_iter().chain(report::outputs()).any(|output| output == name)
        || files::is_temporary_name(name)
}

/// Checks that no export is an output in the folder `out`, now and when the same command is run
/// again.
///
/// # Errors
/// [`PipelineError::OverInput`] if a file or folder is one that would be written over;
/// [`PipelineError::OutWithinInput`] if `out` is within a folder of `inputs`.
pub(super) fn keep_exports_apart(inputs: &[PathBuf], out: &Path) -> Result<(), PipelineError> {
    let absolute = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    // The part of the folder's path that is there; what is below it will be made.
    let nearest = absolute.ancestors().find_map(|folder| folder.canonicalize().ok()).unwrap_or_default();
    for input in inputs {
        // What cannot be found here is standard input: the reader has opened everything else.
        let Ok(canonical) = input.canonicalize() else { continue };
        if canonical.is_dir() && nearest.starts_with(&canonical) {
            return Err(PipelineError::OutWithinInput { out: out.to_owned(), input: input.clone() });
        }
    }
    keep_apart(inputs, out)
}

/// Checks that none of the files and folders, which a command reads, is an output in the folder
/// `out`.
///
/// # Errors
/// [`PipelineError::OverInput`].
pub fn keep_apart<P: AsRef<Path>>(read: &[P], out: &Path) -> Result<(), PipelineError> {
    let Ok(folder) = out.canonicalize() else { return Ok(()) };
    for path in read.iter().map(AsRef::as_ref) {
        let Ok(canonical) = path.canonicalize() else { continue };
        let within = canonical.strip_prefix(&folder).ok().and_then(|inside| inside.iter().next());
        let is_output = within.is_some_and(|name| is_output(&name.to_string_lossy()))
            || IN_PLACE.iter().any(|name| files::is_same(path, &folder.join(name)));
        if is_output {
            return Err(PipelineError::OverInput { input: path.to_owned() });
        }
    }
    Ok(())
}

/// Keeps a folder to one process, until it is dropped or the process ends in whatever way.
///
/// What is locked is `rejects.csv`: it is always there, and nothing reads it while a run goes on.
/// Where a file system knows no locks, nobody is kept out.
pub(super) fn lock(dir: &Path) -> Result<File, PipelineError> {
    let path = dir.join(REJECTS);
    let file = files::open_in_place(&path).map_err(cannot_write(&path))?;
    // A program that this process is just starting has a copy of the lock until it runs, even of
    // one that was dropped since.
    for wait in [0, 1, 10, 100, 1000].map(Duration::from_millis) {
        thread::sleep(wait);
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(cannot_write(&path)(error));
            }
            _ => return Ok(file),
        }
    }
    Err(PipelineError::Busy { dir: dir.to_owned() })
}

/// The files that grow while a run goes on, opened but as they were.
pub(super) struct OutputFiles {
    dir: PathBuf,
    scores: File,
    rejects: File,
}

impl OutputFiles {
    /// Makes the folder, locks it and opens the files.
    pub(super) fn open(dir: &Path) -> Result<Self, PipelineError> {
        files::create_folder(dir).map_err(cannot_write(dir))?;
        let path = dir.join(ledger::FILE_NAME);
        let scores = files::open_in_place(&path).map_err(cannot_write(&path))?;
        Ok(Self { scores, rejects: lock(dir)?, dir: dir.to_owned() })
    }

    /// The folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the beginning of the run that `start` starts, if the folder contains it and it is to
    /// be continued.
    ///
    /// # Errors
    /// [`PipelineError::Differs`] if it is the beginning of another run;
    /// [`PipelineError::Unfinished`] if the folder contains the beginning of this run and `resume`
    /// is not set.
    pub(super) fn held(&self, start: &Start, resume: bool) -> Result<Option<Held>, PipelineError> {
        let dir = self.dir.clone();
        let held = match Held::read(&dir) {
            Ok(held) => held,
            // Without --resume it is going to be written over.
            Err(_) if !resume => None,
            Err(source) => {
                let remedy = "leave out --resume to start over";
                return Err(PipelineError::Held { dir, remedy, source });
            }
        };
        let Some(held) = held else { return Ok(None) };
        let differences = held.start.differences(start);
        match (resume, differences.is_empty()) {
            (true, true) => {
                held.run.as_ref().map_or(Ok(()), |run| report::check_scores(run, &dir))?;
                Ok(Some(held))
            }
            (true, false) => {
                let run = if held.run.is_some() { "a run that has ended" } else { "an unfinished run" };
                Err(PipelineError::Differs { dir, run, differences: Difference::list(&differences) })
            }
            (false, true) if held.run.is_none() => Err(PipelineError::Unfinished { dir }),
            (false, _) => Ok(None),
        }
    }

    /// Begins the files, or continues those of `held`.
    pub(super) fn begin(
        self,
        start: Start,
        held: Option<Held>,
        keep_raw: bool,
    ) -> Result<Outputs, PipelineError> {
        let Self { dir, scores: file, rejects } = self;
        let path = dir.join(ledger::FILE_NAME);
        if held.is_none() {
            // In this order: if it is cut short, no file describes the rows of another run.
            remove(&dir.join(record::RUN))?;
            remove(&dir.join(start::FILE_NAME))?;
            rejects.set_len(0).map_err(cannot_write(&dir.join(REJECTS)))?;
            file.set_len(0).map_err(cannot_write(&path))?;
            write_json(&dir, start::FILE_NAME, &start)?;
        }
        let kept = match held {
            Some(_) => Kept::open(&path)?,
            None => None,
        };
        let edited = held.and_then(|held| held.run).is_some_and(|run| run.edited);
        if kept.is_none() {
            file.set_len(0).map_err(cannot_write(&path))?;
        }
        // Both have the same place in the file: see `Outputs::cut`.
        let writing = BufWriter::new(file.try_clone().map_err(cannot_write(&path))?);
        let scores = match &kept {
            Some(_) => ledger::Writer::append(writing, &path),
            None => ledger::Writer::new(writing, &path)?,
        };
        // On going on, rejects are written over themselves: the input is read from its beginning.
        let rejects = csv::Writer::from_writer(rejects);
        let mut outputs = Outputs { dir, start, kept, file, scores, rejects, keep_raw, edited };
        outputs.write_reject(&["file", "record", "line", "bytes", "cause"], "raw")?;
        outputs.flush()?;
        Ok(outputs)
    }
}

/// The files that grow while a run goes on.
pub(super) struct Outputs {
    dir: PathBuf,
    start: Start,
    /// Rows of the run that was interrupted, as long as there are any.
    kept: Option<Kept>,
    file: File,
    scores: ledger::Writer<BufWriter<File>>,
    rejects: csv::Writer<File>,
    keep_raw: bool,
    /// Rows of the run that is resumed were changed by hand.
    edited: bool,
}

impl Outputs {
    /// The row that the interrupted run has of a comment.
    pub(super) fn recall(&mut self, comment: Comment) -> Result<Recalled, PipelineError> {
        let Some(kept) = &mut self.kept else { return Ok(Recalled::New(comment)) };
        let recalled = kept.recall(comment)?;
        if let Recalled::New(_) = &recalled {
            let end = kept.end();
            self.kept = None;
            self.cut(end)?;
        }
        Ok(recalled)
    }

    /// Cuts the scores file off behind its last whole row, where the next one will stand.
    fn cut(&mut self, end: u64) -> Result<(), PipelineError> {
        // From here on it is no longer the file of a run that has ended, if ever it was.
        write_json(&self.dir, start::FILE_NAME, &self.start)?;
        remove(&self.dir.join(record::RUN))?;
        let cut = self.file.set_len(end).and_then(|()| self.file.seek(SeekFrom::Start(end)));
        cut.map(drop).map_err(cannot_write(&self.dir.join(ledger::FILE_NAME)))
    }

    pub(super) fn score(&mut self, row: &Scored) -> Result<(), PipelineError> {
        Ok(self.scores.write(row)?)
    }

    pub(super) fn reject(&mut self, reject: &Reject) -> Result<(), PipelineError> {
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
        written.map_err(|error| cannot_write(&self.dir.join(REJECTS))(error.into()))
    }

    /// Puts all that was written on the disk: it is there whatever becomes of this process or the
    /// machine.
    pub(super) fn flush(&mut self) -> Result<(), PipelineError> {
        self.scores.flush()?;
        self.file.sync_data().map_err(cannot_write(&self.dir.join(ledger::FILE_NAME)))?;
        let rejects = self.rejects.flush().and_then(|()| self.rejects.get_ref().sync_data());
        rejects.map_err(cannot_write(&self.dir.join(REJECTS)))
    }

    /// Ends the rows, once the input has ended.
    pub(super) fn end_rows(&mut self) -> Result<(), PipelineError> {
        if let Some(kept) = self.kept.take() {
            kept.finish()?;
        }
        self.flush()?;
        let mut rejects = self.rejects.get_ref();
        let cut = rejects.stream_position().and_then(|end| rejects.set_len(end));
        cut.map_err(cannot_write(&self.dir.join(REJECTS)))
    }

    /// Adds the rejects of another run's file.
    pub(super) fn copy_rejects(&mut self, from: &Path) -> Result<(), PipelineError> {
        let failed = |error: csv::Error| MergeError::Read { path: from.to_owned(), source: error.into() };
        let mut rejects = csv::Reader::from_path(from).map_err(failed)?;
        let mut record = csv::ByteRecord::new();
        while rejects.read_byte_record(&mut record).map_err(failed)? {
            let written = self.rejects.write_byte_record(&record);
            written.map_err(|error| cannot_write(&self.dir.join(REJECTS))(error.into()))?;
        }
        Ok(())
    }

    /// Ends the run: nothing of it is missing but its report. Returns the lock on the folder.
    pub(super) fn finish(self, explanations: &[u8], run: Run) -> Result<csv::Writer<File>, PipelineError> {
        let dir = &self.dir;
        write_whole(dir, record::EXPLANATIONS, explanations)?;
        let mark = dir.join(report::UNFINISHED);
        report::mark_unfinished(dir).map_err(cannot_write(&mark))?;
        let scores_sha256 = Some(report::scores_sha256(dir)?);
        let edited = run.edited || self.edited;
        write_json(dir, record::RUN, &Run { scores_sha256, edited, ..run })?;
        remove(&dir.join(start::FILE_NAME))?;
        Ok(self.rejects)
    }
}

/// Accepts the scores file of a folder as it is: `run.json` gets its checksum, and that it was
/// changed if it was.
pub(super) fn accept_edits(dir: &Path) -> Result<(), PipelineError> {
    let run = report::read_run(dir)?;
    let scores_sha256 = Some(report::scores_sha256(dir)?);
    if run.scores_sha256 == scores_sha256 {
        return Ok(());
    }
    write_json(dir, record::RUN, &Run { scores_sha256, edited: true, ..run })
}

/// The error of a file or folder that could not be written.
pub(super) fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> PipelineError {
    let path = path.to_owned();
    move |source| PipelineError::Write { path, source }
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), PipelineError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_write(path)(error)),
        _ => Ok(()),
    }
}

fn write_json(dir: &Path, name: &str, value: &impl serde::Serialize) -> Result<(), PipelineError> {
    write_whole(dir, name, &serde_json::to_vec_pretty(value).expect("it is plain data"))
}

fn write_whole(dir: &Path, name: &str, content: &[u8]) -> Result<(), PipelineError> {
    files::write(dir, name, content).map_err(cannot_write(&dir.join(name)))
}
