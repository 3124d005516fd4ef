//! Means of authors who wrote little, drawn towards the mean of all.

use super::{Interval, Moments, Z_95};

/// Variance between authors and within authors.
///
/// The model: an author's tendency is normal around a grand mean with variance `between`; an
/// author's comments are normal around the tendency with variance `within`, the same for everyone.
/// Both variances by the analysis of variance for groups of unequal size (Searle, Casella and
/// McCulloch 1992, Variance Components, 3.6). Scores are skewed and not normal: the shrunk means
/// order authors sensibly, their intervals are approximate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shrinkage {
    /// Number of authors.
    groups: usize,
    /// Variance of comments around their author's mean.
    within: f64,
    /// Variance of authors' tendencies around the grand mean.
    between: f64,
    /// The grand mean: authors' means weighted by how surely they are known.
    grand_mean: f64,
    /// Sum of those weights.
    total_weight: f64,
    /// Mean sampling variance of an author's mean, weighted in the same way.
    typical_variance: f64,
}

/// An author's mean after shrinking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shrunk {
    /// The estimate.
    pub mean: f64,
    /// Its 95% interval, not cut to a range.
    pub interval: Interval,
}

impl Shrinkage {
    /// Estimates the variances from the groups. `each` passes every group to its argument, always
    /// in the same order: it is called three times, so that the groups need not be in memory.
    /// Returns `None` if no group has two values: then chance and tendency cannot be distinguished.
    /// Groups without values do not count.
    ///
    /// # Errors
    /// Those of `each`.
    pub(crate) fn estimate<E>(
        mut each: impl FnMut(&mut dyn FnMut(&Moments)) -> Result<(), E>,
    ) -> Result<Option<Self>, E> {
        let mut each = |see: &mut dyn FnMut(f64, f64, f64)| {
            each(&mut |group| {
                if let Some(mean) = group.mean() {
                    see(group.count() as f64, mean, group.sum_of_squares());
                }
            })
        };
        let (mut k, mut total, mut counts_squared, mut sum, mut within_squares) = (0, 0.0, 0.0, 0.0, 0.0);
        each(&mut |n, mean, squares| {
            k += 1;
            total += n;
            counts_squared += n * n;
            sum += n * mean;
            within_squares += squares;
        })?;
        let freedom = total - k as f64;
        if freedom <= 0.0 {
            return Ok(None);
        }
        let within = within_squares / freedom;
        let mut between_squares = 0.0;
        each(&mut |n, mean, _| between_squares += n * (mean - sum / total).powi(2))?;
        let between = if k < 2 {
            0.0
        } else {
            let typical_count = (total - counts_squared / total) / (k as f64 - 1.0);
            ((between_squares / (k as f64 - 1.0) - within) / typical_count).max(0.0)
        };

        let (mut total_weight, mut weighted, mut weighted_variance) = (0.0, 0.0, 0.0);
        each(&mut |n, mean, _| {
            let variance = within / n;
            // Everyone's comments are alike and everyone is alike: any equal weights will do.
            let weight = if between + variance > 0.0 { 1.0 / (between + variance) } else { 1.0 };
            total_weight += weight;
            weighted += weight * mean;
            weighted_variance += weight * variance;
        })?;
        Ok(Some(Self {
            groups: k,
            within,
            between,
            grand_mean: weighted / total_weight,
            total_weight,
            typical_variance: weighted_variance / total_weight,
        }))
    }

    /// An author's mean drawn towards the grand mean, the more the fewer comments it rests on; none
    /// for a group without values.
    ///
    /// Morris 1983, "Parametric empirical Bayes inference: theory and applications", JASA 78:47-55, section 5, with an
    /// intercept alone (r = 1): with `V = within / n`, `A = between`, `W = 1 / (V + A)` and the shrinkage
    /// `B = (k - 3)/(k - 1) * V * W`, the estimate is `(1 - B) mean + B grand_mean` and its variance
    /// `V (1 - (k - k W / sum W)/k * B) + 2/(k - 3) * B^2 * (V' + A) W * (mean - grand_mean)^2`, where `V'` is the
    /// weighted mean of the `V`. The last term answers for `A` being estimated: without it, one author far from the
    /// others would get a short interval in the wrong place. With three authors or fewer nothing is shrunk (`B = 0`).
    pub(crate) fn shrink(&self, group: &Moments) -> Option<Shrunk> {
        let own = group.mean()?;
        let variance = self.within / group.count() as f64;
        let k = self.groups as f64;
        let spread = self.between + variance;
        let (mean, error) = if self.groups <= 3 || spread <= 0.0 {
            (own, variance)
        } else {
            let weight = 1.0 / spread;
            let toward = (k - 3.0) / (k - 1.0) * variance * weight;
            let known = variance * (1.0 - (1.0 - weight / self.total_weight) * toward);
            let unknown = 2.0 / (k - 3.0)
                * toward.powi(2)
                * (self.typical_variance + self.between)
                * weight
                * (own - self.grand_mean).powi(2);
            ((1.0 - toward) * own + toward * self.grand_mean, known + unknown)
        };
        let half = Z_95 * error.sqrt();
        Some(Shrunk { mean, interval: Interval { low: mean - half, high: mean + half } })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn estimate(groups: &[Moments]) -> Option<Shrinkage> {
        let Ok(shrinkage) = Shrinkage::estimate(|see| {
            groups.iter().for_each(see);
            Ok::<_, Infallible>(())
        });
        shrinkage
    }

    fn groups(values: &[&[f64]]) -> Vec<Moments> {
        values
            .iter()
            .map(|values| {
                let mut moments = Moments::default();
                moments.extend(values.iter().copied());
                moments
            })
            .collect()
    }

    #[test]
    fn variances_agree_with_reml_where_groups_are_of_one_size() {
        // statsmodels 0.15.0, MixedLM(y, ones, groups).fit(reml=True): the same as ANOVA in a
        // balanced design.
        let groups = groups(&[
            &[0.1, 0.2, 0.15, 0.05],
            &[0.5, 0.7, 0.65, 0.4],
            &[0.3, 0.1, 0.2, 0.3],
            &[0.9, 0.6, 0.8, 0.75],
            &[0.2, 0.25, 0.1, 0.4],
        ]);
        let shrinkage = estimate(&groups).unwrap();
        assert!((shrinkage.within - 0.012708335).abs() < 1e-6, "{shrinkage:?}");
        assert!((shrinkage.between - 0.069057251).abs() < 1e-5, "{shrinkage:?}");
        assert!((shrinkage.grand_mean - 0.382500000000).abs() < 1e-9, "{shrinkage:?}");
    }

    #[test]
    fn unequal_groups_agree_with_a_second_computation() {
        // The formulas of Searle et al. and of Morris in matrix form with numpy 2.4.6 (sums of
        // squares by projection).
        let groups =
            groups(&[&[0.9], &[0.1, 0.2], &[0.05, 0.15, 0.3, 0.1, 0.2], &[0.6, 0.8, 0.7], &[0.2; 6]]);
        let shrinkage = estimate(&groups).unwrap();
        for (group, (mean, low, high)) in groups.iter().zip([
            (0.885547972776, 0.743622835042, 1.027473110511),
            (0.154137279321, 0.054807100415, 0.253467458228),
            (0.161623208592, 0.098695807820, 0.224550609363),
            (0.697063401945, 0.615858774666, 0.778268029223),
            (0.201145203298, 0.143706621950, 0.258583784646),
        ]) {
            let shrunk = shrinkage.shrink(group).unwrap();
            assert!((shrunk.mean - mean).abs() < 1e-10, "{shrunk:?}");
            assert!((shrunk.interval.low - low).abs() < 1e-10, "{shrunk:?}");
            assert!((shrunk.interval.high - high).abs() < 1e-10, "{shrunk:?}");
        }
    }

    #[test]
    fn one_angry_comment_does_not_top_a_steady_author() {
        // Anyone may lose their temper once: every third author did.
        let mut values: Vec<Vec<f64>> =
            (0..21).map(|i| vec![0.05, 0.1, if i % 3 == 0 { 0.9 } else { 0.02 }, 0.08]).collect();
        values.push(vec![0.99]);
        values.push(vec![0.8, 0.7, 0.9, 0.85, 0.75, 0.8]);
        let values: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        let groups = groups(&values);
        let shrinkage = estimate(&groups).unwrap();
        let [angry, steady] = [&groups[21], &groups[22]].map(|group| shrinkage.shrink(group).unwrap());
        assert!(angry.mean < steady.mean, "{angry:?} {steady:?}");
        assert!(angry.interval.low < steady.interval.low, "{angry:?} {steady:?}");
    }

    #[test]
    fn degenerate_groups_behave() {
        assert_eq!(estimate(&[]), None);
        assert_eq!(estimate(&groups(&[&[0.1], &[0.9]])), None, "one comment each");
        for alike in
            [groups(&[&[0.3, 0.3], &[0.3, 0.3, 0.3]]), groups(&[&[0.3; 2], &[0.3; 2], &[0.3], &[0.3]])]
        {
            let shrunk = estimate(&alike).unwrap().shrink(&alike[0]).unwrap();
            assert!((shrunk.mean - 0.3).abs() < 1e-12);
            assert!(shrunk.interval.high - shrunk.interval.low < 1e-9);
        }
        let alone = groups(&[&[0.1, 0.3, 0.2]]);
        let shrunk = estimate(&alone).unwrap().shrink(&alone[0]).unwrap();
        assert!((shrunk.mean - 0.2).abs() < 1e-12);
        assert!((shrunk.interval.high - 0.2 - Z_95 * (0.01_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(estimate(&alone).unwrap().shrink(&Moments::default()), None);
    }
}
