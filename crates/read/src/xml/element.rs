//! The content of one element, once it is cut from its file.

use quick_xml::events::Event as Xml;
use quick_xml::{Reader, escape};

/// The deepest element of a record.
const MAX_DEPTH: usize = 32;

/// An element that was parsed.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Texts and attributes by their paths.
    pub(super) values: Vec<(String, String)>,
    /// An `&` that begins no reference was in it: it was read as the character.
    pub(super) has_bare_ampersand: bool,
}

/// Parses an element, or returns the place (in bytes) and the reason if it is not well-formed.
pub(super) fn parse(xml: &str) -> Result<Parsed, (usize, String)> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().allow_dangling_amp = true;
    let mut values = Vec::new();
    let mut has_bare_ampersand = false;
    // The names of the open elements and their texts; the outermost has no name.
    let mut open: Vec<(String, String)> = Vec::new();
    loop {
        let begin = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|error| {
            let what = error.to_string();
            let what = what.split_once(": ").map_or(what.as_str(), |(_, what)| what);
            (reader.error_position() as usize, what.to_owned())
        })?;
        let is_empty = matches!(event, Xml::Empty(_));
        match event {
            Xml::Start(tag) | Xml::Empty(tag) => {
                let name = tag.local_name().as_ref().to_owned();
                open.push((if open.is_empty() { String::new() } else { name }, String::new()));
                if open.len() > MAX_DEPTH {
                    return Err((begin, format!("elements nested more than {MAX_DEPTH} deep")));
                }
                for attribute in tag.attributes() {
                    let attribute = attribute.map_err(|error| {
                        let what = error.to_string();
                        let (_, what) = what.split_once(": ").unwrap_or(("", &what));
                        (begin, what.to_owned())
                    })?;
                    let value = escape::unescape(&attribute.value);
                    let value =
                        value.map_or_else(|_| attribute.value.to_string(), |value| value.into_owned());
                    values.push((format!("{}@{}", path(&open), attribute.key.local_name().as_ref()), value));
                }
                if is_empty {
                    let path = path(&open);
                    values.extend(open.pop().map(|(_, text)| (path, text)));
                }
            }
            Xml::End(_) => {
                let path = path(&open);
                values.extend(open.pop().map(|(_, text)| (path, text)));
            }
            Xml::Text(text) => {
                has_bare_ampersand |= text.contains('&');
                append(&mut open, &text);
            }
            Xml::CData(text) => append(&mut open, &text),
            Xml::GeneralRef(reference) => {
                let known = reference.resolve_char_ref().ok().flatten();
                match (known, escape::resolve_xml_entity(&reference)) {
                    (Some(c), _) => append(&mut open, c.encode_utf8(&mut [0; 4])),
                    (None, Some(text)) => append(&mut open, text),
                    (None, None) => append(&mut open, &format!("&{};", &*reference)),
                }
            }
            Xml::Eof => return Ok(Parsed { values, has_bare_ampersand }),
            Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) | Xml::DocType(_) => {}
        }
    }
}

fn append(open: &mut [(String, String)], text: &str) {
    if let Some((_, value)) = open.last_mut() {
        value.push_str(text);
    }
}

fn path(open: &[(String, String)]) -> String {
    let names: Vec<&str> = open.iter().skip(1).map(|(name, _)| name.as_str()).collect();
    names.join("/")
}
