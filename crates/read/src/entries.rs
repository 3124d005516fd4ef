//! Tables whose rows contain several comments, each in a column of the same name and in the form
//! `time;author;text`: the issues that Jira exports.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::Record;
use super::input::{Input, Values};
use super::mapping::{self, Column, Field, Mapping};
use super::source::Span;

/// The columns of comments, and those of the issue.
pub(crate) struct Entries {
    /// The columns of comments.
    places: Vec<usize>,
    /// The columns of the issue's key and title.
    thread: Option<usize>,
    title: Option<usize>,
    /// The number of rows without a comment.
    empty_rows: u64,
}

impl Entries {
    /// Finds the columns of comments: all of one name, of whose values at least half have the form.
    /// `None` if there are none, or if the user names the text.
    pub(crate) fn find(columns: &[Column], mapping: &Mapping) -> Option<Self> {
        if mapping.pairs().any(|(field, _)| field == Field::Text) {
            return None;
        }
        let group = |name: &str| -> Vec<usize> {
            (0..columns.len()).filter(|index| without_number(&columns[*index].name) == name).collect()
        };
        let are_entries = |places: &Vec<usize>| {
            let values = places.iter().flat_map(|place| &columns[*place].values);
            let (count, found) = values.fold((0, 0), |(count, found), value| {
                (count + 1, found + usize::from(split(value).is_some()))
            });
            found > 0 && found * 2 >= count
        };
        let names = columns.iter().map(|column| without_number(&column.name));
        let mut groups = names.filter(|name| mapping::field_of_name(name) == Some(Field::Text)).map(group);
        let places = groups.find(are_entries)?;
        let named = |names: &[&str]| {
            let is_named =
                |name: &&str| columns.iter().position(|column| column.name.trim().eq_ignore_ascii_case(name));
            names.iter().find_map(is_named)
        };
        let of_field = |field| {
            columns.iter().position(|column| mapping::sure_field_of_name(&column.name) == Some(field))
        };
        let thread = named(&["issue key", "key", "issue id"]).or_else(|| of_field(Field::Thread));
        let thread = thread.or_else(|| of_field(Field::Id));
        let title = named(&["summary"]).or_else(|| of_field(Field::ThreadTitle));
        Some(Self { places, thread, title, empty_rows: 0 })
    }

    /// Adds the columns to the report, and infers how times are written.
    pub(crate) fn describe(&self, input: &mut Input, columns: &[Column]) {
        let name = columns[self.places[0]].name.clone();
        let values = self.places.iter().flat_map(|place| &columns[*place].values);
        input.decide_times(values.filter_map(|value| Some(split(value)?.0)));
        let report = &mut input.report;
        let of_issue = [(Field::Thread, self.thread), (Field::ThreadTitle, self.title)];
        for field in [Field::Text, Field::Author, Field::CreatedAt] {
            report.columns.push((field, name.clone()));
        }
        report.columns.extend(
            of_issue.iter().filter_map(|(field, place)| Some((*field, columns[(*place)?].name.clone()))),
        );
        let is_read = |index: &usize| {
            self.places.contains(index) || of_issue.iter().any(|(_, place)| *place == Some(*index))
        };
        report.unused = (0..columns.len())
            .filter(|index| !is_read(index))
            .map(|index| columns[index].name.clone())
            .collect();
        report.notices.push(match self.places.len() {
            1 => format!("the values of `{name}` are a time, an author and a text each"),
            count => format!(
                "{count} columns are called `{name}`, with a time, an author and a text each: every one is a comment on its row"
            ),
        });
    }

    /// Reads the comments of a row. A value of another form is a text without author and time.
    pub(crate) fn read<'a>(
        &mut self,
        input: &mut Input,
        span: Span,
        cell: impl Fn(usize) -> &'a str,
        records: &mut VecDeque<Record>,
    ) {
        let filled = self.places.iter().map(|place| cell(*place)).filter(|value| !value.trim().is_empty());
        let before = records.len();
        for value in filled {
            let mut values = Values::default();
            let (time, author, text) = split(value).unwrap_or(("", "", value));
            let of_issue = |place: Option<usize>| place.map_or("", &cell);
            for (field, value) in [
                (Field::Text, text),
                (Field::Author, author),
                (Field::CreatedAt, time),
                (Field::Thread, of_issue(self.thread)),
                (Field::ThreadTitle, of_issue(self.title)),
            ] {
                values[field as usize] = Some(Cow::Borrowed(value));
            }
            records.push_back(input.comment(span, values));
        }
        if records.len() == before {
            self.empty_rows += 1;
            input.skip_record();
        }
    }

    /// Returns a notice on the whole table.
    pub(crate) fn notice(&self) -> Option<String> {
        (self.empty_rows > 0).then(|| format!("rows without a comment: {}", self.empty_rows))
    }
}

/// Splits `time;author;text`.
fn split(value: &str) -> Option<(&str, &str, &str)> {
    let (time, rest) = value.split_once(';')?;
    let (author, text) = rest.split_once(';')?;
    let is_entry = mapping::is_moment(time.trim()) && author.len() <= 200 && !author.contains('\n');
    is_entry.then_some((time, author, text))
}

/// Returns a name without the number that pandas adds to make it unique (`Comment.1`).
fn without_number(name: &str) -> &str {
    let number = name.rsplit_once('.').filter(|(_, number)| number.parse::<u32>().is_ok());
    number.map_or(name, |(name, _)| name).trim()
}
