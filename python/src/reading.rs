//! Exports as record batches.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader};
use arrow_pyarrow::{IntoPyArrow, ToPyArrow};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use comity::comment::Comment;
use comity::read::{
    DateOrder, Encoding, FileReport, Format, Mapping, Options, ReadError, Reader, Record, Reject,
};
use comity::record::row::{self, COLUMNS};
use comity::record::{Outcome, Scored, Unscored};
use comity::thread::Threader;
use comity_core::record::arrow::{Column, field};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::errors::InputError;

/// The most comments of a batch, and the bytes of text after which it ends.
const BATCH_COMMENTS: usize = 4096;
const BATCH_BYTES: usize = 16 << 20;

/// The first columns: their names, and those that they have in `scores.csv`.
const FIRST: [(&str, &str); 6] = [
    ("id", "id"),
    ("thread_id", "thread"),
    ("author", "author"),
    ("time", "created_at"),
    ("parent_id", "parent"),
    ("text", "text"),
];

/// Opens exports, and returns their comments as a stream of record batches.
#[pyfunction]
#[pyo3(signature = (paths, *, format = None, map = Vec::new(), records = None, header_row = None,
    date_order = None, encoding = None, strict = false, on_notice = None))]
#[expect(clippy::too_many_arguments, reason = "they are the options of the command line")]
pub(crate) fn read(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    format: Option<&str>,
    map: Vec<String>,
    records: Option<String>,
    header_row: Option<u64>,
    date_order: Option<&str>,
    encoding: Option<&str>,
    strict: bool,
    on_notice: Option<Py<PyAny>>,
) -> PyResult<Reading> {
    if header_row == Some(0) {
        return Err(PyValueError::new_err("header_row counts lines from 1"));
    }
    let options = Options {
        format: format.map(parse::<Format>).transpose()?,
        mapping: parse::<Mapping>(&map.join(","))?,
        records,
        header_row,
        date_order: date_order.map(parse::<DateOrder>).transpose()?,
        encoding: encoding.map(parse::<Encoding>).transpose()?,
        ..Options::default()
    };
    let reader = py.detach(|| Reader::open(&paths, &options)).map_err(|error| of_reader(&error))?;
    if let Some(reject) = reader.unreadable().next().filter(|_| strict) {
        return Err(InputError::new_err(refused(reject)));
    }
    Ok(Reading {
        schema: schema(),
        rejects: Arc::default(),
        rows: Mutex::new(Some(Rows::new(reader, strict, on_notice))),
    })
}

fn parse<T: std::str::FromStr<Err: ToString>>(word: &str) -> PyResult<T> {
    word.parse().map_err(|error: T::Err| PyValueError::new_err(error.to_string()))
}

/// The comments of exports, batch by batch: an iterator of `pyarrow.RecordBatch`, or an Arrow
/// stream. Each comment is read once.
#[pyclass(frozen, module = "comity._native")]
pub(crate) struct Reading {
    schema: SchemaRef,
    rejects: Rejects,
    /// None while a batch is being read, and once a stream has taken it over.
    rows: Mutex<Option<Rows>>,
}

/// The records that could not be read so far.
type Rejects = Arc<Mutex<Vec<Reject>>>;

#[pymethods]
impl Reading {
    /// The schema of the batches.
    #[getter]
    fn schema<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.schema.to_pyarrow(py)
    }

    /// The records that could not be read so far: the file, the place in it, and the cause.
    #[getter]
    fn rejects(&self) -> Vec<(String, String, String)> {
        let rejects = lock(&self.rejects);
        rejects.iter().map(|reject| (reject.file.to_string(), place(reject), reject.cause.clone())).collect()
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut rows = self.take()?;
        let (rows, batch) = py.detach(|| {
            let batch = rows.next_batch(&self.rejects);
            (rows, batch)
        });
        *lock(&self.rows) = Some(rows);
        py.check_signals()?;
        batch?.map(|batch| batch.to_pyarrow(py)).transpose()
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let stream =
            Stream { schema: self.schema.clone(), rows: self.take()?, rejects: self.rejects.clone() };
        let stream: Box<dyn RecordBatchReader + Send> = Box::new(stream);
        stream.into_pyarrow(py)?.call_method1("__arrow_c_stream__", (requested_schema,))
    }
}

impl Reading {
    /// Takes the rows, so that no two callers read at a time.
    fn take(&self) -> PyResult<Rows> {
        let rows = lock(&self.rows).take();
        rows.ok_or_else(|| PyRuntimeError::new_err("these exports are being read already; call read again"))
    }
}

/// The comments that are still to be read.
struct Rows {
    reader: Reader,
    threader: Threader,
    columns: Vec<&'static row::Column>,
    /// Stop at the first record that cannot be read.
    strict: bool,
    on_notice: Option<Py<PyAny>>,
}

impl Rows {
    fn new(reader: Reader, strict: bool, on_notice: Option<Py<PyAny>>) -> Self {
        let columns = columns().map(|(_, column)| column).collect();
        Self { reader, threader: Threader::new(), columns, strict, on_notice }
    }

    /// Reads a batch; `None` at the end.
    fn next_batch(&mut self, rejects: &Rejects) -> PyResult<Option<RecordBatch>> {
        let mut arrays: Vec<Column> = self.columns.iter().map(|column| Column::new(column.kind)).collect();
        let (mut comments, mut bytes) = (0, 0);
        while comments < BATCH_COMMENTS && bytes < BATCH_BYTES {
            match self.reader.next().transpose().map_err(|error| of_reader(&error))? {
                None => break,
                Some(Record::Reject(reject)) if self.strict => {
                    return Err(InputError::new_err(refused(&reject)));
                }
                Some(Record::Reject(reject)) => lock(rejects).push(reject),
                Some(Record::Comment(mut comment)) => {
                    self.threader.link(&mut comment);
                    (comments, bytes) = (comments + 1, bytes + comment.text.len());
                    self.push(&mut arrays, comment);
                }
            }
        }
        if comments == 0 {
            self.notify()?;
            return Ok(None);
        }
        let arrays: Vec<ArrayRef> = arrays.into_iter().map(Column::finish).collect();
        Ok(Some(RecordBatch::try_new(schema(), arrays).expect("every column has the type of its field")))
    }

    /// Adds the row of a comment.
    fn push(&self, arrays: &mut [Column], comment: Comment) {
        // No column is one of the scores.
        let outcome = Outcome::Unscored(Unscored::Empty);
        let row = Scored { comment, language: None, evasion: false, outcome };
        arrays.iter_mut().zip(&self.columns).for_each(|(array, column)| array.push(column.value(&row)));
    }

    /// Passes on, once, what there is to say about how the files were read.
    fn notify(&mut self) -> PyResult<()> {
        let Some(on_notice) = self.on_notice.take() else { return Ok(()) };
        Python::attach(|py| {
            for notice in notices(&self.reader) {
                on_notice.call1(py, (notice,))?;
            }
            Ok(())
        })
    }
}

/// Returns the columns and their names: the first ones, and all others that a comment has.
fn columns() -> impl Iterator<Item = (&'static str, &'static row::Column)> {
    let first = FIRST.into_iter().filter_map(|(name, column)| Some((name, row::Column::named(column)?)));
    let is_score = |name: &str| row::score_columns().any(|column| column.name == name);
    let is_first = |name: &str| FIRST.iter().any(|(_, column)| *column == name);
    let others = COLUMNS.iter().filter(move |column| !is_score(column.name) && !is_first(column.name));
    first.chain(others.map(|column| (column.name, column)))
}

fn schema() -> SchemaRef {
    let fields = columns().map(|(name, column)| field(name, column.kind));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Returns the notices about all files.
fn notices(reader: &Reader) -> Vec<String> {
    let of_file = |file: &FileReport| {
        let notices = file.notices.iter().map(|notice| format!("{}: {notice}", file.file));
        let doubts = (!file.doubts.is_empty()).then(|| {
            format!("{}: unsure of {} places; `comity read` lists them", file.file, file.doubts.len())
        });
        notices.chain(doubts).collect::<Vec<_>>()
    };
    let skipped = reader.skipped().iter().map(|file| format!("skipped {}: {}", file.file, file.why));
    skipped.chain(reader.files().iter().flat_map(of_file)).collect()
}

/// The rest of the comments, for a consumer of an Arrow stream. An error reaches it as a message.
struct Stream {
    schema: SchemaRef,
    rows: Rows,
    rejects: Rejects,
}

impl Iterator for Stream {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.rows.next_batch(&self.rejects).transpose()?;
        Some(batch.map_err(|error| ArrowError::ExternalError(Box::new(error))))
    }
}

impl RecordBatchReader for Stream {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no one panics while holding the lock")
}

fn place(reject: &Reject) -> String {
    match reject.record {
        0 => String::new(),
        record => format!("record {record} (line {})", reject.line),
    }
}

fn refused(reject: &Reject) -> String {
    let place = match place(reject) {
        place if place.is_empty() => place,
        place => format!(" {place}:"),
    };
    format!("{}:{place} {}; or leave out strict to skip it", reject.file, reject.cause)
}

fn of_reader(error: &ReadError) -> PyErr {
    InputError::new_err(error.to_string())
}
