//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use bytemuck::Pod;

use super::ReportError;
use crate::sort::Sorter;

/// The files of a report, each under a temporary name (`.NAME.part`, `-` for `/`) until all are written. What is not committed is
/// deleted, so that an interrupted or failed report leaves the files of the one before.
pub(super) struct Drafts {
    dir: PathBuf,
    names: Vec<String>,
}

/// A file being written.
pub(super) type Draft = BufWriter<File>;

impl Drafts {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), names: Vec::new() }
    }

    /// Begins a file.
    pub(super) fn create(&mut self, name: &str) -> Result<Draft, ReportError> {
        let path = self.part(name);
        let file = File::create(&path).map_err(|source| ReportError::Write { path, source })?;
        self.names.push(name.to_owned());
        Ok(BufWriter::new(file))
    }

    /// Writes a whole file.
    pub(super) fn write(&mut self, name: &str, content: &str) -> Result<(), ReportError> {
        let mut draft = self.create(name)?;
        draft.write_all(content.as_bytes()).map_err(|source| self.failed(name, source))?;
        self.finish(name, draft)
    }

    /// Ends a file: all of it is with the system now.
    pub(super) fn finish(&self, name: &str, draft: Draft) -> Result<(), ReportError> {
        draft.into_inner().map(drop).map_err(|error| self.failed(name, error.into_error()))
    }

    /// A sorter whose files lie in the folder of the report: there must be room for what it makes anyway.
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

    /// Gives every file its name.
    pub(super) fn commit(mut self) -> Result<(), ReportError> {
        while let Some(name) = self.names.first() {
            let path = self.dir.join(name);
            let folder = path.parent().unwrap_or(&self.dir);
            fs::create_dir_all(folder)
                .and_then(|()| fs::rename(self.part(name), &path))
                .map_err(|source| self.failed(name, source))?;
            self.names.remove(0);
        }
        Ok(())
    }

    fn part(&self, name: &str) -> PathBuf {
        self.dir.join(format!(".{}.part", name.replace('/', "-")))
    }
}

impl Drop for Drafts {
    fn drop(&mut self) {
        for name in &self.names {
            // Nothing more can be done about a leftover than to leave it; the next report writes over it.
            _ = fs::remove_file(self.part(name));
        }
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
        let draft = self.csv.into_inner().map_err(|error| {
            let source = io::Error::new(error.error().kind(), error.error().to_string());
            drafts.failed(self.name, source)
        })?;
        drafts.finish(self.name, draft)
    }
}
