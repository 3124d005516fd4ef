//! The login, and the settings of a user: language, blur, password, sessions.

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::answer::{go, html};
use super::guard::{
    LOGIN_COOKIE, PREFERENCES, address, cookie_of, end_of_session, hash, random_token, token,
};
use super::{Fault, Page, Posted, Shared};
use crate::people::{self, PasswordError, WINDOW, is_password, may_try};
use crate::store::{Session, User};
use crate::words::Language;

/// The page that somebody wanted before the login.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    to: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    to: String,
    name: String,
    is_wrong: bool,
}

/// Returns a page of the console, for an address that was sent with the login.
fn inside(to: &str) -> &str {
    let is_ours = to.starts_with("/review/") && !to.contains(['\\', '\r', '\n']) && !to.contains("//");
    if is_ours && !to.starts_with("/review/log") { to } else { "/review/queue" }
}

/// `GET /review/login`
pub(crate) async fn form(
    State(app): State<Shared>,
    mut page: Page,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Result<Response, Fault> {
    if page.user.is_some() {
        return Ok(go(inside(&wanted.to)));
    }
    // Before the login, forms have the token of a cookie that this page gives.
    let mut cookie = None;
    if cookie_of(request.headers(), LOGIN_COOKIE).is_none() {
        let visit = random_token().ok_or(Fault::Wrong("error.store"))?;
        page.token = token(&app.key, &format!("login {visit}"));
        cookie = Some(app.cookie(LOGIN_COOKIE, &visit));
    }
    let to = inside(&wanted.to).to_owned();
    let mut response = html(&LoginPage { page: page.at("login"), to, name: String::new(), is_wrong: false });
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /review/login`
pub(crate) async fn log_in(
    State(app): State<Shared>,
    page: Page,
    parts: Parts,
    posted: Posted,
) -> Result<Response, Fault> {
    if page.is_single {
        return Ok(go("/review/queue"));
    }
    let name = posted.text("name");
    begin_try(&app, name, &parts).await?;
    let user = app.store.user_by_name(name).await?.filter(|user| !user.disabled);
    let known = user.as_ref().and_then(|user| user.password_hash.clone());
    let is_right = is_password(posted.raw("password").to_owned(), known).await;
    let Some(user) = user.filter(|_| is_right) else {
        app.store.audit(None, "login.fail", "", "").await?;
        let to = inside(posted.text("to")).to_owned();
        return Ok(html(&LoginPage { page: page.at("login"), to, name: name.to_owned(), is_wrong: true }));
    };
    app.store.clear_login_failures(&user.name).await?;
    // A session that the browser had before gives nobody this user's rights.
    if let Some(session) = page.session {
        app.store.revoke_session(session).await?;
    }
    let mut response = go(inside(posted.text("to")));
    open_session(&app, &user, &mut response).await?;
    app.store.audit(Some(user.id), "login", &format!("user:{}", user.id), "").await?;
    Ok(response)
}

/// Counts a try as failed until it has succeeded, so that tries at the same moment all count.
///
/// # Errors
/// [`Fault::Limited`] if there were too many.
async fn begin_try(app: &Shared, name: &str, parts: &Parts) -> Result<(), Fault> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let address = address(parts);
    let _turn = ONE_AT_A_TIME.lock().await;
    let since = Timestamp::now() - SignedDuration::from_secs(WINDOW);
    let failures = app.store.login_failures(name, &address, since).await?;
    if !may_try(failures.by_both, failures.by_name, failures.by_address) {
        return Err(Fault::Limited);
    }
    Ok(app.store.note_login_failure(name, &address).await?)
}

/// Begins a session, and gives the browser its cookie.
async fn open_session(app: &Shared, user: &User, response: &mut Response) -> Result<(), Fault> {
    let secret = random_token().ok_or(Fault::Wrong("error.store"))?;
    app.store.create_session(user.id, &hash(&secret), end_of_session()).await?;
    response.headers_mut().append(header::SET_COOKIE, app.cookie(app.session_cookie(), &secret));
    response.headers_mut().append(header::SET_COOKIE, app.no_cookie(LOGIN_COOKIE));
    Ok(())
}

/// `POST /review/logout`
pub(crate) async fn log_out(
    State(app): State<Shared>,
    page: Page,
    _posted: Posted,
) -> Result<Response, Fault> {
    if let (Some(session), Some(user)) = (page.session, &page.user) {
        app.store.release_all(user.id).await?;
        app.store.revoke_session(session).await?;
        app.store.audit(Some(user.id), "logout", &format!("user:{}", user.id), "").await?;
    }
    let mut response = go("/review/login");
    response.headers_mut().append(header::SET_COOKIE, app.no_cookie(app.session_cookie()));
    Ok(response)
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    sessions: Vec<Session>,
    fault: Option<&'static str>,
}

impl SettingsPage {
    fn is_this(&self, session: &Session) -> bool {
        self.page.session == Some(session.id)
    }
}

async fn settings_page(app: &Shared, page: Page, fault: Option<&'static str>) -> Result<Response, Fault> {
    let sessions = app.store.sessions(page.me()?.id).await?;
    Ok(html(&SettingsPage { page: page.at("settings"), sessions, fault }))
}

/// `GET /review/settings`
pub(crate) async fn settings(State(app): State<Shared>, page: Page) -> Result<Response, Fault> {
    settings_page(&app, page, None).await
}

/// `POST /review/settings`
pub(crate) async fn save_settings(State(app): State<Shared>, posted: Posted) -> Response {
    let language = posted.text("language").parse::<Language>();
    let mut choices = Vec::new();
    choices.extend(language.ok().map(|language| format!("language-{language}")));
    choices.extend(posted.has("clear").then(|| "clear-1".to_owned()));
    choices.extend((!posted.has("keys")).then(|| "keys-off".to_owned()));
    let mut response = go("/review/settings?done=saved");
    let cookie = app.long_cookie(PREFERENCES, &choices.join("."));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// Returns the key of the sentence about a password that was refused.
pub(crate) fn refused(error: &PasswordError) -> &'static str {
    match error {
        PasswordError::Short => "password.short",
        PasswordError::Long => "password.long",
        PasswordError::Easy => "password.easy",
        PasswordError::System => "password.system",
    }
}

/// `POST /review/settings/password`
pub(crate) async fn change_password(
    State(app): State<Shared>,
    page: Page,
    parts: Parts,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.me()?.clone();
    if page.is_single {
        return Err(Fault::Forbidden);
    }
    // Guesses count here as they do at the login.
    begin_try(&app, &user.name, &parts).await?;
    if !is_password(posted.raw("old").to_owned(), user.password_hash.clone()).await {
        return settings_page(&app, page, Some("password.wrong")).await;
    }
    app.store.clear_login_failures(&user.name).await?;
    let hashed = people::hash_in_background(user.name.clone(), posted.raw("new").to_owned()).await;
    let hashed = match hashed {
        Ok(hashed) => hashed,
        Err(error) => return settings_page(&app, page, Some(refused(&error))).await,
    };
    // This ends every session of the user; the browser gets another one.
    app.store.set_password_hash(user.id, &hashed).await?;
    app.store.audit(Some(user.id), "password", &format!("user:{}", user.id), "").await?;
    let mut response = go("/review/settings?done=saved");
    open_session(&app, &user, &mut response).await?;
    Ok(response)
}

/// `POST /review/settings/sessions`: ends all sessions but this one.
pub(crate) async fn end_others(
    State(app): State<Shared>,
    page: Page,
    _posted: Posted,
) -> Result<Response, Fault> {
    let user = page.me()?;
    for session in app.store.sessions(user.id).await? {
        if page.session != Some(session.id) {
            app.store.revoke_session(session.id).await?;
        }
    }
    app.store.audit(Some(user.id), "sessions.end", &format!("user:{}", user.id), "").await?;
    Ok(go("/review/settings?done=ended"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_nowhere_else() {
        assert_eq!(inside("/review/item/5?a=b"), "/review/item/5?a=b");
        for to in [
            "",
            "/",
            "https://evil.example",
            "//evil.example",
            "/review//evil",
            "/review/../..\\",
            "/review/login",
        ] {
            assert_eq!(inside(to), "/review/queue", "{to}");
        }
    }
}
