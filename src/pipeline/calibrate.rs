//! From a file of texts with scores of another service, or labels, to a score map.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::labelled::{LabelledFile, Located, answer, share};
use super::named_file::NamedFile;
use super::{Meter, PipelineError, Progress, cannot_write};
use crate::calibrate::{self, Calibration, Pair};
use crate::comment::Comment;
use crate::files;
use crate::label::Label;
use crate::read::Row;
use crate::record::ModelId;
use crate::score::{Scorer, ScorerBuilder, mapped_model};
use crate::score_map::{MapKind, MapSource, ScoreMap};

/// The options of [`calibrate()`].
#[non_exhaustive]
pub struct CalibrateRequest {
    /// The file with texts and values; `-` for standard input.
    pub input: PathBuf,
    /// The column of the texts.
    pub text: String,
    /// The toxicity labels to map, and the columns with the values to map them to.
    pub columns: Vec<(Label, String)>,
    /// Cells that mean yes; everything else is no. If empty, cells are numbers from 0 to 1, or yes
    /// and no.
    pub positive: Vec<String>,
    /// Rows to read at most.
    pub limit: Option<u64>,
    /// The file to write the map to. The map has its name, without the extension.
    pub out: PathBuf,
    /// The model, its engine and its threads.
    pub scorer: ScorerBuilder,
}

impl CalibrateRequest {
    /// Creates a request with the default options: a file (`-` is standard input), its column of
    /// texts, and the file to write.
    pub fn new(input: impl Into<PathBuf>, text: impl Into<String>, out: impl Into<PathBuf>) -> Self {
        Self {
            input: input.into(),
            text: text.into(),
            columns: Vec::new(),
            positive: Vec::new(),
            limit: None,
            out: out.into(),
            scorer: Scorer::builder(),
        }
    }
}

/// A fitted map and its quality: the same for the same file, model and settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// The version of comity.
    pub version: String,
    /// The file as the user named it.
    pub file: String,
    /// Its SHA-256, as it lies on disk.
    pub sha256: String,
    /// The model.
    pub model: ModelId,
    /// The engine that runs it.
    pub engine: String,
    /// Rows that the model scored.
    pub rows: u64,
    /// Rows that the model did not score: without words, or in a language that it does not support.
    pub unscored: u64,
    /// Rows that could not be read.
    pub rejects: u64,
    /// The first of those.
    pub first_rejects: Vec<Located>,
    /// The map of each label, with its figures.
    pub labels: Vec<Calibration>,
}

/// A row on its way through the scoring stage.
struct Valued {
    comment: Comment,
    fold: u64,
    /// One per column; `None` if the cell is blank.
    values: Vec<Option<f64>>,
}

/// Scores a file, fits a score map from our scores to the values of its columns, measures it by
/// cross-validation, and writes it. `progress` is called often, from many threads.
///
/// # Errors
/// [`PipelineError`] names the stage, the place and what to do.
pub fn calibrate(
    request: &CalibrateRequest,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<CalibrationReport, PipelineError> {
    if files::is_same(&request.input, &request.out) {
        return Err(PipelineError::OverInput { input: request.input.clone() });
    }
    let mut file = LabelledFile::open(&request.input, &request.text, request.limit)?;
    let columns = request.columns.iter();
    let places = columns.map(|(_, name)| file.column(name)).collect::<Result<Vec<usize>, _>>()?;
    let (output, mut writer) = NamedFile::create(&request.out)?;
    let scorer = request.scorer.build()?;
    let given: Vec<Label> = scorer.model().manifest.heads.labels().collect();
    if let Some((label, _)) = request.columns.iter().find(|(label, _)| !given.contains(label)) {
        let model = scorer.model().manifest.name.clone();
        return Err(PipelineError::LabelNotGiven { model, label: *label });
    }
    let mut pairs: Vec<Vec<Pair>> = vec![Vec::new(); places.len()];
    let mut session = scorer.session();
    let mut meter = Meter::new(progress, request.limit);
    let (mut rows, mut unscored) = (0, 0);
    loop {
        let chunk = file.next_chunk(|file, row| valued(file, row, &places, request));
        meter.progress.read = file.read;
        if chunk.is_empty() {
            break;
        }
        let (comments, values): (Vec<Comment>, Vec<_>) =
            chunk.into_iter().map(|row| (row.comment, (row.fold, row.values))).unzip();
        let scored = session.score(comments, &|more| meter.advance(more))?;
        for (scored, (fold, values)) in scored.iter().zip(values) {
            let Some(scores) = scored.outcome.scores() else {
                unscored += 1;
                continue;
            };
            rows += 1;
            for ((pairs, (label, _)), value) in pairs.iter_mut().zip(&request.columns).zip(values) {
                let pair = scores.get(*label).zip(value);
                pairs.extend(pair.map(|(score, value)| Pair { score, value, fold }));
            }
        }
    }
    let sha256 = file.sha256()?;
    let fit = |(pairs, (label, column)): (&Vec<Pair>, &(Label, String))| {
        let (file, column) = (request.input.clone(), column.clone());
        if pairs.is_empty() {
            return Err(PipelineError::NoLabels { file, column });
        }
        let is_label = pairs.iter().all(|pair| pair.value == 0.0 || pair.value == 1.0);
        let kind = if is_label { MapKind::Labels } else { MapKind::Scores };
        calibrate::calibrate(*label, &column, kind, pairs).map_err(|cause| PipelineError::Calibrate {
            file,
            column,
            cause,
        })
    };
    let labels: Vec<Calibration> =
        scorer.install(|| pairs.iter().zip(&request.columns).map(fit).collect::<Result<_, _>>())?;
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let map = ScoreMap {
        name: name(&request.out.with_extension("")).unwrap_or_default(),
        model: mapped_model(scorer.model()),
        source: MapSource { file: name(&request.input).unwrap_or_default(), sha256: sha256.clone() },
        labels: labels.iter().map(|calibration| calibration.map.clone()).collect(),
    };
    write!(writer, "{map}").map_err(cannot_write(&request.out))?;
    output.finish(writer)?;
    Ok(CalibrationReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        file: request.input.to_string_lossy().into_owned(),
        sha256,
        model: scorer.id(),
        engine: request.scorer.engine_name().to_owned(),
        rows,
        unscored,
        rejects: file.rejects,
        first_rejects: file.first_rejects,
        labels,
    })
}

/// Returns a row with its values, or what is wrong with them.
fn valued(
    file: &LabelledFile,
    row: &Row,
    places: &[usize],
    request: &CalibrateRequest,
) -> Result<Valued, String> {
    let values = places.iter().zip(&request.columns).map(|(place, (_, name))| {
        let value = value(row.cells[*place].trim(), &request.positive);
        value.map_err(|what| format!("column `{name}`: {what}"))
    });
    let values = values.collect::<Result<_, _>>()?;
    Ok(Valued { comment: file.comment(row), fold: calibrate::fold(file.text(row)), values })
}

/// Returns the value of a cell, from 0 to 1; `None` if it is blank.
fn value(cell: &str, positive: &[String]) -> Result<Option<f64>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    let value = answer(cell, positive).map(|is_yes| f64::from(u8::from(is_yes))).or_else(|| share(cell));
    value.map(Some).ok_or_else(|| {
        format!(
            "`{cell}` is neither a score from 0 to 1 nor yes or no; name the word for yes with --positive"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_scores_or_answers() {
        for (cell, expected) in
            [("", None), ("0.25", Some(0.25)), ("1", Some(1.0)), ("Yes", Some(1.0)), ("false", Some(0.0))]
        {
            assert_eq!(value(cell, &[]).unwrap(), expected, "{cell}");
        }
        for cell in ["87", "-0.1", "maybe", "nan"] {
            assert!(value(cell, &[]).unwrap_err().contains("neither a score"), "{cell}");
        }
        let positive = ["rude".to_owned()];
        assert_eq!(value("rude", &positive).unwrap(), Some(1.0));
        assert_eq!(value("0.7", &positive).unwrap(), Some(0.0));
        assert_eq!(value("", &positive).unwrap(), None);
    }
}
