//! Scores lines of JSON as they come: a line in, a line out, in order.
//!
//! `echo '{"text": "You are very kind."}' | cargo run --example stream`

use std::io::{stdin, stdout};

use comity::pipeline::{self, StreamRequest};
use comity::policy::Policy;
use comity::{ModelChoice, Scorer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut request = StreamRequest::new();
    request.scorer = Scorer::builder().model(ModelChoice::English).threads(2);
    // Lines that contain no comment are answered with a reject, and counted.
    let bad_lines = pipeline::stream(&request, &Policy::built_in(), stdin(), &mut stdout().lock())?;
    if bad_lines > 0 {
        return Err(format!("{bad_lines} lines were no comments").into());
    }
    Ok(())
}
