//! Forms for other programs, written on request next to a report's own files. Each is one file and
//! one line in [`Form::ALL`].

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::authors::Totals;
use super::draft::Drafts;
use super::first_pass::FirstPass;
use super::network::{Answers, Network};
#[cfg(feature = "parquet")]
use super::parquet;
use super::{ReportError, convokit, gexf, ndjson};
use crate::policy::{Decision, Policy};
use crate::record::row::{self, Kind, Value};
use crate::record::{Run, Scored, ledger};

/// A form of [`Form::ALL`], such as `parquet`.
#[derive(Clone, Copy)]
pub struct Form {
    name: &'static str,
    /// The file or folder that it is written to.
    path: &'static str,
    write: fn(&mut Facts<'_>, &mut Drafts) -> Result<(), ReportError>,
}

impl Form {
    /// All of them; `parquet` only with the feature of that name.
    pub const ALL: [Self; 3 + cfg!(feature = "parquet") as usize] = [
        Self { name: "convokit", path: "convokit", write: convokit::write },
        Self { name: "gexf", path: "network.gexf", write: gexf::write },
        Self { name: "ndjson", path: "scored.ndjson", write: ndjson::write },
        #[cfg(feature = "parquet")]
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

/// Data that a form is written from.
pub(super) struct Facts<'a> {
    /// The scores file.
    pub(super) scores: &'a Path,
    pub(super) policy: &'a Policy,
    pub(super) run: &'a Run,
    pub(super) first_pass: &'a FirstPass<'a>,
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
    /// `None` if there are no scores to decide by.
    pub(super) decision: Option<Decision<'a>>,
}

/// Names and types of [`Row::values`]: the columns of `scores.csv` under their names, then those of
/// `decisions.csv`.
pub(super) fn columns() -> impl Iterator<Item = (&'static str, Kind)> {
    let decided = Decision::COLUMNS.into_iter().zip(DECIDED).map(|((_, kind), name)| (name, kind));
    row::COLUMNS.iter().map(|column| (column.name, column.kind)).chain(decided)
}

/// The columns of `decisions.csv` that `scores.csv` does not have.
pub(super) const DECIDED: [&str; 5] = ["action", "rule", "rule_label", "rule_score", "rule_threshold"];

impl Row<'_> {
    /// The values of the row, in the order of [`columns`].
    pub(super) fn values(&self) -> impl Iterator<Item = Option<Value<'_>>> {
        row::COLUMNS.iter().map(|column| column.value(&self.scored)).chain(Decision::values(self.decision))
    }
}
