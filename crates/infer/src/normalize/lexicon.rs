//! The likelihood that a string of letters is English, by the vocabulary of the model itself.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use comity_core::word_list::entries;

/// The cost of the commonest word of comments; the others go by the logarithm of their rank (Zipf's
/// law), so that the last of the list costs as much as its rank in the vocabulary would make it.
const COMMONEST: f32 = 2.5;
/// Beginning another word costs as much as one rank in `e^3`.
const WORD: f32 = 3.0;
/// The cost of a piece within a word is the same: `mor ##on` is no more likely than two words, and
/// no less.
const INNER: f32 = 3.0;
/// A mark between letters: about the rank of a common word.
const MARK: f32 = 8.0;
/// A character that the vocabulary does not know.
const UNKNOWN: f32 = 14.0;

/// The cost of a word that people mask often, however much of it is masked.
const OFTEN_MASKED_COST: f32 = 4.0;
/// The cost of a word that people hide and that the vocabulary lacks: as much as a rare one.
const OFTEN_HIDDEN_COST: f32 = 9.0;
/// Guesses that cost more are no masks.
pub(super) const DEAREST_MASK: f32 = 4.0;

/// Word pieces with their costs: the logarithm of a piece's id, since BERT's vocabulary goes from
/// frequent to rare. The sum over a text's pieces is then about the negative log-probability that a
/// unigram model with Zipf's law would give it.
#[derive(Debug)]
pub(crate) struct Lexicon {
    whole: Pieces,
    inner: Pieces,
    /// The whole ones that may stand in a run of letters without spaces.
    solid: Pieces,
    /// Words that people mask more often than the commoner ones that fit as well: `sh*t` is not
    /// `shot`.
    often_masked: Pieces,
    /// Words that people misspell on purpose, by their spelling without one letter.
    without_a_letter: HashMap<String, &'static str>,
    /// Words that people run together with others.
    run_together: HashSet<&'static str>,
}

/// Words that people mask often, likeliest first. The vocabulary lacks the worst of them, which a
/// fold must not turn into the name of a river.
fn often_masked() -> impl Iterator<Item = &'static str> {
    entries(include_str!("../../../../data/often-masked.txt"))
}

/// Neutral names for groups of people, in lower case, of one word or two: those of
/// `data/identity-terms.txt`.
pub fn groups_of_people() -> impl Iterator<Item = &'static str> {
    entries(include_str!("../../../../data/identity-terms.txt"))
}

/// The letters that a character may stand for, each with the cost of that guess, or nothing at all
/// (`None`).
pub(super) type Choices = Vec<(Option<u8>, f32)>;

/// The form of a reading of a row of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One word, of one piece or more.
    Word,
    /// One word some of whose letters are masked.
    MaskedWord,
    /// Words, of one piece or more each.
    Words,
    /// Words of one piece each, long enough to be no accident.
    PlainWords,
}

/// The likeliest reading of a row of characters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decoding {
    /// Lower-case words with a space between them.
    pub(super) text: String,
    /// The cost of its pieces and of the guesses.
    pub(super) cost: f32,
    pub(super) pieces: usize,
}

impl Lexicon {
    /// From a WordPiece vocabulary: pieces, those inside a word marked with `##`, and their ids,
    /// frequent ones first.
    pub(crate) fn new(vocabulary: impl IntoIterator<Item = (String, u32)>) -> Self {
        let (mut whole, mut inner) = (Vec::new(), Vec::new());
        let ranks = (1_u16..).zip(entries(include_str!("../../../../data/common-words.txt")));
        let common: HashMap<&str, f32> =
            ranks.map(|(rank, word)| (word, COMMONEST + f32::from(rank).ln())).collect();
        for (piece, id) in vocabulary {
            let cost = common.get(&*piece).copied().unwrap_or((id.max(1) as f32).ln());
            let (pieces, letters) = match piece.strip_prefix("##") {
                Some(letters) => (&mut inner, letters),
                None => (&mut whole, piece.as_str()),
            };
            if letters.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
                pieces.push((letters.to_owned(), cost));
            }
        }
        // Of short words, only the commonest.
        let short: HashSet<&str> = entries(include_str!("../../../../data/short-words.txt")).collect();
        let is_solid = |word: &str| word.len() > 2 || short.contains(word);
        let mut solid: Vec<_> = whole.iter().filter(|(word, _)| is_solid(word)).cloned().collect();
        let known: HashSet<&str> = whole.iter().map(|(word, _)| word.as_str()).collect();
        let unknown = run_together().filter(|word| !known.contains(word));
        solid.extend(unknown.map(|word| (word.to_owned(), OFTEN_HIDDEN_COST)));
        let often_masked = often_masked().map(|word| (word.to_owned(), OFTEN_MASKED_COST)).collect();
        Self {
            whole: Pieces::new(whole),
            inner: Pieces::new(inner),
            solid: Pieces::new(solid),
            often_masked: Pieces { guesses_are_free: true, ..Pieces::new(often_masked) },
            without_a_letter: without_a_letter(),
            run_together: run_together().collect(),
        }
    }

    /// The word that people hide which is this one with one letter more: `None` if a commoner one
    /// is, too, as `wich` may be `which` or `witch`.
    pub(super) fn restored(&self, word: &str) -> Option<&str> {
        let restored = *self.without_a_letter.get(word)?;
        let cost = |word: &str| {
            self.whole
                .longest_start_of(word)
                .filter(|(length, _)| *length == word.len())
                .map(|(_, cost)| cost)
        };
        let least = cost(restored).unwrap_or(OFTEN_HIDDEN_COST);
        let is_commoner = |at, letter| {
            let other = format!("{}{letter}{}", &word[..at], &word[at..]);
            cost(&other).is_some_and(|cost| cost < least)
        };
        let ambiguous = !often_masked().any(|word| word == restored)
            && (1..=word.len()).any(|at| ('a'..='z').any(|letter| is_commoner(at, letter)));
        (!ambiguous).then_some(restored)
    }

    /// The often masked word that a row may be, letter for letter.
    pub(super) fn often_masked(&self, row: &[Choices]) -> Option<&'static str> {
        often_masked().find(|word| {
            word.len() == row.len()
                && row
                    .iter()
                    .zip(word.bytes())
                    .all(|(choices, letter)| choices.iter().any(|(known, _)| *known == Some(letter)))
        })
    }

    /// Returns true if people run this word together with others to hide it.
    pub(super) fn is_run_together(&self, word: &str) -> bool {
        self.run_together.contains(word)
    }

    /// Returns true if this is one piece, a word that the model has seen often. Single letters but
    /// `a` and `i` are none.
    pub(super) fn is_word(&self, word: &str) -> bool {
        (word.len() > 1 || matches!(word, "a" | "i"))
            && self.whole.longest_start_of(word).is_some_and(|(length, _)| length == word.len())
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
                let first = rest.chars().next().map_or(1, char::len_utf8);
                let (end, piece_cost) = known.longest_start_of(rest).unwrap_or((first, UNKNOWN));
                cost += piece_cost + extra;
                pieces += 1;
                rest = &rest[end..];
            }
        }
        (cost, pieces)
    }

    /// The likeliest reading of a row of characters, of all that their choices allow. Every letter
    /// tried takes one from `work`; `None` once it runs out.
    ///
    /// A shortest path over the places between characters (Viterbi), whose edges are the pieces
    /// that fit there.
    pub(super) fn read(&self, row: &[Choices], shape: Shape, work: &mut usize) -> Option<Decoding> {
        let mut search = Search { row, work, best: vec![None; row.len() + 1] };
        search.best[0] = Some(Step { cost: 0.0, start: 0, piece: "", begins: true, pieces: 0 });
        for start in 0..row.len() {
            let Some(so_far) = search.best[start] else { continue };
            if start == 0 && shape == Shape::MaskedWord {
                search.walk(&self.often_masked, self.often_masked.all(), start, so_far.next(start, true))?;
            }
            if start == 0 || matches!(shape, Shape::Words | Shape::PlainWords) {
                let known = if shape == Shape::PlainWords { &self.solid } else { &self.whole };
                search.walk(known, known.all(), start, so_far.next(start, true))?;
            }
            if start > 0 && shape != Shape::PlainWords {
                search.walk(&self.inner, self.inner.all(), start, so_far.next(start, false))?;
            }
        }
        let last = search.best[row.len()].as_ref()?;
        let (cost, pieces) = (last.cost, last.pieces);
        let mut parts = Vec::with_capacity(2 * pieces);
        let mut end = row.len();
        while end > 0 {
            let step = search.best[end].as_ref()?;
            parts.push(step.piece);
            if step.begins && step.start > 0 {
                parts.push(" ");
            }
            end = step.start;
        }
        parts.reverse();
        Some(Decoding { text: parts.concat(), cost, pieces })
    }
}

/// Returns the words that people run together with others to hide them.
fn run_together() -> impl Iterator<Item = &'static str> {
    let groups = groups_of_people().filter(|group| !group.contains(' '));
    often_masked().chain(entries(include_str!("../../../../data/run-together.txt"))).chain(groups)
}

/// The words that people hide, by what they are without one letter behind the first: `wmen`. Three
/// letters are enough only of what is run together, too, and only consonants: `fck`, but `hte` is a
/// slip for `the`. An `s` at the end is no loss.
fn without_a_letter() -> HashMap<String, &'static str> {
    let others = entries(include_str!("../../../../data/hidden-words.txt")).map(|word| (word, 4));
    let hidden: Vec<(&str, usize)> = run_together().map(|word| (word, 3)).chain(others).collect();
    let whole: HashSet<&str> = hidden.iter().map(|(word, _)| *word).collect();
    let mut known = HashMap::new();
    for (word, least) in hidden {
        for at in 1..word.len() - usize::from(word.ends_with('s')) {
            let short = format!("{}{}", &word[..at], &word[at + 1..]);
            let bare = !short.contains(['a', 'e', 'i', 'o', 'u']);
            if short.len() >= if bare { least } else { 4 } && !whole.contains(&*short) {
                // Of two words the one that is named first.
                known.entry(short).or_insert(word);
            }
        }
    }
    known
}

/// Pieces in the order of their letters, so that all with the same beginning are neighbours.
#[derive(Debug)]
struct Pieces {
    sorted: Vec<(String, f32)>,
    /// Where those with each first letter begin.
    starts: [usize; 257],
    /// Guessing at their masked letters costs nothing.
    guesses_are_free: bool,
}

impl Pieces {
    fn new(mut pieces: Vec<(String, f32)>) -> Self {
        pieces.retain(|(letters, _)| !letters.is_empty());
        pieces.sort_by(|a, b| a.0.cmp(&b.0));
        let starts = std::array::from_fn(|first| {
            pieces.partition_point(|(letters, _)| usize::from(letters.as_bytes()[0]) < first)
        });
        Self { sorted: pieces, starts, guesses_are_free: false }
    }

    fn all(&self) -> Beginning {
        Beginning { places: 0..self.sorted.len(), letters: 0 }
    }

    /// Returns the pieces that continue with this letter.
    fn narrow(&self, beginning: &Beginning, letter: u8) -> Beginning {
        if beginning.letters == 0 {
            let first = usize::from(letter);
            return Beginning { places: self.starts[first]..self.starts[first + 1], letters: 1 };
        }
        let pieces = &self.sorted[beginning.places.clone()];
        // A piece that ends here has no next letter, and `None` comes before any.
        let next = |piece: &(String, f32)| piece.0.as_bytes().get(beginning.letters).copied();
        let first = pieces.partition_point(|piece| next(piece) < Some(letter));
        let count = pieces[first..].partition_point(|piece| next(piece) == Some(letter));
        let start = beginning.places.start + first;
        Beginning { places: start..start + count, letters: beginning.letters + 1 }
    }

    /// The piece that is this beginning, if one is.
    fn complete(&self, beginning: &Beginning) -> Option<&(String, f32)> {
        let first = self.sorted[beginning.places.clone()].first()?;
        (first.0.len() == beginning.letters).then_some(first)
    }

    /// Length and cost of the longest piece that a text begins with.
    fn longest_start_of(&self, text: &str) -> Option<(usize, f32)> {
        let (mut beginning, mut longest) = (self.all(), None);
        for letter in text.bytes() {
            beginning = self.narrow(&beginning, letter);
            if beginning.places.is_empty() {
                break;
            }
            if let Some((letters, cost)) = self.complete(&beginning) {
                longest = Some((letters.len(), *cost));
            }
        }
        longest
    }
}

/// The pieces whose first letters are the same.
#[derive(Clone, Debug)]
struct Beginning {
    places: Range<usize>,
    letters: usize,
}

/// The last piece of the cheapest reading of a row up to some place.
#[derive(Clone, Copy, Debug)]
struct Step<'a> {
    cost: f32,
    start: usize,
    piece: &'a str,
    /// It begins a word.
    begins: bool,
    pieces: usize,
}

impl<'a> Step<'a> {
    /// The piece after it, before any of its letters.
    fn next(self, start: usize, begins: bool) -> Step<'a> {
        let extra = if begins { WORD } else { INNER };
        Step { cost: self.cost + extra, start, piece: "", begins, pieces: self.pieces + 1 }
    }
}

struct Search<'a, 'w> {
    row: &'w [Choices],
    work: &'w mut usize,
    best: Vec<Option<Step<'a>>>,
}

impl<'a> Search<'a, '_> {
    /// Continues from `at` with every piece of this beginning. Returns `None` once the work runs
    /// out.
    fn walk(&mut self, pieces: &'a Pieces, beginning: Beginning, at: usize, from: Step<'a>) -> Option<()> {
        let Some(choices) = self.row.get(at) else { return Some(()) };
        for &(letter, guess) in choices {
            *self.work = self.work.checked_sub(1)?;
            let next = match letter {
                Some(letter) => pieces.narrow(&beginning, letter),
                // What is left out belongs to the piece before it.
                None if beginning.letters > 0 => beginning.clone(),
                None => continue,
            };
            if next.places.is_empty() {
                continue;
            }
            let free = pieces.guesses_are_free && letter.is_some() && guess <= DEAREST_MASK;
            let guess = if free { 0.0 } else { guess };
            let from = Step { cost: from.cost + guess, ..from };
            if let Some((piece, cost)) = pieces.complete(&next) {
                let lone = from.begins && piece.len() == 1 && !matches!(piece.as_str(), "a" | "i" | "u");
                let step = Step { cost: from.cost + cost + if lone { MARK } else { 0.0 }, piece, ..from };
                if self.best[at + 1].is_none_or(|known| step.cost < known.cost) {
                    self.best[at + 1] = Some(step);
                }
            }
            self.walk(pieces, next, at + 1, from)?;
        }
        Some(())
    }
}
