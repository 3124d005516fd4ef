//! The way of a call through the server, on its own or as a part of a batch.

use axum::body::Bytes;
use axum::http::{Method, Uri};
use comity_core::comment::Comment;
use comity_core::record::Scored;
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
    /// The client has a key, or needs none.
    pub(super) is_allowed: bool,
}

/// A call whose request is understood.
enum Task {
    Analyze(analyze::Plan),
    Suggest(suggest::Plan),
}

impl Task {
    /// Reads the request of a call.
    fn read(call: &Call, app: &Shared) -> Result<Self, Failure> {
        let method = call.uri.path().trim_start_matches("/v1alpha1/");
        let is_analyze = match method {
            "comments:analyze" | "comments%3Aanalyze" | "comments%3aanalyze" => true,
            "comments:suggestscore" | "comments%3Asuggestscore" | "comments%3asuggestscore" => false,
            _ => return Err(Refusal::NotFound.into()),
        };
        if !call.is_allowed {
            return Err(Refusal::Unauthorized.into());
        }
        if call.method != Method::POST {
            return Err(Refusal::MethodNotAllowed.into());
        }
        let value = payload::parse(&call.body)?;
        match is_analyze {
            true => analyze::Plan::new(AnalyzeRequest::read(&value)?, &app.scoring).map(Self::Analyze),
            false => Ok(Self::Suggest(suggest::Plan::new(SuggestRequest::read(&value)?))),
        }
    }

    /// Returns the texts to score, and their languages.
    fn texts(&self) -> (Vec<Comment>, Languages) {
        match self {
            Self::Analyze(plan) => (plan.comments(), plan.languages.clone()),
            Self::Suggest(plan) => (plan.comments(), Languages::Detect),
        }
    }

    /// Writes the answer from the scored texts.
    fn answer(&self, scored: &[Scored], app: &Shared) -> Result<Value, Failure> {
        match self {
            Self::Analyze(plan) => plan.answer(scored),
            Self::Suggest(plan) => plan.answer(scored, app.suggestions.as_deref()),
        }
    }
}

/// Texts of one language, to be scored together.
struct Group {
    languages: Languages,
    comments: Vec<Comment>,
    /// The calls that the texts are of, and the number of texts of each.
    calls: Vec<(usize, usize)>,
}

/// Answers calls, in their order. Their texts are scored together.
pub(super) async fn answer(calls: Vec<Call>, app: &Shared, priority: Priority) -> Vec<Answer> {
    let mut answers: Vec<Option<Result<Value, Failure>>> = Vec::with_capacity(calls.len());
    let mut forms = Vec::with_capacity(calls.len());
    let mut tasks = Vec::with_capacity(calls.len());
    for call in &calls {
        let (form, checked) = Form::read(&call.uri);
        forms.push(form);
        match checked.and_then(|()| Task::read(call, app)) {
            Ok(task) => {
                tasks.push(Some(task));
                answers.push(None);
            }
            Err(failure) => {
                tasks.push(None);
                answers.push(Some(Err(failure)));
            }
        }
    }
    for group in groups(&tasks, app.limits.texts) {
        let scored = app.scoring.score(group.comments, &group.languages, priority).await;
        let mut start = 0;
        for (call, texts) in group.calls {
            let range = start..start + texts;
            start = range.end;
            let task = tasks[call].as_ref().map(|task| match &scored {
                Ok(scored) => task.answer(scored.get(range).unwrap_or_default(), app),
                Err(refusal) => Err(refusal.clone().into()),
            });
            answers[call] = task;
        }
    }
    let internal = || Err(Refusal::Internal.into());
    forms.iter().zip(answers).map(|(form, answer)| form.write(answer.unwrap_or_else(internal))).collect()
}

/// Groups the texts of all tasks by their languages, at most `most` together unless one call has
/// more.
fn groups(tasks: &[Option<Task>], most: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (call, task) in tasks.iter().enumerate() {
        let Some(task) = task else { continue };
        let (comments, languages) = task.texts();
        let texts = comments.len();
        let fits = |group: &&mut Group| group.languages == languages && group.comments.len() + texts <= most;
        match groups.iter_mut().find(fits) {
            Some(group) => {
                group.comments.extend(comments);
                group.calls.push((call, texts));
            }
            None => groups.push(Group { languages, comments, calls: vec![(call, texts)] }),
        }
    }
    groups
}
