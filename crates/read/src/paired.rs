//! Rows of tables that contain a comment and replies to it, with the replies in columns of their
//! own: `user`, `text`, `replies.user`, `replies.text`.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::Record;
use super::input::{Input, Values};
use super::mapping::{self, Column, Field, Mapping, Resolved};
use super::source::Span;

/// The columns of replies.
#[derive(Default)]
pub(crate) struct Replies {
    groups: Vec<Group>,
    /// The id and thread of the comment that was read last: the replies in rows without one belong
    /// to it.
    last: Option<(String, String)>,
}

/// The columns of one reply in a row.
struct Group {
    /// The common part of their names: `replies`, or `replies.0`.
    name: String,
    resolved: Resolved,
}

impl Replies {
    /// Finds the columns of replies by their names. Returns the places of the other columns as
    /// well.
    pub(crate) fn find(columns: &[Column], mapping: &Mapping) -> (Self, Vec<usize>) {
        let mut names: Vec<&str> = columns.iter().filter_map(|column| Some(split(&column.name)?.0)).collect();
        names.dedup();
        let groups: Vec<Group> = names.into_iter().filter_map(|name| Group::find(name, columns)).collect();
        let is_reply = |index: &usize| {
            groups
                .iter()
                .any(|group| split(&columns[*index].name).is_some_and(|(name, _)| name == group.name))
        };
        let own: Vec<usize> = (0..columns.len()).filter(|index| !is_reply(index)).collect();
        let is_mapped = (0..columns.len())
            .filter(is_reply)
            .any(|index| mapping.pairs().any(|(_, name)| name == columns[index].name));
        let has_text =
            own.iter().any(|index| mapping::field_of_name(&columns[*index].name) == Some(Field::Text));
        if groups.is_empty() || is_mapped || !has_text {
            return (Self::default(), (0..columns.len()).collect());
        }
        (Self { groups, last: None }, own)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Returns a notice on the columns.
    pub(crate) fn notice(&self) -> Option<String> {
        let names: Vec<String> = self.groups.iter().map(|group| format!("`{}`", group.name)).collect();
        (!names.is_empty()).then(|| {
            format!(
                "the columns of {} contain replies to the comment of their row: read as comments",
                names.join(", ")
            )
        })
    }

    /// Reads the comment of a row, if it has one, and its replies.
    pub(crate) fn read<'a>(
        &mut self,
        input: &mut Input,
        span: Span,
        resolved: &Resolved,
        cell: impl Fn(usize) -> &'a str,
        records: &mut VecDeque<Record>,
    ) {
        let values =
            |resolved: &Resolved| -> Values<'a> { resolved.values(|index| Some(Cow::Borrowed(cell(index)))) };
        let is_filled = |resolved: &Resolved| resolved.read().any(|index| !cell(index).trim().is_empty());
        let replies: Vec<&Group> = self.groups.iter().filter(|group| is_filled(&group.resolved)).collect();
        if is_filled(resolved) || replies.is_empty() {
            let record = input.comment(span, values(resolved));
            if let Record::Comment(comment) = &record {
                self.last = Some((comment.id.clone(), comment.thread.clone()));
            }
            records.push_back(record);
        }
        for group in replies {
            let mut record = input.comment(span, values(&group.resolved));
            if let (Record::Comment(reply), Some((id, thread))) = (&mut record, &self.last) {
                reply.parent.get_or_insert_with(|| id.clone());
                reply.thread.clone_from(thread);
            }
            records.push_back(record);
        }
    }
}

impl Group {
    /// Finds the columns of a group; `None` if they are not those of comments.
    fn find(name: &str, columns: &[Column]) -> Option<Self> {
        let of_group = columns.iter().enumerate().filter_map(|(index, column)| {
            let (group, rest) = split(&column.name)?;
            let column = Column { name: rest.to_owned(), values: column.values.clone() };
            (group == name).then_some((index, column))
        });
        let (places, columns): (Vec<usize>, Vec<Column>) = of_group.unzip();
        let resolved = Mapping::default().resolve(&columns).ok()?;
        let has = |field| resolved.get(field).is_some();
        if resolved.is_guess() || !(has(Field::Author) || has(Field::Id) || has(Field::CreatedAt)) {
            return None;
        }
        let resolved = resolved.renumbered(|index| Some(places[index]));
        Some(Self { name: name.to_owned(), resolved })
    }
}

/// Splits a name into that of its group of replies and the rest: `replies.0.text` is `replies.0`
/// and `text`.
fn split(name: &str) -> Option<(&str, &str)> {
    const NAMES: [&str; 6] = ["replies", "reply", "answers", "responses", "subcomments", "children"];
    let (first, rest) = name.split_once(['.', '/'])?;
    if !NAMES.contains(&first.to_lowercase().as_str()) {
        return None;
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let is_numbered = digits > 0 && rest[digits..].starts_with(['.', '/']);
    let end = first.len() + if is_numbered { 1 + digits } else { 0 };
    Some((&name[..end], &name[end + 1..]))
}
