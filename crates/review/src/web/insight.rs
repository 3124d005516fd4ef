//! Figures about the queues, the rules and the moderators, as charts and as tables to download.

use askama::Template;
use axum::extract::{Path, Query as Fields, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use comity_core::cell;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::answer::html;
use super::chart::{Days, Precision, precisions};
use super::filter::escape;
use super::{Fault, Page, Shared};
use crate::store::{Insight, Range, Role, Share, SourceId};

/// The query of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    from: String,
    before: String,
    source: String,
    /// The target precision of suggested thresholds, in percent.
    target: String,
}

impl Asked {
    fn range(&self) -> Result<Range, Fault> {
        let day = |field: &str| -> Result<Option<Timestamp>, Fault> {
            if field.is_empty() {
                return Ok(None);
            }
            let date: Date = field.parse().map_err(|_| Fault::Wrong("error.filter"))?;
            let start = date.to_zoned(TimeZone::UTC).map_err(|_| Fault::Wrong("error.filter"))?;
            Ok(Some(start.timestamp()))
        };
        let source = match self.source.as_str() {
            "" => None,
            source => Some(source.parse().map_err(|_| Fault::Wrong("error.filter"))?),
        };
        Ok(Range { from: day(&self.from)?, before: day(&self.before)?, source })
    }

    fn target(&self) -> Result<f64, Fault> {
        if self.target.is_empty() {
            return Ok(0.9);
        }
        let percent: f64 = self.target.parse().map_err(|_| Fault::Wrong("error.filter"))?;
        let is_share = (0.0..=100.0).contains(&percent);
        is_share.then_some(percent / 100.0).ok_or(Fault::Wrong("error.filter"))
    }

    fn query(&self) -> String {
        let Self { from, before, source, target } = self;
        let fields = [("from", from), ("before", before), ("source", source), ("target", target)];
        let fields = fields.map(|(name, value)| format!("{name}={}", escape(value)));
        fields.join("&")
    }

    fn is_source(&self, source: &SourceId) -> bool {
        self.source == source.to_string()
    }
}

#[derive(Template)]
#[template(path = "insight.html")]
struct InsightPage {
    page: Page,
    asked: Asked,
    target: f64,
    sources: Vec<(SourceId, String)>,
    figures: Insight,
    days: Days,
    precisions: Vec<Precision>,
    height: String,
}

impl InsightPage {
    fn interval(&self, share: &Share) -> String {
        match (share.value(), share.interval()) {
            (Some(value), Some((low, high))) => self.page.w.interval(value, low, high),
            _ => "–".to_owned(),
        }
    }

    fn counts(&self, share: &Share) -> String {
        self.page.w.with2("insight.of", self.page.w.number(share.hits), self.page.w.number(share.trials))
    }

    fn kappa(&self, kappa: &Option<(f64, f64, f64)>) -> String {
        let w = self.page.w;
        kappa.map_or("–".to_owned(), |(value, low, high)| {
            format!("{} ({}–{})", w.decimal(value, 2), w.decimal(low, 2), w.decimal(high, 2))
        })
    }
}

/// `GET /review/insight`
pub(crate) async fn show(
    State(app): State<Shared>,
    page: Page,
    Fields(asked): Fields<Asked>,
) -> Result<Response, Fault> {
    let target = asked.target()?;
    let figures = app.store.insight(&asked.range()?, target).await?;
    let (precisions, height) = precisions(&figures.rules);
    Ok(html(&InsightPage {
        sources: app.store.sources().await?,
        days: Days::new(&figures.days, page.w),
        precisions,
        height,
        page: page.at("insight"),
        asked,
        target,
        figures,
    }))
}

/// A row of a table.
type Row = Vec<String>;

fn number(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.6}")).unwrap_or_default()
}

/// Returns the cells of a share: hits, trials, share, and the ends of the interval.
fn share(share: &Share) -> [String; 5] {
    let ends = share.interval();
    [
        share.hits.to_string(),
        share.trials.to_string(),
        number(share.value()),
        number(ends.map(|ends| ends.0)),
        number(ends.map(|ends| ends.1)),
    ]
}

fn text(text: &str) -> String {
    cell::guard(text).into_owned()
}

/// Returns the rows of a table with its head; `None` if there is no such table.
fn rows(table: &str, figures: &Insight) -> Option<Vec<Row>> {
    let head = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Row>();
    let mut out = Vec::new();
    match table {
        "days" => {
            out.push(head(&["day", "approved", "rejected", "deferred", "escalated"]));
            out.extend(figures.days.iter().map(|day| {
                let counts = [day.approved, day.rejected, day.deferred, day.escalated];
                let counts = counts.map(|count| count.to_string());
                [day.day.to_string()].into_iter().chain(counts).collect()
            }));
        }
        "rules" => {
            out.push(head(&[
                "rule",
                "rejected",
                "decided",
                "precision",
                "low",
                "high",
                "expected_precision",
            ]));
            out.extend(figures.rules.iter().map(|rule| {
                let mut row = vec![text(&rule.rule)];
                row.extend(share(&rule.precision));
                row.push(number(rule.expected));
                row
            }));
        }
        "agreement" => {
            out.push(head(&[
                "first",
                "second",
                "agreed",
                "both",
                "agreement",
                "low",
                "high",
                "kappa",
                "kappa_low",
                "kappa_high",
            ]));
            out.extend(figures.agreement.iter().map(|pair| {
                let mut row = vec![text(&pair.names.0), text(&pair.names.1)];
                row.extend(share(&pair.agreed));
                row.extend([
                    number(pair.kappa.map(|kappa| kappa.0)),
                    number(pair.kappa.map(|kappa| kappa.1)),
                    number(pair.kappa.map(|kappa| kappa.2)),
                ]);
                row
            }));
        }
        "appeals" => {
            out.push(head(&["rule", "open", "overturned", "decided", "rate", "low", "high"]));
            out.extend(figures.appeals.iter().map(|rule| {
                let mut row = vec![text(&rule.rule), rule.open.to_string()];
                row.extend(share(&rule.overturned));
                row
            }));
        }
        "queues" => {
            out.push(head(&["queue", "open", "oldest"]));
            out.extend(figures.queues.iter().map(|queue| {
                let oldest = queue.oldest.map(|time| time.to_string()).unwrap_or_default();
                vec![queue.queue.to_string(), queue.open.to_string(), oldest]
            }));
        }
        "moderators" => {
            out.push(head(&[
                "name",
                "decisions",
                "in_bulk",
                "undone",
                "overturned",
                "appeals",
                "rate",
                "low",
                "high",
            ]));
            out.extend(figures.moderators.iter().map(|load| {
                let counts = [load.decisions, load.in_bulk, load.undone].map(|count| count.to_string());
                let mut row = vec![text(&load.name)];
                row.extend(counts);
                row.extend(share(&load.overturned));
                row
            }));
        }
        "thresholds" => {
            out.push(head(&[
                "rule",
                "label",
                "threshold",
                "suggested",
                "rejected",
                "decided",
                "precision",
                "low",
                "high",
            ]));
            out.extend(figures.suggestions.iter().map(|rule| {
                let mut row = vec![text(&rule.rule), rule.label.to_string(), number(Some(rule.current))];
                row.push(number(rule.suggested));
                row.extend(share(&rule.precision));
                row
            }));
        }
        _ => return None,
    }
    Some(out)
}

/// `GET /review/insight/{table}`: a table as CSV.
pub(crate) async fn table(
    State(app): State<Shared>,
    page: Page,
    Path(name): Path<String>,
    Fields(asked): Fields<Asked>,
) -> Result<Response, Fault> {
    page.must(Role::ReadOnly)?;
    let table = name.strip_suffix(".csv").ok_or(Fault::Missing)?;
    let figures = app.store.insight(&asked.range()?, asked.target()?).await?;
    let rows = rows(table, &figures).ok_or(Fault::Missing)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("writing to memory, rows of equal lengths");
    }
    let bytes = writer.into_inner().expect("writing to memory");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{table}.csv\"")),
    ];
    Ok((headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_columns() {
        let figures = Insight::default();
        for table in ["days", "rules", "agreement", "appeals", "queues", "moderators", "thresholds"] {
            assert!(rows(table, &figures).is_some_and(|rows| rows.len() == 1), "{table}");
        }
        assert!(rows("other", &figures).is_none());
    }

    #[test]
    fn a_target_is_a_share() {
        let asked = |target: &str| Asked { target: target.to_owned(), ..Asked::default() };
        assert_eq!(asked("").target().ok(), Some(0.9));
        assert_eq!(asked("75").target().ok(), Some(0.75));
        assert!(asked("101").target().is_err());
    }
}
