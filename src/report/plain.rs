//! Values as the files and the page show them.

use std::borrow::{Borrow, Cow};

use jiff::Timestamp;

use crate::aggregate::{Interval, Moments, ShareEstimate};
use crate::decimal;

/// A number in a CSV cell.
pub(super) use crate::decimal::cell as decimal;

/// A share and its interval in three CSV cells.
pub(super) fn estimate(estimate: Option<ShareEstimate>) -> [String; 3] {
    let part = |of: fn(ShareEstimate) -> f64| decimal::cell(estimate.map(of));
    [part(|e| e.share), part(|e| e.interval.low), part(|e| e.interval.high)]
}

/// Toxic comments among the scored ones: `None` if the model does not give the toxicity.
pub(super) fn toxic(toxic: &u64, rated: &Moments, scored: &u64) -> Option<u64> {
    (rated.count() == *scored).then_some(*toxic)
}

/// Anything else in a CSV cell: blank if there is none.
pub(super) fn cell<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Returns a number for people: this many decimals, a real minus sign, a dash if there is none, no
/// negative zero.
pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().any(|b| b.is_ascii_digit() && b != b'0') => format!("−{rest}"),
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// A count for people; a dash where nothing was counted.
pub(super) fn counts(number: impl Borrow<Option<u64>>) -> String {
    number.borrow().map_or_else(|| "–".to_owned(), count)
}

/// A share in percent, without decimals from 10% on.
pub(super) fn percent(share: Option<f64>) -> String {
    match share {
        None => "–".to_owned(),
        Some(share) if share == 0.0 || share >= 0.0995 => format!("{:.0}%", share * 100.0),
        Some(share) => format!("{:.1}%", share * 100.0),
    }
}

/// The share of an estimate, to a tenth of a per cent as its interval; a dash if there is none.
pub(super) fn share(estimate: impl Borrow<Option<ShareEstimate>>) -> String {
    estimate.borrow().map_or_else(|| "–".to_owned(), |estimate| format!("{:.1}%", estimate.share * 100.0))
}

/// The interval of an estimate; a dash if there is none.
pub(super) fn between(estimate: impl Borrow<Option<ShareEstimate>>) -> String {
    estimate.borrow().map_or_else(|| "–".to_owned(), |estimate| percents(&estimate.interval))
}

/// Returns a time to the minute, such as `2 March 2026, 09:02 UTC`.
pub(super) fn moment(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

/// Returns the day of a time, such as `2 March 2026`.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%-d %B %Y").to_string()
}

/// Returns a time in seconds since 1970 as [`moment`] does.
pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map(moment).unwrap_or_default()
}

/// An interval of probabilities.
pub(super) fn span(interval: &Interval, decimals: usize) -> String {
    format!("{:.decimals$}–{:.decimals$}", interval.low, interval.high)
}

/// An interval of shares in per cent, to a tenth: its ends may lie close together.
pub(super) fn percents(interval: &Interval) -> String {
    format!("{:.1}–{:.1}%", interval.low * 100.0, interval.high * 100.0)
}

/// A count with a thin space between thousands.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Returns the words for the characters that a page leaves out of a text. A reference, because the
/// templates pass one.
pub(super) fn more_characters(cut: &usize) -> String {
    counted(*cut as u64, "more character", "more characters")
}

/// A count and its noun.
pub(super) fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// Returns, in words, how many inputs are left out of a list that shows only the first ones; none
/// if it shows all.
pub(super) fn more_inputs(inputs: usize, shown: usize) -> Option<String> {
    let more = inputs.checked_sub(shown).filter(|more| *more > 0)?;
    Some(counted(more as u64, "more input", "more inputs"))
}

/// Text that shows what it holds: control characters and the marks that turn the direction of text
/// (which could show a comment other than it is) become `�`. Line ends and tabs stay.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hidden) {
        Cow::Owned(text.chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first `max` characters, and how many more there are.
pub(super) fn shorten(text: &str, max: usize) -> (&str, usize) {
    match text.char_indices().nth(max) {
        Some((end, _)) => (&text[..end], text[end..].chars().count()),
        None => (text, 0),
    }
}

/// Returns a name for the page: on one line, and cut if it is longer than any name.
pub(super) fn name(text: &str) -> String {
    const MAX: usize = 120;
    let (kept, cut) = shorten(text, MAX);
    let line: String = kept.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    if cut > 0 { line + "…" } else { line }
}

/// Text inside a Markdown line or table cell: no mark of Markdown or HTML keeps its meaning there
/// (CommonMark 2.4: any ASCII punctuation may be escaped by a backslash), no address becomes a
/// link, and it stays on one line.
pub(super) fn markdown(text: impl AsRef<str>) -> String {
    let mut escaped = String::new();
    for c in visible(text.as_ref()).chars() {
        match c {
            '\n' | '\r' | '\t' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' | '/' | '@' => {
                escaped.extend(['\\', c]);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        for (value, text) in
            [(Some(-0.123), "−0.12"), (Some(-0.001), "0.00"), (Some(0.5), "0.50"), (None, "–")]
        {
            assert_eq!(number(value, 2), text);
        }
        for (share, text) in [(0.0, "0%"), (0.004, "0.4%"), (0.0994, "9.9%"), (0.0999, "10%"), (1.0, "100%")]
        {
            assert_eq!(percent(Some(share)), text);
        }
        for (value, text) in
            [(0, "0"), (999, "999"), (1234, "1\u{202f}234"), (1_234_567, "1\u{202f}234\u{202f}567")]
        {
            assert_eq!(count(value), text);
        }
    }

    #[test]
    fn hidden_characters_show() {
        assert_eq!(visible("a\u{202e}b\0c\u{2066}\n\td"), "a\u{fffd}b\u{fffd}c\u{fffd}\n\td");
        assert!(matches!(visible("plain, עברית, 👍🏽"), Cow::Borrowed(_)));
    }

    #[test]
    fn markdown_keeps_no_mark() {
        assert_eq!(markdown("<b>|x|</b>\n# [y](z)"), "\\<b\\>\\|x\\|\\<\\/b\\> \\# \\[y\\](z)");
    }

    #[test]
    fn names_stay_short_and_on_a_line() {
        assert_eq!(name("A\nB"), "A B");
        assert_eq!(name(&"é".repeat(500)).chars().count(), 121);
    }

    #[test]
    fn shortening_counts_characters() {
        assert_eq!(shorten("añb", 2), ("añ", 1));
        assert_eq!(shorten("añb", 3), ("añb", 0));
    }
}
