//! Streams of Arrow IPC: record batches in, one batch of answers for each
//! (<https://arrow.apache.org/docs/format/Columnar.html>, section on interprocess communication).
//!
//! Messages are cut from the stream here, not by `StreamDecoder`: their lengths are checked before
//! memory is spent on them, and compressed ones, which could unpack to any size, are refused.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::builder::{StringBuilder, UInt64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::MessageHeader;
use arrow_ipc::convert::{MessageBuffer, try_fb_to_schema};
use arrow_ipc::reader::read_record_batch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use bytes::{Buf as _, Bytes, BytesMut};
use comity_core::comment::{Comment, Origin};
use comity_core::policy::{self, Policy};
use comity_core::record::arrow::{Column, field};

use super::records::{Item, Reader};
use super::{Answer, Fault};
use crate::refusal::Refusal;

/// The most rows of a batch.
const MOST_ROWS: usize = 1 << 16;
/// The bytes before a message, apart from its length.
const CONTINUATION: u32 = u32::MAX;
/// The columns that are read. Others are ignored.
const COLUMNS: [&str; 5] = ["text", "id", "thread", "section", "language"];

/// Cuts a stream into record batches, and reads their rows.
pub(super) struct Batches {
    reader: Reader,
    buffer: BytesMut,
    /// The largest message, in bytes.
    most: usize,
    schema: Option<SchemaRef>,
    /// The place of each of [`COLUMNS`] in the schema, and in a batch of those alone.
    places: [Option<(usize, usize)>; COLUMNS.len()],
    rows: u64,
    has_ended: bool,
}

impl Batches {
    /// Creates a source that nothing was pushed to, and whose messages may have `most` bytes.
    pub(super) fn new(reader: Reader, most: usize) -> Result<Self, Fault> {
        let places = [None; COLUMNS.len()];
        Ok(Self { reader, buffer: BytesMut::new(), most, schema: None, places, rows: 0, has_ended: false })
    }

    /// Adds bytes of the stream.
    pub(super) fn push(&mut self, bytes: Bytes) {
        // Nothing follows the end.
        if !self.has_ended {
            self.buffer.extend_from_slice(&bytes);
        }
    }

    /// Returns the number of bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// Returns true once the columns are known.
    pub(super) fn has_schema(&self) -> bool {
        self.schema.is_some()
    }

    /// Returns the rows of the next batch; `None` if there is no complete one. `is_over` tells that
    /// nothing follows.
    pub(super) fn next(&mut self, is_over: bool) -> Result<Option<Vec<Item>>, Fault> {
        while !self.has_ended {
            let Some((message, body)) = self.message()? else {
                let is_cut = is_over && (!self.has_ended && !self.buffer.is_empty() || self.schema.is_none());
                return if is_cut { Err(bad("the stream ends within a message")) } else { Ok(None) };
            };
            // The crate asserts some properties of its input.
            let read = catch_unwind(AssertUnwindSafe(|| self.read(&message, &body)));
            if let Some(batch) = read.unwrap_or_else(|_| Err(bad("its structure contradicts itself")))? {
                return self.items(&batch).map(Some);
            }
        }
        Ok(None)
    }

    /// Cuts off the next message and its body; `None` if they are not complete.
    fn message(&mut self) -> Result<Option<(MessageBuffer, Buffer)>, Fault> {
        let number = |at: usize| {
            let bytes = self.buffer.get(at..)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes))
        };
        let (start, length) = match (number(0), number(4)) {
            (Some(CONTINUATION), Some(length)) => (8, length),
            (Some(CONTINUATION) | None, _) => return Ok(None),
            // Versions before 0.15 wrote the length alone.
            (Some(length), _) => (4, length),
        };
        if length == 0 {
            self.has_ended = true;
            return Ok(None);
        }
        let too_long = |bytes: usize| {
            let message = format!(
                "a record batch of {bytes} bytes, more than the {} of a body; write smaller ones (pyarrow: \
                 max_chunksize)",
                self.most
            );
            Fault::bad("too_large", message)
        };
        let length = length as usize;
        if length > self.most && start == 4 && self.schema.is_none() {
            return Err(bad(
                "it does not begin like one; an Arrow file is not a stream (pyarrow.ipc.new_stream)",
            ));
        }
        if length > self.most {
            return Err(too_long(length));
        }
        let Some(head) = self.buffer.get(start..start + length) else { return Ok(None) };
        let message = MessageBuffer::try_new(Buffer::from(head)).map_err(fault)?;
        let body_length = usize::try_from(message.as_ref().bodyLength()).unwrap_or(usize::MAX);
        if body_length > self.most {
            return Err(too_long(body_length));
        }
        if self.buffer.len() < start + length + body_length {
            return Ok(None);
        }
        self.buffer.advance(start + length);
        Ok(Some((message, Buffer::from(self.buffer.split_to(body_length).freeze()))))
    }

    /// Reads a message: the schema, or a batch.
    fn read(&mut self, message: &MessageBuffer, body: &Buffer) -> Result<Option<RecordBatch>, Fault> {
        let message = message.as_ref();
        match message.header_type() {
            MessageHeader::Schema if self.schema.is_none() => {
                let schema = message.header_as_schema().ok_or_else(|| bad("a message without content"))?;
                if !schema.endianness().equals_to_target_endianness() {
                    return Err(bad("its numbers have their bytes in another order"));
                }
                self.resolve(try_fb_to_schema(schema).map_err(fault)?)?;
                Ok(None)
            }
            MessageHeader::RecordBatch => {
                let batch =
                    message.header_as_record_batch().ok_or_else(|| bad("a message without content"))?;
                let schema = self.schema.clone().ok_or_else(|| bad("it does not begin with a schema"))?;
                if batch.compression().is_some() {
                    return Err(bad("compressed batches are not read; write them without compression"));
                }
                let rows = usize::try_from(batch.length()).unwrap_or(usize::MAX);
                if rows > MOST_ROWS {
                    let what = format!(
                        "a record batch of {rows} rows, more than {MOST_ROWS}; write smaller ones (pyarrow: \
                         max_chunksize)"
                    );
                    return Err(bad(what));
                }
                let mut projection: Vec<usize> =
                    self.places.iter().flatten().map(|(column, _)| *column).collect();
                projection.sort_unstable();
                let (dictionaries, version) = (HashMap::new(), message.version());
                read_record_batch(body, batch, schema, &dictionaries, Some(&projection), &version)
                    .map(Some)
                    .map_err(fault)
            }
            MessageHeader::Schema => Err(bad("it has a second schema")),
            // Dictionaries of columns that are not read.
            _ => Ok(None),
        }
    }

    /// Finds the columns.
    fn resolve(&mut self, schema: Schema) -> Result<(), Fault> {
        let mut columns = [None; COLUMNS.len()];
        for (place, name) in COLUMNS.into_iter().enumerate() {
            let Some((column, field)) = schema.column_with_name(name) else { continue };
            let kind = field.data_type();
            let is_text = matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
            let is_id = name == "id"
                && matches!(kind, DataType::Int32 | DataType::Int64 | DataType::UInt32 | DataType::UInt64);
            if !is_text && !is_id {
                return Err(bad(format!("its column `{name}` is not text but {kind}; cast it to utf8")));
            }
            columns[place] = Some(column);
        }
        if columns[0].is_none() {
            return Err(bad("it has no column `text`; name the column of the texts so"));
        }
        let mut sorted: Vec<usize> = columns.into_iter().flatten().collect();
        sorted.sort_unstable();
        self.places = columns.map(|column| Some((column?, sorted.binary_search(&column?).ok()?)));
        self.schema = Some(Arc::new(schema));
        Ok(())
    }

    /// Reads the rows of a batch.
    fn items(&mut self, batch: &RecordBatch) -> Result<Vec<Item>, Fault> {
        let columns = self.places.map(|place| Some(batch.column(place?.1)));
        let items = (0..batch.num_rows()).map(|row| {
            self.rows += 1;
            let number = self.rows;
            let [text, id, thread, section, language] =
                columns.map(|column| column.and_then(|column| cell(column, row)));
            let origin = Origin { file: "-".into(), record: number, line: number };
            let id = id.unwrap_or_else(|| number.to_string());
            let mut comment = Comment::new(id, thread.unwrap_or_default(), text.unwrap_or_default(), origin);
            comment.section = section;
            Item { number, read: self.reader.comment(comment, Ok(language)) }
        });
        Ok(items.collect())
    }
}

/// Returns a cell as text; `None` if it is null.
fn cell(array: &ArrayRef, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::Utf8 => Some(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Some(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Some(array.as_string_view().value(row).to_owned()),
        DataType::Int32 => Some(number::<Int32Type>(array, row)),
        DataType::Int64 => Some(number::<Int64Type>(array, row)),
        DataType::UInt32 => Some(number::<UInt32Type>(array, row)),
        DataType::UInt64 => Some(number::<UInt64Type>(array, row)),
        _ => None,
    }
}

fn number<T: ArrowPrimitiveType<Native: ToString>>(array: &ArrayRef, row: usize) -> String {
    array.as_primitive::<T>().value(row).to_string()
}

fn bad(what: impl std::fmt::Display) -> Fault {
    Fault::bad("bad_request", format!("not a readable Arrow stream: {what}"))
}

fn fault(error: ArrowError) -> Fault {
    bad(error)
}

/// Writes answers as a stream of record batches.
pub(super) struct Table {
    schema: SchemaRef,
    writer: StreamWriter<Vec<u8>>,
}

impl Table {
    /// Creates a writer; `number` is the name of the column with the numbers of the records.
    pub(super) fn new(number: &'static str) -> Result<Self, Fault> {
        let reject = Field::new("reject", DataType::Utf8, true);
        let answers = policy::answer_columns().map(|(name, kind)| field(name, kind));
        let fields = [Field::new(number, DataType::UInt64, true)].into_iter().chain(answers).chain([reject]);
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let writer = StreamWriter::try_new(Vec::new(), &schema).map_err(|_| Refusal::Internal)?;
        Ok(Self { schema, writer })
    }

    /// Returns the schema.
    pub(super) fn begin(&mut self) -> Result<Vec<u8>, Refusal> {
        Ok(std::mem::take(self.writer.get_mut()))
    }

    /// Returns a batch of answers.
    pub(super) fn write(&mut self, answers: &[Answer], policy: &Policy) -> Result<Vec<u8>, Refusal> {
        let (mut numbers, mut rejects) = (UInt64Builder::new(), StringBuilder::new());
        let mut columns: Vec<Column> = policy::answer_columns().map(|(_, kind)| Column::new(kind)).collect();
        for answer in answers {
            match answer {
                Answer::Reject(number, cause) => {
                    numbers.append_value(*number);
                    rejects.append_value(cause);
                    columns.iter_mut().for_each(|column| column.push(None));
                }
                Answer::Scored(scored, _) => {
                    numbers.append_value(scored.comment.origin.record);
                    rejects.append_null();
                    let values = policy::answer(scored, policy);
                    columns.iter_mut().zip(values).for_each(|(column, (_, value))| column.push(value));
                }
            }
        }
        let numbers: ArrayRef = Arc::new(numbers.finish());
        let rejects: ArrayRef = Arc::new(rejects.finish());
        let columns = columns.into_iter().map(Column::finish);
        let columns = [numbers].into_iter().chain(columns).chain([rejects]).collect();
        RecordBatch::try_new(self.schema.clone(), columns)
            .and_then(|batch| self.writer.write(&batch))
            .map_err(|_| Refusal::Internal)?;
        Ok(std::mem::take(self.writer.get_mut()))
    }

    /// Returns the end mark.
    pub(super) fn end(&mut self) -> Result<Vec<u8>, Refusal> {
        self.writer.finish().map_err(|_| Refusal::Internal)?;
        Ok(std::mem::take(self.writer.get_mut()))
    }
}
