//! Tiles for processes without: so that the kernel is tested wherever Linux runs, byte for byte as
//! it was assembled.
//!
//! A processor faults at an instruction that it does not know, and Linux signals the process. The
//! handler does what the instruction would have done (Intel's manual, volume 2) and lets the
//! process continue after it. It knows addresses with a base register; what it does not know ends
//! the process, as without it.
//!
//! A processor with tiles faults as well in a process that has not asked the system for them, at
//! the instructions that touch their content. It configures and releases them itself.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

const TILES: usize = 8;
const ROWS: usize = 16;
const ROW: usize = 64;

/// The tiles of a thread: whole ones, whatever their configuration asks for, which is checked to be
/// that.
struct State {
    configured: bool,
    tiles: [[[u8; ROW]; ROWS]; TILES],
}

thread_local! {
    static STATE: UnsafeCell<State> = const {
        UnsafeCell::new(State { configured: false, tiles: [[[0; ROW]; ROWS]; TILES] })
    };
}

/// Set if the processor configures the tiles itself.
static CONFIGURES: AtomicBool = AtomicBool::new(false);

/// Gives the process tiles.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    // SAFETY: the handler has the signature that SA_SIGINFO asks for, and the structure is
    // otherwise zero, which means nothing.
    INSTALLED.call_once(|| unsafe {
        CONFIGURES.store(super::knows_tiles(), Ordering::Relaxed);
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handle as extern "C" fn(_, _, _) as usize;
        action.sa_flags = libc::SA_SIGINFO;
        assert_eq!(libc::sigaction(libc::SIGILL, &raw const action, std::ptr::null_mut()), 0);
    });
}

extern "C" fn handle(signal: libc::c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO this is what the third argument points to. The instruction's memory
    // is what the kernel passed to it; nothing else uses this thread's tiles while it is stopped
    // here.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        let code = std::slice::from_raw_parts(registers[libc::REG_RIP as usize] as *const u8, 16);
        match STATE.with(|state| execute(&mut *state.get(), code, registers)) {
            Some(length) => registers[libc::REG_RIP as usize] += length as i64,
            // The same instruction will fault again, and nobody will be there.
            None => _ = libc::signal(signal, libc::SIG_DFL),
        }
    }
}

/// Executes an instruction and returns its length; `None` if it is unknown.
unsafe fn execute(state: &mut State, code: &[u8], registers: &[i64; 23]) -> Option<usize> {
    let &[0xc4, first, second, operation, shape, ..] = code else { return None };
    // VEX with three bytes: inverted R, X and B and the map; W, an inverted register, the length
    // and a prefix.
    if first & 0x1f != 2 || second & 0x84 != 0 || first & 0x80 == 0 {
        return None;
    }
    let (prefix, third) = (second & 3, usize::from(!second >> 3 & 0xf));
    let (mode, tile, operand) = (shape >> 6, usize::from(shape >> 3 & 7), usize::from(shape & 7));
    let address = || unsafe { memory(code, registers) };
    match (operation, prefix, mode) {
        // tilerelease, and ldtilecfg
        (0x49, 0, 3) if shape == 0xc0 => {
            state.configured = false;
            Some(5)
        }
        (0x49, 0, 0..3) if tile == 0 => {
            let (place, _, length) = address()?;
            let configuration = unsafe { std::slice::from_raw_parts(place as *const u8, 64) };
            let whole = configuration[0] == 1
                && configuration[16..32]
                    .as_chunks()
                    .0
                    .iter()
                    .all(|bytes| u16::from_le_bytes(*bytes) as usize == ROW)
                && configuration[48..56].iter().all(|rows| usize::from(*rows) == ROWS)
                && configuration[1..16]
                    .iter()
                    .chain(&configuration[32..48])
                    .chain(&configuration[56..])
                    .all(|byte| *byte == 0);
            state.configured = whole;
            state.tiles.as_flattened_mut().fill([0; ROW]);
            whole.then_some(length)
        }
        _ if !state.configured && !CONFIGURES.load(Ordering::Relaxed) => None,
        // tilezero
        (0x49, 3, 3) if operand == 0 => {
            state.tiles[tile] = [[0; ROW]; ROWS];
            Some(5)
        }
        // tileloadd and tilestored
        (0x4b, 2 | 3, 0..3) => {
            let (place, stride, length) = address()?;
            for (number, row) in state.tiles[tile].iter_mut().enumerate() {
                let there = place.wrapping_add(stride * number as i64) as *mut u8;
                match prefix {
                    3 => unsafe { there.copy_to_nonoverlapping(row.as_mut_ptr(), ROW) },
                    _ => unsafe { there.copy_from_nonoverlapping(row.as_ptr(), ROW) },
                }
            }
            Some(length)
        }
        // tdpbusd: the register of the shape is added to, that of its operand has bytes without a
        // sign, the third one with.
        (0x5e, 1, 3) if third < TILES => {
            let (rows, columns) = (state.tiles[operand], state.tiles[third]);
            for (sums, row) in state.tiles[tile].iter_mut().zip(&rows) {
                for (four, bytes) in row.as_chunks::<4>().0.iter().zip(&columns) {
                    for (sum, weights) in sums.as_chunks_mut::<4>().0.iter_mut().zip(bytes.as_chunks::<4>().0)
                    {
                        let products =
                            four.iter().zip(weights).map(|(a, b)| i32::from(*a) * i32::from(*b as i8));
                        *sum = i32::from_le_bytes(*sum).wrapping_add(products.sum()).to_le_bytes();
                    }
                }
            }
            Some(5)
        }
        _ => None,
    }
}

/// The address of an operand in memory without its index, the index, and the length of the
/// instruction.
unsafe fn memory(code: &[u8], registers: &[i64; 23]) -> Option<(i64, i64, usize)> {
    // In the order of the processor's numbers.
    const REGISTERS: [i32; 16] = [
        libc::REG_RAX,
        libc::REG_RCX,
        libc::REG_RDX,
        libc::REG_RBX,
        libc::REG_RSP,
        libc::REG_RBP,
        libc::REG_RSI,
        libc::REG_RDI,
        libc::REG_R8,
        libc::REG_R9,
        libc::REG_R10,
        libc::REG_R11,
        libc::REG_R12,
        libc::REG_R13,
        libc::REG_R14,
        libc::REG_R15,
    ];
    let register =
        |number: u8, high: bool| registers[REGISTERS[usize::from(number) + 8 * usize::from(high)] as usize];
    let (shape, high_index, high_base) = (code[4], code[1] & 0x40 == 0, code[1] & 0x20 == 0);
    let (mode, mut base, mut at, mut index) = (shape >> 6, shape & 7, 5, 0);
    if base == 4 {
        let scaled = code[5];
        at = 6;
        base = scaled & 7;
        let number = scaled >> 3 & 7;
        if number != 4 || high_index {
            index = register(number, high_index) << (scaled >> 6);
        }
    }
    let (displacement, length) = match mode {
        // Without a base, or relative to the instruction.
        0 if base == 5 => return None,
        0 => (0, at),
        1 => (i64::from(code[at] as i8), at + 1),
        _ => (i64::from(i32::from_le_bytes(code[at..at + 4].try_into().ok()?)), at + 4),
    };
    Some((register(base, high_base).wrapping_add(displacement), index, length))
}
