//! Finds quotations: stretches of a text that are marked as someone else's words, or that repeat an
//! earlier text.
//!
//! Texts are compared as sequences of words (letters and digits, in small letters), so that
//! quotation marks, dashes, apostrophes and spacing may differ. An [`Index`] keeps the words of
//! earlier texts and finds any three words in a row in constant time. [`find`] looks at three kinds
//! of stretches:
//!
//! - marked ones: those that the export's own markup shows, lines that begin with `>`, and three
//!   words or more in quotation marks;
//! - whole lines that an earlier text contains, without marks;
//! - whole sentences at the beginning of a line, without marks.
//!
//! Unmarked stretches have six words, or five words and thirty bytes: shorter ones are phrases that
//! everybody uses. A marked stretch has a source if one single earlier text contains most of its
//! words, in their order. The words that the source lacks are the writer's own (a misspelt word, an
//! addition), and so are all of them if there is no source. `docs/quotes.md` explains the rule to
//! users; `comity::thread` decides which of these stretches count.

use std::collections::HashMap;
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

    /// Tells if another word has the same letters, in whatever case.
    pub fn is_same(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

/// The form of a quotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The export's own markup shows it.
    Markup,
    /// It is in quotation marks or after `>`: its writer typed them.
    Marked,
    /// A whole line without marks.
    Line,
    /// Sentences at the beginning of a line, without marks.
    Sentence,
    /// It is marked, but most of the rest of the text stands in its source as well: the text is a
    /// copy.
    Copy,
}

/// A stretch of a text that is marked as a quotation or repeats an earlier text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its bytes, quotation marks included.
    pub range: Range<usize>,
    /// The form of the quotation.
    pub kind: Kind,
    /// The tag of the one text that contains it; `None` if no text does.
    pub source: Option<u32>,
    /// The bytes of `range` that the source contains: ascending, not overlapping. Empty if there is
    /// no source.
    pub found: Vec<Range<usize>>,
    /// The bytes of `range` in which the site names who is quoted (`[quote="ana, post:3"]`,
    /// `Ana:`). Empty if there are none. They are not part of `found`.
    pub label: Range<usize>,
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

/// Words of earlier texts. Memory is bounded: once `capacity` words are held, the oldest are
/// forgotten.
#[derive(Clone, Debug)]
pub struct Index {
    /// A ring once full. 0 stands between two texts.
    words: Vec<u32>,
    /// All words ever pushed; the position of a word is its number here.
    pushed: u32,
    capacity: usize,
    /// Positions + 1 by the hash of three words: the latest.
    table: Vec<u32>,
    /// For each word the one before it in its place of `table`: a position + 1, or 0.
    before: Vec<u32>,
    /// First position and tag of each text, both ascending.
    texts: std::collections::VecDeque<(u32, u32)>,
}

const GRAM: usize = 3;

/// The fewest words of an unmarked quotation, unless it has one less and [`TELLING_BYTES`].
const TELLING_WORDS: usize = 6;
const TELLING_BYTES: usize = 30;
/// The fewest words and bytes in quotation marks that count as a quotation.
const MARKED_WORDS: usize = 3;
const MARKED_BYTES: usize = 12;
/// The number of ten words of a marked stretch that its source must contain.
const MOST_OF_TEN: usize = 6;
/// Places with the same three words, or the same hash of them, that are looked at.
const MAX_ANCHORS: usize = 16;
/// Earlier texts that are compared with one stretch.
const MAX_SOURCES: usize = 8;
/// Words of a source that a quotation may leave out: in a row, where others take their place, and
/// at an ellipsis.
const SKIPPED_WORDS: u32 = 3;
const GAP_WORDS: u32 = 16;
const ELLIPSIS_WORDS: u32 = 512;
/// The length, in words, of the stretches that are compared word by word with the text that is
/// answered.
const PHRASE_WORDS: usize = 8;
const SCANNED_WORDS: u32 = 4096;
/// Such stretches of one text.
const MAX_PHRASES: usize = 64;
/// Closing marks after an opening one that are tried, as quotations may contain others.
const MAX_CLOSINGS: usize = 8;
/// The longest label of a quotation, in bytes and words.
const MAX_LABEL_BYTES: usize = 512;
const MAX_LABEL_WORDS: usize = 6;

impl Index {
    /// Creates an index of up to `capacity` words, rounded up to a power of two.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.next_power_of_two().min(1 << 31);
        Self {
            words: Vec::new(),
            pushed: 0,
            capacity,
            table: Vec::new(),
            before: Vec::new(),
            texts: std::collections::VecDeque::new(),
        }
    }

    /// Returns true if nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        4 * (self.words.capacity() + self.table.capacity() + self.before.capacity())
            + 8 * self.texts.capacity()
    }

    /// Adds a text under a tag greater than those before, without the words in `except` (ascending
    /// ranges of bytes): what it quotes is not its own.
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
            self.before.push(0);
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
            let place = position as usize & (self.capacity - 1);
            self.before[place] = std::mem::replace(&mut self.table[slot], position + 1);
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

    /// The positions at which earlier texts have the three words that begin at `at`: the latest
    /// ones, last first.
    fn anchors(&self, words: &[Word], at: usize) -> impl Iterator<Item = u32> {
        let gram = words.get(at..at + GRAM).filter(|_| !self.table.is_empty());
        let first = gram.map_or(0, |gram| self.table[self.slot(std::array::from_fn(|i| gram[i].hash))]);
        let older = move |next: &u32| {
            let position = next.checked_sub(1)?;
            // The place of a word that was forgotten has another one by now.
            let before = self.before[position as usize & (self.capacity - 1)];
            (position >= self.oldest() && before < *next).then_some(before)
        };
        std::iter::successors(Some(first), older)
            .filter_map(|next| next.checked_sub(1))
            .take(MAX_ANCHORS)
            .filter(move |position| self.common(gram.unwrap_or_default(), *position, u32::MAX) == GRAM)
    }

    /// Returns the number of words in a row, from the first one on, that an earlier text has at
    /// `position` and before `end`.
    fn common(&self, words: &[Word], position: u32, end: u32) -> usize {
        let there = (position..end).map(|position| self.at(position));
        words.iter().zip(there).take_while(|(word, there)| *there == Some(word.hash)).count()
    }

    /// The tag and the positions of the text that a position belongs to.
    fn text_at(&self, position: u32) -> Option<(u32, Range<u32>)> {
        let next = self.texts.partition_point(|(start, _)| *start <= position);
        self.text(next.checked_sub(1)?)
    }

    /// The positions of the text with a tag.
    fn text_tagged(&self, tag: u32) -> Option<Range<u32>> {
        let place = self.texts.partition_point(|(_, known)| *known < tag);
        self.text(place).filter(|(known, _)| *known == tag).map(|(_, positions)| positions)
    }

    fn text(&self, place: usize) -> Option<(u32, Range<u32>)> {
        let (start, tag) = *self.texts.get(place)?;
        let end = self.texts.get(place + 1).map_or(self.pushed, |(next, _)| *next);
        Some((tag, start.max(self.oldest())..end))
    }
}

const OPENING: [char; 6] = ['"', '“', '«', '„', '”', '‟'];
const CLOSING: [char; 4] = ['"', '”', '»', '“'];

/// The depth of a line that is quoted the way of e-mail (`>` before words), and where its words
/// begin.
fn quoted_line(line: &str) -> Option<(usize, usize)> {
    let (mut rest, mut depth) = (line, 0);
    let mut spaced = false;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t']);
        spaced |= depth > 0 && trimmed.len() < rest.len();
        rest = trimmed;
        let Some(inner) = rest.strip_prefix('>').or_else(|| rest.strip_prefix("&gt;")) else { break };
        rest = inner;
        depth += 1;
    }
    // `>>5001` is how image boards name the post that is answered.
    let is_reference = depth > 1 && !spaced && rest.starts_with(|c: char| c.is_ascii_digit());
    let is_word = rest.starts_with(|c: char| c.is_alphanumeric() || OPENING.contains(&c));
    let is_quoted = is_word || (spaced || depth > 1) && !rest.is_empty();
    (depth > 0 && is_quoted && !is_reference).then_some((depth, line.len() - rest.len()))
}

/// Finds the quotations in a text, in ascending order; they do not overlap.
///
/// `words` are those of the text. `markup` has the stretches that the export's own markup shows as
/// quotations, `except` those that are known to be someone else's words already; both are
/// ascending, and words in `except` are not looked at again. `near` is the tag of the text that
/// this one answers, if that is known.
pub fn find(
    text: &str,
    words: &[Word],
    markup: &[Range<usize>],
    except: &[Range<usize>],
    index: &Index,
    near: Option<u32>,
) -> Vec<Quote> {
    let mut finder = Finder { text, words, index, near, first: None, phrases: 0, quotes: Vec::new() };
    let mut stretches: Vec<(&Range<usize>, bool)> = markup.iter().map(|range| (range, true)).collect();
    stretches.extend(except.iter().map(|range| (range, false)));
    stretches.sort_by_key(|(range, _)| range.start);
    let mut end = 0;
    for (range, is_markup) in stretches {
        if range.is_empty() || range.start < end {
            continue;
        }
        finder.plain(end..range.start);
        if is_markup {
            finder.markup(range.clone());
        }
        end = range.end;
    }
    finder.plain(end..text.len());
    finder.tell_copies();
    finder.quotes
}

/// The state of [`find`].
struct Finder<'a> {
    text: &'a str,
    words: &'a [Word],
    index: &'a Index,
    /// The text that this one answers.
    near: Option<u32>,
    /// The source of the first quotation.
    first: Option<u32>,
    /// Stretches that were looked for in `near` word by word.
    phrases: usize,
    quotes: Vec<Quote>,
}

/// One earlier text that contains a stretch, and the stretch's words that it contains: ascending
/// ranges, by number.
struct Trace {
    source: u32,
    runs: Vec<Range<usize>>,
}

/// Lines that begin with `>` and follow each other, with the same number of them.
#[derive(Default)]
struct Block {
    depth: usize,
    lines: Vec<(Range<usize>, Vec<Word>)>,
}

impl<'a> Finder<'a> {
    /// The words within a range of bytes.
    fn words_in(&self, range: &Range<usize>) -> &'a [Word] {
        let first = self.words.partition_point(|word| (word.start as usize) < range.start);
        let last = self.words.partition_point(|word| word.end as usize <= range.end);
        self.words.get(first..last).unwrap_or_default()
    }

    /// A stretch that the export marks.
    fn markup(&mut self, range: Range<usize>) {
        let label = range.start..range.start + label_len(&self.text[range.clone()]);
        let inside = &self.text[label.end..range.end];
        let body_len = inside.trim_end().strip_suffix("[/quote]").map_or(inside.len(), str::len);
        let words = self.words_in(&(label.end..label.end + body_len));
        let trace = self.source_of(words, MOST_OF_TEN);
        let body = label.end..range.end;
        self.push(range, Kind::Markup, label, trace.map(|trace| (body, words, trace)));
    }

    /// A stretch that nothing is known of.
    fn plain(&mut self, range: Range<usize>) {
        let mut block = Block::default();
        let mut start = range.start;
        for line in self.text[range].split('\n') {
            let next = start + line.len() + 1;
            let indent = line.len() - line.trim_start().len();
            let line = line.trim();
            let place = start + indent..start + indent + line.len();
            start = next;
            if let Some((depth, inner)) = quoted_line(line) {
                if depth != block.depth {
                    self.block(std::mem::take(&mut block));
                    block.depth = depth;
                }
                let words = self.words_in(&(place.start + inner..place.end)).to_vec();
                block.lines.push((place, words));
            } else if line.is_empty() || !line.chars().all(|c| matches!(c, '>' | ' ')) {
                // A `>` alone parts the paragraphs of one quotation.
                self.block(std::mem::take(&mut block));
                self.line(place);
            }
        }
        self.block(block);
    }

    /// Lines after `>`. All have one source, or each line is looked at by itself.
    fn block(&mut self, block: Block) {
        let (Some((first, _)), Some((last, _))) = (block.lines.first(), block.lines.last()) else { return };
        let range = first.start..last.end;
        let words: Vec<Word> = block.lines.iter().flat_map(|(_, words)| words.iter().copied()).collect();
        if words.is_empty() {
            return;
        }
        let trace = self.source_of(&words, MOST_OF_TEN);
        if trace.is_some() || block.lines.len() == 1 {
            let body = range.clone();
            self.push(range, Kind::Marked, 0..0, trace.map(|trace| (body, &words[..], trace)));
            return;
        }
        for (range, words) in block.lines.into_iter().filter(|(_, words)| !words.is_empty()) {
            let trace = self.source_of(&words, MOST_OF_TEN);
            let body = range.clone();
            self.push(range, Kind::Marked, 0..0, trace.map(|trace| (body, &words[..], trace)));
        }
    }

    fn push(
        &mut self,
        range: Range<usize>,
        kind: Kind,
        label: Range<usize>,
        trace: Option<(Range<usize>, &[Word], Trace)>,
    ) {
        let source = trace.as_ref().map(|(.., trace)| trace.source);
        let found = trace.map(|(body, words, trace)| bytes(self.text, &body, words, &trace.runs));
        self.quotes.push(Quote { range, kind, source, found: found.unwrap_or_default(), label });
    }

    /// A line without `>`.
    fn line(&mut self, line: Range<usize>) {
        let words = self.words_in(&line);
        if words.len() < MARKED_WORDS {
            return;
        }
        let mut from = line.start;
        if !self.text[line.clone()].starts_with(OPENING)
            && let Some(quote) = self.unmarked(&line, words)
        {
            from = quote.range.end;
            self.first = self.first.or(quote.source);
            self.quotes.push(quote);
        }
        self.in_marks(from..line.end);
    }

    /// Words at the beginning of a line that an earlier text contains, without marks.
    fn unmarked(&self, line: &Range<usize>, words: &[Word]) -> Option<Quote> {
        // Three words that everybody uses lead to a few places alone; the next ones may lead to
        // more.
        let anchors = (0..GRAM).flat_map(|at| {
            let begins = self.index.anchors(words, at);
            begins.filter_map(move |position| position.checked_sub(at as u32))
        });
        let runs = anchors.filter_map(|position| {
            let (source, positions) = self.index.text_at(position)?;
            Some((self.index.common(words, position, positions.end), source))
        });
        let (len, source) = runs.max_by_key(|(len, _)| *len)?;
        let telling = |len: usize, end: usize| is_telling(len, end - line.start);
        let quote = |kind, end: usize| {
            let range = line.start..end;
            Quote { range: range.clone(), kind, source: Some(source), found: vec![range], label: 0..0 }
        };
        if len == words.len() {
            return telling(len, line.end).then(|| quote(Kind::Line, line.end));
        }
        // Back to where a sentence ends.
        (1..=len).rev().find_map(|len| {
            let end = words[len - 1].end as usize;
            let gap = &self.text[end..words.get(len).map_or(line.end, |word| word.start as usize)];
            // A dot inside "3.5" has no space after it; one after a single letter belongs to
            // "U.S.".
            if gap.starts_with('.') && words[len - 1].range().len() == 1 {
                return None;
            }
            let dots = gap.trim_end_matches(|c: char| c.is_whitespace() || OPENING.contains(&c) || c == '(');
            let ends = gap.starts_with(['.', '!', '?', '…', '"', '”']) && dots.len() < gap.len();
            (ends && telling(len, end)).then(|| quote(Kind::Sentence, end + dots.len()))
        })
    }

    /// Quotations in marks, within a line.
    fn in_marks(&mut self, line: Range<usize>) {
        let mut at = line.start;
        while let Some(open) = self.text[at..line.end].find(OPENING).map(|found| at + found) {
            let inner = open + self.text[open..].chars().next().map_or(1, char::len_utf8);
            at = inner;
            if open != line.start && !opens(&self.text[..open], &self.text[open..line.end]) {
                continue;
            }
            let closings = self.text[inner..line.end].char_indices().filter(|(_, c)| CLOSING.contains(c));
            let closings: Vec<Range<usize>> = closings
                .take(MAX_CLOSINGS)
                .map(|(found, c)| inner + found..inner + found + c.len_utf8())
                .collect();
            let Some(next) = closings.first() else {
                // Each paragraph of a long quotation is opened, and the last one alone is closed.
                if open == line.start {
                    self.quoted(open, inner..line.end, line.end, MOST_OF_TEN);
                }
                return;
            };
            let has_words = |close: &&Range<usize>| !self.words_in(&(inner..close.start)).is_empty();
            let Some(first) = closings.iter().position(|close| has_words(&close)) else {
                at = next.start;
                continue;
            };
            // A quotation may contain others: the last closing mark is its own if a source has
            // every word before it.
            let (first, later) = (closings[first].clone(), &closings[first + 1..]);
            let whole = later.iter().rev().find(|close| self.quoted(open, inner..close.start, close.end, 10));
            at = whole.map_or(first.end, |close| close.end);
            if whole.is_none()
                && !self.quoted(open, inner..first.start, first.end, MOST_OF_TEN)
                && self.is_quotation(open, &(inner..first.start))
            {
                self.push(open..first.end, Kind::Marked, 0..0, None);
            }
        }
    }

    /// Tells if there are enough words in marks for a quotation.
    fn is_quotation(&self, open: usize, inside: &Range<usize>) -> bool {
        self.words_in(inside).len() >= MARKED_WORDS && inside.end - open >= MARKED_BYTES
    }

    /// Adds a quotation in marks if a source contains `of_ten` of ten words.
    fn quoted(&mut self, open: usize, inside: Range<usize>, end: usize, of_ten: usize) -> bool {
        let words = self.words_in(&inside);
        if !self.is_quotation(open, &inside) {
            return false;
        }
        let Some(trace) = self.source_of(words, of_ten) else { return false };
        self.push(open..end, Kind::Marked, 0..0, Some((open..end, words, trace)));
        true
    }

    /// Returns the source of a marked stretch: an earlier text that contains `of_ten` of ten words.
    fn source_of(&mut self, words: &[Word], of_ten: usize) -> Option<Trace> {
        let trace = self.phrase(words).or_else(|| self.trace(words))?;
        let (source, covered) = (trace.source, trace.covered());
        let bytes = trace
            .runs
            .iter()
            .map(|run| words[run.clone()].iter().map(|word| word.range().len() + 1).sum::<usize>());
        let is_source = if is_telling(covered, bytes.sum()) {
            covered * 10 >= words.len() * of_ten
        } else {
            // A short stretch stands in many texts. All of it must stand in the text that is
            // answered, or in no other. Those of one comment must come from one and the same text,
            // or else whole sentences could be put together from the words of several.
            let is_first = match self.first {
                Some(first) => first == source,
                None => self.is_only_in(source, words),
            };
            covered == words.len() && (self.near == Some(source) || is_first)
        };
        if !is_source {
            return None;
        }
        self.first.get_or_insert(source);
        Some(trace)
    }

    /// Tells if no other text has the words in a row.
    fn is_only_in(&self, source: u32, words: &[Word]) -> bool {
        let places = self.index.anchors(words, 0);
        let whole = places.filter(|place| self.index.common(words, *place, u32::MAX) == words.len());
        whole.filter_map(|place| self.index.text_at(place)).all(|(tag, _)| tag == source)
    }

    /// A few words in a row in the text that is answered.
    fn phrase(&mut self, words: &[Word]) -> Option<Trace> {
        let near = self.near.filter(|_| words.len() <= PHRASE_WORDS && self.phrases < MAX_PHRASES)?;
        self.phrases += 1;
        self.contains(near, words)
            .then(|| Trace { source: near, runs: std::iter::once(0..words.len()).collect() })
    }

    /// Sets the kind of marked quotations whose source has most words of the rest of the text as
    /// well.
    fn tell_copies(&mut self) {
        let mut sources: Vec<u32> = self.quotes.iter().filter_map(|quote| quote.source).collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources.into_iter().take(MAX_SOURCES) {
            let is_marked = |quote: &Quote| {
                quote.source == Some(source) && matches!(quote.kind, Kind::Markup | Kind::Marked)
            };
            let quotes = || self.quotes.iter().filter(|quote| is_marked(quote)).map(|quote| &quote.range);
            let is_quoted = self.flags(quotes());
            let rest = is_quoted.iter().filter(|quoted| !**quoted).count();
            if quotes().next().is_none() || rest == 0 {
                continue;
            }
            let copied = self.runs_of(source).into_iter().flatten().filter(|word| !is_quoted[*word]).count();
            if 2 * copied > rest {
                let copies = self.quotes.iter_mut().filter(|quote| is_marked(quote));
                copies.for_each(|quote| quote.kind = Kind::Copy);
            }
        }
    }

    /// Tells of every word if it begins within one of the ascending ranges.
    fn flags<'b>(&self, ranges: impl Iterator<Item = &'b Range<usize>>) -> Vec<bool> {
        let mut ranges = ranges.peekable();
        let is_within = |word: &Word| {
            let start = word.start as usize;
            while ranges.next_if(|range| range.end <= start).is_some() {}
            ranges.peek().is_some_and(|range| range.start <= start)
        };
        self.words.iter().map(is_within).collect()
    }

    /// The words of the whole text that a source has in the same order.
    fn runs_of(&self, source: u32) -> Vec<Range<usize>> {
        let Some(positions) = self.index.text_tagged(source) else { return Vec::new() };
        let anchor = |at: usize| {
            let anchors = self.index.anchors(self.words, at).filter(|position| positions.contains(position));
            anchors.max_by_key(|position| self.index.common(&self.words[at..], *position, u32::MAX))
        };
        let first = (0..self.words.len()).find_map(|at| Some((at, anchor(at)?)));
        first.map_or_else(Vec::new, |(at, position)| self.align(self.words, positions.clone(), at, position))
    }

    /// Tells if the beginning of a text contains the words in a row.
    fn contains(&self, tag: u32, words: &[Word]) -> bool {
        let Some(positions) = self.index.text_tagged(tag).filter(|_| !words.is_empty()) else { return false };
        let end = positions.end.min(positions.start.saturating_add(SCANNED_WORDS));
        (positions.start..end).any(|position| self.index.common(words, position, end) == words.len())
    }

    /// The earlier text that contains most of the words; the latest of several.
    fn trace(&self, words: &[Word]) -> Option<Trace> {
        // Of each text how many three words in a row it shares, and where the first of them stand
        // here and there.
        let mut shared: HashMap<u32, (usize, usize, u32)> = HashMap::new();
        for at in 0..(words.len() + 1).saturating_sub(GRAM) {
            for position in self.index.anchors(words, at) {
                let Some((source, _)) = self.index.text_at(position) else { continue };
                let place = shared.entry(source).or_insert((0, at, position));
                place.0 += 1;
                // The text may have these three words more than once.
                let len = |position| self.index.common(&words[at..], position, u32::MAX);
                if place.1 == at && len(position) > len(place.2) {
                    place.2 = position;
                }
            }
        }
        let mut likely: Vec<(usize, u32)> =
            shared.iter().map(|(source, (count, ..))| (*count, *source)).collect();
        likely.sort_unstable_by(|one, other| other.cmp(one));
        let mut best: Option<Trace> = None;
        for (_, source) in likely.into_iter().take(MAX_SOURCES) {
            let (_, at, position) = shared[&source];
            let Some((_, positions)) = self.index.text_at(position) else { continue };
            let trace = Trace { source, runs: self.align(words, positions, at, position) };
            if best.as_ref().is_none_or(|best| best.covered() < trace.covered()) {
                best = Some(trace);
            }
            if best.as_ref().is_some_and(|best| best.covered() == words.len()) {
                break;
            }
        }
        best
    }

    /// The words that a text has in the same order, by their number: runs of three words or more,
    /// and what is left of the stretch behind the last one. Between two runs the text may have a
    /// few words more, and many at an ellipsis. The text has the words from `at` on at `position`.
    fn align(&self, words: &[Word], text: Range<u32>, at: usize, position: u32) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut next = at.saturating_sub(GAP_WORDS as usize);
        let mut from = position.saturating_sub((at - next) as u32 + SKIPPED_WORDS).max(text.start);
        let mut until = position + 1;
        while next < words.len() {
            let rest = &words[next..];
            let before = next.checked_sub(1).map_or(0, |before| words[before].end as usize);
            let gap = &self.text[before..rest[0].start as usize];
            let is_cut = !runs.is_empty() && (gap.contains('…') || gap.contains("..."));
            let reach = if is_cut { from.saturating_add(ELLIPSIS_WORDS) } else { until };
            let least = match rest.len() {
                few @ ..GRAM if !runs.is_empty() => few.max(if is_cut { 2 } else { 1 }),
                _ => GRAM,
            };
            let longest = (from..reach.min(text.end))
                .map(|position| (self.index.common(rest, position, text.end), position))
                .max_by_key(|(len, position)| (*len, std::cmp::Reverse(*position)))
                .filter(|(len, _)| *len >= least);
            if let Some((len, position)) = longest {
                runs.push(next..next + len);
                next += len;
                from = position + len as u32;
                until = from + 1 + SKIPPED_WORDS;
            } else {
                next += 1;
                until = until.max((until + 1).min(from + GAP_WORDS));
            }
        }
        runs
    }
}

impl Trace {
    fn covered(&self) -> usize {
        self.runs.iter().map(Range::len).sum()
    }
}

/// Tells if a mark opens a quotation, given the text before it and from it on.
fn opens(before: &str, from: &str) -> bool {
    // 5" is a length, and `href="..."` an attribute.
    let is_inner = before.ends_with(|c: char| c.is_alphanumeric() || c == '=');
    let inside = from.trim_start_matches(OPENING);
    // Those that close quotations as well stand at a word.
    let is_closing = from.starts_with(['"', '“', '”'])
        && !inside.starts_with("...")
        && inside.starts_with(|c: char| c.is_whitespace() || ".,;:!?)]}".contains(c));
    !is_inner && !is_closing
}

/// Returns true if this many words and bytes are more than a phrase that everybody uses.
fn is_telling(words: usize, bytes: usize) -> bool {
    words >= TELLING_WORDS || words + 1 >= TELLING_WORDS && bytes >= TELLING_BYTES
}

/// The bytes of some words of a stretch, given by number. What stands before its first word and
/// behind its last one belongs to them.
fn bytes(text: &str, stretch: &Range<usize>, words: &[Word], runs: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut last = None;
    for run in runs {
        let end = if run.end == words.len() { stretch.end } else { words[run.end - 1].end as usize };
        if last == Some(run.start)
            && let Some(range) = ranges.last_mut()
        {
            range.end = end;
        } else {
            let start = match run.start.checked_sub(1).map(|before| words[before].end as usize) {
                None => stretch.start,
                Some(before) => {
                    let start = words[run.start].start as usize;
                    // The `>` of a line belongs to its first word.
                    text[before..start].find('\n').map_or(start, |line_end| before + line_end)
                }
            };
            ranges.push(start..end);
        }
        last = Some(run.end);
    }
    ranges
}

/// The bytes at the beginning of a marked stretch in which the site names who is quoted.
fn label_len(stretch: &str) -> usize {
    let near = &stretch[..stretch.floor_char_boundary(MAX_LABEL_BYTES)];
    if near.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("[quote")) {
        return near.find(']').map_or(0, |end| end + 1);
    }
    let Some((line, _)) = near.split_once('\n') else { return 0 };
    let is_label = line.trim_end().ends_with(':') && line.split_whitespace().count() <= MAX_LABEL_WORDS;
    if is_label { line.len() } else { 0 }
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

    /// The quotations in a text: what their source contains, and its tag.
    fn found<'a>(text: &'a str, index: &Index) -> Vec<(Vec<&'a str>, Option<u32>)> {
        let quotes = find(text, &words(text), &[], &[], index, None).into_iter();
        let found = |quote: &Quote| quote.found.iter().map(|range| &text[range.clone()]).collect();
        quotes.map(|quote| (found(&quote), quote.source)).collect()
    }

    #[test]
    fn quoted_lines_are_not_faces() {
        for (line, quoted) in [
            ("> so you say", Some((1, 2))),
            (">so you say", Some((1, 1))),
            ("  >> so you say", Some((2, 5))),
            ("&gt;&gt; so you say", Some((2, 9))),
            ("> \"so\"", Some((1, 2))),
            ("> :(", Some((1, 2))),
            (">:(", None),
            (">_<", None),
            (">", None),
            ("so > you", None),
            // Image boards.
            (">so you say", Some((1, 1))),
            (">>5001", None),
            (">>5001 so you say", None),
            (">> 5001 was a good year", Some((2, 3))),
            (">5 people", Some((1, 1))),
        ] {
            assert_eq!(quoted_line(line), quoted, "{line}");
        }
    }

    const MILL: &str = "The old mill burned down in the night of the first snow. Nobody saw it.";

    #[test]
    fn quotations_are_found_in_what_was_pushed() {
        let mut index = Index::new(1024);
        index.push(7, &words(MILL), &[]);
        index.push(8, &words("We sold the mill in spring, the U.S. buyers never came to see it."), &[]);
        for (text, expected) in [
            // In marks, also with nested ones, and before the quotation ends.
            ("\"\"the old mill,\" burned down\"", vec![(vec!["\"\"the old mill,\" burned down\""], Some(7))]),
            ("“nobody saw it.” I did.", vec![(vec!["“nobody saw it.”"], Some(7))]),
            ("“Nobody saw it", vec![(vec!["“Nobody saw it"], Some(7))]),
            (
                "\"the old mill\" and \"down in the night\", he says",
                vec![(vec!["\"the old mill\""], Some(7)), (vec!["\"down in the night\""], Some(7))],
            ),
            // Back to the end of a sentence; "U.S." is none.
            (
                "The old mill burned down in the night of the first snow. Nobody cared.",
                vec![(vec!["The old mill burned down in the night of the first snow."], Some(7))],
            ),
            ("We sold the mill in spring, the U.S. is big", vec![]),
            // Lines after `>` are one quotation.
            (
                "> the old mill burned\n> down in the night\nIt did",
                vec![(vec!["> the old mill burned\n> down in the night"], Some(7))],
            ),
            // A gap; words left out, added and corrected, which are the writer's.
            (
                "He wrote «We sold the mill ... never came to see it».",
                vec![(vec!["«We sold the mill ... never came to see it»"], Some(8))],
            ),
            (
                "> the old mill in the night of the first snow",
                vec![(vec!["> the old mill in the night of the first snow"], Some(7))],
            ),
            (
                "> the old mill burnt down in the night",
                vec![(vec!["> the old mill", "down in the night"], Some(7))],
            ),
            (
                "> the old mill, you clown, burned down\n> in the night, you clown",
                vec![(vec!["> the old mill", "burned down\n> in the night"], Some(7))],
            ),
            // No source, or too little in marks.
            ("> burned by the first night owl", vec![(vec![], None)]),
            ("> the old mill is an eyesore", vec![(vec![], None)]),
            ("\"nobody saw a thing\", you say", vec![(vec![], None)]),
            ("\"the old\" mill", vec![]),
            ("Nobody saw it.", vec![]),
            ("A 5\" screen and a 7\" one", vec![]),
            ("<a href=\"https://mill.example/the/old/mill\">here</a>", vec![]),
            ("He said \"it was the coldest winter of them all\".", vec![(vec![], None)]),
        ] {
            assert_eq!(found(text, &index), expected, "{text}");
        }
    }

    #[test]
    fn a_quotation_has_one_source() {
        let mut index = Index::new(1024);
        index.push(1, &words("They say that all of you are welcome here."), &[]);
        index.push(2, &words("The rats in the harbour are a nuisance, and must be caught."), &[]);
        index.push(3, &words("Those old boats must be sunk in the deep sea."), &[]);
        let none = |text: &str| {
            let quotes = find(text, &words(text), &[], &[], &index, None);
            assert!(quotes.iter().all(|quote| quote.source.is_none()), "{text}: {quotes:?}");
        };
        none("\"all of you are rats in the harbour and must be sunk in the deep sea\"");
        none("> all of you are rats in the harbour and must be sunk in the deep sea");
        // Short pieces of several texts: the first one's is taken for the source of all.
        for pieces in [
            "\"all of you are\" like \"rats in the harbour\" and \"must be sunk in\" deep water",
            "> all of you are\n\n> rats in the harbour\n\n> must be sunk in",
        ] {
            let sources: Vec<_> = found(pieces, &index).into_iter().map(|(_, source)| source).collect();
            assert_eq!(sources, [Some(1), None, None], "{pieces}");
        }
        // Long ones may have several.
        let two = "> They say that all of you are welcome\n\n> The rats in the harbour are a nuisance";
        let sources: Vec<_> = found(two, &index).into_iter().map(|(_, source)| source).collect();
        assert_eq!(sources, [Some(1), Some(2)]);
    }

    #[test]
    fn marks_in_a_copy_are_copied() {
        let mut index = Index::new(1024);
        index.push(1, &words("\"All of you are rats\"\nSo there! And you know it."), &[]);
        let kinds = |text: &str| -> Vec<Kind> {
            let quotes = find(text, &words(text), &[], &[], &index, None);
            quotes.into_iter().map(|quote| quote.kind).collect()
        };
        assert_eq!(kinds("\"All of you are rats\"\nSo there! And you know it."), [Kind::Copy, Kind::Line]);
        assert_eq!(kinds("\"All of you are rats\"\nSo there! True."), [Kind::Copy]);
        assert_eq!(kinds("> All of you are rats\nSo there!"), [Kind::Copy]);
        assert_eq!(kinds("> All of you are rats\nSo there are rats in the harbour?"), [Kind::Marked]);
    }

    #[test]
    fn marks_open_at_a_word() {
        for (before, from, is_opening) in [
            ("", "\"so\"", true),
            ("he said ", "“so”", true),
            ("(", "\"so\"", true),
            ("so ", "\"... and\"", true),
            ("il dit ", "« bonjour »", true),
            ("so ", "\"\"so\" he said\"", true),
            ("a 5", "\" screen", false),
            ("<a href=", "\"https\"", false),
            ("so\"", "\" he said", false),
            ("so. ", "\", he said", false),
        ] {
            assert_eq!(opens(before, from), is_opening, "{before}{from}");
        }
    }

    #[test]
    fn the_text_that_shares_most_is_the_source() {
        let mut index = Index::new(4096);
        index.push(1, &words("The land grant colleges are even cheaper if you live here."), &[]);
        for tag in 2..14 {
            index.push(tag, &words("The land grant colleges again."), &[]);
        }
        let text = "> the land grant colleges are even cheaper if you live here\nNo.";
        assert_eq!(found(text, &index)[0].1, Some(1));
        let twice = "I think that boats are slow. Nobody asks me, I think that trains are slow, I think that it rains.";
        index.push(14, &words(twice), &[]);
        let text = "> I think that trains are slow\nNo.";
        assert_eq!(found(text, &index), [(vec!["> I think that trains are slow"], Some(14))]);
    }

    #[test]
    fn a_few_words_are_found_in_the_text_that_is_answered() {
        let mut index = Index::new(1024);
        index.push(1, &words("Sold. I do not think so."), &[]);
        for tag in 2..40 {
            index.push(tag, &words("I do not mind. They do not think so."), &[]);
        }
        let source = |text: &str, near| find(text, &words(text), &[], &[], &index, near)[0].source;
        assert_eq!(source("> Sold.\nTo whom?", Some(1)), Some(1));
        assert_eq!(source("> I do not think so.\nI do.", Some(1)), Some(1));
        assert_eq!(source("> I do not think so.\nI do.", None), None);
        assert_eq!(source("> They do not think so.\nI do.", None), None, "it stands in many texts");
        assert_eq!(source("> Sold.\nTo whom?", Some(2)), None);
    }

    #[test]
    fn markup_is_a_stretch_of_its_own_with_a_label() {
        let mut index = Index::new(1024);
        index.push(1, &words(MILL), &[]);
        for (text, markup, label, found) in [
            ("Ana:\n\nNobody saw it.\n\nI did", 0..20, "Ana:", vec!["\n\nNobody saw it."]),
            (
                "[quote=\"ana, post:3\"]Nobody saw it[/quote] I did",
                0..42,
                "[quote=\"ana, post:3\"]",
                vec!["Nobody saw it[/quote]"],
            ),
            ("Nobody cares.\nI do", 0..13, "", vec![]),
        ] {
            let quotes = find(text, &words(text), std::slice::from_ref(&markup), &[], &index, None);
            assert_eq!(quotes.len(), 1, "{text}");
            assert_eq!((quotes[0].kind, &quotes[0].range), (Kind::Markup, &markup));
            assert_eq!(&text[quotes[0].label.clone()], label);
            let parts: Vec<&str> = quotes[0].found.iter().map(|range| &text[range.clone()]).collect();
            assert_eq!(parts, found, "{text}");
        }
    }

    #[test]
    fn what_a_text_quotes_is_not_its_own() {
        let mut index = Index::new(1024);
        let text = "> the moon is made of cheese\nNo, of very old bread.";
        let quote: Range<usize> = 0..28;
        index.push(1, &words(text), std::slice::from_ref(&quote));
        let source = |text: &str| found(text, &index)[0].1;
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
            found(&text, &index)[0].1
        };
        assert_eq!(source(39), Some(39));
        assert_eq!(source(2), None);
    }

    proptest! {
        #[test]
        fn quotes_are_ranges_of_the_text(
            earlier in "\\PC{0,80}",
            text in "(\\PC|\n|\"|“|>|… |a b c){0,40}",
            markup in (0usize..20, 0usize..20),
        ) {
            let mut index = Index::new(64);
            index.push(0, &words(&earlier), &[]);
            index.push(1, &words("a b c a b c a b c"), &[]);
            let [start, end] = [markup.0, markup.0 + markup.1].map(|at| text.floor_char_boundary(at.min(text.len())));
            let mut done = 0;
            for quote in find(&text, &words(&text), std::slice::from_ref(&(start..end)), &[], &index, Some(1)) {
                prop_assert!(quote.range.start >= done && text.get(quote.range.clone()).is_some());
                prop_assert!(text.get(quote.label.clone()).is_some());
                prop_assert_eq!(quote.source.is_some(), !quote.found.is_empty());
                let mut at = quote.range.start;
                for range in &quote.found {
                    prop_assert!(range.start >= at && range.end > range.start && text.get(range.clone()).is_some());
                    at = range.end;
                }
                prop_assert!(at <= quote.range.end);
                done = quote.range.end;
            }
        }

        /// Every piece that counts as someone else's words is in the one text that it is traced
        /// to.
        #[test]
        fn what_is_found_is_in_the_source(
            earlier in prop::collection::vec("[a-c]( [a-c]){2,12}", 1..5),
            text in "(> |\")?[a-d]( [a-d]|, |\n> |\" |… ){2,30}",
        ) {
            let mut index = Index::new(1024);
            (0..).zip(&earlier).for_each(|(tag, text)| index.push(tag, &words(text), &[]));
            for quote in find(&text, &words(&text), &[], &[], &index, None) {
                let Some(source) = quote.source else { continue };
                let source: Vec<String> = shown(&earlier[source as usize]).into_iter().map(str::to_owned).collect();
                for range in quote.found {
                    let mut rest = &source[..];
                    for word in shown(&text[range]) {
                        let at = rest.iter().position(|known| known == word);
                        prop_assert!(at.is_some(), "{word} of {text} in {source:?}");
                        rest = &rest[at.unwrap() + 1..];
                    }
                }
            }
        }
    }
}
