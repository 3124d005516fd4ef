//! The command line, in this process.

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use comity::cli;
use pyo3::prelude::*;
use rayon::ThreadPoolBuilder;

use crate::errors::other;
use crate::interrupt;

/// The stack of a thread that runs a command: as much as that of a program.
const STACK_BYTES: usize = 8 << 20;

/// Runs a command as `comity` does, and returns its exit code. `argv` has the arguments without the
/// name of the program.
///
/// Ctrl-C raises KeyboardInterrupt: once `comity score` has written the comments that it is
/// scoring, and at once from every other command, or if it is pressed again; the command then
/// continues in the background. With `program`, signals have the same effect as on `comity`, which
/// may end the process; it is for programs, which call this once.
#[pyfunction]
#[pyo3(signature = (argv, *, program = false))]
pub(crate) fn main(py: Python<'_>, argv: Vec<OsString>, program: bool) -> PyResult<u8> {
    let argv = [OsString::from("comity")].into_iter().chain(argv).collect();
    let code = if program { as_program(py, argv) } else { in_background(py, argv) };
    // What is left belongs before whatever Python prints next.
    let _ = std::io::stdout().flush();
    code
}

/// Leaves signals to the command, and gives them back to Python afterwards.
fn as_program(py: Python<'_>, argv: Vec<OsString>) -> PyResult<u8> {
    let signal = py.import("signal")?;
    let interrupt = signal.getattr("SIGINT")?;
    // Python has handlers in its main thread only. Elsewhere, there is nothing to change.
    let before = signal.call_method1("signal", (&interrupt, signal.getattr("SIG_DFL")?)).ok();
    let code = py.detach(|| cli::run(argv, &cli::stop_on_signals));
    if let Some(before) = before.filter(|before| !before.is_none()) {
        signal.call_method1("signal", (interrupt, before))?;
    }
    Ok(code)
}

/// Runs a command on other threads, and looks for signals meanwhile.
fn in_background(py: Python<'_>, argv: Vec<OsString>) -> PyResult<u8> {
    // A pool of its own: the threads of the shared one do not exist in a fork.
    let pool = ThreadPoolBuilder::new().stack_size(STACK_BYTES).build().map_err(|error| other(&error))?;
    let stop = Arc::new(AtomicBool::new(false));
    let can_stop = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let (flag, is_asked) = (stop.clone(), can_stop.clone());
    pool.spawn(move || {
        let stop = || {
            is_asked.store(true, Ordering::Relaxed);
            Ok(flag.clone())
        };
        // Nobody receives it after the second signal.
        let _ = sender.send(cli::run(argv, &stop));
    });
    py.detach(move || {
        let interrupted = match interrupt::wait(&receiver, || stop.store(true, Ordering::Relaxed)) {
            Err(interrupted) if can_stop.load(Ordering::Relaxed) => interrupted,
            ended => return ended,
        };
        let _ = interrupt::wait(&receiver, || ());
        Err(interrupted)
    })
}
