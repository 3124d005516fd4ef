//! For admins: users, the audit log, retention, webhooks, and a person's data.

use askama::Template;
use axum::extract::{Path, Query as Fields, State};
use axum::response::Response;
use serde::Deserialize;

use super::answer::{go, html};
use super::login::refused;
use super::text;
use super::{Fault, Page, Posted, Shared};
use crate::people::hash_in_background;
use crate::store::{AuditPage, Role, StoreError, User, Webhook};

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Page,
    users: Vec<(User, usize)>,
    fault: Option<&'static str>,
}

impl PeoplePage {
    fn is_me(&self, user: &User) -> bool {
        self.page.user.as_ref().is_some_and(|me| me.id == user.id)
    }

    fn roles(&self) -> [Role; 4] {
        Role::ALL
    }
}

async fn people_page(app: &Shared, page: Page, fault: Option<&'static str>) -> Result<Response, Fault> {
    page.must(Role::Admin)?;
    let mut users = Vec::new();
    for user in app.store.users().await? {
        let sessions = app.store.sessions(user.id).await?.len();
        users.push((user, sessions));
    }
    Ok(html(&PeoplePage { page: page.at("people"), users, fault }))
}

/// `GET /review/people`
pub(crate) async fn list(State(app): State<Shared>, page: Page) -> Result<Response, Fault> {
    people_page(&app, page, None).await
}

/// Returns the role of a form.
fn posted_role(posted: &Posted) -> Result<Role, Fault> {
    let word = posted.text("role");
    Role::ALL.into_iter().find(|role| role.as_str() == word).ok_or(Fault::Wrong("error.form"))
}

/// `POST /review/people/add`
pub(crate) async fn add(State(app): State<Shared>, page: Page, posted: Posted) -> Result<Response, Fault> {
    let me = page.must(Role::Admin)?.id;
    let (name, role) = (text::name(posted.text("name")), posted_role(&posted)?);
    if name.is_empty() {
        return people_page(&app, page, Some("people.no_name")).await;
    }
    let hashed = hash_in_background(name.clone(), posted.raw("password").to_owned()).await;
    let hashed = match hashed {
        Ok(hashed) => hashed,
        Err(error) => return people_page(&app, page, Some(refused(&error))).await,
    };
    let user = match app.store.create_user(&name, role, Some(&hashed)).await {
        Ok(user) => user,
        Err(StoreError::NameTaken(_)) => return people_page(&app, page, Some("people.taken")).await,
        Err(error) => return Err(error.into()),
    };
    app.store.audit(Some(me), "user.create", &format!("user:{}", user.id), role.as_str()).await?;
    Ok(go("/review/people?done=saved"))
}

/// Returns the user that an admin changes.
///
/// # Errors
/// [`Fault`] if there is no such user, or it is the admin: nobody locks oneself out.
async fn other(app: &Shared, page: &Page, id: i64) -> Result<User, Fault> {
    let me = page.must(Role::Admin)?.id;
    let user = app.store.users().await?.into_iter().find(|user| user.id == id).ok_or(Fault::Missing)?;
    if user.id == me { Err(Fault::Wrong("people.not_oneself")) } else { Ok(user) }
}

/// `POST /review/people/{id}/role`
pub(crate) async fn role(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = other(&app, &page, id).await?;
    let role = posted_role(&posted)?;
    app.store.set_role(user.id, role).await?;
    let detail = format!("{} {role}", user.role);
    app.store.audit(Some(page.me()?.id), "user.role", &format!("user:{id}"), &detail).await?;
    Ok(go("/review/people?done=saved"))
}

/// `POST /review/people/{id}/password`
pub(crate) async fn password(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = other(&app, &page, id).await?;
    let hashed = match hash_in_background(user.name, posted.raw("password").to_owned()).await {
        Ok(hashed) => hashed,
        Err(error) => return people_page(&app, page, Some(refused(&error))).await,
    };
    app.store.set_password_hash(id, &hashed).await?;
    app.store.audit(Some(page.me()?.id), "user.password", &format!("user:{id}"), "").await?;
    Ok(go("/review/people?done=saved"))
}

/// `POST /review/people/{id}/disable`
pub(crate) async fn disable(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = other(&app, &page, id).await?;
    let disabled = !posted.has("enable");
    app.store.set_disabled(user.id, disabled).await?;
    let action = if disabled { "user.disable" } else { "user.enable" };
    app.store.audit(Some(page.me()?.id), action, &format!("user:{id}"), "").await?;
    Ok(go("/review/people?done=saved"))
}

/// `POST /review/people/{id}/sessions`
pub(crate) async fn end_sessions(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    _posted: Posted,
) -> Result<Response, Fault> {
    let user = other(&app, &page, id).await?;
    app.store.revoke_sessions(user.id).await?;
    app.store.audit(Some(page.me()?.id), "sessions.end", &format!("user:{id}"), "").await?;
    Ok(go("/review/people?done=ended"))
}

#[derive(Template)]
#[template(path = "site.html")]
struct SitePage {
    page: Page,
    retention: Option<u32>,
    webhooks: Vec<Webhook>,
    fault: Option<&'static str>,
}

async fn site_page(app: &Shared, page: Page, fault: Option<&'static str>) -> Result<Response, Fault> {
    page.must(Role::Admin)?;
    let (retention, webhooks) = (app.store.retention().await?, app.store.webhooks().await?);
    Ok(html(&SitePage { page: page.at("site"), retention, webhooks, fault }))
}

/// `GET /review/site`: retention and webhooks.
pub(crate) async fn site(State(app): State<Shared>, page: Page) -> Result<Response, Fault> {
    site_page(&app, page, None).await
}

/// `POST /review/site/retention`
pub(crate) async fn retention(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    let me = page.must(Role::Admin)?.id;
    let days = match posted.text("days") {
        "" => None,
        _ => Some(posted.value::<u32>("days")?).filter(|days| *days > 0),
    };
    app.store.set_retention(days, me).await?;
    Ok(go("/review/site?done=saved"))
}

/// `POST /review/site/webhooks/add`
pub(crate) async fn add_webhook(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    let me = page.must(Role::Admin)?.id;
    let secret = posted.raw("secret");
    if secret.len() < 16 {
        return site_page(&app, page, Some("site.short_secret")).await;
    }
    match app.store.add_webhook(posted.text("url"), secret.as_bytes(), me).await {
        Ok(_) => Ok(go("/review/site?done=saved")),
        Err(StoreError::Webhook(_)) => site_page(&app, page, Some("site.wrong_address")).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /review/site/webhooks/{id}`
pub(crate) async fn change_webhook(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let me = page.must(Role::Admin)?.id;
    match posted.text("what") {
        "delete" => app.store.delete_webhook(id, me).await?,
        "stop" => app.store.enable_webhook(id, false, me).await?,
        "continue" => app.store.enable_webhook(id, true, me).await?,
        _ => return Err(Fault::Wrong("error.form")),
    }
    Ok(go("/review/site?done=saved"))
}

/// `POST /review/author/{id}/forget`
pub(crate) async fn forget(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let me = page.must(Role::Admin)?.id;
    // A checked box: this cannot be undone.
    if !posted.has("sure") {
        return Err(Fault::Wrong("error.sure"));
    }
    app.store.forget_author(id, me).await?;
    Ok(go("/review/queue?done=forgotten"))
}

/// `POST /review/author/{id}/pseudonym`
pub(crate) async fn pseudonym(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let me = page.must(Role::Admin)?.id;
    if !posted.has("sure") {
        return Err(Fault::Wrong("error.sure"));
    }
    app.store.pseudonymize_author(id, me).await?;
    Ok(go(&format!("/review/author/{id}?done=saved")))
}

/// The place in the log.
#[derive(Deserialize)]
pub(crate) struct Place {
    before: Option<i64>,
    #[serde(default)]
    action: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct LogPage {
    page: Page,
    log: AuditPage,
    action: String,
    is_first: bool,
}

/// `GET /review/audit`
pub(crate) async fn audit(
    State(app): State<Shared>,
    page: Page,
    Fields(place): Fields<Place>,
) -> Result<Response, Fault> {
    page.must(Role::Admin)?;
    let action = Some(place.action.as_str()).filter(|action| !action.is_empty());
    let log = app.store.audit_log(action, place.before, 100).await?;
    let is_first = place.before.is_none();
    Ok(html(&LogPage { page: page.at("audit"), log, action: place.action, is_first }))
}
