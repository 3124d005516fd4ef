//! `video.info.json` as yt-dlp writes it with `--write-comments`: the metadata of a video, with its
//! comments somewhere after the lists of formats and pictures.

use std::collections::VecDeque;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser};
use crate::mapping::{Field, Mapping};
use crate::objects::{self, JsonPath, Keys, Layout, Piece};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{ReadError, Record};

const KEYS: Keys = &[
    (Field::Text, "text"),
    (Field::Author, "author"),
    (Field::Author, "author_id"),
    (Field::Id, "id"),
    (Field::Parent, "parent"),
    (Field::CreatedAt, "timestamp"),
    (Field::Votes, "like_count"),
];

/// The places of comments. The video's id names the thread; it comes before the comments.
const VIDEOS: JsonPath = JsonPath::Paths(&["id", "comments.*", "*.id", "*.comments.*"]);
const COMMENTS: JsonPath = JsonPath::Paths(&["*"]);

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "yt-dlp",
    description: "info.json of yt-dlp with a video's comments (--write-comments)",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the input describes a video like yt-dlp does: the comments may come long after
/// the head.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if !objects::may_be(source, mapping) {
        return Verdict::No;
    }
    let has = |key| objects::has_key(source, key);
    let is_video = has("formats") && has("format_id");
    let is_named = source.name.contains(".info.json")
        && (has("comments") || has("extractor") || has("webpage_url") || has("thumbnails"));
    if is_video || is_named || is_comments(source) {
        Verdict::Sure("describes a video as yt-dlp does (info.json)".to_owned())
    } else {
        Verdict::No
    }
}

fn is_comments(source: &Source) -> bool {
    ["author_is_uploader", "parent", "text"].iter().all(|key| objects::has_key(source, key))
}

/// Opens the comments.
fn open(input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let is_list = input.source.head().trim_ascii_start().starts_with(b"[");
    let is_video = objects::has_key(&input.source, "formats") || objects::has_key(&input.source, "comments");
    let paths = if is_list && !is_video { COMMENTS } else { VIDEOS };
    Ok(objects::open(input, paths, KEYS, YtDlp::default()))
}

#[derive(Default)]
struct YtDlp {
    video: Option<String>,
}

impl Layout for YtDlp {
    const STRUCTURE: &[&str] = &["author_thumbnail", "author_is_uploader", "is_favorited", "_time_text"];

    fn read(&mut self, input: &mut Input, piece: &Piece, records: &mut VecDeque<Record>) {
        if piece.path.ends_with("id") {
            self.video = piece.value.as_str().map(str::to_owned);
            return;
        }
        let mut values = piece.object().map(|object| objects::values(object, KEYS)).unwrap_or_default();
        if values[Field::Text as usize].is_none() {
            let cause = "no comment of yt-dlp: it has no text";
            return records.push_back(input.reject(piece.span, cause, piece.raw));
        }
        let parent = &mut values[Field::Parent as usize];
        *parent = parent.take().filter(|parent| parent != "root");
        if let Some(video) = &self.video {
            // Only YouTube's comments have such ids.
            let id = values[Field::Id as usize].as_deref().filter(|id| id.starts_with("Ug"));
            let link = id.map(|id| format!("https://www.youtube.com/watch?v={video}&lc={id}"));
            values[Field::Link as usize] = link.map(Into::into);
            values[Field::Thread as usize] = Some(video.into());
        }
        records.push_back(input.comment(piece.span, values));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{is_sure, read, read_own, survives_damage};
    use super::*;

    fn video(formats: usize) -> String {
        let format =
            r#"{"format_id":"22","url":"https://v.example/22","format_note":"a clear picture, mostly"}"#;
        format!(
            r#"{{"id":"v1","title":"A boat","formats":[{}],"thumbnails":[{{"id":"0"}}],"comments":[
            {{"id":"Ug9","parent":"root","text":"Fine boat","like_count":3,"author":"@ana","author_id":"UC1","timestamp":1741064767}},
            {{"id":"Ug9.1","parent":"Ug9","text":"It leaks","author":"@bo"}},{{"id":"Ug8"}}],"_type":"video"}}"#,
            vec![format; formats].join(",")
        )
    }

    #[test]
    fn the_comments_are_found_behind_the_formats() {
        for formats in [1, 4000] {
            let read = read_own(&FORMAT, &video(formats));
            assert_eq!(read.lines(), ["Ug9 @ana > -: Fine boat", "Ug9.1 @bo > Ug9: It leaks"]);
            assert_eq!(read.rejects.len(), 1);
            let first = &read.comments[0];
            assert_eq!((&*first.thread, first.votes), ("v1", Some(3)));
            assert_eq!(first.created_at.unwrap().to_string(), "2025-03-04T05:06:07Z");
            assert_eq!(first.link.as_deref(), Some("https://www.youtube.com/watch?v=v1&lc=Ug9"));
        }
    }

    #[test]
    fn a_video_without_comments_has_none() {
        let video =
            r#"{"id":"v1","formats":[{"format_id":"22","format_note":"a clear picture"}],"comments":null}"#;
        assert!(is_sure(&FORMAT, video));
        assert_eq!(read(&FORMAT, video.as_bytes()).unwrap().comments, []);
    }

    #[test]
    fn damage_is_survived() {
        survives_damage(&FORMAT, &video(1));
    }
}
