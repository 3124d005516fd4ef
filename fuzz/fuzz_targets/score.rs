//! Any bytes as a request of `/v1/score`, in each of its forms and in pieces of several sizes: records or a fault at once.
//!
//! The first byte chooses the size of the pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [size, request @ ..] = data else { return };
    comity_serve::read_as_score(request, usize::from(*size) + 1);
});
