//! The record of a moderator's decision about a comment: a row of a decisions file.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::cell::unguard;
use crate::label::Label;
use crate::words;

/// A moderator's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The comment may stand.
    Approve,
    /// The comment breaks the rules.
    Reject,
    /// The decision is postponed.
    Defer,
    /// Someone else is to decide, who is allowed to or knows more.
    Escalate,
}

words! { Verdict:
    Approve = "approve",
    Reject = "reject",
    Defer = "defer",
    Escalate = "escalate",
}

impl FromStr for Verdict {
    type Err = String;

    /// Reads the word of a verdict in any letter case.
    fn from_str(word: &str) -> Result<Self, String> {
        let is_meant = |known: &Self| word.eq_ignore_ascii_case(known.as_str());
        Self::ALL
            .into_iter()
            .find(is_meant)
            .ok_or_else(|| format!("unknown decision `{word}`; write approve, reject, defer or escalate"))
    }
}

/// The outcome of an appeal against a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appeal {
    /// Nobody has decided about the appeal yet.
    Open,
    /// The decision stands.
    Uphold,
    /// The decision was wrong.
    Overturn,
}

words! { Appeal:
    Open = "open",
    Uphold = "uphold",
    Overturn = "overturn",
}

impl FromStr for Appeal {
    type Err = String;

    /// Reads the word of an outcome in any letter case.
    fn from_str(word: &str) -> Result<Self, String> {
        let is_meant = |known: &Self| word.eq_ignore_ascii_case(known.as_str());
        Self::ALL
            .into_iter()
            .find(is_meant)
            .ok_or_else(|| format!("unknown outcome `{word}` of an appeal; write uphold, overturn or open"))
    }
}

/// A moderator's decision about a comment, or an appeal against one.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeratorDecision {
    /// Thread of the comment; `None` if the file does not name it.
    pub thread: Option<String>,
    /// Id of the comment.
    pub id: String,
    /// The decision; `None` if it is still to be made. Of an appeal, the decision that it is
    /// against.
    pub verdict: Option<Verdict>,
    /// The outcome of the appeal; `None` if the row is not an appeal.
    pub appeal: Option<Appeal>,
    /// Name of the person who decided; empty if unknown.
    pub actor: String,
    /// Time of the decision.
    pub time: Option<Timestamp>,
    /// SHA-256 of the text that the decision is about, in hexadecimal.
    pub text_sha256: Option<String>,
    /// Name of the policy that flagged the comment.
    pub policy: Option<String>,
    /// Name of the rule that flagged it.
    pub rule: Option<String>,
    /// The label of that rule, and the comment's score for it at that time.
    pub score: Option<(Label, f64)>,
    /// The stratum of a drawn sample that the comment belongs to, and its size.
    pub stratum: Option<(u32, u64)>,
}

impl ModeratorDecision {
    /// Names of the columns of a record. `id` and `decision` are required.
    pub const COLUMNS: [&str; 13] = [
        "thread",
        "id",
        "decision",
        "appeal",
        "actor",
        "time",
        "text_sha256",
        "policy",
        "rule",
        "label",
        "score",
        "stratum",
        "stratum_size",
    ];

    /// Reads a record from its cells. `cell` returns the cell of one of [`Self::COLUMNS`], or
    /// `None` if there is no such column.
    ///
    /// # Errors
    /// Returns the first fault: an error of `cell`, a missing id, or a cell with another kind of
    /// value.
    pub fn from_cells<'a>(
        cell: impl Fn(&'static str) -> Result<Option<&'a str>, String>,
    ) -> Result<Self, String> {
        // Free text, which a spreadsheet may have guarded.
        let text = |column| {
            let text = cell(column)?.map(|text| unguard(text).into_owned());
            Ok::<_, String>(text.filter(|text| !text.is_empty()))
        };
        let word = |column| Ok::<_, String>(cell(column)?.map(str::trim).filter(|word| !word.is_empty()));

        let id = text("id")?.ok_or("no id")?;
        let verdict: Option<Verdict> = word("decision")?.map(str::parse).transpose()?;
        let appeal: Option<Appeal> = word("appeal")?.map(str::parse).transpose()?;
        if appeal.is_some() && !matches!(verdict, Some(Verdict::Approve | Verdict::Reject)) {
            return Err("an appeal names no decision that it is against; write approve or reject".to_owned());
        }
        let time = word("time")?.map(parse_time).transpose()?;
        // A pair of columns counts if both are there.
        let mut stratum = None;
        if let Some(number) = word("stratum")?
            && let Some(size) = cell("stratum_size")?
        {
            let number: u64 = parse_number(number)?;
            let part = u32::try_from(number).map_err(|_| format!("{number} is no stratum"))?;
            stratum = Some((part, parse_number(size)?));
        }
        let mut score = None;
        if let Some(number) = word("score")?
            && let Some(label) = cell("label")?.map(str::trim)
        {
            let label: Label = label.parse().map_err(|_| format!("unknown label `{label}`"))?;
            score = Some((label, number.parse().map_err(|_| format!("`{number}` is no score"))?));
        }
        Ok(Self {
            thread: text("thread")?,
            id,
            verdict,
            appeal,
            actor: text("actor")?.unwrap_or_default(),
            time,
            text_sha256: text("text_sha256")?,
            policy: text("policy")?,
            rule: text("rule")?,
            score,
            stratum,
        })
    }
}

fn parse_number(cell: &str) -> Result<u64, String> {
    let cell = cell.trim();
    cell.parse().map_err(|_| format!("`{cell}` is no number of the sample"))
}

/// Reads a time with its offset from UTC, or one without, which is taken for UTC.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse()
        .ok()
        .or_else(|| civil().map(|time| time.timestamp()))
        .ok_or_else(|| format!("`{text}` is no time; write it like 2026-11-24T06:40:00Z, or leave it blank"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: &[(&'static str, &'static str)]) -> Result<ModeratorDecision, String> {
        ModeratorDecision::from_cells(|column| {
            assert!(ModeratorDecision::COLUMNS.contains(&column), "{column}");
            Ok(cells.iter().find(|(name, _)| *name == column).map(|(_, cell)| *cell))
        })
    }

    #[test]
    fn a_record_is_read_from_its_cells() {
        let decision = read(&[
            ("thread", "t"),
            ("id", "'=7"),
            ("decision", " Reject "),
            ("appeal", "Open"),
            ("actor", "ana"),
            ("time", "2026-11-24 06:40"),
            ("text_sha256", "AB12"),
            ("policy", "house"),
            ("rule", "rude"),
            ("label", "toxicity"),
            ("score", "0.75"),
            ("stratum", "2"),
            ("stratum_size", " 50 "),
        ]);
        let expected = ModeratorDecision {
            thread: Some("t".to_owned()),
            id: "=7".to_owned(),
            verdict: Some(Verdict::Reject),
            appeal: Some(Appeal::Open),
            actor: "ana".to_owned(),
            time: Some("2026-11-24T06:40:00Z".parse().unwrap()),
            text_sha256: Some("AB12".to_owned()),
            policy: Some("house".to_owned()),
            rule: Some("rude".to_owned()),
            score: Some((Label::Toxicity, 0.75)),
            stratum: Some((2, 50)),
        };
        assert_eq!(decision, Ok(expected));
    }

    #[test]
    fn half_of_a_pair_of_columns_is_ignored() {
        let decision = read(&[("id", "1"), ("decision", ""), ("score", "0.75"), ("stratum", "2")]).unwrap();
        assert_eq!((decision.verdict, decision.score, decision.stratum), (None, None, None));
        for (cells, cause) in [
            ([("id", ""), ("decision", "approve")], "no id"),
            ([("id", "1"), ("decision", "ban")], "unknown decision `ban`"),
            ([("id", "1"), ("appeal", "open")], "an appeal names no decision"),
        ] {
            assert!(read(&cells).unwrap_err().starts_with(cause));
        }
    }
}
