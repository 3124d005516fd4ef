//! The mapping of columns or keys of an export to fields: by the user's options, by name, by
//! content.

mod address;
mod choice;
mod content;
mod names;
mod place;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use comity_core::comment::Status;

pub(crate) use self::address::page_of;
use self::choice::Choice;
pub(crate) use self::content::{is_moment, is_none};
use self::names::bare;
use self::place::Path;
use super::input::{Values, status_of_word};

/// A field of a comment that a column or key may contain.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The comment itself; the only required field.
    Text,
    /// The author.
    Author,
    /// The comment's id.
    Id,
    /// The id of the comment that it answers.
    Parent,
    /// The page or post that it was made under.
    Thread,
    /// The title of that page or post.
    ThreadTitle,
    /// The time at which it was posted.
    CreatedAt,
    /// The comment's address.
    Link,
    /// The section of the site.
    Section,
    /// Votes, likes, points.
    Votes,
    /// The number of replies.
    Replies,
    /// The status: live, deleted or removed.
    Status,
}

impl Field {
    /// The number of fields.
    pub(crate) const COUNT: usize = 12;

    /// All fields.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Text,
        Self::Author,
        Self::Id,
        Self::Parent,
        Self::Thread,
        Self::ThreadTitle,
        Self::CreatedAt,
        Self::Link,
        Self::Section,
        Self::Votes,
        Self::Replies,
        Self::Status,
    ];

    /// Returns the word for `--map`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Author => "author",
            Self::Id => "id",
            Self::Parent => "parent",
            Self::Thread => "thread",
            Self::ThreadTitle => "thread_title",
            Self::CreatedAt => "created_at",
            Self::Link => "link",
            Self::Section => "section",
            Self::Votes => "votes",
            Self::Replies => "replies",
            Self::Status => "status",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|field| field.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|field| field.as_str()).collect();
            format!("unknown field `{word}`; known: {}", known.join(", "))
        })
    }
}

/// The columns or keys that the user named for fields: `text=COL,author=COL`.
///
/// A column is named as in the header, by its number from 1, or (a JSON key within others) by a
/// dotted path. An empty name after the `=` leaves the field empty, whatever the columns are
/// called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(Vec<(Field, String)>);

impl FromStr for Mapping {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, String> {
        let mut pairs: Vec<(Field, String)> = Vec::new();
        for word in words.split(',').filter(|word| !word.trim().is_empty()) {
            let (field, column) = word
                .split_once('=')
                .ok_or_else(|| format!("`{word}` maps nothing; write it as text=COLUMN,author=COLUMN"))?;
            let field: Field = field.trim().parse()?;
            if pairs.iter().any(|(known, _)| *known == field) {
                return Err(format!("`{field}` is mapped twice; name one column"));
            }
            pairs.push((field, column.trim().to_owned()));
        }
        Ok(Self(pairs))
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (field, column)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{field}={column}")?;
        }
        Ok(())
    }
}

/// A column or key with some of its values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// The values at the head that are not blank.
    pub(crate) values: Vec<String>,
}

/// The place of the column of each field, in the order of [`Field::ALL`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Resolved {
    pub(crate) columns: [Option<usize>; Field::COUNT],
    /// Further columns of a field: texts that are used if the first is blank, statuses that are
    /// used if they show more than that a comment is live, and the hours of days.
    pub(crate) further: Vec<(Field, usize)>,
    /// The second part of texts in two columns (`pros`, `cons`).
    pub(crate) second_part: Option<usize>,
    /// Fields whose column was chosen by its content alone.
    pub(crate) by_content: Vec<Field>,
    /// Columns that would have served a field nearly as well.
    pub(crate) close: Vec<(Field, usize)>,
    /// A column of ids that is left out, because a spreadsheet rounded them.
    pub(crate) rounded: Option<usize>,
    /// The sign after which ids that begin with their parent's continue (`a.b` answers `a`), if no
    /// column names parents.
    pub(crate) parent_in_id: Option<char>,
    /// No column names threads, and the comments' addresses begin with that of their page.
    pub(crate) page_in_link: bool,
    /// Threads have the id of their first comment.
    pub(crate) thread_is_comment: bool,
    /// A comment has the id `0`, and comments without a parent leave it blank.
    pub(crate) zero_is_id: bool,
    /// The names of all columns of statuses.
    statuses: Vec<String>,
}

impl Resolved {
    /// Creates it from these columns, one for each field.
    pub(crate) fn of(columns: [Option<usize>; Field::COUNT]) -> Self {
        Self { columns, ..Self::default() }
    }

    pub(crate) fn get(&self, field: Field) -> Option<usize> {
        self.columns[field as usize]
    }

    /// Returns the same for columns that are read under other numbers.
    pub(crate) fn renumbered(mut self, number: impl Fn(usize) -> Option<usize>) -> Self {
        self.columns = self.columns.map(|column| number(column?));
        self.further =
            self.further.into_iter().filter_map(|(field, column)| Some((field, number(column)?))).collect();
        self.second_part = self.second_part.and_then(&number);
        self
    }

    /// Returns true if the text was chosen by its content alone.
    pub(crate) fn is_guess(&self) -> bool {
        self.by_content.contains(&Field::Text)
    }

    /// Returns every column of a field, the main one first.
    pub(crate) fn all(&self, field: Field) -> impl Iterator<Item = usize> {
        let further = self.further.iter().filter(move |(of, _)| *of == field).map(|(_, column)| *column);
        let second_part = self.second_part.filter(|_| field == Field::Text);
        self.get(field).into_iter().chain(second_part).chain(further)
    }

    /// Returns the columns that are read, in any order.
    pub(crate) fn read(&self) -> impl Iterator<Item = usize> {
        let further = self.further.iter().map(|(_, column)| *column);
        self.columns.iter().flatten().copied().chain(self.second_part).chain(further)
    }

    /// Returns the values of a record; `value` returns that of a column.
    pub(crate) fn values<'a>(&self, mut value: impl FnMut(usize) -> Option<Cow<'a, str>>) -> Values<'a> {
        let mut values: Values = self.columns.map(|column| value(column?));
        let is_blank =
            |value: &Option<Cow<'a, str>>| value.as_deref().is_none_or(|value| value.trim().is_empty());
        if let Some(second) = self.second_part.and_then(&mut value).filter(|part| !part.trim().is_empty()) {
            let first = &mut values[Field::Text as usize];
            *first = match first.take() {
                Some(first) if !first.trim().is_empty() => Some(format!("{first}\n\n{second}").into()),
                _ => Some(second),
            };
        }
        for (field, column) in &self.further {
            let first = &mut values[*field as usize];
            let Some(next) = value(*column).filter(|next| !next.trim().is_empty()) else { continue };
            match field {
                Field::CreatedAt => {
                    if let Some(day) = first.take() {
                        let is_number = next.trim().bytes().all(|byte| byte.is_ascii_digit());
                        let minutes = if is_number { ":00" } else { "" };
                        *first = Some(format!("{} {}{minutes}", day.trim(), next.trim()).into());
                    }
                }
                Field::Status => {
                    let mut names = self.all(Field::Status).zip(&self.statuses);
                    let said = |name: Option<(usize, &String)>, word: &str| {
                        name.and_then(|(_, name)| status_of_word(name, word.trim()))
                    };
                    let of_first = first.as_deref().and_then(|word| said(names.next(), word));
                    let of_next = said(names.find(|(known, _)| known == column), &next);
                    let word = match of_next {
                        Some(Status::Deleted) => "deleted",
                        Some(Status::Removed) => "removed",
                        Some(Status::Service) => "service",
                        _ => continue,
                    };
                    if of_first.is_none_or(|status| status == Status::Live) {
                        *first = Some(Cow::Borrowed(word));
                    }
                }
                _ if is_blank(first) => *first = Some(next),
                _ => {}
            }
        }
        values
    }

    fn set(&mut self, field: Field, column: usize) {
        self.columns[field as usize] = Some(column);
    }
}

/// The reason no mapping was found.
#[derive(Debug, PartialEq)]
pub(crate) enum Unresolved {
    UnknownColumn(String),
    NoText,
}

impl Mapping {
    /// Returns the pairs of field and column; the column is empty if the field is to be left empty.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, column)| (*field, column.as_str()))
    }

    /// Returns true if any column is named by anything but its number.
    pub(crate) fn has_names(&self) -> bool {
        self.0.iter().any(|(_, name)| !name.is_empty() && name.parse::<usize>().is_err())
    }

    /// Returns this mapping, with the first of these columns for each field that it does not name.
    pub(crate) fn or<'a>(mut self, columns: impl Iterator<Item = (Field, &'a str)>) -> Self {
        for (field, column) in columns {
            if !self.0.iter().any(|(known, _)| *known == field) {
                self.0.push((field, column.to_owned()));
            }
        }
        self
    }

    /// Decides which column each field is in: the user's mapping first, then the best name whose
    /// content and place fit, then the content alone.
    pub(crate) fn resolve(&self, columns: &[Column]) -> Result<Resolved, Unresolved> {
        let mut choice = Choice::new(columns);
        for (field, name) in &self.0 {
            choice.settled.insert(*field);
            if !name.is_empty() {
                let column = find(columns, name).ok_or_else(|| Unresolved::UnknownColumn(name.clone()))?;
                choice.resolved.set(*field, column);
                choice.used.insert(column);
            }
        }
        choice.choose_text();
        choice.choose_by_name();
        choice.choose_by_content();
        choice.add_hours();
        choice.leave_out_rounded();
        let mut resolved = choice.resolved;
        let name = |column: usize| columns[column].name.clone();
        resolved.statuses = resolved.all(Field::Status).map(name).collect();
        if resolved.get(Field::Text).is_none() {
            return Err(Unresolved::NoText);
        }
        Ok(resolved)
    }
}

/// Finds a column by its exact name, by its name without case and punctuation, or by its number
/// from 1.
fn find(columns: &[Column], name: &str) -> Option<usize> {
    let by_name = columns.iter().position(|column| column.name == name);
    let by_bare_name =
        || columns.iter().position(|column| bare(&column.name) == bare(name) && !bare(name).is_empty());
    let by_number = || name.parse::<usize>().ok()?.checked_sub(1).filter(|index| *index < columns.len());
    by_name.or_else(by_bare_name).or_else(by_number)
}

/// Returns the field of a name that exports use; `None` for any other name.
pub(crate) fn field_of_name(name: &str) -> Option<Field> {
    let scores = names::lookup(&Path::new(name).leaf);
    scores.into_iter().max_by_key(|(_, score)| *score).map(|(field, _)| field)
}

/// Returns the field of a name that is surely that of a field.
pub(crate) fn sure_field_of_name(name: &str) -> Option<Field> {
    let scores = names::lookup(&Path::new(name).leaf);
    let best = scores.into_iter().max_by_key(|(_, score)| *score);
    best.filter(|(_, score)| *score >= choice::STRONG).map(|(field, _)| field)
}

/// Returns true if a name is that of the text of a comment, and of nothing else.
pub(crate) fn is_called_text(name: &str) -> bool {
    let scores = names::lookup(&Path::new(name).leaf);
    scores.iter().any(|(field, score)| *field == Field::Text && *score >= 90)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::names::{ENGLISH, TRANSLATED};
    use super::*;

    /// Returns columns from `name: value; value`, one per line.
    fn columns(table: &str) -> Vec<Column> {
        let lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
        let column = |line: &str| {
            let (name, values) = line.split_once(':').unwrap_or((line, ""));
            let values = values.split(';').map(str::trim).filter(|value| !value.is_empty());
            Column { name: name.trim().to_owned(), values: values.map(str::to_owned).collect() }
        };
        lines.map(column).collect()
    }

    fn resolve(mapping: &str, table: &str) -> String {
        let columns = columns(table);
        match mapping.parse::<Mapping>().unwrap().resolve(&columns) {
            Ok(resolved) => {
                let name = |field: Field| Some(format!("{field}={}", columns[resolved.get(field)?].name));
                Field::ALL.into_iter().filter_map(name).collect::<Vec<_>>().join(" ")
            }
            Err(Unresolved::UnknownColumn(name)) => format!("unknown {name}"),
            Err(Unresolved::NoText) => "no text".to_owned(),
        }
    }

    #[test]
    fn columns_are_chosen_by_word_then_name_then_content() {
        for (mapping, table, expected) in [
            (
                "",
                "ID \n Comment Text \n User Name \n Created At",
                "text=Comment Text author=User Name id=ID created_at=Created At",
            ),
            (
                "",
                "CommentText \n commentID \n parentCommentID \n articleID \n recommendations",
                "text=CommentText id=commentID parent=parentCommentID thread=articleID votes=recommendations",
            ),
            (
                "",
                "data.body \n data.author.id: 7 \n data.author.name: Ana \n meta.id: 1",
                "text=data.body author=data.author.name id=meta.id",
            ),
            // The stronger name wins, and each column serves once.
            ("", "content \n text \n from \n user", "text=text author=user"),
            ("", "post_id \n comment_id \n body", "text=body id=comment_id thread=post_id"),
            ("", "post_id: 1; 2; 3; 4 \n body", "text=body id=post_id"),
            // A column of counts is not a text, and an empty one yields.
            (
                "",
                "comments: 3; 4 \n what: so nice to be here; never going there again",
                "text=what replies=comments",
            ),
            ("", "body: hello \n likes \n score: 4; 5", "text=body votes=score"),
            ("", "body: hello \n score: 0.25; 0.5", "text=body"),
            // By content: the longest and most varied; not a name, an address or a repeated phrase.
            (
                "",
                "a: x1; x2 \n b: all that I wanted to say; and some more of it \n c: the same long phrase every time, no more; the same long phrase every time, no more",
                "text=b",
            ),
            (
                "",
                "a: \u{4eca}\u{65e5}\u{306f}\u{3068}\u{3066}\u{3082}\u{826f}\u{3044}\u{5929}\u{6c17} \n b: x",
                "text=a",
            ),
            ("", "id: 1; 2 \n price: 3; 4 \n label: nut; bolt", "no text"),
            ("", "text: 1; 2 \n id: 7; 8", "text=text id=id"),
            // The user's mapping.
            ("text=label", "id \n label", "text=label id=id"),
            ("text=2,id=", "id \n label", "text=label"),
            ("TEXT BODY", "id", "error"),
            ("text=note", "id \n label \n text", "unknown note"),
            ("author=Full name", "text \n full_name \n author", "text=text author=full_name"),
            // An address shared by many is that of their thread.
            ("", "text: a; b; c; d \n url: /u; /u; /v; /v", "text=text thread=url link=url"),
            ("", "text: a; b; c; d \n url: /u; /v; /w; /x", "text=text link=url"),
            ("", "text: a; b; c; d \n url: u; v; w; x", "text=text"),
        ] {
            if expected == "error" {
                assert!(mapping.parse::<Mapping>().is_err());
            } else {
                assert_eq!(resolve(mapping, table), expected, "{mapping:?} {table:?}");
            }
        }
    }

    #[test]
    fn what_is_around_a_key_decides_whose_it_is() {
        for (table, expected) in [
            // The author's times and texts are not the comment's; nor is anything of a preview.
            (
                "body: hi; ho \n user.created_at: 2001-01-01 \n user.login: ana; ben \n user.id: 7; 8",
                "text=body author=user.login",
            ),
            (
                "says: see you; me too \n author.bio: I write about trams and all of the people in them",
                "no text",
            ),
            (
                "content: hi; ho \n card.author_name: The Post \n card.content: x \n account.acct: ana; ben",
                "text=content author=account.acct",
            ),
            (
                "review: cold soup; fine \n ownerReply.text: so sorry; thank you \n ownerReply.date: 2024-01-01",
                "text=review",
            ),
            // If there is nothing else, the text of the answer is read.
            (
                "reply.text: so sorry; thank you \n reply.user.name: ana; ben",
                "text=reply.text author=reply.user.name",
            ),
            // Objects that are answered, or commented on.
            (
                "id: 1; 2 \n text: a; b \n replyTo.id: 1 \n replyTo.text: a \n replyTo.author.name: ana",
                "text=text id=id parent=replyTo.id",
            ),
            (
                "comment.id: 1; 2 \n comment.text: a; b \n article.id: 7; 7 \n article.user.name: eve \n article.date: 2024-01-01",
                "text=comment.text id=comment.id thread=article.id",
            ),
            (
                "message.text: a; b \n message.chat.id: -100; -100 \n message.id: 4; 5",
                "text=message.text id=message.id thread=message.chat.id",
            ),
            // A wrapper around the text costs nothing, whatever it is called.
            (
                "seen_id: 1; 2 \n timestamp: 1717000000; 1717000001 \n post.record.text: a; b \n post.record.createdAt: 2024-01-01; 2024-01-02 \n post.author.name: ana; ben \n post.id: 4; 5",
                "text=post.record.text author=post.author.name id=post.id created_at=post.record.createdAt",
            ),
            (
                "id: 5; 6 \n attributes.body: a; b \n attributes.created_at: 2024-01-01 \n relationships.user.data.id: 7; 8",
                "text=attributes.body author=relationships.user.data.id id=id created_at=attributes.created_at",
            ),
            // Wrapped values.
            (
                "_id.$oid: a1; a2 \n content.rendered: one; two \n title.rendered: A \n created_at.$date: 2024-01-01",
                "text=content.rendered id=_id.$oid created_at=created_at.$date",
            ),
            ("body: a; b \n reactions.total_count: 3; 4", "text=body votes=reactions.total_count"),
            // Flattened by other signs.
            ("text: a; b \n author/name: ana; ben \n media/0/id: 7; 8", "text=text author=author/name"),
            // Those who moderated it did not write it.
            (
                "text: a; b \n deleted_by.name: eve; eve \n created_by.name: ana; ben",
                "text=text author=created_by.name",
            ),
        ] {
            assert_eq!(resolve("", table), expected, "{table:?}");
        }
    }

    #[test]
    fn values_decide_between_names() {
        for (table, expected) in [
            // A name beats a number; ids are distinct; `reply_id` is a parent.
            ("text: a; b; c \n author: 0; 0; 4 \n author_name: ana; ben; cy", "text=text author=author_name"),
            ("text: a; b \n userID: 7; 8 \n userDisplayName: Ana; Ben", "text=text author=userDisplayName"),
            ("text: a; b; c \n reply_id: 0; 0; 71 \n cid: 71; 72; 73", "text=text id=cid parent=reply_id"),
            ("text: a; b; c; d; e \n guid: 7; 7; 7; 7; 8", "text=text"),
            // The column that parents point at.
            (
                "text: a; b \n cid: q; r \n uri: x://1; x://2 \n parent: x://1",
                "text=text id=uri parent=parent",
            ),
            ("text: a; b \n nr: 4; 5 \n parent_id: 4", "text=text id=nr parent=parent_id"),
            // Neither truth values nor mentions are parents; `pid` is one only if it points at an
            // id.
            ("text: a; b \n reply: true; false \n reply_to: @ana; @ben", "text=text"),
            ("text: a; b \n id: 1; 2 \n pid: 1", "text=text id=id parent=pid"),
            ("text: a; b \n id: 1; 2 \n pid: 88; 88", "text=text id=id"),
            (
                "tweet: a; b \n id: 1; 2 \n reply_to: []; [{'screen_name': 'ana', 'id': '7'}]",
                "text=tweet id=id",
            ),
            // Times that can be read beat `1 year ago`, and numbers of a player are not times.
            (
                "text: a; b \n time: 1 year ago; 2 years ago \n time_parsed: 1690000000.1; 1690000001.2",
                "text=text created_at=time_parsed",
            ),
            ("text: a; b \n time: 12.5; 70", "text=text"),
            // Stars are not votes.
            ("content: fine; bad \n score: 5; 1 \n reviewId: q; r", "text=content id=reviewId"),
            ("content: fine; bad \n score: 5; 1 \n thumbsUpCount: 0; 2", "text=content votes=thumbsUpCount"),
            ("text: a; b \n votes: 1.2K; 3", "text=text votes=votes"),
            (
                "text: a; b \n Review Score: 5; 1 \n Review Username: Ana; Ben",
                "text=text author=Review Username",
            ),
            ("text: a; b \n thread.count: 4; 4 \n likes.count: 2; 0", "text=text votes=likes.count"),
            // A home page is its owner's, not the comment's.
            ("text: a; b \n link: https://a.example; https://b.example/", "text=text"),
            // The comments' addresses begin with that of the page; a number of a page is not a
            // thread.
            (
                "body: a; b \n permalink: https://x.example/p/1/a; https://x.example/p/1/b \n link: https://x.example/p/1/; https://x.example/p/1/",
                "text=body thread=link link=permalink",
            ),
            ("text: a; b \n page: 1; 1", "text=text"),
            ("text: a; b \n thread id: 0; 0", "text=text"),
            // By content alone, if only one column fits.
            ("text: a; b; c \n wann: 2024-01-01; 2024-01-02; 2024-01-03", "text=text created_at=wann"),
            ("text: a; b \n x: 2024-01-01; 2024-01-02 \n y: 2024-01-01; 2024-01-02", "text=text"),
            ("text: a; b \n last_login: 2024-01-01; 2024-01-02", "text=text"),
            ("text: a; b; c \n skribent: Ana Lund; Ben Low; Ana Lund", "text=text author=skribent"),
            ("text: a; b; c \n city: New York; Boston; Boston", "text=text"),
        ] {
            assert_eq!(resolve("", table), expected, "{table:?}");
        }
    }

    #[test]
    fn headers_are_known_in_several_languages() {
        for (table, expected) in [
            (
                "Datum: 2024-01-01 \n Verfasser: Ana \n Kommentar: gut \n Antwort auf: 3 \n Gefällt mir: 2 \n Rubrik: Stadt",
                "text=Kommentar author=Verfasser parent=Antwort auf created_at=Datum section=Rubrik votes=Gefällt mir",
            ),
            (
                "Fecha: 2024-01-01 \n Nombre de usuario: Ana \n Comentario: bien \n Me gusta: 2 \n Respuestas: 1",
                "text=Comentario author=Nombre de usuario created_at=Fecha votes=Me gusta replies=Respuestas",
            ),
            (
                "Date de création: 2024-01-01 \n Auteur: Ana \n Commentaire: bien \n J'aime: 2 \n Réponses: 1",
                "text=Commentaire author=Auteur created_at=Date de création votes=J'aime replies=Réponses",
            ),
            (
                "Data: 2024-01-01 \n Usuário: Ana \n Comentário: bom \n Curtidas: 2",
                "text=Comentário author=Usuário created_at=Data votes=Curtidas",
            ),
            (
                "Data: 2024-01-01 \n Utente: Ana \n Commento: bene \n Mi piace: 2 \n Articolo: tram",
                "text=Commento author=Utente thread=Articolo created_at=Data votes=Mi piace",
            ),
            (
                "Geplaatst op: 2024-01-01 \n Gebruiker: Ana \n Reactie: goed \n Vind ik leuk: 2 \n Onderwerp: tram",
                "text=Reactie author=Gebruiker thread=Onderwerp created_at=Geplaatst op votes=Vind ik leuk",
            ),
            (
                "Data dodania: 2024-01-01 \n Użytkownik: Ana \n Treść komentarza: dobrze \n Polubienia: 2 \n Wątek: tram",
                "text=Treść komentarza author=Użytkownik thread=Wątek created_at=Data dodania votes=Polubienia",
            ),
            (
                "Comment (original): so \n Date (UTC): 2024-01-01",
                "text=Comment (original) created_at=Date (UTC)",
            ),
        ] {
            assert_eq!(resolve("", table), expected, "{table:?}");
        }
    }

    #[test]
    fn the_whole_text_wins_and_the_cut_one_stands_in() {
        let table = columns(
            "text: The council has decided that the trams\u{2026} https://x.example; short \n \
             extended_tweet.full_text: The council has decided that the trams shall run; \n user.name: Ana; Ben",
        );
        let resolved = Mapping::default().resolve(&table).unwrap();
        assert_eq!(resolved.all(Field::Text).collect::<Vec<_>>(), [1, 0]);
        let text = |whole: Option<&'static str>| {
            let value = |column: usize| if column == 1 { whole } else { Some("short") }.map(Cow::Borrowed);
            resolved.values(value)[Field::Text as usize].clone()
        };
        assert_eq!(text(None).as_deref(), Some("short"));
        assert_eq!(text(Some("whole")).as_deref(), Some("whole"));
        // By content, whatever they are called.
        let table = columns(
            "content: The council has decided that the...; short \n \
             message: The council has decided that the trams shall run; short",
        );
        let resolved = Mapping::default().resolve(&table).unwrap();
        assert_eq!(resolved.all(Field::Text).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn every_status_column_counts() {
        let table = columns("text: a; b; c \n deleted: true \n dead: true \n approved: true; true; false");
        let resolved = Mapping::default().resolve(&table).unwrap();
        for (deleted, dead, approved, expected) in [
            ("", "", "true", Status::Live),
            ("true", "", "true", Status::Deleted),
            ("", "true", "true", Status::Removed),
            ("true", "", "", Status::Deleted),
            ("false", "true", "", Status::Removed),
            ("", "", "spam", Status::Removed),
        ] {
            let value = |column: usize| Some(Cow::Borrowed(["", deleted, dead, approved][column]));
            let values = resolved.values(value);
            let word = values[Field::Status as usize].as_deref().unwrap_or_default();
            let status = status_of_word(&resolved.statuses[0], word);
            assert_eq!(status, Some(expected), "{deleted} {dead} {approved}");
        }
    }

    #[test]
    fn ids_tell_parents_unless_they_are_rounded() {
        for (table, in_id, is_rounded) in [
            ("text: a; b \n cid: Ug1; Ug1.x", true, false),
            ("text: a; b; c \n 1: 1; 1-1; 2", true, false),
            ("text: a; b; c \n id: 1f-aa; 1f-ab; 2c-ac", false, false),
            ("text: a; b; c \n id: 1; 1.1; 1.1.1", true, false),
            ("text: a; b \n id: 1.0; 2.0", false, false),
            ("text: a; b \n id: a.b; c.d", false, false),
            ("text: a; b \n id: Ug1; Ug1.x \n parent_id: Ug1", false, false),
            ("text: a; b \n id: 1.23457E+17; 1.23457E+17 \n parent_id: 1.23457E+17", false, true),
        ] {
            let resolved = Mapping::default().resolve(&columns(table)).unwrap();
            assert_eq!(
                (resolved.parent_in_id.is_some(), resolved.rounded.is_some()),
                (in_id, is_rounded),
                "{table:?}"
            );
            assert_eq!(resolved.get(Field::Id).is_none(), is_rounded, "{table:?}");
        }
    }

    #[test]
    fn a_choice_that_is_close_is_told() {
        for (table, expected) in [
            ("text: a; b \n content: c; d \n", None),
            ("body: a; b \n message_text: c; d", Some((Field::Text, 1))),
            ("text: a; b \n user.name: Ana; Ben \n user.login: ana; ben", Some((Field::Author, 1))),
            ("text: a; b \n id: 1; 2 \n comment_id: 1; 2", None),
        ] {
            let resolved = Mapping::default().resolve(&columns(table)).unwrap();
            assert_eq!(resolved.close.first().copied(), expected, "{table:?}");
        }
    }

    #[test]
    fn every_field_reads_back() {
        for field in Field::ALL {
            assert_eq!(field.as_str().parse(), Ok(field));
            assert_eq!(Field::ALL[field as usize], field);
        }
        assert!("text=a,text=b".parse::<Mapping>().is_err());
        assert!("txt=a".parse::<Mapping>().unwrap_err().contains("created_at"));
    }

    #[test]
    fn every_name_is_bare_and_stands_once_for_a_field() {
        let mut names = HashSet::new();
        for (field, name) in
            ENGLISH.iter().flat_map(|(field, _, names)| names.iter().map(move |name| (field, name)))
        {
            assert!(names.insert((field, name)), "{name} stands twice for {field}");
        }
        for (_, _, names) in ENGLISH.iter().chain(TRANSLATED) {
            assert!(names.iter().all(|name| *name == bare(name)), "{names:?}");
        }
    }
}
