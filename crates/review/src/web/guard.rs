//! What every request passes: where it comes from, its session, the headers of its answer.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tracing::error;

use super::answer::{FaultPage, Kept, go, html};
use super::page::notice;
use super::{Access, App, Fault, Page, Shared};
use crate::store::{Session, User};
use crate::words::Language;

/// Lets a page use the console's own style and script, and send forms and requests to its own
/// server: nothing else. Inline styles and scripts never run.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                                       img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Without a referrer, browsers would send `Origin: null` with forms.
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The time after which a session ends without a request.
const IDLE: SignedDuration = SignedDuration::from_hours(12);

/// The time after which a session ends in any case.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The time after which a session gets another token.
const FRESH: SignedDuration = SignedDuration::from_mins(30);

/// Checks a request, gives it its [`Page`], and sets the headers of the answer.
pub(crate) async fn guard(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let w = language(&parts.headers).words();
    let mut page = Page { is_single: app.access == Access::SingleUser, ..Page::outside(w) };
    page.is_clear = preference(&parts.headers, "clear").is_some();
    page.has_keys = preference(&parts.headers, "keys") != Some("off");
    page.notice = notice(parts.uri.query().unwrap_or_default(), w);
    let mut cookie = None;
    let response = match admit(&app, &parts, &mut page, &mut cookie).await {
        Ok(()) => {
            parts.extensions.insert(page.clone());
            next.run(Request::from_parts(parts, body)).await
        }
        Err(fault) => fault.into_response(),
    };
    let mut response = finish(response, &page);
    if let Some(cookie) = cookie {
        // A login or a logout has the last word.
        if !response.headers().contains_key(header::SET_COOKIE) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Makes a page of a fault.
fn finish(response: Response, page: &Page) -> Response {
    let kept = match response.extensions().get::<Kept>() {
        Some(kept) => *kept,
        // The framework's own answers have no page.
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            Kept { title: "error.missing_title", words: "error.missing" }
        }
        None => return response,
    };
    let body = html(&FaultPage { page, title: page.w.t(kept.title), words: page.w.t(kept.words) });
    let (mut parts, body) = body.into_parts();
    parts.status = response.status();
    if let Some(retry) = response.headers().get(header::RETRY_AFTER) {
        parts.headers.insert(header::RETRY_AFTER, retry.clone());
    }
    Response::from_parts(parts, body)
}

/// Checks where a request comes from, and finds its user.
async fn admit(
    app: &App,
    request: &Parts,
    page: &mut Page,
    cookie: &mut Option<HeaderValue>,
) -> Result<(), Fault> {
    let headers = &request.headers;
    let host = host(headers, &request.uri);
    if page.is_single && !is_loopback(host) {
        // A name of another site that was made to lead here would read everything.
        return Err(Fault::Foreign);
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        let is_needed = page.is_single;
        if !is_same_origin(headers, host, is_needed) {
            return Err(Fault::Foreign);
        }
    }
    if page.is_single {
        page.user = Some(app.store.local_user().await?);
        page.token = token(&app.key, "single user");
        return Ok(());
    }
    let Some(secret) = cookie_of(headers, app.session_cookie()) else {
        if let Some(visit) = cookie_of(headers, LOGIN_COOKIE) {
            page.token = token(&app.key, &format!("login {visit}"));
        }
        return Ok(());
    };
    let Some((session, user)) = app.store.session(&hash(secret)).await? else {
        if let Some(visit) = cookie_of(headers, LOGIN_COOKIE) {
            page.token = token(&app.key, &format!("login {visit}"));
        }
        return Ok(());
    };
    if is_navigation(request) {
        *cookie = rotate(app, &session, secret).await?;
    }
    sign(page, app, session, user);
    Ok(())
}

fn sign(page: &mut Page, app: &App, session: Session, user: User) {
    page.token = token(&app.key, &format!("session {}", session.id));
    page.session = Some(session.id);
    page.user = Some(user);
}

/// Returns true for a request by which a page is opened: the only ones that get another token, as
/// requests of a script may run at the same time as others.
fn is_navigation(request: &Parts) -> bool {
    let accepts = request.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    request.method == Method::GET && accepts.is_some_and(|value| value.contains("text/html"))
}

/// Gives a session another token if it is time.
async fn rotate(app: &App, session: &Session, secret: &str) -> Result<Option<HeaderValue>, Fault> {
    let now = Timestamp::now();
    if now.duration_since(session.rotated_at) < FRESH {
        return Ok(None);
    }
    let expires = (now + IDLE).min(session.created_at + LONGEST);
    let fresh = random_token().ok_or(Fault::Wrong("error.store"))?;
    let is_done = app.store.rotate_session(session.id, &hash(secret), &hash(&fresh), expires).await?;
    Ok(is_done.then(|| app.cookie(app.session_cookie(), &fresh)))
}

/// Lets only those through who are logged in, and sends others to the login.
pub(crate) async fn only_inside(page: Page, request: Request, next: Next) -> Response {
    if page.user.is_some() {
        return next.run(request).await;
    }
    if request.method() != Method::GET {
        return Fault::Token.into_response();
    }
    let wanted = request.uri().path_and_query().map_or("", |address| address.as_str());
    go(&format!("/review/login?to={}", super::filter::escape(wanted)))
}

/// Returns the host that a request names.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> &'a str {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| uri.authority().map(|authority| authority.as_str())).unwrap_or_default()
}

/// Returns true for the names of the machine itself.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_address = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_address || name.eq_ignore_ascii_case("localhost")
}

/// Returns true if a form was sent by a page of this server. A browser names the page's origin;
/// other programs may name none, unless it is `needed`.
fn is_same_origin(headers: &HeaderMap, host: &str, needed: bool) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // A proxy may name this server otherwise than the browser does, but leaves this header alone.
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    match text(header::ORIGIN) {
        Some(origin) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| !host.is_empty() && authority.eq_ignore_ascii_case(host)),
        None => !needed,
    }
}

/// Returns the language that the user chose, or the browser's.
fn language(headers: &HeaderMap) -> Language {
    let chosen = preference(headers, "language").and_then(|code| code.parse().ok());
    chosen.unwrap_or_else(|| {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::accepted(header.unwrap_or_default())
    })
}

/// The cookie of the choices that a browser keeps.
pub(crate) const PREFERENCES: &str = "comity_preferences";

/// The cookie of a browser that is about to log in.
pub(crate) const LOGIN_COOKIE: &str = "comity_login";

/// Returns a choice that the browser keeps, from `language-de.clear-1`.
fn preference<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let kept = cookie_of(headers, PREFERENCES)?;
    kept.split('.').filter_map(|field| field.split_once('-')).find(|(key, _)| *key == name).map(|(_, v)| v)
}

/// Returns the value of a cookie.
pub(crate) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(key, value)| (key == name && !value.is_empty()).then_some(value))
}

impl App {
    /// Returns the name of the cookie of sessions. With the prefix, a browser takes it only by
    /// HTTPS, and from no other host.
    pub(crate) fn session_cookie(&self) -> &'static str {
        if self.secure { "__Host-comity_session" } else { "comity_session" }
    }

    /// Returns a cookie that ends with the browser's session.
    pub(crate) fn cookie(&self, name: &str, value: &str) -> HeaderValue {
        self.cookie_for(name, value, "")
    }

    /// Returns a cookie that the browser is to delete.
    pub(crate) fn no_cookie(&self, name: &str) -> HeaderValue {
        self.cookie_for(name, "", "; Max-Age=0")
    }

    /// Returns a cookie that the browser keeps for a year.
    pub(crate) fn long_cookie(&self, name: &str, value: &str) -> HeaderValue {
        self.cookie_for(name, value, "; Max-Age=31536000")
    }

    fn cookie_for(&self, name: &str, value: &str, age: &str) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
        HeaderValue::from_str(&cookie).expect("names and values are ours, of plain characters")
    }
}

/// Returns the address that a request comes from; blank if the server does not know it. A proxy on
/// this machine adds the address to the end of `X-Forwarded-For`.
pub(crate) fn address(request: &Parts) -> String {
    let Some(ConnectInfo(peer)) = request.extensions.get::<ConnectInfo<SocketAddr>>() else {
        return String::new();
    };
    let peer = peer.ip().to_canonical();
    let forwarded = request.headers.get_all("x-forwarded-for").into_iter().next_back();
    let last = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    let address: IpAddr = last.filter(|_| peer.is_loopback()).unwrap_or(peer);
    address.to_string()
}

/// Returns a secret that nobody can guess, as hexadecimal; `None` if the system has no random
/// numbers.
pub(crate) fn random_token() -> Option<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).inspect_err(|cause| error!(%cause, "no random numbers")).ok()?;
    Some(hex(&bytes))
}

/// Returns the hash by which the store knows a session's token.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Returns the token of the forms of a session.
pub(crate) fn token(key: &[u8; 32], session: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(session.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// Returns the end of a session that begins now.
pub(crate) fn end_of_session() -> Timestamp {
    Timestamp::now() + IDLE
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string never fails");
        hex
    })
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_the_machine_itself_is_loopback() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "127.9.9.9", "[::1]:8080", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["", "example.org", "127.0.0.1.example.org", "localhost.example.org:80", "10.0.0.1", "[::2]"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        for (pairs, needed, expected) in [
            (&[("origin", "http://127.0.0.1:8080")][..], true, true),
            (&[("origin", "https://127.0.0.1:8080")], true, true),
            (&[("origin", "http://127.0.0.1:8081")], true, false),
            (&[("origin", "http://evil.example")], false, false),
            (&[("origin", "null")], false, false),
            (&[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "cross-site")], false, false),
            (&[("sec-fetch-site", "same-site")], false, false),
            (&[("origin", "https://behind.a.proxy"), ("sec-fetch-site", "same-origin")], true, true),
            (&[("sec-fetch-site", "same-origin")], true, true),
            (&[], true, false),
            (&[], false, true),
        ] {
            assert_eq!(is_same_origin(&headers(pairs), "127.0.0.1:8080", needed), expected, "{pairs:?}");
        }
    }

    #[test]
    fn an_address_is_taken_from_a_proxy_on_this_machine_alone() {
        for (peer, forwarded, expected) in [
            ("203.0.113.5:4000", None, "203.0.113.5"),
            ("203.0.113.5:4000", Some("198.51.100.7"), "203.0.113.5"),
            ("127.0.0.1:4000", Some("made.up, 10.0.0.9, 198.51.100.7"), "198.51.100.7"),
            ("127.0.0.1:4000", Some("nonsense"), "127.0.0.1"),
            ("[::ffff:192.0.2.1]:80", None, "192.0.2.1"),
        ] {
            let mut request = Request::new(());
            let peer: SocketAddr = peer.parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
            if let Some(value) = forwarded {
                request.headers_mut().insert("x-forwarded-for", value.parse().unwrap());
            }
            assert_eq!(address(&request.into_parts().0), expected);
        }
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let headers =
            headers(&[("cookie", "xcomity_login=1; comity_login=2;comity_preferences=language-de.clear-1")]);
        assert_eq!(cookie_of(&headers, LOGIN_COOKIE), Some("2"));
        assert_eq!(cookie_of(&headers, "comity_session"), None);
        assert_eq!(
            (preference(&headers, "language"), preference(&headers, "clear")),
            (Some("de"), Some("1"))
        );
        assert_eq!(language(&headers), Language::German);
    }
}
