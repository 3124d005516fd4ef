//! The first pass over the scores: every decision, and the totals of everything.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::ReportError;
use super::draft::{Drafts, Table};
use super::plain::{cell, decimal};
use crate::aggregate::{AuthorTotals, Histogram, Moments, ThreadTotals};
use crate::cell::guard;
use crate::label::Label;
use crate::policy::{Action, Decision, Fired, Policy, Rule, Urgency};
use crate::score::{Outcome, Scored, Unscored, ledger};

pub(super) const DECISIONS: &str = "decisions.csv";

/// Columns of `decisions.csv`.
const COLUMNS: [&str; 7] = ["thread", "id", "action", "rule", "label", "score", "threshold"];

/// What the first pass found.
pub(super) struct Survey<'p> {
    /// Unscored comments, in the order of [`Unscored::ALL`].
    pub(super) causes: [u64; Unscored::ALL.len()],
    /// Comments without an author's name.
    pub(super) without_author: u64,
    /// Scored comments whose spelling hid words.
    pub(super) evasions: u64,
    /// Comments, and scored ones, by language; the empty string where it could not be told.
    pub(super) languages: BTreeMap<String, (u64, u64)>,
    pub(super) toxicity: Moments,
    pub(super) sentiment: Moments,
    pub(super) toxicity_histogram: Histogram,
    pub(super) sentiment_histogram: Histogram,
    /// Scored comments, in the order of [`Action::ALL`].
    pub(super) actions: [u64; Action::ALL.len()],
    /// In the order of the policy.
    pub(super) rules: Vec<RuleTotals<'p>>,
    pub(super) authors: Named<AuthorTotals>,
    pub(super) threads: Named<ThreadTotals>,
    /// Flagged comments in input order.
    pub(super) flagged: Vec<Flag<'p>>,
}

/// How often a rule fired.
pub(super) struct RuleTotals<'p> {
    pub(super) rule: &'p Rule,
    /// Comments that reached its threshold.
    pub(super) reached: u64,
    /// Comments that it decided.
    pub(super) decided: u64,
}

/// A flagged comment, before its text is looked up.
pub(super) struct Flag<'p> {
    /// Row of the scores file, from 0.
    pub(super) row: u64,
    /// Number of its thread.
    pub(super) thread: usize,
    /// Place in its thread, from 1.
    pub(super) position: u32,
    pub(super) parent: Option<String>,
    pub(super) rule: &'p Rule,
    pub(super) score: f64,
    pub(super) threshold: f64,
    pub(super) margin: f64,
    pub(super) urgency: Urgency,
}

/// Totals by name, numbered in the order of first appearance.
pub(super) struct Named<T> {
    numbers: HashMap<String, usize>,
    entries: Vec<(String, T)>,
}

impl<T: Default> Named<T> {
    fn new() -> Self {
        Self { numbers: HashMap::new(), entries: Vec::new() }
    }

    fn entry(&mut self, name: &str) -> (usize, &mut T) {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                self.numbers.insert(name.to_owned(), self.entries.len());
                self.entries.push((name.to_owned(), T::default()));
                self.entries.len() - 1
            }
        };
        (number, &mut self.entries[number].1)
    }
}

impl<T> Named<T> {
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub(super) fn name(&self, number: usize) -> &str {
        &self.entries[number].0
    }

    pub(super) fn totals(&self, number: usize) -> &T {
        &self.entries[number].1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> + Clone {
        self.entries.iter().map(|(name, totals)| (name.as_str(), totals))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Survey<'_> {
    /// Comments without scores.
    pub(super) fn unscored(&self) -> u64 {
        self.causes.iter().sum()
    }
}

/// Reads the scores, writes `decisions.csv` and adds everything up.
pub(super) fn take<'p>(
    scores: &Path,
    policy: &'p Policy,
    drafts: &mut Drafts,
) -> Result<Survey<'p>, ReportError> {
    let mut survey = Survey {
        causes: [0; Unscored::ALL.len()],
        without_author: 0,
        evasions: 0,
        languages: BTreeMap::new(),
        toxicity: Moments::default(),
        sentiment: Moments::default(),
        toxicity_histogram: Histogram::new(0.0, 1.0, 20),
        sentiment_histogram: Histogram::new(-1.0, 1.0, 20),
        actions: [0; Action::ALL.len()],
        rules: policy.rules.iter().map(|rule| RuleTotals { rule, reached: 0, decided: 0 }).collect(),
        authors: Named::new(),
        threads: Named::new(),
        flagged: Vec::new(),
    };
    let mut table = Table::create(DECISIONS, &COLUMNS, drafts)?;
    for (row, scored) in (0..).zip(ledger::Reader::open(scores)?) {
        let scored = scored?;
        let decision = policy.decide(&scored);
        table.row(&decision_cells(&scored, decision), drafts)?;
        survey.add(row, &scored, decision);
    }
    table.finish(drafts)?;
    Ok(survey)
}

fn decision_cells(scored: &Scored, decision: Option<Decision<'_>>) -> [String; COLUMNS.len()] {
    let fired = decision.and_then(|decision| decision.fired);
    [
        guard(&scored.comment.thread).into_owned(),
        guard(&scored.comment.id).into_owned(),
        cell(decision.map(|decision| decision.action)),
        fired.map(|fired| guard(&fired.rule.name).into_owned()).unwrap_or_default(),
        cell(fired.map(|fired| fired.rule.label)),
        decimal(fired.map(|fired| fired.score)),
        decimal(fired.map(|fired| fired.threshold)),
    ]
}

impl<'p> Survey<'p> {
    fn add(&mut self, row: u64, scored: &Scored, decision: Option<Decision<'p>>) {
        let flagged = decision.is_some_and(|decision| decision.action != Action::Approve);
        let author = scored.comment.author.as_deref().map(|name| {
            let (number, totals) = self.authors.entry(name);
            totals.add(&scored.outcome, flagged);
            number
        });
        self.without_author += u64::from(author.is_none());
        let (thread, totals) = self.threads.entry(&scored.comment.thread);
        let position = totals.add(scored, author, flagged);

        let language = self.languages.entry(scored.language.clone().unwrap_or_default()).or_default();
        language.0 += 1;
        match &scored.outcome {
            Outcome::Unscored(cause) => {
                self.causes
                    .iter_mut()
                    .zip(Unscored::ALL)
                    .filter(|(_, c)| c == cause)
                    .for_each(|(n, _)| *n += 1);
            }
            Outcome::Scored(scores) => {
                language.1 += 1;
                self.evasions += u64::from(scored.evasion);
                self.toxicity.add(scores.get(Label::Toxicity));
                self.sentiment.add(scores.sentiment());
                self.toxicity_histogram.add(scores.get(Label::Toxicity));
                self.sentiment_histogram.add(scores.sentiment());
                for totals in &mut self.rules {
                    totals.reached += u64::from(
                        scores.get(totals.rule.label) >= totals.rule.threshold_for(&scored.comment),
                    );
                }
            }
        }
        let Some(decision) = decision else { return };
        self.actions[decision.action as usize] += 1;
        let Some(fired) = decision.fired else { return };
        self.rules.iter_mut().filter(|t| t.rule.name == fired.rule.name).for_each(|t| t.decided += 1);
        if flagged {
            let Fired { rule, score, threshold } = fired;
            let (margin, urgency) = (fired.margin(), fired.urgency(&scored.comment));
            let parent = scored.comment.parent.clone();
            self.flagged.push(Flag {
                row,
                thread,
                position,
                parent,
                rule,
                score,
                threshold,
                margin,
                urgency,
            });
        }
    }
}
