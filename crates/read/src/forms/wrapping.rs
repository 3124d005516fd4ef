//! Texts that a tool wrote in its own notation: Python's bytes, pieces of JSON, escapes.

use serde_json::Value;

/// The notation of a column of texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wrapping {
    #[default]
    None,
    /// Python's `b'…'`, with escapes for bytes.
    Bytes,
    /// JSON objects with a `text` each, one or several.
    Pieces,
    /// Line ends and quotation marks are written `\n` and `\"`.
    Escapes,
}

impl Wrapping {
    /// Finds the notation of some values.
    pub(super) fn of(values: &[String]) -> Self {
        let most = |unwraps: fn(&str) -> Option<String>| {
            let found = values.iter().filter(|value| unwraps(value).is_some()).count();
            found > 0 && found * 2 >= values.len()
        };
        if most(bytes) {
            Self::Bytes
        } else if most(pieces) {
            Self::Pieces
        } else if are_escaped(values) {
            Self::Escapes
        } else {
            Self::None
        }
    }

    /// Returns the text of a value; `None` if it is not in this notation.
    pub(super) fn unwrap(self, value: &str) -> Option<String> {
        match self {
            Self::None => None,
            Self::Bytes => bytes(value),
            Self::Pieces => pieces(value),
            Self::Escapes if value.contains('\\') => Some(unescape(value)),
            Self::Escapes => None,
        }
    }

    /// Returns a notice for the user about what was inferred.
    pub(super) fn notice(self) -> Option<&'static str> {
        Some(match self {
            Self::None => return None,
            Self::Bytes => "the texts are Python's bytes (b'...'): converted to text",
            Self::Pieces => "the texts are pieces of JSON: joined to text",
            Self::Escapes => {
                "the texts have escapes (`\\n`, `\\\"`): replaced by the characters they stand for"
            }
        })
    }
}

/// Returns the text of `b'…'`.
fn bytes(value: &str) -> Option<String> {
    let quoted = value.trim().strip_prefix('b')?;
    let quote = quoted.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let inside = quoted.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut bytes = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        let escape = rest.chars().next()?;
        rest = &rest[escape.len_utf8()..];
        match escape {
            'x' => {
                bytes.push(u8::from_str_radix(rest.get(..2)?, 16).ok()?);
                rest = &rest[2..];
            }
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            '\\' | '\'' | '"' => bytes.push(escape as u8),
            _ => return None,
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

/// Returns the joined texts of `{"text":"…"},{"text":"…"}`, with or without brackets around it.
fn pieces(value: &str) -> Option<String> {
    let value = value.trim();
    let pieces: Value = match value.as_bytes().first()? {
        b'[' => serde_json::from_str(value).ok()?,
        b'{' => serde_json::from_str(&format!("[{value}]")).ok()?,
        _ => return None,
    };
    let pieces = pieces.as_array()?;
    let has_text = |piece: &Value| ["text", "runs", "simpleText"].iter().any(|key| piece.get(key).is_some());
    pieces.iter().any(has_text).then_some(())?;
    let mut text = String::new();
    pieces.iter().try_for_each(|piece| join(piece, &mut text))?;
    Some(text)
}

/// Appends the text of a piece.
fn join(piece: &Value, text: &mut String) -> Option<()> {
    match piece {
        Value::String(plain) => text.push_str(plain),
        Value::Object(piece) => match (piece.get("text").or(piece.get("simpleText")), piece.get("runs")) {
            (Some(plain), _) => text.push_str(plain.as_str()?),
            (None, Some(runs)) => runs.as_array()?.iter().try_for_each(|run| join(run, text))?,
            // A picture, or a part that a later version added.
            (None, None) => {}
        },
        _ => return None,
    }
    Some(())
}

/// Returns true if backslashes are escapes in every value that has any, and two escapes show it: no
/// value has a line end, and a Windows path would not be written that way.
fn are_escaped(values: &[String]) -> bool {
    let mut showing = 0;
    for value in values {
        if value.trim().contains(['\n', '\r']) {
            return false;
        }
        let mut before = '\0';
        let mut rest = value.as_str();
        while let Some(at) = rest.find('\\') {
            before = rest[..at].chars().next_back().unwrap_or(before);
            let after = &rest[at + 1..];
            let Some(escape) = after.chars().next().filter(|escape| "nrt\"'\\/u".contains(*escape)) else {
                return false;
            };
            let next = after[1..].chars().next();
            let is_code = |code: &str| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_path = before == ':' || next == Some('\\') && escape == '\\';
            showing += usize::from(match escape {
                '"' => before.is_alphanumeric() || next.is_some_and(char::is_alphanumeric),
                'u' => after.get(1..5).is_some_and(is_code),
                'n' | 'r' => {
                    !is_path
                        && before != '\0'
                        && (".!?, \u{2026}".contains(before)
                            || next.is_none_or(|next| next == '\\' || next == ' ' || next.is_uppercase()))
                }
                _ => false,
            });
            rest = &after[1..];
            before = escape;
        }
    }
    showing > 1
}

/// Returns a text with its escapes replaced; those without a meaning stay.
fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let escape = rest.chars().next();
        let plain = match escape {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => {
                // The line end after it is enough.
                rest = &rest[1..];
                if !rest.starts_with("\\n") {
                    text.push('\n');
                }
                continue;
            }
            Some(sign @ ('"' | '\'' | '\\' | '/')) => sign,
            Some('u') => {
                let (decoded, length) = code_point(&rest[1..]).unwrap_or(('\\', 0));
                text.push(decoded);
                rest = if length == 0 { rest } else { &rest[1 + length..] };
                continue;
            }
            _ => {
                text.push('\\');
                continue;
            }
        };
        text.push(plain);
        rest = &rest[1..];
    }
    text.push_str(rest);
    text
}

/// Returns the character for the digits after `\u`, and the number of bytes it takes; two escapes
/// for the halves of a pair.
fn code_point(digits: &str) -> Option<(char, usize)> {
    let unit = |digits: &str| u16::from_str_radix(digits.get(..4)?, 16).ok();
    let first = unit(digits)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some((c, 4));
    }
    let second = unit(digits[4..].strip_prefix("\\u")?)?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((c, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_unwrapped() {
        for (values, expected) in [
            (r"b'Well \xe2\x80\x94 yes'", "Well \u{2014} yes"),
            (r#"b"Isn\'t it""#, "Isn't it"),
            (
                r#"{"text":"Over "},{"text":"1:02","videoLink":{"id":"x"}},{"text":" again"}"#,
                "Over 1:02 again",
            ),
            (r#"[{"text":"Over "},"there"]"#, "Over there"),
            (r#"{"runs":[{"text":"a"},{"text":"b"}]}"#, "ab"),
            (r#"One.\n\nTwo \"three\"\/\u00e9 \ud83d\ude00"#, "One.\n\nTwo \"three\"/\u{e9} \u{1f600}"),
            (r"One.\r\nTwo.", "One.\nTwo."),
        ] {
            let values = [values.to_owned()];
            assert_eq!(Wrapping::of(&values).unwrap(&values[0]).as_deref(), Some(expected), "{values:?}");
        }
        assert_eq!(Wrapping::Bytes.unwrap(r"b'cut \xe2'"), None);
        assert_eq!(Wrapping::Escapes.unwrap(r"odd \ud83d \x").as_deref(), Some(r"odd \ud83d \x"));
    }

    #[test]
    fn plain_texts_stay() {
        for values in [
            &[r"C:\notes\table", "yes"][..],
            &[r"a regular \d+ expression\n.", "yes"],
            &["two\nlines", r"and \n one"],
            &["[deleted]", "{ok}"],
            &[r#"["a","b"]"#],
            &["b'one of many", "c", "b''"],
            &[r"shrug \o/", r"and \n"],
            &[],
        ] {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(Wrapping::of(&values), Wrapping::None, "{values:?}");
        }
    }
}
