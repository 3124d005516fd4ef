//! Blind samples: comments without a flag, judged without their scores, to estimate recall.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use comity_core::statistics::Recall;

use super::answer::{go, html};
use super::{Fault, Page, Posted, Shared};
use crate::store::{BlindSample, Insight, Queue, Range, RecallFigures, Role};

#[derive(Template)]
#[template(path = "sample.html")]
struct SamplePage {
    page: Page,
    samples: Vec<BlindSample>,
    recall: Vec<RecallFigures>,
    open: u64,
    plan: Option<(u32, u32)>,
}

impl SamplePage {
    fn recall_of(&self, sample: &BlindSample) -> String {
        let found = self.recall.iter().find(|figures| figures.sample == sample.id);
        match found.and_then(|figures| figures.estimate) {
            Some(Recall { recall, interval, .. }) => {
                self.page.w.interval(recall, interval.low, interval.high)
            }
            None => "–".to_owned(),
        }
    }

    fn broken_of(&self, sample: &BlindSample) -> String {
        let found = self.recall.iter().find(|figures| figures.sample == sample.id);
        found.map_or("–".to_owned(), |figures| self.page.w.number(figures.broken.hits))
    }
}

/// `GET /review/sample`
pub(crate) async fn show(State(app): State<Shared>, page: Page) -> Result<Response, Fault> {
    let sizes = app.store.queue_sizes().await?;
    let open = sizes.iter().find(|(queue, _)| *queue == Queue::Sample).map_or(0, |(_, size)| *size);
    let Insight { recall, .. } = app.store.insight(&Range::default(), 0.9).await?;
    Ok(html(&SamplePage {
        samples: app.store.samples().await?,
        plan: app.store.sample_schedule().await?,
        page: page.at("sample"),
        recall,
        open,
    }))
}

/// `POST /review/sample/draw`
pub(crate) async fn draw(State(app): State<Shared>, page: Page, posted: Posted) -> Result<Response, Fault> {
    let user = page.must(Role::Lead)?.id;
    let size: u32 = posted.value("size")?;
    if !(1..=5_000).contains(&size) {
        return Err(Fault::Wrong("error.form"));
    }
    let drawn = app.store.blind_sample(size, fastrand::u64(..), Some(user)).await?;
    let Some(sample) = drawn else { return Ok(go("/review/sample?not=no-sample")) };
    app.store.audit(Some(user), "sample.draw", &format!("sample:{}", sample.id), "").await?;
    Ok(go("/review/sample?done=drawn"))
}

/// `POST /review/sample/schedule`
pub(crate) async fn schedule(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.must(Role::Lead)?.id;
    let plan = match posted.has("end") {
        true => None,
        false => Some((posted.value("days")?, posted.value("size")?)),
    };
    if plan.is_some_and(|(days, size)| days == 0 || !(1..=5_000).contains(&size)) {
        return Err(Fault::Wrong("error.form"));
    }
    app.store.schedule_samples(plan, user).await?;
    Ok(go("/review/sample?done=saved"))
}
