//! Serves Comity's scores over HTTP, in the shapes that clients of other services already send and
//! read: whoever calls Perspective, OpenAI's moderation endpoint or a TEI classifier changes one
//! address.
//!
//! A request takes one way: `server` accepts the connection, `guard` checks its key and its size, a
//! file of `shapes` reads the request in its own shape, `scoring` batches the texts of all requests
//! and scores them, and the same file writes the answer. Comment text is never logged.

mod app;
mod config;
mod guard;
mod keys;
mod listener;
mod local;
mod log;
mod metrics;
mod observe;
mod refusal;
mod scoring;
mod server;
mod shapes;
mod signals;
#[cfg(feature = "otel")]
mod spans;

pub use config::{Config, Console, Keep, Limits, Reload, Sent, Tls};
pub use keys::{Keys, KeysError};
pub use local::{Local, Reply};
pub use log::{Log, LogFormat, start_log};
pub use server::{ServeError, serve, serve_pages};

/// Reads any bytes as Perspective's requests. For the fuzz targets.
#[doc(hidden)]
pub fn read_as_perspective(bytes: &[u8]) {
    shapes::perspective::read_any(bytes);
}

/// Reads any bytes as a request of `/v1/score` in each of its forms, a stream in pieces of `size`
/// bytes. For the fuzz targets.
#[doc(hidden)]
pub fn read_as_score(bytes: &[u8], size: usize) {
    shapes::score::read_any(bytes, size);
}

/// Reads any bytes as a request of OpenAI's. For the fuzz targets.
#[doc(hidden)]
pub fn read_as_openai(bytes: &[u8]) {
    shapes::openai::read_any(bytes);
}

/// Reads any bytes as a request of TEI's. For the fuzz targets.
#[doc(hidden)]
pub fn read_as_tei(bytes: &[u8]) {
    shapes::tei::read_any(bytes);
}

/// Reads any bytes as signatures, a line end, and a request of Coral's. For the fuzz targets.
#[doc(hidden)]
pub fn read_as_coral(bytes: &[u8]) {
    shapes::coral::read_any(bytes);
}

/// Reads any bytes as a request of synapse-http-antispam's. For the fuzz targets.
#[doc(hidden)]
pub fn read_as_matrix(bytes: &[u8]) {
    shapes::matrix::read_any(bytes);
}
