//! Recall: the share of the comments that should have been flagged that were, estimated from
//! people's verdicts on a part of them.

use super::{Interval, wilson_share};

/// A part of the comments, of which people judged some, drawn at random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stratum {
    /// Comments in it.
    pub size: u64,
    /// Those that were judged.
    pub judged: u64,
    /// Those of them that break the rules.
    pub hits: u64,
}

impl Stratum {
    fn share(&self) -> f64 {
        self.hits as f64 / self.judged as f64
    }

    fn total(&self) -> f64 {
        self.size as f64 * self.share()
    }

    /// The Wilson interval of the total. Judging all of a finite number leaves no doubt: judgements
    /// count for `judged (size - 1) / (size - judged)`, the finite population correction (Cochran
    /// 1977, Sampling Techniques, 2.6).
    fn total_interval(&self) -> Interval {
        if self.judged >= self.size {
            return Interval { low: self.total(), high: self.total() };
        }
        let (size, judged) = (self.size as f64, self.judged as f64);
        let share = wilson_share(self.share(), judged * (size - 1.0) / (size - judged));
        Interval { low: size * share.low, high: size * share.high }
    }
}

/// An estimate of recall.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Recall {
    /// The estimate, from 0 to 1.
    pub recall: f64,
    /// Its 95% interval.
    pub interval: Interval,
    /// Estimated number of comments that were flagged rightly.
    pub caught: f64,
    /// Estimated number of comments that should have been flagged and were not.
    pub missed: f64,
    /// 95% interval of that number.
    pub missed_interval: Interval,
}

/// Recall from judged flagged comments and a stratified sample of the others; `None` if a part has
/// comments but no judgement, or where nothing was caught.
///
/// Both numbers are stratified expansion estimates, the size of each part times the share found in
/// what was judged of it (Cochran 1977, Sampling Techniques, 5.3); recall is `caught / (caught +
/// missed)`. Intervals combine the Wilson intervals of the parts by the method of variance
/// estimates recovery: of a sum, Zou and Donner 2008, Statistics in Medicine 27:1693-1702; of the
/// ratio `missed / caught`, Donner and Zou 2012, Statistical Methods in Medical Research
/// 21:347-359, formula 9. Unlike a variance plugged in, they stay wide where a sample shows no miss
/// at all.
pub fn stratified_recall(flagged: Stratum, others: &[Stratum]) -> Option<Recall> {
    let parts = || others.iter().chain([&flagged]).filter(|part| part.size > 0);
    if parts().any(|part| part.judged == 0) || flagged.hits == 0 {
        return None;
    }
    let others = others.iter().filter(|part| part.size > 0);
    let caught = (flagged.total(), flagged.total_interval());
    let (mut missed, mut below, mut above) = (0.0, 0.0, 0.0);
    for part in others {
        let interval = part.total_interval();
        missed += part.total();
        below += (part.total() - interval.low).powi(2);
        above += (interval.high - part.total()).powi(2);
    }
    let missed_interval = Interval { low: (missed - below.sqrt()).max(0.0), high: missed + above.sqrt() };
    let ratio = ratio_interval((missed, missed_interval), caught);
    Some(Recall {
        recall: caught.0 / (caught.0 + missed),
        interval: Interval { low: 1.0 / (1.0 + ratio.high), high: 1.0 / (1.0 + ratio.low) },
        caught: caught.0,
        missed,
        missed_interval,
    })
}

/// The interval of `a / b`, each a value with its interval, `b` above 0.
fn ratio_interval((a, of_a): (f64, Interval), (b, of_b): (f64, Interval)) -> Interval {
    let root = |end_a: f64, end_b: f64| {
        ((a * b).powi(2) - end_a * end_b * (2.0 * a - end_a) * (2.0 * b - end_b)).max(0.0).sqrt()
    };
    let low = (a * b - root(of_a.low, of_b.high)) / (of_b.high * (2.0 * b - of_b.high));
    let high = (a * b + root(of_a.high, of_b.low)) / (of_b.low * (2.0 * b - of_b.low));
    // With an upper end beyond twice the value the formula has no solution; a lower end of 0 is
    // always right.
    let low = if of_b.high >= 2.0 * b { 0.0 } else { low.max(0.0) };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};
    use serde_json::Value;

    fn stratum((size, judged, hits): (u64, u64, u64)) -> Stratum {
        Stratum { size, judged, hits }
    }

    #[test]
    fn agrees_with_taylor_linearisation_where_samples_are_large() {
        let reference: Value =
            serde_json::from_str(include_str!("../../../../tests/reference/review.json")).unwrap();
        for case in reference["recall"].as_array().unwrap() {
            let strata: Vec<(u64, u64, u64)> = serde_json::from_value(case["strata"].clone()).unwrap();
            let others: Vec<Stratum> = strata[1..].iter().copied().map(stratum).collect();
            let found = stratified_recall(stratum(strata[0]), &others).unwrap();
            let (recall, error) = (case["recall"].as_f64().unwrap(), case["error"].as_f64().unwrap());
            assert!((found.recall - recall).abs() < 1e-12);
            // The linearised interval is symmetric, ours is not: the ends differ by a few
            // hundredths of the width.
            for (end, want) in
                [(found.interval.low, recall - 1.96 * error), (found.interval.high, recall + 1.96 * error)]
            {
                assert!((end - want).abs() < 0.15 * 1.96 * error, "{end}, not {want}");
            }
        }
    }

    #[test]
    fn the_interval_holds_the_truth_about_as_often_as_it_says() {
        // Small samples of a population of which everything is known: 300 flagged, 60 judged; 4,000
        // and 400 others.
        let truth = [(300, 60, 0.7), (4_000, 80, 0.01), (400, 60, 0.2)];
        let totals: Vec<f64> = truth.iter().map(|(size, _, share)| f64::from(*size) * share).collect();
        let recall = totals[0] / totals.iter().sum::<f64>();
        let mut random = ChaCha8Rng::from_seed([5; 32]);
        // One draw without putting back.
        let mut draw = |(size, judged, share): (u32, u32, f64)| {
            let (mut left, mut hits_left, mut hits) = (size, (f64::from(size) * share).round() as u32, 0);
            for _ in 0..judged {
                let hit = (u64::from(random.next_u32()) * u64::from(left)) >> 32 < u64::from(hits_left);
                (left, hits_left, hits) = (left - 1, hits_left - u32::from(hit), hits + u64::from(hit));
            }
            Stratum { size: size.into(), judged: judged.into(), hits }
        };
        let rounds = 2_000;
        let mut held = 0;
        for _ in 0..rounds {
            let [flagged, low, high] = truth.map(&mut draw);
            let found = stratified_recall(flagged, &[low, high]).unwrap();
            held += u32::from(found.interval.low <= recall && recall <= found.interval.high);
        }
        let coverage = f64::from(held) / f64::from(rounds);
        assert!((0.93..=0.995).contains(&coverage), "{coverage}");
    }

    #[test]
    fn a_sample_without_a_miss_proves_little() {
        let none_found = stratified_recall(stratum((100, 100, 80)), &[stratum((10_000, 50, 0))]).unwrap();
        assert_eq!((none_found.recall, none_found.interval.high), (1.0, 1.0));
        assert!(none_found.interval.low < 0.2, "{none_found:?}");
        let all_known =
            stratified_recall(stratum((100, 100, 80)), &[stratum((50, 50, 20)), stratum((0, 0, 0))]);
        let all_known = all_known.unwrap();
        assert!((all_known.recall - 0.8).abs() < 1e-12);
        assert!(all_known.interval.high - all_known.interval.low < 1e-9);
        assert_eq!(stratified_recall(stratum((100, 100, 80)), &[stratum((50, 0, 0))]), None);
        assert_eq!(stratified_recall(stratum((100, 10, 0)), &[]), None);
    }
}
