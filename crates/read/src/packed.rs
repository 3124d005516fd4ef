//! Values that are JSON documents themselves: a column or key `payload` with the whole comment. Its
//! keys are read as columns of their own (`payload.body`).

use std::borrow::Cow;

use serde_json::Value;

use super::keys;
use super::mapping::{self, Column, Mapping, Resolved};
use super::objects::{self, Object};

/// The columns of a table whose values are JSON objects.
#[derive(Default)]
pub(crate) struct Packed {
    /// The columns.
    columns: Vec<usize>,
    /// The number of columns of the table itself.
    width: usize,
    /// The column and the path of each further column.
    paths: Vec<(usize, Vec<String>)>,
}

impl Packed {
    /// Finds the columns whose values are JSON objects, if the table's text is in one of them, and
    /// adds their keys to the columns.
    pub(crate) fn find(columns: &mut Vec<Column>, mapping: &Mapping) -> Self {
        let found = of_columns(columns, mapping);
        let mut packed = Self { columns: found, width: columns.len(), paths: Vec::new() };
        let mut all = columns.clone();
        for &index in &packed.columns {
            let values = std::mem::take(&mut all[index].values);
            let objects: Vec<Object> = values.iter().filter_map(|value| object(value)).collect();
            let (inner, paths) = keys::flatten(&objects);
            let name =
                |column: Column| Column { name: format!("{}.{}", all[index].name, column.name), ..column };
            let inner: Vec<Column> = inner.into_iter().map(name).collect();
            all.extend(inner);
            packed.paths.extend(paths.into_iter().map(|path| (index, path)));
        }
        if packed.columns.is_empty()
            || !mapping.resolve(&all).is_ok_and(|resolved| packed.has_text(&resolved))
        {
            return Self::default();
        }
        *columns = all;
        packed
    }

    fn has_text(&self, resolved: &Resolved) -> bool {
        !resolved.is_guess() && resolved.all(mapping::Field::Text).any(|index| index >= self.width)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Returns a notice on the columns; `name` returns the name of one.
    pub(crate) fn notice(&self, name: impl Fn(usize) -> String) -> Option<String> {
        let names: Vec<String> = self.columns.iter().map(|index| format!("`{}`", name(*index))).collect();
        (!names.is_empty()).then(|| notice(&names))
    }

    /// Parses the JSON of a row. Returns the first column that is not blank and has none as an
    /// error.
    pub(crate) fn parse<'a>(&self, cell: impl Fn(usize) -> &'a str) -> Result<Vec<Object>, usize> {
        let parse = |index: &usize| match cell(*index) {
            blank if blank.trim().is_empty() || mapping::is_none(blank.trim()) => Ok(Object::new()),
            json => object(json).ok_or(*index),
        };
        self.columns.iter().map(parse).collect()
    }

    /// Returns the value of a column in a row with these objects.
    pub(crate) fn value<'a>(
        &self,
        index: usize,
        objects: &'a [Object],
        cell: impl Fn(usize) -> &'a str,
    ) -> Option<Cow<'a, str>> {
        let Some((column, path)) = index.checked_sub(self.width).and_then(|at| self.paths.get(at)) else {
            return Some(Cow::Borrowed(cell(index)));
        };
        let at = self.columns.iter().position(|known| known == column)?;
        keys::scalar(objects::look_up(&objects[at], path.iter().map(String::as_str))?)
    }
}

/// Returns the columns whose values are JSON objects, unless another column is named like a text or
/// the user names one of them.
pub(crate) fn of_columns(columns: &[Column], mapping: &Mapping) -> Vec<usize> {
    let found: Vec<usize> = (0..columns.len()).filter(|index| are_objects(&columns[*index].values)).collect();
    let is_found = |index: usize| found.contains(&index);
    let has_text = columns.iter().enumerate().any(|(index, column)| {
        !is_found(index) && !column.values.is_empty() && mapping::is_called_text(&column.name)
    });
    let is_named =
        |index: &usize| mapping.pairs().any(|(_, name)| !name.is_empty() && name == columns[*index].name);
    if has_text || found.iter().any(is_named) { Vec::new() } else { found }
}

/// Returns the notice on columns or keys of these names.
pub(crate) fn notice(names: &[String]) -> String {
    format!("the values of {} are JSON documents: their keys are read", names.join(", "))
}

/// Returns true if nearly all of some values begin like JSON objects, other than pieces of text, and
/// most of them are whole: the others are damaged.
fn are_objects(values: &[String]) -> bool {
    let objects: Vec<Object> = values.iter().filter_map(|value| object(value)).collect();
    let begun = values.iter().filter(|value| value.trim_start().starts_with('{')).count();
    objects.iter().any(is_record) && begun * 10 >= values.len() * 9 && objects.len() * 2 > begun
}

/// Returns true if nearly all of some values are JSON objects or lists of them, other than pieces
/// of text.
pub(crate) fn are_documents(values: &[String]) -> bool {
    let is_list = |value: &str| {
        let list: Option<Vec<Object>> =
            value.trim_start().starts_with('[').then(|| serde_json::from_str(value).ok()).flatten();
        list.is_some_and(|objects| objects.iter().any(is_record))
    };
    let found = values.iter().filter(|value| is_list(value)).count();
    are_objects(values) || found > 0 && found * 10 >= values.len() * 9
}

/// Returns true for an object that is not only a piece of a text.
fn is_record(object: &Object) -> bool {
    const PIECES: [&str; 6] = ["text", "runs", "simpleText", "videoLink", "mention", "emoji"];
    object.keys().any(|key| !PIECES.contains(&key.as_str()))
}

/// Returns the JSON object that a value is.
pub(crate) fn object(value: &str) -> Option<Object> {
    value.trim_start().starts_with('{').then(|| keys::parse(value.as_bytes()).ok())?
}

/// Replaces the strings at some paths of an object by the JSON objects that they contain.
pub(crate) fn unpack(record: &mut Object, paths: &[Vec<String>]) {
    for path in paths {
        let Some((first, rest)) = path.split_first() else { continue };
        let value = rest.iter().try_fold(record.get_mut(first), |value, key| Some(value?.get_mut(key)));
        if let Some(Some(value)) = value
            && let Some(inner) = value.as_str().and_then(object)
        {
            *value = Value::Object(inner);
        }
    }
}
