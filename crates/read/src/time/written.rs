//! Parses times that are written for people: in any order a date, an hour, a zone and the words
//! between them.

use jiff::civil::{self, Date};
use jiff::tz::{Offset, TimeZone};

use super::Time;
use super::names::{self, Word};

/// A time as it is written.
pub(super) struct Written {
    pub(super) day: Day,
    clock: civil::Time,
    /// Seconds east of Greenwich.
    offset: Option<i32>,
    /// The zone is BST, which is British or Bangladeshi.
    pub(super) is_bst: bool,
    pub(super) has_short_year: bool,
}

/// A day as it is written.
pub(super) enum Day {
    Certain(Date),
    /// Three numbers of which the last, or the first if it has two digits, is the year.
    Numbers {
        numbers: [i16; 3],
        is_dotted: bool,
    },
}

impl Written {
    /// Parses a value; `None` if anything in it is not part of a time.
    pub(super) fn read(value: &str) -> Option<Self> {
        const LONGEST: usize = 100;
        if value.len() > LONGEST || !value.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut parts = Parts { rest: value, ..Parts::default() };
        while let Some(c) = parts.rest.chars().next() {
            if c.is_ascii_digit() {
                parts.number()?;
            } else if c.is_alphabetic() {
                parts.word()?;
            } else {
                parts.sign(c)?;
            }
        }
        parts.finish()
    }

    /// Returns the moment, on this day.
    pub(super) fn on(&self, date: Date, is_british: bool) -> Option<Time> {
        const HOUR: i32 = 3600;
        let offset = if self.is_bst { Some(is_british.then_some(HOUR)?) } else { self.offset };
        let zone = TimeZone::fixed(Offset::from_seconds(offset.unwrap_or(0)).ok()?);
        let moment = date.to_datetime(self.clock).to_zoned(zone).ok()?.timestamp();
        Some(Time { moment, has_zone: offset.is_some(), has_short_year: self.has_short_year })
    }
}

#[derive(Clone, Copy)]
struct Number {
    value: i32,
    digits: usize,
}

/// The parts that were found so far.
#[derive(Default)]
struct Parts<'a> {
    rest: &'a str,
    /// Three numbers with the same sign between them, and the sign.
    numeric: Option<([Number; 3], char)>,
    /// Numbers alone: the day and the year of a month's name.
    loose: Vec<Number>,
    month: Option<Month>,
    clock: Option<Clock>,
    is_afternoon: Option<bool>,
    offset: Option<i32>,
    is_bst: bool,
}

#[derive(Clone, Copy)]
struct Month {
    number: i8,
    /// The word may be a day of the week (French `mar.`).
    may_be_weekday: bool,
}

#[derive(Clone, Copy, Default)]
struct Clock {
    hour: i32,
    minute: i32,
    second: i32,
    nanosecond: i32,
}

impl<'a> Parts<'a> {
    fn eat(&mut self, sign: char) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn eat_space(&mut self) {
        self.rest = self.rest.trim_start_matches(char::is_whitespace);
    }

    fn begins_with_digit(&self) -> bool {
        self.rest.starts_with(|c: char| c.is_ascii_digit())
    }

    fn digits(&mut self) -> Option<Number> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        Some(Number { value: (digits <= 9).then(|| number.parse().ok())??, digits })
    }

    /// Reads a part that begins with a digit: an hour, a date in numbers, a day or a year.
    fn number(&mut self) -> Option<()> {
        let first = self.digits()?;
        if first.digits > 4 {
            return None;
        }
        let is_short = first.digits <= 2;
        let next = self.rest.chars().next();
        if is_short && self.clock.is_none() && self.is_hour(next) {
            return self.clock(first);
        }
        if self.numeric.is_none()
            && self.loose.is_empty()
            && let Some(sign @ ('-' | '/' | '.')) = next
            && let Some(numeric) = self.numeric_date(first, sign)
        {
            self.numeric = Some((numeric, sign));
            return Some(());
        }
        match next {
            Some('\u{5e74}' | '\u{b144}') => self.take_char(),
            Some('\u{6708}' | '\u{c6d4}') if self.month.is_none() => {
                self.take_char();
                let number = i8::try_from(first.value).ok()?;
                self.month = Some(Month { number, may_be_weekday: false });
                return Some(());
            }
            Some('\u{65e5}' | '\u{53f7}' | '\u{c77c}') => self.take_char(),
            Some(_) => self.eat_ordinal(),
            None => {}
        }
        self.loose.push(first);
        (self.loose.len() <= 2).then_some(())
    }

    fn take_char(&mut self) {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
    }

    /// Skips the ending of a day (`1st`, `1er`).
    fn eat_ordinal(&mut self) {
        let word = self.rest.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        if names::ORDINALS.contains(&word.to_lowercase().as_str()) {
            self.rest = &self.rest[word.len()..];
        }
        let _ = self.eat('\u{b0}');
    }

    /// Returns true if the number before `next` is an hour.
    fn is_hour(&self, next: Option<char>) -> bool {
        let after = |sign: char| self.rest.strip_prefix(sign).unwrap_or_default();
        let two_digits = |rest: &str| {
            rest.bytes().take_while(u8::is_ascii_digit).count() == 2 && !rest[2..].starts_with('.')
        };
        match next {
            Some(':') => true,
            Some('h' | 'H') => !after('h').starts_with(char::is_alphabetic),
            // `6 h 07`
            Some(' ' | '\u{a0}' | '\u{202f}') if spaced_hour(self.rest).is_some() => true,
            // `21.05` after a date.
            Some('.') => (self.numeric.is_some() || self.loose.len() == 2) && two_digits(after('.')),
            _ => meridiem(self.rest.trim_start()).is_some(),
        }
    }

    /// Reads the rest of an hour.
    fn clock(&mut self, hour: Number) -> Option<()> {
        let mut clock = Clock { hour: hour.value, ..Clock::default() };
        if let Some((minute, rest)) = spaced_hour(self.rest) {
            self.rest = rest;
            self.clock = Some(Clock { minute, ..clock });
            return Some(());
        }
        let sign = self.rest.chars().next().filter(|sign| matches!(sign, ':' | '.' | 'h' | 'H'));
        if let Some(sign) = sign {
            self.eat(sign);
            if self.begins_with_digit() {
                clock.minute = self.two_digits()?;
            } else if sign == ':' {
                return None;
            }
            if self.rest.starts_with([':', '.'])
                && self.rest[1..].starts_with(|c: char| c.is_ascii_digit())
                && self.eat(sign)
            {
                clock.second = self.two_digits()?;
                let is_fraction = self.rest.starts_with(['.', ','])
                    && self.rest[1..].starts_with(|c: char| c.is_ascii_digit());
                if is_fraction {
                    self.rest = &self.rest[1..];
                    let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
                    let nine: String =
                        self.rest[..digits].chars().chain("000000000".chars()).take(9).collect();
                    self.rest = &self.rest[digits..];
                    clock.nanosecond = nine.parse().ok()?;
                }
            }
        }
        // `6:07p`
        let mut letters = self.rest.chars();
        let letter = letters.next().map(|letter| letter.to_ascii_lowercase());
        if let Some(letter @ ('a' | 'p')) = letter
            && self.is_afternoon.is_none()
            && !letters.next().is_some_and(|c| c.is_alphabetic() || c == '.')
        {
            self.take_char();
            self.is_afternoon = Some(letter == 'p');
        }
        self.clock = Some(clock);
        Some(())
    }

    fn two_digits(&mut self) -> Option<i32> {
        self.digits().filter(|number| number.digits == 2).map(|number| number.value)
    }

    /// Reads the rest of three numbers with the same sign between them; consumes nothing if there
    /// are none.
    fn numeric_date(&mut self, first: Number, sign: char) -> Option<[Number; 3]> {
        let start = self.rest;
        let mut next = || {
            self.eat(sign).then_some(())?;
            if sign == '.' {
                self.eat_space();
            }
            self.digits().filter(|number| (1..=4).contains(&number.digits))
        };
        let numbers = next().and_then(|second| Some([first, second, next()?]));
        if numbers.is_none() {
            self.rest = start;
        }
        numbers
    }

    /// Reads a word: a month, a zone, or one between the others.
    fn word(&mut self) -> Option<()> {
        if let Some((is_afternoon, length)) = meridiem(self.rest) {
            self.rest = &self.rest[length..];
            return self.is_afternoon.replace(is_afternoon).is_none().then_some(());
        }
        if let Some(rest) =
            self.rest.strip_prefix('T').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            self.rest = rest;
            return Some(());
        }
        let length = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        let word = word.to_lowercase();
        self.rest = rest;
        match names::word(&word) {
            Some(Word::Month(number)) => {
                let month = Month { number, may_be_weekday: word == "mar" };
                match self.month {
                    None => self.month = Some(month),
                    Some(known) if known.may_be_weekday => self.month = Some(month),
                    Some(_) if month.may_be_weekday => {}
                    Some(_) => return None,
                }
            }
            Some(Word::Zone(offset)) => {
                let is_universal = offset == 0;
                if is_universal && self.rest.starts_with(['+', '-', '\u{2212}']) {
                    return self.offset();
                }
                self.offset.get_or_insert(offset);
            }
            Some(Word::Filler) => {}
            None if word == "bst" => self.is_bst = true,
            // `Etc/GMT`; the signs of `Etc/GMT+5` are reversed.
            None if word == "etc" && ["/GMT", "/UTC"].contains(&self.rest) => {
                self.rest = "";
                self.offset = Some(0);
            }
            None => return None,
        }
        Some(())
    }

    /// Reads an offset from its sign.
    fn offset(&mut self) -> Option<()> {
        let direction = if self.rest.starts_with('+') { 1 } else { -1 };
        self.take_char();
        let number = self.digits()?;
        let (hours, mut minutes) = match number.digits {
            1 | 2 => (number.value, 0),
            3 | 4 => (number.value / 100, number.value % 100),
            _ => return None,
        };
        if number.digits <= 2 && self.eat(':') {
            minutes = self.two_digits()?;
        }
        if hours > 15 || minutes > 59 {
            return None;
        }
        self.offset = Some(direction * (hours * 3600 + minutes * 60));
        Some(())
    }

    /// Reads or skips a sign, which is neither a digit nor a letter.
    fn sign(&mut self, sign: char) -> Option<()> {
        let after = &self.rest[sign.len_utf8()..];
        let before_digit = after.starts_with(|c: char| c.is_ascii_digit());
        match sign {
            '+' | '-' | '\u{2212}' if before_digit && self.clock.is_some() && self.offset.is_none() => {
                return self.offset();
            }
            '(' => {
                let (inside, rest) = after.split_once(')')?;
                let named = match names::word(&inside.to_lowercase()) {
                    Some(Word::Zone(offset)) => Some(offset),
                    _ => None,
                };
                if self.clock.is_none() || (self.offset.is_none() && named.is_none()) {
                    return None;
                }
                self.offset = self.offset.or(named);
                self.rest = rest;
                return Some(());
            }
            // An hour glued to a year (`2024:10:00`).
            ':' if before_digit && self.clock.is_none() && self.loose.len() == 2 => {}
            ',' | '.' | '-' | '\u{2013}' | '/' | '\u{b7}' | '|' | '@' | '\'' | '\u{200e}' | '\u{200f}' => {}
            _ if sign.is_whitespace() => {}
            _ => return None,
        }
        self.rest = after;
        Some(())
    }

    fn finish(self) -> Option<Written> {
        let (day, has_short_year) = match (self.numeric, self.month) {
            (Some((numbers, sign)), month) => {
                if !self.loose.is_empty() || month.is_some_and(|month| !month.may_be_weekday) {
                    return None;
                }
                numeric_day(numbers, sign)?
            }
            (None, Some(month)) => named_day(&self.loose, month.number)?,
            (None, None) => return None,
        };
        let clock = match (self.clock, self.is_afternoon) {
            (None, Some(_)) => return None,
            (clock, is_afternoon) => clock.unwrap_or_default().time(is_afternoon)?,
        };
        Some(Written { day, clock, offset: self.offset, is_bst: self.is_bst, has_short_year })
    }
}

impl Clock {
    fn time(self, is_afternoon: Option<bool>) -> Option<civil::Time> {
        let hour = match is_afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            Some(false) if self.hour > 12 => return None,
            _ => self.hour,
        };
        // A leap second is the one before it.
        let second = self.second.min(if self.second == 60 { 59 } else { self.second });
        let part = |value: i32| i8::try_from(value).ok();
        civil::Time::new(part(hour)?, part(self.minute)?, part(second)?, self.nanosecond).ok()
    }
}

/// Returns the day for three numbers, and true if the year has two digits.
fn numeric_day(numbers: [Number; 3], sign: char) -> Option<(Day, bool)> {
    let [first, second, third] = numbers;
    let part = |number: Number| i8::try_from(number.value).ok();
    match numbers.map(|number| number.digits) {
        [4, 1 | 2, 1 | 2] => {
            let year = first.value.try_into().ok()?;
            Some((Day::Certain(Date::new(year, part(second)?, part(third)?).ok()?), false))
        }
        [1 | 2, 1 | 2, year @ (2 | 4)] => {
            let numbers = [first.value, second.value, third.value];
            let is_possible = (numbers[0].min(numbers[1]) <= 12 && numbers[0].max(numbers[1]) <= 31)
                || (year == 2 && numbers[1] <= 12 && numbers[2] <= 31);
            let numbers = numbers.map(|number| number as i16);
            let day = Day::Numbers { numbers, is_dotted: sign == '.' };
            is_possible.then_some((day, year == 2))
        }
        _ => None,
    }
}

/// Returns the day for a month's name and the two numbers around it, and true if the year has two
/// digits.
fn named_day(numbers: &[Number], month: i8) -> Option<(Day, bool)> {
    let &[first, second] = numbers else { return None };
    let (day, year) = match (first.digits, second.digits) {
        (1 | 2, 2 | 4) => (first, second),
        (4, 1 | 2) => (second, first),
        _ => return None,
    };
    let is_short = year.digits == 2;
    let long = i16::try_from(year.value).ok()?;
    let long = if is_short { super::long_year(long) } else { long };
    Some((Day::Certain(Date::new(long, month, i8::try_from(day.value).ok()?).ok()?), is_short))
}

/// Returns the minute of an hour that is written as `6 h 07`, after its number, and the rest.
fn spaced_hour(rest: &str) -> Option<(i32, &str)> {
    let rest = rest.strip_prefix([' ', '\u{a0}', '\u{202f}'])?.strip_prefix('h')?;
    let rest = rest.strip_prefix([' ', '\u{a0}', '\u{202f}'])?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 2 { Some((rest[..2].parse().ok()?, &rest[2..])) } else { None }
}

/// Returns true for the afternoon and false for the morning if a text begins with a word for it,
/// and the length of that word.
fn meridiem(text: &str) -> Option<(bool, usize)> {
    if text.starts_with(|c: char| c.is_ascii() && !matches!(c, 'a' | 'A' | 'p' | 'P' | 'v' | 'V' | 'n' | 'N'))
    {
        return None;
    }
    let found = names::MERIDIEMS
        .iter()
        .find(|(word, _)| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
    let (word, is_afternoon) = found?;
    let rest = &text[word.len()..];
    let is_end = !word.is_ascii() || !rest.starts_with(char::is_alphabetic);
    is_end.then_some((*is_afternoon, word.len()))
}
