//! Isotonic regression: the function that never falls with the least squared error.

use crate::score_map::Curve;

/// The most knots of a [`Fit`].
const MAX_KNOTS: usize = 200;

/// The largest difference that simplifying a curve may make, if [`MAX_KNOTS`] are enough for it.
const TOLERANCE: f64 = 0.0005;

/// Neighbouring points with one mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    /// Mean of the points' `x`.
    pub(super) x: f64,
    /// Mean of their `y`.
    pub(super) y: f64,
    /// Sum of their weights, above 0.
    pub(super) weight: f64,
}

impl Block {
    fn join(self, next: Self) -> Self {
        let weight = self.weight + next.weight;
        let mean = |a: f64, b: f64| (a * self.weight + b * next.weight) / weight;
        Self { x: mean(self.x, next.x), y: mean(self.y, next.y), weight }
    }
}

/// A fitted curve, with at most [`MAX_KNOTS`] knots.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    /// The curve, with knots of six decimals.
    pub(super) curve: Curve,
    /// The largest difference from the curve before it was simplified.
    pub(super) within: f64,
    /// The number of blocks: 1 if the values do not rise with the scores.
    pub(super) blocks: usize,
}

/// Returns the blocks of an isotonic regression of `y` on `x`: both rise from block to block, and
/// the `y` of a point's block is its fitted value. Points with equal `x` are in one block.
///
/// Pool adjacent violators: Ayer, Brunk, Ewing, Reid and Silverman 1955, "An empirical distribution
/// function for sampling with incomplete information", Annals of Mathematical Statistics
/// 26:641-647. A linear scan after sorting.
pub(super) fn pool(mut points: Vec<Block>) -> Vec<Block> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let mut tied: Vec<Block> = Vec::with_capacity(points.len());
    for point in points {
        match tied.last_mut() {
            // Of equal `x` the mean is taken as it is: rounding must not move it.
            Some(last) if last.x == point.x => *last = Block { x: point.x, ..last.join(point) },
            _ => tied.push(point),
        }
    }
    let mut blocks: Vec<Block> = Vec::new();
    for mut block in tied {
        while let Some(last) = blocks.pop_if(|last| last.y >= block.y) {
            block = last.join(block);
        }
        blocks.push(block);
    }
    blocks
}

/// Fits a curve through the means of the blocks, of which there is at least one.
///
/// It is linear between the means, so that scores which differ stay different. Outside the
/// outermost means it has the slope 1, or less if 0 or 1 would be passed: the data has no more to
/// say there, and the order is kept.
pub(super) fn fit(points: Vec<Block>) -> Fit {
    let blocks = pool(points);
    let mut knots: Vec<[f64; 2]> = blocks.iter().map(|block| [block.x, block.y]).collect();
    let [x, y] = knots[0];
    if x > 0.0 {
        knots.insert(0, [0.0, (y - x).max(0.0)]);
    }
    let [x, y] = knots[knots.len() - 1];
    if x < 1.0 {
        knots.push([1.0, (y + (1.0 - x)).min(1.0)]);
    }
    let whole = Curve::new(knots).expect("the means of the blocks rise");
    let tolerances = std::iter::successors(Some(TOLERANCE), |tolerance| Some(tolerance * 1.5));
    let mut simpler = tolerances.map(|tolerance| simplify(whole.knots(), tolerance));
    let kept = simpler.find(|knots| knots.len() <= MAX_KNOTS).expect("two knots remain at last");
    let curve = rounded(&kept);
    let at_knots = whole.knots().iter().chain(curve.knots());
    let differences = at_knots.map(|[x, _]| (whole.at(*x) - curve.at(*x)).abs());
    let within = (differences.fold(0.0, f64::max) * 1e6).ceil() / 1e6;
    Fit { curve, within, blocks: blocks.len() }
}

/// Returns the knots that are needed to stay within `tolerance` of all of them, measured along `y`
/// (Douglas and Peucker 1973, "Algorithms for the reduction of the number of points required to
/// represent a digitized line or its caricature", Cartographica 10:112-122).
fn simplify(knots: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    let mut is_kept = vec![false; knots.len()];
    let last = knots.len() - 1;
    (is_kept[0], is_kept[last]) = (true, true);
    let mut spans = vec![(0, last)];
    while let Some((first, last)) = spans.pop() {
        let ([x0, y0], [x1, y1]) = (knots[first], knots[last]);
        let distance = |knot: usize| {
            let [x, y] = knots[knot];
            (y0 + (y1 - y0) * ((x - x0) / (x1 - x0)) - y).abs()
        };
        let inner = first + 1..last;
        let farthest = inner.max_by(|a, b| distance(*a).total_cmp(&distance(*b)));
        if let Some(farthest) = farthest.filter(|knot| distance(*knot) > tolerance) {
            is_kept[farthest] = true;
            spans.extend([(first, farthest), (farthest, last)]);
        }
    }
    knots.iter().zip(is_kept).filter(|(_, is_kept)| *is_kept).map(|(knot, _)| *knot).collect()
}

/// Rounds knots to the six decimals of files. Of knots with equal scores the first one stays.
fn rounded(knots: &[[f64; 2]]) -> Curve {
    let mut knots: Vec<[f64; 2]> = knots.iter().map(|knot| knot.map(crate::decimal::round)).collect();
    knots.dedup_by_key(|knot| knot[0]);
    Curve::new(knots).expect("rounding keeps the order")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(x: f64, y: f64, weight: f64) -> Block {
        Block { x, y, weight }
    }

    /// The value at each point by the max-min formula (Robertson, Wright and Dykstra 1988, 1.4), for
    /// points with different `x`, in order.
    fn naive(points: &[Block]) -> Vec<f64> {
        let mean = |from: usize, to: usize| {
            let some = &points[from..=to];
            let weight: f64 = some.iter().map(|point| point.weight).sum();
            some.iter().map(|point| point.y * point.weight).sum::<f64>() / weight
        };
        let at = |place: usize| {
            let lowest = |from| (place..points.len()).map(|to| mean(from, to)).fold(f64::MAX, f64::min);
            (0..=place).map(lowest).fold(f64::MIN, f64::max)
        };
        (0..points.len()).map(at).collect()
    }

    /// The fitted value of each point: that of the block that it was pooled into.
    fn fitted(points: &[Block]) -> Vec<f64> {
        let blocks = pool(points.to_vec());
        let mut left = points.iter();
        let mut values = Vec::new();
        for block in blocks {
            let mut weight = 0.0;
            while weight < block.weight - 1e-9 {
                weight += left.next().unwrap().weight;
                values.push(block.y);
            }
        }
        assert_eq!(values.len(), points.len());
        values
    }

    #[test]
    fn violators_are_pooled_and_ties_share_a_value() {
        let points = [(0.1, 0.0), (0.2, 0.4), (0.3, 0.2), (0.4, 0.6), (0.4, 1.0), (0.9, 0.7)];
        let blocks = pool(points.iter().rev().map(|(x, y)| point(*x, *y, 1.0)).collect());
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert_eq!(blocks.len(), 3);
        assert!(near(blocks[1].x, 0.25) && near(blocks[1].y, 0.3) && blocks[1].weight == 2.0);
        assert!(near(blocks[2].x, 1.7 / 3.0) && near(blocks[2].y, 2.3 / 3.0) && blocks[2].weight == 3.0);
    }

    #[test]
    fn the_ends_keep_the_order() {
        let fit = fit(vec![point(0.1, 0.3, 1.0), point(0.9, 0.8, 1.0)]);
        assert_eq!(fit.curve.knots(), [[0.0, 0.2], [0.1, 0.3], [0.9, 0.8], [1.0, 0.9]]);
        let steep = super::fit(vec![point(0.3, 0.1, 1.0), point(0.7, 0.95, 1.0)]);
        assert_eq!(steep.curve.knots(), [[0.0, 0.0], [0.3, 0.1], [0.7, 0.95], [1.0, 1.0]]);
        let falling = super::fit(vec![point(0.2, 0.9, 1.0), point(0.8, 0.1, 1.0)]);
        assert_eq!((falling.blocks, falling.curve.at(0.5)), (1, 0.5));
    }

    #[test]
    fn many_blocks_become_few_knots_within_the_stated_difference() {
        let points = (0..=5000_u32).map(|n| {
            let x = f64::from(n) / 5000.0;
            point(x, x.powf(0.3) * 0.9 + f64::from(n % 7) * 1e-5, 1.0)
        });
        let fit = fit(points.clone().collect());
        assert!(fit.blocks > 1000, "{}", fit.blocks);
        assert!(fit.curve.knots().len() <= MAX_KNOTS);
        assert!(fit.within <= TOLERANCE + 1e-6, "{}", fit.within);
        for Block { x, y, .. } in points {
            assert!((fit.curve.at(x) - y).abs() < TOLERANCE + 1e-4);
        }
    }

    fn points() -> impl Strategy<Value = Vec<Block>> {
        let rows = prop::collection::btree_map(0..=1000_u32, (0..=20_u32, 1..=5_u32), 1..40);
        rows.prop_map(|rows| {
            let rows = rows.into_iter();
            rows.map(|(x, (y, weight))| point(f64::from(x) / 1000.0, f64::from(y) / 20.0, f64::from(weight)))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn values_are_those_of_the_naive_formula(points in points()) {
            for (fast, slow) in fitted(&points).into_iter().zip(naive(&points)) {
                prop_assert!((fast - slow).abs() < 1e-9, "{} {}", fast, slow);
            }
        }

        #[test]
        fn pooling_again_changes_nothing(points in points()) {
            let blocks = pool(points);
            prop_assert_eq!(pool(blocks.clone()), blocks.clone());
            prop_assert!(blocks.windows(2).all(|pair| pair[0].x < pair[1].x && pair[0].y < pair[1].y));
        }

        #[test]
        fn no_other_rising_values_have_less_error(points in points(), mut others in prop::collection::vec(0.0..=1.0, 40)) {
            others.truncate(points.len());
            others.sort_by(f64::total_cmp);
            let error = |values: &[f64]| -> f64 {
                let terms = points.iter().zip(values);
                terms.map(|(point, value)| point.weight * (point.y - value).powi(2)).sum()
            };
            let best = fitted(&points);
            prop_assert!(error(&best) <= error(&others) + 1e-9);
            // Also not those a small step towards the others.
            let mixed: Vec<f64> = best.iter().zip(&others).map(|(a, b)| 0.99 * a + 0.01 * b).collect();
            prop_assert!(error(&best) <= error(&mixed) + 1e-9);
        }

        #[test]
        fn a_weight_counts_as_so_many_points(points in points()) {
            let single = points.iter().flat_map(|whole| {
                std::iter::repeat_n(Block { weight: 1.0, ..*whole }, whole.weight as usize)
            });
            let single = fitted(&single.collect::<Vec<Block>>());
            let whole = points.iter().zip(fitted(&points)).flat_map(|(point, value)| {
                std::iter::repeat_n(value, point.weight as usize)
            });
            for (one, other) in single.into_iter().zip(whole) {
                prop_assert!((one - other).abs() < 1e-9, "{} {}", one, other);
            }
        }

        #[test]
        fn a_curve_stays_near_its_blocks(points in points()) {
            let fit = fit(points.clone());
            for block in pool(points) {
                prop_assert!((fit.curve.at(block.x) - block.y).abs() <= fit.within + 1e-9);
            }
            prop_assert!(fit.within <= TOLERANCE + 2e-3);
        }
    }
}
