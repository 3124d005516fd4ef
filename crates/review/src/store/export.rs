//! The decision log: the CSV file that `comity decisions` reads.

use std::io::Write;

use comity_core::cell::guard;
use comity_core::digest::hex;
use sqlx::any::AnyRow;

use super::{SourceId, Store, StoreError, get, score, time};

/// Decisions that are read at a time.
const ROWS: i64 = 2_000;

/// The columns: those of [`comity_core::record::decision::ModeratorDecision::COLUMNS`], and further
/// ones for people.
const COLUMNS: [&str; 18] = [
    "thread",
    "id",
    "decision",
    "appeal",
    "actor",
    "time",
    "text_sha256",
    "policy",
    "rule",
    "label",
    "score",
    "threshold",
    "model",
    "stratum",
    "stratum_size",
    "reason",
    "note",
    "appeal_reason",
];

impl Store {
    /// Writes the decisions of a source, or of all, as the CSV log that `comity decisions` reads:
    /// the oldest first, without undone ones. Returns their number.
    ///
    /// # Errors
    /// [`StoreError`] if the database or the writer fails.
    pub async fn export_log(
        &self,
        source: Option<SourceId>,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, StoreError> {
        let failed = |error: csv::Error| StoreError::Write(error.into());
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(COLUMNS).map_err(failed)?;
        let (mut last, mut written) = (0, 0);
        loop {
            let mut sql = self.sql(
                "SELECT d.id, t.name AS thread, c.external_id, d.verdict, d.appeal, u.name AS actor, d.at, \
                 d.text_sha256, d.policy, d.rule, d.label, d.score, d.threshold, d.model, d.stratum, d.stratum_size, \
                 d.reason, d.note, d.appeal_reason FROM decision d JOIN comment c ON c.id = d.item_id \
                 JOIN thread t ON t.id = c.thread_id JOIN member u ON u.id = d.user_id \
                 WHERE d.undone_at IS NULL AND d.id > ",
            );
            sql.bind(last);
            if let Some(source) = source {
                sql.push(" AND c.source_id = ").bind(source);
            }
            sql.push(" ORDER BY d.id LIMIT ").bind(ROWS);
            let rows = sql.all(&mut *self.reader().await?).await?;
            for row in &rows {
                csv.write_record(cells(row)?).map_err(failed)?;
                last = get(row, "id")?;
            }
            written += rows.len() as u64;
            if (rows.len() as i64) < ROWS {
                csv.flush().map_err(StoreError::Write)?;
                return Ok(written);
            }
        }
    }
}

fn cells(row: &AnyRow) -> Result<[String; COLUMNS.len()], StoreError> {
    // Free text that a spreadsheet must not run.
    let text = |column| {
        let text: Option<String> = get(row, column)?;
        Ok::<_, StoreError>(guard(&text.unwrap_or_default()).into_owned())
    };
    let word = |column| Ok::<_, StoreError>(get::<Option<String>>(row, column)?.unwrap_or_default());
    let number = |column| {
        let number: Option<i64> = get(row, column)?;
        Ok::<_, StoreError>(
            number.map(|number| comity_core::decimal::cell(Some(score(number)))).unwrap_or_default(),
        )
    };
    let whole = |column| {
        Ok::<_, StoreError>(
            get::<Option<i64>>(row, column)?.map(|number| number.to_string()).unwrap_or_default(),
        )
    };
    Ok([
        text("thread")?,
        text("external_id")?,
        word("verdict")?,
        word("appeal")?,
        text("actor")?,
        time(get(row, "at")?)?.to_string(),
        hex(get(row, "text_sha256")?),
        text("policy")?,
        text("rule")?,
        word("label")?,
        number("score")?,
        number("threshold")?,
        text("model")?,
        whole("stratum")?,
        whole("stratum_size")?,
        text("reason")?,
        text("note")?,
        text("appeal_reason")?,
    ])
}
