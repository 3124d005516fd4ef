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

use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::comment::Comment;
use crate::decimal;
use crate::label::Label;
use crate::normalize::normalize;
use crate::record::{EXPLAINED_CHARS, Explanation, Part, Scores};
use crate::score::{Reading, ScoreError, Scorer};

/// Number of characters of a comment's own words that are explained.
pub const MAX_CHARS: usize = EXPLAINED_CHARS;

/// Number of characters of the longest sentence that is weighed whole: about a window of the model.
const MAX_SENTENCE: usize = 1_000;

/// Number of words of a comment that are left out at most: those that score most by themselves. On
/// a sample of the trial file of SemEval-2021 task 5, trying more did not improve the marks.
const WORDS_TRIED: usize = 8;

/// Words are left out of a sentence that scores at least this share of the worst sentence's score.
const SENTENCE_SHARE: f64 = 0.5;

/// Lowest weight of a word that carries the score: the best threshold on the trial file of
/// SemEval-2021 task 5 (toxic spans), by `comity eval --spans`. In a comment that scores less than
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

/// The parts of an excerpt with their figures for one label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighed {
    /// Every sentence, in order, with its own score.
    pub(crate) sentences: Vec<Part>,
    /// Every word, in order, with its weight.
    pub(crate) words: Vec<Part>,
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
    let explanations = weighed.into_iter().zip(flagged).map(|(weighed, flagged)| {
        let Weighed { sentences, mut words } = weighed;
        // A rare label flags at low scores, which no word alone reaches.
        let mark = MARK.min(flagged.score / 2.0);
        words.retain(|word| word.score >= mark);
        let reading = scorer.read(&flagged.excerpt.words());
        Explanation {
            thread: flagged.thread.clone(),
            id: flagged.id.clone(),
            label: flagged.label,
            score: flagged.score,
            partial: flagged.excerpt.partial,
            read_as: reading.evasion.then(|| reading.folded.unwrap_or(reading.text)),
            sentences,
            words,
        }
    });
    Ok(explanations.collect())
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
pub(crate) fn weigh(
    scorer: &Scorer,
    excerpts: &[(&Excerpt, Label)],
    stop: &AtomicBool,
) -> Result<Vec<Weighed>, ScoreError> {
    let mut texts = Texts::default();
    let sentences: Vec<Vec<Sentence<'_>>> =
        excerpts.iter().map(|(excerpt, _)| sentences_of(excerpt, &mut texts)).collect();
    let mut words: Vec<Vec<Word>> =
        sentences.iter().map(|sentences| words_of(sentences, &mut texts)).collect();
    let scores = texts.score(scorer, stop)?;

    let mut variants = Texts::default();
    for (index, (_, label)) in excerpts.iter().enumerate() {
        let own: Vec<f64> =
            sentences[index].iter().map(|sentence| score(&scores[sentence.own], *label)).collect();
        for word in words_to_try(&words[index], &own, |word| score(&scores[word.alone], *label)) {
            let word = &mut words[index][word];
            let Sentence { text, .. } = sentences[index][word.sentence];
            let variant = format!("{}{}", &text[..word.range.start], &text[word.range.end..]);
            word.without = Some(variants.place(&variant));
        }
    }
    let without = variants.score(scorer, stop)?;

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
    Ok(weighed.collect())
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

/// Texts for the engine, each once.
#[derive(Default)]
struct Texts {
    texts: Vec<String>,
    places: HashMap<String, usize>,
}

impl Texts {
    /// Returns the place of a text, normalised; a new text gets the next one.
    fn place(&mut self, text: &str) -> usize {
        let text = normalize(text).text;
        if let Some(place) = self.places.get(&*text) {
            return *place;
        }
        self.texts.push(text.clone().into_owned());
        self.places.insert(text.into_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    /// Returns the scores of all texts, by place.
    fn score(&self, scorer: &Scorer, stop: &AtomicBool) -> Result<Vec<Scores>, ScoreError> {
        let readings: Vec<Reading> =
            scorer.install(|| self.texts.par_iter().map(|text| scorer.read(text)).collect());
        scorer.score_texts(&readings.iter().collect::<Vec<_>>(), stop, &|_| ())
    }
}

/// The sentences of an excerpt.
fn sentences_of<'a>(excerpt: &'a Excerpt, texts: &mut Texts) -> Vec<Sentence<'a>> {
    let mut sentences = Vec::new();
    for (start, words) in &excerpt.stretches {
        for range in split(words, sentence_bounds) {
            let text = &words[range.clone()];
            sentences.push(Sentence { start: start + range.start, text, own: texts.place(text) });
        }
    }
    sentences
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
/// counts as many as normalising it makes (NFKC): some stand for a word or a sentence.
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

/// The words of sentences (UAX #29), none of them left out so far.
fn words_of(sentences: &[Sentence<'_>], texts: &mut Texts) -> Vec<Word> {
    let mut words = Vec::new();
    for (place, sentence) in sentences.iter().enumerate() {
        for (start, word) in sentence.text.unicode_word_indices() {
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
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ndarray::Array2;
    use proptest::prelude::*;

    use super::*;
    use crate::comment::Origin;
    use crate::engine::{Batch, Engine, EngineError};
    use crate::score::ModelChoice;

    fn comment(text: &str) -> Comment {
        Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 })
    }

    fn excerpt(text: &str) -> Excerpt {
        Excerpt::of(&comment(text))
    }

    #[test]
    fn sentences_and_words_are_ranges_of_the_original() {
        let text = "> you there\n You are kind.  But that was daft!";
        let mut comment = comment(text);
        comment.quotes.push(0..11);
        let excerpt = Excerpt::of(&comment);
        let mut all = Texts::default();
        let sentences = sentences_of(&excerpt, &mut all);
        let found: Vec<(usize, &str)> =
            sentences.iter().map(|sentence| (sentence.start, sentence.text)).collect();
        assert_eq!(found, [(13, "You are kind."), (28, "But that was daft!")]);
        assert_eq!(&text[28..], "But that was daft!");
        let words = words_of(&sentences, &mut all);
        assert_eq!(all.texts[2..], ["you", "are", "kind", "but", "that", "was", "daft"]);
        let text_of = |word: usize| &sentences[words[word].sentence].text[words[word].range.clone()];
        // The word's length stands in for its own score.
        let tried = |scores: &[f64]| {
            let tried = words_to_try(&words, scores, |word| word.range.len() as f64);
            Vec::from_iter(tried.into_iter().map(text_of))
        };
        assert_eq!(tried(&[0.1, 0.9]), ["that", "daft", "But", "was"]);
        assert_eq!(tried(&[0.5, 0.9]), ["kind", "that", "daft", "You", "are", "But", "was"]);
    }

    #[test]
    fn an_excerpt_is_the_beginning_of_the_own_words() {
        let whole = excerpt("You are kind.");
        assert_eq!((whole.stretches, whole.partial), (vec![(0, "You are kind.".to_owned())], false));
        // Blanks at the end are no words.
        assert!(!excerpt(&format!("kind{}", " ".repeat(100_000))).partial);
        assert!(excerpt(&format!("kind{}ok", " ".repeat(100_000))).partial);
        // Quotes take no room, however long.
        let quote = "x".repeat(9 * MAX_CHARS);
        let mut quoting = comment(&format!("yes\n{quote}\n{}no", "é".repeat(MAX_CHARS - 3)));
        quoting.quotes.push(4..4 + quote.len());
        let found = Excerpt::of(&quoting);
        assert_eq!(found.stretches[0], (0, "yes".to_owned()));
        assert_eq!(found.stretches[1].0, 5 + quote.len());
        assert_eq!((found.stretches[1].1.chars().count(), found.partial), (MAX_CHARS - 3, true));
        // One sign of eighteen letters.
        assert_eq!(excerpt(&"\u{fdfa}".repeat(MAX_CHARS)).bytes(), MAX_CHARS / 18 * 3);
    }

    #[test]
    fn long_sentences_are_cut_before_a_word() {
        let long = "so ".repeat(MAX_SENTENCE / 2);
        let text = format!("No. Yes! {long} end. Well? {}", "x".repeat(MAX_SENTENCE + 1));
        let found: Vec<&str> = split(&text, sentence_bounds).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found[..2], ["No.", "Yes!"]);
        assert_eq!(found[2], "so ".repeat(MAX_SENTENCE / 3).trim());
        assert!(found[3].starts_with("so so") && found[3].ends_with("so  end."));
        assert_eq!(found[4], "Well?");
        assert_eq!(found[5..].iter().map(|part| part.len()).collect::<Vec<_>>(), [MAX_SENTENCE, 1]);
    }

    proptest! {
        /// Texts that need no cut have the sentences of the crate.
        #[test]
        fn short_texts_are_split_as_the_crate_does(
            parts in prop::collection::vec("(You|are|ok|e\\.g|3|\\?!|\\.|\\)|”|é|\n| ){1,20}", 1..60),
        ) {
            let text = parts.concat();
            let bounds = text.split_sentence_bound_indices().map(|(_, sentence)| sentence.trim());
            let expected: Vec<&str> = bounds.filter(|sentence| !sentence.is_empty()).collect();
            prop_assume!(expected.iter().all(|sentence| sentence.chars().count() < MAX_SENTENCE / 4));
            let found: Vec<&str> = split(&text, sentence_bounds).into_iter().map(|range| &text[range]).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn splitting_does_linear_work(
            parts in prop::collection::vec(prop::sample::select(&HOSTILE[..]), 1..5),
            counts in prop::collection::vec(1..3_000_usize, 5),
        ) {
            let text: String = parts.iter().zip(counts).map(|(part, count)| part.repeat(count)).collect();
            let (mut bytes, mut longest) = (0, 0);
            let sentences = split(&text, |piece| {
                bytes += piece.len();
                longest = longest.max(piece.chars().count());
                sentence_bounds(piece)
            });
            prop_assert!(longest <= MAX_SENTENCE);
            prop_assert!(bytes <= 3 * text.len(), "{bytes} of {}", text.len());
            let kept: String = sentences.into_iter().map(|range| &text[range]).collect();
            let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(visible(&kept), visible(&text));
        }
    }

    /// Counts the tokens that it is given, and takes every text for equally bad. Sets `stop` when
    /// asked to.
    #[derive(Default)]
    struct Counting {
        calls: AtomicUsize,
        tokens: AtomicUsize,
        stops: Option<&'static AtomicBool>,
    }

    impl Engine for Counting {
        fn name(&self) -> &str {
            "counting"
        }

        fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
            self.calls.fetch_add(1, Ordering::Relaxed);
            self.tokens.fetch_add(batch.tokens(), Ordering::Relaxed);
            if let Some(stop) = self.stops {
                stop.store(true, Ordering::Relaxed);
            }
            Ok(Array2::zeros((batch.len(), Label::COUNT)))
        }
    }

    fn tiny(engine: Arc<Counting>) -> Scorer {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/tiny");
        Scorer::builder().model(ModelChoice::Folder(folder)).custom_engine(engine).build().unwrap()
    }

    fn flagged(text: &str) -> Flagged {
        let (thread, id) = ("t".to_owned(), "1".to_owned());
        Flagged { thread, id, label: Label::Toxicity, score: 0.9, excerpt: excerpt(text) }
    }

    /// Parts of texts that were slow to explain, and such as may be.
    const HOSTILE: [&str; 20] = [
        "You stupid moron.",
        " ",
        "\u{a0}",
        "ok",
        ".",
        ")",
        "' ",
        "7 ",
        "you idiot ",
        "f*** s**t ",
        "a ",
        "a\n",
        "zqxv",
        "s.t.u.p.i.d ",
        "аb ",
        "\u{fdfa}",
        "\u{fdfa} ",
        "馬鹿",
        "@a ",
        "e\u{301}",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_work_for_a_comment_is_bounded(
            parts in prop::collection::vec(prop::sample::select(&HOSTILE[..]), 1..5),
            numbers in any::<bool>(),
        ) {
            // 100,000 characters; with numbers, words that are all different.
            let text: String = (0..100_000 / parts.concat().chars().count())
                .map(|n| if numbers { format!("{}{n:x}", parts.concat()) } else { parts.concat() })
                .collect();
            let engine = Arc::new(Counting::default());
            let scorer = tiny(engine.clone());
            let flagged = flagged(&text);
            let explanation = explain(&scorer, std::slice::from_ref(&flagged), &AtomicBool::new(false));
            let explanation = explanation.unwrap().remove(0);
            prop_assert_eq!(explanation.partial, text.trim().chars().count() > MAX_CHARS);
            prop_assert!(flagged.excerpt.bytes() <= 4 * MAX_CHARS);
            // Sentences, words alone, and eight sentences of the longest without a word; two
            // readings each.
            let tokens = engine.tokens.load(Ordering::Relaxed);
            prop_assert!(tokens <= 16 * MAX_CHARS, "{tokens} tokens for {parts:?}");
        }
    }

    #[test]
    fn stop_is_heard_between_texts() {
        static STOP: AtomicBool = AtomicBool::new(false);
        let engine = Arc::new(Counting { stops: Some(&STOP), ..Counting::default() });
        let scorer = tiny(engine.clone());
        let many: Vec<Flagged> = (0..20).map(|n| flagged(&format!("you idiot {n} ").repeat(400))).collect();
        assert!(matches!(explain(&scorer, &many, &STOP), Err(ScoreError::Stopped)));
        // 300 windows of 32 a call, were it not for the stop.
        assert!(engine.calls.load(Ordering::Relaxed) <= 4);
    }
}
