//! Long work without the interpreter's lock, which Ctrl-C stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::ThreadPool;

/// The time between two looks for signals.
const GLANCE: Duration = Duration::from_millis(50);

/// Does work on a pool, and looks for signals meanwhile. If the handler of one raises an exception,
/// the flag that the work gets is set, and the exception is returned once the work has ended.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    pool: &ThreadPool,
    work: impl FnOnce(&AtomicBool) -> T + Send,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    py.detach(move || {
        pool.in_place_scope(|scope| {
            let stop = &stop;
            scope.spawn(move |_| {
                // Nobody receives it after a signal.
                let _ = sender.send(work(stop));
            });
            wait(&receiver, || stop.store(true, Ordering::Relaxed))
        })
    })
}

/// Waits for a message. If the handler of a signal raises an exception, calls `stop`, and returns
/// the exception.
pub(crate) fn wait<T>(receiver: &Receiver<T>, stop: impl FnOnce()) -> PyResult<T> {
    loop {
        match receiver.recv_timeout(GLANCE) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => {}
            // The panic of the sender is reported by its pool.
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("a thread of comity panicked"));
            }
        }
        if let Err(exception) = Python::attach(|py| py.check_signals()) {
            stop();
            return Err(exception);
        }
    }
}
