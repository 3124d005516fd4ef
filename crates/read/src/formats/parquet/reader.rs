//! Parquet: columns, nested ones by their dotted path. Lists within a row are not read.
//!
//! The format is read from its end, so it must be a plain file. Row groups follow each other; only
//! a batch of rows, with the mapped columns, is in memory.

use std::fs::File;
use std::io::BufReader;

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::record::Field as Value;
use parquet::schema::types::ColumnDescPtr;

use crate::columnar::{self, Cell, DAMAGED, SAMPLE_ROWS, Unit, instant};
use crate::guard::guarded;
use crate::input::{Input, Parser};
use crate::mapping::{Column, Resolved};
use crate::source::{FREE_BYTES, MAX_EXPANSION, Span};
use crate::{ReadError, ReadErrorKind, Record};

/// The number of rows in memory at a time.
const BATCH_ROWS: usize = 256;

/// The number of bytes of text in a column of a batch: one long value may be in every row, and is
/// stored only once.
const BATCH_BYTES: usize = 256 << 20;

/// Opens a Parquet file: reads its end and its columns.
pub(super) fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let what = "a Parquet file, which must be read from its end, in a stream or compressed";
    let path = columnar::plain_file(&mut input, what)?;
    let file = File::open(path).map_err(|error| ReadError::io(&input.source.name, &error))?;
    let refuse = |cause: String| {
        ReadError::new(
            ReadErrorKind::Damaged,
            &input.source.name,
            format!("no readable Parquet ({cause})"),
            DAMAGED,
        )
    };
    let reader = guarded(|| SerializedFileReader::new(Bounded(file))).map_err(refuse)?;

    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let leaves = schema.columns().iter().cloned().enumerate();
    let (leaves, lists): (Vec<_>, Vec<_>) = leaves.partition(|(_, leaf)| leaf.max_rep_level() == 0);
    let numbers: Vec<usize> = leaves.iter().map(|(number, _)| *number).collect();
    // A column that cannot be read is chosen by its name alone.
    let sample = numbers.iter().map(|number| {
        let read = || match reader.num_row_groups() {
            0 => Ok(Vec::new()),
            _ => columns(&reader, 0, &[*number])?.iter_mut().map(|leaf| leaf.read(SAMPLE_ROWS)).collect(),
        };
        guarded(read).unwrap_or_default().into_iter().flatten()
    });
    let columns: Vec<Column> = leaves
        .iter()
        .zip(sample)
        .map(|((_, leaf), cells)| Column {
            name: leaf.path().string(),
            values: cells.filter_map(|cell| cell?.ok()).filter(|value| !value.trim().is_empty()).collect(),
        })
        .collect();
    let resolved = input.resolve(&columns, "column")?;
    if !lists.is_empty() {
        let mut names: Vec<String> = lists.iter().map(|(_, leaf)| list_name(leaf)).collect();
        names.dedup();
        input.report.notices.push(format!("the rows contain lists that are not read: {}", names.join(", ")));
    }
    let mut mapped: Vec<usize> = resolved.read().map(|index| numbers[index]).collect();
    mapped.sort_unstable();
    mapped.dedup();
    let place = |index: usize| mapped.iter().position(|number| *number == numbers[index]);
    let places = resolved.renumbered(place);
    Ok(Box::new(Parquet {
        input,
        reader,
        mapped,
        places,
        next_group: 0,
        group: None,
        batch: Vec::new(),
        at: 0,
        rows_before: 0,
        position: 0,
    }))
}

/// Returns a list's path, without the levels that the format puts between it and its items.
fn list_name(leaf: &ColumnDescPtr) -> String {
    let parts = leaf.path().parts();
    let end = parts.iter().position(|part| matches!(part.as_str(), "list" | "bag" | "array" | "key_value"));
    parts[..end.filter(|end| *end > 0).unwrap_or(parts.len())].join(".")
}

struct Parquet {
    input: Input,
    reader: SerializedFileReader<Bounded>,
    /// The columns that are read, by their numbers.
    mapped: Vec<usize>,
    /// The place of each field in `mapped`.
    places: Resolved,
    next_group: usize,
    group: Option<Group>,
    /// The rows in memory, by mapped column.
    batch: Vec<Vec<Cell>>,
    /// The next row of the batch.
    at: usize,
    /// The number of rows of the file before the row group.
    rows_before: u64,
    /// The offset after the last row group that was read.
    position: u64,
}

/// A row group that is being read.
struct Group {
    columns: Vec<Leaf>,
    rows: u64,
    /// The number of rows that were read into a batch.
    done: u64,
    /// Its place in the file.
    start: u64,
    end: u64,
}

/// A column of a row group.
struct Leaf {
    descriptor: ColumnDescPtr,
    reader: ColumnReader,
}

impl Parquet {
    /// Begins the next row group; returns `None` after the last.
    fn begin(&mut self) -> Result<Option<Group>, ReadError> {
        if self.next_group == self.reader.num_row_groups() {
            return Ok(None);
        }
        let metadata = self.reader.metadata().row_group(self.next_group);
        let (start, end) = extent(metadata);
        let start = start.max(self.position);
        let end = end.max(start);
        self.position = end;
        self.input.source.pass(end)?;
        let rows = u64::try_from(metadata.num_rows()).unwrap_or(0);
        Ok(Some(Group { columns: Vec::new(), rows, done: 0, start, end }))
    }

    /// Reads more rows of the row group; returns 0 if it has ended.
    fn refill(&mut self, group: &mut Group) -> Result<usize, String> {
        let left = usize::try_from(group.rows - group.done).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(0);
        }
        let (reader, number, mapped) = (&self.reader, self.next_group, &self.mapped);
        let metadata = reader.metadata().row_group(number);
        let most = self.input.options.max_expansion.unwrap_or(MAX_EXPANSION);
        let [packed, unpacked] =
            [metadata.compressed_size(), metadata.total_byte_size()].map(|n| n.max(0) as u64);
        if unpacked > FREE_BYTES && unpacked / packed.max(1) >= most {
            return Err(format!(
                "its {packed} bytes unpack to {} MiB, over {most} times their size (--max-expansion allows more)",
                unpacked >> 20
            ));
        }
        self.at = 0;
        self.batch = guarded(|| {
            if group.done == 0 {
                group.columns = columns(reader, number, mapped)?;
            }
            batch(&mut group.columns, left.min(BATCH_ROWS))
        })?;
        match self.batch.first().map_or(0, Vec::len) {
            0 => Err(format!("it ends after {} of its {} rows", group.done, group.rows)),
            rows => {
                group.done += rows as u64;
                Ok(rows)
            }
        }
    }

    fn record(&mut self, group: &Group) -> Record {
        let rows = self.batch.first().map_or(0, Vec::len);
        let row = self.rows_before + group.done - (rows - self.at) as u64 + 1;
        // Columns are stored apart: a row has no bytes of its own.
        let span = Span { start: group.start, end: group.start, line: row, is_complete: true };
        let cells: Vec<&Cell> = self.batch.iter().map(|column| &column[self.at]).collect();
        self.at += 1;
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let name = |place: usize| schema.column(self.mapped[place]).path().string();
        columnar::record(&mut self.input, span, &self.places, &cells, name)
    }

    /// Returns the reject for the rows of a row group that cannot be read.
    fn lost(&mut self, group: &Group, cause: &str) -> Record {
        let (first, last) = (self.rows_before + group.done + 1, self.rows_before.saturating_add(group.rows));
        let number = self.next_group + 1;
        let cause = format!(
            "row group {number}: {cause}; its rows from {first} to {last} are lost: get the file again"
        );
        let span = Span { start: group.start, end: group.end, line: first, is_complete: false };
        self.input.reject(span, cause, &[])
    }
}

impl Parser for Parquet {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            let mut group = match self.group.take() {
                Some(group) => group,
                None => match self.begin()? {
                    Some(group) => group,
                    None => return Ok(None),
                },
            };
            if self.at < self.batch.first().map_or(0, Vec::len) {
                let record = self.record(&group);
                self.group = Some(group);
                return Ok(Some(record));
            }
            let lost = match self.refill(&mut group) {
                Ok(0) => None,
                Ok(_) => {
                    self.group = Some(group);
                    continue;
                }
                Err(cause) => Some(self.lost(&group, &cause)),
            };
            self.batch.clear();
            self.at = 0;
            self.next_group += 1;
            self.rows_before = self.rows_before.saturating_add(group.rows);
            if lost.is_some() {
                return Ok(lost);
            }
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

/// Returns the part of the file with the columns of a row group, from its description.
fn extent(group: &RowGroupMetaData) -> (u64, u64) {
    let ends = group.columns().iter().map(|column| {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset()).max(0);
        (start as u64, (start as u64).saturating_add(column.compressed_size().max(0) as u64))
    });
    ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0, 0))
}

fn columns(
    reader: &SerializedFileReader<Bounded>,
    group: usize,
    numbers: &[usize],
) -> Result<Vec<Leaf>, ParquetError> {
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let group = reader.get_row_group(group)?;
    let leaf = |number: &usize| {
        let reader = group.get_column_reader(*number)?;
        Ok(Leaf { descriptor: schema.column(*number), reader })
    };
    numbers.iter().map(leaf).collect()
}

/// Returns the next rows, by column: the same number from each, fewer only at the end.
fn batch(columns: &mut [Leaf], rows: usize) -> Result<Vec<Vec<Cell>>, ParquetError> {
    let batch: Vec<Vec<Cell>> =
        columns.iter_mut().map(|column| column.read(rows)).collect::<Result<_, _>>()?;
    if batch.windows(2).any(|pair| pair[0].len() != pair[1].len()) {
        return Err(ParquetError::General("its columns are not of one length".to_owned()));
    }
    Ok(batch)
}

impl Leaf {
    fn read(&mut self, rows: usize) -> Result<Vec<Cell>, ParquetError> {
        let leaf = &self.descriptor;
        let text = |value: String| Some(Ok(value));
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => cells(reader, leaf, rows, |v| text(v.to_string())),
            ColumnReader::Int32ColumnReader(reader) => cells(reader, leaf, rows, |v| text(int32(leaf, v))),
            ColumnReader::Int64ColumnReader(reader) => cells(reader, leaf, rows, |v| text(int64(leaf, v))),
            ColumnReader::Int96ColumnReader(reader) => {
                cells(reader, leaf, rows, |v| text(instant(v.to_millis(), Unit::Millisecond, true)))
            }
            ColumnReader::FloatColumnReader(reader) => {
                cells(reader, leaf, rows, |v| (!v.is_nan()).then(|| Ok(v.to_string())))
            }
            ColumnReader::DoubleColumnReader(reader) => {
                cells(reader, leaf, rows, |v| (!v.is_nan()).then(|| Ok(v.to_string())))
            }
            ColumnReader::ByteArrayColumnReader(reader) => cells(reader, leaf, rows, |v| bytes(leaf, v)),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                cells(reader, leaf, rows, |v| bytes(leaf, v.into()))
            }
        }
    }
}

/// Returns the next rows of a column. A value exists if its definition level is the highest.
fn cells<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    leaf: &ColumnDescPtr,
    rows: usize,
    cell: impl Fn(T::T) -> Cell,
) -> Result<Vec<Cell>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    let mut bytes = 0;
    let mut cell = |value| {
        let cell = cell(value);
        bytes += match &cell {
            Some(Ok(text)) => text.len(),
            Some(Err(raw)) => raw.len(),
            None => 0,
        };
        if bytes > BATCH_BYTES {
            return Err(ParquetError::General(format!(
                "{rows} of its rows take more than {} MiB",
                BATCH_BYTES >> 20
            )));
        }
        Ok(cell)
    };
    let highest = leaf.max_def_level();
    if highest == 0 {
        return values.into_iter().map(cell).collect();
    }
    let mut values = values.into_iter().peekable();
    let of_level = |level: i16| match values.next_if(|_| level == highest) {
        Some(value) => cell(value),
        None => Ok(None),
    };
    levels.into_iter().map(of_level).collect()
}

fn int32(leaf: &ColumnDescPtr, value: i32) -> String {
    match leaf.converted_type() {
        ConvertedType::DATE => columnar::day(value),
        ConvertedType::UINT_32 => (value as u32).to_string(),
        ConvertedType::DECIMAL => decimal(&Value::convert_int32(leaf, value)),
        _ => value.to_string(),
    }
}

fn int64(leaf: &ColumnDescPtr, value: i64) -> String {
    let is_utc = match leaf.logical_type_ref() {
        Some(LogicalType::Timestamp(time)) => time.is_adjusted_to_u_t_c,
        _ => true,
    };
    let unit = match (leaf.logical_type_ref(), leaf.converted_type()) {
        (Some(LogicalType::Timestamp(time)), _) => match time.unit {
            TimeUnit::MILLIS => Unit::Millisecond,
            TimeUnit::MICROS => Unit::Microsecond,
            TimeUnit::NANOS => Unit::Nanosecond,
        },
        (_, ConvertedType::TIMESTAMP_MILLIS) => Unit::Millisecond,
        (_, ConvertedType::TIMESTAMP_MICROS) => Unit::Microsecond,
        (_, ConvertedType::UINT_64) => return (value as u64).to_string(),
        (_, ConvertedType::DECIMAL) => return decimal(&Value::convert_int64(leaf, value)),
        _ => return value.to_string(),
    };
    instant(value, unit, is_utc)
}

fn bytes(leaf: &ColumnDescPtr, value: parquet::data_type::ByteArray) -> Cell {
    if leaf.converted_type() == ConvertedType::DECIMAL {
        return Value::convert_byte_array(leaf, value).ok().map(|value| Ok(decimal(&value)));
    }
    let data = value.data();
    if let (Some(LogicalType::Uuid), 16) = (leaf.logical_type_ref(), data.len()) {
        return columnar::uuid(data).map(Ok);
    }
    Some(str::from_utf8(data).map(str::to_owned).map_err(|_| data.to_vec()))
}

fn decimal(value: &Value) -> String {
    value.to_string().trim_end_matches('.').to_owned()
}

/// A file that returns no more bytes than it has: memory is not reserved for the lengths that a
/// damaged one names.
struct Bounded(File);

impl Length for Bounded {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Bounded {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.saturating_add(length as u64) > self.len() {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are not in the file")));
        }
        self.0.get_bytes(start, length)
    }
}
