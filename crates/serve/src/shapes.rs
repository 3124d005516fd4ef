//! The wire shapes, one file each. A shape reads requests and writes answers and errors exactly as
//! the service whose clients it serves.

pub(crate) mod coral;
pub(crate) mod health;
pub(crate) mod matrix;
pub(crate) mod openai;
pub(crate) mod perspective;
pub(crate) mod score;
pub(crate) mod site;
pub(crate) mod tei;
#[cfg(test)]
pub(crate) mod testing;

use axum::routing::Router;

use crate::app::Shared;
use crate::guard::Refuse;

/// The routes of one wire shape.
pub(crate) struct Shape {
    /// The name of the shape in metrics and logs.
    pub(crate) name: &'static str,
    /// Its routes. Handlers take the whole body as `Bytes`, unless the shape streams.
    pub(crate) routes: Router<Shared>,
    /// Writes a refusal in the envelope of the shape.
    pub(crate) refuse: Refuse,
    /// The beginning of the paths whose 404 the shape answers.
    pub(crate) prefix: Option<&'static str>,
    /// True if handlers read the body themselves.
    pub(crate) streams: bool,
    /// True if no key is needed.
    pub(crate) open: bool,
}

impl Shape {
    /// Creates a shape whose clients must send a key, if there are any, and whose handlers find the
    /// whole body in memory.
    pub(crate) fn new(name: &'static str, routes: Router<Shared>, refuse: Refuse) -> Self {
        Self { name, routes, refuse, prefix: None, streams: false, open: false }
    }

    /// Has the shape refuse unknown addresses that begin with `prefix`.
    pub(crate) fn under(self, prefix: &'static str) -> Self {
        Self { prefix: Some(prefix), ..self }
    }

    /// Leaves bodies to the handlers, which read them bit by bit within the limits of a stream. An
    /// error of the body is a [`Refusal`](crate::refusal::Refusal): [`crate::guard::fault`].
    pub(crate) fn streaming(self) -> Self {
        Self { streams: true, ..self }
    }

    /// Serves clients without a key: the shape checks them itself, or has nothing to protect.
    pub(crate) fn open(self) -> Self {
        Self { open: true, ..self }
    }
}

/// Returns every shape.
pub(crate) fn all() -> Vec<Shape> {
    vec![
        perspective::shape(),
        perspective::open(),
        openai::shape(),
        tei::shape(),
        coral::shape(),
        matrix::shape(),
        score::shape(),
        site::shape(),
        health::shape(),
        health::metrics(),
    ]
}
