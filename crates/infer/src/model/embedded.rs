//! The model inside the binary.

use super::Files;

/// The files of `models/english`.
pub(super) fn files() -> Files {
    Files {
        identity: include_bytes!("../../../../models/english/manifest.json").into(),
        config: include_bytes!("../../../../models/english/config.json").into(),
        tokenizer: include_bytes!("../../../../models/english/tokenizer.json").into(),
        weights: include_bytes!("../../../../models/english/model.safetensors").into(),
        labels: None,
    }
}
