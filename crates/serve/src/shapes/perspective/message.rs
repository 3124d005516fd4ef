//! Reads JSON as Google's servers read it into messages of protocol buffers: keys in camelCase or
//! snake_case, enums by name or number, one value in place of a list of one, `null` as absent, and
//! all faults reported together, in Google's words.

use std::cell::RefCell;

use serde_json::{Map, Value, json};

use super::failure::Failure;

/// The prefix of the names of Perspective's types.
const TYPES: &str = "type.googleapis.com/google.commentanalyzer.v1alpha1.";
/// The number of faults that are reported. A body may have a hundred thousand unknown names.
const MOST_FAULTS: usize = 100;

/// The faults of a request, in the order of its fields.
#[derive(Debug, Default)]
pub(super) struct Faults(RefCell<Vec<Fault>>);

/// A fault of a request.
#[derive(Debug)]
struct Fault {
    /// The path of the field, or of the message that has it; empty for the request itself.
    field: String,
    description: String,
}

impl Faults {
    fn add(&self, field: &str, description: String) {
        let mut faults = self.0.borrow_mut();
        if faults.len() < MOST_FAULTS {
            faults.push(Fault { field: field.to_owned(), description });
        }
    }

    /// Adds a name that a message lacks, or that it cannot have in this way.
    fn add_name(&self, message: &str, name: &str, cause: &str) {
        let place = if message.is_empty() { String::new() } else { format!(" at '{message}'") };
        let name = json!(name);
        self.add(message, format!("Invalid JSON payload received. Unknown name {name}{place}: {cause}"));
    }

    /// Adds a value that a field of this kind cannot have.
    fn add_value(&self, field: &str, kind: &str, value: &Value) {
        self.add(field, format!("Invalid value at '{field}' ({kind}), {value}"));
    }

    /// Returns an error if there are faults.
    pub(super) fn check(self) -> Result<(), Failure> {
        let faults = self.0.into_inner();
        if faults.is_empty() {
            return Ok(());
        }
        let violations = faults.iter().map(|fault| {
            let mut violation = Map::new();
            if !fault.field.is_empty() {
                violation.insert("field".into(), json!(fault.field));
            }
            violation.insert("description".into(), json!(fault.description));
            Value::Object(violation)
        });
        let details = json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": violations.collect::<Vec<_>>(),
        });
        let lines: Vec<&str> = faults.iter().map(|fault| fault.description.as_str()).collect();
        Err(Failure::invalid(lines.join("\n"), vec![details]))
    }
}

/// A message: an object of a request.
pub(super) struct Message<'v> {
    path: String,
    /// The fields that are present, by their names in snake_case.
    fields: Vec<(&'static str, &'v Value)>,
    faults: &'v Faults,
}

impl<'v> Message<'v> {
    /// Reads the whole request as a message with these fields.
    pub(super) fn root(value: &'v Value, known: &[&'static str], faults: &'v Faults) -> Self {
        let mut message = Self { path: String::new(), fields: Vec::new(), faults };
        match value {
            Value::Object(object) => message.fill(object, known),
            _ => faults.add_name("", "", "Root element must be a message."),
        }
        message
    }

    /// Reads a value at a path as a message; `None` if it is none.
    fn at(
        value: &'v Value,
        path: String,
        kind: &str,
        known: &[&'static str],
        faults: &'v Faults,
    ) -> Option<Self> {
        let Value::Object(object) = value else {
            faults.add_value(&path, &format!("{TYPES}{kind}"), value);
            return None;
        };
        let mut message = Self { path, fields: Vec::new(), faults };
        message.fill(object, known);
        Some(message)
    }

    fn fill(&mut self, object: &'v Map<String, Value>, known: &[&'static str]) {
        for (key, value) in object {
            let field = known.iter().find(|name| key == *name || *key == camel_case(name));
            match field {
                None => self.faults.add_name(&self.path, key, "Cannot find field."),
                Some(_) if value.is_null() => {}
                // The last of a name wins.
                Some(name) => {
                    self.fields.retain(|(known, _)| known != name);
                    self.fields.push((name, value));
                }
            }
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn get(&self, name: &str) -> Option<&'v Value> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value)
    }

    /// Returns the value of a field that takes one; `None` if it is absent or a list.
    fn single(&self, name: &str) -> Option<&'v Value> {
        let value = self.get(name)?;
        if value.is_array() {
            let cause = "Proto field is not repeating, cannot start list.";
            self.faults.add_name(&self.path, name, cause);
            return None;
        }
        Some(value)
    }

    fn scalar<T>(&self, name: &str, kind: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = self.single(name)?;
        if value.is_object() {
            let place = if self.path.is_empty() { String::new() } else { format!(" at '{}'", self.path) };
            let cause = "Starting an object on a scalar field";
            self.faults.add(&self.path_of(name), format!("Invalid value{place} ({name}), {cause}"));
            return None;
        }
        let read = read(value);
        if read.is_none() {
            self.faults.add_value(&self.path_of(name), kind, value);
        }
        read
    }

    /// Returns a string; `None` if it is absent.
    pub(super) fn string(&self, name: &str) -> Option<String> {
        self.scalar(name, "TYPE_STRING", |value| value.as_str().map(str::to_owned))
    }

    /// Returns a flag; false if it is absent.
    pub(super) fn flag(&self, name: &str) -> bool {
        let read = |value: &Value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(word) => word.parse().ok(),
            _ => None,
        };
        self.scalar(name, "TYPE_BOOL", read).unwrap_or(false)
    }

    /// Returns a number; `None` if it is absent.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        let read = |value: &Value| match value {
            Value::Number(number) => number.as_f64(),
            Value::String(word) => word.parse().ok(),
            _ => None,
        };
        self.scalar(name, "TYPE_FLOAT", read)
    }

    /// Returns a whole number; `None` if it is absent.
    pub(super) fn integer(&self, name: &str) -> Option<i32> {
        self.scalar(name, "TYPE_INT32", integer)
    }

    /// Returns the number of an enum, whose names are numbered from 0; `None` if it is absent.
    /// Names are read in any case, with `-` for `_`, and other numbers are kept.
    pub(super) fn enumeration(&self, name: &str, kind: &str, names: &[&str]) -> Option<i32> {
        let read = |value: &Value| {
            let word = value.as_str().map(|word| word.to_ascii_uppercase().replace('-', "_"));
            let place = word.and_then(|word| names.iter().position(|name| *name == word));
            place.and_then(|place| place.try_into().ok()).or_else(|| integer(value))
        };
        self.scalar(name, &format!("{TYPES}{kind}"), read)
    }

    /// Returns a message; `None` if it is absent.
    pub(super) fn message(&self, name: &str, kind: &str, known: &[&'static str]) -> Option<Self> {
        Self::at(self.single(name)?, self.path_of(name), kind, known, self.faults)
    }

    /// Returns a list of messages. One message counts as a list of one.
    pub(super) fn messages(&self, name: &str, kind: &str, known: &[&'static str]) -> Vec<Self> {
        self.elements(name)
            .filter_map(|(path, value)| Self::at(value, path, kind, known, self.faults))
            .collect()
    }

    /// Returns a list of strings. One string counts as a list of one.
    pub(super) fn strings(&self, name: &str) -> Vec<String> {
        let read = |(path, value): (String, &Value)| {
            let string = value.as_str().map(str::to_owned);
            if string.is_none() {
                self.faults.add_value(&path, "TYPE_STRING", value);
            }
            string
        };
        self.elements(name).filter_map(read).collect()
    }

    /// Returns the keys and messages of a map. A `null` counts as an empty message.
    pub(super) fn map(&self, name: &str, kind: &str, known: &[&'static str]) -> Vec<(String, Self)> {
        let Some(value) = self.single(name) else { return Vec::new() };
        let Value::Object(object) = value else {
            self.faults.add_value(&self.path_of(name), "Map", value);
            return Vec::new();
        };
        let read = |(place, (key, value)): (usize, (&String, &'v Value))| {
            let path = format!("{}[{place}].value", self.path_of(name));
            let message = match value {
                Value::Null => Some(Self { path, fields: Vec::new(), faults: self.faults }),
                value => Self::at(value, path, kind, known, self.faults),
            };
            Some((key.clone(), message?))
        };
        object.iter().enumerate().filter_map(read).collect()
    }

    fn elements(&self, name: &str) -> impl Iterator<Item = (String, &'v Value)> {
        let path = self.path_of(name);
        let values = match self.get(name) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let present = values.iter().enumerate().filter(|(_, value)| !value.is_null());
        present.map(move |(place, value)| (format!("{path}[{place}]"), value))
    }
}

fn integer(value: &Value) -> Option<i32> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.try_into().ok(),
            // 3.0 is whole too; the comparison makes sure that nothing is cut off.
            None => {
                number.as_f64().filter(|value| f64::from(*value as i32) == *value).map(|value| value as i32)
            }
        },
        Value::String(word) => word.parse().ok(),
        _ => None,
    }
}

/// Returns the name in camelCase of a field whose name in snake_case is `name`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
}
