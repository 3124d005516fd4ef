//! Requests as clients send them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use axum::routing::Router;
use comity_infer::{ModelChoice, Scorer};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::app::App;
use crate::config::Config;
use crate::server::router;

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

fn service() -> Router {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny");
    let mut config = Config::new("127.0.0.1:0".parse().unwrap());
    config.models = vec![Scorer::builder().model(ModelChoice::Folder(folder))];
    config.limits.texts = 20;
    config.limits.body = 100_000;
    config.limits.pause = Duration::from_millis(500);
    router(&App::start(&config).unwrap())
}

fn request(kind: &str, accept: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/v1/score").header(header::CONTENT_TYPE, kind);
    request.header(header::ACCEPT, accept).body(body.into()).unwrap()
}

async fn ask(request: Request<Body>) -> Response {
    service().oneshot(request).await.unwrap()
}

async fn bytes(response: Response) -> Bytes {
    to_bytes(response.into_body(), usize::MAX).await.unwrap()
}

async fn json(response: Response) -> Value {
    serde_json::from_slice(&bytes(response).await).unwrap()
}

async fn lines(response: Response) -> Vec<Value> {
    let bytes = bytes(response).await;
    bytes.split_inclusive(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// Returns the scores that the library gives a text.
fn expected(text: &str) -> f64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny");
    let scorer = Scorer::builder().model(ModelChoice::Folder(folder)).build().unwrap();
    let outcome = scorer.score(&[text]).unwrap().remove(0);
    outcome.scores().unwrap().get(comity_core::label::Label::Toxicity).unwrap()
}

#[tokio::test]
async fn a_json_array_is_answered_by_one() {
    let body = r#"["You fool.", {"text": "Good luck!", "id": 7, "thread": "t", "author": "Ada"}, " "]"#;
    let response = ask(request(JSON, "*/*", body)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], JSON);
    let answers = json(response).await;
    let [first, second, third] = answers.as_array().unwrap().as_slice() else { panic!("{answers}") };
    assert_eq!((&first["record"], &first["id"], &first["thread"]), (&json!(1), &json!("1"), &json!("")));
    assert_eq!(first["toxicity"], json!(expected("You fool.")));
    assert_eq!((&second["id"], &second["thread"]), (&json!("7"), &json!("t")));
    assert_eq!(second["toxicity"], json!(expected("Good luck!")));
    assert_eq!(
        (&third["unscored"], &third["toxicity"], &third["action"]),
        (&json!("empty"), &Value::Null, &Value::Null)
    );
    let keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    let columns: Vec<&str> = comity_core::policy::answer_columns().map(|(name, _)| name).collect();
    assert_eq!((keys[0], &keys[1..]), ("record", &columns[..]));
}

#[tokio::test]
async fn an_object_has_options() {
    let body = r#"{"comments": ["Ein Text auf Deutsch, der nicht bewertet wird."], "language": "en"}"#;
    let answers = json(ask(request(JSON, JSON, body)).await).await;
    assert!(answers[0]["id"] == "1", "{answers}");
    let empty = json(ask(request(JSON, JSON, "[]")).await).await;
    assert_eq!(empty, json!([]));
}

#[tokio::test]
async fn a_bad_json_request_is_refused_with_its_cause() {
    let many = format!("[{}\"\"]", "\"\",".repeat(20));
    let large = format!("[\"{}\"]", "x".repeat(100_000));
    for (kind, accept, body, status, code, words) in [
        (JSON, "*/*", "", 400, "bad_request", "not JSON"),
        (JSON, "*/*", "[1", 400, "bad_request", "not JSON"),
        (JSON, "*/*", "\"text\"", 400, "bad_request", "send an array"),
        (JSON, "*/*", "{\"text\": \"a\"}", 400, "bad_request", "unknown field `text`"),
        (JSON, "*/*", "{\"comments\": [], \"explain\": 1}", 400, "bad_request", "boolean"),
        (JSON, "*/*", "[\"a\", 1]", 400, "bad_record", "record 1: neither"),
        (JSON, "*/*", "[{\"text\": [1]}]", 400, "bad_record", "record 0: its `text` is not text"),
        (JSON, "*/*", "[{\"body\": 1}]", 400, "bad_record", "record 0: no key `text`"),
        (JSON, "*/*", "[{\"text\": \"\\ud800\"}]", 400, "bad_record", "half of a character"),
        (JSON, "*/*", "[{\"text\": \"a\", \"language\": \"xx\"}]", 400, "bad_record", "`xx`"),
        (JSON, "*/*", "{\"comments\": [\"a\"], \"language\": \"xx\"}", 400, "unsupported_language", "`xx`"),
        (JSON, "*/*", &many, 413, "too_many", "more than 20 texts"),
        (JSON, "*/*", &large, 413, "too_large", "100000 bytes"),
        ("text/plain", "*/*", "[]", 415, "unsupported_media_type", "application/json"),
        (JSON, "text/html", "[]", 406, "not_acceptable", "application/json"),
    ] {
        let response = ask(request(kind, accept, body.to_owned())).await;
        assert_eq!(response.status().as_u16(), status, "{body:.40}");
        let error = json(response).await;
        let error = &error["error"];
        assert_eq!(error["code"], code, "{body:.40}: {error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{body:.40}: {error}");
        assert_eq!(error["index"].is_u64(), code == "bad_record", "{error}");
        assert!(!error.to_string().contains(" --"), "{error}");
    }
    let option = Request::post("/v1/score?explain=perhaps").header(header::CONTENT_TYPE, JSON);
    let error = json(ask(option.body(Body::from("[]")).unwrap()).await).await;
    assert_eq!(error["error"]["code"], "bad_option");
}

#[tokio::test]
async fn lines_are_answered_in_their_place() {
    let body = "{\"text\": \"You fool.\"}\n\nno JSON\n{\"text\": \"Good luck!\", \"id\": \"x\"}";
    let response = ask(request(NDJSON, "*/*", body)).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], NDJSON);
    let answers = lines(response).await;
    let numbers: Vec<&Value> = answers.iter().map(|answer| &answer["line"]).collect();
    assert_eq!(numbers, [&json!(1), &json!(3), &json!(4)]);
    assert_eq!(answers[0]["toxicity"], json!(expected("You fool.")));
    assert!(answers[1]["reject"].as_str().unwrap().starts_with("not JSON"));
    assert_eq!(answers[2]["toxicity"], json!(expected("Good luck!")));
    // The same as a JSON array.
    let array = json(ask(request(NDJSON, JSON, body)).await).await;
    assert_eq!(array, Value::Array(answers));
    assert!(bytes(ask(request(NDJSON, "*/*", "")).await).await.is_empty());
}

#[tokio::test]
async fn an_explanation_has_sentences_and_words_of_the_text() {
    let text = "Good luck, Zoë! You are a fool.";
    let body = json!({"comments": [text, ""], "explain": true}).to_string();
    let answers = json(ask(request(JSON, "*/*", body)).await).await;
    let explanation = &answers[0]["explanation"];
    let sentences: Vec<&str> = explanation["sentences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            let at = |key: &str| usize::try_from(part[key].as_u64().unwrap()).unwrap();
            &text[at("start")..at("end")]
        })
        .collect();
    assert_eq!(sentences, ["Good luck, Zoë!", "You are a fool."]);
    let label = answers[0]["label"].as_str().unwrap_or("toxicity");
    assert_eq!((&explanation["label"], &explanation["score"]), (&json!(label), &answers[0][label]));
    assert!(explanation["words"].is_array() && explanation.get("id").is_none(), "{explanation}");
    assert!(answers[1].get("explanation").is_none(), "{answers}");
    let line = format!("{}\n", json!({"text": text}));
    let streamed = Request::post("/v1/score?explain=true").header(header::CONTENT_TYPE, NDJSON);
    let of_line = lines(ask(streamed.body(Body::from(line)).unwrap()).await).await;
    assert_eq!(of_line[0]["explanation"], *explanation);
}

/// Returns a body, and what it is fed by.
fn fed() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(1);
    let pieces = futures_util::stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|piece| piece.map(Ok::<_, std::io::Error>))
    });
    (sender, Body::from_stream(pieces))
}

#[tokio::test]
async fn a_line_is_answered_while_the_stream_goes_on() {
    let (sender, body) = fed();
    let mut answers = ask(request(NDJSON, "*/*", body)).await.into_body();
    // Each piece ends a line and begins the next one.
    sender.send(Bytes::from_static(b"{\"te")).await.unwrap();
    for number in 1..4 {
        let piece = format!("xt\": \"line {number}\"}}\n{{\"te");
        sender.send(Bytes::from(piece)).await.unwrap();
        let bytes = loop {
            let bytes = answers.frame().await.unwrap().unwrap().into_data().unwrap();
            if !bytes.is_empty() {
                break bytes;
            }
        };
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((&answer["line"], answer.get("reject")), (&json!(number), None));
    }
    sender.send(Bytes::from_static(b"xt\": \"the last\"}")).await.unwrap();
    drop(sender);
    let last: Value =
        serde_json::from_slice(&answers.frame().await.unwrap().unwrap().into_data().unwrap()).unwrap();
    assert_eq!(last["line"], 4);
    while let Some(frame) = answers.frame().await {
        assert!(frame.unwrap().into_data().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_client_that_stops_sending_or_reading_is_let_go() {
    // It sends no more, but does not end.
    let (sender, body) = fed();
    sender.send(Bytes::from_static(b"{\"text\": \"a\"}\n")).await.unwrap();
    let answers = lines(ask(request(NDJSON, "*/*", body)).await).await;
    assert_eq!((answers.len(), &answers[1]["error"]["code"]), (2, &json!("timed_out")));
    drop(sender);

    // It reads no more: the server stops reading, and then gives up.
    let (sender, body) = fed();
    let response = ask(request(NDJSON, "*/*", body)).await;
    let piece = Bytes::from(format!("{{\"text\": \"{}\"}}\n", "a ".repeat(5000)));
    let mut pieces = 0;
    while sender.send(piece.clone()).await.is_ok() {
        pieces += 1;
        assert!(pieces < 1000, "nothing holds it back");
    }
    let rest = to_bytes(response.into_body(), usize::MAX).await;
    assert!(rest.is_err(), "the answer must not seem complete");

    // It is gone.
    let (sender, body) = fed();
    drop(ask(request(NDJSON, "*/*", body)).await);
    tokio::time::timeout(Duration::from_secs(5), sender.closed()).await.unwrap();
}

#[cfg(feature = "arrow")]
mod arrow {
    use std::io::Cursor;

    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, UInt64Type};
    use arrow_array::{
        Array, ArrayRef, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    };
    use arrow_ipc::reader::StreamReader;
    use arrow_ipc::writer::StreamWriter;
    use proptest::prelude::*;

    use super::*;

    const ARROW: &str = "application/vnd.apache.arrow.stream";

    fn written(batches: &[RecordBatch]) -> Vec<u8> {
        let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.finish().unwrap();
        writer.into_inner().unwrap()
    }

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap()
    }

    fn texts(texts: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(texts.to_vec()))
    }

    #[tokio::test]
    async fn a_batch_is_answered_by_one_of_the_same_rows() {
        let first = batch(vec![
            ("n", Arc::new(Int64Array::from(vec![5, 6])) as ArrayRef),
            ("id", Arc::new(Int64Array::from(vec![Some(8), None]))),
            ("text", texts(&[Some("You fool."), None])),
            ("thread", Arc::new(LargeStringArray::from(vec![Some("t"), None]))),
            ("language", Arc::new(StringViewArray::from(vec![Some("xx"), None]))),
        ]);
        let second = first.slice(0, 0);
        let third = first.slice(1, 1);
        let response = ask(request(ARROW, "*/*", written(&[first, second, third]))).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], ARROW);
        let reader = StreamReader::try_new(Cursor::new(bytes(response).await), None).unwrap();
        let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [2, 0, 1]);
        let column = |name| batches[0].column_by_name(name).unwrap();
        assert_eq!(column("record").as_primitive::<UInt64Type>().values().to_vec(), [1, 2]);
        assert!(column("reject").as_string::<i32>().value(0).contains("`xx`"));
        assert_eq!(column("unscored").as_string::<i32>().value(1), "empty");
        assert_eq!(column("id").as_string::<i32>().value(1), "2");
        assert_eq!(column("toxicity").null_count(), 2);
    }

    #[tokio::test]
    async fn scores_are_those_of_lines() {
        let some = [Some("You fool."), Some("Good luck!"), Some("Und wer hat euch das erzählt?")];
        let table = written(&[batch(vec![("text", texts(&some))])]);
        let of_arrow = lines(ask(request(ARROW, NDJSON, table.clone())).await).await;
        let body: String =
            some.iter().flatten().map(|text| json!({"text": text}).to_string() + "\n").collect();
        let of_lines = lines(ask(request(NDJSON, NDJSON, body.clone())).await).await;
        for (of_arrow, mut of_line) in of_arrow.iter().zip(of_lines) {
            let number = of_line.as_object_mut().unwrap().shift_remove("line").unwrap();
            of_line["record"] = number;
            assert_eq!(*of_arrow, of_line);
        }
        let response = ask(request(NDJSON, ARROW, body)).await;
        let mut reader = StreamReader::try_new(Cursor::new(bytes(response).await), None).unwrap();
        let batch = reader.next().unwrap().unwrap();
        let scores = batch.column_by_name("toxicity").unwrap();
        assert_eq!(scores.as_primitive::<Float64Type>().value(1), expected("Good luck!"));
        assert_eq!(of_arrow[1]["toxicity"], json!(expected("Good luck!")));
    }

    #[tokio::test]
    async fn what_is_no_table_of_texts_is_refused() {
        let numbers = batch(vec![("text", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]);
        let other = batch(vec![("body", texts(&[Some("a")]))]);
        let whole = written(&[batch(vec![("text", texts(&[Some("a")]))])]);
        for (body, words) in [
            (b"".to_vec(), "ends within"),
            (b"{\"text\": \"a\"}".to_vec(), "does not begin like one"),
            (written(&[numbers]), "cast it to utf8"),
            (written(&[other]), "no column `text`"),
            (whole[..20].to_vec(), "ends within"),
        ] {
            let response = ask(request(ARROW, "*/*", body)).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{words}");
            let error = json(response).await;
            assert!(error["error"]["message"].as_str().unwrap().contains(words), "{error}");
        }
        // Behind the schema, the answer breaks off.
        let cut = whole[..whole.len() - 20].to_vec();
        let response = ask(request(ARROW, "*/*", cut.clone())).await;
        assert!(to_bytes(response.into_body(), usize::MAX).await.is_err());
        let last = lines(ask(request(ARROW, NDJSON, cut)).await).await.pop().unwrap();
        assert!(last["error"]["message"].as_str().unwrap().contains("within a message"), "{last}");
        let explained = Request::post("/v1/score?explain=true").header(header::CONTENT_TYPE, ARROW);
        let error = json(ask(explained.body(Body::from(whole)).unwrap()).await).await;
        assert_eq!(error["error"]["code"], "bad_option");
    }

    #[test]
    fn what_is_no_stream_is_refused_as_such() {
        for body in [&b"ARROW1\0\0 and more"[..], b"{\"text\": \"It rains.\"}"] {
            let reader = super::super::records::Reader::new(|_| true).unwrap();
            let mut batches = super::super::arrow::Batches::new(reader, 10_000).unwrap();
            batches.push(Bytes::copy_from_slice(body));
            let fault = batches.next(true).unwrap_err();
            assert!(format!("{fault:?}").contains("does not begin like one"), "{fault:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Any change of a stream is an answer or an error, never a panic or endless.
        #[test]
        fn a_damaged_stream_is_survived(at in any::<prop::sample::Index>(), value in any::<u8>(), piece in 1..300_usize) {
            let mut bytes = written(&[batch(vec![("text", texts(&[Some("ab"), None, Some("")]))])]);
            let at = at.index(bytes.len());
            bytes[at] = value;
            let reader = super::super::records::Reader::new(|_| true).unwrap();
            let mut batches = super::super::arrow::Batches::new(reader, 10_000).unwrap();
            for piece in bytes.chunks(piece) {
                batches.push(Bytes::copy_from_slice(piece));
                loop {
                    match batches.next(false) {
                        Ok(Some(items)) => prop_assert!(items.len() <= 1 << 16),
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
            }
            let _ = batches.next(true);
        }
    }
}
