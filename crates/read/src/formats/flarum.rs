//! Posts and discussions as Flarum's API returns them (JSON:API): resources next to those that they
//! name.
//!
//! The names of people may come after the posts, so all posts of a file are in memory until it
//! ends.

use std::collections::{HashMap, VecDeque};

use comity_core::comment::Status;

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, Defect, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

/// The keys of a post. Versions before 0.1.0-beta.8 write `time`.
const KEYS: Keys = &[
    (Field::Text, "attributes.contentHtml"),
    (Field::Text, "attributes.content"),
    (Field::Author, "relationships.user.data.id"),
    (Field::Id, "id"),
    (Field::Thread, "relationships.discussion.data.id"),
    (Field::CreatedAt, "attributes.createdAt"),
    (Field::CreatedAt, "attributes.time"),
    (Field::Status, "attributes.contentType"),
    (Field::Status, "attributes.isHidden"),
];

const LISTS: JsonPath = JsonPath::Paths(&["**.data.*", "**.included.*"]);
const SINGLE: JsonPath = JsonPath::Paths(&["data", "included.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "flarum",
    description: "posts and discussions of Flarum's interface (JSON:API)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has resources that are posts of Flarum.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    if objects::may_be(source, mapping)
        && objects::has_value(source, "type", "posts\"")
        && objects::has_object(source, "attributes")
        && (has("contentHtml") || has("contentType"))
    {
        Verdict::Sure("has the resources of posts in Flarum".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens a document whose data is a list, or a single resource.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_list = !objects::sample(&input.source, JsonPath::Paths(&["**.data.*"])).is_empty();
    Ok(objects::open(input, if is_list { LISTS } else { SINGLE }, KEYS, Flarum::default()))
}

#[derive(Default)]
struct Flarum {
    /// The posts in the order of the file, rejects among them.
    posts: Vec<Result<(Span, Object), Defect>>,
    /// Names of people by number. Other data on them is not kept.
    names: HashMap<String, String>,
}

impl Layout for Flarum {
    const STRUCTURE: &[&str] =
        &["type", "attributes.number", "attributes.username", "attributes.displayName"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let kind = piece.object().and_then(|resource| resource.get("type")?.as_str());
        let (Some(resource), Some(kind)) = (piece.object(), kind) else {
            let cause = "no resource of JSON:API: it has no `type`".to_owned();
            return self.reject(input, Defect { span: piece.span, cause, raw: piece.raw.to_vec() }, records);
        };
        match kind {
            "users" => {
                let name = ["attributes.displayName", "attributes.username"]
                    .iter()
                    .find_map(|path| objects::scalar(resource, path));
                let id = objects::scalar(resource, "id");
                self.names.extend(id.zip(name).map(|(id, name)| (id.into_owned(), name.into_owned())));
            }
            "posts" => self.posts.push(Ok((piece.span, resource.clone()))),
            _ => {}
        }
    }

    fn reject(&mut self, _: &mut Input, defect: Defect, _: &mut VecDeque<Record>) {
        self.posts.push(Err(defect));
    }

    fn finish(&mut self, input: &mut Input, records: &mut VecDeque<Record>) {
        for held in std::mem::take(&mut self.posts) {
            records.push_back(match held {
                Ok((span, post)) => self.post(input, span, &post),
                Err(Defect { span, cause, raw }) => input.reject(span, cause, &raw),
            });
        }
    }
}

impl Flarum {
    fn post(&self, input: &mut Input, span: Span, post: &Object) -> Record {
        let mut values = objects::values(post, KEYS);
        let body = values[Field::Text as usize].take();
        let kind = values[Field::Status as usize].take();
        // All others note events in the discussion.
        let is_written = kind.is_none_or(|kind| kind == "comment");
        let is_hidden = objects::is_true(post, "attributes.isHidden");
        if body.is_none() && is_written && !is_hidden {
            let cause = "no post of Flarum: it has neither `contentHtml` nor `content`";
            return input.reject(span, cause, &serde_json::to_vec(post).unwrap_or_default());
        }
        if let Some(author) = &mut values[Field::Author as usize]
            && let Some(name) = self.names.get(&**author)
        {
            *author = name.as_str().into();
        }
        let discussion = values[Field::Thread as usize].as_deref();
        let number = objects::scalar(post, "attributes.number");
        values[Field::Link as usize] =
            discussion.zip(number).map(|(discussion, number)| format!("/d/{discussion}/{number}").into());
        let user = |path| objects::scalar(post, path);
        let is_own = user("relationships.hiddenUser.data.id")
            .is_some_and(|hider| Some(hider) == user("relationships.user.data.id"));
        let body = body.unwrap_or_default();
        let mut record = if objects::scalar(post, "attributes.contentHtml").is_some() {
            html::comment(input, span, values, &body)
        } else {
            values[Field::Text as usize] = Some(body.clone());
            input.comment(span, values)
        };
        // Posts and discussions are numbered separately: the same number may stand for both.
        if let Record::Comment(record) = &mut record {
            record.parent = mentioned(&body);
            record.status = match () {
                () if !is_written => Status::Service,
                () if is_hidden && is_own => Status::Deleted,
                () if is_hidden => Status::Removed,
                () => record.status,
            };
        }
        record
    }
}

/// Returns the post that the first mention in a body names; a reply begins with one.
fn mentioned(html: &str) -> Option<String> {
    let (_, mention) = html.split_once("class=\"PostMention\"")?;
    let (tag, _) = mention.split_once('>')?;
    let (_, id) = tag.split_once("data-id=\"")?;
    let (id, _) = id.split_once('"')?;
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const POSTS: &str = r#"{"links":{"first":"https://f.example/api/posts"},"data":[
        {"type":"posts","id":"7","attributes":{"number":1,"createdAt":"2024-05-01T10:00:00+02:00","contentType":"comment",
         "contentHtml":"<p>Rain</p>"},"relationships":{"user":{"data":{"type":"users","id":"1"}},
         "discussion":{"data":{"type":"discussions","id":"7"}}}},
        {"type":"posts","id":"8","attributes":{"number":2,"contentType":"discussionRenamed","content":["Ra","Rain"]},
         "relationships":{"discussion":{"data":{"type":"discussions","id":"7"}}}},
        {"type":"posts","id":"9","attributes":{"number":3,"contentType":"comment","isHidden":true,
         "contentHtml":"<p><a href=\"x\" class=\"PostMention\" data-id=\"7\">Ana</a> Sun</p>"},
         "relationships":{"user":{"data":{"type":"users","id":"2"}},"hiddenUser":{"data":{"type":"users","id":"1"}},
         "discussion":{"data":{"type":"discussions","id":"7"}}}},
        {"type":"posts","id":"10"}],
        "included":[{"type":"users","id":"1","attributes":{"username":"ana","displayName":"Ana"}},
        {"type":"discussions","id":"7","attributes":{"title":"Rain"}}]}"#;

    #[test]
    fn posts_are_read() {
        assert!(testing::is_sure(&FORMAT, POSTS));
        let read = testing::read(&FORMAT, POSTS.as_bytes()).unwrap();
        let [first, note, reply] = &read.comments[..] else { panic!("{read:?}") };
        assert_eq!((first.text.as_str(), first.author.as_deref()), ("Rain", Some("Ana")));
        assert_eq!((first.thread.as_str(), first.parent.as_deref()), ("7", None));
        assert_eq!(first.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
        assert_eq!(note.status, Status::Service);
        assert_eq!((reply.parent.as_deref(), reply.status), (Some("7"), Status::Removed));
        assert_eq!((reply.author.as_deref(), reply.link.as_deref()), (Some("2"), Some("/d/7/3")));
        assert_eq!(read.rejects.len(), 1);
    }

    #[test]
    fn a_discussion_is_read_by_what_it_includes() {
        let discussion = r#"{"data":{"type":"discussions","id":"7","attributes":{"title":"Rain"}},"included":[
            {"type":"posts","id":"8","attributes":{"contentType":"comment","contentHtml":"Rain"}}]}"#;
        assert!(testing::is_sure(&FORMAT, discussion));
        let read = testing::read(&FORMAT, discussion.as_bytes()).unwrap();
        assert_eq!(read.comments[0].text, "Rain");
        assert!(read.rejects.is_empty());
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, POSTS);
    }
}
