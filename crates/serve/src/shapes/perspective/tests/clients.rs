//! Bodies in the form in which known clients send them.

use super::*;

/// Returns the answer that the clients of the six attributes below expect.
fn expected(text: &str, attributes: &[(&str, Label)]) -> Value {
    attributes.iter().map(|(name, label)| ((*name).to_owned(), whole(text, *label))).collect()
}

#[test]
fn bodies_of_known_clients_are_answered() {
    let toxicity = [("TOXICITY", Label::Toxicity)];
    let six = [
        ("TOXICITY", Label::Toxicity),
        ("SEVERE_TOXICITY", Label::SevereToxicity),
        ("IDENTITY_ATTACK", Label::IdentityAttack),
        ("INSULT", Label::Insult),
        ("PROFANITY", Label::Obscene),
        ("THREAT", Label::Threat),
    ];
    let text = ENGLISH;
    type Case<'a> = (&'a str, Value, &'a [(&'a str, Label)]);
    let cases: Vec<Case<'_>> = vec![
        (
            "R: peRspective",
            json!({
                "comment": { "text": text },
                "spanAnnotations": false,
                "requestedAttributes": { "TOXICITY": {}, "SEVERE_TOXICITY": {} },
                "doNotStore": false,
            }),
            &six[..2],
        ),
        (
            "R: peRspective with a language",
            json!({
                "comment": { "text": text },
                "spanAnnotations": false,
                "requestedAttributes": { "TOXICITY": {} },
                "doNotStore": true,
                "languages": "EN",
            }),
            &toxicity,
        ),
        (
            "Rust: perspective_api",
            json!({
                "comment": { "text": text, "type": "PLAIN_TEXT" },
                "requestedAttributes": { "TOXICITY": { "scoreType": "PROBABILITY", "scoreThreshold": 0.0 } },
                "spanAnnotations": false,
                "languages": ["en"],
                "doNotStore": true,
                "clientToken": "1",
                "sessionId": "1",
                "communityId": "a",
            }),
            &toxicity,
        ),
        (
            "Coral",
            json!({
                "comment": { "text": text },
                "languages": ["en"],
                "doNotStore": true,
                "requestedAttributes": { "TOXICITY": {} },
            }),
            &toxicity,
        ),
        (
            "4CAT",
            json!({
                "comment": { "text": text },
                "requestedAttributes": {
                    "TOXICITY": {}, "SEVERE_TOXICITY": {}, "IDENTITY_ATTACK": {},
                    "INSULT": {}, "PROFANITY": {}, "THREAT": {},
                },
            }),
            &six,
        ),
        (
            "n8n",
            json!({
                "comment": { "type": "PLAIN_TEXT", "text": text },
                "requestedAttributes": { "PROFANITY": { "scoreType": "probability", "scoreThreshold": 0 } },
                "languages": "en",
            }),
            &[("PROFANITY", Label::Obscene)],
        ),
        (
            "harassment-manager",
            json!({
                "comment": { "text": text },
                "requested_attributes": {
                    "TOXICITY": {}, "SEVERE_TOXICITY": {}, "IDENTITY_ATTACK": {},
                    "INSULT": {}, "PROFANITY": {}, "THREAT": {},
                },
                "community_id": "social-media",
                "session_id": "a-user",
                "do_not_store": true,
                "languages": ["en"],
            }),
            &six,
        ),
        (
            "JavaScript: perspective-api-client, and sentiment-bot on it",
            json!({ "comment": { "text": text }, "requestedAttributes": { "TOXICITY": {} }, "doNotStore": true }),
            &toxicity,
        ),
        (
            "Python: perspective",
            json!({
                "comment": { "text": text, "type": "PLAIN_TEXT" },
                "context": {},
                "requestedAttributes": { "TOXICITY": { "scoreType": "PROBABILITY", "scoreThreshold": null } },
                "languages": [],
                "doNotStore": true,
                "clientToken": null,
                "sessionId": null,
            }),
            &toxicity,
        ),
        (
            "a site's bot in Ruby",
            json!({
                "comment": { "text": text, "type": "PLAIN_TEXT" },
                "context": {},
                "requestedAttributes": { "TOXICITY": { "scoreType": "PROBABILITY", "scoreThreshold": 0 } },
                "languages": ["en"],
                "doNotStore": true,
                "sessionId": "",
            }),
            &toxicity,
        ),
        (
            "Discourse's etiquette plug-in",
            json!({
                "comment": { "text": text },
                "doNotStore": true,
                "sessionId": "https://forum.example_7",
                "requestedAttributes": { "TOXICITY": { "scoreType": "PROBABILITY" } },
            }),
            &toxicity,
        ),
        (
            "HELM",
            json!({
                "comment": { "text": text },
                "requestedAttributes": { "TOXICITY": {}, "SEVERE_TOXICITY": {} },
                "languages": ["en"],
                "spanAnnotations": true,
            }),
            &six[..2],
        ),
        (
            "perspectiveapi-simple-server",
            json!({
                "comment": { "text": text },
                "requested_attributes": { "TOXICITY": { "score_type": 1, "score_threshold": "0" } },
                "span_annotations": "false",
                "client_token": "a",
                "context": { "article_and_parent_comment": { "article": { "text": "The bridge opens." } } },
            }),
            &toxicity,
        ),
        (
            "a map with null",
            json!({ "comment": { "text": text }, "requestedAttributes": { "TOXICITY": null } }),
            &toxicity,
        ),
        (
            "context",
            json!({
                "comment": { "text": text },
                "context": { "entries": [{ "text": "Opened today.", "type": "PLAIN_TEXT" }, { "text": "At last." }] },
                "requestedAttributes": { "TOXICITY": {} },
            }),
            &toxicity,
        ),
    ];
    let app = app(None);
    for (client, body, attributes) in cases {
        let reply = post(&app, ANALYZE, body.to_string());
        assert_eq!(reply.status, StatusCode::OK, "{client}: {}", reply.body);
        assert_eq!(reply.json()["attributeScores"], expected(text, attributes), "{client}");
        // R's client expects the scores first.
        assert_eq!(reply.json().as_object().unwrap().keys().next().unwrap(), "attributeScores", "{client}");
    }
}

#[test]
fn the_last_of_two_equal_names_counts() {
    let body = format!(
        r#"{{"comment":{{"text":"gone"}},"comment":{{"text":"{ENGLISH}"}},"doNotStore":false,"do_not_store":true,
            "requestedAttributes":{{"TOXICITY":{{}},"TOXICITY":{{}}}}}}"#
    );
    let reply = post(&app(None), ANALYZE, body);
    assert_eq!(reply.json()["attributeScores"]["TOXICITY"], whole(ENGLISH, Label::Toxicity));
}
