//! The class `Perspective`: its requests, answered in this process.

use std::process;
use std::sync::{Arc, Mutex};

use comity_serve::Local;
use pyo3::prelude::*;

use crate::errors::other;
use crate::scorer::Scorer;

/// Perspective's methods, answered by the code of `comity serve`.
#[pyclass(frozen, module = "comity._native")]
pub(crate) struct Perspective {
    scorer: Py<Scorer>,
    /// The process that it was started in; `None` before the first request.
    started: Mutex<Option<(u32, Arc<Local>)>>,
}

#[pymethods]
impl Perspective {
    #[new]
    fn new(scorer: Py<Scorer>) -> Self {
        Self { scorer, started: Mutex::new(None) }
    }

    /// Answers a request of `comments:analyze`: the status of HTTP, and the JSON of the answer.
    fn analyze(&self, py: Python<'_>, body: &str) -> PyResult<(u16, String)> {
        self.post(py, "/v1alpha1/comments:analyze", body)
    }

    /// Answers a request of `comments:suggestscore`. The scores are not kept.
    fn suggest(&self, py: Python<'_>, body: &str) -> PyResult<(u16, String)> {
        self.post(py, "/v1alpha1/comments:suggestscore", body)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyAny>, (Py<Scorer>,)) {
        (slf.get_type().into_any(), (slf.get().scorer.clone_ref(slf.py()),))
    }
}

impl Perspective {
    fn post(&self, py: Python<'_>, address: &str, body: &str) -> PyResult<(u16, String)> {
        let local = self.local()?;
        let reply = py.detach(|| local.post(address, body)).map_err(|error| other(&error))?;
        Ok((reply.status, reply.body))
    }

    /// Returns the threads of this process. A fork has none of its parent's, and gets its own.
    fn local(&self) -> PyResult<Arc<Local>> {
        let mut started = self.started.lock().expect("no one panics while holding the lock");
        if let Some((_, local)) = started.as_ref().filter(|(process, _)| *process == process::id()) {
            return Ok(local.clone());
        }
        let scorer = self.scorer.get();
        let local = Local::new(scorer.inner().clone(), scorer.threads()?).map_err(|error| other(&error))?;
        let local = Arc::new(local);
        // Dropping the parent's would wait for threads that do not exist here.
        std::mem::forget(started.replace((process::id(), local.clone())));
        Ok(local)
    }
}

impl Drop for Perspective {
    fn drop(&mut self) {
        let Ok(started) = self.started.get_mut() else { return };
        match started.take() {
            Some((process, local)) if process != process::id() => std::mem::forget(local),
            // The threads finish what they do, and need no lock of the interpreter for that.
            started => drop(started),
        }
    }
}
