use std::time::Duration;

use axum::response::Response;
use proptest::prelude::*;

use super::super::{read_any, refuse};
use super::*;
use crate::refusal::Refusal;

#[test]
fn perspectives_errors_are_answered_to_the_letter() {
    let long = "a".repeat(20_481);
    let ask = |comment: Value, attributes: Value, more: Value| {
        let mut request = json!({ "comment": comment, "requestedAttributes": attributes });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    };
    let text = || json!({ "text": ENGLISH });
    let toxicity = || json!({ "TOXICITY": {} });
    let context = json!({ "context": {
        "entries": [{ "text": "a" }],
        "articleAndParentComment": { "article": { "text": "b" } },
    } });
    let both =
        "Context can have either entries or article_and_parent_comment, but both fields were populated.";
    let score_type = |kind: Value| json!({ "THREAT": { "scoreType": kind } });
    for (request, error_type, message) in [
        (json!({}), "COMMENT_EMPTY", "Comment must be non-empty."),
        (ask(json!({}), toxicity(), json!({})), "COMMENT_EMPTY", "Comment must be non-empty."),
        (ask(json!({ "text": " \n" }), toxicity(), json!({})), "COMMENT_EMPTY", "Comment must be non-empty."),
        (
            ask(json!({ "text": "<br>", "type": "HTML" }), toxicity(), json!({})),
            "COMMENT_EMPTY",
            "Comment must be non-empty.",
        ),
        (
            ask(json!({ "text": long }), toxicity(), json!({})),
            "COMMENT_TOO_LONG",
            "Comment text was too many bytes. Value (20481) exceeded limit (20480).",
        ),
        (ask(text(), json!({}), json!({})), "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        (
            ask(text(), json!({ "CHEER": {} }), json!({})),
            "INVALID_REQUEST",
            "Unknown requested attribute: CHEER",
        ),
        (
            ask(text(), score_type(json!("RAW")), json!({})),
            "INVALID_REQUEST",
            "Requested score type RAW is not supported by attribute THREAT",
        ),
        (
            ask(text(), score_type(json!(2)), json!({})),
            "INVALID_REQUEST",
            "Requested score type STD_DEV_SCORE is not supported by attribute THREAT",
        ),
        (
            ask(json!({ "text": "a", "type": 7 }), toxicity(), json!({})),
            "INVALID_REQUEST",
            "Unknown text type",
        ),
        (ask(text(), toxicity(), context), "INVALID_REQUEST", both),
        (
            ask(json!({ "text": "… 123 !!" }), toxicity(), json!({})),
            "LANGUAGE_DETECTION_FAILED",
            "Unable to detect language",
        ),
    ] {
        let reply = analyze(&request);
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{request}");
        let expected = error(400, "INVALID_ARGUMENT", message, &[detail(error_type)]);
        assert_eq!(reply.json(), expected, "{request}");
    }
}

#[test]
fn unsupported_languages_are_refused_and_never_scored() {
    for (request, attribute, key, languages) in [
        (json!({ "text": GERMAN }), "TOXICITY", "detectedLanguages", vec!["de"]),
        (json!({ "text": GERMAN, "languages": ["de"] }), "TOXICITY", "requestedLanguages", vec!["de"]),
        (
            json!({ "text": ENGLISH, "languages": ["en", "de", "fr"] }),
            "INSULT",
            "requestedLanguages",
            vec!["de", "fr"],
        ),
        (
            json!({ "text": ENGLISH, "languages": ["hi-Latn"] }),
            "TOXICITY",
            "requestedLanguages",
            vec!["hi-Latn"],
        ),
        (json!({ "text": ENGLISH }), "FLIRTATION", "detectedLanguages", vec!["en"]),
        (json!({ "text": ENGLISH, "languages": ["en"] }), "SPAM", "requestedLanguages", vec!["en"]),
    ] {
        let mut requested = serde_json::Map::new();
        requested.insert(attribute.into(), json!({}));
        let reply = analyze(&json!({
            "comment": { "text": request["text"] },
            "languages": request["languages"],
            "requestedAttributes": requested,
        }));
        let mut detail = detail("LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE");
        detail["languageNotSupportedByAttributeError"] = json!({ key: languages, "attribute": attribute });
        let message =
            format!("Attribute {attribute} does not support request languages: {}", languages.join(", "));
        assert_eq!(reply.json(), error(400, "INVALID_ARGUMENT", &message, &[detail]), "{request}");
    }
}

#[test]
fn requests_that_do_not_fit_the_schema_are_refused_in_googles_words() {
    for (body, faults) in [
        (
            json!({ "coment": 1 }),
            vec![("", r#"Invalid JSON payload received. Unknown name "coment": Cannot find field."#)],
        ),
        (
            json!({ "comment": { "text": "a", "x": 1 } }),
            vec![(
                "comment",
                r#"Invalid JSON payload received. Unknown name "x" at 'comment': Cannot find field."#,
            )],
        ),
        (
            json!({ "comment": { "text": 5, "type": "PDF" } }),
            vec![
                (
                    "comment.type",
                    "Invalid value at 'comment.type' \
                     (type.googleapis.com/google.commentanalyzer.v1alpha1.TextEntry.TextType), \"PDF\"",
                ),
                ("comment.text", "Invalid value at 'comment.text' (TYPE_STRING), 5"),
            ],
        ),
        (
            json!({ "comment": "a" }),
            vec![(
                "comment",
                "Invalid value at 'comment' (type.googleapis.com/google.commentanalyzer.v1alpha1.TextEntry), \"a\"",
            )],
        ),
        (
            json!({ "comment": [{ "text": "a" }] }),
            vec![(
                "",
                r#"Invalid JSON payload received. Unknown name "comment": Proto field is not repeating, cannot start list."#,
            )],
        ),
        (
            json!({ "clientToken": {}, "comment": { "text": {} } }),
            vec![
                ("comment.text", "Invalid value at 'comment' (text), Starting an object on a scalar field"),
                ("client_token", "Invalid value (client_token), Starting an object on a scalar field"),
            ],
        ),
        (
            json!({ "languages": ["en", 1], "doNotStore": "maybe" }),
            vec![
                ("languages[1]", "Invalid value at 'languages[1]' (TYPE_STRING), 1"),
                ("do_not_store", "Invalid value at 'do_not_store' (TYPE_BOOL), \"maybe\""),
            ],
        ),
        (
            json!({ "requestedAttributes": { "TOXICITY": {}, "THREAT": { "scoreThreshold": true } } }),
            vec![(
                "requested_attributes[1].value.score_threshold",
                "Invalid value at 'requested_attributes[1].value.score_threshold' (TYPE_FLOAT), true",
            )],
        ),
        (
            json!({ "requestedAttributes": ["TOXICITY"] }),
            vec![(
                "",
                "Invalid JSON payload received. Unknown name \"requested_attributes\": Proto field is not \
                 repeating, cannot start list.",
            )],
        ),
        (
            json!([]),
            vec![("", r#"Invalid JSON payload received. Unknown name "": Root element must be a message."#)],
        ),
    ] {
        let reply = analyze(&body);
        let violations: Vec<Value> = faults
            .iter()
            .map(|(field, description)| match *field {
                "" => json!({ "description": description }),
                field => json!({ "field": field, "description": description }),
            })
            .collect();
        let details =
            json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations });
        let message = faults.iter().map(|(_, description)| *description).collect::<Vec<_>>().join("\n");
        assert_eq!(reply.json(), error(400, "INVALID_ARGUMENT", &message, &[details]), "{body}");
    }
    let many: serde_json::Map<_, _> = (0..5000).map(|name| (name.to_string(), json!(1))).collect();
    let violations = analyze(&Value::Object(many)).json()["error"]["details"][0]["fieldViolations"].clone();
    assert_eq!(violations.as_array().unwrap().len(), 100);
}

#[test]
fn bodies_that_are_not_json_are_refused_in_googles_words() {
    let app = app(None);
    for (body, message) in [
        (&b"not json"[..], "Unexpected token.\nnot json\n^"),
        (b"{\"comment\":", "Unexpected end of string. Expected a value.\n\n^"),
        (b"{\"comment\": {}", "Unexpected end of string. Expected , or } after key:value pair.\n\n^"),
        (b"{\"languages\": [\"en\"", "Unexpected end of string. Expected , or ] after array value.\n\n^"),
        (b"{\"a\" 1}", "Expected : between key:value pair.\n{\"a\" 1}\n     ^"),
        (b"{\"a\": 1} x", "Parsing terminated before end of input.\n{\"a\": 1} x\n         ^"),
        (b"{\n\"a\": nope}", "Unexpected token.\n{\n\"a\": nope}\n       ^"),
        (b"{\"a\": \"\\ud83d!\"}", "Missing low surrogate.\n{\"a\": \"\\ud83d!\"}\n             ^"),
        (b"\"\xff\"", "Encountered non UTF-8 code points.\n\"\u{fffd}\"\n ^"),
    ] {
        let reply = post(&app, ANALYZE, body);
        let message = format!("Invalid JSON payload received. {message}");
        assert_eq!(reply.json()["error"]["message"], message, "{}", String::from_utf8_lossy(body));
        assert_eq!((reply.status, reply.json()["error"].get("details")), (StatusCode::BAD_REQUEST, None));
    }
    let deep = post(&app, ANALYZE, "[".repeat(100_000)).json();
    assert!(deep["error"]["message"].as_str().unwrap().contains("Message too deep"), "{deep}");
    // An empty body is an empty message.
    assert_eq!(post(&app, ANALYZE, "").json()["error"]["message"], "Comment must be non-empty.");
}

#[test]
fn unknown_addresses_and_methods_are_refused_in_googles_envelope() {
    let app = app(None);
    let lost = post(&app, "/v1alpha1/comments:list", "{}");
    assert_eq!((lost.status, &lost.json()["error"]["status"]), (StatusCode::NOT_FOUND, &json!("NOT_FOUND")));
    let get = send(&app, Request::get("/v1alpha1/comments:analyze").body(Body::empty()).unwrap());
    assert_eq!((get.status, &get.json()["error"]["code"]), (StatusCode::METHOD_NOT_ALLOWED, &json!(405)));
}

#[test]
fn the_older_format_of_errors_has_reasons() {
    let reply = post(&app(None), "/v1alpha1/comments:analyze?$.xgafv=1&prettyPrint=false", "{}");
    let expected = concat!(
        r#"{"error":{"code":400,"message":"Comment must be non-empty.","errors":[{"message":"Comment must be "#,
        r#"non-empty.","domain":"global","reason":"badRequest"}],"status":"INVALID_ARGUMENT"}}"#
    );
    assert_eq!(reply.body, expected);
}

#[test]
fn refusals_are_googles() {
    let read = |response: Response| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (head, body) = response.into_parts();
        let body = runtime.block_on(to_bytes(body, usize::MAX)).unwrap();
        (head.headers, serde_json::from_slice::<Value>(&body).unwrap()["error"].clone())
    };
    for (refusal, code, status) in [
        (Refusal::NoKey, 403, "PERMISSION_DENIED"),
        (Refusal::WrongKey, 400, "INVALID_ARGUMENT"),
        (Refusal::TooLarge(7), 413, "INVALID_ARGUMENT"),
        (Refusal::TooMany(7), 413, "INVALID_ARGUMENT"),
        (Refusal::Interrupted, 400, "INVALID_ARGUMENT"),
        (Refusal::TimedOut, 408, "DEADLINE_EXCEEDED"),
        (Refusal::Busy(Duration::from_millis(1500)), 429, "RESOURCE_EXHAUSTED"),
        (Refusal::Stopping, 503, "UNAVAILABLE"),
        (Refusal::NotFound, 404, "NOT_FOUND"),
        (Refusal::MethodNotAllowed, 405, "UNIMPLEMENTED"),
        (Refusal::Internal, 500, "INTERNAL"),
    ] {
        let response = refuse(refusal);
        assert_eq!(response.status().as_u16(), code);
        let (_, error) = read(response);
        assert_eq!((&error["code"], &error["status"]), (&json!(code), &json!(status)));
    }
    let (_, key) = read(refuse(Refusal::WrongKey));
    assert_eq!(key["message"], "API key not valid. Please pass a valid API key.");
    assert_eq!(
        key["details"][0],
        json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": { "service": "commentanalyzer.googleapis.com" },
        })
    );
    let (headers, busy) = read(refuse(Refusal::Busy(Duration::from_millis(1500))));
    assert_eq!(headers["retry-after"], "2");
    assert!(
        busy["message"].as_str().unwrap().starts_with("Quota exceeded for quota metric 'Analysis requests")
    );
    assert_eq!(busy["details"][0]["reason"], "RATE_LIMIT_EXCEEDED");
    assert_eq!(busy["details"][1]["@type"], "type.googleapis.com/google.rpc.Help");
    assert_eq!(busy["details"][2]["retryDelay"], "1.5s");
}

fn any_json() -> impl Strategy<Value = Value> {
    let keys = [
        "comment",
        "text",
        "type",
        "context",
        "entries",
        "articleAndParentComment",
        "requestedAttributes",
        "TOXICITY",
        "scoreType",
        "scoreThreshold",
        "languages",
        "doNotStore",
        "attributeScores",
        "summaryScore",
        "spanScores",
        "begin",
        "end",
        "score",
        "value",
        "x",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9._-]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        let key = prop::sample::select(keys.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_panics(value in any_json()) {
        read_any(value.to_string().as_bytes());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        read_any(&bytes);
        read_any(&[b"--a\n\nPOST / HTTP/1.1\n\n", &bytes[..], b"\n--a--"].concat());
    }
}
