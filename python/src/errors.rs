//! The exceptions of the package.

use std::error::Error;

use comity::cli::one_line;
use comity::score::ScoreError;
use pyo3::PyErr;
use pyo3::create_exception;
use pyo3::exceptions::PyException;

create_exception!(comity, ComityError, PyException, "The base of all errors of comity.");
create_exception!(comity, ModelError, ComityError, "A model cannot be loaded, or fails.");
create_exception!(comity, PolicyError, ComityError, "A policy cannot be read.");
create_exception!(
    comity,
    CalibrationError,
    ComityError,
    "A score map cannot be read, or is for another model."
);
create_exception!(comity, InputError, ComityError, "An export cannot be read.");
create_exception!(
    comity,
    RunError,
    ComityError,
    "A command failed. Its attribute `exit_code` has the code: 1, or 2 for wrong usage."
);

/// Returns the exception for an error of a scorer.
pub(crate) fn of_scorer(error: &ScoreError) -> PyErr {
    match error {
        ScoreError::Calibration { .. } => CalibrationError::new_err(one_line(error)),
        ScoreError::Model(_) | ScoreError::NoModel | ScoreError::Normalizer { .. } => {
            ModelError::new_err(one_line(error))
        }
        _ => other(error),
    }
}

/// Returns the exception for an error that has no type of its own.
pub(crate) fn other(error: &(dyn Error + 'static)) -> PyErr {
    ComityError::new_err(one_line(error))
}
