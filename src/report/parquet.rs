//! `scored.parquet`: a comment a row, with its scores and what the policy made of them, in typed
//! columns.

use std::io;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::ReportError;
use super::also::{Facts, Row, columns};
use super::draft::{Draft, Drafts};
use crate::record::row::{Kind, Value};

const FILE: &str = "scored.parquet";

/// The most rows of a row group, and the most bytes of text: one group is in memory at a time.
const GROUP_ROWS: usize = 1 << 15;
const GROUP_BYTES: usize = 8 << 20;

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
    let fields = columns().map(|(name, kind)| {
        let (physical, logical) = match kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Whole => (Physical::INT64, None),
            Kind::Flag => (Physical::BOOLEAN, None),
            Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
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
    let mut values: Vec<_> = rows.iter().map(Row::values).collect();
    for (_, kind) in columns() {
        let cells = values.iter_mut().map(|row| row.next().flatten());
        match kind {
            Kind::Text => write_column::<ByteArrayType>(&mut group, cells.map(|cell| text(cell?)))?,
            Kind::Number => write_column::<DoubleType>(&mut group, cells.map(|cell| cell?.as_number()))?,
            Kind::Whole | Kind::Time => {
                write_column::<Int64Type>(&mut group, cells.map(|cell| cell?.as_whole()))?;
            }
            Kind::Flag => write_column::<BoolType>(&mut group, cells.map(|cell| cell?.as_flag()))?,
        }
    }
    group.close().map(drop)
}

fn text(value: Value<'_>) -> Option<ByteArray> {
    Some(ByteArray::from(value.as_text()?.into_owned().into_bytes()))
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
