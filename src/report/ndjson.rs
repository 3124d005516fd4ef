//! `scored.ndjson`: a comment a line, with its scores and what the policy made of them, as a JSON
//! object.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::ReportError;
use super::also::{Facts, Row, columns};
use super::draft::Drafts;

const FILE: &str = "scored.ndjson";

/// A line: the columns of all tables of everything, in order. What has no value is null.
struct Line<'a>(&'a Row<'a>);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(columns().map(|(name, _)| name).zip(self.0.values()))
    }
}

pub(super) fn write(facts: &mut Facts<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
    let mut draft = drafts.create(FILE)?;
    for row in facts.rows()? {
        let row = row?;
        let written = serde_json::to_writer(&mut draft, &Line(&row)).map_err(io::Error::from);
        written.and_then(|()| draft.write_all(b"\n")).map_err(|source| drafts.failed(FILE, source))?;
    }
    drafts.finish(FILE, draft)
}
