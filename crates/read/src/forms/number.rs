//! Whole numbers as sites show them: grouped, shortened, with a word.

/// The notation of the numbers of votes or replies in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NumberColumn {
    /// A dot before three digits groups thousands (`1.234`).
    dots_group: bool,
    /// A dot begins a fraction (`12.000`).
    dots_divide: bool,
}

/// A number that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    /// `None` for a dash, which marks a missing number.
    pub(crate) value: Option<i64>,
    /// The site shortened it (`1.2K`).
    pub(crate) is_rounded: bool,
}

impl NumberColumn {
    /// Infers the notation from some values of a column.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut is_grouped, mut small, mut is_divided, mut large) = (true, 0, false, 0);
        for value in values.into_iter().map(str::trim) {
            match value.split_once('.') {
                Some((whole, fraction)) => {
                    let is_group = fraction.len() % 4 == 3 && !whole.starts_with('0') && whole.len() <= 3;
                    is_grouped &= is_group;
                    is_divided |= !is_group;
                }
                None if !value.bytes().all(|byte| byte.is_ascii_digit()) => {}
                None if value.len() <= 3 => small += 1,
                None => large += 1,
            }
        }
        // If dots group thousands, every number over 999 has one, and smaller ones have none.
        Self { dots_group: is_grouped && small > 0 && large == 0, dots_divide: is_divided || large > 0 }
    }

    /// Reads a value of the column; returns `None` if it is not a whole number, or could be two.
    pub(crate) fn read(self, value: &str) -> Option<Number> {
        let exact = |number| Some(Number { value: Some(number), is_rounded: false });
        if let Ok(number) = value.parse() {
            return exact(number);
        }
        let value = value.trim();
        if matches!(value, "-" | "\u{2013}" | "\u{2014}" | "\u{2212}") {
            return Some(Number { value: None, is_rounded: false });
        }
        if value.contains(['e', 'E'])
            && let Ok(number) = value.parse::<f64>()
        {
            return (number.fract() == 0.0 && number.abs() < 1e15).then(|| exact(number as i64))?;
        }
        let unsigned = value.strip_prefix(['-', '\u{2212}']);
        let sign = if unsigned.is_some() { -1 } else { 1 };
        let unsigned = unsigned.or_else(|| value.strip_prefix('+')).unwrap_or(value);
        let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}');
        let is_part =
            |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '\u{2019}') || is_space(c);
        let end = unsigned.find(|c| !is_part(c)).unwrap_or(unsigned.len());
        let (digits, words) = unsigned.split_at(end);
        let unit = unit(words)?;
        let (whole, fraction) = self.divide(digits.trim_matches(is_space), unit)?;
        let fraction = fraction.trim_end_matches('0');
        let scale = 10_i64.pow(u32::try_from(fraction.len()).ok().filter(|digits| *digits <= 9)?);
        let part = if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()?.checked_mul(unit)? };
        if part % scale != 0 {
            return None;
        }
        let number = whole.checked_mul(unit)?.checked_add(part / scale)?;
        Some(Number { value: Some(sign * number), is_rounded: unit > 1 })
    }

    /// Splits digits into a whole number and the digits of its fraction.
    fn divide(self, digits: &str, unit: i64) -> Option<(i64, &str)> {
        let last = digits.rfind(['.', ',']).map(|at| (at, digits.as_bytes()[at]));
        let fraction = |at: usize| Some((grouped(&digits[..at])?, &digits[at + 1..]));
        let Some((at, mark)) = last else { return Some((grouped(digits)?, "")) };
        let marks = digits.bytes().filter(|byte| *byte == mark).count();
        let has_other = digits.contains(if mark == b'.' { ',' } else { '.' });
        let is_group = digits.len() - at == 4 && (1..=3).contains(&at) && !digits.starts_with('0');
        match (marks, mark) {
            _ if !digits[at + 1..].bytes().all(|byte| byte.is_ascii_digit()) || at + 1 == digits.len() => {
                None
            }
            (2.., _) if has_other => None,
            (2.., _) => Some((grouped(digits)?, "")),
            (1, _) if has_other => fraction(at),
            (1, _) if !is_group => fraction(at),
            // One mark before three digits.
            (_, b',') if unit == 1 => Some((grouped(digits)?, "")),
            (_, b'.') if unit == 1 && self.dots_group => Some((grouped(digits)?, "")),
            (_, b'.') if unit == 1 && self.dots_divide => fraction(at),
            _ => None,
        }
    }
}

/// Returns the number for digits in groups of three, or without groups.
fn grouped(digits: &str) -> Option<i64> {
    let mut groups = digits.split(|c: char| !c.is_ascii_digit());
    let first = groups.next()?;
    let is_grouped = groups.clone().next().is_some();
    let fits = groups.all(|group| group.len() == 3) && (!is_grouped || (1..=3).contains(&first.len()));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    fits.then(|| digits.parse().ok())?
}

/// Returns the factor for the words after a number; `None` for unknown words.
fn unit(words: &str) -> Option<i64> {
    const UNITS: [(i64, &str); 5] = [
        (1_000, "k tsd mil tys \u{442}\u{44b}\u{441}"),
        (10_000, "\u{4e07} \u{842c}"),
        (1_000_000, "m mio mln mill mi"),
        (100_000_000, "\u{4ebf} \u{5104}"),
        (1_000_000_000, "b bn mrd"),
    ];
    const NOUNS: &str = "like likes point points pts vote votes upvote upvotes reply replies comment comments heart \
        hearts reaction reactions antwort antworten respuesta respuestas r\u{e9}ponse r\u{e9}ponses risposta \
        risposte resposta respostas me gusta mi piace";
    let lower = words.to_lowercase();
    let mut unit = 1;
    for (index, word) in lower.split_whitespace().enumerate() {
        let word = word.trim_end_matches('.');
        let found = UNITS.iter().find(|(_, names)| names.split(' ').any(|name| name == word));
        match found {
            Some((factor, _)) if index == 0 => unit = *factor,
            _ if NOUNS.split_ascii_whitespace().any(|noun| noun == word) => {}
            _ => return None,
        }
    }
    Some(unit)
}

/// Returns true if a value is a whole number in any form.
pub(crate) fn is_whole_number(value: &str) -> bool {
    NumberColumn { dots_group: true, dots_divide: false }.read(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_one_way_or_not_at_all() {
        for (column, value, expected) in [
            ("", "12", Some(12)),
            ("", "-3", Some(-3)),
            ("", "\u{2212}3", Some(-3)),
            ("", "+5", Some(5)),
            ("", "12.0", Some(12)),
            ("", "1e3", Some(1000)),
            ("", "1,234", Some(1234)),
            ("", "1,234,567", Some(1_234_567)),
            ("", "1 234", Some(1234)),
            ("", "1'234", Some(1234)),
            ("", "1,234.0", Some(1234)),
            ("", "1.234,0", Some(1234)),
            ("", "1.2K", Some(1200)),
            ("", "3,4 mil", Some(3400)),
            ("", "1,5 Mio.", Some(1_500_000)),
            ("", "2M likes", Some(2_000_000)),
            ("", "1.2\u{4e07}", Some(12_000)),
            ("", "12 likes", Some(12)),
            ("", "12 Points", Some(12)),
            ("12; 7; 1.234", "1.234", Some(1234)),
            ("12; 1.000", "1.000", Some(1000)),
            ("12.000; 0.000; 3.000", "12.000", Some(12)),
            ("12.5; 1.234", "1.234", None),
            ("", "1.234", None),
            ("", "1,234K", None),
            ("", "1.2345K", None),
            ("", "1.5", None),
            ("", "1,23,4", None),
            ("", "12 years", None),
            ("", "many", None),
            ("", "NaN", None),
            ("", "1.", None),
            ("", "99999999999999999999", None),
            ("", "9999999999999999K", None),
        ] {
            let column = NumberColumn::of(column.split(';').filter(|value| !value.is_empty()));
            assert_eq!(column.read(value).and_then(|number| number.value), expected, "{column:?} {value}");
        }
        assert_eq!(NumberColumn::default().read("\u{2014}"), Some(Number { value: None, is_rounded: false }));
    }
}
