//! A labelled file's way to figures: its rows through the same scoring stage as an export's
//! comments.

mod rows;
mod scores_file;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::labelled::{LabelledFile, Located};
use super::{Meter, PipelineError, Progress};
use crate::comment::Comment;
use crate::evade::{Evasion, disguise};
use crate::evaluate::{self, Figures, SentimentFigures, SpanFigures, Target};
use crate::explain::{self, Excerpt, weigh};
use crate::files;
use crate::label::Label;
use crate::policy::Policy;
use crate::record::ModelId;
use crate::score::{Scorer, ScorerBuilder};
use crate::score_map::ScoreMap;
use rows::{Labelled, Rows, marked};
use scores_file::ScoresFile;

/// Rows whose words are weighed at a time: enough for equal words to be scored once, few enough to
/// keep in memory.
const EXPLAINED_AT_ONCE: usize = 256;

/// The options of [`evaluate()`].
#[non_exhaustive]
pub struct EvaluateRequest {
    /// The labelled file; `-` for standard input.
    pub input: PathBuf,
    /// The columns of the file.
    pub columns: LabelledColumns,
    /// Rows to read at most.
    pub limit: Option<u64>,
    /// Evasions to disguise the texts with.
    pub evasions: Vec<Evasion>,
    /// File to write each row's scores to.
    pub scores: Option<PathBuf>,
    /// Files that the caller reads besides the input, such as a policy: `scores` may be none of
    /// them.
    pub reads: Vec<PathBuf>,
    /// Thresholds of the caller's, by the target's name.
    pub thresholds: Vec<(String, f64)>,
    /// A weight of words of the caller's; [`explain::MARK`] if none.
    pub mark: Option<f64>,
    /// Review budget and resamples.
    pub figures: evaluate::Settings,
    /// The model, its engine and its threads. Rows in every language are scored.
    pub scorer: ScorerBuilder,
}

impl EvaluateRequest {
    /// Creates a request with the default options, for a labelled file (`-` is standard input).
    pub fn new(input: impl Into<PathBuf>, columns: LabelledColumns) -> Self {
        Self {
            input: input.into(),
            columns,
            limit: None,
            evasions: Vec::new(),
            scores: None,
            reads: Vec::new(),
            thresholds: Vec::new(),
            mark: None,
            figures: evaluate::Settings::default(),
            scorer: Scorer::builder(),
        }
    }
}

/// Which column of a labelled file holds what.
#[derive(Clone, Debug, Default)]
pub struct LabelledColumns {
    /// The texts.
    pub text: String,
    /// Yes-or-no labels, and the scores they are compared with.
    pub labels: Vec<(Target, String)>,
    /// A sentiment.
    pub sentiment: Option<String>,
    /// Places of the characters that people marked as toxic, as `[3, 4, 5]`, in code points.
    pub spans: Option<String>,
    /// Weights of the rows, at least 0.
    pub weight: Option<String>,
    /// Groups that the rows speak of.
    pub group: Option<String>,
    /// The separator of several groups in a cell; `None` if a cell is one group.
    pub group_separator: Option<char>,
    /// Kinds of rows.
    pub kind: Option<String>,
    /// Cells that mean yes, if they are not 0 and 1; everything else is no.
    pub positive: Vec<String>,
    /// The meaning of a blank label; `None` if the row then has no such label.
    pub blank_as: Option<bool>,
}

/// The result of a measurement: the same for the same file, model and settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelMetrics {
    /// Version of comity.
    pub version: String,
    /// The file as the user named it.
    pub file: String,
    /// Its SHA-256, as it lies on disk.
    pub sha256: String,
    /// The model.
    pub model: ModelId,
    /// The score map that was applied: its name, and the beginning of its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<String>,
    /// The engine that runs it.
    pub engine: String,
    /// Rows with a score.
    pub rows: u64,
    /// Rows whose text has no words.
    pub unscored: u64,
    /// Rows that could not be read.
    pub rejects: u64,
    /// The first of those.
    pub first_rejects: Vec<Located>,
    /// Comments that people can review: a number, or a share with `%`.
    pub budget: String,
    /// Resamples of every bootstrap.
    pub resamples: usize,
    /// A column of yes-or-no labels each.
    pub labels: Vec<Figures>,
    /// The column of sentiment.
    pub sentiment: Option<SentimentFigures>,
    /// The column of marked characters.
    pub spans: Option<SpanFigures>,
    /// The normalizer's detection of the disguised texts.
    pub detected: Vec<Detected>,
}

/// The number of texts that an evasion changed, and of those that got the `evasion` flag.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Detected {
    /// The evasion.
    pub evasion: Evasion,
    /// Texts with a word that it alters.
    pub altered: u64,
    /// Those that the normaliser calls an evasion.
    pub flagged: u64,
}

/// Scores a labelled file and measures the scores. `progress` is called often, from many threads.
///
/// # Errors
/// [`PipelineError`] names the stage, the place and what to do.
pub fn evaluate(
    request: &EvaluateRequest,
    policy: &Policy,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<ModelMetrics, PipelineError> {
    let mut read = std::iter::once(&request.input).chain(&request.reads);
    if let Some(scores) = &request.scores
        && let Some(file) = read.find(|file| files::is_same(file, scores))
    {
        return Err(PipelineError::OverInput { input: file.clone() });
    }
    let mut file = LabelledFile::open(&request.input, &request.columns.text, request.limit)?;
    let mut rows = Rows::new(&request.columns, &request.evasions, &file)?;
    let mut scores_file = request.scores.as_deref().map(ScoresFile::create).transpose()?;
    let scorer = request.scorer.clone().any_language(true).build()?;
    rows.check_labels(scorer.model())?;
    let mut session = scorer.session();
    let mut meter = Meter::new(progress, request.limit);
    loop {
        let labelled: Vec<Labelled> = file.next_chunk(|file, row| rows.parse(file, row));
        meter.progress.read = file.read;
        if labelled.is_empty() {
            break;
        }
        let advance = |more| meter.advance(more);
        let comments: Vec<Comment> = labelled.iter().map(|row| row.comment.clone()).collect();
        let scored = session.score(comments, &advance)?;
        let mut disguised = Vec::with_capacity(request.evasions.len());
        for evasion in &request.evasions {
            let altered = labelled.iter().map(|row| {
                let text = disguise(&row.comment.text, *evasion);
                Comment { text, ..row.comment.clone() }
            });
            let altered: Vec<Comment> = altered.collect();
            disguised.push(session.score(altered, &advance)?);
        }
        if let Some(scores_file) = &mut scores_file {
            scores_file.write(&labelled, &scored)?;
        }
        if rows.spans.is_some() {
            for some in labelled.chunks(EXPLAINED_AT_ONCE) {
                let excerpts: Vec<Excerpt> = some.iter().map(|row| Excerpt::of(&row.comment)).collect();
                let asked: Vec<(&Excerpt, Label)> =
                    excerpts.iter().map(|excerpt| (excerpt, Label::Toxicity)).collect();
                let never = AtomicBool::new(false);
                let weighed = weigh(&scorer, &asked, &never)?;
                rows.marked
                    .extend(some.iter().zip(weighed).filter_map(|(row, weighed)| marked(row, &weighed)));
            }
        }
        for (place, (row, scored)) in labelled.iter().zip(&scored).enumerate() {
            let disguised = disguised.iter().map(|chunk| &chunk[place]);
            rows.add(row, scored, disguised);
        }
    }
    if let Some(scores_file) = scores_file {
        scores_file.finish()?;
    }
    let sha256 = file.sha256()?;
    let (labels, sentiment) = scorer.install(|| rows.measure(request, policy))?;
    let mark = request.mark.unwrap_or(explain::MARK);
    let spans = (!rows.marked.is_empty())
        .then(|| scorer.install(|| evaluate::spans(&rows.marked, mark, request.figures.resamples)));
    Ok(ModelMetrics {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        file: request.input.to_string_lossy().into_owned(),
        sha256,
        model: scorer.id(),
        calibration: scorer.calibration().map(ScoreMap::identity),
        engine: request.scorer.engine_name().to_owned(),
        rows: rows.scored,
        unscored: rows.unscored,
        rejects: file.rejects,
        first_rejects: file.first_rejects,
        budget: request.figures.budget.to_string(),
        resamples: request.figures.resamples,
        labels,
        sentiment,
        spans,
        detected: rows.detected,
    })
}
