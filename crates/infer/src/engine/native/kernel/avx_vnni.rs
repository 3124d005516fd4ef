//! AVX-VNNI: what AVX-512 VNNI does, in vectors of half the size. Intel's processors for desks and
//! laps since 2021 (Alder Lake), which have no AVX-512.

#![allow(unsafe_code, reason = "intrinsics; `kernel::tests` holds each function to its scalar twin")]

use std::arch::x86_64::{
    __m256i, _mm256_dpbusd_avx_epi32, _mm256_dpwssd_avx_epi32, _mm256_loadu_si256, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_storeu_si256,
};

use super::{COLUMNS, Kernel, MOST_ROWS, Pair, PairRows, ROWS, Running, SHORT_ROWS};

/// Lanes of 32 bits of a vector.
const LANES: usize = 8;

/// Proof that the processor has the instructions.
#[derive(Clone, Copy)]
pub(crate) struct AvxVnni(());

impl AvxVnni {
    pub(crate) fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("avxvnni");
        all.then_some(Self(()))
    }
}

impl Kernel for AvxVnni {
    #[inline(always)]
    fn run<R>(self, code: impl FnOnce(Running<'_, Self>) -> R) -> R {
        #[target_feature(enable = "avx2,fma,avxvnni")]
        fn run<R>(kernel: AvxVnni, code: impl FnOnce(Running<'_, AvxVnni>) -> R) -> R {
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
        let rows = std::array::from_fn(|row| rows[row * len..].as_ptr());
        // SAFETY: as in `run`; the lengths are those that the function asks for.
        unsafe { products::<true, ROWS, 2, COLUMNS>(rows, 4, panel.as_ptr().cast(), len / 4, sums) }
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
        let mut pointers = [std::ptr::null(); SHORT_ROWS];
        pointers.iter_mut().zip(rows.pointers(steps)).for_each(|(to, pointer)| *to = pointer.cast());
        // SAFETY: as in `run`; the lengths are those that the function asks for.
        unsafe {
            products::<false, SHORT_ROWS, 1, C>(
                pointers,
                4 * rows.stride,
                panel.as_ptr().cast(),
                steps,
                sums,
            );
        }
    }
}

/// Sums of products of bytes, or else of numbers of 16 bits: of either a step is 32 bits. The
/// registers hold VECTORS of each row at once, which leaves room for the factors.
///
/// # Safety
/// Each row has as many four bytes as there are steps, one behind the other by the stride; the
/// panel C times as many; C is a multiple of `VECTORS * LANES`.
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn products<const BYTES: bool, const R: usize, const VECTORS: usize, const C: usize>(
    rows: [*const u8; R],
    stride: usize,
    panel: *const u8,
    steps: usize,
    sums: &mut [[i32; C]; R],
) {
    for first in (0..C).step_by(VECTORS * LANES) {
        let mut totals = [[_mm256_setzero_si256(); VECTORS]; R];
        for step in 0..steps {
            // SAFETY: step < steps, and there are that many columns from the first on.
            let weights: [__m256i; VECTORS] = std::array::from_fn(|vector| unsafe {
                _mm256_loadu_si256(panel.add(4 * (step * C + first + vector * LANES)).cast())
            });
            for (row, totals) in rows.iter().zip(&mut totals) {
                // SAFETY: step < steps.
                let values =
                    _mm256_set1_epi32(unsafe { row.add(step * stride).cast::<i32>().read_unaligned() });
                for (total, weights) in totals.iter_mut().zip(weights) {
                    *total = match BYTES {
                        true => _mm256_dpbusd_avx_epi32(*total, values, weights),
                        false => _mm256_dpwssd_avx_epi32(*total, values, weights),
                    };
                }
            }
        }
        for (totals, sums) in totals.iter().zip(&mut *sums) {
            for (total, sums) in totals.iter().zip(sums[first..].as_chunks_mut::<LANES>().0) {
                // SAFETY: a chunk has as many numbers as a vector.
                unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), *total) };
            }
        }
    }
}
