//! `scored.ndjson`: a comment a line, with its scores and what the policy made of them, as a JSON object.

use std::io::{self, Write};

use serde::Serialize;

use super::ReportError;
use super::also::{Facts, Row};
use super::draft::Drafts;
use super::summary::six;
use crate::comment::Status;
use crate::label::Label;
use crate::policy::Action;
use crate::score::Scores;

const FILE: &str = "scored.ndjson";

/// A line: the columns of scores.csv, in their order and under their names, then those of decisions.csv. What has no value
/// is null.
#[derive(Serialize)]
struct Line<'a> {
    thread: &'a str,
    id: &'a str,
    parent: Option<&'a str>,
    author: Option<&'a str>,
    created_at: Option<String>,
    text: &'a str,
    status: &'static str,
    language: Option<&'a str>,
    sentiment: Option<f64>,
    negative: Option<f64>,
    neutral: Option<f64>,
    positive: Option<f64>,
    toxicity: Option<f64>,
    severe_toxicity: Option<f64>,
    obscene: Option<f64>,
    threat: Option<f64>,
    insult: Option<f64>,
    identity_attack: Option<f64>,
    evasion: Option<bool>,
    unscored: Option<&'static str>,
    parent_inferred: Option<bool>,
    /// Byte ranges of the text: from, to.
    quotes: Vec<[usize; 2]>,
    unsourced: Vec<[usize; 2]>,
    link: Option<&'a str>,
    section: Option<&'a str>,
    votes: Option<i64>,
    replies: Option<u64>,
    file: &'a str,
    record: u64,
    line: u64,
    action: Option<&'static str>,
    rule: Option<&'a str>,
    rule_label: Option<&'static str>,
    rule_score: Option<f64>,
    rule_threshold: Option<f64>,
}

pub(super) fn write(facts: &mut Facts<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
    let mut draft = drafts.create(FILE)?;
    for row in facts.rows()? {
        let row = row?;
        let written = serde_json::to_writer(&mut draft, &line(&row)).map_err(io::Error::from);
        written.and_then(|()| draft.write_all(b"\n")).map_err(|source| drafts.failed(FILE, source))?;
    }
    drafts.finish(FILE, draft)
}

fn line<'a>(row: &'a Row<'_>) -> Line<'a> {
    let comment = &row.scored.comment;
    let label = |label| row.scores().and_then(|scores| scores.get(label));
    let fired = row.fired();
    Line {
        thread: &comment.thread,
        id: &comment.id,
        parent: comment.parent.as_deref(),
        author: comment.author.as_deref(),
        created_at: comment.created_at.map(|time| time.to_string()),
        text: &comment.text,
        status: Status::as_str(comment.status),
        language: row.scored.language.as_deref(),
        sentiment: row.scores().and_then(Scores::sentiment).map(six),
        negative: label(Label::Negative),
        neutral: label(Label::Neutral),
        positive: label(Label::Positive),
        toxicity: label(Label::Toxicity),
        severe_toxicity: label(Label::SevereToxicity),
        obscene: label(Label::Obscene),
        threat: label(Label::Threat),
        insult: label(Label::Insult),
        identity_attack: label(Label::IdentityAttack),
        evasion: row.evasion(),
        unscored: row.unscored(),
        parent_inferred: row.parent_inferred(),
        quotes: comment.quotes.iter().map(|quote| [quote.start, quote.end]).collect(),
        unsourced: comment.unsourced.iter().map(|quote| [quote.start, quote.end]).collect(),
        link: comment.link.as_deref(),
        section: comment.section.as_deref(),
        votes: comment.votes,
        replies: comment.replies,
        file: &comment.origin.file,
        record: comment.origin.record,
        line: comment.origin.line,
        action: row.decision.map(|decision| Action::as_str(decision.action)),
        rule: fired.map(|fired| fired.rule.name.as_str()),
        rule_label: fired.map(|fired| fired.rule.label.as_str()),
        rule_score: fired.map(|fired| fired.score),
        rule_threshold: fired.map(|fired| fired.threshold),
    }
}
