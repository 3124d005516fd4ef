//! Reports from made-up scores: golden folders, hostile comments, and what must not change or must fail.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use comity::comment::{Comment, Origin};
use comity::label::Label;
use comity::policy::Policy;
use comity::report::{self, Column, Form, Input, ModelId, Replies, ReportError, Run};
use comity::score::ledger::Writer;
use comity::score::{Outcome, Scored, Scores};
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

/// A case is a folder with `scores.csv`, `run.json`, the files expected of them in `expected/`, and `policy.toml` where
/// the built-in policy is not meant. `COMITY_ACCEPT=1 cargo test report` writes what came out as what is expected.
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

/// Our own reader gives back the comments that the forms were written from: the texts, and what belongs to them.
#[test]
fn tables_for_other_programs_read_back() {
    for case in cases() {
        let folder = report_of(&case);
        let scores = comity::score::ledger::Reader::open(&folder.path().join("scores.csv")).unwrap();
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
                    // The reader trims names, and takes a parent that is the comment itself for none.
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

/// What is not on the list could write over an input of its name.
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

/// The corpus of any case is one that ConvoKit can walk: ids are unique, every utterance leads by its replies to the root
/// whose id its conversation bears, and everything that is named is there.
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

/// Markup, script, links and characters that try to leave their place, in every field that an export fills.
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
        assert_eq!(page.select(&Selector::parse("script").unwrap()).count(), scripts);
        assert_eq!(page.select(&Selector::parse("style").unwrap()).count(), styles);

        // Every element and attribute is one that the template writes; values of attributes hold no data but web
        // addresses, labels for screen readers and what the page's own script reads.
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let template = fs::read_to_string(root.join("templates").join(name)).unwrap();
        let shapes = ["rect", "circle", "line", "polyline", "polygon", "text"];
        for element in page.root_element().descendent_elements() {
            let is_shape = shapes.contains(&element.value().name());
            let element = element.value();
            // A parser adds the body of a table where there is none; the template writes its own.
            let tag = element.name();
            assert!(is_shape || template.contains(&format!("<{tag}")), "<{tag}> is not the template's");
            for (name, value) in element.attrs() {
                assert!(!name.starts_with("on") && name != "src" && name != "style", "{name}=\"{value}\"");
                assert!(
                    is_shape || template.contains(&format!("{name}=")) || value.is_empty(),
                    "{name}=\"{value}\""
                );
                if name == "href" {
                    let inside =
                        ["#", "queue.html", "report.html"].iter().any(|page| value.starts_with(page));
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
    assert_eq!(first.attr("data-thread-name"), Some(HOSTILE[0]));
    assert_eq!(first.attr("data-score"), Some("0.950000"));
}

#[test]
fn nearly_the_same_texts_stand_under_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/nothing-scored");
    let mut run: Value = serde_json::from_str(&fs::read_to_string(case.join("run.json")).unwrap()).unwrap();
    let path = folder.path().join("scores.csv");
    let mut writer = Writer::new(fs::File::create(&path).unwrap(), &path).unwrap();
    let rows = [
        (0.99, "you are the worst host this show has ever had"),
        (0.98, "go away"),
        (0.97, "you are the worst host this show has ever had on a friday"),
        (0.96, "YOU are the worst host this show has ever had on a friday!!"),
        (0.95, "you are the worst host this show has ever had"),
        (0.94, "away with you all"),
    ];
    for (number, (toxicity, text)) in (1_u64..).zip(rows) {
        let origin = Origin { file: "x".into(), record: number, line: number };
        let comment = Comment::new(number.to_string(), "t", text, origin);
        let mut probabilities = [0.0; Label::COUNT];
        probabilities[Label::Toxicity.index()] = toxicity;
        let outcome = Outcome::Scored(Scores::new(probabilities));
        writer.write(&Scored { comment, language: Some("en".into()), evasion: false, outcome }).unwrap();
    }
    writer.finish().unwrap();
    (run["read"], run["rejects"]) = (rows.len().into(), 0.into());
    fs::write(folder.path().join("run.json"), run.to_string()).unwrap();
    report::write(folder.path(), &Policy::built_in(), &[], &[], &[]).unwrap();

    let mut flagged = csv::Reader::from_path(folder.path().join("flagged.csv")).unwrap();
    let columns = ["duplicate_of", "near_duplicate_of"]
        .map(|name| flagged.headers().unwrap().iter().position(|header| header == name).unwrap());
    let found: Vec<[String; 2]> = flagged
        .records()
        .map(|row| row.unwrap())
        .map(|row| columns.map(|column| row[column].to_owned()))
        .collect();
    assert_eq!(found, [["", ""], ["", ""], ["", "1"], ["3", "1"], ["1", ""], ["", ""]]);
    let page = Html::parse_document(&fs::read_to_string(folder.path().join("queue.html")).unwrap());
    let ids: Vec<&str> =
        page.select(&Selector::parse(".card").unwrap()).filter_map(|card| card.attr("id")).collect();
    assert_eq!(ids, ["f1", "f2", "f6"]);
    assert_eq!(page.select(&Selector::parse("#f1 .repeated > li").unwrap()).count(), 3);
    let summary = page.select(&Selector::parse("#f1 .more-about > summary").unwrap()).next().unwrap();
    let words: String = summary.text().collect();
    assert!(
        words.starts_with("1 comment more with the same words; 2 comments with nearly the same; more about")
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
        let (style, script) = (hashes("style"), hashes("script"));
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
