//! Texts with one comment per line: their difference from prose, lists, documents and code.

use std::collections::HashSet;

use super::evidence;
use super::line;

/// Returns the number of lines if a text reads as one comment per line: each line a whole
/// utterance, nothing broken at a width, no headings, keys, items or code.
pub(crate) fn count(text: &str) -> Option<usize> {
    const FEWEST: usize = 3;
    let all = line::split(text.strip_prefix('\u{feff}').unwrap_or(text));
    let lines: Vec<&str> = all.iter().copied().filter(|line| !line::trim(line).is_empty()).collect();
    let count = lines.len();
    let share = |test: &dyn Fn(&str) -> bool| {
        lines.iter().filter(|line| test(line)).count() as f64 / count.max(1) as f64
    };
    let average = lines.iter().map(|line| line.len()).sum::<usize>() / count.max(1);
    let distinct: HashSet<&str> = lines.iter().copied().collect();
    let is_one_a_line = count >= FEWEST
        && average <= 300
        && distinct.len() * 10 >= count * 8
        && are_apart(&all)
        && !lines[0].starts_with("# ")
        && !are_headed(&lines)
        // Novels have speech in quotation marks.
        && share(&|line| line.trim_start().starts_with(['"', '“', '„', '«', '‘'])) <= 0.1
        && !evidence::is_document(&all, 0.05)
        && !evidence::is_wrapped(&all)
        && share(&|line| is_utterance(line)) >= 0.85
        && share(&|line| line.starts_with("  ") || line.contains('\t')) <= 0.05
        && share(&|line| line::reports(line)) <= 0.2
        && evidence::personal(lines.iter().copied()) >= 0.15;
    is_one_a_line.then_some(count)
}

/// Returns true if there are blank lines between all lines, or between hardly any: not around
/// paragraphs of several lines.
fn are_apart(all: &[&str]) -> bool {
    let groups: Vec<usize> = all
        .split(|line| line::trim(line).is_empty())
        .map(<[&str]>::len)
        .filter(|length| *length > 0)
        .collect();
    let alone = groups.iter().filter(|length| **length == 1).count();
    let lines: usize = groups.iter().sum();
    alone * 10 >= groups.len() * 9 || groups.len() * 10 <= lines || groups.len() == 1
}

/// Returns true if a name or a heading is above every few lines: a page, or a document.
fn are_headed(lines: &[&str]) -> bool {
    const FEWEST: usize = 3;
    let is_title = |line: &&str| {
        let text = line::trim(line);
        let mut words = text.split_whitespace();
        text.chars().count() <= 30
            && words.clone().count() <= 3
            && words.all(|word| word.starts_with(char::is_uppercase))
            && text.ends_with(char::is_alphanumeric)
    };
    let titles = lines.iter().filter(|line| is_title(line)).count();
    let adjacent = lines.windows(2).filter(|pair| pair.iter().all(&is_title)).count();
    titles >= FEWEST && titles * 5 >= lines.len() && adjacent * 10 <= titles
}

/// Returns true if a line may be a whole comment: two words or more, not an item, a key, a date, or
/// the middle of a sentence.
fn is_utterance(line: &str) -> bool {
    let text = line::trim(line);
    let words = line::count_words(text);
    let begins = text.chars().next().is_some_and(|c| {
        c.is_alphanumeric()
            || !c.is_ascii()
            || matches!(c, '@' | '"' | '\'' | '(' | '#' | '*' | '.' | '!' | '?' | ':')
    });
    let (letters, all) = text.chars().fold((0, 0), |(letters, all), c| {
        (letters + usize::from(c.is_alphabetic() || c == ' '), all + usize::from(c.is_ascii()))
    });
    words >= 2
        && begins
        && letters * 10 >= all * 7
        && !text.ends_with([',', ';', ':', '-', '{', '}', '='])
        && !evidence::is_pair(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_comments_are_counted() {
        for text in [
            "The pier is closed again!\nI told you so.\nWho has the key?\n",
            "We went by bike, it was raining\nMy tent leaked, as it does\nYou owe me a towel, Otto\n",
            "we waited for an hour and nobody came\n\nno idea why you like it\n\n@otto bring cake\n",
        ] {
            assert_eq!(count(text), Some(3), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        for (what, text) in [
            ("two lines", "I like it.\nDo you?\n"),
            (
                "prose broken at a width",
                "The old ferry had been lying in the harbour for so many years that\nnobody could tell who owned it. I \
                 asked the keeper of the inn, and he\nlaughed at me and said that you might as well ask who owned the\n\
                 fog. We drank to that, and then we drank to the ferry as well.\n",
            ),
            (
                "paragraphs",
                "I came home late.\nThe door was open.\nNobody was there.\n\nI called you.\nYou did not answer.\n\n\
                 We met again.\nIt was May.\n",
            ),
            (
                "Markdown",
                "# Ferry\n\nI wrote this for you.\n\n- It floats.\n- It sinks.\n\nCan you use it?\n",
            ),
            ("YAML", "name: ferry\non: push\nsteps:\n  - run: do you float?\n"),
            ("words", "apple\npear\nplum\ncherry\n"),
            ("a log", "10:01 started\n10:02 read 5 files\n10:03 done\n"),
            ("code", "let me = you;\nif (me) {\n  return my;\n}\n"),
            (
                "names above comments",
                "Ana Lund\nI told you so.\nBo Ray\nWho has your key?\nIt was here.\nCy Holm\nI have it, come!\n",
            ),
            ("facts", "The pier has ninety metres.\nThe lake has no fish.\nThe town has a mayor.\n"),
        ] {
            assert_eq!(count(text), None, "{what}");
        }
    }
}
