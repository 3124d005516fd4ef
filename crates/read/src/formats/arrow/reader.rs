//! Arrow IPC, as a file (Feather version 2) or as a stream: columns, nested ones by their dotted
//! path. Lists within a row are not read.
//!
//! A file is a stream between a mark and a directory, and is read as one. It must be a plain file:
//! its messages name their lengths, which are checked against its size. Only one message at a time
//! is in memory, besides the dictionaries (<https://arrow.apache.org/docs/format/Columnar.html>,
//! section on interprocess communication).

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::convert::{MessageBuffer, try_fb_to_schema};
use arrow_ipc::reader::{read_dictionary, read_record_batch};
use arrow_ipc::{MessageHeader, RecordBatch as Header};
use arrow_schema::{DataType, Fields, SchemaRef, TimeUnit};

use super::{CONTINUATION, MARK};
use crate::columnar::{self, Cell, DAMAGED, SAMPLE_ROWS, Unit, instant};
use crate::guard::guarded;
use crate::input::{Input, Parser};
use crate::mapping::{Column, Resolved};
use crate::source::Span;
use crate::{ReadError, ReadErrorKind, Record};

/// The longest message that is read, packed or unpacked: a record batch is in memory as a whole.
const MAX_MESSAGE_BYTES: u64 = 1 << 30;

/// Opens a file: reads its schema, and its first batch to infer the columns.
pub(super) fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let path =
        columnar::plain_file(&mut input, "Arrow in a stream or compressed as a whole, which is not read")?;
    let is_file = input.source.raw_head().starts_with(MARK);
    let name = input.source.name.clone();
    let begin = || {
        let file = File::open(&path).map_err(|error| ReadError::io(&name, &error))?;
        let size = file.metadata().map_err(|error| ReadError::io(&name, &error))?.len();
        guarded(|| Batches::begin(file, size, is_file)).map_err(|cause| {
            let what = format!("no readable Arrow ({cause})");
            ReadError::new(ReadErrorKind::Damaged, &name, what, DAMAGED)
        })
    };
    let mut batches = begin()?;
    let (mut leaves, mut unread) = (Vec::new(), Vec::new());
    flatten(batches.schema.fields(), &mut Leaf::default(), &mut leaves, &mut unread);
    // Columns of which no batch can be read are chosen by their names alone.
    let columns = sample(&mut batches, &leaves);
    let resolved = input.resolve(&columns, "column")?;
    if !unread.is_empty() {
        input.report.notices.push(format!(
            "the rows contain lists or similar values that are not read: {}",
            unread.join(", ")
        ));
    }

    let mut mapped: Vec<usize> = resolved.read().collect();
    mapped.sort_unstable();
    mapped.dedup();
    let places = resolved.renumbered(|column| mapped.iter().position(|number| *number == column));
    let mut leaves: Vec<Leaf> = mapped.iter().map(|number| leaves[*number].clone()).collect();
    // The schema's columns that contain one of them; a path begins among these.
    let mut projection: Vec<usize> = leaves.iter().map(|leaf| leaf.path[0]).collect();
    projection.dedup();
    for leaf in &mut leaves {
        leaf.path[0] = projection.iter().position(|column| *column == leaf.path[0]).unwrap_or_default();
    }
    let batches = begin()?;
    Ok(Box::new(Arrow {
        input,
        batches,
        projection,
        leaves,
        places,
        columns: Vec::new(),
        span: Span { start: 0, end: 0, line: 0, is_complete: true },
        number: 0,
        row: 0,
        rows: 0,
        rows_before: 0,
        ended: false,
    }))
}

/// A column with values, and the path to it.
#[derive(Clone, Debug, Default)]
struct Leaf {
    /// The names on the path, joined by dots.
    name: String,
    /// The number of the schema's column, and of the column within each that contains others.
    path: Vec<usize>,
    is_uuid: bool,
}

/// Lists the columns with values, and the names of those that are not read.
fn flatten(fields: &Fields, at: &mut Leaf, leaves: &mut Vec<Leaf>, unread: &mut Vec<String>) {
    for (number, field) in fields.iter().enumerate() {
        let length = at.name.len();
        if length > 0 {
            at.name.push('.');
        }
        at.name.push_str(field.name());
        at.path.push(number);
        match field.data_type() {
            DataType::Struct(fields) => flatten(fields, at, leaves, unread),
            // It has no values.
            DataType::Null => {}
            kind if is_read(kind) => {
                let extension = field.metadata().get("ARROW:extension:name");
                leaves
                    .push(Leaf { is_uuid: extension.is_some_and(|name| name == "arrow.uuid"), ..at.clone() });
            }
            _ => unread.push(at.name.clone()),
        }
        at.path.pop();
        at.name.truncate(length);
    }
}

/// Returns true if [`cell`] supports the values of a type. Each takes room in the file: a batch has
/// no more rows than its bytes have bits.
fn is_read(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_read(values),
        DataType::FixedSizeBinary(width) => *width > 0,
        DataType::Boolean | DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => true,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        kind => kind.is_integer() || kind.is_floating() || kind.is_decimal(),
    }
}

/// Returns the columns with the values of the first rows.
fn sample(batches: &mut Batches, leaves: &[Leaf]) -> Vec<Column> {
    let batch = match batches.next(None) {
        Next::Batch(batch) => Some(batch),
        _ => None,
    };
    let values = |leaf: &Leaf| {
        let Some(batch) = &batch else { return Vec::new() };
        let found = guarded(|| {
            let column = leaf.of(batch);
            let cells = (0..batch.num_rows().min(SAMPLE_ROWS)).map(|row| column.cell(row));
            Ok::<_, String>(cells.filter_map(|cell| cell?.ok()).collect::<Vec<_>>())
        });
        found.unwrap_or_default().into_iter().filter(|value| !value.trim().is_empty()).collect()
    };
    leaves.iter().map(|leaf| Column { name: leaf.name.clone(), values: values(leaf) }).collect()
}

struct Arrow {
    input: Input,
    batches: Batches,
    /// The columns of the schema that are decoded.
    projection: Vec<usize>,
    /// The columns that are read.
    leaves: Vec<Leaf>,
    /// The place of each field in `leaves`.
    places: Resolved,
    /// `leaves`, in the batch that is in memory.
    columns: Vec<Values>,
    /// The place of the batch in the file.
    span: Span,
    /// The number of the batch, from 1.
    number: u64,
    /// The next row of the batch.
    row: usize,
    rows: usize,
    /// The number of rows of the file before the batch.
    rows_before: u64,
    ended: bool,
}

impl Parser for Arrow {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if self.row < self.rows {
                return Ok(Some(self.record()));
            }
            if self.ended {
                return Ok(None);
            }
            self.rows_before = self.rows_before.saturating_add(self.rows as u64);
            (self.row, self.rows) = (0, 0);
            self.columns.clear();
            let start = self.batches.position;
            let next = self.batches.next(Some(&self.projection));
            let end = self.batches.position;
            self.input.source.pass(end)?;
            self.number += 1;
            self.span = Span { start, end, line: self.rows_before.saturating_add(1), is_complete: true };
            match next {
                Next::End => self.ended = true,
                Next::Batch(batch) => {
                    self.rows = batch.num_rows();
                    self.columns = self.leaves.iter().map(|leaf| leaf.of(&batch)).collect();
                }
                Next::Lost(rows, cause) => {
                    let first = self.rows_before.saturating_add(1);
                    self.rows_before = self.rows_before.saturating_add(rows);
                    let cause = format!(
                        "record batch {}: {cause}; its rows from {first} to {} are lost: get the file again",
                        self.number, self.rows_before
                    );
                    return Ok(Some(self.input.reject(self.span, cause, &[])));
                }
                Next::Broken(cause) => {
                    self.ended = true;
                    let cause =
                        format!("{cause}; what follows row {} is lost: get the file again", self.rows_before);
                    let span = Span { is_complete: false, ..self.span };
                    return Ok(Some(self.input.reject(span, cause, &[])));
                }
            }
        }
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

impl Arrow {
    fn record(&mut self) -> Record {
        let row = self.row;
        self.row += 1;
        let cells: Vec<Cell> = self.columns.iter().map(|column| column.cell(row)).collect();
        // Columns are stored apart: a row has no bytes of its own.
        let Span { start, line, .. } = self.span;
        let span = Span { start, end: start, line: line.saturating_add(row as u64), is_complete: true };
        let cells: Vec<&Cell> = cells.iter().collect();
        let name = |place: usize| self.leaves[place].name.clone();
        columnar::record(&mut self.input, span, &self.places, &cells, name)
    }
}

/// The record batches of a file.
struct Batches {
    messages: BufReader<File>,
    /// The offset of the next message.
    position: u64,
    size: u64,
    /// The stream has an end mark of its own, and its directory comes after it.
    is_file: bool,
    schema: SchemaRef,
    dictionaries: HashMap<i64, ArrayRef>,
}

/// The next part of a file.
enum Next {
    /// A batch.
    Batch(RecordBatch),
    /// A batch of this many rows that cannot be read, and the reason.
    Lost(u64, String),
    /// An unreadable rest of the file, and the reason.
    Broken(String),
    End,
}

impl Batches {
    /// Reads the schema.
    fn begin(file: File, size: u64, is_file: bool) -> Result<Self, String> {
        let (messages, schema) = (BufReader::new(file), Arc::new(arrow_schema::Schema::empty()));
        let mut batches = Self { messages, position: 0, size, is_file, schema, dictionaries: HashMap::new() };
        if is_file {
            batches.take(MARK.len() as u64)?;
        }
        let (message, _) = batches.message()?.ok_or("it has no schema")?;
        let schema = message.as_ref().header_as_schema().ok_or("it does not begin with a schema")?;
        if !schema.endianness().equals_to_target_endianness() {
            return Err("its numbers have their bytes in another order".to_owned());
        }
        batches.schema = Arc::new(try_fb_to_schema(schema).map_err(|error| error.to_string())?);
        Ok(batches)
    }

    /// Returns the next batch, with the columns of `projection` or with all.
    fn next(&mut self, projection: Option<&[usize]>) -> Next {
        loop {
            let (message, body) = match guarded(|| self.message()) {
                Ok(Some(message)) => message,
                Ok(None) => return Next::End,
                Err(cause) => return Next::Broken(cause),
            };
            let message = message.as_ref();
            let version = message.version();
            match message.header_type() {
                MessageHeader::DictionaryBatch => {
                    let Some(batch) = message.header_as_dictionary_batch() else { continue };
                    let id = batch.id();
                    let read = guarded(|| {
                        batch.data().map_or(Ok(()), |data| check_unpacked(data, &body))?;
                        let dictionaries = &mut self.dictionaries;
                        read_dictionary(&body, batch, &self.schema, dictionaries, &version)
                            .map_err(|error| error.to_string())
                    });
                    // The batches that need it are lost, rather than read with an earlier one.
                    if read.is_err() {
                        self.dictionaries.remove(&id);
                    }
                }
                MessageHeader::RecordBatch => {
                    let Some(batch) = message.header_as_record_batch() else { continue };
                    let rows = u64::try_from(batch.length()).unwrap_or(0);
                    let read = guarded(|| {
                        check_unpacked(batch, &body)?;
                        let (schema, dictionaries) = (self.schema.clone(), &self.dictionaries);
                        read_record_batch(&body, batch, schema, dictionaries, projection, &version)
                            .map_err(|error| error.to_string())
                    });
                    return match read {
                        Ok(batch) => Next::Batch(batch),
                        Err(cause) => Next::Lost(rows, cause),
                    };
                }
                // Tensors are not tables.
                _ => {}
            }
        }
    }

    /// Returns the next message and its body; `None` at the end.
    fn message(&mut self) -> Result<Option<(MessageBuffer, Buffer)>, String> {
        if self.position == self.size && !self.is_file {
            return Ok(None);
        }
        let mut length = self.take(4)?;
        // Versions before 0.15 wrote the length alone.
        if length == CONTINUATION {
            length = self.take(4)?;
        }
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
        if length == 0 {
            return Ok(None);
        }
        let head = self.take(length.into())?;
        let message = MessageBuffer::try_new(Buffer::from_vec(head)).map_err(|error| error.to_string())?;
        let body = u64::try_from(message.as_ref().bodyLength()).map_err(|_| "a length below 0")?;
        let body = self.take(body)?;
        Ok(Some((message, Buffer::from_vec(body))))
    }

    /// Returns the next bytes.
    fn take(&mut self, count: u64) -> Result<Vec<u8>, String> {
        let left = self.size - self.position;
        if count > left {
            return Err(format!(
                "cut short: {count} bytes should follow its first {}, and {left} do",
                self.position
            ));
        }
        if count > MAX_MESSAGE_BYTES {
            return Err(too_long(count));
        }
        let mut bytes = Vec::new();
        let read = self.messages.by_ref().take(count).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        self.position += bytes.len() as u64;
        if (bytes.len() as u64) < count {
            return Err(format!("it ended after its first {} bytes while it was read", self.position));
        }
        Ok(bytes)
    }
}

fn too_long(bytes: u64) -> String {
    format!(
        "a record batch takes {} MiB, more than the {} that are read: write it in smaller ones (pyarrow: max_chunksize) or as Parquet",
        bytes >> 20,
        MAX_MESSAGE_BYTES >> 20
    )
}

/// Checks that the unpacked size of a batch is within bounds: memory is reserved for the size it
/// names.
fn check_unpacked(batch: Header<'_>, body: &[u8]) -> Result<(), String> {
    if batch.compression().is_none() {
        return Ok(());
    }
    let lengths = batch.buffers().into_iter().flatten().map(|buffer| {
        let start = usize::try_from(buffer.offset()).ok()?;
        let length = body.get(start..)?.first_chunk().filter(|_| buffer.length() >= 8)?;
        u64::try_from(i64::from_le_bytes(*length)).ok()
    });
    let unpacked = lengths.flatten().fold(0, u64::saturating_add);
    if unpacked > MAX_MESSAGE_BYTES { Err(too_long(unpacked)) } else { Ok(()) }
}

/// A column of a batch.
struct Values {
    /// The columns around it, one within the other: if one of them is null, so is it.
    around: Vec<ArrayRef>,
    values: ArrayRef,
    is_uuid: bool,
}

impl Leaf {
    /// Returns its values in a batch.
    fn of(&self, batch: &RecordBatch) -> Values {
        let mut values = batch.column(self.path[0]).clone();
        let mut around = Vec::new();
        for number in &self.path[1..] {
            let inner = values.as_struct().column(*number).clone();
            around.push(std::mem::replace(&mut values, inner));
        }
        Values { around, values, is_uuid: self.is_uuid }
    }
}

impl Values {
    fn cell(&self, row: usize) -> Cell {
        if self.around.iter().any(|column| column.is_null(row)) {
            return None;
        }
        match self.values.as_fixed_size_binary_opt().filter(|values| self.is_uuid && values.is_valid(row)) {
            Some(values) => columnar::uuid(values.value(row)).map(Ok),
            None => cell(&*self.values, row),
        }
    }
}

/// Returns a value as text.
fn cell(array: &dyn Array, row: usize) -> Cell {
    if array.is_null(row) {
        return None;
    }
    let text = |value: String| Some(Ok(value));
    let float = |value: f64, text: String| (!value.is_nan()).then_some(Ok(text));
    match array.data_type() {
        DataType::Utf8 => text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => text(array.as_string_view().value(row).to_owned()),
        DataType::Binary => bytes(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => bytes(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary().value(row)),
        DataType::Boolean => text(array.as_boolean().value(row).to_string()),
        DataType::Int8 => text(of::<Int8Type>(array, row).to_string()),
        DataType::Int16 => text(of::<Int16Type>(array, row).to_string()),
        DataType::Int32 => text(of::<Int32Type>(array, row).to_string()),
        DataType::Int64 => text(of::<Int64Type>(array, row).to_string()),
        DataType::UInt8 => text(of::<UInt8Type>(array, row).to_string()),
        DataType::UInt16 => text(of::<UInt16Type>(array, row).to_string()),
        DataType::UInt32 => text(of::<UInt32Type>(array, row).to_string()),
        DataType::UInt64 => text(of::<UInt64Type>(array, row).to_string()),
        DataType::Float16 => {
            let value = of::<Float16Type>(array, row);
            float(value.to_f64(), value.to_string())
        }
        DataType::Float32 => {
            let value = of::<Float32Type>(array, row);
            float(value.into(), value.to_string())
        }
        DataType::Float64 => {
            let value = of::<Float64Type>(array, row);
            float(value, value.to_string())
        }
        DataType::Decimal32(_, scale) => text(decimal::<Decimal32Type>(array, row, *scale)),
        DataType::Decimal64(_, scale) => text(decimal::<Decimal64Type>(array, row, *scale)),
        DataType::Decimal128(_, scale) => text(decimal::<Decimal128Type>(array, row, *scale)),
        DataType::Decimal256(_, scale) => text(decimal::<Decimal256Type>(array, row, *scale)),
        DataType::Date32 => text(columnar::day(of::<Date32Type>(array, row))),
        DataType::Date64 => text(instant(of::<Date64Type>(array, row), Unit::Millisecond, true)),
        DataType::Timestamp(unit, zone) => {
            let (value, unit) = match unit {
                TimeUnit::Second => (of::<TimestampSecondType>(array, row), Unit::Second),
                TimeUnit::Millisecond => (of::<TimestampMillisecondType>(array, row), Unit::Millisecond),
                TimeUnit::Microsecond => (of::<TimestampMicrosecondType>(array, row), Unit::Microsecond),
                TimeUnit::Nanosecond => (of::<TimestampNanosecondType>(array, row), Unit::Nanosecond),
            };
            // With a zone, whichever it is, the time is counted in UTC.
            text(instant(value, unit, zone.is_some()))
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let Some(Ok(key)) = cell(dictionary.keys(), row) else { return None };
            cell(&**dictionary.values(), key.parse().ok()?)
        }
        _ => None,
    }
}

fn of<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}

fn decimal<T: DecimalType>(array: &dyn Array, row: usize, scale: i8) -> String {
    T::format_decimal(of::<T>(array, row), T::MAX_PRECISION, scale)
}

fn bytes(bytes: &[u8]) -> Cell {
    Some(str::from_utf8(bytes).map(str::to_owned).map_err(|_| bytes.to_vec()))
}
