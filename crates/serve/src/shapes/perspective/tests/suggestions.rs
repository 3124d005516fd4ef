use super::*;

#[test]
fn suggestions_are_kept_only_where_the_operator_asks_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suggestions.ndjson");
    let body = json!({
        "comment": { "text": ENGLISH },
        "context": { "entries": [{ "text": "off-topic" }] },
        "attributeScores": { "TOXICITY": {
            "summaryScore": { "value": 0 },
            "spanScores": [{ "begin": 0, "end": 4, "score": { "value": 1, "type": "PROBABILITY" } }],
        } },
        "languages": ["en"],
        "communityId": "Coral:https://news.example",
        "clientToken": "comment:53922",
        "sessionId": "s",
    });
    let expected = json!({
        "clientToken": "comment:53922",
        "detectedLanguages": ["en"],
        "requestedLanguages": ["en"],
    });
    let reply = post(&app(None), SUGGEST, body.to_string());
    assert_eq!((reply.status, reply.json()), (StatusCode::OK, expected.clone()));
    assert_eq!(
        reply.json().as_object().unwrap().keys().collect::<Vec<_>>(),
        ["clientToken", "detectedLanguages", "requestedLanguages"]
    );
    assert!(!file.exists());

    let app = app(Some(file.clone()));
    for _ in 0..2 {
        assert_eq!(post(&app, SUGGEST, body.to_string()).json(), expected);
    }
    let lines = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!((&lines[0]["value"], &lines[0]["begin"]), (&json!(0.0), &json!(null)));
    assert_eq!(
        (&lines[1]["value"], &lines[1]["begin"], &lines[1]["end"]),
        (&json!(1.0), &json!(0), &json!(4))
    );
    for line in &lines {
        assert_eq!(line["text"], ENGLISH);
        assert_eq!(line["text_sha256"], comity_core::digest::sha256(ENGLISH));
        assert_eq!(
            (&line["attribute"], &line["client_token"]),
            (&json!("TOXICITY"), &json!("comment:53922"))
        );
        assert_eq!(line["community_id"], "Coral:https://news.example");
        // A session is a person's.
        assert_eq!(line.get("session_id"), None);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn malformed_suggestions_are_refused() {
    let text = || json!({ "text": ENGLISH });
    for (comment, scores, message) in [
        (json!({}), json!({ "TOXICITY": { "summaryScore": { "value": 1 } } }), "Comment must be non-empty."),
        (text(), json!({}), "Missing attribute_scores"),
        (text(), json!({ "TOXICITY": {} }), "Attribute TOXICITY has neither summary_score nor span_scores"),
        (
            text(),
            json!({ "APPROVED": { "summaryScore": { "value": 1 } } }),
            "Unknown requested attribute: APPROVED",
        ),
        (
            text(),
            json!({ "TOXICITY": { "summaryScore": { "value": 1.5 } } }),
            "Scores of attribute TOXICITY need a value from 0 to 1",
        ),
        (
            text(),
            json!({ "THREAT": { "spanScores": [{ "begin": 3, "score": { "value": 1 } }] } }),
            "Span scores of attribute THREAT need begin and end in the comment",
        ),
        (
            text(),
            json!({ "THREAT": { "spanScores": [{ "begin": 0, "end": 9999, "score": { "value": 1 } }] } }),
            "Span scores of attribute THREAT need begin and end in the comment",
        ),
        (
            text(),
            json!({ "SPAM": { "summaryScore": { "value": 1, "type": "RAW" } } }),
            "Requested score type RAW is not supported by attribute SPAM",
        ),
    ] {
        let body = json!({ "comment": comment, "attributeScores": scores });
        let reply = post(&app(None), SUGGEST, body.to_string());
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(reply.json()["error"]["status"], "INVALID_ARGUMENT");
        assert_eq!(reply.json()["error"]["message"], message);
    }
    let unknown = post(&app(None), SUGGEST, r#"{"doNotStore":true}"#).json();
    assert_eq!(
        unknown["error"]["message"],
        r#"Invalid JSON payload received. Unknown name "doNotStore": Cannot find field."#
    );
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let body = json!({
        "comment": { "text": ENGLISH },
        "attributeScores": { "TOXICITY": { "summaryScore": { "value": 1 } } },
    });
    let reply = post(&app(Some(folder.path().to_owned())), SUGGEST, body.to_string());
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!reply.body.contains("bridge"), "{}", reply.body);
}
