use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use comity_core::label::Label;
use comity_infer::ModelChoice;
use comity_infer::engine::{self, Batch, Engine, EngineError};
use comity_infer::explain;
use comity_infer::model::Model;
use ndarray::Array2;
use proptest::prelude::*;
use tokio::task::JoinSet;

use super::*;

const GERMAN: &str = "Das ist doch wirklich nicht euer Ernst, oder habe ich das falsch verstanden?";

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny")
}

fn of_tiny() -> ScorerBuilder {
    Scorer::builder().model(ModelChoice::Folder(tiny()))
}

fn config(model: ScorerBuilder) -> Config {
    let mut config = Config::new(([127, 0, 0, 1], 0).into());
    config.models = vec![model];
    config
}

fn start_with(config: &Config, registry: &Registry) -> Scoring {
    Scoring::start(config, Models::load(&config.models).unwrap(), registry).unwrap()
}

fn start(config: &Config) -> Scoring {
    start_with(config, &Registry::new())
}

fn comments<T: AsRef<str>>(texts: &[T]) -> Vec<Comment> {
    texts.iter().map(|text| app::comment(text.as_ref())).collect()
}

fn outcomes(scored: &[Scored]) -> Vec<Outcome> {
    scored.iter().map(|scored| scored.outcome).collect()
}

/// Runs the real engine, one batch for each permission, and keeps the lengths of the sequences of
/// each batch. Fails or panics if a sequence is as long as said.
struct Gated {
    inner: Box<dyn Engine>,
    permits: Mutex<usize>,
    changed: Condvar,
    batches: Mutex<Vec<Vec<usize>>>,
    entered: Mutex<usize>,
}

/// The number of ids of a sequence that the engine cannot take: the text `FAILING`.
const FAILS: usize = 16;
const FAILING: &str = "no no no no no no no";
/// The same for a panic.
const PANICS: usize = 20;
const PANICKING: &str = "no no no no no no no no no";

impl Gated {
    fn new(permits: usize) -> Arc<Self> {
        let inner = engine::open("native", &Model::open(&tiny()).unwrap()).unwrap();
        Arc::new(Self {
            inner,
            permits: Mutex::new(permits),
            changed: Condvar::new(),
            batches: Mutex::default(),
            entered: Mutex::default(),
        })
    }

    fn permit(&self, batches: usize) {
        *self.permits.lock().unwrap() += batches;
        self.changed.notify_all();
    }

    fn batches(&self) -> Vec<Vec<usize>> {
        self.batches.lock().unwrap().clone()
    }

    fn sequences(&self) -> usize {
        self.batches().iter().map(Vec::len).sum()
    }

    /// Waits until the engine has been called this number of times.
    async fn entered(&self, calls: usize) {
        while *self.entered.lock().unwrap() < calls {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Engine for Gated {
    fn name(&self) -> &str {
        "gated"
    }

    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        *self.entered.lock().unwrap() += 1;
        let mut permits = self.permits.lock().unwrap();
        while *permits == 0 {
            permits = self.changed.wait(permits).unwrap();
        }
        *permits -= 1;
        drop(permits);
        let lengths: Vec<usize> = batch.sequences().map(<[u32]>::len).collect();
        self.batches.lock().unwrap().push(lengths.clone());
        assert!(!lengths.contains(&PANICS), "as asked");
        if lengths.contains(&FAILS) {
            return Err(EngineError::EmptyBatch);
        }
        self.inner.logits(batch)
    }
}

/// One worker with a gated engine, whose first batch is in the engine already. Returns the answer to
/// that batch, too.
async fn busy(settings: impl FnOnce(&mut Config)) -> (Arc<Gated>, Arc<Scoring>, JoinSet<Vec<Scored>>) {
    let engine = Gated::new(0);
    let mut config = config(of_tiny().custom_engine(engine.clone()));
    config.threads = Some(1);
    settings(&mut config);
    let scoring = Arc::new(start(&config));
    let mut first = JoinSet::new();
    send(&mut first, &scoring, &["so first"], Priority::Interactive);
    engine.entered(1).await;
    (engine, scoring, first)
}

/// Sends a request from a task.
fn send(tasks: &mut JoinSet<Vec<Scored>>, scoring: &Arc<Scoring>, texts: &[&str], priority: Priority) {
    let (scoring, comments) = (scoring.clone(), comments(texts));
    tasks.spawn(async move { scoring.score(comments, &Languages::Detect, priority).await.unwrap() });
}

/// Waits until this number of texts wait.
async fn waiting(scoring: &Scoring, texts: i64) {
    while scoring.shared.figures.waiting.texts.get() != texts {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Texts of every kind: short, long, equal, disguised, empty, foreign.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(so|good|bad|you|are|idiot|the|harbour|is|closed|!| ){1,12}",
        1 => prop::sample::select(vec![
            "", " \n", "\u{200b}", "😀", "no", GERMAN, "you 1d10t", "th0se refu g33s 4re f*ck1ng m0r0ns",
            "you st\u{200b}upid", "http://example.org", "Good luck.",
        ]).prop_map(str::to_owned),
        1 => (1..400_usize).prop_map(|words| "nobody told us why ".repeat(words)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn scores_are_those_of_the_scorer_at_any_load(
        requests in prop::collection::vec(
            (prop::collection::vec(text(), 0..6), any::<bool>(), any::<bool>(), 0..40_u64),
            1..60,
        ),
        (threads, batch, wait) in (1..4_usize, 1..600_usize, 0..3_u64),
    ) {
        let mut config = config(of_tiny());
        (config.threads, config.batch) = (Some(threads), batch);
        config.wait = Duration::from_millis(wait);
        let scorer = of_tiny().build().unwrap();
        let any = of_tiny().any_language(true).build().unwrap();
        let scoring = Arc::new(start(&config));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for (number, (texts, bulk, named, _)) in requests.iter().enumerate() {
                let (scoring, comments) = (scoring.clone(), comments(texts));
                let priority = if *bulk { Priority::Bulk } else { Priority::Interactive };
                let languages = if *named { Languages::Named("en".into()) } else { Languages::Detect };
                tasks.spawn(async move { (number, scoring.score(comments, &languages, priority).await) });
            }
            // Some clients leave.
            for (texts, _, _, patience) in requests.iter().filter(|(.., patience)| *patience < 10) {
                let (scoring, comments, patience) = (scoring.clone(), comments(texts), *patience);
                tokio::spawn(async move {
                    let scored = scoring.score(comments, &Languages::Detect, Priority::Interactive);
                    let _ = tokio::time::timeout(Duration::from_millis(patience), scored).await;
                });
            }
            while let Some(answer) = tasks.join_next().await {
                let (number, scored) = answer.unwrap();
                let (scored, (texts, _, named, _)) = (scored.unwrap(), &requests[number]);
                let found: Vec<&str> = scored.iter().map(|scored| &*scored.comment.text).collect();
                assert_eq!(&found, texts);
                let alone = if *named { &any } else { &scorer };
                assert_eq!(outcomes(&scored), alone.score(texts).unwrap());
                let in_a_run = alone.session().score(comments(texts), &|_| ()).unwrap();
                assert_eq!(scored, in_a_run);
            }
        });
    }
}

#[tokio::test]
async fn a_named_language_passes_the_gate_and_an_unknown_one_does_not() {
    let scoring = start(&config(of_tiny()));
    let score = async |languages| {
        let scored = scoring.score(comments(&[GERMAN]), &languages, Priority::Interactive).await;
        scored.unwrap().remove(0)
    };
    let detected = score(Languages::Detect).await;
    assert_eq!(detected.outcome, Outcome::Unscored(Unscored::Language));
    assert_eq!(detected.language.as_deref(), Some("de"));
    let any = of_tiny().any_language(true).build().unwrap();
    for language in ["en", "en-GB", "EN"] {
        assert!(scoring.supports(language), "{language}");
        let named = score(Languages::Named(language.into())).await;
        assert_eq!(named.outcome, any.score(&[GERMAN]).unwrap()[0], "{language}");
        assert_eq!(named.language.as_deref(), Some("de"));
    }
    assert!(!scoring.supports("de"));
    let foreign = score(Languages::Named("de".into())).await;
    assert_eq!(foreign.outcome, Outcome::Unscored(Unscored::Language));

    assert_eq!(scoring.detect(GERMAN), ["de"]);
    assert_eq!(scoring.detect("The ferry was late again this morning")[0], "en");
    assert_eq!(scoring.detect("😀"), [""; 0]);
    assert_eq!(scoring.detect(""), [""; 0]);
}

#[tokio::test]
async fn a_text_goes_to_the_first_model_of_its_language() {
    let german = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(tiny()).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), german.path().join(file.file_name())).unwrap();
    }
    let path = german.path().join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["languages"] = serde_json::json!(["en", "de"]);
    std::fs::write(&path, manifest.to_string()).unwrap();
    let engines = [Gated::new(100), Gated::new(100)];
    let german = Scorer::builder().model(ModelChoice::Folder(german.path().to_owned()));
    let mut config = config(of_tiny().custom_engine(engines[0].clone()));
    config.models.push(german.custom_engine(engines[1].clone()));
    let scoring = start(&config);
    let texts = ["Nobody around here believes that story", GERMAN, "Good luck.", GERMAN];
    let scored = scoring.score(comments(&texts), &Languages::Detect, Priority::Bulk).await.unwrap();
    assert!(scored.iter().all(|scored| scored.outcome.scores().is_some()));
    assert_eq!(engines.each_ref().map(|engine| engine.sequences()), [2, 2]);
    let named = Languages::Named("de".into());
    scoring.score(comments(&["Good luck."]), &named, Priority::Bulk).await.unwrap();
    assert_eq!(engines.each_ref().map(|engine| engine.sequences()), [2, 3]);
    let spanish = "Buenos días a todos los vecinos de la calle que no han podido dormir";
    let scored = scoring.score(comments(&[spanish]), &Languages::Detect, Priority::Bulk).await.unwrap();
    assert_eq!(scored[0].outcome, Outcome::Unscored(Unscored::Language));
    assert_eq!(scored[0].language.as_deref(), Some("es"));
}

#[tokio::test]
async fn abandoned_requests_cost_nothing() {
    let (engine, scoring, mut first) = busy(|_| ()).await;
    let mut gone = JoinSet::new();
    for _ in 0..50 {
        send(&mut gone, &scoring, &["so gone", "so far away"], Priority::Interactive);
    }
    waiting(&scoring, 100).await;
    gone.shutdown().await;
    let mut kept = JoinSet::new();
    send(&mut kept, &scoring, &["so kept"], Priority::Interactive);
    waiting(&scoring, 101).await;
    engine.permit(100);
    assert!(kept.join_next().await.unwrap().unwrap()[0].outcome.scores().is_some());
    first.join_next().await.unwrap().unwrap();
    assert_eq!(engine.sequences(), 2);
}

#[tokio::test]
async fn a_long_text_that_is_abandoned_stops_within_it() {
    let (engine, scoring, _first) = busy(|config| config.batch = 64).await;
    let long = "the harbour is closed and nobody told us why ".repeat(600);
    let mut gone = JoinSet::new();
    send(&mut gone, &scoring, &[&long], Priority::Interactive);
    waiting(&scoring, 1).await;
    engine.permit(2);
    engine.entered(3).await;
    gone.shutdown().await;
    engine.permit(100);
    waiting(&scoring, 0).await;
    // The window that was in the engine is finished, and no other is begun.
    while engine.batches().len() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(engine.batches().len(), 3);
}

#[tokio::test]
async fn a_full_queue_refuses_and_recovers() {
    let (engine, scoring, _first) = busy(|config| config.queue = 40).await;
    let mut accepted = JoinSet::new();
    // About 30 tokens each.
    let text = "so the queue is full. ".repeat(5);
    for texts in [1, 2] {
        send(&mut accepted, &scoring, &[&text], Priority::Interactive);
        waiting(&scoring, texts).await;
    }
    let ask = |priority| scoring.score(comments(&["so late"]), &Languages::Detect, priority);
    let refused = ask(Priority::Interactive).await;
    let Err(Refusal::Busy(after)) = refused else { panic!("{refused:?}") };
    assert!((Duration::from_secs(1)..=Duration::from_secs(60)).contains(&after));
    // The other lane has room.
    send(&mut accepted, &scoring, &["so other"], Priority::Bulk);
    waiting(&scoring, 3).await;
    // Texts of clients that are gone take no room.
    accepted.shutdown().await;
    let late = tokio::spawn({
        let scoring = scoring.clone();
        async move { scoring.score(comments(&["so late"]), &Languages::Detect, Priority::Interactive).await }
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    engine.permit(100);
    assert!(late.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_stopped_server_finishes_what_it_accepted() {
    let (engine, scoring, mut tasks) = busy(|_| ()).await;
    send(&mut tasks, &scoring, &["so good"; 30], Priority::Bulk);
    send(&mut tasks, &scoring, &["so good"], Priority::Interactive);
    waiting(&scoring, 31).await;
    scoring.stop();
    let refused = scoring.score(comments(&["so late"]), &Languages::Detect, Priority::Bulk).await;
    assert_eq!(refused, Err(Refusal::Stopping));
    engine.permit(100);
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().map(Vec::len).sum::<usize>(), 32);
    assert!(answers.iter().flatten().all(|scored| scored.outcome.scores().is_some()));
    // The workers have ended: this does not hang.
    drop(scoring);
}

#[tokio::test]
async fn a_failing_engine_fails_its_batch_alone() {
    let engine = Gated::new(100);
    let mut config = config(of_tiny().custom_engine(engine));
    config.threads = Some(1);
    let scoring = start(&config);
    let encoder = &scoring.models()[0].model().encoder;
    assert_eq!([FAILING, PANICKING].map(|text| encoder.encode(text).unwrap().len()), [FAILS, PANICS]);
    for text in [FAILING, "so good", PANICKING, "so bad", PANICKING] {
        let scored = scoring.score(comments(&[text]), &Languages::Detect, Priority::Interactive).await;
        match text {
            FAILING | PANICKING => assert_eq!(scored, Err(Refusal::Internal)),
            _ => assert!(scored.unwrap()[0].outcome.scores().is_some()),
        }
    }
}

#[tokio::test]
async fn interactive_texts_come_first_and_bulk_goes_on() {
    let (engine, scoring, mut tasks) = busy(|config| config.batch = 1).await;
    // A bulk text has 4 tokens, an interactive one 5.
    send(&mut tasks, &scoring, &["so good"; 10], Priority::Bulk);
    waiting(&scoring, 10).await;
    send(&mut tasks, &scoring, &["so very good"; 10], Priority::Interactive);
    waiting(&scoring, 20).await;
    engine.permit(100);
    tasks.join_all().await;
    let lengths: Vec<usize> = engine.batches().into_iter().skip(1).flatten().collect();
    let expected = [5, 5, 5, 4, 5, 5, 5, 4, 5, 5, 5, 4, 5];
    assert_eq!(lengths[..13], expected);
    assert_eq!(lengths[13..], [4; 7]);
}

#[tokio::test]
async fn nobody_waits_for_a_request_of_a_thousand_texts_or_a_huge_one() {
    for texts in [vec!["the harbour is shut"; 1000], vec![&*"the harbour is closed ".repeat(4000)]] {
        let (engine, scoring, mut tasks) = busy(|_| ()).await;
        send(&mut tasks, &scoring, &texts, Priority::Interactive);
        waiting(&scoring, texts.len() as i64).await;
        let mut small = JoinSet::new();
        send(&mut small, &scoring, &["so small"], Priority::Interactive);
        waiting(&scoring, texts.len() as i64 + 1).await;
        // The batch in the engine, then the small text.
        engine.permit(2);
        small.join_next().await.unwrap().unwrap();
        engine.permit(10_000);
        let all: usize = tasks.join_all().await.iter().map(Vec::len).sum();
        assert_eq!(all, texts.len() + 1);
    }
}

#[tokio::test]
async fn a_batch_has_as_many_tokens_as_allowed() {
    let (engine, scoring, mut tasks) = busy(|config| config.batch = 50).await;
    for _ in 0..40 {
        send(&mut tasks, &scoring, &["so very good", "so good"], Priority::Interactive);
    }
    send(&mut tasks, &scoring, &[&"nobody told us why ".repeat(300)], Priority::Interactive);
    waiting(&scoring, 81).await;
    engine.permit(10_000);
    tasks.join_all().await;
    let batches = engine.batches();
    let tokens = |batch: &Vec<usize>| batch.iter().sum::<usize>();
    assert!(batches.iter().all(|batch| tokens(batch) <= 50 || batch.len() == 1), "{batches:?}");
    assert!(batches.len() < 40, "{batches:?}");
}

#[tokio::test]
async fn a_batch_waits_for_more_if_told_to() {
    let engine = Gated::new(100);
    let mut config = config(of_tiny().custom_engine(engine.clone()));
    (config.threads, config.wait) = (Some(1), Duration::from_millis(300));
    let scoring = Arc::new(start(&config));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    send(&mut tasks, &scoring, &["so good"], Priority::Interactive);
    tokio::time::sleep(Duration::from_millis(20)).await;
    send(&mut tasks, &scoring, &["so bad"], Priority::Interactive);
    tasks.join_all().await;
    assert_eq!(engine.batches(), [vec![4, 6]]);
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn explanations_are_those_of_a_report() {
    let scoring = start(&config(of_tiny()));
    let scorer = of_tiny().build().unwrap();
    let texts = ["You are kind. But that was daft, you 1d10t! \u{200b}. So what?", "  ", GERMAN];
    let scored = scoring.score(comments(&texts), &Languages::Detect, Priority::Interactive).await.unwrap();
    let explain = async |scored| {
        scoring.explain(scored, Label::Toxicity, &Languages::Detect, Priority::Interactive).await.unwrap()
    };
    let found = explain(&scored[0]).await.unwrap();
    let flagged = Flagged {
        thread: String::new(),
        id: String::new(),
        label: Label::Toxicity,
        score: scored[0].outcome.scores().unwrap().get(Label::Toxicity).unwrap(),
        excerpt: Excerpt::of(&scored[0].comment),
    };
    let expected = explain::explain(&scorer, &[flagged], &false.into()).unwrap().remove(0);
    assert_eq!(found, expected);
    assert_eq!(explain::sentences(texts[0]).len(), found.sentences.len());
    assert_eq!(&texts[0][explain::sentences(texts[0])[0].clone()], "You are kind.");
    assert_eq!(explain(&scored[1]).await, None);
    assert_eq!(explain(&scored[2]).await, None);
}

#[tokio::test]
async fn the_figures_count() {
    let registry = Registry::new();
    let scoring = start_with(&config(of_tiny()), &registry);
    let texts = ["so good", "", GERMAN, "so bad"];
    scoring.score(comments(&texts), &Languages::Detect, Priority::Interactive).await.unwrap();
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    for line in [
        "comity_texts_total{outcome=\"scored\"} 2",
        "comity_texts_total{outcome=\"unscored\"} 2",
        "comity_texts_total{outcome=\"abandoned\"} 0",
        "te_queue_size 0",
        "comity_queue_tokens 0",
        "te_request_queue_duration_count 4",
        "te_request_inference_duration_count 2",
        "te_batch_next_tokens_sum 10",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(!text.contains("good"));
}
