//! AVX-512 with VNNI: Intel since 2019 (Cascade Lake), AMD since 2022 (Zen 4).

#![allow(unsafe_code, reason = "intrinsics; `kernel::tests` holds each function to its scalar twin")]

use std::arch::x86_64::{
    __m512i, _mm512_dpbusd_epi32, _mm512_dpwssd_epi32, _mm512_loadu_si512, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_storeu_si512,
};

use super::{COLUMNS, Kernel, MOST_ROWS, Pair, PairRows, ROWS, Running, SHORT_ROWS};

/// Lanes of 32 bits of a vector.
const LANES: usize = 16;

/// Proof that the processor has the instructions.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        all.then_some(Self(()))
    }
}

impl Kernel for Avx512 {
    #[inline(always)]
    fn run<R>(self, code: impl FnOnce(Running<'_, Self>) -> R) -> R {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
        fn run<R>(kernel: Avx512, code: impl FnOnce(Running<'_, Avx512>) -> R) -> R {
            code(Running::new(kernel))
        }
        // SAFETY: `detect` found the instructions, and nothing else makes a value of this type.
        unsafe { run(self, code) }
    }

    #[inline(always)]
    fn bytes(_: Running<'_, Self>, rows: &[u8], panel: &[i8], sums: &mut [[i32; COLUMNS]; MOST_ROWS]) {
        let steps = rows.len() / (4 * ROWS);
        assert!(rows.len() == 4 * steps * ROWS && panel.len() == 4 * steps * COLUMNS);
        let sums = sums.first_chunk_mut().expect("more rows than these");
        // SAFETY: as in `run`; the lengths are those that the function asks for.
        unsafe { bytes(rows.as_ptr(), panel.as_ptr(), steps, sums) }
    }

    #[inline(always)]
    fn shorts<const C: usize>(
        _: Running<'_, Self>,
        rows: PairRows<'_>,
        panel: &[Pair],
        sums: &mut [[i32; C]; SHORT_ROWS],
    ) {
        let steps = panel.len() / C;
        let pointers = rows.pointers(steps);
        // SAFETY: as in `run`; the lengths are those that the functions ask for, and `sums` has C
        // columns.
        unsafe {
            match C {
                16 => shorts::<1>(pointers, rows.stride, panel.as_ptr(), steps, sums.as_flattened_mut()),
                32 => shorts::<2>(pointers, rows.stride, panel.as_ptr(), steps, sums.as_flattened_mut()),
                _ => unreachable!("panels have 16 or 32 columns"),
            }
        }
    }
}

/// # Safety
/// Each row has `4 * steps` numbers, the panel 64 times as many.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn bytes(rows: *const u8, panel: *const i8, steps: usize, sums: &mut [[i32; COLUMNS]; ROWS]) {
    const VECTORS: usize = COLUMNS / LANES;
    // SAFETY: row < ROWS.
    let rows: [*const u8; ROWS] = std::array::from_fn(|row| unsafe { rows.add(row * 4 * steps) });
    let mut totals = [[_mm512_setzero_si512(); VECTORS]; ROWS];
    for step in 0..steps {
        // SAFETY: step < steps.
        let weights: [__m512i; VECTORS] = std::array::from_fn(|vector| unsafe {
            _mm512_loadu_si512(panel.add(4 * (step * COLUMNS + vector * LANES)).cast())
        });
        for (row, totals) in rows.iter().zip(&mut totals) {
            // SAFETY: step < steps.
            let values = _mm512_set1_epi32(unsafe { row.add(4 * step).cast::<i32>().read_unaligned() });
            for (total, weights) in totals.iter_mut().zip(weights) {
                *total = _mm512_dpbusd_epi32(*total, values, weights);
            }
        }
    }
    for (totals, sums) in totals.iter().zip(sums) {
        for (total, sums) in totals.iter().zip(sums.as_chunks_mut::<LANES>().0) {
            // SAFETY: a chunk has as many numbers as a vector.
            unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), *total) };
        }
    }
}

/// # Safety
/// Each row has as many pairs as there are steps, the panel `16 * VECTORS` times as many.
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn shorts<const VECTORS: usize>(
    rows: [*const Pair; SHORT_ROWS],
    stride: usize,
    panel: *const Pair,
    steps: usize,
    sums: &mut [i32],
) {
    let mut totals = [[_mm512_setzero_si512(); VECTORS]; SHORT_ROWS];
    for step in 0..steps {
        // SAFETY: step < steps.
        let weights: [__m512i; VECTORS] = std::array::from_fn(|vector| unsafe {
            _mm512_loadu_si512(panel.add((step * VECTORS + vector) * LANES).cast())
        });
        for (row, totals) in rows.iter().zip(&mut totals) {
            // SAFETY: step < steps.
            let values = _mm512_set1_epi32(unsafe { row.add(step * stride).cast::<i32>().read_unaligned() });
            for (total, weights) in totals.iter_mut().zip(weights) {
                *total = _mm512_dpwssd_epi32(*total, values, weights);
            }
        }
    }
    for (total, sums) in totals.as_flattened().iter().zip(sums.as_chunks_mut::<LANES>().0) {
        // SAFETY: a chunk has as many numbers as a vector.
        unsafe { _mm512_storeu_si512(sums.as_mut_ptr().cast(), *total) };
    }
}
