//! The OpenAPI document: one file a shape, joined.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// The parts of the document, beginning with what all shapes share.
const PARTS: [&str; 8] = [
    include_str!("../../../openapi/base.json"),
    include_str!("../../../openapi/score.json"),
    include_str!("../../../openapi/perspective.json"),
    include_str!("../../../openapi/openai.json"),
    include_str!("../../../openapi/tei.json"),
    include_str!("../../../openapi/coral.json"),
    include_str!("../../../openapi/matrix.json"),
    include_str!("../../../openapi/server.json"),
];

/// Returns the document as JSON.
pub(super) fn document() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| join().to_string());
    &DOCUMENT
}

/// Joins the parts. An operation that can be refused by the server as a whole, whichever the shape,
/// has that refusal in its own part.
fn join() -> Value {
    let mut document = Value::Object(Map::new());
    for part in PARTS {
        merge(&mut document, serde_json::from_str(part).expect("a test parses every part"));
    }
    document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    document
}

/// Adds the keys of an object to another, at every level.
fn merge(into: &mut Value, part: Value) {
    match (into, part) {
        (Value::Object(into), Value::Object(part)) => {
            for (key, value) in part {
                match into.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (into, part) => *into = part,
    }
}
