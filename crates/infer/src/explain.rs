//! The sentences and words that carry a score.
//!
//! Each sentence is scored by itself. A word has two figures: its score standing alone, and the
//! fall of its sentence's score without it (leave-one-out, as in Li, Monroe and Jurafsky,
//! "Understanding Neural Networks through Representation Erasure", 2016). Leaving out finds words
//! that are harmful in their place; standing alone finds those that leaving out misses because the
//! sentence has another word as bad. A word's weight is the mean of the two.
//!
//! Every try is a run of the model, so the work is bounded for each comment: only its [`Excerpt`]
//! is weighed, sentences longer than 1,000 characters are cut, and at most eight words are left
//! out, all of them in sentences that carry the score.

use std::collections::HashMap;
use std::iter::once;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;
use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::normalize::script::is_unspaced;
use crate::score::{Reading, ScoreError, Scorer};
use comity_core::comment::Comment;
use comity_core::decimal;
use comity_core::label::Label;
use comity_core::record::{EXPLAINED_CHARS, Explanation, Part, Scores};

/// Number of characters of a comment's own words that are explained.
pub const MAX_CHARS: usize = EXPLAINED_CHARS;

/// Number of characters of the longest sentence that is weighed whole: about a window of the model.
const MAX_SENTENCE: usize = 1_000;

/// Number of words of a comment that are left out at most: those that score most by themselves. On
/// a sample of the trial file of SemEval-2021 task 5, trying more did not improve the marks.
const WORDS_TRIED: usize = 8;

/// Words are left out of a sentence that scores at least this share of the worst sentence's score.
const SENTENCE_SHARE: f64 = 0.5;

/// Lowest weight of a word that carries the score. The best threshold on the trial file of
/// SemEval-2021 task 5 (toxic spans), by `comity eval --spans`, was 0.2 for version 5 of the English
/// model, and is 0.13 for version 6. In a comment that scores less than
/// twice that, half its score is enough.
pub const MARK: f64 = 0.2;

/// The beginning of a comment's own words: the part of it that is explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Stretches without a quote in between: the first byte in the comment's text, and the words.
    stretches: Vec<(usize, String)>,
    /// The comment has more words of its own.
    partial: bool,
}

impl Excerpt {
    /// Copies the first [`MAX_CHARS`] characters of a comment's own words.
    pub fn of(comment: &Comment) -> Self {
        let mut excerpt = Self { stretches: Vec::new(), partial: false };
        let mut room = MAX_CHARS;
        for own in comment.own_ranges() {
            let untrimmed = &comment.text[own.clone()];
            let start = own.start + (untrimmed.len() - untrimmed.trim_start().len());
            let text = untrimmed.trim();
            let (end, chars) = prefix(text, room);
            if end > 0 {
                excerpt.stretches.push((start, text[..end].to_owned()));
            }
            if end < text.len() {
                excerpt.partial = true;
                break;
            }
            room -= chars;
        }
        excerpt
    }

    /// Returns `true` if the comment has more words of its own than these.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Returns the number of bytes of its words.
    pub fn bytes(&self) -> usize {
        self.stretches.iter().map(|(_, words)| words.len()).sum()
    }

    fn words(&self) -> String {
        self.stretches.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// A flagged comment to explain.
#[derive(Clone, Debug, PartialEq)]
pub struct Flagged {
    /// The thread of the comment.
    pub thread: String,
    /// The id of the comment.
    pub id: String,
    /// The label that flagged it.
    pub label: Label,
    /// Its score for that label.
    pub score: f64,
    /// The beginning of its own words.
    pub excerpt: Excerpt,
}

impl Flagged {
    /// Returns the explanation, given the excerpt's parts with their figures for the label. `scorer`
    /// is the one that scored the comment.
    pub fn explanation(&self, scorer: &Scorer, weighed: Weighed) -> Explanation {
        let Weighed { sentences, mut words } = weighed;
        // A rare label flags at low scores, which no word alone reaches.
        let mark = MARK.min(self.score / 2.0);
        words.retain(|word| word.score >= mark);
        let reading = scorer.read(&self.excerpt.words());
        Explanation {
            thread: self.thread.clone(),
            id: self.id.clone(),
            label: self.label,
            score: self.score,
            partial: self.excerpt.partial,
            read_as: reading.evasion.then(|| reading.folded.unwrap_or(reading.text)),
            sentences,
            words,
        }
    }
}

/// The parts of an excerpt with their figures for one label.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// Every sentence, in order, with its own score.
    pub sentences: Vec<Part>,
    /// Every word, in order, with its weight.
    pub words: Vec<Part>,
}

/// Explains flagged comments.
///
/// # Errors
/// [`ScoreError`] if the encoder or the engine fails; [`ScoreError::Stopped`] if `stop` was set
/// before the end.
pub fn explain(
    scorer: &Scorer,
    flagged: &[Flagged],
    stop: &AtomicBool,
) -> Result<Vec<Explanation>, ScoreError> {
    let excerpts: Vec<(&Excerpt, Label)> =
        flagged.iter().map(|flagged| (&flagged.excerpt, flagged.label)).collect();
    let weighed = weigh(scorer, &excerpts, stop)?;
    let pairs = flagged.iter().zip(weighed);
    Ok(pairs.map(|(flagged, weighed)| flagged.explanation(scorer, weighed)).collect())
}

/// Weighs the sentences and words of excerpts, each for one label that the model gives. Excerpts
/// given together share the work for the words that they share.
///
/// # Errors
/// [`ScoreError`] if the encoder or the engine fails; [`ScoreError::Stopped`] if `stop` was set
/// before the end.
///
/// # Panics
/// If the model does not give a label.
pub fn weigh(
    scorer: &Scorer,
    excerpts: &[(&Excerpt, Label)],
    stop: &AtomicBool,
) -> Result<Vec<Weighed>, ScoreError> {
    let score = |texts: &[String]| {
        let readings: Vec<Reading> =
            scorer.install(|| texts.par_iter().map(|text| scorer.read(text)).collect());
        scorer.score_texts(&readings.iter().collect::<Vec<_>>(), stop, &|_| ())
    };
    let weighing = Weighing::new(excerpts);
    let scores = score(weighing.texts())?;
    let left_out = weighing.leave_out(scores);
    let without = score(left_out.texts())?;
    Ok(left_out.weigh(&without))
}

/// The first round of [`weigh`], for callers that score texts in a way of their own: sentences and
/// words by themselves.
///
/// A text is scored as [`Scorer::read`] reads it, whatever its language.
pub struct Weighing<'e> {
    excerpts: &'e [(&'e Excerpt, Label)],
    sentences: Vec<Vec<Sentence<'e>>>,
    words: Vec<Vec<Word>>,
    texts: Texts,
}

/// The second round of [`weigh`]: sentences without one of their words.
pub struct LeftOut<'e> {
    first: Weighing<'e>,
    /// The scores of the first round.
    scores: Vec<Scores>,
    texts: Texts,
}

impl<'e> Weighing<'e> {
    /// Splits excerpts, each to be weighed for one label that the model gives.
    pub fn new(excerpts: &'e [(&'e Excerpt, Label)]) -> Self {
        let mut texts = Texts::default();
        let sentences: Vec<Vec<Sentence<'_>>> =
            excerpts.iter().map(|(excerpt, _)| sentences_of(excerpt, &mut texts)).collect();
        let words = sentences.iter().map(|sentences| words_of(sentences, &mut texts)).collect();
        Self { excerpts, sentences, words, texts }
    }

    /// Returns the texts to score.
    pub fn texts(&self) -> &[String] {
        &self.texts.texts
    }

    /// Leaves words out, given the scores of the texts.
    ///
    /// # Panics
    /// If the scores lack a label, or are fewer than the texts.
    pub fn leave_out(mut self, scores: Vec<Scores>) -> LeftOut<'e> {
        let mut texts = Texts::default();
        for (index, (_, label)) in self.excerpts.iter().enumerate() {
            let sentences = &self.sentences[index];
            let own: Vec<f64> =
                sentences.iter().map(|sentence| score(&scores[sentence.own], *label)).collect();
            let words = &mut self.words[index];
            for word in words_to_try(words, &own, |word| score(&scores[word.alone], *label)) {
                let word = &mut words[word];
                let Sentence { text, .. } = sentences[word.sentence];
                let variant = format!("{}{}", &text[..word.range.start], &text[word.range.end..]);
                word.without = Some(texts.place(&variant));
            }
        }
        LeftOut { first: self, scores, texts }
    }
}

impl LeftOut<'_> {
    /// Returns the texts to score.
    pub fn texts(&self) -> &[String] {
        &self.texts.texts
    }

    /// Returns the figures of each excerpt, given the scores of the texts.
    ///
    /// # Panics
    /// If the scores lack a label, or are fewer than the texts.
    pub fn weigh(self, without: &[Scores]) -> Vec<Weighed> {
        let Weighing { excerpts, sentences, words, .. } = self.first;
        let scores = self.scores;
        let weighed = excerpts.iter().zip(sentences).zip(words).map(|(((_, label), sentences), words)| {
            let own = |sentence: &Sentence<'_>| score(&scores[sentence.own], *label);
            let weight = |word: &Word| {
                let fall = word
                    .without
                    .map_or(0.0, |place| own(&sentences[word.sentence]) - score(&without[place], *label));
                let mean = (score(&scores[word.alone], *label) + fall.max(0.0)) / 2.0;
                decimal::round(mean)
            };
            let of_word = |word: &Word| {
                let start = sentences[word.sentence].start;
                Part { start: start + word.range.start, end: start + word.range.end, score: weight(word) }
            };
            let of_sentence = |sentence: &Sentence<'_>| {
                let (start, end) = (sentence.start, sentence.start + sentence.text.len());
                Part { start, end, score: own(sentence) }
            };
            Weighed {
                words: words.iter().map(of_word).collect(),
                sentences: sentences.iter().map(of_sentence).collect(),
            }
        });
        weighed.collect()
    }
}

fn score(scores: &Scores, label: Label) -> f64 {
    scores.get(label).expect("the model gives what is weighed")
}

/// A sentence, and the place of its text among those that are scored.
struct Sentence<'a> {
    /// Its first byte in the comment's text.
    start: usize,
    text: &'a str,
    own: usize,
}

/// A word with the places of its texts: the word alone, and its sentence without it.
struct Word {
    /// Its bytes in the sentence.
    range: Range<usize>,
    sentence: usize,
    alone: usize,
    without: Option<usize>,
}

/// Different texts, as they stand: each model normalizes them in its own way.
#[derive(Default)]
struct Texts {
    texts: Vec<String>,
    places: HashMap<String, usize>,
}

impl Texts {
    /// Returns the place of a text; a new text gets the next one.
    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }
}

/// The sentences of an excerpt.
fn sentences_of<'a>(excerpt: &'a Excerpt, texts: &mut Texts) -> Vec<Sentence<'a>> {
    let mut sentences = Vec::new();
    for (start, words) in &excerpt.stretches {
        for range in self::sentences(words) {
            let text = &words[range.clone()];
            sentences.push(Sentence { start: start + range.start, text, own: texts.place(text) });
        }
    }
    sentences
}

/// Returns the sentences of a text (UAX #29), as byte ranges without the blanks around them. One
/// that is longer than 1,000 characters is cut, before a word if possible.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    split(text, sentence_bounds)
}

/// Returns the ends of the sentences of a text (UAX #29). The time may grow with the square of the
/// text.
fn sentence_bounds(text: &str) -> Vec<usize> {
    text.split_sentence_bound_indices().map(|(start, sentence)| start + sentence.len()).collect()
}

/// Splits a text into sentences without the blanks around them, and cuts those longer than
/// [`MAX_SENTENCE`], before a word if possible.
///
/// `ends` gets pieces of at most [`MAX_SENTENCE`] characters, three times the text in all at most,
/// so that the work grows in proportion to the text.
fn split(text: &str, mut ends: impl FnMut(&str) -> Vec<usize>) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = text.len() - text.trim_start().len();
    while start < text.len() {
        let rest = &text[start..];
        let piece = &rest[..prefix(rest, MAX_SENTENCE).0];
        let mut found = ends(piece);
        if piece.len() < rest.len() {
            // The last sentence may continue behind the piece.
            found.pop();
            if found.is_empty() {
                let after_space = piece.rfind(char::is_whitespace).map(|at| piece.ceil_char_boundary(at + 1));
                found.push(after_space.unwrap_or(piece.len()));
            }
        }
        let mut from = 0;
        for to in found {
            let sentence = &piece[from..to];
            let trimmed = sentence.trim();
            if !trimmed.is_empty() {
                let at = start + from + (sentence.len() - sentence.trim_start().len());
                sentences.push(at..at + trimmed.len());
            }
            from = to;
        }
        let after = &rest[from..];
        start += from + (after.len() - after.trim_start().len());
    }
    sentences
}

/// Returns where the first `most` characters of a text end, in bytes, and their number. A character
/// counts as many as normalizing it makes (NFKC): some stand for a word or a sentence.
fn prefix(text: &str, most: usize) -> (usize, usize) {
    let mut chars = 0;
    for (at, char) in text.char_indices() {
        let more = if char.is_ascii() { 1 } else { once(char).nfkc().count() };
        if chars + more > most {
            return (at, chars);
        }
        chars += more;
    }
    (text.len(), chars)
}

/// Returns the words of a text with their places (UAX #29). In scripts that are written without
/// spaces, a dictionary or, for Thai and its relatives, a small network divides them.
fn word_indices(text: &str) -> Vec<(usize, &str)> {
    if !text.chars().any(is_unspaced) {
        return text.unicode_word_indices().collect();
    }
    let mut words = Vec::new();
    let mut start = 0;
    let segmenter = WordSegmenter::new_auto(WordBreakInvariantOptions::default());
    for (end, kind) in segmenter.segment_str(text).iter_with_word_type() {
        if kind.is_word_like() {
            words.push((start, &text[start..end]));
        }
        start = end;
    }
    words
}

/// The words of sentences, none of them left out so far.
fn words_of(sentences: &[Sentence<'_>], texts: &mut Texts) -> Vec<Word> {
    let mut words = Vec::new();
    for (place, sentence) in sentences.iter().enumerate() {
        for (start, word) in word_indices(sentence.text) {
            let alone = texts.place(&word.to_lowercase());
            words.push(Word { range: start..start + word.len(), sentence: place, alone, without: None });
        }
    }
    words
}

/// Places of the words to leave out: those that score most by themselves, of the sentences that
/// carry the score.
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
mod tests;
