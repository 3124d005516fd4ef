//! Writes answers, in each of the forms.

use std::io::Write as _;
use std::sync::Arc;

use comity_core::policy::{self, Policy};
use comity_core::record::Explanation;
use serde_json::{Map, Value, json};

use super::arrow::Table;
use super::{Answer, Fault, Form};
use crate::refusal::Refusal;

/// Writes answers, batch by batch.
pub(super) struct Writer {
    form: Form,
    policy: Arc<Policy>,
    /// The name of the number of a record: `line` of a stream of lines, else `record`.
    number: &'static str,
    /// Something was written since the beginning of the list.
    has_begun: bool,
    table: Option<Table>,
}

impl Writer {
    /// Creates a writer of answers in `form` to a request in the form `asked`.
    ///
    /// # Errors
    /// [`Fault`] if the answers are to be explained in a form that has no room for that.
    pub(super) fn new(form: Form, asked: Form, policy: Arc<Policy>, explain: bool) -> Result<Self, Fault> {
        if explain && form == Form::Arrow {
            let message = "explanations are not written as Arrow; accept application/x-ndjson";
            return Err(Fault::bad("bad_option", message));
        }
        let number = if asked == Form::Ndjson { "line" } else { "record" };
        Ok(Self {
            form,
            policy,
            number,
            has_begun: false,
            table: (form == Form::Arrow).then(|| Table::new(number)).transpose()?,
        })
    }

    /// Returns the form of the answers.
    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// Returns the policy that decides.
    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns the bytes before the first answer.
    pub(super) fn begin(&mut self) -> Result<Vec<u8>, Refusal> {
        match self.form {
            Form::Json => Ok(b"[".to_vec()),
            Form::Ndjson => Ok(Vec::new()),
            Form::Arrow => self.arrow(|table, _| table.begin()),
        }
    }

    /// Returns a batch of answers as bytes.
    pub(super) fn write(&mut self, answers: &[Answer]) -> Result<Vec<u8>, Refusal> {
        if self.form == Form::Arrow {
            return self.arrow(|table, policy| table.write(answers, policy));
        }
        let mut bytes = Vec::new();
        for answer in answers {
            let before: &[u8] = match self.form {
                Form::Json if self.has_begun => b",\n",
                _ => b"",
            };
            bytes.extend_from_slice(before);
            // Writing to memory does not fail.
            let _ = write!(bytes, "{}", self.value(answer));
            if self.form == Form::Ndjson {
                bytes.push(b'\n');
            }
            self.has_begun = true;
        }
        Ok(bytes)
    }

    /// Returns the bytes after the last answer.
    pub(super) fn end(&mut self) -> Result<Vec<u8>, Refusal> {
        match self.form {
            Form::Json => Ok(b"]\n".to_vec()),
            Form::Ndjson => Ok(Vec::new()),
            Form::Arrow => self.arrow(|table, _| table.end()),
        }
    }

    /// Returns the bytes that end a stream with a fault; `None` if the form has no such end, and
    /// the connection must break.
    pub(super) fn fail(&self, fault: &Fault) -> Option<Vec<u8>> {
        (self.form == Form::Ndjson).then(|| format!("{}\n", fault.value()).into_bytes())
    }

    fn value(&self, answer: &Answer) -> Value {
        let mut value = Map::new();
        match answer {
            Answer::Reject(number, cause) => {
                value.insert(self.number.to_owned(), json!(number));
                value.insert("reject".to_owned(), json!(cause));
            }
            Answer::Scored(scored, explanation) => {
                value.insert(self.number.to_owned(), json!(scored.comment.origin.record));
                let values = policy::answer(scored, &self.policy);
                value.extend(values.map(|(name, value)| (name.to_owned(), json!(value))));
                if let Some(explanation) = explanation {
                    value.insert("explanation".to_owned(), explained(explanation));
                }
            }
        }
        Value::Object(value)
    }

    fn arrow(
        &mut self,
        write: impl FnOnce(&mut Table, &Policy) -> Result<Vec<u8>, Refusal>,
    ) -> Result<Vec<u8>, Refusal> {
        self.table.as_mut().map_or(Err(Refusal::Internal), |table| write(table, &self.policy))
    }
}

/// Returns an explanation without what the answer has already.
fn explained(explanation: &Explanation) -> Value {
    let mut value = json!(explanation);
    if let Some(object) = value.as_object_mut() {
        object.retain(|key, _| key != "thread" && key != "id");
    }
    value
}
