use axum::http::Request;

use super::*;

fn batch(content_type: &str, body: String) -> Reply {
    let request = Request::post("/batch").header("host", "a").header("content-type", content_type);
    send(&app(None), request.body(body.into()).unwrap())
}

/// Splits the answer to a batch into its parts: the id, the status line and the JSON of each.
fn parts(reply: &Reply) -> Vec<(String, String, Value)> {
    let boundary = reply.header("content-type").strip_prefix("multipart/mixed; boundary=").unwrap();
    let end = format!("--{boundary}--\r\n");
    let mut parts: Vec<&str> =
        reply.body.strip_suffix(&end).unwrap().split(&format!("--{boundary}\r\n")).collect();
    assert_eq!(parts.remove(0), "");
    parts
        .into_iter()
        .map(|part| {
            let (headers, response) = part.split_once("\r\n\r\n").unwrap();
            let (kind, id) = headers.split_once("\r\n").unwrap();
            assert_eq!(kind, "Content-Type: application/http");
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            let body = body.strip_suffix("\r\n").unwrap();
            assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{head}");
            let status = head.lines().next().unwrap().to_owned();
            let id = id.strip_prefix("Content-ID: ").unwrap().to_owned();
            (id, status, serde_json::from_str(body).unwrap())
        })
        .collect()
}

/// Writes a batch as a client with these line ends does.
fn body(line_end: &str, calls: &[(&str, &str, &Value)]) -> String {
    let mut lines = Vec::new();
    for (id, request_line, body) in calls {
        lines.push("--===============1==".to_owned());
        lines.push("Content-Type: application/http".into());
        lines.push("MIME-Version: 1.0".into());
        lines.push("Content-Transfer-Encoding: binary".into());
        lines.push(format!("Content-ID: {id}"));
        lines.push(String::new());
        lines.push((*request_line).to_owned());
        lines.push("Content-Type: application/json".into());
        lines.push("Host: comity.example".into());
        lines.push(String::new());
        lines.push(body.to_string());
    }
    lines.push("--===============1==--".into());
    lines.join(line_end)
}

#[test]
fn parts_are_answered_in_order_as_direct_calls_are() {
    let toxicity = json!({ "comment": { "text": ENGLISH }, "requestedAttributes": { "TOXICITY": {} } });
    let named = json!({
        "comment": { "text": "Go home." },
        "languages": ["en"],
        "requestedAttributes": { "INSULT": {} },
    });
    let suggestion = json!({
        "comment": { "text": ENGLISH },
        "attributeScores": { "TOXICITY": { "summaryScore": { "value": 1 } } },
        "clientToken": "t",
    });
    let calls = [
        ("<a + 1>", "POST /v1alpha1/comments:analyze?key=k&alt=json HTTP/1.1", &toxicity),
        ("<a + 2>", "POST /v1alpha1/comments:analyze?prettyPrint=false HTTP/1.1", &json!({})),
        ("<a\n + 3>", "POST /v1alpha1/comments:analyze?alt=json HTTP/1.1", &named),
        ("4", "POST https://comity.example/v1alpha1/comments:suggestscore", &suggestion),
        ("5", "GET /v1alpha1/comments:analyze HTTP/1.1", &toxicity),
        ("6", "POST /batch HTTP/1.1", &toxicity),
    ];
    for line_end in ["\n", "\r\n"] {
        let reply = batch("multipart/mixed; boundary=\"===============1==\"", body(line_end, &calls));
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        let parts = parts(&reply);
        let ids: Vec<&str> = parts.iter().map(|(id, ..)| id.as_str()).collect();
        let expected = [
            "<response-a + 1>",
            "<response-a + 2>",
            "<response-a + 3>",
            "response-4",
            "response-5",
            "response-6",
        ];
        assert_eq!(ids, expected);
        let statuses: Vec<&str> = parts.iter().map(|(_, status, _)| status.as_str()).collect();
        let expected = [
            "HTTP/1.1 200 OK",
            "HTTP/1.1 400 Bad Request",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 405 Method Not Allowed",
            "HTTP/1.1 404 Not Found",
        ];
        assert_eq!(statuses, expected);
        assert_eq!(parts[0].2, analyze(&toxicity).json());
        assert_eq!(parts[1].2, analyze(&json!({})).json());
        assert_eq!(parts[2].2, analyze(&named).json());
        assert_eq!(parts[3].2, json!({ "clientToken": "t", "detectedLanguages": ["en"] }));
    }
}

#[test]
fn malformed_batches_are_refused_as_a_whole() {
    let call = json!({ "comment": { "text": "a" } });
    let kind = "multipart/mixed; boundary=\"===============1==\"";
    let line = "POST /v1alpha1/comments:analyze HTTP/1.1";
    let many: Vec<_> = (0..1001).map(|_| ("1", line, &call)).collect();
    for (kind, body, cause) in [
        ("application/json", "{}".to_owned(), "Missing multipart/mixed boundary."),
        ("multipart/mixed; boundary=", String::new(), "Missing multipart/mixed boundary."),
        (kind, "--===============1==\n\nPOST".to_owned(), "Missing end boundary."),
        (kind, "--===============1==--".to_owned(), "0 items."),
        (kind, body("\n", &[("1", "POST", &call)]), "Item 1 is not HTTP."),
        (kind, body("\n", &many), "More than 1000 items."),
    ] {
        let reply = batch(kind, body);
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{cause}");
        let message = format!("Failed to parse batch request, error: {cause}");
        assert_eq!(
            reply.json(),
            json!({ "error": { "code": 400, "message": message, "status": "INVALID_ARGUMENT" } })
        );
    }
}

#[test]
fn each_call_of_a_batch_needs_a_key() {
    let mut config = Config::new(([127, 0, 0, 1], 0).into());
    config.models = vec![model()];
    config.keys = Keys::parse("forum = \"0123456789abcdef\"").unwrap();
    let app = App::start(&config).unwrap();
    let call = json!({ "comment": { "text": ENGLISH }, "requestedAttributes": { "TOXICITY": {} } });
    let with_key = "POST /v1alpha1/comments:analyze?key=0123456789abcdef HTTP/1.1";
    let without = "POST /v1alpha1/comments:analyze?key=0123456789abcdee HTTP/1.1";
    let calls = [("1", with_key, &call), ("2", without, &call)];
    for (path, statuses) in [
        ("/batch", ["HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request"]),
        ("/batch/commentanalyzer/v1alpha1?key=0123456789abcdef", ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK"]),
    ] {
        let kind = "multipart/mixed; boundary=\"===============1==\"";
        let request =
            Request::post(path).header("content-type", kind).body(body("\n", &calls).into()).unwrap();
        let parts = parts(&send(&app, request));
        assert_eq!([parts[0].1.as_str(), parts[1].1.as_str()], statuses, "{path}");
    }
    // Clients fetch the description of the API before they send a key, and a single call needs one.
    let discovery = Request::get("/$discovery/rest").header("host", "a").body(Body::empty()).unwrap();
    assert_eq!(send(&app, discovery).status, StatusCode::OK);
    let reply = post(&app, "/v1alpha1/comments:analyze?key=0123", call.to_string());
    assert_eq!(reply.json()["error"]["message"], "API key not valid. Please pass a valid API key.");
    let reply = post(&app, "/v1alpha1/comments:analyze", call.to_string());
    assert_eq!(
        (reply.status, &reply.json()["error"]["status"]),
        (StatusCode::FORBIDDEN, &json!("PERMISSION_DENIED"))
    );
}
