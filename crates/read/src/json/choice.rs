//! Chooses by content which objects of a JSON input are its records.

use std::fmt;

use serde_json::Value;

use super::survey::{Place, Survey};
use crate::RecordList;
use crate::mapping::{self, Field, Mapping};
use crate::objects::Object;

/// A step from a place to one within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To the value under a key.
    Key(String),
    /// To one value of an object that is keyed by ids.
    Id(String),
    /// To each element of an array.
    Elements,
    /// To one element of an array, from 0.
    Element(u64),
    /// To each value of an object that is keyed by ids.
    Values,
}

/// The kind of value that a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An object.
    Object,
    /// A row, as an array; with the names of its columns, unless its first row contains them.
    Row(Option<Vec<String>>),
    /// A text without any other value.
    Text,
    /// An object that contains a whole table, column by column.
    Columns,
}

/// A place whose values look like records.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) path: Vec<Step>,
    pub(crate) kind: Kind,
    pub(crate) sample: Vec<Object>,
    /// The paths of the keys: of the text (if its name shows that) and of the author.
    text: Option<Vec<String>>,
    author: Option<Vec<String>>,
    fields: Vec<Field>,
    /// The paths of all its keys.
    paths: Vec<Vec<String>>,
    /// There may be many of them.
    is_list: bool,
    score: i32,
    count: u64,
}

impl Candidate {
    /// Creates a candidate without any data.
    pub(crate) fn unknown(path: Vec<Step>) -> Self {
        Self {
            path,
            kind: Kind::Object,
            sample: Vec::new(),
            text: None,
            author: None,
            fields: Vec::new(),
            paths: Vec::new(),
            is_list: true,
            score: 0,
            count: 0,
        }
    }

    /// Returns true if there may be many of them.
    pub(crate) fn is_list(&self) -> bool {
        self.is_list && !self.is_denied()
    }

    /// Returns true if it is one object.
    pub(crate) fn is_single(&self) -> bool {
        !self.is_list && self.kind == Kind::Object
    }

    /// Returns true if it has a text.
    pub(crate) fn has_text(&self) -> bool {
        self.has(Field::Text)
    }

    /// Returns true if it has a text under a key that names it.
    pub(crate) fn has_named_text(&self) -> bool {
        self.text.is_some()
    }

    /// Returns true if it is more than one object with a remark: a list, or a text under a key that
    /// names nothing else (`text`, not `note`).
    pub(crate) fn is_more_than_remark(&self) -> bool {
        let key = self.text.as_ref().and_then(|path| path.last());
        self.is_list || key.is_some_and(|key| mapping::is_called_text(key))
    }

    /// Returns true if it is a list, and its name or one around it is that of replies.
    pub(crate) fn is_reply_list(&self) -> bool {
        self.is_list && self.path.iter().any(|step| matches!(step, Step::Key(key) if is_reply_name(key)))
    }

    /// Returns true if another one is a list of replies within this one, with the same key for
    /// texts.
    pub(crate) fn has_reply(&self, other: &Self) -> bool {
        let is_same = self.kind == other.kind && self.text.is_some() && self.text == other.text;
        is_same && other.path.starts_with(&self.path) && other.is_reply_list()
    }

    /// Returns true if both have the same keys for text and author.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.text.is_some()
            && self.text == other.text
            && self.author == other.author
    }

    /// Returns true if it has the text and author keys of another one, whatever they would be on
    /// their own.
    fn has_keys_of(&self, other: &Self) -> bool {
        let has = |path: &Vec<String>| self.paths.contains(path);
        let has_author = other.author.as_ref().is_none_or(has);
        self.kind == other.kind && has_author && other.text.as_ref().is_some_and(has)
    }

    fn has(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }

    /// Returns true if it has a text of its own, under a key that names it, and an author or a
    /// time.
    fn is_certain(&self) -> bool {
        let is_near = |path: &Vec<String>| path.len() <= if self.is_list { 2 } else { 1 };
        self.text.as_ref().is_some_and(is_near) && (self.has(Field::Author) || self.has(Field::CreatedAt))
    }

    /// Returns true if the names around it show that it has no comments.
    fn is_denied(&self) -> bool {
        self.path.iter().any(|step| matches!(step, Step::Key(key) if is_no_comment_name(key)))
    }

    /// Returns the entry of the report.
    pub(crate) fn report(&self, is_read: bool) -> RecordList {
        let (path, records, fields) = (display(&self.path), self.count, self.fields.clone());
        RecordList { path, records, fields, is_read }
    }
}

/// Returns a path in the notation of `--records`.
pub(crate) fn display(path: &[Step]) -> String {
    let end = match path {
        [.., Step::Elements | Step::Values] if path.len() > 1 => path.len() - 1,
        _ => path.len(),
    };
    let has_dots = path.iter().any(
        |step| matches!(step, Step::Key(key) | Step::Id(key) if key.contains(['.', '/']) || key.is_empty()),
    );
    if path.is_empty() {
        return "/".to_owned();
    }
    if has_dots {
        let escaped = |step: &Step| format!("/{}", step.to_string().replace('~', "~0").replace('/', "~1"));
        return path[..end].iter().map(escaped).collect();
    }
    path[..end].iter().map(Step::to_string).collect::<Vec<_>>().join(".")
}

impl Choice {
    /// Returns true if some record has a text under a key that names it.
    pub(crate) fn has_named_text(&self) -> bool {
        self.chosen.iter().any(Candidate::has_named_text)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) | Self::Id(key) => f.write_str(key),
            Self::Elements | Self::Values => f.write_str("*"),
            Self::Element(index) => write!(f, "{index}"),
        }
    }
}

/// Returns the path that a user wrote, a JSON Pointer or dotted.
fn parse(path: &str) -> Vec<String> {
    if let Some(pointer) = path.strip_prefix('/') {
        let unescape = |part: &str| part.replace("~1", "/").replace("~0", "~");
        return pointer.split('/').filter(|part| !part.is_empty()).map(unescape).collect();
    }
    let path = path.strip_prefix("$.").unwrap_or(path);
    path.split(['.', '['])
        .map(|part| part.trim_end_matches(']').to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The records that were chosen.
pub(crate) struct Choice {
    /// The records that are read, the surest first.
    pub(crate) chosen: Vec<Candidate>,
    /// Lists within those, which are read as replies.
    pub(crate) nested: Vec<Candidate>,
    /// Candidates that look like records and are not read.
    pub(crate) others: Vec<Candidate>,
}

/// The words in names of lists that contain comments.
const STEMS: [&str; 20] = [
    "comment",
    "repl",
    "answer",
    "respon",
    "message",
    "review",
    "descendant",
    "ancestor",
    "children",
    "antwort",
    "kommentar",
    "respuesta",
    "réponse",
    "reponse",
    "risposte",
    "resposta",
    "odpowied",
    "reactie",
    "commentaire",
    "opini",
];
/// The words in names of lists whose objects are not comments, whatever they contain.
const NO_COMMENTS: [&str; 32] = [
    "history",
    "revision",
    "edits",
    "version",
    "mention",
    "reactions",
    "attachment",
    "entities",
    "media",
    "includes",
    "included",
    "hashtag",
    "label",
    "format",
    "thumbnail",
    "users",
    "authors",
    "participants",
    "errors",
    "draft",
    "quoted",
    "suggest",
    "awardings",
    "awards",
    "images",
    "photos",
    "links",
    "urls",
    "facets",
    "embed",
    "captions",
    "members",
];
/// Names of lists besides [`STEMS`] that contain comments in exports.
const LISTS: [&str; 8] = ["posts", "utterances", "data", "items", "results", "tweets", "entries", "rows"];
/// Names of lists that contain only the texts of comments.
const TEXTS: [&str; 10] = [
    "comments",
    "messages",
    "texts",
    "replies",
    "posts",
    "reviews",
    "answers",
    "tweets",
    "data",
    "responses",
];
/// Words within keys that are names of parts and not ids.
const WORDS: [&str; 44] = [
    "item", "data", "result", "list", "entr", "row", "tweet", "node", "edge", "author", "user", "top", "new",
    "old", "best", "popular", "pinned", "featured", "latest", "recent", "first", "more", "other", "parent",
    "child", "original", "source", "quote", "retweet", "media", "attach", "photo", "image", "format",
    "subtitle", "caption", "meta", "page", "thread", "post", "topic", "records", "root", "main",
];

/// Returns true if a list of this name may contain replies.
pub(crate) fn is_reply_name(name: &str) -> bool {
    let name = name.to_lowercase();
    STEMS.iter().any(|stem| name.contains(stem))
}

/// Returns true if a list of this name contains no comments.
pub(crate) fn is_no_comment_name(name: &str) -> bool {
    let is_denied = |word: &str| NO_COMMENTS.iter().any(|denied| word.starts_with(denied));
    !is_reply_name(name) && words(name).iter().any(|word| is_denied(word))
}

/// Returns the words of a name such as `edit_history` or `editHistory`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = c.is_lowercase();
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// Returns true if a key is the name of a part and not an id.
fn is_word(key: &str) -> bool {
    if mapping::field_of_name(key).is_some() {
        return true;
    }
    let key = key.to_lowercase();
    let has_stem = |stems: &[&str]| stems.iter().any(|stem| key.contains(stem));
    !key.bytes().any(|byte| byte.is_ascii_digit())
        && (has_stem(&STEMS) || has_stem(&WORDS) || is_no_comment_name(&key))
}

/// Finds the objects that are keyed by ids, and merges their values into one place.
pub(crate) fn join_keyed(place: &mut Place) {
    if columns(place).is_some() {
        return;
    }
    place.keys.iter_mut().for_each(|(_, place)| join_keyed(place));
    place.elements.iter_mut().for_each(|place| join_keyed(place));
    let is_container =
        |place: &Place| place.objects > 0 || place.elements.as_ref().is_some_and(|e| e.objects > 0);
    let is_wide = place.is_wide;
    let is_id = |key: &str, value: &Place| is_container(value) && (is_wide || !is_word(key));
    let ids: Vec<&(String, Place)> = place.keys.iter().filter(|(key, value)| is_id(key, value)).collect();
    let is_alone = matches!(ids[..], [(key, _)] if key.bytes().any(|byte| byte.is_ascii_digit()));
    let is_keyed = match ids.split_first() {
        Some((first, rest)) if is_alone || !rest.is_empty() => {
            let alike = rest.iter().filter(|(_, other)| are_alike(&first.1, other)).count();
            alike * 10 >= rest.len() * 9
        }
        _ => false,
    };
    if is_keyed {
        let mut values = Place::default();
        let mut kept = Vec::new();
        for (key, value) in std::mem::take(&mut place.keys) {
            match is_id(&key, &value) {
                true => values.merge(value),
                false => kept.push((key, value)),
            }
        }
        place.keys = kept;
        // Objects that are alike may show ids only together.
        join_keyed(&mut values);
        place.values = Some(Box::new(values));
    }
}

/// Returns true if two places contain objects with the same keys, or lists of such objects.
fn are_alike(one: &Place, other: &Place) -> bool {
    if let (Some(one), Some(other)) = (&one.values, &other.values) {
        return are_alike(one, other);
    }
    match (&one.elements, &other.elements) {
        (Some(one), Some(other)) => return are_alike(one, other),
        (None, None) => {}
        _ => return one.count() == 0 || other.count() == 0,
    }
    let common = one.keys.iter().filter(|(key, _)| other.key(key).is_some()).count();
    common * 2 >= one.keys.len().min(other.keys.len()) && common > 0
}

/// Chooses the records of an input. Returns the candidates that have no text if none has any.
pub(crate) fn choose(survey: &Survey, mapping: &Mapping, whole_limit: u64) -> Choice {
    let mut all = Vec::new();
    collect(&survey.root, &mut Vec::new(), None, mapping, &mut all);
    all.sort_by_key(|candidate: &Candidate| -candidate.score);
    let mut chosen: Vec<Candidate> = Vec::new();
    // A guess is not a reason to read lists with other names.
    let is_likely = |candidate: &&Candidate| {
        candidate.has(Field::Text)
            && (candidate.text.is_some() || !candidate.is_denied() || mapping.has_names())
    };
    let Some(mut best) = all.iter().find(is_likely).cloned() else {
        return Choice { chosen, nested: Vec::new(), others: all };
    };
    // The object around a list of replies is a comment as well.
    let around = |candidate: &&Candidate| {
        best.path.starts_with(&candidate.path)
            && best.path.len() > candidate.path.len()
            && (candidate.is_like(&best) || candidate.is_certain())
            && !(candidate.path.is_empty() && survey.longest > whole_limit)
    };
    if let Some(outer) = all.iter().filter(around).min_by_key(|candidate| candidate.path.len()) {
        best = outer.clone();
    }
    let (mut nested, mut others) = (Vec::new(), Vec::new());
    chosen.push(best);
    for candidate in all {
        let best = &chosen[0];
        let name = display(&candidate.path);
        if chosen.iter().any(|chosen| candidate.path == chosen.path)
            || !(candidate.has(Field::Text) || candidate.has_keys_of(best))
        {
            continue;
        }
        let is_within = chosen.iter().any(|chosen| candidate.path.starts_with(&chosen.path));
        let is_around = chosen.iter().any(|chosen| chosen.path.starts_with(&candidate.path));
        let is_comment = candidate.is_like(best)
            || candidate.has_keys_of(best)
            || (is_reply_name(&name) && candidate.is_certain() && is_reply_name(&display(&best.path)));
        if is_within {
            nested.push(candidate);
        } else if is_around {
        } else if candidate.is_list && is_comment && !candidate.is_denied() {
            chosen.push(candidate);
        } else {
            others.push(candidate);
        }
    }
    Choice { chosen, nested, others }
}

/// Adds the candidates at a place and within it.
fn collect(
    place: &Place,
    path: &mut Vec<Step>,
    header: Option<&[String]>,
    mapping: &Mapping,
    all: &mut Vec<Candidate>,
) {
    if let Some(candidate) = candidate(place, path, header, mapping) {
        all.push(candidate);
        if all.last().is_some_and(|candidate| candidate.kind == Kind::Columns) {
            return;
        }
    }
    // The `split` layout of pandas.
    let names = place.key("columns").and_then(|columns| {
        let names = columns.elements.as_deref()?;
        let is_whole = names.count() == names.strings && names.strings == names.scalars.len() as u64;
        let names = names.scalars.iter().filter_map(|name| Some(name.as_str()?.to_owned()));
        is_whole.then(|| names.collect::<Vec<String>>())
    });
    for (key, inner) in &place.keys {
        path.push(Step::Key(key.clone()));
        let names = names.as_deref().filter(|_| key == "data" || key == "rows");
        collect(inner, path, names, mapping, all);
        path.pop();
    }
    for (step, inner) in [(Step::Elements, &place.elements), (Step::Values, &place.values)] {
        if let Some(inner) = inner {
            path.push(step);
            collect(inner, path, header, mapping, all);
            path.pop();
        }
    }
}

/// Returns the objects of a place without their values under ids.
fn own(place: &Place) -> Vec<Object> {
    fn strip(object: &mut Object, place: &Place) {
        if place.values.is_some() {
            object.retain(|key, _| place.key(key).is_some());
        }
        for (key, value) in object.iter_mut() {
            if let (Some(inner), Some(place)) = (value.as_object_mut(), place.key(key)) {
                strip(inner, place);
            }
        }
    }
    let mut sample = place.sample.clone();
    sample.iter_mut().for_each(|object| strip(object, place));
    sample
}

/// Returns the first rows of a table that is written column by column: objects whose keys number
/// the rows, or arrays of the same length.
fn columns(place: &Place) -> Option<Vec<Object>> {
    let is_flat = |cells: &Place| cells.count() == cells.strings + cells.others;
    let is_numbered = |column: &Place| {
        column.objects > 0
            && column.count() == column.objects
            && column.keys.iter().any(|(_, cell)| is_flat(cell))
    };
    let is_list = |column: &Place| {
        let cells = column.elements.as_deref();
        column.arrays == 1
            && column.count() == 1
            && cells.is_some_and(|cells| is_flat(cells) && cells.count() > 0)
    };
    let mut rows = Vec::new();
    let numbered: Vec<&(String, Place)> =
        place.keys.iter().filter(|(_, column)| is_numbered(column)).collect();
    let lists: Vec<&(String, Place)> = place.keys.iter().filter(|(_, column)| is_list(column)).collect();
    if let Some((first, rest)) = numbered.split_first()
        && numbered.len() == place.keys.len()
    {
        let labels = |column: &Place| column.keys.iter().map(|(label, _)| label.clone()).collect::<Vec<_>>();
        let of_rows = labels(&first.1);
        let is_label = |label: &String| mapping::field_of_name(label).is_none();
        if !of_rows.iter().all(is_label) || !rest.iter().all(|column| labels(&column.1) == of_rows) {
            return None;
        }
        for label in &of_rows {
            let cell = |column: &Place| column.key(label)?.scalars.first().cloned();
            let cells = numbered.iter().filter_map(|(name, column)| Some((name.clone(), cell(column)?)));
            rows.push(cells.collect::<Object>());
        }
    } else if let Some((first, rest)) = lists.split_first()
        && !rest.is_empty()
        && place.keys.iter().all(|(_, value)| is_list(value) || is_flat(value))
    {
        let cells = |column: &Place| column.elements.as_ref().map_or(0, |cells| cells.count());
        if rest.iter().any(|(_, column)| cells(column) != cells(&first.1)) {
            return None;
        }
        let kept = first.1.elements.as_ref().map_or(0, |cells| cells.scalars.len());
        for row in 0..kept {
            let cell = |column: &Place| column.elements.as_ref()?.scalars.get(row).cloned();
            let cells = lists.iter().filter_map(|(name, column)| Some((name.clone(), cell(column)?)));
            rows.push(cells.collect::<Object>());
        }
    }
    let (columns, _) = crate::keys::flatten(&rows);
    let resolved = Mapping::default().resolve(&columns).ok()?;
    (!resolved.is_guess()).then_some(rows)
}

/// Returns the header and the first rows of a table whose rows are arrays; no header if the first
/// row is one.
fn rows(
    place: &Place,
    path: &[Step],
    header: Option<&[String]>,
) -> Option<(Option<Vec<String>>, Vec<Object>)> {
    let cells = place.elements.as_deref()?;
    let is_row = place.arrays > 0 && cells.count() == cells.strings + cells.others && cells.strings > 0;
    // Rows are in an array, or are documents of their own.
    let is_place = match path {
        [] => place.arrays > 1 && cells.count() > place.arrays && cells.count() % place.arrays == 0,
        [.., last] => *last == Step::Elements,
    };
    if !is_row || !is_place {
        return None;
    }
    let width = match header {
        Some(header) => header.len(),
        None if cells.count() % place.arrays == 0 => (cells.count() / place.arrays) as usize,
        None => return None,
    };
    let mut rows = cells.scalars.chunks_exact(width.max(1));
    let names: Vec<String> = match header {
        Some(header) => header.to_vec(),
        None => {
            let first = rows.clone().next()?;
            let names: Vec<String> =
                first.iter().filter_map(|cell| Some(cell.as_str()?.to_owned())).collect();
            let is_header = names.len() == width
                && place.arrays > 1
                && names.iter().any(|name| mapping::field_of_name(name).is_some());
            if is_header {
                rows.next();
                let rows = rows.map(|row| row_object(&names, row)).collect();
                return Some((None, rows));
            }
            (1..=width).map(|number| number.to_string()).collect()
        }
    };
    let objects = rows.map(|row| row_object(&names, row)).collect();
    Some((Some(names), objects))
}

/// Returns a row as an object.
pub(crate) fn row_object(names: &[String], row: &[Value]) -> Object {
    names.iter().cloned().zip(row.iter().cloned()).collect()
}

/// Returns a text as an object.
pub(crate) fn text_object(text: &Value) -> Object {
    Object::from_iter([("text".to_owned(), text.clone())])
}

/// Returns true if strings may be comments: they have words, or the list has a name for them.
fn is_list_of_texts(place: &Place, path: &[Step]) -> bool {
    let texts = || place.scalars.iter().filter_map(Value::as_str);
    let with_spaces = texts().filter(|text| text.trim().contains(char::is_whitespace)).count();
    let is_prose = with_spaces * 2 >= texts().count();
    match path {
        [] | [Step::Elements] => texts().any(|text| text.chars().any(char::is_alphabetic)),
        [.., Step::Key(key), Step::Elements] => is_prose && TEXTS.contains(&key.to_lowercase().as_str()),
        _ => false,
    }
}

/// Judges a place.
fn candidate(
    place: &Place,
    path: &[Step],
    header: Option<&[String]>,
    mapping: &Mapping,
) -> Option<Candidate> {
    let is_single = path.iter().all(|step| matches!(step, Step::Key(_)));
    let (kind, sample) = if let Some(rows) = columns(place).filter(|_| is_single) {
        (Kind::Columns, rows)
    } else if let Some((header, rows)) = rows(place, path, header) {
        (Kind::Row(header), rows)
    } else if place.objects > 0 {
        (Kind::Object, own(place))
    } else if place.strings > 0 && place.strings >= place.others && is_list_of_texts(place, path) {
        (Kind::Text, place.scalars.iter().filter(|value| value.is_string()).map(text_object).collect())
    } else {
        return None;
    };
    let (columns, paths) = crate::keys::flatten(&sample);
    let resolved = match mapping.resolve(&columns) {
        Ok(resolved) => Some(resolved),
        Err(_) if mapping.has_names() => return None,
        Err(_) => None,
    };
    let at = |field: Field| resolved.as_ref().and_then(|resolved| Some(paths[resolved.get(field)?].clone()));
    let is_guess = resolved.as_ref().is_some_and(|resolved| resolved.is_guess());
    let fields: Vec<Field> = match &resolved {
        Some(resolved) => Field::ALL.into_iter().filter(|field| resolved.get(*field).is_some()).collect(),
        // The fields that its keys name.
        None => columns.iter().filter_map(|column| mapping::field_of_name(&column.name)).collect(),
    };
    let list = path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.to_lowercase()),
        _ => None,
    });
    let list = list.unwrap_or_default();
    let is_list = !matches!(path.last(), Some(Step::Key(_)) | None) || (path.is_empty() && place.objects > 1);
    let count = place.count();
    let points = |condition: bool, points: i32| if condition { points } else { 0 };
    let has = |field: Field| fields.contains(&field);
    let text = at(Field::Text).filter(|_| !is_guess);
    let score = points(has(Field::Text), 15)
        + points(text.is_some(), 25)
        // If there are two texts, the nearer one is the object's own.
        - text.as_ref().map_or(0, |path| path.len() as i32 - 1)
        + points(has(Field::Author), 15)
        + points(has(Field::CreatedAt), 12)
        + points(has(Field::Id), 6)
        + points(has(Field::Parent), 8)
        + points(has(Field::Votes), 3)
        + points(STEMS.iter().any(|stem| list.contains(stem)), 14)
        + points(LISTS.contains(&list.as_str()), 6)
        + points(!is_list && kind != Kind::Columns, -15)
        + points(path.iter().any(|step| matches!(step, Step::Key(key) if is_no_comment_name(key))), -45)
        - points(kind == Kind::Text, 20)
        // Replies are fewer, and are within comments.
        - path.len() as i32
        + count.checked_ilog2().unwrap_or(0).min(12) as i32;
    Some(Candidate {
        path: path.to_vec(),
        kind,
        sample,
        text,
        author: at(Field::Author),
        fields,
        paths: paths.clone(),
        is_list,
        score,
        count,
    })
}

/// Returns the records at a path that the user wrote; `None` if there is nothing.
pub(crate) fn at_path(survey: &Survey, path: &str, mapping: &Mapping) -> Option<Candidate> {
    let (mut place, mut steps) = (&survey.root, Vec::new());
    let mut header = None;
    for word in parse(path) {
        loop {
            let elements = place.elements.as_deref();
            if let Some(inner) = place.key(&word) {
                header = place.key("columns").and_then(|names| names.elements.as_deref());
                place = inner;
                steps.push(Step::Key(word));
                break;
            }
            if let Some(elements) = elements {
                let step = match word.parse() {
                    Ok(index) => Step::Element(index),
                    Err(_) => Step::Elements,
                };
                place = elements;
                let is_step = word == "*" || step != Step::Elements;
                steps.push(step);
                if is_step {
                    break;
                }
                continue;
            }
            place = place.values.as_deref()?;
            steps.push(if word == "*" { Step::Values } else { Step::Id(word) });
            break;
        }
    }
    while let Some(elements) = &place.elements
        && place.objects == 0
        && rows(place, &steps, None).is_none()
    {
        place = elements;
        steps.push(Step::Elements);
    }
    if let Some(values) = &place.values
        && candidate(place, &steps, None, mapping).is_none_or(|own| !own.has(Field::Text))
    {
        place = values;
        steps.push(Step::Values);
    }
    let names = header.map(|names| {
        names.scalars.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect::<Vec<String>>()
    });
    let found = candidate(place, &steps, names.as_deref().filter(|names| !names.is_empty()), mapping);
    found.or_else(|| candidate(place, &steps, None, &Mapping::default()))
}

/// Returns records of which only the path is known, as the user wrote it.
pub(crate) fn unseen_path(path: &str) -> Candidate {
    let step = |word: String| match word.parse() {
        _ if word == "*" => Step::Elements,
        Ok(index) => Step::Element(index),
        Err(_) => Step::Key(word),
    };
    let mut path: Vec<Step> = parse(path).into_iter().map(step).collect();
    if !matches!(path.last(), Some(Step::Elements)) {
        path.push(Step::Elements);
    }
    Candidate::unknown(path)
}

/// Returns a place by its path.
pub(crate) fn place_at<'a>(root: &'a Place, path: &[Step]) -> Option<&'a Place> {
    path.iter().try_fold(root, |place, step| match step {
        Step::Key(key) => place.key(key),
        Step::Elements | Step::Element(_) => place.elements.as_deref(),
        Step::Values | Step::Id(_) => place.values.as_deref(),
    })
}

/// Returns the path of a list without elements whose name is that of a list of comments.
pub(crate) fn empty_list(root: &Place) -> Option<String> {
    fn find(place: &Place, path: &mut Vec<Step>) -> Option<String> {
        let is_called = match path.last() {
            // `comments.nodes`
            Some(Step::Key(key)) if matches!(key.as_str(), "nodes" | "edges") => {
                path.iter().any(|step| matches!(step, Step::Key(key) if is_reply_name(key)))
            }
            Some(Step::Key(key)) => is_reply_name(key) || LISTS.contains(&key.as_str()),
            _ => path.is_empty(),
        };
        if is_called && place.arrays > 0 && place.arrays == place.count() && place.elements.is_none() {
            return Some(display(path));
        }
        place.keys.iter().find_map(|(key, inner)| {
            path.push(Step::Key(key.clone()));
            let found = find(inner, path);
            path.pop();
            found
        })
    }
    find(root, &mut Vec::new())
}
