//! Turns the objects of a JSON input into records, with the replies within them.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use serde_json::Value;

use super::choice::{is_no_comment_name, is_reply_name};
use crate::Record;
use crate::input::Input;
use crate::keys::{Around, Keys};
use crate::objects::Object;
use crate::source::Span;

/// The number of nested objects in which replies are looked for (`replies.data`, `thread.items`).
const MOST_OBJECTS: usize = 4;

/// The keys of the records, and of the replies within them.
pub(crate) struct Records {
    /// The keys of each kind of object, the surest first.
    pub(crate) shapes: Vec<Keys>,
    /// Lists that the report already names as not read.
    pub(crate) noted: BTreeSet<String>,
    /// Other lists of objects in records, with the line of the first and their number.
    unread: BTreeMap<String, (u64, u64)>,
    /// The number of replies so far.
    pub(crate) replies: u64,
    /// Names of lists that were read.
    pub(crate) lists: BTreeSet<String>,
}

/// An object that is still to be read.
struct Item<'a> {
    object: &'a Object,
    shape: usize,
    id: Option<&'a str>,
    thread: Option<String>,
    parent: Option<String>,
}

/// A list of objects within a record, with their keys if these are ids.
struct List<'a> {
    name: String,
    objects: Vec<(Option<&'a str>, &'a Object)>,
}

impl Records {
    /// Creates the records of some kinds of objects.
    pub(crate) fn new(shapes: Vec<Keys>) -> Self {
        let (noted, unread, lists) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
        Self { shapes, noted, unread, replies: 0, lists }
    }

    /// Adds the records that an object is and contains, in their order. `shape` is the number of
    /// its most likely kind.
    pub(crate) fn read(
        &mut self,
        input: &mut Input,
        (object, shape): (&Object, usize),
        (id, thread): (Option<&str>, Option<&str>),
        (span, raw): (Span, &[u8]),
        records: &mut VecDeque<Record>,
    ) {
        let mut items = vec![Item { object, shape, id, thread: thread.map(str::to_owned), parent: None }];
        while let Some(Item { object, shape, id, thread, parent }) = items.pop() {
            let shape = self.shape(object, shape);
            let around = Around { id, thread: thread.as_deref() };
            let mut record = self.shapes[shape].record(input, span, object, raw, around);
            if let (Record::Comment(comment), Some(parent)) = (&mut record, &parent) {
                comment.parent.get_or_insert_with(|| parent.clone());
            }
            let mut lists = Vec::new();
            find_lists(object, "", MOST_OBJECTS, &mut lists);
            lists.retain(|list| self.is_read(list, shape, span.line));
            if !lists.is_empty() {
                let (parent, thread) = match &record {
                    Record::Comment(comment) => (Some(comment.id.clone()), Some(comment.thread.clone())),
                    Record::Reject(_) => (parent, thread),
                };
                for (id, object) in lists.iter().rev().flat_map(|list| list.objects.iter().rev()) {
                    self.replies += 1;
                    items.push(Item {
                        object,
                        shape,
                        id: *id,
                        thread: thread.clone(),
                        parent: parent.clone(),
                    });
                }
            }
            records.push_back(record);
        }
    }

    /// Returns the kind of an object: the most likely one if it fits.
    fn shape(&self, object: &Object, likeliest: usize) -> usize {
        if self.shapes.len() == 1 {
            return 0;
        }
        let found = |shape: &usize| self.shapes[*shape].found(object);
        let best = (0..self.shapes.len()).max_by_key(|shape| (found(shape), usize::MAX - shape));
        match (found(&likeliest), best) {
            (0, Some(best)) => best,
            (known, Some(best)) if found(&best) > known + 1 => best,
            _ => likeliest,
        }
    }

    /// Decides whether a list in a record of some kind contains replies, and notes it.
    fn is_read(&mut self, list: &List<'_>, shape: usize, line: u64) -> bool {
        let is_read = self.holds_replies(&list.name, list.objects.iter().map(|(_, object)| *object), shape);
        if is_read {
            if !self.lists.contains(&list.name) {
                self.lists.insert(list.name.clone());
            }
        } else if !self.noted.contains(&list.name) && self.unread.len() < 100 {
            self.unread.entry(list.name.clone()).or_insert((line, 0)).1 += list.objects.len() as u64;
        }
        is_read
    }

    /// Checks whether a list in a record of some kind contains replies.
    pub(crate) fn holds_replies<'a>(
        &self,
        name: &str,
        mut objects: impl Iterator<Item = &'a Object>,
        shape: usize,
    ) -> bool {
        let mut parts = name.split('.');
        if parts.clone().any(is_no_comment_name) {
            return false;
        }
        match parts.any(is_reply_name) {
            true => objects.any(|object| self.shapes.iter().any(|shape| shape.found(object) > 0)),
            // Comments within a comment, whatever the list is called.
            false => objects.any(|object| self.shapes[shape].is_full(object)),
        }
    }

    /// Returns a notice on each kind of list that was not read.
    pub(crate) fn notices(&self) -> impl Iterator<Item = String> + '_ {
        self.unread.iter().map(|(name, (line, count))| {
            format!("objects in lists of records that are not read, under `{name}`: {count} (the first on line {line})")
        })
    }
}

/// Adds the lists of objects within an object.
fn find_lists<'a>(object: &'a Object, path: &str, levels: usize, lists: &mut Vec<List<'a>>) {
    let name = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (key, value) in object {
        match value {
            Value::Array(items) => {
                let objects: Vec<_> =
                    items.iter().filter_map(|item| Some((None, item.as_object()?))).collect();
                if !objects.is_empty() {
                    lists.push(List { name: name(key), objects });
                }
            }
            Value::Object(inner) if levels > 0 && !inner.is_empty() => {
                let objects =
                    || inner.iter().filter_map(|(id, value)| Some((Some(id.as_str()), value.as_object()?)));
                // Replies under their ids.
                if is_reply_name(key) && objects().count() == inner.len() && are_ids(inner) {
                    lists.push(List { name: name(key), objects: objects().collect() });
                } else {
                    find_lists(inner, &name(key), levels - 1, lists);
                }
            }
            _ => {}
        }
    }
}

/// Returns true if the keys of an object are ids: none of them is a name, and its values have the
/// same keys.
fn are_ids(object: &Object) -> bool {
    let keys = |value: &Value| -> HashSet<String> {
        value.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect()
    };
    let mut values = object.values();
    let Some(first) = values.next().map(keys) else { return false };
    object.keys().all(|key| crate::mapping::field_of_name(key).is_none())
        && values.all(|value| keys(value).intersection(&first).count() * 2 >= first.len())
}
