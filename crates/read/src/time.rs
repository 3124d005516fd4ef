//! Times as exports write them. The column as a whole decides the ambiguities of a single value:
//! the order of day and month, and numbers that count days.

use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::civil::{self, Date};
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

mod names;
mod written;

use written::{Day, Written};

/// The order of day, month and year in dates that are written in numbers (`03/04/2024`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

impl DateOrder {
    /// All orders.
    pub const ALL: [Self; 2] = [Self::DayFirst, Self::MonthFirst];

    /// Returns the word for `--date-order`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DayFirst => "dmy",
            Self::MonthFirst => "mdy",
        }
    }
}

impl FromStr for DateOrder {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|order| order.as_str() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str);
            format!("unknown order of dates `{word}`; known: {}", known.join(", "))
        })
    }
}

/// A time that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) moment: Timestamp,
    /// False for date and hour without a zone, taken as UTC.
    pub(crate) has_zone: bool,
    /// The year has two digits.
    pub(crate) has_short_year: bool,
}

/// The reason a value is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is not a time, or one in an unknown form.
    Form,
    /// Nothing shows which of its numbers is the day and which the month.
    Order,
    /// Its day and month are in another order than those of its column.
    Contradiction,
}

/// The notation of the times in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeColumn {
    /// The order that the user named.
    told: Option<DateOrder>,
    /// The evidence of dates with slashes or dashes.
    plain: Evidence,
    /// The evidence of dates with dots.
    dotted: Evidence,
    /// Years of two digits come first.
    is_year_first: bool,
    /// Numbers are days since 1900, as spreadsheets count them.
    is_serial: bool,
    /// It has both GMT and BST, which therefore is British summer time.
    is_british: bool,
}

/// The orders of day and month that some dates show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Evidence {
    day_first: bool,
    month_first: bool,
    /// Some dates show neither.
    is_open: bool,
}

impl Evidence {
    /// Adds a date, unless it is one in neither order.
    fn add(&mut self, [first, second, _]: [i16; 3]) {
        match (is_day_of(first, second), is_day_of(second, first)) {
            (true, false) => self.day_first = true,
            (false, true) => self.month_first = true,
            (true, true) => self.is_open |= first != second,
            (false, false) => {}
        }
    }

    fn order(self) -> Option<DateOrder> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    fn is_contradictory(self) -> bool {
        self.day_first && self.month_first
    }
}

/// Returns true if a month has a day, in a leap year at least.
fn is_day_of(day: i16, month: i16) -> bool {
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => 0,
    };
    (1..=days).contains(&day)
}

impl TimeColumn {
    /// Returns a column of which only the user's order is known, if any: values are read if they
    /// have one reading.
    pub(crate) fn unknown(told: Option<DateOrder>) -> Self {
        Self { told, ..Self::default() }
    }

    /// Infers the notation from some values of a column; the user's order takes precedence.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a str>, told: Option<DateOrder>) -> Self {
        let mut column = Self::unknown(told);
        let (mut count, mut serials) = (0, 0);
        let (mut has_gmt, mut has_bst) = (false, false);
        // Dates with two-digit years.
        let mut short: Vec<[i16; 3]> = Vec::new();
        for value in values.into_iter().map(str::trim).filter(|value| !value.is_empty()) {
            count += 1;
            serials += usize::from(value.parse().is_ok_and(|days| SERIALS.contains(&days)));
            let Some(written) = Written::read(value) else { continue };
            has_bst |= written.is_bst;
            has_gmt |= value.ends_with("GMT");
            if let Day::Numbers { numbers, is_dotted } = written.day {
                let evidence = if is_dotted { &mut column.dotted } else { &mut column.plain };
                evidence.add(numbers);
                if written.has_short_year {
                    short.push(numbers);
                }
            }
        }
        column.is_serial = count > 0 && serials == count;
        column.is_british = has_gmt && has_bst;
        column.is_year_first = is_year_first(&short);
        column
    }

    /// Reads a value of the column. A time long before or after the days of the web is a mistake,
    /// or one in another calendar.
    pub(crate) fn read(&self, value: &str) -> Result<Time, Unread> {
        /// A day before 1970, and the beginning of 2200, in seconds since 1970.
        const DAYS_OF_THE_WEB: RangeInclusive<i64> = -86_400..=7_258_118_400;
        let time = self.read_any(value)?;
        if DAYS_OF_THE_WEB.contains(&time.moment.as_second()) { Ok(time) } else { Err(Unread::Form) }
    }

    fn read_any(&self, value: &str) -> Result<Time, Unread> {
        let value = value.trim();
        if let Some(time) = iso(value) {
            return Ok(time);
        }
        if let Ok(number) = value.parse::<f64>() {
            let time = if self.is_serial { serial(number) } else { numeric(value, number) };
            return time.ok_or(Unread::Form);
        }
        if value.as_bytes().get(10) == Some(&b'T')
            && let Ok(moment) = value.parse::<Timestamp>()
        {
            return Ok(Time { moment, has_zone: true, has_short_year: false });
        }
        match Written::read(value) {
            Some(written) => {
                let date = self.date(&written)?;
                written.on(date, self.is_british).ok_or(Unread::Form)
            }
            None => other(value).ok_or(Unread::Form),
        }
    }

    /// Returns the day of a time.
    fn date(&self, written: &Written) -> Result<Date, Unread> {
        let (numbers, is_dotted) = match written.day {
            Day::Certain(date) => return Ok(date),
            Day::Numbers { numbers, is_dotted } => (numbers, is_dotted),
        };
        let [first, second, third] = numbers;
        let is_short = written.has_short_year;
        let date = |year: i16, month: i16, day: i16| {
            let year = if is_short { long_year(year) } else { year };
            Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
        };
        let in_order = |order| match order {
            DateOrder::DayFirst => date(third, second, first),
            DateOrder::MonthFirst => date(third, first, second),
        };
        let evidence = if is_dotted { self.dotted } else { self.plain };
        if is_short && self.is_year_first && self.told.is_none() {
            return date(first, second, third).ok_or(Unread::Contradiction);
        }
        // Nobody writes the month first before a dot.
        let by_custom = (is_dotted && !evidence.is_contradictory()).then_some(DateOrder::DayFirst);
        if let Some(order) = self.told.or(evidence.order()).or(by_custom) {
            return in_order(order).ok_or(Unread::Contradiction);
        }
        // A single value has one possible reading; two-digit years could be days.
        match (in_order(DateOrder::DayFirst), in_order(DateOrder::MonthFirst)) {
            (Some(date), None) | (None, Some(date))
                if !is_short || third > 31 || evidence.is_contradictory() =>
            {
                Ok(date)
            }
            (Some(day_first), Some(month_first)) if day_first == month_first => Ok(day_first),
            (None, None) => Err(Unread::Form),
            _ => Err(Unread::Order),
        }
    }

    /// Returns notices for the user about what was inferred from the column.
    pub(crate) fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if self.is_serial {
            notices.push(
                "times are numbers of days, as spreadsheets count them (1 is 1900-01-01): read so".to_owned(),
            );
        }
        if self.told.is_some() {
            return notices;
        }
        if self.is_year_first {
            notices.push("dates with years of two digits are read as year, month, day".to_owned());
            return notices;
        }
        for (evidence, kind) in [(self.plain, "dates in numbers"), (self.dotted, "dates with dots")] {
            let is_dotted = kind.ends_with("dots");
            let reading = match evidence.order() {
                _ if evidence.is_contradictory() => {
                    notices.push(format!(
                        "{kind} contradict each other: some have the day first, some the month; those that could be either are \
                         left empty; name the order with --date-order dmy or mdy"
                    ));
                    continue;
                }
                Some(DateOrder::DayFirst) => "day, month, year, as some can be nothing else",
                Some(DateOrder::MonthFirst) => "month, day, year, as some can be nothing else",
                None if is_dotted && evidence.is_open => {
                    "day, month, year, as is usual; --date-order mdy reverses it"
                }
                None => continue,
            };
            notices.push(format!("{kind} are read as {reading}"));
        }
        notices
    }
}

/// Returns true if a value is a time, except for numbers; also for a date whose order is open.
pub(crate) fn is_time(value: &str) -> bool {
    let value = value.trim();
    value.parse::<f64>().is_err() && (Written::read(value).is_some() || other(value).is_some())
}

/// Returns true for a day without an hour.
pub(crate) fn is_day(value: &str) -> bool {
    is_time(value) && Written::read(&format!("{} 10:05", value.trim())).is_some()
}

/// Returns true for an hour without a day (`21:05`, `9 pm`).
pub(crate) fn is_hour(value: &str) -> bool {
    let value = value.trim();
    value.starts_with(|c: char| c.is_ascii_digit())
        && !is_time(value)
        && Written::read(&format!("2024-03-01 {value}")).is_some()
}

/// Returns true if years come first in dates with two-digit years: another number is too large for
/// a day, or the first varies less than the last.
fn is_year_first(dates: &[[i16; 3]]) -> bool {
    let could_be = dates.iter().all(|[_, month, day]| (1..=12).contains(month) && (1..=31).contains(day));
    let distinct = |place: usize| {
        let mut numbers: Vec<i16> = dates.iter().map(|date| date[place]).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len()
    };
    let is_day = |date: &[i16; 3]| (1..=31).contains(&date[0]);
    could_be && !dates.is_empty() && (!dates.iter().all(is_day) || distinct(0) < distinct(2))
}

/// Returns the time for RFC 3339, with or without a zone: the usual form, and the fastest to read.
fn iso(value: &str) -> Option<Time> {
    let bytes = value.as_bytes();
    let is_usual = matches!(bytes, [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b' ', _, _, b':', ..]);
    if !is_usual || value.len() < 19 || bytes.contains(&b'[') {
        return None;
    }
    if let Ok(moment) = value.parse::<Timestamp>() {
        return Some(Time { moment, has_zone: true, has_short_year: false });
    }
    let moment = utc(value.parse().ok()?)?;
    Some(Time { moment, has_zone: false, has_short_year: false })
}

/// Returns the year that two digits stand for: from 1970 to 2069.
fn long_year(year: i16) -> i16 {
    year + if year < 70 { 2000 } else { 1900 }
}

/// The range of a spreadsheet's times, in days since 1900: from 1954 to 2064.
const SERIALS: std::ops::Range<f64> = 20_000.0..60_000.0;

/// Returns the time for a number of days since 1900, to the second.
fn serial(days: f64) -> Option<Time> {
    // The day of 1970-01-01.
    const EPOCH: f64 = 25_569.0;
    if !(1.0..100_000.0).contains(&days) {
        return None;
    }
    let seconds = ((days - EPOCH) * 86_400.0).round() as i64;
    let moment = Timestamp::from_second(seconds).ok()?;
    Some(Time { moment, has_zone: false, has_short_year: false })
}

/// Returns the time for a number: digits of a date and an hour, or a count since 1970.
fn numeric(digits: &str, number: f64) -> Option<Time> {
    if let Some(moment) = compact(digits) {
        return Some(Time { moment, has_zone: false, has_short_year: false });
    }
    epoch(digits, number).map(|moment| Time { moment, has_zone: true, has_short_year: false })
}

/// Returns the time for `20240301`, `202403011000` and `20240301100000`.
fn compact(digits: &str) -> Option<Timestamp> {
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |start: usize| digits.get(start..start + 2).map_or(Some(0), |part| part.parse::<i8>().ok());
    let year = digits[..4].parse().ok().filter(|year| (1990..2100).contains(year))?;
    let date = Date::new(year, part(4)?, part(6)?).ok()?;
    utc(date.to_datetime(civil::Time::new(part(8)?, part(10)?, part(12)?, 0).ok()?))
}

fn utc(civil: civil::DateTime) -> Option<Timestamp> {
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Returns the time for forms that [`Written`] does not read: weeks, basic ISO 8601, zones in
/// brackets.
fn other(value: &str) -> Option<Time> {
    if !value.starts_with(|c: char| c.is_ascii_digit() || c == '/' || c.is_ascii_uppercase())
        || value.len() > 100
    {
        return None;
    }
    let known = |moment| Some(Time { moment, has_zone: true, has_short_year: false });
    if let Some(inner) = value.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        // An offset after the number is that of the writer: the number is in UTC.
        let digits = inner.split_once('+').map_or(inner, |(digits, _)| digits);
        return known(Timestamp::from_millisecond(digits.parse().ok()?).ok()?);
    }
    if let Ok(moment) = value.parse::<Timestamp>() {
        return known(moment);
    }
    if let Ok(moment) = value.parse::<Zoned>() {
        return known(moment.timestamp());
    }
    if let Ok(moment) = rfc2822::parse(value) {
        return known(moment.timestamp());
    }
    let civil = match value.parse::<civil::DateTime>() {
        Ok(civil) if value.contains('T') => civil,
        _ => strtime::parse("%G-W%V-%u", value).and_then(|week| week.to_date()).ok()?.into(),
    };
    Some(Time { moment: utc(civil)?, has_zone: false, has_short_year: false })
}

/// Returns the time for seconds, milliseconds, microseconds or nanoseconds since 1970, by their
/// size: between 1973 and 2103 as seconds, between 2002 and 2103 as nanoseconds.
fn epoch(digits: &str, number: f64) -> Option<Timestamp> {
    const UNITS: [(std::ops::Range<f64>, i128); 4] = [
        (1e8..4.2e9, 1_000_000_000),
        (1e11..4.2e12, 1_000_000),
        (1e14..4.2e15, 1_000),
        // Smaller ones belong to other clocks (`FILETIME`, ticks).
        (1e18..4.2e18, 1),
    ];
    let (_, nanoseconds) = UNITS.into_iter().find(|(range, _)| range.contains(&number))?;
    let mantissa = digits.split(['e', 'E']).next().unwrap_or_default();
    if mantissa.len() < digits.len() && mantissa.bytes().filter(u8::is_ascii_digit).count() < 8 {
        // A number that a spreadsheet shortened (`1.70929E+09`) is minutes off.
        return None;
    }
    match digits.parse::<i128>() {
        Ok(whole) => Timestamp::from_nanosecond(whole * nanoseconds).ok(),
        // Rounded: a fraction of a microsecond is noise.
        Err(_) => {
            let microseconds = number * (nanoseconds as f64 / 1_000.0);
            Timestamp::from_microsecond(microseconds.round() as i64).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn show(read: Result<Time, Unread>) -> String {
        match read {
            Ok(time) => {
                let zone = if time.has_zone { "" } else { " zoneless" };
                let year = if time.has_short_year { " short" } else { "" };
                format!("{}{zone}{year}", time.moment)
            }
            Err(unread) => format!("{unread:?}"),
        }
    }

    #[test]
    fn times_are_read_in_one_way_or_not_at_all() {
        for (value, expected) in [
            ("2024-03-05T06:07:08Z", "2024-03-05T06:07:08Z"),
            ("2024-03-05T06:07:08.5+02:00", "2024-03-05T04:07:08.5Z"),
            ("2024-03-05 06:07:08+00:00", "2024-03-05T06:07:08Z"),
            ("2024-03-05 06:07:08.123456+00", "2024-03-05T06:07:08.123456Z"),
            ("2024-03-05T06:07:08.000+0000", "2024-03-05T06:07:08Z"),
            ("2024-03-05T06:07:08+01:00[Europe/Paris]", "2024-03-05T05:07:08Z"),
            ("20240305T060708Z", "2024-03-05T06:07:08Z"),
            ("2024-03-05 06:07:08 UTC", "2024-03-05T06:07:08Z"),
            ("2024-03-05 06:07:08 +0000 UTC", "2024-03-05T06:07:08Z"),
            ("2024-03-05 06:07:08 +0100", "2024-03-05T05:07:08Z"),
            ("2024-03-05 06:07:08", "2024-03-05T06:07:08Z zoneless"),
            ("2024-03-05 06:07:08,250", "2024-03-05T06:07:08.25Z zoneless"),
            ("2024-03-05T06:07:08.123", "2024-03-05T06:07:08.123Z zoneless"),
            ("2024/03/05 06:07", "2024-03-05T06:07:00Z zoneless"),
            ("2024.03.05 06:07", "2024-03-05T06:07:00Z zoneless"),
            (" 2024-03-05 ", "2024-03-05T00:00:00Z zoneless"),
            ("2024-3-5 6:07", "2024-03-05T06:07:00Z zoneless"),
            ("2024-03-05 10:00 PM", "2024-03-05T22:00:00Z zoneless"),
            ("2024/03/05 10:00:00 AM GMT+1", "2024-03-05T09:00:00Z"),
            ("2024-03-05 06:07 UTC-05:30", "2024-03-05T11:37:00Z"),
            ("2024-W10-2", "2024-03-05T00:00:00Z zoneless"),
            // Names of zones; those that several countries use are left out.
            ("2024-03-05 12:00:00 EST", "2024-03-05T17:00:00Z"),
            ("2024-07-05 12:00:00 CEST", "2024-07-05T10:00:00Z"),
            ("2024-07-05 12:00:00 BST", "Form"),
            ("2024-07-05 12:00:00 XYZ", "Form"),
            ("Tue Mar 05 2024 06:07:08 GMT+0100 (Central European Standard Time)", "2024-03-05T05:07:08Z"),
            // The month by its name.
            ("5 March 2024", "2024-03-05T00:00:00Z zoneless"),
            ("Mar 5, 2024", "2024-03-05T00:00:00Z zoneless"),
            ("March 5, 2024 at 10:05 am", "2024-03-05T10:05:00Z zoneless"),
            ("Mar 5, 2024, 10:05:06\u{202f}PM", "2024-03-05T22:05:06Z zoneless"),
            ("5 March 2024 10:00am", "2024-03-05T10:00:00Z zoneless"),
            ("Tuesday, March 5th, 2024 12:05 AM", "2024-03-05T00:05:00Z zoneless"),
            ("12:30 PM, March 5, 2024", "2024-03-05T12:30:00Z zoneless"),
            ("1 Mar 2024, 9 p.m.", "2024-03-01T21:00:00Z zoneless"),
            ("05-Mar-2024 10:00", "2024-03-05T10:00:00Z zoneless"),
            ("5 марта 2024 г., 21:05", "2024-03-05T21:05:00Z zoneless"),
            ("5 mars 2024 à 6 h 07", "2024-03-05T06:07:00Z zoneless"),
            ("Tue 5 Mar 2024 12:07a", "2024-03-05T00:07:00Z zoneless"),
            ("Tue 5 Mar 2024 6:07p", "2024-03-05T18:07:00Z zoneless"),
            ("2024-03-05 06:07:08 Etc/GMT", "2024-03-05T06:07:08Z"),
            ("2024-03-05 06:07:08 Etc/GMT+5", "Form"),
            // Years of other calendars.
            ("1445-08-24", "Form"),
            ("2567-03-05", "Form"),
            ("05-MAR-24", "2024-03-05T00:00:00Z zoneless short"),
            ("05/Mar/2024:06:07:08 +0100", "2024-03-05T05:07:08Z"),
            ("Tue, 5 Mar 2024 06:07:08 +0000", "2024-03-05T06:07:08Z"),
            ("Tue Mar 05 06:07:08 +0000 2024", "2024-03-05T06:07:08Z"),
            ("Tue Mar  5 06:07:08 UTC 2024", "2024-03-05T06:07:08Z"),
            ("1. März 2024, 21:05 Uhr", "2024-03-01T21:05:00Z zoneless"),
            ("Di., 5. Dez. 2023 um 9:05", "2023-12-05T09:05:00Z zoneless"),
            ("1er mars 2024 à 21h05", "2024-03-01T21:05:00Z zoneless"),
            ("mar. 5 mars 2024", "2024-03-05T00:00:00Z zoneless"),
            ("5 de marzo de 2024, 9:05 p. m.", "2024-03-05T21:05:00Z zoneless"),
            ("5 marzo 2024", "2024-03-05T00:00:00Z zoneless"),
            ("5 mrt. 2024 om 9:05", "2024-03-05T09:05:00Z zoneless"),
            ("5 de março de 2024 às 9:05", "2024-03-05T09:05:00Z zoneless"),
            ("5 sierpnia 2024 r.", "2024-08-05T00:00:00Z zoneless"),
            ("2024\u{5e74}3\u{6708}5\u{65e5} \u{4e0b}\u{5348}9:05", "2024-03-05T21:05:00Z zoneless"),
            // Counts and digits.
            ("1709618828", "2024-03-05T06:07:08Z"),
            ("1709618828.0", "2024-03-05T06:07:08Z"),
            ("1709618828123", "2024-03-05T06:07:08.123Z"),
            ("1709618828123456", "2024-03-05T06:07:08.123456Z"),
            ("1709618828123456789", "2024-03-05T06:07:08.123456789Z"),
            ("1.709618828E9", "2024-03-05T06:07:08Z"),
            ("1.70962E+09", "Form"),
            ("/Date(1709618828000)/", "2024-03-05T06:07:08Z"),
            ("/Date(1709618828000+0100)/", "2024-03-05T06:07:08Z"),
            ("20240305", "2024-03-05T00:00:00Z zoneless"),
            ("20240305060708", "2024-03-05T06:07:08Z zoneless"),
            ("133540000000000000", "Form"),
            // Days and months in numbers.
            ("03/04/2024", "Order"),
            ("14/03/2024 21:05", "2024-03-14T21:05:00Z zoneless"),
            ("3/14/2024 9:05 PM", "2024-03-14T21:05:00Z zoneless"),
            ("04-04-2024", "2024-04-04T00:00:00Z zoneless"),
            ("14/3/24", "Order"),
            ("13.04.2024 10:00", "2024-04-13T10:00:00Z zoneless"),
            ("3.4.2024, 21:05 Uhr", "2024-04-03T21:05:00Z zoneless"),
            ("3. 4. 2024 21.05", "2024-04-03T21:05:00Z zoneless"),
            ("31/31/2024", "Form"),
            ("2024-13-05", "Form"),
            ("2024-03-05 25:00", "Form"),
            ("2024-03-05 14:00 AM", "Form"),
            ("2024-03", "Form"),
            ("2024", "Form"),
            ("45365.5", "Form"),
            ("March 2024", "Form"),
            ("10:30", "Form"),
            ("3 hours ago", "Form"),
            ("May I go on 5 March 2024?", "Form"),
            ("NaN", "Form"),
            ("inf", "Form"),
            ("", "Form"),
        ] {
            assert_eq!(show(TimeColumn::default().read(value)), expected, "{value:?}");
        }
    }

    #[test]
    fn the_column_decides_on_day_and_month() {
        let day_first = Some(DateOrder::DayFirst);
        for (values, told, value, expected) in [
            ("14/03/2024; 03/04/2024", None, "03/04/2024", "2024-04-03T00:00:00Z zoneless"),
            ("3/14/2024 1:00 PM", None, "03/04/2024", "2024-03-04T00:00:00Z zoneless"),
            ("14/03/2024", None, "3/14/2024", "Contradiction"),
            ("03/04/2024; 05/06/2024", None, "03/04/2024", "Order"),
            // No year has such a day.
            ("31/02/2024; 03/04/2024", None, "03/04/2024", "Order"),
            ("03/04/2024", day_first, "03/04/2024", "2024-04-03T00:00:00Z zoneless"),
            ("14/03/2024; 3/15/2024", None, "03/04/2024", "Order"),
            ("14/03/2024; 3/15/2024", None, "3/15/2024", "2024-03-15T00:00:00Z zoneless"),
            ("03.04.2024", None, "03.04.2024", "2024-04-03T00:00:00Z zoneless"),
            ("03.14.2024", None, "03.04.2024", "2024-03-04T00:00:00Z zoneless"),
            ("14.03.2024; 03.04.2024; 3/14/2024", None, "01/02/2024", "2024-01-02T00:00:00Z zoneless"),
            // Years of two digits.
            ("14/3/24; 15/3/24", None, "3/4/24", "2024-04-03T00:00:00Z zoneless short"),
            ("24/3/14; 24/3/15; 24/4/1", None, "24/3/14", "2024-03-14T00:00:00Z zoneless short"),
            ("24.3.24", None, "24.3.24", "2024-03-24T00:00:00Z zoneless short"),
            ("3/4/24; 3/5/24", None, "3/4/24", "Order"),
            // Days as spreadsheets count them.
            ("45365.5; 45366.25", None, "45365.5", "2024-03-14T12:00:00Z zoneless"),
            ("45365.5; 1709618828", None, "45365.5", "Form"),
            // British summer time next to GMT.
            (
                "2024-07-05 12:00:00 BST; 2024-01-05 12:00:00 GMT",
                None,
                "2024-07-05 12:00:00 BST",
                "2024-07-05T11:00:00Z",
            ),
        ] {
            let column = TimeColumn::of(values.split(';'), told);
            assert_eq!(show(column.read(value)), expected, "{values:?} {value:?}");
        }
    }

    #[test]
    fn what_the_column_shows_is_told() {
        for (values, part) in [
            ("14/03/2024", "day, month, year"),
            ("14/03/2024; 03/14/2024", "--date-order"),
            ("1.2.2024", "as is usual"),
            ("45365.5", "spreadsheets"),
            ("24/3/14; 24/3/15", "year, month, day"),
        ] {
            let notices = TimeColumn::of(values.split(';'), None).notices();
            assert!(notices.len() == 1 && notices[0].contains(part), "{values}: {notices:?}");
        }
        assert!(TimeColumn::of(["2024-03-05"], None).notices().is_empty());
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_not(
            values in prop::collection::vec("([0-9]{1,4}|[./: ,+()-]|T|Z|am|p\\. m\\.|mar|Uhr|EST|GMT|é|年|下午|\\PC){0,12}", 0..4)
        ) {
            let column = TimeColumn::of(values.iter().map(String::as_str), None);
            column.notices();
            assert!(values.iter().filter(|value| column.read(value).is_ok()).count() <= values.len());
        }
    }
}
