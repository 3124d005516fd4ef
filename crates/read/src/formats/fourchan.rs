//! Threads and catalogues from 4chan's API and from imageboards with the same API (vichan), and
//! data sets with such a thread on each line.
//!
//! The title of a thread is put above its first post. A post answers the first post of its thread
//! that it links to (`>>5001`).

use std::collections::VecDeque;

use serde_json::Value;

use super::{FormatEntry, Hooks, fourcat, ndjson};
use crate::html;
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Object, Piece};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "com"),
    (Field::Text, "sub"),
    (Field::Author, "name"),
    (Field::Author, "trip"),
    (Field::Id, "no"),
    (Field::Thread, "resto"),
    (Field::CreatedAt, "time"),
    (Field::Section, "board"),
    (Field::Replies, "replies"),
];

/// The places of posts in a thread, a page of threads or a catalogue.
const THREADS: JsonPath = JsonPath::Paths(&["**.posts.*", "**.threads.*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "4chan",
    description: "threads and catalogues of 4chan's interface and of other imageboards",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input has the keys of posts on 4chan.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    let has = |key| objects::has_key(source, key);
    if objects::may_be(source, mapping)
        && ["no", "resto", "time"].into_iter().all(has)
        && ["com", "sub", "filename", "now"].into_iter().any(has)
    {
        Verdict::Sure("has the keys of posts on 4chan".to_owned())
    } else {
        Verdict::No
    }
}

/// Opens threads or posts.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let source = &input.source;
    let is_of_threads = ["posts", "threads"].iter().any(|key| objects::has_container(source, key));
    let are_lines = ndjson::are_most_lines(source, |object| object.contains_key("posts"));
    let paths = if is_of_threads && !are_lines { THREADS } else { JsonPath::of_list(source) };
    Ok(objects::open(input, paths, KEYS, FourChan))
}

struct FourChan;

impl Layout for FourChan {
    const STRUCTURE: &[&str] = &["now", "page"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        let Some(object) = piece.object() else { return };
        let listed = |key: &str| object.get(key).and_then(Value::as_array);
        let mut add = |post: &Value| {
            let record = post.as_object().and_then(|post| read_post(input, piece.span, post));
            records.push_back(record.unwrap_or_else(|| {
                let cause = "no post of 4chan: it has no number `no`";
                input.reject(piece.span, cause, post.to_string().as_bytes())
            }));
        };
        match listed("posts") {
            Some(posts) => posts.iter().for_each(add),
            None => {
                add(&piece.value);
                // In a catalogue.
                listed("last_replies").into_iter().flatten().for_each(add);
            }
        }
    }
}

fn read_post(input: &mut Input, span: Span, post: &Object) -> Option<Record> {
    let mut values = objects::values(post, KEYS);
    let id = values[Field::Id as usize].clone()?;
    let thread = values[Field::Thread as usize].take().filter(|thread| thread != "0");
    values[Field::Thread as usize] = Some(thread.unwrap_or(id));
    // A tripcode identifies a name.
    if let Some(trip) = objects::scalar(post, "trip") {
        let name = objects::scalar(post, "name").unwrap_or_default();
        values[Field::Author as usize] = Some(format!("{name} {trip}").into());
    }
    let text = |key| objects::scalar(post, key).unwrap_or_default();
    let (title, body) = (text("sub"), text("com"));
    let gap = if title.is_empty() || body.is_empty() { "" } else { "<p>" };
    let mut record = html::comment(input, span, values, &format!("{title}{gap}{body}"));
    if let Record::Comment(record) = &mut record {
        fourcat::link(record, |number| !leads_elsewhere(&body, number));
    }
    Some(record)
}

/// Returns true if the markup of a link shows that a post is in another thread, or gone.
fn leads_elsewhere(body: &str, number: &str) -> bool {
    let is_here = body.contains(&format!("\"#p{number}\""));
    let is_there = body.contains(&format!("#p{number}\""));
    is_there && !is_here || body.contains(&format!("deadlink\">&gt;&gt;{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    const THREAD: &str = r##"{"posts":[
        {"no":40,"resto":0,"now":"x","name":"Anonymous","sub":"Rain &amp; wind","com":"Is it<br>raining?",
         "time":1714550400,"replies":3},
        {"no":41,"resto":40,"name":"Ana","trip":"!a1b2","time":1714550460,
         "com":"<a href=\"#p40\" class=\"quotelink\">&gt;&gt;40</a><br><span class=\"quote\">&gt;raining</span><br>No"},
        {"no":42,"resto":40,"name":"Anonymous","filename":"sun","ext":".png","time":1714550461},
        {"no":43,"resto":40,"time":1714550462,
         "com":"<a href=\"/w/thread/7#p8\" class=\"quotelink\">&gt;&gt;8</a> <span class=\"deadlink\">&gt;&gt;9</span> <a href=\"#p42\">&gt;&gt;42</a> So"},
        {"com":"x"}]}"##;

    #[test]
    fn a_thread_is_read() {
        let line = THREAD.replace('\n', " ");
        let catalogue = format!(
            r#"[{{"page":1,"threads":[{}]}}]"#,
            THREAD[10..THREAD.len() - 2].trim().replacen(
                r#""replies":3},"#,
                r#""replies":3,"last_replies":["#,
                1
            ) + "]}"
        );
        for export in
            [THREAD.to_owned(), format!("{line}\n"), catalogue, THREAD[9..THREAD.len() - 1].to_owned()]
        {
            assert!(testing::is_sure(&FORMAT, &export), "{export}");
            let read = testing::read(&FORMAT, export.as_bytes()).unwrap();
            let [first, reply, picture, last] = &read.comments[..] else { panic!("{export} {read:?}") };
            assert_eq!(first.text, "Rain & wind\n\nIs it\nraining?");
            assert_eq!((first.id.as_str(), first.thread.as_str(), first.replies), ("40", "40", Some(3)));
            assert_eq!(first.created_at.unwrap().to_string(), "2024-05-01T08:00:00Z");
            assert_eq!((first.author.as_deref(), reply.author.as_deref()), (None, Some("Ana !a1b2")));
            assert_eq!((reply.thread.as_str(), reply.parent.as_deref()), ("40", Some("40")));
            assert_eq!(reply.text, ">>40\n>raining\nNo");
            assert_eq!((picture.text.as_str(), picture.parent.as_deref()), ("", None));
            assert_eq!(last.parent.as_deref(), Some("42"));
            assert_eq!(last.quotes.len(), 3);
            assert_eq!(read.rejects.len(), 1);
        }
    }

    #[test]
    fn damage_costs_records_and_not_the_reader() {
        testing::survives_damage(&FORMAT, THREAD);
    }
}
