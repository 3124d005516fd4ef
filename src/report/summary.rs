//! `summary.json` and `summary.md`: the run in numbers, with what is needed to repeat it and what
//! its numbers do not say.

use askama::Template;
use serde::Serialize;

use super::ReportError;
use super::authors::Authors;
use super::draft::Drafts;
use super::first_pass::FirstPass;
use super::methods;
use super::network::Network;
use super::plain;
use super::run::notices;
use super::threads::Row as ThreadRow;
use crate::aggregate::{
    Contagion, Histogram, Interval, MIN_COMMENTS_TO_RANK, Moments, ShareEstimate, Spread, TOP, TOXIC,
    calibrated_share, corrected_share, counted_share,
};
use crate::decimal;
pub(super) use crate::decimal::round as six;
use crate::label::Label;
use crate::policy::{Action, Policy};
use crate::record::{Run, Unscored};

/// Entries in the short lists of threads and authors.
const LISTED: usize = 10;

/// Inputs that the summary and the methods list one by one. `run.json` has all of them.
pub(super) const LISTED_FILES: usize = 50;

/// Limits of the numbers of a report; shown in the summaries and on the pages.
pub(super) const LIMITS: [&str; 5] = [
    "A score is a model's estimate about a text. It is not a judgement of a person, and says nothing about intent.",
    "Do not remove anything without a person's review: the machine proposes, a person decides.",
    "A score of 0.80 means: in the data that the model was calibrated on, people labelled about 80% of the comments with this \
     score so. Your comments may differ; check a sample.",
    "Models err more often on irony, quotation, reclaimed words, dialect and mentions of groups of people. Expect high scores \
     on harmless comments of this kind, and misses.",
    "Comments that were not scored are listed by cause; they may still be harmful.",
];

/// A run in numbers: the content of `summary.json`, in this order. Scores have six decimals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Record counts; `read = scored + unscored + rejects` holds.
    pub counts: Counts,
    /// Unscored comments by cause; every cause, in a fixed order.
    pub unscored: Vec<CauseCount>,
    /// Comments by language of their own words, most first.
    pub languages: Vec<LanguageCount>,
    /// Probability of toxicity of the scored comments, from 0 to 1.
    pub toxicity: Distribution,
    /// Sentiment of the scored comments, from -1 to 1.
    pub sentiment: Distribution,
    /// Prevalence of toxicity.
    pub prevalence: Prevalence,
    /// Scored comments by action of the policy.
    pub actions: Vec<ActionCount>,
    /// The policy.
    pub policy: PolicyEntry,
    /// The largest threads, most scored comments first; at most ten.
    pub threads: Vec<ThreadEntry>,
    /// True if the scores distinguish at least two of the authors with enough comments: the 95%
    /// interval of one author's shrunk mean is above that of another. Otherwise nobody is ranked.
    pub authors_differ: bool,
    /// The first authors with enough scored comments to be ranked, at most ten: by rank, or if
    /// nobody is ranked by the number of scored comments.
    pub authors: Vec<AuthorEntry>,
    /// Concentration of comments and of their toxicity on named authors.
    pub concentration: Concentration,
    /// The network of replies.
    pub network: NetworkEntry,
    /// The run that made the scores.
    pub run: Run,
    /// Notes about its model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Limits of these numbers.
    pub limits: Vec<&'static str>,
    /// A paragraph for a paper.
    pub methods: String,
}

/// Record counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records read.
    pub read: u64,
    /// Comments with scores.
    pub scored: u64,
    /// Comments without.
    pub unscored: u64,
    /// Records that were no comments.
    pub rejects: u64,
    /// Scored comments on which a rule fired whose action is not approve.
    pub flagged: u64,
    /// Scored comments whose spelling hid words.
    pub evasions: u64,
    /// Threads.
    pub threads: u64,
    /// Authors with a name.
    pub authors: u64,
    /// Authors with enough scored comments to be ranked.
    pub ranked_authors: u64,
    /// Comments without an author's name, or with one that many people share (see
    /// [`is_shared_name`](crate::comment::is_shared_name)); they are in no row of `authors.csv`.
    pub without_author: u64,
}

/// Comments without scores, for one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CauseCount {
    /// The cause, as in the column `unscored`.
    pub cause: &'static str,
    /// Comments.
    pub comments: u64,
}

/// Comments of one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LanguageCount {
    /// ISO 639-1; `None` if it could not be told.
    pub language: Option<String>,
    /// Comments.
    pub comments: u64,
    /// Those with scores.
    pub scored: u64,
}

/// Distribution of a score over the scored comments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// Mean; `None` if nothing is scored.
    pub mean: Option<f64>,
    /// Standard deviation, divisor n - 1.
    pub deviation: Option<f64>,
    /// Minimum, nine deciles and maximum, linearly interpolated; empty if nothing is scored.
    pub deciles: Vec<f64>,
    /// Counts in equal bins.
    pub histogram: Histogram,
}

/// The share of toxic comments among the scored ones, by three estimates that rest on different
/// assumptions; each is `None` if it cannot be made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prevalence {
    /// Comments at or above the aggregate stage's constant for "toxic" (0.5).
    pub toxic: Option<u64>,
    /// Their share, with its Wilson interval: of what the model takes for toxic, errors included.
    pub counted: Option<ShareEstimate>,
    /// The mean probability: right if the probabilities are calibrated for these comments.
    pub calibrated: Option<ShareEstimate>,
    /// The share corrected for the model's errors: right if it errs here as often as on its
    /// held-out comments.
    pub corrected: Option<ShareEstimate>,
}

/// Concentration on named authors: Gini coefficients, and the shares of the ten authors who have
/// most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Concentration {
    /// Gini coefficient of comments.
    pub comments_gini: Option<f64>,
    /// Share of comments by the ten who wrote most.
    pub comments_top: Option<f64>,
    /// Gini coefficient of the sum of toxicity, which is the expected number of toxic comments.
    pub toxicity_gini: Option<f64>,
    /// Share of that sum by the ten with most.
    pub toxicity_top: Option<f64>,
}

/// The network of replies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkEntry {
    /// Replies to comments that are in the export.
    pub replies: u64,
    /// Those by and to named authors.
    pub named: u64,
    /// Pairs of different authors of whom one answers the other: rows of `network.csv` without
    /// loops.
    pub edges: u64,
    /// Authors who answer themselves.
    pub loops: u64,
    /// Share of the edges that go both ways.
    pub reciprocity: Option<f64>,
    /// Scored replies to scored comments that are toxic.
    pub to_toxic: u64,
    /// Those of them that are toxic.
    pub toxic_to_toxic: u64,
    /// Scored replies to scored comments that are not toxic.
    pub to_other: u64,
    /// Those of them that are toxic.
    pub toxic_to_other: u64,
    /// Share of toxic ones among replies to toxic comments.
    pub after_toxic: Option<ShareEstimate>,
    /// Share of toxic ones among replies to other comments: the base rate.
    pub after_other: Option<ShareEstimate>,
    /// The first less the second.
    pub difference: Option<f64>,
    /// Its 95% interval (Newcombe 1998).
    pub difference_interval: Option<Interval>,
}

/// Scored comments with one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionCount {
    /// The action.
    pub action: &'static str,
    /// Comments.
    pub comments: u64,
}

/// The policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyEntry {
    /// The name.
    pub name: String,
    /// The rules.
    pub rules: Vec<RuleEntry>,
}

/// A rule and how often it fired.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleEntry {
    /// The name.
    pub name: String,
    /// The label.
    pub label: Label,
    /// The threshold.
    pub threshold: f64,
    /// The action.
    pub action: &'static str,
    /// Comments that reached the threshold.
    pub reached: u64,
    /// Comments that it decided: of several rules that fire, one decides.
    pub decided: u64,
}

/// A thread in the short list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ThreadEntry {
    /// The thread.
    pub thread: String,
    /// Comments.
    pub comments: u32,
    /// Those with scores.
    pub scored: u64,
    /// Mean probability of toxicity.
    pub mean_toxicity: Option<f64>,
    /// Mean sentiment.
    pub mean_sentiment: Option<f64>,
    /// Flagged comments.
    pub flagged: u64,
}

/// An author in the short list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuthorEntry {
    /// The author's rank from 1; `None` if nobody is ranked.
    pub rank: Option<usize>,
    /// The author.
    pub author: String,
    /// Scored comments.
    pub scored: u64,
    /// Shrunk mean probability of toxicity.
    pub shrunk_toxicity: f64,
    /// Its 95% interval.
    pub interval: Interval,
    /// Flagged comments.
    pub flagged: u64,
}

/// Adds the run up. `largest` are the first rows of the threads, the largest first.
pub(super) fn summarize(
    run: Run,
    policy: &Policy,
    first_pass: &FirstPass<'_>,
    authors: &Authors<'_>,
    largest: &[ThreadRow<'_>],
    network: &Network<'_>,
) -> Summary {
    let (scored, rated, toxic) = (first_pass.scored, first_pass.toxicity.count(), first_pass.toxic);
    let errors = run.model.errors_at(TOXIC);
    let prevalence = Prevalence {
        toxic: plain::toxic(&toxic, &first_pass.toxicity, &scored),
        counted: counted_share(toxic, rated).map(round_estimate),
        calibrated: calibrated_share(&first_pass.toxicity).map(round_estimate),
        corrected: errors.and_then(|errors| corrected_share(toxic, rated, errors)).map(round_estimate),
    };
    let counts = Counts {
        read: run.read,
        scored,
        unscored: first_pass.unscored(),
        rejects: run.rejects,
        flagged: first_pass.flagged,
        evasions: first_pass.evasions,
        threads: first_pass.threads.len() as u64,
        authors: first_pass.authors.len() as u64,
        ranked_authors: authors.ranked as u64,
        without_author: first_pass.without_author,
    };
    let mut languages: Vec<LanguageCount> = first_pass
        .languages
        .iter()
        .map(|(language, (comments, scored))| LanguageCount {
            language: Some(language.clone()).filter(|language| !language.is_empty()),
            comments: *comments,
            scored: *scored,
        })
        .collect();
    languages.sort_by_key(|entry| std::cmp::Reverse(entry.comments));
    let rules = first_pass.rules.iter().map(|totals| RuleEntry {
        name: totals.rule.name.clone(),
        label: totals.rule.label,
        threshold: totals.rule.threshold,
        action: totals.rule.action.as_str(),
        reached: totals.reached,
        decided: totals.decided,
    });
    let top_threads = largest.iter().take(LISTED).map(|ThreadRow { thread, totals, .. }| ThreadEntry {
        thread: (*thread).to_owned(),
        comments: totals.comments,
        scored: totals.scored,
        mean_toxicity: round(totals.toxicity.mean()),
        mean_sentiment: round(totals.sentiment.mean()),
        flagged: totals.flagged,
    });
    let top_authors = authors.top.iter().take(LISTED).filter_map(|row| {
        let shrunk = row.shrunk?;
        Some(AuthorEntry {
            rank: row.rank,
            author: row.author.to_owned(),
            scored: row.totals.scored,
            shrunk_toxicity: decimal::round(shrunk.mean),
            interval: round_interval(shrunk.interval),
            flagged: row.totals.flagged,
        })
    });
    Summary {
        counts,
        unscored: Unscored::ALL
            .into_iter()
            .zip(first_pass.causes)
            .map(|(cause, comments)| CauseCount { cause: cause.as_str(), comments })
            .collect(),
        languages,
        toxicity: distribution(
            &first_pass.toxicity,
            &first_pass.toxicity_histogram,
            &first_pass.toxicity_spread,
        ),
        sentiment: distribution(
            &first_pass.sentiment,
            &first_pass.sentiment_histogram,
            &first_pass.sentiment_spread,
        ),
        prevalence,
        actions: Action::ALL
            .into_iter()
            .zip(first_pass.actions)
            .map(|(action, comments)| ActionCount { action: action.as_str(), comments })
            .collect(),
        policy: PolicyEntry { name: policy.name.clone(), rules: rules.collect() },
        threads: top_threads.collect(),
        authors_differ: authors.differ,
        authors: top_authors.collect(),
        concentration: concentration(authors),
        network: network_entry(network),
        methods: methods::paragraph(&run, policy, &counts),
        notices: notices(&run, policy),
        run,
        limits: LIMITS.to_vec(),
    }
}

fn distribution(moments: &Moments, histogram: &Histogram, spread: &Spread) -> Distribution {
    let shares: Vec<f64> = (0..=10).map(|tenth| f64::from(tenth) / 10.0).collect();
    Distribution {
        mean: round(moments.mean()),
        deviation: round(moments.deviation()),
        deciles: spread.quantiles(&shares).into_iter().map(decimal::round).collect(),
        histogram: histogram.clone(),
    }
}

fn round(value: Option<f64>) -> Option<f64> {
    value.map(decimal::round)
}

fn round_interval(interval: Interval) -> Interval {
    Interval { low: decimal::round(interval.low), high: decimal::round(interval.high) }
}

fn round_estimate(ShareEstimate { share, interval }: ShareEstimate) -> ShareEstimate {
    ShareEstimate { share: decimal::round(share), interval: round_interval(interval) }
}

fn concentration(authors: &Authors<'_>) -> Concentration {
    let [[comments_gini, comments_top], [toxicity_gini, toxicity_top]] =
        [authors.of_comments, authors.of_toxicity].map(|pair| pair.map(round));
    Concentration { comments_gini, comments_top, toxicity_gini, toxicity_top }
}

fn network_entry(network: &Network<'_>) -> NetworkEntry {
    let contagion = &network.contagion;
    let Contagion { to_toxic, to_other } = contagion;
    let (after_toxic, after_other) = (contagion.after_toxic(), contagion.after_other());
    NetworkEntry {
        replies: network.replies,
        named: network.named,
        edges: network.edges.edges,
        loops: network.edges.loops,
        reciprocity: round(network.edges.reciprocity()),
        to_toxic: to_toxic.1,
        toxic_to_toxic: to_toxic.0,
        to_other: to_other.1,
        toxic_to_other: to_other.0,
        after_toxic: after_toxic.map(round_estimate),
        after_other: after_other.map(round_estimate),
        difference: after_toxic
            .zip(after_other)
            .map(|(toxic, other)| decimal::round(toxic.share - other.share)),
        difference_interval: contagion.difference().map(round_interval),
    }
}

pub(super) const JSON: &str = "summary.json";
pub(super) const MARKDOWN: &str = "summary.md";

#[derive(Template)]
#[template(path = "summary.md")]
struct Markdown<'a> {
    summary: &'a Summary,
    spreads: [(&'static str, &'a Distribution); 2],
}

/// Writes both forms of the summary.
pub(super) fn write(summary: &Summary, drafts: &mut Drafts) -> Result<(), ReportError> {
    let json = serde_json::to_string_pretty(summary)
        .map_err(|error| drafts.failed(JSON, std::io::Error::other(error)))?;
    drafts.write(JSON, &(json + "\n"))?;
    let spreads = [("toxicity (0 to 1)", &summary.toxicity), ("sentiment (−1 to 1)", &summary.sentiment)];
    let markdown = Markdown { summary, spreads }
        .render()
        .map_err(|error| drafts.failed(MARKDOWN, std::io::Error::other(error)))?;
    drafts.write(MARKDOWN, &(markdown + "\n"))
}
