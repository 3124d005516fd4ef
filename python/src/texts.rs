//! Texts in Arrow arrays, read in place.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray, make_array};
use arrow_pyarrow::FromPyArrow;
use arrow_schema::DataType;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;

/// An array of texts, some of which may be null.
pub(crate) enum Texts {
    /// Nulls alone.
    Null(usize),
    /// Offsets of 32 bits.
    Small(StringArray),
    /// Offsets of 64 bits.
    Large(LargeStringArray),
    /// Views.
    View(StringViewArray),
    /// Places in a dictionary.
    Dictionary {
        /// The array, for its nulls.
        rows: ArrayRef,
        /// The place of each row; any if the row is null.
        places: Vec<usize>,
        /// The texts.
        values: Box<Self>,
    },
}

impl Texts {
    /// Takes the texts of a Python object that has `__arrow_c_array__` or `__arrow_c_stream__`.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Vec<Self>> {
        let py = object.py();
        if object.hasattr(intern!(py, "__arrow_c_array__"))? {
            return Ok(vec![Self::of_array(object)?]);
        }
        if object.hasattr(intern!(py, "__arrow_c_stream__"))? {
            // The chunks of a chunked array, which share its memory.
            let chunked =
                py.import(intern!(py, "pyarrow"))?.call_method1(intern!(py, "chunked_array"), (object,))?;
            let chunks = chunked.getattr(intern!(py, "chunks"))?;
            return chunks.try_iter()?.map(|chunk| Self::of_array(&chunk?)).collect();
        }
        Err(PyTypeError::new_err(format!(
            "texts must be an Arrow array, not {}; pass pyarrow.array(texts)",
            object.get_type().name()?
        )))
    }

    fn of_array(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::new(make_array(FromPyArrow::from_pyarrow_bound(object)?))
    }

    fn new(array: ArrayRef) -> PyResult<Self> {
        Ok(match array.data_type() {
            DataType::Null => Self::Null(array.len()),
            DataType::Utf8 => Self::Small(array.as_string().clone()),
            DataType::LargeUtf8 => Self::Large(array.as_string().clone()),
            DataType::Utf8View => Self::View(array.as_string_view().clone()),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let values = Box::new(Self::new(dictionary.values().clone())?);
                match dictionary.values().len() {
                    // Every row is null then: there is no place to refer to.
                    0 => Self::Null(array.len()),
                    _ => Self::Dictionary { places: dictionary.normalized_keys(), values, rows: array },
                }
            }
            other => {
                return Err(PyTypeError::new_err(format!(
                    "texts must be strings, not {other}; cast them to string"
                )));
            }
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Null(rows) => *rows,
            Self::Small(array) => array.len(),
            Self::Large(array) => array.len(),
            Self::View(array) => array.len(),
            Self::Dictionary { places, .. } => places.len(),
        }
    }

    /// Returns the text of a row; `None` if it is null.
    fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Null(_) => None,
            Self::Small(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Dictionary { rows, places, values } => {
                rows.is_valid(row).then(|| values.get(places[row])).flatten()
            }
        }
    }

    /// Returns the text of each row.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|row| self.get(row))
    }
}
