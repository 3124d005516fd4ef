//! An output file that the user named.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::{PipelineError, cannot_write};
use crate::files::{self, Staged};

/// A file that is whole or absent. A pipe or device is written to as it is, and a link is followed:
/// the user named it, too.
pub(super) struct NamedFile {
    path: PathBuf,
    /// None for a pipe or device.
    staged: Option<Staged>,
}

impl NamedFile {
    /// Creates the file and a writer for it.
    pub(super) fn create(path: &Path) -> Result<(Self, BufWriter<File>), PipelineError> {
        let (staged, file) = create(path).map_err(cannot_write(path))?;
        Ok((Self { path: path.to_owned(), staged }, file))
    }

    /// Gives the file its name, once everything is written.
    pub(super) fn finish(self, file: BufWriter<File>) -> Result<(), PipelineError> {
        let finished = match self.staged {
            Some(staged) => files::finish(file).and_then(|()| staged.publish()),
            None => file.into_inner().map(drop).map_err(io::IntoInnerError::into_error),
        };
        finished.map_err(cannot_write(&self.path))
    }
}

fn create(path: &Path) -> io::Result<(Option<Staged>, BufWriter<File>)> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Ok((None, BufWriter::new(File::options().write(true).open(path)?)));
    }
    let path = path.canonicalize().or_else(|_| std::path::absolute(path))?;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    let (staged, file) = Staged::create(folder, name)?;
    Ok((Some(staged), file))
}
