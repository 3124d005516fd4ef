//! Pages whose names share a line with their text or follow it: `Name: text`, and a text whose last
//! line is `— Name`.

use std::collections::HashSet;

use super::layout::{self, LEAST_AUTHORS, LEAST_COMMENTS};
use super::line::{self, Line};

/// Splits `Name: text` into a line of the name and one of the text. `None` if the page is not
/// written that way.
pub(super) fn split_colons<'a>(lines: &[Line<'a>]) -> Option<Vec<Line<'a>>> {
    let parts: Vec<Option<(&str, &str)>> = lines.iter().map(|line| colon(line.text)).collect();
    let first = parts.iter().position(Option::is_some)?;
    let found: Vec<(&str, &str)> = parts.iter().flatten().copied().collect();
    let names: HashSet<&str> = found.iter().map(|(name, _)| *name).collect();
    let words: usize = found.iter().map(|(_, text)| line::count_words(text)).sum();
    let is_layout = found.len() >= LEAST_COMMENTS
        && found.len() * 10 >= (lines.len() - first) * 9
        && names.len() >= LEAST_AUTHORS
        && !names.iter().all(|name| is_of_interview(name))
        && words >= 3 * found.len();
    if !is_layout {
        return None;
    }
    let mut split = Vec::with_capacity(lines.len() + found.len());
    for (line, part) in lines.iter().zip(parts) {
        match part {
            None => split.push(line.clone()),
            Some((name, text)) => {
                split.push(Line { text: name, raw: name, is_header: true, ..line.clone() });
                split.push(Line { text, raw: text, ..line.clone() });
            }
        }
    }
    Some(split)
}

/// Returns true for the words before questions and answers, which are no names.
fn is_of_interview(name: &str) -> bool {
    const WORDS: [&str; 16] = [
        "q",
        "a",
        "question",
        "answer",
        "f",
        "frage",
        "antwort",
        "r",
        "réponse",
        "p",
        "pregunta",
        "pergunta",
        "domanda",
        "vraag",
        "antwoord",
        "odpowiedź",
    ];
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit()).to_lowercase();
    WORDS.contains(&name.as_str())
}

/// Splits `Name: text`.
fn colon(line: &str) -> Option<(&str, &str)> {
    let (name, text) = line.split_once(": ")?;
    let is_name = name.chars().count() <= 30
        && name.split_whitespace().count() <= 4
        && name.starts_with(|c: char| c.is_alphanumeric() || "@_".contains(c))
        && !name.contains(['"', '“', '[', '(', '{', '<', '/', '\\', '=', '`', '*', ',', ';'])
        && !name.chars().all(|c| c.is_ascii_digit() || c == ':' || c == '-');
    let text = line::trim(text);
    (is_name && !text.is_empty()).then_some((line::trim(name), text))
}

/// Puts each `— Name` before the text above it. `None` if the page is not written that way.
pub(super) fn join_signatures<'a>(lines: &[Line<'a>]) -> Option<Vec<Line<'a>>> {
    let names: Vec<Option<&str>> = lines.iter().map(|line| signature(line.text)).collect();
    let found: Vec<usize> = (0..lines.len()).filter(|at| names[*at].is_some()).collect();
    let distinct: HashSet<&str> = names.iter().flatten().copied().collect();
    let has_text = |at: &&usize| **at > 0 && names[**at - 1].is_none();
    let is_layout = found.len() >= LEAST_COMMENTS
        && distinct.len() >= LEAST_AUTHORS
        && found.iter().filter(has_text).count() == found.len()
        && found.last() == lines.len().checked_sub(1).as_ref()
        && lines.len() <= 12 * found.len();
    if !is_layout {
        return None;
    }
    let slots: Vec<Line<'a>> =
        found.iter().map(|at| Line { text: names[*at].unwrap_or_default(), ..lines[*at].clone() }).collect();
    if layout::name_odds(&slots).iter().sum::<f64>() <= 0.0 {
        return None;
    }
    let mut joined = Vec::with_capacity(lines.len());
    let mut start = 0;
    for (number, (&at, name)) in found.iter().zip(slots).enumerate() {
        let mut texts = &lines[start..at];
        if number == 0 {
            // The article is above the first comment.
            let first = texts.iter().rposition(|line| line.blank_before).unwrap_or(0);
            joined.extend_from_slice(&texts[..first]);
            texts = &texts[first..];
        }
        joined.push(Line { raw: name.text, is_header: true, ..name });
        joined.extend_from_slice(texts);
        start = at + 1;
    }
    Some(joined)
}

/// Returns the name of a signature: `— Name`.
fn signature(line: &str) -> Option<&str> {
    let name = ["—", "–", "―", "--", "~"].iter().find_map(|dash| line.strip_prefix(dash))?.trim();
    let is_name = !name.is_empty()
        && name.chars().count() <= 40
        && name.split_whitespace().count() <= 4
        && name.starts_with(|c: char| c.is_alphanumeric() || "@_".contains(c))
        && !name.ends_with(['.', '!', '?', ':', ',']);
    is_name.then_some(name)
}
