//! The rows of a labelled file: cells to labels, and labels with scores to figures.

use super::{Detected, EvaluateRequest, LabelledColumns, PipelineError};
use crate::comment::Comment;
use crate::evade::Evasion;
use crate::evaluate::{self, Figures, LabelledRows, Marked, SentimentFigures};
use crate::explain::Weighed;
use crate::label::Label;
use crate::model::Model;
use crate::pipeline::labelled::{LabelledFile, answer, share};
use crate::policy::Policy;
use crate::read::Row;
use crate::record::{Scored, Scores};

/// A row on its way through the scoring stage.
pub(super) struct Labelled {
    pub(super) comment: Comment,
    pub(super) record: u64,
    pub(super) line: u64,
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

/// Every row's labels and scores: what stays in memory of a file.
pub(super) struct Rows<'r> {
    columns: &'r LabelledColumns,
    labels: Vec<usize>,
    sentiment: Option<usize>,
    pub(super) spans: Option<usize>,
    weight: Option<usize>,
    group: Option<usize>,
    kind: Option<usize>,
    group_names: Vec<String>,
    kind_names: Vec<String>,
    samples: Vec<LabelledRows>,
    sentiments: Sentiments,
    pub(super) marked: Vec<Marked>,
    pub(super) scored: u64,
    pub(super) unscored: u64,
    pub(super) detected: Vec<Detected>,
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
    pub(super) fn new(
        columns: &'r LabelledColumns,
        evasions: &[Evasion],
        file: &LabelledFile,
    ) -> Result<Self, PipelineError> {
        let place = |name: &Option<String>| name.as_deref().map(|name| file.column(name)).transpose();
        let labels: Result<Vec<usize>, _> =
            columns.labels.iter().map(|(_, name)| file.column(name)).collect();
        let disguised: Vec<(Evasion, Vec<f64>)> =
            evasions.iter().map(|evasion| (*evasion, Vec::new())).collect();
        let sample = LabelledRows { disguised, ..LabelledRows::default() };
        Ok(Self {
            columns,
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
            detected: evasions
                .iter()
                .map(|evasion| Detected { evasion: *evasion, altered: 0, flagged: 0 })
                .collect(),
        })
    }

    /// Checks that the model gives every label that a column is compared with.
    pub(super) fn check_labels(&self, model: &Model) -> Result<(), PipelineError> {
        let spans = self.spans.map(|_| Label::Toxicity);
        let sentiment = self.sentiment.map(|_| [Label::Negative, Label::Positive]);
        let targets = self.columns.labels.iter().flat_map(|(target, _)| target.labels().iter().copied());
        let mut wanted = targets.chain(spans).chain(sentiment.into_iter().flatten());
        let missing = wanted.find(|label| model.manifest.heads.labels().all(|given| given != *label));
        missing.map_or(Ok(()), |label| {
            Err(PipelineError::LabelNotGiven { model: model.manifest.name.clone(), label })
        })
    }

    /// The row's cells as labels; what is wrong with them otherwise.
    pub(super) fn parse(&mut self, file: &LabelledFile, row: &Row) -> Result<Labelled, String> {
        let cell = |place: usize| row.cells[place].trim();
        let mut truth = Vec::with_capacity(self.labels.len());
        for ((_, name), place) in self.columns.labels.iter().zip(&self.labels) {
            truth.push(label(cell(*place), self.columns).map_err(|what| format!("column `{name}`: {what}"))?);
        }
        let sentiment = self.sentiment.map(|place| sentiment(cell(place))).transpose()?.flatten();
        let spans = self.spans.map(|place| spans(cell(place), file.text(row))).transpose()?;
        let weight = match self.weight.map(cell) {
            None => 1.0,
            Some(weight) => weight
                .parse()
                .ok()
                .filter(|weight: &f64| weight.is_finite() && *weight >= 0.0)
                .ok_or_else(|| {
                format!("weight `{weight}` is not a number of at least 0; fix it or leave the row out")
            })?,
        };
        let groups = match (self.group.map(cell), self.columns.group_separator) {
            (None, _) => Box::default(),
            (Some(groups), None) => intern_all(&mut self.group_names, [groups]),
            (Some(groups), Some(separator)) => intern_all(&mut self.group_names, groups.split(separator)),
        };
        let kind = self.kind.map_or(0, |place| intern(&mut self.kind_names, cell(place)));
        let comment = file.comment(row);
        let (record, line) = (row.record, row.line);
        Ok(Labelled { comment, record, line, truth, sentiment, spans, weight, groups, kind })
    }

    pub(super) fn add<'s>(
        &mut self,
        row: &Labelled,
        scored: &Scored,
        disguised: impl Iterator<Item = &'s Scored>,
    ) {
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

    pub(super) fn measure(
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
    // A share of raters is a yes from one half on, as in Borkan et al. 2019.
    let answer = answer(cell, &columns.positive).or_else(|| share(cell).map(|share| share >= 0.5));
    answer.map(Some).ok_or_else(|| {
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
pub(super) fn marked(row: &Labelled, weighed: &Weighed) -> Option<Marked> {
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
