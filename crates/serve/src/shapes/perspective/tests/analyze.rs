use axum::http::Request;
use proptest::prelude::*;

use super::super::spans;
use super::*;

#[test]
fn an_answer_is_the_live_services_to_the_byte() {
    let reply = analyze(&json!({
        "comment": { "text": ENGLISH },
        "requestedAttributes": { "TOXICITY": {} },
        "clientToken": "comment-1",
    }));
    let value = score(ENGLISH, Label::Toxicity);
    let expected = format!(
        r#"{{
  "attributeScores": {{
    "TOXICITY": {{
      "spanScores": [
        {{
          "begin": 0,
          "end": {},
          "score": {{
            "value": {value},
            "type": "PROBABILITY"
          }}
        }}
      ],
      "summaryScore": {{
        "value": {value},
        "type": "PROBABILITY"
      }}
    }}
  }},
  "languages": [
    "en"
  ],
  "detectedLanguages": [
    "en"
  ],
  "clientToken": "comment-1"
}}
"#,
        ENGLISH.len()
    );
    assert_eq!((reply.status, reply.body), (StatusCode::OK, expected));
    assert_eq!(reply.headers["content-type"], "application/json; charset=UTF-8");
}

#[test]
fn attributes_are_answered_in_the_order_of_the_request() {
    let names = [
        ("THREAT", Label::Threat),
        ("PROFANITY", Label::Obscene),
        ("TOXICITY_EXPERIMENTAL", Label::Toxicity),
        ("IDENTITY_ATTACK", Label::IdentityAttack),
        ("INSULT", Label::Insult),
        ("SEVERE_TOXICITY", Label::SevereToxicity),
        ("TOXICITY", Label::Toxicity),
    ];
    let requested: serde_json::Map<_, _> =
        names.iter().map(|(name, _)| ((*name).into(), json!({}))).collect();
    let reply = analyze(&json!({ "comment": { "text": ENGLISH }, "requestedAttributes": requested })).json();
    let answered = reply["attributeScores"].as_object().unwrap();
    assert_eq!(answered.keys().collect::<Vec<_>>(), names.map(|(name, _)| name));
    for (name, label) in names {
        assert_eq!(answered[name], whole(ENGLISH, label), "{name}");
    }
}

#[test]
fn spans_are_sentences_in_utf16_with_scores_of_their_own() {
    let sentences =
        ["You built this bridge 😀👍🏽?", "I think you are a fool.", "The café is closed, for a naïve reason!"];
    let text = format!("  {}\n\n{} {} 😀👍🏽", sentences[0], sentences[1], sentences[2]);
    let request = json!({
        "comment": { "text": text },
        "languages": ["en"],
        "requestedAttributes": { "INSULT": {} },
        "spanAnnotations": true,
    });
    let insult = analyze(&request).json()["attributeScores"]["INSULT"].clone();
    // The faces are a sentence without words, which has no score.
    let mut begin = 0;
    let spans: Vec<Value> = sentences
        .iter()
        .map(|sentence| {
            begin += text.encode_utf16().collect::<Vec<_>>()[begin..]
                .windows(sentence.encode_utf16().count())
                .position(|units| String::from_utf16_lossy(units) == *sentence)
                .unwrap();
            let score = json!({ "value": score(sentence, Label::Insult), "type": "PROBABILITY" });
            json!({ "begin": begin, "end": begin + sentence.encode_utf16().count(), "score": score })
        })
        .collect();
    assert_eq!(insult["spanScores"], Value::from(spans));
    assert_eq!(insult["summaryScore"]["value"], json!(score(&text, Label::Insult)));
}

#[test]
fn scores_below_the_threshold_are_left_out() {
    let value = score(ENGLISH, Label::Toxicity);
    for (threshold, has_score) in [(json!(value), true), (json!(value + 0.001), false), (json!("0.0"), true)]
    {
        let attributes = json!({ "TOXICITY": { "scoreThreshold": threshold } });
        let request = json!({ "comment": { "text": ENGLISH }, "requestedAttributes": attributes });
        let reply = analyze(&request).json();
        assert_eq!(reply.get("attributeScores").is_some(), has_score, "{threshold}");
        assert_eq!(reply["languages"], json!(["en"]));
    }
}

#[test]
fn html_is_scored_without_its_tags() {
    let html = format!("<p>{ENGLISH}</p><script>alert(1)</script>");
    let request = |spans: bool| {
        json!({
            "comment": { "text": html, "type": "HTML" },
            "requestedAttributes": { "TOXICITY": {} },
            "spanAnnotations": spans,
        })
    };
    let value = score(ENGLISH, Label::Toxicity);
    let score = json!({ "value": value, "type": "PROBABILITY" });
    for spans in [false, true] {
        let toxicity = &analyze(&request(spans)).json()["attributeScores"]["TOXICITY"];
        assert_eq!(toxicity["summaryScore"], score);
        assert_eq!(toxicity["spanScores"], json!([{ "begin": 0, "end": html.len(), "score": score }]));
    }
}

#[test]
fn named_languages_are_answered_as_named() {
    for (named, answered) in [
        (json!(["en"]), json!(["en"])),
        (json!(["EN"]), json!(["EN"])),
        (json!("en"), json!(["en"])),
        (json!(["en-US"]), json!(["en-US"])),
        (json!([]), json!(["en"])),
        (json!(null), json!(["en"])),
    ] {
        let request = json!({
            "comment": { "text": ENGLISH },
            "languages": named,
            "requestedAttributes": { "TOXICITY": {} },
        });
        let reply = analyze(&request);
        assert_eq!(reply.json()["languages"], answered, "{}", reply.body);
        assert_eq!(reply.json()["detectedLanguages"], json!(["en"]));
    }
}

#[test]
fn unsupported_attributes_are_dropped_if_the_client_asks_for_it() {
    let request = json!({
        "comment": { "text": ENGLISH },
        "requestedAttributes": { "FLIRTATION": {}, "TOXICITY": {}, "SPAM": {} },
        "dropUnsupportedAttributes": true,
    });
    let scores = analyze(&request).json()["attributeScores"].clone();
    assert_eq!(scores, json!({ "TOXICITY": whole(ENGLISH, Label::Toxicity) }));
    for languages in [json!([]), json!(["de"])] {
        let request = json!({
            "comment": { "text": GERMAN },
            "requestedAttributes": { "TOXICITY": {} },
            "languages": languages,
            "dropUnsupportedAttributes": true,
        });
        let reply = analyze(&request).json();
        assert_eq!(reply, json!({ "languages": ["de"], "detectedLanguages": ["de"] }));
    }
}

#[test]
fn query_parameters_shape_the_answer() {
    let app = app(None);
    let body =
        json!({ "comment": { "text": ENGLISH }, "requestedAttributes": { "TOXICITY": {} } }).to_string();
    let value = score(ENGLISH, Label::Toxicity);
    let get = |query: &str| post(&app, &format!("/v1alpha1/comments:analyze?{query}"), body.clone());
    let others =
        "quotaUser=a&access_token=b&oauth_token=c&uploadType=d&upload_protocol=e&alt=json&key=f&unknown=g";
    let compact =
        format!("fields=attributeScores%2FTOXICITY%2FsummaryScore%2Fvalue&prettyPrint=false&{others}");
    let expected = format!(r#"{{"attributeScores":{{"TOXICITY":{{"summaryScore":{{"value":{value}}}}}}}}}"#);
    assert_eq!(get(&compact).body, expected);
    let script = get("callback=a.b&fields=languages&prettyPrint=false");
    assert_eq!(script.body, "// API callback\na.b({\"languages\":[\"en\"]});\n");
    assert_eq!(script.headers["content-type"], "text/javascript; charset=UTF-8");
    assert_eq!(get("alt=media").status, StatusCode::OK);
    for (query, message) in [
        ("alt=proto", "Unsupported Output Format."),
        ("$alt=proto", "Unsupported Output Format."),
        ("callback=alert(1)", "Invalid JSONP callback name: alert(1)"),
        ("fields=a(", "Invalid field selection a("),
    ] {
        let reply = get(query);
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(reply.json()["error"]["message"], message, "{query}");
    }
    let coded = post(&app, "/v1alpha1/comments%3Aanalyze", body.clone());
    assert_eq!(coded.json()["attributeScores"]["TOXICITY"], whole(ENGLISH, Label::Toxicity));
}

#[test]
fn discovery_names_the_address_that_the_client_used() {
    let app = app(None);
    let get = |path: &str, headers: &[(&str, &str)]| {
        let request =
            headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        send(&app, request.body(Body::empty()).unwrap())
    };
    let path = "/$discovery/rest?version=v1alpha1";
    let host = ("host", "comity.example:8080");
    let document = get(path, &[host]).json();
    assert_eq!(document["rootUrl"], "http://comity.example:8080/");
    assert_eq!((&document["servicePath"], &document["batchPath"]), (&json!(""), &json!("batch")));
    for method in ["analyze", "suggestscore"] {
        let method = &document["resources"]["comments"]["methods"][method];
        for end in ["request", "response"] {
            assert!(document["schemas"][method[end]["$ref"].as_str().unwrap()].is_object());
        }
        assert!(method["path"].as_str().unwrap().starts_with("v1alpha1/comments:"));
    }
    let secure = get(path, &[host, ("x-forwarded-proto", "https")]).json();
    assert_eq!(secure["baseUrl"], "https://comity.example:8080/");
    assert_eq!(get("/$discovery/rest?version=v2", &[host]).status, StatusCode::NOT_FOUND);
    assert_eq!(get(path, &[("host", "a/b")]).status, StatusCode::BAD_REQUEST);
}

#[test]
fn long_texts_have_at_most_256_spans() {
    let text = "Go! ".repeat(1000);
    let ranges = spans::sentences(&text);
    assert_eq!((ranges.len(), ranges[254].clone(), ranges[255].clone()), (256, 1016..1019, 1020..3999));
}

proptest! {
    #[test]
    fn spans_cut_any_text_into_its_sentences(text in "(\\PC|[ .!?\n😀é\u{200d}]){0,60}") {
        let ranges = spans::sentences(&text);
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut end = 0;
        for (range, unit) in ranges.iter().zip(spans::utf16(&text, &ranges)) {
            prop_assert!(end <= range.start && range.start < range.end);
            prop_assert!(text[end..range.start].trim().is_empty());
            prop_assert_eq!(&String::from_utf16(&units[unit]).unwrap(), &text[range.clone()]);
            end = range.end;
        }
        prop_assert!(text[end..].trim().is_empty());
    }
}
