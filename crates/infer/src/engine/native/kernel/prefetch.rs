//! Asking for memory before it is needed.

#![allow(unsafe_code, reason = "an intrinsic")]

use super::Line;

/// Asks for a line to be brought near, into the second cache, where the processor can be asked.
#[inline(always)]
pub(in crate::engine::native) fn prefetch(line: &Line) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every processor of this architecture has the instruction, and it changes nothing that
    // is visible to a program.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(line).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}
