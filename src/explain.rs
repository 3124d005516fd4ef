//! Which sentences, and which words of them, carry a score.
//!
//! A sentence is scored by itself. A word has two figures: the score of the word standing alone, and how far its
//! sentence's score falls without it (leave-one-out, as in Li, Monroe and Jurafsky, "Understanding Neural Networks through
//! Representation Erasure", 2016). Leaving out finds words that are harmful where they stand; standing alone finds those
//! that leaving out misses, because another word of the sentence is as bad. A word's weight is the mean of the two.
//! Words are left out only in the sentences that carry the score, at most [`WORDS_TRIED`] a comment: each try is a run of the
//! model over the sentence.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::comment::Comment;
use crate::decimal;
use crate::label::Label;
use crate::normalize::normalize;
use crate::score::{Reading, ScoreError, Scorer, Scores};

/// Name of the file in a report's folder: one [`Explanation`] a line.
pub const FILE_NAME: &str = "explanations.ndjson";

/// Flagged texts that are explained, the worst first, each once: those that the queue's page shows.
pub const MOST: usize = 200;

/// How many words of a comment are left out at most: those that score most by themselves. On a sample of the trial file of
/// SemEval-2021 task 5 more of them marked no better.
pub const WORDS_TRIED: usize = 8;

/// Words are left out in a sentence that scores at least this share of the worst sentence's score.
const SENTENCE_SHARE: f64 = 0.5;

/// Words from this weight up carry the score: the best threshold on the trial file of SemEval-2021 task 5 (toxic spans), by
/// `comity eval --spans`. In a comment that scores less than twice that, half its score is enough.
pub const MARK: f64 = 0.2;

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
    /// The words that carry the score, in order; `score` is the word's weight: the mean of its own score, standing alone,
    /// and of how far its sentence's score falls without it (0 where it rises, or was not tried).
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

/// What the parts of a comment come to for one label.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// Every sentence of the comment's own words, in order, with its own score.
    pub sentences: Vec<Part>,
    /// Every word of them, in order, with its weight.
    pub words: Vec<Part>,
}

/// Explains flagged comments: for each, the label that flagged it and its score for it.
///
/// # Errors
/// [`ScoreError`] if the encoder or the engine fails.
pub fn explain(
    scorer: &Scorer<'_>,
    flagged: &[(&Comment, Label, f64)],
) -> Result<Vec<Explanation>, ScoreError> {
    let comments: Vec<(&Comment, Label)> =
        flagged.iter().map(|(comment, label, _)| (*comment, *label)).collect();
    let explanations = weigh(scorer, &comments)?.into_iter().zip(flagged).map(|(weighed, flagged)| {
        let (comment, label, score) = *flagged;
        let Weighed { sentences, mut words } = weighed;
        // A rare label flags at low scores, which no word alone reaches.
        let mark = MARK.min(score / 2.0);
        words.retain(|word| word.score >= mark);
        let reading = scorer.read(&comment.own_words());
        Explanation {
            thread: comment.thread.clone(),
            id: comment.id.clone(),
            label,
            score,
            read_as: reading.evasion.then(|| reading.folded.unwrap_or(reading.text)),
            sentences,
            words,
        }
    });
    Ok(explanations.collect())
}

/// Weighs the sentences and words of comments, flagged or not, each for one label that the model gives. Comments given together
/// share the work for words that they share.
///
/// # Errors
/// [`ScoreError`] if the encoder or the engine fails.
///
/// # Panics
/// If the model does not give a label.
pub fn weigh(scorer: &Scorer<'_>, comments: &[(&Comment, Label)]) -> Result<Vec<Weighed>, ScoreError> {
    let mut texts = Texts::default();
    let sentences: Vec<Vec<Sentence>> = comments
        .iter()
        .map(|(comment, _)| {
            let sentence =
                |range: Range<usize>| Sentence { own: texts.place(&comment.text[range.clone()]), range };
            sentences_of(comment).into_iter().map(sentence).collect()
        })
        .collect();
    let mut words: Vec<Vec<Word>> = Vec::with_capacity(comments.len());
    for ((comment, _), sentences) in comments.iter().zip(&sentences) {
        words.push(words_of(comment, sentences, &mut texts));
    }
    let scores = texts.score(scorer)?;

    let mut variants = Texts::default();
    for (index, (comment, label)) in comments.iter().enumerate() {
        let own: Vec<f64> =
            sentences[index].iter().map(|sentence| score(&scores[sentence.own], *label)).collect();
        for word in words_to_try(&words[index], &own, |word| score(&scores[word.alone], *label)) {
            let word = &mut words[index][word];
            let sentence = &sentences[index][word.sentence].range;
            let (before, after) = (sentence.start..word.range.start, word.range.end..sentence.end);
            let variant = format!("{}{}", &comment.text[before], &comment.text[after]);
            word.without = Some(variants.place(&variant));
        }
    }
    let without = variants.score(scorer)?;

    let weighed = comments.iter().zip(sentences).zip(words).map(|(((_, label), sentences), words)| {
        let own = |sentence: &Sentence| score(&scores[sentence.own], *label);
        let weight = |word: &Word| {
            let fall = word
                .without
                .map_or(0.0, |place| own(&sentences[word.sentence]) - score(&without[place], *label));
            let mean = (score(&scores[word.alone], *label) + fall.max(0.0)) / 2.0;
            decimal::round(mean)
        };
        let part = |range: &Range<usize>, score| Part { start: range.start, end: range.end, score };
        Weighed {
            words: words.iter().map(|word| part(&word.range, weight(word))).collect(),
            sentences: sentences.iter().map(|sentence| part(&sentence.range, own(sentence))).collect(),
        }
    });
    Ok(weighed.collect())
}

fn score(scores: &Scores, label: Label) -> f64 {
    scores.get(label).expect("the model gives what is weighed")
}

/// A sentence, and the place of its text among those that are scored.
struct Sentence {
    range: Range<usize>,
    own: usize,
}

/// A word: the place of its sentence, and those of its texts: the word alone, and its sentence without it.
struct Word {
    range: Range<usize>,
    sentence: usize,
    alone: usize,
    without: Option<usize>,
}

/// Texts for the engine, each once.
#[derive(Default)]
struct Texts {
    texts: Vec<String>,
    places: HashMap<String, usize>,
}

impl Texts {
    /// The place of a text, normalised, which it takes if it is new.
    fn place(&mut self, text: &str) -> usize {
        let text = normalize(text).text;
        if let Some(place) = self.places.get(&*text) {
            return *place;
        }
        self.texts.push(text.clone().into_owned());
        self.places.insert(text.into_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    /// The scores of all of them, by place.
    fn score(&self, scorer: &Scorer<'_>) -> Result<Vec<Scores>, ScoreError> {
        let readings: Vec<Reading> = self.texts.iter().map(|text| scorer.read(text)).collect();
        scorer.score_texts(&readings.iter().collect::<Vec<_>>(), &|_| ())
    }
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

/// The words of sentences (UAX #29), none of them left out so far.
fn words_of(comment: &Comment, sentences: &[Sentence], texts: &mut Texts) -> Vec<Word> {
    let mut words = Vec::new();
    for (place, sentence) in sentences.iter().enumerate() {
        for (start, word) in comment.text[sentence.range.clone()].unicode_word_indices() {
            let start = sentence.range.start + start;
            let alone = texts.place(&word.to_lowercase());
            words.push(Word { range: start..start + word.len(), sentence: place, alone, without: None });
        }
    }
    words
}

/// Places of the words to leave out: of the sentences that carry the score, the words that score most by themselves.
fn words_to_try(words: &[Word], sentence_scores: &[f64], alone: impl Fn(&Word) -> f64) -> Vec<usize> {
    let worst = sentence_scores.iter().copied().fold(0.0, f64::max);
    let carries = |word: &usize| sentence_scores[words[*word].sentence] >= SENTENCE_SHARE * worst;
    let mut tried: Vec<usize> = (0..words.len()).filter(carries).collect();
    // A stable sort: the first of equal words comes first.
    tried.sort_by(|a, b| alone(&words[*b]).total_cmp(&alone(&words[*a])));
    tried.truncate(WORDS_TRIED);
    tried
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
        let mut all = Texts::default();
        let sentence = |range| Sentence { range, own: 0 };
        let words = words_of(&comment, &Vec::from_iter(sentences.into_iter().map(sentence)), &mut all);
        assert_eq!(all.texts, ["you", "are", "kind", "but", "that", "was", "daft"]);
        let text_of = |word: usize| &text[words[word].range.clone()];
        // The word's length stands in for its own score.
        let tried = |scores: &[f64]| {
            let tried = words_to_try(&words, scores, |word| word.range.len() as f64);
            Vec::from_iter(tried.into_iter().map(text_of))
        };
        assert_eq!(tried(&[0.1, 0.9]), ["that", "daft", "But", "was"]);
        assert_eq!(tried(&[0.5, 0.9]), ["kind", "that", "daft", "You", "are", "But", "was"]);
    }
}
