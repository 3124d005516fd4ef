//! NEON with dot products of bytes (Armv8.2's `dotprod`): Apple's processors, Arm's servers since
//! Graviton 2, most telephones since 2018.
//!
//! `sdot` wants both factors signed, so 128 is taken off the bytes of the rows, and 128 times the
//! sums of the weights added again. Rust has no stable intrinsic for it, so the loop over a tile is
//! in assembly.

#![allow(
    unsafe_code,
    reason = "intrinsics and assembly; `kernel::tests` holds each function to its scalar twin"
)]

use std::arch::aarch64::{
    vdupq_n_s32, vget_low_s16, vld1q_dup_s32, vld1q_s16, vmlal_high_s16, vmlal_s16, vpaddq_s32,
    vreinterpretq_s16_s32, vst1q_s32,
};
use std::arch::{asm, is_aarch64_feature_detected};

use super::{COLUMNS, Kernel, MOST_ROWS, Pair, PairRows, ROWS, Running, SHORT_ROWS};

/// Lanes of 32 bits of a vector.
const LANES: usize = 4;

/// Columns whose sums fit in the registers at once for each row of bytes: two vectors.
const AT_ONCE: usize = 2 * LANES;

/// Proof that the processor has the instructions.
#[derive(Clone, Copy)]
pub(crate) struct Neon(());

impl Neon {
    pub(crate) fn detect() -> Option<Self> {
        (is_aarch64_feature_detected!("neon") && is_aarch64_feature_detected!("dotprod")).then_some(Self(()))
    }
}

impl Kernel for Neon {
    #[inline(always)]
    fn run<R>(self, code: impl FnOnce(Running<'_, Self>) -> R) -> R {
        #[target_feature(enable = "neon,dotprod")]
        fn run<R>(kernel: Neon, code: impl FnOnce(Running<'_, Neon>) -> R) -> R {
            code(Running::new(kernel))
        }
        // SAFETY: `detect` found the instructions, and nothing else makes a value of this type.
        unsafe { run(self, code) }
    }

    #[inline(always)]
    fn bytes(_: Running<'_, Self>, rows: &[u8], panel: &[i8], sums: &mut [[i32; COLUMNS]; MOST_ROWS]) {
        let len = rows.len() / ROWS;
        assert!(len.is_multiple_of(16) && rows.len() == len * ROWS && panel.len() == len * COLUMNS);
        let sums = sums.first_chunk_mut().expect("more rows than these");
        // SAFETY: as in `run`; the lengths are those that the function asks for.
        unsafe { bytes(rows.as_ptr(), panel.as_ptr(), len / 16, sums) }
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

/// Adds up four k of eight columns: the sums of the weights in v12 and v13, those of six rows in v0
/// to v11. `sdot` by an element takes the four bytes of a row that the step counts.
macro_rules! four_k {
    ($step:literal) => {
        concat!(
            "ldp q14, q15, [{panel}, #256 * ",
            $step,
            "]\n",
            "sdot v12.4s, v14.16b, v22.4b[0]\n",
            "sdot v13.4s, v15.16b, v22.4b[0]\n",
            "sdot v0.4s, v14.16b, v16.4b[",
            $step,
            "]\n",
            "sdot v1.4s, v15.16b, v16.4b[",
            $step,
            "]\n",
            "sdot v2.4s, v14.16b, v17.4b[",
            $step,
            "]\n",
            "sdot v3.4s, v15.16b, v17.4b[",
            $step,
            "]\n",
            "sdot v4.4s, v14.16b, v18.4b[",
            $step,
            "]\n",
            "sdot v5.4s, v15.16b, v18.4b[",
            $step,
            "]\n",
            "sdot v6.4s, v14.16b, v19.4b[",
            $step,
            "]\n",
            "sdot v7.4s, v15.16b, v19.4b[",
            $step,
            "]\n",
            "sdot v8.4s, v14.16b, v20.4b[",
            $step,
            "]\n",
            "sdot v9.4s, v15.16b, v20.4b[",
            $step,
            "]\n",
            "sdot v10.4s, v14.16b, v21.4b[",
            $step,
            "]\n",
            "sdot v11.4s, v15.16b, v21.4b[",
            $step,
            "]\n",
        )
    };
}

/// # Safety
/// Each row has `16 * blocks` numbers, the panel 64 times as many.
#[target_feature(enable = "neon,dotprod")]
unsafe fn bytes(rows: *const u8, panel: *const i8, blocks: usize, sums: &mut [[i32; COLUMNS]; ROWS]) {
    for first in (0..COLUMNS).step_by(AT_ONCE) {
        // SAFETY: every block reads 16 bytes of each of six rows, and eight columns of four times
        // four k of the panel, whose rows of four k are 256 bytes apart, as are the rows of sums.
        unsafe {
            asm!(
                "movi v0.2d, #0", "movi v1.2d, #0", "movi v2.2d, #0", "movi v3.2d, #0",
                "movi v4.2d, #0", "movi v5.2d, #0", "movi v6.2d, #0", "movi v7.2d, #0",
                "movi v8.2d, #0", "movi v9.2d, #0", "movi v10.2d, #0", "movi v11.2d, #0",
                "movi v12.2d, #0", "movi v13.2d, #0",
                "movi v22.16b, #1",
                "movi v23.16b, #128",
                "cbz {blocks}, 3f",
                "2:",
                "ldr q16, [{row}]",
                "add {next}, {row}, {len}",
                "ldr q17, [{next}]",
                "add {next}, {next}, {len}",
                "ldr q18, [{next}]",
                "add {next}, {next}, {len}",
                "ldr q19, [{next}]",
                "add {next}, {next}, {len}",
                "ldr q20, [{next}]",
                "ldr q21, [{next}, {len}]",
                "eor v16.16b, v16.16b, v23.16b",
                "eor v17.16b, v17.16b, v23.16b",
                "eor v18.16b, v18.16b, v23.16b",
                "eor v19.16b, v19.16b, v23.16b",
                "eor v20.16b, v20.16b, v23.16b",
                "eor v21.16b, v21.16b, v23.16b",
                four_k!(0),
                four_k!(1),
                four_k!(2),
                four_k!(3),
                "add {row}, {row}, #16",
                "add {panel}, {panel}, #1024",
                "sub {blocks}, {blocks}, #1",
                "cbnz {blocks}, 2b",
                "3:",
                "shl v12.4s, v12.4s, #7",
                "shl v13.4s, v13.4s, #7",
                "add v0.4s, v0.4s, v12.4s", "add v1.4s, v1.4s, v13.4s",
                "add v2.4s, v2.4s, v12.4s", "add v3.4s, v3.4s, v13.4s",
                "add v4.4s, v4.4s, v12.4s", "add v5.4s, v5.4s, v13.4s",
                "add v6.4s, v6.4s, v12.4s", "add v7.4s, v7.4s, v13.4s",
                "add v8.4s, v8.4s, v12.4s", "add v9.4s, v9.4s, v13.4s",
                "add v10.4s, v10.4s, v12.4s", "add v11.4s, v11.4s, v13.4s",
                "stp q0, q1, [{sums}]",
                "stp q2, q3, [{sums}, #256]",
                "stp q4, q5, [{sums}, #512]",
                "stp q6, q7, [{sums}, #768]",
                "add {sums}, {sums}, #1024",
                "stp q8, q9, [{sums}]",
                "stp q10, q11, [{sums}, #256]",
                row = inout(reg) rows => _,
                next = out(reg) _,
                len = in(reg) 16 * blocks,
                panel = inout(reg) panel.add(4 * first) => _,
                blocks = inout(reg) blocks => _,
                sums = inout(reg) sums.as_flattened_mut()[first..].as_mut_ptr() => _,
                out("v0") _, out("v1") _, out("v2") _, out("v3") _, out("v4") _, out("v5") _,
                out("v6") _, out("v7") _, out("v8") _, out("v9") _, out("v10") _, out("v11") _,
                out("v12") _, out("v13") _, out("v14") _, out("v15") _, out("v16") _, out("v17") _,
                out("v18") _, out("v19") _, out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                options(nostack),
            );
        }
    }
}

/// # Safety
/// Each row has as many pairs as there are steps, the panel C times as many; C is a multiple of
/// [`LANES`].
#[target_feature(enable = "neon")]
unsafe fn shorts<const C: usize>(
    rows: [*const Pair; SHORT_ROWS],
    stride: usize,
    panel: *const Pair,
    steps: usize,
    sums: &mut [[i32; C]; SHORT_ROWS],
) {
    for first in (0..C).step_by(LANES) {
        // Of each row the sums of the first two columns and of the other two, the numbers of a pair
        // apart.
        let mut totals = [[vdupq_n_s32(0); 2]; SHORT_ROWS];
        for step in 0..steps {
            // SAFETY: step < steps, and first + LANES <= C.
            let weights = unsafe { vld1q_s16(panel.add(step * C + first).cast()) };
            for (row, [low, high]) in rows.iter().zip(&mut totals) {
                // SAFETY: step < steps; the instruction takes what is not aligned.
                let values = vreinterpretq_s16_s32(unsafe { vld1q_dup_s32(row.add(step * stride).cast()) });
                *low = vmlal_s16(*low, vget_low_s16(weights), vget_low_s16(values));
                *high = vmlal_high_s16(*high, weights, values);
            }
        }
        for ([low, high], sums) in totals.iter().zip(&mut *sums) {
            // SAFETY: the slice has as many numbers as a vector.
            unsafe { vst1q_s32(sums[first..first + LANES].as_mut_ptr(), vpaddq_s32(*low, *high)) };
        }
    }
}
