//! Text cells of the CSV files we write, made safe for spreadsheets and back.
//!
//! A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab or a line end as a formula,
//! and some take the full-width forms of the four for them (OWASP, "CSV Injection"). Such a cell
//! gets a `'` in front. A spreadsheet that splits at semicolons or tabs, as in countries with a
//! decimal comma, does not recognize our quotation marks, so that a cell may begin within a text as
//! well: behind a semicolon, a tab or a line end. A `'` is put there, too. Apostrophes that are
//! there already get another one, so that [`unguard`] returns exactly what [`guard`] was given.
//! Cells that we compute (numbers, times) are written as they are.

use std::borrow::Cow;

/// Signs that a formula begins with.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Signs behind which a cell may begin.
const ENDS: [char; 4] = [';', '\t', '\r', '\n'];

/// Returns the text as a cell that no spreadsheet runs.
pub fn guard(text: &str) -> Cow<'_, str> {
    let first = text.chars().next();
    let is_guarded = first.is_some_and(|c| FORMULA.contains(&c) || ENDS[1..].contains(&c) || c == '\'');
    let mut guarded = String::new();
    let mut kept = 0;
    for (end, _) in text.match_indices(ENDS) {
        // The apostrophes between the two are counted off by `unguard`.
        if text[end + 1..].trim_start_matches('\'').starts_with(FORMULA) {
            guarded.push_str(&text[kept..=end]);
            guarded.push('\'');
            kept = end + 1;
        }
    }
    if kept == 0 && !is_guarded {
        return Cow::Borrowed(text);
    }
    guarded.push_str(&text[kept..]);
    Cow::Owned(if is_guarded { format!("'{guarded}") } else { guarded })
}

/// Returns the text of a cell that [`guard`] made.
pub fn unguard(cell: &str) -> Cow<'_, str> {
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    let mut text = String::new();
    let mut kept = 0;
    for (end, _) in cell.match_indices(ENDS) {
        let behind = &cell[end + 1..];
        if behind.starts_with('\'') && behind.trim_start_matches('\'').starts_with(FORMULA) {
            text.push_str(&cell[kept..=end]);
            kept = end + 2;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(cell);
    }
    text.push_str(&cell[kept..]);
    Cow::Owned(text)
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
            ("\n=x", "'\n'=x"),
            ("＝x", "'＝x"),
            ("a=1", "a=1"),
            ("", ""),
            // Where a semicolon ends a cell.
            (";=1+1", ";'=1+1"),
            ("a;=1;b;+2", "a;'=1;b;'+2"),
            ("=a;=b", "'=a;'=b"),
            (";'=1", ";''=1"),
            ("a; b;c", "a; b;c"),
            ("a\n- b\n\n＠c\t-d", "a\n'- b\n\n'＠c\t'-d"),
            ("it's;'no'", "it's;'no'"),
        ] {
            assert_eq!(guard(text), cell);
            assert_eq!(unguard(cell), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let cell = guard(&text).into_owned();
            prop_assert_eq!(unguard(&cell), text);
        }

        #[test]
        fn no_piece_of_a_cell_is_a_formula(text in "[a;'=+\\-@＝\t\r\n]{0,12}") {
            let cell = guard(&text).into_owned();
            for piece in cell.split(ENDS) {
                prop_assert!(!piece.starts_with(FORMULA), "{:?} of {:?}", piece, cell);
            }
            prop_assert_eq!(unguard(&cell), text);
        }
    }
}
