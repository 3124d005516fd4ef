//! Times as exports write them.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The order of day, month and year in dates that are written in numbers (`03/04/2024`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

impl DateOrder {
    /// Every order.
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Time {
    /// A moment.
    Known(Timestamp),
    /// Date and hour without a zone, taken as UTC.
    Zoneless(Timestamp),
}

/// Whether a value is a time, numbers left out.
pub(crate) fn is_time(value: &str) -> bool {
    value.parse::<f64>().is_err() && parse(value).is_some()
}

/// A time in one of the forms that can be read in one way only; none for anything else, days and
/// months in an order that is not certain (`03/04/2021`) above all.
///
/// Read are RFC 3339, `YYYY-MM-DD HH:MM[:SS]` with `-` or `/` (with `UTC`, an offset or nothing
/// behind), dates alone (midnight UTC), seconds, milliseconds or microseconds since 1970, RFC 2822,
/// Twitter's form, and dates with the month's English name.
pub(crate) fn parse(value: &str) -> Option<Time> {
    let value = value.trim();
    if let Ok(number) = value.parse::<f64>() {
        return epoch(value, number).map(Time::Known);
    }
    if let Ok(moment) = value.parse::<Timestamp>() {
        return Some(Time::Known(moment));
    }
    if let Some(civil) = value.strip_suffix("UTC").or_else(|| value.strip_suffix("GMT"))
        && let Some(moment) = civil_time(civil.trim_end())
    {
        return Some(Time::Known(moment));
    }
    if let Some(moment) = civil_time(value) {
        return Some(Time::Zoneless(moment));
    }
    if let Ok(moment) = value.parse::<Zoned>() {
        return Some(Time::Known(moment.timestamp()));
    }
    if let Ok(moment) = rfc2822::parse(value) {
        return Some(Time::Known(moment.timestamp()));
    }
    for form in ["%a %b %d %H:%M:%S %z %Y", "%Y-%m-%d %H:%M:%S %z"] {
        if let Ok(moment) = strtime::parse(form, value).and_then(|time| time.to_timestamp()) {
            return Some(Time::Known(moment));
        }
    }
    None
}

fn civil_time(value: &str) -> Option<Timestamp> {
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    for form in [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y/%m/%d %H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
        "%Y/%m/%d %H:%M",
    ]
    .into_iter()
    .chain([
        "%d %B %Y %H:%M:%S",
        "%d %B %Y %H:%M",
        "%B %d, %Y %H:%M",
        "%b %d, %Y %H:%M",
        "%b %d, %Y, %H:%M",
        "%d %b %Y %H:%M",
    ]) {
        if let Ok(civil) = DateTime::strptime(form, value) {
            return utc(civil);
        }
    }
    for form in
        ["%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%b %d %Y"]
    {
        if let Ok(date) = Date::strptime(form, value) {
            return utc(date.to_datetime(jiff::civil::Time::midnight()));
        }
    }
    None
}

/// Seconds, milliseconds or microseconds since 1970, by their size: as seconds they lie between
/// 1973 and 5138.
fn epoch(digits: &str, number: f64) -> Option<Timestamp> {
    const UNITS: [(f64, i64); 3] = [(1e11, 1_000_000), (1e14, 1_000), (1e17, 1)];
    if !(1e8..1e17).contains(&number) {
        return None;
    }
    let (_, microseconds) = UNITS.into_iter().find(|(limit, _)| number < *limit)?;
    let whole = digits.parse::<i64>().map(|whole| whole.saturating_mul(microseconds));
    // Rounded: a fraction of a microsecond is noise.
    Timestamp::from_microsecond(whole.unwrap_or((number * microseconds as f64).round() as i64)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_one_way_or_not_at_all() {
        for (value, expected) in [
            ("2024-03-05T06:07:08Z", "2024-03-05T06:07:08Z"),
            ("2024-03-05T06:07:08.5+02:00", "2024-03-05T04:07:08.5Z"),
            ("2024-03-05 06:07:08+00:00", "2024-03-05T06:07:08Z"),
            ("2024-03-05 06:07:08 UTC", "2024-03-05T06:07:08Z"),
            ("2024-03-05 06:07:08 +0100", "2024-03-05T05:07:08Z"),
            ("2024-03-05 06:07:08", "2024-03-05T06:07:08Z zoneless"),
            ("2024-03-05T06:07:08.123", "2024-03-05T06:07:08.123Z zoneless"),
            ("2024/03/05 06:07", "2024-03-05T06:07:00Z zoneless"),
            (" 2024-03-05 ", "2024-03-05T00:00:00Z zoneless"),
            ("5 March 2024", "2024-03-05T00:00:00Z zoneless"),
            ("Mar 5, 2024", "2024-03-05T00:00:00Z zoneless"),
            ("1709618828", "2024-03-05T06:07:08Z"),
            ("1709618828.0", "2024-03-05T06:07:08Z"),
            ("1709618828123", "2024-03-05T06:07:08.123Z"),
            ("1709618828123456", "2024-03-05T06:07:08.123456Z"),
            ("Tue, 5 Mar 2024 06:07:08 +0000", "2024-03-05T06:07:08Z"),
            ("Tue Mar 05 06:07:08 +0000 2024", "2024-03-05T06:07:08Z"),
            ("03/04/2024", "none"),
            ("13.04.2024 10:00", "none"),
            ("2024-13-05", "none"),
            ("2024", "none"),
            ("3 hours ago", "none"),
            ("NaN", "none"),
            ("inf", "none"),
            ("", "none"),
        ] {
            let read = match parse(value) {
                Some(Time::Known(moment)) => moment.to_string(),
                Some(Time::Zoneless(moment)) => format!("{moment} zoneless"),
                None => "none".to_owned(),
            };
            assert_eq!(read, expected, "{value:?}");
        }
    }
}
