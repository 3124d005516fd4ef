//! The answer: our labels as OpenAI's categories.

use comity_core::label::Label::{self, IdentityAttack, Insult, Obscene, SevereToxicity, Threat, Toxicity};
use comity_core::policy::{Action, Policy};
use comity_core::record::{Outcome, Scored, Scores};
use serde::Serialize;
use serde_json::{Map, Value};

/// The models that a client may name; the first is the default. All of them stand for the models
/// that the server has loaded.
pub(super) const MODELS: [&str; 4] = [
    "omni-moderation-latest",
    "omni-moderation-2024-09-26",
    "text-moderation-latest",
    "text-moderation-stable",
];

/// A category of OpenAI's.
struct Category {
    name: &'static str,
    /// The labels that it is made of: at least one of each group must hold. None if no label
    /// corresponds to it, and it is not evaluated.
    labels: &'static [&'static [Label]],
}

/// The categories, in the order of OpenAI's answers. A label without a category of its own is
/// harassment, so that the policy flags a comment just if a category is true.
const CATEGORIES: [Category; 13] = [
    Category { name: "harassment", labels: &[&[Toxicity, SevereToxicity, Obscene, Insult]] },
    Category { name: "harassment/threatening", labels: &[&[Threat]] },
    Category { name: "sexual", labels: &[] },
    Category { name: "hate", labels: &[&[IdentityAttack]] },
    Category { name: "hate/threatening", labels: &[&[IdentityAttack], &[Threat]] },
    Category { name: "illicit", labels: &[] },
    Category { name: "illicit/violent", labels: &[] },
    Category { name: "self-harm/intent", labels: &[] },
    Category { name: "self-harm/instructions", labels: &[] },
    Category { name: "self-harm", labels: &[] },
    Category { name: "sexual/minors", labels: &[] },
    Category { name: "violence", labels: &[&[Threat]] },
    Category { name: "violence/graphic", labels: &[] },
];

impl Category {
    /// Returns the score, from 0 to 1: the highest of a group, and the lowest of all groups, which
    /// is an upper bound of the probability that all hold. `None` if it is not evaluated.
    fn score(&self, scores: &Scores) -> Option<f64> {
        let of_group =
            |labels: &&[Label]| labels.iter().filter_map(|label| scores.get(*label)).reduce(f64::max);
        let of_groups: Option<Vec<f64>> = self.labels.iter().map(of_group).collect();
        of_groups?.into_iter().reduce(f64::min)
    }

    /// Returns true if the category holds by a policy.
    fn holds(&self, scored: &Scored, policy: &Policy) -> bool {
        let reaches = |label: &Label| is_flagged_for(*label, scored, policy);
        !self.labels.is_empty() && self.labels.iter().all(|labels| labels.iter().any(reaches))
    }
}

/// Returns true if a rule of the policy flags a comment for its score for a label.
fn is_flagged_for(label: Label, scored: &Scored, policy: &Policy) -> bool {
    let Some(score) = scored.outcome.scores().and_then(|scores| scores.get(label)) else { return false };
    let mut rules = policy.rules.iter().filter(|rule| rule.label == label && rule.action != Action::Approve);
    rules.any(|rule| score >= rule.threshold_for(&scored.comment, scored.language.as_deref()))
}

/// The answer to a request.
#[derive(Serialize)]
pub(super) struct Answer {
    id: String,
    model: &'static str,
    results: Vec<ResultOf>,
}

/// The result of one text.
#[derive(Serialize)]
struct ResultOf {
    flagged: bool,
    categories: Map<String, Value>,
    category_scores: Map<String, Value>,
    /// The kinds of input that each category was evaluated on. The text models have no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    category_applied_input_types: Option<Map<String, Value>>,
    /// The reason why the text has no scores, and all categories are false. OpenAI has no such
    /// field.
    #[serde(skip_serializing_if = "Option::is_none")]
    unscored: Option<&'static str>,
}

impl Answer {
    /// Creates the answer to a request for a model of [`MODELS`].
    pub(super) fn new(model: &'static str, scored: &[Scored], policy: &Policy) -> Self {
        let id = format!("modr-{:032x}", fastrand::u128(..));
        let is_omni = model.starts_with("omni-");
        Self { id, model, results: scored.iter().map(|scored| result(scored, policy, is_omni)).collect() }
    }
}

fn result(scored: &Scored, policy: &Policy, is_omni: bool) -> ResultOf {
    let (mut categories, mut scores, mut applied) = (Map::new(), Map::new(), Map::new());
    let mut flagged = false;
    // The text models are older than these categories.
    for category in CATEGORIES.iter().filter(|category| is_omni || !category.name.starts_with("illicit")) {
        let score = scored.outcome.scores().and_then(|scores| category.score(scores));
        let holds = category.holds(scored, policy);
        flagged |= holds;
        categories.insert(category.name.to_owned(), holds.into());
        scores.insert(category.name.to_owned(), score.unwrap_or(0.0).into());
        let types: &[&str] = if score.is_some() { &["text"] } else { &[] };
        applied.insert(category.name.to_owned(), types.into());
    }
    let unscored = match scored.outcome {
        Outcome::Unscored(cause) => Some(cause.as_str()),
        Outcome::Scored(_) => None,
    };
    ResultOf {
        flagged,
        categories,
        category_scores: scores,
        category_applied_input_types: is_omni.then_some(applied),
        unscored,
    }
}
