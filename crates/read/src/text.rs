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
//! Many sites mark an author's line: by the time next to it, or by their own lines around it. If
//! nothing does, it can only be inferred. `docs/page-dump.md` explains this to users, with remedies
//! for when it goes wrong. The steps:
//!
//! 1. `header` finds lines of a name and a time, `inline` finds `Name: text` and `— Name`.
//! 2. `furniture` sets aside lines that the site puts around every comment, and finds the section's
//!    heading; `layout` finds the names by their place among those lines.
//! 3. `line` looks at each line: its length, ending and capitals, whether its words are ordinary
//!    ones (in English, and in this file), whether the same line recurs, whether others address it,
//!    blank lines around it.
//! 4. `segment` weighs all of it over the whole file with a hidden Markov model, fitted to the
//!    file. It treats the results of the first steps as certain.
//!
//! `evidence` decides if a text is such a page at all.
//!
//! It fails on names that are ordinary sentences ("I agree with this"); short comments written like
//! names ("Total Disgrace") by or before authors who write once; comments that consist of lines
//! shaped like names (lists of people, poems of single words); a last section of the article that
//! is as short as a comment, under a subheading that is shaped like a name; scripts of plays, which
//! look the same. Unsure decisions are in [`Dump::doubts`]; the [`Overrides`] settle them.

mod evidence;
mod furniture;
mod header;
mod inline;
mod layout;
mod line;
mod page_words;
#[cfg(test)]
mod pages;
mod segment;
pub(crate) mod utterances;
mod words;

use std::collections::HashSet;
use std::ops::Range;

use thiserror::Error;

use self::furniture::Part;
use self::header::Headers;
use self::line::{Line, Vocabulary};
use self::segment::{Given, Role, Segments, Verdict};
use super::Doubt;
use comity_core::quote::{self, Index};

/// Corrections by the user.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides<'a> {
    /// All authors: a line is an author's if and only if it is one of these.
    pub authors: Option<&'a [String]>,
    /// The last line of the article, or a part of it.
    pub article_end: Option<&'a str>,
}

/// A page dump that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Dump {
    /// The lines of the article, from 0: always a prefix of the file; empty if it begins with a
    /// comment.
    pub article: Range<usize>,
    /// The comments in the order of the file.
    pub comments: Vec<DumpComment>,
    /// Decisions that the evidence does not settle.
    pub doubts: Vec<Doubt>,
    /// The parts that were left out, and the reasons; one sentence each.
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
    /// those that repeat earlier comments.
    pub quotes: Vec<Range<usize>>,
    /// The lines of the author and of the text, from 0.
    pub lines: Range<usize>,
}

/// The reason a text cannot be read as a page dump.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}; {}", self.parts().0, self.parts().1)]
pub enum TextError {
    /// There is nothing but white space.
    Empty,
    /// A line is longer than any comment: [`MAX_LINE_BYTES`].
    LongLine {
        /// The line, from 1.
        line: u64,
    },
    /// There is more text than can be weighed at once.
    Long,
    /// There is no author line, or nothing below it.
    NoComments,
    /// None of the authors, of whom there are this many, is alone on a line.
    AuthorsNotFound(usize),
    /// The text is not in the file.
    ArticleEndNotFound(String),
}

impl TextError {
    /// Returns the fault and the remedy.
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
                format!("no line contains the text given with --article-end, `{text}`"),
                "copy a part of the article's last line",
            ),
        };
        (what, remedy.to_owned())
    }
}

/// The longest line of a page dump, in bytes.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// The probability below which a decision is listed as a doubt.
const SURE: f64 = 0.9;

/// Reads a page dump. Takes time in proportion to its length.
pub fn parse(text: &str, overrides: &Overrides<'_>) -> Result<Dump, TextError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let all = line::split(text);
    if let Some(long) = all.iter().position(|line| line.len() > MAX_LINE_BYTES) {
        return Err(TextError::LongLine { line: long as u64 + 1 });
    }
    let page = Page::of(&all);
    if page.lines.is_empty() {
        return Err(TextError::Empty);
    }
    let given = given(&page, overrides)?;
    let verdicts = judge(&page.lines, &given).ok_or(TextError::NoComments)?.verdicts;
    Ok(assemble(&all, &page.lines, &verdicts, page.notices))
}

/// The evidence for the names of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// The page's own lines around them, or the time in the same line.
    Layout,
    /// The colon after them or the dash before them.
    Sign,
    /// Their looks: the page shows nothing else.
    Looks,
}

/// The lines that may be article, names or text.
struct Page<'a> {
    lines: Vec<Line<'a>>,
    /// The evidence of the layout on each line.
    given: Vec<Given>,
    names: Names,
    /// The parts that were left out, and the reasons.
    notices: Vec<String>,
}

impl<'a> Page<'a> {
    fn of(all: &[&'a str]) -> Self {
        let mut lines = line::filled(all);
        let headers = header::mark(&mut lines);
        let mut names = if matches!(headers, Headers::Marked) { Names::Layout } else { Names::Looks };
        let found = furniture::find(&lines, &headers);
        let mut notices = furniture::notices(&lines, &found);
        let mut parts = found.parts.clone();
        let layout = if names == Names::Looks { layout::find(&lines, &found) } else { None };
        let mut start = 0;
        if let Some(layout) = layout {
            names = Names::Layout;
            start = layout.start;
            for &at in &layout.names {
                lines[at].is_header = true;
            }
            for &at in &layout.between {
                parts[at] = Part::Furniture;
            }
            if let Some(&first) = layout.between.iter().min() {
                let count = layout.between.len();
                notices.push(format!(
                    "{count} lines between an author and the text, such as `{}`, left out of the comments",
                    lines[first].text
                ));
            }
        }
        if names == Names::Layout
            && let Some(footer) = footer(&lines, &parts)
        {
            parts[footer..].fill(Part::Furniture);
            let (first, last) = (lines[footer].index + 1, lines[lines.len() - 1].index + 1);
            let range =
                if first == last { format!("line {first}") } else { format!("lines {first} to {last}") };
            notices.push(format!("{range}, below the last comment, taken for the page's footer"));
        }
        for at in 0..lines.len() {
            lines[at].page_before = at > 0 && parts[at - 1] == Part::Furniture;
            lines[at].page_after = parts.get(at + 1) == Some(&Part::Furniture);
        }
        let kept = lines.iter().zip(&parts).enumerate().filter(|(_, (_, part))| **part != Part::Furniture);
        let given = |at: usize, line: &Line<'_>, part: Part| match (names, part) {
            (_, Part::Heading) => Given::Heading,
            (Names::Looks, _) => Given::Open,
            _ if line.is_header => Given::Name,
            _ if at < start => Given::Open,
            _ => Given::NotName,
        };
        let (mut kept, mut given): (Vec<Line<'a>>, Vec<Given>) =
            kept.map(|(at, (line, part))| (line.clone(), given(at, line, *part))).unzip();
        if names == Names::Looks
            && let Some(lines) = inline::split_colons(&kept).or_else(|| inline::join_signatures(&kept))
        {
            names = Names::Sign;
            let of = |line: &Line<'_>| if line.is_header { Given::Name } else { Given::NotName };
            given = lines.iter().map(of).collect();
            kept = lines;
        }
        let silent = drop_silent(&mut kept, &mut given);
        if silent > 0 {
            notices.push(format!("{silent} comments without a text left out"));
        }
        Self { lines: kept, given, names, notices }
    }
}

/// Returns the first line below the last comment, if a line of the site's own (`reply`) ends each
/// comment and others follow the last of these lines.
fn footer(lines: &[Line<'_>], parts: &[Part]) -> Option<usize> {
    const FEWEST: usize = 4;
    const MOST_LINES: usize = 8;
    let names: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].is_header).collect();
    let (&last, rest) = names.split_last()?;
    // The lines of the site between the text before a name and that name.
    let above = |name: usize| {
        let above = (0..name).rev().take(MOST_LINES).take_while(move |at| parts[*at] == Part::Furniture);
        above.map(move |at| lines[at].text)
    };
    let is_constant = |end: &&str| {
        let alike = rest.iter().skip(1).filter(|name| above(**name).any(|text| text == *end)).count();
        rest.len() >= FEWEST && alike * 10 >= (rest.len() - 1) * 9
    };
    let of_last = |end: &str| {
        (last + 1..lines.len()).find(|at| parts[*at] == Part::Furniture && lines[*at].text == end)
    };
    let footer = above(last).filter(is_constant).filter_map(of_last).max()? + 1;
    parts.get(footer..)?.iter().any(|part| *part != Part::Furniture).then_some(footer)
}

/// Leaves out names without a text below them, which are certain from the layout. Returns their
/// number.
fn drop_silent(lines: &mut Vec<Line<'_>>, given: &mut Vec<Given>) -> usize {
    let before = lines.len();
    let is_silent: Vec<bool> = (0..before)
        .map(|at| given[at] == Given::Name && given.get(at + 1).is_none_or(|next| *next == Given::Name))
        .collect();
    let mut at = 0..;
    lines.retain(|_| at.next().is_none_or(|at| !is_silent[at]));
    let mut at = 0..;
    given.retain(|_| at.next().is_none_or(|at: usize| !is_silent[at]));
    before - lines.len()
}

/// Returns the evidence of the page and of the user's overrides on each line.
fn given(page: &Page<'_>, overrides: &Overrides<'_>) -> Result<Vec<Given>, TextError> {
    let lines = &page.lines;
    let mut given = page.given.clone();
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
    let first = names.first().map_or(lines.len(), |&first| first);
    let article = match first {
        0 => 0..0,
        first => 0..lines.get(first..first + 2).map_or(all.len(), |two| two[0].index.min(two[1].index)),
    };
    let suffix = suffix(&names.iter().map(|&at| lines[at].text).collect::<Vec<_>>());
    if !suffix.is_empty() {
        notices.push(format!("authors' lines end in `{suffix}`: left out of the names"));
    }
    let articles = Article::of(&all[article.clone()]);
    let comments = names.iter().enumerate().map(|(number, &at)| {
        let next = names.get(number + 1).copied().unwrap_or(lines.len());
        let text = text_of(all, &lines[at + 1..next]);
        let quotes = articles.quotes(&text);
        let name = lines[at].text;
        let author = line::trim(name.strip_suffix(suffix).unwrap_or(name)).to_owned();
        let (first, last) =
            (lines[at].index.min(lines[at + 1].index), lines[at].index.max(lines[next - 1].index));
        DumpComment { author, text, quotes, lines: first..last + 1 }
    });
    let comments = comments.collect();
    Dump { article, comments, doubts: doubts(lines, verdicts), notices }
}

/// Returns the lines of a comment with the blank ones between them.
fn text_of(all: &[&str], lines: &[Line<'_>]) -> String {
    let mut text = String::new();
    let mut end = lines.first().map_or(0, |line| line.index);
    for line in lines {
        let blank = all[end..line.index].iter().filter(|line| line::trim(line).is_empty());
        text.extend(blank.map(|_| '\n'));
        text.push_str(line.raw);
        text.push('\n');
        end = line.index + 1;
    }
    line::trim(&text).to_owned()
}

/// Returns the common end of nearly all authors' lines, as in `Ada says:`; empty if they do not end
/// in a colon.
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

/// Returns true if a `,`, `;` or `|` separates words without a space, as in tables.
fn has_tight_delimiter(line: &str) -> bool {
    let parts = line.match_indices([',', ';', '|']);
    parts.into_iter().any(|(at, _)| {
        line[..at].ends_with(char::is_alphabetic)
            && line[at + 1..].starts_with(|c: char| c == '"' || c.is_alphabetic())
    })
}

/// The log-odds, against an article alone, from which a text is a page dump.
const MIN_GAIN: f64 = 4.0;
/// The number of comments below which they prove nothing.
const LEAST_COMMENTS: usize = 3;
/// The mean number of lines per comment above which they are chapters of something else.
const MAX_LINES_PER_COMMENT: usize = 12;

/// The evidence for a text being a page dump.
#[derive(Clone, Debug, PartialEq)]
pub struct Sniff {
    /// The log-odds against a text that is all article.
    pub gain: f64,
    /// The evidence in words, for the report.
    pub why: String,
}

/// Returns the evidence for a text (or its beginning: some hundred lines are plenty) being a page
/// dump; `None` if there is no evidence but short lines, as in an essay, a README, a table, a log
/// or a chat.
pub fn sniff(text: &str) -> Option<Sniff> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let all = line::split(text);
    if all.iter().any(|line| line.len() > MAX_LINE_BYTES) || text.trim_start().starts_with(['{', '<']) {
        return None;
    }
    let page = Page::of(&all);
    let lines = &page.lines;
    let Segments { verdicts, gain } = judge(lines, &page.given)?;
    let of_role = |role: Role| lines.iter().zip(&verdicts).filter(move |(_, verdict)| verdict.role == role);
    let names = of_role(Role::Name).count();
    let texts: Vec<&str> = of_role(Role::Text).map(|(line, _)| line.text).collect();
    let authors: HashSet<&str> = of_role(Role::Name).map(|(line, _)| line.text).collect();
    let running = texts.iter().filter(|text| line::count_words(text) >= 4).count();
    let share = |test: fn(&str) -> bool| texts.iter().filter(|text| test(text)).count() * 5 > texts.len();
    let content: Vec<&str> = lines.iter().filter(|line| !line.is_header).map(|line| line.text).collect();
    let is_page = authors.len() >= 2
        && gain >= MIN_GAIN
        && texts.len() <= MAX_LINES_PER_COMMENT * names
        && 4 * running >= names
        && !share(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        && !share(|line| line.ends_with(['{', '}', ';', '\\', '>']))
        && !share(|line| line.contains('\t') || has_tight_delimiter(line))
        && match page.names {
            Names::Layout => {
                names >= LEAST_COMMENTS
                    && !evidence::is_document(&content, 0.3)
                    && !evidence::is_wrapped(&content)
            }
            Names::Sign => {
                let personal = evidence::personal(texts.iter().copied());
                personal >= 0.25 && !authors.iter().any(|name| is_key(name))
            }
            Names::Looks => {
                let (known, comments) = evidence::conversation(lines, &verdicts);
                !evidence::is_document(&all, if known >= 3 { 0.2 } else { 0.1 })
                    && !evidence::is_wrapped(&all)
                    && authors.iter().filter(|name| evidence::is_pair(name)).count() * 5 <= authors.len()
                    && (known >= 2 && 4 * comments >= names || known == 1 && 2 * comments >= names)
                    && evidence::personal(texts.iter().copied()) >= 0.2
            }
        };
    is_page.then(|| Sniff {
        gain,
        why: format!("{names} lines stand alone like names, above {} lines of text", texts.len()),
    })
}

/// Returns true for a name that is a key of records rather than an author.
fn is_key(name: &str) -> bool {
    const KEYS: [&str; 24] = [
        "title",
        "author",
        "date",
        "from",
        "to",
        "subject",
        "status",
        "tags",
        "category",
        "body",
        "name",
        "description",
        "url",
        "email",
        "version",
        "note",
        "warning",
        "error",
        "info",
        "license",
        "type",
        "text",
        "id",
        "summary",
    ];
    KEYS.contains(&name.to_lowercase().as_str())
}
