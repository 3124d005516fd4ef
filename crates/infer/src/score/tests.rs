use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use ndarray::Array2;

use super::tokens::{join_windows, worse};
use super::*;
use crate::engine::{Batch, open};
use comity_core::comment::Origin;

/// Texts that are disguised throughout, of which the model reads the spelt-out form alone; and
/// that form as a text of its own, which the model also reads in a second form: with the parted
/// word joined.
pub(super) const DISGUISED: [[&str; 2]; 3] = [
    ["th0se refu g33s 4re f*ck1ng m0r0ns 4nd cr00ks", "those refu gees are fucking morons and crooks"],
    [
        "4ll th3se immi gr4nts 4re cr00ks and st*p1d 1d10ts",
        "all these immi grants are crooks and stupid idiots",
    ],
    [
        "th0se chr1st ians 4re f*ck1ng 1d10ts, 4ll of th3m",
        "those christ ians are fucking idiots, all of them",
    ],
];

/// A scorer can be shared by threads.
const _: () = {
    const fn is_shared<T: Clone + Send + Sync>() {}
    is_shared::<Scorer>();
};

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny")
}

fn of_tiny() -> ScorerBuilder {
    Scorer::builder().model(ModelChoice::Folder(tiny()))
}

fn comments(texts: &[&str]) -> Vec<Comment> {
    let origin = Origin { file: "x".into(), record: 1, line: 1 };
    let numbered = texts.iter().enumerate();
    numbered.map(|(id, text)| Comment::new(id.to_string(), "t", *text, origin.clone())).collect()
}

fn causes(scored: &[Scored]) -> Vec<Option<Unscored>> {
    let cause = |scored: &Scored| match scored.outcome {
        Outcome::Scored(_) => None,
        Outcome::Unscored(cause) => Some(cause),
    };
    scored.iter().map(cause).collect()
}

/// Runs the real engine and counts the sequences it is given.
struct Counting {
    inner: Box<dyn Engine>,
    sequences: AtomicU64,
}

impl Engine for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        self.sequences.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.inner.logits(batch)
    }
}

#[test]
fn what_is_not_scored_has_its_cause() {
    let mut chunk = comments(&[
        "Good luck.",
        " \n\t",
        "\u{200b}\u{200d}",
        "> so he said",
        "Das ist doch wirklich nicht euer Ernst, oder habe ich das falsch verstanden?",
        "[deleted]",
        "[removed]",
        "pingback",
        "😀",
        "🔔🔔",
        "http://example.org",
    ]);
    chunk[3].quotes.push(0..12);
    chunk[5].status = Status::Deleted;
    chunk[6].status = Status::Removed;
    chunk[7].status = Status::Service;
    let scored = of_tiny().build().unwrap().session().score(chunk.clone(), &|_| ()).unwrap();
    use Unscored::{Deleted, Empty, Language, Quote, Removed, Service};
    let expected = [Empty, Empty, Quote, Language, Deleted, Removed, Service].map(Some);
    assert_eq!(causes(&scored), [&[None], &expected[..], &[None, Some(Empty), None]].concat());
    assert_eq!(
        scored.iter().map(|scored| &scored.comment).collect::<Vec<_>>(),
        chunk.iter().collect::<Vec<_>>()
    );

    let any = of_tiny().any_language(true).build().unwrap();
    let scored = any.session().score(chunk, &|_| ()).unwrap();
    assert_eq!(causes(&scored)[4], None);
    assert_eq!(scored[4].language.as_deref(), Some("de"));
}

#[test]
fn a_text_alone_is_decided_like_a_comment_without_an_export() {
    let texts = [
        "Good luck.",
        "",
        " \n\t",
        "\u{200b}\u{200d}",
        "> so he said",
        "Das ist doch wirklich nicht euer Ernst, oder habe ich das falsch verstanden?",
        "no",
        "\u{1f514}\u{1f514}",
        "Good luck.",
    ];
    let scorer = of_tiny().build().unwrap();
    let outcomes = scorer.score(&texts).unwrap();
    let mut session = scorer.session();
    let scored = session.score(comments(&texts), &|_| ()).unwrap();
    assert_eq!(outcomes, scored.into_iter().map(|scored| scored.outcome).collect::<Vec<_>>());
    for (text, cause) in [(1, Unscored::Empty), (2, Unscored::Empty), (5, Unscored::Language)] {
        assert_eq!(outcomes[text], Outcome::Unscored(cause));
    }
    assert_eq!(outcomes[0], outcomes[8]);
    assert_eq!(scorer.score::<&str>(&[]).unwrap(), []);
}

#[test]
fn threads_are_capped() {
    for (asked, started) in [(1, 1), (2, 2), (10_000, max_threads())] {
        assert_eq!(of_tiny().threads(asked).build().unwrap().threads(), started);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let scorer = of_tiny().build().unwrap();
    assert_eq!(pool.install(|| scorer.threads()), 3);
}

#[test]
fn what_cannot_be_built_is_named() {
    let error = |builder: ScorerBuilder| builder.build().err().expect("an error").to_string();
    let nowhere = Scorer::builder().model(ModelChoice::Folder("/nowhere".into()));
    assert!(error(nowhere).starts_with("model /nowhere: config.json: cannot be read"));
    assert!(error(of_tiny().engine("steam")).starts_with("unknown engine `steam`"));

    let dir = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(tiny()).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
    }
    let path = dir.path().join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["normalizer"] = serde_json::json!(normalize::VERSIONS.end() + 1);
    std::fs::write(&path, manifest.to_string()).unwrap();
    let other = error(Scorer::builder().model(ModelChoice::Folder(dir.path().to_owned())));
    assert!(
        other.starts_with(&format!(
            "the model tiny was trained with version {} of the",
            normalize::VERSIONS.end() + 1
        )),
        "{other}"
    );
}

#[test]
fn only_a_model_of_english_has_a_second_reading() {
    for (languages, folded) in
        [(&["en"][..], true), (&["de", "en"], true), (&[], true), (&["de"], false), (&["de", "fr"], false)]
    {
        let mut model = Model::embedded().unwrap();
        model.manifest.languages = languages.iter().map(|language| (*language).to_owned()).collect();
        let scorer = Scorer::builder().build_with(model).unwrap();
        let reading = scorer.read("you 1d10t");
        assert_eq!(reading.folded.as_deref(), folded.then_some("you idiot"), "{languages:?}");
        assert_eq!(reading.evasion, folded, "{languages:?}");
        // What normalising undoes cannot mean anything else in any language.
        let reading = scorer.read("you st\u{200b}upid");
        assert_eq!((&*reading.text, reading.evasion), ("you stupid", true), "{languages:?}");
    }
}

#[test]
fn only_own_words_count() {
    let mut chunk = comments(&["> You are all fools!\nNo, they are not.", "No, they are not."]);
    chunk[0].quotes.push(0..21);
    let scored = of_tiny().build().unwrap().session().score(chunk, &|_| ()).unwrap();
    assert_eq!(scored[0].outcome, scored[1].outcome);
}

#[test]
fn equal_texts_are_scored_once_and_every_comment_is_counted() {
    let inner = open("native", &Model::open(&tiny()).unwrap()).unwrap();
    let engine = Arc::new(Counting { inner, sequences: AtomicU64::new(0) });
    let scorer = of_tiny().custom_engine(engine.clone()).build().unwrap();
    let mut session = scorer.session();
    let done = Mutex::new(0);
    let advance = |more| *done.lock().unwrap() += more;
    let first =
        session.score(comments(&["so good", "so bad", "So  good ", "so good", ""]), &advance).unwrap();
    assert_eq!(engine.sequences.load(Ordering::Relaxed), 3, "case is the tokenizer's matter, space is not");
    let second = session.score(comments(&["so bad", "so what"]), &advance).unwrap();
    assert_eq!(engine.sequences.load(Ordering::Relaxed), 4);
    assert_eq!(*done.lock().unwrap(), 7);
    assert_eq!(first[0].outcome, first[3].outcome);
    assert_eq!(first[1].outcome, second[0].outcome);
    scorer.score(&["so bad", "so bad"]).unwrap();
    assert_eq!(engine.sequences.load(Ordering::Relaxed), 5, "a session's memory is its own");
}

#[test]
fn a_disguised_text_and_its_spelt_out_form_have_the_scores_that_each_has_alone() {
    let scorer = Scorer::builder().build().unwrap();
    let score = |chunks: &[&[&str]]| -> Vec<Outcome> {
        let mut session = scorer.session();
        let scored = chunks.iter().map(|chunk| session.score(comments(chunk), &|_| ()).unwrap());
        scored.flatten().map(|scored| scored.outcome).collect()
    };
    for [disguised, spelt_out] in DISGUISED {
        let (one, other) = (scorer.read(disguised), scorer.read(spelt_out));
        assert_eq!((&one.text, &one.folded), (&spelt_out.to_owned(), &None), "only then is this a test");
        assert!(other.text == spelt_out && other.folded.is_some(), "{other:?}");

        let alone = [score(&[&[disguised]])[0], score(&[&[spelt_out]])[0]];
        assert_ne!(alone[0], alone[1]);
        for chunks in [&[&[disguised, spelt_out][..]][..], &[&[disguised], &[spelt_out]]] {
            assert_eq!(score(chunks), alone);
        }
        for chunks in [&[&[spelt_out, disguised][..]][..], &[&[spelt_out], &[disguised]]] {
            assert_eq!(score(chunks), [alone[1], alone[0]]);
        }
    }
}

#[test]
fn scores_depend_on_the_text_alone() {
    let long = "the harbour is closed and nobody told us why ".repeat(60);
    let texts: Vec<String> = (0..50)
        .map(|n| format!("{} comment number {n}. {}", "so ".repeat(n), &long[..n * n % long.len()]))
        .chain([long.clone()])
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let run = |batch, threads, chunk: usize| -> Vec<Scored> {
        let scorer = of_tiny().threads(threads).batch(batch).any_language(true).build().unwrap();
        let mut session = scorer.session();
        let all = comments(&texts);
        let chunks = all.chunks(chunk).map(<[Comment]>::to_vec);
        chunks.flat_map(|chunk| session.score(chunk, &|_| ()).unwrap()).collect()
    };
    let alone = run(1, 1, 1);
    let scorer = of_tiny().any_language(true).build().unwrap();
    assert!(scorer.model().encoder.windows(&long, 256, 64).unwrap().len() > 1);
    for (batch, threads, chunk) in [(1, 2, 100), (64, 1, 100), (7, 3, 13)] {
        assert_eq!(run(batch, threads, chunk), alone);
    }
    // Without a comment, a session or an own pool.
    let outcomes: Vec<Outcome> = alone.into_iter().map(|scored| scored.outcome).collect();
    assert_eq!(scorer.score(&texts).unwrap(), outcomes);
    let cloned = scorer.clone();
    let other = std::thread::spawn(move || cloned.score(&["so bad"]).unwrap());
    assert_eq!(scorer.score(&["so bad"]).unwrap(), other.join().unwrap());
}

#[test]
fn the_worse_of_two_readings_counts_and_the_sentiment_is_the_more_toxic_ones() {
    let (mut raw, mut folded) = ([Some(0.2); Label::COUNT], [Some(0.3); Label::COUNT]);
    raw[Label::Threat.index()] = Some(0.4);
    folded[Label::Negative.index()] = Some(0.1);
    let scores = worse(raw, folded);
    assert_eq!(scores[Label::Toxicity.index()], Some(0.3));
    assert_eq!(scores[Label::Threat.index()], Some(0.4));
    assert_eq!(scores[Label::Negative.index()], Some(0.1));
    raw[Label::Toxicity.index()] = None;
    folded[Label::Toxicity.index()] = None;
    let scores = worse(raw, folded);
    assert_eq!(scores[Label::Toxicity.index()], None);
    assert_eq!(scores[Label::Negative.index()], Some(0.2));
}

#[test]
fn windows_join_by_maximum_and_weighted_mean() {
    let window = |content_tokens| Window { ids: Vec::new(), content_tokens };
    let mut first = [Some(0.2); Label::COUNT];
    let mut second = [Some(0.1); Label::COUNT];
    first[Label::Threat.index()] = Some(0.05);
    second[Label::Positive.index()] = Some(0.8);
    (first[Label::Insult.index()], second[Label::Insult.index()]) = (None, None);
    let joined = Scores::new(join_windows(&[window(30), window(10)], &[first, second]));
    assert_eq!(joined.get(Label::Toxicity), Some(0.2));
    assert_eq!(joined.get(Label::Threat), Some(0.1));
    assert_eq!(joined.get(Label::Insult), None);
    assert_eq!(joined.get(Label::Positive), Some(0.35));
    assert_eq!(joined.get(Label::Neutral), Some(0.175));
}

#[test]
fn plain_texts_are_scored_as_comments_are() {
    let german = "Das ist doch wirklich nicht euer Ernst, oder habe ich das falsch verstanden?";
    let texts = ["Good luck.", " \n", german, "Ja.", DISGUISED[0][0], "Good luck."];
    let scorer = of_tiny().build().unwrap();
    let is_stopped = AtomicBool::new(false);
    for expects in [false, true] {
        let mut session = scorer.session();
        let mut gate = scorer.gate().clone();
        if expects {
            session.expect(&comments(&texts));
            gate = scorer.expect(texts);
        }
        let rows = session.score(comments(&texts), &|_| ()).unwrap();
        let scored = scorer.score_with_language(&texts, &gate, &is_stopped).unwrap();
        let scored: Vec<Scored> =
            scored.into_iter().zip(comments(&texts)).map(|(text, comment)| text.of(comment)).collect();
        assert_eq!(scored, rows);
        assert!(scored[4].evasion && scored[2].language.as_deref() == Some("de"));
    }
    is_stopped.store(true, Ordering::Relaxed);
    let error = scorer.score_with_language(&texts, scorer.gate(), &is_stopped).unwrap_err();
    assert!(matches!(error, ScoreError::Stopped));
}
