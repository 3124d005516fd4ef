//! What needs a comment's neighbours: words quoted from earlier comments of its thread, the comment that it answers, and
//! whether the reply links of an export hold together.
//!
//! Called for every comment in the order of the input, whatever its format. Memory is bounded: of each thread the last
//! [`WINDOW_WORDS`] words and [`WINDOW_COMMENTS`] comments can be quoted or addressed, and once all threads together take
//! [`MAX_BYTES`], those that were silent longest are forgotten. The reply links wait on disk, 40 bytes a comment, until
//! all are known.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use serde::Serialize;

use crate::comment::{Comment, Status};
use crate::digest::hash;
use crate::quote::{self, Index, Quote, Word};
use crate::sort::Sorter;

/// Words of a thread that can be found again.
pub const WINDOW_WORDS: usize = 1 << 16;
/// Comments of a thread that can be found again.
pub const WINDOW_COMMENTS: usize = 4096;
/// Comments of a thread whose links are checked.
pub const MAX_COMMENTS: usize = 1 << 20;
/// Memory of all threads, about: some 100,000 comments of 30 words.
pub const MAX_BYTES: usize = 64 << 20;
/// What a thread takes beside what it remembers.
const THREAD_BYTES: usize = 500;
/// What a comment that can be found again takes beside its words: its id and the hash of its author's name.
const RECENT_BYTES: usize = 80;
/// What a name takes, and the first word of one.
const NAME_BYTES: usize = 80;
/// Names of a thread that are kept before those of comments which cannot be found again are let go.
const MAX_NAMES: usize = 2 * WINDOW_COMMENTS;
/// The longest name, in bytes, that a text can address somebody by.
pub const MAX_NAME_BYTES: usize = 200;

/// Links comments to their neighbours. See the module.
pub struct Threader {
    threads: HashMap<String, Thread>,
    /// Bytes held by all threads, about.
    bytes: usize,
    /// Ordinal of the comment, as a clock.
    now: u64,
    report: ThreadReport,
    words: Vec<Word>,
    /// None for a stream.
    links: Option<Sorter<Link>>,
    /// Why the links could not be kept; told at the end.
    failure: Option<io::Error>,
}

/// What was found about the threads of a run.
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
    /// Comments whose parent was concluded from a quotation or a name.
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
    /// Latest comment by the first word of the author's name; none where two authors share it.
    by_first_word: HashMap<u64, Option<(u64, u32)>>,
}

#[derive(Debug)]
struct Recent {
    id: String,
    author: Option<String>,
}

/// A comment as its links see it. What is compared are hashes, 0 where there is nothing.
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
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            threads: HashMap::new(),
            bytes: 0,
            now: 0,
            report: ThreadReport::default(),
            words: Vec::new(),
            links: Some(Sorter::new(&std::env::temp_dir())),
            failure: None,
        }
    }

    /// Creates a threader for a stream, which may never end. It keeps nothing of a comment on disk, so [`Threader::finish`]
    /// has no counts of threads, orphans, circles and replies of authors to themselves.
    pub fn for_stream() -> Self {
        Self { links: None, ..Self::new() }
    }

    /// Adds to the comment's `quotes` what it repeats of earlier comments of its thread and every `>` line, and gives it
    /// a parent where it has none and the text shows one: the comment that it quotes first, or else the latest comment
    /// of the author that it addresses (`@name` anywhere, `name,` or `name:` at the beginning).
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
            let quotes = thread.quotes(comment, author, &self.words);
            if comment.parent.is_some() {
                self.report.parents_given += 1;
            } else if let Some(parent) = thread.parent(comment, author, &quotes) {
                comment.parent = Some(parent);
                comment.parent_inferred = true;
                self.report.parents_inferred += 1;
            }
            self.report.quoting += u64::from(!quotes.is_empty());
            comment.quotes.extend(quotes.into_iter().map(|quote| quote.range));
            merge(&mut comment.quotes);
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
                author: author.unwrap_or(0),
            };
            self.failure = links.push(link).err();
        }
    }

    /// The name, as the export writes it, of an author who was linked in a thread lately and is called so, whatever the case
    /// and the punctuation around it.
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

    /// Forgets the half of the threads that was silent longest (all but the one that speaks, at least).
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

    /// What the comment repeats of others.
    fn quotes(&self, comment: &Comment, author: Option<u64>, words: &[Word]) -> Vec<Quote> {
        let mut quotes = quote::find(&comment.text, words, &self.index);
        quotes.retain(|quote| {
            // One's own words again, without marks, are no quotation.
            let source = quote.source.and_then(|source| self.recent(source));
            quote.marked
                || source
                    .is_none_or(|source| author.is_none() || source.author.as_deref().map(name_key) != author)
        });
        // Nothing but somebody's words without marks is a copy: it counts as the copier's.
        let is_quoted =
            |word: &Word, all: &[Range<usize>]| all.iter().any(|range| range.contains(&word.range().start));
        let mut all: Vec<Range<usize>> = quotes.iter().map(|quote| quote.range.clone()).collect();
        all.extend(comment.quotes.iter().cloned());
        if quotes.iter().any(|quote| !quote.marked) && words.iter().all(|word| is_quoted(word, &all)) {
            quotes.retain(|quote| quote.marked);
        }
        quotes
    }

    fn parent(&self, comment: &Comment, author: Option<u64>, quotes: &[Quote]) -> Option<String> {
        // What the reader knows to be someone else's (the article's) was repeated by the earlier comment as well.
        let is_known = |quote: &Quote| comment.quotes.iter().any(|range| range.contains(&quote.range.start));
        let quoted =
            || quotes.iter().filter(|quote| !is_known(quote)).find_map(|quote| self.recent(quote.source?));
        let addressed = || self.recent(self.addressed(&comment.text, author)?);
        quoted().or_else(addressed).map(|recent| recent.id.clone())
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

/// Sorts ranges and joins those that overlap.
fn merge(ranges: &mut Vec<Range<usize>>) {
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|next, kept| {
        let joins = next.start < kept.end;
        if joins {
            kept.end = kept.end.max(next.end);
        }
        joins
    });
}

/// Returns the hash of a name, which ignores its case and the punctuation around it.
fn name_key(name: &str) -> u64 {
    let name = name.trim_matches(|c: char| !c.is_alphanumeric());
    hash(&name.chars().flat_map(char::to_lowercase).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;

    fn comment(id: &str, author: &str, text: &str) -> Comment {
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        Comment { author: Some(author.to_owned()), ..Comment::new(id, "t", text, origin) }
    }

    /// Links the comments, whose ids are 1, 2, ...; gives quoted text and parent of the last.
    fn link(comments: &[(&str, &str)]) -> (Vec<String>, Option<String>) {
        let mut threader = Threader::new();
        let mut last = None;
        for (number, (author, text)) in comments.iter().enumerate() {
            let mut comment = comment(&(number + 1).to_string(), author, text);
            threader.link(&mut comment);
            last = Some(comment);
        }
        let last = last.unwrap();
        assert_eq!(last.parent.is_some(), last.parent_inferred);
        (last.quotes.iter().map(|range| last.text[range.clone()].to_owned()).collect(), last.parent)
    }

    #[test]
    fn quotes_and_parents_are_found() {
        const FIRST: (&str, &str) =
            ("Ada Berg", "The ferry was never late. Then they sold it, and now nobody comes.");
        const SECOND: (&str, &str) = ("harbour_cat", "I like the noise of the old engine at night.");
        for (author, text, quoted, parent) in [
            ("Bo", "No idea what you mean.", vec![], None),
            // After ">", known and unknown.
            ("Bo", "> the ferry was never late\nIt was.", vec!["> the ferry was never late"], Some("1")),
            ("Bo", "> something else altogether\nNo.", vec!["> something else altogether"], None),
            (">_<", ">:( why", vec![], None),
            // In marks, with other marks, cut short, with a word put right.
            ("Bo", "“Then they sold it” is a lie.", vec!["“Then they sold it”"], Some("1")),
            (
                "Bo",
                "You say \"I like the noise ... at night\". Why?",
                vec!["\"I like the noise ... at night\""],
                Some("2"),
            ),
            ("Bo", "She said \"never late\" and meant it.", vec![], None),
            ("Bo", "They call it \"a great day for all of us\".", vec![], None),
            // Without marks: whole sentences at the beginning of a line.
            (
                "Bo",
                "I like the noise of the old engine at night. So do I!",
                vec!["I like the noise of the old engine at night."],
                Some("2"),
            ),
            ("Bo", "The ferry was never late? Then you were not on it.", vec![], None),
            // A copy is not a quotation, nor are one's own words.
            ("Bo", "I like the noise of the old engine at night.", vec![], None),
            ("harbour_cat", "I like the noise of the old engine at night. Still.", vec![], None),
            // Names.
            ("Bo", "@harbour_cat get some sleep", vec![], Some("2")),
            ("Bo", "I am with @Ada Berg, as always", vec![], Some("1")),
            ("Bo", "@ada you are right", vec![], Some("1")),
            ("Bo", "Ada Berg, you are right", vec![], Some("1")),
            ("Bo", "write to ada@harbour_cat.example", vec![], None),
            ("Bo", "@nobody at all", vec![], None),
            ("harbour_cat", "@harbour_cat is me", vec![], None),
        ] {
            let (found, found_parent) = link(&[FIRST, SECOND, (author, text)]);
            assert_eq!(found, quoted, "{text}");
            assert_eq!(found_parent.as_deref(), parent, "{text}");
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
