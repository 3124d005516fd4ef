//! Perspective's attributes, and the labels that stand for them.

use comity_core::label::Label;

/// The attributes that have a label. Each is also known with `_EXPERIMENTAL` at its end, which
/// means the same.
const SERVED: [(&str, Label); 6] = [
    ("TOXICITY", Label::Toxicity),
    ("SEVERE_TOXICITY", Label::SevereToxicity),
    ("IDENTITY_ATTACK", Label::IdentityAttack),
    ("INSULT", Label::Insult),
    ("PROFANITY", Label::Obscene),
    ("THREAT", Label::Threat),
];

/// The attributes of Perspective that no label stands for.
const UNSERVED: [&str; 22] = [
    "AFFINITY_EXPERIMENTAL",
    "ALIENATION_EXPERIMENTAL",
    "ATTACK_ON_AUTHOR",
    "ATTACK_ON_COMMENTER",
    "COMPASSION_EXPERIMENTAL",
    "CURIOSITY_EXPERIMENTAL",
    "FEARMONGERING_EXPERIMENTAL",
    "FLIRTATION",
    "GENERALIZATION_EXPERIMENTAL",
    "INCOHERENT",
    "INFLAMMATORY",
    "LIKELY_TO_REJECT",
    "MORAL_OUTRAGE_EXPERIMENTAL",
    "NUANCE_EXPERIMENTAL",
    "OBSCENE",
    "PERSONAL_STORY_EXPERIMENTAL",
    "REASONING_EXPERIMENTAL",
    "RESPECT_EXPERIMENTAL",
    "SCAPEGOATING_EXPERIMENTAL",
    "SEXUALLY_EXPLICIT",
    "SPAM",
    "UNSUBSTANTIAL",
];

/// An attribute of Perspective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    /// The label that stands for it. The model may still lack the label.
    Served(Label),
    /// No label stands for it.
    Unserved,
}

impl Attribute {
    /// Returns the attribute with a name; `None` if Perspective has no such attribute.
    pub(super) fn find(name: &str) -> Option<Self> {
        let stem = name.strip_suffix("_EXPERIMENTAL").unwrap_or(name);
        let served = SERVED.iter().find(|(served, _)| *served == stem).map(|(_, label)| Self::Served(*label));
        served.or_else(|| UNSERVED.contains(&name).then_some(Self::Unserved))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_have_their_labels() {
        for (name, attribute) in [
            ("TOXICITY", Some(Attribute::Served(Label::Toxicity))),
            ("PROFANITY", Some(Attribute::Served(Label::Obscene))),
            ("SEVERE_TOXICITY_EXPERIMENTAL", Some(Attribute::Served(Label::SevereToxicity))),
            ("OBSCENE", Some(Attribute::Unserved)),
            ("RESPECT_EXPERIMENTAL", Some(Attribute::Unserved)),
            ("RESPECT", None),
            ("toxicity", None),
            ("TOXICITY_EXPERIMENTAL_EXPERIMENTAL", None),
            ("_EXPERIMENTAL", None),
            ("", None),
        ] {
            assert_eq!(Attribute::find(name), attribute, "{name}");
        }
    }
}
