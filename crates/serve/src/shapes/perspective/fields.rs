//! Partial responses: the query parameter `fields`, like `attributeScores/TOXICITY,languages` or
//! `attributeScores(TOXICITY/summaryScore)`.

use serde_json::Value;

/// The deepest nesting of a mask. The answers nest less deep.
const MAX_DEPTH: usize = 16;

/// The parts of an answer that the client asked for. An empty mask asks for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask(Vec<(String, Mask)>);

impl Mask {
    /// Reads a mask; `None` if it is malformed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mask = Self::list(&mut rest, 0)?;
        rest.is_empty().then_some(mask)
    }

    /// Reads paths with commas between them.
    fn list(rest: &mut &str, depth: usize) -> Option<Self> {
        let mut paths = vec![Self::path(rest, depth)?];
        while let Some(after) = rest.strip_prefix(',') {
            *rest = after;
            paths.push(Self::path(rest, depth)?);
        }
        Some(Self(paths))
    }

    /// Reads a name, and the mask of what is below it.
    fn path(rest: &mut &str, depth: usize) -> Option<(String, Self)> {
        let end = rest.find([',', '/', '.', '(', ')']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.trim().is_empty() || depth == MAX_DEPTH {
            return None;
        }
        *rest = after;
        let mut below = Self::default();
        if let Some(after) = rest.strip_prefix(['/', '.']) {
            *rest = after;
            below = Self(vec![Self::path(rest, depth + 1)?]);
        } else if let Some(after) = rest.strip_prefix('(') {
            *rest = after;
            below = Self::list(rest, depth + 1)?;
            *rest = rest.strip_prefix(')')?;
        }
        Some((name.trim().to_owned(), below))
    }

    /// Removes what the mask does not ask for.
    pub(super) fn apply(&self, value: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.apply(value)),
            Value::Object(object) => object.retain(|key, value| {
                let mut below = self.0.iter().filter(|(name, _)| name == key || name == "*").peekable();
                if below.peek().is_none() {
                    return false;
                }
                // Several paths may lead through one key: `a/b,a/c`.
                let masks: Vec<&Self> = below.map(|(_, mask)| mask).collect();
                if masks.iter().all(|mask| !mask.0.is_empty()) {
                    Self(masks.into_iter().flat_map(|mask| mask.0.clone()).collect()).apply(value);
                }
                true
            }),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn masks_keep_what_they_name() {
        let answer = json!({
            "attributeScores": {
                "TOXICITY": { "spanScores": [{ "begin": 0, "end": 4 }], "summaryScore": { "value": 0.5 } },
                "THREAT": { "summaryScore": { "value": 0.25 } },
            },
            "languages": ["en"],
            "clientToken": "a",
        });
        for (mask, expected) in [
            ("languages", json!({ "languages": ["en"] })),
            ("languages,clientToken", json!({ "languages": ["en"], "clientToken": "a" })),
            (
                "attributeScores/TOXICITY/summaryScore",
                json!({ "attributeScores": { "TOXICITY": { "summaryScore": { "value": 0.5 } } } }),
            ),
            (
                "attributeScores(TOXICITY(spanScores(begin)),THREAT)",
                json!({ "attributeScores": {
                    "TOXICITY": { "spanScores": [{ "begin": 0 }] },
                    "THREAT": { "summaryScore": { "value": 0.25 } },
                } }),
            ),
            (
                "attributeScores.*.summaryScore.value,attributeScores/THREAT/nothing",
                json!({ "attributeScores": {
                    "TOXICITY": { "summaryScore": { "value": 0.5 } },
                    "THREAT": { "summaryScore": { "value": 0.25 } },
                } }),
            ),
            ("*", answer.clone()),
            ("nothing", json!({})),
        ] {
            let mut masked = answer.clone();
            Mask::parse(mask).unwrap().apply(&mut masked);
            assert_eq!(masked, expected, "{mask}");
        }
        for malformed in ["", ",", "a,", "a(", "a(b", "a)b", "a/", "(a)", "a()", "a(b)c", &"a(".repeat(99)] {
            assert_eq!(Mask::parse(malformed), None, "{malformed}");
        }
    }

    proptest! {
        #[test]
        fn no_mask_panics(text in "[ab*,/.() ]{0,24}") {
            if let Some(mask) = Mask::parse(&text) {
                mask.apply(&mut json!({ "a": { "b": [{ "a": 1 }] }, "b": "a" }));
            }
        }
    }
}
