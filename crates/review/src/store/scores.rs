//! The scores of all comments in memory, so that figures for another policy take no scan of the
//! database: about 60 bytes a comment.

use std::collections::HashMap;
use std::sync::Arc;

use comity_core::comment::{Comment, Origin};
use comity_core::label::Label;
use comity_core::policy::Policy;
use comity_core::record::{Outcome, Scored, Scores};

use super::{CommentId, Kind, Store, StoreError, count, get, score};

/// Comments that a statement returns, in one text.
const ROWS: i64 = 20_000;

/// A score that the model does not give.
const NONE: i32 = -1;

/// Name of the setting that changes when the scores of a stored comment do.
pub(crate) const CHANGES: &str = "scores.changes";

/// The scores of all comments.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScoreTable {
    /// The value of [`CHANGES`] when it was read.
    changes: Option<String>,
    last: CommentId,
    rows: Arc<Vec<ScoreRow>>,
    /// Languages and sections by their number; 0 is none.
    names: Arc<Vec<String>>,
    numbers: HashMap<String, u32>,
}

/// The scores of a comment, and what exceptions of a policy look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScoreRow {
    pub(crate) id: CommentId,
    thread: i64,
    scores: [i32; Label::COUNT],
    language: u32,
    section: u32,
}

impl ScoreRow {
    /// Returns the score of a label; `None` if the model does not give it.
    pub(crate) fn score(&self, label: Label) -> Option<f64> {
        let stored = self.scores[label.index()];
        (stored != NONE).then(|| score(stored.into()))
    }
}

/// The scores of all comments, as rows that a policy can decide about.
pub(crate) struct ScoredRows {
    pub(crate) rows: Arc<Vec<ScoreRow>>,
    names: Arc<Vec<String>>,
    /// Names of the threads that a policy's exceptions are about.
    threads: HashMap<i64, String>,
    scored: Scored,
}

impl ScoredRows {
    /// Returns a row as a scored comment without text.
    pub(crate) fn scored(&mut self, row: &ScoreRow) -> &Scored {
        let name = |number: u32| Some(self.names.get(number as usize)?.clone()).filter(|_| number > 0);
        self.scored.outcome = Outcome::Scored(Scores::new(Label::ALL.map(|label| row.score(label))));
        self.scored.language = name(row.language);
        self.scored.comment.section = name(row.section);
        self.scored.comment.thread = self.threads.get(&row.thread).cloned().unwrap_or_default();
        &self.scored
    }
}

impl Store {
    /// Returns the scores of all comments, up to date, for policies.
    pub(crate) async fn score_rows(&self, policies: &[&Policy]) -> Result<ScoredRows, StoreError> {
        let mut table = self.scores.lock().await;
        let changes = self.setting(CHANGES).await?;
        if table.changes != changes {
            *table = ScoreTable { changes, ..ScoreTable::default() };
        }
        self.read_scores(&mut table).await?;
        let exceptions = policies.iter().flat_map(|policy| &policy.rules).flat_map(|rule| &rule.at);
        let mut names: Vec<&str> = exceptions.filter_map(|at| at.thread.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let mut threads = HashMap::new();
        let mut connection = self.reader().await?;
        for part in names.chunks(1_000) {
            let mut sql = self.sql("SELECT id, name FROM thread WHERE name IN ");
            sql.list(part.iter().copied());
            for row in sql.all(&mut connection).await? {
                threads.insert(get(&row, "id")?, get(&row, "name")?);
            }
        }
        let origin = Origin { file: "".into(), record: 1, line: 1 };
        let scored = Scored {
            comment: Comment::new("", "", "", origin),
            language: None,
            evasion: false,
            outcome: Outcome::Scored(Scores::new([None; Label::COUNT])),
        };
        Ok(ScoredRows { rows: table.rows.clone(), names: table.names.clone(), threads, scored })
    }

    /// Reads the comments that came since.
    async fn read_scores(&self, table: &mut ScoreTable) -> Result<(), StoreError> {
        let (join, line_end) = match self.kind {
            Kind::Sqlite => ("group_concat", "char(10)"),
            Kind::Postgres => ("string_agg", "chr(10)"),
        };
        let columns =
            Label::ALL.map(|label| format!("COALESCE(CAST({label} AS TEXT), '')")).join(" || ',' || ");
        let text = format!(
            "SELECT COUNT(*) AS total, MAX(id) AS last, {join}(line, {line_end}) AS lines FROM (\
             SELECT id, CAST(id AS TEXT) || ',' || CAST(thread_id AS TEXT) || ',' || {columns} || ',' \
             || COALESCE(language, '') || ',' || REPLACE(COALESCE(section, ''), {line_end}, ' ') AS line \
             FROM comment WHERE unscored IS NULL AND id > "
        );
        let mut connection = self.reader().await?;
        loop {
            let mut sql = self.sql(&text);
            sql.bind(table.last).push(" ORDER BY id LIMIT ").bind(ROWS).push(") part");
            let row = sql.one(&mut connection).await?;
            let Some(last) = get::<Option<i64>>(&row, "last")? else { return Ok(()) };
            table.last = last;
            let lines: &str = get(&row, "lines")?;
            let rows = Arc::make_mut(&mut table.rows);
            let names = Arc::make_mut(&mut table.names);
            if names.is_empty() {
                names.push(String::new());
            }
            for line in lines.split('\n') {
                rows.push(parse(line, names, &mut table.numbers)?);
            }
            if count(&row, "total")? < ROWS.unsigned_abs() {
                return Ok(());
            }
        }
    }
}

fn parse(
    line: &str,
    names: &mut Vec<String>,
    numbers: &mut HashMap<String, u32>,
) -> Result<ScoreRow, StoreError> {
    let fault = || StoreError::Value("scores that cannot be read".to_owned());
    let mut cells = line.splitn(4 + Label::COUNT, ',');
    let mut cell = || cells.next().ok_or_else(fault);
    let number = |cell: &str| cell.parse::<i64>().map_err(|_| fault());
    let (id, thread) = (number(cell()?)?, number(cell()?)?);
    let mut scores = [NONE; Label::COUNT];
    for score in &mut scores {
        let cell = cell()?;
        if !cell.is_empty() {
            *score = cell.parse().map_err(|_| fault())?;
        }
    }
    let mut name = |cell: &str| {
        if cell.is_empty() {
            return 0;
        }
        if let Some(known) = numbers.get(cell) {
            return *known;
        }
        let number = u32::try_from(names.len()).unwrap_or(0);
        names.push(cell.to_owned());
        numbers.insert(cell.to_owned(), number);
        number
    };
    let (language, section) = (name(cell()?), name(cell()?));
    Ok(ScoreRow { id, thread, scores, language, section })
}
