//! Statistics of moderators' decisions: precision of rules, agreement, appeals, recall.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::appeals::{AppealRecord, add_appeal, latest_appeal};
use super::log::{BadRow, Entry, Log, LogError};
use crate::aggregate::{
    Interval, Kappa, Recall, Stratum, Suggestion, cohen_kappa, krippendorff_alpha, stratified_recall,
    threshold_for_precision, wilson,
};
use crate::label::Label;
use crate::policy::{Decision, Policy, Rule};
use crate::record::decision::{ModeratorDecision, Verdict};
use crate::record::{Scored, Scores, ledger};

/// Statistics of the decisions about an export.
#[derive(Clone, Debug)]
pub struct ReviewStats {
    /// The number of rows with a decision that could be used.
    pub decisions: u64,
    /// The number of rows whose decision is still blank.
    pub undecided: u64,
    /// The number of rows whose comment has no scores: they say nothing about a rule.
    pub unscored: u64,
    /// Rows that cannot be used, in the order of the files.
    pub bad: Vec<BadRow>,
    /// The number of decisions made under a policy of another name.
    pub other_policy: u64,
    /// The number of decisions made when the comment had another score.
    pub other_score: u64,
    /// One record per rule, in the order of the policy.
    pub rules: Vec<RuleRecord>,
    /// All flagged comments.
    pub flagged: Tally,
    /// Every two who judged a comment in common.
    pub agreement: Vec<Agreement>,
    /// Krippendorff's alpha of all who gave a name, over the comments that two or more of them
    /// approved or rejected.
    pub alpha: Option<f64>,
    /// Appeals by the name of the rule whose flag they are about, in the order of the names; empty
    /// for comments that no rule flags.
    pub appeals: Vec<AppealRecord>,
    /// Recall, estimated from a sample.
    pub recall: RecallEstimate,
    /// The scores of the flagged comments that were approved or rejected, and whether they were
    /// rejected.
    pub judged: Vec<(Scores, bool)>,
}

/// Counts of decisions about flagged comments. A comment counts once: by the outcome of the latest
/// appeal about it, else by the majority of those who judged it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// The number of comments flagged.
    pub flagged: u64,
    /// Rejected: the flag was right.
    pub right: u64,
    /// Approved: the flag was wrong.
    pub wrong: u64,
    /// Deferred by all who looked.
    pub deferred: u64,
    /// Neither approved nor rejected by anyone, and escalated.
    pub escalated: u64,
    /// As many for as against.
    pub split: u64,
    /// Sum of the probabilities of those right or wrong: how many the model expected to be right.
    pub expected: f64,
}

impl Tally {
    /// Returns the number of comments with a verdict.
    pub fn judged(&self) -> u64 {
        self.right + self.wrong
    }

    /// Returns the share of the judged that is right; `None` if none is judged.
    pub fn precision(&self) -> Option<f64> {
        (self.judged() > 0).then(|| self.right as f64 / self.judged() as f64)
    }

    /// Returns the 95% Wilson interval of the precision.
    pub fn interval(&self) -> Option<Interval> {
        wilson(self.right, self.judged())
    }

    /// Returns the precision expected from the scores.
    pub fn expected_precision(&self) -> Option<f64> {
        (self.judged() > 0).then(|| self.expected / self.judged() as f64)
    }

    fn add(&mut self, verdict: Settled, score: f64) {
        match verdict {
            Settled::Right => self.right += 1,
            Settled::Wrong => self.wrong += 1,
            Settled::Deferred => self.deferred += 1,
            Settled::Escalated => self.escalated += 1,
            Settled::Split => self.split += 1,
        }
        if matches!(verdict, Settled::Right | Settled::Wrong) {
            self.expected += score;
        }
    }
}

/// Results of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleRecord {
    /// The rule.
    pub rule: Rule,
    /// Decisions about the comments that it decided.
    pub tally: Tally,
    /// Judged comments that reach its threshold, whichever rule decided them.
    pub reached: u64,
    /// The lowest threshold, from the rule's own on, with the wanted precision in those.
    pub suggestion: Option<Suggestion>,
}

/// Agreement between two people.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Names of the two.
    pub actors: [String; 2],
    /// Comments that both approved or rejected.
    pub both: u64,
    /// Those of them about which they agreed.
    pub alike: u64,
    /// Cohen's kappa; `None` if one of them used one class alone.
    pub kappa: Option<Kappa>,
}

/// Recall, or the reason why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum RecallEstimate {
    /// The estimate, and the number of comments of the sample that it is based on.
    Found(Recall, u64),
    /// No file contains a sample.
    NoSample,
    /// This many comments of the sample are flagged now: it was drawn under another policy.
    OtherPolicy(u64),
    /// A part of the sample, or the flagged comments, have no verdict yet, or nothing flagged was
    /// right.
    TooFew,
}

/// The verdict of those who judged a comment.
#[derive(Clone, Copy)]
enum Settled {
    Right,
    Wrong,
    Deferred,
    Escalated,
    Split,
}

/// A comment that has rows in the files.
struct Judged {
    scores: Option<Scores>,
    /// Index of the rule that decided, and its score.
    flagged: Option<(usize, f64)>,
    /// Indices of the rows.
    entries: Vec<usize>,
}

/// Decisions could not be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The scores could not be read.
    #[error(transparent)]
    Ledger(#[from] ledger::LedgerError),
    /// A file of decisions could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Evaluates files of decisions about the comments scored in `dir`, as `policy` flags them;
/// `precision` is the one that thresholds are suggested for, from 0 to 1.
///
/// Of several decisions of one person about one comment the latest counts: by time, else by
/// position.
///
/// # Errors
/// [`EvaluationError`]: the scores or a file cannot be read.
pub fn evaluate(
    dir: &Path,
    policy: &Policy,
    files: &[PathBuf],
    precision: f64,
) -> Result<ReviewStats, EvaluationError> {
    let mut log = Log::default();
    for file in files {
        log.read(file)?;
    }
    let mut rules: Vec<RuleRecord> = policy
        .rules
        .iter()
        .map(|rule| RuleRecord { rule: rule.clone(), tally: Tally::default(), reached: 0, suggestion: None })
        .collect();
    let mut flagged = Tally::default();
    let comments = find(dir, policy, &mut log, &mut rules, &mut flagged)?;

    let mut judged = Vec::new();
    let mut agreement = BTreeMap::new();
    let mut units = Vec::new();
    let mut appeals = BTreeMap::new();
    let mut sample = SampleVerdicts::default();
    let (mut decisions, mut undecided, mut unscored) = (0, 0, 0);
    let (mut other_policy, mut other_score) = (0, 0);
    for comment in &comments {
        let (appealed, reviews): (Vec<&ModeratorDecision>, Vec<&ModeratorDecision>) = comment
            .entries
            .iter()
            .map(|entry| &log.entries[*entry].decision)
            .partition(|decision| decision.appeal.is_some());
        let flagged_by = comment.flagged.map(|(rule, _)| rules[rule].rule.name.as_str());
        for appeal in &appealed {
            add_appeal(appeal, flagged_by, &mut appeals);
        }
        let decided = reviews.iter().filter(|review| review.verdict.is_some()).count() as u64;
        undecided += reviews.len() as u64 - decided;
        let verdicts = latest(&reviews);
        let Some(scores) = comment.scores else {
            unscored += decided;
            continue;
        };
        decisions += decided;
        for review in reviews.iter().filter(|review| review.verdict.is_some()) {
            other_policy += u64::from(review.policy.as_ref().is_some_and(|name| *name != policy.name));
            let differs = |(label, score): (Label, f64)| {
                scores.get(label).is_none_or(|known| (known - score).abs() > 1e-6)
            };
            other_score += u64::from(review.score.is_some_and(differs));
        }
        units.push(add_agreement(&verdicts, &mut agreement));
        let settled = latest_appeal(&appealed)
            .map(|breaks| if breaks { Settled::Right } else { Settled::Wrong })
            .or_else(|| settle(&verdicts));
        sample.add(&reviews, settled, comment.flagged.is_some());
        if let (Some(settled), Some((rule, score))) = (settled, comment.flagged) {
            rules[rule].tally.add(settled, score);
            flagged.add(settled, score);
            match settled {
                Settled::Right => judged.push((scores, true)),
                Settled::Wrong => judged.push((scores, false)),
                Settled::Deferred | Settled::Escalated | Settled::Split => {}
            }
        }
    }
    for record in &mut rules {
        let label = record.rule.label;
        let lowest = record.rule.at.iter().map(|at| at.threshold).fold(record.rule.threshold, f64::min);
        let reached: Vec<(f64, bool)> = judged
            .iter()
            .filter_map(|(scores, right)| Some((scores.get(label)?, *right)))
            .filter(|(score, _)| *score >= lowest)
            .collect();
        record.reached = reached.len() as u64;
        record.suggestion = threshold_for_precision(&reached, precision);
    }
    log.bad.sort_by(|a, b| {
        let file =
            |bad: &BadRow| files.iter().position(|file| file.display().to_string() == bad.location.file);
        file(a).cmp(&file(b)).then(a.location.line.cmp(&b.location.line))
    });
    Ok(ReviewStats {
        decisions,
        undecided,
        unscored,
        bad: log.bad,
        other_policy,
        other_score,
        rules,
        flagged,
        agreement: agreement.into_iter().map(|((a, b), table)| agreement_of([a, b], table)).collect(),
        alpha: krippendorff_alpha(&units),
        appeals: appeals.into_values().collect(),
        recall: sample.recall(flagged),
        judged,
    })
}

/// Finds the comments of the rows, in input order, and counts the flagged ones. Rows that name no
/// comment, or more than one, are moved to the bad ones.
fn find(
    dir: &Path,
    policy: &Policy,
    log: &mut Log,
    rules: &mut [RuleRecord],
    flagged: &mut Tally,
) -> Result<Vec<Judged>, ledger::LedgerError> {
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, entry) in log.entries.iter().enumerate() {
        by_id.entry(&entry.decision.id).or_default().push(number);
    }
    let mut found = vec![0_u32; log.entries.len()];
    let mut changed = vec![false; log.entries.len()];
    let mut comments = Vec::new();
    for scored in ledger::Reader::open(&dir.join(ledger::FILE_NAME))? {
        let scored = scored?;
        let decided = deciding_rule(policy, &scored);
        if let Some((rule, _)) = decided {
            rules[rule].tally.flagged += 1;
            flagged.flagged += 1;
        }
        let entries: Vec<usize> = by_id.get(scored.comment.id.as_str()).map_or_else(Vec::new, |entries| {
            let is_meant = |entry: &&usize| {
                let thread = log.entries[**entry].decision.thread.as_ref();
                thread.is_none_or(|thread| *thread == scored.comment.thread)
            };
            entries.iter().filter(is_meant).copied().collect()
        });
        if !entries.is_empty() {
            for entry in &entries {
                found[*entry] += 1;
                let known = log.entries[*entry].decision.text_sha256.as_ref();
                changed[*entry] = known
                    .is_some_and(|known| !known.trim().eq_ignore_ascii_case(&scored.comment.text_sha256()));
            }
            let scores = scored.outcome.scores().copied();
            comments.push(Judged { scores, flagged: decided, entries });
        }
    }
    drop(by_id);
    for (number, Entry { decision, location }) in log.entries.iter().enumerate() {
        let cause = match (found[number], &decision.thread) {
            (1, _) if changed[number] => {
                format!(
                    "the text of `{}` is not the one that was decided about: its SHA-256 differs",
                    decision.id
                )
            }
            (1, _) => continue,
            (0, None) => format!("no comment of the export has the id `{}`", decision.id),
            (0, Some(thread)) => format!("no comment of the thread `{thread}` has the id `{}`", decision.id),
            (several, _) => {
                format!(
                    "{several} comments have the id `{}`; say which one in a column `thread`",
                    decision.id
                )
            }
        };
        log.bad.push(BadRow { location: location.clone(), cause });
    }
    for comment in &mut comments {
        comment.entries.retain(|entry| found[*entry] == 1 && !changed[*entry]);
    }
    comments.retain(|comment| !comment.entries.is_empty());
    Ok(comments)
}

/// Returns the index of the rule that flags a comment, and the score that it fired on.
fn deciding_rule(policy: &Policy, scored: &Scored) -> Option<(usize, f64)> {
    let decision = policy.decide(scored).filter(Decision::is_flagged)?;
    let fired = decision.fired?;
    let number = policy.rules.iter().position(|rule| rule.name == fired.rule.name)?;
    Some((number, fired.score))
}

/// The latest verdict of each who judged, by name.
fn latest<'a>(reviews: &[&'a ModeratorDecision]) -> BTreeMap<&'a str, Verdict> {
    let mut latest: BTreeMap<&str, &ModeratorDecision> = BTreeMap::new();
    for review in reviews.iter().filter(|review| review.verdict.is_some()) {
        let kept = latest.entry(&review.actor).or_insert(review);
        if review.time >= kept.time || review.time.is_none() {
            *kept = review;
        }
    }
    latest.into_iter().filter_map(|(actor, review)| Some((actor, review.verdict?))).collect()
}

/// Returns the majority of the verdicts; `None` if there are none.
fn settle(verdicts: &BTreeMap<&str, Verdict>) -> Option<Settled> {
    let count = |wanted| verdicts.values().filter(|verdict| **verdict == wanted).count();
    let (rejected, approved) = (count(Verdict::Reject), count(Verdict::Approve));
    if verdicts.is_empty() {
        None
    } else if rejected + approved == 0 {
        Some(if count(Verdict::Escalate) > 0 { Settled::Escalated } else { Settled::Deferred })
    } else if rejected == approved {
        Some(Settled::Split)
    } else if rejected > approved {
        Some(Settled::Right)
    } else {
        Some(Settled::Wrong)
    }
}

/// Counts a comment for every two moderators who approved or rejected it; returns how many with a
/// name did each.
fn add_agreement<'a>(
    verdicts: &BTreeMap<&'a str, Verdict>,
    tables: &mut BTreeMap<(&'a str, &'a str), [[u64; 2]; 2]>,
) -> [u64; 2] {
    let class = |verdict: &Verdict| match verdict {
        Verdict::Approve => Some(0),
        Verdict::Reject => Some(1),
        Verdict::Defer | Verdict::Escalate => None,
    };
    let named = || verdicts.iter().filter(|(actor, _)| !actor.is_empty());
    for (first, by_first) in named() {
        for (second, by_second) in named().filter(|(second, _)| *second > first) {
            if let (Some(i), Some(j)) = (class(by_first), class(by_second)) {
                tables.entry((first, second)).or_default()[i][j] += 1;
            }
        }
    }
    let count = |wanted| named().filter(|(_, verdict)| class(verdict) == Some(wanted)).count() as u64;
    [count(0), count(1)]
}

fn agreement_of(actors: [&str; 2], table: [[u64; 2]; 2]) -> Agreement {
    Agreement {
        actors: actors.map(str::to_owned),
        both: table.iter().flatten().sum(),
        alike: table[0][0] + table[1][1],
        kappa: cohen_kappa(&table),
    }
}

/// The verdicts about a sample.
#[derive(Default)]
struct SampleVerdicts {
    strata: BTreeMap<u32, Stratum>,
    judged: u64,
    /// Comments of it that are flagged.
    flagged: u64,
}

impl SampleVerdicts {
    fn add(&mut self, reviews: &[&ModeratorDecision], settled: Option<Settled>, is_flagged: bool) {
        let Some((number, size)) = reviews.iter().find_map(|review| review.stratum) else { return };
        self.flagged += u64::from(is_flagged);
        let stratum = self.strata.entry(number).or_insert(Stratum { size, judged: 0, hits: 0 });
        if let Some(Settled::Right | Settled::Wrong) = settled {
            self.judged += 1;
            stratum.judged += 1;
            stratum.hits += u64::from(matches!(settled, Some(Settled::Right)));
        }
    }

    fn recall(&self, flagged: Tally) -> RecallEstimate {
        if self.strata.is_empty() {
            return RecallEstimate::NoSample;
        }
        if self.flagged > 0 {
            return RecallEstimate::OtherPolicy(self.flagged);
        }
        let others: Vec<Stratum> = self.strata.values().copied().collect();
        let flagged = Stratum { size: flagged.flagged, judged: flagged.judged(), hits: flagged.right };
        stratified_recall(flagged, &others)
            .map_or(RecallEstimate::TooFew, |recall| RecallEstimate::Found(recall, self.judged))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::comment::{Comment, Origin};
    use crate::record::{Outcome, Unscored};

    /// Comments 0 to 9 of one thread, with toxicity 0.0, 0.1 ... 0.9; the 10th unscored; then a
    /// second `0` elsewhere.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ledger::FILE_NAME);
        let mut writer = ledger::Writer::new(File::create(&path).unwrap(), &path).unwrap();
        let mut write = |thread: &str, id: u64, toxicity: Option<f64>| {
            let origin = Origin { file: "x".into(), record: 1, line: 1 };
            let outcome = toxicity.map_or(Outcome::Unscored(Unscored::Language), |toxicity| {
                let mut probabilities = [0.0; Label::COUNT];
                probabilities[Label::Toxicity.index()] = toxicity;
                Outcome::Scored(Scores::new(probabilities))
            });
            let comment = Comment::new(id.to_string(), thread, "text", origin);
            writer.write(&Scored { comment, language: None, evasion: false, outcome }).unwrap();
        };
        (0..10).for_each(|id| write("a", id, Some(id as f64 / 10.0)));
        write("a", 10, None);
        write("b", 0, Some(0.0));
        writer.finish().unwrap();
        folder
    }

    fn evaluated(rows: &str) -> ReviewStats {
        let folder = folder();
        let path = folder.path().join("log.csv");
        fs::write(&path, rows).unwrap();
        let policy = Policy::parse(
            "name = 'p'\nrule = [\
             { name = 'rude', label = 'toxicity', threshold = 0.5, action = 'review' },\
             { name = 'vile', label = 'toxicity', threshold = 0.8, action = 'reject' }]",
        );
        evaluate(folder.path(), &policy.unwrap(), &[path], 0.75).unwrap()
    }

    #[test]
    fn a_comment_counts_once_by_what_most_said() {
        let found = evaluated(
            "id,decision,actor,time\n\
             9,reject,ana,\n9,reject,ben,\n9,approve,cy,\n\
             8,reject,ana,\n8,approve,ben,\n\
             7,approve,ana,2026-01-02T00:00:00Z\n7,reject,ana,2026-01-01T00:00:00Z\n\
             6,reject,ana,\n5,defer,ana,\n5,,ben,\n",
        );
        let [rude, vile] = [&found.rules[0].tally, &found.rules[1].tally];
        assert_eq!((rude.flagged, rude.right, rude.wrong, rude.deferred, rude.split), (3, 1, 1, 1, 0));
        assert_eq!((vile.flagged, vile.right, vile.wrong, vile.deferred, vile.split), (2, 1, 0, 0, 1));
        assert_eq!((found.flagged.judged(), found.flagged.precision()), (3, Some(2.0 / 3.0)));
        assert!((rude.expected_precision().unwrap() - 0.65).abs() < 1e-9);
        assert_eq!((found.decisions, found.undecided), (9, 1));
        let both: Vec<_> = found.agreement.iter().map(|a| (a.actors.join("-"), a.both, a.alike)).collect();
        assert_eq!(both, [("ana-ben".into(), 2, 1), ("ana-cy".into(), 1, 0), ("ben-cy".into(), 1, 0)]);
        // 9 and 8 have four pairs that agree or not: alpha by hand, 1 - 4 * (4/2 + 2/1) / 12.
        assert!((found.alpha.unwrap() - (1.0 - 4.0 * 4.0 / 12.0)).abs() < 1e-12);
        // At 0.9 all is right, at 0.7 half of two is: 0.9 is the lowest with three quarters.
        assert_eq!(found.rules[0].suggestion.map(|found| found.threshold), Some(0.9));
        assert_eq!((found.rules[0].reached, found.rules[1].reached), (3, 1));
        assert_eq!(found.recall, RecallEstimate::NoSample);
    }

    #[test]
    fn an_appeal_settles_and_is_counted_for_its_rule() {
        let found = evaluated(
            "id,decision,actor,appeal,rule,time,policy,label,score\n\
             9,reject,ana,,,,,,\n9,reject,ben,,,,p,toxicity,0.900000\n9,reject,cy,overturn,,,,,\n\
             8,approve,ana,,,,q,toxicity,0.5\n8,approve,cy,overturn,vile,2026-01-02T00:00:00Z,,,\n\
             8,approve,cy,uphold,vile,2026-01-01T00:00:00Z,,,\n\
             7,escalate,ana,,,,,,\n7,reject,eve,open,old,,,,\n6,reject,ana,uphold,,,,,\n10,approve,ana,uphold,,,,,\n",
        );
        let [rude, vile] = [&found.rules[0].tally, &found.rules[1].tally];
        assert_eq!((rude.right, rude.wrong, rude.escalated), (1, 0, 1));
        assert_eq!((vile.right, vile.wrong), (1, 1));
        let record = |rule: &str, upheld, overturned, open| AppealRecord {
            rule: rule.to_owned(),
            upheld,
            overturned,
            open,
        };
        assert_eq!(
            found.appeals,
            [record("", 1, 0, 0), record("old", 0, 0, 1), record("rude", 1, 0, 0), record("vile", 1, 2, 0)]
        );
        assert_eq!((found.appeals[1].overturn_rate(), found.decisions), (None, 4));
        assert_eq!(found.appeals[3].overturn_rate().map(|(rate, _)| rate), Some(2.0 / 3.0));
        assert_eq!((found.other_policy, found.other_score), (1, 1));
    }

    #[test]
    fn a_text_that_was_changed_is_not_what_was_decided_about() {
        // printf text | sha256sum
        let found = evaluated(
            "thread,id,decision,text_sha256\n\
             a,9,reject,982D9E3EB996F559E633F4D194DEF3761D909F5A3B647D1A851FEAD67C32C9D1\na,8,reject,00ff\n",
        );
        assert_eq!((found.decisions, found.bad.len(), found.bad[0].location.line), (1, 1, 3));
        assert!(found.bad[0].cause.contains("the text of `8` is not the one"), "{:?}", found.bad);
    }

    #[test]
    fn a_row_that_names_no_comment_or_several_is_bad() {
        let found =
            evaluated("thread,id,decision\n,0,reject\n,77,reject\nb,9,reject\na,10,reject\nb,0,approve\n");
        let bad: Vec<(u64, &str)> =
            found.bad.iter().map(|bad| (bad.location.line, bad.cause.as_str())).collect();
        assert_eq!(bad[0].0, 2);
        assert!(bad[0].1.starts_with("2 comments have the id `0`"), "{bad:?}");
        assert_eq!(bad[1], (3, "no comment of the export has the id `77`"));
        assert_eq!(bad[2], (4, "no comment of the thread `b` has the id `9`"));
        assert_eq!((bad.len(), found.unscored, found.decisions), (3, 1, 1));
    }

    #[test]
    fn a_judged_sample_gives_recall() {
        let sample = "id,thread,decision,stratum,stratum_size\n\
            9,a,reject,,\n8,a,reject,,\n7,a,approve,,\n6,a,reject,,\n5,a,reject,,\n\
            1,a,approve,0,4\n2,a,approve,0,4\n3,a,reject,1,2\n4,a,approve,1,2\n";
        let RecallEstimate::Found(recall, judged) = evaluated(sample).recall else { panic!("no recall") };
        assert_eq!((recall.caught, recall.missed, judged), (4.0, 1.0, 4));
        assert!((recall.recall - 0.8).abs() < 1e-12);
        let with_flagged = format!("{sample}9,a,reject,1,2\n");
        assert_eq!(evaluated(&with_flagged).recall, RecallEstimate::OtherPolicy(1));
        assert_eq!(
            evaluated("id,decision,stratum,stratum_size\n1,,0,4\n9,reject,,\n").recall,
            RecallEstimate::TooFew
        );
    }
}
