//! Lines that a site puts around every comment ("Reply", "3 hours ago", "12 likes") and the heading
//! of its comment section.
//!
//! A line of the page's own vocabulary counts if it recurs through the file; either alone proves
//! nothing. A line of any other words counts by its statistics: it makes up a good part of the file
//! and is always next to another short line, it occurs about once per comment next to such lines,
//! or it repeats the name next to it (`Ada's picture`). The report lists the findings.

use std::collections::{HashMap, HashSet};

use super::header::Headers;
use super::line::Line;
use super::page_words::{self, Class};

/// The role of a line in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A line that is not the page's own.
    Content,
    /// "Reply", "5 likes", "3 hours ago": not the words of a comment.
    Furniture,
    /// "12 Comments": the comments begin after it.
    Heading,
}

/// The role of each line in the page, and its class.
pub(super) struct Furniture {
    pub(super) parts: Vec<Part>,
    pub(super) classes: Vec<Option<Class>>,
}

/// Finds the page's own lines, apart from the headers that leave the names to other lines.
pub(super) fn find(lines: &[Line<'_>], headers: &Headers) -> Furniture {
    let mut classes: Vec<Option<Class>> =
        lines.iter().map(|line| if line.is_header { None } else { page_words::class(line.text) }).collect();
    let (numbered, most) = numbered(lines, &classes);
    let comments = count_comments(lines, &classes).max(most);
    let recurring = recurring(lines, comments);
    let mut naming = naming(lines);
    match headers {
        Headers::Announcing(places) => naming.extend(places),
        Headers::Following(places) => {
            for at in places {
                classes[*at] = Some(Class::Time);
            }
        }
        Headers::None | Headers::Marked => {}
    }
    for (at, line) in lines.iter().enumerate() {
        if line.is_header {
            continue;
        }
        if naming.contains(&at) {
            classes[at] = Some(Class::Unknown("name".to_owned()));
        } else if classes[at].is_none() {
            let form = short(line);
            let of_form = |form: String| recurring.contains(&form).then_some(Class::Unknown(form));
            classes[at] = numbered.get(&at).cloned().map(Class::Unknown).or_else(|| form.and_then(of_form));
        }
    }
    let mut counts: HashMap<&Class, usize> = HashMap::new();
    for class in classes.iter().flatten() {
        *counts.entry(class).or_insert(0) += 1;
    }
    let enough = (lines.len() / 30).max(2);
    // About once per comment, not two or three times by chance.
    let often = if comments >= 3 { (comments / 3).max(3) } else { usize::MAX };
    // "Reply" below each comment makes "Reply Share" below some of them plausible.
    let actions: usize =
        counts.iter().filter(|(class, _)| matches!(class, Class::Action(_))).map(|(_, count)| count).sum();
    let mut parts: Vec<Part> = classes
        .iter()
        .map(|class| match class {
            None | Some(Class::Badge) => Part::Content,
            Some(class @ (Class::Number | Class::Mark(_))) if counts[class] >= often => Part::Furniture,
            Some(Class::Number | Class::Mark(_)) => Part::Content,
            Some(class @ Class::Heading) if counts[class] < enough.max(3) => Part::Heading,
            Some(class @ Class::Action(words))
                if (counts[class] >= 2 || are_buttons(words)) && actions >= enough =>
            {
                Part::Furniture
            }
            Some(class) if counts[class] >= enough => Part::Furniture,
            Some(_) => Part::Content,
        })
        .collect();
    spread(lines, &classes, &mut parts);
    // Lines below the last comment ("Log in to comment", "Load more comments") occur only once.
    for (part, class) in parts.iter_mut().zip(&classes).rev() {
        let is_below = match class {
            Some(Class::Heading) => true,
            Some(Class::Action(words)) => words.contains(' ') || *part == Part::Furniture,
            Some(_) => *part == Part::Furniture,
            None => false,
        };
        if !is_below {
            break;
        }
        *part = Part::Furniture;
    }
    Furniture { parts, classes }
}

/// Marks rarer lines of the page's vocabulary that touch other furniture.
fn spread(lines: &[Line<'_>], classes: &[Option<Class>], parts: &mut [Part]) {
    for at in 0..parts.len() {
        let touches = |other: Option<usize>| {
            other.is_some_and(|other| {
                parts.get(other) == Some(&Part::Furniture)
                    || lines.get(other).is_some_and(|line| line.is_header)
            })
        };
        let (before, after) = (touches(at.checked_sub(1)), touches(Some(at + 1)));
        let is_own = match &classes[at] {
            // Between two others it may as well be the name that it looks like.
            Some(Class::Badge) => before != after || before && is_state(lines[at].text),
            Some(_) => {
                (before || after)
                    && lines[at].text.contains(|c: char| c.is_whitespace() || c.is_ascii_digit())
                    || before && after
            }
            None => false,
        };
        if parts[at] == Part::Content && is_own {
            parts[at] = Part::Furniture;
        }
    }
}

/// Returns true if there are only counters and buttons, without a word that accompanies them.
fn are_buttons(words: &str) -> bool {
    let has_several = words.contains(' ');
    has_several
        && words.split(' ').all(|word| page_words::is_action_word(word) || page_words::is_time_word(word))
}

/// Returns true for a badge of comments, never of their authors.
fn is_state(badge: &str) -> bool {
    ["edited", "(edited)", "pinned", "bearbeitet", "modifié", "editado"]
        .contains(&badge.to_lowercase().as_str())
}

/// Estimates the number of comments: lines with an author's name and a time, or the most frequent
/// times or buttons; 0 if the page shows none.
fn count_comments(lines: &[Line<'_>], classes: &[Option<Class>]) -> usize {
    let headers = lines.iter().filter(|line| line.is_header).count();
    let mut counts: HashMap<&Class, usize> = HashMap::new();
    for class in classes.iter().flatten().filter(|class| matches!(class, Class::Time | Class::Action(_))) {
        *counts.entry(class).or_insert(0) += 1;
    }
    let most = counts.into_values().filter(|count| count * 30 >= lines.len()).max().unwrap_or(0);
    if headers > 0 { headers } else { most }
}

/// Returns a short line's words with `#` for its numbers; `None` for a longer one.
fn short(line: &Line<'_>) -> Option<String> {
    let is_short = line.text.len() <= 40
        && line.text.split_whitespace().nth(4).is_none()
        && !line.text.ends_with(['.', '!', '?', '…', '"'])
        && line.text.contains(char::is_alphabetic);
    is_short.then(|| page_words::tokens(line.text).join(" "))
}

/// Finds the forms of short lines that recur like a page's own: in an eighth of the file and nearly
/// always before, or always after, another short line; or once per comment.
fn recurring(lines: &[Line<'_>], comments: usize) -> HashSet<String> {
    const LEAST: usize = 8;
    let forms: Vec<Option<String>> =
        lines.iter().map(|line| short(line).filter(|_| !line.is_header)).collect();
    let mut touching: HashMap<&str, [usize; 3]> = HashMap::new();
    let mut texts: HashMap<&str, HashSet<&str>> = HashMap::new();
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
        texts.entry(form).or_default().insert(lines[at].text);
    }
    let is_furniture = |form: &str, [count, before, after]: [usize; 3]| {
        let is_steady = before.max(after) * 20 >= count * 19;
        // `user12` and `user34` are names.
        if form.contains('#') && !is_spaced(&texts[form]) {
            return false;
        }
        let is_counter = texts[form].len() >= 2 && form.contains('#') && form.contains(' ');
        count >= LEAST && count * 8 >= lines.len() && is_steady
            || comments >= 3 && count >= 3 && count * 10 >= comments * 9
            || comments >= 3 && count >= 3 && is_counter && count * 4 >= comments && is_steady
    };
    let found = touching.iter().filter(|(form, counts)| is_furniture(form, **counts));
    found.map(|(form, _)| (*form).to_owned()).collect()
}

/// Finds short lines that contain a number and begin or end with the same word throughout the file,
/// about once per comment and next to short lines that differ: times and counters in a language
/// without a list (`2 tuntia sitten`, `5 päivää sitten`). Returns the common form of each line, and
/// the number of lines of the most frequent form; numbers alone count as well.
fn numbered(lines: &[Line<'_>], classes: &[Option<Class>]) -> (HashMap<usize, String>, usize) {
    let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
    for at in 0..lines.len() {
        if let (None, Some(form)) = (&classes[at], number_form(&lines[at])) {
            groups.entry(form).or_default().push(at);
        }
    }
    groups.retain(|_, places| are_counters(lines, places));
    let is_number = |at: usize| classes[at] == Some(Class::Number);
    // Some pages show several numbers below each other.
    let ends = (0..lines.len()).filter(|at| is_number(*at) && !(at + 1 < lines.len() && is_number(at + 1)));
    let numbers: Vec<usize> = ends.collect();
    let numbers = if are_counters(lines, &numbers) { numbers.len() } else { 0 };
    let most = groups.values().map(Vec::len).max().unwrap_or(0).max(numbers);
    let forms =
        groups.into_iter().flat_map(|(form, places)| places.into_iter().map(move |at| (at, form.clone())));
    (forms.collect(), most)
}

/// Returns the common form of a short line with a number: its last word, or its first one.
fn number_form(line: &Line<'_>) -> Option<String> {
    let form = short(line).filter(|form| !line.is_header && form.contains('#'))?;
    let mut words = form.split(' ').filter(|word| *word != "#");
    if !form.starts_with("# ") {
        return line.text.contains(' ').then(|| format!("{} ...", words.next().unwrap_or_default()));
    }
    // In scripts without spaces, words are not divided.
    let last = words.next_back()?;
    let end = last.char_indices().next_back().filter(|(_, c)| *c >= '\u{2e80}').map_or(0, |(at, _)| at);
    Some(format!("... {}", &last[end..]))
}

/// Returns true if some lines are about as many as comments, differ, and are always below or always
/// above short lines that differ as the names of authors do.
fn are_counters(lines: &[Line<'_>], places: &[usize]) -> bool {
    const FEWEST: usize = 6;
    const LEAST_DISTINCT: usize = 3;
    let distinct = |texts: &[&str]| texts.iter().collect::<HashSet<_>>().len();
    let names = |neighbour: fn(usize) -> Option<usize>| {
        let lines = places.iter().filter_map(|place| lines.get(neighbour(*place)?));
        let texts: Vec<&str> = lines.filter(|line| short(line).is_some()).map(|line| line.text).collect();
        // The first and the last line of the file have one neighbour.
        if (texts.len() + 1) * 10 >= places.len() * 9 { distinct(&texts) } else { 0 }
    };
    let texts: Vec<&str> = places.iter().map(|at| lines[*at].text).collect();
    places.len() >= FEWEST
        && places.len() * 10 >= lines.len()
        && distinct(&texts) >= LEAST_DISTINCT
        && places.windows(2).all(|pair| pair[1] - pair[0] >= 3)
        && names(|at| at.checked_sub(1)).max(names(|at| Some(at + 1)))
            >= (places.len() / 8).clamp(LEAST_DISTINCT, 10)
}

/// Returns true if the texts have several words, or begin with a number.
fn is_spaced(texts: &HashSet<&str>) -> bool {
    texts.iter().all(|text| text.contains(' ') || text.starts_with(|c: char| c.is_ascii_digit()))
}

/// Finds short lines that repeat the name on the next line or on the one above, with the same words
/// around it throughout the file: `Ada's picture`.
fn naming(lines: &[Line<'_>]) -> HashSet<usize> {
    const LEAST: usize = 3;
    /// True if the name is on the next line, and the words before and after it.
    type Around<'a> = (bool, &'a str, &'a str);
    let mut found: HashMap<Around<'_>, (Vec<usize>, HashSet<&str>)> = HashMap::new();
    for at in 0..lines.len() {
        for (is_next, other) in [(true, Some(at + 1)), (false, at.checked_sub(1))] {
            let Some(name) = other.and_then(|other| lines.get(other)) else { continue };
            let text = lines[at].text;
            if text.len() > 60
                || name.text.len() < 3
                || lines[at].is_header
                || page_words::class(name.text).is_some()
            {
                continue;
            }
            let Some((before, after)) = text.split_once(name.text) else { continue };
            let is_double = before.is_empty() && after.is_empty();
            if is_double && !is_next || before.split_whitespace().chain(after.split_whitespace()).count() > 4
            {
                continue;
            }
            let (places, names) = found.entry((is_next, before, after)).or_default();
            places.push(at);
            names.insert(name.text);
        }
    }
    let initials = initials(lines);
    let kept = found.into_values().filter(|(places, names)| places.len() >= LEAST && names.len() >= LEAST);
    kept.flat_map(|(places, _)| places).chain(initials).collect()
}

/// Finds single letters in place of the picture of the author on the next line, and the name of the
/// answered person, on the line after "Replying to".
fn initials(lines: &[Line<'_>]) -> Vec<usize> {
    const LEAST: usize = 3;
    let first = |text: &str| text.chars().next().map(|c| c.to_lowercase().to_string());
    let is_initial = |at: usize| {
        let text = lines[at].text;
        text.chars().count() == 1
            && text.chars().all(char::is_alphabetic)
            && lines.get(at + 1).is_some_and(|next| next.text.len() > 1 && first(next.text) == first(text))
    };
    let is_answered = |at: usize| {
        at > 0
            && lines[at].text.starts_with('@')
            && !lines[at].text.contains(' ')
            && lines[at - 1].text.to_lowercase().ends_with("replying to")
    };
    let mut found: Vec<usize> = (0..lines.len()).filter(|at| is_initial(*at)).collect();
    if found.len() < LEAST {
        found.clear();
    }
    found.extend((0..lines.len()).filter(|at| is_answered(*at)));
    found
}

/// Returns a sentence for each class of line that was left out.
pub(super) fn notices(lines: &[Line<'_>], furniture: &Furniture) -> Vec<String> {
    let mut found: Vec<(&Class, usize, &str)> = Vec::new();
    for ((line, part), class) in lines.iter().zip(&furniture.parts).zip(&furniture.classes) {
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
    fn furniture_recurs() {
        let parts = |text: &str| find(&line::filled(&line::split(text)), &Headers::None).parts;
        use Part::{Content, Furniture, Heading};
        let twice = "2 Comments\nAda\nReply to this\nNo.\nReply\nBo\nYes.\nReply";
        let expected = [Heading, Content, Content, Content, Furniture, Content, Content, Furniture];
        assert_eq!(parts(twice), expected);
        assert_eq!(parts("Ada\nShare\nBo\nNot that.\n"), [Content; 4]);
        // Words of a language without a list.
        let danish: Vec<String> = (0..9)
            .map(|n| format!("Navn {}\nDet er kommentar nummer {n}, og den er lang.\nBesvar", n % 4))
            .collect();
        let found = parts(&danish.join("\n"));
        assert_eq!(found.iter().filter(|part| **part == Furniture).count(), 9);
        assert!(found.chunks(3).all(|block| block == [Content, Content, Furniture]));
        // A picture's description repeats the name; numbers occur once per comment.
        let pictures: Vec<String> = ["Ada", "Bodil", "Cecil", "Ada"]
            .iter()
            .map(|n| format!("{n}'s picture\n{n}\n2h\nI see.\n7\n"))
            .collect();
        let found = parts(&pictures.join(""));
        assert!(found.chunks(5).all(|block| block == [Furniture, Content, Furniture, Content, Furniture]));
    }
}
