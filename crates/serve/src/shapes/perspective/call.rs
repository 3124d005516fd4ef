//! The way of a call through the server, on its own or as a part of a batch.

use axum::body::Bytes;
use axum::http::{Method, Uri};
use comity_core::comment::Comment;
use serde_json::Value;

use super::failure::Failure;
use super::query::{Answer, Form};
use super::requests::{AnalyzeRequest, SuggestRequest};
use super::{analyze, payload, suggest};
use crate::app::Shared;
use crate::refusal::Refusal;
use crate::scoring::{Languages, Priority};

/// A call of a method.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) body: Bytes,
    /// The cause, if the client may not make this call.
    pub(super) refused: Option<Refusal>,
}

/// A call whose request is understood.
enum Step {
    /// Its texts are to be scored.
    Score(Box<analyze::Plan>),
    /// Its answer is there.
    Answer(Value),
}

impl Step {
    /// Reads the request of a call.
    async fn read(call: &Call, app: &Shared) -> Result<Self, Failure> {
        let method = call.uri.path().trim_start_matches("/v1alpha1/");
        let is_analyze = match method {
            "comments:analyze" | "comments%3Aanalyze" => true,
            "comments:suggestscore" | "comments%3Asuggestscore" => false,
            _ => return Err(Refusal::NotFound.into()),
        };
        if let Some(refusal) = &call.refused {
            return Err(refusal.clone().into());
        }
        if call.method != Method::POST {
            return Err(Refusal::MethodNotAllowed.into());
        }
        let value = payload::parse(&call.body)?;
        match is_analyze {
            true => analyze::Plan::new(AnalyzeRequest::read(&value)?, &app.scoring)
                .map(|plan| Self::Score(Box::new(plan))),
            false => suggest::answer(SuggestRequest::read(&value)?, app).await.map(Self::Answer),
        }
    }
}

/// Texts of one language, to be scored together.
struct Group<'p> {
    languages: Languages,
    comments: Vec<Comment>,
    /// The plans that the texts are of, and the places of their calls.
    calls: Vec<(usize, &'p analyze::Plan)>,
}

/// Answers calls, in their order. Their texts are scored together.
pub(super) async fn answer(calls: Vec<Call>, app: &Shared, priority: Priority) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(calls.len());
    let mut forms = Vec::with_capacity(calls.len());
    let mut plans = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        let (form, checked) = Form::read(&call.uri);
        forms.push(form);
        let step = match checked {
            Ok(()) => Step::read(call, app).await,
            Err(failure) => Err(failure),
        };
        answers.push(match step {
            Ok(Step::Answer(value)) => Ok(value),
            Ok(Step::Score(plan)) => {
                plans.push((place, plan));
                Err(Refusal::Internal.into())
            }
            Err(failure) => Err(failure),
        });
        // A thousand calls take a while to read, in which the thread has others to serve.
        tokio::task::yield_now().await;
    }
    for group in groups(&plans, app.limits.texts) {
        let scored = app.scoring.score(group.comments, &group.languages, priority).await;
        let mut start = 0;
        for (place, plan) in group.calls {
            let range = start..start + plan.texts();
            start = range.end;
            let whole = scored.as_ref().ok().and_then(|scored| scored.get(range.start));
            if let Some(kept) = whole.and_then(|whole| plan.kept(whole)).filter(|_| app.has_console()) {
                // The answer does not wait for a database that fails; the cause is in the log.
                let _ = app.keep("perspective", &kept, &group.languages).await;
            }
            answers[place] = match &scored {
                Ok(scored) => plan.answer(scored.get(range).unwrap_or_default()),
                Err(refusal) => Err(refusal.clone().into()),
            };
        }
    }
    forms.iter().zip(answers).map(|(form, answer)| form.write(answer)).collect()
}

/// Groups the texts of all plans by their languages, at most `most` together unless one plan has
/// more.
fn groups(plans: &[(usize, Box<analyze::Plan>)], most: usize) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (place, plan) in plans {
        let fits = |group: &&mut Group<'_>| {
            group.languages == plan.languages && group.comments.len() + plan.texts() <= most
        };
        match groups.iter_mut().find(fits) {
            Some(group) => {
                group.comments.extend(plan.comments());
                group.calls.push((*place, plan));
            }
            None => {
                let (languages, comments) = (plan.languages.clone(), plan.comments().collect());
                groups.push(Group { languages, comments, calls: vec![(*place, plan)] });
            }
        }
    }
    groups
}
