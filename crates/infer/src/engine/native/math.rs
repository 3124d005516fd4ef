//! The operations of a network on one row, besides products. They are written so that the compiler
//! can use vector instructions, and so that a result depends on nothing but the row: what is added
//! up has a fixed number of lanes, and nothing is computed that another processor would round
//! differently. All of it is inlined, to be compiled for the instructions of the caller.

use std::array::from_fn;
use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

/// Values that are computed together.
pub(super) const LANES: usize = 16;

/// Added to a number of less than 2^22, it leaves no bits for a fraction: the nearest whole number
/// stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// The whole number nearest to `x * factor`, in as many of its lowest bits as the caller takes.
#[inline(always)]
pub(super) fn round_product(x: f32, factor: f32) -> u32 {
    x.mul_add(factor, ROUND).to_bits()
}

/// Adds another row.
#[inline(always)]
pub(super) fn add(row: &mut [f32], other: &[f32]) {
    for (value, addend) in row.iter_mut().zip(other) {
        *value += addend;
    }
}

/// Brings a row to mean 0 and variance 1, then stretches and shifts it.
#[inline(always)]
pub(super) fn layer_norm(row: &mut [f32], weight: &[f32], bias: &[f32], epsilon: f32) {
    let mean = sum(row, |value| value) / row.len() as f32;
    let variance = sum(row, |value| (value - mean) * (value - mean)) / row.len() as f32;
    let scale = 1.0 / (variance + epsilon).sqrt();
    for ((value, weight), bias) in row.iter_mut().zip(weight).zip(bias) {
        *value = ((*value - mean) * scale).mul_add(*weight, *bias);
    }
}

/// Makes weights of a row: `e^x`, divided by their sum.
#[inline(always)]
pub(super) fn softmax(row: &mut [f32]) {
    let scale = 1.0 / exponentials(row);
    for value in row {
        *value *= scale;
    }
}

/// Makes `e^(x - largest)` of each value of a row, and gives their sum.
#[inline(always)]
pub(super) fn exponentials(row: &mut [f32]) -> f32 {
    let largest = largest(row);
    for value in &mut *row {
        *value = exp(*value - largest);
    }
    sum(row, |value| value)
}

/// `x * P(X <= x)` for a standard normal X: the exact GELU (Hendrycks and Gimpel, 2016), within
/// 5e-7.
#[inline(always)]
pub(super) fn gelu(row: &mut [f32]) {
    for value in row {
        let x = *value;
        let tail = 0.5 * erfc(x.abs() * FRAC_1_SQRT_2);
        *value = x * if x < 0.0 { tail } else { 1.0 - tail };
    }
}

/// The least and the largest value of a row; (infinity, -infinity) of none.
#[inline(always)]
pub(super) fn range(row: &[f32]) -> (f32, f32) {
    (fold(row, f32::INFINITY, |a, b| if b < a { b } else { a }, |value| value), largest(row))
}

/// The largest value of a row; -infinity of none.
#[inline(always)]
pub(super) fn largest(row: &[f32]) -> f32 {
    fold(row, f32::NEG_INFINITY, |a, b| if b > a { b } else { a }, |value| value)
}

/// The largest magnitude of a row; 0 of none.
#[inline(always)]
pub(super) fn magnitude(row: &[f32]) -> f32 {
    fold(row, 0.0, |a, b| if b > a { b } else { a }, f32::abs)
}

/// [`gelu`] within 2e-4, for values that are rounded to 256 steps afterwards: the distribution
/// function is an odd polynomial between -3.9 and 3.9, fitted to the least greatest error of the
/// result, and constant beyond.
#[inline(always)]
pub(super) fn quick_gelu(x: f32) -> f32 {
    let near = if x > 3.9 { 3.9 } else { x };
    let near = if near < -3.9 { -3.9 } else { near };
    let square = near * near;
    let series = square.mul_add(2.627_148_3e-8, -1.770_495e-6);
    let series = square.mul_add(series, 5.123_726_8e-5);
    let series = square.mul_add(series, -0.000_844_511_9);
    let series = square.mul_add(series, 0.008_913_786);
    let series = square.mul_add(series, -0.064_869_48);
    let series = square.mul_add(series, 0.398_085_6);
    x * near.mul_add(series, 0.5)
}

/// `2^x` for `x <= 0`, of relative error below 1e-4, for values that are rounded to 16 bits
/// afterwards: the fraction's power of two is a polynomial fitted to the least greatest error.
/// Below -126 it is `2^-126`, or half of it.
#[inline(always)]
pub(super) fn quick_exp2(x: f32) -> f32 {
    let x = if x > -126.0 { x } else { -126.0 };
    let rounded = x + ROUND;
    let r = x - (rounded - ROUND);
    let series = r.mul_add(0.055_171_67, 0.242_611_12);
    let series = r.mul_add(series, 0.693_261);
    let series = r.mul_add(series, 0.999_928_1);
    // The whole part is added to the exponent.
    f32::from_bits(series.to_bits().wrapping_add(rounded.to_bits() << 23))
}

/// The complementary error function of `x >= 0`, within 2e-7: Abramowitz and Stegun, Handbook of
/// Mathematical Functions (1964), formula 7.1.26.
#[inline(always)]
fn erfc(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series =
        t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
    series * exp(-x * x)
}

/// `e^x` for `x <= 0`, with a relative error below 3e-7; below -87, where it ceases to be a normal
/// number, `e^-87`.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // e^x = 2^n e^r: n is the nearest whole number to x / ln 2, so that |r| <= ln 2 / 2, where
    // Taylor's series of degree 6 is within 1.3e-7.
    let x = if x > -87.0 { x } else { -87.0 };
    let rounded = x * LOG2_E + ROUND;
    let n = rounded - ROUND;
    // ln 2 in two parts: the first has so few bits that n times it is exact (Cody and Waite, 1980).
    const HIGH: f32 = 355.0 / 512.0;
    const LOW: f32 = -2.121_944_4e-4;
    let r = x - n * HIGH - n * LOW;
    let series = 1.0
        + r * (1.0
            + r * (1.0 / 2.0 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0))))));
    let power = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    series * power
}

/// The sum of a term of each value.
#[inline(always)]
pub(super) fn sum(row: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    fold(row, 0.0, |total, value| total + value, term)
}

/// Joins the values of a row in four times [`LANES`] lanes, so that none waits for the one before;
/// then the lanes.
#[inline(always)]
fn fold(row: &[f32], start: f32, two: impl Fn(f32, f32) -> f32, term: impl Fn(f32) -> f32) -> f32 {
    // Only constants index the lanes, or they would not stay in registers.
    let [mut one, mut other, mut third, mut fourth] = [[start; LANES]; 4];
    let (chunks, rest) = row.as_chunks::<{ 4 * LANES }>();
    for chunk in chunks {
        one = from_fn(|lane| two(one[lane], term(chunk[lane])));
        other = from_fn(|lane| two(other[lane], term(chunk[LANES + lane])));
        third = from_fn(|lane| two(third[lane], term(chunk[2 * LANES + lane])));
        fourth = from_fn(|lane| two(fourth[lane], term(chunk[3 * LANES + lane])));
    }
    if !rest.is_empty() {
        let mut last = [start; 4 * LANES];
        last.iter_mut().zip(rest).for_each(|(lane, &value)| *lane = term(value));
        one = from_fn(|lane| two(one[lane], last[lane]));
        other = from_fn(|lane| two(other[lane], last[LANES + lane]));
        third = from_fn(|lane| two(third[lane], last[2 * LANES + lane]));
        fourth = from_fn(|lane| two(fourth[lane], last[3 * LANES + lane]));
    }
    one = from_fn(|lane| two(one[lane], other[lane]));
    third = from_fn(|lane| two(third[lane], fourth[lane]));
    join(from_fn(|lane| two(one[lane], third[lane])), two)
}

/// Joins lanes half by half.
#[inline(always)]
fn join(lanes: [f32; LANES], two: impl Fn(f32, f32) -> f32) -> f32 {
    let lanes: [f32; 8] = from_fn(|lane| two(lanes[lane], lanes[lane + 8]));
    let lanes: [f32; 4] = from_fn(|lane| two(lanes[lane], lanes[lane + 4]));
    two(two(lanes[0], lanes[2]), two(lanes[1], lanes[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard normal distribution function, by Simpson's rule.
    fn normal(x: f64) -> f64 {
        let density = |t: f64| (-t * t / 2.0).exp() / std::f64::consts::TAU.sqrt();
        let (steps, mut sum) = (2000, density(0.0) - density(x));
        let step = x / f64::from(steps);
        for number in 1..=steps {
            let end = f64::from(number) * step;
            sum += 4.0 * density(end - step / 2.0) + 2.0 * density(end);
        }
        0.5 + sum * step / 6.0
    }

    #[test]
    fn exp_is_within_its_bound() {
        for number in 0..870_000 {
            let x = -(number as f32) / 10_000.0;
            let (found, exact) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((found / exact - 1.0).abs() < 3e-7, "e^{x} = {exact}, not {found}");
        }
        assert_eq!(exp(0.0), 1.0);
        for x in [-88.0, -1e10, f32::NEG_INFINITY] {
            assert!((0.0..2e-38).contains(&exp(x)));
        }
    }

    #[test]
    fn gelu_is_within_its_bound() {
        for number in -12_000..=12_000 {
            let x = number as f32 / 1000.0;
            let mut row = [x];
            gelu(&mut row);
            let exact = f64::from(x) * normal(f64::from(x));
            assert!((f64::from(row[0]) - exact).abs() < 5e-7, "gelu({x}) = {exact}, not {}", row[0]);
        }
        for (x, expected) in [(1e4, 1e4), (-1e4, 0.0), (f32::MAX, f32::MAX)] {
            let mut row = [x];
            gelu(&mut row);
            assert!((row[0] - expected).abs() < 1e-30, "gelu({x}) = {}", row[0]);
        }
    }

    #[test]
    fn the_quick_forms_are_within_their_bounds() {
        for number in -120_000..=120_000 {
            let x = number as f32 / 10_000.0;
            let mut exact = [x];
            gelu(&mut exact);
            let found = quick_gelu(x);
            assert!((found - exact[0]).abs() < 2e-4, "gelu({x}) = {}, not {found}", exact[0]);
        }
        for number in 0..1_260_000 {
            let x = -(number as f32) / 10_000.0;
            let exact = f64::from(x).exp2();
            let found = quick_exp2(x);
            assert!((f64::from(found) / exact - 1.0).abs() < 1e-4, "2^{x} = {exact}, not {found}");
        }
        for x in [-127.0, -1e10, f32::NEG_INFINITY] {
            assert!((0.0..2e-38).contains(&quick_exp2(x)));
        }
    }

    #[test]
    fn softmax_adds_up_to_one() {
        for len in [1, 2, 15, 16, 17, 256] {
            let mut row: Vec<f32> = (0..len).map(|number| (number * 7 % 13) as f32 * 3.0).collect();
            let exact: Vec<f64> = row.iter().map(|&value| f64::from(value).exp()).collect();
            let total: f64 = exact.iter().sum();
            softmax(&mut row);
            for (found, exact) in row.iter().zip(exact) {
                assert!((f64::from(*found) - exact / total).abs() < 1e-6);
            }
        }
        let mut far = [3e38, -3e38];
        softmax(&mut far);
        assert_eq!(far, [1.0, exp(-87.0)]);
    }

    #[test]
    fn layer_norm_gives_mean_and_spread() {
        let mut row = [1.0, 2.0, 3.0, 4.0, 1000.0];
        layer_norm(&mut row, &[2.0; 5], &[7.0; 5], 1e-12);
        let mean = row.iter().sum::<f32>() / 5.0;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 5.0;
        assert!((mean - 7.0).abs() < 1e-5 && (variance - 4.0).abs() < 1e-5, "{mean} {variance}");
    }
}
