//! Any bytes as a request of a small wire shape: texts, or an error.
//!
//! The first byte chooses the shape.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [shape, request @ ..] = data else { return };
    match shape % 4 {
        0 => comity_serve::read_as_openai(request),
        1 => comity_serve::read_as_tei(request),
        2 => comity_serve::read_as_coral(request),
        _ => comity_serve::read_as_matrix(request),
    }
});
