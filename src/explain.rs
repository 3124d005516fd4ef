//! Which sentences, and which words of them, carry a flagged score.
//!
//! A sentence is scored by itself; a word is scored by leaving it out of its sentence: how far the sentence's score falls
//! is what the word carried (leave-one-out, as in Li, Monroe and Jurafsky, "Understanding Neural Networks through
//! Representation Erasure", 2016). Words are tried only in the sentences that carry the score, and there at most
//! [`WORDS_TRIED`]: each try is a run of the model.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::comment::Comment;
use crate::label::Label;
use crate::score::{Reading, ScoreError, Scorer, Scores};

/// Name of the file in a report's folder: one [`Explanation`] a line.
pub const FILE_NAME: &str = "explanations.ndjson";

/// How many words of a comment are tried at most: those of its worst sentences first.
pub const WORDS_TRIED: usize = 24;

/// Words are tried in a sentence that scores at least this share of the worst sentence's score.
const SENTENCE_SHARE: f64 = 0.5;

/// A word is kept if leaving it out lowers its sentence's score by at least this share of it.
const WORD_SHARE: f64 = 0.1;

/// What carries the score of a flagged comment. A line of `explanations.ndjson`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Thread of the comment.
    pub thread: String,
    /// Its id.
    pub id: String,
    /// The label that flagged it.
    pub label: Label,
    /// The comment's score for that label.
    pub score: f64,
    /// Its own words as the model reads them, where their spelling hides words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// Every sentence of the comment's own words, in order; `score` is the sentence's own.
    pub sentences: Vec<Part>,
    /// The words that carry the score, in order; `score` is how far the sentence's score falls without the word.
    pub words: Vec<Part>,
}

/// A part of a comment's text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// First byte in the original text.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Six decimals; see [`Explanation`] for what it measures.
    pub score: f64,
}

/// Explains flagged comments: for each, the label that flagged it and its score for it.
///
/// # Errors
/// [`ScoreError`] if the encoder or the engine fails.
pub fn explain(
    scorer: &Scorer<'_>,
    flagged: &[(&Comment, Label, f64)],
) -> Result<Vec<Explanation>, ScoreError> {
    let sentences: Vec<Vec<Range<usize>>> =
        flagged.iter().map(|(comment, ..)| sentences_of(comment)).collect();
    let sentence_scores = score_variants(scorer, flagged, &sentences, |comment, sentence| {
        comment.text[sentence.clone()].to_owned()
    })?;

    let words: Vec<Vec<Word>> = flagged
        .iter()
        .zip(sentences.iter().zip(&sentence_scores))
        .map(|((comment, ..), (sentences, scores))| words_to_try(comment, sentences, scores))
        .collect();
    let word_scores = score_variants(scorer, flagged, &words, |comment, word| {
        let (before, after) = (word.sentence.start..word.range.start, word.range.end..word.sentence.end);
        format!("{}{}", &comment.text[before], &comment.text[after])
    })?;

    let parts = |ranges: Vec<Range<usize>>, scores: &[f64]| -> Vec<Part> {
        let part =
            |(range, score): (Range<usize>, &f64)| Part { start: range.start, end: range.end, score: *score };
        ranges.into_iter().zip(scores).map(part).collect()
    };
    let mut explanations = Vec::with_capacity(flagged.len());
    for (index, (comment, label, score)) in flagged.iter().enumerate() {
        let mut carrying: Vec<Part> = words[index]
            .iter()
            .zip(&word_scores[index])
            .map(|(word, without)| {
                let fall = ((word.sentence_score - without) * 1e6).round() / 1e6;
                (word, Part { start: word.range.start, end: word.range.end, score: fall })
            })
            .filter(|(word, part)| part.score > 0.0 && part.score >= WORD_SHARE * word.sentence_score)
            .map(|(_, part)| part)
            .collect();
        carrying.sort_by_key(|part| part.start);
        let reading = scorer.read(&comment.own_words());
        explanations.push(Explanation {
            thread: comment.thread.clone(),
            id: comment.id.clone(),
            label: *label,
            score: *score,
            read_as: reading.evasion.then(|| reading.folded.unwrap_or(reading.text)),
            sentences: parts(sentences[index].clone(), &sentence_scores[index]),
            words: carrying,
        });
    }
    Ok(explanations)
}

/// A word that is left out for a try.
struct Word {
    range: Range<usize>,
    sentence: Range<usize>,
    sentence_score: f64,
}

/// The sentences of a comment's own words (UAX #29), blank ends left out.
fn sentences_of(comment: &Comment) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    for own in comment.own_ranges() {
        for (start, sentence) in comment.text[own.clone()].split_sentence_bound_indices() {
            let trimmed = sentence.trim();
            if !trimmed.is_empty() {
                let start = own.start + start + (sentence.len() - sentence.trim_start().len());
                sentences.push(start..start + trimmed.len());
            }
        }
    }
    sentences
}

/// The words (UAX #29) of the sentences that carry the score, worst sentence first.
fn words_to_try(comment: &Comment, sentences: &[Range<usize>], scores: &[f64]) -> Vec<Word> {
    let worst = scores.iter().copied().fold(0.0, f64::max);
    let mut carrying: Vec<(&Range<usize>, f64)> = sentences.iter().zip(scores.iter().copied()).collect();
    carrying.retain(|(_, score)| *score >= SENTENCE_SHARE * worst);
    carrying.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let words = carrying.into_iter().flat_map(|(sentence, sentence_score)| {
        comment.text[sentence.clone()].unicode_word_indices().map(move |(start, word)| {
            let start = sentence.start + start;
            Word { range: start..start + word.len(), sentence: sentence.clone(), sentence_score }
        })
    });
    words.take(WORDS_TRIED).collect()
}

/// Scores a variant of the comment's text for each of its parts, all comments in one go; for the label that flagged it.
fn score_variants<P>(
    scorer: &Scorer<'_>,
    flagged: &[(&Comment, Label, f64)],
    parts: &[Vec<P>],
    variant: impl Fn(&Comment, &P) -> String,
) -> Result<Vec<Vec<f64>>, ScoreError> {
    let texts: Vec<Reading> = flagged
        .iter()
        .zip(parts)
        .flat_map(|((comment, ..), parts)| parts.iter().map(|part| variant(comment, part)))
        .map(|text| scorer.read(&text))
        .collect();
    let texts: Vec<&Reading> = texts.iter().collect();
    let scores: Vec<Scores> = scorer.score_texts(&texts, &|_| ())?;
    let mut scores = scores.into_iter();
    let of_parts = flagged.iter().zip(parts).map(|((_, label, _), parts)| {
        scores.by_ref().take(parts.len()).map(|scores| scores.get(*label)).collect()
    });
    Ok(of_parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;

    #[test]
    fn sentences_and_words_are_ranges_of_the_original() {
        let text = "> you there\n You are kind.  But that was daft!";
        let mut comment = Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 });
        comment.quotes.push(0..11);
        let sentences = sentences_of(&comment);
        let texts: Vec<&str> = sentences.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(texts, ["You are kind.", "But that was daft!"]);
        let words = words_to_try(&comment, &sentences, &[0.1, 0.9]);
        let texts: Vec<&str> = words.iter().map(|word| &text[word.range.clone()]).collect();
        assert_eq!(texts, ["But", "that", "was", "daft"]);
    }
}
