//! Integer dot products, by the instructions that a processor has.
//!
//! Whole numbers add up to the same in any order, so every kernel gives the same sums as
//! [`Scalar`], to the last bit. What follows in floating point is written once, in Rust, and only
//! compiled again for each kernel ([`Kernel::run`]): Rust joins a multiplication and an addition
//! only in `mul_add`, and reorders nothing, so that also the logits are the
//! same.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
#[cfg(target_arch = "aarch64")]
mod neon;
mod prefetch;
mod scalar;

use std::marker::PhantomData;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use amx::Amx;
#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
pub(super) use amx::{EMULATED, has_tiles};
#[cfg(target_arch = "x86_64")]
pub(super) use avx_vnni::AvxVnni;
#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub(super) use neon::Neon;
pub(super) use prefetch::prefetch;
pub(super) use scalar::Scalar;

/// Rows of a tile, but where a kernel takes others: with four vectors of 16 columns they fill 24 of
/// the 32 registers of AVX-512.
pub(super) const ROWS: usize = 6;

/// The most rows that a kernel takes.
pub(super) const MOST_ROWS: usize = 16;

/// Rows of a tile of 16-bit numbers.
pub(super) const SHORT_ROWS: usize = 8;

/// The number of bytes in a row is a multiple of this, the row of an AMX tile.
pub(super) const WIDTH: usize = 64;

/// Columns of a panel of packed weights. A panel of the embedded model has 24 kB, and stays in the
/// first cache while all rows of a block pass.
pub(super) const COLUMNS: usize = 64;

/// As many bytes as a line of the cache has, and aligned to one: a vector that lies across two
/// lines is read at half speed.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line([u8; 64]);

/// Aligned room for numbers; new room holds 0.
pub(super) fn aligned<T: bytemuck::Pod>(lines: &mut Vec<Line>, numbers: usize) -> &mut [T] {
    lines.resize((numbers * size_of::<T>()).div_ceil(size_of::<Line>()), Line([0; 64]));
    &mut bytemuck::cast_slice_mut(lines)[..numbers]
}

/// A kernel that this processor can run: only then can there be a value of its type.
pub(super) trait Kernel: Copy {
    /// Runs code compiled for this kernel's instructions, if it is inlined.
    fn run<R>(self, code: impl FnOnce(Running<'_, Self>) -> R) -> R;

    /// The number of rows that [`Kernel::bytes`] takes at once, at most [`MOST_ROWS`].
    const BYTE_ROWS: usize = ROWS;

    /// Computes `sums[r][c]`, the sum of `rows[r][k] * panel[k][c]` over all k. The rows,
    /// [`Kernel::BYTE_ROWS`] of them, follow one another and have one length, a multiple of
    /// [`WIDTH`] below 2^16. Four k of a column of the panel stand side by side: it is `[k /
    /// 4][c][k % 4]`. Further sums stay as they are.
    fn bytes(running: Running<'_, Self>, rows: &[u8], panel: &[i8], sums: &mut [[i32; COLUMNS]; MOST_ROWS]);

    /// Computes `sums[r][c]` likewise from [`SHORT_ROWS`] rows of 16-bit numbers, of which two
    /// stand side by side: the panel is `[k / 2][c][k % 2]`, with 16 or 32 columns. The caller
    /// ensures that no sum overflows.
    fn shorts<const C: usize>(
        running: Running<'_, Self>,
        rows: PairRows<'_>,
        panel: &[Pair],
        sums: &mut [[i32; C]; SHORT_ROWS],
    );
}

/// Proof that this thread is inside [`Kernel::run`], which passes it to the code that it runs. The
/// code can neither keep it nor send it to another thread: a thread has the tiles of AMX only for
/// that long.
#[derive(Clone, Copy)]
pub(super) struct Running<'r, K> {
    kernel: K,
    scope: PhantomData<*mut &'r ()>,
}

impl<K: Kernel> Running<'_, K> {
    /// For the kernels alone, inside `run`.
    #[inline(always)]
    fn new(kernel: K) -> Self {
        Self { kernel, scope: PhantomData }
    }

    /// Calls [`Kernel::bytes`].
    #[inline(always)]
    pub(super) fn bytes(self, rows: &[u8], panel: &[i8], sums: &mut [[i32; COLUMNS]; MOST_ROWS]) {
        K::bytes(self, rows, panel, sums);
    }

    /// Calls [`Kernel::shorts`].
    #[inline(always)]
    pub(super) fn shorts<const C: usize>(
        self,
        rows: PairRows<'_>,
        panel: &[Pair],
        sums: &mut [[i32; C]; SHORT_ROWS],
    ) {
        K::shorts(self, rows, panel, sums);
    }
}

/// Two numbers of 16 bits that stand side by side.
pub(super) type Pair = [i16; 2];

/// Rows for [`Kernel::shorts`] that lie anywhere among pairs.
#[derive(Clone, Copy)]
pub(super) struct PairRows<'a> {
    pub(super) pairs: &'a [Pair],
    /// Where each row has its first pair.
    pub(super) firsts: [usize; SHORT_ROWS],
    /// From one pair of a row to the next.
    pub(super) stride: usize,
}

impl PairRows<'_> {
    /// The first pair of each row.
    ///
    /// # Panics
    /// If the steps lead past the end of the pairs.
    #[inline(always)]
    fn pointers(&self, steps: usize) -> [*const Pair; SHORT_ROWS] {
        let mut pointers = [self.pairs.as_ptr(); SHORT_ROWS];
        for (pointer, &first) in pointers.iter_mut().zip(&self.firsts) {
            assert!(steps == 0 || first + (steps - 1) * self.stride < self.pairs.len());
            *pointer = pointer.wrapping_add(first);
        }
        pointers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::native;

    /// Numbers in no order; the same for the same seed.
    fn numbers(seed: u64) -> impl FnMut() -> i64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i64
        }
    }

    /// Returns what [`Kernel::bytes`] must compute, by its definition.
    fn expected(rows: &[Vec<i64>], panel: &[i64], group: usize, columns: usize) -> Vec<Vec<i32>> {
        let sum = |row: &Vec<i64>, column: usize| -> i64 {
            let places = row.iter().enumerate();
            places.map(|(k, x)| x * panel[(k / group * columns + column) * group + k % group]).sum()
        };
        rows.iter()
            .map(|row| (0..columns).map(|column| i32::try_from(sum(row, column)).unwrap()).collect())
            .collect()
    }

    fn check_bytes<K: Kernel>(kernel: K, len: usize, mut value: impl FnMut(bool) -> i64) {
        let rows: Vec<Vec<i64>> =
            (0..K::BYTE_ROWS).map(|_| (0..len).map(|_| value(true)).collect()).collect();
        let panel: Vec<i64> = (0..len * COLUMNS).map(|_| value(false)).collect();
        let bytes: Vec<u8> = rows.iter().flatten().map(|&x| u8::try_from(x).unwrap()).collect();
        let weights: Vec<i8> = panel.iter().map(|&x| i8::try_from(x).unwrap()).collect();
        let mut sums = [[7; COLUMNS]; MOST_ROWS];
        kernel.run(|running| running.bytes(&bytes, &weights, &mut sums));
        let mut expected = expected(&rows, &panel, 4, COLUMNS);
        expected.resize(MOST_ROWS, vec![7; COLUMNS]);
        assert!(
            sums.iter().zip(&expected).all(|(found, expected)| found[..] == expected[..]),
            "bytes, {len}"
        );
    }

    fn check_shorts<const C: usize>(kernel: impl Kernel, len: usize, mut value: impl FnMut() -> i64) {
        let rows: Vec<Vec<i64>> = (0..SHORT_ROWS).map(|_| (0..len).map(|_| value()).collect()).collect();
        let panel: Vec<i64> = (0..len * C).map(|_| value()).collect();
        let narrow = |values: &[i64]| -> Vec<Pair> {
            let pairs = values.as_chunks::<2>().0.iter();
            pairs.map(|pair| pair.map(|x| i16::try_from(x).unwrap())).collect()
        };
        let weights = narrow(&panel);
        let rows_of_pairs: Vec<Vec<Pair>> = rows.iter().map(|row| narrow(row)).collect();
        let expected = expected(&rows, &panel, 2, C);
        // One row behind the other, then a pair of each in turn.
        let steps = len / 2;
        let turns: Vec<Pair> =
            (0..steps).flat_map(|step| rows_of_pairs.iter().map(move |row| row[step])).collect();
        for (pairs, between, stride) in [(rows_of_pairs.concat(), steps, 1), (turns, 1, SHORT_ROWS)] {
            let rows = PairRows { pairs: &pairs, firsts: std::array::from_fn(|row| row * between), stride };
            let mut sums = [[7; C]; SHORT_ROWS];
            kernel.run(|running| running.shorts(rows, &weights, &mut sums));
            assert!(
                sums.iter().zip(&expected).all(|(found, expected)| found[..] == expected[..]),
                "shorts, {len}"
            );
        }
    }

    fn check(kernel: impl Kernel) {
        assert_eq!(kernel.run(|_| 7), 7);
        for len in [0, 64, 128, 384, 576, 1536, 65_472] {
            let mut number = numbers(len as u64);
            check_bytes(kernel, len, |row| number() % 256 - if row { 0 } else { 128 });
            check_bytes(kernel, len, |row| if row { 255 } else { -128 });
            check_bytes(kernel, len, |row| if row { 255 } else { 127 });
        }
        for len in [0, 2, 8, 32, 64, 66, 250] {
            let mut number = numbers(len as u64);
            check_shorts::<16>(kernel, len, || number() % 5000 - 2500);
            check_shorts::<32>(kernel, len, || number() % 5000 - 2500);
            check_shorts::<16>(kernel, len, || -2900);
        }
        check_shorts::<32>(kernel, 2, || i64::from(i16::MAX));
    }

    #[test]
    fn every_kernel_gives_the_sums_of_the_definition() {
        let mut ran = Vec::new();
        for name in native::KERNELS {
            match native::Kernel::detect(name) {
                #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
                Some(native::Kernel::Amx(kernel)) => check(kernel),
                #[cfg(target_arch = "x86_64")]
                Some(native::Kernel::Avx512(kernel)) => check(kernel),
                #[cfg(target_arch = "x86_64")]
                Some(native::Kernel::AvxVnni(kernel)) => check(kernel),
                #[cfg(target_arch = "x86_64")]
                Some(native::Kernel::Avx2(kernel)) => check(kernel),
                #[cfg(target_arch = "aarch64")]
                Some(native::Kernel::Neon(kernel)) => check(kernel),
                Some(native::Kernel::Scalar(kernel)) => check(kernel),
                None => continue,
            }
            ran.push(name);
        }
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if !has_tiles() {
            check(Amx::emulated(Scalar));
            ran.push(EMULATED);
        }
        native::print_kernels("sums of products", &ran);
    }

    /// On a processor with AMX as well: a process that the system has not let use the tiles faults
    /// at them.
    #[test]
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    fn the_emulator_of_amx_runs_on_every_processor() {
        let (_, module) = module_path!().split_once("::").unwrap();
        let test = format!("{module}::every_kernel_gives_the_sums_of_the_definition");
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        let output = again.args([&test, "--exact"]).env(amx::NO_TILES, "1").output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && printed.contains(EMULATED), "{output:?}");
    }

    #[test]
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    fn a_run_within_a_run_leaves_the_outer_one_its_tiles() {
        let kernel = Amx::emulated(Scalar);
        let (rows, panel) = (vec![1; 64 * MOST_ROWS], vec![1; 64 * COLUMNS]);
        let mut sums = [[0; COLUMNS]; MOST_ROWS];
        kernel.run(|running| {
            kernel.run(|_| ());
            running.bytes(&rows, &panel, &mut sums);
        });
        assert_eq!(sums, [[64; COLUMNS]; MOST_ROWS]);
    }
}
