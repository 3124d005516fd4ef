//! The evidence for and against a text being a page with comments at all.
//!
//! Short lines above longer ones are no evidence: headings, keys, licences and lists have them too.
//! Only features of conversations count: authors who write again or are spoken to, and the times
//! and buttons that a site puts around each comment.

use std::collections::{HashMap, HashSet};

use super::line::{self, Line};
use super::segment::{Role, Verdict};

/// Returns true if many lines are marked up like documents, data or code.
pub(super) fn is_document(all: &[&str], most: f64) -> bool {
    let filled: Vec<&str> = all.iter().map(|line| line::trim(line)).filter(|line| !line.is_empty()).collect();
    if filled
        .first()
        .is_some_and(|line| ["---", "%YAML", "#!", "<?"].iter().any(|mark| line.starts_with(mark)))
    {
        return true;
    }
    let fenced = filled.iter().filter(|line| line.starts_with("```") || line.starts_with("~~~")).count();
    let marked = filled.iter().filter(|line| is_markup(line)).count();
    fenced >= 2 || marked as f64 > most * filled.len() as f64
}

/// Returns true for a heading, an item, a row or a link of Markdown, a key with its value, or code.
fn is_markup(line: &str) -> bool {
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let begins = [
        "# ", "## ", "### ", "#### ", "- ", "* ", "+ ", "| ", "|-", ".. ", ">>> ", "//", "/*", "$ ",
        "@param", "==", "--", "**", "``", "[![",
    ];
    begins.iter().any(|mark| line.starts_with(mark))
        || after_number.len() < line.len()
            && (after_number.starts_with(". ") || after_number.starts_with(") "))
        || line.contains("](")
        || line.contains("``")
        || line.ends_with(['{', '}', ';', '\\', '>', '`', '|'])
        || line.starts_with("\" ")
        || line.ends_with(')') && line.split_once('(').is_some_and(|(name, _)| is_identifier(name.trim_end()))
        || is_pair(line)
}

fn is_identifier(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Returns true for `key: value`, `Key-Name: value`, `KEY=value` and `key:`.
pub(super) fn is_pair(line: &str) -> bool {
    let line = line.strip_prefix("- ").unwrap_or(line);
    let Some(end) = line.find([':', '=']) else { return false };
    let (key, value) = (&line[..end], &line[end + 1..]);
    let is_key = !key.is_empty()
        && key.len() <= 40
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./\"'".contains(c));
    is_key && (value.is_empty() || line[end..].starts_with('=') || value.starts_with(' '))
}

/// Returns true if lines are broken at a width, in the middle of sentences: a page copied from a
/// browser is not.
pub(super) fn is_wrapped(all: &[&str]) -> bool {
    const FEWEST: usize = 2;
    let mut lengths = Vec::new();
    let mut continued = 0;
    let mut previous: Option<&str> = None;
    for line in all {
        let text = line::trim(line);
        if text.is_empty() {
            previous = None;
            continue;
        }
        if let Some(before) = previous {
            let is_open = before.ends_with(|c: char| c.is_alphanumeric() || ",;-'`".contains(c));
            // A name in small letters is short, the rest of a sentence is usually not.
            let goes_on = text.starts_with(char::is_lowercase) && (text.len() >= 30 || text.ends_with('.'));
            continued += usize::from(is_open && before.len() >= 40 && goes_on);
        }
        lengths.push(text.chars().count());
        previous = Some(text);
    }
    let count = lengths.len();
    lengths.sort_unstable();
    let Some(&widest) = lengths.get(count.saturating_sub(1 + count / 20)) else { return false };
    let full = lengths.iter().filter(|length| **length * 10 >= widest * 7).count();
    let is_full = full * 5 >= count * 2 || count <= 6 && continued * 2 >= count;
    count >= FEWEST && widest <= 140 && continued * 5 >= count && is_full
}

/// Returns the number of authors as only a conversation has them: their names recur above other
/// texts, or somebody speaks to them; and the number of their comments.
pub(super) fn conversation(lines: &[Line<'_>], verdicts: &[Verdict]) -> (usize, usize) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut texts: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (at, line) in lines.iter().enumerate().filter(|(at, _)| verdicts[*at].role == Role::Name) {
        *counts.entry(line.text).or_insert(0) += 1;
        if let Some(next) = lines.get(at + 1) {
            texts.entry(line.text).or_default().insert(next.text);
        }
    }
    let called =
        called(lines.iter().zip(verdicts).filter(|(_, v)| v.role == Role::Text).map(|(line, _)| line.text));
    let mut authors = 0;
    let mut comments = 0;
    for (name, count) in counts {
        let is_called = called_as(name).iter().any(|name| called.contains(name));
        if texts.get(name).is_some_and(|texts| texts.len() >= 2) || is_called {
            authors += 1;
            comments += count;
        }
    }
    (authors, comments)
}

/// Returns the forms in which people address somebody of this name: all of it, its first word, or
/// without its digits.
fn called_as(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let name = name.trim_matches(|c: char| !c.is_alphanumeric());
    let first = name.split(' ').next().unwrap_or_default();
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let long = [name, first, bare].into_iter().filter(|name| name.chars().count() >= 3);
    long.map(str::to_owned).collect()
}

/// Returns the people whom these texts address: `@name`, `name, ...`, `..., name.`
fn called<'a>(texts: impl Iterator<Item = &'a str>) -> HashSet<String> {
    let mut called = HashSet::new();
    for text in texts {
        line::called_in(text, &mut called);
        let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
        if let Some((_, last)) = text.rsplit_once(", ")
            && last.split(' ').count() <= 2
        {
            called.insert(last.to_lowercase());
        }
    }
    called
}

/// Returns the share of the texts in which somebody speaks in the first or second person.
pub(super) fn personal<'a>(texts: impl Iterator<Item = &'a str>) -> f64 {
    let (mut count, mut personal) = (0, 0);
    for text in texts {
        count += 1;
        personal += usize::from(line::is_personal(text));
    }
    f64::from(personal as u32) / f64::from(count.max(1) as u32)
}

#[cfg(test)]
mod tests {
    use crate::text::sniff;

    #[test]
    fn short_lines_are_no_evidence() {
        for (what, text) in [
            (
                "README",
                "Ferry\n\nA small library for crossings.\n\nInstallation\n\nYou need a boat and a licence for it.\n\nUsage\n\n\
                 Call it from your own code, and see what it does.\n\nExamples\n\nYou can find some in the folder of examples.\n\n\
                 License\n\nDo what you like with it.\n",
            ),
            (
                "Markdown",
                "# Ferry\n\n## Usage\n\nI wrote this for you.\n\n```\nferry --go\n```\n\n## Usage of the other one\n\nSee above.\n",
            ),
            (
                "YAML",
                "name: ferry\non:\n  push:\n    branches: [main]\njobs:\n  test:\n    runs-on: lake\n    steps:\n      - run: go\n",
            ),
            (
                "mail",
                "From: Ada <ada@lake.example>\nTo: Bo <bo@lake.example>\nSubject: The ferry\n\nIs it gone? I miss it.\n\nAda\n\n\
                 From: Bo <bo@lake.example>\nTo: Ada <ada@lake.example>\nSubject: Re: The ferry\n\nIt sank, Ada.\n\nBo\n",
            ),
            (
                "records",
                "Author: ada\nScore: 3\nBody: I miss the ferry.\n\nAuthor: bo\nScore: 1\nBody: You do not!\n\nAuthor: ada\nScore: 2\n\
                 Body: I do.\n",
            ),
            (
                "blog export",
                "TITLE: The ferry\nAUTHOR: Ada\nDATE: 03/12/2004 10:15:00 AM\n-----\nBODY:\nI miss it.\n-----\nCOMMENT:\nAUTHOR: Bo\n\
                 DATE: 03/13/2004 09:00:00 AM\nYou do not!\n-----\n",
            ),
            (
                "chat",
                "12/03/2024, 10:15 - Ada: Is it gone?\n12/03/2024, 10:16 - Bo: I think so!\n12/03/2024, 10:17 - Ada: I miss it.\n",
            ),
            (
                "meeting",
                "10:15:12 From Ada To Everyone:\n\tIs it gone?\n10:15:40 From Bo To Everyone:\n\tYou know it, Ada.\n10:16:02 From Ada To Everyone:\n\tOh.\n",
            ),
            (
                "changes",
                "1.2.0, 3 March 2024\nThe ferry goes twice a day.\n\n1.1.0, 2 February 2024\nThe ferry goes once a day.\n\n1.0.0, 1 January 2024\n\
                 The ferry goes.\n",
            ),
            (
                "steps",
                "1. Boat\nBuy one that floats, if you can.\n2. Water\nFind some.\n3. Go\nRow until you are there.\n",
            ),
        ] {
            assert_eq!(sniff(text), None, "{what}");
        }
    }

    #[test]
    fn a_conversation_is() {
        for text in [
            "Ada\nI miss the ferry.\nBo\nYou do not, it was always late.\nAda\nIt was my ferry.\nCy\nQuiet, you two.\n",
            "old_salt\nThe ferry sank because nobody cared.\nQuiet Otter\nI cared, old_salt.\nPia\n@Quiet Otter So did I.\n",
        ] {
            assert!(sniff(text).is_some(), "{text}");
        }
    }
}
