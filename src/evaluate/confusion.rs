//! Figures of a threshold: who was flagged, and who should have been.

/// Weight of the rows by what they are and whether they were flagged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeightedConfusion {
    /// Positive and flagged.
    pub true_positives: f64,
    /// Negative and flagged.
    pub false_positives: f64,
    /// Positive and not flagged.
    pub false_negatives: f64,
    /// Negative and not flagged.
    pub true_negatives: f64,
}

/// Returns a ratio; 0 if there is nothing to divide by.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl WeightedConfusion {
    /// Weight of all rows.
    pub fn total(&self) -> f64 {
        self.true_positives + self.false_positives + self.false_negatives + self.true_negatives
    }

    /// Weight of the flagged rows.
    pub fn flagged(&self) -> f64 {
        self.true_positives + self.false_positives
    }

    /// Share of the flagged that are positive; 0 if none is flagged.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positives, self.flagged())
    }

    /// Share of the positive that are flagged; 0 if none is positive.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// Share of the negative that are not flagged; 0 if none is negative.
    pub fn specificity(&self) -> f64 {
        ratio(self.true_negatives, self.true_negatives + self.false_positives)
    }

    /// Harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        ratio(
            2.0 * self.true_positives,
            2.0 * self.true_positives + self.false_positives + self.false_negatives,
        )
    }

    /// Mean of the F1 of the positive and of the negative class.
    pub fn macro_f1(&self) -> f64 {
        let negative = ratio(
            2.0 * self.true_negatives,
            2.0 * self.true_negatives + self.false_positives + self.false_negatives,
        );
        (self.f1() + negative) / 2.0
    }

    /// Share of the rows that are flagged rightly or left alone rightly.
    pub fn accuracy(&self) -> f64 {
        ratio(self.true_positives + self.true_negatives, self.total())
    }
}
