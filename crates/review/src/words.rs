//! The catalogue: every sentence of the console, in each of its languages.
//!
//! A language is a TOML file of `words/`: tables of keys, with `{name}` where a value is inserted.
//! A key that ends in `_one` or `_other` is a sentence with a number, and is used without the
//! ending.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use comity_core::label::Label;
use jiff::Timestamp;
use jiff::civil::Date;

/// A language of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    English,
    /// German.
    German,
}

// The codes of ISO 639-1.
comity_core::words! { Language, "language":
    English = "en",
    German = "de",
}

impl Language {
    /// Returns the language's name in that language.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// Returns the first language of an `Accept-Language` header that the console has, by weight;
    /// English if it has none of them.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best = (Self::English, 0.0);
        for part in header.split(',') {
            let mut fields = part.split(';').map(str::trim);
            let tag = fields.next().unwrap_or_default();
            let weight = fields.find_map(|field| field.strip_prefix("q=")).unwrap_or("1");
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            if let (Ok(language), Ok(weight)) = (primary.parse(), weight.parse::<f64>())
                && weight > best.1
            {
                best = (language, weight);
            }
        }
        best.0
    }

    /// Returns the words of this language.
    pub(crate) fn words(self) -> &'static Words {
        &CATALOGUE[self as usize]
    }
}

static CATALOGUE: LazyLock<[Words; 2]> = LazyLock::new(|| {
    [
        Words::parse(Language::English, include_str!("../words/en.toml")),
        Words::parse(Language::German, include_str!("../words/de.toml")),
    ]
});

/// A whole number of any type. Templates pass some by reference.
pub(crate) trait Number {
    /// Returns it as the widest type.
    fn widest(&self) -> i128;
}

macro_rules! numbers {
    ($($type:ty),+) => {
        $(impl Number for $type {
            fn widest(&self) -> i128 {
                (*self).into()
            }
        })+
    };
}

numbers!(i32, u32, u64, i64, i128);

impl<N: Number> Number for &N {
    fn widest(&self) -> i128 {
        (**self).widest()
    }
}

/// A number with decimals. Templates pass some by reference.
pub(crate) trait Real {
    /// Returns the number.
    fn real(&self) -> f64;
}

impl Real for f64 {
    fn real(&self) -> f64 {
        *self
    }
}

impl<R: Real> Real for &R {
    fn real(&self) -> f64 {
        (**self).real()
    }
}

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Words {
    language: Language,
    sentences: BTreeMap<String, String>,
}

impl Words {
    fn parse(language: Language, toml: &str) -> Self {
        type Tables = BTreeMap<String, BTreeMap<String, String>>;
        let tables: Tables = toml::from_str(toml).expect("a test reads the catalogue");
        let sentences = tables.into_iter().flat_map(|(table, words)| {
            words.into_iter().map(move |(key, sentence)| (format!("{table}.{key}"), sentence))
        });
        Self { language, sentences: sentences.collect() }
    }

    /// Returns the code of the language, for `lang` attributes.
    pub(crate) fn code(&self) -> &'static str {
        self.language.as_str()
    }

    /// Returns the sentence of a key, or the key itself if the catalogue lacks it.
    pub(crate) fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.sentences.get(key).map_or(key, String::as_str)
    }

    /// Returns the sentence of `table.word`, for words of files such as labels and cautions. A word
    /// that the catalogue lacks is returned with spaces for underscores.
    pub(crate) fn word(&self, table: &str, word: &str) -> String {
        let found = self.sentences.get(&format!("{table}.{}", word.replace('-', "_")));
        found.cloned().unwrap_or_else(|| word.replace('_', " "))
    }

    /// Returns the name of a label.
    pub(crate) fn label(&self, label: &Label) -> String {
        self.word("label", label.as_str())
    }

    /// Returns a sentence with one value for `{0}`.
    pub(crate) fn with(&self, key: &str, value: impl Display) -> String {
        self.t(key).replace("{0}", &value.to_string())
    }

    /// Returns a sentence with two values, for `{0}` and `{1}`.
    pub(crate) fn with2(&self, key: &str, first: impl Display, second: impl Display) -> String {
        // One pass: a value may itself contain the mark of the other.
        let (first, second) = (first.to_string(), second.to_string());
        let mut out = String::new();
        let mut rest = self.t(key);
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            let (value, mark) = match &rest[at..] {
                mark if mark.starts_with("{0}") => (first.as_str(), 3),
                mark if mark.starts_with("{1}") => (second.as_str(), 3),
                _ => ("{", 1),
            };
            out.push_str(value);
            rest = &rest[at + mark..];
        }
        out + rest
    }

    /// Returns a sentence with a number: the form for one, or the form for others.
    pub(crate) fn n(&self, key: &str, number: impl Number) -> String {
        let number = number.widest();
        let form = if number == 1 { "one" } else { "other" };
        let key = format!("{key}_{form}");
        self.t(&key).replace("{0}", &self.number(number))
    }

    /// Returns a whole number, with a thin space between thousands.
    pub(crate) fn number(&self, number: impl Number) -> String {
        let number = number.widest();
        let digits = number.unsigned_abs().to_string();
        let mut out = String::from(if number < 0 { "−" } else { "" });
        for (index, digit) in digits.char_indices() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push('\u{202f}');
            }
            out.push(digit);
        }
        out
    }

    /// Returns a number with this many decimals, with the language's decimal mark.
    pub(crate) fn decimal(&self, value: impl Real, decimals: usize) -> String {
        let value = value.real();
        let written = format!("{value:.decimals$}");
        match self.language {
            Language::English => written,
            Language::German => written.replace('.', ","),
        }
    }

    /// Returns a score: three decimals.
    pub(crate) fn score(&self, score: impl Real) -> String {
        self.decimal(score, 3)
    }

    /// Returns a share of 1 in percent.
    pub(crate) fn percent(&self, share: impl Real) -> String {
        let share = share.real();
        let written = self.decimal(share * 100.0, usize::from(share < 0.1 && share > 0.0));
        match self.language {
            Language::English => format!("{written}%"),
            Language::German => format!("{written}\u{a0}%"),
        }
    }

    /// Returns a rate and its 95% interval.
    pub(crate) fn interval(&self, rate: impl Real, low: impl Real, high: impl Real) -> String {
        let (low, high) = (self.percent(low), self.percent(high));
        format!("{} ({low}–{high})", self.percent(rate))
    }

    /// Returns a time in UTC, for people: `2 March 2026, 09:02 UTC`.
    pub(crate) fn time(&self, time: &Timestamp) -> String {
        let time = time.to_zoned(jiff::tz::TimeZone::UTC);
        let (hour, minute) = (time.hour(), time.minute());
        format!("{}, {hour:02}:{minute:02} UTC", self.date(&time.date()))
    }

    /// Returns a day, for people.
    pub(crate) fn date(&self, date: &Date) -> String {
        let month = self.word("month", &format!("m{}", date.month()));
        match self.language {
            Language::English => format!("{} {month} {}", date.day(), date.year()),
            Language::German => format!("{}. {month} {}", date.day(), date.year()),
        }
    }

    /// Returns the time since, in its largest unit: `3 hours`.
    pub(crate) fn age(&self, time: &Timestamp) -> String {
        self.duration(Timestamp::now().as_second() - time.as_second())
    }

    /// Returns a time span in its largest unit.
    pub(crate) fn duration(&self, seconds: i64) -> String {
        match seconds.max(0) {
            seconds @ 0..120 => self.n("time.seconds", seconds),
            seconds @ 120..7_200 => self.n("time.minutes", seconds / 60),
            seconds @ 7_200..172_800 => self.n("time.hours", seconds / 3_600),
            seconds => self.n("time.days", seconds / 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The marks of a sentence, such as `{0}`.
    fn marks(sentence: &str) -> BTreeSet<&str> {
        sentence.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(mark, _)| mark)).collect()
    }

    #[test]
    fn the_languages_have_the_same_keys_and_values() {
        let [english, german] = &*CATALOGUE;
        let keys = |words: &Words| words.sentences.keys().cloned().collect::<BTreeSet<_>>();
        let (ours, theirs) = (keys(english), keys(german));
        assert_eq!(ours.difference(&theirs).collect::<Vec<_>>(), Vec::<&String>::new(), "not in de.toml");
        assert_eq!(theirs.difference(&ours).collect::<Vec<_>>(), Vec::<&String>::new(), "not in en.toml");
        for (key, sentence) in &english.sentences {
            let other = &german.sentences[key];
            assert!(!sentence.trim().is_empty() && !other.trim().is_empty(), "{key} is empty");
            // A form for one may say so in a word.
            if !key.ends_with("_one") {
                assert_eq!(marks(sentence), marks(other), "{key}");
            }
        }
    }

    /// Every string literal of the templates and the sources that looks like a key of the catalogue.
    fn used() -> (BTreeSet<String>, String) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut text = String::new();
        for folder in ["templates", "src", "src/web", "static"] {
            for entry in std::fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() && !path.ends_with("words.rs") {
                    text.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        let mut keys = BTreeSet::new();
        for method in [".t(\"", ".n(\"", ".with(\"", ".with2(\""] {
            for (at, _) in text.match_indices(method) {
                let key = text[at + method.len()..].split('"').next().unwrap();
                match method {
                    ".n(\"" => keys.extend([format!("{key}_one"), format!("{key}_other")]),
                    _ => drop(keys.insert(key.to_owned())),
                }
            }
        }
        (keys, text)
    }

    #[test]
    fn every_key_in_use_is_in_the_catalogue() {
        let (used, _) = used();
        assert!(used.len() > 100, "the search finds keys");
        let known = &CATALOGUE[0].sentences;
        let missing: Vec<_> = used.iter().filter(|key| !known.contains_key(*key)).collect();
        assert!(missing.is_empty(), "not in the catalogue: {missing:?}");
    }

    #[test]
    fn every_sentence_is_used() {
        let (used, text) = used();
        // Tables whose keys are words of files, or made from numbers.
        let tables = [
            "label", "caution", "action", "verdict", "role", "rights", "month", "state", "queues", "help",
            "time",
        ];
        let idle: Vec<_> = CATALOGUE[0]
            .sentences
            .keys()
            .filter(|key| !tables.contains(&key.split('.').next().unwrap()))
            .filter(|key| !used.contains(*key) && !text.contains(&format!("\"{key}\"")))
            .collect();
        assert!(idle.is_empty(), "in the catalogue, and used nowhere: {idle:?}");
    }

    #[test]
    fn a_browser_gets_its_language() {
        for (header, language) in [
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("fr, en;q=0.5, de;q=0.7", Language::German),
            ("fr", Language::English),
            ("", Language::English),
            ("en-GB, de;q=0.9", Language::English),
            ("de;q=0, en;q=0.1", Language::English),
            ("de;q=x", Language::English),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn values_are_written_in_the_language() {
        let (english, german) = (Language::English.words(), Language::German.words());
        assert_eq!(english.number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!((english.score(0.87), german.score(0.87)), ("0.870".to_owned(), "0,870".to_owned()));
        assert_eq!((english.percent(0.5), german.percent(0.05)), ("50%".into(), "5,0\u{a0}%".into()));
        let time: Timestamp = "2026-03-02T09:02:59Z".parse().unwrap();
        assert_eq!(english.time(&time), "2 March 2026, 09:02 UTC");
        assert_eq!(german.time(&time), "2. März 2026, 09:02 UTC");
        assert_eq!(english.duration(7_300), "2 hours");
        assert_eq!(english.label(&Label::IdentityAttack), "identity attack");
    }

    #[test]
    fn a_value_is_never_read_as_a_mark() {
        let words = Words::parse(Language::English, "[a]\nb = \"{0} and {1}, {x}\"");
        assert_eq!(words.with2("a.b", "{1}", "{0}"), "{1} and {0}, {x}");
    }
}
