//! A second reading of a text whose spelling hides words: `1d10t`, `s t u p i d`, `st*pid`, a
//! Cyrillic `а` for an `a`.
//!
//! Unlike the steps of [`normalize`](super::normalize()), which undo only what cannot mean anything
//! else, a fold guesses. So the model reads both texts, and the worse score counts. A guess is made
//! only if the reading is far more likely than the spelling by the lexicon, so that ordinary texts,
//! `MP3`, `2nd`, `e-mail` and `U.S.` stay as they are and are read once. Only a text that is
//! disguised throughout is read boldly, and by its fold alone: to the model the rest of it is
//! noise, which looks like abuse whatever it says.
//!
//! Two kinds of change are told apart. A disguise (letters swapped for signs or lookalikes, spaced
//! out, masked) is what people do to hide a word; a slip (a doubled or a lost letter, a lost or an
//! added space) happens to everyone.
//!
//! The rules, in the order in which they are tried on a word; a cost is a difference in
//! log-likelihood, and each reading must be cheaper than the spelling by the rule's margin:
//!
//! | example | rule (`word.rs`) | costs of the guess | margin |
//! | --- | --- | --- | --- |
//! | `s t u p i d` | `spaced_out`: four letters or more that stand alone | none | half the spelling's cost; bold: 6 |
//! | `mus lims` | `parted`: the whole is a word, not both halves are | none | none |
//! | `fck`, `wmen` | `slip`: one letter missing of a word that people hide | none | no commoner word fits |
//! | `stuupid` | `undoubled`: doubled letters made single | 0.5 a letter | 6; drawn out: 2 |
//! | `becauseyouare` | `run_together`: three words or more without spaces | none | 4 |
//! | `s.t.u.p.i.d` | `disguised`: one mark between all letters | none | 6 |
//! | `sh_t` | `disguised`: a hyphen or underscore for a letter of an often masked word | none | none |
//! | `1d10t`, `st*pid`, `а` | `disguised`: signs, lookalikes and masks (`signs.rs`) | 0.5 to 7 a sign | 6; bold: -4 |
//!
//! For a model of several languages, words of other scripts are left alone: to the English lexicon,
//! Cyrillic `сор` is a disguised `cop`.
//!
//! `docs/disguised-words.md` explains them with examples, which are also tests.

mod shape;
mod signs;
mod survey;
mod word;

use std::borrow::Cow;

pub(crate) use super::lexicon::Lexicon;

use survey::Survey;
use word::WordReader;

/// The other reading of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folded {
    /// The text with its hidden words spelt out; words that were changed are in lower case.
    pub(crate) text: String,
    /// A disguise was undone, not only slips.
    pub(crate) disguise: bool,
    /// Half of the text's longer words are disguised. What can be read as it stands is read so
    /// here, too; the rest of the text as it stands is noise.
    pub(crate) throughout: bool,
}

/// Returns the other reading of a normalised text, if it has one. `by_script` leaves words of other
/// scripts than Latin alone.
pub(crate) fn fold(text: &str, lexicon: &Lexicon, by_script: bool) -> Option<Folded> {
    let words: Vec<&str> = text.split(' ').collect();
    let is_left = |word: &str| by_script && is_of_another_script(word);
    let surveyed: Vec<&str> = words.iter().copied().filter(|word| !is_left(word)).collect();
    let survey = Survey::of(&surveyed, lexicon);
    let mut reader = WordReader::new(lexicon, survey);
    let mut folded: Vec<Cow<'_, str>> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() && !reader.is_exhausted() {
        if is_left(words[at]) {
            folded.push(words[at].into());
            at += 1;
            continue;
        }
        match reader.read(&words, at) {
            Some((read, count)) => {
                folded.push(read.into());
                at += count;
            }
            None => {
                folded.push(words[at].into());
                at += 1;
            }
        }
    }
    folded.extend(words[at..].iter().map(|word| Cow::from(*word)));
    let WordReader { disguises, slips, .. } = reader;
    (disguises + slips > 0).then(|| Folded {
        text: folded.join(" "),
        // One slip happens to everyone; slips all over a text are made on purpose.
        disguise: disguises > 0 || survey.is_habit(slips),
        throughout: survey.mode.is_bold() && disguises > 0 || survey.is_drawn_out && slips > 0,
    })
}

/// Returns true for a word that has no letter from a to z, or more letters of other scripts.
fn is_of_another_script(word: &str) -> bool {
    let is_latin = |char: char| matches!(char, '\0'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}');
    let ascii = word.bytes().filter(u8::is_ascii_alphabetic).count();
    ascii == 0 || word.chars().filter(|char| char.is_alphabetic() && !is_latin(*char)).count() > ascii
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        input: String,
        expected: Option<String>,
        #[serde(default)]
        disguise: bool,
        #[serde(default)]
        throughout: bool,
    }

    fn lexicon() -> Lexicon {
        let tokenizer: serde_json::Value =
            serde_json::from_str(include_str!("../../../../models/english/tokenizer.json")).unwrap();
        let vocabulary = tokenizer["model"]["vocab"].as_object().unwrap();
        Lexicon::new(vocabulary.iter().map(|(piece, id)| (piece.clone(), id.as_u64().unwrap() as u32)))
    }

    #[test]
    fn every_case_is_read_as_it_says() {
        let lexicon = lexicon();
        let cases: Cases = toml::from_str(include_str!("../../../../tests/text/fold.toml")).unwrap();
        let wrong: Vec<String> = cases
            .case
            .into_iter()
            .filter_map(|Case { input, expected, disguise, throughout }| {
                let expected = expected.map(|text| Folded { text, disguise, throughout });
                let found = fold(&input, &lexicon, false);
                (found != expected).then(|| format!("{input}\n   {found:?}\n   not {expected:?}"))
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Every row of a table of docs/disguised-words.md that shows a text and its reading.
    #[test]
    fn the_examples_of_the_page_are_true() {
        let lexicon = lexicon();
        let page = include_str!("../../../../docs/disguised-words.md");
        let mut count = 0;
        for line in page.lines() {
            let Some(row) = line.strip_prefix("| `").and_then(|row| row.strip_suffix(" |")) else { continue };
            let cells: Vec<&str> = row.split(" | ").collect();
            let (text, read) = (cells[0].trim_end_matches('`'), cells[1].trim_matches('`'));
            let found = fold(text, &lexicon, false);
            let found = match &found {
                Some(folded) => folded.text.as_str(),
                None => "as written",
            };
            assert_eq!(found, read, "{line}");
            count += 1;
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn words_of_other_scripts_are_left_alone() {
        let lexicon = lexicon();
        let read = |text, by_script| fold(text, &lexicon, by_script).map(|folded| folded.text);
        // The second word is Russian for rubbish, in letters that look like `cop`.
        for text in ["какой сор", "что за сор у вас", "好 сор", "ωσ σορ"] {
            assert_eq!(read(text, true), None, "{text}");
        }
        assert_eq!(read("сор this is an 1d10t", true).as_deref(), Some("сор this is an idiot"));
        // Latin letters with accents are no other script, and one lookalike makes no Russian word.
        for by_script in [false, true] {
            assert_eq!(read("ты ѕtupid", by_script).as_deref(), Some("ты stupid"));
            assert_eq!(read("you ídiot", by_script), read("you ídiot", false));
        }
    }

    #[test]
    fn hostile_texts_are_bounded_in_work() {
        let lexicon = lexicon();
        for unit in ["a*b*c*d ", "s ", "a1", "st*pid ", "aabbccddee ", "x-", "dontyouknowthatitislate", "аb"]
        {
            let text = unit.repeat(300_000 / unit.len());
            // Once the readings of a text are used up, the rest of it stays as it is.
            let folded = fold(&text, &lexicon, false).map_or(text.clone(), |folded| folded.text);
            assert!(folded.chars().rev().take(2).eq(text.chars().rev().take(2)), "{unit}");
        }
    }

    proptest! {
        #[test]
        fn folding_is_total(text in "[a-c13*$ .@\\-аé😀]{0,60}") {
            let lexicon = Lexicon::new([("abc".to_owned(), 1), ("a".to_owned(), 2), ("##b".to_owned(), 3)]);
            let _ = fold(&text, &lexicon, false);
            let _ = fold(&text, &lexicon, true);
        }
    }
}
