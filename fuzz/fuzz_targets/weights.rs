//! Any bytes as the weights of a model: tensors of the shape asked for and finite, or an error.

#![no_main]

use comity::model::Weights;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(weights) = Weights::parse(data) else { return };
    if let Ok(matrix) = weights.matrix("classifier.weight", 9, 32) {
        assert_eq!(matrix.dim(), (9, 32));
        assert!(matrix.iter().all(|value| value.is_finite()));
    }
    if let Ok(vector) = weights.vector("classifier.bias", 9) {
        assert_eq!(vector.len(), 9);
        assert!(vector.iter().all(|value| value.is_finite()));
    }
});
