//! Forms for other programs, written on request beside a report's own files. Each is one file and one line in
//! [`Form::ALL`].

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::authors::Totals;
use super::draft::Drafts;
use super::network::{Answers, Network};
use super::survey::Survey;
use super::{ReportError, Run, convokit, gexf, ndjson, parquet};
use crate::policy::{Decision, Fired, Policy};
use crate::score::{Outcome, Scored, Scores, ledger};

/// A form of [`Form::ALL`], such as `parquet`.
#[derive(Clone, Copy)]
pub struct Form {
    name: &'static str,
    /// The file or folder that it is written to.
    path: &'static str,
    write: fn(&mut Facts<'_>, &mut Drafts) -> Result<(), ReportError>,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self { name: "convokit", path: "convokit", write: convokit::write },
        Self { name: "gexf", path: "network.gexf", write: gexf::write },
        Self { name: "ndjson", path: "scored.ndjson", write: ndjson::write },
        Self { name: "parquet", path: "scored.parquet", write: parquet::write },
    ];

    /// The word of the command line.
    pub fn as_str(self) -> &'static str {
        self.name
    }

    /// The file or folder that it is written to, in the folder of the report.
    pub fn path(self) -> &'static str {
        self.path
    }

    pub(super) fn write(self, facts: &mut Facts<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
        (self.write)(facts, drafts)
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|form| form.name == word).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|form| form.name).collect();
            format!("unknown form `{word}`; known: {}", known.join(", "))
        })
    }
}

/// What a form is written from.
pub(super) struct Facts<'a> {
    /// The scores file.
    pub(super) scores: &'a Path,
    pub(super) policy: &'a Policy,
    pub(super) run: &'a Run,
    pub(super) survey: &'a Survey<'a>,
    pub(super) network: &'a Network<'a>,
    pub(super) authors: &'a mut Totals,
    pub(super) answers: &'a mut Answers,
}

impl Facts<'_> {
    /// Every comment in input order, with what the policy makes of it.
    pub(super) fn rows(&self) -> Result<impl Iterator<Item = Result<Row<'_>, ReportError>>, ReportError> {
        let rows = ledger::Reader::open(self.scores)?;
        Ok(rows.map(|scored| {
            let scored = scored?;
            Ok(Row { decision: self.policy.decide(&scored), scored })
        }))
    }
}

/// A comment with its scores and the decision about it.
pub(super) struct Row<'a> {
    pub(super) scored: Scored,
    /// None where there are no scores to decide by.
    pub(super) decision: Option<Decision<'a>>,
}

impl Row<'_> {
    pub(super) fn scores(&self) -> Option<&Scores> {
        self.scored.outcome.scores()
    }

    /// The rule that decided.
    pub(super) fn fired(&self) -> Option<Fired<'_>> {
        self.decision.and_then(|decision| decision.fired)
    }

    /// Why there are no scores.
    pub(super) fn unscored(&self) -> Option<&'static str> {
        match &self.scored.outcome {
            Outcome::Scored(_) => None,
            Outcome::Unscored(cause) => Some(cause.as_str()),
        }
    }

    /// Whether the spelling hid words, of a scored comment.
    pub(super) fn evasion(&self) -> Option<bool> {
        self.scores().map(|_| self.scored.evasion)
    }

    /// Whether the parent was concluded from the text, of a comment that has one.
    pub(super) fn parent_inferred(&self) -> Option<bool> {
        self.scored.comment.parent.as_ref().map(|_| self.scored.comment.parent_inferred)
    }
}
