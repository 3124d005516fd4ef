//! The files of a report: written under temporary names, and given their own when all of them are
//! whole.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use bytemuck::Pod;

use super::ReportError;
use crate::files::{self, Staged};
use crate::sort::Sorter;

/// Name of the file that marks a folder whose report is not finished: some of its files may belong
/// to an earlier run or policy.
pub const UNFINISHED: &str = "unfinished-report.txt";

const UNFINISHED_TEXT: &str =
    "The report in this folder is not finished: writing it was interrupted, or is still going on.
Some of its files may belong to an earlier run or another policy.
Run `comity report` on this folder to write all of them again; that also removes this file.
";

/// Marks the report of a folder as unfinished.
///
/// # Errors
/// The mark cannot be written.
pub fn mark_unfinished(dir: &Path) -> io::Result<()> {
    files::write(dir, UNFINISHED, UNFINISHED_TEXT.as_bytes())
}

/// The files of a report until all are written. They are deleted unless they are committed, so that
/// an interrupted or failed report leaves the files of the one before.
pub(super) struct Drafts {
    dir: PathBuf,
    files: Vec<Staged>,
}

/// A file being written.
pub(super) type Draft = BufWriter<File>;

impl Drafts {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), files: Vec::new() }
    }

    /// Begins a file.
    pub(super) fn create(&mut self, name: &str) -> Result<Draft, ReportError> {
        let (staged, draft) = Staged::create(&self.dir, name).map_err(|source| self.failed(name, source))?;
        self.files.push(staged);
        Ok(draft)
    }

    /// Writes a whole file.
    pub(super) fn write(&mut self, name: &str, content: &str) -> Result<(), ReportError> {
        let mut draft = self.create(name)?;
        draft.write_all(content.as_bytes()).map_err(|source| self.failed(name, source))?;
        self.finish(name, draft)
    }

    /// Ends a file: all of it is on the disk now.
    pub(super) fn finish(&self, name: &str, draft: Draft) -> Result<(), ReportError> {
        files::finish(draft).map_err(|source| self.failed(name, source))
    }

    /// Returns a sorter whose files are in the folder of the report: there must be room for its
    /// output anyway.
    pub(super) fn sorter<T: Pod + Ord>(&self) -> Sorter<T> {
        Sorter::new(&self.dir)
    }

    /// A temporary file in the folder of the report, without a name.
    pub(super) fn scratch(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.dir)
    }

    /// The error of a sorter that found no room.
    pub(super) fn failed_to_sort(&self, source: io::Error) -> ReportError {
        self.failed("temporary file", source)
    }

    /// The error of a file that could not be written.
    pub(super) fn failed(&self, name: &str, source: io::Error) -> ReportError {
        ReportError::Write { path: self.dir.join(name), source }
    }

    /// Gives every file its name, then calls `clean_up`. The folder has [`UNFINISHED`] until both
    /// are done.
    pub(super) fn commit(
        self,
        clean_up: impl FnOnce(&Path) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let Self { dir, files } = self;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ReportError::Write { path, source }
        };
        let mark = dir.join(UNFINISHED);
        mark_unfinished(&dir).map_err(failed(&mark))?;
        let mut folders = BTreeSet::from([dir.clone()]);
        for staged in files {
            let path = staged.path().to_owned();
            let folder = path.parent().unwrap_or(&dir);
            if folders.insert(folder.to_owned()) {
                files::create_folder_within(folder).map_err(failed(folder))?;
            }
            staged.publish().map_err(failed(&path))?;
        }
        clean_up(&dir)?;
        folders.iter().try_for_each(|folder| files::sync_folder(folder).map_err(failed(folder)))?;
        fs::remove_file(&mark).map_err(failed(&mark))
    }
}

/// A CSV file being written.
pub(super) struct Table {
    name: &'static str,
    csv: csv::Writer<Draft>,
}

impl Table {
    pub(super) fn create(
        name: &'static str,
        columns: &[&str],
        drafts: &mut Drafts,
    ) -> Result<Self, ReportError> {
        let mut table = Self { name, csv: csv::Writer::from_writer(drafts.create(name)?) };
        table.row(columns, drafts)?;
        Ok(table)
    }

    pub(super) fn row<C: AsRef<[u8]>>(&mut self, cells: &[C], drafts: &Drafts) -> Result<(), ReportError> {
        self.csv.write_record(cells).map_err(|error| drafts.failed(self.name, error.into()))
    }

    pub(super) fn finish(self, drafts: &Drafts) -> Result<(), ReportError> {
        let draft = files::end_csv(self.csv).map_err(|source| drafts.failed(self.name, source))?;
        drafts.finish(self.name, draft)
    }
}
