//! The times of chats, and the order of day and month that all of them together show.
//!
//! Unlike a column of times, a chat never goes back in time, and its lines have to be told from
//! sentences that begin with a number.

use std::collections::HashSet;

use jiff::civil::{Date, DateTime, Time};

use super::{MAX_STAMP_CHARS, words};
use crate::DateOrder;

/// Returns true for the invisible marks of direction that chat programs write.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A date and a time of day, with the order of day and month still open.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stamp {
    pub(super) date: Option<Numbers>,
    hour: u8,
    minute: u8,
    pub(super) seconds: Option<u8>,
    /// The half of the day.
    pub(super) half: Half,
    is_utc: bool,
}

/// The half of the day that a 12-hour time belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// A 24-hour time.
    None,
    Morning,
    Afternoon,
    /// An unknown word.
    Unknown,
}

/// The three numbers of a date.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Numbers {
    year: i16,
    /// The two others, in the order in which they are written.
    others: (u8, u8),
    /// The order, if the form has only one: the year comes first, or the month is a word.
    order: Option<DateOrder>,
    written: String,
}

impl Numbers {
    pub(super) fn date(&self, order: Option<DateOrder>) -> Option<Date> {
        let (first, second) = self.others;
        let month_first = match self.order.or(order) {
            Some(order) => order == DateOrder::MonthFirst,
            // The same in any order.
            None if first == second => true,
            None if first > 12 => false,
            None if second > 12 => true,
            None => return None,
        };
        let (month, day) = if month_first { (first, second) } else { (second, first) };
        Date::new(self.year, month as i8, day as i8).ok()
    }
}

impl Stamp {
    /// Parses a whole text as a time.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > 4 * MAX_STAMP_CHARS {
            return None;
        }
        let plain: Vec<char> = text.chars().filter(|c| !is_mark(*c)).map(plain_digit).collect();
        let mut scan = Scan { text: &plain, at: 0 };
        scan.skip_space();
        let date = scan.date();
        scan.skip(|c| c.is_whitespace() || matches!(c, ',' | '\u{60c}' | 'T'));
        // `2024. 3. 1. 오후 10:05`; `01/03/2024 à 10:05`
        let before: String = scan.take(|c| !c.is_ascii_digit()).iter().collect();
        let hour = scan.number(2)?;
        if !scan.skip_one(|c| matches!(c, ':' | '.' | 'h')) {
            return None;
        }
        let minute = scan.two_digits()?;
        let mut seconds = None;
        let here = scan.at;
        if scan.skip_one(|c| matches!(c, ':' | '.')) {
            match scan.two_digits() {
                Some(number) => seconds = Some(number),
                None => scan.at = here,
            }
        }
        if seconds.is_some() && scan.skip_one(|c| matches!(c, '.' | ',')) {
            scan.take(|c| c.is_ascii_digit());
        }
        let behind: String = scan.text[scan.at..].iter().collect();
        let (before, behind) = (before.trim().to_lowercase(), behind.trim().to_lowercase());
        let is_utc = matches!(&*behind, "z" | "utc" | "gmt");
        let word = match (before.as_str(), behind.as_str()) {
            ("" | "at" | "um" | "\u{e0}" | "alle" | "om", word) => word,
            (word, "") => word,
            _ => return None,
        };
        let half = if is_utc { Half::None } else { half(word)? };
        let fits = match half {
            Half::None | Half::Unknown => hour < 24,
            _ => (1..=12).contains(&hour),
        };
        (fits && minute < 60 && seconds.is_none_or(|seconds| seconds < 60)).then_some(Self {
            date,
            hour: hour as u8,
            minute,
            seconds,
            half,
            is_utc,
        })
    }

    /// Returns the moment as RFC 3339 writes it, without a zone if it has none.
    pub(super) fn written(&self, order: Option<DateOrder>, day: Option<Date>) -> Option<String> {
        let date = match &self.date {
            Some(numbers) => numbers.date(order)?,
            None => day?,
        };
        let hour = match self.half {
            Half::None => self.hour,
            Half::Morning => self.hour % 12,
            Half::Afternoon => self.hour % 12 + 12,
            Half::Unknown => return None,
        };
        let time = Time::new(hour as i8, self.minute as i8, self.seconds.unwrap_or(0) as i8, 0).ok()?;
        let zone = if self.is_utc { "Z" } else { "" };
        Some(format!("{}{zone}", DateTime::from_parts(date, time).strftime("%Y-%m-%dT%H:%M:%S")))
    }
}

/// Returns the half of the day that a word means; `None` for other words.
fn half(word: &str) -> Option<Half> {
    let bare: String = word.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | ',')).collect();
    if bare.is_empty() {
        return Some(Half::None);
    }
    if words::MORNING.contains(&bare.as_str()) {
        Some(Half::Morning)
    } else if words::AFTERNOON.contains(&bare.as_str()) {
        Some(Half::Afternoon)
    } else {
        let is_word = bare.chars().count() <= 12 && bare.chars().all(char::is_alphabetic);
        is_word.then_some(Half::Unknown)
    }
}

/// Returns the ASCII digit for a digit of Arabic or Persian.
fn plain_digit(c: char) -> char {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        _ => return c,
    };
    char::from_digit(c as u32 - zero, 10).unwrap_or(c)
}

pub(super) struct Scan<'a> {
    pub(super) text: &'a [char],
    pub(super) at: usize,
}

impl<'a> Scan<'a> {
    fn take(&mut self, is: fn(char) -> bool) -> &'a [char] {
        let rest = &self.text[self.at..];
        let taken = rest.iter().position(|c| !is(*c)).unwrap_or(rest.len());
        self.at += taken;
        &rest[..taken]
    }

    fn skip(&mut self, is: fn(char) -> bool) {
        self.take(is);
    }

    fn skip_space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn skip_one(&mut self, is: fn(char) -> bool) -> bool {
        let is_there = self.text.get(self.at).is_some_and(|c| is(*c));
        self.at += usize::from(is_there);
        is_there
    }

    /// Returns the number at the current position, of at most `most` digits.
    fn number(&mut self, most: usize) -> Option<u16> {
        let digits = self.take(|c| c.is_ascii_digit());
        if digits.is_empty() || digits.len() > most {
            return None;
        }
        digits.iter().collect::<String>().parse().ok()
    }

    fn two_digits(&mut self) -> Option<u8> {
        let start = self.at;
        let number = self.number(2)?;
        (self.at - start == 2).then_some(number as u8)
    }

    /// Returns the date at the current position; does not move if there is none.
    pub(super) fn date(&mut self) -> Option<Numbers> {
        let start = self.at;
        let date = self.three_numbers(start);
        if date.is_none() {
            self.at = start;
        }
        date
    }

    fn three_numbers(&mut self, start: usize) -> Option<Numbers> {
        let first_length = self.text[start..].iter().take_while(|c| c.is_ascii_digit()).count();
        let first = self.number(4)?;
        let here = self.at;
        self.skip(|c| matches!(c, '-' | ' ' | '.'));
        if let Some(month) = self.month() {
            self.skip(|c| matches!(c, '-' | ' ' | '.' | ','));
            let digits = self.at;
            let year = self.number(4)?;
            let year = match self.at - digits {
                2 => 2000 + year,
                4 => year,
                _ => return None,
            };
            let written = self.text[start..self.at].iter().collect();
            let others = (u8::try_from(first).ok()?, month);
            return Some(Numbers { year: year as i16, others, order: Some(DateOrder::DayFirst), written });
        }
        self.at = here;
        let sign = self.separator()?;
        let second = self.number(2)?;
        let other = self.separator()?;
        if sign != other && sign != '\u{5e74}' && sign != '\u{b144}' {
            return None;
        }
        let third_start = self.at;
        let third = self.number(4)?;
        let third_length = self.at - third_start;
        let end = self.at;
        self.skip_one(|c| matches!(c, '.' | '\u{65e5}' | '\u{c77c}'));
        let written = self.text[start..end].iter().collect();
        let byte = |number: u16| u8::try_from(number).ok();
        // After a year, these dates continue with the month, wherever they are written.
        match (first_length, third_length) {
            (4, 1 | 2) => Some(Numbers {
                year: first as i16,
                others: (byte(second)?, byte(third)?),
                order: Some(DateOrder::MonthFirst),
                written,
            }),
            (1 | 2, 2 | 4) => Some(Numbers {
                year: if third_length == 2 { 2000 + third as i16 } else { third as i16 },
                others: (byte(first)?, byte(second)?),
                order: None,
                written,
            }),
            _ => None,
        }
    }

    /// Returns the number of the month whose English name is at the current position.
    fn month(&mut self) -> Option<u8> {
        const MONTHS: [&str; 12] =
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let word: String = self.take(char::is_alphabetic).iter().flat_map(|c| c.to_lowercase()).collect();
        let short = word.get(..3)?;
        MONTHS.iter().position(|month| *month == short).map(|at| at as u8 + 1)
    }

    /// Skips the separator between the numbers of a date.
    fn separator(&mut self) -> Option<char> {
        let sign = *self.text.get(self.at)?;
        if !matches!(sign, '.' | '/' | '-' | '\u{5e74}' | '\u{6708}' | '\u{b144}' | '\u{c6d4}') {
            return None;
        }
        self.at += 1;
        if sign != '-' && sign != '/' {
            self.skip_space();
        }
        Some(sign)
    }
}

/// The dates of the head, in the order of the file.
#[derive(Default)]
pub(super) struct Dates {
    pub(super) any: bool,
    /// A date that fits both orders.
    pub(super) example: String,
    open: Vec<(u8, u8, i16)>,
}

/// The order of day and month in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The order named by the user.
    Told(DateOrder),
    /// Every date shows it, or there is none.
    Plain,
    Inferred(DateOrder),
    Unknown,
}

impl Order {
    pub(super) fn known(self) -> Option<DateOrder> {
        match self {
            Self::Told(order) | Self::Inferred(order) => Some(order),
            Self::Plain | Self::Unknown => None,
        }
    }
}

impl Dates {
    pub(super) fn add(&mut self, stamp: &Stamp) {
        let Some(date) = &stamp.date else { return };
        self.any = true;
        if date.order.is_none() {
            if self.example.is_empty() {
                self.example.clone_from(&date.written);
            }
            let next = (date.others.0, date.others.1, date.year);
            if self.open.last() != Some(&next) {
                self.open.push(next);
            }
        }
    }

    /// Returns the order: one in which a date does not exist, or in which the chat goes back in
    /// time, is ruled out. If both remain, the number that changes while the other stays the same
    /// is the day.
    pub(super) fn order(&self, told: Option<DateOrder>) -> Order {
        if let Some(order) = told {
            return Order::Told(order);
        }
        if self.open.is_empty() {
            return Order::Plain;
        }
        let days = |order: DateOrder| -> Vec<Option<Date>> {
            let date = |&(first, second, year): &(u8, u8, i16)| {
                let (month, day) =
                    if order == DateOrder::MonthFirst { (first, second) } else { (second, first) };
                Date::new(year, month as i8, day as i8).ok()
            };
            self.open.iter().map(date).collect()
        };
        let [day_first, month_first] = DateOrder::ALL.map(days);
        if day_first == month_first {
            return Order::Plain;
        }
        let missing = |dates: &[Option<Date>]| dates.iter().filter(|date| date.is_none()).count();
        let back = |dates: &[Option<Date>]| dates.windows(2).filter(|pair| pair[0] > pair[1]).count();
        // No country writes the month first with dots.
        let unknown = match self.example.contains('.') {
            true => Order::Inferred(DateOrder::DayFirst),
            false => Order::Unknown,
        };
        // A few of many may be damaged, or in the wrong place.
        let decide = |day: usize, month: usize| match (day, month) {
            (0, 0) => None,
            (day, month) if month > 10 * day => Some(Order::Inferred(DateOrder::DayFirst)),
            (day, month) if day > 10 * month => Some(Order::Inferred(DateOrder::MonthFirst)),
            _ => Some(Order::Unknown),
        };
        if let Some(order) = decide(missing(&day_first), missing(&month_first)) {
            return order;
        }
        match decide(back(&day_first), back(&month_first)) {
            None => {}
            Some(Order::Unknown) => return unknown,
            Some(order) => return order,
        }
        let distinct =
            |number: fn(&(u8, u8, i16)) -> u8| self.open.iter().map(number).collect::<HashSet<_>>().len();
        match (distinct(|date| date.0), distinct(|date| date.1)) {
            (3.., 1) => Order::Inferred(DateOrder::DayFirst),
            (1, 3..) => Order::Inferred(DateOrder::MonthFirst),
            _ => unknown,
        }
    }
}
