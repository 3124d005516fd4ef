//! The scorer that the arguments of a command describe.

use std::path::PathBuf;

use comity::score::{ModelChoice, Scorer, ScorerBuilder, max_threads};

/// Returns a scorer of the built-in model, or of the one in a folder.
pub(crate) fn scorer(model: Option<PathBuf>, engine: String) -> ScorerBuilder {
    let builder = Scorer::builder().engine(engine);
    match model {
        Some(folder) => builder.model(ModelChoice::Folder(folder)),
        None => builder,
    }
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
