//! Language detection, and the gate that keeps texts away from a model that does not know their
//! language.
//!
//! Detection has three steps:
//!
//! 1. The script of most letters decides, if one language alone is written in it (Greek, Thai,
//!    Korean). A word that mixes Latin with other letters is a disguise and counts as Latin, and a
//!    lone letter of another script (`¯\_(ツ)_/¯`) is part of a face and does not count.
//! 2. Latin, Cyrillic and Arabic letters stand for many languages. A multinomial logistic
//!    regression over hashed character n-grams gives the likelihood of the text under each.
//! 3. Bayes' rule: the likelihood times the prior of each language. One or two words rarely decide
//!    alone ("no", "kys"), so the prior matters most for the shortest texts. The prior is the
//!    distribution of languages among the first comments of the export
//!    ([`expect`](Gate::expect)), or, without an export, one that leans to the languages of the
//!    model.
//!
//! The gate turns a text away if another language is more probable than all the rest, and the
//! model's languages together have a posterior below 10%. A model that does not name its
//! languages turns nothing away.
//!
//! `scripts/train-language` fits the regression, `scripts/measure-language` measures the gate, and
//! `docs/languages.md` has the figures, and those of the libraries that were compared.

mod census;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

pub use census::census;

/// The number of bytes of a text that are read. More change nothing but the time.
const MAX_BYTES: usize = 4096;
/// The number of letters of a word that are read.
const MAX_LETTERS: usize = 32;
/// The length of the longest n-gram, in characters.
const MAX_NGRAM: usize = 4;
/// The posterior of the model's languages below which a text is turned away. Scoring a comment in a
/// language that the model does not support costs less than not scoring one that it does.
const TURN_AWAY: f64 = 0.1;
/// The prior of the model's languages together, without an export.
const LEAN: f64 = 0.5;
/// The number of comments that the prior without an export counts for in that of an export.
const SMOOTHING: f64 = 5.0;
/// Rounds of expectation maximization. The estimate has settled by then.
const ROUNDS: usize = 10;
/// The posterior of Japanese for a text in Chinese characters alone, before the prior.
const HAN_IN_JAPANESE: f64 = 0.1;

/// The number of comments at the start of an export whose languages [`Gate::expect`] should see.
pub const HEAD_COMMENTS: usize = 1000;

/// The detected language of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detected {
    /// The most probable language: ISO 639-1, or `und` for an unknown script. `None` if the
    /// text has no words.
    pub language: Option<&'static str>,
    /// The posterior of that language, from 0 to 1; 0 if there is none.
    pub confidence: f64,
    /// The text is almost certainly in none of the model's languages.
    pub foreign: bool,
}

/// Detects languages, and decides which texts a model can be given.
#[derive(Clone, Debug)]
pub struct Gate {
    /// For each of [`LANGUAGES`], true if the model supports it. `None` if the model names none.
    known: Option<Vec<bool>>,
    /// The model names a language that cannot be detected.
    is_partial: bool,
    /// The prior of each of [`LANGUAGES`], without an export.
    base: Vec<f64>,
    /// The prior of each of [`LANGUAGES`].
    prior: Vec<f64>,
}

impl Gate {
    /// Creates the gate of a model that names these languages (ISO 639-1, with or without a
    /// region). An empty list turns nothing away.
    pub fn new<S: AsRef<str>>(languages: &[S]) -> Self {
        let named: Vec<String> = languages.iter().map(|code| canonical(code.as_ref())).collect();
        let is_named = |language: &&str| named.iter().any(|name| name == language);
        let known: Vec<bool> = LANGUAGES.iter().map(is_named).collect();
        let is_known = |code: &String| LANGUAGES.iter().any(|language| language == code);
        let base = base_prior(&match languages {
            [] => LANGUAGES.iter().map(|language| *language == "en").collect(),
            _ => known.clone(),
        });
        Self {
            known: (!languages.is_empty()).then_some(known),
            is_partial: !named.iter().all(is_known),
            prior: base.clone(),
            base,
        }
    }

    /// Sets the prior to the distribution of languages among these normalized texts: the first
    /// [`HEAD_COMMENTS`] of an export, in their order.
    ///
    /// The distribution is the one under which the texts are most probable, found by expectation
    /// maximization, with five comments of the prior without an export added. Equal texts
    /// count once, so that spam does not.
    pub fn expect<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) {
        let mut seen = HashSet::new();
        let different = texts.into_iter().filter(|text| seen.insert(*text));
        let evidence: Vec<Evidence> = different.map(evidence).filter(|found| !found.is_empty()).collect();
        self.prior.clone_from(&self.base);
        for _ in 0..ROUNDS {
            let mut counts: Vec<f64> = self.base.iter().map(|share| share * SMOOTHING).collect();
            for evidence in &evidence {
                for (language, posterior) in posterior(evidence, &self.prior) {
                    counts[language] += posterior;
                }
            }
            let total = evidence.len() as f64 + SMOOTHING;
            self.prior = counts.into_iter().map(|count| count / total).collect();
        }
    }

    /// Returns the same gate, but one that turns nothing away.
    #[must_use]
    pub fn open(self) -> Self {
        Self { known: None, ..self }
    }

    /// Returns the prior of each language, the most probable first.
    pub fn expected(&self) -> Vec<(&'static str, f64)> {
        let mut shares: Vec<_> = LANGUAGES.iter().copied().zip(self.prior.iter().copied()).collect();
        shares.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        shares
    }

    /// Returns the posterior of each language that a person's own words, normalized, may be in, the
    /// most probable first. Empty if the text has no words.
    pub fn candidates(&self, text: &str) -> Vec<(&'static str, f64)> {
        let mut found = posterior(&evidence(text), &self.prior);
        // A stable sort: of equals, the one that `detect` returns is first.
        found.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        found.into_iter().map(|(language, posterior)| (LANGUAGES[language], posterior)).collect()
    }

    /// Detects the language of a person's own words, normalized.
    pub fn detect(&self, text: &str) -> Detected {
        let posterior = posterior(&evidence(text), &self.prior);
        let best = posterior.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((language, confidence)) = best else {
            return Detected { language: None, confidence: 0.0, foreign: false };
        };
        let foreign = self.known.as_ref().is_some_and(|known| {
            let share: f64 = posterior.iter().filter(|(language, _)| known[*language]).map(|(_, p)| p).sum();
            // A language that cannot be detected may be any of those that share its script.
            let is_ambiguous = posterior.len() > 1 && language < TABLE.languages.len();
            confidence > 0.5 && share < TURN_AWAY && !(self.is_partial && is_ambiguous)
        });
        Detected { language: Some(LANGUAGES[language]), confidence, foreign }
    }
}

/// Returns true if a model that names `languages` knows `language`; none of them: it does not say.
/// Both are ISO 639-1, with or without a region.
pub fn is_known<S: AsRef<str>>(language: &str, languages: &[S]) -> bool {
    let language = canonical(language);
    languages.iter().any(|code| canonical(code.as_ref()) == language)
}

/// The code by which [`LANGUAGES`] lists a language.
fn canonical(code: &str) -> String {
    let code = code.split(['-', '_']).next().unwrap_or(code).to_lowercase();
    match code.as_str() {
        "nb" | "nn" => "no",
        "fil" => "tl",
        "iw" => "he",
        // Detection does not separate these from their closest relative.
        "in" | "ms" => "id",
        "bs" | "sh" => "hr",
        _ => return code,
    }
    .to_owned()
}

/// Returns a prior in which the languages that it leans to have [`LEAN`] together, and within
/// either group a language has as much as it is common.
fn base_prior(leant: &[bool]) -> Vec<f64> {
    let weights = || LANGUAGES.iter().map(|language| usage(language)).zip(leant);
    let sum = |group: bool| -> f64 {
        weights().filter(|(_, leant)| **leant == group).map(|(weight, _)| weight).sum()
    };
    let (inside, outside) = (sum(true), sum(false));
    // None of the languages can be detected, or they are all there is.
    let lean = match (inside == 0.0, outside == 0.0) {
        (true, _) => 0.0,
        (_, true) => 1.0,
        _ => LEAN,
    };
    let share = |(weight, leant): (f64, &bool)| match leant {
        true => lean * weight / inside,
        false => (1.0 - lean) * weight / outside,
    };
    weights().map(share).collect()
}

/// Returns the rough share of a language in comment sections.
fn usage(language: &str) -> f64 {
    match language {
        "en" => 4.0,
        "de" | "es" | "fr" | "it" | "pt" | "nl" | "pl" | "tr" | "id" | "vi" | "ru" | "ar" | "hi" => 2.0,
        "et" | "sq" | "eu" | "ga" | "cy" | "af" | "sw" | "az" | "is" | "ca" | "sl" | "lv" => 0.25,
        _ => 1.0,
    }
}

/// The likelihood of a text under each language that it may be in: places in [`LANGUAGES`], and
/// likelihoods with a sum of 1. Empty if the text has no words.
type Evidence = Vec<(usize, f64)>;

/// Applies Bayes' rule.
fn posterior(evidence: &Evidence, prior: &[f64]) -> Vec<(usize, f64)> {
    let joint = |(language, likelihood): &(usize, f64)| (*language, likelihood * prior[*language]);
    let joint: Vec<(usize, f64)> = evidence.iter().map(joint).collect();
    let total: f64 = joint.iter().map(|(_, joint)| joint).sum();
    if total == 0.0 {
        return evidence.clone();
    }
    joint.into_iter().map(|(language, joint)| (language, joint / total)).collect()
}

/// Reads a normalized text.
fn evidence(text: &str) -> Evidence {
    let text =
        text[..text.floor_char_boundary(MAX_BYTES)].to_lowercase().replace('’', "'").replace('\u{307}', "");
    let mut words: Vec<&str> = text
        .split(|char: char| !char.is_alphabetic() && char != '\'')
        .map(|word| word.trim_matches('\''))
        // What the normalizer writes for an address and for the name of a person.
        .filter(|word| !word.is_empty() && !matches!(*word, "http" | "user"))
        .collect();
    let script = main_script(&words);
    let certain = |language: &str| vec![(place(language), 1.0)];
    let group = match script {
        None => return Vec::new(),
        Some("latin") => 0,
        Some("cyrillic") => 1,
        Some("arabic") => 2,
        Some("kana") => return certain("ja"),
        Some("han") => return vec![(place("zh"), 1.0 - HAN_IN_JAPANESE), (place("ja"), HAN_IN_JAPANESE)],
        Some(language) => return certain(language),
    };
    words.retain(|word| script_of_word(word) == script);
    words.sort_unstable();
    words.dedup();
    TABLE.likelihoods(&words, group)
}

fn place(language: &str) -> usize {
    LANGUAGES.iter().position(|known| *known == language).expect("a language of the lists below")
}

/// Every language that can be detected: those of the table, then those with a script of their own.
static LANGUAGES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut languages = TABLE.languages.clone();
    for (_, _, script) in SCRIPTS {
        let language = match script {
            "han" => "zh",
            "kana" => "ja",
            script => script,
        };
        if !matches!(script, "latin" | "cyrillic" | "arabic") && !languages.contains(&language) {
            languages.push(language);
        }
    }
    languages.push("und");
    languages
});

/// The script that most letters are in; `und` if it is none of [`SCRIPTS`], `None` without any
/// letters.
fn main_script(words: &[&str]) -> Option<&'static str> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for word in words {
        let Some(script) = script_of_word(word) else { continue };
        // A character of these says as much as two or three letters.
        let weight = if matches!(script, "han" | "kana" | "ko") { 2 } else { 1 };
        let letters = weight * word.chars().count();
        match counts.iter_mut().find(|(known, _)| *known == script) {
            Some((_, count)) => *count += letters,
            None => counts.push((script, letters)),
        }
    }
    let count =
        |script: &str| counts.iter().find(|(known, _)| *known == script).map_or(0, |(_, count)| *count);
    let foreign: usize = counts.iter().map(|(_, count)| count).sum::<usize>() - count("latin");
    if foreign <= count("latin") {
        return (count("latin") > 0).then_some("latin");
    }
    let others = counts.iter().filter(|(script, _)| *script != "latin");
    let (script, _) = others.max_by_key(|(script, count)| (*count, *script))?;
    // Japanese is written in both.
    Some(if *script == "han" && count("kana") > 0 { "kana" } else { script })
}

/// Returns the script of a word; `None` if it is a lone letter or a mixture, as in faces made of
/// letters.
///
/// Latin letters within a word of another script are a disguise, and the word counts as Latin.
/// Scripts without spaces are the exception: there a "word" is a whole clause, which may contain a
/// name or an abbreviation in Latin letters (`我用ipad看`), so the majority of its letters decides.
fn script_of_word(word: &str) -> Option<&'static str> {
    let letters = || word.chars().filter(|char| char.is_alphabetic()).map(script_of);
    let unspaced = letters().filter(|script| UNSPACED.contains(script)).count();
    let is_clause = unspaced * 2 > letters().count();
    let mut scripts = letters().filter(|script| !is_clause || *script != "latin");
    let mut script = scripts.next()?;
    let mut is_mixed = false;
    for next in scripts {
        match (script, next) {
            _ if script == next => {}
            ("latin", _) | (_, "latin") => script = "latin",
            ("han" | "kana", "han" | "kana") => script = "kana",
            _ => is_mixed = true,
        }
    }
    let is_word =
        script == "latin" || (!is_mixed && (matches!(script, "han" | "ko") || word.chars().count() > 1));
    is_word.then_some(script)
}

/// Scripts that are written without spaces between words.
const UNSPACED: [&str; 6] = ["han", "kana", "km", "lo", "my", "th"];

fn script_of(char: char) -> &'static str {
    let range = SCRIPTS.iter().find(|(first, last, _)| (*first..=*last).contains(&char));
    range.map_or("und", |(_, _, script)| script)
}

/// Ranges of letters: the script, if many languages are written in it, or else the language.
const SCRIPTS: [(char, char, &str); 35] = [
    ('A', 'z', "latin"),
    ('ª', '\u{2AF}', "latin"),
    ('\u{1D00}', '\u{1DBF}', "latin"),
    ('\u{1E00}', '\u{1EFF}', "latin"),
    ('\u{A720}', '\u{A7FF}', "latin"),
    ('\u{400}', '\u{52F}', "cyrillic"),
    ('\u{600}', '\u{6FF}', "arabic"),
    ('\u{750}', '\u{77F}', "arabic"),
    ('\u{370}', '\u{3FF}', "el"),
    ('\u{1F00}', '\u{1FFF}', "el"),
    ('\u{531}', '\u{587}', "hy"),
    ('\u{5D0}', '\u{5EA}', "he"),
    ('\u{900}', '\u{97F}', "hi"),
    ('\u{980}', '\u{9FF}', "bn"),
    ('\u{A00}', '\u{A7F}', "pa"),
    ('\u{A80}', '\u{AFF}', "gu"),
    ('\u{B80}', '\u{BFF}', "ta"),
    ('\u{C00}', '\u{C7F}', "te"),
    ('\u{C80}', '\u{CFF}', "kn"),
    ('\u{D00}', '\u{D7F}', "ml"),
    ('\u{D80}', '\u{DFF}', "si"),
    ('\u{E00}', '\u{E7F}', "th"),
    ('\u{E80}', '\u{EFF}', "lo"),
    ('\u{1000}', '\u{109F}', "my"),
    ('\u{10A0}', '\u{10FF}', "ka"),
    ('\u{1100}', '\u{11FF}', "ko"),
    ('\u{1200}', '\u{137F}', "am"),
    ('\u{1780}', '\u{17FF}', "km"),
    ('\u{3041}', '\u{30FF}', "kana"),
    ('\u{3131}', '\u{318E}', "ko"),
    ('\u{31F0}', '\u{31FF}', "kana"),
    ('\u{AC00}', '\u{D7A3}', "ko"),
    ('\u{3005}', '\u{3007}', "han"),
    ('\u{3400}', '\u{9FFF}', "han"),
    ('\u{20000}', '\u{3FFFF}', "han"),
];

/// The weights of the regression.
struct Table {
    languages: Vec<&'static str>,
    /// The languages of each script, as a range of `languages`: Latin, Cyrillic, Arabic.
    groups: Vec<Range<usize>>,
    /// The value of a weight of 1.
    scale: f64,
    /// A row for each bucket of features, with a weight for each language.
    weights: &'static [i8],
}

/// The table of `scripts/train-language`: a line with the scale and the languages (scripts
/// separated by `;`, languages by `,`), then the weights.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: &[u8] = include_bytes!("../../../data/languages.bin");
    let end = file.iter().position(|byte| *byte == b'\n').expect("a first line");
    let (head, weights) = (std::str::from_utf8(&file[..end]).expect("a line of text"), &file[end + 1..]);
    let (scale, scripts) = head.split_once(' ').expect("a scale and languages");
    let (mut languages, mut groups) = (Vec::new(), Vec::new());
    for script in scripts.split(';') {
        let start = languages.len();
        languages.extend(script.split(','));
        groups.push(start..languages.len());
    }
    Table {
        languages,
        groups,
        scale: scale.parse().expect("a number"),
        weights: bytemuck::cast_slice(weights),
    }
});

impl Table {
    /// Returns the likelihood of different words under the languages of a script.
    fn likelihoods(&self, words: &[&str], group: usize) -> Evidence {
        let group = self.groups[group].clone();
        let buckets = self.weights.len() / self.languages.len();
        let mut sums = vec![0_i32; group.len()];
        let mut features = 0_u32;
        for word in words {
            for_each_feature(word, |hash| {
                features += 1;
                let start = hash as usize % buckets * self.languages.len();
                let row = &self.weights[start + group.start..start + group.end];
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += i32::from(*weight);
                }
            });
        }
        let scale = self.scale / f64::from(features.max(1)).sqrt();
        let most = sums.iter().copied().max().unwrap_or(0);
        let odds: Vec<f64> = sums.iter().map(|sum| libm::exp(f64::from(sum - most) * scale)).collect();
        let total: f64 = odds.iter().sum();
        group.zip(odds).map(|(language, odds)| (language, odds / total)).collect()
    }
}

/// Calls `found` with the hash of each n-gram of a word that is marked `_` at both ends, and of the
/// whole word if it is longer than they are.
fn for_each_feature(word: &str, mut found: impl FnMut(u32)) {
    let word = word.char_indices().nth(MAX_LETTERS).map_or(word, |(end, _)| &word[..end]);
    let marked: Vec<char> = ['_'].into_iter().chain(word.chars()).chain(['_']).collect();
    for start in 0..marked.len() {
        let mut hash = FNV_BASIS;
        for (length, char) in (1..).zip(&marked[start..]) {
            hash = fnv(hash, *char);
            let is_mark = length == 1 && *char == '_';
            let is_whole = start == 0 && length == marked.len();
            if (length <= MAX_NGRAM && !is_mark) || (is_whole && length > MAX_NGRAM) {
                found(hash ^ hash >> 15);
            }
            if length >= MAX_NGRAM && start > 0 {
                break;
            }
        }
    }
}

/// FNV-1a, 32 bits (Fowler, Noll and Vo).
const FNV_BASIS: u32 = 0x811c_9dc5;

fn fnv(hash: u32, char: char) -> u32 {
    let mut utf8 = [0; 4];
    let bytes = char.encode_utf8(&mut utf8).bytes();
    bytes.fold(hash, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests;
