//! `scored.parquet`: a comment a row, with its scores and what the policy made of them, in typed columns.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::ReportError;
use super::also::{Facts, Row};
use super::draft::{Draft, Drafts};
use super::summary::six;
use crate::label::Label;
use crate::score::Scores;

const FILE: &str = "scored.parquet";

/// A row group ends at so many rows, or so many bytes of text: what is in memory at a time.
const GROUP_ROWS: usize = 1 << 15;
const GROUP_BYTES: usize = 8 << 20;

/// A column's type, and its cell of a row.
#[derive(Clone, Copy)]
enum Column {
    Text(fn(&Row<'_>) -> Option<String>),
    Score(Label),
    Number(fn(&Row<'_>) -> Option<f64>),
    Whole(fn(&Row<'_>) -> Option<i64>),
    Flag(fn(&Row<'_>) -> Option<bool>),
    /// Microseconds since 1970, UTC.
    Time(fn(&Row<'_>) -> Option<i64>),
}

/// The columns of scores.csv, in their order and under their names, then those of decisions.csv.
const COLUMNS: [(&str, Column); 35] = [
    ("thread", Column::Text(|row| Some(row.scored.comment.thread.clone()))),
    ("id", Column::Text(|row| Some(row.scored.comment.id.clone()))),
    ("parent", Column::Text(|row| row.scored.comment.parent.clone())),
    ("author", Column::Text(|row| row.scored.comment.author.clone())),
    ("created_at", Column::Time(|row| row.scored.comment.created_at.map(|time| time.as_microsecond()))),
    ("text", Column::Text(|row| Some(row.scored.comment.text.clone()))),
    ("status", Column::Text(|row| Some(row.scored.comment.status.to_string()))),
    ("language", Column::Text(|row| row.scored.language.clone())),
    ("sentiment", Column::Number(|row| row.scores().and_then(Scores::sentiment).map(six))),
    ("negative", Column::Score(Label::Negative)),
    ("neutral", Column::Score(Label::Neutral)),
    ("positive", Column::Score(Label::Positive)),
    ("toxicity", Column::Score(Label::Toxicity)),
    ("severe_toxicity", Column::Score(Label::SevereToxicity)),
    ("obscene", Column::Score(Label::Obscene)),
    ("threat", Column::Score(Label::Threat)),
    ("insult", Column::Score(Label::Insult)),
    ("identity_attack", Column::Score(Label::IdentityAttack)),
    ("evasion", Column::Flag(|row| row.evasion())),
    ("unscored", Column::Text(|row| row.unscored().map(str::to_owned))),
    ("parent_inferred", Column::Flag(|row| row.parent_inferred())),
    ("quotes", Column::Text(|row| ranges(&row.scored.comment.quotes))),
    ("unsourced", Column::Text(|row| ranges(&row.scored.comment.unsourced))),
    ("link", Column::Text(|row| row.scored.comment.link.clone())),
    ("section", Column::Text(|row| row.scored.comment.section.clone())),
    ("votes", Column::Whole(|row| row.scored.comment.votes)),
    ("replies", Column::Whole(|row| row.scored.comment.replies.and_then(|count| count.try_into().ok()))),
    ("file", Column::Text(|row| Some(row.scored.comment.origin.file.to_string()))),
    ("record", Column::Whole(|row| row.scored.comment.origin.record.try_into().ok())),
    ("line", Column::Whole(|row| row.scored.comment.origin.line.try_into().ok())),
    ("action", Column::Text(|row| row.decision.map(|decision| decision.action.to_string()))),
    ("rule", Column::Text(|row| row.fired().map(|fired| fired.rule.name.clone()))),
    ("rule_label", Column::Text(|row| row.fired().map(|fired| fired.rule.label.to_string()))),
    ("rule_score", Column::Number(|row| row.fired().map(|fired| fired.score))),
    ("rule_threshold", Column::Number(|row| row.fired().map(|fired| fired.threshold))),
];

/// As in scores.csv: byte ranges of the text, `start-end` and spaces.
fn ranges(ranges: &[Range<usize>]) -> Option<String> {
    let cells = ranges.iter().map(|range| format!("{}-{}", range.start, range.end));
    Some(cells.collect::<Vec<_>>().join(" ")).filter(|cell| !cell.is_empty())
}

pub(super) fn write(facts: &mut Facts<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
    let draft = drafts.create(FILE)?;
    let failed = |error: ParquetError, drafts: &Drafts| drafts.failed(FILE, io::Error::other(error));
    let schema = schema().map_err(|error| failed(error, drafts))?;
    let properties = Arc::new(properties(facts));
    let mut writer =
        SerializedFileWriter::new(draft, schema, properties).map_err(|error| failed(error, drafts))?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for row in facts.rows()? {
        let row = row?;
        bytes += row.scored.comment.text.len();
        rows.push(row);
        if rows.len() == GROUP_ROWS || bytes >= GROUP_BYTES {
            write_group(&mut writer, &rows).map_err(|error| failed(error, drafts))?;
            rows.clear();
            bytes = 0;
        }
    }
    if !rows.is_empty() {
        write_group(&mut writer, &rows).map_err(|error| failed(error, drafts))?;
    }
    let draft = writer.into_inner().map_err(|error| failed(error, drafts))?;
    drafts.finish(FILE, draft)
}

fn schema() -> Result<Arc<Type>, ParquetError> {
    let fields = COLUMNS.iter().map(|(name, column)| {
        let (physical, logical) = match column {
            Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Column::Score(_) | Column::Number(_) => (Physical::DOUBLE, None),
            Column::Whole(_) => (Physical::INT64, None),
            Column::Flag(_) => (Physical::BOOLEAN, None),
            Column::Time(_) => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        };
        let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        field.with_logical_type(logical).build().map(Arc::new)
    });
    let fields = fields.collect::<Result<_, _>>()?;
    Type::group_type_builder("comments").with_fields(fields).build().map(Arc::new)
}

/// The same for the same run: no time, no machine.
fn properties(facts: &Facts<'_>) -> WriterProperties {
    let run = facts.run;
    let notes = [
        ("comity", run.version.clone()),
        ("model", format!("{} {}", run.model.name, run.model.version)),
        ("model_checksum", run.model.checksum.clone()),
        ("policy", facts.policy.name.clone()),
    ];
    let notes = notes.map(|(key, value)| KeyValue { key: key.to_owned(), value: Some(value) });
    WriterProperties::builder()
        .set_created_by(format!("comity {}", run.version))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(notes.into()))
        .build()
}

fn write_group(writer: &mut SerializedFileWriter<Draft>, rows: &[Row<'_>]) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for (_, column) in COLUMNS {
        match column {
            Column::Text(cell) => {
                let cells = rows.iter().map(|row| cell(row).map(|text| ByteArray::from(text.into_bytes())));
                write_column::<ByteArrayType>(&mut group, cells)?;
            }
            Column::Score(label) => {
                let cells = rows.iter().map(|row| row.scores().and_then(|scores| scores.get(label)));
                write_column::<DoubleType>(&mut group, cells)?;
            }
            Column::Number(cell) => write_column::<DoubleType>(&mut group, rows.iter().map(cell))?,
            Column::Whole(cell) | Column::Time(cell) => {
                write_column::<Int64Type>(&mut group, rows.iter().map(cell))?;
            }
            Column::Flag(cell) => write_column::<BoolType>(&mut group, rows.iter().map(cell))?,
        }
    }
    group.close().map(drop)
}

/// Writes the next column: the values that are there, and for every row whether it has one.
fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Draft>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    let mut column =
        group.next_column()?.ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
    column.typed::<T>().write_batch(&values, Some(&levels), None)?;
    column.close()
}
