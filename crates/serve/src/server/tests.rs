//! The server without its shapes: a shape of the tests echoes, panics and streams.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use comity_infer::{ModelChoice, Scorer};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::guard::fault;
use crate::keys::Keys;
use crate::log::{LogFormat, log_panic, subscriber};
use crate::shapes::Shape;

const KEY: &str = "0123456789abcdef";

/// Settings with a model that loads at once, and bounds that a test reaches.
fn config() -> Config {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/models/tiny");
    let mut config = Config::new(([127, 0, 0, 1], 0).into());
    config.models = vec![Scorer::builder().model(ModelChoice::Folder(tiny)).threads(1)];
    config.limits.body = 1000;
    config.limits.stream = 3000;
    config.limits.header_time = Duration::from_millis(400);
    config.limits.body_time = Duration::from_millis(400);
    config.limits.pause = Duration::from_millis(400);
    config
}

/// A shape whose refusals begin with `test:`.
fn shape(name: &'static str) -> Shape {
    let routes = Router::new()
        .route("/test/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/test/panic", post(panics))
        .route("/test/slow", post(slow));
    Shape::new(name, routes, refuse)
}

fn refuse(refusal: Refusal) -> Response {
    (refusal.status(), format!("test: {refusal}")).into_response()
}

async fn panics(body: Bytes) -> &'static str {
    // The message has the text.
    std::str::from_utf8(&body).expect("the tests send UTF-8").parse::<f64>().map_err(|_| body).unwrap();
    "a number"
}

async fn slow(_: Bytes) -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "slow"
}

async fn stream(body: Body) -> Result<String, Response> {
    let mut data = body.into_data_stream();
    let mut length = 0;
    while let Some(part) = data.next().await {
        length += part.map_err(|error| refuse(fault(&error)))?.len();
    }
    Ok(length.to_string())
}

fn shapes() -> Vec<Shape> {
    let streams = Router::new().route("/stream/length", post(stream));
    let open = Router::new().route("/open", get(|| async { "open" }));
    vec![
        shape("test").under("/test/"),
        Shape::new("stream", streams, refuse).streaming(),
        Shape::new("open", open, refuse).open(),
        Shape::new("rest", Router::new(), |refusal| (refusal.status(), "rest").into_response()).under("/"),
        shapes::health::shape(),
        shapes::health::metrics(),
    ]
}

fn app(config: &Config) -> Shared {
    App::start(config).unwrap()
}

async fn ask(app: &Shared, request: axum::http::request::Builder, body: &str) -> (StatusCode, String) {
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = routes(shapes(), app).oneshot(request).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().into()).unwrap())
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused_in_the_envelope_of_their_prefix() {
    let app = app(&config());
    for (method, path, status, body) in [
        ("GET", "/test/nothing", 404, "test: no such address"),
        ("GET", "/tester", 404, "rest"),
        ("GET", "/", 404, "rest"),
        ("GET", "/test/length", 405, "test: method not allowed"),
        ("DELETE", "/stream/length", 405, "test: method not allowed"),
    ] {
        let (got, text) = ask(&app, Request::builder().method(method).uri(path), "").await;
        assert_eq!((got.as_u16(), &*text), (status, body), "{method} {path}");
    }
}

#[tokio::test]
async fn bodies_have_limits() {
    let app = app(&config());
    let post = |path| Request::post(path);
    for (path, length, answer) in [
        ("/test/length", 1000, (StatusCode::OK, "1000".to_owned())),
        (
            "/test/length",
            1001,
            (StatusCode::PAYLOAD_TOO_LARGE, "test: the request body is larger than 1000 bytes".to_owned()),
        ),
        ("/stream/length", 3000, (StatusCode::OK, "3000".to_owned())),
        (
            "/stream/length",
            3001,
            (StatusCode::PAYLOAD_TOO_LARGE, "test: the request body is larger than 3000 bytes".to_owned()),
        ),
    ] {
        assert_eq!(ask(&app, post(path), &"x".repeat(length)).await, answer, "{path} {length}");
    }
}

#[tokio::test]
async fn a_key_is_asked_for_where_there_are_keys() {
    let mut config = config();
    config.keys = Keys::parse(&format!("forum = \"{KEY}\"")).unwrap();
    let app = app(&config);
    let status = async |request| ask(&app, request, "x").await.0.as_u16();
    assert_eq!(status(Request::post("/test/length")).await, 401);
    assert_eq!(status(Request::get("/test/length")).await, 401);
    assert_eq!(status(Request::post("/stream/length")).await, 401);
    assert_eq!(status(Request::get("/metrics")).await, 401);
    assert_eq!(status(Request::get("/open")).await, 200);
    assert_eq!(status(Request::get("/readyz")).await, 200);
    assert_eq!(status(Request::get("/healthz")).await, 200);
    assert_eq!(status(Request::post("/test/length").header("x-api-key", KEY)).await, 200);
    assert_eq!(status(Request::post(format!("/test/length?key={KEY}"))).await, 200);

    app.replace(app.policy().as_ref().clone(), Keys::parse("other = \"another key of 16+\"").unwrap());
    assert_eq!(status(Request::post("/test/length").header("x-api-key", KEY)).await, 401);
    assert_eq!(status(Request::post("/test/length").header("x-api-key", "another key of 16+")).await, 200);
}

#[tokio::test]
async fn a_server_that_ends_is_alive_but_not_ready() {
    let app = app(&config());
    app.stop();
    assert_eq!(ask(&app, Request::get("/readyz"), "").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask(&app, Request::get("/healthz"), "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn requests_have_ids() {
    let app = app(&config());
    let id = async |sent: Option<&str>| {
        let mut request = Request::get("/open");
        if let Some(sent) = sent {
            request = request.header("X-Request-Id", sent);
        }
        let response = routes(shapes(), &app).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        response.headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(id(Some("0af7-65.aB:_")).await, "0af7-65.aB:_");
    let longest = "a".repeat(64);
    assert_eq!(id(Some(&longest)).await, longest);
    for strange in ["", "you idiot", "a\"b", "a=b", &"a".repeat(65)] {
        let given = id(Some(strange)).await;
        assert!(given.len() > 16 && given != strange, "{strange} {given}");
    }
    assert_ne!(id(None).await, id(None).await);
}

/// What the log has written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_text_and_no_key_gets_into_log_and_figures() {
    const MARKER: &str = "Markertext";
    let mut config = config();
    config.keys = Keys::parse(&format!("forum = \"{KEY}\"")).unwrap();
    let app = app(&config);
    for format in [LogFormat::Text, LogFormat::Json] {
        let log = Written::default();
        let _log = tracing::subscriber::set_default(subscriber(format, false, log.clone()));
        let others = std::panic::take_hook();
        let test = std::thread::current().id();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        std::panic::set_hook(Box::new(move |panic| {
            let is_ours = std::thread::current().id() == test && !over.load(Ordering::Relaxed);
            if is_ours { log_panic(panic) } else { others(panic) }
        }));
        let mut answers = Vec::new();
        let with_key = |path: &str| Request::post(path).header("authorization", format!("Bearer {KEY}"));
        for (request, body, status) in [
            (with_key("/test/length"), MARKER.to_owned(), 200),
            (with_key("/test/length?text=Markertext"), MARKER.to_owned(), 200),
            (with_key("/test/length"), MARKER.repeat(101), 413),
            (with_key("/stream/length"), MARKER.repeat(301), 413),
            (with_key("/test/panic"), MARKER.to_owned(), 500),
            (with_key("/test/Markertext"), MARKER.to_owned(), 404),
            (with_key("/Markertext"), MARKER.to_owned(), 404),
            (with_key("/test/length").method("MARKERTEXT"), MARKER.to_owned(), 405),
            (with_key("/test/length").header("x-request-id", "Markertext!"), MARKER.to_owned(), 200),
            (with_key("/test/length").header("user-agent", MARKER), MARKER.to_owned(), 200),
            (Request::post("/test/length").header("x-api-key", MARKER), MARKER.to_owned(), 401),
        ] {
            answers.push((ask(&app, request, &body).await, status));
        }
        is_over.store(true, Ordering::Relaxed);
        for ((got, answer), status) in answers {
            assert_eq!(got.as_u16(), status, "{answer}");
            assert!(!answer.contains(MARKER), "{answer}");
        }
        let (_, figures) = ask(&app, with_key("/metrics").method("GET"), "").await;
        let log = log.text();
        assert_eq!(log.matches("forum").count(), 9, "{log}");
        assert_eq!(log.matches("panicked").count(), 1, "{log}");
        for kept in [&log, &figures] {
            let kept = kept.to_lowercase();
            assert!(!kept.contains("marker") && !kept.contains(KEY), "{kept}");
        }
        if format == LogFormat::Json {
            let lines: Vec<serde_json::Value> =
                log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let of = |name: &str| -> Vec<_> { lines.iter().map(|line| line[name].clone()).collect() };
            assert!(
                of("status").contains(&413.into()) && of("path").contains(&"/test/panic".into()),
                "{log}"
            );
            assert!(of("shape").contains(&"rest".into()) && of("path").contains(&"unknown".into()), "{log}");
        }
    }
}

#[tokio::test]
async fn figures_count_requests() {
    let app = app(&config());
    for (path, body) in
        [("/test/length", "x"), ("/test/length", "x"), ("/test/panic", "x"), ("/test/no", "x")]
    {
        ask(&app, Request::post(path), body).await;
    }
    let (status, text) = ask(&app, Request::get("/metrics"), "").await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "te_request_count{key=\"none\",method=\"POST\",shape=\"test\"} 4",
        "te_request_success{key=\"none\",method=\"POST\",shape=\"test\"} 2",
        "te_request_failure{err=\"inference\"} 1",
        "te_request_failure{err=\"not_found\"} 1",
        "te_request_duration_count{method=\"POST\",shape=\"test\"} 4",
        "comity_requests_in_flight 1",
        "comity_build_info{version=\"0.1.0\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

/// Starts a server on a port of its own, which ends with the test.
async fn started(config: Config) -> SocketAddr {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let app = app(&config);
    tokio::spawn(async move {
        let service = routes(shapes(), &app);
        run(&config, Some(&app), service, |address| sender.send(address).unwrap()).await.unwrap();
    });
    receiver.await.unwrap()
}

/// Sends bytes and returns what comes back until the server closes the connection.
async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let address = started(config()).await;
    for (request, answer) in [
        // Nothing, or an incomplete head: there is no one to answer.
        ("", ""),
        ("POST /test/length HTTP/1.1\r\nHost: x\r\n", ""),
        (
            "POST /test/length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
            "test: the request body did not arrive in time",
        ),
        (
            "POST /stream/length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
            "test: the request body did not arrive in time",
        ),
    ] {
        let began = std::time::Instant::now();
        let got = exchange(address, request.as_bytes()).await;
        assert!(got.ends_with(answer) && got.is_empty() == answer.is_empty(), "{request}: {got}");
        assert_eq!(got.contains("408"), !answer.is_empty(), "{got}");
        assert!(began.elapsed() < Duration::from_secs(3), "{request}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_large_body_gets_its_answer_before_the_connection_ends() {
    let address = started(config()).await;
    let length = 4 << 20;
    let mut request =
        format!("POST /test/length HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    request.resize(request.len() + length, b'x');
    let answer = exchange(address, &request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    assert!(answer.ends_with("test: the request body is larger than 1000 bytes"), "{answer}");

    // A client that asks first is not told to go on.
    let head =
        b"POST /test/length HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9999\r\n\r\n";
    let answer = exchange(address, head).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let mut config = config();
    config.limits.connections = 2;
    config.limits.header_time = Duration::from_secs(30);
    let address = started(config).await;
    let idle = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    tokio::time::sleep(Duration::from_millis(100)).await;
    let request = b"GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let waiting = exchange(address, request);
    tokio::pin!(waiting);
    let soon = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(soon.is_err(), "{soon:?}");
    drop(idle);
    assert!(waiting.await.ends_with("open"));
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off() {
    let mut config = config();
    config.limits.connections = 1;
    let address = started(config).await;
    // Requests without end whose answers nobody reads: the buffers of both sides fill.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        while stream.write_all(&request).await.is_ok() {}
    });
    assert!(ended.await.is_ok(), "the server still reads");
    let request = b"GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(exchange(address, request).await.ends_with("open"));
}

#[test]
fn origins_are_checked() {
    for origin in ["https://example.org", "http://localhost:3000", "*"] {
        assert!(cors(&[origin.to_owned()]).is_ok(), "{origin}");
    }
    for origin in ["", "example.org", "https://", "https://example.org/", "ftp://example.org", "https://a\n"]
    {
        let error = cors(&["https://ok.example".to_owned(), origin.to_owned()]).unwrap_err();
        assert!(error.to_string().contains("is no origin"), "{error}");
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_may_ask() {
    let app = app(&config());
    let allowed = async |origins: &[&str], origin: &str| {
        let origins: Vec<String> = origins.iter().map(ToString::to_string).collect();
        let routes = routes(shapes(), &app).layer(cors(&origins).unwrap());
        let request = Request::options("/test/length")
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let response = routes.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(allowed(&[], "https://a.example").await, None);
    assert_eq!(allowed(&["https://a.example"], "https://b.example").await, None);
    let both = ["https://a.example", "https://b.example"];
    assert_eq!(allowed(&both, "https://b.example").await.as_deref(), Some("https://b.example"));
    assert_eq!(allowed(&["*"], "https://b.example").await.as_deref(), Some("*"));
}
