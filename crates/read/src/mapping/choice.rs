//! The choice of a column for each field.

use std::collections::HashSet;

use super::address;
use super::content::{self, are, distinct};
use super::names::{self, bare, words};
use super::place::{Path, Place};
use super::{Column, Field, Resolved, is_called_text};
use crate::forms::number::is_whole_number;
use crate::input::status_of_word;
use crate::time;

/// The score from which a name is that of a field, and of nothing else.
pub(super) const STRONG: i32 = 80;

/// The difference in score up to which columns are nearly as good.
const CLOSE: i32 = 5;

/// The number of columns that are compared with each other: damaged files have thousands.
const MOST: usize = 100;

/// The number of columns that are read in records in which the text's own column is blank.
const MOST_COMPLEMENTS: usize = 4;

/// The names of texts in two parts, as [`bare`] leaves them; `*` stands for any end.
const PARTS: &[(&[&str], &[&str])] = &[
    (
        &["pros", "pro", "prostext", "reviewpros", "advantages", "strengths", "goodpoints", "upsides"],
        &[
            "cons",
            "con",
            "contra",
            "constext",
            "reviewcons",
            "disadvantages",
            "weaknesses",
            "badpoints",
            "downsides",
        ],
    ),
    (
        &[
            "positive",
            "positivetext",
            "positivereview",
            "positivecomment",
            "positivecomments",
            "positivefeedback",
            "reviewpositive",
            "likedtext",
            "liked",
            "likedmost",
            "positives",
        ],
        &[
            "negative",
            "negativetext",
            "negativereview",
            "negativecomment",
            "negativecomments",
            "negativefeedback",
            "reviewnegative",
            "dislikedtext",
            "disliked",
            "likedleast",
            "negatives",
        ],
    ),
    (
        &["whatdidyoulike*", "whatdoyoulike*", "whatwentwell*", "whatwasgood*"],
        &[
            "whatdidyoudislike*",
            "whatdoyoudislike*",
            "whatdidyounotlike*",
            "whatwentbadly*",
            "whatwentwrong*",
            "whatwasbad*",
        ],
    ),
    (
        &["vorteile", "positiv", "pluspunkte", "stärken", "starken"],
        &["nachteile", "negativ", "minuspunkte", "schwachen"],
    ),
    (&["ventajas", "positivo", "lomejor"], &["desventajas", "inconvenientes", "negativo", "lopeor"]),
    (
        &["avantages", "pointspositifs", "pointsforts", "lesplus"],
        &["inconvenients", "pointsnegatifs", "pointsfaibles", "lesmoins"],
    ),
    (&["vantagens", "pontospositivos", "pontosfortes"], &["desvantagens", "pontosnegativos", "pontosfracos"]),
    (
        &["pregi", "vantaggi", "puntidiforza", "aspettipositivi"],
        &["difetti", "svantaggi", "puntideboli", "aspettinegativi"],
    ),
    (&["voordelen", "pluspunten", "sterkepunten"], &["nadelen", "minpunten", "zwakkepunten"]),
    (&["zalety", "plusy"], &["wady", "minusy"]),
];

/// The columns, and the choices so far.
pub(super) struct Choice<'a> {
    columns: &'a [Column],
    paths: Vec<Path>,
    /// The number of records that the columns' values are from.
    records: usize,
    /// The keys of the objects around the text.
    around_text: Vec<String>,
    /// The fields that are decided.
    pub(super) settled: HashSet<Field>,
    /// The columns that have a field.
    pub(super) used: HashSet<usize>,
    pub(super) resolved: Resolved,
}

impl<'a> Choice<'a> {
    pub(super) fn new(columns: &'a [Column]) -> Self {
        Self {
            columns,
            paths: columns.iter().map(|column| Path::new(&column.name)).collect(),
            // Some column has a value in nearly every record.
            records: columns.iter().map(|column| column.values.len()).max().unwrap_or_default(),
            around_text: Vec::new(),
            settled: HashSet::new(),
            used: HashSet::new(),
            resolved: Resolved::default(),
        }
    }

    fn take(&mut self, field: Field, column: usize) {
        self.resolved.set(field, column);
        self.settled.insert(field);
        self.used.insert(column);
    }

    fn values(&self, column: usize) -> &'a [String] {
        &self.columns[column].values
    }

    /// Returns the columns without a field.
    fn free(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|column| !self.used.contains(column))
    }

    /// Returns the share of the records that have a value in a column.
    fn fill(&self, column: usize) -> f64 {
        if self.records == 0 { 1.0 } else { self.values(column).len() as f64 / self.records as f64 }
    }

    /// Chooses the text; the other fields are judged by its place.
    pub(super) fn choose_text(&mut self) {
        let is_named_by_user = self.settled.contains(&Field::Text);
        if !self.settled.contains(&Field::Text) {
            let named = self.named_texts();
            let prose = || self.longest_prose();
            let is_sure = |(score, _): &&(i32, usize)| *score >= 50;
            let text = match named.first().filter(is_sure) {
                Some((_, column)) => Some((*column, false)),
                None => self
                    .parts()
                    .map(|(column, _)| (column, false))
                    .or_else(|| prose().map(|column| (column, true)))
                    // A column with the name of a text is one, however odd.
                    .or_else(|| named.first().map(|(_, column)| (*column, false)))
                    .or_else(|| {
                        let called = |column: &usize| is_called_text(&self.paths[*column].leaf);
                        self.free()
                            .filter(|column| self.is_own(*column))
                            .find(called)
                            .map(|column| (column, false))
                    }),
            };
            if let Some((column, by_content)) = text {
                self.take(Field::Text, column);
                if by_content {
                    self.resolved.by_content.push(Field::Text);
                } else {
                    self.choose_whole_text(&named);
                }
            }
        }
        if let Some(text) = self.resolved.get(Field::Text) {
            self.around_text.clone_from(&self.paths[text].around);
            if !is_named_by_user {
                self.add_second_part(text);
                self.add_complements(text);
            }
        }
    }

    /// Returns the columns of texts in two parts.
    fn parts(&self) -> Option<(usize, usize)> {
        let is_called = |column: usize, names: &[&str]| {
            let leaf = bare(&self.paths[column].leaf);
            names.iter().any(|name| match name.strip_suffix('*') {
                Some(start) => leaf.starts_with(start),
                None => leaf == *name,
            })
        };
        let is_text =
            |column: &usize| self.is_own(*column) && self.is_text(*column) && self.is_prose(*column);
        let of =
            |names: &[&str]| (0..self.columns.len()).filter(is_text).find(|column| is_called(*column, names));
        PARTS.iter().find_map(|(first, second)| Some((of(first)?, of(second)?)))
    }

    /// Adds the second part of texts in two columns, if the chosen one has the first.
    fn add_second_part(&mut self, text: usize) {
        let Some((first, second)) = self.parts().filter(|(first, second)| [first, second].contains(&&text))
        else {
            return;
        };
        self.take(Field::Text, first);
        self.used.insert(second);
        self.resolved.second_part = Some(second);
        self.resolved.close.retain(|(field, _)| *field != Field::Text);
    }

    /// Returns true if most values of a column have several words.
    fn is_prose(&self, column: usize) -> bool {
        let (words_each, letters, _) = content::means(self.values(column));
        words_each >= 2.0 || letters >= 4.0
    }

    /// Adds the columns that have a text in records in which the chosen one has none; a column
    /// without values at the head may have them later.
    fn add_complements(&mut self, text: usize) {
        if self.records == 0 || self.resolved.further.iter().any(|(field, _)| *field == Field::Text) {
            return;
        }
        let filled = self.fill(text);
        let is_complement = |column: &usize| {
            let Some(score) = self.name_score(*column, Field::Text) else { return false };
            // Several comments a row.
            if self.columns[*column].name == self.columns[text].name {
                return false;
            }
            let fill = self.fill(*column);
            let is_apart = filled + fill <= 1.01 && filled < 1.0 && score >= 70;
            self.is_own(*column)
                && match self.values(*column).is_empty() {
                    true => score >= 90,
                    false => is_apart && self.is_text(*column),
                }
        };
        let complements: Vec<usize> = self.free().filter(is_complement).take(MOST_COMPLEMENTS).collect();
        for column in complements {
            self.used.insert(column);
            self.resolved.further.push((Field::Text, column));
            self.resolved.close.retain(|(_, close)| *close != column);
        }
    }

    /// Adds the column with the hours, if the times are days.
    pub(super) fn add_hours(&mut self) {
        const WORDS: [&str; 12] = [
            "time", "hour", "clock", "uhrzeit", "zeit", "stunde", "hora", "heure", "ora", "orario", "tijd",
            "godzina",
        ];
        const HOURS: [&str; 6] = ["hour", "stunde", "hora", "heure", "ora", "godzina"];
        let Some(days) = self.resolved.get(Field::CreatedAt) else { return };
        if !are(self.values(days), 0.8, time::is_day) {
            return;
        }
        let is_hour = |column: &usize| {
            let path = &self.paths[*column];
            let is_named = words(&path.leaf)
                .iter()
                .any(|word| WORDS.iter().any(|known| word == known || word.ends_with("time")));
            // `14` in a column called `Hour`.
            let is_number = |value: &str| {
                HOURS.contains(&bare(&path.leaf).as_str()) && value.parse::<u8>().is_ok_and(|hour| hour < 24)
            };
            let is_hour = |value: &str| time::is_hour(value) || is_number(value);
            is_named && path.around == self.paths[days].around && are(self.values(*column), 0.8, is_hour)
        };
        let hours: Vec<usize> = self.free().filter(is_hour).collect();
        if let [hours] = hours[..] {
            self.used.insert(hours);
            self.resolved.further.push((Field::CreatedAt, hours));
        }
    }

    fn is_own(&self, column: usize) -> bool {
        matches!(self.paths[column].place(&self.around_text), Place::Own | Place::Whole)
    }

    /// Returns the columns with the name of a text, the surest first.
    fn named_texts(&self) -> Vec<(i32, usize)> {
        let mut found: Vec<(i32, usize)> = Vec::new();
        let scored: Vec<(i32, usize)> = self
            .free()
            .filter_map(|column| Some((self.name_score(column, Field::Text)?, column)))
            .filter(|(_, column)| self.is_text(*column))
            .collect();
        let depth = |column: usize| self.paths[column].around.len();
        let least = scored.iter().map(|(_, column)| depth(*column)).min().unwrap_or_default();
        for (score, column) in scored {
            let deeper = 4 * (depth(column) - least).min(5) as i32;
            let values = self.values(column);
            let blank = (20.0 * (1.0 - self.fill(column))) as i32;
            let score = match self.paths[column].place(&[]) {
                // It exists only in records whose text is cut.
                Place::Whole => 101,
                Place::Own if score >= 100 => score - deeper,
                Place::Own => score - deeper - blank,
                Place::Thread | Place::Section => score - deeper - blank - 25,
                Place::Reply => score - deeper - blank - 45,
                Place::Person | Place::Parent | Place::Foreign => continue,
            };
            let is_constant = values.len() >= 4 && distinct(values) == 1;
            let score = if values.is_empty() { score / 3 } else { score - if is_constant { 50 } else { 0 } };
            found.push((score, column));
        }
        found.sort_by_key(|(score, column)| (-score, *column));
        found
    }

    fn name_score(&self, column: usize, field: Field) -> Option<i32> {
        let scores = names::lookup(&self.paths[column].leaf);
        scores.into_iter().find(|(known, _)| *known == field).map(|(_, score)| score)
    }

    /// Chooses the full one of two texts in a record; the other one is used in records without it.
    fn choose_whole_text(&mut self, named: &[(i32, usize)]) {
        let Some(&(score, mut text)) = named.first() else { return };
        let others = named.iter().filter(|(score, column)| *score >= 60 && *column != text);
        let others: Vec<usize> =
            others.map(|(_, column)| *column).filter(|other| self.is_own(*other)).collect();
        let whole = others.iter().find(|other| content::are_cut_of(self.values(text), self.values(**other)));
        let other = match whole {
            Some(whole) => Some(std::mem::replace(&mut text, *whole)),
            None if score >= 100 || self.paths[text].place(&[]) == Place::Whole => others.first().copied(),
            None => None,
        };
        if let Some(other) = other {
            self.take(Field::Text, text);
            self.used.insert(other);
            self.resolved.further.push((Field::Text, other));
            // The objects around the shorter one are those around the comment.
            if self.paths[text].place(&[]) == Place::Whole {
                self.paths[text].around = self.paths[other].around.clone();
            }
        } else if let Some(close) = self.close_to(score, text, named) {
            self.resolved.close.push((Field::Text, close));
        }
    }

    /// Returns the best other column if it is nearly as good, and has other values.
    fn close_to(&self, score: i32, column: usize, ranked: &[(i32, usize)]) -> Option<usize> {
        let next = ranked.iter().find(|(_, other)| *other != column && !self.used.contains(other));
        let (next_score, next) = next?;
        let (values, others) = (self.values(column), self.values(*next));
        let is_close = score - next_score <= CLOSE && others.len() * 2 >= values.len() && values != others;
        (is_close && !others.is_empty()).then_some(*next)
    }

    /// Chooses a column for each of the other fields by its name, its place and its values.
    pub(super) fn choose_by_name(&mut self) {
        let mut candidates: Vec<(i32, usize, Field)> = Vec::new();
        let parents: Vec<usize> = self
            .free()
            .filter(|column| self.scores(*column).iter().any(|(field, _)| *field == Field::Parent))
            .filter(|column| self.weigh(Field::Parent, *column, 100, &[]).is_some())
            .take(MOST)
            .collect();
        for column in self.free() {
            for (field, score) in self.scores(column) {
                if let Some(score) = self.weigh(field, column, score, &parents) {
                    candidates.push((score, column, field));
                }
            }
        }
        candidates.sort_by_key(|(score, column, _)| (-score, *column));
        for (score, column, field) in &candidates {
            if !self.settled.contains(field) && !self.used.contains(column) {
                self.take(*field, *column);
                let ranked: Vec<(i32, usize)> = candidates
                    .iter()
                    .filter(|(_, _, of)| of == field)
                    .map(|(score, column, _)| (*score, *column))
                    .collect();
                if matches!(
                    field,
                    Field::Author
                        | Field::Id
                        | Field::Parent
                        | Field::Thread
                        | Field::CreatedAt
                        | Field::Votes
                ) && let Some(close) = self.close_to(*score, *column, &ranked)
                {
                    self.resolved.close.push((*field, close));
                }
            }
        }
        // A column that another field got is not a runner-up.
        let Self { used, resolved, .. } = self;
        resolved.close.retain(|(_, column)| !used.contains(column));
        if self.resolved.get(Field::Status).is_some() {
            for (_, column, _) in candidates.iter().filter(|(_, _, field)| *field == Field::Status) {
                if self.used.insert(*column) {
                    self.resolved.further.push((Field::Status, *column));
                }
            }
        }
    }

    /// Returns the fields, except the text, that match the name and the place of a column.
    fn scores(&self, column: usize) -> Vec<(Field, i32)> {
        let path = &self.paths[column];
        let is_number = |field: Field| matches!(field, Field::Votes | Field::Replies);
        let known = names::lookup(&path.leaf)
            .into_iter()
            .filter(|(field, _)| *field != Field::Text && (!path.is_count || is_number(*field)));
        let leaf = bare(&path.leaf);
        let is_id = !path.is_count
            && matches!(
                leaf.as_str(),
                "id" | "idstr"
                    | "uid"
                    | "uri"
                    | "cid"
                    | "pk"
                    | "did"
                    | "urn"
                    | "no"
                    | "uuid"
                    | "objectid"
                    | "key"
            )
            || leaf.ends_with("id");
        let found: Vec<(Field, i32)> = match path.place(&self.around_text) {
            Place::Own => known.collect(),
            Place::Person => {
                let is_author = path.around.last().is_some_and(|key| bare(key).contains("author"));
                let score = match leaf.as_str() {
                    "screenname" => 97,
                    "name" if is_author => 94,
                    "username" => 93,
                    "displayname" | "login" | "preferredusername" => 92,
                    "name" => 91,
                    "nickname" | "personaname" => 90,
                    "handle" | "acct" | "nick" => 88,
                    "uniqueid" => 85,
                    "fullname" => 80,
                    _ if is_id => 40,
                    _ => known
                        .filter(|(field, _)| *field == Field::Author)
                        .map(|(_, score)| score)
                        .next()
                        .unwrap_or(0),
                };
                Vec::from_iter((score > 0).then_some((Field::Author, score)))
            }
            Place::Parent => Vec::from_iter(is_id.then_some((Field::Parent, 97))),
            Place::Thread => match leaf.as_str() {
                _ if is_id => vec![(Field::Thread, 92)],
                "url" | "link" | "href" | "permalink" => vec![(Field::Thread, 80)],
                "title" | "name" => vec![(Field::Thread, 65), (Field::ThreadTitle, 64)],
                "slug" | "number" => vec![(Field::Thread, 65)],
                _ => known.filter(|(field, _)| *field == Field::Section).collect(),
            },
            Place::Section => match leaf.as_str() {
                "name" | "title" | "slug" | "displayname" => vec![(Field::Section, 85)],
                _ => Vec::from_iter(is_id.then_some((Field::Section, 45))),
            },
            Place::Whole | Place::Reply | Place::Foreign => Vec::new(),
        };
        let away = 2 * path.distance(&self.around_text).min(10) as i32;
        found.into_iter().map(|(field, score)| (field, score - away)).collect()
    }

    /// Returns the score of a column for a field by its values, which `parents` may point at;
    /// `None` if they contradict the name.
    fn weigh(&self, field: Field, column: usize, score: i32, parents: &[usize]) -> Option<i32> {
        let values = self.values(column);
        if values.is_empty() {
            // An empty column yields to any that has values.
            return Some(score / 3);
        }
        let most = |is_so: fn(&str) -> bool| are(values, 0.5, is_so);
        let missing = |weight: f64| (weight * (1.0 - self.fill(column))) as i32;
        let is_own = values.len() >= 4 && distinct(values) == values.len();
        if most(content::is_truth) && field != Field::Status {
            return None;
        }
        match field {
            Field::Text => None,
            Field::Author => {
                if most(time::is_time) || !most(content::may_be_name) {
                    return None;
                }
                let least = if most(address::is_address) {
                    35
                } else if most(content::is_number) {
                    42
                } else {
                    score
                };
                Some(score.min(least) - missing(20.0))
            }
            Field::Id => {
                if most(time::is_time) || !most(content::may_be_id) {
                    return None;
                }
                let share = distinct(values) as f64 / values.len() as f64;
                let is_named =
                    |parent: &usize| *parent != column && content::point_into(self.values(*parent), values);
                let named = parents.iter().any(is_named);
                let is_rounded = most(content::is_rounded);
                let is_constant = values.len() >= 2 && distinct(values) == 1;
                let is_shared = is_constant || (values.len() >= 4 && share < 0.5);
                // A column called `id` is the id; its values are made unique.
                if is_shared && !named && !is_rounded && score < 95 {
                    return None;
                }
                Some(score + if named { 40 } else { 0 } - (40.0 * (1.0 - share)) as i32 - missing(20.0))
            }
            Field::Parent => {
                if most(time::is_time) || !are(values, 0.8, content::may_be_id) {
                    return None;
                }
                let points = || {
                    self.free().filter(|other| *other != column).take(MOST).any(|other| {
                        let ids = self.values(other);
                        distinct(ids) * 10 >= ids.len() * 9 && content::point_into(values, ids)
                    })
                };
                (score >= STRONG || points()).then(|| score - missing(5.0))
            }
            Field::Thread => {
                let (_, _, chars) = content::means(values);
                let is_page = bare(&self.paths[column].leaf) == "page" && most(content::is_number);
                // A weak name (`post_id`) counts only if several rows share a value.
                let is_weak = score < STRONG && is_own;
                let is_nothing = are(values, 1.0, content::is_none);
                (!is_weak && !is_page && !is_nothing && chars < 300.0 && !most(time::is_time))
                    .then(|| score - missing(20.0))
            }
            Field::ThreadTitle => {
                let (_, _, chars) = content::means(values);
                (chars < 300.0 && !most(content::is_number) && !most(address::is_address))
                    .then(|| score - missing(5.0))
            }
            Field::CreatedAt => {
                // Small numbers are not times, not even days as spreadsheets count them.
                let is_small = |value: &str| value.parse::<f64>().is_ok_and(|number| number < 20_000.0);
                if !most(|value| value.chars().any(|c| c.is_ascii_digit())) || are(values, 0.5, is_small) {
                    return None;
                }
                let unread = if most(content::is_moment) { 0 } else { 25 };
                let is_constant = values.len() >= 4 && distinct(values) == 1;
                Some(score - unread - if is_constant { 30 } else { 0 } - missing(20.0))
            }
            Field::Link => {
                let is_link = |value: &str| address::is_address(value) && address::has_path(value);
                (score >= 85 || are(values, 0.5, is_link)).then(|| score - missing(5.0))
            }
            Field::Section => {
                let number = if most(content::is_number) { 30 } else { 0 };
                (!is_own && most(content::may_be_name)).then(|| score - number - missing(5.0))
            }
            Field::Votes if self.is_rating(column) => None,
            Field::Votes | Field::Replies => most(is_whole_number).then(|| score - missing(5.0)),
            Field::Status => {
                let is_known = |value: &str| status_of_word(&self.columns[column].name, value).is_some();
                let says = are(values, 0.5, is_known);
                (score >= STRONG || says).then(|| score + if says { 10 } else { 0 } - missing(5.0))
            }
        }
    }

    /// Returns true for the stars of reviews, which are not votes.
    fn is_rating(&self, column: usize) -> bool {
        const OF_REVIEWS: [&str; 11] = [
            "review",
            "rating",
            "stars",
            "thumbs",
            "helpful",
            "asin",
            "product",
            "hotel",
            "developer",
            "merchant",
            "seller",
        ];
        let is_star = |value: &str| value.parse::<f64>().is_ok_and(|number| (0.5..=5.0).contains(&number));
        matches!(bare(&self.paths[column].leaf).as_str(), "score" | "points")
            && are(self.values(column), 1.0, is_star)
            && self
                .columns
                .iter()
                .any(|other| words(&other.name).iter().any(|word| OF_REVIEWS.contains(&word.as_str())))
    }

    /// Chooses columns by their values, for fields without a matching name.
    pub(super) fn choose_by_content(&mut self) {
        if !self.settled.contains(&Field::Id)
            && let Some(parent) = self.resolved.get(Field::Parent)
        {
            let are_ids = |column: &usize| {
                let values = self.values(*column);
                distinct(values) == values.len() && content::point_into(self.values(parent), values)
            };
            let found: Vec<usize> = self.free().filter(are_ids).collect();
            self.guess(Field::Id, &found);
        }
        // A column of comment numbers (`1`, `1-1`) has no name.
        let numbers = |column: &usize| {
            let values = self.values(*column);
            let name = &self.columns[*column].name;
            !name.contains(char::is_alphabetic)
                && distinct(values) == values.len()
                && are(values, 1.0, |value| {
                    value.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte))
                })
                && content::divides_ids(values).is_some()
        };
        let numbers: Vec<usize> = self.free().filter(numbers).collect();
        self.guess(Field::Id, &numbers);
        let times = self.unnamed(NO_TIMES, |values| are(values, 0.8, time::is_time));
        self.guess(Field::CreatedAt, &times);
        let names = self.unnamed(NO_NAMES, |values| {
            let different = distinct(values);
            let is_repeated = different < values.len() || are(values, 0.9, |value| value.starts_with('@'));
            values.len() >= 3
                && different > 1
                && different * 4 >= values.len()
                && is_repeated
                && are(values, 0.9, content::is_like_name)
        });
        self.guess(Field::Author, &names);
        let links = self.unnamed(NO_LINKS, |values| {
            distinct(values) == values.len() && are(values, 0.9, address::is_address)
        });
        self.guess(Field::Link, &links);
        self.choose_thread_by_address();
        self.find_parents_in_ids();
        self.find_threads_in_ids();
        self.find_zero();
    }

    /// Looks for a comment with the id `0`, which others answer.
    fn find_zero(&mut self) {
        if let (Some(ids), Some(parents)) = (self.resolved.get(Field::Id), self.resolved.get(Field::Parent)) {
            let has = |column: usize| self.values(column).iter().any(|value| value.trim() == "0");
            let is_none = |value: &str| value != "0" && content::is_none(value);
            let has_none =
                self.fill(parents) < 1.0 || self.values(parents).iter().any(|value| is_none(value.trim()));
            self.resolved.zero_is_id = has(ids) && has(parents) && has_none;
        }
    }

    /// Chooses the only column that fits a field.
    fn guess(&mut self, field: Field, found: &[usize]) {
        if let [column] = found
            && !self.settled.contains(&field)
        {
            self.take(field, *column);
            self.resolved.by_content.push(field);
        }
    }

    /// Returns the columns of the comment itself whose names mean nothing and do not contain one of
    /// these words, and whose values pass a test.
    fn unnamed(&self, words_of_others: &[&str], are_so: impl Fn(&[String]) -> bool) -> Vec<usize> {
        let is_unnamed = |column: &usize| {
            let path = &self.paths[*column];
            names::lookup(&path.leaf).is_empty()
                && path.place(&self.around_text) == Place::Own
                && !words(&path.leaf)
                    .iter()
                    .any(|word| words_of_others.iter().any(|other| word.starts_with(other)))
        };
        let has = |column: &usize| self.fill(*column) >= 0.5 && are_so(self.values(*column));
        self.free().filter(is_unnamed).filter(has).collect()
    }

    /// Chooses a column of addresses as the thread. An address that many rows share is that of
    /// their page; so is one that the comments' own addresses begin with.
    fn choose_thread_by_address(&mut self) {
        let Some(link) = self.resolved.get(Field::Link).filter(|_| !self.settled.contains(&Field::Thread))
        else {
            return;
        };
        let links = self.values(link);
        let begins = |value: &String| {
            links.iter().any(|link| link.len() > value.len() && link.starts_with(value.as_str()))
        };
        let is_page = |column: &usize| {
            let values = self.values(*column);
            self.fill(*column) >= 0.5
                && are(values, 0.9, |value| address::is_address(value) && value.matches('/').count() > 3)
                && values.iter().all(begins)
        };
        let page = self.free().find(is_page);
        if let Some(page) = page {
            self.take(Field::Thread, page);
        } else if distinct(links) * 2 <= links.len() {
            self.resolved.set(Field::Thread, link);
        } else {
            self.resolved.page_in_link = are(links, 0.9, |link| address::page_of(link).is_some());
        }
    }

    /// Looks for ids that begin with their parent's.
    fn find_parents_in_ids(&mut self) {
        let Some(ids) = self.resolved.get(Field::Id).filter(|_| !self.settled.contains(&Field::Parent))
        else {
            return;
        };
        self.resolved.parent_in_id = content::divides_ids(self.values(ids));
    }

    /// Looks for threads with the id of their first comment: then that one may be a parent.
    fn find_threads_in_ids(&mut self) {
        if let (Some(ids), Some(threads)) = (self.resolved.get(Field::Id), self.resolved.get(Field::Thread)) {
            let ids: HashSet<&str> = self.values(ids).iter().map(|id| id.trim()).collect();
            let is_id = |thread: &String| ids.contains(thread.trim());
            self.resolved.thread_is_comment = ids.len() > 1 && self.values(threads).iter().any(is_id);
        }
    }

    /// Leaves out ids that a spreadsheet rounded: different comments have the same one.
    pub(super) fn leave_out_rounded(&mut self) {
        let is_rounded = |field: Field| {
            let column = self.resolved.get(field)?;
            are(self.values(column), 0.5, content::is_rounded).then_some(column)
        };
        let found = is_rounded(Field::Id).or_else(|| is_rounded(Field::Parent));
        if found.is_some() {
            self.resolved.rounded = found;
            self.resolved.columns[Field::Id as usize] = None;
            self.resolved.columns[Field::Parent as usize] = None;
        }
    }

    /// Returns true if the values could be texts. A column `comments` may count them; comments of
    /// emoji alone are rare.
    fn is_text(&self, column: usize) -> bool {
        let is_words = |value: &str| {
            value.chars().any(char::is_alphabetic)
                && !time::is_time(value)
                && !content::is_truth(value)
                && !is_whole_number(value)
        };
        self.values(column).is_empty() || are(self.values(column), 0.25, is_words)
    }

    /// Returns the column that reads most like comments: long and varied free text.
    fn longest_prose(&self) -> Option<usize> {
        let has_other_field = |column: usize| {
            self.scores(column)
                .into_iter()
                .any(|(field, score)| score >= 60 && self.weigh(field, column, score, &[]).is_some())
        };
        let weight = |column: usize| -> f64 {
            let values = self.values(column);
            let (words_each, letters, chars) = content::means(values);
            let leaf = words(&self.paths[column].leaf);
            let has = |word: &str| leaf.iter().any(|known| known == word);
            let is_of_author =
                ["bio", "biography", "about", "signature", "tagline"].iter().any(|word| has(word))
                    || (has("user") || has("author")) && has("description");
            let is_prose = words_each >= 3.0 || letters >= 8.0;
            let are_times = are(values, 0.5, time::is_time);
            if !is_prose || are_times || is_of_author || !self.is_own(column) || has_other_field(column) {
                return 0.0;
            }
            let variety = distinct(values) as f64 / values.len().max(1) as f64;
            let title = if has("title") || has("headline") || has("subject") { 0.2 } else { 1.0 };
            chars * variety * title * self.fill(column)
        };
        self.free()
            .map(|column| (column, weight(column)))
            .filter(|(_, weight)| *weight > 0.0)
            .max_by(|(a_column, a), (b_column, b)| a.total_cmp(b).then(b_column.cmp(a_column)))
            .map(|(column, _)| column)
    }
}

/// Beginnings of words in the names of times that are not those of the comment.
const NO_TIMES: &[&str] = &[
    "updat", "edit", "modif", "delet", "join", "birth", "collect", "retriev", "scrap", "crawl", "fetch",
    "download", "import", "index", "approv", "last", "regist", "query", "version", "end", "expir", "start",
    "repl", "user", "author", "account", "remov", "moderat", "login", "seen", "parent", "response",
];

/// Beginnings of words in the names of columns whose values look like names of people.
const NO_NAMES: &[&str] = &[
    "city",
    "countr",
    "locat",
    "state",
    "lang",
    "title",
    "product",
    "brand",
    "gender",
    "sex",
    "type",
    "devic",
    "label",
    "sentiment",
    "color",
    "colour",
    "source",
    "platform",
    "app",
    "versi",
    "tag",
    "topic",
    "region",
    "place",
    "status",
    "emotion",
    "class",
    "team",
    "company",
    "model",
    "parent",
    "ort",
    "stadt",
    "land",
    "ciudad",
    "pais",
    "ville",
    "pays",
    "citta",
    "paese",
    "stad",
    "miasto",
    "kraj",
    "subject",
    "approved",
    "moderat",
    "reply",
];

/// Beginnings of words in the names of addresses that are not those of the comment.
const NO_LINKS: &[&str] = &[
    "image", "img", "photo", "avatar", "pic", "thumb", "profile", "user", "author", "media", "video",
    "attach", "icon", "channel", "account", "file", "next", "parent", "source", "website", "homepage", "api",
];
