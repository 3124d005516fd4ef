//! `network.gexf`: who answers whom, as a graph of authors (GEXF 1.3, <https://gexf.net/schema.html>).

use std::collections::HashMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::ReportError;
use super::also::Facts;
use super::draft::{Draft, Drafts};
use super::links::Links;
use super::plain::{counted, decimal};
use crate::aggregate::{AuthorTotals, Moments, Tone};
use crate::score::{Scored, ledger};

const FILE: &str = "network.gexf";

/// Attributes of an author, with their types; an attribute's id is its place.
const NODE: [(&str, &str); 5] = [
    ("comments", "long"),
    ("scored", "long"),
    ("flagged", "long"),
    ("mean_toxicity", "double"),
    ("mean_sentiment", "double"),
];

/// Attributes of an author's replies to another, beside their `weight`.
const EDGE: [(&str, &str); 4] =
    [("scored", "long"), ("inferred", "long"), ("mean_toxicity", "double"), ("mean_sentiment", "double")];

/// One author's replies to another.
#[derive(Default)]
struct Edge {
    replies: u64,
    /// Those whose parent was concluded from the text.
    inferred: u64,
    scored: u64,
    toxicity: Moments,
    sentiment: Moments,
}

impl Edge {
    fn add(&mut self, reply: &Scored) {
        self.replies += 1;
        self.inferred += u64::from(reply.comment.parent_inferred);
        if let Some(Tone { toxicity, sentiment }) = reply.outcome.scores().map(Tone::of) {
            self.scored += 1;
            self.toxicity.extend(toxicity);
            self.sentiment.extend(sentiment);
        }
    }
}

/// The edges by the numbers of their authors: who answers, who is answered.
struct Network {
    edges: Vec<((u32, u32), Edge)>,
    /// Replies by or to comments without an author's name.
    nameless: u64,
    /// Replies to comments that are not in the export.
    absent: u64,
}

pub(super) fn write(facts: &mut Facts<'_>, drafts: &mut Drafts) -> Result<(), ReportError> {
    let network = gather(facts)?;
    let mut draft = drafts.create(FILE)?;
    graph(facts, &network, &mut draft).map_err(|source| drafts.failed(FILE, source))?;
    drafts.finish(FILE, draft)
}

fn gather(facts: &Facts<'_>) -> Result<Network, ReportError> {
    let number = |name: &str| facts.survey.authors.number(name).map(|number| number as u32);
    let mut authors: Vec<Option<u32>> = Vec::new();
    let links = Links::gather(facts.scores, |comment| {
        authors.push(comment.author.as_deref().and_then(number));
    })?;
    let mut edges: HashMap<(u32, u32), Edge> = HashMap::new();
    let mut nameless = 0;
    for (row, scored) in (0..).zip(ledger::Reader::open(facts.scores)?) {
        let scored = scored?;
        let Some(parent) = links.parent(row) else { continue };
        match authors[row as usize].zip(authors[parent as usize]) {
            Some(pair) => edges.entry(pair).or_default().add(&scored),
            None => nameless += 1,
        }
    }
    let mut edges: Vec<_> = edges.into_iter().collect();
    edges.sort_unstable_by_key(|(pair, _)| *pair);
    Ok(Network { edges, nameless, absent: links.absent })
}

fn graph(facts: &mut Facts<'_>, network: &Network, draft: &mut Draft) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(draft, b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let gexf =
        BytesStart::new("gexf").with_attributes([("xmlns", "http://gexf.net/1.3"), ("version", "1.3")]);
    xml.write_event(Event::Start(gexf))?;
    let model = &facts.run.model;
    let description = format!(
        "Who answers whom: an author's replies to another, with means over the scored ones. Model {} {}, policy {}. Left \
         out: {} without an author's name, with {} by or to them, and {} to comments that are not in the export.",
        model.name,
        model.version,
        facts.policy.name,
        counted(facts.survey.without_author, "comment", "comments"),
        counted(network.nameless, "reply", "replies"),
        counted(network.absent, "reply", "replies"),
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
        let name = facts.survey.authors.name(number);
        let node = [("id", number.to_string()), ("label", characters(name))];
        element(&mut xml, "node", &node, &node_values(&totals))?;
    }
    xml.write_event(Event::End(BytesEnd::new("nodes")))?;

    xml.write_event(Event::Start(BytesStart::new("edges")))?;
    for (number, ((source, target), edge)) in network.edges.iter().enumerate() {
        let attributes = [
            ("id", number.to_string()),
            ("source", source.to_string()),
            ("target", target.to_string()),
            ("weight", edge.replies.to_string()),
        ];
        element(&mut xml, "edge", &attributes, &edge_values(edge))?;
    }
    for name in ["edges", "graph", "gexf"] {
        xml.write_event(Event::End(BytesEnd::new(name)))?;
    }
    xml.into_inner().write_all(b"\n")
}

/// In the order of [`NODE`]; blank where there is no value.
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
fn edge_values(edge: &Edge) -> [String; EDGE.len()] {
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

/// Text that XML can hold on one line: of its characters (XML 1.0, section 2.2) those that it forbids become `�`, and
/// white space that it would change becomes spaces.
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
