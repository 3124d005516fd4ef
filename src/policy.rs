//! From scores to actions. Scores are facts and stay; a policy is an opinion, and applying another one takes seconds.

use std::cmp::Ordering;
use std::fmt;

use serde::Deserialize;

use crate::label::Label;
use crate::score::{Outcome, Scores};

/// What to do with a comment, from mildest to most severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing: it may stand.
    Approve,
    /// A person should read it.
    Review,
    /// Propose to reject it; a person still decides.
    Reject,
}

impl Action {
    /// All of them, mildest first.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Review, Self::Reject];

    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Review => "review",
            Self::Reject => "reject",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A comment whose score for `label` is at or above `threshold` calls for `action`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Short and unique: it stands in every reason.
    pub name: String,
    /// The label whose score counts.
    pub label: Label,
    /// From 0 to 1.
    pub threshold: f64,
    /// What the rule calls for.
    pub action: Action,
}

/// The rules of a site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Name of the policy, for reports.
    pub name: String,
    /// Its rules. Of two that fire alike, the later one decides.
    #[serde(rename = "rule", default)]
    pub rules: Vec<Rule>,
}

/// What a policy says of a scored comment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision<'a> {
    /// What to do.
    pub action: Action,
    /// The rule that decided; none where no rule fired and the comment is approved.
    pub fired: Option<Fired<'a>>,
}

impl Decision<'_> {
    /// Which of two decisions a person should look at first: the more severe action, then the wider margin.
    pub fn severity(&self, other: &Self) -> Ordering {
        let margin = |decision: &Self| decision.fired.map_or(0.0, |fired| fired.margin());
        self.action.cmp(&other.action).then(margin(self).total_cmp(&margin(other)))
    }
}

/// A rule that a comment's score reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fired<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The comment's score for the rule's label.
    pub score: f64,
}

impl Fired<'_> {
    /// How far the score lies above the threshold, from 0 to 1.
    pub fn margin(&self) -> f64 {
        self.score - self.rule.threshold
    }
}

/// Why a policy file was refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It is not TOML of the policy's form.
    #[error(
        "line {line}: not a policy: {what}; the built-in one, data/policies/default.toml, shows the form"
    )]
    Form {
        /// Where the trouble is, from 1.
        line: usize,
        /// What it is.
        what: String,
    },
    /// A threshold is not a probability.
    #[error("rule `{rule}`: threshold {threshold} is not between 0 and 1")]
    Threshold {
        /// Name of the rule.
        rule: String,
        /// What it has.
        threshold: f64,
    },
    /// Two rules share a name.
    #[error("two rules are named `{0}`; give each a name of its own")]
    Name(String),
    /// There is nothing to decide by.
    #[error("the policy has no rules; add at least one [[rule]] with name, label, threshold and action")]
    Empty,
}

impl Policy {
    /// The policy that applies where none is given: `data/policies/default.toml`.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../data/policies/default.toml")).expect("a test parses the shipped policy")
    }

    /// Reads a policy from TOML.
    ///
    /// # Errors
    /// [`PolicyError`] names the line, or the rule, at fault.
    pub fn parse(toml: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(toml).map_err(|error| PolicyError::Form {
            line: 1 + error.span().map_or(0, |span| toml[..span.start].matches('\n').count()),
            what: error.message().to_owned(),
        })?;
        if policy.rules.is_empty() {
            return Err(PolicyError::Empty);
        }
        for (index, rule) in policy.rules.iter().enumerate() {
            if !(0.0..=1.0).contains(&rule.threshold) {
                return Err(PolicyError::Threshold { rule: rule.name.clone(), threshold: rule.threshold });
            }
            if policy.rules[..index].iter().any(|earlier| earlier.name == rule.name) {
                return Err(PolicyError::Name(rule.name.clone()));
            }
        }
        Ok(policy)
    }

    /// What the policy says of an outcome: the most severe action that a rule calls for, by the rule whose threshold is
    /// exceeded most; nothing at all of a comment that was not scored, for no one has looked at it.
    pub fn decide(&self, outcome: &Outcome) -> Option<Decision<'_>> {
        outcome.scores().map(|scores| self.decide_scores(scores))
    }

    fn decide_scores(&self, scores: &Scores) -> Decision<'_> {
        let decisions = self
            .rules
            .iter()
            .map(|rule| Fired { rule, score: scores.get(rule.label) })
            .filter(|fired| fired.score >= fired.rule.threshold)
            .map(|fired| Decision { action: fired.rule.action, fired: Some(fired) });
        decisions.max_by(Decision::severity).unwrap_or(Decision { action: Action::Approve, fired: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Unscored;

    fn scored(toxicity: f64, threat: f64) -> Outcome {
        let mut probabilities = [0.0; Label::COUNT];
        probabilities[Label::Toxicity.index()] = toxicity;
        probabilities[Label::Threat.index()] = threat;
        Outcome::Scored(Scores::new(probabilities))
    }

    #[test]
    fn the_most_severe_rule_decides_then_the_widest_margin() {
        let policy = Policy::parse(
            r#"
            name = "test"
            rule = [
                { name = "rude", label = "toxicity", threshold = 0.5, action = "review" },
                { name = "vile", label = "toxicity", threshold = 0.9, action = "reject" },
                { name = "threat", label = "threat", threshold = 0.3, action = "review" },
            ]"#,
        )
        .unwrap();
        for (outcome, action, rule) in [
            (scored(0.1, 0.1), Action::Approve, None),
            (scored(0.5, 0.0), Action::Review, Some("rude")),
            (scored(0.6, 0.5), Action::Review, Some("threat")),
            (scored(0.9, 0.9), Action::Reject, Some("vile")),
        ] {
            let decision = policy.decide(&outcome).unwrap();
            assert_eq!(decision.action, action);
            assert_eq!(decision.fired.map(|fired| fired.rule.name.as_str()), rule);
        }
        assert_eq!(policy.decide(&Outcome::Unscored(Unscored::Language)), None);
    }

    #[test]
    fn a_wrong_policy_is_refused_with_its_fault() {
        let rule = |fields: &str| format!("name = \"p\"\n[[rule]]\n{fields}");
        for (toml, fault) in [
            ("name = \"p\"".to_owned(), "no rules"),
            (rule("name='a'\nlabel='toxicity'\nthreshold=1.5\naction='review'"), "1.5 is not between"),
            (rule("name='a'\nlabel='rudeness'\nthreshold=0.5\naction='review'"), "rudeness"),
            (rule("name='a'\nlabel='threat'\nthreshold=0.5\naction='ban'"), "ban"),
            (rule("name='a'\nlabel='threat'\nthreshold=0.5\naction='review'\nweight=2"), "weight"),
        ] {
            let error = Policy::parse(&toml).unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
        }
    }

    #[test]
    fn the_shipped_policy_parses() {
        assert!(!Policy::built_in().rules.is_empty());
    }
}
