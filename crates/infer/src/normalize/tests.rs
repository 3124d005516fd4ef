use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
    expected: String,
    #[serde(default)]
    evasion: bool,
}

fn cases(name: &str) -> Vec<Case> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/text/normalize/{name}.toml"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str::<Cases>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).case
}

#[test]
fn each_step_does_its_cases() {
    for (name, _, step) in STEPS {
        for Case { input, expected, evasion } in cases(name) {
            let mut edits = Edits::default();
            step(&input, &mut edits);
            let found = edits.evasion;
            assert_eq!(edits.apply(&input).0, expected, "{name}: {input:?}");
            assert_eq!(found, evasion, "{name}: evasion in {input:?}");
        }
    }
}

#[test]
fn all_steps_together_do_their_cases() {
    let shared = VERSIONS.map(|version| (version, "all"));
    for (version, name) in shared.chain([(2, "all-2"), (3, "all-2"), (3, "all-3")]) {
        for Case { input, expected, evasion } in cases(name) {
            let normalized = normalize_as(&input, version);
            assert_eq!(normalized.text, expected, "{input:?} in version {version}");
            assert_eq!(normalized.evasion, evasion, "evasion in {input:?} in version {version}");
            check(&input);
        }
    }
}

#[test]
fn every_file_of_cases_belongs_to_a_step() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/text/normalize");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            name.starts_with("all") || STEPS.iter().any(|(step, _, _)| *step == name),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_word_list_says_what_it_is_and_has_each_word_once() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let lists: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).collect();
    assert!(lists.len() > 8);
    for path in lists {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.lines().take(2).all(|line| line.starts_with('#')), "{}", path.display());
        let mut words: Vec<&str> =
            text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(words.iter().all(|word| *word == word.trim().to_lowercase()), "{}", path.display());
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count, "{}", path.display());
    }
}

#[test]
fn references_alone_say_nothing() {
    for text in [
        "",
        "@ann",
        "@ann @bob!",
        "https://a.org",
        "12",
        "10/10",
        "@ann & @bob, http://x.y 3.",
        "½",
        "+49 30 123-4",
    ] {
        assert!(is_reference_only(&normalize_as(text, 2).text), "{text:?}");
    }
    for text in ["ok", "@ann look", "@ann ❤️", "@ann :)", "3x", "user", "a@user.org", "1️⃣ down", "日本"]
    {
        assert!(!is_reference_only(&normalize_as(text, 2).text), "{text:?}");
    }
}

#[test]
fn emoji_stay_signs_in_version_1() {
    assert_eq!(normalize("I 😍 it ❤️").text, "I 😍 it ❤");
    assert_eq!(normalize_as("I 😍 it ❤️", 1).text, "I 😍 it ❤");
}

#[test]
fn a_plain_text_is_borrowed() {
    for text in ["", "ok", "Good luck.", "It's 10000 of 3...", "a & b < c @ d", "<3", "déjà vu", "hmm // x"]
    {
        assert!(matches!(normalize(text).text, Cow::Borrowed(_)), "{text:?}");
    }
}

#[test]
fn a_range_leads_back_to_the_original() {
    let original = "<b>Sooooo</b>  \u{200B}caf&eacute; ｏｋ @bob";
    let normalized = normalize(original);
    assert_eq!(normalized.text, "Soo café ok @user");
    let back = |part: &str| {
        let start = normalized.text.find(part).unwrap();
        &original[normalized.original_range(start..start + part.len())]
    };
    assert_eq!(back("Soo"), "Sooooo");
    assert_eq!(back("café"), "caf&eacute;");
    assert_eq!(back("é"), "&eacute;");
    assert_eq!(back("k"), "ｋ");
    assert_eq!(back("user"), "@bob");
    assert_eq!(back("o c"), "ooooo</b>  \u{200B}c");
    assert_eq!(normalized.original_range(4..4), 18..18);
    assert_eq!(back("Soo café ok @user"), &original[3..]);
}

#[test]
fn hostile_texts_take_linear_time() {
    const SIZE: usize = 1 << 20;
    for part in [
        "<",
        "&",
        "a",
        "\u{301}",
        "\u{301}\u{316}",
        "a\u{316}\u{301}\u{323}",
        "<a ",
        "<b",
        "<!--",
        "<script>",
        "amp;",
        "&amp;",
        "&#65286;",
        "#65286;",
        "@",
        "@a",
        "a\u{200B}",
        "ａ",
        " ",
        "www.",
        "http:",
        "&lt;",
        "i\u{AD}",
        "😀",
        "😀 ",
        "♥",
        "👩\u{200D}",
        "🏴\u{E0067}",
        "🇩",
        "1\u{20E3}",
        "م\u{200C}",
        "م\u{640}",
        "дa",
        "看www.a",
        "@好",
    ] {
        for prefix in ["", "&", "＆"] {
            let text = format!("{prefix}{}", part.repeat(SIZE / part.len()));
            let begun = Instant::now();
            let normalized = normalize_as(&text, *VERSIONS.end());
            // Some hundred times what it takes: only a quadratic step is slower.
            assert!(begun.elapsed() < Duration::from_secs(20), "{part:?} took {:?}", begun.elapsed());
            let again = normalize_as(&normalized.text, *VERSIONS.end());
            assert!(again.text == normalized.text, "{prefix:?} {part:?}");
        }
    }
}

/// Checks the properties of any text.
fn check(text: &str) {
    VERSIONS.for_each(|version| check_version(text, version));
}

fn check_version(text: &str, version: u32) {
    let normalized = normalize_as(text, version);
    let again = normalize_as(&normalized.text, version);
    assert_eq!(again.text, normalized.text, "normalising twice is once: {text:?}");
    assert!(!again.evasion, "nothing is left to undo: {text:?} -> {:?}", normalized.text);
    assert!(matches!(again.text, Cow::Borrowed(_)));

    let boundaries: Vec<usize> =
        normalized.text.char_indices().map(|(at, _)| at).chain([normalized.text.len()]).collect();
    let mut last = 0..0;
    for pair in boundaries.windows(2) {
        let range = normalized.original_range(pair[0]..pair[1]);
        assert!(
            text.get(range.clone()).is_some_and(|original| !original.is_empty()),
            "{range:?} of {text:?}"
        );
        assert!(last.start <= range.start && last.end <= range.end, "{last:?} then {range:?} of {text:?}");
        let empty = normalized.original_range(pair[0]..pair[0]);
        assert_eq!(empty, range.start..range.start);
        last = range;
    }
    let whole = normalized.original_range(0..normalized.text.len());
    assert!(text.is_char_boundary(whole.start) && text.is_char_boundary(whole.end));
}

/// Fragments that the steps fight over.
const NASTY: [&str; 86] = [
    "<",
    ">",
    "</",
    "/>",
    "<b>",
    "<a href=",
    "<br",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "&",
    "&amp;",
    "amp;",
    "&lt;",
    "&gt;",
    "lt;",
    "#",
    "#38;",
    "&#60;",
    "&#x26;",
    "&#8203;",
    "&#769;",
    "&#65286;",
    ";",
    "＆",
    "＜",
    "＞",
    "；",
    "ａ",
    "𝐚",
    "ⓐ",
    "\u{AD}",
    "\u{200B}",
    "\u{200D}",
    "\u{FE0F}",
    "\u{301}",
    "\u{316}",
    "\u{338}",
    "\u{345}",
    "ﾞ",
    "か",
    "ᄀ",
    "ᅡ",
    "ᆨ",
    "ﷺ",
    "´",
    "http://",
    "httttp",
    "https",
    "://",
    "www",
    ".",
    "@",
    "@user",
    "user",
    "_",
    "a",
    "aa",
    "!!",
    " ",
    "\u{A0}",
    "\n",
    "İ",
    "😀",
    "♥",
    "👩",
    "🏽",
    "🇩",
    "🇪",
    "🏴",
    "\u{E0067}",
    "\u{20E3}",
    "1",
    "\u{200C}",
    "\u{200F}",
    "می",
    "क\u{94D}",
    "\u{640}",
    "\u{64E}",
    "дура",
    "к",
    "σω",
    "真好",
    "ไทย",
    ",",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn holds_for_any_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn holds_for_nasty_text(parts in prop::collection::vec(prop::sample::select(&NASTY[..]), 0..24)) {
        check(&parts.concat());
    }
}
