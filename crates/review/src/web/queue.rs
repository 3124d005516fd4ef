//! The queues: the list with its filters, the next item, search, saved views and bulk actions.

use std::time::Duration;

use askama::Template;
use axum::Json;
use axum::extract::{Query as Fields, State};
use axum::response::Response;
use comity_core::record::decision::Verdict;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{go, html};
use super::filter::{self, LABELS, Query, Shown};
use super::text::{self, SHORT};
use super::{Fault, Page, Posted, Shared};
use crate::store::{
    self, BulkOutcome, BulkPreview, CommentView, Filter, Flag, Queue, QueueRow, Role, SavedView, SearchPage,
    SourceId,
};

/// The time for which a moderator has an item. An open page extends it.
pub(crate) const LEASE: Duration = Duration::from_secs(5 * 60);

/// The cautions that comments can have: see `docs/moderating.md`.
const CAUTIONS: [&str; 7] = ["identity", "quoted", "unsourced", "counter", "own", "language", "short"];

/// The values that a filter's form offers.
pub(crate) struct Choices {
    rules: Vec<String>,
    languages: Vec<String>,
    sources: Vec<(SourceId, String)>,
}

impl Choices {
    async fn load(app: &Shared) -> Result<Self, Fault> {
        let policy = app.store.published_policy().await?.policy;
        Ok(Self {
            rules: policy.rules.into_iter().map(|rule| rule.name).collect(),
            languages: app.store.languages().await?,
            sources: app.store.sources().await?,
        })
    }
}

#[derive(Template)]
#[template(path = "queue.html")]
struct ListPage {
    page: Page,
    sizes: Vec<(Queue, u64)>,
    filter: Shown,
    choices: Choices,
    views: Vec<(SavedView, String)>,
    rows: Vec<QueueRow>,
    total: u64,
    /// True if counting ended before the last item.
    is_least: bool,
    next: Option<String>,
    is_first: bool,
}

impl ListPage {
    fn text<'a>(&self, comment: &'a CommentView) -> text::Text<'a> {
        text::text(comment, None, SHORT)
    }

    /// Returns the reason of a row's flag, unless nothing may hint at what the model thinks.
    fn flag_of<'a>(&self, row: &'a QueueRow) -> Option<&'a Flag> {
        row.flag.as_ref().filter(|_| self.filter.queue != Queue::Sample)
    }

    /// Returns true if the user may decide about the whole filter at once.
    fn may_bulk(&self) -> bool {
        let queues = [Queue::Review, Queue::Deferred, Queue::Escalation];
        self.page.leads() && !self.is_least && queues.contains(&self.filter.queue)
    }

    /// Returns true if the user may decide about items of the queue.
    fn may_decide(&self) -> bool {
        self.page.must(least_role(self.filter.queue)).is_ok()
    }
}

/// Returns the least role that decides about the items of a queue.
pub(crate) fn least_role(queue: Queue) -> Role {
    match queue {
        Queue::Escalation | Queue::Appeal => Role::Lead,
        _ => Role::Moderator,
    }
}

/// `GET /review/queue`
pub(crate) async fn list(
    State(app): State<Shared>,
    page: Page,
    Fields(query): Fields<Query>,
) -> Result<Response, Fault> {
    let filter = query.filter()?;
    let after = query.after()?;
    let found = app.store.queue(&filter, store::Page { after, size: 50 }).await?;
    let me = page.me()?.id;
    let shown = Shown::new(&filter);
    let next = found.next.map(|next| format!("{}&after={next}", shown.query()));
    let views = app.store.saved_views(me).await?;
    Ok(html(&ListPage {
        sizes: app.store.queue_sizes().await?,
        choices: Choices::load(&app).await?,
        views: views
            .into_iter()
            .map(|view| (filter::query(&view.filter), view))
            .map(|(q, v)| (v, q))
            .collect(),
        page: page.at("queue"),
        filter: shown,
        rows: found.rows,
        total: found.total,
        is_least: found.is_least,
        next,
        is_first: after.is_none(),
    }))
}

/// The item that a page shows, if any.
#[derive(Deserialize)]
pub(crate) struct Watched {
    item: Option<i64>,
}

/// `GET /review/live`: the sizes of the queues and the state of an item, for the script of a page.
pub(crate) async fn live(
    State(app): State<Shared>,
    page: Page,
    Fields(watched): Fields<Watched>,
) -> Result<Json<Value>, Fault> {
    let me = page.me()?.id;
    let sizes = app.store.queue_sizes().await?;
    let sizes: serde_json::Map<_, _> = sizes
        .into_iter()
        .map(|(queue, size)| (queue.as_str().to_owned(), json!(page.w.number(size))))
        .collect();
    let mut answer = json!({ "queues": sizes });
    if let Some(id) = watched.item
        && let Some(item) = app.store.item(id, 0).await?
    {
        let other = item.claim.filter(|claim| claim.user != me);
        answer["item"] = json!({ "revision": item.revision, "claimed": other.map(|claim| claim.name) });
    }
    Ok(Json(answer))
}

/// `POST /review/next`: claims the most urgent item of a filter, and opens it.
pub(crate) async fn next(State(app): State<Shared>, page: Page, posted: Posted) -> Result<Response, Fault> {
    let filter = Query::parse(posted.text("q"))?.filter()?;
    let user = page.must(least_role(filter.queue))?;
    next_item(&app, user.id, &filter, "").await
}

/// Claims the next item of a filter and opens it, with the outcome of the form before.
pub(crate) async fn next_item(
    app: &Shared,
    user: i64,
    filter: &Filter,
    outcome: &str,
) -> Result<Response, Fault> {
    let query = filter::query(filter);
    match app.store.claim_next(user, filter, LEASE).await? {
        Some(item) => Ok(go(&format!("/review/item/{}?{query}{outcome}", item.comment.id))),
        None if outcome.is_empty() => Ok(go(&format!("/review/queue?{query}&not=empty"))),
        None => Ok(go(&format!("/review/queue?{query}{outcome}"))),
    }
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchResults {
    page: Page,
    words: String,
    filter: Shown,
    choices: Choices,
    found: Option<SearchPage>,
    is_first: bool,
}

impl SearchResults {
    fn text<'a>(&self, comment: &'a CommentView) -> text::Text<'a> {
        text::text(comment, None, SHORT)
    }
}

/// `GET /review/search`
pub(crate) async fn search_form(State(app): State<Shared>, page: Page) -> Result<Response, Fault> {
    let filter = Shown::new(&Filter::default());
    let choices = Choices::load(&app).await?;
    let page = page.at("search");
    Ok(html(&SearchResults { page, words: String::new(), filter, choices, found: None, is_first: true }))
}

/// `POST /review/search`: a search is posted, so that its words are in no address and no log.
pub(crate) async fn search(State(app): State<Shared>, page: Page, posted: Posted) -> Result<Response, Fault> {
    let words = posted.text("words").to_owned();
    let fields = ["rule", "label", "min", "max", "language", "source", "from", "before"];
    let fields = fields.map(|name| format!("{name}={}", filter::escape(posted.text(name))));
    let filter = Query::parse(&fields.join("&"))?.filter()?;
    let before = if posted.text("after").is_empty() { None } else { Some(posted.value("after")?) };
    let found = match words.is_empty() {
        true => None,
        false => Some(app.store.search(&words, &filter, before, 50).await?),
    };
    app.store.audit(Some(page.me()?.id), "search", "", "").await?;
    let (filter, choices) = (Shown::new(&filter), Choices::load(&app).await?);
    let page = page.at("search");
    Ok(html(&SearchResults { page, words, filter, choices, found, is_first: before.is_none() }))
}

/// `POST /review/views`
pub(crate) async fn save_view(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    let filter = Query::parse(posted.text("q"))?.filter()?;
    let name = text::name(posted.text("name"));
    if name.is_empty() {
        return Err(Fault::Wrong("error.form"));
    }
    let shared = posted.has("shared") && page.leads();
    app.store.save_view(page.me()?.id, &name, shared, &filter).await?;
    Ok(go(&format!("/review/queue?{}&done=saved", filter::query(&filter))))
}

/// `POST /review/views/delete`
pub(crate) async fn delete_view(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    let is_done = app.store.delete_view(page.me()?.id, posted.value("view")?).await?;
    if is_done { Ok(go("/review/queue?done=deleted")) } else { Err(Fault::Missing) }
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    page: Page,
    filter: Shown,
    verdict: Verdict,
    reason: String,
    note: String,
    preview: BulkPreview,
    /// The number that an earlier preview showed.
    changed_from: Option<u64>,
}

impl BulkPage {
    fn text<'a>(&self, comment: &'a CommentView) -> text::Text<'a> {
        text::text(comment, None, SHORT)
    }
}

/// `GET /review/bulk/preview`: a reload after a session ended leads back to the queue.
pub(crate) async fn preview() -> Response {
    go("/review/queue")
}

/// `POST /review/bulk/preview`
pub(crate) async fn preview_posted(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    bulk_page(&app, page, &posted, None).await
}

async fn bulk_page(
    app: &Shared,
    page: Page,
    posted: &Posted,
    changed_from: Option<u64>,
) -> Result<Response, Fault> {
    let user = page.must(Role::Lead)?;
    let filter = Query::parse(posted.text("q"))?.filter()?;
    let preview = app.store.preview_bulk(&filter, user.id).await?;
    Ok(html(&BulkPage {
        filter: Shown::new(&filter),
        verdict: posted.value("verdict")?,
        reason: posted.text("reason").to_owned(),
        note: posted.text("note").to_owned(),
        preview,
        changed_from,
        page: page.at("queue"),
    }))
}

/// `POST /review/bulk`
pub(crate) async fn bulk(State(app): State<Shared>, page: Page, posted: Posted) -> Result<Response, Fault> {
    let user = page.must(Role::Lead)?;
    let filter = Query::parse(posted.text("q"))?.filter()?;
    let (verdict, expected) = (posted.value("verdict")?, posted.value("expected")?);
    let (reason, note) = (posted.text("reason"), posted.text("note"));
    match app.store.bulk(&filter, verdict, reason, note, expected, user.id).await? {
        BulkOutcome::Done { batch, count } => {
            let subject = format!("batch:{batch}");
            let detail = format!("{verdict} {count}");
            app.store.audit(Some(user.id), "bulk", &subject, &detail).await?;
            let queue = Filter { queue: filter.queue, ..Filter::default() };
            let query = filter::query(&queue);
            Ok(go(&format!("/review/queue?{query}&done=bulk&count={count}&undo_bulk={batch}")))
        }
        BulkOutcome::Changed { .. } => bulk_page(&app, page, &posted, Some(expected)).await,
    }
}

/// `POST /review/bulk/undo`
pub(crate) async fn undo_bulk(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.must(Role::Lead)?;
    let batch = posted.value("batch")?;
    let outcome = app.store.undo_bulk(batch, user.id).await?;
    app.store.audit(Some(user.id), "bulk.undo", &format!("batch:{batch}"), "").await?;
    Ok(go(&match outcome.undone {
        0 => "/review/queue?not=kept".to_owned(),
        undone => format!("/review/queue?done=undone&count={undone}"),
    }))
}
