//! The formats that can be read: one file each, and one line each in [`ALL`].

use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::str::FromStr;

use crate::binary::Binary;
use crate::input::{Input, Parser};
use crate::sniff::Verdict;
use crate::source::Source;
use crate::{Mapping, Options, ReadError};

pub(crate) mod arrow;
pub(crate) mod bluesky;
pub(crate) mod chat;
pub(crate) mod comment_api;
pub(crate) mod commento;
pub(crate) mod convokit;
pub(crate) mod coral;
pub(crate) mod csv;
pub(crate) mod discord;
pub(crate) mod discourse;
pub(crate) mod disqus;
pub(crate) mod disqus_api;
pub(crate) mod facebook;
pub(crate) mod feed;
pub(crate) mod flarum;
pub(crate) mod fourcat;
pub(crate) mod fourchan;
pub(crate) mod github;
pub(crate) mod hacker_news;
pub(crate) mod instagram;
pub(crate) mod json;
pub(crate) mod lemmy;
pub(crate) mod lines;
pub(crate) mod live_chat;
pub(crate) mod lobsters;
pub(crate) mod mastodon;
pub(crate) mod mastodon_api;
pub(crate) mod mbox;
pub(crate) mod meta_messages;
pub(crate) mod ndjson;
pub(crate) mod parquet;
pub(crate) mod reddit;
pub(crate) mod reddit_api;
pub(crate) mod remark42;
pub(crate) mod slack;
pub(crate) mod spreadsheet;
pub(crate) mod stack_exchange;
pub(crate) mod stack_exchange_api;
pub(crate) mod telegram;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod text;
pub(crate) mod tiktok;
pub(crate) mod tsv;
pub(crate) mod twitch;
pub(crate) mod twitter;
pub(crate) mod vk;
pub(crate) mod wordpress;
pub(crate) mod wordpress_rest;
pub(crate) mod youtube;
pub(crate) mod youtube_takeout;
pub(crate) mod yt_dlp;
pub(crate) mod zeeschuimer;

/// All formats. An input is read in the first one that is sure, then in the one that its extension
/// favours, then in the first one that fits: put a format before less specific ones.
const ALL: &[Format] = &[
    Format(&zeeschuimer::FORMAT),
    Format(&bluesky::FORMAT),
    Format(&comment_api::FORMAT),
    Format(&commento::FORMAT),
    Format(&convokit::FORMAT),
    Format(&coral::FORMAT),
    Format(&discord::FORMAT),
    Format(&discourse::FORMAT),
    Format(&disqus::FORMAT),
    Format(&facebook::FORMAT),
    Format(&feed::FORMAT),
    Format(&flarum::FORMAT),
    Format(&fourcat::FORMAT),
    Format(&fourchan::FORMAT),
    Format(&github::FORMAT),
    Format(&hacker_news::FORMAT),
    Format(&instagram::FORMAT),
    Format(&disqus_api::FORMAT),
    Format(&lemmy::FORMAT),
    Format(&lobsters::FORMAT),
    Format(&remark42::FORMAT),
    Format(&mastodon::FORMAT),
    Format(&reddit::FORMAT),
    Format(&reddit_api::FORMAT),
    Format(&slack::FORMAT),
    Format(&stack_exchange::FORMAT),
    Format(&stack_exchange_api::FORMAT),
    Format(&telegram::FORMAT),
    Format(&mastodon_api::FORMAT),
    Format(&meta_messages::FORMAT),
    Format(&tiktok::FORMAT),
    Format(&twitch::FORMAT),
    Format(&twitter::FORMAT),
    Format(&vk::FORMAT),
    Format(&wordpress::FORMAT),
    Format(&wordpress_rest::FORMAT),
    Format(&youtube::FORMAT),
    Format(&youtube_takeout::FORMAT),
    Format(&live_chat::FORMAT),
    Format(&yt_dlp::FORMAT),
    Format(&parquet::FORMAT),
    Format(&arrow::FORMAT),
    Format(&spreadsheet::FORMAT),
    Format(&chat::FORMAT),
    Format(&mbox::FORMAT),
    Format(&json::FORMAT),
    Format(&ndjson::FORMAT),
    Format(&csv::FORMAT),
    Format(&tsv::FORMAT),
    Format(&text::FORMAT),
    Format(&lines::FORMAT),
];

/// A format: its names, and the functions that recognise and read it.
pub(crate) struct FormatEntry {
    /// The word for `--format`.
    pub(crate) name: &'static str,
    /// A one-line description for `comity formats`.
    pub(crate) description: &'static str,
    /// Extensions, in lower case, that favour it when the content fits several formats.
    pub(crate) extensions: &'static [&'static str],
    /// Judges the beginning of an input.
    pub(crate) sniff: fn(&Source, &Mapping) -> Verdict,
    /// Finds the columns or keys; reads no record yet.
    pub(crate) open: fn(Input) -> Result<Box<dyn Parser>, ReadError>,
    /// Exceptions to the rules of the generic reader.
    pub(crate) hooks: Hooks,
}

/// Turns a parent's id, given the comment's id and thread, into the id of a comment.
pub(crate) type ParentId = for<'a> fn(&'a str, &str, &str) -> Option<&'a str>;

/// Parts of the generic reader that a format replaces or adds to. Most formats need none:
/// [`Hooks::NONE`].
pub(crate) struct Hooks {
    /// Its section names are names of people: `withhold_names` leaves them empty.
    pub(crate) has_private_sections: bool,
    /// Turns a parent's id as the site writes it (before the comment's id and thread) into a
    /// comment's id; `None` if the comment answers its thread. Called for the records of every
    /// format, as tables contain the ids of any site.
    pub(crate) parent_id: Option<ParentId>,
    /// Files next to an export that are not exports of their own.
    pub(crate) companions: Option<Companions>,
    /// Checks if raw bytes begin like this format, which is not text.
    pub(crate) is_begun: Option<fn(&[u8]) -> bool>,
    /// Files of its kind that cannot be read as text, for an error that names them.
    pub(crate) binaries: &'static [Binary],
    /// Its records are at places that `--records` names; with that option no other format is tried.
    pub(crate) has_places: bool,
    /// It is a table: `--header-row` names the row of its header, and with that option only such
    /// formats are tried.
    pub(crate) has_header: bool,
    /// Returns the reason, in words, if options choose this format for an input that fits no other.
    pub(crate) chosen_by: Option<fn(&Options) -> Option<&'static str>>,
}

/// The files of an export that is a folder.
pub(crate) struct Companions {
    /// Returns the folder of the export, given the name (without extension) and the path of a file
    /// that contains comments; `None` for any other file.
    pub(crate) root: for<'a> fn(&str, &'a Path) -> Option<&'a Path>,
    /// Checks if a name and an extension are those of a file that only describes the export.
    pub(crate) describes: fn(&str, &str) -> bool,
}

impl Hooks {
    /// No exceptions.
    pub(crate) const NONE: Self = Self {
        has_private_sections: false,
        parent_id: None,
        companions: None,
        is_begun: None,
        binaries: &[],
        has_places: false,
        has_header: false,
        chosen_by: None,
    };
}

/// A format of export: one of [`Format::ALL`], found by its name with [`str::parse`].
#[derive(Clone, Copy)]
pub struct Format(&'static FormatEntry);

impl Format {
    /// All formats, the most specific ones first.
    pub const ALL: &'static [Self] = ALL;

    /// Returns the handle of an entry.
    pub(crate) const fn of(entry: &'static FormatEntry) -> Self {
        Self(entry)
    }

    /// Returns the entry.
    pub(crate) fn entry(self) -> &'static FormatEntry {
        self.0
    }

    /// Returns the word for `--format`.
    pub fn as_str(self) -> &'static str {
        self.0.name
    }

    /// Returns a one-line description.
    pub fn description(self) -> &'static str {
        self.0.description
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Format {}

impl Hash for Format {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Format").field(&self.0.name).finish()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        ALL.iter().copied().find(|format| format.as_str() == word).ok_or_else(|| {
            let lower = word.to_lowercase();
            // `whatsapp` is a word in a description.
            let is_near = |format: &&Format| {
                let name = format.as_str();
                let shared = name.chars().zip(lower.chars()).take_while(|(one, other)| one == other).count();
                let words = format.description().to_lowercase();
                let mut words = words.split(|c: char| !c.is_alphanumeric());
                shared >= 3 || lower.len() >= 2 && name.contains(&*lower) || words.any(|word| word == lower)
            };
            let near: Vec<&str> = ALL.iter().filter(is_near).map(|format| format.as_str()).collect();
            let near =
                if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) };
            format!("unknown format `{word}`; {near}`comity formats` lists all of them")
        })
    }
}

/// Returns the error for an input in a format that this build leaves out.
#[cfg(not(all(feature = "arrow", feature = "parquet", feature = "spreadsheet")))]
fn left_out(input: &Input, format: &str, feature: &str) -> ReadError {
    ReadError::new(
        crate::ReadErrorKind::Unsupported,
        &input.source.name,
        format!("this build does not read {format}"),
        format!("use a build with the feature `{feature}`, or save the table as CSV"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_their_own() {
        for (index, format) in ALL.iter().enumerate() {
            assert_eq!(format.as_str().parse(), Ok(*format));
            assert!(!ALL[..index].contains(format), "{format} stands twice in the list");
            assert!(!format.description().is_empty() && !format.description().contains('\n'), "{format}");
        }
        let error = "odd".parse::<Format>().unwrap_err();
        assert_eq!(error, "unknown format `odd`; `comity formats` lists all of them");
        let error = "Discors".parse::<Format>().unwrap_err();
        assert!(error.contains("; did you mean ") && error.contains("discourse"), "{error}");
        let error = "WhatsApp".parse::<Format>().unwrap_err();
        assert!(error.contains("; did you mean chat? "), "{error}");
    }

    #[cfg(not(all(feature = "arrow", feature = "parquet", feature = "spreadsheet")))]
    #[test]
    fn a_format_that_is_left_out_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let files: [(&str, bool, &[u8]); 3] = [
            ("Parquet", cfg!(feature = "parquet"), b"PAR1\x15\0\0\0"),
            ("Arrow IPC (Feather)", cfg!(feature = "arrow"), b"ARROW1\0\0\xff\xff\xff\xff"),
            ("spreadsheets", cfg!(feature = "spreadsheet"), b"PK\x03\x04\x14\0\x06\0[Content_Types].xml"),
        ];
        for (name, is_built_in, bytes) in files {
            // The content decides, not the name.
            let path = folder.path().join("comments.csv");
            std::fs::write(&path, bytes).unwrap();
            let error = crate::Reader::open(&[path], &Options::default()).unwrap_err();
            let is_refused = error.what == format!("this build does not read {name}");
            assert_eq!(is_refused, !is_built_in, "{error}");
            assert_eq!(error.kind == crate::ReadErrorKind::Unsupported, !is_built_in, "{error}");
        }
    }
}
