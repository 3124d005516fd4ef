//! The media types of requests and answers.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::Fault;

/// The form of a request or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A JSON array.
    Json,
    /// A JSON value a line.
    Ndjson,
    /// A stream of Arrow IPC.
    Arrow,
}

const KNOWN: &str = if cfg!(feature = "arrow") {
    "application/json, application/x-ndjson, application/vnd.apache.arrow.stream"
} else {
    "application/json, application/x-ndjson"
};

impl Form {
    /// Returns the form that a media type names.
    fn named(essence: &str) -> Option<Self> {
        match essence {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Self::Ndjson),
            "application/vnd.apache.arrow.stream" => cfg!(feature = "arrow").then_some(Self::Arrow),
            _ => None,
        }
    }

    /// Returns the media type.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// Returns the header of an answer in this form.
    pub(super) fn header(self) -> [(HeaderName, &'static str); 1] {
        [(header::CONTENT_TYPE, self.media_type())]
    }

    /// Returns the form of a request, which must name it.
    pub(super) fn of_request(headers: &HeaderMap) -> Result<Self, Fault> {
        let named = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
        named.map(essence).and_then(|essence| Self::named(&essence)).ok_or_else(|| {
            let what = match named {
                Some(_) => "unknown Content-Type",
                None => "no Content-Type",
            };
            let message = format!("{what}; send one of {KNOWN}");
            Fault::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
        })
    }

    /// Returns the form of the answer: the one that `Accept` prefers (the first of several that it
    /// prefers alike), and that of the request if anything is accepted.
    pub(super) fn of_answer(headers: &HeaderMap, request: Self) -> Result<Self, Fault> {
        let accepted: Vec<&str> = headers
            .get_all(header::ACCEPT)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .filter(|range| !range.trim().is_empty())
            .collect();
        if accepted.is_empty() {
            return Ok(request);
        }
        let mut best: Option<(f32, Self)> = None;
        for range in accepted {
            let form = match essence(range).as_str() {
                "*/*" | "application/*" => Some(request),
                named => Self::named(named),
            };
            let quality = quality(range);
            if let Some(form) = form
                && quality > best.map_or(0.0, |(quality, _)| quality)
            {
                best = Some((quality, form));
            }
        }
        best.map(|(_, form)| form).ok_or_else(|| {
            let message = format!("Accept names no form that is known; known: {KNOWN}");
            Fault::of(StatusCode::NOT_ACCEPTABLE, "not_acceptable", message)
        })
    }
}

/// Returns a media type without its parameters, in lower case.
fn essence(value: &str) -> String {
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns the preference of a media range, from 0 to 1.
fn quality(range: &str) -> f32 {
    let parameters = range.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let quality = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    quality.last().and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_request_names_its_form() {
        for (value, form) in [
            ("application/json", Some(Form::Json)),
            ("Application/JSON; charset=utf-8", Some(Form::Json)),
            ("application/x-ndjson", Some(Form::Ndjson)),
            ("application/jsonl", Some(Form::Ndjson)),
            ("text/plain", None),
            ("application/x-www-form-urlencoded", None),
        ] {
            let found = Form::of_request(&headers(header::CONTENT_TYPE, &[value]));
            assert_eq!(found.as_ref().ok(), form.as_ref(), "{value}");
        }
        let missing = Form::of_request(&HeaderMap::new()).unwrap_err();
        assert!(missing.value()["error"]["message"].as_str().unwrap().starts_with("no Content-Type"));
    }

    #[test]
    fn accept_decides_the_form_of_the_answer() {
        for (values, form) in [
            (&[][..], Some(Form::Json)),
            (&["*/*"], Some(Form::Json)),
            (&["application/x-ndjson"], Some(Form::Ndjson)),
            (&["application/json;q=0.5, application/x-ndjson"], Some(Form::Ndjson)),
            (&["application/json;q=0.5", "application/x-ndjson;q=0.4"], Some(Form::Json)),
            (&["application/x-ndjson, application/json"], Some(Form::Ndjson)),
            (&["text/html, */*;q=0.1"], Some(Form::Json)),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
        ] {
            let found = Form::of_answer(&headers(header::ACCEPT, values), Form::Json);
            assert_eq!(found.ok(), form, "{values:?}");
        }
    }
}
