//! `queue.html`: the flagged comments, for the people who decide about them. Opens offline, with or
//! without scripts.
//!
//! The page has cards for the worst comments; all others follow as data (see [`super::rest`]), from
//! which the script makes cards when they are asked for.
//!
//! The text of comments reaches the page through the template's escaping (no filter switches it
//! off) or as JSON in which no `<` stands, which the script shows as text. The page's styles and
//! script are the only ones that the content security policy allows (by hash), and nothing is
//! loaded from anywhere.

pub(super) mod card;
pub(super) mod text;
mod thread;
mod what_if;

use std::io::{self, Write};

use askama::Template;

use super::beside::Beside;
use super::{Queue, Sources};
use crate::decisions::ReviewStats;
use crate::label::Label;
use crate::report::draft::Drafts;
use crate::report::page::hash;
use crate::report::plain::{self, count, percent, percents, visible};
use crate::report::{ReportError, Summary};
use card::{Card, card};
use comity_infer::caution::Caution;
use thread::{Thread, threads};
use what_if::{WhatIf, duration, what_ifs};

pub(in crate::report) const PAGE: &str = "queue.html";

/// Characters of a comment shown.
pub(super) const MAX_TEXT: usize = 4_000;

/// Characters of a name in an attribute: longer ones could fill the disk.
const MAX_NAME: usize = 1_000;

#[derive(Template)]
#[template(path = "queue.html")]
struct Page<'a> {
    summary: &'a Summary,
    base_style_hash: String,
    style_hash: String,
    script_hash: String,
    /// `deadbeef…`: enough of the checksum to compare by eye.
    checksum: String,
    /// Tells the decisions of one export from those of another.
    run_key: String,
    cards: Vec<Card<'a>>,
    /// Flagged comments on the page, and the different texts among them.
    on_page: u64,
    texts: u64,
    /// The number of cards.
    cards_shown: u64,
    /// All cautions: as files have them, and in words.
    cautions: Vec<(&'static str, &'static str)>,
    /// The threads of the cards, as many as the page has room for.
    whole: Vec<Thread<'a>>,
    what_ifs: Vec<WhatIf<'a>>,
    /// People's decisions, compared with what the scores lead to expect.
    judged: Option<String>,
    expected_right: String,
    time: String,
    pace: f64,
}

/// The place of the data in the page. A text can't have it: the template escapes `<`.
const DATA: &str = "<script type=\"application/json\" id=\"rest\">";

/// Writes `queue.html`.
pub(in crate::report) fn write(
    sources: &Sources<'_>,
    summary: &Summary,
    queue: &mut Queue<'_>,
    evaluation: Option<&ReviewStats>,
    drafts: &mut Drafts,
) -> Result<(), ReportError> {
    let beside = Beside::read(sources, &queue.items)?;
    let cards: Vec<Card<'_>> = queue.items.iter().map(|item| card(item, sources, queue, &beside)).collect();
    let policy = sources.policy;
    let inputs: Vec<&str> = summary.run.inputs.iter().map(|input| input.sha256.as_str()).collect();
    let page = Page {
        summary,
        base_style_hash: hash(include_str!("../../../templates/report.css")),
        style_hash: hash(include_str!("../../../templates/queue.css")),
        script_hash: hash(include_str!("../../../templates/queue.js")),
        checksum: summary.run.model.checksum.chars().take(12).collect(),
        run_key: hash(&(summary.run.model.checksum.clone() + " " + &inputs.join(" "))),
        on_page: queue.on_page(),
        texts: queue.texts,
        cards_shown: cards.len() as u64,
        cautions: Caution::ALL.into_iter().map(|caution| (caution.as_str(), caution.words())).collect(),
        cards,
        whole: threads(sources, queue, &beside)?,
        what_ifs: what_ifs(sources, summary.counts.scored, evaluation),
        judged: evaluation.map(|found| {
            let tally = &found.flagged;
            let interval = tally.interval().map(|interval| format!(" ({})", percents(&interval)));
            let share = percent(tally.precision()) + &interval.unwrap_or_default();
            format!("{} of {} judged flags were right: {share}", count(tally.right), count(tally.judged()))
        }),
        expected_right: percent(queue.expected_right()),
        time: duration(summary.counts.flagged as f64 * policy.seconds_a_comment),
        pace: policy.seconds_a_comment,
    };
    let html = page.render().map_err(|error| drafts.failed(PAGE, io::Error::other(error)))?;
    drop(page);
    // Over the whole page, so that no field is forgotten; the template has no such characters.
    let html = visible(&html);
    let mut draft = drafts.create(PAGE)?;
    let mut write = || {
        let Some((before, after)) = html.split_once(DATA) else { return draft.write_all(html.as_bytes()) };
        draft.write_all(before.as_bytes())?;
        draft.write_all(DATA.as_bytes())?;
        queue.rest.write_to(policy, &mut draft)?;
        draft.write_all(after.as_bytes())
    };
    write().and_then(|()| draft.write_all(b"\n")).map_err(|source| drafts.failed(PAGE, source))?;
    drafts.finish(PAGE, draft)
}

/// A label in words.
pub(super) fn words_of(label: Label) -> String {
    label.as_str().replace('_', " ")
}
