//! The native module of the Python package `comity`. The package's own files are in
//! `python/comity`; its reference documentation describes these classes and functions.

mod errors;
mod interrupt;
mod perspective;
mod program;
mod reading;
mod scorer;
mod texts;

use pyo3::prelude::*;

/// The native module.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::errors::{CalibrationError, ComityError, InputError, ModelError, PolicyError, RunError};
    #[pymodule_export]
    use super::perspective::Perspective;
    #[pymodule_export]
    use super::program::main;
    #[pymodule_export]
    use super::reading::{Reading, read};
    #[pymodule_export]
    use super::scorer::Scorer;
    #[pymodule_export]
    use super::version;
}

/// Returns the version of the library.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
