//! A labelled file's way to figures: its rows through the same scoring stage as an export's
//! comments.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::{CHUNK_BYTES, Meter, PipelineError, Progress, identify};
use crate::comment::{Comment, Origin};
use crate::decimal;
use crate::evade::{Evasion, disguise};
use crate::evaluate::{self, Figures, LabelledRows, Marked, SentimentFigures, SpanFigures, Target};
use crate::explain::{self, Excerpt, Weighed, weigh};
use crate::files::{self, Staged};
use crate::label::Label;
use crate::model::Model;
use crate::policy::Policy;
use crate::read::{Reject, Row, Table, TableRecord};
use crate::record::{ModelId, Outcome, Scored, Scores};
use crate::score::{CHUNK_COMMENTS, Scorer, ScorerBuilder};

/// Rows whose words are weighed at a time: enough for equal words to be scored once, few enough to
/// keep in memory.
const EXPLAINED_AT_ONCE: usize = 256;

/// The number of rejects that are reported one by one; the rest is counted.
const REJECTS_TOLD: usize = 20;

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

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located {
    /// Which record, from 1; the header does not count.
    pub record: u64,
    /// The line it begins on, from 1.
    pub line: u64,
    /// The cause, and what to do.
    pub cause: String,
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
    let mut table = Table::open(&request.input)?;
    let mut rows = Rows::new(&request.columns, &request.evasions, &table)?;
    let mut scores_file = request.scores.as_deref().map(ScoresFile::create).transpose()?;
    let scorer = request.scorer.clone().any_language(true).build()?;
    rows.check_labels(scorer.model())?;
    let mut session = scorer.session();
    let mut meter = Meter::new(progress, request.limit);
    loop {
        let labelled = read_rows(request, &mut table, &mut rows, &mut meter.progress.read);
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
        if let Some(file) = &mut scores_file {
            file.write(&labelled, &scored)?;
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
    if let Some(file) = scores_file {
        file.finish()?;
    }
    let (_, sha256) = table.fingerprint()?;
    let (labels, sentiment) = scorer.install(|| rows.measure(request, policy))?;
    let mark = request.mark.unwrap_or(explain::MARK);
    let spans = (!rows.marked.is_empty())
        .then(|| scorer.install(|| evaluate::spans(&rows.marked, mark, request.figures.resamples)));
    Ok(ModelMetrics {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        file: request.input.to_string_lossy().into_owned(),
        sha256,
        model: identify(scorer.model()),
        engine: request.scorer.engine_name().to_owned(),
        rows: rows.scored,
        unscored: rows.unscored,
        rejects: rows.rejects,
        first_rejects: rows.first_rejects,
        budget: request.figures.budget.to_string(),
        resamples: request.figures.resamples,
        labels,
        sentiment,
        spans,
        detected: rows.detected,
    })
}

/// A row on its way through the scoring stage.
struct Labelled {
    comment: Comment,
    record: u64,
    line: u64,
    /// One a target; `None` if the cell is blank.
    truth: Vec<Option<bool>>,
    sentiment: Option<Sentiment>,
    /// Marked characters, ascending.
    spans: Option<Vec<u32>>,
    weight: f64,
    groups: Box<[u32]>,
    kind: u32,
}

/// A sentiment as a cell has it: by word, or by number.
#[derive(Clone, Copy, PartialEq)]
enum Sentiment {
    Word(u8),
    Number(u8),
}

/// Reads until there is a chunk to score; returns an empty one at the end.
fn read_rows(
    request: &EvaluateRequest,
    table: &mut Table,
    rows: &mut Rows<'_>,
    read: &mut u64,
) -> Vec<Labelled> {
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    while chunk.len() < CHUNK_COMMENTS
        && bytes < CHUNK_BYTES
        && request.limit.is_none_or(|limit| *read < limit)
    {
        match table.next_row() {
            None => break,
            Some(TableRecord::Reject(reject)) => rows.reject(reject),
            Some(TableRecord::Row(row)) => match rows.parse(&row) {
                Ok(labelled) => {
                    *read += 1;
                    bytes += labelled.comment.text.len();
                    chunk.push(labelled);
                }
                Err(cause) => rows.reject(row.reject(cause)),
            },
        }
    }
    chunk
}

/// Every row's labels and scores: what stays in memory of a file.
struct Rows<'r> {
    columns: &'r LabelledColumns,
    text: usize,
    labels: Vec<usize>,
    sentiment: Option<usize>,
    spans: Option<usize>,
    weight: Option<usize>,
    group: Option<usize>,
    kind: Option<usize>,
    group_names: Vec<String>,
    kind_names: Vec<String>,
    samples: Vec<LabelledRows>,
    sentiments: Sentiments,
    marked: Vec<Marked>,
    scored: u64,
    unscored: u64,
    rejects: u64,
    first_rejects: Vec<Located>,
    detected: Vec<Detected>,
}

/// Rows with a sentiment: one value a row in each list.
#[derive(Default)]
struct Sentiments {
    probabilities: Vec<[f64; 3]>,
    labelled: Vec<Sentiment>,
    weights: Vec<f64>,
    kinds: Vec<u32>,
}

impl<'r> Rows<'r> {
    fn new(columns: &'r LabelledColumns, evasions: &[Evasion], table: &Table) -> Result<Self, PipelineError> {
        let place = |name: &Option<String>| name.as_deref().map(|name| table.column(name)).transpose();
        let labels: Result<Vec<usize>, _> =
            columns.labels.iter().map(|(_, name)| table.column(name)).collect();
        let disguised: Vec<(Evasion, Vec<f64>)> =
            evasions.iter().map(|evasion| (*evasion, Vec::new())).collect();
        let sample = LabelledRows { disguised, ..LabelledRows::default() };
        Ok(Self {
            columns,
            text: table.column(&columns.text)?,
            labels: labels?,
            sentiment: place(&columns.sentiment)?,
            spans: place(&columns.spans)?,
            weight: place(&columns.weight)?,
            group: place(&columns.group)?,
            kind: place(&columns.kind)?,
            group_names: Vec::new(),
            kind_names: Vec::new(),
            samples: vec![sample; columns.labels.len()],
            sentiments: Sentiments::default(),
            marked: Vec::new(),
            scored: 0,
            unscored: 0,
            rejects: 0,
            first_rejects: Vec::new(),
            detected: evasions
                .iter()
                .map(|evasion| Detected { evasion: *evasion, altered: 0, flagged: 0 })
                .collect(),
        })
    }

    /// Checks that the model gives every label that a column is compared with.
    fn check_labels(&self, model: &Model) -> Result<(), PipelineError> {
        let spans = self.spans.map(|_| Label::Toxicity);
        let sentiment = self.sentiment.map(|_| [Label::Negative, Label::Positive]);
        let targets = self.columns.labels.iter().flat_map(|(target, _)| target.labels().iter().copied());
        let mut wanted = targets.chain(spans).chain(sentiment.into_iter().flatten());
        let missing = wanted.find(|label| model.manifest.heads.labels().all(|given| given != *label));
        missing.map_or(Ok(()), |label| {
            Err(PipelineError::LabelNotGiven { model: model.manifest.name.clone(), label })
        })
    }

    fn reject(&mut self, reject: Reject) {
        self.rejects += 1;
        if self.first_rejects.len() < REJECTS_TOLD {
            let Reject { record, line, cause, .. } = reject;
            self.first_rejects.push(Located { record, line, cause });
        }
    }

    /// The row's cells as labels; what is wrong with them otherwise.
    fn parse(&mut self, row: &Row) -> Result<Labelled, String> {
        let cell = |place: usize| row.cells[place].trim();
        let mut truth = Vec::with_capacity(self.labels.len());
        for ((_, name), place) in self.columns.labels.iter().zip(&self.labels) {
            truth.push(label(cell(*place), self.columns).map_err(|what| format!("column `{name}`: {what}"))?);
        }
        let sentiment = self.sentiment.map(|place| sentiment(cell(place))).transpose()?.flatten();
        let spans = self.spans.map(|place| spans(cell(place), &row.cells[self.text])).transpose()?;
        let weight = match self.weight.map(cell) {
            None => 1.0,
            Some(weight) => {
                weight.parse().ok().filter(|weight: &f64| weight.is_finite() && *weight >= 0.0).ok_or_else(
                    || format!("weight `{weight}` is not a number from 0 up; mend it or leave the row out"),
                )?
            }
        };
        let groups = match (self.group.map(cell), self.columns.group_separator) {
            (None, _) => Box::default(),
            (Some(groups), None) => intern_all(&mut self.group_names, [groups]),
            (Some(groups), Some(separator)) => intern_all(&mut self.group_names, groups.split(separator)),
        };
        let kind = self.kind.map_or(0, |place| intern(&mut self.kind_names, cell(place)));
        let origin = Origin { file: "".into(), record: row.record, line: row.line };
        let comment = Comment::new(row.record.to_string(), "", row.cells[self.text].as_str(), origin);
        let (record, line) = (row.record, row.line);
        Ok(Labelled { comment, record, line, truth, sentiment, spans, weight, groups, kind })
    }

    fn add<'s>(&mut self, row: &Labelled, scored: &Scored, disguised: impl Iterator<Item = &'s Scored>) {
        let Some(scores) = scored.outcome.scores() else {
            self.unscored += 1;
            return;
        };
        self.scored += 1;
        // A text that nothing can be read of any more passes every filter.
        let disguised: Vec<Option<&Scores>> = disguised
            .zip(&mut self.detected)
            .map(|(disguised, detected)| {
                if disguised.comment.text != row.comment.text {
                    detected.altered += 1;
                    detected.flagged += u64::from(disguised.evasion);
                }
                disguised.outcome.scores()
            })
            .collect();
        let targets = self.columns.labels.iter().map(|(target, _)| target).zip(&row.truth);
        for (sample, (target, truth)) in self.samples.iter_mut().zip(targets) {
            let (Some(truth), Some(score)) = (truth, target.score(scores)) else { continue };
            sample.scores.push(score);
            sample.truth.push(*truth);
            sample.weights.push(row.weight);
            sample.groups.push(row.groups.clone());
            sample.kinds.push(row.kind);
            for ((_, of_evasion), scores) in sample.disguised.iter_mut().zip(&disguised) {
                of_evasion.push(scores.and_then(|scores| target.score(scores)).unwrap_or(0.0));
            }
        }
        if let Some(sentiment) = row.sentiment {
            // A model of two classes never calls anything neutral.
            let probability = |label| scores.get(label).unwrap_or(0.0);
            self.sentiments.probabilities.push(Label::SENTIMENT.map(probability));
            self.sentiments.labelled.push(sentiment);
            self.sentiments.weights.push(row.weight);
            self.sentiments.kinds.push(row.kind);
        }
    }

    fn measure(
        &self,
        request: &EvaluateRequest,
        policy: &Policy,
    ) -> Result<(Vec<Figures>, Option<SentimentFigures>), PipelineError> {
        let nothing =
            |column: &str| PipelineError::NoLabels { file: request.input.clone(), column: column.to_owned() };
        let mut labels = Vec::with_capacity(self.samples.len());
        for (sample, (target, column)) in self.samples.iter().zip(&self.columns.labels) {
            if sample.weights.iter().sum::<f64>() <= 0.0 {
                return Err(nothing(column));
            }
            let name = target.to_string();
            let given =
                request.thresholds.iter().find(|(of, _)| *of == name).map(|(_, threshold)| *threshold);
            let names = (&self.group_names[..], &self.kind_names[..]);
            labels.push(evaluate::figures(target, sample, names, policy, given, request.figures));
        }
        let Some(column) = &self.columns.sentiment else { return Ok((labels, None)) };
        let Sentiments { probabilities, labelled, weights, kinds } = &self.sentiments;
        if weights.iter().sum::<f64>() <= 0.0 {
            return Err(nothing(column));
        }
        // Numbers that stop at 1 are negative and positive; words say themselves whether there is a
        // neutral.
        let numbers =
            labelled.iter().filter_map(|s| if let Sentiment::Number(n) = s { Some(*n) } else { None });
        let has_two_numbers = numbers.max().is_some_and(|most| most < 2);
        let truth = labelled.iter().map(|sentiment| match sentiment {
            Sentiment::Number(1) if has_two_numbers => 2,
            Sentiment::Number(class) | Sentiment::Word(class) => *class,
        });
        let truth: Vec<u8> = truth.collect();
        let classes = if truth.contains(&1) { 3 } else { 2 };
        let kinds = evaluate::rows_of_kinds(kinds, &self.kind_names);
        let resamples = request.figures.resamples;
        let figures = evaluate::sentiment(probabilities, &truth, weights, classes, &kinds, resamples);
        Ok((labels, Some(figures)))
    }
}

/// Returns the label of a cell; `None` if it is blank and a blank has no meaning.
fn label(cell: &str, columns: &LabelledColumns) -> Result<Option<bool>, String> {
    if cell.is_empty() {
        return Ok(columns.blank_as);
    }
    if !columns.positive.is_empty() {
        return Ok(Some(columns.positive.iter().any(|positive| positive == cell)));
    }
    match cell.to_lowercase().as_str() {
        "true" | "yes" => return Ok(Some(true)),
        "false" | "no" => return Ok(Some(false)),
        _ => {}
    }
    // A share of raters is a yes from one half on, as in Borkan et al. 2019.
    let share = cell.parse().ok().filter(|share: &f64| (0.0..=1.0).contains(share));
    share.map(|share| Some(share >= 0.5)).ok_or_else(|| {
        format!("`{cell}` is neither 0 nor 1 nor a share between; name the word for yes with --positive")
    })
}

fn sentiment(cell: &str) -> Result<Option<Sentiment>, String> {
    let cell = cell.to_lowercase();
    if cell.is_empty() {
        return Ok(None);
    }
    if let Some(class) = evaluate::CLASSES.iter().position(|class| *class == cell) {
        return Ok(Some(Sentiment::Word(class as u8)));
    }
    match cell.as_str() {
        "0" | "0.0" => Ok(Some(Sentiment::Number(0))),
        "1" | "1.0" => Ok(Some(Sentiment::Number(1))),
        "2" | "2.0" => Ok(Some(Sentiment::Number(2))),
        _ => Err(format!("`{cell}` is no sentiment; write negative, neutral, positive, or 0, 1, 2")),
    }
}

/// Places of marked characters, ascending.
fn spans(cell: &str, text: &str) -> Result<Vec<u32>, String> {
    let read: Result<Vec<u32>, _> = serde_json::from_str(cell);
    let mut places =
        read.map_err(|_| format!("`{cell}` lists no characters; write their places as [3, 4, 5]"))?;
    places.sort_unstable();
    places.dedup();
    let characters = text.chars().count();
    match places.last() {
        Some(last) if *last as usize >= characters => {
            Err(format!("character {last} is marked in a text of {characters}; count code points from 0"))
        }
        _ => Ok(places),
    }
}

/// A row's marked characters and the weights of its words, in characters as well.
fn marked(row: &Labelled, weighed: &Weighed) -> Option<Marked> {
    let gold = row.spans.clone()?;
    let text = &row.comment.text;
    let (mut byte, mut character) = (0, 0);
    let mut place = |at: usize| {
        character += text[byte..at].chars().count() as u32;
        byte = at;
        character
    };
    let words = weighed.words.iter().map(|word| (place(word.start)..place(word.end), word.score)).collect();
    Some(Marked { gold, words, weight: row.weight })
}

/// The place of a name in a list, which it joins if it is new.
fn intern(names: &mut Vec<String>, name: &str) -> u32 {
    let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    });
    place as u32
}

fn intern_all<'n>(names: &mut Vec<String>, cells: impl IntoIterator<Item = &'n str>) -> Box<[u32]> {
    let cells = cells.into_iter().map(str::trim).filter(|name| !name.is_empty());
    let mut places: Vec<u32> = cells.map(|name| intern(names, name)).collect();
    places.sort_unstable();
    places.dedup();
    places.into()
}

/// The scores row by row, for computing other figures.
struct ScoresFile {
    writer: csv::Writer<BufWriter<File>>,
    path: PathBuf,
    /// None for a pipe or device, which is written to as it is.
    staged: Option<Staged>,
}

impl ScoresFile {
    fn create(path: &Path) -> Result<Self, PipelineError> {
        let (staged, file) = create(path).map_err(super::cannot_write(path))?;
        let mut file = Self { writer: csv::Writer::from_writer(file), path: path.to_owned(), staged };
        let labels = Label::ALL.iter().map(|label| label.as_str().to_owned());
        let header = ["record", "line", "unscored", "evasion"].map(str::to_owned).into_iter().chain(labels);
        file.write_record(header.collect())?;
        Ok(file)
    }

    fn write(&mut self, rows: &[Labelled], scored: &[Scored]) -> Result<(), PipelineError> {
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
        written.map_err(|error| super::cannot_write(&self.path)(error.into()))
    }

    fn finish(self) -> Result<(), PipelineError> {
        let Self { writer, path, staged } = self;
        let file = files::end_csv(writer).map_err(super::cannot_write(&path))?;
        let finished = match staged {
            Some(staged) => files::finish(file).and_then(|()| staged.publish()),
            None => file.into_inner().map(drop).map_err(io::IntoInnerError::into_error),
        };
        finished.map_err(super::cannot_write(&path))
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
