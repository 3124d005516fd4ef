//! Page dumps: an article and its comment section, copied from a page as plain text.
//!
//! ```text
//! The article, a paragraph a line.
//! bass4funk
//! A comment, of one line
//! or of several.
//! Midnight Sun Tribe
//! "The article, a paragraph a line."
//! Says who?
//! ```
//!
//! Nothing marks an author's line: it can only be concluded. `docs/page-dump.md` tells users how,
//! and what to do when it goes wrong. In short, three steps:
//!
//! 1. `furniture` sets aside lines that the site puts around every comment, and finds the section's
//!    heading.
//! 2. `line` looks at each line: its length, ending and capitals, whether its words are ordinary
//!    ones (in English, and in this file), whether the same line recurs, whether others address it,
//!    blank lines around it.
//! 3. `segment` weighs all of it over the whole file with a hidden Markov model, fitted to the
//!    file.
//!
//! Where it fails: names that are ordinary sentences ("I agree with this"); short comments written
//! like names ("Total Disgrace") by or before authors who write once; comments that consist of
//! lines shaped like names (lists of people, poems of single words); a last section of the article
//! that is as short as a comment, under a subheading that is shaped like a name; scripts of plays,
//! which look the same. What it was unsure of is in [`Dump::doubts`]; the [`Overrides`] settle it.

mod furniture;
mod line;
mod segment;
mod words;

use std::collections::HashSet;
use std::ops::Range;

use thiserror::Error;

use self::furniture::Part;
use self::line::{Line, Vocabulary};
use self::segment::{Given, Role, Segments, Verdict};
use super::Doubt;
use comity_core::quote::{self, Index};

/// What the user knows better.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides<'a> {
    /// All authors: a line is an author's if and only if it is one of these.
    pub authors: Option<&'a [String]>,
    /// The last line of the article, or a part of it.
    pub article_end: Option<&'a str>,
}

/// A page dump, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Dump {
    /// Lines of the article, from 0: always a prefix of the file; empty if it begins with a
    /// comment.
    pub article: Range<usize>,
    /// In the order of the file.
    pub comments: Vec<DumpComment>,
    /// Decisions that the evidence does not settle.
    pub doubts: Vec<Doubt>,
    /// What was left out, and why; one sentence each.
    pub notices: Vec<String>,
}

/// A comment of a page dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpComment {
    /// The author's line.
    pub author: String,
    /// The lines below it, joined by `\n`.
    pub text: String,
    /// Byte ranges of `text` that repeat the article: ascending, not overlapping. `thread` finds
    /// what repeats earlier comments.
    pub quotes: Vec<Range<usize>>,
    /// The author's line and those of the text, from 0.
    pub lines: Range<usize>,
}

/// Why a text cannot be read as a page dump.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}; {}", self.parts().0, self.parts().1)]
pub enum TextError {
    /// Nothing but white space.
    Empty,
    /// A line longer than any comment: [`MAX_LINE_BYTES`].
    LongLine {
        /// From 1.
        line: u64,
    },
    /// More text than can be weighed at once.
    Long,
    /// No author line, or nothing below it.
    NoComments,
    /// None of the authors, so many, stands alone on a line.
    AuthorsNotFound(usize),
    /// The text is nowhere in the file.
    ArticleEndNotFound(String),
}

impl TextError {
    /// What is wrong, and what to do.
    pub(crate) fn parts(&self) -> (String, String) {
        let (what, remedy) = match self {
            Self::Empty => ("no text in it".to_owned(), "check that the page was saved as text"),
            Self::LongLine { line } => (
                format!("line {line} is longer than {} KiB", MAX_LINE_BYTES >> 10),
                "this is no page dump: name its format with --format, or break the line",
            ),
            Self::Long => ("too long for a page dump".to_owned(), "split it, an article a file"),
            Self::NoComments => (
                "no comments found: each author's name stands alone on a line, the comment below it"
                    .to_owned(),
                "list the authors with --authors FILE",
            ),
            Self::AuthorsNotFound(count) => (
                format!("none of the {count} names given with --authors stands alone on a line"),
                "write the names as they stand in the file, one a line",
            ),
            Self::ArticleEndNotFound(text) => (
                format!("no line holds the text given with --article-end, `{text}`"),
                "copy a part of the article's last line",
            ),
        };
        (what, remedy.to_owned())
    }
}

/// Longest line of a page dump, in bytes.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// Below this probability a decision is listed as a doubt.
const SURE: f64 = 0.9;

/// Reads a page dump. Takes time in proportion to its length.
pub fn parse(text: &str, overrides: &Overrides<'_>) -> Result<Dump, TextError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let all = line::split(text);
    if let Some(long) = all.iter().position(|line| line.len() > MAX_LINE_BYTES) {
        return Err(TextError::LongLine { line: long as u64 + 1 });
    }
    let (lines, headings, notices) = content(&all);
    if line::filled(&all).is_empty() {
        return Err(TextError::Empty);
    }
    let given = given(&lines, &headings, overrides)?;
    let verdicts = judge(&lines, &given).ok_or(TextError::NoComments)?.verdicts;
    Ok(assemble(&all, &lines, &verdicts, notices))
}

/// The lines that may be article, names or text; which of them are headings; what was left out.
fn content<'a>(all: &[&'a str]) -> (Vec<Line<'a>>, Vec<bool>, Vec<String>) {
    let mut lines = line::filled(all);
    let (parts, notices) = furniture::find(&lines);
    for (at, line) in lines.iter_mut().enumerate() {
        line.page_before = at > 0 && parts[at - 1] == Part::Furniture;
        line.page_after = parts.get(at + 1) == Some(&Part::Furniture);
    }
    let (lines, headings) = lines
        .into_iter()
        .zip(parts)
        .filter(|(_, part)| *part != Part::Furniture)
        .map(|(line, part)| (line, part == Part::Heading))
        .unzip();
    (lines, headings, notices)
}

/// What the headings and the user say of each line.
fn given(lines: &[Line<'_>], headings: &[bool], overrides: &Overrides<'_>) -> Result<Vec<Given>, TextError> {
    let mut given: Vec<Given> =
        headings.iter().map(|&heading| if heading { Given::Heading } else { Given::Open }).collect();
    if let Some(authors) = overrides.authors {
        let names: HashSet<&str> = authors.iter().map(|name| line::trim(name)).collect();
        for (given, line) in given.iter_mut().zip(lines) {
            *given = match *given {
                _ if names.contains(line.text) => Given::Name,
                Given::Heading => Given::Heading,
                _ => Given::NotName,
            };
        }
        if !given.contains(&Given::Name) {
            return Err(TextError::AuthorsNotFound(authors.len()));
        }
    }
    if let Some(end) = overrides.article_end {
        let wanted = line::trim(end);
        let not_found = || TextError::ArticleEndNotFound(end.to_owned());
        if wanted.is_empty() {
            return Err(not_found());
        }
        let last = lines
            .iter()
            .position(|line| line.text == wanted)
            .or_else(|| lines.iter().position(|line| line.text.contains(wanted)))
            .ok_or_else(not_found)?;
        given[..=last].fill(Given::Article);
        for given in &mut given[last + 1..] {
            if matches!(given, Given::Open | Given::Heading) {
                *given = Given::Comments;
            }
        }
    }
    Ok(given)
}

fn judge(lines: &[Line<'_>], given: &[Given]) -> Option<Segments> {
    let vocabulary = Vocabulary::of(lines);
    let seen: Vec<_> = (0..lines.len()).map(|at| line::look(lines, at, &vocabulary)).collect();
    segment::segment(lines, &seen, given)
}

fn assemble(all: &[&str], lines: &[Line<'_>], verdicts: &[Verdict], mut notices: Vec<String>) -> Dump {
    let names: Vec<usize> = (0..lines.len()).filter(|&at| verdicts[at].role == Role::Name).collect();
    let article = 0..names.first().map_or(all.len(), |&first| lines[first].index);
    let suffix = suffix(&names.iter().map(|&at| lines[at].text).collect::<Vec<_>>());
    if !suffix.is_empty() {
        notices.push(format!("authors' lines end in `{suffix}`: left out of the names"));
    }
    let articles = Article::of(&all[article.clone()]);
    let comments = names.iter().enumerate().map(|(number, &at)| {
        let next = names.get(number + 1).copied().unwrap_or(lines.len());
        let last = lines[next - 1].index;
        let text = line::trim(&all[lines[at + 1].index..=last].join("\n")).to_owned();
        let quotes = articles.quotes(&text);
        let name = lines[at].text;
        let author = line::trim(name.strip_suffix(suffix).unwrap_or(name)).to_owned();
        DumpComment { author, text, quotes, lines: lines[at].index..last + 1 }
    });
    let comments = comments.collect();
    Dump { article, comments, doubts: doubts(lines, verdicts), notices }
}

/// What nearly all authors' lines end in, as in `Ada says:`; empty where they do not end in a
/// colon.
fn suffix<'a>(names: &[&'a str]) -> &'a str {
    const LEAST: usize = 3;
    let distinct: HashSet<&str> = names.iter().copied().collect();
    let Some(first) = names.iter().find(|name| name.ends_with(':')) else { return "" };
    // From the longest: all but the first word, ..., the last word, the colon.
    let starts = first.match_indices(' ').map(|(at, _)| at).chain([first.len() - 1]);
    let is_common = |suffix: &str| {
        let ending = |name: &&&str| name.len() > suffix.len() && name.ends_with(suffix);
        names.iter().filter(ending).count() * 10 >= names.len() * 9
    };
    if distinct.len() < LEAST {
        ""
    } else {
        starts.map(|at| &first[at..]).find(|end| is_common(end)).unwrap_or("")
    }
}

/// The article's words, to be found again in comments.
struct Article {
    index: Index,
}

impl Article {
    fn of(lines: &[&str]) -> Self {
        let text = lines.join("\n");
        let mut index = Index::new(text.len() / 2 + 2);
        let mut words = Vec::new();
        quote::split(&text, &mut words);
        index.push(0, &words, &[]);
        Self { index }
    }

    fn quotes(&self, text: &str) -> Vec<Range<usize>> {
        let mut words = Vec::new();
        quote::split(text, &mut words);
        let quotes = quote::find(text, &words, &[], &[], &self.index, None).into_iter();
        quotes.flat_map(|quote| quote.found).collect()
    }
}

fn doubts(lines: &[Line<'_>], verdicts: &[Verdict]) -> Vec<Doubt> {
    let unsure = lines.iter().zip(verdicts).filter(|(_, verdict)| verdict.probability < SURE);
    unsure
        .map(|(line, verdict)| {
            let (taken, else_) = match verdict.role {
                Role::Name => ("an author", "a line of the text above"),
                Role::Text => ("text of a comment", "an author"),
                Role::Article => ("the article", "the beginning of the comments"),
            };
            let shown: String = line.text.chars().take(60).collect();
            let percent = (verdict.probability * 100.0).round();
            Doubt {
                line: line.index as u64 + 1,
                what: format!("`{shown}` taken for {taken} ({percent} %), may be {else_}"),
            }
        })
        .collect()
}

/// Whether a `,`, `;` or `|` parts words without a space, the way of tables.
fn has_tight_delimiter(line: &str) -> bool {
    let parts = line.match_indices([',', ';', '|']);
    parts.into_iter().any(|(at, _)| {
        line[..at].ends_with(char::is_alphabetic)
            && line[at + 1..].starts_with(|c: char| c == '"' || c.is_alphabetic())
    })
}

/// Log-odds against an article alone from which a text is a page dump.
const MIN_GAIN: f64 = 4.0;
/// Comments of more lines on average are chapters of something else.
const MAX_LINES_PER_COMMENT: usize = 12;

/// What speaks for a text being a page dump.
#[derive(Clone, Debug, PartialEq)]
pub struct Sniff {
    /// Log-odds against a text that is all article.
    pub gain: f64,
    /// In words, for the report.
    pub why: String,
}

/// Whether a text (or its beginning: some hundred lines are plenty) is a page dump at all; none if
/// an essay, a table, a log or a chat would look the same.
pub fn sniff(text: &str) -> Option<Sniff> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let all = line::split(text);
    if all.iter().any(|line| line.len() > MAX_LINE_BYTES) || text.trim_start().starts_with(['{', '[', '<']) {
        return None;
    }
    let (lines, headings, _) = content(&all);
    let given = given(&lines, &headings, &Overrides::default()).ok()?;
    let Segments { verdicts, gain } = judge(&lines, &given)?;
    let names = verdicts.iter().filter(|verdict| verdict.role == Role::Name).count();
    let texts: Vec<&Line<'_>> = lines
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| verdict.role == Role::Text)
        .map(|(line, _)| line)
        .collect();
    let running = texts.iter().filter(|line| line::count_words(line.text) >= 4).count();
    let share =
        |test: fn(&str) -> bool| lines.iter().filter(|line| test(line.text)).count() * 5 > lines.len();
    let is_dump = names >= 2
        && gain >= MIN_GAIN
        && texts.len() <= MAX_LINES_PER_COMMENT * names
        && 4 * running >= names
        && !share(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        && !share(|line| line.ends_with(['{', '}', ';', '\\', '>']))
        && !share(|line| line.contains('\t') || has_tight_delimiter(line));
    is_dump.then(|| Sniff {
        gain,
        why: format!("{names} lines stand alone like names, above {} lines of text", texts.len()),
    })
}
