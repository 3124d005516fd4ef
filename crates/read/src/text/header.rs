//! Headers: lines that contain an author's name and the time, or a running number and the name, as
//! in `Ada — Today at 10:05`, `[–]ada 2 points 1 hour ago` and `#12 Ada`.

use std::collections::{HashMap, HashSet};

use super::layout::{self, LEAST_AUTHORS, LEAST_COMMENTS};
use super::line::Line;
use super::page_words;

/// The form of the words before a name, and the sign after it: the same for all headers of a page.
type Frame = (String, String);

struct Header<'a> {
    name: &'a str,
    frame: Frame,
}

/// Finds a page's headers, and leaves of each its name. Returns true if the page has such lines.
pub(super) fn mark(lines: &mut [Line<'_>]) -> bool {
    let found: Vec<Option<Header<'_>>> = lines.iter().map(|line| header(line.text)).collect();
    let mut frames: HashMap<&Frame, Vec<usize>> = HashMap::new();
    for (at, header) in found.iter().enumerate() {
        if let Some(header) = header {
            frames.entry(&header.frame).or_default().push(at);
        }
    }
    let name = |at: usize| found[at].as_ref().map_or("", |header| header.name);
    let is_layout = |frame: &Frame, places: &[usize]| {
        let names: HashSet<&str> = places.iter().map(|at| name(*at)).collect();
        let with_text = places.iter().filter(|at| found.get(*at + 1).is_some_and(Option::is_none)).count();
        // The steps of an instruction are numbered as well, and nobody takes two of them.
        let is_list = frame.0 == "#." && frame.1.is_empty() && names.len() == places.len();
        places.len() >= LEAST_COMMENTS
            && places.len() * 40 >= lines.len()
            && names.len() >= LEAST_AUTHORS
            && with_text * 2 >= places.len()
            && !is_list
    };
    let Some((frame, mut places)) = frames
        .into_iter()
        .filter(|(frame, places)| is_layout(frame, places))
        .max_by(|(a, a_places), (b, b_places)| (a_places.len(), b).cmp(&(b_places.len(), a)))
    else {
        return false;
    };
    let mut slots: Vec<Line<'_>> = lines.to_vec();
    for &at in &places {
        slots[at].text = name(at);
    }
    let odds = layout::name_odds(&slots);
    if places.iter().map(|at| odds[*at]).sum::<f64>() <= 0.0 {
        return false;
    }
    if frame.0.is_empty() && frame.1.is_empty() {
        // A sentence may end in "2 weeks ago": what stands before it does not look like a name.
        let all = places.clone();
        let count = |at: usize| all.iter().filter(|other| name(**other) == name(at)).count();
        places.retain(|at| odds[*at] > 0.0 || count(*at) > 1);
    }
    for at in places {
        lines[at].text = slots[at].text;
        lines[at].is_header = true;
    }
    true
}

/// Splits a line into the page's words at both of its ends and the name between them.
fn header(line: &str) -> Option<Header<'_>> {
    if line.len() > 160 || line.contains("://") {
        return None;
    }
    let words: Vec<(usize, &str)> = words(line);
    let tokens: Vec<Vec<String>> = words.iter().map(|(_, word)| page_words::tokens(word)).collect();
    let is_page = |at: usize| tokens[at].iter().all(|token| page_words::is_page_word(token));
    // A name may begin with a word of the page, such as "May" or "Top": the first one that is none
    // of numbers or signs.
    let mut start = 0;
    while start < words.len() && is_page(start) && !(start == 0 && is_plain(words[start].1)) {
        start += 1;
    }
    let mut end = words.len();
    while end > start + 1 && is_page(end - 1) {
        end -= 1;
    }
    // And may end with one: what follows it begins with a number, a time, a sign or a verb.
    while end < words.len() && !begins_tail(words[end].1, &tokens[end]) {
        end += 1;
    }
    if start >= end || end - start > 4 {
        return None;
    }
    let from = words[start].0;
    // "[–]", which folds a thread, touches the name.
    let fold = ["[–]", "[-]", "[+]", "[—]"].iter().find(|fold| line[from..].starts_with(**fold));
    let from = from + fold.map_or(0, |fold| fold.len());
    let to = words[end - 1].0 + words[end - 1].1.len();
    let name = line[from..to].trim_end_matches([',', ':', ';', '•', '·', '|', '—', '–']).trim_end();
    let name = name.split_once("[S]").map_or(name, |(name, _)| name);
    let separator =
        line[from + name.len()..].trim_start().chars().next().filter(|c| !c.is_alphanumeric() && *c != '[');
    let before = line[..from].trim();
    let is_ordinal =
        before.strip_prefix('#').unwrap_or(before).trim_end_matches(['.', ')', ':']).parse::<u32>().is_ok()
            && before.contains(['#', '.', ')']);
    let tail: Vec<String> = tokens[..start].iter().chain(&tokens[end..]).flatten().cloned().collect();
    let has_time = page_words::contains_time(&tail);
    let has_points =
        tail.windows(2).any(|pair| pair[0] == "#" && matches!(pair[1].as_str(), "points" | "point"));
    let is_name = !name.is_empty()
        && name.chars().count() <= 40
        && name.contains(char::is_alphanumeric)
        && !name.contains(['<', '>', '=', '{', '}', '"', '“'])
        && !name.ends_with(['.', '!', '?'])
        && !before.starts_with(['>', '#'].as_slice()) | is_ordinal;
    if !is_name || !(has_time || has_points || is_ordinal) {
        return None;
    }
    let before = if is_ordinal {
        before.chars().filter(|c| !c.is_ascii_digit()).fold("#".to_owned(), |form, c| form + &c.to_string())
    } else {
        page_words::tokens(before).join(" ") + fold.map_or("", |_| "[")
    };
    Some(Header { name, frame: (before, separator.map_or_else(String::new, String::from)) })
}

/// The words of a line with their places.
fn words(line: &str) -> Vec<(usize, &str)> {
    line.split_whitespace().map(|word| (word.as_ptr() as usize - line.as_ptr() as usize, word)).collect()
}

/// A word without digits and signs.
fn is_plain(word: &str) -> bool {
    word.chars().all(char::is_alphabetic)
}

fn begins_tail(word: &str, tokens: &[String]) -> bool {
    let is_verb = matches!(
        word.trim_end_matches([':', ',']),
        "says"
            | "said"
            | "wrote"
            | "writes"
            | "posted"
            | "commented"
            | "replied"
            | "OP"
            | "MOD"
            | "schrieb"
            | "sagt"
            | "on"
            | "at"
            | "edited"
    );
    is_verb
        || !word.starts_with(char::is_alphabetic)
        || tokens.iter().all(|token| page_words::is_time_word(token))
}
