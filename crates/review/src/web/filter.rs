//! Filters as the query of an address, and as the fields of a form.

use std::fmt::{Display, Write};
use std::str::FromStr;

use comity_core::label::Label;
use comity_core::policy::Action;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Fault;
use crate::store::{Cursor, Filter, Queue};

/// The query of a page with a filter. Blank fields are those of a form that were left alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    queue: String,
    rule: String,
    label: String,
    action: String,
    min: String,
    max: String,
    thread: String,
    author: String,
    language: String,
    source: String,
    caution: String,
    from: String,
    before: String,
    repeats: String,
    after: String,
}

/// Reads a field; `None` if it is blank.
fn read<T: FromStr>(field: &str) -> Result<Option<T>, Fault> {
    let field = field.trim();
    if field.is_empty() {
        return Ok(None);
    }
    field.parse().map(Some).map_err(|_| Fault::Wrong("error.filter"))
}

/// Reads the word of an enum without `FromStr`.
fn word<T: Copy>(field: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<Option<T>, Fault> {
    match field.trim() {
        "" => Ok(None),
        field => {
            let found = all.iter().copied().find(|known| name(*known) == field);
            found.map(Some).ok_or(Fault::Wrong("error.filter"))
        }
    }
}

/// Reads a score, with a point or a comma.
fn score(field: &str) -> Result<Option<f64>, Fault> {
    let score: Option<f64> = read(&field.replace(',', "."))?;
    if score.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
        return Err(Fault::Wrong("error.filter"));
    }
    Ok(score)
}

/// Reads a day as its beginning, UTC.
fn day(field: &str) -> Result<Option<Timestamp>, Fault> {
    let Some(date) = read::<Date>(field)? else { return Ok(None) };
    let start = date.to_zoned(TimeZone::UTC).map_err(|_| Fault::Wrong("error.filter"))?;
    Ok(Some(start.timestamp()))
}

impl Query {
    /// Reads a query that was posted as the field of a form.
    pub(crate) fn parse(query: &str) -> Result<Self, Fault> {
        let uri: axum::http::Uri = format!("/?{query}").parse().map_err(|_| Fault::Wrong("error.filter"))?;
        let parsed = axum::extract::Query::<Self>::try_from_uri(&uri);
        parsed.map(|query| query.0).map_err(|_| Fault::Wrong("error.filter"))
    }

    /// Returns the filter.
    ///
    /// # Errors
    /// [`Fault::Wrong`] if a field is not a value of its kind.
    pub(crate) fn filter(&self) -> Result<Filter, Fault> {
        let text = |field: &str| Some(field.trim().to_owned()).filter(|field| !field.is_empty());
        Ok(Filter {
            queue: word(&self.queue, &Queue::ALL, Queue::as_str)?.unwrap_or_default(),
            rule: text(&self.rule),
            label: read(&self.label)?,
            action: word(&self.action, &Action::ALL, Action::as_str)?,
            min_score: score(&self.min)?,
            max_score: score(&self.max)?,
            thread: read(&self.thread)?,
            author: read(&self.author)?,
            language: text(&self.language),
            source: read(&self.source)?,
            caution: text(&self.caution),
            posted_from: day(&self.from)?,
            posted_before: day(&self.before)?,
            repeats_of: read(&self.repeats)?,
        })
    }

    /// Returns the end of the page before.
    ///
    /// # Errors
    /// [`Fault::Wrong`] if it is none.
    pub(crate) fn after(&self) -> Result<Option<Cursor>, Fault> {
        read(&self.after)
    }
}

/// The fields of a filter as a form shows them again.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) queue: Queue,
    pub(crate) rule: String,
    pub(crate) label: String,
    pub(crate) action: String,
    pub(crate) min: String,
    pub(crate) max: String,
    pub(crate) thread: String,
    pub(crate) author: String,
    pub(crate) language: String,
    pub(crate) source: String,
    pub(crate) caution: String,
    pub(crate) from: String,
    pub(crate) before: String,
    pub(crate) repeats: String,
}

fn shown<T: Display>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

/// Returns the day of a time, UTC.
fn day_of(time: Option<&Timestamp>) -> String {
    shown(time.map(|time| time.to_zoned(TimeZone::UTC).date()).as_ref())
}

impl Shown {
    /// Returns the fields of a filter.
    pub(crate) fn new(filter: &Filter) -> Self {
        Self {
            queue: filter.queue,
            rule: filter.rule.clone().unwrap_or_default(),
            label: shown(filter.label.as_ref()),
            action: shown(filter.action.as_ref()),
            min: shown(filter.min_score.as_ref()),
            max: shown(filter.max_score.as_ref()),
            thread: shown(filter.thread.as_ref()),
            author: shown(filter.author.as_ref()),
            language: filter.language.clone().unwrap_or_default(),
            source: shown(filter.source.as_ref()),
            caution: filter.caution.clone().unwrap_or_default(),
            from: day_of(filter.posted_from.as_ref()),
            before: day_of(filter.posted_before.as_ref()),
            repeats: shown(filter.repeats_of.as_ref()),
        }
    }

    /// Returns the query of an address that has this filter.
    pub(crate) fn query(&self) -> String {
        let mut query = format!("queue={}", self.queue);
        for (name, value) in self.conditions() {
            write!(query, "&{name}={}", escape(value)).expect("writing to a string never fails");
        }
        query
    }

    /// Returns true if the filter selects less than its whole queue.
    pub(crate) fn is_narrow(&self) -> bool {
        self.conditions().next().is_some()
    }

    fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("rule", &self.rule),
            ("label", &self.label),
            ("action", &self.action),
            ("min", &self.min),
            ("max", &self.max),
            ("thread", &self.thread),
            ("author", &self.author),
            ("language", &self.language),
            ("source", &self.source),
            ("caution", &self.caution),
            ("from", &self.from),
            ("before", &self.before),
            ("repeats", &self.repeats),
        ];
        fields.into_iter().map(|(name, value)| (name, value.as_str())).filter(|(_, value)| !value.is_empty())
    }
}

/// Returns the query of an address that has a filter.
pub(crate) fn query(filter: &Filter) -> String {
    Shown::new(filter).query()
}

/// Returns a value as it is written in the query of an address.
pub(crate) fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => write!(out, "%{byte:02X}").expect("writing to a string never fails"),
        }
    }
    out
}

/// The labels that a filter can name.
pub(crate) const LABELS: [Label; 6] = Label::TOXICITY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_its_address() {
        let query = "queue=escalation&rule=a%26b+c&label=threat&action=reject&min=0,5&max=0.75&thread=3&author=4\
                     &language=ar&source=1&caution=identity&from=2026-01-02&before=2026-02-01&repeats=9";
        let filter = Query::parse(query).unwrap().filter().unwrap();
        assert_eq!(filter.queue, Queue::Escalation);
        assert_eq!(filter.rule.as_deref(), Some("a&b c"));
        assert_eq!((filter.min_score, filter.max_score), (Some(0.5), Some(0.75)));
        assert_eq!(filter.posted_from, Some("2026-01-02T00:00:00Z".parse().unwrap()));
        let again = Query::parse(&super::query(&filter)).unwrap().filter().unwrap();
        assert_eq!(again, filter);
    }

    #[test]
    fn a_form_that_was_left_alone_selects_the_queue() {
        let filter = Query::parse("queue=&rule=&min=&max=&from=&author=").unwrap().filter().unwrap();
        assert_eq!(filter, Filter::default());
        assert!(!Shown::new(&filter).is_narrow());
    }

    #[test]
    fn a_wrong_value_is_refused() {
        for query in
            ["queue=other", "label=rude", "min=2", "min=NaN", "author=me", "from=yesterday", "action=ban"]
        {
            assert!(Query::parse(query).unwrap().filter().is_err(), "{query}");
        }
        assert!(Query { after: "x".to_owned(), ..Query::default() }.after().is_err());
    }
}
