//! Load on the store, for `scripts/bench-review` and the crash test of `scripts/ci-extended`.
//!
//! ```text
//! load make DIR COMMENTS          writes a run of made-up comments, a tenth of them flagged
//! load measure DIR URL            imports it, and measures queue, search and decisions
//! load decide URL NAME            decides until nothing is open, and prints each decided comment
//! ```

#![expect(clippy::print_stdout, reason = "a program of the tests speaks to a script")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use comity_core::comment::{Comment, Origin};
use comity_core::label::Label;
use comity_core::policy::Policy;
use comity_core::record::decision::Verdict;
use comity_core::record::{ModelId, Outcome, RUN, Replies, Run, Scored, Scores, ledger};
use comity_review::Store;
use comity_review::store::{DecideOutcome, DecisionInput, Filter, Page, Role};

const LEASE: Duration = Duration::from_secs(300);

/// Requests of each kind that are measured.
const REQUESTS: usize = 200;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["make", dir, count] => make(Path::new(dir), count.parse()?),
        ["measure", dir, url] => measure(Path::new(dir), url).await,
        ["decide", url, name] => decide(url, name).await,
        _ => Err("load make DIR COMMENTS | load measure DIR URL | load decide URL NAME".into()),
    }
}

/// Returns words that few comments and words that many have: the rank of a word follows Zipf's law.
fn words(random: &mut fastrand::Rng, count: usize) -> String {
    let word = |_| word(50_000_f64.powf(random.f64()) as u32);
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

/// Returns the word of a rank, from 1.
fn word(rank: u32) -> String {
    let mut number = rank.wrapping_mul(2_654_435_761);
    let mut word = String::new();
    for _ in 0..2 + rank.ilog2().min(8) / 2 {
        word.push(char::from(b"bdfgklmnprstvz"[(number % 14) as usize]));
        word.push(char::from(b"aeiou"[(number / 14 % 5) as usize]));
        number = number.rotate_right(5) ^ rank;
    }
    word
}

/// Writes a run of made-up comments.
fn make(dir: &Path, count: u64) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(dir)?;
    let path = dir.join(ledger::FILE_NAME);
    let mut writer = ledger::Writer::new(BufWriter::new(File::create(&path)?), &path)?;
    let mut random = fastrand::Rng::with_seed(22);
    let origin = Origin { file: "made.csv".into(), record: 1, line: 2 };
    let spam: Vec<String> = (0..50).map(|_| words(&mut random, 15)).collect();
    for id in 0..count {
        let is_flagged = random.u32(0..10) == 0;
        let length = 5 + random.usize(0..40);
        let text = match is_flagged && random.u32(0..20) == 0 {
            true => format!("{} {id}", spam[random.usize(0..spam.len())]),
            false => words(&mut random, length),
        };
        let thread = random.u64(0..1 + count / 200);
        let mut comment =
            Comment::new(id.to_string(), format!("https://example.org/{thread}"), text, origin.clone());
        comment.author = Some(format!("author {}", (count as f64 / 10.0).powf(random.f64()) as u64));
        comment.created_at = jiff::Timestamp::from_second(1_600_000_000 + id.cast_signed()).ok();
        comment.votes = Some(random.i64(-5..50));
        let toxicity = if is_flagged { 0.5 + random.f64() / 2.0 } else { random.f64() / 10.0 };
        let mut scores = [0.0; Label::COUNT];
        scores[Label::Toxicity.index()] = toxicity;
        scores[Label::Insult.index()] = toxicity * random.f64();
        scores[Label::Neutral.index()] = 1.0;
        let language = Some(["en", "de", "es"][random.usize(0..3)].to_owned());
        let outcome = Outcome::Scored(Scores::new(scores));
        writer.write(&Scored { comment, language, evasion: false, outcome })?;
    }
    writer.finish()?.into_inner()?.sync_all()?;
    let run = Run {
        version: "0".to_owned(),
        settings: BTreeMap::new(),
        model: ModelId {
            name: "made-up".to_owned(),
            version: "1".to_owned(),
            checksum: "00".to_owned(),
            languages: vec!["en".to_owned()],
            missing: Vec::new(),
            uncalibrated: false,
            held_out: None,
        },
        engine: "none".to_owned(),
        inputs: Vec::new(),
        skipped: Vec::new(),
        replies: Replies::default(),
        read: count,
        rejects: 0,
        by: Vec::new(),
        scores_sha256: Some(format!("made-{count}")),
        edited: false,
    };
    fs::write(dir.join(RUN), serde_json::to_string(&run)?)?;
    Ok(())
}

/// Times of one kind of request.
struct Times {
    name: String,
    times: Vec<Duration>,
}

impl Times {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), times: Vec::new() }
    }

    async fn take<T, E>(&mut self, request: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let start = Instant::now();
        let answer = request.await;
        self.times.push(start.elapsed());
        answer
    }

    fn print(mut self) {
        self.times.sort_unstable();
        let at = |share: f64| {
            let index = ((self.times.len() as f64 * share) as usize).min(self.times.len() - 1);
            self.times[index].as_secs_f64() * 1e3
        };
        println!("| {} | {:.1} ms | {:.1} ms | {:.1} ms |", self.name, at(0.5), at(0.95), at(1.0));
    }
}

/// Imports a run, and measures what moderators do.
async fn measure(dir: &Path, url: &str) -> Result<(), Box<dyn Error>> {
    let store = Store::open(url).await?;
    let start = Instant::now();
    let imported = store.import_run(dir, "made-up", &mut |_| {}).await?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "imported {} comments, {} flagged, in {seconds:.1} s: {:.0}/s\n",
        imported.added,
        imported.opened,
        imported.added as f64 / seconds
    );
    println!("| request | median | 95% | longest |\n| --- | --- | --- | --- |");
    let mut random = fastrand::Rng::with_seed(7);

    let mut times = Times::new("queue, pages one after the other");
    let mut after = None;
    for _ in 0..REQUESTS {
        let page = times.take(store.queue(&Filter::default(), Page { after, size: 50 })).await?;
        after = page.next;
    }
    times.print();
    let first = store.queue(&Filter::default(), Page::default()).await?;
    let some = &first.rows[0].comment;
    let filters = [
        ("one rule", Filter { rule: Some("very-toxic".to_owned()), ..Filter::default() }),
        ("one thread", Filter { thread: Some(some.thread.id), ..Filter::default() }),
        ("one author", Filter { author: some.author.as_ref().map(|author| author.id), ..Filter::default() }),
        ("one language", Filter { language: Some("de".to_owned()), ..Filter::default() }),
        ("score range", Filter { min_score: Some(0.55), max_score: Some(0.56), ..Filter::default() }),
        (
            "score range of another label",
            Filter { label: Some(Label::Insult), min_score: Some(0.8), ..Filter::default() },
        ),
    ];
    for (name, filter) in &filters {
        let mut times = Times::new(format!("queue, {name}"));
        for _ in 0..REQUESTS / 4 {
            times.take(store.queue(filter, Page::default())).await?;
        }
        times.print();
    }

    for (name, terms) in [("a frequent word", 2_u32), ("a rare word", 20_000), ("two words", 100)] {
        let mut times = Times::new(format!("search, {name}"));
        for _ in 0..REQUESTS / 4 {
            let text = words_of_rank(&mut random, terms, if terms == 100 { 2 } else { 1 });
            times.take(store.search(&text, &Filter::default(), None, 50)).await?;
        }
        times.print();
    }
    let mut times = Times::new("search, a frequent word with a rule");
    let filter = Filter { rule: Some("very-toxic".to_owned()), ..Filter::default() };
    for _ in 0..REQUESTS / 4 {
        let text = words_of_rank(&mut random, 2, 1);
        times.take(store.search(&text, &filter, None, 50)).await?;
    }
    times.print();

    let mut times = Times::new("item with its thread and author");
    for row in first.rows.iter().cycle().take(REQUESTS) {
        times.take(store.item(row.comment.id, 5)).await?;
    }
    times.print();
    let user = match store.user_by_name("bench").await? {
        Some(user) => user,
        None => store.create_user("bench", Role::Moderator, None).await?,
    };
    let (mut claims, mut decisions) = (Times::new("claim the next item"), Times::new("decide"));
    for _ in 0..REQUESTS {
        let Some(item) = claims.take(store.claim_next(user.id, &Filter::default(), LEASE)).await? else {
            break;
        };
        let input = decision(item.comment.id, user.id, item.revision);
        decisions.take(store.decide(&input)).await?;
    }
    claims.print();
    decisions.print();
    let mut times = Times::new("what-if, the first time");
    times.take(store.what_if(&Policy::built_in())).await?;
    times.print();
    let mut times = Times::new("what-if, later");
    for _ in 0..10 {
        times.take(store.what_if(&Policy::built_in())).await?;
    }
    times.print();

    println!("\nQuery plans:\n\n```");
    for (name, filter) in [("whole queue", &Filter::default())]
        .into_iter()
        .chain(filters.iter().map(|(name, filter)| (*name, filter)))
    {
        println!("queue, {name}:");
        for step in store.queue_plan(filter, after).await? {
            println!("  {step}");
        }
    }
    for (name, filter) in [("words", &Filter::default()), ("words with a rule", &filters[0].1)] {
        println!("search, {name}:");
        for step in store.search_plan("word other", filter).await? {
            println!("  {step}");
        }
    }
    println!("```");
    Ok(())
}

/// Returns words of about a rank, as [`words`] makes them.
fn words_of_rank(random: &mut fastrand::Rng, rank: u32, count: usize) -> String {
    (0..count).map(|_| word(rank + random.u32(0..1 + rank / 10))).collect::<Vec<_>>().join(" ")
}

fn decision(item: i64, user: i64, seen_revision: i64) -> DecisionInput {
    let verdict = if item % 2 == 0 { Verdict::Approve } else { Verdict::Reject };
    DecisionInput {
        item,
        user,
        verdict,
        rule: None,
        reason: String::new(),
        note: String::new(),
        seen_revision,
        second_opinion: false,
    }
}

/// Decides until nothing is open. What is printed is on the disk.
async fn decide(url: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let store = Store::open(url).await?;
    let user = match store.user_by_name(name).await? {
        Some(user) => user,
        None => store.create_user(name, Role::Moderator, None).await?,
    };
    // An item that a killed process had claimed is free after a second.
    let lease = Duration::from_secs(1);
    while let Some(item) = store.claim_next(user.id, &Filter::default(), lease).await? {
        let input = decision(item.comment.id, user.id, item.revision);
        match store.decide(&input).await? {
            DecideOutcome::Done { .. } => {
                println!("{}", item.comment.external_id);
                std::io::stdout().flush()?;
            }
            // Its lease ended, and somebody else was faster.
            DecideOutcome::AlreadyDecided(_) | DecideOutcome::ClaimedBy(_) | DecideOutcome::Changed => {}
            other => return Err(format!("{other:?}").into()),
        }
    }
    Ok(())
}
