//! The number of comments that a stratified sample draws from each stratum.

/// Boundaries of the strata: by the probability of toxicity, for most of what is missed is not far
/// below a threshold.
const CUTS: [f64; 4] = [0.02, 0.05, 0.1, 0.25];

/// The number of strata.
pub const STRATA: usize = CUTS.len() + 1;

/// The probability of every comment if the model gives no toxicity: all comments are then one
/// stratum.
const UNKNOWN: f64 = 0.5;

/// The fewest comments drawn from a stratum that has them: fewer show nothing of its spread.
const LEAST: u64 = 2;

/// Returns the stratum of a comment by its probability of toxicity, if the model gives it.
pub fn stratum_of(toxicity: Option<f64>) -> usize {
    CUTS.iter().filter(|cut| toxicity.is_some_and(|toxicity| toxicity >= **cut)).count()
}

/// A stratum of the comments that a sample is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Comments in it.
    pub size: u64,
    /// Comments that are drawn from it.
    pub drawn: u64,
    /// Sum of `p (1 - p)` over the probabilities of toxicity.
    spread: f64,
}

impl Drawn {
    /// Counts a comment.
    pub fn add(&mut self, toxicity: Option<f64>) {
        let probability = toxicity.unwrap_or(UNKNOWN);
        self.size += 1;
        self.spread += probability * (1.0 - probability);
    }

    /// Returns the priority of drawing one more: the reduction of the variance.
    fn priority(&self) -> f64 {
        if self.drawn >= self.size {
            return f64::NEG_INFINITY;
        }
        let (size, drawn) = (self.size as f64, self.drawn as f64);
        size * (self.spread / size).sqrt() / (drawn * (drawn + 1.0)).sqrt()
    }
}

/// Decides how many of each stratum are drawn, of `count` in all: by Neyman's allocation in whole
/// numbers (Wright 2012, The American Statistician 66:217-224), the spread guessed from the
/// calibrated scores, and at least two.
pub fn allocate(strata: &mut [Drawn], count: u64) {
    let mut left = count;
    for stratum in &mut *strata {
        stratum.drawn = LEAST.min(stratum.size).min(left);
        left -= stratum.drawn;
    }
    while left > 0 {
        let first = strata.iter_mut().max_by(|a, b| a.priority().total_cmp(&b.priority()));
        let Some(stratum) = first.filter(|stratum| stratum.drawn < stratum.size) else { return };
        stratum.drawn += 1;
        left -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_drawn_where_scores_are_less_sure() {
        let mut strata = [
            Drawn { size: 10_000, spread: 10_000.0 * 0.01 * 0.99, drawn: 0 },
            Drawn { size: 10_000, spread: 10_000.0 * 0.2 * 0.8, drawn: 0 },
        ];
        allocate(&mut strata, 500);
        // Neyman: sqrt(0.0099) to sqrt(0.16), as 0.0995 to 0.4.
        assert_eq!((strata[0].drawn, strata[1].drawn), (100, 400));
    }
}
