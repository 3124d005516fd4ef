//! Lines that a site puts around every comment ("Reply", "3 hours ago", "12 likes") and the heading
//! of its comment section.
//!
//! Such a line is made of the page's own vocabulary and numbers alone, and recurs through the file;
//! either by itself proves nothing. In other languages a line counts that makes up a good part of
//! the file and always touches another short line: the author's name, or more of its kind. What is
//! found is told in the report.

use std::collections::{HashMap, HashSet};

use super::line::Line;

/// What a line is to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing of the page's own.
    Content,
    /// "Reply", "5 likes", "3 hours ago": no comment's words.
    Furniture,
    /// "12 Comments": the comments begin after it.
    Heading,
}

const TIME: &str = "ago just now second seconds sec secs minute minutes min mins hour hours hr hrs day days week weeks month
months year years yr yrs yesterday today am pm at on january february march april may june july august september october
november december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday
sunday mon tue wed thu fri sat sun a an about h m d w mo y s edited posted updated published gmt utc est";

const MONTHS: &str = "january february march april june july august september october november december";

const ACTION: &str = "reply replies replied like likes liked dislike dislikes share shares report flag edit edited delete
permalink link upvote upvotes downvote downvotes vote votes point points recommend recommended recommends helpful unhelpful
view show hide more less load see read all log login in sign up to or register subscribe comment comments post posted
quote follow collapse expand copy save reactions reaction thumbs down sort by newest oldest best top first last new
respond response responses embed block mute pinned verified member subscriber score rate rated good bad previous next
page you must be a an the for and on of this";

/// Words of which an action line must hold one: the others only go along.
const ACTION_CORE: &str = "reply replies like likes liked dislike dislikes share shares report flag permalink upvote upvotes
downvote downvotes vote votes point points recommend recommended recommends helpful log login sign register load quote
follow reactions reaction respond responses sort edit delete";

const HEADING: &str = "comments comment discussion responses replies conversation thoughts";

const HEADING_REST: &str =
    "all reader readers readers' reader's view the join leave a your show recent latest community
user public on this article story post section below from our add have say to in so far there are now open";

fn holds(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// Small letters, numbers as `#`, nothing but words.
fn tokens(line: &str) -> Vec<String> {
    line.split(|c: char| c.is_whitespace() || "·•|()[]/,:–—-+▲▼".contains(c))
        .map(|token| token.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|token| !token.is_empty())
        .flat_map(|token| {
            let digits = token.len() - token.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, word) = token.split_at(digits);
            let number = (!number.is_empty()).then(|| "#".to_owned());
            let word = (!word.is_empty()).then(|| word.to_lowercase());
            number.into_iter().chain(word)
        })
        .collect()
}

/// Whether a line is a date or a time and nothing else.
pub(super) fn is_date(line: &str) -> bool {
    if line.len() > 60 {
        return false;
    }
    // "LONDON, June 12".
    let tokens = tokens(line);
    let is_dateline = tokens.len() <= 6
        && tokens.iter().any(|token| token == "#")
        && tokens.iter().any(|token| token.len() >= 4 && holds(MONTHS, token));
    is_dateline || class(line) == Some(Class::Time)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Class {
    Time,
    Action(String),
    Heading,
    /// Of no vocabulary that we know.
    Unknown(String),
}

fn class(line: &str) -> Option<Class> {
    if line.len() > 60 || line.ends_with(['.', '!', '?']) {
        return None;
    }
    let tokens = tokens(line);
    if tokens.is_empty() || tokens.len() > 8 {
        return None;
    }
    let has_number = tokens.iter().any(|token| token == "#");
    let is_number = |token: &str| token == "#" || matches!(token, "th" | "st" | "nd" | "rd" | "k");
    let all_in = |list: &str| tokens.iter().all(|token| is_number(token) || holds(list, token));
    let any_in = |list: &str| tokens.iter().any(|token| holds(list, token));
    if any_in(HEADING)
        && tokens.iter().all(|token| is_number(token) || holds(HEADING, token) || holds(HEADING_REST, token))
    {
        // "Comment" alone is as often a button below each comment; the count tells.
        return Some(Class::Heading);
    }
    if all_in(TIME)
        && (has_number && tokens.len() >= 2
            || any_in("ago yesterday today")
            || tokens.join(" ") == "just now")
    {
        return Some(Class::Time);
    }
    // "Like" and "Reply" with a time between them.
    let all_known = tokens.iter().all(|token| is_number(token) || holds(ACTION, token) || holds(TIME, token));
    (all_known && any_in(ACTION_CORE)).then(|| Class::Action(tokens.join(" ")))
}

/// What each line is to the page, and sentences on what was left out.
pub(super) fn find(lines: &[Line<'_>]) -> (Vec<Part>, Vec<String>) {
    let recurring = recurring(lines);
    let classes: Vec<Option<Class>> = lines
        .iter()
        .map(|line| {
            let unknown = || short(line).filter(|form| recurring.contains(form)).map(Class::Unknown);
            class(line.text).or_else(unknown)
        })
        .collect();
    let mut counts: HashMap<&Class, usize> = HashMap::new();
    for class in classes.iter().flatten() {
        *counts.entry(class).or_insert(0) += 1;
    }
    let enough = (lines.len() / 30).max(2);
    // "Reply" below each comment makes "Reply Share" below some of them believable.
    let actions: usize =
        counts.iter().filter(|(class, _)| matches!(class, Class::Action(_))).map(|(_, count)| count).sum();
    let mut parts: Vec<Part> = classes
        .iter()
        .map(|class| match class {
            None => Part::Content,
            Some(class @ Class::Heading) if counts[class] < enough.max(3) => Part::Heading,
            Some(class @ Class::Action(_)) if counts[class] >= 2 && actions >= enough => Part::Furniture,
            Some(class) if counts[class] >= enough => Part::Furniture,
            Some(_) => Part::Content,
        })
        .collect();
    for at in 0..parts.len() {
        let beside = |other: Option<usize>| {
            other.and_then(|other| parts.get(other)).is_some_and(|part| *part == Part::Furniture)
        };
        if parts[at] == Part::Content
            && classes[at].is_some()
            && (beside(at.checked_sub(1)) || beside(Some(at + 1)))
            && lines[at].text.contains(|c: char| c.is_whitespace() || c.is_ascii_digit())
        {
            parts[at] = Part::Furniture;
        }
    }
    // What stands below the last comment ("Log in to comment", "Load more comments") stands there
    // once.
    for (part, class) in parts.iter_mut().zip(&classes).rev() {
        let is_below = match class {
            Some(Class::Heading) => true,
            Some(Class::Action(words)) => words.contains(' ') || *part == Part::Furniture,
            Some(Class::Time | Class::Unknown(_)) => *part == Part::Furniture,
            None => false,
        };
        if !is_below {
            break;
        }
        *part = Part::Furniture;
    }
    let notices = notices(lines, &parts, &classes);
    (parts, notices)
}

/// A short line with `#` for its numbers; none for a longer one.
fn short(line: &Line<'_>) -> Option<String> {
    let is_short = line.text.len() <= 40
        && line.text.split_whitespace().nth(4).is_none()
        && !line.text.ends_with(['.', '!', '?', '…', '"'])
        && line.text.contains(char::is_alphabetic);
    is_short.then(|| tokens(line.text).join(" "))
}

/// Forms of short lines that stand in at least an eighth of the file and nearly always before, or
/// always behind, another short line.
fn recurring(lines: &[Line<'_>]) -> HashSet<String> {
    const LEAST: usize = 8;
    let forms: Vec<Option<String>> = lines.iter().map(short).collect();
    let mut touching: HashMap<&str, [usize; 3]> = HashMap::new();
    for (at, form) in forms.iter().enumerate() {
        let Some(form) = form else { continue };
        let is_other = |other: Option<&Option<String>>| {
            usize::from(other.is_some_and(|other| other.as_ref().is_some_and(|other| other != form)))
        };
        let [count, before, after] = touching.entry(form).or_default();
        *count += 1;
        *before += is_other(at.checked_sub(1).and_then(|before| forms.get(before)));
        // The file may end with it.
        *after += if at + 1 == forms.len() { 1 } else { is_other(forms.get(at + 1)) };
    }
    let is_furniture = |[count, before, after]: [usize; 3]| {
        count >= LEAST && count * 8 >= lines.len() && before.max(after) * 20 >= count * 19
    };
    let found = touching.into_iter().filter(|(_, counts)| is_furniture(*counts));
    found.map(|(form, _)| form.to_owned()).collect()
}

fn notices(lines: &[Line<'_>], parts: &[Part], classes: &[Option<Class>]) -> Vec<String> {
    let mut found: Vec<(&Class, usize, &str)> = Vec::new();
    for ((line, part), class) in lines.iter().zip(parts).zip(classes) {
        let (Part::Furniture, Some(class)) = (part, class) else { continue };
        match found.iter_mut().find(|(known, ..)| *known == class) {
            Some((_, count, _)) => *count += 1,
            None => found.push((class, 1, line.text)),
        }
    }
    found
        .into_iter()
        .map(|(_, count, example)| {
            let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
            format!("{lines} such as `{example}` taken for the page's own and left out of the comments")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::line;

    #[test]
    fn lines_have_their_class() {
        let action = |words: &str| Some(Class::Action(words.to_owned()));
        for (line, expected) in [
            ("Reply", action("reply")),
            ("12 likes", action("# likes")),
            ("Like · Reply · 3h", action("like reply # h")),
            ("Log in to comment", action("log in to comment")),
            ("3 hours ago", Some(Class::Time)),
            ("May 3, 2019 at 10:15 am", Some(Class::Time)),
            ("May", None),
            ("2019", None),
            ("12 Comments", Some(Class::Heading)),
            ("Comments (3)", Some(Class::Heading)),
            ("Join the discussion", Some(Class::Heading)),
            ("I like it", None),
            ("Share the bread.", None),
            ("Mark Day", None),
        ] {
            assert_eq!(class(line), expected, "{line}");
        }
        for (line, expected) in [("LONDON, June 12", true), ("12 May 2019", true), ("June Carter", false)] {
            assert_eq!(is_date(line), expected, "{line}");
        }
    }

    #[test]
    fn furniture_recurs() {
        let parts = |text: &str| find(&line::filled(&line::split(text))).0;
        use Part::{Content, Furniture, Heading};
        let twice = "2 Comments\nAda\nReply to this\nNo.\nReply\nBo\nYes.\nReply";
        let expected = [Heading, Content, Content, Content, Furniture, Content, Content, Furniture];
        assert_eq!(parts(twice), expected);
        assert_eq!(parts("Ada\nShare\nBo\nNot that.\n"), [Content; 4]);
        // Words of a language that is not in the lists.
        let german: Vec<String> = (0..9)
            .map(|n| format!("Name {}\nDas ist der Kommentar Nummer {n}, und er ist lang.\nAntworten", n % 4))
            .collect();
        let found = parts(&german.join("\n"));
        assert_eq!(found.iter().filter(|part| **part == Furniture).count(), 9);
        assert!(found.chunks(3).all(|block| block == [Content, Content, Furniture]));
    }
}
