//! Prevalence: the share of toxic comments, beyond what a threshold counts.

use super::{Interval, Moments, Z_95, wilson};
use crate::record::Confusion;

/// A share, with its interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct ShareEstimate {
    /// From 0 to 1.
    pub share: f64,
    /// 95%, within 0 and 1.
    pub interval: Interval,
}

/// The share of comments at or above a threshold, as it is counted, with its Wilson interval.
pub(crate) fn counted_share(hits: u64, trials: u64) -> Option<ShareEstimate> {
    Some(ShareEstimate { share: hits as f64 / trials as f64, interval: wilson(hits, trials)? })
}

/// The calibrated sum: the mean probability, which is the expected share of the class *if the
/// probabilities are right on these comments*; comments below every threshold count with what they
/// may be. ("Probabilistic classify and count", Bella et al. 2010, ICDM, 737-742.)
///
/// The interval is that of the number of successes among independent trials with these
/// probabilities (the Poisson binomial distribution, variance `sum p (1 - p)`), by the normal
/// approximation. `None` if there are no comments.
pub(crate) fn calibrated_share(probabilities: &Moments) -> Option<ShareEstimate> {
    let (share, n) = (probabilities.mean()?, probabilities.count() as f64);
    // sum p^2 is the sum of squared deviations and n times the squared mean.
    let variance = (n * share * (1.0 - share) - probabilities.sum_of_squares()).max(0.0);
    let half = Z_95 * variance.sqrt() / n;
    let interval = Interval { low: share - half, high: share + half }.clamp(0.0, 1.0);
    Some(ShareEstimate { share, interval })
}

/// The share corrected for the classifier's errors: `(share + specificity - 1) / (sensitivity +
/// specificity - 1)`, within 0 and 1 (Rogan and Gladen 1978, American Journal of Epidemiology
/// 107:71-76; the "adjusted count" of Forman 2008, Data Mining and Knowledge Discovery 17:164-206).
/// It assumes that the classifier errs here as often as on the comments on which its errors were
/// counted, however many there are of either kind (stability across sites: arXiv 2401.09329).
///
/// The interval is that of Lang and Reiczigel 2014 (Preventive Veterinary Medicine 113:13-22),
/// which answers for sensitivity and specificity being estimates. None without comments, without
/// labelled ones of either kind, or for a classifier no better than chance.
pub(crate) fn corrected_share(hits: u64, trials: u64, errors: &Confusion) -> Option<ShareEstimate> {
    let positives = errors.true_positives + errors.false_negatives;
    let negatives = errors.true_negatives + errors.false_positives;
    if trials == 0 || positives == 0 || negatives == 0 {
        return None;
    }
    let ratio = |hits: f64, trials: f64| hits / trials;
    let corrected = |share: f64, sensitivity: f64, specificity: f64| {
        (share + specificity - 1.0) / (sensitivity + specificity - 1.0)
    };
    let sensitivity = ratio(errors.true_positives as f64, positives as f64);
    let specificity = ratio(errors.true_negatives as f64, negatives as f64);
    if sensitivity + specificity <= 1.0 {
        return None;
    }
    let share = corrected(ratio(hits as f64, trials as f64), sensitivity, specificity).clamp(0.0, 1.0);

    // The same of counts with a few successes and failures added, as Agresti and Coull do for one
    // share.
    let z2 = Z_95 * Z_95;
    let (n, positives, negatives) = (trials as f64 + z2, positives as f64 + 2.0, negatives as f64 + 2.0);
    let counted = (hits as f64 + z2 / 2.0) / n;
    let sensitivity = (errors.true_positives as f64 + 1.0) / positives;
    let specificity = (errors.true_negatives as f64 + 1.0) / negatives;
    let discrimination = sensitivity + specificity - 1.0;
    if discrimination <= 0.0 {
        return None;
    }
    let centre = corrected(counted, sensitivity, specificity);
    let of_sensitivity = sensitivity * (1.0 - sensitivity) / positives;
    let of_specificity = specificity * (1.0 - specificity) / negatives;
    let shift = 2.0 * z2 * (centre * of_sensitivity - (1.0 - centre) * of_specificity);
    let variance = counted * (1.0 - counted) / n
        + centre.powi(2) * of_sensitivity
        + (1.0 - centre).powi(2) * of_specificity;
    let half = Z_95 * variance.sqrt() / discrimination;
    let interval = Interval { low: centre + shift - half, high: centre + shift + half }.clamp(0.0, 1.0);
    Some(ShareEstimate { share, interval })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reference;

    #[derive(serde::Deserialize)]
    struct Corrected {
        hits: u64,
        trials: u64,
        positives: u64,
        found: u64,
        negatives: u64,
        cleared: u64,
        share: f64,
        low: f64,
        high: f64,
    }

    #[test]
    fn the_correction_agrees_with_asht() {
        for case in reference::cases::<Corrected>("corrected") {
            let errors = Confusion {
                true_positives: case.found,
                false_positives: case.negatives - case.cleared,
                false_negatives: case.positives - case.found,
                true_negatives: case.cleared,
            };
            let ShareEstimate { share, interval } = corrected_share(case.hits, case.trials, &errors).unwrap();
            for (got, want) in [(share, case.share), (interval.low, case.low), (interval.high, case.high)] {
                assert!((got - want).abs() < 1e-12, "{got} {want}");
            }
        }
    }

    #[derive(serde::Deserialize)]
    struct Expected {
        chances: Vec<f64>,
        share: f64,
        deviation: f64,
    }

    #[test]
    fn the_calibrated_sum_agrees_with_scipy() {
        for case in reference::cases::<Expected>("expected_counts") {
            let mut moments = Moments::default();
            moments.extend(case.chances);
            let ShareEstimate { share, interval } = calibrated_share(&moments).unwrap();
            assert!((share - case.share).abs() < 1e-12);
            let [low, high] = [-1.0, 1.0].map(|side| (share + side * Z_95 * case.deviation).clamp(0.0, 1.0));
            assert!((interval.low - low).abs() < 1e-12 && (interval.high - high).abs() < 1e-12);
        }
    }

    #[test]
    fn what_cannot_be_told_is_none() {
        let coin = Confusion { true_positives: 5, false_positives: 5, false_negatives: 5, true_negatives: 5 };
        assert_eq!(corrected_share(3, 10, &coin), None);
        assert_eq!(
            corrected_share(3, 10, &Confusion { false_positives: 0, true_negatives: 0, ..coin }),
            None
        );
        let good = Confusion { true_negatives: 50, ..coin };
        assert_eq!(corrected_share(0, 0, &good), None);
        assert_eq!(calibrated_share(&Moments::default()), None);
        assert_eq!(counted_share(0, 0), None);
    }
}
