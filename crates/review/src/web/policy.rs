//! The policy studio: what another policy would do to the stored scores, the shadow policy, and the
//! versions.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use comity_core::policy::Policy;

use super::answer::{go, html};
use super::{Fault, Page, Posted, Shared};
use crate::store::{PolicyState, PolicyVersion, Role, ShadowReport, WhatIf, WhatIfRule};

#[derive(Template)]
#[template(path = "policy.html")]
struct StudioPage {
    page: Page,
    published: PolicyVersion,
    versions: Vec<PolicyVersion>,
    /// The policy of the form.
    draft: Policy,
    toml: String,
    is_draft: bool,
    /// Why the text of the form is no policy.
    fault: Option<String>,
    now: WhatIf,
    then: WhatIf,
    shadow: Option<ShadowReport>,
}

impl StudioPage {
    /// Returns the figures of a rule under the published policy.
    fn before<'a>(&'a self, rule: &WhatIfRule) -> Option<&'a WhatIfRule> {
        self.now.rules.iter().find(|known| known.rule == rule.rule)
    }

    fn is_published(&self, version: &PolicyVersion) -> bool {
        version.state == PolicyState::Published
    }
}

async fn studio(
    app: &Shared,
    page: Page,
    draft: Option<(String, Result<Policy, String>)>,
) -> Result<Response, Fault> {
    let published = app.store.published_policy().await?;
    let now = app.store.what_if(&published.policy).await?;
    let is_draft = draft.is_some();
    let (toml, policy, fault) = match draft {
        Some((toml, Ok(policy))) => (toml, policy, None),
        Some((toml, Err(fault))) => (toml, published.policy.clone(), Some(fault)),
        None => (published.toml.clone(), published.policy.clone(), None),
    };
    let then = if is_draft && fault.is_none() { app.store.what_if(&policy).await? } else { now.clone() };
    Ok(html(&StudioPage {
        page: page.at("policy"),
        versions: app.store.policies().await?,
        shadow: app.store.shadow_report().await?,
        published,
        draft: policy,
        toml,
        is_draft,
        fault,
        now,
        then,
    }))
}

/// `GET /review/policy`
pub(crate) async fn show(State(app): State<Shared>, page: Page) -> Result<Response, Fault> {
    studio(&app, page, None).await
}

/// Returns the policy of a form: its text, with the thresholds of its fields.
fn posted_policy(posted: &Posted) -> (String, Result<Policy, String>) {
    let toml = posted.raw("toml").replace("\r\n", "\n");
    let policy = match Policy::parse(&toml) {
        Ok(policy) => policy,
        Err(error) => return (toml, Err(error.to_string())),
    };
    let mut thresholds = Vec::with_capacity(policy.rules.len());
    for (index, rule) in policy.rules.iter().enumerate() {
        let field = posted.text(&format!("threshold{index}")).replace(',', ".");
        let wanted = if field.is_empty() { Ok(rule.threshold) } else { field.parse::<f64>() };
        match wanted {
            Ok(threshold) if (0.0..=1.0).contains(&threshold) => thresholds.push(threshold),
            _ => return (toml, Err(format!("`{}`: {field}", rule.name))),
        }
    }
    let toml = with_thresholds(&toml, &policy, &thresholds);
    let policy = Policy::parse(&toml).map_err(|error| error.to_string());
    (toml, policy)
}

/// Returns the text of a policy with these thresholds for its rules. Comments and order stay.
fn with_thresholds(toml: &str, policy: &Policy, thresholds: &[f64]) -> String {
    let mut rule = None;
    let mut is_own = false;
    let mut out = String::with_capacity(toml.len());
    for line in toml.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            is_own = trimmed.starts_with("[[rule]]");
            if is_own {
                rule = Some(rule.map_or(0, |rule: usize| rule + 1));
            }
        }
        let key = trimmed.split_once('=').map(|(key, _)| key.trim());
        let index = rule.filter(|_| is_own && key == Some("threshold"));
        let wanted = index.and_then(|index| {
            let (rule, wanted) = (policy.rules.get(index)?, *thresholds.get(index)?);
            (rule.threshold != wanted).then_some(wanted)
        });
        match wanted {
            Some(threshold) => {
                let comment = line.find('#').map_or("", |at| line[at..].trim_end());
                let space = if comment.is_empty() { "" } else { " " };
                out.push_str(&format!("threshold = {threshold:?}{space}{comment}\n"));
            }
            None => out.push_str(line),
        }
    }
    out
}

/// `POST /review/policy`: shows what a draft would do. Nothing is stored.
pub(crate) async fn draft(State(app): State<Shared>, page: Page, posted: Posted) -> Result<Response, Fault> {
    page.me()?;
    studio(&app, page, Some(posted_policy(&posted))).await
}

/// `POST /review/policy/publish`
pub(crate) async fn publish(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.must(Role::Lead)?.id;
    match posted_policy(&posted) {
        (toml, Ok(_)) => {
            let version = app.store.publish_policy(&toml, posted.text("note"), Some(user)).await?;
            app.store.audit(Some(user), "policy.publish", &format!("policy:{version}"), "").await?;
            Ok(go("/review/policy?done=published"))
        }
        draft => studio(&app, page, Some(draft)).await,
    }
}

/// `POST /review/policy/shadow`: begins or ends the comparison with a shadow policy.
pub(crate) async fn shadow(State(app): State<Shared>, page: Page, posted: Posted) -> Result<Response, Fault> {
    let user = page.must(Role::Lead)?.id;
    if posted.has("end") {
        app.store.shadow_policy(None, user).await?;
        return Ok(go("/review/policy?done=saved"));
    }
    match posted_policy(&posted) {
        (toml, Ok(_)) => {
            app.store.shadow_policy(Some(&toml), user).await?;
            app.store.audit(Some(user), "policy.shadow", "", "").await?;
            Ok(go("/review/policy?done=shadowed"))
        }
        draft => studio(&app, page, Some(draft)).await,
    }
}

/// `POST /review/policy/rollback`
pub(crate) async fn rollback(
    State(app): State<Shared>,
    page: Page,
    posted: Posted,
) -> Result<Response, Fault> {
    let user = page.must(Role::Lead)?.id;
    let version: i64 = posted.value("version")?;
    let new = app.store.rollback_policy(version, user).await?;
    app.store.audit(Some(user), "policy.rollback", &format!("policy:{new}"), &version.to_string()).await?;
    Ok(go("/review/policy?done=published"))
}

#[derive(Template)]
#[template(path = "version.html")]
struct VersionPage {
    page: Page,
    version: PolicyVersion,
}

/// `GET /review/policy/{id}`: the text of a version.
pub(crate) async fn version(
    State(app): State<Shared>,
    page: Page,
    Path(id): Path<i64>,
) -> Result<Response, Fault> {
    let versions = app.store.policies().await?;
    let version = versions.into_iter().find(|version| version.id == id).ok_or(Fault::Missing)?;
    Ok(html(&VersionPage { page: page.at("policy"), version }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_change_and_the_rest_stays() {
        let toml = "# head\nname = \"p\"\n[[rule]]\nname = 'a'\nlabel = 'threat'\nthreshold=0.5 # why\naction = 'review'\n\
                    [[rule.at]]\nsection = 's'\nthreshold = 0.5\n\n[[rule]]\nname = 'b'\nlabel = 'insult'\n\
                    threshold = 0.5\naction = 'reject'\n";
        let policy = Policy::parse(toml).unwrap();
        let changed = with_thresholds(toml, &policy, &[0.25, 0.5]);
        assert_eq!(changed, toml.replace("threshold=0.5 # why", "threshold = 0.25 # why"));
        let parsed = Policy::parse(&with_thresholds(toml, &policy, &[1.0, 0.0])).unwrap();
        assert_eq!((parsed.rules[0].threshold, parsed.rules[1].threshold), (1.0, 0.0));
        assert_eq!(parsed.rules[0].at[0].threshold, 0.5);
    }

    #[test]
    fn the_shipped_policy_can_be_changed() {
        let toml = include_str!("../../../../data/policies/default.toml");
        let policy = Policy::parse(toml).unwrap();
        let thresholds: Vec<f64> = policy.rules.iter().map(|rule| rule.threshold / 2.0).collect();
        let changed = Policy::parse(&with_thresholds(toml, &policy, &thresholds)).unwrap();
        let found: Vec<f64> = changed.rules.iter().map(|rule| rule.threshold).collect();
        assert_eq!(found, thresholds);
    }
}
