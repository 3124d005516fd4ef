//! `network.gexf`: who answers whom, as a graph of authors (GEXF 1.3,
//! <https://gexf.net/schema.html>).

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::ReportError;
use super::also::Facts;
use super::draft::{Draft, Drafts};
use super::network::Totals;
use super::plain::{counted, decimal};
use crate::aggregate::AuthorTotals;

const FILE: &str = "network.gexf";

/// Attributes of an author, with their types; an attribute's id is its place.
const NODE: [(&str, &str); 5] = [
    ("comments", "long"),
    ("scored", "long"),
    ("flagged", "long"),
    ("mean_toxicity", "double"),
    ("mean_sentiment", "double"),
];

/// Attributes of an author's replies to another, besides their `weight`.
const EDGE: [(&str, &str); 4] =
    [("scored", "long"), ("inferred", "long"), ("mean_toxicity", "double"), ("mean_sentiment", "double")];

pub(super) fn write(facts: &mut Facts<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
    let mut draft = drafts.create(FILE)?;
    graph(facts, &mut draft).map_err(|source| drafts.failed(FILE, source))?;
    drafts.finish(FILE, draft)
}

fn graph(facts: &mut Facts<'_>, draft: &mut Draft) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(draft, b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let gexf =
        BytesStart::new("gexf").with_attributes([("xmlns", "http://gexf.net/1.3"), ("version", "1.3")]);
    xml.write_event(Event::Start(gexf))?;
    let (model, network) = (&facts.run.model, facts.network);
    let description = format!(
        "Who answers whom: an author's replies to another, with means over the scored ones. Model {} {}, policy {}. Left \
         out: {} without an author's name, with {} by or to them, and {} to comments that are not in the export.",
        model.name,
        model.version,
        facts.policy.name,
        counted(facts.first_pass.without_author, "comment", "comments"),
        counted(network.replies - network.named, "reply", "replies"),
        counted(facts.first_pass.answering - network.replies, "reply", "replies"),
    );
    xml.create_element("meta").write_inner_content(|xml| {
        let creator = format!("comity {}", facts.run.version);
        xml.create_element("creator").write_text_content(BytesText::new(&creator))?;
        xml.create_element("description").write_text_content(BytesText::new(&characters(&description)))?;
        Ok(())
    })?;
    let graph =
        BytesStart::new("graph").with_attributes([("defaultedgetype", "directed"), ("mode", "static")]);
    xml.write_event(Event::Start(graph))?;
    declare(&mut xml, "node", &NODE)?;
    declare(&mut xml, "edge", &EDGE)?;

    xml.write_event(Event::Start(BytesStart::new("nodes")))?;
    for author in facts.authors.iter()? {
        let (number, totals) = author?;
        let name = facts.first_pass.authors.name(number);
        let node = [("id", number.to_string()), ("label", characters(name))];
        element(&mut xml, "node", &node, &node_values(&totals))?;
    }
    xml.write_event(Event::End(BytesEnd::new("nodes")))?;

    xml.write_event(Event::Start(BytesStart::new("edges")))?;
    for (number, edge) in facts.answers.edges()?.enumerate() {
        let ((source, target), edge) = edge?;
        let attributes = [
            ("id", number.to_string()),
            ("source", source.to_string()),
            ("target", target.to_string()),
            ("weight", edge.replies.to_string()),
        ];
        element(&mut xml, "edge", &attributes, &edge_values(&edge))?;
    }
    for name in ["edges", "graph", "gexf"] {
        xml.write_event(Event::End(BytesEnd::new(name)))?;
    }
    xml.into_inner().write_all(b"\n")
}

/// In the order of [`NODE`]; blank if there is no value.
fn node_values(totals: &AuthorTotals) -> [String; NODE.len()] {
    [
        totals.comments.to_string(),
        totals.scored.to_string(),
        totals.flagged.to_string(),
        decimal(totals.toxicity.mean()),
        decimal(totals.sentiment.mean()),
    ]
}

/// In the order of [`EDGE`].
fn edge_values(edge: &Totals) -> [String; EDGE.len()] {
    [
        edge.scored.to_string(),
        edge.inferred.to_string(),
        decimal(edge.toxicity.mean()),
        decimal(edge.sentiment.mean()),
    ]
}

fn declare(xml: &mut Writer<&mut Draft>, class: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    xml.create_element("attributes").with_attribute(("class", class)).write_inner_content(|xml| {
        for (id, (title, kind)) in attributes.iter().enumerate() {
            let id = id.to_string();
            let attributes = [("id", id.as_str()), ("title", title), ("type", kind)];
            xml.create_element("attribute").with_attributes(attributes).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

/// A node or an edge with its values; blank ones are left out.
fn element(
    xml: &mut Writer<&mut Draft>,
    name: &str,
    attributes: &[(&str, String)],
    values: &[String],
) -> io::Result<()> {
    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
    xml.create_element(name).with_attributes(attributes).write_inner_content(|xml| {
        xml.create_element("attvalues").write_inner_content(|xml| {
            for (id, value) in values.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
                let attributes = [("for", id.to_string()), ("value", value.clone())];
                let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
                xml.create_element("attvalue").with_attributes(attributes).write_empty()?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

/// Text that XML can hold on one line: of its characters (XML 1.0, section 2.2) those that it
/// forbids become `�`, and white space that it would change becomes spaces.
fn characters(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => ' ',
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_xml_allows_is_left() {
        assert_eq!(characters("a\0b\x1b\u{ffff}\r\nc <&> 👍"), "a\u{fffd}b\u{fffd}\u{fffd}  c <&> 👍");
    }
}
