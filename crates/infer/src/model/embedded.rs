//! The model inside the binary.

use super::Files;

/// The files of `models/comity-minilm-en`.
pub(super) fn files() -> Files {
    Files {
        identity: include_bytes!("../../../../models/comity-minilm-en/manifest.json").into(),
        config: include_bytes!("../../../../models/comity-minilm-en/config.json").into(),
        tokenizer: include_bytes!("../../../../models/comity-minilm-en/tokenizer.json").into(),
        weights: include_bytes!("../../../../models/comity-minilm-en/model.safetensors").into(),
        labels: None,
    }
}
