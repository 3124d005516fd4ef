//! Finds the stretches of a text that repeat earlier texts: quotations, marked or not.
//!
//! Texts are compared as sequences of words (letters and digits, in small letters), so that quotation marks, dashes,
//! apostrophes and spacing may differ. An [`Index`] holds the words of earlier texts and finds any three words in a row
//! in constant time; [`find`] extends such a hit in both directions and decides whether it is a quotation:
//!
//! - a line that begins with `>` always is, whether its source is known or not;
//! - a stretch in quotation marks is if three words or more, and most of it, stand in an earlier text (so an ellipsis
//!   and a word put right do no harm);
//! - without marks, only at the beginning of a line: whole sentences of five words and thirty bytes, or of six words.
//!   Shorter ones are phrases that everybody uses.

use std::ops::Range;

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    hash: u32,
    start: u32,
    end: u32,
}

impl Word {
    /// Where it stands, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A stretch of a text that is someone else's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its bytes, quotation marks included.
    pub range: Range<usize>,
    /// The tag of the text that it repeats; none for a `>` line of unknown origin.
    pub source: Option<u32>,
    /// It is in quotation marks or after `>`; without either it might be a coincidence or a copy.
    pub marked: bool,
}

/// The words of a text, into `words` (cleared first). A text's bytes beyond 4 GiB are left out.
pub fn split(text: &str, words: &mut Vec<Word>) {
    words.clear();
    let mut start: Option<usize> = None;
    let mut hash = OFFSET;
    let close = |start: &mut Option<usize>, hash: &mut u32, end: usize, words: &mut Vec<Word>| {
        if let Some(from) = start.take()
            && let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(end))
        {
            words.push(Word { hash: (*hash).max(1), start: from, end: to });
        }
        *hash = OFFSET;
    };
    for (at, c) in text.char_indices() {
        if c.is_ascii_alphanumeric() {
            start.get_or_insert(at);
            hash = feed(hash, c.to_ascii_lowercase() as u32);
        } else if c.is_ascii() {
            // "it's" is one word, and the same as "its": apostrophes get lost on the way.
            if c != '\'' {
                close(&mut start, &mut hash, at, words);
            }
        } else if is_own_word(c) {
            close(&mut start, &mut hash, at, words);
            start = Some(at);
            hash = feed(hash, c as u32);
            close(&mut start, &mut hash, at + c.len_utf8(), words);
        } else if c.is_alphanumeric() {
            start.get_or_insert(at);
            for lower in c.to_lowercase() {
                hash = feed(hash, lower as u32);
            }
        } else if c != '’' {
            close(&mut start, &mut hash, at, words);
        }
    }
    close(&mut start, &mut hash, text.len(), words);
}

const OFFSET: u32 = 0x811c_9dc5;

/// One step of FNV-1a, a character at a time.
fn feed(hash: u32, c: u32) -> u32 {
    (hash ^ c).wrapping_mul(0x0100_0193)
}

/// Han and kana are written without spaces: each character is compared by itself.
fn is_own_word(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Words of earlier texts. Memory is bounded: once `capacity` words are held, the oldest are forgotten.
#[derive(Clone, Debug)]
pub struct Index {
    /// A ring once full. 0 stands between two texts.
    words: Vec<u32>,
    /// All words ever pushed; the position of a word is its number here.
    pushed: u32,
    capacity: usize,
    /// Positions + 1 by the hash of three words; a later one takes the place of an earlier one.
    table: Vec<u32>,
    /// First position and tag of each text.
    texts: std::collections::VecDeque<(u32, u32)>,
}

const GRAM: usize = 3;

/// Words at `text..text + len` of a text that stand in an earlier one.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: usize,
    len: usize,
    position: u32,
}

impl Index {
    /// An index that holds up to `capacity` words, rounded up to a power of two.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.next_power_of_two().min(1 << 31);
        Self {
            words: Vec::new(),
            pushed: 0,
            capacity,
            table: Vec::new(),
            texts: std::collections::VecDeque::new(),
        }
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        4 * (self.words.capacity() + self.table.capacity()) + 8 * self.texts.capacity()
    }

    /// Adds a text under a tag, without the words in `except` (ascending ranges of bytes): what it quotes is not its own.
    pub fn push(&mut self, tag: u32, words: &[Word], except: &[Range<usize>]) {
        if self.pushed as usize + words.len() + except.len() + 2 > u32::MAX as usize {
            *self = Self::new(self.capacity);
        }
        self.texts.push_back((self.pushed, tag));
        let mut except = except.iter().peekable();
        let mut skipping = false;
        for word in words {
            while except.next_if(|range| range.end <= word.start as usize).is_some() {}
            if except.peek().is_some_and(|range| range.start <= word.start as usize) {
                if !skipping {
                    self.push_word(0);
                }
                skipping = true;
                continue;
            }
            skipping = false;
            self.push_word(word.hash);
        }
        self.push_word(0);
        let oldest = self.oldest();
        while self.texts.get(1).is_some_and(|(start, _)| *start <= oldest) {
            self.texts.pop_front();
        }
    }

    fn push_word(&mut self, hash: u32) {
        if self.words.len() < self.capacity {
            self.words.push(hash);
            if self.words.len() > self.table.len() {
                self.grow();
            }
        } else {
            let slot = self.pushed as usize & (self.capacity - 1);
            self.words[slot] = hash;
        }
        self.pushed += 1;
        if self.pushed as usize >= GRAM {
            self.enter(self.pushed - GRAM as u32);
        }
    }

    fn grow(&mut self) {
        self.table = vec![0; (self.words.len() * 2).next_power_of_two().max(64)];
        // The ring is not full yet: positions are places.
        for position in 0..(self.pushed as usize).saturating_sub(GRAM - 1) {
            self.enter(position as u32);
        }
    }

    fn enter(&mut self, position: u32) {
        let gram: [u32; GRAM] = std::array::from_fn(|at| self.at(position + at as u32).unwrap_or(0));
        if !gram.contains(&0) {
            let slot = self.slot(gram);
            self.table[slot] = position + 1;
        }
    }

    fn oldest(&self) -> u32 {
        self.pushed.saturating_sub(self.words.len() as u32)
    }

    fn at(&self, position: u32) -> Option<u32> {
        (position >= self.oldest() && position < self.pushed)
            .then(|| self.words[position as usize & (self.capacity - 1)])
    }

    fn slot(&self, gram: [u32; GRAM]) -> usize {
        let mut hash = 0u64;
        for word in gram {
            hash = (hash.rotate_left(5) ^ u64::from(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
        (hash >> 32) as usize & (self.table.len() - 1)
    }

    /// The longest run of an earlier text through the three words that begin at `at`.
    fn run(&self, words: &[Word], at: usize) -> Option<Run> {
        let gram = words.get(at..at + GRAM)?;
        if self.table.is_empty() {
            return None;
        }
        let position = self.table[self.slot(std::array::from_fn(|i| gram[i].hash))].checked_sub(1)?;
        let same = |word: usize, position: u32| {
            words.get(word).is_some_and(|word| self.at(position) == Some(word.hash))
        };
        if !(0..GRAM).all(|i| same(at + i, position + i as u32)) {
            return None;
        }
        let mut start = at;
        let mut first = position;
        while start > 0 && first > 0 && same(start - 1, first - 1) {
            start -= 1;
            first -= 1;
        }
        let mut len = at - start + GRAM;
        let mut last_slip = 0;
        loop {
            let (next, there) = (start + len, first + len as u32);
            if same(next, there) {
                len += 1;
            } else if len >= last_slip + 6
                && self.at(there).is_some_and(|word| word != 0)
                && same(next + 1, there + 1)
                && same(next + 2, there + 2)
            {
                // One word put right, or wrong.
                last_slip = len + 1;
                len += 3;
            } else {
                break;
            }
        }
        Some(Run { start, len, position: first })
    }

    fn tag_of(&self, run: Run) -> Option<u32> {
        let after = self.texts.partition_point(|(start, _)| *start <= run.position);
        Some(self.texts.get(after.checked_sub(1)?)?.1)
    }
}

const OPENING: [char; 6] = ['"', '“', '«', '„', '”', '‟'];
const CLOSING: [char; 4] = ['"', '”', '»', '“'];

/// Whether a line is quoted the way of e-mail: `>` before words.
pub fn is_quoted_line(line: &str) -> bool {
    let line = line.trim_start();
    let Some(rest) = line.strip_prefix('>').or_else(|| line.strip_prefix("&gt;")) else { return false };
    let inner = rest.trim_start_matches(['>', ' ', '\t']);
    let spaced = rest.len() != inner.len() || inner.starts_with("&gt;");
    inner.starts_with(|c: char| c.is_alphanumeric() || OPENING.contains(&c))
        || spaced && !inner.trim().is_empty()
}

/// The quotations in a text, given its words: ascending, not overlapping, at most one a line unless in quotation marks.
pub fn find(text: &str, words: &[Word], index: &Index) -> Vec<Quote> {
    let mut quotes = Vec::new();
    let mut offset = 0;
    let mut rest = words;
    for line in text.split('\n') {
        let end = offset + line.len();
        let count = rest.iter().take_while(|word| (word.start as usize) < end).count();
        let (here, after) = rest.split_at(count);
        rest = after;
        find_in_line(text, offset..end, here, index, &mut quotes);
        offset = end + 1;
    }
    quotes
}

fn find_in_line(text: &str, line: Range<usize>, words: &[Word], index: &Index, quotes: &mut Vec<Quote>) {
    let trimmed = text[line.clone()].trim();
    let start = line.start + (text[line.clone()].len() - text[line.clone()].trim_start().len());
    let whole = start..start + trimmed.len();
    if is_quoted_line(trimmed) {
        let source = longest(words, index).and_then(|run| index.tag_of(run));
        quotes.push(Quote { range: whole, source, marked: true });
        return;
    }
    if index.is_empty() || words.len() < GRAM {
        return;
    }
    let mut from = whole.start;
    if let Some(quote) = leading(text, &whole, words, index) {
        from = quote.range.end;
        quotes.push(quote);
    }
    in_marks(text, from..whole.end, words, index, quotes);
}

/// A quotation at the beginning of a line.
fn leading(text: &str, line: &Range<usize>, words: &[Word], index: &Index) -> Option<Quote> {
    // A hit may be missing from the table; its neighbours lead to the same run.
    let run = (0..4).find_map(|at| index.run(words, at).filter(|run| run.start == 0))?;
    let marked = text[line.clone()].starts_with(OPENING);
    let source = index.tag_of(run);
    let is_enough = |len: usize, end: usize| {
        let bytes = end - words[0].start as usize;
        if marked { len >= 3 && bytes >= 12 } else { len >= 6 || len >= 5 && bytes >= 30 }
    };
    if run.len == words.len() {
        return is_enough(run.len, line.end).then(|| Quote { range: line.clone(), source, marked });
    }
    // Back to where a sentence, or the quotation, ends.
    (1..=run.len).rev().find_map(|len| {
        let end = words[len - 1].end as usize;
        let next = words.get(len).map_or(line.end, |word| word.start as usize);
        let gap = &text[end..next];
        let stop = if marked {
            gap.char_indices().filter(|(_, c)| CLOSING.contains(c)).map(|(at, c)| at + c.len_utf8()).next()
        } else {
            // A dot inside "3.5" has no space after it; one after a single letter belongs to "U.S.".
            if gap.starts_with('.') && words[len - 1].range().len() == 1 {
                return None;
            }
            let dots = gap.trim_end_matches(|c: char| c.is_whitespace() || OPENING.contains(&c) || c == '(');
            (gap.starts_with(['.', '!', '?', '…', '"', '”']) && dots.len() < gap.len()).then_some(dots.len())
        }?;
        is_enough(len, end).then(|| Quote { range: line.start..end + stop, source, marked })
    })
}

/// Quotations in marks, anywhere in a line.
fn in_marks(text: &str, part: Range<usize>, words: &[Word], index: &Index, quotes: &mut Vec<Quote>) {
    let mut at = part.start;
    while let Some(open) = text[at..part.end].find(OPENING).map(|found| at + found) {
        let opening = text[open..].chars().next().map_or(1, char::len_utf8);
        let Some((close, closing)) = text[open + opening..part.end]
            .char_indices()
            .find(|(_, c)| CLOSING.contains(c))
            .map(|(found, c)| (open + opening + found, c.len_utf8()))
        else {
            return;
        };
        let inside = |word: &&Word| word.start as usize >= open && (word.end as usize) <= close;
        let first = words.iter().take_while(|word| (word.start as usize) < open).count();
        let len = words[first..].iter().take_while(inside).count();
        let span = &words[first..first + len];
        if len >= 3 && close - open >= 12 && covered(span, index) * 10 >= len * 6 {
            let source = longest(span, index).and_then(|run| index.tag_of(run));
            quotes.push(Quote { range: open..close + closing, source, marked: true });
        }
        at = close + closing;
    }
}

/// How many of these words stand in runs of earlier texts.
fn covered(words: &[Word], index: &Index) -> usize {
    runs(words, index).map(|run| run.len).sum()
}

fn longest(words: &[Word], index: &Index) -> Option<Run> {
    runs(words, index).max_by_key(|run| run.len)
}

fn runs(words: &[Word], index: &Index) -> impl Iterator<Item = Run> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut run = (at..words.len()).find_map(|from| index.run(words, from))?;
        // What lies before `at` was counted with the run before.
        let counted = at.saturating_sub(run.start);
        run = Run {
            start: run.start + counted,
            len: run.len - counted,
            position: run.position + counted as u32,
        };
        at = run.start + run.len;
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        split(text, &mut words);
        words
    }

    fn shown(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|word| &text[word.range()]).collect()
    }

    #[test]
    fn words_are_letters_and_digits() {
        for (text, expected) in [
            ("", vec![]),
            ("It's 5 o’clock -- well!", vec!["It's", "5", "o’clock", "well"]),
            ("naïve Ünal_99", vec!["naïve", "Ünal", "99"]),
            ("山の音 x", vec!["山", "の", "音", "x"]),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        let hashes = |text: &str| words(text).iter().map(|word| word.hash).collect::<Vec<_>>();
        assert_eq!(hashes("It’s “THE” end."), hashes("its the end"));
    }

    #[test]
    fn quoted_lines_are_not_faces() {
        for (line, is_quoted) in [
            ("> so you say", true),
            (">so you say", true),
            ("  >> so you say", true),
            ("&gt; so you say", true),
            (">:(", false),
            (">_<", false),
            (">", false),
            ("so > you", false),
        ] {
            assert_eq!(is_quoted_line(line), is_quoted, "{line}");
        }
    }

    #[test]
    fn quotations_are_found_in_what_was_pushed() {
        let mut index = Index::new(1024);
        index.push(7, &words("The old mill burned down in the night of the first snow. Nobody saw it."), &[]);
        index.push(8, &words("We sold the mill in spring, the U.S. buyers never came to see it."), &[]);
        for (text, expected) in [
            // Whole lines, marked or not, and with nested marks.
            ("\"\"the old mill,\" burned down\"", vec![("\"\"the old mill,\" burned down\"", Some(7))]),
            ("“nobody saw it.” I did.", vec![("“nobody saw it.”", Some(7))]),
            // Back to the end of a sentence; "U.S." is none.
            (
                "The old mill burned down in the night of the first snow. Nobody cared.",
                vec![("The old mill burned down in the night of the first snow.", Some(7))],
            ),
            ("We sold the mill in spring, the U.S. is big", vec![]),
            // One word put right; a gap.
            (
                "> the old mill burnt down in the night",
                vec![("> the old mill burnt down in the night", Some(7))],
            ),
            (
                "He wrote «We sold the mill ... never came to see it».",
                vec![("«We sold the mill ... never came to see it»", Some(8))],
            ),
            // Too little, or something else.
            ("\"the old\" mill", vec![]),
            ("Nobody saw it.", vec![]),
            ("He said \"it was the coldest winter of them all\".", vec![]),
        ] {
            let found = find(text, &words(text), &index);
            let shown: Vec<(&str, Option<u32>)> =
                found.iter().map(|quote| (&text[quote.range.clone()], quote.source)).collect();
            assert_eq!(shown, expected, "{text}");
        }
    }

    #[test]
    fn what_a_text_quotes_is_not_its_own() {
        let mut index = Index::new(1024);
        let text = "> the moon is made of cheese\nNo, of very old bread.";
        let quote: Range<usize> = 0..28;
        index.push(1, &words(text), std::slice::from_ref(&quote));
        let source = |text: &str| find(text, &words(text), &index)[0].source;
        assert_eq!(source("> the moon is made of cheese"), None);
        assert_eq!(source("> of very old bread"), Some(1));
    }

    #[test]
    fn the_oldest_words_are_forgotten() {
        let mut index = Index::new(64);
        for tag in 0..40 {
            index.push(tag, &words(&format!("a{tag} b{tag} c{tag} d{tag} e{tag}")), &[]);
        }
        assert!(index.bytes() < 4096, "{}", index.bytes());
        let source = |tag: u32| {
            let text = format!("> a{tag} b{tag} c{tag} d{tag} e{tag}");
            find(&text, &words(&text), &index)[0].source
        };
        assert_eq!(source(39), Some(39));
        assert_eq!(source(2), None);
    }

    proptest! {
        #[test]
        fn quotes_are_ranges_of_the_text(earlier in "\\PC{0,80}", text in "(\\PC|\n|\"|a b c){0,40}") {
            let mut index = Index::new(64);
            index.push(0, &words(&earlier), &[]);
            index.push(1, &words("a b c a b c a b c"), &[]);
            let mut end = 0;
            for quote in find(&text, &words(&text), &index) {
                prop_assert!(quote.range.start >= end && quote.range.end > quote.range.start);
                prop_assert!(text.get(quote.range.clone()).is_some());
                end = quote.range.end;
            }
        }
    }
}
