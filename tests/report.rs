//! Reports from invented scores: golden folders, hostile comments, and what must not change or must
//! fail.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use comity::comment::{Comment, Origin};
use comity::label::Label;
use comity::policy::Policy;
use comity::record::{Column, Input, ModelId, Outcome, Replies, Run, Scored, Scores, ledger::Writer};
use comity::report::{self, Form, ReportError};
use quick_xml::events::Event;
use scraper::{Html, Selector};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const INPUTS: [&str; 2] = ["scores.csv", "run.json"];

const OUTPUTS: [&str; 24] = [
    "decisions.csv",
    "flagged.csv",
    "authors.csv",
    "threads.csv",
    "bins.csv",
    "time_bins.csv",
    "size_bins.csv",
    "network.csv",
    "by.csv",
    "summary.json",
    "summary.md",
    "methods.md",
    "charts/toxicity.svg",
    "charts/sentiment.svg",
    "charts/sizes.svg",
    "report.html",
    "queue.html",
    "convokit/utterances.jsonl",
    "convokit/speakers.json",
    "convokit/conversations.json",
    "convokit/corpus.json",
    "convokit/index.json",
    "network.gexf",
    "scored.ndjson",
];

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn policy(case: &Path) -> Policy {
    fs::read_to_string(case.join("policy.toml"))
        .map_or_else(|_| Policy::built_in(), |toml| Policy::parse(&toml).unwrap())
}

/// The report of a case, in a folder of its own.
fn report_of(case: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for input in INPUTS {
        fs::copy(case.join(input), folder.path().join(input)).unwrap();
    }
    report::write(folder.path(), &policy(case), &Form::ALL, &Column::DEFAULT, &[]).unwrap();
    folder
}

/// A case is a folder with `scores.csv`, `run.json`, the files expected of them in `expected/`, and
/// `policy.toml` where the built-in policy is not meant. `COMITY_ACCEPT=1 cargo test report` writes
/// what came out as what is expected.
#[test]
fn reports_are_as_expected() {
    for case in cases() {
        let folder = report_of(&case);
        for output in OUTPUTS {
            let (got, expected) = (folder.path().join(output), case.join("expected").join(output));
            if std::env::var_os("COMITY_ACCEPT").is_some() {
                fs::create_dir_all(expected.parent().unwrap()).unwrap();
                fs::copy(&got, &expected).unwrap();
            }
            let (got, want) = (fs::read_to_string(got).unwrap(), fs::read_to_string(&expected).unwrap());
            let line = got.lines().zip(want.lines()).position(|(got, want)| got != want);
            assert!(got == want, "{} differs at line {line:?} (COMITY_ACCEPT=1 accepts)", expected.display());
        }
        let mut left = names(folder.path());
        for inner in ["convokit", "charts"] {
            left.extend(names(&folder.path().join(inner)).iter().map(|name| format!("{inner}/{name}")));
        }
        // The shapes of threads' charts stand in the page.
        left.retain(|name| {
            !["convokit", "charts"].contains(&name.as_str()) && !name.starts_with("charts/thread-")
        });
        left.sort();
        // What is binary is compared with the scores below.
        let mut named: Vec<&str> = INPUTS.into_iter().chain(OUTPUTS).chain(["scored.parquet"]).collect();
        named.sort_unstable();
        assert_eq!(left, named, "no temporary file is left");
    }
}

/// Our own reader returns the comments that the forms were written from: the texts, and what
/// belongs to them.
#[test]
fn tables_for_other_programs_read_back() {
    for case in cases() {
        let folder = report_of(&case);
        let scores = comity::record::ledger::Reader::open(&folder.path().join("scores.csv")).unwrap();
        let expected: Vec<Comment> = scores.map(|scored| scored.unwrap().comment).collect();
        for name in ["scored.ndjson", "scored.parquet"] {
            let read = comity::read::Reader::open(&[folder.path().join(name)], &Default::default()).unwrap();
            let mut count = 0;
            for (record, expected) in read.zip(&expected) {
                let Ok(comity::read::Record::Comment(comment)) = record else {
                    panic!("{name} of {}: {record:?}", case.display());
                };
                let facts = |comment: &Comment| {
                    let Comment { id, thread, text, votes, replies, link, section, .. } = comment.clone();
                    // The reader trims names, and takes a parent that is the comment itself for
                    // none.
                    (id.trim().to_owned(), thread.trim().to_owned(), text, votes, replies, link, section)
                };
                assert_eq!(facts(&comment), facts(expected), "{name} of {}", case.display());
                let seconds = |comment: &Comment| comment.created_at.map(|time| time.as_second());
                assert_eq!(seconds(&comment), seconds(expected));
                count += 1;
            }
            assert_eq!(count, expected.len(), "{name} of {}", case.display());
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A file that is not on the list could overwrite an input of its name.
#[test]
fn every_file_of_a_report_is_on_the_list() {
    let case = &cases()[0];
    let folder = tempfile::tempdir().unwrap();
    for input in INPUTS {
        fs::copy(case.join(input), folder.path().join(input)).unwrap();
    }
    report::write(folder.path(), &policy(case), &[], &Column::DEFAULT, &[]).unwrap();
    let mut written = names(folder.path());
    written.retain(|name| !INPUTS.contains(&name.as_str()) && name != "charts");
    written.sort();
    let mut listed = report::OUTPUTS;
    listed.sort_unstable();
    assert_eq!(written, listed);
}

#[test]
fn forms_are_written_on_request_and_again_where_they_are() {
    let case = &cases()[0];
    let folder = tempfile::tempdir().unwrap();
    for input in INPUTS {
        fs::copy(case.join(input), folder.path().join(input)).unwrap();
    }
    let path = |name: &str| folder.path().join(name);
    report::write(folder.path(), &policy(case), &[], &Column::DEFAULT, &[]).unwrap();
    assert!(!path("convokit").exists() && !path("network.gexf").exists());

    report::write(folder.path(), &policy(case), &["gexf".parse().unwrap()], &Column::DEFAULT, &[]).unwrap();
    assert!(!path("convokit").exists() && path("network.gexf").exists());

    let other = Policy { name: "another one".to_owned(), ..policy(case) };
    report::write(folder.path(), &other, &[], &Column::DEFAULT, &[]).unwrap();
    assert!(fs::read_to_string(path("network.gexf")).unwrap().contains("policy another one"));
    assert!("pajek".parse::<Form>().unwrap_err().contains("known: convokit, gexf"));
}

#[test]
fn a_second_report_has_the_same_bytes() {
    for case in cases() {
        let (first, second) = (report_of(&case), report_of(&case));
        for output in OUTPUTS {
            let read = |folder: &tempfile::TempDir| fs::read(folder.path().join(output)).unwrap();
            assert!(read(&first) == read(&second), "{output}");
        }
    }
}

#[test]
fn scores_that_do_not_add_up_are_an_error_and_change_nothing() {
    let folder = report_of(&cases()[0]);
    let before = fs::read(folder.path().join("report.html")).unwrap();
    let scores = folder.path().join("scores.csv");
    let rows = fs::read_to_string(&scores).unwrap();
    let last = rows.trim_end().rfind('\n').unwrap();
    fs::write(&scores, &rows[..=last]).unwrap();
    let error = report::write(folder.path(), &Policy::built_in(), &[], &Column::DEFAULT, &[]).unwrap_err();
    assert!(matches!(error, ReportError::Count { .. }), "{error}");
    assert_eq!(fs::read(folder.path().join("report.html")).unwrap(), before);
    let parts = fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(parts.count(), 0);
}

#[test]
fn a_folder_without_a_run_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = report::write(folder.path(), &Policy::built_in(), &[], &Column::DEFAULT, &[])
        .unwrap_err()
        .to_string();
    assert!(error.contains("run.json") && error.contains("score the export again"), "{error}");
}

/// The corpus of any case is one that ConvoKit can walk: ids are unique, every utterance leads by
/// its replies to the root whose id its conversation bears, and everything that is named is there.
#[test]
fn a_corpus_is_made_of_trees() {
    let folders: Vec<tempfile::TempDir> =
        cases().iter().map(|case| report_of(case)).chain([hostile_report()]).collect();
    for folder in folders {
        let read = |name: &str| fs::read_to_string(folder.path().join("convokit").join(name)).unwrap();
        let object = |name: &str| serde_json::from_str::<Map<String, Value>>(&read(name)).unwrap();
        let (speakers, conversations) = (object("speakers.json"), object("conversations.json"));
        let lines = read("utterances.jsonl");
        let utterances: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let by_id: HashMap<&str, &Value> =
            utterances.iter().map(|u| (u["id"].as_str().unwrap(), u)).collect();
        assert_eq!(by_id.len(), utterances.len());
        let comments =
            csv::Reader::from_path(folder.path().join("scores.csv")).unwrap().into_records().count();
        assert_eq!(utterances.len(), comments);
        let mut sizes: HashMap<&str, u64> = HashMap::new();
        for utterance in &utterances {
            assert!(speakers.contains_key(utterance["speaker"].as_str().unwrap()));
            let conversation = utterance["conversation_id"].as_str().unwrap();
            let mut root = utterance;
            for _ in 0..utterances.len() {
                root = root["reply-to"].as_str().map_or(root, |parent| by_id[parent]);
            }
            assert_eq!(root["id"], conversation);
            assert!(root["reply-to"].is_null());
            *sizes.entry(conversation).or_default() += 1;
        }
        assert_eq!(sizes.len(), conversations.len());
        for (id, conversation) in &conversations {
            assert_eq!(conversation["meta"]["utterances"], sizes[id.as_str()]);
        }
        let keys: Vec<&String> = utterances[0]["meta"].as_object().unwrap().keys().collect();
        let index = object("index.json");
        assert!(index["utterances-index"].as_object().unwrap().keys().eq(keys));
    }
}

/// Markup, script, links and characters that try to leave their place, in every field that an
/// export fills.
const HOSTILE: [&str; 12] = [
    "</script><script>alert(1)</script>",
    "</style><style>*{display:none}</style>",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "--><svg onload=alert(1)>",
    "{{ style_hash }}{% include \"/etc/passwd\" %}",
    "&lt;script&gt;&#x3c;b&#62;",
    "\u{202e}gnp.exe\u{2066} \0 \u{1b}[31m \u{7f}",
    "=HYPERLINK(\"http://example.org\")",
    "]]></title></desc><foreignObject><body onload=alert(1)>",
    "Z\u{0335}\u{0321}a\u{0334}\u{0353}l\u{0336}g\u{0337}o",
];

/// Writes a run in which `HOSTILE` stands everywhere, scored high enough to be flagged.
fn hostile_report() -> tempfile::TempDir {
    let long = "x".repeat(100_000);
    let texts: Vec<&str> = HOSTILE.into_iter().chain([long.as_str()]).collect();
    let links =
        ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "https://example.org/\"><b>"];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let mut writer = Writer::new(fs::File::create(&path).unwrap(), &path).unwrap();
    for (number, text) in (1_u64..).zip(texts.iter().cycle().take(3 * texts.len())) {
        let mut comment = Comment::new(
            format!("{number}{}", text.chars().take(200).collect::<String>()),
            text.chars().take(200).collect::<String>(),
            format!("{text} {number}"),
            Origin { file: HOSTILE[2].into(), record: number, line: number },
        );
        comment.author = Some(text.chars().take(200).collect());
        comment.link = Some(links[number as usize % links.len()].to_owned());
        comment.quotes.push(0..text.chars().next().unwrap().len_utf8());
        let outcome = Outcome::Scored(Scores::new([0.95; Label::COUNT]));
        writer.write(&Scored { comment, language: Some("en".into()), evasion: true, outcome }).unwrap();
    }
    writer.finish().unwrap();
    let hostile = || HOSTILE[0].to_owned();
    let run = Run {
        version: hostile(),
        settings: [(hostile(), hostile())].into(),
        model: ModelId {
            name: hostile(),
            version: hostile(),
            checksum: hostile(),
            languages: vec![hostile()],
            missing: Vec::new(),
            uncalibrated: false,
            held_out: None,
        },
        engine: hostile(),
        inputs: vec![Input {
            file: hostile(),
            bytes: 1,
            sha256: hostile(),
            format: hostile(),
            why: hostile(),
            columns: [(hostile(), hostile())].into(),
            comments: 3 * texts.len() as u64,
            rejects: 0,
            notices: HOSTILE.map(str::to_owned).into(),
            doubts: 0,
        }],
        replies: Replies::default(),
        read: 3 * texts.len() as u64,
        rejects: 0,
        by: Column::DEFAULT.to_vec(),
        scores_sha256: None,
        skipped: Vec::new(),
        edited: false,
    };
    fs::write(folder.path().join("run.json"), serde_json::to_string(&run).unwrap()).unwrap();
    let mut policy = Policy::built_in();
    policy.name = hostile();
    for (number, rule) in policy.rules.iter_mut().enumerate() {
        rule.name = format!("{}{number}", HOSTILE[3]);
    }
    report::write(folder.path(), &policy, &Form::ALL, &Column::DEFAULT, &[]).unwrap();
    folder
}

/// The pages of a report: the file, its template, its scripts and styles.
const PAGES: [(&str, usize, usize); 2] = [("report.html", 0, 1), ("queue.html", 1, 2)];

#[test]
fn hostile_comments_become_no_markup() {
    let folder = hostile_report();
    for (name, scripts, styles) in PAGES {
        let html = fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(html.len() < 1_000_000, "long comments are cut: {}", html.len());
        assert!(!html.chars().any(|c| c == '\0' || c == '\u{202e}' || c == '\u{2066}' || c == '\u{1b}'));
        let page = Html::parse_document(&html);
        assert_eq!(page.select(&Selector::parse("script:not([type])").unwrap()).count(), scripts);
        assert_eq!(
            page.select(&Selector::parse("script[type='application/json']").unwrap()).count(),
            scripts
        );
        assert_eq!(page.select(&Selector::parse("style").unwrap()).count(), styles);

        // Every element and attribute is one that the template writes; values of attributes hold no
        // data but web addresses, labels for screen readers and what the page's own script reads.
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let template = fs::read_to_string(root.join("templates").join(name)).unwrap();
        let shapes = ["rect", "circle", "line", "polyline", "polygon", "text"];
        for element in page.root_element().descendent_elements() {
            let is_shape = shapes.contains(&element.value().name());
            let element = element.value();
            // A parser adds the body of a table if there is none; the template writes its own.
            let tag = element.name();
            assert!(is_shape || template.contains(&format!("<{tag}")), "<{tag}> is not the template's");
            for (name, value) in element.attrs() {
                assert!(!name.starts_with("on") && name != "src" && name != "style", "{name}=\"{value}\"");
                assert!(
                    is_shape || template.contains(&format!("{name}=")) || value.is_empty(),
                    "{name}=\"{value}\""
                );
                if name == "href" {
                    let inside = ["#", "queue.html", "report.html", "charts/"]
                        .iter()
                        .any(|page| value.starts_with(page));
                    assert!(inside || value.starts_with("https://"), "{value}");
                }
                if value.contains("alert(") {
                    assert!(
                        ["aria-label", "title"].contains(&name) || name.starts_with("data-"),
                        "{name}=\"{value}\""
                    );
                }
            }
        }
        for link in page.select(&Selector::parse("a[href^=https]").unwrap()) {
            assert_eq!(link.attr("rel"), Some("noreferrer noopener nofollow"));
        }
    }
    for name in names(&folder.path().join("charts")) {
        let svg = fs::read_to_string(folder.path().join("charts").join(&name)).unwrap();
        assert!(!svg.contains("<script") && !svg.contains("onload=\"") && !svg.contains("<style"), "{name}");
        let mut reader = quick_xml::Reader::from_str(&svg);
        while reader.read_event().unwrap() != Event::Eof {}
    }
}

#[test]
fn the_queue_shows_texts_with_the_same_words_once() {
    let folder = hostile_report();
    let page = Html::parse_document(&fs::read_to_string(folder.path().join("queue.html")).unwrap());
    let all = |selector: &str| page.select(&Selector::parse(selector).unwrap()).count();
    // Every hostile text stands three times in the export, with a number of its own.
    assert_eq!(all(".card"), HOSTILE.len() + 1);
    assert_eq!(all(".repeated > li"), 2 * (HOSTILE.len() + 1));
    let first = page.select(&Selector::parse(".card").unwrap()).next().unwrap();
    assert_eq!(first.attr("data-thread"), Some(HOSTILE[0]));
    assert_eq!(first.attr("data-score"), Some("0.950000"));
}

/// A comment whose toxicity is given and that has no other label.
fn scored(id: usize, thread: &str, author: Option<&str>, toxicity: f64, text: &str) -> Scored {
    let origin = Origin { file: "x".into(), record: id as u64, line: id as u64 };
    let mut comment = Comment::new(id.to_string(), thread, text, origin);
    comment.author = author.map(str::to_owned);
    let mut probabilities = [0.0; Label::COUNT];
    probabilities[Label::Toxicity.index()] = toxicity;
    let outcome = Outcome::Scored(Scores::new(probabilities));
    Scored { comment, language: Some("en".into()), evasion: false, outcome }
}

/// A report of these comments by the built-in policy.
fn report_of_rows(rows: &[Scored]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/nothing-scored");
    let mut run: Value = serde_json::from_str(&fs::read_to_string(case.join("run.json")).unwrap()).unwrap();
    let path = folder.path().join("scores.csv");
    let mut writer = Writer::new(fs::File::create(&path).unwrap(), &path).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    (run["read"], run["rejects"]) = (rows.len().into(), 0.into());
    fs::write(folder.path().join("run.json"), run.to_string()).unwrap();
    report::write(folder.path(), &Policy::built_in(), &Form::ALL, &[Column::Author], &[]).unwrap();
    folder
}

fn page_of(folder: &tempfile::TempDir, name: &str) -> Html {
    Html::parse_document(&fs::read_to_string(folder.path().join(name)).unwrap())
}

/// The text of the elements that a selector finds, each with single spaces.
fn texts(page: &Html, selector: &str) -> Vec<String> {
    let text = |element: scraper::ElementRef<'_>| {
        let text: String = element.text().collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    page.select(&Selector::parse(selector).unwrap()).map(text).collect()
}

/// The rows of a table by the names of their columns.
fn table(folder: &tempfile::TempDir, name: &str) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(folder.path().join(name)).unwrap().deserialize().map(Result::unwrap).collect()
}

/// The comments of a queue without a card of their own.
fn rest(page: &Html) -> Value {
    let selector = Selector::parse("script#rest").unwrap();
    serde_json::from_str(&page.select(&selector).next().unwrap().text().collect::<String>()).unwrap()
}

/// Texts with different words for different numbers.
fn different(number: usize) -> String {
    const SYLLABLES: [&str; 10] = ["ba", "co", "di", "fu", "ge", "ha", "jo", "ki", "lu", "me"];
    let word: String = number.to_string().bytes().map(|digit| SYLLABLES[usize::from(digit - b'0')]).collect();
    format!("you fool{word} of a goose{word}")
}

#[test]
fn the_queue_has_every_flagged_comment() {
    let repeats = (0..50).map(|number| scored(1_000 + number, "b", None, 0.9, &different(7)));
    let others = (0..30).map(|number| scored(2_000 + number, "b", None, 0.1, "fine </script><!-- words"));
    let hostile =
        scored(3_000, "</script>", Some("<!--"), 0.6, "</script><script>\u{202e}alert(1)</script>\0 <!-- ");
    let rows: Vec<Scored> = (0..700)
        .map(|number| scored(number, "a", Some("Ann"), 0.95 - number as f64 / 10_000.0, &different(number)))
        .chain(repeats)
        .chain(others)
        .chain([hostile])
        .collect();
    let folder = report_of_rows(&rows);
    let page = page_of(&folder, "queue.html");
    let flagged = table(&folder, "flagged.csv");
    assert_eq!(flagged.len(), 751);

    let card = Selector::parse(".card").unwrap();
    let cards = page.select(&card).map(|card| {
        let attribute = |name| card.attr(name).unwrap().to_owned();
        (
            attribute("id")[1..].to_owned(),
            attribute("data-thread"),
            attribute("data-id"),
            attribute("data-sha256"),
        )
    });
    let rest = rest(&page);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let others =
        rest["rows"].as_array().unwrap().iter().map(|row| {
            (row["rank"].to_string(), text(&row["thread"]), text(&row["id"]), text(&row["sha256"]))
        });
    let mut shown: Vec<_> = cards.chain(others).collect();
    assert_eq!(shown.len(), flagged.len());
    shown.sort_by_key(|(rank, ..)| rank.parse::<usize>().unwrap());
    for (row, (rank, thread, id, sha256)) in flagged.iter().zip(&shown) {
        assert_eq!((&row["rank"], &row["thread"], &row["id"]), (rank, thread, id));
        let comment = rows.iter().map(|row| &row.comment).find(|comment| comment.id == *id).unwrap();
        assert_eq!(comment.text_sha256(), *sha256);
    }
    assert_eq!(page.select(&card).count(), 200, "the worst are on the page without its script");
    let extent = "This page has all 751 flagged comments.";
    assert_eq!(texts(&page, "#extent"), [extent]);
    assert!(texts(&page, "header").join(" ").contains("701 different texts"));

    // What the script makes cards of.
    let rows = rest["rows"].as_array().unwrap();
    let repeat = rows.iter().find(|row| row["id"] == "1000").unwrap();
    assert_eq!(
        repeat["same"].as_u64(),
        shown.iter().position(|(.., id, _)| id == "7").map(|place| place as u64 + 1)
    );
    assert_eq!(rest["rules"][repeat["rule"].as_u64().unwrap() as usize]["label"], "toxicity");
    let hostile = rows.iter().find(|row| row["id"] == "3000").unwrap();
    assert_eq!(hostile["text"][0], "</script><script>\u{fffd}alert(1)</script>\u{fffd} <!--");
    assert_eq!((&hostile["thread"], &hostile["author"]), (&"</script>".into(), &"<!--".into()));
    let html = fs::read_to_string(folder.path().join("queue.html")).unwrap();
    let data = html.split_once("id=\"rest\">").unwrap().1.split_once("</script>").unwrap().0;
    assert!(!data.contains('<') && data.len() > 100_000, "no text can end the data");
}

#[test]
fn a_card_says_nothing_that_all_cards_say() {
    let mut rows = [scored(1, "40", Some("Ann"), 0.965, "you fool"), scored(2, "40", None, 0.93, "you ass")];
    rows[1].comment.votes = Some(1);
    rows[0].comment.link = Some("https://www.example.org/2026/11/new-bridge/#comment-1".to_owned());
    let page = page_of(&report_of_rows(&rows), "queue.html");
    let header = texts(&page, "header").join(" ");
    let model = "model comity-minilm-en 1";
    assert!(header.contains(model), "{header}");
    let cards = texts(&page, ".card");
    for card in &cards {
        assert!(!card.contains("model") && !card.contains("severity 1 "), "{card}");
    }
    assert!(cards[0].contains("expected harm 1.57 = 0.930 × reach 1.69"), "{}", cards[0]);
    assert!(!cards[1].contains("expected harm"), "it is the score: {}", cards[1]);
    assert!(
        cards[1].contains("Comment 1 of 2 in 40 · example.org/2026/11/new-bridge · id 1"),
        "{}",
        cards[1]
    );
}

#[test]
fn threads_lead_to_their_pages_on_the_web() {
    let row = |id: usize, thread: &str, link: Option<&str>| {
        let mut row = scored(id, thread, Some("Ann"), 0.2, "some words");
        row.comment.link = link.map(str::to_owned);
        row
    };
    let folder = report_of_rows(&[
        row(1, "40", Some("https://example.org/new-bridge/#comment-1")),
        row(2, "permalinks", Some("https://example.org/comment/2")),
        row(3, "40", None),
        row(4, "40", Some("https://example.org/new-bridge/#comment-4")),
        row(5, "permalinks", Some("https://example.org/comment/5")),
        row(6, "script", Some("javascript:alert(1)")),
        row(7, "script", Some("javascript:alert(1)")),
    ]);
    let page = page_of(&folder, "report.html");
    let links = Selector::parse("a[rel]").unwrap();
    let found: Vec<&str> = page.select(&links).filter_map(|link| link.attr("href")).collect();
    assert_eq!(found, ["https://example.org/new-bridge/"; 2], "in the table and above the chart");
    assert!(texts(&page, "details.thread").concat().contains("example.org/new-bridge"));
}

#[test]
fn charts_are_folded_behind_the_tables_and_linked() {
    for case in cases() {
        let folder = report_of(&case);
        let page = page_of(&folder, "report.html");
        let folded = Selector::parse("details.thread").unwrap();
        let open: Vec<bool> = page.select(&folded).map(|thread| thread.attr("open").is_some()).collect();
        assert!(open.iter().enumerate().all(|(place, open)| *open == (place == 0)), "{open:?}");
        let files = Selector::parse("a.file").unwrap();
        let files: Vec<&str> = page.select(&files).filter_map(|link| link.attr("href")).collect();
        assert!(files.len() >= 2 + open.len(), "{files:?}");
        assert!(files.iter().all(|file| folder.path().join(file).is_file()), "{files:?}");
        let rows = Selector::parse("#threads th a[href^='#t']").unwrap();
        assert_eq!(page.select(&rows).count(), open.len(), "a row leads to its chart");
    }
}

#[test]
fn one_of_anything_is_singular() {
    let mut rows = vec![scored(1, "a", Some("Ann"), 0.99, "you fool")];
    let one = report_of_rows(&rows);
    rows[0].comment.text = "x".repeat(4_001);
    rows.push(scored(2, "a", None, 0.1, "fine"));
    let folders = [one, report_of_rows(&rows)];
    let folders: Vec<_> = cases().iter().map(|case| report_of(case)).chain(folders).collect();
    let plurals = regex::Regex::new(
        r"(?:^|[^\d.,\x{202f}])1 (?:more )?(?:comments|texts|authors|threads|rejects|replies|pairs|places|characters|levels|flags)\b",
    )
    .unwrap();
    for folder in folders {
        for name in ["report.html", "queue.html", "summary.md"] {
            let text = if name.ends_with("html") {
                texts(&page_of(&folder, name), "header, main").join(" ")
            } else {
                let text = fs::read_to_string(folder.path().join(name)).unwrap();
                // The sum of records names kinds, not things.
                text.lines().filter(|line| !line.contains(" read = ")).collect()
            };
            assert_eq!(plurals.find(&text).map(|found| found.as_str()), None, "{name}");
        }
    }
}

/// Comments of ten authors whose toxicity spreads alike, or of whom one is far more toxic.
fn by_ten_authors(one_differs: bool) -> Vec<Scored> {
    (0..200)
        .map(|number| {
            let author = format!("author {}", number % 10);
            let toxicity = [0.02, 0.04, 0.06, 0.3][number / 10 % 4];
            let toxicity = if one_differs && number % 10 == 3 { 0.8 + toxicity / 2.0 } else { toxicity };
            // The tenth has more comments than the others.
            let author = if number >= 190 { "author 9".to_owned() } else { author };
            scored(number, "a", Some(&author), toxicity, &different(number))
        })
        .collect()
}

#[test]
fn nobody_is_ranked_if_the_scores_do_not_tell_authors_apart() {
    let folder = report_of_rows(&by_ten_authors(false));
    let rows = table(&folder, "authors.csv");
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| row["rank"].is_empty() && row["ranked"] == "false"));
    assert!(rows.iter().all(|row| !row["shrunk_toxicity"].is_empty()));
    assert_eq!((rows[0]["author"].as_str(), rows[0]["scored"].as_str()), ("author 9", "29"));
    let summary: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["authors_differ"], false);
    assert!(summary["authors"][0]["rank"].is_null());
    let page = page_of(&folder, "report.html");
    let authors = texts(&page, "#authors").concat();
    assert!(authors.contains("can’t be told apart by their scores, so nobody is ranked"), "{authors}");
    assert!(authors.contains("all 10 authors with at least 5 scored comments overlap"), "{authors}");
    assert!(!texts(&page, "#authors th").iter().any(|name| name == "rank"));

    let folder = report_of_rows(&by_ten_authors(true));
    let rows = table(&folder, "authors.csv");
    assert_eq!((rows[0]["author"].as_str(), rows[0]["rank"].as_str()), ("author 3", "1"));
    assert!(rows.iter().all(|row| row["ranked"] == "true"));
    let page = page_of(&folder, "report.html");
    assert!(texts(&page, "#authors th").iter().any(|name| name == "rank"));
    assert!(!texts(&page, "#authors").concat().contains("nobody is ranked"));
}

#[test]
fn placeholders_for_names_are_not_one_author() {
    let names = [Some("Anonymous"), Some("[deleted]"), Some("Guest"), None, Some("Ann")];
    let rows: Vec<Scored> = (0..100)
        .map(|number| scored(number, "a", names[number % 5], [0.1, 0.97][number / 5 % 2], &different(number)))
        .collect();
    let folder = report_of_rows(&rows);
    let authors = table(&folder, "authors.csv");
    assert_eq!(authors.iter().map(|row| row["author"].as_str()).collect::<Vec<_>>(), ["Ann"]);
    let by: Vec<_> = table(&folder, "by.csv")
        .into_iter()
        .map(|row| (row["value"].clone(), row["comments"].clone()))
        .collect();
    assert_eq!(by, [(String::new(), "80".to_owned()), ("Ann".to_owned(), "20".to_owned())]);
    let threads = table(&folder, "threads.csv");
    assert_eq!((threads[0]["comments"].as_str(), threads[0]["authors"].as_str()), ("100", "1"));
    let header = texts(&page_of(&folder, "report.html"), "header").concat();
    assert!(header.contains("1 named author · 80 comments without a name"), "{header}");
    // The name stays on the card, but says nothing about a person.
    let queue = page_of(&folder, "queue.html");
    let author = Selector::parse(".author").unwrap();
    for card in queue.select(&Selector::parse(".card").unwrap()) {
        let name: Option<String> = card.select(&author).next().map(|author| author.text().collect());
        let card: String = card.text().collect();
        assert_eq!(
            card.contains("20 comments, 10 of 20 scored ones flagged"),
            name.as_deref() == Some("Ann"),
            "{name:?}: {card}"
        );
    }
    assert!(texts(&queue, ".author").contains(&"Anonymous".to_owned()));
    // ConvoKit has a speaker for each.
    let read = |name: &str| fs::read_to_string(folder.path().join("convokit").join(name)).unwrap();
    let speakers: Map<String, Value> = serde_json::from_str(&read("speakers.json")).unwrap();
    assert_eq!(speakers.len(), 81);
    let lines = read("utterances.jsonl");
    let utterances = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(utterances.into_iter().all(|line| speakers.contains_key(line["speaker"].as_str().unwrap())));
}

#[test]
fn nearly_the_same_texts_stand_under_the_first() {
    let rows = [
        (0.99, "you are the worst host this show has ever had"),
        (0.98, "go away"),
        (0.97, "you are the worst host this show has ever had on a friday"),
        (0.96, "YOU are the worst host this show has ever had on a friday!!"),
        (0.95, "you are the worst host this show has ever had"),
        (0.94, "away with you all"),
    ];
    let rows = (1..).zip(rows).map(|(id, (toxicity, text))| scored(id, "t", None, toxicity, text));
    let folder = report_of_rows(&rows.collect::<Vec<_>>());

    let mut flagged = csv::Reader::from_path(folder.path().join("flagged.csv")).unwrap();
    let columns = ["duplicate_of", "near_duplicate_of"]
        .map(|name| flagged.headers().unwrap().iter().position(|header| header == name).unwrap());
    let found: Vec<[String; 2]> = flagged
        .records()
        .map(|row| row.unwrap())
        .map(|row| columns.map(|column| row[column].to_owned()))
        .collect();
    assert_eq!(found, [["", ""], ["", ""], ["", "1"], ["3", "1"], ["1", ""], ["", ""]]);
    let page = page_of(&folder, "queue.html");
    let ids: Vec<&str> =
        page.select(&Selector::parse(".card").unwrap()).filter_map(|card| card.attr("id")).collect();
    assert_eq!(ids, ["f1", "f2", "f6"]);
    assert_eq!(page.select(&Selector::parse("#f1 .repeated > li").unwrap()).count(), 3);
    let summary = page.select(&Selector::parse("#f1 .more-about > summary").unwrap()).next().unwrap();
    let words: String = summary.text().collect();
    assert!(
        words.starts_with("1 more comment with the same words; 2 comments with nearly the same; more about")
    );
    let rest: Vec<Value> = rest(&page)["rows"].as_array().unwrap().clone();
    let groups: Vec<(Value, Value, Value)> =
        rest.iter().map(|row| (row["rank"].clone(), row["same"].clone(), row["near"].clone())).collect();
    let null = Value::Null;
    assert_eq!(
        groups,
        [(3.into(), null.clone(), 1.into()), (4.into(), 3.into(), 1.into()), (5.into(), 1.into(), null)]
    );
}

#[test]
fn the_policy_of_a_page_names_its_own_styles_and_script_alone() {
    let folder = hostile_report();
    for (name, ..) in PAGES {
        let page = Html::parse_document(&fs::read_to_string(folder.path().join(name)).unwrap());
        let hashes = |selector: &str| -> String {
            let selector = Selector::parse(selector).unwrap();
            let hash =
                |content: String| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(content)));
            page.select(&selector).map(|element| hash(element.text().collect())).collect()
        };
        let (style, script) = (hashes("style"), hashes("script:not([type])"));
        let script = if script.is_empty() { script } else { format!(" script-src{script};") };
        let meta = Selector::parse("meta[http-equiv=Content-Security-Policy]").unwrap();
        assert_eq!(
            page.select(&meta).next().unwrap().attr("content").unwrap(),
            format!("default-src 'none'; style-src{style};{script} base-uri 'none'; form-action 'none'")
        );
    }
}

#[test]
fn a_network_of_hostile_names_is_well_formed() {
    let folder = hostile_report();
    let xml = fs::read_to_string(folder.path().join("network.gexf")).unwrap();
    assert!(!xml.chars().any(|c| c.is_control() && c != '\n' && c != '\u{7f}'));
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut labels = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(element) if element.name().as_ref() == "node" => {
                labels.push(
                    element
                        .try_get_attribute("label")
                        .unwrap()
                        .unwrap()
                        .normalized_value(quick_xml::XmlVersion::Explicit1_0)
                        .unwrap()
                        .into_owned(),
                );
            }
            _ => {}
        }
    }
    assert_eq!(labels.len(), HOSTILE.len() + 1);
    assert_eq!(labels[0], HOSTILE[0]);
    assert_eq!(labels[8], "\u{202e}gnp.exe\u{2066} \u{fffd} \u{fffd}[31m \u{7f}");
}

#[test]
fn no_cell_is_a_formula() {
    let folder = hostile_report();
    for output in OUTPUTS.into_iter().filter(|output| output.ends_with(".csv")) {
        let mut table = csv::Reader::from_path(folder.path().join(output)).unwrap();
        for record in table.records() {
            for cell in record.unwrap().iter() {
                assert!(!cell.starts_with(['=', '+', '@']), "{output}: {cell}");
            }
        }
    }
}
