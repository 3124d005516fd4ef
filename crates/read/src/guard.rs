//! A guard against panics in the crates that read Parquet and Arrow.

use std::cell::Cell;
#[cfg(any(feature = "arrow", feature = "parquet", feature = "spreadsheet"))]
use std::{
    fmt::Display,
    panic::{self, AssertUnwindSafe},
};

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Returns true while this thread reads data whose panics are caught: a panic hook has nothing to
/// report then.
///
/// The crates behind Parquet and Arrow assert some of the properties of their input. Such a panic
/// costs a part of a damaged file, and becomes a reject. The library sets no hook of its own; a
/// program that requires a quiet terminal calls this in its own hook.
pub fn catches_panics() -> bool {
    IS_GUARDED.get()
}

/// Returns the result of `work`, or an error if it panics: a damaged file must not end a run.
#[cfg(any(feature = "arrow", feature = "parquet", feature = "spreadsheet"))]
pub(super) fn guarded<T, E: Display>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    let before = IS_GUARDED.replace(true);
    // The caller discards what a panic leaves half done.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(before);
    match result {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its structure contradicts itself".to_owned()),
    }
}

#[cfg(all(test, any(feature = "arrow", feature = "parquet", feature = "spreadsheet")))]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_the_hook_can_know() {
        let seen = guarded(|| {
            let inner =
                guarded(
                    || if catches_panics() { panic!("caught: not a failure") } else { Ok::<_, String>(()) },
                );
            Ok::<_, String>((inner, catches_panics()))
        });
        assert_eq!(seen, Ok((Err("its structure contradicts itself".to_owned()), true)));
        assert!(!catches_panics());
    }
}
