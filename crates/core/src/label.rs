//! The labels that a model scores, and the heads that give them.

use serde::{Deserialize, Serialize};

use crate::words;

/// A property of a text that a model scores. The six toxicity labels are those of the Jigsaw 2018
/// data, under the names that Detoxify and Perspective share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// Rude, disrespectful or unreasonable: likely to make people leave a discussion.
    Toxicity,
    /// Very hateful or aggressive.
    SevereToxicity,
    /// Obscene words.
    Obscene,
    /// An intention to hurt someone.
    Threat,
    /// An insult to a person.
    Insult,
    /// Hate for who someone is.
    IdentityAttack,
    /// Sentiment: negative.
    Negative,
    /// Sentiment: neither.
    Neutral,
    /// Sentiment: positive.
    Positive,
}

impl Label {
    /// The number of labels.
    pub const COUNT: usize = Self::ALL.len();

    /// The six toxicity labels: each a probability of its own.
    pub const TOXICITY: [Self; 6] = [
        Self::Toxicity,
        Self::SevereToxicity,
        Self::Obscene,
        Self::Threat,
        Self::Insult,
        Self::IdentityAttack,
    ];

    /// The three sentiment classes: their probabilities add up to 1.
    pub const SENTIMENT: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];

    /// Returns the index of the label in [`Label::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

// Toxicity before sentiment, in the order of `Label::index`. The words are the columns of
// `scores.csv` and those of policies.
words! { Label, "label":
    Toxicity = "toxicity",
    SevereToxicity = "severe_toxicity",
    Obscene = "obscene",
    Threat = "threat",
    Insult = "insult",
    IdentityAttack = "identity_attack",
    Negative = "negative",
    Neutral = "neutral",
    Positive = "positive",
}

/// The function from the logits of a head to probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// Each label for itself: any number of them may hold.
    Sigmoid,
    /// One of the labels holds.
    Softmax,
}

/// Labels that a model decides together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The function from their logits to probabilities.
    pub activation: Activation,
    /// The label of each logit, in order; `None` if a logit stands for something that is none of
    /// our labels. Several logits of a softmax may stand for one label: its probability is the sum
    /// of their probabilities.
    pub labels: Vec<Option<Label>>,
}

impl Head {
    /// Returns true if the head decides between negative, neutral and positive.
    pub fn is_sentiment(&self) -> bool {
        self.labels.iter().flatten().all(|label| Label::SENTIMENT.contains(label))
    }
}

/// The labels of a model: its heads, in the order of its logits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelSet {
    /// The heads.
    pub heads: Vec<Head>,
}

impl LabelSet {
    /// Returns the labels that the model gives, in the order of [`Label::ALL`].
    pub fn labels(&self) -> impl Iterator<Item = Label> + '_ {
        Label::ALL.into_iter().filter(|label| self.of_logits().any(|of_logit| of_logit == Some(*label)))
    }

    /// Returns the label of each logit.
    pub fn of_logits(&self) -> impl Iterator<Item = Option<Label>> + '_ {
        self.heads.iter().flat_map(|head| head.labels.iter().copied())
    }

    /// Returns the number of logits.
    pub fn logits(&self) -> usize {
        self.of_logits().count()
    }

    /// Checks that each label stands in the heads once, and that a softmax shares its probability
    /// among labels of one kind.
    ///
    /// # Errors
    /// Returns a description of the fault.
    pub fn check(&self) -> Result<(), String> {
        if self.labels().next().is_none() {
            return Err("the heads give none of our labels".to_owned());
        }
        for label in self.labels() {
            let holding = self.heads.iter().filter(|head| head.labels.contains(&Some(label)));
            let counts = holding.map(|head| match head.activation {
                Activation::Softmax => 1,
                Activation::Sigmoid => head.labels.iter().filter(|known| **known == Some(label)).count(),
            });
            if counts.sum::<usize>() > 1 {
                return Err(format!("the label {label} stands in the heads more than once"));
            }
        }
        for head in self.heads.iter().filter(|head| head.activation == Activation::Softmax) {
            let find = |is_sentiment: bool| {
                head.labels.iter().flatten().find(|label| Label::SENTIMENT.contains(label) == is_sentiment)
            };
            if let (Some(sentiment), Some(other)) = (find(true), find(false)) {
                return Err(format!(
                    "a softmax head has one label of the sentiment, {sentiment}, and one that is not, {other}, as if only \
                     one could hold"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_indices_read_back() {
        for (index, label) in Label::ALL.into_iter().enumerate() {
            assert_eq!(label.index(), index);
            assert_eq!(label.as_str().parse(), Ok(label));
            assert_eq!(serde_json::to_string(&label).unwrap(), format!("\"{label}\""));
        }
        assert!("toxic".parse::<Label>().unwrap_err().contains("identity_attack"));
    }

    #[test]
    fn a_label_has_one_place() {
        use Activation::{Sigmoid, Softmax};
        use Label::{Negative, Threat, Toxicity};
        let check = |heads: &[(Activation, &[Option<Label>])]| {
            let head = |(activation, labels): &(Activation, &[Option<Label>])| Head {
                activation: *activation,
                labels: labels.to_vec(),
            };
            LabelSet { heads: heads.iter().map(head).collect() }.check()
        };
        check(&[(Sigmoid, &[Some(Toxicity), None]), (Softmax, &[None, Some(Negative)])]).unwrap();
        check(&[(Softmax, &[Some(Toxicity), Some(Toxicity), None])]).unwrap();
        for (heads, words) in [
            (vec![], "none of our labels"),
            (vec![(Softmax, &[None, None][..])], "none of our labels"),
            (vec![(Sigmoid, &[Some(Threat), Some(Threat)])], "threat stands in the heads more than once"),
            (vec![(Sigmoid, &[Some(Threat)]), (Softmax, &[Some(Threat), None])], "more than once"),
            (vec![(Softmax, &[Some(Negative), Some(Threat)])], "as if only one could hold"),
        ] {
            let error = check(&heads).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
