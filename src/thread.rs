//! The analysis that needs a comment's neighbours: words quoted from earlier comments of its
//! thread, the comment that it answers, and whether the reply links of an export are consistent.
//!
//! Called for every comment in the order of the input, whatever its format. Memory is bounded: of
//! each thread the last [`WINDOW_WORDS`] words and [`WINDOW_COMMENTS`] comments can be quoted or
//! addressed, and once all threads together take [`MAX_BYTES`], those that were silent longest are
//! forgotten. The reply links wait on disk, 40 bytes a comment, until all are known.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use serde::Serialize;

use crate::comment::{Comment, Status, is_shared_name};
use crate::digest::hash;
use crate::quote::{self, Index, Kind, Quote, Word};
use crate::sort::Sorter;

/// Words of a thread that can be found again.
pub const WINDOW_WORDS: usize = 1 << 16;
/// Comments of a thread that can be found again.
pub const WINDOW_COMMENTS: usize = 4096;
/// Comments of a thread whose links are checked.
pub const MAX_COMMENTS: usize = 1 << 20;
/// Memory of all threads, about: some 100,000 comments of 30 words.
pub const MAX_BYTES: usize = 64 << 20;
/// The memory of a thread besides its words and names, in bytes.
const THREAD_BYTES: usize = 500;
/// The memory of a comment that can be found again besides its words, in bytes: its id and the hash
/// of its author's name.
const RECENT_BYTES: usize = 80;
/// The memory of a name, and of the first word of one, in bytes.
const NAME_BYTES: usize = 80;
/// The most names of a thread; beyond them those of comments that cannot be found again are
/// dropped.
const MAX_NAMES: usize = 2 * WINDOW_COMMENTS;
/// The longest name, in bytes, that a text can address somebody by.
pub const MAX_NAME_BYTES: usize = 200;
/// The fewest words of a reply to a quotation that the export's markup shows and no text of the
/// thread contains. With fewer (`So true.`), the quotation counts as the comment's own words.
const REPLY_WORDS: usize = 5;
/// Posts that one text can answer by number (`>>5001`).
const MAX_REFERENCES: usize = 16;
/// Words of a quotation's label that are the site's (`[quote="ana, post:3, topic:57, full:true,
/// username:ana"]`).
const LABEL_WORDS: &str = "quote post topic full true username said says wrote";

/// Links comments to their neighbours. See the module.
pub struct Threader {
    threads: HashMap<String, Thread>,
    /// Bytes held by all threads, about.
    bytes: usize,
    /// Ordinal of the comment, as a clock.
    now: u64,
    report: ThreadReport,
    words: Vec<Word>,
    /// The words of [`LABEL_WORDS`].
    label_words: Vec<Word>,
    /// None for a stream.
    links: Option<Sorter<Link>>,
    /// The error that kept the links from being stored; reported at the end.
    failure: Option<io::Error>,
}

/// Findings about the threads of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ThreadReport {
    /// Threads.
    pub threads: u64,
    /// Comments linked.
    pub comments: u64,
    /// Comments that repeat words of others.
    pub quoting: u64,
    /// Comments whose parent the export names.
    pub parents_given: u64,
    /// Comments whose parent was inferred from a quotation or a name.
    pub parents_inferred: u64,
    /// Comments whose parent is not in the thread.
    pub orphans: u64,
    /// Comments that answer a comment of the same author.
    pub self_replies: u64,
    /// Rings of comments that answer each other; a comment that answers itself is one.
    pub cycles: u64,
    /// Comments beyond the bound of one thread: their links were not checked.
    pub unchecked: u64,
}

#[derive(Debug)]
struct Thread {
    last: u64,
    index: Index,
    /// The last comments; the tag of a comment in `index` is its ordinal in the thread.
    recent: VecDeque<Recent>,
    /// Ordinal of the first in `recent`.
    first: u32,
    /// Latest comment by author, by the hash of the name.
    by_name: HashMap<u64, u32>,
    /// Latest comment by the first word of the author's name; `None` if two authors share it.
    by_first_word: HashMap<u64, Option<(u64, u32)>>,
}

#[derive(Debug)]
struct Recent {
    id: String,
    author: Option<String>,
}

/// A comment reduced to its links. Hashes are compared; 0 if there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Link {
    thread: u64,
    /// Ordinal of the comment in the input.
    order: u64,
    id: u64,
    parent: u64,
    author: u64,
}

impl Default for Threader {
    fn default() -> Self {
        Self::new()
    }
}

impl Threader {
    /// Creates an empty threader.
    pub fn new() -> Self {
        let mut label_words = Vec::new();
        quote::split(LABEL_WORDS, &mut label_words);
        Self {
            label_words,
            threads: HashMap::new(),
            bytes: 0,
            now: 0,
            report: ThreadReport::default(),
            words: Vec::new(),
            links: Some(Sorter::new(&std::env::temp_dir())),
            failure: None,
        }
    }

    /// Creates a threader for a stream, which may never end. It keeps nothing of a comment on disk,
    /// so [`Threader::finish`] has no counts of threads, orphans, circles and replies of authors to
    /// themselves.
    pub fn for_stream() -> Self {
        Self { links: None, ..Self::new() }
    }

    /// Decides which words of the comment are someone else's and what it answers.
    ///
    /// Adds to its `quotes` the quotations that one earlier comment of the thread contains, or that
    /// the export's markup shows and a reply follows. The reader passes on the stretches of that
    /// markup in `unsourced`; afterwards `unsourced` has the quotations without a source, which are
    /// the author's own words, as is a comment that is nothing but quotations. See
    /// `docs/quotes.md`.
    ///
    /// A comment without a parent gets one if its text shows which: the one whose number it names
    /// (`>>5001`), the one that it quotes first, or the latest comment of the author that it
    /// addresses (`@name` anywhere, `name,` or `name:` at the beginning).
    pub fn link(&mut self, comment: &mut Comment) {
        self.now += 1;
        self.report.comments += 1;
        if !self.threads.contains_key(&comment.thread) {
            self.threads.insert(comment.thread.clone(), Thread::new());
            self.bytes += THREAD_BYTES;
        }
        let Some(thread) = self.threads.get_mut(&comment.thread) else { return };
        thread.last = self.now;
        let author = comment.author.as_deref().map(name_key);
        if comment.status != Status::Service {
            quote::split(&comment.text, &mut self.words);
            let answered = match &comment.parent {
                Some(parent) => thread.ordinal_of(parent),
                None => thread.referenced(&comment.text),
            };
            let found = quote::find(
                &comment.text,
                &self.words,
                &comment.unsourced,
                &comment.quotes,
                &thread.index,
                answered,
            );
            if comment.parent.is_some() {
                self.report.parents_given += 1;
            } else if let Some(parent) = thread.parent(comment, author, answered, &found, &self.words) {
                comment.parent = Some(parent);
                comment.parent_inferred = true;
                self.report.parents_inferred += 1;
            }
            thread.decide(comment, author, found, &self.words, &self.label_words);
            self.report.quoting += u64::from(!comment.quotes.is_empty());
        }
        let before = thread.bytes();
        thread.add(comment, author, &self.words);
        self.bytes = (self.bytes + thread.bytes()).saturating_sub(before);
        if self.bytes > MAX_BYTES {
            self.forget_silent();
        }
        if let Some(links) = self.links.as_mut().filter(|_| self.failure.is_none()) {
            let link = Link {
                thread: hash(&comment.thread),
                order: self.now,
                id: hash(&comment.id),
                parent: comment.parent.as_deref().map_or(0, hash),
                author: comment.person().map_or(0, name_key),
            };
            self.failure = links.push(link).err();
        }
    }

    /// The name, as the export writes it, of an author who was linked in a thread lately and is
    /// called so, whatever the case and the punctuation around it.
    pub fn author_called(&self, thread: &str, name: &str) -> Option<&str> {
        let thread = self.threads.get(thread)?;
        let recent = thread.recent(*thread.by_name.get(&name_key(name))?)?;
        recent.author.as_deref()
    }

    /// The counts, once every comment was linked.
    ///
    /// # Errors
    /// The links of a large export could not be kept in the system's folder for temporary files.
    pub fn finish(self) -> io::Result<ThreadReport> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let mut report = self.report;
        let Some(links) = self.links else { return Ok(report) };
        let mut links = links.finish()?;
        let mut thread: Vec<Link> = Vec::new();
        for link in links.records()? {
            let link = link?;
            if thread.first().is_some_and(|first| first.thread != link.thread) {
                check(&thread, &mut report);
                thread.clear();
            }
            if thread.len() < MAX_COMMENTS {
                thread.push(link);
            } else {
                report.unchecked += 1;
            }
        }
        check(&thread, &mut report);
        Ok(report)
    }

    /// Forgets the half of the threads that was silent longest (all but the one that speaks, at
    /// least).
    fn forget_silent(&mut self) {
        let mut times: Vec<u64> = self.threads.values().map(|thread| thread.last).collect();
        times.sort_unstable();
        let limit = times[times.len() / 2];
        self.threads.retain(|_, thread| thread.last >= limit);
        self.threads.shrink_to(2 * self.threads.len());
        self.bytes = self.threads.values().map(|thread| THREAD_BYTES + thread.bytes()).sum();
    }
}

impl Thread {
    fn new() -> Self {
        Self {
            last: 0,
            index: Index::new(WINDOW_WORDS),
            recent: VecDeque::new(),
            first: 0,
            by_name: HashMap::new(),
            by_first_word: HashMap::new(),
        }
    }

    fn bytes(&self) -> usize {
        let names = self.by_name.len() + self.by_first_word.len();
        self.index.bytes() + RECENT_BYTES * self.recent.len() + NAME_BYTES * names
    }

    fn recent(&self, ordinal: u32) -> Option<&Recent> {
        self.recent.get(ordinal.checked_sub(self.first)? as usize)
    }

    /// The latest comment with an id.
    fn ordinal_of(&self, id: &str) -> Option<u32> {
        let place = self.recent.iter().rposition(|recent| recent.id == id)?;
        Some(self.first + place as u32)
    }

    /// The first comment that a text names by number, the way of image boards: `>>5001`.
    fn referenced(&self, text: &str) -> Option<u32> {
        let ids = text.match_indices(">>").take(MAX_REFERENCES).filter_map(|(at, marks)| {
            let rest = &text[at + marks.len()..];
            let id = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
            (!id.is_empty()).then_some(id)
        });
        ids.into_iter().find_map(|id| self.ordinal_of(id))
    }

    /// Tells if the words of a quotation are the author's own, said earlier. A name that many
    /// people share tells nothing.
    fn is_own(&self, quote: &Quote, author: Option<u64>) -> bool {
        let source = quote.source.and_then(|source| self.recent(source));
        let name = source.and_then(|source| source.author.as_deref()).filter(|name| !is_shared_name(name));
        author.is_some() && name.map(name_key) == author
    }

    /// Sets `quotes` and `unsourced` of a comment by what was found in its text.
    fn decide(
        &self,
        comment: &mut Comment,
        author: Option<u64>,
        found: Vec<Quote>,
        words: &[Word],
        label_words: &[Word],
    ) {
        // What is left for a reply if all that could be a quotation is one.
        let could_be =
            found.iter().filter(|quote| quote.kind != Kind::Sentence).map(|quote| quote.range.clone());
        let references = references(&comment.text);
        let no_reply = could_be.chain(comment.quotes.iter().cloned()).chain(references.iter().cloned());
        let reply = words_outside(words, &merged(no_reply));
        let mut quotes = comment.quotes.clone();
        comment.unsourced.clear();
        let mut lines = Vec::new();
        for quote in found {
            let is_own = self.is_own(&quote, author);
            match (quote.kind, quote.source) {
                (Kind::Markup | Kind::Marked, Some(source)) if !is_own => {
                    if self.is_label(&comment.text[quote.label.clone()], source, label_words) {
                        quotes.push(quote.label);
                    }
                    quotes.extend(quote.found);
                }
                (Kind::Markup, None) if reply >= REPLY_WORDS => quotes.push(quote.range),
                (Kind::Markup | Kind::Marked, None) => comment.unsourced.push(quote.range),
                (Kind::Line, _) if !is_own => lines.push(quote.range),
                // One's own words again, and copies.
                _ => {}
            }
        }
        // Lines without marks may be a copy, which is what its writer says. They are a quotation if
        // the reply is longer.
        if words.len() - words_outside(words, &lines) <= reply {
            quotes.append(&mut lines);
        }
        let quotes = merged(quotes);
        // The quotations of a comment without other words are its own words.
        if words_outside(words, &merged(quotes.iter().cloned().chain(references))) > 0 {
            comment.quotes = quotes;
        }
    }

    /// Tells if the label of a quotation contains nothing but words of the site and the name of the
    /// author who is quoted.
    fn is_label(&self, label: &str, source: u32, label_words: &[Word]) -> bool {
        let mut words = Vec::new();
        quote::split(label, &mut words);
        let mut name = Vec::new();
        quote::split(
            self.recent(source).and_then(|recent| recent.author.as_deref()).unwrap_or_default(),
            &mut name,
        );
        let is_number = |word: &Word| label[word.range()].bytes().all(|byte| byte.is_ascii_digit());
        let is_known = |word: &Word| name.iter().chain(label_words).any(|known| known.is_same(word));
        !words.is_empty() && words.iter().all(|word| is_number(word) || is_known(word))
    }

    /// The comment that a text shows to be the answered one.
    fn parent(
        &self,
        comment: &Comment,
        author: Option<u64>,
        referenced: Option<u32>,
        found: &[Quote],
        words: &[Word],
    ) -> Option<String> {
        // Nothing but somebody's words without marks is a copy, which answers nobody; nor do one's
        // own words again.
        let all = merged(found.iter().map(|quote| quote.range.clone()).chain(comment.quotes.iter().cloned()));
        let is_copy = words_outside(words, &all) == 0;
        let is_marked = |quote: &Quote| matches!(quote.kind, Kind::Markup | Kind::Marked);
        let quoted = || {
            let answering =
                found.iter().filter(|quote| is_marked(quote) || !is_copy && !self.is_own(quote, author));
            answering.into_iter().find_map(|quote| quote.source)
        };
        let ordinal = referenced.or_else(quoted).or_else(|| self.addressed(&comment.text, author))?;
        Some(self.recent(ordinal)?.id.clone())
    }

    /// The latest comment of the author whom a text speaks to.
    fn addressed(&self, text: &str, author: Option<u64>) -> Option<u32> {
        let others = |key: u64| self.by_name.get(&key).copied().filter(|_| author != Some(key));
        for (at, _) in text.match_indices('@') {
            if text[..at].ends_with(char::is_alphanumeric) {
                continue; // an e-mail address
            }
            let rest = name_space(&text[at + 1..]);
            let mut end = 0;
            let ends: Vec<usize> = rest
                .split_inclusive(char::is_whitespace)
                .take(4)
                .map(|word| {
                    end += word.len();
                    end
                })
                .collect();
            let whole = ends.iter().rev().find_map(|&end| others(name_key(&rest[..end])));
            let first_word = || {
                let key = name_key(&rest[..*ends.first()?]);
                let (name, ordinal) = (*self.by_first_word.get(&key)?)?;
                (author != Some(name)).then_some(ordinal)
            };
            if let Some(found) = whole.or_else(first_word) {
                return Some(found);
            }
        }
        let start = text.trim_start();
        let name = start[..start.find([',', ':', '\n'])?].trim();
        (name.chars().nth(2).is_some() && name.len() <= 60).then(|| others(name_key(name)))?
    }

    /// Makes the comment known to those that follow.
    fn add(&mut self, comment: &Comment, author: Option<u64>, words: &[Word]) {
        if self.first as usize + self.recent.len() >= u32::MAX as usize {
            *self = Self { last: self.last, ..Self::new() };
        }
        let ordinal = self.first + self.recent.len() as u32;
        if comment.status != Status::Service {
            self.index.push(ordinal, words, &comment.quotes);
        }
        self.recent.push_back(Recent { id: comment.id.clone(), author: comment.author.clone() });
        if self.recent.len() > WINDOW_COMMENTS {
            self.recent.pop_front();
            self.first += 1;
        }
        if let (Some(key), Some(name)) = (author, comment.author.as_deref()) {
            self.by_name.insert(key, ordinal);
            if let Some(first) = name.split_whitespace().next().filter(|first| first.len() >= 3) {
                let entry = self.by_first_word.entry(name_key(first)).or_insert(Some((key, ordinal)));
                *entry = entry.filter(|(known, _)| *known == key).map(|_| (key, ordinal));
            }
            if self.by_name.len() > MAX_NAMES {
                let first = self.first;
                self.by_name.retain(|_, ordinal| *ordinal >= first);
                // A first word that two authors share stays one that says nothing.
                self.by_first_word.retain(|_, known| known.is_none_or(|(_, ordinal)| ordinal >= first));
            }
        }
    }
}

/// Checks the links of one thread.
fn check(thread: &[Link], report: &mut ThreadReport) {
    report.threads += u64::from(!thread.is_empty());
    let mut ids: HashMap<u64, u32> = HashMap::with_capacity(thread.len());
    for (position, link) in (0..).zip(thread) {
        ids.entry(link.id).or_insert(position);
    }
    let parents: Vec<Option<u32>> =
        thread.iter().map(|link| ids.get(&link.parent).copied().filter(|_| link.parent != 0)).collect();
    for (link, parent) in thread.iter().zip(&parents) {
        report.orphans += u64::from(link.parent != 0 && parent.is_none());
        let answered = parent.map_or(0, |parent| thread[parent as usize].author);
        report.self_replies += u64::from(answered != 0 && answered == link.author);
    }
    // Walk up from every comment; a walk that meets itself has found a ring.
    let mut walk = vec![0u32; parents.len()];
    for start in 0..parents.len() {
        let mut at = Some(start as u32);
        while let Some(here) = at.filter(|&here| walk[here as usize] == 0) {
            walk[here as usize] = start as u32 + 1;
            at = parents[here as usize];
        }
        report.cycles += u64::from(at.is_some_and(|here| walk[here as usize] == start as u32 + 1));
    }
}

/// As much of a text as a name can take that it begins with: of its first line [`MAX_NAME_BYTES`].
pub(crate) fn name_space(text: &str) -> &str {
    let near = &text[..text.floor_char_boundary(MAX_NAME_BYTES)];
    near.lines().next().unwrap_or_default()
}

/// The ranges in ascending order, with those that touch or overlap joined.
fn merged(ranges: impl IntoIterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, kept| {
        let joins = next.start <= kept.end;
        if joins {
            kept.end = kept.end.max(next.end);
        }
        joins
    });
    ranges
}

/// Returns the stretches of a text that are no reply to a quotation: mentions, addresses, and
/// whatever between white space has fewer than two letters, such as the number of another comment.
fn references(text: &str) -> Vec<Range<usize>> {
    let is_reference = |word: &str| {
        let is_address = word.contains("://") || word.starts_with("www.");
        word.starts_with('@') || is_address || word.chars().filter(|c| c.is_alphabetic()).nth(1).is_none()
    };
    let mut end = 0;
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let start = end;
        end += word.len();
        (start, word.trim_end())
    });
    words.filter(|(_, word)| is_reference(word)).map(|(start, word)| start..start + word.len()).collect()
}

/// The number of words that begin outside ascending ranges.
fn words_outside(words: &[Word], ranges: &[Range<usize>]) -> usize {
    let mut ranges = ranges.iter().peekable();
    let is_outside = |word: &&Word| {
        let start = word.range().start;
        while ranges.next_if(|range| range.end <= start).is_some() {}
        ranges.peek().is_none_or(|range| start < range.start)
    };
    words.iter().filter(is_outside).count()
}

/// Returns the hash of a name, which ignores its case and the punctuation around it.
fn name_key(name: &str) -> u64 {
    let name = name.trim_matches(|c: char| !c.is_alphanumeric());
    hash(&name.chars().flat_map(char::to_lowercase).collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::comment::Origin;

    fn comment(id: &str, author: &str, text: &str) -> Comment {
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        Comment { author: Some(author.to_owned()), ..Comment::new(id, "t", text, origin) }
    }

    /// Links the comments, whose ids are 1, 2, ..., and returns the last.
    fn last(comments: &[(&str, &str)]) -> Comment {
        let mut threader = Threader::new();
        let mut last = None;
        for (number, (author, text)) in comments.iter().enumerate() {
            let mut comment = comment(&(number + 1).to_string(), author, text);
            threader.link(&mut comment);
            last = Some(comment);
        }
        let last = last.unwrap();
        assert_eq!(last.parent.is_some(), last.parent_inferred);
        last
    }

    fn shown<'a>(comment: &'a Comment, ranges: &[Range<usize>]) -> Vec<&'a str> {
        ranges.iter().map(|range| &comment.text[range.clone()]).collect()
    }

    const FIRST: (&str, &str) =
        ("Ada Berg", "The ferry was never late. Then they sold it, and now nobody comes.");
    const SECOND: (&str, &str) = ("harbour_cat", "I like the noise of the old engine at night.");

    #[test]
    fn quotes_and_parents_are_found() {
        for (author, text, quoted, unsourced, parent) in [
            ("Bo", "No idea what you mean.", vec![], vec![], None),
            // After ">", known and unknown.
            (
                "Bo",
                "> the ferry was never late\nIt was.",
                vec!["> the ferry was never late"],
                vec![],
                Some("1"),
            ),
            ("Bo", "> something else altogether\nNo.", vec![], vec!["> something else altogether"], None),
            ("Bo", "> something else altogether", vec![], vec!["> something else altogether"], None),
            (">_<", ">:( why", vec![], vec![], None),
            // In marks, with other marks, cut short, with a corrected word, which is the writer's.
            ("Bo", "“Then they sold it” is a lie.", vec!["“Then they sold it”"], vec![], Some("1")),
            (
                "Bo",
                "You say \"I like the noise ... at night\". Why?",
                vec!["\"I like the noise ... at night\""],
                vec![],
                Some("2"),
            ),
            (
                "Bo",
                "> The fairy was never late. Then they sold it\nTo whom?",
                vec!["was never late. Then they sold it"],
                vec![],
                Some("1"),
            ),
            ("Bo", "She said \"never late\" and meant it.", vec![], vec![], None),
            (
                "Bo",
                "They call it \"a great day for all of us\".",
                vec![],
                vec!["\"a great day for all of us\""],
                None,
            ),
            // One's own words again are one's own.
            ("harbour_cat", "> I like the noise of the old engine\nStill.", vec![], vec![], Some("2")),
            ("harbour_cat", "I like the noise of the old engine at night. Still.", vec![], vec![], None),
            // Names.
            ("Bo", "@harbour_cat get some sleep", vec![], vec![], Some("2")),
            ("Bo", "I am with @Ada Berg, as always", vec![], vec![], Some("1")),
            ("Bo", "@ada you are right", vec![], vec![], Some("1")),
            ("Bo", "Ada Berg, you are right", vec![], vec![], Some("1")),
            ("Bo", "write to ada@harbour_cat.example", vec![], vec![], None),
            ("Bo", "@nobody at all", vec![], vec![], None),
            ("harbour_cat", "@harbour_cat is me", vec![], vec![], None),
            // Numbers, the way of image boards.
            (">>", ">>2\nsleep is for the weak", vec![], vec![], Some("2")),
            ("Bo", ">>9 >>1 who bought it?", vec![], vec![], Some("1")),
            ("Bo", ">>9 >> 1 > 2", vec![], vec![], None),
        ] {
            let comment = last(&[FIRST, SECOND, (author, text)]);
            assert_eq!(shown(&comment, &comment.quotes), quoted, "{text}");
            assert_eq!(shown(&comment, &comment.unsourced), unsourced, "{text}");
            assert_eq!(comment.parent.as_deref(), parent, "{text}");
        }
    }

    #[test]
    fn copies_are_what_their_writer_says() {
        for (author, text, quoted, parent) in [
            // Alone, with a tail, with a head, and in marks.
            ("Bo", "I like the noise of the old engine at night.", vec![], None),
            ("Bo", "I like the noise of the old engine at night. So do I!", vec![], Some("2")),
            ("Bo", "I like the noise of the old engine at night.\nSo do I!", vec![], Some("2")),
            ("Bo", "So do I!\nI like the noise of the old engine at night.", vec![], Some("2")),
            ("Bo", "> I like the noise of the old engine at night.", vec![], Some("2")),
            ("Bo", "\"I like the noise of the old engine at night.\" 👍", vec![], Some("2")),
            // A part of a comment.
            ("Bo", "Then they sold it, and now nobody comes.", vec![], None),
            ("Bo", "Then they sold it, and now nobody comes. Sad.", vec![], Some("1")),
            // A line of its own, and a reply that is not shorter.
            (
                "Bo",
                "I like the noise of the old engine at night.\nYou would not if you had to get up at five.",
                vec!["I like the noise of the old engine at night."],
                Some("2"),
            ),
            ("Bo", "The ferry was never late? Then you were not on it.", vec![], None),
        ] {
            let comment = last(&[FIRST, SECOND, (author, text)]);
            assert_eq!(shown(&comment, &comment.quotes), quoted, "{text}");
            assert!(comment.unsourced.is_empty(), "{text}");
            assert_eq!(comment.parent.as_deref(), parent, "{text}");
        }
    }

    #[test]
    fn the_second_copy_of_a_comment_that_begins_with_a_quotation_is_a_copy() {
        let text = "\"Every last one of them is vermin\" is what I say to all of you who live here.";
        let own = |comments: &[(&str, &str)]| last(comments).own_words();
        assert_eq!(own(&[("Bo", text)]), text);
        assert_eq!(own(&[("Bo", text), ("Cy", text)]), text);
        assert_eq!(own(&[("Bo", text), ("Cy", text), ("Di", text)]), text);
        let text = "> Every last one of them is vermin\nSo there.";
        assert_eq!(own(&[("Bo", text)]), text);
        assert_eq!(own(&[("Bo", text), ("Cy", text)]), text);
        let tail = format!("{text}\nTrue.");
        assert_eq!(own(&[("Bo", text), ("Cy", &tail)]), tail);
        let text = "> the ferry was never late\nYou lot are vermin, every last one of you.";
        let words = "You lot are vermin, every last one of you.";
        assert_eq!(own(&[FIRST, ("Bo", text)]).trim(), words);
        assert_eq!(own(&[FIRST, ("Bo", text), ("Cy", text)]).trim(), words);
    }

    #[test]
    fn the_comment_that_is_answered_is_looked_at_first() {
        let mut threader = Threader::new();
        threader.link(&mut comment("1", "Ada", "Nobody. Not one."));
        for id in 2..20 {
            threader.link(&mut comment(&id.to_string(), "Cy", "Not one of them came, and nobody called."));
        }
        let mut answer = |parent: Option<&str>| {
            let mut answer = comment("20", "Bo", "> Nobody.\nMy aunt did.\n> Not one.\nAnd she sang.");
            answer.parent = parent.map(str::to_owned);
            threader.link(&mut answer);
            (answer.own_words(), answer.unsourced.len())
        };
        assert_eq!(answer(Some("1")), ("\nMy aunt did.\n\n\nAnd she sang.".to_owned(), 0));
        assert_eq!(answer(None).1, 2);
    }

    #[test]
    fn a_shared_name_is_nobody() {
        let earlier = ("Anonymous", "I like the noise of the old engine at night.");
        let comment = last(&[earlier, ("Anonymous", ">I like the noise\nYou would.")]);
        assert_eq!(shown(&comment, &comment.quotes), [">I like the noise"]);
        let comment = last(&[("Ada", earlier.1), ("Ada", ">I like the noise\nI really do.")]);
        assert!(comment.quotes.is_empty() && comment.unsourced.is_empty());
    }

    #[test]
    fn what_the_reader_knows_to_be_someone_elses_stays_so() {
        let mut threader = Threader::new();
        let mut article = comment("1", "Ada", "The old mill burned down.");
        article.quotes.push(0..25);
        threader.link(&mut article);
        assert_eq!(article.own_words(), "");
    }

    /// A comment whose stretch `quoted` the export's markup shows as a quotation.
    fn with_markup(author: &str, text: &str, quoted: &str) -> Comment {
        let mut comment = comment("9", author, text);
        let start = text.find(quoted).unwrap();
        comment.unsourced.push(start..start + quoted.len());
        comment
    }

    #[test]
    fn markup_counts_beside_a_reply() {
        const WORDS: &str = "Every last one of you is vermin.";
        for (text, quoted, unsourced) in [
            ("Every last one of you is vermin.\n\nThat is a vile thing to print.", vec![WORDS], vec![]),
            ("Every last one of you is vermin.\n\nSo true.", vec![], vec![WORDS]),
            (
                "Every last one of you is vermin.\n\n> and so is all of your sorry kin",
                vec![],
                vec![WORDS, "> and so is all of your sorry kin"],
            ),
            // Addresses, mentions and numbers are no reply, however many words they have.
            ("Every last one of you is vermin.\n\nhttps://example.org/a-b-c-d-e-f Lol", vec![], vec![WORDS]),
            ("Every last one of you is vermin.\n\n@ann @ben @cleo @dora @ezra 1 2 3", vec![], vec![WORDS]),
            ("Every last one of you is vermin.", vec![], vec![WORDS]),
        ] {
            let mut threader = Threader::new();
            threader.link(&mut comment("1", FIRST.0, FIRST.1));
            let mut marked = with_markup("Bo", text, WORDS);
            threader.link(&mut marked);
            assert_eq!(shown(&marked, &marked.quotes), quoted, "{text}");
            assert_eq!(shown(&marked, &marked.unsourced), unsourced, "{text}");
        }
    }

    #[test]
    fn markup_with_a_source_needs_no_reply_of_some_length() {
        for (text, quoted, own) in [
            ("The ferry was never late.\n\nNo.", "The ferry was never late.", "\n\nNo."),
            ("Ada:\n\nThe ferry was never late.\n\nNo.", "Ada:\n\nThe ferry was never late.", "\n\nNo."),
            (
                "[quote=\"ada_berg, post:3, topic:57\"]\nThe ferry was never late.\n[/quote]\nNo.",
                "[quote=\"ada_berg, post:3, topic:57\"]\nThe ferry was never late.\n[/quote]",
                "\nNo.",
            ),
            // Words of the quotation that are not in the source, and a label that is no name, are
            // the writer's.
            (
                "The ferry was never late. Then they sold it, you clown.\n\nNo.",
                "The ferry was never late. Then they sold it, you clown.",
                ", you clown.\n\nNo.",
            ),
            (
                "[quote=\"you clown, post:3\"]The ferry was never late.[/quote] No.",
                "[quote=\"you clown, post:3\"]The ferry was never late.[/quote]",
                "[quote=\"you clown, post:3\"]\n No.",
            ),
        ] {
            let mut threader = Threader::new();
            threader.link(&mut comment("1", FIRST.0, FIRST.1));
            let mut marked = with_markup("Bo", text, quoted);
            threader.link(&mut marked);
            assert_eq!(marked.own_words(), own, "{text}");
            assert!(marked.unsourced.is_empty());
        }
    }

    #[test]
    fn ranges_that_were_there_stay() {
        let mut threader = Threader::new();
        threader.link(&mut comment("1", "Ada", "The lamp on the pier has been dark for a year."));
        let mut second = comment("2", "Bo", "> one\n\"has been dark for a year\" indeed");
        second.quotes.push(0..5);
        second.parent = Some("9".to_owned());
        threader.link(&mut second);
        assert_eq!(second.quotes, [0..5, 6..32]);
        assert_eq!((second.parent.as_deref(), second.parent_inferred), (Some("9"), false));
    }

    proptest! {
        /// Every word is either in the one earlier comment or scored, whatever marks stand around
        /// it.
        #[test]
        fn words_that_nobody_said_before_are_own(
            earlier in prop::collection::vec("[a-e]( [a-e]){3,12}", 1..6),
            text in "(> |\"|“)?[a-g]( [a-g]|, |\n|\n> |\" |” | \"|… ){2,40}",
        ) {
            let earlier: Vec<(&str, &str)> = earlier.iter().map(|text| ("Ada", text.as_str())).collect();
            let comments = [&earlier[..], &[("Bo", text.as_str())]].concat();
            let comment = last(&comments);
            let own = comment.own_words();
            for new in ["f", "g"] {
                prop_assert_eq!(text.matches(new).count(), own.matches(new).count(), "{:?}", comment);
            }
            prop_assert!(!own.is_empty(), "a comment is never nothing but quotations");
            let mut end = 0;
            for range in merged(comment.quotes.iter().chain(&comment.unsourced).cloned()) {
                prop_assert!(range.start >= end && comment.text.get(range.clone()).is_some());
                end = range.end;
            }
        }
    }

    #[test]
    fn links_are_counted() {
        let mut threader = Threader::new();
        for (id, author, parent) in [
            ("1", "a", None),
            ("2", "b", Some("1")),
            ("3", "b", Some("2")),
            ("4", "c", Some("nowhere")),
            ("5", "c", Some("6")),
            ("6", "d", Some("5")),
            ("7", "e", Some("7")),
            ("8", "f", Some("5")),
        ] {
            let mut comment = comment(id, author, "x");
            comment.parent = parent.map(str::to_owned);
            threader.link(&mut comment);
        }
        let report = threader.finish().unwrap();
        assert_eq!((report.threads, report.comments, report.parents_given), (1, 8, 7));
        assert_eq!((report.orphans, report.cycles), (1, 2));
        assert_eq!(report.self_replies, 2); // 3 answers 2, and 7 answers 7
    }
}
