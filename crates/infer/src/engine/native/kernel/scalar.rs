//! Plain Rust, for every processor: the reference for the other kernels.

use super::{COLUMNS, Kernel, MOST_ROWS, Pair, PairRows, ROWS, Running, SHORT_ROWS};

/// Numbers of a row that are taken at once, on the stack.
const AT_ONCE: usize = 512;

/// Needs nothing.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

impl Kernel for Scalar {
    #[inline(always)]
    fn run<R>(self, code: impl FnOnce(Running<'_, Self>) -> R) -> R {
        code(Running::new(self))
    }

    fn bytes(_: Running<'_, Self>, rows: &[u8], panel: &[i8], sums: &mut [[i32; COLUMNS]; MOST_ROWS]) {
        sums[..ROWS].fill([0; COLUMNS]);
        let len = rows.len() / ROWS;
        for start in (0..len).step_by(AT_ONCE) {
            let end = (start + AT_ONCE).min(len);
            let mut wide = [[0; AT_ONCE]; ROWS];
            for (wide, row) in wide.iter_mut().zip(rows.chunks_exact(len)) {
                wide.iter_mut().zip(&row[start..end]).for_each(|(wide, &value)| *wide = value.into());
            }
            let steps = panel[start * COLUMNS..end * COLUMNS].as_chunks::<4>().0.chunks_exact(COLUMNS);
            for column in 0..COLUMNS {
                let mut weights = [0; AT_ONCE];
                for (weights, step) in weights.as_chunks_mut::<4>().0.iter_mut().zip(steps.clone()) {
                    weights.iter_mut().zip(step[column]).for_each(|(wide, weight)| *wide = weight.into());
                }
                for (sums, row) in sums.iter_mut().zip(&wide) {
                    sums[column] += dot(&row[..end - start], &weights[..end - start]);
                }
            }
        }
    }

    fn shorts<const C: usize>(
        _: Running<'_, Self>,
        rows: PairRows<'_>,
        panel: &[Pair],
        sums: &mut [[i32; C]; SHORT_ROWS],
    ) {
        *sums = [[0; C]; SHORT_ROWS];
        for (step, weights) in panel.chunks_exact(C).enumerate() {
            for (sums, first) in sums.iter_mut().zip(rows.firsts) {
                let [one, other] = rows.pairs[first + step * rows.stride].map(i32::from);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum += one * i32::from(weights[0]) + other * i32::from(weights[1]);
                }
            }
        }
    }
}

/// In the shape that compilers know a vector instruction for on most processors.
fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}
