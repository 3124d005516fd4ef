//! AMX (Advanced Matrix Extensions): Intel's servers since 2023 (Sapphire Rapids). Its products of
//! bytes work on tiles of 16 rows of 64 bytes; everything else uses AVX-512, which every processor
//! with AMX has.
//!
//! Rust has no stable intrinsics for AMX, so the loop over a tile is in assembly.

#![allow(unsafe_code, reason = "assembly; `kernel::tests` holds it to its scalar twin")]

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::cell::Cell;

use super::{Avx512, COLUMNS, Kernel, MOST_ROWS, Pair, PairRows, Running, SHORT_ROWS, WIDTH};

#[cfg(test)]
mod emulator;

/// Rows of a tile.
const TILE_ROWS: usize = 16;

/// Bytes from one row of four k to the next in a panel, and from one row of sums to the next.
const STRIDE: usize = 4 * COLUMNS;

/// Proof that the processor has the instructions, and that the system lets this process use them.
/// All but the products of bytes is left to another kernel.
#[derive(Clone, Copy)]
pub(crate) struct Amx<K = Avx512>(K);

impl Amx {
    pub(crate) fn detect() -> Option<Self> {
        let rest = Avx512::detect()?;
        has_tiles().then_some(Self(rest))
    }
}

/// The name of the kernel on the tiles of the [`emulator`].
#[cfg(test)]
pub(in crate::engine::native) const EMULATED: &str = "native:amx (emulated)";

/// An environment variable of the tests: the process does without the processor's tiles.
#[cfg(test)]
pub(super) const NO_TILES: &str = "COMITY_TEST_WITHOUT_TILES";

#[cfg(test)]
impl<K> Amx<K> {
    /// Returns a kernel on the processor's own tiles, or on those of the [`emulator`] if there are
    /// none.
    pub(in crate::engine::native) fn emulated(rest: K) -> Self {
        if !has_tiles() {
            emulator::install();
        }
        Self(rest)
    }
}

/// Returns `true` if the processor has tiles and the system lets this process use them.
pub(in crate::engine::native) fn has_tiles() -> bool {
    #[cfg(test)]
    if std::env::var_os(NO_TILES).is_some() {
        return false;
    }
    knows_tiles() && may_use_tiles()
}

/// Checks for AMX-TILE and AMX-INT8, bits 24 and 25 of EDX (Intel's manual, CPUID leaf 7).
fn knows_tiles() -> bool {
    const BOTH: u32 = 0b11 << 24;
    __cpuid_count(0, 0).eax >= 7 && __cpuid_count(7, 0).edx & BOTH == BOTH
}

/// Asks the system for tiles, which it has to ask for because they are another 8 kB to save for
/// every thread (Linux, Documentation/arch/x86/xstate.rst). A system without support answers with
/// an error.
fn may_use_tiles() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: the call takes two numbers, and touches none of our memory.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

/// The shapes of the eight tiles, as `ldtilecfg` reads them.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_per_row: [u16; 16],
    rows: [u8; 16],
}

thread_local! {
    /// The number of values of [`Tiles`] on this thread.
    static RUNNING: Cell<usize> = const { Cell::new(0) };
}

/// Eight whole tiles on this thread, for as long as there is a value.
struct Tiles;

impl Tiles {
    fn configure() -> Self {
        let mut whole = Configuration {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            bytes_per_row: [0; 16],
            rows: [0; 16],
        };
        whole.bytes_per_row[..8].fill(WIDTH as u16);
        whole.rows[..8].fill(TILE_ROWS as u8);
        RUNNING.set(RUNNING.get() + 1);
        // SAFETY: a value of `Amx` exists, so the instructions do; they read 64 bytes, which the
        // structure has. No tile holds anything between two products.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const whole, options(nostack, readonly, preserves_flags));
        }
        Self
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        RUNNING.set(RUNNING.get() - 1);
        // A `run` within another leaves the tiles to the outer one.
        if RUNNING.get() == 0 {
            // SAFETY: as above.
            unsafe { asm!("tilerelease", options(nostack, nomem, preserves_flags)) }
        }
    }
}

impl<K: Kernel> Kernel for Amx<K> {
    const BYTE_ROWS: usize = TILE_ROWS;

    #[inline(always)]
    fn run<R>(self, code: impl FnOnce(Running<'_, Self>) -> R) -> R {
        let _tiles = Tiles::configure();
        self.0.run(
            #[inline(always)]
            |_| code(Running::new(self)),
        )
    }

    #[inline(always)]
    fn bytes(_: Running<'_, Self>, rows: &[u8], panel: &[i8], sums: &mut [[i32; COLUMNS]; MOST_ROWS]) {
        let width = rows.len() / TILE_ROWS;
        assert!(
            width.is_multiple_of(WIDTH) && rows.len() == width * TILE_ROWS && panel.len() == width * COLUMNS
        );
        // SAFETY: code that has a `Running` is inside `run`, which configured the tiles of this
        // thread. Every step reads 64 bytes of each of 16 rows, and 16 rows of four k of the panel;
        // the sums have 16 rows of 64 columns.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "test {steps}, {steps}",
                "jz 3f",
                "2:",
                "tileloadd tmm4, [{rows} + {width}]",
                "tileloadd tmm5, [{panel} + {stride}]",
                "tileloadd tmm6, [{panel} + {stride} + 64]",
                "tileloadd tmm7, [{panel} + {stride} + 128]",
                "tdpbusd tmm0, tmm4, tmm5",
                "tileloadd tmm5, [{panel} + {stride} + 192]",
                "tdpbusd tmm1, tmm4, tmm6",
                "tdpbusd tmm2, tmm4, tmm7",
                "tdpbusd tmm3, tmm4, tmm5",
                "add {rows}, 64",
                "add {panel}, 4096",
                "dec {steps}",
                "jnz 2b",
                "3:",
                "tilestored [{sums} + {stride}], tmm0",
                "tilestored [{sums} + {stride} + 64], tmm1",
                "tilestored [{sums} + {stride} + 128], tmm2",
                "tilestored [{sums} + {stride} + 192], tmm3",
                rows = inout(reg) rows.as_ptr() => _,
                panel = inout(reg) panel.as_ptr() => _,
                steps = inout(reg) width / WIDTH => _,
                width = in(reg) width,
                stride = in(reg) STRIDE,
                sums = in(reg) sums.as_mut_ptr(),
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }

    #[inline(always)]
    fn shorts<const C: usize>(
        running: Running<'_, Self>,
        rows: PairRows<'_>,
        panel: &[Pair],
        sums: &mut [[i32; C]; SHORT_ROWS],
    ) {
        K::shorts(Running::new(running.kernel.0), rows, panel, sums);
    }
}
