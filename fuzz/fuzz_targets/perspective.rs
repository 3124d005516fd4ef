//! Any bytes as a request of Perspective's clients, on its own and as a batch.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| comity_serve::read_as_perspective(bytes));
