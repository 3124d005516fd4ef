//! How likely a string of letters is to be English, by the vocabulary of the model itself.

use std::collections::HashMap;

/// Beginning another word costs as much as one rank in `e^3`.
const WORD: f32 = 3.0;
/// Going on within a word costs the same: `mor ##on` is no likelier than two words, but no less likely either.
const INNER: f32 = 3.0;
/// A mark between letters: about the rank of a common word.
const MARK: f32 = 8.0;
/// A character that the vocabulary does not know.
const UNKNOWN: f32 = 14.0;

/// Word pieces with their costs: the logarithm of a piece's id, since BERT's vocabulary goes from frequent to rare. The sum over
/// a text's pieces is then about the negative log-probability that a unigram model with Zipf's law would give it.
#[derive(Debug)]
pub struct Lexicon {
    whole: HashMap<String, f32>,
    inner: HashMap<String, f32>,
    longest: usize,
}

impl Lexicon {
    /// From a WordPiece vocabulary: pieces, those inside a word marked with `##`, and their ids, frequent ones first.
    pub fn new(vocabulary: impl IntoIterator<Item = (String, u32)>) -> Self {
        let mut lexicon = Self { whole: HashMap::new(), inner: HashMap::new(), longest: 0 };
        for (piece, id) in vocabulary {
            let cost = (id.max(1) as f32).ln();
            let (pieces, letters) = match piece.strip_prefix("##") {
                Some(inner) => (&mut lexicon.inner, inner),
                None => (&mut lexicon.whole, piece.as_str()),
            };
            if letters.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
                lexicon.longest = lexicon.longest.max(letters.len());
                pieces.insert(letters.to_owned(), cost);
            }
        }
        lexicon
    }

    /// Whether this is one piece, a word that the model has seen often. Single letters but `a` and `i` are none.
    pub(super) fn is_word(&self, word: &str) -> bool {
        (word.len() > 1 || matches!(word, "a" | "i")) && self.whole.contains_key(word)
    }

    /// Cost and number of pieces of a lower-case token, cut into pieces as the tokenizer cuts it.
    pub(super) fn cost(&self, token: &str) -> (f32, usize) {
        let (mut cost, mut pieces) = (0.0, 0);
        for run in token.split_inclusive(|c: char| !c.is_alphanumeric()) {
            let word = run.trim_end_matches(|c: char| !c.is_alphanumeric());
            if word.len() < run.len() {
                cost += MARK;
                pieces += 1;
            }
            let mut rest = word;
            while !rest.is_empty() {
                let (known, extra) =
                    if rest.len() == word.len() { (&self.whole, WORD) } else { (&self.inner, INNER) };
                let piece = (1..=rest.len().min(self.longest)).rev().find_map(|end| {
                    let piece = rest.get(..end)?;
                    known.get(piece).map(|cost| (end, *cost))
                });
                let first = rest.chars().next().map_or(1, char::len_utf8);
                let (end, piece_cost) = piece.unwrap_or((first, UNKNOWN));
                cost += piece_cost + extra;
                pieces += 1;
                rest = &rest[end..];
            }
        }
        (cost, pieces)
    }

    /// The likeliest words in a run of lower-case letters without spaces, and their cost; each word may be of several pieces
    /// if `pieces`, else it is one, and long enough to be no accident.
    pub(super) fn segment(&self, letters: &str, pieces: bool) -> Option<(String, f32)> {
        let mut best: Vec<Option<(f32, usize, bool)>> = vec![None; letters.len() + 1];
        best[0] = Some((0.0, 0, true));
        for start in 0..letters.len() {
            let Some((so_far, ..)) = best[start] else { continue };
            for end in start + 1..=letters.len().min(start + self.longest) {
                let part = &letters[start..end];
                let word =
                    self.whole.get(part).filter(|_| pieces || is_solid(part)).map(|cost| (cost + WORD, true));
                let inner =
                    self.inner.get(part).filter(|_| pieces && start > 0).map(|cost| (cost + INNER, false));
                for (cost, begins) in word.into_iter().chain(inner) {
                    if best[end].is_none_or(|(known, ..)| so_far + cost < known) {
                        best[end] = Some((so_far + cost, start, begins));
                    }
                }
            }
        }
        let (cost, ..) = best[letters.len()]?;
        let mut cuts = Vec::new();
        let mut end = letters.len();
        while end > 0 {
            let (_, start, begins) = best[end]?;
            if begins {
                cuts.push(start);
            }
            end = start;
        }
        let mut words = String::with_capacity(letters.len() + cuts.len());
        for (at, letter) in letters.char_indices() {
            if at > 0 && cuts.contains(&at) {
                words.push(' ');
            }
            words.push(letter);
        }
        Some((words, cost))
    }
}

/// Words that may stand in a run of letters: short ones must be among the commonest.
fn is_solid(word: &str) -> bool {
    const SHORT: [&str; 27] = [
        "a", "i", "am", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "me", "my",
        "no", "of", "on", "or", "so", "to", "up", "us", "we", "ur",
    ];
    word.len() > 2 || SHORT.contains(&word)
}
