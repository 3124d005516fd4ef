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
mod tests;
