//! Cautions for a moderator: signs that a score may be wrong about a comment. They are simple signs
//! in its own words, read without the model, so that they are the same in every report;
//! `docs/moderating.md` explains each.

use std::collections::HashSet;
use std::sync::LazyLock;

use comity_core::comment::Comment;
use comity_core::word_list::entries;
use comity_core::words;
use unicode_segmentation::UnicodeSegmentation;

use crate::language::is_known;
use crate::normalize::{groups_of_people, normalize};

/// A sign that a score may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// A group of people is named: models score talk about groups too high (Dixon et al. 2018,
    /// "Measuring and mitigating unintended bias in text classification", AIES).
    Identity,
    /// Words stand in quotation marks: they may be someone else's.
    Quoted,
    /// A quotation has no source in the export: it is scored as the writer's words, and may be
    /// someone else's.
    Unsourced,
    /// It names prejudice, or reports what someone says about a group: it may speak against that.
    Counter,
    /// It describes its writer and nobody else: no attack on anyone, or words that a group
    /// reclaimed.
    Own,
    /// Its language could not be determined, or is probably one that the model does not support.
    Language,
    /// It has few words.
    Short,
}

/// Own words that are too few for a model to go by.
const FEW: usize = 3;

/// Characters that a quotation opens with, and those that close it. Single ones are left out: most
/// are apostrophes.
const QUOTATIONS: [(char, char); 4] = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»')];

/// The terms of a list: one or two words a line.
type Terms = LazyLock<HashSet<&'static str>>;

static IDENTITY: Terms = LazyLock::new(|| groups_of_people().collect());
static PREJUDICE: Terms =
    LazyLock::new(|| entries(include_str!("../../../data/prejudice-words.txt")).collect());
static SAYING: Terms = LazyLock::new(|| entries(include_str!("../../../data/saying-words.txt")).collect());
static OWN: Terms = LazyLock::new(|| entries(include_str!("../../../data/own-statements.txt")).collect());
static OTHERS: Terms = LazyLock::new(|| entries(include_str!("../../../data/other-persons.txt")).collect());

words! { Caution:
    Identity = "identity",
    Quoted = "quoted",
    Unsourced = "unsourced",
    Counter = "counter",
    Own = "own",
    Language = "language",
    Short = "short",
}

impl Caution {
    /// Returns the words on the page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Identity => "names a group of people",
            Self::Quoted => "has words in quotation marks",
            Self::Unsourced => "quotes something not in the export",
            Self::Counter => "may tell of prejudice or speak against it",
            Self::Own => "says what its writer is",
            Self::Language => "language not sure",
            Self::Short => "few words to go by",
        }
    }

    /// Returns the signs that a comment has, in the order of [`Self::ALL`]. `language` is the
    /// language of its own words if it was detected, `known` lists those of the model; a model that
    /// lists none gets no caution for them.
    pub fn of(comment: &Comment, language: Option<&str>, known: &[String]) -> Vec<Self> {
        let own = comment.own_words();
        let text = normalize(&own).text.to_lowercase();
        let words = words_of(&text);
        let says = |terms: &Terms| words.iter().any(|word| terms.contains(word));
        let says_pair = |terms: &Terms| words.windows(2).any(|pair| terms.contains(pair.join(" ").as_str()));
        let names_a_group = says(&IDENTITY) || says_pair(&IDENTITY);
        let has = |caution: &Self| match caution {
            Self::Identity => names_a_group,
            Self::Quoted => comment.unsourced.is_empty() && is_quoting(&text),
            Self::Unsourced => !comment.unsourced.is_empty(),
            Self::Counter => says(&PREJUDICE) || (names_a_group && says(&SAYING)),
            Self::Own => !says(&OTHERS) && says_pair(&OWN),
            Self::Language => !known.is_empty() && language.is_none_or(|language| !is_known(language, known)),
            Self::Short => text.unicode_words().count() < FEW,
        };
        Self::ALL.into_iter().filter(has).collect()
    }
}

/// The words of a lower-case text, parted at apostrophes: `you're` speaks of `you`.
fn words_of(text: &str) -> Vec<&str> {
    text.unicode_words().flat_map(|word| word.split(['\'', '’'])).collect()
}

/// Returns true if a text has a word in quotation marks.
fn is_quoting(text: &str) -> bool {
    QUOTATIONS.into_iter().any(|(open, close)| {
        let mut rest = text;
        while let Some((_, behind)) = rest.split_once(open) {
            let Some((inside, after)) = behind.split_once(close) else { return false };
            if inside.chars().any(char::is_alphabetic) {
                return true;
            }
            rest = after;
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_core::comment::Origin;

    fn cautions(text: &str, language: Option<&str>) -> Vec<&'static str> {
        let comment = Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 });
        let found = Caution::of(&comment, language, &["en".to_owned()]);
        found.into_iter().map(Caution::as_str).collect()
    }

    #[test]
    fn signs_are_found_in_own_words() {
        for (text, signs) in [
            ("You silly old goose, go away", &[][..]),
            ("The Muslims next door are kind to you", &["identity"]),
            ("Black coffee for you, black people there", &["identity"]),
            ("Black coffee for you, said he", &[]),
            ("They wrote \"go home\" on his door", &["quoted"]),
            ("They wrote “go home” on his door", &["quoted"]),
            ("A 5\" screen and a 7\" one for you", &["quoted"]),
            ("He paid \"30\" for it yesterday", &[]),
            ("Your joke was sexist, sorry", &["counter"]),
            ("He tells you that women cannot drive", &["identity", "counter"]),
            ("He tells you that geese cannot drive", &[]),
            ("Sorry, I was so stupid today", &["own"]),
            ("I’m a silly goose and proud of it", &["own"]),
            ("I think that you’re a silly goose", &[]),
            ("I cannot stand geese at all", &[]),
            ("@ana I was stupid yesterday", &[]),
            ("Idiot!", &["short"]),
            ("We are lesbians and took that word back", &["identity", "own"]),
        ] {
            assert_eq!(cautions(text, Some("en")), signs, "{text}");
        }
        assert_eq!(cautions("Nu är det nog dags för er", Some("sv")), ["language"]);
        assert_eq!(cautions("Nu är det nog dags för er", None), ["language"]);
    }

    #[test]
    fn the_language_is_compared_with_the_list_of_the_model() {
        let text = "Nu är det nog dags för er";
        let comment = Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 });
        let cautions = |language, known: &[&str]| {
            let known: Vec<String> = known.iter().map(|code| (*code).to_owned()).collect();
            Caution::of(&comment, language, &known)
        };
        for language in [None, Some("sv"), Some("en")] {
            assert_eq!(cautions(language, &[]), [], "a model that names no languages");
        }
        assert_eq!(cautions(Some("sv"), &["de", "sv-SE"]), []);
        assert_eq!(cautions(Some("en"), &["de", "sv"]), [Caution::Language]);
    }

    #[test]
    fn quotes_of_others_are_not_looked_at() {
        let text = "> racist women \"there\"\nyou go away now";
        let mut comment = Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 });
        comment.quotes.push(0..22);
        assert_eq!(Caution::of(&comment, Some("en"), &["en".to_owned()]), []);
    }

    #[test]
    fn a_quotation_without_a_source_is_told_once() {
        let text = "They said \"you all go away now\", and \"you\" heard it";
        let mut comment = Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 });
        assert_eq!(Caution::of(&comment, Some("en"), &["en".to_owned()]), [Caution::Quoted]);
        comment.unsourced.push(10..31);
        assert_eq!(Caution::of(&comment, Some("en"), &["en".to_owned()]), [Caution::Unsourced]);
        assert_eq!(Caution::Unsourced.words(), "quotes something not in the export");
    }

    #[test]
    fn terms_are_as_they_are_looked_up() {
        for term in [&IDENTITY, &PREJUDICE, &SAYING, &OWN, &OTHERS].into_iter().flat_map(|terms| terms.iter())
        {
            let plain = term.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
            assert!(plain && term.split(' ').count() <= 2, "{term}");
        }
        assert!(OWN.iter().all(|pair| pair.contains(' ')));
        assert!(IDENTITY.len() > 100);
    }
}
