//! The pages: server-rendered, without a request to any other server. Reading and deciding work
//! without a script; `static/console.js` adds keys and live updates.
//!
//! A request passes `guard` first, which knows its session, checks its origin and sets the
//! headers of the answer. A handler gets a `Page`, with the words of its language and the rights
//! of its user; the fields of a form come as `Posted`, which has checked the form's token.
//! Addresses contain ids and filters, never a text or a name.

mod answer;
mod chart;
mod filter;
mod guard;
mod insight;
mod item;
mod login;
mod page;
mod people;
mod policy;
mod posted;
mod queue;
mod sample;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

pub(crate) use answer::Fault;
pub(crate) use page::Page;
pub(crate) use posted::Posted;

use crate::store::{Store, StoreError};

/// The settings of the console.
#[derive(Clone, Debug)]
pub struct Console {
    /// The database.
    pub store: Store,
    /// The people who are let in.
    pub access: Access,
    /// True if the console is reached by HTTPS alone: cookies are then sent by no other way.
    pub secure: bool,
}

/// The people who are let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Those who log in.
    Login,
    /// Whoever reaches the server from its own machine, as one user with all rights. The server must
    /// listen on a loopback address.
    SingleUser,
}

/// The state that all requests share.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) access: Access,
    pub(crate) secure: bool,
    /// The key of the tokens of forms.
    pub(crate) key: [u8; 32],
}

/// Shared by all requests.
pub(crate) type Shared = Arc<App>;

/// The largest body of a form. A policy is the longest of them.
const LARGEST_FORM: usize = 512 * 1024;

/// Returns the routes of the console, all of them below `/review`.
///
/// # Errors
/// [`StoreError`] if the key of the forms cannot be read from the database.
pub async fn router(console: Console) -> Result<Router, StoreError> {
    let key = console.store.secret("form tokens").await?;
    let Console { store, access, secure } = console;
    let app: Shared = Arc::new(App { store, access, secure, key });
    let inside = Router::new()
        .route("/review/", get(|| async { Redirect::to("/review/queue") }))
        .route("/review/queue", get(queue::list))
        .route("/review/live", get(queue::live))
        .route("/review/next", post(queue::next))
        .route("/review/search", get(queue::search_form).post(queue::search))
        .route("/review/views", post(queue::save_view))
        .route("/review/views/delete", post(queue::delete_view))
        .route("/review/bulk", post(queue::bulk))
        .route("/review/bulk/preview", get(queue::preview).post(queue::preview_posted))
        .route("/review/bulk/undo", post(queue::undo_bulk))
        .route("/review/item/{id}", get(item::show))
        .route("/review/item/{id}/claim", post(item::claim))
        .route("/review/item/{id}/release", post(item::release))
        .route("/review/item/{id}/decide", post(item::decide))
        .route("/review/item/{id}/appeal", post(item::appeal))
        .route("/review/item/{id}/flag", post(item::flag))
        .route("/review/undo", post(item::undo))
        .route("/review/mine", get(item::mine))
        .route("/review/thread/{id}", get(item::thread))
        .route("/review/author/{id}", get(item::author))
        .route("/review/author/{id}/forget", post(people::forget))
        .route("/review/author/{id}/pseudonym", post(people::pseudonym))
        .route("/review/policy", get(policy::show).post(policy::draft))
        .route("/review/policy/publish", post(policy::publish))
        .route("/review/policy/shadow", post(policy::shadow))
        .route("/review/policy/rollback", post(policy::rollback))
        .route("/review/policy/{id}", get(policy::version))
        .route("/review/insight", get(insight::show))
        .route("/review/insight/{table}", get(insight::table))
        .route("/review/sample", get(sample::show))
        .route("/review/sample/draw", post(sample::draw))
        .route("/review/sample/schedule", post(sample::schedule))
        .route("/review/people", get(people::list))
        .route("/review/people/add", post(people::add))
        .route("/review/people/{id}/role", post(people::role))
        .route("/review/people/{id}/password", post(people::password))
        .route("/review/people/{id}/disable", post(people::disable))
        .route("/review/people/{id}/sessions", post(people::end_sessions))
        .route("/review/site", get(people::site))
        .route("/review/site/retention", post(people::retention))
        .route("/review/site/webhooks/add", post(people::add_webhook))
        .route("/review/site/webhooks/{id}", post(people::change_webhook))
        .route("/review/audit", get(people::audit))
        .route("/review/settings", get(login::settings).post(login::save_settings))
        .route("/review/settings/password", post(login::change_password))
        .route("/review/settings/sessions", post(login::end_others))
        .route("/review/logout", post(login::log_out))
        .layer(from_fn(guard::only_inside));
    let outside = Router::new()
        .route("/review/login", get(login::form).post(login::log_in))
        .route("/review", get(|| async { Redirect::permanent("/review/") }))
        .route("/review/{*path}", get(|| async { Fault::Missing }));
    let pages = inside
        .merge(outside)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn_with_state(app.clone(), guard::guard));
    let files = Router::new()
        .route("/review/console.css", get(|| file("text/css; charset=utf-8", STYLE)))
        .route("/review/console.js", get(|| file("text/javascript; charset=utf-8", SCRIPT)));
    Ok(files.merge(pages).with_state(app))
}

/// The style of reports and of their queue, and what the console adds.
const STYLE: &str = concat!(
    include_str!("../../../templates/report.css"),
    include_str!("../../../templates/queue.css"),
    include_str!("../static/console.css")
);

const SCRIPT: &str = include_str!("../static/console.js");

/// Answers with a file that browsers ask for again after an update.
async fn file(media_type: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content)
}
