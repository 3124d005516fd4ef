//! Mean and variance in one pass.

use bytemuck::{Pod, Zeroable};

/// Count, mean, sum of squared deviations and maximum of values that come one by one.
///
/// Welford 1962, "Note on a method for calculating corrected sums of squares and products",
/// Technometrics 4:419-420: no large sums that cancel. Values are added in input order, so the same
/// values give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
    /// Below everything where there were none.
    max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0, mean: 0.0, squares: 0.0, max: f64::NEG_INFINITY }
    }
}

impl Moments {
    /// Adds a value.
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
        self.max = self.max.max(value);
    }

    /// Adds the values of another, by their moments: Chan, Golub and LeVeque 1983, "Algorithms for
    /// computing the sample variance", The American Statistician 37:242-247.
    pub(crate) fn merge(&mut self, other: &Self) {
        let (own, others) = (self.count as f64, other.count as f64);
        if other.count == 0 {
            return;
        }
        let apart = other.mean - self.mean;
        self.count += other.count;
        self.mean += apart * others / (own + others);
        self.squares += other.squares + apart * apart * own * others / (own + others);
        self.max = self.max.max(other.max);
    }

    /// Returns the number of values.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Returns their mean; `None` if there were none.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Returns their sum.
    pub(crate) fn sum(&self) -> f64 {
        self.mean * self.count as f64
    }

    /// Returns the largest; `None` if there were none.
    pub(crate) fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// The sum of squared deviations from the mean.
    pub(crate) fn sum_of_squares(&self) -> f64 {
        self.squares
    }

    /// The unbiased standard deviation (divisor n - 1); none below two values.
    pub(crate) fn deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }
}

impl Extend<f64> for Moments {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.add(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let mut moments = Moments::default();
        assert_eq!((moments.mean(), moments.max(), moments.deviation()), (None, None, None));
        moments.extend([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((moments.count(), moments.mean(), moments.max()), (8, Some(5.0), Some(9.0)));
        assert!((moments.sum_of_squares() - 32.0).abs() < 1e-12);
        assert!((moments.deviation().unwrap() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn merged_moments_are_those_of_all_values() {
        let (mut first, mut second) = (Moments::default(), Moments::default());
        first.merge(&second);
        assert_eq!(first, Moments::default());
        first.extend([2.0, 4.0, 4.0]);
        second.extend([4.0, 5.0, 5.0, 7.0, 9.0]);
        first.merge(&second);
        assert_eq!((first.count(), first.max()), (8, Some(9.0)));
        assert!((first.mean().unwrap() - 5.0).abs() < 1e-12 && (first.sum_of_squares() - 32.0).abs() < 1e-12);
    }

    #[test]
    fn a_large_offset_does_not_cancel() {
        let mut moments = Moments::default();
        moments.extend([1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
        assert!((moments.sum_of_squares() - 90.0).abs() < 1e-6);
    }
}
