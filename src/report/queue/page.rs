//! `queue.html`: the worst flagged comments, for those who decide about them. Opens offline, with or without scripts.
//!
//! Text of comments reaches the page through the template's escaping alone (no filter switches it off), its styles and
//! script are the only ones that the content security policy lets run (by hash), and nothing is loaded from anywhere.

mod card;
mod text;
mod thread;
mod what_if;

use std::collections::BTreeMap;

use askama::Template;

use super::beside::Beside;
use super::caution::Caution;
use super::{Queue, Sources};
use crate::decisions::Evaluation;
use crate::label::Label;
use crate::report::draft::Drafts;
use crate::report::page::hash;
use crate::report::plain::{self, count, percent, percents, visible};
use crate::report::{ReportError, Summary};
use card::{Card, card};
use thread::{Thread, threads};
use what_if::{WhatIf, duration, what_ifs};

pub(in crate::report) const PAGE: &str = "queue.html";

/// Characters of a comment shown.
const MAX_TEXT: usize = 4_000;

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
    /// Flagged comments not shown, repeats aside.
    more_cards: u64,
    actions: Vec<&'static str>,
    rules: Vec<&'a str>,
    /// Cautions that a card has.
    cautions: Vec<(&'static str, &'static str)>,
    threads: BTreeMap<usize, String>,
    /// The threads of the cards, as far as the page has room.
    whole: Vec<Thread<'a>>,
    what_ifs: Vec<WhatIf<'a>>,
    /// People's decisions stand beside what the scores let expect.
    judged: Option<String>,
    expected_right: String,
    time: String,
    pace: f64,
}

/// Writes `queue.html`.
pub(in crate::report) fn write(
    sources: &Sources<'_>,
    summary: &Summary,
    queue: &Queue<'_>,
    evaluation: Option<&Evaluation>,
    drafts: &mut Drafts,
) -> Result<(), ReportError> {
    let beside = Beside::read(sources, &queue.items)?;
    let cards: Vec<Card<'_>> = queue.items.iter().map(|item| card(item, sources, queue, &beside)).collect();
    let policy = sources.policy;
    let mut actions: Vec<&'static str> = cards.iter().map(|card| card.action).collect();
    actions.sort_unstable();
    actions.dedup();
    let names = policy.rules.iter().map(|rule| rule.name.as_str());
    let inputs: Vec<&str> = summary.run.inputs.iter().map(|input| input.sha256.as_str()).collect();
    let page = Page {
        summary,
        base_style_hash: hash(include_str!("../../../templates/report.css")),
        style_hash: hash(include_str!("../../../templates/queue.css")),
        script_hash: hash(include_str!("../../../templates/queue.js")),
        checksum: summary.run.model.checksum.chars().take(12).collect(),
        run_key: hash(&(summary.run.model.checksum.clone() + " " + &inputs.join(" "))),
        more_cards: queue.more,
        actions,
        cautions: Caution::ALL
            .into_iter()
            .map(|caution| (caution.as_str(), caution.words()))
            .filter(|caution| cards.iter().any(|card| card.cautions.contains(caution)))
            .collect(),
        rules: names.filter(|name| cards.iter().any(|card| card.rule_name == *name)).collect(),
        threads: cards.iter().map(|card| (card.thread, plain::name(&card.thread_name))).collect(),
        cards,
        whole: threads(sources, queue, &beside),
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
    let html = page.render().map_err(|error| drafts.failed(PAGE, std::io::Error::other(error)))?;
    // Over the whole page, so that no field is forgotten; the template holds no such characters.
    drafts.write(PAGE, &(visible(&html).into_owned() + "\n"))
}

/// A label in words.
fn words_of(label: Label) -> String {
    label.as_str().replace('_', " ")
}
