//! The record that every stage shares: one comment, as the export has it.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use crate::digest::sha256;
use crate::words;

/// One comment of an export, in the words of the export.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// Id, unique within the thread; the ordinal (from 1) within the file if the export has no ids.
    pub id: String,
    /// The article, video or submission that the comment is about; the file's name if the export
    /// has no threads.
    pub thread: String,
    /// Title of the thread, for people to read; `None` if the export has none.
    pub thread_title: Option<String>,
    /// Id, in the same thread, of the comment that this one answers.
    pub parent: Option<String>,
    /// True if the parent was inferred from the text (a quote, an `@name`), not read from the
    /// export.
    pub parent_inferred: bool,
    /// Name of the author as the export writes it; `None` if it has none.
    pub author: Option<String>,
    /// Time of posting, UTC.
    pub created_at: Option<Timestamp>,
    /// The comment, untouched.
    pub text: String,
    /// Byte ranges of `text` that are someone else's words: ascending, not overlapping, on
    /// character boundaries.
    pub quotes: Vec<Range<usize>>,
    /// Byte ranges of `text` that are marked as quotations and whose source is not in the export,
    /// or stands after the comment; ascending, not overlapping. They count as the author's own
    /// words. Until the threader has looked for sources, the stretches that the export's own markup
    /// shows as quotations.
    pub unsourced: Vec<Range<usize>>,
    /// Its state on its site.
    pub status: Status,
    /// Address of the comment or of its thread.
    pub link: Option<String>,
    /// Section of the site.
    pub section: Option<String>,
    /// Votes, likes or points; may be negative.
    pub votes: Option<i64>,
    /// Number of replies that the site counts.
    pub replies: Option<u64>,
    /// Its position in the input.
    pub origin: Origin,
}

impl Comment {
    /// Creates a live comment with an id, a thread, a text and a position, and nothing else known.
    pub fn new(
        id: impl Into<String>,
        thread: impl Into<String>,
        text: impl Into<String>,
        origin: Origin,
    ) -> Self {
        Self {
            id: id.into(),
            thread: thread.into(),
            thread_title: None,
            parent: None,
            parent_inferred: false,
            author: None,
            created_at: None,
            text: text.into(),
            quotes: Vec::new(),
            unsourced: Vec::new(),
            status: Status::Live,
            link: None,
            section: None,
            votes: None,
            replies: None,
            origin,
        }
    }

    /// Returns the byte ranges of `text` that are the author's own words: all but `quotes` and
    /// blank stretches.
    pub fn own_ranges(&self) -> Vec<Range<usize>> {
        let mut own = Vec::with_capacity(self.quotes.len() + 1);
        let mut start = 0;
        let ends = self.quotes.iter().map(|quote| quote.start).chain([self.text.len()]);
        let next_starts = self.quotes.iter().map(|quote| quote.end).chain([self.text.len()]);
        for (end, next_start) in ends.zip(next_starts) {
            if !self.text[start..end].trim().is_empty() {
                own.push(start..end);
            }
            start = next_start;
        }
        own
    }

    /// Returns the author's name, or `None` if there is none or it is one that many people share
    /// (see [`is_shared_name`]).
    pub fn person(&self) -> Option<&str> {
        self.author.as_deref().filter(|name| !is_shared_name(name))
    }

    /// Returns the SHA-256 of its text, in lower-case hexadecimal, by which a decision is known to
    /// be about this text.
    pub fn text_sha256(&self) -> String {
        sha256(&self.text)
    }

    /// Returns the author's own words: the text without its quotes, line by line; empty if nothing
    /// is left.
    pub fn own_words(&self) -> String {
        let own: Vec<&str> = self.own_ranges().into_iter().map(|range| &self.text[range]).collect();
        own.join("\n")
    }
}

/// Names that sites print for authors who gave none or whose account is gone, in lower case: 4chan
/// and Commento (anonymous), Slashdot (anonymous coward), WordPress in its largest languages
/// (anonymous, anonym, anonyme, anónimo, anonimo, anônimo), Disqus (guest), Reddit (`[deleted]`,
/// `[removed]`), Telegram (deleted account), Facebook (facebook user).
const SHARED_NAMES: [&str; 16] = [
    "[deleted]",
    "[removed]",
    "anon",
    "anonimo",
    "anonym",
    "anonyme",
    "anonymous",
    "anonymous coward",
    "anonymous user",
    "anónimo",
    "anônimo",
    "deleted account",
    "deleted user",
    "facebook user",
    "guest",
    "guest user",
];

/// Returns `true` for a placeholder that stands for many people, such as `Anonymous` or
/// `[deleted]`: the comments under it must not be added up as one author's. Letter case is ignored.
/// A blank name is a placeholder, too.
pub fn is_shared_name(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    name.is_empty() || SHARED_NAMES.contains(&name.as_str())
}

/// The state of a comment on its site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// The comment is visible.
    #[default]
    Live,
    /// Its author deleted it; the text is gone or a placeholder.
    Deleted,
    /// A moderator removed it.
    Removed,
    /// Not a person's comment: a pingback, a join message.
    Service,
}

words! { Status, "status":
    Live = "live",
    Deleted = "deleted",
    Removed = "removed",
    Service = "service",
}

/// The position of a record in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file as the user named it; `-` for standard input.
    pub file: Arc<str>,
    /// Number of the record in the file, from 1.
    pub record: u64,
    /// The line it begins on, from 1.
    pub line: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_ranges_are_what_the_quotes_leave() {
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        let mut comment = Comment::new("1", "t", "> said he\nNo.\n> again\nNever.", origin);
        let everything = 0..comment.text.len();
        assert_eq!(comment.own_ranges(), std::slice::from_ref(&everything));
        comment.quotes = vec![0..10, 14..22];
        assert_eq!(comment.own_ranges(), [10..14, 22..28]);
        assert_eq!(comment.own_words(), "No.\n\nNever.");
        comment.quotes.clear();
        comment.quotes.push(everything);
        assert!(comment.own_ranges().is_empty());
    }

    #[test]
    fn placeholders_are_nobody() {
        let origin = Origin { file: "x".into(), record: 1, line: 1 };
        let mut comment = Comment::new("1", "t", "", origin);
        assert_eq!(comment.person(), None);
        for (name, is_person) in [
            ("Anonymous", false),
            (" anonymous ", false),
            ("[deleted]", false),
            ("Guest", false),
            ("ANÓNIMO", false),
            ("", false),
            ("Guest_1984", true),
            ("Anonymous Annie", true),
            ("deleted", true),
        ] {
            comment.author = Some(name.to_owned());
            assert_eq!(comment.person(), is_person.then_some(name), "{name:?}");
        }
        assert!(SHARED_NAMES.is_sorted(), "each once, in order");
    }

    #[test]
    fn a_status_reads_back() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("gone".parse::<Status>().is_err());
    }
}
