//! Any bytes as the `manifest.json` of a model: a manifest, or an error that names the fault
//! in it.

#![no_main]

use comity::model::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Err(error) = Manifest::parse(data) {
        assert!(!error.to_string().is_empty());
    }
});
