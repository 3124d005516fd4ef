//! Mail as text: mbox files (mailing lists, Google Takeout, Thunderbird) and single messages
//! (`.eml`).
//!
//! A thread begins with a message that answers no known one, and its name is the subject of that
//! message. Quoted lines (`> `) stay in the text. Attachments are not read.

use std::borrow::Cow;

use mail_parser::{Encoding, HeaderValue, Message, MessageParser, PartType};

use super::{FormatEntry, Hooks};
use crate::html;
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::{MAX_RECORD_BYTES, Source, Span};
use crate::{ReadError, Record};

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "mbox",
    description: "mail: an mbox file (mailing list, mailbox) or one message (.eml)",
    extensions: &["mbox", "eml"],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Headers of a message, in lower case; a single message must have three of them at its beginning.
const HEADERS: [&str; 8] =
    ["from", "to", "subject", "date", "message-id", "received", "mime-version", "content-type"];

/// Checks whether the input begins with a message.
fn sniff(source: &Source, _: &Mapping) -> Verdict {
    let head = source.head();
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let is_mbox = lines.clone().next().is_some_and(is_separator);
    if is_mbox {
        lines.next();
    }
    let mut known = [false; HEADERS.len()];
    for line in lines.take(200).take_while(|line| !line.is_empty()) {
        let Some(name) = header_name(line) else {
            // The continuation of a header begins with a space.
            if line.starts_with(b" ") || line.starts_with(b"\t") || line.starts_with(b">From ") {
                continue;
            }
            return Verdict::No;
        };
        if let Some(at) = HEADERS.iter().position(|header| *header == name) {
            known[at] = true;
        }
    }
    let [from, _, subject, date, id, ..] = known;
    match known.iter().filter(|is_there| **is_there).count() {
        2.. if is_mbox && (from || subject) => {
            Verdict::Sure("begins with a message of an mbox file".to_owned())
        }
        3.. if from && (date || id) => Verdict::Sure("begins with the headers of a mail".to_owned()),
        _ => Verdict::No,
    }
}

/// Returns the name of a header line in lower case.
fn header_name(line: &[u8]) -> Option<String> {
    let end = line.iter().position(|byte| *byte == b':')?;
    let name = str::from_utf8(&line[..end]).ok()?;
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_name.then(|| name.to_ascii_lowercase())
}

/// Returns true for the line before a message: `From`, an address, and a date with the time of day
/// and the year.
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    if rest.len() > 300 {
        return false;
    }
    let words = || rest.split(|byte| byte.is_ascii_whitespace());
    let is_digits = |word: &[u8]| word.iter().all(u8::is_ascii_digit);
    let has_year = words().any(|word| word.len() == 4 && is_digits(word));
    let has_time = words().any(|word| {
        let numbers = word.split(|byte| *byte == b':');
        numbers.clone().count() >= 2
            && numbers.clone().all(|number| matches!(number.len(), 1 | 2) && is_digits(number))
    });
    has_year && has_time
}

/// Opens the mailbox.
fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let columns = [
        (Field::Text, "the text part"),
        (Field::Author, "From"),
        (Field::Id, "Message-ID"),
        (Field::Parent, "In-Reply-To"),
        (Field::Thread, "Subject"),
        (Field::CreatedAt, "Date"),
    ];
    input.report.columns = columns.map(|(field, name)| (field, name.to_owned())).to_vec();
    Ok(Box::new(Mailbox { input, ahead: None, attachments: 0, is_done: false }))
}

struct Mailbox {
    input: Input,
    /// The line before the next message.
    ahead: Option<Span>,
    attachments: u64,
    is_done: bool,
}

impl Mailbox {
    /// Cuts the next message: at most its first 16 MiB.
    fn cut(&mut self) -> Option<(Span, Vec<u8>)> {
        let (mut raw, mut line) = (Vec::new(), Vec::new());
        let mut span = self.ahead.take();
        let mut is_apart = span.is_none();
        while let Some(next) = self.input.source.read_line(&mut line) {
            if is_apart && is_separator(line.trim_ascii_end()) {
                if span.is_some() {
                    self.ahead = Some(next);
                    return Some((span?, raw));
                }
                span = Some(next);
            } else if span.is_none() && line.trim_ascii().is_empty() {
                // Blank lines before the first message.
            } else {
                let span = span.get_or_insert(next);
                (span.end, span.is_complete) = (next.end, next.is_complete);
                if raw.len() + line.len() <= MAX_RECORD_BYTES {
                    raw.extend_from_slice(&line);
                }
            }
            is_apart = line.trim_ascii().is_empty();
            line.clear();
        }
        span.map(|span| (span, raw))
    }

    fn message(&mut self, span: Span, raw: &[u8]) -> Record {
        // Text that is not UTF-8 is decoded as the message declares.
        let is_long = span.end - span.start > MAX_RECORD_BYTES as u64;
        if let Some(cause) = self.input.source.defect(span, &[]).filter(|_| !is_long) {
            return self.input.reject(span, cause, raw);
        }
        let plain = unescaped(raw);
        let message = MessageParser::default().parse(&*plain);
        let is_mail = |message: &Message| {
            message.from().is_some() || message.message_id().is_some() || message.subject().is_some()
        };
        let Some(message) = message.filter(is_mail) else {
            let cause = "no mail: it has no sender, no subject and no id; check where it comes from";
            return self.input.reject(span, cause, raw);
        };
        let text = text(&message, &plain);
        if is_long && text.is_none() {
            let cause = self.input.source.defect(span, &[]).unwrap_or_default();
            return self.input.reject(span, cause, raw);
        }
        self.attachments += message.attachment_count() as u64;
        let id = message.message_id().map(str::to_owned);
        let answered = answered(&message);
        let thread = self.thread(&message, id.as_deref(), &answered);
        let mut values = Values::default();
        let mut set = |field: Field, value: Option<String>| values[field as usize] = value.map(Cow::Owned);
        set(Field::Text, Some(text.unwrap_or_default()));
        set(Field::Author, author(&message));
        set(Field::CreatedAt, created_at(&message));
        set(Field::Parent, answered.into_iter().next());
        set(Field::Link, message.header("Archived-At").and_then(HeaderValue::as_text).map(bare_link));
        set(Field::Thread, thread);
        set(Field::Id, id);
        self.input.comment(span, values)
    }

    /// Returns the thread of a message: that of the message it answers, or its subject.
    fn thread(&self, message: &Message, id: Option<&str>, answered: &[String]) -> Option<String> {
        let mut index = self.input.thread_index.lock().expect("nothing panics while it holds the lock");
        let known = answered.iter().find_map(|id| index.thread(id).map(str::to_owned));
        let subject = || {
            let subject = message.thread_name().map(str::trim).filter(|subject| !subject.is_empty());
            subject.or(id).map(str::to_owned)
        };
        let thread = known.or_else(subject);
        if let (Some(id), Some(thread)) = (id, &thread) {
            index.insert(id, thread);
        }
        thread
    }
}

impl Parser for Mailbox {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        if let Some((span, raw)) = self.cut() {
            return Ok(Some(self.message(span, &raw)));
        }
        if !std::mem::replace(&mut self.is_done, true) && self.attachments > 0 {
            self.input.report.notices.push(format!("attachments, which are not read: {}", self.attachments));
        }
        Ok(None)
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

/// Removes the sign that keeps a line from being a separator (`>From `). Within quoted lines the
/// sign is that of the quotation.
fn unescaped(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.windows(7).any(|window| window == b"\n>From ") {
        return Cow::Borrowed(raw);
    }
    let lines: Vec<&[u8]> = raw.split_inclusive(|byte| *byte == b'\n').collect();
    let is_quoted = |at: usize| lines.get(at).is_some_and(|line| line.starts_with(b">"));
    let mut plain = Vec::with_capacity(raw.len());
    for (at, line) in lines.iter().enumerate() {
        let is_alone = at > 0 && !is_quoted(at - 1) && !is_quoted(at + 1);
        let is_escaped = is_alone && line.starts_with(b">From ");
        plain.extend_from_slice(&line[usize::from(is_escaped)..]);
    }
    Cow::Owned(plain)
}

/// Returns the ids of the messages that a message answers: the nearest one first.
fn answered(message: &Message) -> Vec<String> {
    let ids = |value: &HeaderValue| -> Vec<String> {
        match value {
            HeaderValue::Text(id) => vec![id.clone().into_owned()],
            HeaderValue::TextList(ids) => ids.iter().rev().map(|id| id.clone().into_owned()).collect(),
            _ => Vec::new(),
        }
    };
    let mut answered = ids(message.in_reply_to());
    // If there are several, the first one is meant.
    answered.reverse();
    answered.extend(ids(message.references()));
    answered.retain(|id| !id.contains(char::is_whitespace) && !id.is_empty());
    answered
}

/// Returns the sender's name, or the address if there is no name.
fn author(message: &Message) -> Option<String> {
    let sender = message.from().and_then(|from| from.first());
    let raw = || message.header_raw("From").map(str::trim).unwrap_or_default();
    let name = sender.and_then(|sender| sender.name()).map(str::trim).filter(|name| !name.is_empty());
    let address = sender.and_then(|sender| sender.address()).map(str::trim);
    let in_brackets = || {
        // `ann at site.example (Ann Lund)`, as archives of mailing lists have it.
        if raw().contains(['@', '<']) {
            return None;
        }
        let (_, name) = name.or(address)?.strip_suffix(')')?.split_once('(')?;
        Some(name.trim().to_owned())
    };
    let name = in_brackets().or_else(|| name.map(|name| name.trim_matches(['"', '\'']).to_owned()));
    name.or_else(|| address.map(str::to_owned))
        .or_else(|| Some(raw().to_owned()))
        .filter(|name| !name.is_empty())
}

/// Returns the date in RFC 3339, or as it is written if it cannot be read.
fn created_at(message: &Message) -> Option<String> {
    let date = message.date().filter(|date| date.is_valid()).map(|date| date.to_rfc3339());
    date.or_else(|| message.header_raw("Date").map(|date| date.trim().to_owned()))
}

fn bare_link(link: &str) -> String {
    link.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

/// Returns the text parts; `None` if one of them may be cut off.
fn text(message: &Message, raw: &[u8]) -> Option<String> {
    let mut text = String::new();
    for part in message.text_bodies() {
        if part.offset_end as usize >= raw.len() && raw.len() + MAX_LINE_ROOM > MAX_RECORD_BYTES {
            return None;
        }
        let decoded = match &part.body {
            PartType::Text(decoded) | PartType::Html(decoded) => decoded,
            _ => continue,
        };
        // The stream is UTF-8 by now, whatever the message declares.
        let body = raw.get(part.offset_body as usize..part.offset_end as usize);
        let body = body.filter(|body| part.encoding == Encoding::None && !body.is_ascii());
        let decoded = body.and_then(|body| str::from_utf8(body).ok()).unwrap_or(decoded);
        let plain = match &part.body {
            PartType::Html(_) => Cow::Owned(html::to_text(decoded).text),
            _ => Cow::Borrowed(decoded),
        };
        let plain = plain.replace("\r\n", "\n");
        let plain = plain.trim_end().trim_start_matches(['\n', '\r']);
        if !plain.is_empty() {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(plain);
        }
    }
    Some(text)
}

/// The distance from the limit within which a message may have been cut.
const MAX_LINE_ROOM: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{is_sure, read, survives_damage};

    const LIST: &str = "From cleo@site.example  Mon Mar 25 09:05:00 2024\n\
        From: Cleo Ray <cleo@site.example>\n\
        Subject: [town] Snow\n\
        Date: Mon, 25 Mar 2024 09:05:00 +0100\n\
        Message-ID: <a@site.example>\n\
        \n\
        First line.\n\
        >From the start.\n\
        \n\
        From now on it snows at 10:05 or so\n\
        \n\
        From dan at site.example  Mon Mar 25 10:05:00 2024\n\
        From: dan at site.example (=?utf-8?q?Dan_B=C3=A9rg?=)\n\
        Subject: Re: Snow, and ice\n\
        Date: Mon, 25 Mar 2024 10:05:00 +0000\n\
        Message-ID: <b@site.example>\n\
        In-Reply-To: <a@site.example> (Cleo's message of \"Mon\\, 25 Mar\n\
        \t2024 09\\:05\")\n\
        References: <a@site.example>\n\
        Content-Type: text/plain; charset=\"iso-8859-1\"\n\
        Content-Transfer-Encoding: quoted-printable\n\
        \n\
        > First line.\n\
        >From the start.\n\
        Gr=FC=DFe.\n\
        --=20\n\
        Dan\n";

    #[test]
    fn messages_are_read_with_their_threads() {
        assert!(is_sure(&FORMAT, LIST));
        let export = read(&FORMAT, LIST.as_bytes()).unwrap();
        assert_eq!(export.rejects, []);
        let [first, second] = &export.comments[..] else { panic!("{export:?}") };
        assert_eq!(first.author.as_deref(), Some("Cleo Ray"));
        assert_eq!(first.text, "First line.\nFrom the start.\n\nFrom now on it snows at 10:05 or so");
        assert_eq!(first.created_at.map(|time| time.to_string()).as_deref(), Some("2024-03-25T08:05:00Z"));
        assert_eq!((first.id.as_str(), first.parent.as_deref()), ("a@site.example", None));
        assert_eq!(second.author.as_deref(), Some("Dan B\u{e9}rg"));
        assert_eq!(second.text, "> First line.\n>From the start.\nGr\u{fc}\u{df}e.\n-- \nDan");
        assert_eq!(second.parent.as_deref(), Some("a@site.example"));
        assert_eq!(first.thread, second.thread);
        assert!(first.thread.contains("Snow"), "{}", first.thread);
    }

    #[test]
    fn parts_and_encodings_are_decoded() {
        let message = |headers: &str, body: &str| {
            format!(
                "From: =?utf-8?q?Zo=C3=AB?= <z@site.example>\nDate: Mon, 25 Mar 2024 09:05:00 +0000\nSubject: x\nMessage-ID: <z>\n\
                 {headers}\n\n{body}\n"
            )
        };
        for (headers, body, expected) in [
            ("Content-Type: text/html", "<p>one</p><p>two &amp; three</p>", "one\n\ntwo & three"),
            (
                "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit",
                "Gr\u{fc}\u{df}e",
                "Gr\u{fc}\u{df}e",
            ),
            (
                "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8",
                "R3LDvMOfZQ==",
                "Gr\u{fc}\u{df}e",
            ),
            (
                "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b",
                "--b\nContent-Type: text/plain\n\nplain\n--b\nContent-Type: text/html\n\n<b>rich</b>\n--b--",
                "plain",
            ),
            (
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b",
                "--b\nContent-Type: text/plain\n\nplain\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nR3L\n--b--",
                "plain",
            ),
        ] {
            let message = message(headers, body);
            assert!(is_sure(&FORMAT, &message), "{message}");
            let export = read(&FORMAT, message.as_bytes()).unwrap();
            assert_eq!(export.comments.len(), 1, "{export:?}");
            assert_eq!(export.comments[0].text.trim(), expected, "{headers}");
            assert_eq!(export.comments[0].author.as_deref(), Some("Zo\u{eb}"), "{headers}");
        }
    }

    #[test]
    fn senders_are_named() {
        for (from, expected) in [
            ("Cleo Ray <cleo@site.example>", "Cleo Ray"),
            ("\"Ray, Cleo\" <cleo@site.example>", "Ray, Cleo"),
            ("cleo@site.example (Cleo =?utf-8?Q?R=C3=A9?=)", "Cleo R\u{e9}"),
            ("cleo at site.example (Cleo Ray)", "Cleo Ray"),
            ("cleo@site.example", "cleo@site.example"),
            ("<cleo@site.example>", "cleo@site.example"),
        ] {
            let mail =
                format!("From: {from}\nDate: Mon, 25 Mar 2024 09:05:00 +0000\nMessage-ID: <a>\n\nRain.\n");
            let export = read(&FORMAT, mail.as_bytes()).unwrap();
            assert_eq!(export.comments[0].author.as_deref(), Some(expected), "{from}");
        }
    }

    #[test]
    fn other_texts_are_no_mail() {
        for text in [
            "From the harbour at 10:05 in 2024\n\nIt rains.\n",
            "From: Ana\nTo: Bo\n\nHello.\n",
            "Name: text\nDate: today\n\nAna: hello\n",
            "{\"From\": 1}",
        ] {
            assert!(!is_sure(&FORMAT, text), "{text}");
        }
    }

    #[test]
    fn damaged_mail_is_read_to_its_end() {
        survives_damage(&FORMAT, LIST);
    }
}
