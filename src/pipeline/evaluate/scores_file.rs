//! The file of `comity eval --scores`.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::rows::Labelled;
use crate::decimal;
use crate::files::{self, Staged};
use crate::label::Label;
use crate::pipeline::{PipelineError, cannot_write};
use crate::record::{Outcome, Scored};

/// The scores row by row, for computing other figures.
pub(super) struct ScoresFile {
    writer: csv::Writer<BufWriter<File>>,
    path: PathBuf,
    /// None for a pipe or device, which is written to as it is.
    staged: Option<Staged>,
}

impl ScoresFile {
    pub(super) fn create(path: &Path) -> Result<Self, PipelineError> {
        let (staged, file) = create(path).map_err(cannot_write(path))?;
        let mut file = Self { writer: csv::Writer::from_writer(file), path: path.to_owned(), staged };
        let labels = Label::ALL.iter().map(|label| label.as_str().to_owned());
        let header = ["record", "line", "unscored", "evasion"].map(str::to_owned).into_iter().chain(labels);
        file.write_record(header.collect())?;
        Ok(file)
    }

    pub(super) fn write(&mut self, rows: &[Labelled], scored: &[Scored]) -> Result<(), PipelineError> {
        for (row, scored) in rows.iter().zip(scored) {
            let (unscored, scores) = match &scored.outcome {
                Outcome::Scored(scores) => {
                    (String::new(), Label::ALL.map(|label| decimal::cell(scores.get(label))))
                }
                Outcome::Unscored(cause) => (cause.to_string(), Default::default()),
            };
            let evasion = if scored.evasion { "true" } else { "false" };
            let facts = [row.record.to_string(), row.line.to_string(), unscored, evasion.to_owned()];
            self.write_record(facts.into_iter().chain(scores).collect())?;
        }
        Ok(())
    }

    fn write_record(&mut self, cells: Vec<String>) -> Result<(), PipelineError> {
        let written = self.writer.write_record(cells);
        written.map_err(|error| cannot_write(&self.path)(error.into()))
    }

    pub(super) fn finish(self) -> Result<(), PipelineError> {
        let Self { writer, path, staged } = self;
        let file = files::end_csv(writer).map_err(cannot_write(&path))?;
        let finished = match staged {
            Some(staged) => files::finish(file).and_then(|()| staged.publish()),
            None => file.into_inner().map(drop).map_err(io::IntoInnerError::into_error),
        };
        finished.map_err(cannot_write(&path))
    }
}

/// Creates a file that the user named. A pipe or device is opened, a link is followed: the user
/// named it, too.
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
