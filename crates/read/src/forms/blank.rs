//! Words that tools write for a value that is missing (`NA`, `nan`, `NULL`).

use crate::forms::number::is_whole_number;
use crate::mapping::{Column, Field, Resolved};
use crate::time;

/// Words that nobody writes as a comment.
const SURE: [&str; 2] = ["\\N", "<NA>"];

/// Words that somebody may have written.
const WORDS: [&str; 11] =
    ["NA", "N/A", "#N/A", "nan", "NaN", "NaT", "NULL", "null", "None", "nil", "undefined"];

/// Returns the words that mark missing values in a table: those that several of its columns use, or
/// a column of numbers, times or ids; all that it uses if its rows are numbered, as pandas and R
/// number them.
pub(super) fn words(columns: &[Column], resolved: &Resolved) -> Vec<&'static str> {
    // Without a header every column is named by its number.
    let has_header = columns.get(1).is_some_and(|column| column.name != "2");
    let is_numbered = has_header && columns.first().is_some_and(numbers_rows);
    let is_written = |index: usize| {
        [Field::Text, Field::Author, Field::Section].iter().any(|field| resolved.get(*field) == Some(index))
    };
    let is_read = |index: usize| resolved.columns.contains(&Some(index));
    let stands_for_nothing = |word: &&str| {
        let has = |column: &Column| column.values.iter().any(|value| value.trim() == *word);
        let mut using = columns.iter().enumerate().filter(|(_, column)| has(column));
        let Some((index, column)) = using.next() else { return false };
        let is_figure =
            |value: &str| is_whole_number(value) || value.parse::<f64>().is_ok() || time::is_time(value);
        let mut others =
            column.values.iter().map(|value| value.trim()).filter(|value| value != word).peekable();
        is_numbered
            || using.next().is_some()
            || (is_read(index) && !is_written(index))
            || (others.peek().is_some() && others.all(is_figure))
    };
    SURE.into_iter().chain(WORDS.into_iter().filter(stands_for_nothing)).collect()
}

/// Returns true for a column without a name that numbers the rows, some of which may be left out.
fn numbers_rows(column: &Column) -> bool {
    let is_nameless = matches!(column.name.as_str(), "1" | "" | "Unnamed: 0" | "X" | "...1");
    let numbers: Option<Vec<u64>> = column.values.iter().map(|value| value.parse().ok()).collect();
    is_nameless && numbers.is_some_and(|numbers| !numbers.is_empty() && numbers.is_sorted())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blanks(table: &[(&str, &[&str])]) -> Vec<&'static str> {
        let columns: Vec<Column> = table
            .iter()
            .map(|(name, values)| Column {
                name: (*name).to_owned(),
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            })
            .collect();
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        let mut resolved = Resolved::default();
        resolved.columns[Field::Text as usize] = place("text");
        resolved.columns[Field::Author as usize] = place("author");
        resolved.columns[Field::Parent as usize] = place("parent");
        words(&columns, &resolved).into_iter().filter(|word| !SURE.contains(word)).collect()
    }

    #[test]
    fn words_stand_for_nothing_if_the_table_shows_it() {
        assert_eq!(blanks(&[("text", &["NA", "fine"]), ("author", &["ann", "bo"])]), [""; 0]);
        assert_eq!(blanks(&[("text", &["NA", "fine"]), ("author", &["NA", "bo"])]), ["NA"]);
        assert_eq!(blanks(&[("text", &["None", "fine"]), ("age", &["None", "31"])]), ["None"]);
        assert_eq!(blanks(&[("text", &["None", "fine"]), ("age", &["31", "32"])]), [""; 0]);
        assert_eq!(blanks(&[("1", &["0", "1"]), ("text", &["nan", "fine"])]), ["nan"]);
        assert_eq!(blanks(&[("1", &["4", "9"]), ("text", &["nan", "fine"])]), ["nan"]);
        assert_eq!(blanks(&[("1", &["9", "4"]), ("text", &["nan", "fine"])]), [""; 0]);
        assert_eq!(blanks(&[("text", &["so", "fine"]), ("parent", &["NULL", "x7"])]), ["NULL"]);
    }
}
