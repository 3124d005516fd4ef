//! The token windows of a text, and its scores from theirs.

use std::sync::Arc;

use super::{Reading, ScoreError, Scorer};
use crate::encode::Window;
use crate::engine::Batch;
use comity_core::label::Label;
use comity_core::record::Scores;
use comity_core::score_map::ScoreMap;

/// A probability for every label that the model gives, by [`Label::index`].
pub type Probabilities = [Option<f64>; Label::COUNT];

/// A text as the engine gets it: the token windows of its first reading, and of its second one if it
/// has one.
#[derive(Clone, Debug)]
pub struct Tokens {
    readings: Vec<Vec<Window>>,
    calibration: Option<Arc<ScoreMap>>,
}

impl Tokens {
    /// Returns the windows of all readings, in order; at least one.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.readings.iter().flatten()
    }

    /// Returns the scores of the text, given the probabilities of each of its windows. The
    /// scorer's score map is applied, if it has one.
    ///
    /// # Panics
    /// If there are not as many as windows.
    pub fn join(&self, probabilities: &[Probabilities]) -> Scores {
        assert_eq!(probabilities.len(), self.windows().count(), "every window has been run");
        let (first, second) = probabilities.split_at(self.readings[0].len());
        let raw = join_windows(&self.readings[0], first);
        let scores = Scores::new(match self.readings.get(1) {
            Some(windows) => worse(raw, join_windows(windows, second)),
            None => raw,
        });
        // After rounding, so that applying the map to a scores file gives the same.
        self.calibration.as_ref().map_or(scores, |map| map.apply(&scores))
    }
}

/// The three steps from a text to its scores, for callers that form batches themselves:
/// [`tokens`](Scorer::tokens), [`run`](Scorer::run), [`Tokens::join`].
impl Scorer {
    /// Cuts a text into token windows.
    ///
    /// # Errors
    /// [`ScoreError::Encode`] if the encoder fails.
    pub fn tokens(&self, text: &Reading) -> Result<Tokens, ScoreError> {
        let manifest = &self.model().manifest;
        let windows = |text| self.model().encoder.windows(text, manifest.max_tokens, manifest.overlap_tokens);
        let readings = text.variants().map(windows).collect::<Result<_, _>>()?;
        Ok(Tokens { readings, calibration: self.shared.calibration.clone() })
    }

    /// Runs windows of any texts in one engine call on the current thread. Returns the probabilities
    /// of each, which depend on that window alone.
    ///
    /// # Errors
    /// [`ScoreError::Engine`] if there are no windows or the engine fails.
    pub fn run(&self, windows: &[&Window]) -> Result<Vec<Probabilities>, ScoreError> {
        let mut batch = Batch::new();
        windows.iter().for_each(|window| batch.push(&window.ids));
        let logits = self.engine().logits(&batch)?;
        Ok(logits.rows().into_iter().map(|row| self.model().probabilities(row)).collect())
    }
}

/// Returns the worse of two readings, label by label; the sentiment of the more toxic one, and of
/// the text as it stands if the model does not give the toxicity. Calibration never changes which
/// of two logits is larger, so these are the calibrated worse logits.
pub(super) fn worse(raw: Probabilities, folded: Probabilities) -> Probabilities {
    let toxicity = Label::Toxicity.index();
    let mut worse = if folded[toxicity] > raw[toxicity] { folded } else { raw };
    for label in Label::TOXICITY {
        let readings = raw[label.index()].zip(folded[label.index()]);
        worse[label.index()] = readings.map(|(raw, folded)| raw.max(folded));
    }
    worse
}

/// The probabilities of a reading from those of its windows.
pub(super) fn join_windows(windows: &[Window], probabilities: &[Probabilities]) -> Probabilities {
    if let [only] = probabilities {
        return *only;
    }
    let mut joined = [None; Label::COUNT];
    for label in Label::TOXICITY {
        let of_windows = probabilities.iter().filter_map(|window| window[label.index()]);
        joined[label.index()] = of_windows.reduce(f64::max);
    }
    let total: usize = windows.iter().map(|window| window.content_tokens).sum();
    for label in Label::SENTIMENT {
        let weighted = windows.iter().zip(probabilities);
        let parts = weighted.map(|(window, p)| Some(p[label.index()]? * window.content_tokens as f64));
        joined[label.index()] = parts.sum::<Option<f64>>().map(|sum| sum / total as f64);
    }
    joined
}
