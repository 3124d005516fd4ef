//! The flagged comments that have no card in the page as it is written: a JSON object a line, from
//! which the page's script makes a card when it is asked for. They are written to a temporary file
//! while the ranks are read, for there may be many.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use serde::Serialize;

use super::page::card::{attribute, harm_words, next_rule};
use super::page::text::{Segment, segments};
use super::page::words_of;
use super::{Item, Neighbour, Sources};
use crate::policy::{Policy, reach};
use crate::report::address::is_web_address;
use crate::report::plain::visible;
use crate::report::summary::six;

/// Bytes of comments behind the cards of a page: a browser opens a page of this size in seconds.
/// Comments of usual length have about 1 KB here, so this has room for some 60,000 of them; what is
/// left out is said at the top of the page.
pub(super) const MOST_BYTES: u64 = 64 << 20;

/// The comments that follow those with cards, in the order of their ranks.
pub(in crate::report) struct Rest {
    file: BufWriter<File>,
    /// The bytes that may still be added.
    room: u64,
    /// The number of comments.
    pub(super) comments: u64,
}

/// A rule of the policy, by whose number a comment names it.
#[derive(Serialize)]
struct Rule {
    rule: String,
    label: &'static str,
    label_words: String,
    action: &'static str,
}

/// A comment, as the page's script reads it. Absent is what it has not.
#[derive(Serialize)]
struct Row<'a> {
    rank: usize,
    thread: String,
    /// The title of the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    /// The number of its rule, from 0.
    rule: usize,
    score: f64,
    threshold: f64,
    harm: f64,
    /// See [`harm_words`].
    #[serde(skip_serializing_if = "Option::is_none")]
    harm_words: Option<String>,
    /// The label's next more severe rule: how far below it the score is, its name, threshold and
    /// action.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<(String, &'a str, String, &'static str)>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    evasion: bool,
    /// See [`Item`]: the words, and how many characters were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_as: Option<(String, usize)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cautions: Vec<&'static str>,
    text: Vec<Stretch>,
    /// Characters left out at the end.
    #[serde(skip_serializing_if = "is_zero")]
    cut: usize,
    /// Its place in its thread, and how many comments that has.
    position: [u32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    file: String,
    line: u64,
    sha256: String,
    /// The rank of the first comment with the same words, or nearly the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    same: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    near: Option<usize>,
    /// The number of later comments with its words, if it is the first.
    #[serde(skip_serializing_if = "is_zero_u64")]
    repeats: u64,
}

/// A stretch of a text: own words, or a quote with the name of who is quoted.
#[derive(Serialize)]
#[serde(untagged)]
enum Stretch {
    Own(String),
    Quote([Option<String>; 2]),
}

/// The comment that a comment answers or follows.
#[derive(Serialize)]
struct Context {
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    text: String,
    #[serde(skip_serializing_if = "is_zero")]
    cut: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn is_zero_u64(number: &u64) -> bool {
    *number == 0
}

impl Rest {
    /// Begins an empty list that may grow to `most` bytes, with a temporary file that `scratch` is.
    pub(super) fn new(scratch: File, most: u64) -> Self {
        Self { file: BufWriter::new(scratch), room: most, comments: 0 }
    }

    /// Adds a comment. The first one for which there is no room ends the list.
    pub(super) fn add(&mut self, item: &Item<'_>, sources: &Sources<'_>) -> io::Result<()> {
        if self.room == 0 { Ok(()) } else { self.push(&json(&row(item, sources))) }
    }

    fn push(&mut self, row: &str) -> io::Result<()> {
        let before = if self.comments == 0 { "" } else { ",\n" };
        let size = (before.len() + row.len()) as u64;
        let Some(room) = self.room.checked_sub(size) else {
            self.room = 0;
            return Ok(());
        };
        (self.room, self.comments) = (room, self.comments + 1);
        self.file.write_all(before.as_bytes())?;
        self.file.write_all(row.as_bytes())
    }

    /// Writes the list as JSON: the rules of the policy, and the rows.
    pub(super) fn write_to(&mut self, policy: &Policy, out: &mut impl Write) -> io::Result<()> {
        let rules: Vec<Rule> = policy
            .rules
            .iter()
            .map(|rule| Rule {
                rule: visible(&rule.name).into_owned(),
                label: rule.label.as_str(),
                label_words: words_of(rule.label),
                action: rule.action.as_str(),
            })
            .collect();
        writeln!(out, "{{\"rules\":{},\"rows\":[", json(&rules))?;
        self.file.flush()?;
        let file = self.file.get_mut();
        file.rewind()?;
        // By parts: the whole may be larger than memory should hold.
        io::copy(file, out)?;
        out.write_all(b"\n]}")
    }
}

/// JSON that can stand in a `script` element: no `<` of a text ends the element or begins a
/// comment.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it is plain data").replace('<', "\\u003c")
}

fn row<'a>(item: &'a Item<'_>, sources: &Sources<'a>) -> Row<'a> {
    let Item { fired, comment, context, .. } = item;
    let quoted_author = |quote: usize, _: &str| {
        context.as_ref().filter(|context| context.has_quote[quote])?.neighbour.author.as_deref()
    };
    let stretch = |Segment { quoted, by, pieces }: Segment<'_>| {
        let text = visible(&pieces.iter().map(|piece| piece.text).collect::<String>()).into_owned();
        if quoted { Stretch::Quote([by.map(shown), Some(text)]) } else { Stretch::Own(text) }
    };
    let reached = reach(comment);
    let rules = &sources.policy.rules;
    Row {
        rank: item.rank,
        thread: shown(&comment.thread),
        title: comment.thread_title.as_deref().map(shown),
        id: shown(&comment.id),
        author: comment.author.as_deref().map(shown),
        time: comment.created_at.map(|time| time.to_string()),
        rule: rules.iter().position(|rule| rule.name == fired.rule.name).expect("it is one of the policy's"),
        score: six(fired.score),
        threshold: fired.threshold,
        harm: six(fired.harm(reached)),
        harm_words: harm_words(fired.score, fired.rule.severity, reached),
        next: next_rule(sources.policy, item),
        evasion: item.evasion,
        read_as: item.read_as.as_ref().map(|(read, cut)| (visible(read).into_owned(), *cut)),
        cautions: item.cautions.iter().map(|caution| caution.as_str()).collect(),
        text: segments(&comment.text, &comment.quotes, quoted_author, &[]).into_iter().map(stretch).collect(),
        cut: item.cut,
        position: [item.position, sources.first_pass.threads.totals(item.thread).comments],
        context: context.as_ref().map(|context| {
            let Neighbour { author, text, .. } = &context.neighbour;
            let text = visible(text).into_owned();
            Context {
                what: context.kind.words(),
                author: author.as_deref().map(shown),
                text,
                cut: context.cut,
            }
        }),
        link: comment.link.as_deref().filter(|link| is_web_address(link)),
        file: shown(&comment.origin.file),
        line: comment.origin.line,
        sha256: item.text_sha256.clone(),
        same: item.duplicate_of,
        near: item.near_duplicate_of,
        repeats: item.repeats,
    }
}

/// A name as the page shows it.
fn shown(name: &str) -> String {
    visible(&attribute(name)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rest: &mut Rest) -> serde_json::Value {
        let mut out = Vec::new();
        rest.write_to(&Policy::built_in(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn the_first_comment_without_room_ends_the_list() {
        let mut rest = Rest::new(tempfile::tempfile().unwrap(), 12);
        for row in ["[1]", "[2]", "[33333]", "[4]"] {
            rest.push(row).unwrap();
        }
        assert_eq!(rest.comments, 2);
        let data = written(&mut rest);
        assert_eq!(data["rows"], serde_json::json!([[1], [2]]));
        assert_eq!(data["rules"].as_array().unwrap().len(), Policy::built_in().rules.len());
        let mut empty = Rest::new(tempfile::tempfile().unwrap(), 2);
        empty.push("[1]").unwrap();
        assert_eq!((empty.comments, &written(&mut empty)["rows"]), (0, &serde_json::json!([])));
    }

    #[test]
    fn no_text_ends_the_element() {
        let text = "</script><!-- \u{2028}";
        assert_eq!(json(&text), "\"\\u003c/script>\\u003c!-- \u{2028}\"");
        assert_eq!(serde_json::from_str::<String>(&json(&text)).unwrap(), text);
    }
}
