//! Text cells of the CSV files we write, made safe for spreadsheets and back.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a line end as a formula, and some take the full-width
//! forms of the four for them (OWASP, "CSV Injection"). Such a cell gets a `'` in front, and so does one that begins with `'`, so that [`unguard`] gives back
//! exactly what [`guard`] took. Cells that we compute (numbers, times) are written as they are.

use std::borrow::Cow;

/// The text as a cell that no spreadsheet runs.
pub fn guard(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠' | '\'') => {
            Cow::Owned(format!("'{text}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The text of a cell that [`guard`] made.
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_disarmed() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("-x", "'-x"),
            ("@name", "'@name"),
            ("'tis", "''tis"),
            ("\tx", "'\tx"),
            ("\n=x", "'\n=x"),
            ("＝x", "'＝x"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(guard(text), cell);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let cell = guard(&text).into_owned();
            prop_assert_eq!(unguard(&cell), text);
        }
    }
}
