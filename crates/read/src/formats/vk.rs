//! Comments and posts as VK's API lists them (`wall.getComments`, `wall.get`), with the people that
//! they name by number next to them.
//!
//! The names may come after the comments, so all comments of a file are in memory until it ends.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, Defect, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "text"),
    (Field::Author, "from_id"),
    (Field::Id, "id"),
    (Field::Parent, "reply_to_comment"),
    (Field::Thread, "post_id"),
    (Field::CreatedAt, "date"),
    (Field::Votes, "likes.count"),
    (Field::Replies, "thread.count"),
    (Field::Replies, "comments.count"),
    (Field::Status, "deleted"),
];

const PATHS: JsonPath = JsonPath::Paths(&["**.items.*", "**.profiles.*", "**.groups.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "vk",
    description: "comments and posts of VK's interface (wall.getComments, wall.get)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of comments or posts in VK.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    if objects::may_be(source, mapping)
        && ["from_id", "date", "text", "id"].into_iter().all(has)
        && ["owner_id", "parents_stack", "post_type"].into_iter().any(has)
    {
        Verdict::Sure("has the keys of comments in VK".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens responses, or a list of comments.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_wrapped = !objects::sample(&input.source, PATHS).is_empty();
    let paths = if is_wrapped { PATHS } else { JsonPath::of_list(&input.source) };
    Ok(objects::open(input, paths, KEYS, Vk::default()))
}

#[derive(Default)]
struct Vk {
    /// The comments in the order of the file, rejects among them.
    comments: Vec<Result<(Span, Object), Defect>>,
    /// Names by number; those of groups are below zero.
    names: HashMap<i64, String>,
}

impl Layout for Vk {
    const STRUCTURE: &[&str] = &["owner_id", "parents_stack", "first_name", "last_name", "name"];

    fn read(&mut self, _: &mut Input, piece: &Piece, _: &mut VecDeque<Record>) {
        let Some(object) = piece.object() else { return };
        let number = object.get("id").and_then(Value::as_i64);
        let word = |key| objects::scalar(object, key).unwrap_or_default();
        match (piece.path, number) {
            ("**.profiles.*", Some(number)) => {
                let name = format!("{} {}", word("first_name"), word("last_name"));
                self.names.insert(number, name.trim().to_owned());
            }
            ("**.groups.*", Some(number)) => {
                self.names.insert(number.saturating_neg(), word("name").into_owned());
            }
            ("**.profiles.*" | "**.groups.*", None) => {}
            _ => self.comments.push(Ok((piece.span, object.clone()))),
        }
    }

    fn reject(&mut self, _: &mut Input, defect: Defect, _: &mut VecDeque<Record>) {
        self.comments.push(Err(defect));
    }

    fn finish(&mut self, input: &mut Input, records: &mut VecDeque<Record>) {
        for held in std::mem::take(&mut self.comments) {
            match held {
                Ok((span, comment)) => self.comment(input, span, &comment, None, records),
                Err(Defect { span, cause, raw }) => records.push_back(input.reject(span, cause, &raw)),
            }
        }
    }
}

impl Vk {
    /// Reads a comment or a post, then the replies in its thread, which have no replies of their
    /// own.
    fn comment(
        &self,
        input: &mut Input,
        span: Span,
        comment: &Object,
        answered: Option<&str>,
        records: &mut VecDeque<Record>,
    ) {
        let mut values = objects::values(comment, KEYS);
        let id = values[Field::Id as usize].clone();
        let is_deleted = objects::is_true(comment, "deleted");
        let (Some(id), true) = (id, is_deleted || values[Field::Text as usize].is_some()) else {
            let cause = "no comment of VK: it lacks `id` or `text`";
            let raw = serde_json::to_vec(comment).unwrap_or_default();
            return records.push_back(input.reject(span, cause, &raw));
        };
        values[Field::Status as usize] = None;
        if let Some(text) = &mut values[Field::Text as usize] {
            *text = with_names(text).into();
        }
        let author =
            comment.get("from_id").and_then(Value::as_i64).and_then(|number| self.names.get(&number));
        if let Some(name) = author.filter(|name| !name.is_empty()) {
            values[Field::Author as usize] = Some(name.as_str().into());
        }
        let parent = values[Field::Parent as usize].take();
        // A post is its own thread.
        let post = values[Field::Thread as usize].clone().unwrap_or_else(|| id.clone());
        if let Some(owner) = objects::scalar(comment, "owner_id") {
            let reply = if post == id { String::new() } else { format!("?reply={id}") };
            values[Field::Link as usize] = Some(format!("https://vk.com/wall{owner}_{post}{reply}").into());
        }
        if comment.contains_key("post_type") {
            values[Field::Thread as usize] = Some(post);
        }
        let status = is_deleted.then_some(Status::Deleted);
        let mut record = objects::comment(input, span, values, status);
        // Comments and posts are numbered separately: the same number may stand for both.
        if let Record::Comment(record) = &mut record {
            record.parent = parent.map(|id| id.into_owned()).or_else(|| answered.map(str::to_owned));
        }
        records.push_back(record);
        let replies = objects::find(comment, "thread.items").and_then(Value::as_array);
        for reply in replies.into_iter().flatten().filter(|_| answered.is_none()) {
            match reply.as_object() {
                Some(reply) => self.comment(input, span, reply, Some(&id), records),
                None => records.push_back(input.reject(span, "a reply that is no object", &[])),
            }
        }
    }
}

/// Returns a text with the names that its mentions show (`[id7|Ana]`, `[club3|Rain]`).
fn with_names(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, mention)) = rest.split_once('[') {
        plain.push_str(before);
        match shown_name(mention) {
            Some((name, after)) => {
                plain.push_str(name);
                rest = after;
            }
            None => {
                plain.push('[');
                rest = mention;
            }
        }
    }
    plain + rest
}

/// Returns the name that a mention shows, and the text after the mention; the argument begins after
/// its first bracket.
fn shown_name(mention: &str) -> Option<(&str, &str)> {
    let number = ["id", "club", "public"].iter().find_map(|kind| mention.strip_prefix(kind))?;
    let length = number.bytes().take_while(u8::is_ascii_digit).count();
    let (target, after) = number[length..].split_once('|')?;
    let is_target = length > 0 && (target.is_empty() || target.starts_with(':')) && !target.contains(']');
    after.split_once(']').filter(|_| is_target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const COMMENTS: &str = r#"{"response":{"count":2,"items":[
        {"id":7,"from_id":1,"date":1714550400,"text":"Rain","post_id":7,"owner_id":-3,"parents_stack":[],
         "likes":{"count":3},"thread":{"count":2,"items":[
          {"id":8,"from_id":-3,"date":1714550401,"text":"[id1|Ana], sun [or so]","post_id":7,"owner_id":-3,
           "parents_stack":[7],"reply_to_comment":7},
          {"id":9,"from_id":2,"text":"Snow","post_id":7},{"id":10}]}},
        {"id":11,"deleted":true,"post_id":7}],
        "profiles":[{"id":1,"first_name":"Ana","last_name":"Ray"}],"groups":[{"id":3,"name":"Weather"}]}}"#;

    #[test]
    fn comments_are_read_with_names() {
        assert!(testing::is_sure(&FORMAT, COMMENTS));
        let read = testing::read(&FORMAT, COMMENTS.as_bytes()).unwrap();
        let [first, reply, other, deleted] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!(
            (first.author.as_deref(), first.votes, first.replies),
            (Some("Ana Ray"), Some(3), Some(2))
        );
        assert_eq!((first.thread.as_str(), first.parent.as_deref()), ("7", None));
        assert_eq!((reply.author.as_deref(), reply.text.as_str()), (Some("Weather"), "Ana, sun [or so]"));
        assert_eq!(reply.link.as_deref(), Some("https://vk.com/wall-3_7?reply=8"));
        assert_eq!((other.author.as_deref(), other.parent.as_deref()), (Some("2"), Some("7")));
        assert_eq!((deleted.status, deleted.parent.as_deref()), (Status::Deleted, None));
        assert_eq!(read.rejects.len(), 1);
    }

    #[test]
    fn mentions_become_names() {
        for (text, plain) in [
            ("[id7|Ana], [club3:bp-1_2|Rain]!", "Ana, Rain!"),
            ("[id|Ana] [id7] [ideas|x] [", "[id|Ana] [id7] [ideas|x] ["),
        ] {
            assert_eq!(with_names(text), plain);
        }
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, COMMENTS);
    }
}
