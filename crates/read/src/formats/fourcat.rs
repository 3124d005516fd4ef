//! Data sets of 4CAT, as CSV or ndjson: read like any table or ndjson, with 4CAT's own columns
//! chosen.
//!
//! Posts on imageboards link in their text to the posts that they answer (`>>5001`): the first such
//! link is the parent, unless a column names one, and all of them are quotes, as nobody wrote them.

use std::ops::Range;

use comity_core::comment::Comment;

use super::{FormatEntry, Hooks, csv, ndjson};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record, keys};

/// The columns that every data set has.
const REQUIRED: [&str; 4] = ["id", "thread_id", "timestamp", "body"];

/// The columns of the fields; the first existing one is used.
const COLUMNS: [(Field, &str); 8] = [
    (Field::Text, "body"),
    (Field::Author, "author"),
    (Field::Id, "id"),
    (Field::Parent, "parent_id"),
    (Field::Parent, "parent"),
    (Field::Thread, "thread_id"),
    (Field::CreatedAt, "unix_timestamp"),
    (Field::CreatedAt, "timestamp"),
];

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "4cat",
    description: "a data set of 4CAT, CSV or ndjson",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks { has_header: true, ..Hooks::NONE },
};

/// Checks whether the header, or most of the first lines, have 4CAT's columns.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let names = names(source);
    if mapping.has_names() || !REQUIRED.iter().all(|name| names.iter().any(|known| known == name)) {
        return Verdict::No;
    }
    Verdict::Sure("has the columns of a data set of 4CAT".to_owned())
}

/// Returns the columns of the header, or the keys of the first lines.
fn names(source: &Source) -> Vec<String> {
    let head = source.head();
    if !head.starts_with(b"{") {
        let header = head.split(|byte| *byte == source.line_end()).next().unwrap_or_default();
        let header = String::from_utf8_lossy(header);
        return header.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect();
    }
    keys::names(&ndjson::sample(source))
}

/// Opens the data set.
fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let names = names(&input.source);
    let present = COLUMNS.into_iter().filter(|(_, column)| names.iter().any(|name| name == column));
    let mut options = (*input.options).clone();
    options.mapping = options.mapping.or(present);
    input.options = options.into();
    let is_ndjson = input.source.head().starts_with(b"{");
    let posts = if is_ndjson { ndjson::open(input)? } else { csv::open(input)? };
    Ok(Box::new(FourCat(posts)))
}

struct FourCat(Box<dyn Parser>);

impl Parser for FourCat {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        let mut record = self.0.next()?;
        if let Some(Record::Comment(post)) = &mut record {
            link(post, |_| true);
        }
        Ok(record)
    }

    fn input(&mut self) -> &mut Input {
        self.0.input()
    }
}

/// Marks the links to other posts, and makes the first one to a post of the thread the parent,
/// unless there is one. `is_of_thread` checks the number of a post.
pub(crate) fn link(post: &mut Comment, is_of_thread: impl Fn(&str) -> bool) {
    let links = links(&post.text);
    let mut numbers = links.iter().map(|link| post.text[link.clone()].trim_start_matches('>'));
    let answered = numbers.find(|number| is_of_thread(number)).map(str::to_owned);
    let answered = answered.filter(|id| *id != post.id);
    post.parent = post.parent.take().or(answered);
    post.quotes = links;
}

/// Finds the links to other posts of the board. Three `>` lead to another board.
fn links(text: &str) -> Vec<Range<usize>> {
    let mut links: Vec<Range<usize>> = Vec::new();
    for (start, _) in text.match_indices(">>") {
        let digits = text[start + 2..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && !text[..start].ends_with('>') {
            links.push(start..start + 2 + digits);
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_posts_are_found() {
        for (text, expected) in [
            (">>5001\nNo.", vec![">>5001"]),
            (">>5001 >>5002\nNo, >>5003.", vec![">>5001", ">>5002", ">>5003"]),
            (">>>/x/12 >>>5001 >> 5002 >>a", vec![]),
            ("1 >> 2", vec![]),
        ] {
            let found: Vec<&str> = links(text).into_iter().map(|link| &text[link]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
