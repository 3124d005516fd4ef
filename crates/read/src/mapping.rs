//! Which column or key of an export holds what: by the user's word, by its name, by its content.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use super::forms::number::is_whole_number;
use super::time;

/// A field of a comment that a column or key may contain.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The comment itself; the only one that must be there.
    Text,
    /// Who wrote it.
    Author,
    /// Its id.
    Id,
    /// The id of the comment that it answers.
    Parent,
    /// What it was made under.
    Thread,
    /// When it was posted.
    CreatedAt,
    /// Its address.
    Link,
    /// Section of the site.
    Section,
    /// Votes, likes, points.
    Votes,
    /// Number of replies.
    Replies,
    /// Whether it was deleted or removed.
    Status,
}

impl Field {
    /// The number of fields.
    pub(crate) const COUNT: usize = 11;

    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Text,
        Self::Author,
        Self::Id,
        Self::Parent,
        Self::Thread,
        Self::CreatedAt,
        Self::Link,
        Self::Section,
        Self::Votes,
        Self::Replies,
        Self::Status,
    ];

    /// The word of `--map`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Author => "author",
            Self::Id => "id",
            Self::Parent => "parent",
            Self::Thread => "thread",
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

/// The user's word on which column or key holds what: `text=COL,author=COL`.
///
/// A column is named as in the header, by its number from 1, or (a JSON key within others) by a
/// dotted path. Nothing behind the `=` leaves the field empty, whatever the columns are called.
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
    /// Those of the head that are not blank.
    pub(crate) values: Vec<String>,
}

/// For each field (in the order of [`Field::ALL`]) the place of its column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Resolved {
    pub(crate) columns: [Option<usize>; Field::COUNT],
    /// The text was chosen by its content alone.
    pub(crate) text_by_content: bool,
}

impl Resolved {
    pub(crate) fn get(&self, field: Field) -> Option<usize> {
        self.columns[field as usize]
    }

    fn set(&mut self, field: Field, column: usize) {
        self.columns[field as usize] = Some(column);
    }
}

/// Why no mapping was found.
#[derive(Debug, PartialEq)]
pub(crate) enum Unresolved {
    UnknownColumn(String),
    NoText,
}

impl Mapping {
    /// What it says, field by field; no column where the field is to be left empty.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, column)| (*field, column.as_str()))
    }

    /// Whether any column is named by something else than its number.
    pub(crate) fn has_names(&self) -> bool {
        self.0.iter().any(|(_, name)| !name.is_empty() && name.parse::<usize>().is_err())
    }

    /// This, and for fields that it does not name the first of these columns.
    pub(crate) fn or<'a>(mut self, columns: impl Iterator<Item = (Field, &'a str)>) -> Self {
        for (field, column) in columns {
            if !self.0.iter().any(|(known, _)| *known == field) {
                self.0.push((field, column.to_owned()));
            }
        }
        self
    }

    /// Decides for every field which column holds it: the user's word first, then the best name
    /// whose content fits, then (for the text alone) the content.
    pub(crate) fn resolve(&self, columns: &[Column]) -> Result<Resolved, Unresolved> {
        let mut resolved = Resolved::default();
        let mut settled: HashSet<Field> = HashSet::new();
        let mut used: HashSet<usize> = HashSet::new();
        for (field, name) in &self.0 {
            settled.insert(*field);
            if !name.is_empty() {
                let column = find(columns, name).ok_or_else(|| Unresolved::UnknownColumn(name.clone()))?;
                resolved.set(*field, column);
                used.insert(column);
            }
        }
        let mut candidates: Vec<(u8, usize, Field)> = Vec::new();
        for (index, column) in columns.iter().enumerate() {
            for (field, score) in scores(&column.name) {
                // A weak name for a thread (`post_id`) counts only where several rows share a
                // value.
                let is_own = column.values.len() >= 4 && distinct(&column.values) == column.values.len();
                if fits(field, &column.values) && !(field == Field::Thread && score < 80 && is_own) {
                    // An empty column yields to any that holds something.
                    let score = if column.values.is_empty() { score / 3 } else { score };
                    candidates.push((score, index, field));
                }
            }
        }
        candidates.sort_by_key(|(score, index, _)| (u8::MAX - score, *index));
        for (_, index, field) in candidates {
            if !settled.contains(&field) && !used.contains(&index) {
                resolved.set(field, index);
                settled.insert(field);
                used.insert(index);
            }
        }
        if !settled.contains(&Field::Text) {
            let prose = longest_prose(columns, &used);
            resolved.text_by_content = prose.is_some();
            // What is called `text` is text, however odd.
            let text = prose.or_else(|| columns.iter().position(|column| is_called_text(&column.name)));
            resolved.columns[Field::Text as usize] = text;
        }
        // An address that many rows share is that of the page they stand under.
        if !settled.contains(&Field::Thread)
            && let Some(link) = resolved.get(Field::Link)
            && distinct(&columns[link].values) * 2 <= columns[link].values.len()
        {
            resolved.set(Field::Thread, link);
        }
        if resolved.get(Field::Text).is_none() {
            return Err(Unresolved::NoText);
        }
        Ok(resolved)
    }
}

/// By name as it is, by name with case and punctuation left out, by number from 1.
fn find(columns: &[Column], name: &str) -> Option<usize> {
    let by_name = columns.iter().position(|column| column.name == name);
    let by_bare_name =
        || columns.iter().position(|column| bare(&column.name) == bare(name) && !bare(name).is_empty());
    let by_number = || name.parse::<usize>().ok()?.checked_sub(1).filter(|index| *index < columns.len());
    by_name.or_else(by_bare_name).or_else(by_number)
}

/// A name without case, spaces and punctuation.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a name that exports use stands for; none for any other name.
pub(crate) fn field_of_name(name: &str) -> Option<Field> {
    scores(name).first().map(|(field, _)| *field)
}

/// Whether a name says that this is the text of a comment, and nothing else.
pub(crate) fn is_called_text(name: &str) -> bool {
    scores(name).iter().any(|(field, score)| *field == Field::Text && *score >= 90)
}

/// What a column of this name may hold, and how surely. Of a dotted path the whole counts first,
/// then its last two parts together (`data.author.id` is an author's id), then its last part.
fn scores(name: &str) -> Vec<(Field, u8)> {
    let known = |part: &str, less: u8| -> Vec<(Field, u8)> {
        let bare = bare(part);
        let entries = NAMES.iter().filter(|(_, _, names)| names.contains(&bare.as_str()));
        entries.map(|(field, score, _)| (*field, score - less)).collect()
    };
    // Names are words; a piece of JSON is none.
    if name.contains(['{', '[', '"']) {
        return Vec::new();
    }
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at + 1);
    let last = dots.next();
    let last_two = last.map(|_| dots.next().unwrap_or(0));
    let parts = [(Some(0), 0), (last_two, 3), (last, 5)];
    let found = parts.into_iter().filter_map(|(start, less)| Some(known(&name[start?..], less)));
    found.into_iter().find(|scores| !scores.is_empty()).unwrap_or_default()
}

/// Names that exports use, without case and punctuation, the surer the higher.
const NAMES: &[(Field, u8, &[&str])] = &[
    (Field::Text, 99, &["text", "commenttext", "commentbody", "commentcontent", "textoriginal"]),
    (
        Field::Text,
        95,
        &["body", "comment", "fulltext", "messagetext", "tweettext", "posttext", "reviewtext", "rawtext"],
    ),
    (
        Field::Text,
        90,
        &["content", "message", "selftext", "tweet", "utterance", "postbody", "postcontent", "bodytext"],
    ),
    (
        Field::Text,
        80,
        &["textdisplay", "review", "reply", "raw", "commentmessage", "textcontent", "replytext"],
    ),
    (Field::Text, 70, &["post", "comments", "cooked", "cleantext", "feedback", "opinion"]),
    (Field::Author, 99, &["author", "authorname", "commentauthor", "authordisplayname", "commenter"]),
    (Field::Author, 95, &["username", "commentername", "speaker", "postauthor", "authorusername"]),
    (
        Field::Author,
        90,
        &["user", "screenname", "displayname", "poster", "postedby", "sender", "userscreenname"],
    ),
    (Field::Author, 75, &["nickname", "nick", "handle", "creator", "writer", "authorfullname", "sendername"]),
    (Field::Author, 60, &["name", "from", "by", "profilename", "login", "member", "account"]),
    (Field::Author, 40, &["authorid", "userid", "fromid", "authorchannelid", "speakerid", "commenterid"]),
    (Field::Id, 99, &["commentid", "id"]),
    (Field::Id, 90, &["messageid", "tweetid", "utteranceid", "reviewid", "replyid", "idstr"]),
    (Field::Id, 60, &["cid", "uuid", "guid", "postnumber", "statusid"]),
    (Field::Id, 30, &["postid"]),
    (Field::Parent, 99, &["parentid", "parentcommentid", "commentparent", "commentparentid", "replytoid"]),
    (
        Field::Parent,
        95,
        &["parent", "replyto", "inreplyto", "inreplytoid", "replytocommentid", "inreplytocommentid"],
    ),
    (
        Field::Parent,
        90,
        &["replytomessageid", "inreplytostatusid", "inreplytostatusidstr", "replytopostnumber"],
    ),
    (
        Field::Parent,
        85,
        &["responseto", "inresponseto", "parentpostid", "inreplytotweetid", "parentmessageid"],
    ),
    (Field::Thread, 99, &["threadid", "thread", "conversationid"]),
    (
        Field::Thread,
        95,
        &["articleid", "videoid", "linkid", "submissionid", "topicid", "storyid", "discussionid"],
    ),
    (
        Field::Thread,
        85,
        &["article", "video", "conversation", "discussion", "threadtitle", "articletitle", "videotitle"],
    ),
    (
        Field::Thread,
        80,
        &["articleurl", "pageurl", "threadurl", "videourl", "story", "submission", "threadname"],
    ),
    (Field::Thread, 60, &["postid", "posturl", "posttitle", "topic", "topictitle", "storytitle", "page"]),
    (
        Field::CreatedAt,
        99,
        &["createdat", "createdutc", "publishedat", "commentdategmt", "createdati", "dateunixtime"],
    ),
    (
        Field::CreatedAt,
        95,
        &["created", "commentdate", "postedat", "dateposted", "datecreated", "creationdate"],
    ),
    (
        Field::CreatedAt,
        90,
        &["timestamp", "datetime", "createdate", "createdtime", "commenttime", "publishdate"],
    ),
    (
        Field::CreatedAt,
        85,
        &["date", "published", "posted", "sentat", "submittedat", "unixtimestamp", "postdate"],
    ),
    (Field::CreatedAt, 75, &["time", "when", "at", "utc", "epoch"]),
    (Field::Link, 99, &["permalink", "commenturl", "commentlink"]),
    (Field::Link, 80, &["link", "url", "href", "weburl", "uri"]),
    (Field::Section, 95, &["section", "sectionname", "category", "subreddit"]),
    (Field::Section, 70, &["board", "forum", "channel", "categoryname", "community", "group"]),
    (Field::Votes, 95, &["votes", "likes", "likecount", "likescount", "numlikes", "netvotes", "votecount"]),
    (
        Field::Votes,
        85,
        &["score", "points", "upvotes", "ups", "karma", "favorites", "favoritecount", "thumbsup"],
    ),
    (Field::Votes, 70, &["recommendations", "recommendcount", "reactions", "reactioncount", "hearts"]),
    (Field::Replies, 95, &["replies", "replycount", "repliescount", "numreplies", "totalreplycount"]),
    (Field::Replies, 75, &["numcomments", "commentcount", "commentscount", "responses"]),
    (Field::Status, 95, &["status", "moderationstatus", "commentstatus", "commentapproved"]),
    (
        Field::Status,
        85,
        &["deleted", "isdeleted", "removed", "isremoved", "approved", "isspam", "spam", "hidden"],
    ),
    (Field::Status, 60, &["state", "isapproved", "ishidden"]),
];

/// Whether the values could be what the name says.
fn fits(field: Field, values: &[String]) -> bool {
    let most = |holds: fn(&str) -> bool| {
        values.iter().filter(|value| holds(value.trim())).count() * 2 >= values.len()
    };
    match field {
        // A column `comments` may count them; comments of emoji alone are few.
        Field::Text => {
            let is_words = |value: &&String| value.chars().any(char::is_alphabetic) && !time::is_time(value);
            values.iter().filter(is_words).count() * 4 >= values.len()
        }
        Field::Votes | Field::Replies => most(is_whole_number),
        Field::CreatedAt => most(|value| value.chars().any(|c| c.is_ascii_digit())),
        _ => true,
    }
}

/// The column that reads most like comments: long and varied free text.
fn longest_prose(columns: &[Column], used: &HashSet<usize>) -> Option<usize> {
    let weight = |column: &Column| -> f64 {
        let count = column.values.len().max(1) as f64;
        let of_all = |measure: fn(&str) -> usize| {
            column.values.iter().map(|value| measure(value)).sum::<usize>() as f64 / count
        };
        let words = of_all(|value| value.split_whitespace().count());
        // Scripts without spaces have few words and many letters beyond ASCII.
        let letters = of_all(|value| value.chars().filter(|c| !c.is_ascii()).count());
        let is_prose = words >= 3.0 || letters >= 8.0;
        let variety = distinct(&column.values) as f64 / count;
        if is_prose { of_all(|value| value.chars().count()) * variety } else { 0.0 }
    };
    (0..columns.len())
        .filter(|index| !used.contains(index))
        .map(|index| (index, weight(&columns[index])))
        .filter(|(_, weight)| *weight > 0.0)
        .max_by(|(a_index, a), (b_index, b)| a.total_cmp(b).then(b_index.cmp(a_index)))
        .map(|(index, _)| index)
}

fn distinct(values: &[String]) -> usize {
    values.iter().collect::<HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns as `name: value; value`, one a line.
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
            // A column of counts is no text, and an empty one yields.
            ("", "comments: 3; 4 \n what: so nice to be here; never going there again", "text=what"),
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
            // The user's word.
            ("text=label", "id \n label", "text=label id=id"),
            ("text=2,id=", "id \n label", "text=label"),
            ("TEXT BODY", "id", "error"),
            ("text=note", "id \n label \n text", "unknown note"),
            ("author=Full name", "text \n full_name \n author", "text=text author=full_name"),
            // An address shared by many is that of their thread.
            ("", "text: a; b; c; d \n url: u; u; v; v", "text=text thread=url link=url"),
            ("", "text: a; b; c; d \n url: u; v; w; x", "text=text link=url"),
        ] {
            if expected == "error" {
                assert!(mapping.parse::<Mapping>().is_err());
            } else {
                assert_eq!(resolve(mapping, table), expected, "{mapping:?} {table:?}");
            }
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
            NAMES.iter().flat_map(|(field, _, names)| names.iter().map(move |name| (field, name)))
        {
            assert!(names.insert((field, name)), "{name} stands twice for {field}");
            assert_eq!(*name, bare(name));
        }
    }
}
