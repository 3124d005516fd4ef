//! The pages by their routes, against a database in memory.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use comity_core::comment::{Comment, Origin, Status};
use comity_core::label::Label;
use comity_core::record::{ModelId, Outcome, Scored, Scores};
use tower::ServiceExt;

use super::{Access, Console, router};
use crate::people::hash_password;
use crate::store::{CommentView, Filter, Page, Queue, Role, Store, ThreadRef};

/// A comment as the store returns it.
pub(super) fn comment(text: &str) -> CommentView {
    CommentView {
        id: 1,
        external_id: "1".to_owned(),
        source: 1,
        source_name: "s".to_owned(),
        thread: ThreadRef { id: 1, name: "t".to_owned(), title: None },
        parent: None,
        parent_inferred: false,
        author: None,
        author_name: None,
        posted_at: None,
        text: Some(text.to_owned()),
        quotes: Vec::new(),
        unsourced: Vec::new(),
        status: Status::Live,
        language: None,
        evasion: false,
        scores: None,
        unscored: None,
        link: None,
        section: None,
        votes: None,
        replies: None,
        model: "m 1".to_owned(),
        state: None,
    }
}

const PASSWORD: &str = "a walk in the park";

/// A comment that is to be added: its id, author, text and toxicity.
type Row<'a> = (&'a str, &'a str, &'a str, f64);

/// A console with comments and people.
struct Desk {
    store: Store,
    routes: Router,
}

/// The cookies of a browser.
#[derive(Clone, Default)]
struct Jar(Vec<(String, String)>);

impl Jar {
    fn header(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep(&mut self, cookie: &str) {
        let (name, rest) = cookie.split_once('=').unwrap();
        let value = rest.split(';').next().unwrap();
        self.0.retain(|(known, _)| known != name);
        if !rest.contains("Max-Age=0") {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

/// An answer.
struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: String,
}

impl Answer {
    fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the token of the page's forms.
    fn token(&self) -> &str {
        let (_, rest) = self.body.split_once("name=\"token\" value=\"").expect("a form with a token");
        rest.split('"').next().unwrap()
    }
}

/// Writes fields as the body of a form.
fn form(fields: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", super::filter::escape(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

impl Desk {
    async fn new(access: Access, secure: bool) -> Self {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let hash = hash_password("", PASSWORD).unwrap();
        if access == Access::Login {
            for (name, role) in [
                ("ron", Role::ReadOnly),
                ("mia", Role::Moderator),
                ("max", Role::Moderator),
                ("lea", Role::Lead),
                ("ada", Role::Admin),
            ] {
                store.create_user(name, role, Some(&hash)).await.unwrap();
            }
        }
        let routes = router(Console { store: store.clone(), access, secure }).await.unwrap();
        Self { store, routes }
    }

    async fn add(&self, rows: &[Row<'_>]) -> Vec<i64> {
        let model = ModelId {
            name: "tiny".to_owned(),
            version: "1".to_owned(),
            checksum: "00".to_owned(),
            languages: vec!["en".to_owned()],
            missing: Vec::new(),
            uncalibrated: false,
            held_out: None,
        };
        let mut ids = Vec::new();
        for (id, author, text, toxicity) in rows {
            let origin = Origin { file: "test".into(), record: 1, line: 1 };
            let mut comment = Comment::new(*id, "thread", *text, origin);
            comment.author = Some((*author).to_owned());
            comment.created_at = Some("2026-11-01T12:00:00Z".parse().unwrap());
            let mut scores = [0.01; Label::COUNT];
            scores[Label::Toxicity.index()] = *toxicity;
            let outcome = Outcome::Scored(Scores::new(scores));
            let scored = Scored { comment, language: Some("en".to_owned()), evasion: false, outcome };
            ids.push(self.store.add("test", scored, &model, None).await.unwrap());
        }
        ids
    }

    async fn send(&self, request: Request<Body>, jar: &mut Jar) -> Answer {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            jar.keep(cookie.to_str().unwrap());
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 10 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, address: &str, jar: &mut Jar) -> Answer {
        let request = Request::get(address)
            .header(header::HOST, "localhost:8080")
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, jar.header());
        self.send(request.body(Body::empty()).unwrap(), jar).await
    }

    async fn post(&self, address: &str, fields: &[(&str, &str)], jar: &mut Jar) -> Answer {
        let request = Request::post(address)
            .header(header::HOST, "localhost:8080")
            .header(header::ORIGIN, "http://localhost:8080")
            .header(header::COOKIE, jar.header())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form(fields))).unwrap(), jar).await
    }

    /// Posts a form with the token of a page.
    async fn fill(&self, page: &str, address: &str, fields: &[(&str, &str)], jar: &mut Jar) -> Answer {
        let token = self.get(page, jar).await.token().to_owned();
        let fields: Vec<_> = fields.iter().copied().chain([("token", token.as_str())]).collect();
        self.post(address, &fields, jar).await
    }

    async fn log_in(&self, name: &str) -> Jar {
        let mut jar = Jar::default();
        let fields = [("name", name), ("password", PASSWORD)];
        let answer = self.fill("/review/login", "/review/login", &fields, &mut jar).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/review/queue"));
        jar
    }

    async fn open(&self) -> u64 {
        self.store.queue(&Filter::default(), Page::default()).await.unwrap().total
    }
}

/// The pages that everybody sees who is logged in.
const PAGES: [&str; 9] = [
    "/review/queue",
    "/review/queue?queue=escalation&rule=toxic&min=0.5&max=1&from=2026-01-01",
    "/review/search",
    "/review/mine",
    "/review/sample",
    "/review/policy",
    "/review/insight",
    "/review/settings",
    "/review/insight/rules.csv",
];

/// The pages of admins.
const ADMIN: [&str; 3] = ["/review/people", "/review/site", "/review/audit"];

/// The addresses that forms are sent to, each with the least role.
const FORMS: [(&str, Role); 30] = [
    ("/review/next", Role::Moderator),
    ("/review/search", Role::ReadOnly),
    ("/review/views", Role::ReadOnly),
    ("/review/views/delete", Role::ReadOnly),
    ("/review/bulk", Role::Lead),
    ("/review/bulk/preview", Role::Lead),
    ("/review/bulk/undo", Role::Lead),
    ("/review/item/1/claim", Role::Moderator),
    ("/review/item/1/release", Role::Moderator),
    ("/review/item/1/decide", Role::Moderator),
    ("/review/item/1/appeal", Role::Moderator),
    ("/review/item/1/flag", Role::Moderator),
    ("/review/undo", Role::Moderator),
    ("/review/author/1/forget", Role::Admin),
    ("/review/author/1/pseudonym", Role::Admin),
    ("/review/policy", Role::ReadOnly),
    ("/review/policy/publish", Role::Lead),
    ("/review/policy/shadow", Role::Lead),
    ("/review/policy/rollback", Role::Lead),
    ("/review/sample/draw", Role::Lead),
    ("/review/sample/schedule", Role::Lead),
    ("/review/people/add", Role::Admin),
    ("/review/people/1/role", Role::Admin),
    ("/review/people/1/password", Role::Admin),
    ("/review/people/1/disable", Role::Admin),
    ("/review/people/1/sessions", Role::Admin),
    ("/review/site/retention", Role::Admin),
    ("/review/site/webhooks/add", Role::Admin),
    ("/review/site/webhooks/1", Role::Admin),
    ("/review/settings", Role::ReadOnly),
];

#[tokio::test]
async fn nobody_gets_in_without_a_login() {
    let desk = Desk::new(Access::Login, false).await;
    for address in PAGES.into_iter().chain(ADMIN) {
        let answer = desk.get(address, &mut Jar::default()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{address}");
        assert!(answer.location().starts_with("/review/login?to=%2Freview%2F"), "{address}");
    }
    for (address, _) in FORMS {
        let answer = desk.post(address, &[("token", "")], &mut Jar::default()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{address}");
    }
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let desk = Desk::new(Access::Login, true).await;
    let mut jar = Jar::default();
    for address in ["/review/login", "/review/queue", "/review/nothing", "/review/item/99"] {
        let answer = desk.get(address, &mut jar).await;
        let value = |name: &str| answer.headers.get(name).map_or("", |value| value.to_str().unwrap());
        let policy = value("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{address}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"));
        assert_eq!(value("x-content-type-options"), "nosniff");
        assert_eq!(value("referrer-policy"), "same-origin");
        assert_eq!(value("cache-control"), "no-store");
        assert_eq!(value("strict-transport-security"), "max-age=31536000");
        assert!(!answer.body.contains("<script>") && !answer.body.contains("style="), "{address}");
    }
    let css = desk.get("/review/console.css", &mut jar).await;
    assert_eq!(
        (css.status, &css.headers["x-content-type-options"]),
        (StatusCode::OK, &"nosniff".parse().unwrap())
    );
}

#[tokio::test]
async fn a_session_has_a_strict_cookie_that_a_login_replaces() {
    let desk = Desk::new(Access::Login, true).await;
    let mut jar = Jar::default();
    let fields = [("name", "MIA"), ("password", PASSWORD), ("to", "/review/policy")];
    let answer = desk.fill("/review/login", "/review/login", &fields, &mut jar).await;
    assert_eq!(answer.location(), "/review/policy");
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    for part in ["__Host-comity_session=", "HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!jar.has("comity_login"), "the cookie of the visit has gone");
    let before = jar.clone();
    assert_eq!(desk.get("/review/login", &mut jar).await.location(), "/review/queue");
    desk.fill("/review/settings", "/review/logout", &[], &mut jar).await;
    assert!(!jar.has("__Host-comity_session"));
    // The session has ended, not just its cookie.
    let answer = desk.get("/review/queue", &mut before.clone()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_passwords_ends() {
    let desk = Desk::new(Access::Login, false).await;
    let mut jar = Jar::default();
    for _ in 0..5 {
        let fields = [("name", "mia"), ("password", "a wrong password")];
        let answer = desk.fill("/review/login", "/review/login", &fields, &mut jar).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.body.contains("Name or password is wrong."));
    }
    let fields = [("name", "mia"), ("password", PASSWORD)];
    let answer = desk.fill("/review/login", "/review/login", &fields, &mut jar).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers[header::RETRY_AFTER], "900");
    // Others still log in.
    desk.log_in("max").await;
    // Unknown names are answered in the same words.
    let fields = [("name", "nobody"), ("password", PASSWORD)];
    let answer = desk.fill("/review/login", "/review/login", &fields, &mut Jar::default()).await;
    assert!(answer.body.contains("Name or password is wrong."));
}

#[tokio::test]
async fn forms_need_the_token_of_their_session() {
    let desk = Desk::new(Access::Login, false).await;
    let mut mia = desk.log_in("mia").await;
    let mut max = desk.log_in("max").await;
    let token = desk.get("/review/queue", &mut max).await.token().to_owned();
    for (address, _) in FORMS {
        for wrong in ["", "00", token.as_str()] {
            let answer = desk.post(address, &[("token", wrong)], &mut mia).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{address}");
            assert!(answer.body.contains("Session ended"), "{address}");
        }
    }
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let desk = Desk::new(Access::Login, false).await;
    let mut jar = desk.log_in("mia").await;
    let token = desk.get("/review/queue", &mut jar).await.token().to_owned();
    for origin in ["http://evil.example", "null", "http://localhost:8081"] {
        let request = Request::post("/review/next")
            .header(header::HOST, "localhost:8080")
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, jar.header())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form(&[("token", &token)])));
        let answer = desk.send(request.unwrap(), &mut jar).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
    }
}

#[tokio::test]
async fn roles_bound_what_people_do() {
    let desk = Desk::new(Access::Login, false).await;
    desk.add(&[("1", "a", "You fool.", 0.95)]).await;
    for (name, role) in
        [("ron", Role::ReadOnly), ("mia", Role::Moderator), ("lea", Role::Lead), ("ada", Role::Admin)]
    {
        let mut jar = desk.log_in(name).await;
        let token = desk.get("/review/queue", &mut jar).await.token().to_owned();
        for address in PAGES.into_iter().chain(["/review/item/1"]) {
            assert_eq!(desk.get(address, &mut jar).await.status, StatusCode::OK, "{name} {address}");
        }
        for address in ADMIN {
            let status = desk.get(address, &mut jar).await.status;
            let expected = if role == Role::Admin { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(status, expected, "{name} {address}");
        }
        for (address, least) in FORMS.into_iter().filter(|(_, least)| *least > role) {
            let answer = desk.post(address, &[("token", &token), ("q", "queue=review")], &mut jar).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {address} {least}");
            assert!(answer.body.contains("Not allowed"), "{name} {address}");
        }
    }
    assert_eq!(desk.open().await, 1, "nothing was decided");
}

#[tokio::test]
async fn two_moderators_share_a_queue() {
    let desk = Desk::new(Access::Login, false).await;
    desk.add(&[("1", "a", "You fool.", 0.95), ("2", "b", "You idiot.", 0.9)]).await;
    let (mut mia, mut max) = (desk.log_in("mia").await, desk.log_in("max").await);
    let next = [("q", "queue=review")];
    let first = desk.fill("/review/queue", "/review/next", &next, &mut mia).await;
    let second = desk.fill("/review/queue", "/review/next", &next, &mut max).await;
    assert_ne!(first.location(), second.location(), "each gets another item");
    let (first, second) = (first.location().to_owned(), second.location().to_owned());
    let page = desk.get(&first, &mut max).await;
    assert!(page.body.contains("with mia"), "a claim is shown to others");

    // Another's item is refused; one's own is not.
    let id = |address: &str| address.split(['/', '?']).nth(3).unwrap().to_owned();
    let decide = format!("/review/item/{}/decide", id(&first));
    let revision = |page: &Answer| {
        let (_, rest) = page.body.split_once("name=\"revision\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let revision = revision(&desk.get(&first, &mut mia).await);
    let fields = [
        ("q", "queue=review"),
        ("verdict", "reject"),
        ("revision", &revision),
        ("shown", "1"),
        ("reason", "rude"),
        ("note", "again"),
    ];
    let answer = desk.fill(&first, &decide, &fields, &mut max).await;
    assert!(answer.location().contains("not=claimed-by"), "{}", answer.location());
    let answer = desk.fill(&first, &decide, &fields, &mut mia).await;
    assert!(answer.location().contains("done=reject&undo="), "{}", answer.location());
    // What is decided is shown to somebody who comes late, and not decided twice.
    let answer = desk.fill("/review/queue", &decide, &fields, &mut max).await;
    assert!(answer.location().contains("not=decided"), "{}", answer.location());
    let page = desk.get(&first, &mut max).await;
    assert!(page.body.contains("Reason, for the author: <bdi>rude</bdi>"), "{}", page.body);

    // Undo puts it back; others' decisions are a lead's to undo.
    let (_, rest) = page.body.split_once("mia</bdi>").unwrap();
    assert!(!rest.contains("/review/undo"), "max cannot undo it");
    let mine = desk.get("/review/mine", &mut mia).await;
    let (_, rest) = mine.body.split_once("name=\"decision\" value=\"").unwrap();
    let decision = rest.split('"').next().unwrap();
    let fields = [("decision", decision)];
    let answer = desk.fill("/review/queue", "/review/undo", &fields, &mut max).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(desk.open().await, 1);
    let answer = desk.fill("/review/queue", "/review/undo", &fields, &mut mia).await;
    assert!(answer.location().ends_with("done=undone"), "{}", answer.location());
    assert_eq!(desk.open().await, 2);
    drop(second);
}

#[tokio::test]
async fn a_blurred_text_is_not_judged() {
    let desk = Desk::new(Access::Login, false).await;
    let id = desk.add(&[("1", "a", "You fool.", 0.95)]).await[0];
    let mut mia = desk.log_in("mia").await;
    let (page, decide) = (format!("/review/item/{id}"), format!("/review/item/{id}/decide"));
    let page_of = desk.get(&page, &mut mia).await;
    let (_, rest) = page_of.body.split_once("name=\"revision\" value=\"").unwrap();
    let revision = rest.split('"').next().unwrap();
    for verdict in ["approve", "reject"] {
        let fields = [("verdict", verdict), ("revision", revision)];
        let answer = desk.fill(&page, &decide, &fields, &mut mia).await;
        assert!(answer.location().contains("not=blurred"), "{}", answer.location());
    }
    let fields = [("verdict", "escalate"), ("revision", revision)];
    let answer = desk.fill(&page, &decide, &fields, &mut mia).await;
    assert!(answer.location().contains("done=escalate"), "{}", answer.location());
    let item = desk.store.item(id, 0).await.unwrap().unwrap();
    assert_eq!(item.queue, Some(Queue::Escalation));
    // A moderator can't decide about what was escalated; a lead can.
    let revision = item.revision.to_string();
    let fields = [("verdict", "approve"), ("revision", &revision), ("shown", "1")];
    let answer = desk.fill(&page, &decide, &fields, &mut mia).await;
    assert!(answer.location().contains("not=rights"), "{}", answer.location());
    let mut lea = desk.log_in("lea").await;
    let answer = desk.fill(&page, &decide, &fields, &mut lea).await;
    assert!(answer.location().contains("done=approve"), "{}", answer.location());
}

#[tokio::test]
async fn bulk_decisions_are_previewed_and_undone() {
    let desk = Desk::new(Access::Login, false).await;
    desk.add(&[
        ("1", "a", "One sunny morning.", 0.95),
        ("2", "b", "Two trains leave.", 0.93),
        ("3", "c", "Three blind mice.", 0.6),
    ])
    .await;
    let mut lea = desk.log_in("lea").await;
    let q = "queue=review&min=0.9";
    let fields = [("q", q), ("verdict", "reject")];
    let page = desk.fill("/review/queue", "/review/bulk/preview", &fields, &mut lea).await;
    assert!(page.body.contains("name=\"expected\" value=\"2\""), "{}", page.body);
    let wrong = [("q", q), ("verdict", "reject"), ("expected", "3")];
    let answer = desk.fill("/review/queue", "/review/bulk", &wrong, &mut lea).await;
    assert!(answer.body.contains("Nothing was decided"));
    assert_eq!(desk.open().await, 3);
    let right = [("q", q), ("verdict", "reject"), ("expected", "2")];
    let answer = desk.fill("/review/queue", "/review/bulk", &right, &mut lea).await;
    assert!(answer.location().contains("done=bulk&count=2&undo_bulk="), "{}", answer.location());
    assert_eq!(desk.open().await, 1);
    let batch = answer.location().split("undo_bulk=").nth(1).unwrap().to_owned();
    let fields = [("batch", batch.as_str())];
    let answer = desk.fill("/review/queue", "/review/bulk/undo", &fields, &mut lea).await;
    assert!(answer.location().contains("done=undone&count=2"), "{}", answer.location());
    assert_eq!(desk.open().await, 3);
}

#[tokio::test]
async fn hostile_comments_are_text() {
    let desk = Desk::new(Access::Login, false).await;
    let hostile = "</p><script>alert(1)</script>\" onmouseover=\"x <img src=x onerror=alert(1)>";
    let id = desk.add(&[("\"><b>", "<i>\u{202e}mallory", hostile, 0.95)]).await[0];
    let mut ada = desk.log_in("ada").await;
    let item = format!("/review/item/{id}");
    for address in [item.as_str(), "/review/queue", "/review/thread/1", "/review/author/1", "/review/audit"] {
        let page = desk.get(address, &mut ada).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        for part in ["<script>", "<img", "<i>", "<b>", "\" onmouseover"] {
            assert!(!page.body.contains(part), "{address} contains {part}");
        }
    }
    // A search is shown again, and is in no address.
    let fields = [("words", "<script> \"mice")];
    let page = desk.fill("/review/search", "/review/search", &fields, &mut ada).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("<script>") && page.body.contains("&#60;script&#62; &#34;mice"));
}

#[tokio::test]
async fn a_person_is_seen_on_record() {
    let desk = Desk::new(Access::Login, false).await;
    let id = desk.add(&[("1", "mallory", "You fool.", 0.95)]).await[0];
    let mut ada = desk.log_in("ada").await;
    desk.get(&format!("/review/item/{id}"), &mut ada).await;
    let log = desk.store.audit_log(Some("author.view"), None, 10).await.unwrap();
    assert_eq!((log.entries.len(), log.entries[0].actor_name.as_str()), (1, "ada"));
    let author = desk.store.item(id, 0).await.unwrap().unwrap().author.unwrap().author.id;
    let forget = format!("/review/author/{author}/forget");
    let answer = desk.fill("/review/queue", &forget, &[], &mut ada).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "the box must be checked");
    let answer = desk.fill("/review/queue", &forget, &[("sure", "on")], &mut ada).await;
    assert!(answer.location().contains("done=forgotten"));
    let page = desk.get(&format!("/review/item/{id}"), &mut ada).await;
    assert!(page.body.contains("The text was deleted.") && !page.body.contains("mallory"));
}

#[tokio::test]
async fn people_are_added_changed_and_locked_out() {
    let desk = Desk::new(Access::Login, false).await;
    let mut ada = desk.log_in("ada").await;
    let add = |name: &'static str, password: &'static str| {
        [("name", name), ("role", "moderator"), ("password", password)]
    };
    for (fields, words) in [
        (add("mia", "a stitch in time"), "Somebody has this name already"),
        (add("eve", "short"), "The password is too short"),
        (add("", "a stitch in time"), "The name is blank"),
    ] {
        let answer = desk.fill("/review/people", "/review/people/add", &fields, &mut ada).await;
        assert!(answer.body.contains(words), "{words}");
    }
    let eve = add("eve", PASSWORD);
    let answer = desk.fill("/review/people", "/review/people/add", &eve, &mut ada).await;
    assert!(answer.location().contains("done=saved"));
    let mut eve = desk.log_in("eve").await;
    assert_eq!(desk.get("/review/queue", &mut eve).await.status, StatusCode::OK);
    let id = desk.store.user_by_name("eve").await.unwrap().unwrap().id;
    desk.fill("/review/people", &format!("/review/people/{id}/disable"), &[], &mut ada).await;
    assert_eq!(desk.get("/review/queue", &mut eve).await.status, StatusCode::SEE_OTHER);
    let me = desk.store.user_by_name("ada").await.unwrap().unwrap().id;
    let answer = desk
        .fill("/review/people", &format!("/review/people/{me}/role"), &[("role", "lead")], &mut ada)
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "nobody demotes oneself");
}

#[tokio::test]
async fn a_new_password_ends_other_sessions() {
    let desk = Desk::new(Access::Login, false).await;
    let (mut here, mut there) = (desk.log_in("mia").await, desk.log_in("mia").await);
    let fields = [("old", PASSWORD), ("new", "a stitch in time saves nine")];
    let answer = desk.fill("/review/settings", "/review/settings/password", &fields, &mut here).await;
    assert!(answer.location().contains("done=saved"));
    assert_eq!(desk.get("/review/queue", &mut here).await.status, StatusCode::OK);
    assert_eq!(desk.get("/review/queue", &mut there).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_policy_is_tried_published_and_rolled_back() {
    let desk = Desk::new(Access::Login, false).await;
    desk.add(&[("1", "a", "One sunny morning.", 0.95), ("2", "b", "Two trains leave.", 0.6)]).await;
    assert_eq!(desk.open().await, 2);
    let first = desk.store.published_policy().await.unwrap();
    let (mut ron, mut lea) = (desk.log_in("ron").await, desk.log_in("lea").await);
    let toml = "name = \"strict\"\n[[rule]]\nname = \"toxic\"\nlabel = \"toxicity\"\nthreshold = 0.5\naction = \"review\"\n";
    let draft = [("toml", toml), ("threshold0", "0,9")];
    let page = desk.fill("/review/policy", "/review/policy", &draft, &mut ron).await;
    assert!(page.body.contains("threshold = 0.9"), "{}", page.body);
    assert!(!page.body.contains("/review/policy/publish"), "whoever only reads cannot publish");
    assert_eq!(desk.open().await, 2, "a draft changes nothing");
    let wrong = [("toml", "name = 5")];
    let page = desk.fill("/review/policy", "/review/policy/publish", &wrong, &mut lea).await;
    assert!(page.body.contains("This is not a policy:"));
    let answer = desk.fill("/review/policy", "/review/policy/publish", &draft, &mut lea).await;
    assert!(answer.location().contains("done=published"));
    assert_eq!(desk.open().await, 1);
    let version = first.id.to_string();
    let answer =
        desk.fill("/review/policy", "/review/policy/rollback", &[("version", &version)], &mut lea).await;
    assert!(answer.location().contains("done=published"));
    assert_eq!(desk.open().await, 2);
    let answer = desk.fill("/review/policy", "/review/policy/shadow", &draft, &mut lea).await;
    assert!(answer.location().contains("done=shadowed"));
    assert!(desk.get("/review/policy", &mut ron).await.body.contains("Shadow policy"));
}

#[tokio::test]
async fn a_blind_sample_hides_the_scores() {
    let desk = Desk::new(Access::Login, false).await;
    desk.add(&[("1", "a", "Good morning to you.", 0.123)]).await;
    let mut lea = desk.log_in("lea").await;
    let answer = desk.fill("/review/sample", "/review/sample/draw", &[("size", "5")], &mut lea).await;
    assert!(answer.location().contains("done=drawn"), "{}", answer.location());
    let next = desk.fill("/review/sample", "/review/next", &[("q", "queue=sample")], &mut lea).await;
    let page = desk.get(next.location(), &mut lea).await;
    assert!(page.body.contains("Drawn at random") && !page.body.contains("0.123"), "{}", page.body);
}

#[tokio::test]
async fn a_view_is_saved_and_deleted() {
    let desk = Desk::new(Access::Login, false).await;
    let mut mia = desk.log_in("mia").await;
    let fields = [("q", "queue=review&rule=toxic"), ("name", "Only <toxic>")];
    desk.fill("/review/queue", "/review/views", &fields, &mut mia).await;
    let page = desk.get("/review/queue", &mut mia).await;
    assert!(
        page.body.contains("/review/queue?queue=review&amp;rule=toxic") || page.body.contains("rule=toxic\"")
    );
    assert!(page.body.contains("Only &#60;toxic&#62;"));
    let (_, rest) = page.body.split_once("name=\"view\" value=\"").unwrap();
    let view = rest.split('"').next().unwrap().to_owned();
    desk.fill("/review/queue", "/review/views/delete", &[("view", &view)], &mut mia).await;
    assert!(!desk.get("/review/queue", &mut mia).await.body.contains("Only"));
}

#[tokio::test]
async fn pages_come_in_the_language_of_the_browser_or_the_settings() {
    let desk = Desk::new(Access::Login, false).await;
    let mut jar = Jar::default();
    let request = Request::get("/review/login")
        .header(header::HOST, "localhost")
        .header(header::ACCEPT_LANGUAGE, "de-CH,de;q=0.9");
    let page = desk.send(request.body(Body::empty()).unwrap(), &mut jar).await;
    assert!(page.body.contains("<html lang=\"de\">") && page.body.contains("Anmelden"));
    let mut mia = desk.log_in("mia").await;
    desk.fill("/review/settings", "/review/settings", &[("language", "de")], &mut mia).await;
    for address in PAGES.into_iter().filter(|address| !address.contains(".csv")) {
        assert!(desk.get(address, &mut mia).await.body.contains("<html lang=\"de\">"), "{address}");
    }
}

#[tokio::test]
async fn a_single_user_is_safe_from_other_sites() {
    let desk = Desk::new(Access::SingleUser, false).await;
    desk.add(&[("1", "a", "You fool.", 0.95)]).await;
    let mut jar = Jar::default();
    for address in PAGES.into_iter().chain(ADMIN).chain(["/review/item/1"]) {
        assert_eq!(desk.get(address, &mut jar).await.status, StatusCode::OK, "{address}");
    }
    let answer = desk.fill("/review/queue", "/review/next", &[("q", "queue=review")], &mut jar).await;
    assert!(answer.location().starts_with("/review/item/1?"));
    // A name of another site that leads to this machine.
    let request = Request::get("/review/queue").header(header::HOST, "evil.example:8080");
    let answer = desk.send(request.body(Body::empty()).unwrap(), &mut jar).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    // A form without an origin.
    let request = Request::builder()
        .method(Method::POST)
        .uri("/review/next")
        .header(header::HOST, "localhost:8080")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = desk.send(request.body(Body::from("q=")).unwrap(), &mut jar).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_script_gets_sizes_and_the_state_of_an_item() {
    let desk = Desk::new(Access::Login, false).await;
    let id = desk.add(&[("1", "a", "You fool.", 0.95)]).await[0];
    let (mut mia, mut max) = (desk.log_in("mia").await, desk.log_in("max").await);
    let claim = format!("/review/item/{id}/claim");
    let answer = desk.fill("/review/queue", &claim, &[("live", "1")], &mut mia).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let answer = desk.fill("/review/queue", &claim, &[("live", "1")], &mut max).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let answer = desk.get(&format!("/review/live?item={id}"), &mut max).await;
    let found: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&found["queues"]["review"], &found["item"]["claimed"]), (&"1".into(), &"mia".into()));
}
