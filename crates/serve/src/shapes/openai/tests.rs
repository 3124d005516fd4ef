use axum::http::{Method, StatusCode};
use comity_core::label::Label::{
    self, IdentityAttack, Insult, Negative, Obscene, SevereToxicity, Threat, Toxicity,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::request::{Input, Moderation, parse};
use super::*;
use crate::shapes::testing::{GERMAN, any_json, app, policy, post, scores, send};

const PATH: &str = "/v1/moderations";
const KEYS: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "sexual",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm/intent",
    "self-harm/instructions",
    "self-harm",
    "sexual/minors",
    "violence",
    "violence/graphic",
];
const EVALUATED: [&str; 5] = ["harassment", "harassment/threatening", "hate", "hate/threatening", "violence"];

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_text_has_one_result_of_thirteen_categories() {
    let text = "I will find you, you fool.";
    let answer = post(&app(|_| {}), PATH, json!({ "input": text }).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/json");
    let answer = answer.json();
    assert_eq!(keys(&answer), ["id", "model", "results"]);
    let id = answer["id"].as_str().unwrap().strip_prefix("modr-").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{id}");
    assert_eq!(answer["model"], "omni-moderation-latest");
    let [result] = &answer["results"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!(keys(result), ["flagged", "categories", "category_scores", "category_applied_input_types"]);
    for field in ["categories", "category_scores", "category_applied_input_types"] {
        assert_eq!(keys(&result[field]), KEYS, "{field}");
    }
    let scores = scores(text);
    let score = |label| scores.get(label).unwrap();
    let worst = [Toxicity, SevereToxicity, Obscene, Insult].map(score).into_iter().fold(0.0, f64::max);
    for (name, expected) in [
        ("harassment", worst),
        ("harassment/threatening", score(Threat)),
        ("hate", score(IdentityAttack)),
        ("hate/threatening", score(IdentityAttack).min(score(Threat))),
        ("violence", score(Threat)),
    ] {
        assert_eq!(result["category_scores"][name].as_f64(), Some(expected), "{name}");
    }
    for name in KEYS {
        let is_evaluated = EVALUATED.contains(&name);
        let types = if is_evaluated { json!(["text"]) } else { json!([]) };
        assert_eq!(result["category_applied_input_types"][name], types, "{name}");
        if !is_evaluated {
            assert_eq!(result["category_scores"][name], 0.0, "{name}");
            assert_eq!(result["categories"][name], false, "{name}");
        }
    }
}

#[tokio::test]
async fn categories_follow_the_thresholds_of_the_policy() {
    let text = "I will find you, you fool.";
    let scores = scores(text);
    let reached = |label: Label| scores.get(label).unwrap();
    let above = |label: Label| reached(label) + 0.000001;
    for (rules, expected) in [
        (vec![(Toxicity, reached(Toxicity), "review")], vec!["harassment"]),
        (vec![(Toxicity, above(Toxicity), "review")], vec![]),
        (vec![(Obscene, reached(Obscene), "reject")], vec!["harassment"]),
        (vec![(Insult, above(Insult), "review"), (Insult, reached(Insult), "reject")], vec!["harassment"]),
        (vec![(Threat, reached(Threat), "review")], vec!["harassment/threatening", "violence"]),
        (vec![(IdentityAttack, reached(IdentityAttack), "review")], vec!["hate"]),
        (
            vec![(IdentityAttack, 0.0, "review"), (Threat, 0.0, "review")],
            vec!["harassment/threatening", "hate", "hate/threatening", "violence"],
        ),
        // A rule that approves flags nothing, and the sentiment has no category.
        (vec![(Toxicity, 0.0, "approve")], vec![]),
        (vec![(Negative, 0.0, "review")], vec![]),
    ] {
        let app = app(|config| config.policy = policy(&rules));
        let answer = post(&app, PATH, json!({ "input": text }).to_string()).await.json();
        let result = &answer["results"][0];
        let held: Vec<&str> = KEYS.into_iter().filter(|name| result["categories"][*name] == true).collect();
        assert_eq!(held, expected, "{rules:?}");
        assert_eq!(result["flagged"], !expected.is_empty(), "{rules:?}");
    }
}

#[tokio::test]
async fn a_list_has_a_result_for_each_text_even_if_one_is_unscored() {
    let input = ["So good.", GERMAN, "", "So bad."];
    let everything = app(|config| config.policy = policy(&[(Toxicity, 0.0, "review")]));
    let answer = post(&everything, PATH, json!({ "input": input }).to_string()).await.json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), input.len());
    for (result, unscored) in results.iter().zip([None, Some("language"), Some("empty"), None]) {
        assert_eq!(result.get("unscored").and_then(Value::as_str), unscored);
        assert_eq!(result["flagged"], unscored.is_none());
        for name in EVALUATED {
            let types = if unscored.is_none() { json!(["text"]) } else { json!([]) };
            assert_eq!(result["category_applied_input_types"][name], types);
            assert_eq!(result["category_scores"][name] == 0.0, unscored.is_some());
        }
    }
    for (place, text) in [(0, input[0]), (3, input[3])] {
        let threat = scores(text).get(Threat).unwrap();
        assert_eq!(results[place]["category_scores"]["violence"].as_f64(), Some(threat));
    }
    for (input, code) in [(GERMAN, "unsupported_language"), ("", "empty_input"), (" \n", "empty_input")] {
        let answer = post(&everything, PATH, json!({ "input": input }).to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let error = &answer.json()["error"];
        assert_eq!((&error["code"], &error["param"]), (&json!(code), &json!("input")));
        assert_eq!(error["type"], "invalid_request_error");
    }
    let answer = post(&everything, PATH, json!({ "input": GERMAN }).to_string()).await.json();
    assert_eq!(answer["error"]["message"], "'input' was not scored: no model supports its language (de).");
    let answer = post(&everything, PATH, json!({ "input": [GERMAN] }).to_string()).await;
    assert_eq!(
        (answer.status, &answer.json()["results"][0]["unscored"]),
        (StatusCode::OK, &json!("language"))
    );
}

#[tokio::test]
async fn the_text_models_have_eleven_categories() {
    let app = app(|_| {});
    for model in ["text-moderation-latest", "text-moderation-stable"] {
        let body = json!({ "model": model, "input": "So bad." });
        let answer = post(&app, PATH, body.to_string()).await.json();
        assert_eq!(answer["model"], model);
        let result = &answer["results"][0];
        assert_eq!(keys(result), ["flagged", "categories", "category_scores"]);
        let older: Vec<&str> = KEYS.into_iter().filter(|name| !name.starts_with("illicit")).collect();
        assert_eq!((keys(&result["categories"]), keys(&result["category_scores"])), (older.clone(), older));
    }
    for model in ["omni-moderation-latest", "omni-moderation-2024-09-26"] {
        let body = json!({ "model": model, "input": "So bad." });
        assert_eq!(post(&app, PATH, body.to_string()).await.json()["model"], model);
    }
}

#[test]
fn requests_of_real_clients_are_read() {
    let one = |text: &str| Input::One(text.to_owned());
    let list = |texts: &[&str]| Input::List(texts.iter().map(|text| (*text).to_owned()).collect());
    for (body, model, input) in [
        // openai-python, openai-node: a string, a list, parts.
        (r#"{"input":"Nice bridge."}"#, MODELS[0], one("Nice bridge.")),
        (
            r#"{"input":["Nice bridge.","It leaks."],"model":"omni-moderation-latest"}"#,
            MODELS[0],
            list(&["Nice bridge.", "It leaks."]),
        ),
        (
            r#"{"model":"omni-moderation-latest","input":[{"type":"text","text":"Nice"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},{"type":"text","text":"bridge."}]}"#,
            MODELS[0],
            one("Nice\nbridge."),
        ),
        // policyserv (openai-go).
        (r#"{"input":"Nice bridge.","model":"omni-moderation-latest"}"#, MODELS[0], one("Nice bridge.")),
        // LangChain and older clients.
        (r#"{"input":"Nice","model":null}"#, MODELS[0], one("Nice")),
        (r#"{"input":"Nice","model":"text-moderation-stable","user":"7"}"#, MODELS[3], one("Nice")),
    ] {
        assert_eq!(parse(body.as_bytes(), 2), Ok(Moderation { model, input }), "{body}");
    }
}

#[tokio::test]
async fn headers_of_the_sdks_are_tolerated() {
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer sk-none"),
        ("openai-organization", "org-1"),
        ("openai-project", "proj_1"),
        ("x-stainless-lang", "python"),
        ("x-stainless-retry-count", "0"),
        ("accept", "application/json"),
    ];
    let body = r#"{"input":"Nice bridge.","model":"omni-moderation-latest"}"#;
    assert_eq!(send(&app(|_| {}), Method::POST, PATH, &headers, body).await.status, StatusCode::OK);
}

#[test]
fn faults_name_the_field() {
    for (body, param, code, message) in [
        ("{", None, None, "We could not parse the JSON body of your request."),
        (
            "[]",
            None,
            Some("invalid_type"),
            "Invalid type for the body: expected an object, but got an array.",
        ),
        ("{}", Some("input"), Some("missing_required_parameter"), "Missing required parameter: 'input'."),
        (
            r#"{"input":null}"#,
            Some("input"),
            Some("invalid_type"),
            "Invalid type for 'input': expected one of a string, array of strings, or array of objects, but got null \
             instead.",
        ),
        (
            r#"{"input":7}"#,
            Some("input"),
            Some("invalid_type"),
            "Invalid type for 'input': expected one of a string, array of strings, or array of objects, but got an \
             integer instead.",
        ),
        (
            r#"{"input":[]}"#,
            Some("input"),
            Some("empty_array"),
            "Invalid 'input': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        ),
        (
            r#"{"input":["a","b","c","d","e"]}"#,
            Some("input"),
            Some("array_above_max_length"),
            "Invalid 'input': array too long. Expected an array with maximum length 4, but got an array with length 5 \
             instead.",
        ),
        (
            r#"{"input":["a",{"type":"text","text":"b"}]}"#,
            Some("input[1]"),
            Some("invalid_type"),
            "Invalid type for 'input[1]': expected a string, but got an object instead.",
        ),
        (
            r#"{"input":[{"type":"text","text":"b"},"a"]}"#,
            Some("input[1]"),
            Some("invalid_type"),
            "Invalid type for 'input[1]': expected an object, but got a string instead.",
        ),
        (
            r#"{"input":[[1,2]]}"#,
            Some("input[0]"),
            Some("invalid_type"),
            "Invalid type for 'input[0]': expected a string or an object, but got an array instead.",
        ),
        (
            r#"{"input":[{"text":"b"}]}"#,
            Some("input[0].type"),
            Some("missing_required_parameter"),
            "Missing required parameter: 'input[0].type'.",
        ),
        (
            r#"{"input":[{"type":"audio"}]}"#,
            Some("input[0].type"),
            Some("invalid_value"),
            "Invalid value: 'audio'. Supported values are: 'text' and 'image_url'.",
        ),
        (
            r#"{"input":[{"type":"text","text":1.5}]}"#,
            Some("input[0].text"),
            Some("invalid_type"),
            "Invalid type for 'input[0].text': expected a string, but got a decimal number instead.",
        ),
        (
            r#"{"input":[{"type":"image_url","image_url":"https://i.example/a.png"}]}"#,
            Some("input[0].image_url"),
            Some("invalid_type"),
            "Invalid type for 'input[0].image_url': expected an object, but got a string instead.",
        ),
        (
            r#"{"input":[{"type":"image_url","image_url":{}}]}"#,
            Some("input[0].image_url.url"),
            Some("missing_required_parameter"),
            "Missing required parameter: 'input[0].image_url.url'.",
        ),
        (
            r#"{"input":[{"type":"image_url","image_url":{"url":"a"}},{"type":"image_url","image_url":{"url":"b"}}]}"#,
            Some("input"),
            Some("too_many_images"),
            "Number of images (2) exceeds maximum of 1",
        ),
        (
            r#"{"input":[{"type":"image_url","image_url":{"url":"a"}}]}"#,
            Some("input"),
            Some("image_not_supported"),
            "This server does not evaluate images. Add a part of the type 'text'.",
        ),
        (
            r#"{"model":"text-moderation-latest","input":[{"type":"image_url","image_url":{"url":"a"}}]}"#,
            Some("input[0].type"),
            Some("invalid_value"),
            "Invalid value: 'image_url'. Supported value is: 'text'.",
        ),
        (
            r#"{"model":"gpt-4o","input":"a"}"#,
            Some("model"),
            Some("invalid_value"),
            "Invalid value: 'gpt-4o'. Supported values are: 'omni-moderation-latest', 'omni-moderation-2024-09-26', \
             'text-moderation-latest' and 'text-moderation-stable'.",
        ),
        (
            r#"{"model":true,"input":"a"}"#,
            Some("model"),
            Some("invalid_type"),
            "Invalid type for 'model': expected a string, but got a boolean instead.",
        ),
    ] {
        let fault = parse(body.as_bytes(), 4).unwrap_err();
        assert_eq!((fault.param.as_deref(), fault.code), (param, code), "{body}");
        assert_eq!(fault.message, message, "{body}");
    }
    let long = json!({ "model": "m".repeat(1000), "input": "a" }).to_string();
    assert!(parse(long.as_bytes(), 1).unwrap_err().message.len() < 300);
    let deep = format!("{{\"input\":{}", "[".repeat(100_000));
    assert_eq!(parse(deep.as_bytes(), 1).unwrap_err().code, None);
}

#[tokio::test]
async fn an_error_has_openais_envelope() {
    let app = app(|config| config.limits.body = 64);
    let answer = post(&app, PATH, r#"{"input":[]}"#).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = answer.json();
    assert_eq!(keys(&answer), ["error"]);
    assert_eq!(keys(&answer["error"]), ["message", "type", "param", "code"]);
    assert_eq!(answer["error"]["type"], "invalid_request_error");

    let answer = post(&app, PATH, json!({ "input": "long ".repeat(20) }).to_string()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["error"]["code"], "request_too_large");
    let answer = send(&app, Method::GET, PATH, &[], "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers["allow"], "POST");
    assert_eq!(answer.json()["error"]["code"], "method_not_supported");
}

#[tokio::test]
async fn refusals_have_the_status_that_the_sdks_act_on() {
    use std::time::Duration;

    let read = async |refusal| {
        let response = refuse(refusal);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, headers, serde_json::from_slice::<Value>(&body).unwrap()["error"].clone())
    };
    for (refusal, status, kind, code) in [
        (Refusal::NoKey, 401, "invalid_request_error", json!(null)),
        (Refusal::WrongKey, 401, "invalid_request_error", json!("invalid_api_key")),
        (Refusal::TimedOut, 408, "invalid_request_error", json!("request_timeout")),
        (Refusal::Busy(Duration::from_millis(1500)), 429, "requests", json!("rate_limit_exceeded")),
        (Refusal::Stopping, 503, "server_error", json!(null)),
        (Refusal::NotFound, 404, "invalid_request_error", json!("unknown_url")),
        (Refusal::Internal, 500, "server_error", json!(null)),
    ] {
        let (found, _, error) = read(refusal.clone()).await;
        assert_eq!((found, &error["type"], &error["code"]), (status, &json!(kind), &code), "{refusal:?}");
        assert!(error["message"].is_string() && error["param"].is_null());
    }
    let (_, headers, _) = read(Refusal::Busy(Duration::from_millis(1500))).await;
    assert_eq!(
        (&headers["retry-after"], &headers["retry-after-ms"]),
        (&"2".parse().unwrap(), &"1500".parse().unwrap())
    );
    assert_eq!(read(Refusal::WrongKey).await.1["www-authenticate"], "Bearer");
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(
        body in any_json(&["input", "model", "type", "text", "image_url", "url", "omni-moderation-latest"]),
    ) {
        match parse(body.to_string().as_bytes(), 3) {
            Ok(Moderation { input: Input::List(texts), .. }) => prop_assert!((1..=3).contains(&texts.len())),
            Ok(_) => {}
            Err(fault) => prop_assert!(!fault.message.is_empty()),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&body, 3);
    }
}
