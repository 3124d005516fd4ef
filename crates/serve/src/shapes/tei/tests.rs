use axum::http::{Method, StatusCode};
use comity_core::label::Label;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::ErrorType::{Empty, Validation};
use super::request::{Inputs, parse};
use super::*;
use crate::shapes::testing::{Answer, GERMAN, any_json, app, post, scores, send};

/// Returns the predictions that the scores of a text stand for, highest first.
fn expected(text: &str, labels: &[Label]) -> Value {
    let scores = scores(text);
    let mut all: Vec<(f64, &str)> =
        labels.iter().map(|label| (scores.get(*label).unwrap(), label.as_str())).collect();
    all.sort_by(|one, other| other.0.total_cmp(&one.0));
    all.into_iter().map(|(score, label)| json!({ "score": score, "label": label })).collect()
}

#[tokio::test]
async fn a_text_has_its_labels_highest_first() {
    let app = app(|_| {});
    let text = "So good.";
    for (path, labels) in [
        ("/predict", &Label::TOXICITY[..]),
        ("/toxicity/predict", &Label::TOXICITY),
        ("/sentiment/predict", &Label::SENTIMENT),
    ] {
        for inputs in [json!(text), json!([text])] {
            let answer = post(&app, path, json!({ "inputs": inputs }).to_string()).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.json(), expected(text, labels), "{path}");
            assert!(answer.body.starts_with(b"[{\"score\":"), "TEI writes the score first");
        }
        let batch = json!({ "inputs": [[text], ["So bad."]] });
        let answer = post(&app, path, batch.to_string()).await.json();
        assert_eq!(answer, json!([expected(text, labels), expected("So bad.", labels)]));
    }
    let sum: f64 = Label::SENTIMENT.iter().map(|label| scores(text).get(*label).unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5);
}

#[tokio::test]
async fn discourse_reads_the_sentiment() {
    let headers = [
        ("referer", "https://forum.example"),
        ("content-type", "application/json"),
        ("x-api-key", "k"),
        ("authorization", "Bearer k"),
    ];
    let body = r#"{"inputs":"Rain, again.\nIt has rained for a week.","truncate":true}"#;
    let answer = send(&app(|_| {}), Method::POST, "/sentiment/predict", &headers, body).await.json();
    // It stores `{label: score}`.
    let mut labels: Vec<&str> =
        answer.as_array().unwrap().iter().map(|of| of["label"].as_str().unwrap()).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["negative", "neutral", "positive"]);
}

#[tokio::test]
async fn a_text_that_is_not_scored_has_no_predictions() {
    let app = app(|_| {});
    assert_eq!(post(&app, "/predict", json!({ "inputs": GERMAN }).to_string()).await.json(), json!([]));
    let batch = json!({ "inputs": [["So good."], [GERMAN], [""]] });
    let answer = post(&app, "/sentiment/predict", batch.to_string()).await.json();
    assert_eq!(answer, json!([expected("So good.", &Label::SENTIMENT), [], []]));
}

#[test]
fn inputs_are_read_as_tei_reads_them() {
    let one = |text: &str| Ok(Inputs::One(text.to_owned()));
    let batch = |texts: &[&str]| Ok(Inputs::Batch(texts.iter().map(|text| (*text).to_owned()).collect()));
    for (body, inputs) in [
        (r#"{"inputs":"a"}"#, one("a")),
        (r#"{"inputs":["a"]}"#, one("a")),
        (r#"{"inputs":[["a"]]}"#, batch(&["a"])),
        (r#"{"inputs":[["a"],["b"]],"raw_scores":false}"#, batch(&["a", "b"])),
        (r#"{"inputs":"a","truncate":true,"truncation_direction":"left","x":1}"#, one("a")),
        (r#"{"inputs":"a","truncate":null,"truncation_direction":"Right"}"#, one("a")),
    ] {
        assert_eq!(parse(body.as_bytes(), 2), inputs, "{body}");
    }
    for (body, status, kind, words) in [
        (r#"{"inputs":["a","b"]}"#, 413, Validation, "`inputs` is a pair of strings, and no model"),
        (r#"{"inputs":["a","b","c"]}"#, 413, Validation, "a batch is a list of lists of one string each"),
        (r#"{"inputs":[["a","b"]]}"#, 413, Validation, "`inputs` is a pair of strings"),
        (r#"{"inputs":[["a"],["b"],["c"]]}"#, 413, Validation, "batch size 3 > maximum allowed batch size 2"),
        (r#"{"inputs":"a","raw_scores":true}"#, 413, Validation, "leave `raw_scores` out"),
        (r#"{"inputs":""}"#, 400, Empty, "`inputs` cannot be empty"),
        (r#"{"inputs":[]}"#, 400, Empty, "`inputs` cannot be empty"),
        (r#"{"inputs":[["a"],"b"]}"#, 422, Validation, "must be a string, or a batch"),
        (r#"{"inputs":["a",["b"]]}"#, 422, Validation, "must be a string, or a batch"),
        (r#"{"inputs":[[]]}"#, 422, Validation, "must be a string, or a batch"),
        (r#"{"inputs":[["a","b","c"]]}"#, 422, Validation, "must be a string, or a batch"),
        (r#"{"inputs":{"text":"a"}}"#, 422, Validation, "must be a string, or a batch"),
        (r#"{"input":"a"}"#, 422, Validation, "`inputs` is missing"),
        (r#"{"inputs":"a","truncate":1}"#, 422, Validation, "`truncate` must be true or false"),
        (r#"{"inputs":"a","truncation_direction":"up"}"#, 422, Validation, "`left` or `right`"),
        (r#"["a"]"#, 422, Validation, "must be an object"),
        ("{", 400, Validation, "the body is not JSON"),
    ] {
        let fault = parse(body.as_bytes(), 2).unwrap_err();
        assert_eq!((fault.status.as_u16(), fault.error_type), (status, kind), "{body}");
        assert!(fault.error.contains(words), "{body}: {}", fault.error);
    }
}

#[tokio::test]
async fn an_error_has_teis_envelope() {
    let app = app(|config| config.limits.body = 64);
    let is_fault = |answer: &Answer, status: u16, kind: &str| {
        assert_eq!(answer.status.as_u16(), status);
        let body = answer.json();
        let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error", "error_type"]);
        assert!(body["error"].is_string());
        assert_eq!(body["error_type"], kind);
    };
    is_fault(&post(&app, "/predict", r#"{"inputs":["a","b"]}"#).await, 413, "Validation");
    is_fault(
        &post(&app, "/predict", json!({ "inputs": "a".repeat(99) }).to_string()).await,
        413,
        "Validation",
    );
    is_fault(&post(&app, "/info", "").await, 405, "Validation");
    for (refusal, status, kind) in [
        (Refusal::Busy(std::time::Duration::from_millis(20)), 429, json!("Overloaded")),
        (Refusal::Internal, 424, json!("Backend")),
        (Refusal::Stopping, 503, json!("Unhealthy")),
        (Refusal::WrongKey, 401, json!("Validation")),
    ] {
        let response = refuse(refusal);
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().get("retry-after").is_some(), status == 429);
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["error_type"], kind);
    }
}

#[tokio::test]
async fn the_model_is_described_with_teis_keys() {
    let app = app(|config| {
        (config.limits.texts, config.batch, config.threads) = (7, 99, Some(2));
    });
    let info = send(&app, Method::GET, "/info", &[], "").await.json();
    let keys: Vec<&str> = info.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "model_id",
            "model_sha",
            "model_dtype",
            "model_type",
            "max_concurrent_requests",
            "max_input_length",
            "max_batch_tokens",
            "max_batch_requests",
            "max_client_batch_size",
            "auto_truncate",
            "tokenization_workers",
            "version",
            "sha",
            "docker_label"
        ]
    );
    assert_eq!((&info["model_id"], &info["model_dtype"]), (&json!("tiny"), &json!("int8")));
    assert_eq!(info["model_sha"].as_str().unwrap().len(), 64);
    assert_eq!(info["max_client_batch_size"], 7);
    assert_eq!(info["max_concurrent_requests"], app.limits.connections);
    assert_eq!(info["max_input_length"], app.limits.body);
    assert_eq!((&info["max_batch_tokens"], &info["tokenization_workers"]), (&json!(99), &json!(2)));
    let classifier = &info["model_type"]["classifier"];
    assert_eq!(classifier["activation"], "sigmoid");
    assert_eq!(classifier["id2label"]["5"], "identity_attack");
    assert_eq!(classifier["label2id"]["toxicity"], 0);
    let sentiment = send(&app, Method::GET, "/sentiment/info", &[], "").await.json();
    assert_eq!(
        sentiment["model_type"],
        json!({ "classifier": {
            "id2label": { "0": "negative", "1": "neutral", "2": "positive" },
            "label2id": { "negative": 0, "neutral": 1, "positive": 2 },
            "activation": "softmax",
        } })
    );
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(
        body in any_json(&["inputs", "truncate", "truncation_direction", "raw_scores", "left"]),
    ) {
        if let Ok(Inputs::Batch(texts)) = parse(body.to_string().as_bytes(), 3) {
            prop_assert!((1..=3).contains(&texts.len()));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&body, 3);
    }
}
