use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::engine::{Batch, Engine, EngineError};
use crate::score::ModelChoice;
use comity_core::comment::Origin;

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
fn words_are_found_in_scripts_without_spaces() {
    let words = |text| -> Vec<&str> { word_indices(text).into_iter().map(|(_, word)| word).collect() };
    assert_eq!(words("这个白痴，滚开！"), ["这个", "白痴", "滚开"]);
    assert_eq!(words("ทำไมทุกคนบ่น"), ["ทำไม", "ทุก", "คน", "บ่น"]);
    assert_eq!(words("このバカは idiot"), ["この", "バカ", "は", "idiot"]);
    assert_eq!(words("Don't feed the goat."), ["Don't", "feed", "the", "goat"]);
    let text = "滚开，白痴";
    assert!(word_indices(text).into_iter().all(|(start, word)| text[start..].starts_with(word)));
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
    let found: Vec<&str> = sentences(&text).into_iter().map(|range| &text[range]).collect();
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
        let found: Vec<&str> = sentences(&text).into_iter().map(|range| &text[range]).collect();
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny");
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
