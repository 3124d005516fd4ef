//! The wire shapes, one file each. A shape reads requests and writes answers and errors exactly as
//! the service whose clients it serves.

pub(crate) mod coral;
pub(crate) mod openai;
pub(crate) mod perspective;
pub(crate) mod score;
pub(crate) mod site;
pub(crate) mod tei;

use axum::routing::Router;

use crate::app::Shared;
use crate::guard::Refuse;

/// The routes of one wire shape.
pub(crate) struct Shape {
    /// The name of the shape in metrics and logs.
    pub(crate) name: &'static str,
    /// Its routes. Handlers take the whole body as `Bytes`.
    pub(crate) routes: Router<Shared>,
    /// Writes a refusal in the envelope of the shape.
    pub(crate) refuse: Refuse,
}

/// Returns every shape.
pub(crate) fn all() -> Vec<Shape> {
    vec![
        perspective::shape(),
        openai::shape(),
        tei::shape(),
        coral::shape(),
        score::shape(),
        site::shape(),
    ]
}
