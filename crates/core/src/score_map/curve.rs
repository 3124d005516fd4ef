//! A function from scores to scores that never falls, linear between knots.

use serde::{Deserialize, Serialize};

/// A piecewise linear function from 0..1 to 0..1 that never falls. Before the first knot and after
/// the last one it is constant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<[f64; 2]>", into = "Vec<[f64; 2]>")]
pub struct Curve(Vec<[f64; 2]>);

impl Curve {
    /// Creates a curve of knots `[x, y]`.
    ///
    /// # Errors
    /// Returns the fault: there are no knots, the `x` do not rise from knot to knot, the `y` fall
    /// somewhere, or a number is not from 0 to 1.
    pub fn new(knots: Vec<[f64; 2]>) -> Result<Self, String> {
        if knots.is_empty() {
            return Err("there are no knots".to_owned());
        }
        if let Some(number) = knots.iter().flatten().find(|number| !(0.0..=1.0).contains(*number)) {
            return Err(format!("the knots contain {number}, which is not from 0 to 1"));
        }
        for pair in knots.windows(2) {
            let [[x, y], [next_x, next_y]] = [pair[0], pair[1]];
            if next_x <= x {
                return Err(format!("the scores of the knots do not rise: {next_x} comes after {x}"));
            }
            if next_y < y {
                return Err(format!("the map falls from {y} to {next_y}, at a score of {next_x}"));
            }
        }
        Ok(Self(knots))
    }

    /// Returns the knots `[x, y]`, in order.
    pub fn knots(&self) -> &[[f64; 2]] {
        &self.0
    }

    /// Returns the value at `x`.
    pub fn at(&self, x: f64) -> f64 {
        let next = self.0.partition_point(|knot| knot[0] <= x);
        let Some(before) = next.checked_sub(1) else { return self.0[0][1] };
        match self.0.get(next) {
            None => self.0[before][1],
            Some(next) => between(self.0[before], *next, x),
        }
    }

    /// Returns the smallest `x` from 0 to 1 whose value is at least `y`; `None` if no value is.
    pub fn inverse(&self, y: f64) -> Option<f64> {
        let next = self.0.partition_point(|knot| knot[1] < y);
        let [[x0, y0], [x1, y1]] = match (next.checked_sub(1), self.0.get(next)) {
            (_, None) => return None,
            (None, Some(_)) => return Some(0.0),
            (Some(before), Some(next)) => [self.0[before], *next],
        };
        Some((x0 + (x1 - x0) * ((y - y0) / (y1 - y0))).clamp(x0, x1))
    }
}

/// Returns the value at `x` on the line between two points. It never leaves their values.
fn between([x0, y0]: [f64; 2], [x1, y1]: [f64; 2], x: f64) -> f64 {
    (y0 + (y1 - y0) * ((x - x0) / (x1 - x0))).clamp(y0, y1)
}

impl TryFrom<Vec<[f64; 2]>> for Curve {
    type Error = String;

    fn try_from(knots: Vec<[f64; 2]>) -> Result<Self, String> {
        Self::new(knots)
    }
}

impl From<Curve> for Vec<[f64; 2]> {
    fn from(curve: Curve) -> Self {
        curve.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_curve_is_linear_between_knots_and_flat_outside() {
        let curve = Curve::new(vec![[0.2, 0.1], [0.4, 0.5], [0.8, 0.5], [0.9, 1.0]]).unwrap();
        for (x, y) in [(0.0, 0.1), (0.2, 0.1), (0.3, 0.3), (0.4, 0.5), (0.6, 0.5), (0.9, 1.0), (1.0, 1.0)] {
            assert!((curve.at(x) - y).abs() < 1e-12, "{x}: {}", curve.at(x));
        }
        for (y, x) in [(0.0, 0.0), (0.1, 0.0), (0.3, 0.3), (0.5, 0.4), (0.75, 0.85), (1.0, 0.9)] {
            assert!((curve.inverse(y).unwrap() - x).abs() < 1e-12, "{y}: {:?}", curve.inverse(y));
        }
        let low = Curve::new(vec![[0.3, 0.4]]).unwrap();
        assert_eq!((low.at(0.0), low.at(1.0)), (0.4, 0.4));
        assert_eq!((low.inverse(0.4), low.inverse(0.41)), (Some(0.0), None));
    }

    fn curves() -> impl Strategy<Value = Curve> {
        let knots = prop::collection::btree_map(0..=1000_u32, 0..=1000_u32, 1..30);
        knots.prop_map(|knots| {
            let mut ys: Vec<u32> = knots.values().copied().collect();
            ys.sort_unstable();
            let thousandths = |whole: u32| f64::from(whole) / 1000.0;
            Curve::new(knots.keys().zip(ys).map(|(x, y)| [thousandths(*x), thousandths(y)]).collect())
                .unwrap()
        })
    }

    proptest! {
        #[test]
        fn a_curve_never_falls(curve in curves(), a in 0.0..=1.0, b in 0.0..=1.0) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(curve.at(low) <= curve.at(high));
        }

        #[test]
        fn the_inverse_is_the_first_score_that_reaches_a_value(curve in curves(), y in 0.0..=1.0) {
            match curve.inverse(y) {
                None => prop_assert!(curve.at(1.0) < y),
                Some(x) => {
                    prop_assert!(curve.at(x) >= y - 1e-9);
                    prop_assert!(x == 0.0 || curve.at((x - 1e-6).max(0.0)) <= y);
                }
            }
        }
    }
}
