//! `comity serve` as a client meets it: the built program, over sockets.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function
#![cfg(unix)] // signals

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const KEY: &str = "0123456789abcdef";

/// The endpoints that read JSON, and where each envelope of theirs has its message.
const JSON: [(&str, &str); 4] = [
    ("/v1alpha1/comments:analyze", "/error/message"),
    ("/v1/moderations", "/error/message"),
    ("/predict", "/error"),
    ("/v1/score", "/error/message"),
];

fn comity() -> Command {
    let mut comity = Command::new(env!("CARGO_BIN_EXE_comity"));
    comity.env_clear().stdin(Stdio::null());
    comity
}

fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/tiny")
}

/// A running server, which ends with the test.
struct Server {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Server {
    /// Starts a server with the tiny model.
    fn start(options: &[&str]) -> Self {
        let tiny = tiny();
        let mut all = vec!["--model", tiny.to_str().unwrap(), "--threads", "1"];
        all.extend(options);
        Self::start_with(tempfile::tempdir().unwrap(), &all)
    }

    /// Starts a server in a folder, and waits until it listens.
    fn start_with(folder: TempDir, options: &[&str]) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        let mut serve = comity();
        serve.args(["serve", "--listen", "127.0.0.1:0"]).args(options).current_dir(folder.path());
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_once("://").and_then(|(_, rest)| rest.split_once(';'));
        let Some((address, _)) = address else {
            let log = fs::read_to_string(folder.path().join("log")).unwrap();
            panic!("no address: {line:?}, {log}, {}", child.wait().unwrap());
        };
        Self { address: address.to_owned(), child, folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends a request on a connection of its own.
    fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        Answer::read(stream)
    }

    fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    fn post(&self, path: &str, headers: &str, body: &str) -> Answer {
        self.send(&(post_head(path, headers, body.len()) + body))
    }

    fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Waits for a line of the log with these words.
    fn wait_for_log(&self, words: &str) {
        within(Duration::from_secs(20), || self.log().contains(words));
    }

    /// Waits for the process to end.
    fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        within(Duration::from_secs(20), || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn within(time: Duration, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < time, "not within {time:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn post_head(path: &str, headers: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         {headers}Content-Length: {length}\r\n\r\n"
    )
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn read(mut stream: impl Read) -> Self {
        let mut bytes = Vec::new();
        // A TLS connection that is closed without notice is fine: the length says what is complete.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        let body = if is_chunked { unchunked(body) } else { body.to_owned() };
        Self { status, head: head.to_lowercase(), body }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole += &rest[..length];
        body = rest[length..].trim_start_matches("\r\n");
    }
    whole
}

#[test]
fn the_server_scores_as_the_command_does() {
    let texts = [
        "You are a pathetic, stupid liar and everybody hates you.",
        "Thank you so much, this was a wonderful and thoughtful article.",
        "y0u 1d10t, s h u t u p",
        "Ich finde diesen Artikel wirklich sehr gelungen, herzlichen Dank dafür.",
        "  ",
        "I will find you, and you will regret it.\n\n\u{1f621}\u{1f621} \"quoted\", with a comma",
        &"A long comment about the bridge, which nobody likes. ".repeat(60),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut export = csv::Writer::from_path(folder.path().join("export.csv")).unwrap();
    export.write_record(["id", "text"]).unwrap();
    for (id, text) in texts.iter().enumerate() {
        export.write_record([&*id.to_string(), text]).unwrap();
    }
    export.flush().unwrap();
    let mut score = comity();
    score.args(["score", "export.csv", "--map", "id=id,text=text,thread=id", "--out", "out"]);
    assert!(score.current_dir(folder.path()).status().unwrap().success());
    let mut rows = csv::Reader::from_path(folder.path().join("out/scores.csv")).unwrap();
    let columns = rows.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), texts.len());

    let server = Server::start_with(tempfile::tempdir().unwrap(), &[]);
    let records: Vec<Value> = texts.iter().map(|text| json!({"text": text})).collect();
    let answer = server.post("/v1/score", "", &json!(records).to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    let answers = answer.json();
    let labels = ["sentiment", "toxicity", "insult", "obscene", "threat", "identity_attack"];
    let mut compared = 0;
    for (row, answer) in rows.iter().zip(answers.as_array().unwrap()) {
        for label in labels {
            let column = columns.iter().position(|column| column == label).unwrap();
            match row[column].parse::<f64>() {
                Ok(score) => {
                    assert_eq!(answer[label].as_f64(), Some(score), "{label}: {answer}");
                    compared += 1;
                }
                Err(_) => assert!(answer[label].is_null(), "{label}: {answer}"),
            }
        }
    }
    assert_eq!(compared, 5 * labels.len(), "one text is blank and one is not English: {answers}");

    // Perspective's clients get the same score, unrounded.
    let request = json!({"comment": {"text": texts[0]}, "requestedAttributes": {"TOXICITY": {}}});
    let answer = server.post("/v1alpha1/comments:analyze?key=any", "", &request.to_string());
    let score = answer.json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"].as_f64().unwrap();
    let column = columns.iter().position(|column| column == "toxicity").unwrap();
    assert_eq!(format!("{score:.6}"), rows[0][column]);
}

#[test]
fn requests_are_refused_in_the_envelope_of_their_shape() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("keys.toml"), format!("forum = \"{KEY}\"\n")).unwrap();
    let keys = folder.path().join("keys.toml");
    let server =
        Server::start(&["--max-body", "20000", "--max-stream", "30000", "--keys", keys.to_str().unwrap()]);
    let key = format!("X-API-KEY: {KEY}\r\n");
    let deep = "[".repeat(5000) + &"]".repeat(5000);
    let message = |answer: &Answer, pointer: &str| {
        let json = answer.json();
        json.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer}: {json}"))
            .to_owned()
    };
    for (path, pointer) in JSON {
        let answer = server.post(path, "", "{}");
        let refused = [401, 403];
        assert!(refused.contains(&answer.status) && !message(&answer, pointer).is_empty(), "{answer:?}");
        let answer = server.post(path, &key, &"x".repeat(40_000));
        assert_eq!(answer.status, 413, "{path}: {answer:?}");
        assert!(answer.head.contains("connection: close"), "{answer:?}");
        message(&answer, pointer);
        for malformed in ["", "{", "null", "\u{feff}", &deep] {
            let answer = server.post(path, &key, malformed);
            assert!([400, 422].contains(&answer.status), "{path} {malformed:.20}: {answer:?}");
            message(&answer, pointer);
        }
        let answer =
            server.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n{key}Connection: close\r\n\r\n"));
        assert_eq!(answer.status, 405, "{path}: {answer:?}");
        message(&answer, pointer);
    }
    for (path, pointer) in [("/v1alpha1/nothing", "/error/message"), ("/v1/nothing", "/error/message")] {
        let answer = server.post(path, &key, "{}");
        assert_eq!(answer.status, 404);
        message(&answer, pointer);
    }
    // Whoever watches the server needs no key, except for its figures.
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/health", 200), ("/metrics", 401)] {
        assert_eq!(server.get(path).status, status, "{path}");
    }
    assert_eq!(server.get(&format!("/metrics?key={KEY}")).status, 200);
}

#[test]
fn no_text_of_a_request_is_in_the_log_or_the_figures() {
    for format in ["text", "json"] {
        let server = Server::start(&["--log-format", format, "--max-body", "2000", "--max-stream", "2000"]);
        for (path, _) in JSON {
            for body in [
                r#"{"comment":{"text":"marker"},"requestedAttributes":{"TOXICITY":{}}}"#.to_owned(),
                r#"{"comment":{"text":"marker"},"requestedAttributes":{"MARKER":{}},"languages":["marker"]}"#
                    .to_owned(),
                r#"{"input":"marker","inputs":"marker"}"#.to_owned(),
                r#"[{"text":"marker"}]"#.to_owned(),
                r#"[{"text":"marker","language":"marker"}]"#.to_owned(),
                r#"{"marker": "#.to_owned(),
                "marker".to_owned(),
                "marker".repeat(500),
            ] {
                server.post(path, "User-Agent: marker\r\nX-Request-Id: mark er\r\n", &body);
            }
            server.post(&format!("{path}?text=marker"), "Authorization: Bearer marker\r\n", "{}");
            server.post(&format!("{path}/marker"), "", "{}");
        }
        server.send("MARKER /marker HTTP/1.1\r\nHost: marker\r\nConnection: close\r\n\r\n");
        let figures = server.get("/metrics").body;
        server.wait_for_log("/metrics");
        for kept in [server.log(), figures] {
            let kept = kept.to_lowercase();
            assert!(kept.contains("perspective") && kept.contains("score"), "{kept}");
            assert!(!kept.contains("marker") && !kept.contains("mark er"), "{kept}");
        }
    }
}

#[test]
fn a_request_that_was_accepted_is_answered_before_the_server_ends() {
    let mut server = Server::start(&[]);
    let body = r#"[{"text":"How kind of you."}]"#;
    let mut slow = server.connect();
    slow.write_all(post_head("/v1/score", "", body.len()).as_bytes()).unwrap();
    slow.write_all(&body.as_bytes()[..10]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    server.wait_for_log("shutting down");
    within(Duration::from_secs(20), || TcpStream::connect(&server.address).is_err());
    slow.write_all(&body.as_bytes()[10..]).unwrap();
    let answer = Answer::read(slow);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.json()[0]["toxicity"].is_f64(), "{answer:?}");
    assert!(server.wait().success());
}

#[test]
fn the_server_waits_no_longer_than_its_grace_and_not_at_all_after_a_second_signal() {
    for (grace, second) in [("1", false), ("300", true)] {
        let mut server = Server::start(&["--grace", grace, "--pause", "300", "--body-time", "300"]);
        let mut stuck = server.connect();
        stuck.write_all(post_head("/predict", "", 100).as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        server.signal("INT");
        server.wait_for_log("shutting down");
        if second {
            server.signal("TERM");
        }
        assert_eq!(server.wait().code(), Some(i32::from(second)));
    }
}

#[test]
fn policy_and_keys_are_read_again_on_sighup() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let policy = |threshold: &str| {
        let toml = format!(
            "name = \"test\"\n\n[[rule]]\nname = \"toxic\"\nlabel = \"toxicity\"\nthreshold = {threshold}\naction = \"review\"\n"
        );
        fs::write(file("policy.toml"), toml).unwrap();
    };
    let keys = |text: &str| fs::write(file("keys.toml"), text).unwrap();
    policy("0.0");
    keys(&format!("forum = \"{KEY}\"\n"));
    let server = Server::start(&[
        "--policy",
        file("policy.toml").to_str().unwrap(),
        "--keys",
        file("keys.toml").to_str().unwrap(),
    ]);
    let ask = |key: &str| {
        server.post("/v1/score", &format!("Authorization: Bearer {key}\r\n"), r#"[{"text":"You again."}]"#)
    };
    let action = |key: &str| ask(key).json()[0]["action"].as_str().unwrap_or_default().to_owned();
    assert_eq!(ask("no key of ours").status, 401);
    assert_eq!(action(KEY), "review");

    keys("forum = \"short\"\n");
    policy("0.999999");
    server.signal("HUP");
    server.wait_for_log("stay as they are");
    assert!(server.log().contains("less than 16 bytes"), "{}", server.log());
    assert_eq!(action(KEY), "review", "a bad file changes nothing");

    keys("wiki = \"another key of 16 bytes\"\n");
    server.signal("HUP");
    server.wait_for_log("are reloaded");
    assert_eq!(ask(KEY).status, 401);
    assert_eq!(action("another key of 16 bytes"), "approve");
}

#[test]
fn a_certificate_makes_it_https() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&files[0], made.cert.pem()).unwrap();
    fs::write(&files[1], made.signing_key.serialize_pem()).unwrap();
    let [cert, key] = files.each_ref().map(|file| file.to_str().unwrap());
    let server = Server::start(&["--tls-cert", cert, "--tls-key", key]);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let client = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = rustls::StreamOwned::new(client, server.connect());
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let answer = Answer::read(stream);
    assert_eq!((answer.status, &*answer.body), (200, "ready\n"));

    // Whoever speaks HTTP to it, or says nothing, gets no further.
    let mut plain = server.connect();
    plain.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("ready"));
}

/// Runs `comity serve` with options that it refuses; returns its exit code and its message.
fn refused(folder: &Path, options: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut serve = comity();
    serve.arg("serve").args(options).envs(environment.iter().copied()).current_dir(folder);
    let output = serve.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn options_come_from_the_command_line_the_environment_and_a_file_in_this_order() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("none.toml", "engine = \"native\"\nmodel = [\"no-such-model\"]\n");
    let all = ["--listen", "127.0.0.1:0", "--config", "none.toml"];
    let model = |options: &[&str], environment: &[(&str, &str)]| {
        let options: Vec<&str> = all.into_iter().chain(options.iter().copied()).collect();
        let (code, message) = refused(folder.path(), &options, environment);
        assert_eq!(code, Some(1), "{message}");
        message
    };
    assert!(model(&[], &[]).contains("no-such-model"));
    assert!(model(&[], &[("COMITY_MODEL", "from-environment")]).contains("from-environment"));
    let flag = model(&["--model", "from-flag"], &[("COMITY_MODEL", "from-environment")]);
    assert!(flag.contains("from-flag"), "{flag}");
}

#[test]
fn wrong_options_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("unknown.toml", "grace = 3\nlisten-on = \"127.0.0.1:1\"\n");
    write("zero.toml", "max-texts = 0\n");
    write("port.toml", "listen = \"127.0.0.1\"\n");
    write("keys.toml", "forum = \"short\"\n");
    write("empty", "\n");
    for (options, code, message) in [
        (&["--config", "missing.toml"][..], 1, "cannot read the options missing.toml"),
        (&["--config", "unknown.toml"], 1, "unknown field `listen-on`"),
        (&["--config", "zero.toml"], 1, "zero.toml"),
        (&["--config", "port.toml"], 1, "port.toml"),
        (&["--keys", "keys.toml"], 1, "keys.toml: the key `forum` has less than 16 bytes"),
        (&["--coral-secret-file", "empty"], 1, "the secret of Coral is empty"),
        (&["--policy", "missing.toml"], 1, "cannot read the policy missing.toml"),
        (&["--cors-origin", "example.org"], 1, "`example.org` is no origin"),
        (&["--tls-cert", "empty", "--tls-key", "empty"], 1, "cannot use the certificate empty"),
        (&["--tls-cert", "empty"], 2, "add --tls-key FILE"),
        (&["--listen", "localhost"], 2, "--listen"),
        (&["--threads", "0"], 2, "--threads"),
        (&["--log-format", "xml"], 2, "--log-format"),
    ] {
        let model = tiny();
        let options: Vec<&str> =
            ["--model", model.to_str().unwrap()].into_iter().chain(options.iter().copied()).collect();
        let (got, said) = refused(folder.path(), &options, &[("COMITY_LISTEN", "127.0.0.1:0")]);
        assert_eq!(got, Some(code), "{said}");
        assert!(said.contains(message), "{message} in {said}");
        assert!(code == 2 || said.lines().count() == 1, "{said}");
    }
    let server = Server::start(&[]);
    let (code, message) =
        refused(folder.path(), &["--listen", &server.address, "--model", tiny().to_str().unwrap()], &[]);
    assert_eq!(code, Some(1));
    assert!(message.contains(&format!("cannot listen on {}", server.address)), "{message}");
}

#[test]
fn a_server_that_others_reach_without_a_key_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for (keys, warns) in [("", true), ("forum = \"0123456789abcdef\"", false)] {
        let mut serve = comity();
        serve.args(["serve", "--listen", "0.0.0.0:0", "--model", tiny().to_str().unwrap()]);
        if !keys.is_empty() {
            serve.env("COMITY_KEYS", keys);
        }
        let log = File::create(folder.path().join("log")).unwrap();
        let mut child = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(log.contains("no key is set"), warns, "{log}");
    }
}
