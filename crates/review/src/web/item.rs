//! One comment with everything around it, decisions about it, its thread, its author.

use askama::Template;
use axum::extract::{Path, Query as Fields, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use comity_core::comment::{Comment, Origin};
use comity_core::label::Label;
use comity_core::policy::{Policy, Rule};
use comity_core::record::decision::Verdict;
use serde::Deserialize;

use super::answer::{go, html};
use super::filter::{self, Query, Shown};
use super::queue::{LEASE, least_role, next_item};
use super::text::{self, LONG, SHORT};
use super::{Fault, Page, Posted, Shared};
use crate::store::{
    AppealInput, AuthorHistory, ClaimOutcome, CommentView, DecideOutcome, DecisionInput, DecisionView,
    ItemView, Queue, Role, State as ItemState, ThreadPage, ThreadRef,
};

/// The number of comments of a thread before and after an item.
const AROUND: u32 = 8;

/// The number of comments on a page of a thread or of an author.
const MANY: u32 = 50;

/// A rule of the policy next to a comment's score.
pub(crate) struct Measured<'a> {
    rule: &'a Rule,
    threshold: f64,
    /// The score for its label, and its distance above the threshold; `None` without a score.
    score: Option<(f64, f64)>,
    /// True if it is the rule that flagged the comment.
    is_flag: bool,
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    page: Page,
    item: ItemView,
    policy: Policy,
    /// The filter that the user works through.
    filter: Shown,
    /// True if nothing may hint at what the model thinks.
    is_blind: bool,
    /// The largest number of bytes of the text.
    most: usize,
    is_open: bool,
}

impl ItemPage {
    fn text(&self) -> text::Text<'_> {
        let explained = self.item.explained.as_ref().filter(|_| !self.is_blind);
        text::text(&self.item.comment, explained, self.most)
    }

    fn short<'a>(&self, comment: &'a CommentView) -> text::Text<'a> {
        text::text(comment, None, SHORT)
    }

    fn link(&self) -> Option<&str> {
        text::link(self.item.comment.link.as_ref())
    }

    /// Returns true if the user has claimed the item.
    fn is_mine(&self) -> bool {
        let me = self.page.user.as_ref().map(|user| user.id);
        self.item.claim.as_ref().is_some_and(|claim| Some(claim.user) == me)
    }

    /// Returns the name of the other person who has claimed it.
    fn other(&self) -> Option<&str> {
        self.item.claim.as_ref().filter(|_| !self.is_mine()).map(|claim| claim.name.as_str())
    }

    /// Returns true if the user may decide about it.
    fn may_decide(&self) -> bool {
        let role = self.item.queue.map_or(Role::Moderator, least_role);
        self.is_open && self.page.must(role).is_ok()
    }

    /// Returns true if it waits for somebody with more rights.
    fn is_above(&self) -> bool {
        self.is_open && self.page.decides() && !self.may_decide()
    }

    /// Returns true if a second opinion can be asked for.
    fn may_ask(&self) -> bool {
        matches!(self.item.queue, Some(Queue::Review | Queue::Deferred))
    }

    /// Returns true if an appeal can be recorded.
    fn may_appeal(&self) -> bool {
        self.page.decides() && self.item.comment.state == Some(ItemState::Decided)
    }

    /// Returns true if a person can flag it.
    fn may_flag(&self) -> bool {
        self.page.decides() && !self.is_open && !self.may_appeal()
    }

    /// Returns the labels with their scores, the highest first.
    fn labels(&self) -> Vec<(Label, f64)> {
        let scores = self.item.comment.scores.as_ref();
        let score = |label: Label| Some((label, scores?.get(label)?));
        let mut labels: Vec<_> = Label::ALL.into_iter().filter_map(score).collect();
        // Classes of sentiment come after the labels of toxicity.
        labels.sort_by(|one, other| {
            let group = |label: Label| Label::SENTIMENT.contains(&label);
            group(one.0).cmp(&group(other.0)).then(other.1.total_cmp(&one.1))
        });
        labels
    }

    /// Returns the rules of the policy, each with the comment's score.
    fn rules(&self) -> Vec<Measured<'_>> {
        let comment = as_comment(&self.item.comment);
        let language = self.item.comment.language.as_deref();
        let flag = self.item.flag.as_ref().map(|flag| flag.rule.as_str());
        let measured = |rule| {
            let threshold = Rule::threshold_for(rule, &comment, language);
            let score = self.item.comment.scores.as_ref().and_then(|scores| scores.get(rule.label));
            let score = score.map(|score| (score, score - threshold));
            Measured { rule, threshold, score, is_flag: flag == Some(rule.name.as_str()) }
        };
        self.policy.rules.iter().map(measured).collect()
    }

    /// Returns the rule of the flag as the policy has it now.
    fn flag_rule(&self) -> Option<&Rule> {
        let flag = self.item.flag.as_ref()?;
        self.policy.rules.iter().find(|rule| rule.name == flag.rule)
    }

    /// Returns the item's position among the shown comments of its thread, from 1.
    fn place(&self) -> u64 {
        let comments = &self.item.thread.comments;
        comments.iter().position(|comment| self.is_self(comment)).map_or(0, |place| place as u64 + 1)
    }

    fn is_self(&self, comment: &CommentView) -> bool {
        comment.id == self.item.comment.id
    }
}

/// Returns what a rule looks at for its threshold.
fn as_comment(view: &CommentView) -> Comment {
    let origin = Origin { file: "".into(), record: 0, line: 0 };
    let mut comment = Comment::new(view.external_id.clone(), view.thread.name.clone(), "", origin);
    comment.section = view.section.clone();
    comment
}

/// The query of an item's page.
#[derive(Deserialize)]
pub(crate) struct Extent {
    /// Asks for the whole text.
    whole: Option<String>,
}

/// `GET /review/item/{id}`
pub(crate) async fn show(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    RawQuery(query): RawQuery,
    Fields(extent): Fields<Extent>,
) -> Result<Response, Fault> {
    let me = page.me()?.id;
    let item = app.store.item(id, AROUND).await?.ok_or(Fault::Missing)?;
    let filter = Query::parse(query.as_deref().unwrap_or_default())?.filter()?;
    if let Some(author) = &item.author {
        let subject = format!("author:{}", author.author.id);
        app.store.audit(Some(me), "author.view", &subject, &format!("item:{id}")).await?;
    }
    let is_open = item.comment.state == Some(ItemState::Open);
    Ok(html(&ItemPage {
        policy: app.store.published_policy().await?.policy,
        filter: Shown::new(&filter),
        is_blind: is_open && item.queue == Some(Queue::Sample),
        most: if extent.whole.is_some() { usize::MAX } else { LONG },
        is_open,
        item,
        page: page.at("queue"),
    }))
}

/// Returns the address of an item's page within a filter.
fn address(id: i64, posted: &Posted, outcome: &str) -> Result<String, Fault> {
    let filter = Query::parse(posted.text("q"))?.filter()?;
    Ok(format!("/review/item/{id}?{}{outcome}", filter::query(&filter)))
}

/// `POST /review/item/{id}/claim`: also sent by an open page, to extend its claim.
pub(crate) async fn claim(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.must(Role::Moderator)?;
    let outcome = app.store.claim(id, user.id, LEASE).await?;
    if posted.has("live") {
        let is_mine = matches!(outcome, ClaimOutcome::Claimed(_));
        return Ok(if is_mine { StatusCode::NO_CONTENT } else { StatusCode::CONFLICT }.into_response());
    }
    Ok(go(&address(
        id,
        &posted,
        match outcome {
            ClaimOutcome::Claimed(_) => "&done=claimed",
            ClaimOutcome::ClaimedBy(_) => "&not=claimed-by",
            ClaimOutcome::NotOpen => "&not=not-open",
        },
    )?))
}

/// `POST /review/item/{id}/release`
pub(crate) async fn release(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.must(Role::Moderator)?;
    app.store.release(id, user.id).await?;
    let filter = Query::parse(posted.text("q"))?.filter()?;
    Ok(go(&format!("/review/queue?{}&done=released", filter::query(&filter))))
}

/// `POST /review/item/{id}/decide`
pub(crate) async fn decide(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    page.must(Role::Moderator)?;
    let verdict: Verdict = posted.value("verdict")?;
    let is_final = matches!(verdict, Verdict::Approve | Verdict::Reject);
    if is_final && !posted.has("shown") {
        return Ok(go(&address(id, &posted, "&not=blurred")?));
    }
    let item = app.store.item(id, 0).await?.ok_or(Fault::Missing)?;
    // Asked again here: the item may have been escalated since.
    let role = item.queue.map_or(Role::Moderator, least_role);
    let Ok(user) = page.must(role) else { return Ok(go(&address(id, &posted, "&not=rights")?)) };
    let filter = Query::parse(posted.text("q"))?.filter()?;
    let rule = posted.text("rule");
    let input = DecisionInput {
        item: id,
        user: user.id,
        verdict,
        rule: Some(rule.to_owned()).filter(|rule| !rule.is_empty()),
        reason: posted.text("reason").to_owned(),
        note: posted.text("note").to_owned(),
        seen_revision: posted.value("revision")?,
        second_opinion: is_final && posted.has("second"),
    };
    let failed = |outcome: &str| Ok(go(&address(id, &posted, outcome)?));
    match app.store.decide(&input).await? {
        DecideOutcome::Done { decision, moved_to } => {
            let done = match moved_to {
                Some(Queue::SecondOpinion) => "second",
                _ => verdict.as_str(),
            };
            next_item(&app, user.id, &filter, &format!("&done={done}&undo={decision}")).await
        }
        DecideOutcome::AlreadyDecided(_) => failed("&not=decided"),
        DecideOutcome::ClaimedBy(_) => failed("&not=claimed-by"),
        DecideOutcome::Changed => failed("&not=changed"),
        DecideOutcome::OwnDecision => failed("&not=own"),
    }
}

/// `POST /review/undo`
pub(crate) async fn undo(State(app): State<Shared>, page: Page, posted: Posted) -> Result<Response, Fault> {
    let user = page.must(Role::Moderator)?;
    let decision = posted.value("decision")?;
    let found = app.store.decision(decision).await?.ok_or(Fault::Missing)?;
    if found.user != user.id && !page.leads() {
        return Err(Fault::Forbidden);
    }
    let outcome = app.store.undo(decision, user.id).await?;
    let word = if outcome.undone > 0 { "done=undone" } else { "not=kept" };
    Ok(go(&format!("/review/item/{}?{word}", found.item)))
}

/// `POST /review/item/{id}/appeal`
pub(crate) async fn appeal(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.must(Role::Moderator)?;
    let input = AppealInput { item: id, user: user.id, reason: posted.text("reason").to_owned() };
    let is_done = app.store.appeal(&input).await?;
    Ok(go(&address(id, &posted, if is_done { "&done=appealed" } else { "&not=no-appeal" })?))
}

/// `POST /review/item/{id}/flag`
pub(crate) async fn flag(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.must(Role::Moderator)?;
    let is_done = app.store.flag(id, Queue::Review, user.id).await?;
    Ok(go(&address(id, &posted, if is_done { "&done=flagged" } else { "&not=none" })?))
}

#[derive(Template)]
#[template(path = "mine.html")]
struct MinePage {
    page: Page,
    decisions: Vec<DecisionView>,
}

/// `GET /review/mine`: the last decisions of the user.
pub(crate) async fn mine(State(app): State<Shared>, page: Page) -> Result<Response, Fault> {
    let decisions = app.store.last_decisions(page.me()?.id, 100).await?;
    Ok(html(&MinePage { page: page.at("mine"), decisions }))
}

/// The place in a list.
#[derive(Deserialize)]
pub(crate) struct Place {
    #[serde(default)]
    from: u64,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "thread.html")]
struct WholeThread {
    page: Page,
    thread: ThreadRef,
    part: ThreadPage,
    earlier: Option<u64>,
    later: Option<u64>,
}

impl WholeThread {
    fn short<'a>(&self, comment: &'a CommentView) -> text::Text<'a> {
        text::text(comment, None, SHORT)
    }
}

/// `GET /review/thread/{id}`
pub(crate) async fn thread(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    Fields(place): Fields<Place>,
) -> Result<Response, Fault> {
    let (thread, part) = app.store.thread(id, place.from, MANY).await?.ok_or(Fault::Missing)?;
    let end = part.before + part.comments.len() as u64;
    Ok(html(&WholeThread {
        page: page.at("queue"),
        earlier: (part.before > 0).then(|| part.before.saturating_sub(u64::from(MANY))),
        later: (end < part.total).then_some(end),
        thread,
        part,
    }))
}

#[derive(Template)]
#[template(path = "author.html")]
struct AuthorPage {
    page: Page,
    author: AuthorHistory,
    comments: Vec<CommentView>,
    next: Option<i64>,
}

impl AuthorPage {
    fn short<'a>(&self, comment: &'a CommentView) -> text::Text<'a> {
        text::text(comment, None, SHORT)
    }
}

/// `GET /review/author/{id}`
pub(crate) async fn author(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
    Fields(place): Fields<Place>,
) -> Result<Response, Fault> {
    let author = app.store.author(id).await?.ok_or(Fault::Missing)?;
    app.store.audit(Some(page.me()?.id), "author.view", &format!("author:{id}"), "").await?;
    let comments = app.store.author_comments(id, place.before, MANY).await?;
    let next = comments.last().filter(|_| comments.len() == MANY as usize).map(|last| last.id);
    Ok(html(&AuthorPage { page: page.at("queue"), author, comments, next }))
}
