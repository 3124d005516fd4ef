//! Full-text search over every comment.

use super::item::comments;
use super::queue::{Filter, MOST_ROWS, State};
use super::{CommentId, CommentView, Kind, Sql, Store, StoreError, get, micros, millionths, score_column};

/// A comment that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchHit {
    /// The comment.
    pub comment: CommentView,
}

/// A page of what a search found, the newest comments of the store first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchPage {
    /// The comments.
    pub hits: Vec<SearchHit>,
    /// The `before` of the next page; `None` on the last.
    pub next: Option<CommentId>,
}

/// Comments with the words that are looked at for a page, the newest first: conditions that few of
/// them fulfil must not keep the database busy.
const MOST_LOOKED_AT: i64 = 20_000;

/// A part of what is searched for.
#[derive(Debug, PartialEq, Eq)]
enum Term {
    /// Words that follow each other.
    Phrase(String),
    /// The beginning of a word.
    Prefix(String),
}

/// Returns the parts of a query. Signs that have a meaning in a database are not passed on.
fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    for (index, part) in text.split(['"', '“', '”']).enumerate() {
        if index % 2 == 1 {
            terms.push(Term::Phrase(part.to_owned()));
            continue;
        }
        for word in part.split_whitespace() {
            match word.strip_suffix('*') {
                Some(start) => terms.push(Term::Prefix(start.to_owned())),
                None => terms.push(Term::Phrase(word.to_owned())),
            }
        }
    }
    let has_words = |text: &str| text.chars().any(char::is_alphanumeric);
    terms.retain(|term| match term {
        Term::Phrase(text) | Term::Prefix(text) => has_words(text),
    });
    terms
}

/// Returns the terms in the language of FTS5: quoted strings, which it cuts into words itself.
fn fts5(terms: &[Term]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace(['\0', '"'], " "));
    let term = |term: &Term| match term {
        Term::Phrase(text) => quoted(text),
        Term::Prefix(text) => format!("{}*", quoted(text)),
    };
    terms.iter().map(term).collect::<Vec<_>>().join(" ")
}

/// Adds the terms as a query of PostgreSQL.
fn push_tsquery(sql: &mut Sql, terms: &[Term]) {
    for (index, term) in terms.iter().enumerate() {
        sql.push(if index > 0 { " && " } else { "" });
        match term {
            Term::Phrase(text) => {
                sql.push("phraseto_tsquery('simple', ").bind(text.replace('\0', " ")).push(")");
            }
            Term::Prefix(text) => {
                let word: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
                sql.push("to_tsquery('simple', ").bind(format!("{word}:*")).push(")");
            }
        }
    }
}

impl Filter {
    /// Adds the conditions on comments, whose alias is `c`, without the queue.
    fn push_comment(&self, sql: &mut Sql) {
        let ids = [("c.thread_id", self.thread), ("c.author_id", self.author), ("c.source_id", self.source)];
        for (column, id) in ids.into_iter().filter_map(|(column, id)| Some((column, id?))) {
            sql.push(" AND ").push(column).push(" = ").bind(id);
        }
        if let Some(language) = &self.language {
            sql.push(" AND c.language = ").bind(language.as_str());
        }
        if let Some(from) = self.posted_from {
            sql.push(" AND c.posted >= ").bind(micros(from));
        }
        if let Some(before) = self.posted_before {
            sql.push(" AND c.posted < ").bind(micros(before));
        }
        if let Some(caution) = &self.caution {
            let word: String = caution.chars().filter(char::is_ascii_lowercase).collect();
            sql.push(" AND ' ' || c.cautions || ' ' LIKE ").bind(format!("% {word} %"));
        }
        let has_range = self.min_score.is_some() || self.max_score.is_some();
        if let Some(label) = self.label.filter(|_| has_range) {
            let column = score_column(label);
            for (sign, end) in [(" >= ", self.min_score), (" <= ", self.max_score)] {
                if let Some(end) = end {
                    sql.push(" AND c.").push(column).push(sign).bind(millionths(end));
                }
            }
        }
        let label = self.label.filter(|_| !has_range);
        let flag_range = if self.label.is_none() { [self.min_score, self.max_score] } else { [None; 2] };
        let asks_for_flag = self.rule.is_some()
            || self.action.is_some()
            || self.repeats_of.is_some()
            || label.is_some()
            || flag_range.iter().any(Option::is_some);
        if !asks_for_flag {
            return;
        }
        sql.push(" AND EXISTS (SELECT 1 FROM item i WHERE i.id = c.id AND i.state <> ");
        sql.bind(State::Dropped.as_str());
        if let Some(rule) = &self.rule {
            sql.push(" AND i.rule = ").bind(rule.as_str());
        }
        if let Some(action) = self.action {
            sql.push(" AND i.action = ").bind(action.as_str());
        }
        if let Some(label) = label {
            sql.push(" AND i.label = ").bind(label.as_str());
        }
        if let Some(item) = self.repeats_of {
            sql.push(" AND i.fold = (SELECT fold FROM item WHERE id = ").bind(item).push(")");
        }
        for (sign, end) in [(" >= ", flag_range[0]), (" <= ", flag_range[1])] {
            if let Some(end) = end {
                sql.push(" AND i.score").push(sign).bind(millionths(end));
            }
        }
        sql.push(")");
    }
}

impl Store {
    /// Returns true if a filter has conditions besides its queue.
    fn has_conditions(&self, filter: &Filter) -> bool {
        let mut conditions = self.sql("");
        filter.push_comment(&mut conditions);
        !conditions.is_empty()
    }

    /// Adds a query of the newest comments with the terms, by the index of words.
    fn push_looked_at(&self, sql: &mut Sql, terms: &[Term], before: CommentId, limit: i64) {
        if self.kind == Kind::Sqlite && !terms.is_empty() {
            sql.push("SELECT rowid AS id FROM comment_words WHERE comment_words MATCH ").bind(fts5(terms));
            sql.push(" AND rowid < ").bind(before).push(" ORDER BY rowid DESC LIMIT ");
        } else {
            sql.push("SELECT id FROM comment WHERE id < ").bind(before);
            if !terms.is_empty() {
                sql.push(" AND words @@ (");
                push_tsquery(sql, terms);
                sql.push(")");
            }
            sql.push(" ORDER BY id DESC LIMIT ");
        }
        sql.bind(limit);
    }

    /// Returns the query of a page: the words first, by their index, and the conditions on what has
    /// them.
    fn search_sql(&self, terms: &[Term], filter: &Filter, before: CommentId, size: i64) -> Sql {
        let limit = if self.has_conditions(filter) { MOST_LOOKED_AT } else { size + 1 };
        let mut sql = self.sql("SELECT c.id FROM (");
        self.push_looked_at(&mut sql, terms, before, limit);
        sql.push(") w JOIN comment c ON c.id = w.id WHERE 1 = 1");
        filter.push_comment(&mut sql);
        sql.push(" ORDER BY c.id DESC LIMIT ").bind(size + 1);
        sql
    }

    /// Returns comments that have all words of `text`, in any letter case; words within quotation
    /// marks must follow each other, and a word that ends in `*` stands for all that begin so. The
    /// filter's queue does not count. A page may have fewer comments than `size` and yet not be the
    /// last: few of those looked at fulfil the filter.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn search(
        &self,
        text: &str,
        filter: &Filter,
        before: Option<CommentId>,
        size: u32,
    ) -> Result<SearchPage, StoreError> {
        let size = i64::from(size.clamp(1, MOST_ROWS));
        let terms = terms(text);
        let before = before.unwrap_or(i64::MAX);
        let mut connection = self.reader().await?;
        let has_conditions = self.has_conditions(filter);
        let sql = self.search_sql(&terms, filter, before, size);
        let rows = sql.all(&mut connection).await?;
        let mut ids = rows.iter().map(|row| get(row, "id")).collect::<Result<Vec<CommentId>, _>>()?;
        let mut next = None;
        if ids.len() as i64 > size {
            ids.truncate(size as usize);
            next = ids.last().copied();
        } else if has_conditions {
            let mut sql = self.sql("SELECT COUNT(*) AS total, MIN(id) AS last FROM (");
            self.push_looked_at(&mut sql, &terms, before, MOST_LOOKED_AT);
            sql.push(") w");
            let row = sql.one(&mut connection).await?;
            if get::<i64>(&row, "total")? == MOST_LOOKED_AT {
                next = get(&row, "last")?;
            }
        }
        let mut found = comments(self, &mut connection, &ids).await?;
        let hits =
            ids.iter().filter_map(|id| found.remove(id)).map(|comment| SearchHit { comment }).collect();
        Ok(SearchPage { hits, next })
    }

    /// Returns the steps by which the database finds comments. For `scripts/bench-review`.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    #[doc(hidden)]
    pub async fn search_plan(&self, text: &str, filter: &Filter) -> Result<Vec<String>, StoreError> {
        self.search_sql(&terms(text), filter, i64::MAX, 50).plan(&mut *self.reader().await?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_words_phrases_and_beginnings() {
        let word = |text: &str| Term::Phrase(text.to_owned());
        for (text, parts) in [
            ("", vec![]),
            ("  go  home ", vec![word("go"), word("home")]),
            ("\"go home\" now", vec![word("go home"), word("now")]),
            ("idio* --", vec![Term::Prefix("idio".to_owned())]),
            ("\" OR 1=1", vec![word(" OR 1=1")]),
            ("* \"\" ' :", vec![]),
        ] {
            assert_eq!(terms(text), parts, "{text}");
        }
        assert_eq!(fts5(&terms("NEAR(a b) x*")), "\"NEAR(a\" \"b)\" \"x\"*");
    }
}
