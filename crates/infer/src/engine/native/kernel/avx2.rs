//! AVX2: Intel since 2013 (Haswell), AMD since 2015.
//!
//! Its product of bytes (`vpmaddubsw`) saturates at 16 bits, which would make the sums differ from
//! those of the other kernels. So bytes are widened to 16 bits, whose products it adds up exactly.

#![allow(unsafe_code, reason = "intrinsics; `kernel::tests` holds each function to its scalar twin")]

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_add_epi32, _mm256_cvtepi8_epi16, _mm256_cvtepu8_epi16,
    _mm256_hadd_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_permute4x64_epi64, _mm256_set1_epi32,
    _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_storeu_si256,
};

use super::{COLUMNS, Kernel, MOST_ROWS, Pair, PairRows, ROWS, Running, SHORT_ROWS};

/// Lanes of 32 bits of a vector.
const LANES: usize = 8;

/// Numbers of a row that are widened at once, on the stack.
const WIDENED: usize = 512;

/// Proof that the processor has the instructions.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

impl Kernel for Avx2 {
    #[inline(always)]
    fn run<R>(self, code: impl FnOnce(Running<'_, Self>) -> R) -> R {
        #[target_feature(enable = "avx2,fma")]
        fn run<R>(kernel: Avx2, code: impl FnOnce(Running<'_, Avx2>) -> R) -> R {
            code(Running::new(kernel))
        }
        // SAFETY: `detect` found the instructions, and nothing else makes a value of this type.
        unsafe { run(self, code) }
    }

    #[inline(always)]
    fn bytes(_: Running<'_, Self>, rows: &[u8], panel: &[i8], sums: &mut [[i32; COLUMNS]; MOST_ROWS]) {
        let len = rows.len() / ROWS;
        assert!(len.is_multiple_of(4) && rows.len() == len * ROWS && panel.len() == len * COLUMNS);
        let sums = sums.first_chunk_mut().expect("more rows than these");
        *sums = [[0; COLUMNS]; ROWS];
        for start in (0..len).step_by(WIDENED) {
            let end = (start + WIDENED).min(len);
            let part = std::array::from_fn(|row| &rows[row * len..][start..end]);
            // SAFETY: as in `run`; the lengths are those that the function asks for.
            unsafe { bytes(part, &panel[start * COLUMNS..end * COLUMNS], sums) }
        }
    }

    #[inline(always)]
    fn shorts<const C: usize>(
        _: Running<'_, Self>,
        rows: PairRows<'_>,
        panel: &[Pair],
        sums: &mut [[i32; C]; SHORT_ROWS],
    ) {
        let steps = panel.len() / C;
        assert!(C.is_multiple_of(LANES));
        // SAFETY: as in `run`; the lengths are those that the function asks for.
        unsafe { shorts(rows.pointers(steps), rows.stride, panel.as_ptr(), steps, sums) }
    }
}

/// Adds to the sums.
///
/// # Safety
/// The rows are of one length, a multiple of 4 and at most [`WIDENED`]; the panel is 64 times as
/// long.
#[target_feature(enable = "avx2")]
unsafe fn bytes(rows: [&[u8]; ROWS], panel: &[i8], sums: &mut [[i32; COLUMNS]; ROWS]) {
    let steps = rows[0].len() / 4;
    let mut wide = [[0_i16; WIDENED]; ROWS];
    for (row, wide) in rows.iter().zip(&mut wide) {
        let (chunks, rest) = row.as_chunks::<16>();
        let (wide_chunks, wide_rest) = wide[..row.len()].as_chunks_mut::<16>();
        for (chunk, wide) in chunks.iter().zip(wide_chunks) {
            // SAFETY: the chunks have 16 numbers.
            unsafe {
                let values = _mm256_cvtepu8_epi16(_mm_loadu_si128(chunk.as_ptr().cast()));
                _mm256_storeu_si256(wide.as_mut_ptr().cast(), values);
            }
        }
        wide_rest.iter_mut().zip(rest).for_each(|(wide, &value)| *wide = value.into());
    }
    // Four numbers of a column fill half a vector, so that two vectors hold eight columns, with two
    // sums of each.
    for first in (0..COLUMNS).step_by(LANES) {
        let mut totals = [[_mm256_setzero_si256(); 2]; ROWS];
        for step in 0..steps {
            // SAFETY: step < steps, and a vector of 16 bytes is four columns of it.
            let weights: [__m256i; 2] = std::array::from_fn(|half| unsafe {
                let place = panel.as_ptr().add(4 * (step * COLUMNS + first + 4 * half));
                _mm256_cvtepi8_epi16(_mm_loadu_si128(place.cast()))
            });
            for (row, totals) in wide.iter().zip(&mut totals) {
                // SAFETY: step < steps.
                let values =
                    _mm256_set1_epi64x(unsafe { row.as_ptr().add(4 * step).cast::<i64>().read_unaligned() });
                for (total, weights) in totals.iter_mut().zip(weights) {
                    *total = _mm256_add_epi32(*total, _mm256_madd_epi16(values, weights));
                }
            }
        }
        for (totals, sums) in totals.iter().zip(&mut *sums) {
            // The horizontal sum leaves the columns in the order 0 1 4 5 2 3 6 7.
            let total = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_hadd_epi32(totals[0], totals[1]));
            let place = sums[first..first + LANES].as_mut_ptr().cast();
            // SAFETY: the slice has as many numbers as a vector.
            unsafe { _mm256_storeu_si256(place, _mm256_add_epi32(_mm256_loadu_si256(place), total)) };
        }
    }
}

/// # Safety
/// Each row has as many pairs as there are steps, the panel C times as many; C is a multiple of
/// [`LANES`].
#[target_feature(enable = "avx2")]
unsafe fn shorts<const C: usize>(
    rows: [*const Pair; SHORT_ROWS],
    stride: usize,
    panel: *const Pair,
    steps: usize,
    sums: &mut [[i32; C]; SHORT_ROWS],
) {
    for first in (0..C).step_by(LANES) {
        let mut totals = [_mm256_setzero_si256(); SHORT_ROWS];
        for step in 0..steps {
            // SAFETY: step < steps, and first + LANES <= C.
            let weights = unsafe { _mm256_loadu_si256(panel.add(step * C + first).cast()) };
            for (row, total) in rows.iter().zip(&mut totals) {
                // SAFETY: step < steps.
                let values =
                    _mm256_set1_epi32(unsafe { row.add(step * stride).cast::<i32>().read_unaligned() });
                *total = _mm256_add_epi32(*total, _mm256_madd_epi16(values, weights));
            }
        }
        for (total, sums) in totals.iter().zip(&mut *sums) {
            // SAFETY: the slice has as many numbers as a vector.
            unsafe { _mm256_storeu_si256(sums[first..first + LANES].as_mut_ptr().cast(), *total) };
        }
    }
}
