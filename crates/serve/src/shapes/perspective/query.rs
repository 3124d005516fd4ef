//! The query parameters that all of Google's methods take, and the form of the answer that they
//! ask for.

use axum::extract::Query as Parameters;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::failure::Failure;
use super::fields::Mask;

/// The form of an answer.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// Without line breaks and indentation.
    is_compact: bool,
    /// With the older format of errors.
    is_old: bool,
    /// The function that the answer, a script, calls with its data.
    callback: Option<String>,
    /// The parts of the answer that are sent.
    mask: Mask,
}

impl Form {
    /// Reads the query of an address. Parameters without a meaning here, like `key`, `quotaUser` or
    /// `uploadType`, are ignored.
    ///
    /// # Errors
    /// [`Failure`] of a parameter that asks for something else than JSON, or is malformed. The form
    /// is the one in which to answer it.
    pub(super) fn read(uri: &Uri) -> (Self, Result<(), Failure>) {
        let mut form = Self::default();
        let parameters = Parameters::<Vec<(String, String)>>::try_from_uri(uri);
        let Ok(Parameters(parameters)) = parameters else {
            return (form, Err(Failure::invalid("Invalid query.", Vec::new())));
        };
        let mut failure = None;
        for (name, value) in parameters {
            // System parameters may be written with a `$`: `$alt`, `$.xgafv`.
            match name.trim_start_matches('$').trim_start_matches('.') {
                "prettyPrint" | "pp" => form.is_compact = matches!(value.as_str(), "false" | "0"),
                "xgafv" => form.is_old = value == "1",
                "alt" if !["", "json", "media"].contains(&value.to_ascii_lowercase().as_str()) => {
                    failure = Some("Unsupported Output Format.".to_owned());
                }
                "callback" if is_callback(&value) => form.callback = Some(value),
                "callback" if !value.is_empty() => {
                    failure = Some(format!("Invalid JSONP callback name: {value}"));
                }
                "fields" if !value.is_empty() => match Mask::parse(&value) {
                    Some(mask) => form.mask = mask,
                    None => failure = Some(format!("Invalid field selection {value}")),
                },
                _ => {}
            }
        }
        let checked = failure.map_or(Ok(()), |message| Err(Failure::invalid(message, Vec::new())));
        (form, checked)
    }

    /// Writes an answer in this form.
    pub(super) fn write(&self, result: Result<Value, Failure>) -> Answer {
        let (status, retry_after, value) = match result {
            Ok(mut value) => {
                self.mask.apply(&mut value);
                (StatusCode::OK, None, value)
            }
            Err(failure) => (failure.code, failure.retry_after, failure.body(self.is_old)),
        };
        let json = if self.is_compact { value.to_string() } else { format!("{value:#}\n") };
        let (content_type, body) = match &self.callback {
            None => ("application/json; charset=UTF-8", json),
            Some(callback) => {
                // `</script>` must not end the script that the answer is.
                let json = json.trim_end().replace('<', "\\u003c");
                ("text/javascript; charset=UTF-8", format!("// API callback\n{callback}({json});\n"))
            }
        };
        let retry_after = retry_after.map(|after| after.as_secs() + u64::from(after.subsec_nanos() > 0));
        Answer { status, content_type, retry_after, body }
    }
}

/// Returns true if a text can be the name of a function, like `jQuery12_3` or `a.b[0]`.
fn is_callback(text: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_$.[]".contains(c);
    !text.is_empty() && text.len() <= 128 && text.chars().all(is_of_name)
}

/// An answer, on its own or as a part of a batch.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    /// The seconds after which the client may try again.
    pub(super) retry_after: Option<u64>,
    pub(super) body: String,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, self.content_type),
            (CACHE_CONTROL, "private"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let mut response = (self.status, headers, self.body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
