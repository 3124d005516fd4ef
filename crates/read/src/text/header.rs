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

/// The role that lines with a name and a time have in a page.
pub(super) enum Headers {
    /// There are none.
    None,
    /// They are the lines above comments: marked, and reduced to their names.
    Marked,
    /// These lines announce a name that is alone on the line below them.
    Announcing(Vec<usize>),
    /// These lines follow a name that is alone on its line: they have a place and a time.
    Following(Vec<usize>),
}

/// Finds a page's headers, and reduces each to its name.
pub(super) fn mark(lines: &mut [Line<'_>]) -> Headers {
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
        // The steps of an instruction are numbered as well, and nobody has two of them.
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
        return Headers::None;
    };
    let mut slots: Vec<Line<'_>> = lines.to_vec();
    for &at in &places {
        slots[at].text = name(at);
    }
    let odds = layout::name_odds(&slots);
    if places.iter().map(|at| odds[*at]).sum::<f64>() <= 0.0 {
        return Headers::None;
    }
    if frame.0.is_empty() && frame.1.is_empty() {
        // A sentence may end in "2 weeks ago": the words before it do not look like a name.
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for at in &places {
            *counts.entry(name(*at)).or_insert(0) += 1;
        }
        places.retain(|at| odds[*at] > 0.0 || counts[name(*at)] > 1);
    }
    let is_repeated =
        |at: &&usize| (1..=2).any(|by| lines.get(**at + by).is_some_and(|line| line.text == name(**at)));
    if places.iter().filter(is_repeated).count() * 3 >= places.len() * 2 {
        return Headers::Announcing(places);
    }
    let above = |at: usize| {
        let before = at.checked_sub(1).filter(|before| found[*before].is_none() && odds[*before] > 0.0)?;
        page_words::class(lines[before].text).is_none().then_some(lines[before].text)
    };
    let above: Vec<&str> = places.iter().filter_map(|at| above(*at)).collect();
    // Buttons recur, and so do authors, but less.
    let distinct = above.iter().collect::<HashSet<_>>().len();
    if above.len() * 5 >= places.len() * 4 && distinct >= LEAST_COMMENTS.min(above.len()) {
        return Headers::Following(places);
    }
    for at in places {
        lines[at].text = slots[at].text;
        lines[at].is_header = true;
    }
    Headers::Marked
}

/// Words that sites write before a name.
const LEADS: [&str; 12] = [
    "posted",
    "by",
    "from",
    "reply",
    "comment",
    "commented",
    "written",
    "submitted",
    "author",
    "am",
    "pm",
    "von",
];

/// Splits a line into the page's words at both of its ends and the name between them.
fn header(line: &str) -> Option<Header<'_>> {
    if line.len() > 160 || line.contains("://") || is_of_chat(line) {
        return None;
    }
    let words: Vec<(usize, &str)> = words(line);
    let has_digit = line.contains(|c: char| c.is_ascii_digit());
    if words.len() > if has_digit { 20 } else { 8 } {
        return None;
    }
    if page_words::class(line).is_some() {
        return None;
    }
    let tokens: Vec<Vec<String>> = words.iter().map(|(_, word)| page_words::tokens(word)).collect();
    let is_page = |at: usize| tokens[at].iter().all(|token| page_words::is_page_word(token));
    let is_time = |at: usize| tokens[at].iter().all(|token| page_words::is_time_word(token));
    // A name may begin with a word of the page, such as "Jan" or "Top".
    let has_number =
        |at: usize| words.get(at).is_some_and(|(_, word)| word.contains(|c: char| c.is_ascii_digit()));
    let leads = |at: usize| {
        let word = words[at].1.trim_end_matches(':').to_lowercase();
        if is_initial(words[at].1) {
            return false;
        }
        !is_plain(&word)
            || LEADS.contains(&word.as_str())
            || is_time(at) && (has_number(at + 1) || has_number(at + 2))
    };
    let mut start = 0;
    while start < words.len() && is_page(start) && leads(start) {
        start += 1;
    }
    let mut end = words.len();
    while end > start + 1 && is_page(end - 1) {
        end -= 1;
    }
    // It may also end with one: the words after it begin with a number, a time, a sign or a verb.
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
    let name = ["[S]", "[M]", "[A]", " @"]
        .iter()
        .filter_map(|end| name.split_once(end))
        .next()
        .map_or(name, |(name, _)| name);
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
    // "Ada #12".
    let is_numbered = line[to..].trim().strip_prefix('#').is_some_and(|number| number.parse::<u32>().is_ok());
    if !is_name || !(has_time || has_points || is_ordinal || is_numbered) {
        return None;
    }
    let before = if is_ordinal {
        before.chars().filter(|c| !c.is_ascii_digit()).fold("#".to_owned(), |form, c| form + &c.to_string())
    } else {
        page_words::tokens(before).join(" ") + fold.map_or("", |_| "[")
    };
    Some(Header { name, frame: (before, separator.map_or_else(String::new, String::from)) })
}

/// Returns true for the header of a message to all of a meeting: `10:15:12 From Ada To Everyone:`.
fn is_of_chat(line: &str) -> bool {
    line.trim_end_matches([':', ' ']).to_lowercase().ends_with(" to everyone")
}

/// Returns the words of a line with their places.
fn words(line: &str) -> Vec<(usize, &str)> {
    line.split_whitespace().map(|word| (word.as_ptr() as usize - line.as_ptr() as usize, word)).collect()
}

/// Returns true for the initial of a name: `D.`
fn is_initial(word: &str) -> bool {
    let letter = word.strip_suffix('.').map(|letter| letter.chars().collect::<Vec<_>>());
    letter.is_some_and(|letter| matches!(letter[..], [letter] if letter.is_uppercase()))
}

/// Returns true for a word without digits and signs.
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
