//! The file of `comity eval --scores`.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::rows::Labelled;
use crate::decimal;
use crate::files;
use crate::label::Label;
use crate::pipeline::named_file::NamedFile;
use crate::pipeline::{PipelineError, cannot_write};
use crate::record::{Outcome, Scored};

/// The scores row by row, for computing other figures.
pub(super) struct ScoresFile {
    writer: csv::Writer<BufWriter<File>>,
    path: PathBuf,
    output: NamedFile,
}

impl ScoresFile {
    pub(super) fn create(path: &Path) -> Result<Self, PipelineError> {
        let (output, file) = NamedFile::create(path)?;
        let mut file = Self { writer: csv::Writer::from_writer(file), path: path.to_owned(), output };
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
        let Self { writer, path, output } = self;
        output.finish(files::end_csv(writer).map_err(cannot_write(&path))?)
    }
}
