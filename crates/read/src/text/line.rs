//! The lines of a page dump and the features of each: the evidence that `segment` weighs.

use std::collections::{HashMap, HashSet};

use super::page_words;
use super::words::{self, Kind};

/// A line that is not blank.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// The text without the white space around it; only the name of a header.
    pub(super) text: &'a str,
    /// The line as it is in the file.
    pub(super) raw: &'a str,
    /// Its place in the file, from 0.
    pub(super) index: usize,
    /// There is a blank line before it.
    pub(super) blank_before: bool,
    /// There is a blank line after it.
    pub(super) blank_after: bool,
    /// There is a line of the page's own before it.
    pub(super) page_before: bool,
    /// There is a line of the page's own after it.
    pub(super) page_after: bool,
    /// The page's layout shows that it is an author's line.
    pub(super) is_header: bool,
}

/// Splits a text into its lines, without `\n` and `\r\n`.
pub(super) fn split(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// Returns the lines that are not blank.
pub(super) fn filled<'a>(all: &[&'a str]) -> Vec<Line<'a>> {
    let is_blank = |index: usize| all.get(index).is_some_and(|line| trim(line).is_empty());
    all.iter()
        .enumerate()
        .map(|(index, line)| Line {
            text: trim(line),
            raw: line,
            index,
            blank_before: index > 0 && is_blank(index - 1),
            blank_after: is_blank(index + 1),
            page_before: false,
            page_after: false,
            is_header: false,
        })
        .filter(|line| !line.text.is_empty())
        .collect()
}

/// Trims white space and the invisible characters that pages put around names.
pub(super) fn trim(line: &str) -> &str {
    line.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    })
}

/// A feature of a line: value `value` of the group `group` of `segment::GROUPS`.
pub(super) type Sight = (Group, u8);

/// The kinds of evidence for a line being a name rather than text. The shape is judged among lines
/// with the same number of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Length,
    Ending,
    Shape1,
    Shape2,
    Shape3,
    Shape4,
    Shape5,
    Word,
    Words,
    Grammar,
    Start,
    Inside,
    Recurrence,
    Blank,
    Called,
    Beside,
    Page,
}

/// The features of a line, for a name against text (`sights`) and for an article against a comment.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) sights: Vec<Sight>,
    /// The bucket of the length in characters: below 60, 120, 200, 350, and longer.
    pub(super) size: usize,
    /// The register: 0 plain, 1 speaks in the first or second person outside quotation marks, 2
    /// reports.
    pub(super) register: usize,
    /// It repeats an earlier line or begins with `>`: comments do, articles do not.
    pub(super) answers: bool,
    /// It cannot be a name: no letter or digit, an address, a quote mark of e-mail.
    pub(super) never_name: bool,
}

/// The statistics of words and short lines over the whole file.
pub(super) struct Vocabulary<'a> {
    /// Words in small letters in two running lines or more.
    running: HashSet<&'a str>,
    /// The number of times that each short line is in the file.
    counts: HashMap<&'a str, usize>,
    /// Indices of long lines that repeat a part of an earlier line, quotation marks aside.
    repeats: HashSet<usize>,
    /// Lower-case short strings that some line addresses: `@name`, `name, ...`.
    called: HashSet<String>,
}

/// The number of words above which a line is never a name. Lines of up to `SHORT_WORDS` are
/// counted, and longer ones are running text.
const LONGEST_NAME_WORDS: usize = 12;
const LONGEST_NAME_CHARS: usize = 80;
const SHORT_WORDS: usize = 6;

impl<'a> Vocabulary<'a> {
    pub(super) fn of(lines: &[Line<'a>]) -> Self {
        let mut seen_in: HashMap<&str, (usize, bool)> = HashMap::new();
        let mut counts = HashMap::new();
        let mut called = HashSet::new();
        let mut long = HashSet::new();
        let mut repeats = HashSet::new();
        for (number, line) in lines.iter().enumerate() {
            let words = line.text.split_whitespace().count();
            if words <= SHORT_WORDS {
                // A line repeated at once ("no" / "no" / "no") is not a name that comes back.
                if number == 0 || lines[number - 1].text != line.text {
                    *counts.entry(line.text).or_insert(0) += 1;
                }
            } else {
                if !long.insert(bare(line.text)) {
                    repeats.insert(line.index);
                }
                for word in line.text.split_whitespace().map(bare) {
                    if word.chars().next().is_some_and(char::is_lowercase) {
                        let entry = seen_in.entry(word).or_insert((number, false));
                        entry.1 |= entry.0 != number;
                    }
                }
            }
            called_in(line.text, &mut called);
        }
        let running = seen_in.into_iter().filter(|(_, (_, twice))| *twice).map(|(word, _)| word).collect();
        Self { running, counts, repeats, called }
    }

    /// Returns the number of times that this line is in the file (1 for a long one).
    pub(super) fn count(&self, text: &str) -> usize {
        self.counts.get(text).copied().unwrap_or(1)
    }
}

/// Adds the people whom a line addresses.
pub(super) fn called_in(text: &str, called: &mut HashSet<String>) {
    let mut add = |name: &str| {
        let name = bare(name).to_lowercase();
        if name.chars().count() >= 3 && words::kind(&name).is_none() {
            called.insert(name);
        }
    };
    for (at, _) in text.match_indices('@') {
        let rest = &text[at + 1..];
        let mut end = 0;
        for word in rest.split_inclusive(' ').take(3) {
            end += word.len();
            add(&rest[..end]);
        }
    }
    if let Some(end) = text.find([',', ':'])
        && end < 40
        && text.len() > end + 4
    {
        add(&text[..end]);
    }
}

/// Returns a word without the punctuation around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Returns the share of a word that a character is worth, for scripts without spaces between words.
fn word_share(c: char) -> f64 {
    match c {
        '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => 0.5,
        '\u{0e00}'..='\u{0eff}' | '\u{1780}'..='\u{17ff}' => 0.2,
        _ => 0.0,
    }
}

/// Returns the number of words, also in a script without spaces.
pub(super) fn count_words(text: &str) -> usize {
    let spaceless: f64 = text.chars().take(200).map(word_share).sum();
    let spaced = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    spaced.max(spaceless.ceil() as usize)
}

fn is_emoji_or_symbol(c: char) -> bool {
    !c.is_alphanumeric()
        && !c.is_ascii()
        && !matches!(c, '\u{a0}'..='\u{bf}' | '\u{2010}'..='\u{205e}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}

/// Collects the features of a line.
pub(super) fn look(lines: &[Line<'_>], at: usize, vocabulary: &Vocabulary<'_>) -> Seen {
    let line = &lines[at];
    let text = line.text;
    let words = count_words(text);
    let chars = text.chars().map(|c| if word_share(c) > 0.4 { 2 } else { 1 }).sum();
    let mut sights = Vec::with_capacity(12);
    sights.push((Group::Length, length(words, chars)));
    sights.push((Group::Ending, ending(plain(text))));
    sights.push((Group::Start, start(plain(text))));
    sights.push((Group::Blank, u8::from(line.blank_before) + 2 * u8::from(line.blank_after)));
    sights.push((Group::Page, u8::from(line.page_before) + 2 * u8::from(line.page_after)));
    if words <= LONGEST_NAME_WORDS {
        let group = match words {
            0 | 1 => Group::Shape1,
            2 => Group::Shape2,
            3 => Group::Shape3,
            4 => Group::Shape4,
            _ => Group::Shape5,
        };
        sights.push((group, shape(text)));
        sights.push(familiarity(text, words, vocabulary));
        sights.push((Group::Inside, inside(text)));
        sights.push((
            Group::Recurrence,
            match vocabulary.count(text) {
                0 | 1 => 0,
                2 => 1,
                3..=5 => 2,
                _ => 3,
            },
        ));
        sights.push((Group::Called, u8::from(vocabulary.called.contains(&bare(text).to_lowercase()))));
        let beside = |other: Option<&Line<'_>>| u8::from(other.is_some_and(|other| is_bare(other.text)));
        sights.push((
            Group::Beside,
            beside(at.checked_sub(1).map(|before| &lines[before])) + 2 * beside(lines.get(at + 1)),
        ));
        if words >= 2 {
            sights.push((Group::Grammar, grammar(text)));
        }
    }
    Seen {
        sights,
        size: [60, 120, 200, 350].iter().filter(|&&limit| chars >= limit).count(),
        register: register(text),
        answers: text.starts_with('>') || vocabulary.repeats.contains(&line.index),
        never_name: words > LONGEST_NAME_WORDS || chars > LONGEST_NAME_CHARS || is_marked(text),
    }
}

/// Returns true for a line that is short and without an end, like a name.
fn is_bare(text: &str) -> bool {
    text.len() <= 40 && count_words(text) <= 3 && matches!(ending(text), 0 | 1)
}

/// Returns a line without the ornament around it: `-=Ada=-`, `*Ada*`.
fn plain(text: &str) -> &str {
    let mut plain = text;
    while let Some(mark) = plain.chars().next().filter(|c| "-=*~_.+".contains(*c))
        && let Some(inner) = plain[1..].strip_suffix(mark)
        && inner.contains(char::is_alphanumeric)
    {
        plain = inner;
    }
    plain
}

/// Returns true for a line that does not begin like a name or consists of other signs: symbols
/// alone, an address, a quotation, an item of a list, a signature after a dash.
fn is_marked(text: &str) -> bool {
    let text = plain(text);
    let after_number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    !text.chars().any(char::is_alphanumeric)
        || text.starts_with(['>', '"', '“', '«', '„', '•', '–', '—', '―', '=', '|', '{', '<', ':', ',', '+'])
        || text.starts_with(['-', '#']) && text[1..].starts_with(char::is_alphabetic)
        || is_caption(text)
        || is_byline(text)
        || page_words::is_date(text)
        || ["* ", "- ", "-- ", "(1", "(2", "(3", "www.", "&gt;"].iter().any(|mark| text.starts_with(mark))
        || text.ends_with([',', ';', '，', '、'])
        || ["://", " / ", " | "].iter().any(|mark| text.contains(mark))
        || after_number.len() < text.len()
            && (after_number.starts_with(". ") || after_number.starts_with(") "))
        || text.get(1..3) == Some(") ")
}

/// Returns true for "By Somebody".
fn is_byline(text: &str) -> bool {
    let rest = text.strip_prefix("By ").or_else(|| text.strip_prefix("BY "));
    rest.is_some_and(|name| name.starts_with(char::is_uppercase))
}

/// Returns true for "Photo: somebody".
fn is_caption(text: &str) -> bool {
    let Some((first, _)) = text.split_once(':') else { return false };
    ["photo", "image", "picture", "video", "caption", "credit", "source", "graphic", "file photo"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
}

fn length(words: usize, chars: usize) -> u8 {
    match words {
        0 | 1 => match chars {
            0..=2 => 0,
            3..=15 => 1,
            16..=25 => 2,
            _ => 3,
        },
        2 => 4 + u8::from(chars > 25),
        3 => 6 + u8::from(chars > 30),
        4 => 8 + u8::from(chars > 35),
        5..=6 => 10,
        7..=9 => 11,
        10..=20 => 12,
        _ => 13,
    }
}

fn ending(text: &str) -> u8 {
    let Some(last) = text.chars().next_back() else { return 0 };
    let before = &text[..text.len() - last.len_utf8()];
    match last {
        '.' | '。' | '．' => {
            if before.ends_with('.') || before.ends_with(". ") {
                return 7;
            }
            let word = before.rsplit([' ', '.']).next().unwrap_or("");
            let is_initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
            if is_initial || matches!(word, "Jr" | "Sr" | "Esq" | "PhD" | "MD") { 2 } else { 3 }
        }
        '!' | '！' => 4,
        '?' | '？' => 5,
        ',' | ';' | ':' | '-' | '–' | '—' | '、' | '，' | '：' => 6,
        '…' => 7,
        '"' | '”' | '\'' | '’' | '»' | ')' | ']' | '）' | '」' => 8,
        c if c.is_numeric() => 1,
        c if c.is_alphabetic() || c == '_' => 0,
        _ => 9,
    }
}

fn start(text: &str) -> u8 {
    match text.chars().next() {
        Some(c) if c.is_uppercase() => 0,
        Some(c) if c.is_lowercase() => 1,
        Some(c) if c.is_numeric() => 2,
        Some('@') => 3,
        Some('"' | '“' | '\'' | '‘' | '«' | '„') => 4,
        Some('>') => 5,
        Some('-' | '*' | '•' | '–' | '—' | '·' | '#') => 6,
        Some('(' | '[' | '.' | '…' | '/') => 7,
        Some(c) if c.is_alphabetic() => 8,
        Some('_' | '~' | '|') => 10,
        _ => 9,
    }
}

/// Words in small letters inside names.
const PARTICLES: [&str; 22] = [
    "van", "de", "der", "den", "von", "zu", "da", "dos", "do", "di", "del", "della", "la", "le", "el", "al",
    "bin", "ibn", "ter", "ten", "y", "e",
];

fn shape(text: &str) -> u8 {
    let tokens: Vec<&str> = text.split_whitespace().map(bare).filter(|token| !token.is_empty()).collect();
    if tokens.iter().any(|token| is_handle(token)) {
        return 5;
    }
    let mut cased = 0;
    let (mut capitals, mut lowers) = (0, 0);
    let mut all_caps = true;
    let mut first_is_capital = false;
    for (at, token) in tokens.iter().enumerate() {
        let Some(first) = token.chars().next() else { continue };
        if !token.chars().any(|c| c.is_uppercase() || c.is_lowercase()) {
            continue;
        }
        cased += 1;
        all_caps &= !token.chars().any(char::is_lowercase);
        if first.is_lowercase() {
            if at == 0 || !PARTICLES.contains(token) {
                lowers += 1;
            }
        } else if first.is_uppercase() {
            capitals += 1;
            first_is_capital |= at == 0;
        }
    }
    match () {
        () if cased == 0 => 6,
        () if all_caps && text.chars().filter(|c| c.is_uppercase()).count() >= 2 => 3,
        () if lowers == 0 => 0,
        () if capitals == 0 => 2,
        () if first_is_capital && capitals == 1 => 1,
        () => 4,
    }
}

/// Returns true for a word as prose does not write it: digits or underscores among letters,
/// capitals inside.
fn is_handle(token: &str) -> bool {
    let letters = token.chars().filter(|c| c.is_alphabetic()).count();
    let digits = token.chars().any(|c| c.is_ascii_digit());
    let joined = token.contains('_')
        || token.split(['.', '-']).filter(|part| part.chars().count() >= 2).count() >= 2
            && token.contains('.');
    let mut previous_lower = false;
    let mut inner_capital = false;
    for c in token.chars() {
        inner_capital |= previous_lower && c.is_uppercase();
        previous_lower = c.is_lowercase();
    }
    let is_ordinal = token.starts_with(|c: char| c.is_ascii_digit()) && letters <= 2;
    // "McCoy", "MacLeod", "DeVito", "O'Neill" are people's names as well: all the better.
    letters > 0 && (digits && !is_ordinal || joined || inner_capital)
}

/// Returns the share of ordinary words in a line, as a feature.
fn familiarity(text: &str, words: usize, vocabulary: &Vocabulary<'_>) -> Sight {
    let mut known = 0;
    let mut total = 0;
    let mut in_list = false;
    for token in text.split_whitespace().map(bare).filter(|token| !token.is_empty()) {
        total += 1;
        let is_capital = token.chars().next().is_some_and(char::is_uppercase);
        let is_first = total == 1;
        if is_capital && !is_first && words > 1 && token != "I" {
            continue; // prose writes ordinary words in small letters
        }
        let lower = token.to_lowercase().replace('’', "'");
        let listed = words::kind(&lower).is_some();
        in_list |= listed;
        if listed || vocabulary.running.contains(lower.as_str()) {
            known += 1;
        }
    }
    if words <= 1 {
        return (Group::Word, if in_list { 0 } else { 2 - known.min(1) });
    }
    let value = match known {
        0 => 3,
        known if known >= total => 0,
        known if 2 * known >= total => 1,
        _ => 2,
    };
    (Group::Words, value)
}

fn grammar(text: &str) -> u8 {
    let mut found = 2;
    for token in text.split_whitespace().map(bare) {
        match words::kind(&token.to_lowercase().replace('’', "'")) {
            Some(Kind::Grammar) if token.len() > 1 || token == "I" || token == "i" => return 0,
            Some(Kind::Link) if token != "A" => found = 1,
            _ => {}
        }
    }
    found
}

fn inside(text: &str) -> u8 {
    if text.contains("://") || text.contains("www.") {
        return 0;
    }
    let mut word = 0;
    let mut previous = ' ';
    let mut comma = false;
    for c in text.chars() {
        if c == ' ' && matches!(previous, '.' | '!' | '?') && word > 3 {
            return 1;
        }
        comma |= c == ' ' && matches!(previous, ',' | ';' | ':')
            || matches!(c, '，' | '。' | '、')
            || matches!(c, '/' | '|' | '=') && previous == ' ';
        word = if c == ' ' { 0 } else { word + 1 };
        previous = c;
    }
    if comma { 2 } else { 3 }
}

/// Returns true if a line speaks in the first or second person, or as only comments do.
pub(super) fn is_personal(text: &str) -> bool {
    speaks(text).0 || text.ends_with(['!', '?'])
}

/// Returns true if a line attributes its content, as articles do.
pub(super) fn reports(text: &str) -> bool {
    register(text) == 2
}

/// Returns true if a text speaks in the first or second person outside quotation marks; and true if
/// it reports what somebody said.
fn speaks(text: &str) -> (bool, bool) {
    let mut quoted = false;
    let mut reports = false;
    for token in text.split_whitespace() {
        if token.starts_with(['"', '“', '«']) {
            quoted = true;
        }
        let lower = bare(token).to_lowercase().replace('’', "'");
        if !quoted && words::is_personal(&lower) {
            return (true, reports);
        }
        reports |= words::is_reporting(&lower);
        if token.contains(['"', '”', '»']) && !token.starts_with(['"', '“', '«'])
            || token.len() > 1 && token.ends_with(['"', '”', '»'])
        {
            quoted = false;
        }
    }
    (false, reports)
}

fn register(text: &str) -> usize {
    let (is_personal, reports) = speaks(text);
    if is_personal {
        return 1;
    }
    if reports {
        2
    } else if text.contains("!!")
        || text.contains("??")
        || text.starts_with(char::is_lowercase)
        || text.chars().any(is_emoji_or_symbol)
    {
        1
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_in_any_script() {
        for (text, words) in [
            ("", 0),
            ("Ada", 1),
            ("J. R. O'Neill", 3),
            ("Rise & Shine", 2),
            ("李明", 1),
            ("また閉鎖ですか", 4),
        ] {
            assert_eq!(count_words(text), words, "{text}");
        }
    }

    #[test]
    fn a_line_ends_in_one_way() {
        for (text, expected) in [
            ("Ada", 0),
            ("ada_", 0),
            ("ada99", 1),
            ("Seth M.", 2),
            ("Tom Jr.", 2),
            ("No.", 3),
            ("李明。", 3),
            ("Go!", 4),
            ("Why?", 5),
            ("One:", 6),
            ("Well...", 7),
            ("Well…", 7),
            ("(sic)", 8),
            ("ha 😀", 9),
        ] {
            assert_eq!(ending(text), expected, "{text}");
        }
    }

    #[test]
    fn capitals_have_a_shape() {
        for (text, expected) in [
            ("Anna de Vries", 0),
            ("Ólafur", 0),
            ("Good luck", 1),
            ("moss & fern", 2),
            ("NO NO", 3),
            ("the Old Salt", 4),
            ("xX_diver_09", 5),
            ("CrazyJoe", 5),
            ("jean.dupuis", 5),
            ("3rd time", 2),
            ("李明", 6),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    #[test]
    fn some_lines_are_never_names() {
        for text in [
            "> so you say",
            "\"so you say\"",
            "1. First",
            "b) second",
            "- third",
            "https://example.org",
            "👍",
            "+1",
            "By Ada Berg",
            "Photo: Ada Berg",
            "Ada Berg / Agency",
            "Regards,",
            "12 May 2019",
            "— Ada",
            "...",
        ] {
            assert!(is_marked(text), "{text}");
        }
        for text in [
            "Ada Berg",
            "_ada_",
            "4ever",
            "Go Leeds!",
            "@ada",
            "*ada*",
            "-=Ada=-",
            "Dr. No",
            "ada (Leeds)",
            "李明",
            "C3PO",
        ] {
            assert!(!is_marked(text), "{text}");
        }
    }

    #[test]
    fn comments_speak_and_articles_report() {
        for (text, expected) in [
            ("The pool will close in May.", 0),
            ("I never swim.", 1),
            ("\"I never swim,\" the mayor said.", 2),
            ("so what", 1),
            ("The pool will close, officials said.", 2),
        ] {
            assert_eq!(register(text), expected, "{text}");
        }
    }
}
