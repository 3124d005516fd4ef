//! From scores to actions. Scores are facts and stay; a policy is an opinion, and applying another
//! one takes seconds.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

use crate::comment::Comment;
use crate::label::Label;
use crate::record::row::{self, Column, Kind, Value};
use crate::record::{Scored, Scores};
use crate::words;

/// An action that a policy proposes for a comment, from mildest to most severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// No action: the comment may stand.
    Approve,
    /// A person should read it.
    Review,
    /// Propose to reject it; a person still decides.
    Reject,
}

// Mildest first.
words! { Action:
    Approve = "approve",
    Review = "review",
    Reject = "reject",
}

/// A comment whose score for `label` is at or above `threshold` calls for `action`. A low and a
/// high threshold of one label are two rules.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Short and unique: it stands in every reason.
    pub name: String,
    /// The label whose score counts.
    pub label: Label,
    /// From 0 to 1.
    #[serde(deserialize_with = "probability")]
    pub threshold: f64,
    /// The action that the rule calls for.
    pub action: Action,
    /// The harm if the label is right, relative to the other rules; above 0, 1 by default.
    #[serde(default = "one", deserialize_with = "weight")]
    pub severity: f64,
    /// Overrides of the threshold; of several that match, the first counts.
    #[serde(default)]
    pub at: Vec<Override>,
}

/// Another threshold of a rule, for the comments that match all of the section, thread and language
/// that it names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The section, as the export writes it; any if `None`.
    pub section: Option<String>,
    /// The thread, as the export writes it; any if `None`.
    pub thread: Option<String>,
    /// The language of the comment's own words, ISO 639-1; any if `None`.
    pub language: Option<String>,
    /// From 0 to 1.
    #[serde(deserialize_with = "probability")]
    pub threshold: f64,
}

impl Rule {
    /// Returns the threshold for a comment, by its section, its thread and the language of its own
    /// words.
    pub fn threshold_for(&self, comment: &Comment, language: Option<&str>) -> f64 {
        let fits = |at: &&Override| {
            at.section.as_ref().is_none_or(|section| comment.section.as_ref() == Some(section))
                && at.thread.as_ref().is_none_or(|thread| comment.thread == *thread)
                && at.language.as_ref().is_none_or(|wanted| language == Some(wanted))
        };
        self.at.iter().find(fits).map_or(self.threshold, |at| at.threshold)
    }
}

/// The rules of a site.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Name of the policy, for reports.
    pub name: String,
    /// Seconds that a person takes for a flagged comment, from which the hours that a threshold
    /// costs are estimated.
    pub seconds_a_comment: f64,
    /// The rules. Of two that fire alike, the later one decides.
    pub rules: Vec<Rule>,
}

/// A policy as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    name: String,
    #[serde(default = "half_a_minute", deserialize_with = "weight")]
    seconds_a_comment: f64,
    #[serde(rename = "rule", default)]
    rules: Vec<Spanned<Rule>>,
}

fn one() -> f64 {
    1.0
}

fn half_a_minute() -> f64 {
    30.0
}

/// A number from 0 to 1.
fn probability<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(deserializer)?;
    let fault = || D::Error::custom(format!("{value} is not between 0 and 1"));
    (0.0..=1.0).contains(&value).then_some(value).ok_or_else(fault)
}

/// A number above 0.
fn weight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(deserializer)?;
    let fault = || D::Error::custom(format!("{value} is not a number above 0"));
    (value > 0.0 && value.is_finite()).then_some(value).ok_or_else(fault)
}

/// The decision of a policy about a scored comment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision<'a> {
    /// The action.
    pub action: Action,
    /// The rule that decided; `None` if no rule fired and the comment is approved.
    pub fired: Option<Fired<'a>>,
}

impl<'a> Decision<'a> {
    /// Names and types of what [`Decision::values`] returns.
    pub const COLUMNS: [(&'static str, Kind); 5] = [
        ("action", Kind::Text),
        ("rule", Kind::Text),
        ("label", Kind::Text),
        ("score", Kind::Number),
        ("threshold", Kind::Number),
    ];

    /// Returns true if a person should look at the comment: the action is any but approve.
    pub fn is_flagged(&self) -> bool {
        self.action != Action::Approve
    }

    /// Returns the decision as values of a row; all of them `None` without a decision.
    pub fn values(decision: Option<Self>) -> [Option<Value<'a>>; 5] {
        let fired = decision.and_then(|decision| decision.fired);
        [
            decision.map(|decision| Value::Word(decision.action.as_str())),
            fired.map(|fired| Value::Text(&fired.rule.name)),
            fired.map(|fired| Value::Word(fired.rule.label.as_str())),
            fired.map(|fired| Value::Number(fired.score)),
            fired.map(|fired| Value::Number(fired.threshold)),
        ]
    }
}

/// A rule that a comment's score reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fired<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The comment's score for the rule's label.
    pub score: f64,
    /// The threshold that held for the comment.
    pub threshold: f64,
}

impl Fired<'_> {
    /// Returns the distance of the score above the threshold, from 0 to 1.
    pub fn margin(&self) -> f64 {
        self.score - self.threshold
    }

    /// Returns the expected harm: the probability that the label is right, times the rule's
    /// severity, times the comment's [`reach`].
    pub fn harm(&self, reach: f64) -> f64 {
        self.score * self.rule.severity * reach
    }

    /// Returns the urgency of its comment in the queue.
    pub fn urgency(&self, comment: &Comment) -> Urgency {
        Urgency { harm: self.harm(reach(comment)), created_at: comment.created_at }
    }
}

/// The order of review, most urgent last: by expected harm, and among equal harm by age, the oldest
/// last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Urgency {
    /// See [`Fired::harm`].
    pub harm: f64,
    /// When the comment was posted; one without a time waits behind those with one.
    pub created_at: Option<Timestamp>,
}

impl Urgency {
    /// Compares two comments of a queue: the most urgent is first.
    pub fn first(&self, other: &Self) -> Ordering {
        let time = |urgency: &Self| (urgency.created_at.is_none(), urgency.created_at);
        other.harm.total_cmp(&self.harm).then(time(self).cmp(&time(other)))
    }
}

/// Returns a damped measure of how many people a comment reaches: `1 + ln(1 + replies + votes)`,
/// votes below 0 taken for none. 1 where the export has neither; 100 replies and votes make it 5.6.
/// The logarithm keeps one much-read comment from hiding all others; it is our choice, not a
/// measured law.
pub fn reach(comment: &Comment) -> f64 {
    let votes = comment.votes.unwrap_or(0).max(0) as f64;
    1.0 + libm::log1p(comment.replies.unwrap_or(0) as f64 + votes)
}

/// A policy file was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The file is not TOML of the policy's form.
    #[error(
        "line {line}: not a policy: {what}; the built-in one, data/policies/default.toml, shows the form"
    )]
    Form {
        /// The line of the fault, from 1.
        line: usize,
        /// The fault.
        what: String,
    },
    /// Two rules share a name.
    #[error("line {line}: a second rule is named `{name}`; give each a name of its own")]
    Name {
        /// The line where the second one begins, from 1.
        line: usize,
        /// The name.
        name: String,
    },
    /// An override without a condition.
    #[error(
        "line {line}: a place of the rule `{rule}` names no section, thread or language; name one of them"
    )]
    Override {
        /// The line where the rule begins, from 1.
        line: usize,
        /// Name of the rule.
        rule: String,
    },
    /// The policy has no rules.
    #[error("the policy has no rules; add at least one [[rule]] with name, label, threshold and action")]
    Empty,
}

impl Policy {
    /// The file of the policy that applies by default: `data/policies/default.toml`.
    pub const BUILT_IN: &str = include_str!("../../../data/policies/default.toml");

    /// Returns the policy that applies by default.
    pub fn built_in() -> Self {
        Self::parse(Self::BUILT_IN).expect("a test parses the shipped policy")
    }

    /// Reads a policy from TOML.
    ///
    /// # Errors
    /// [`PolicyError`] names the line at fault.
    pub fn parse(toml: &str) -> Result<Self, PolicyError> {
        let line_of = |offset: usize| 1 + toml[..offset].matches('\n').count();
        let PolicyFile { name, seconds_a_comment, rules } =
            toml::from_str(toml).map_err(|error| PolicyError::Form {
                line: line_of(error.span().map_or(0, |span| span.start)),
                what: error.message().to_owned(),
            })?;
        if rules.is_empty() {
            return Err(PolicyError::Empty);
        }
        let mut policy = Self { name, seconds_a_comment, rules: Vec::with_capacity(rules.len()) };
        for rule in rules {
            let line = line_of(rule.span().start);
            let rule = rule.into_inner();
            if policy.rules.iter().any(|earlier| earlier.name == rule.name) {
                return Err(PolicyError::Name { line, name: rule.name });
            }
            let is_everywhere =
                |at: &Override| at.section.is_none() && at.thread.is_none() && at.language.is_none();
            if rule.at.iter().any(is_everywhere) {
                return Err(PolicyError::Override { line, rule: rule.name });
            }
            policy.rules.push(rule);
        }
        Ok(policy)
    }

    /// Returns the decision about a comment: the most severe action that a rule calls for, by the
    /// rule that expects most harm and, of those, the one whose threshold is exceeded most; `None`
    /// for a comment that was not scored.
    pub fn decide(&self, scored: &Scored) -> Option<Decision<'_>> {
        let scores = scored.outcome.scores()?;
        let fired = |rule| fired(rule, scored, scores);
        let decisions = self.rules.iter().filter_map(fired);
        let by_severity = |a: &Fired<'_>, b: &Fired<'_>| {
            let harm = a.harm(1.0).total_cmp(&b.harm(1.0));
            a.rule.action.cmp(&b.rule.action).then(harm).then(a.margin().total_cmp(&b.margin()))
        };
        let fired = decisions.max_by(by_severity);
        Some(Decision { action: fired.map_or(Action::Approve, |fired| fired.rule.action), fired })
    }
}

/// Returns the columns of `scores.csv` that answer a comment that was sent: all that is not known
/// of it already, and what it is known by.
fn answered() -> impl Iterator<Item = &'static Column> {
    ["thread", "id"].into_iter().filter_map(Column::named).chain(row::score_columns())
}

/// Returns names and types of the values of [`answer`], in order.
pub fn answer_columns() -> impl Iterator<Item = (&'static str, Kind)> {
    answered().map(|column| (column.name, column.kind)).chain(Decision::COLUMNS)
}

/// Returns the answer to a comment that was sent, for programs that score comments one by one: the
/// columns of `scores.csv` that are not in the comment itself, and the decision of a policy.
pub fn answer<'a>(
    scored: &'a Scored,
    policy: &'a Policy,
) -> impl Iterator<Item = (&'static str, Option<Value<'a>>)> {
    let of_row = answered().map(|column| (column.name, column.value(scored)));
    let names = Decision::COLUMNS.into_iter().map(|(name, _)| name);
    of_row.chain(names.zip(Decision::values(policy.decide(scored))))
}

/// Returns the rule with the score of a comment if that reaches the threshold. A label that the
/// model does not give reaches none.
fn fired<'a>(rule: &'a Rule, scored: &Scored, scores: &Scores) -> Option<Fired<'a>> {
    let threshold = rule.threshold_for(&scored.comment, scored.language.as_deref());
    let score = scores.get(rule.label)?;
    (score >= threshold).then_some(Fired { rule, score, threshold })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Origin;
    use crate::record::{Outcome, Unscored};

    fn scored(toxicity: f64, threat: f64) -> Scored {
        let mut probabilities = [0.0; Label::COUNT];
        probabilities[Label::Toxicity.index()] = toxicity;
        probabilities[Label::Threat.index()] = threat;
        let comment = Comment::new("1", "t", "hi", Origin { file: "x".into(), record: 1, line: 1 });
        Scored {
            comment,
            language: None,
            evasion: false,
            outcome: Outcome::Scored(Scores::new(probabilities)),
        }
    }

    #[test]
    fn the_most_severe_rule_decides_then_the_most_harm() {
        let policy = Policy::parse(
            r#"
            name = "test"
            rule = [
                { name = "rude", label = "toxicity", threshold = 0.5, action = "review" },
                { name = "vile", label = "toxicity", threshold = 0.9, action = "reject" },
                { name = "threat", label = "threat", threshold = 0.3, action = "review", severity = 2 },
            ]"#,
        )
        .unwrap();
        for (scored, action, rule) in [
            (scored(0.1, 0.1), Action::Approve, None),
            (scored(0.5, 0.0), Action::Review, Some("rude")),
            (scored(0.8, 0.3), Action::Review, Some("rude")),
            (scored(0.6, 0.35), Action::Review, Some("threat")),
            (scored(0.9, 0.9), Action::Reject, Some("vile")),
        ] {
            let decision = policy.decide(&scored).unwrap();
            assert_eq!(decision.action, action);
            assert_eq!(decision.fired.map(|fired| fired.rule.name.as_str()), rule);
        }
        let unscored = Scored { outcome: Outcome::Unscored(Unscored::Language), ..scored(0.0, 0.0) };
        assert_eq!(policy.decide(&unscored), None);
    }

    #[test]
    fn an_answer_has_its_columns() {
        let scored = scored(0.6, 0.0);
        let policy = Policy::built_in();
        let answer = Vec::from_iter(answer(&scored, &policy));
        let names = Vec::from_iter(answer.iter().map(|(name, _)| *name));
        assert_eq!(names, Vec::from_iter(answer_columns().map(|(name, _)| name)));
        let value = |name| answer.iter().find(|(known, _)| *known == name).unwrap().1;
        assert_eq!(value("toxicity"), Some(Value::Number(0.6)));
        assert_eq!((value("unscored"), value("rule")), (None, Some(Value::Text("toxic"))));
        assert_eq!(
            (value("label"), value("score")),
            (Some(Value::Word("toxicity")), Some(Value::Number(0.6)))
        );
    }

    #[test]
    fn a_place_has_a_threshold_of_its_own() {
        let policy = Policy::parse(
            r#"
            name = "test"
            [[rule]]
            name = "rude"
            label = "toxicity"
            threshold = 0.5
            action = "review"
            at = [
                { section = "letters", thread = "obituary", threshold = 0.2 },
                { section = "letters", threshold = 0.3 },
                { language = "de", threshold = 0.4 },
                { thread = "brawl", threshold = 0.9 },
            ]"#,
        )
        .unwrap();
        for (section, thread, language, threshold) in [
            (None, "obituary", Some("en"), 0.5),
            (Some("letters"), "obituary", None, 0.2),
            (Some("letters"), "brawl", Some("de"), 0.3),
            (Some("sport"), "brawl", Some("en"), 0.9),
            (Some("sport"), "brawl", Some("de"), 0.4),
            (Some("sport"), "letters", None, 0.5),
        ] {
            let mut scored = scored(0.95, 0.0);
            scored.comment.section = section.map(str::to_owned);
            scored.comment.thread = thread.to_owned();
            scored.language = language.map(str::to_owned);
            let fired = policy.decide(&scored).unwrap().fired.unwrap();
            assert_eq!(fired.threshold, threshold, "{section:?} {thread} {language:?}");
            assert!((fired.margin() - (0.95 - threshold)).abs() < 1e-12);
        }
    }

    #[test]
    fn reach_grows_slowly_and_is_never_below_one() {
        for (replies, votes, expected) in [
            (None, None, 1.0),
            (Some(0), Some(-50), 1.0),
            (Some(1), None, 1.0 + 2.0_f64.ln()),
            (Some(40), Some(60), 1.0 + 101.0_f64.ln()),
        ] {
            let mut comment = scored(0.0, 0.0).comment;
            (comment.replies, comment.votes) = (replies, votes);
            assert!((reach(&comment) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn the_most_harm_comes_first_then_the_oldest() {
        let urgency =
            |harm, time: Option<&str>| Urgency { harm, created_at: time.map(|time| time.parse().unwrap()) };
        let mut queue = [
            urgency(0.5, None),
            urgency(0.5, Some("2026-02-01T00:00:00Z")),
            urgency(0.9, None),
            urgency(0.5, Some("2026-01-01T00:00:00Z")),
        ];
        let sorted = [queue[2], queue[3], queue[1], queue[0]];
        queue.sort_by(Urgency::first);
        assert_eq!(queue, sorted);
    }

    #[test]
    fn a_wrong_policy_is_refused_with_its_line() {
        let rule = |fields: &str| format!("name = \"p\"\n[[rule]]\n{fields}");
        let whole = "name='a'\nlabel='threat'\nthreshold=0.5\naction='review'\n";
        for (toml, fault) in [
            ("name = \"p\"".to_owned(), "no rules"),
            (
                rule("name='a'\nlabel='toxicity'\nthreshold=1.5\naction='review'"),
                "line 5: not a policy: 1.5 is not between",
            ),
            (
                rule("name='a'\nlabel='rudeness'\nthreshold=0.5\naction='review'"),
                "line 4: not a policy: unknown",
            ),
            (rule("name='a'\nlabel='threat'\nthreshold=0.5\naction='ban'"), "line 6: not a policy: unknown"),
            (rule("name='a'\nlabel='threat'\nthreshold=0.5\naction='review'\nweight=2"), "line 7"),
            (rule(&format!("{whole}severity=0")), "line 7: not a policy: 0 is not a number above 0"),
            (rule(&format!("{whole}severity=inf")), "line 7"),
            (rule(&format!("{whole}[[rule.at]]\nthreshold=0.1")), "line 2: a place of the rule `a`"),
            (rule(&format!("{whole}[[rule.at]]\nsection='x'\nthreshold=-1")), "line 9"),
            (rule(&format!("{whole}[[rule]]\n{whole}")), "line 7: a second rule is named `a`"),
            (format!("seconds_a_comment = -3\n{}", rule(whole)), "line 1: not a policy: -3 is not"),
        ] {
            let error = Policy::parse(&toml).unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
        }
    }

    #[test]
    fn the_shipped_policy_parses() {
        let policy = Policy::built_in();
        assert!(!policy.rules.is_empty());
        assert!(policy.rules.iter().any(|rule| rule.severity > 1.0));
    }
}
