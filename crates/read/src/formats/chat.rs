//! Chats saved as text, one message per line with optional further lines: WhatsApp (Android and
//! iOS), Signal, Zoom, LINE and IRC.
//!
//! A message begins with its time and its sender, in the form that most lines of the file have; a
//! line in any other form continues the message above it. All dates of the head together show the
//! order of day and month. Lines that the program itself wrote (`Ana added Bo`) have no sender and
//! are not messages.

mod stamp;
mod words;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::{FormatEntry, Hooks};
use crate::input::{Input, Parser, Values};
use crate::mapping::{Field, Mapping};
use crate::sniff::Verdict;
use crate::source::{Source, Span};
use crate::{DateOrder, ReadError, Record};
use stamp::{Dates, Half, Numbers, Order, Scan, Stamp, is_mark};
use words::Message;

/// Lines of the head that decide on the form of messages and the order of dates.
const SAMPLE_LINES: usize = 5_000;
/// The longest beginning of a message, in characters.
const MAX_STAMP_CHARS: usize = 48;

pub(crate) static FORMAT: FormatEntry = FormatEntry {
    name: "chat",
    description: "a chat as text, each message with time and sender: WhatsApp, Signal, Zoom, LINE, IRC",
    extensions: &[],
    sniff,
    open,
    hooks: Hooks::NONE,
};

/// Checks whether the first lines are messages with a time and a sender.
fn sniff(source: &Source, mapping: &Mapping) -> Verdict {
    if mapping.has_names() {
        return Verdict::No;
    }
    match Sample::read(source) {
        Some(sample) if sample.is_chat() => Verdict::Sure(format!(
            "{} of its first {} lines begin with {}",
            sample.messages,
            sample.lines,
            sample.form.describe()
        )),
        _ => Verdict::No,
    }
}

/// Finds the form of the messages and the order of day and month.
fn open(mut input: Input) -> Result<Box<dyn Parser>, ReadError> {
    let sample = Sample::read(&input.source);
    let form = sample.as_ref().map_or(Form::Dash, |sample| sample.form);
    let (dates, names) = sample.map_or_else(Default::default, |sample| (sample.dates, sample.names));
    let order = dates.order(input.options.date_order);
    input.report.columns = [(Field::Author, "the name"), (Field::Text, "the message")]
        .into_iter()
        .chain(dates.any.then_some((Field::CreatedAt, "the time")))
        .map(|(field, name)| (field, name.to_owned()))
        .collect();
    match order {
        Order::Told(_) | Order::Plain => {}
        Order::Inferred(order) => {
            let first = match order {
                DateOrder::DayFirst => "day",
                DateOrder::MonthFirst => "month",
            };
            let word = order.as_str();
            input.report.notices.push(format!(
                "dates such as `{}` are read {first} first (by all dates together); --date-order {word} says so for certain",
                dates.example
            ));
        }
        Order::Unknown => input.report.notices.push(format!(
            "day and month cannot be told apart in dates such as `{}`: times are left empty; name the order with \
             --date-order dmy or mdy",
            dates.example
        )),
    }
    let mut long_names: Vec<String> = names.into_iter().collect();
    long_names.sort();
    let archive = input.source.name.strip_suffix(".zip/_chat.txt");
    let archive = archive.and_then(|path| path.rsplit(['/', '\\']).next()).map(str::to_owned);
    Ok(Box::new(Chat {
        input,
        archive,
        form,
        order: order.known(),
        long_names,
        ahead: None,
        day: None,
        next_day: None,
        counts: Counts::default(),
        is_done: false,
    }))
}

/// The form in which a message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `[12/03/2024, 21:05:33] Ana: hello`
    Bracket,
    /// `12/03/2024, 21:05 - Ana: hello`
    Dash,
    /// `12/03/2024, 21:05:33: Ana: hello`
    Colon,
    /// `Ana, [12/03/2024 21:05]` or `[12/03/2024 21:05] Ana`, and `hello` on the next line
    Below,
    /// `10:01:02 From Ana to Everyone: hello`, or a tab after the time and the name
    Zoom,
    /// `10:01<tab>Ana<tab>hello`, below a line with the date
    Line,
    /// `[10:05] <ana> hello`
    Irc,
}

impl Form {
    const ALL: [Self; 7] =
        [Self::Irc, Self::Zoom, Self::Line, Self::Bracket, Self::Dash, Self::Colon, Self::Below];

    fn describe(self) -> &'static str {
        match self {
            Self::Bracket => "a time in brackets and a sender",
            Self::Dash => "a time, a dash and a sender",
            Self::Colon => "a time, a colon and a sender",
            Self::Below => "a time and a sender alone on their line",
            Self::Zoom => "a time and a sender, as Zoom writes them",
            Self::Line => "a time and a sender between tabs",
            Self::Irc => "a time and a sender in angle brackets",
        }
    }

    /// Returns true if a message may have several lines.
    fn has_long_messages(self) -> bool {
        self != Self::Irc
    }
}

/// The beginning of a message: its time, and the text after it.
struct Head<'a> {
    stamp: Stamp,
    /// The sender, if the form itself marks the name.
    name: Option<&'a str>,
    rest: &'a str,
}

impl<'a> Head<'a> {
    /// Returns the beginning of a line; `None` if it does not begin a message of this form.
    fn read(form: Form, line: &'a str) -> Option<Self> {
        let line = line.trim_start_matches(is_mark).trim_end_matches(['\r', '\n']);
        match form {
            Form::Bracket => {
                let (stamp, rest) = line.strip_prefix('[')?.split_once(']')?;
                Some(Self { stamp: Stamp::read(stamp)?, name: None, rest: rest.trim_start() })
            }
            Form::Dash => {
                let (stamp, rest) = line.split_once(" - ").or_else(|| line.split_once(" \u{2013} "))?;
                let stamp = Stamp::read(stamp).filter(|stamp| stamp.date.is_some())?;
                Some(Self { stamp, name: None, rest })
            }
            Form::Colon => {
                let (stamp, rest) = line.split_once(": ")?;
                let stamp = Stamp::read(stamp).filter(|stamp| stamp.date.is_some())?;
                Some(Self { stamp, name: None, rest })
            }
            Form::Below => {
                let (stamp, name) = match line.strip_prefix('[') {
                    Some(line) => line.split_once(']').filter(|(_, name)| !name.contains(": "))?,
                    None => {
                        let (name, stamp) =
                            line.trim_end_matches(':').strip_suffix(']')?.rsplit_once(", [")?;
                        (stamp, name)
                    }
                };
                let stamp = Stamp::read(stamp).filter(|stamp| stamp.date.is_some())?;
                let name = name.trim();
                let is_name = !name.is_empty() && name.chars().count() <= 64;
                is_name.then_some(Self { stamp, name: Some(name), rest: "" })
            }
            Form::Zoom => {
                let (stamp, rest) = line.split_once([' ', '\t'])?;
                let stamp = Stamp::read(stamp).filter(|stamp| stamp.seconds.is_some())?;
                let rest = rest.trim_start();
                let (name, rest) = match rest.strip_prefix("From ") {
                    Some(rest) => {
                        let (name, text) = split_name(rest, " : ").or_else(|| split_name(rest, ":"))?;
                        (name.split_once(" to ").map_or(name, |(name, _)| name), text)
                    }
                    None => split_name(rest, " : ").or_else(|| split_name(rest, ":"))?,
                };
                Some(Self { stamp, name: Some(name.trim()), rest: rest.trim_start() })
            }
            Form::Line => {
                let (stamp, rest) = line.split_once('\t')?;
                let (name, text) = rest.split_once('\t')?;
                let stamp = Stamp::read(stamp).filter(|stamp| stamp.date.is_none())?;
                Some(Self { stamp, name: Some(name.trim()), rest: text })
            }
            Form::Irc => {
                let (stamp, rest) = match line.strip_prefix('[') {
                    Some(line) => line.split_once(']')?,
                    None => {
                        let end = line.find([' ', '\t'])?;
                        let end = match line[..end].contains(':') {
                            true => end,
                            // A date, and then the time.
                            false => end + 1 + line[end + 1..].find([' ', '\t'])?,
                        };
                        line.split_at(end)
                    }
                };
                let stamp = Stamp::read(stamp)?;
                let rest = rest.trim_start();
                match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                    // A sign before the name is a rank in the channel.
                    Some((name, text)) => {
                        let name = name.trim().trim_start_matches(['@', '+', '%', '~', '&']);
                        Some(Self { stamp, name: Some(name), rest: text.trim_start() })
                    }
                    None => Some(Self { stamp, name: None, rest }),
                }
            }
        }
    }

    /// Returns the sender and the text; `None` for a message that no one sent.
    fn sender(&self, form: Form, long_names: &[String]) -> Option<(&'a str, &'a str)> {
        if let Some(name) = self.name {
            return (!name.is_empty()).then_some((name, self.rest));
        }
        if form == Form::Irc {
            // `* ana waves`; `*** ana joins`
            let (name, text) = self.rest.strip_prefix("* ")?.split_once(' ')?;
            return Some((name, text));
        }
        let long = long_names.iter().find_map(|name| {
            let text = self.rest.strip_prefix(name.as_str())?.strip_prefix(": ")?;
            Some((name.as_str().len(), text))
        });
        let (name, text) = match long {
            Some((length, text)) => (&self.rest[..length], text),
            None => split_name(self.rest, ":")?,
        };
        let name = name.trim_matches(|c: char| is_mark(c) || c.is_whitespace());
        // `Ana changed the subject to "Trams: all of them"`
        let is_name = !name.is_empty()
            && name.chars().count() <= 100
            && !name.contains(['"', '\u{201c}', '\u{201e}', '\u{ab}', '\u{300c}']);
        is_name.then_some((name, text))
    }
}

/// Splits a name from the text after a separator, which a space or the end must follow.
fn split_name<'a>(rest: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    rest.match_indices(separator).find_map(|(at, _)| {
        let text = &rest[at + separator.len()..];
        let is_apart =
            separator.ends_with(' ') || text.chars().next().is_none_or(|c| c.is_whitespace() || is_mark(c));
        is_apart.then(|| (&rest[..at], text.trim_start_matches([' ', '\t'])))
    })
}

/// The first lines of a file, in the form that most of them have.
struct Sample {
    form: Form,
    /// Lines that are not blank.
    lines: usize,
    /// Lines that begin a message, including those that no one sent.
    heads: usize,
    /// Lines that begin a message of a sender.
    messages: usize,
    /// Messages whose time has a date.
    dated: usize,
    /// Blank lines and lines before the first message.
    preamble: usize,
    /// Messages whose name is the level of a program's log.
    levels: usize,
    dates: Dates,
    /// Names that contain a colon and a space.
    names: HashSet<String>,
}

impl Sample {
    fn read(source: &Source) -> Option<Self> {
        let head = source.head();
        let end = if source.head_is_all() {
            None
        } else {
            head.iter().rposition(|byte| *byte == source.line_end())
        };
        let head = String::from_utf8_lossy(&head[..end.unwrap_or(head.len())]);
        let lines: Vec<&str> = head
            .split(char::from(source.line_end()))
            .filter(|line| !line.trim().is_empty())
            .take(SAMPLE_LINES)
            .collect();
        let samples = Form::ALL.into_iter().map(|form| Self::of(form, &lines));
        // The first of those with most messages.
        samples.rev().max_by_key(|sample| sample.messages).filter(|sample| sample.messages > 0)
    }

    fn of(form: Form, lines: &[&str]) -> Self {
        let mut sample = Self {
            form,
            lines: lines.len(),
            heads: 0,
            messages: 0,
            dated: 0,
            preamble: 0,
            levels: 0,
            dates: Dates::default(),
            names: HashSet::new(),
        };
        let mut tails: HashMap<&str, Vec<&str>> = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            let Some(head) = Head::read(form, line) else {
                sample.preamble += usize::from(sample.heads == 0);
                continue;
            };
            sample.heads += 1;
            sample.dates.add(&head.stamp);
            let Some((name, text)) = head.sender(form, &[]) else { continue };
            if form == Form::Below && lines.get(at + 1).is_none_or(|next| Head::read(form, next).is_some()) {
                continue;
            }
            sample.messages += 1;
            sample.dated += usize::from(head.stamp.date.is_some());
            sample.levels += usize::from(is_level(name));
            if head.name.is_none() {
                tails.entry(name).or_default().push(text);
            }
        }
        for (name, texts) in tails {
            // Every message of `Dr` begins with `Low: `: the name is `Dr: Low`.
            let second = |text: &&str| split_name(text, ":").map(|(second, _)| second.to_owned());
            let mut seconds = texts.iter().map(second);
            if let Some(Some(second)) = seconds.next()
                && texts.len() >= 3
                && seconds.all(|other| other.as_ref() == Some(&second))
            {
                sample.names.insert(format!("{name}: {second}"));
            }
        }
        sample
    }

    fn is_chat(&self) -> bool {
        let is_marked = matches!(self.form, Form::Zoom | Form::Irc | Form::Line | Form::Below);
        // A date and a time at the front of many lines are rare elsewhere; a time alone is not.
        let is_dense = if self.dated == self.messages {
            self.heads * 20 >= self.lines
        } else {
            let lines_each = if is_marked { 5 } else { 2 };
            self.messages >= 2 && self.heads * lines_each >= self.lines
        };
        let most_preamble = if is_marked { 10 } else { 2 };
        self.preamble <= most_preamble
            && self.messages * 5 >= self.heads
            && is_dense
            && self.levels * 2 < self.messages
    }
}

/// Returns true for the words that programs use as log levels.
fn is_level(name: &str) -> bool {
    let last = name.rsplit(['.', ' ', '[']).next().unwrap_or(name).trim_end_matches(']');
    let levels =
        ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL", "SEVERE"];
    levels.contains(&last.to_uppercase().as_str()) && (last == last.to_uppercase() || name.contains('.'))
}

/// Counts of the lines that were not read as a message.
#[derive(Default)]
struct Counts {
    unsent: u64,
    first_unsent: u64,
    outside: u64,
    first_outside: u64,
    dateless: u64,
    halfless: u64,
    edited: u64,
}

struct Chat {
    input: Input,
    /// The name of the archive around a `_chat.txt`, as WhatsApp on iOS names every chat.
    archive: Option<String>,
    form: Form,
    order: Option<DateOrder>,
    /// Names that contain a colon and a space.
    long_names: Vec<String>,
    /// The first line of the next message.
    ahead: Option<(Span, Vec<u8>)>,
    /// The date of LINE's messages, from the line above them.
    day: Option<Date>,
    /// The date of the messages below the one that was cut last.
    next_day: Option<Date>,
    counts: Counts,
    is_done: bool,
}

impl Chat {
    /// Returns true if a line begins a message, including those that no one sent.
    fn begins(&self, line: &[u8]) -> bool {
        let start = &line[..line.len().min(1 << 10)];
        Head::read(self.form, &String::from_utf8_lossy(start)).is_some()
    }

    /// Cuts the next message with all its lines; counts the lines outside of messages.
    fn cut(&mut self) -> Option<(Span, Vec<u8>)> {
        let (mut span, mut raw) = loop {
            if let Some(ahead) = self.ahead.take() {
                break ahead;
            }
            let mut line = Vec::new();
            let span = self.input.source.read_line(&mut line)?;
            if self.begins(&line) || self.input.source.defect(span, &line).is_some() {
                break (span, line);
            }
            self.pass(span, &line);
        };
        self.day = self.next_day.take().or(self.day);
        if !self.begins(&raw) {
            return Some((span, raw));
        }
        let mut line = Vec::new();
        while let Some(next) = self.input.source.read_line(&mut line) {
            if self.begins(&line) {
                self.ahead = Some((next, line));
                break;
            }
            if self.form.has_long_messages() && self.day_of(&line).is_none() && !self.is_rule(&line) {
                // Only the beginning of an overlong message is in memory.
                if span.end - span.start <= crate::source::MAX_RECORD_BYTES as u64 {
                    raw.extend_from_slice(&line);
                }
                (span.end, span.is_complete) = (next.end, next.is_complete);
            } else {
                // The day of the messages below it, or the end of all.
                self.pass(next, &line);
                break;
            }
            line.clear();
        }
        Some((span, raw))
    }

    /// Returns true for the line at the end of messages in exports of Discord.
    fn is_rule(&self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        self.form == Form::Below && line.len() >= 20 && line.iter().all(|byte| *byte == b'=')
    }

    /// Returns the date if a line of LINE is one.
    fn day_of(&self, line: &[u8]) -> Option<Numbers> {
        if self.form != Form::Line || line.len() > 4 * MAX_STAMP_CHARS {
            return None;
        }
        let text: Vec<char> = str::from_utf8(line).ok()?.chars().collect();
        // `2024/03/01(Fri)`; `Fri, 03/01/2024`
        let at = text.iter().position(char::is_ascii_digit)?;
        let mut scan = Scan { text: &text, at };
        let numbers = scan.date()?;
        let rest: String = text[scan.at..].iter().collect();
        (at <= 12 && rest.trim().chars().count() <= 12 && !rest.contains(':')).then_some(numbers)
    }

    /// Counts a line outside of messages.
    fn pass(&mut self, span: Span, line: &[u8]) {
        if let Some(day) = self.day_of(line) {
            self.next_day = day.date(self.order);
        } else if !line.trim_ascii().is_empty() {
            self.counts.outside += 1;
            if self.counts.outside == 1 {
                self.counts.first_outside = span.line;
            }
        }
    }

    /// Returns the record of a message; `None` if no one sent it.
    fn message(&mut self, span: Span, raw: &[u8]) -> Option<Record> {
        if let Some(cause) = self.input.source.defect(span, raw) {
            return Some(self.input.reject(span, cause, raw));
        }
        let whole = String::from_utf8_lossy(raw);
        let whole =
            if self.input.source.line_end() == b'\r' { Cow::Owned(whole.replace('\r', "\n")) } else { whole };
        let (first, more) = whole.split_once('\n').unwrap_or((&whole, ""));
        let Some(head) = Head::read(self.form, first) else {
            let cause = "a line that begins no message; check where it comes from";
            return Some(self.input.reject(span, cause, raw));
        };
        let Some((name, text)) = head.sender(self.form, &self.long_names) else {
            self.counts.unsent += 1;
            if self.counts.unsent == 1 {
                self.counts.first_unsent = span.line;
            }
            return None;
        };
        let created_at = head.stamp.written(self.order, self.day);
        if created_at.is_none() {
            self.counts.dateless += u64::from(head.stamp.date.is_none() && self.day.is_none());
            self.counts.halfless += u64::from(head.stamp.half == Half::Unknown);
        }
        let text = match (text, more) {
            (text, "") => text.to_owned(),
            ("", more) => self.unindent(more),
            (text, more) => format!("{text}\n{}", self.unindent(more)),
        };
        // So does WhatsApp on iOS.
        let message = Message::of(&text, self.form == Form::Bracket);
        self.counts.edited += u64::from(message.is_edited);
        let mut values = Values::default();
        values[Field::Thread as usize] = self.archive.as_deref().map(Cow::Borrowed);
        values[Field::Author as usize] = Some(Cow::Borrowed(name));
        values[Field::Text as usize] = Some(Cow::Borrowed(&message.text));
        values[Field::CreatedAt as usize] = created_at.map(Cow::Owned);
        let mut record = self.input.comment(span, values);
        if let (Record::Comment(comment), Some(status)) = (&mut record, message.status) {
            comment.status = status;
        }
        Some(record)
    }

    /// Removes the indentation of the further lines of a message.
    fn unindent(&self, lines: &str) -> String {
        match self.form {
            Form::Zoom => {
                lines.lines().map(|line| line.trim_start_matches('\t')).collect::<Vec<_>>().join("\n")
            }
            _ => lines.to_owned(),
        }
    }

    /// Adds the notices on the whole file.
    fn finish(&mut self) {
        let Counts { unsent, first_unsent, outside, first_outside, dateless, halfless, edited } = self.counts;
        let mut notice = |count: u64, text: String| {
            if count > 0 {
                self.input.report.notices.push(text);
            }
        };
        notice(
            unsent,
            format!(
                "lines of the program itself, with no sender (someone joined, the subject was changed), left out: \
                 {unsent} (the first on line {first_unsent})"
            ),
        );
        notice(
            outside,
            format!("lines outside of messages, left out: {outside} (the first on line {first_outside})"),
        );
        notice(dateless, format!("messages with a time and no date, whose time is left empty: {dateless}"));
        notice(
            halfless,
            format!("times with a word for the half of the day that is not known, left empty: {halfless}"),
        );
        notice(edited, format!("marks that a message was edited, taken off its text: {edited}"));
    }
}

impl Parser for Chat {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        while let Some((span, raw)) = self.cut() {
            if let Some(record) = self.message(span, &raw) {
                return Ok(Some(record));
            }
        }
        if !std::mem::replace(&mut self.is_done, true) {
            self.finish();
        }
        Ok(None)
    }

    fn input(&mut self) -> &mut Input {
        &mut self.input
    }
}

#[cfg(test)]
mod tests {
    use comity_core::comment::Status;

    use super::*;
    use crate::Options;
    use crate::formats::testing::{is_sure, read, read_with, survives_damage};

    /// One line for each comment: its author, its time, its text, and its status unless live.
    fn lines(content: &str, options: &Options) -> Vec<String> {
        assert!(is_sure(&FORMAT, content), "{content}");
        let outcome = read_with(&FORMAT, content.as_bytes(), options).unwrap();
        assert_eq!(outcome.rejects, [], "{content}");
        let line = |comment: &comity_core::comment::Comment| {
            let time = comment.created_at.map_or_else(|| "-".to_owned(), |time| time.to_string());
            let status =
                if comment.status == Status::Live { String::new() } else { format!(" {:?}", comment.status) };
            let author = comment.author.as_deref().unwrap_or("-");
            format!("{author}|{time}|{}{status}", comment.text.replace('\n', "\\"))
        };
        outcome.comments.iter().map(line).collect()
    }

    #[test]
    fn messages_are_read_in_every_form() {
        for (content, expected) in [
            (
                "25/03/2024, 9:05 - Cleo added Dan\n25/03/2024, 09:05 - Cleo: rain: again\nand more\n\n26/03/2024, 09:06 - Dan Berg: <Media omitted>\n",
                &[
                    "Cleo|2024-03-25T09:05:00Z|rain: again\\and more",
                    "Dan Berg|2024-03-26T09:06:00Z|<Media omitted> Service",
                ][..],
            ),
            (
                "\u{200e}[3/25/24, 9:05:10\u{202f}PM] Cleo: \u{200e}Messages are encrypted.\r\n[3/25/24, 12:05:11\u{202f}AM] ~\u{202f}Dan: hi [3/25/24, 9:05:10 PM] there\r\n",
                &[
                    "Cleo|2024-03-25T21:05:10Z|Messages are encrypted. Service",
                    "~\u{202f}Dan|2024-03-25T00:05:11Z|hi [3/25/24, 9:05:10 PM] there",
                ],
            ),
            (
                "[25.03.24, 09:05:10] Cleo: Diese Nachricht wurde gel\u{f6}scht.\n[25.03.24, 09:06:10] Cleo: nun ja \u{200e}<Diese Nachricht wurde bearbeitet>\n",
                &[
                    "Cleo|2024-03-25T09:05:10Z|Diese Nachricht wurde gel\u{f6}scht. Deleted",
                    "Cleo|2024-03-25T09:06:10Z|nun ja",
                ],
            ),
            (
                "2024. 3. 5. \u{c624}\u{d6c4} 1:05 - Mina: \u{c548}\u{b155}\n2024. 3. 5. \u{c624}\u{c804} 12:06 - Jun: hi\n",
                &["Mina|2024-03-05T13:05:00Z|\u{c548}\u{b155}", "Jun|2024-03-05T00:06:00Z|hi"],
            ),
            (
                "5/3/24 9:05 p. m. - Cleo: IMG-7.jpg (archivo adjunto)\nmira\n25/3/24 9:06 p. m. - Cleo: y?\n",
                &["Cleo|2024-03-05T21:05:00Z|mira", "Cleo|2024-03-25T21:06:00Z|y?"],
            ),
            (
                "09:05:01\t From Cleo Ray : can you hear me\n09:05:09\t From Dan to Everyone : yes\n",
                &["Cleo Ray|-|can you hear me", "Dan|-|yes"],
            ),
            (
                "09:05:01 From Cleo Ray to Everyone:\n\tcan you: hear me\n09:05:09 From  Dan  to  Cleo Ray(Direct Message):\n\tyes\n",
                &["Cleo Ray|-|can you: hear me", "Dan|-|yes"],
            ),
            ("09:05:01\tCleo Ray:\tcan you\n09:05:09\tDan:\tyes\n", &["Cleo Ray|-|can you", "Dan|-|yes"]),
            (
                "[LINE] Chat with Cleo\nSaved on: 2024/03/27 10:00\n\n2024/03/25(Mon)\n09:05\tCleo\thello\nthere\n09:06\tDan\thi\n\n2024/03/26(Tue)\n10:01\tCleo\tsnow\n",
                &[
                    "Cleo|2024-03-25T09:05:00Z|hello\\there",
                    "Dan|2024-03-25T09:06:00Z|hi",
                    "Cleo|2024-03-26T10:01:00Z|snow",
                ],
            ),
            (
                "--- Log opened\n[09:05] <@cleo> hello\n[09:06] -!- dan has joined\n[09:07] <dan> hi\n[09:08] * dan waves\n",
                &["cleo|-|hello", "dan|-|hi", "dan|-|waves"],
            ),
            (
                "2024-03-25 09:05:01 <cleo> hello\n2024-03-25 09:06:01 <dan> hi\n",
                &["cleo|2024-03-25T09:05:01Z|hello", "dan|2024-03-25T09:06:01Z|hi"],
            ),
            (
                "[2024-03-25 09:05] Cleo: hello\n[2024-03-25 09:06] Dan: hi\n",
                &["Cleo|2024-03-25T09:05:00Z|hello", "Dan|2024-03-25T09:06:00Z|hi"],
            ),
            (
                "25/03/2024, 21:05:33: Cleo: rain\n25/03/2024, 21:06:33: Dan: snow\n",
                &["Cleo|2024-03-25T21:05:33Z|rain", "Dan|2024-03-25T21:06:33Z|snow"],
            ),
            (
                "Cleo Ray, [25 Mar 2024 at 09:05:10]:\nrain\nand snow\n\nDan, [25 Mar 2024 at 09:06:10]:\nice\n",
                &["Cleo Ray|2024-03-25T09:05:10Z|rain\\and snow", "Dan|2024-03-25T09:06:10Z|ice"],
            ),
            (
                "========================\nGuild: Town\nChannel: rain\n========================\n\n\
                 [25-Mar-24 09:05 PM] cleo#1\nrain\n\n[25-Mar-24 09:06 PM] dan\nsnow\n\n\n\
                 ========================\nExported 2 message(s)\n========================\n",
                &["cleo#1|2024-03-25T21:05:00Z|rain", "dan|2024-03-25T21:06:00Z|snow"],
            ),
            ("00:01:02 Cleo: rain\n00:01:09 Dan: snow\n", &["Cleo|-|rain", "Dan|-|snow"]),
            // A name with a colon; a subject with one.
            (
                "25/3/24, 9:05 - Dr: Ray: a\n25/3/24, 9:06 - Dr: Ray: b\n25/3/24, 9:07 - Bo: x: y\n25/3/24, 9:07 - Bo changed the subject from \"A\" to \"B: C\"\n25/3/24, 9:08 - Dr: Ray: c\n",
                &[
                    "Dr: Ray|2024-03-25T09:05:00Z|a",
                    "Dr: Ray|2024-03-25T09:06:00Z|b",
                    "Bo|2024-03-25T09:07:00Z|x: y",
                    "Dr: Ray|2024-03-25T09:08:00Z|c",
                ],
            ),
        ] {
            assert_eq!(lines(content, &Options::default()), expected, "{content}");
        }
    }

    #[test]
    fn day_and_month_are_told_apart_by_all_dates() {
        let day = "2024-02-01T10:00:00Z";
        let month = "2024-01-02T10:00:00Z";
        for (others, told, expected) in [
            (&[][..], None, "-"),
            (&[], Some(DateOrder::DayFirst), day),
            (&[], Some(DateOrder::MonthFirst), month),
            (&["13/02/2024"], None, day),
            (&["01/13/2024"], None, month),
            // No chat goes back in time.
            (&["11/02/2024", "01/03/2024"], None, day),
            (&["01/04/2024", "02/01/2024"], None, month),
            // One date per day, rather than one per month.
            (&["02/02/2024", "03/02/2024"], None, day),
            (&["02/02/2024"], None, "-"),
            (&["13/02/2024", "02/13/2024"], None, "-"),
            (&["11/02/2024", "01/03/2024", "02/03/2024", "01/03/2024"], None, "-"),
            (&["03/04/2024", "02/03/2024"], None, "-"),
        ] {
            let all = ["01/02/2024"].iter().chain(others);
            let content: String = all.map(|date| format!("{date}, 10:00 - Cleo: hello\n")).collect();
            let options = Options { date_order: told, ..Options::default() };
            let read = &lines(&content, &options)[0];
            assert_eq!(read.split('|').nth(1), Some(expected), "{others:?} {told:?}");
            let export = read_with(&FORMAT, content.as_bytes(), &options).unwrap();
            let is_told = export.notices.iter().any(|notice| notice.contains("--date-order dmy or mdy"));
            assert_eq!(is_told, expected == "-", "{others:?}");
        }
    }

    #[test]
    fn dates_with_dots_begin_with_the_day_unless_they_cannot() {
        for (content, expected) in [
            ("[01.02.24, 10:00] Cleo: a\n", "Cleo|2024-02-01T10:00:00Z|a"),
            ("[10.24.24, 10:00] Cleo: a\n", "Cleo|2024-10-24T10:00:00Z|a"),
        ] {
            assert_eq!(lines(content, &Options::default()), [expected]);
        }
    }

    #[test]
    fn lines_that_no_one_sent_are_counted() {
        let content = "25/03/2024, 09:04 - Messages are encrypted.\n25/03/2024, 09:05 - Cleo: hello\n25/03/2024, 09:06 - Dan left\n";
        let outcome = read(&FORMAT, content.as_bytes()).unwrap();
        let notices = outcome.notices.join("\n");
        assert!(notices.contains("left out: 2 (the first on line 1)"), "{notices}");
        assert_eq!((outcome.comments[0].origin.line, outcome.comments[0].origin.record), (2, 1));
    }

    #[test]
    fn other_files_are_no_chats() {
        for content in [
            "[2024-03-25 09:05:01] INFO: started\n[2024-03-25 09:05:02] ERROR: stopped\n",
            "[2024-03-25 09:05:01] live.ERROR: started\n[2024-03-25 09:05:02] live.INFO: stopped\n",
            "At 10:05 we met.\nAna: hello\nBo: no\n",
            "1\n00:00:01,000 --> 00:00:02,000\nAna: hello\n",
            "time,name\n10:05,Ana\n",
            "[1, 2]\n",
        ] {
            assert!(!is_sure(&FORMAT, content), "{content}");
        }
    }

    #[test]
    fn damaged_chats_are_read_to_their_end() {
        survives_damage(
            &FORMAT,
            "[3/25/24, 9:05:10 PM] Cleo: one\ntwo\n[3/26/24, 9:05:10 PM] Dan: <Media omitted>\n\
             [3/26/24, 9:06:10 PM] Dan left\n[3/26/24, 9:07:10 PM] Dan: \u{200e}<attached: a.jpg>\n",
        );
    }
}
