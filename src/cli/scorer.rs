//! The scorer that the arguments of a command describe.

use std::path::{Path, PathBuf};

use crate::files;
use crate::score::{ModelChoice, Scorer, ScorerBuilder, max_threads};
use crate::score_map::{PERSPECTIVE, ScoreMap};
use anyhow::Context;

/// Returns a scorer of the built-in model, or of the one in a folder.
pub(crate) fn scorer(model: Option<PathBuf>, engine: String) -> ScorerBuilder {
    let builder = Scorer::builder().engine(engine);
    match model {
        Some(folder) => builder.model(ModelChoice::Folder(folder)),
        None => builder,
    }
}

/// Adds the score map of `--calibration`, if it is given, to a scorer.
pub(crate) fn calibrated(scorer: ScorerBuilder, map: Option<&Path>) -> anyhow::Result<ScorerBuilder> {
    Ok(match map {
        None => scorer,
        Some(map) if map == Path::new(PERSPECTIVE) => scorer.calibration(ScoreMap::perspective()),
        Some(path) => {
            let toml = files::read_text_at_most(path, files::MAX_SMALL_FILE)
                .with_context(|| format!("cannot read the calibration {}", path.display()))?;
            scorer.calibration(ScoreMap::parse(&toml).with_context(|| path.display().to_string())?)
        }
    })
}

/// Returns the number of threads to start, 0 for one a core, and prints a notice if it is less than
/// what the user gave.
pub(crate) fn threads(given: Option<usize>) -> usize {
    let most = max_threads();
    if let Some(given) = given.filter(|given| *given > most) {
        eprintln!("comity: --threads {given}: more than this machine can use; using {most}");
    }
    given.unwrap_or(0)
}
