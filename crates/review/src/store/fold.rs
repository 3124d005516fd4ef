//! Near-duplicates: flagged comments that say nearly the same are folded into one row of a queue.

use std::collections::HashMap;

use comity_core::comment::{Comment, Origin};
use comity_infer::repeats::{digest, shingles};

use super::{CommentId, Queue, State, StoreError, Write, get};

/// The share of common shingles from which two texts are nearly the same: that of the reports.
const NEAR: f64 = 0.6;

/// Bands of a signature, and hashes of each. Two texts that have 60% of their shingles in common
/// share a band with a probability of 93%, at 80% of 99.8% (Broder 1997, "On the resemblance and
/// containment of documents"; Leskovec, Rajaraman and Ullman 2014, Mining of Massive Datasets 3.4).
const BANDS: usize = 6;
const HASHES: usize = 2;

/// The words of a comment, for comparison.
#[derive(Clone, Debug)]
pub(crate) struct Fingerprint {
    /// Equal for texts with the same words.
    digest: i64,
    /// Pairs of neighbouring words, ascending.
    shingles: Vec<u64>,
}

impl Fingerprint {
    pub(crate) fn of(comment: &Comment) -> Self {
        Self { digest: digest(comment)[0].cast_signed(), shingles: shingles(comment) }
    }

    /// Returns the keys by which near-duplicates are looked up.
    fn bands(&self) -> Vec<i64> {
        let mut bands = vec![self.digest];
        if self.shingles.is_empty() {
            return bands;
        }
        for band in 0..BANDS {
            let least = |hash: usize| {
                // Each number is the seed of a hash of its own: the finalizer of MurmurHash3.
                let seed = ((band * HASHES + hash + 1) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                self.shingles.iter().map(|shingle| mix(shingle ^ seed)).min().unwrap_or(0)
            };
            let hashes: Vec<u64> = (0..HASHES).map(least).collect();
            let key = hashes.iter().fold(band as u64, |key, hash| mix(key.rotate_left(21) ^ hash));
            bands.push(key.cast_signed());
        }
        bands
    }

    /// Returns true if two texts are nearly the same.
    fn is_near(&self, other: &Self) -> bool {
        if self.digest == other.digest {
            return true;
        }
        let (mut a, mut b) = (self.shingles.iter().peekable(), other.shingles.iter().peekable());
        let mut common = 0;
        while let (Some(first), Some(second)) = (a.peek(), b.peek()) {
            match first.cmp(second) {
                std::cmp::Ordering::Less => drop(a.next()),
                std::cmp::Ordering::Greater => drop(b.next()),
                std::cmp::Ordering::Equal => {
                    common += 1;
                    a.next();
                    b.next();
                }
            }
        }
        let all = self.shingles.len() + other.shingles.len() - common;
        common > 0 && common as f64 / all as f64 >= NEAR
    }
}

/// Mixes the bits of a number.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

/// Returns for each item the first item that is nearly the same, which is itself if there is none.
pub(crate) async fn folds(
    write: &mut Write,
    items: &[(CommentId, Option<&Fingerprint>)],
) -> Result<Vec<CommentId>, StoreError> {
    let bands: Vec<Vec<i64>> =
        items.iter().map(|(_, print)| print.map(Fingerprint::bands).unwrap_or_default()).collect();
    let mut first: HashMap<i64, CommentId> = HashMap::new();
    let keys: Vec<i64> = bands.iter().flatten().copied().collect();
    for part in keys.chunks(10_000) {
        let mut sql = write.sql("SELECT band, item_id FROM band WHERE band IN ");
        sql.list(part.iter().copied());
        for row in sql.all(write.connection()).await? {
            first.insert(get(&row, "band")?, get(&row, "item_id")?);
        }
    }
    let mut leaders = texts(write, first.values().copied()).await?;
    let mut added: Vec<(i64, CommentId)> = Vec::new();
    let mut folds = Vec::with_capacity(items.len());
    for ((id, print), bands) in items.iter().zip(&bands) {
        let Some(print) = print else {
            folds.push(*id);
            continue;
        };
        let mut candidates: Vec<CommentId> =
            bands.iter().filter_map(|band| first.get(band)).copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        // A leader whose text was deleted is known by its digest alone.
        let same = first.get(&print.digest).copied();
        let near = |leader: &CommentId| {
            same == Some(*leader) || leaders.get(leader).is_some_and(|other| print.is_near(other))
        };
        let fold = candidates.into_iter().filter(|leader| leader != id).find(near);
        if fold.is_none() {
            leaders.insert(*id, (*print).clone());
            for band in bands {
                if let std::collections::hash_map::Entry::Vacant(entry) = first.entry(*band) {
                    entry.insert(*id);
                    added.push((*band, *id));
                }
            }
        }
        folds.push(fold.unwrap_or(*id));
    }
    for part in added.chunks(5_000) {
        let mut sql = write.sql("INSERT INTO band (band, item_id) VALUES ");
        for (index, (band, item)) in part.iter().enumerate() {
            sql.push(if index > 0 { ", (" } else { "(" });
            sql.bind(*band).push(", ").bind(*item).push(")");
        }
        sql.push(" ON CONFLICT (band) DO NOTHING");
        sql.execute(write.connection()).await?;
    }
    Ok(folds)
}

/// Returns the fingerprints of stored comments that have a text.
async fn texts(
    write: &mut Write,
    ids: impl Iterator<Item = CommentId>,
) -> Result<HashMap<CommentId, Fingerprint>, StoreError> {
    let mut ids: Vec<CommentId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::new();
    for part in ids.chunks(1_000) {
        let mut sql = write.sql("SELECT id, body, quotes FROM comment WHERE body IS NOT NULL AND id IN ");
        sql.list(part.iter().copied());
        for row in sql.all(write.connection()).await? {
            let origin = Origin { file: "".into(), record: 1, line: 1 };
            let mut comment = Comment::new("", "", get::<String>(&row, "body")?, origin);
            comment.quotes = super::item::parse_ranges(get(&row, "quotes")?)?;
            found.insert(get(&row, "id")?, Fingerprint::of(&comment));
        }
    }
    Ok(found)
}

/// Has a queue show the most urgent open item of near-duplicates, and fold the others.
pub(crate) async fn elect(write: &mut Write, fold: CommentId, queue: Queue) -> Result<(), StoreError> {
    let sql = "UPDATE item SET lead = CASE WHEN id = (SELECT id FROM item WHERE fold = $1 AND queue = $2 \
               AND state = $3 ORDER BY rank, posted, id LIMIT 1) THEN 1 ELSE 0 END \
               WHERE fold = $1 AND queue = $2 AND state = $3 AND (lead = 1 OR id = (SELECT id FROM item \
               WHERE fold = $1 AND queue = $2 AND state = $3 ORDER BY rank, posted, id LIMIT 1))";
    let query = sqlx::query(sql).bind(fold).bind(queue.as_str()).bind(State::Open.as_str());
    query.execute(write.connection()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> Fingerprint {
        Fingerprint::of(&Comment::new("1", "t", text, Origin { file: "x".into(), record: 1, line: 1 }))
    }

    #[test]
    fn near_texts_share_a_band() {
        let text = "you are all a pack of liars and thieves and should go home at once";
        for (other, near) in [
            ("You are all a pack of LIARS and thieves, and should go home at once!!!", true),
            ("you are all a pack of liars and thieves and should go home at once now", true),
            ("I like this article very much and shall read it again tomorrow", false),
        ] {
            let (a, b) = (print(text), print(other));
            assert_eq!(a.is_near(&b), near, "{other}");
            let shared = a.bands().iter().any(|band| b.bands().contains(band));
            assert_eq!(shared, near, "{other}");
        }
        assert!(print("Idiot!").is_near(&print("idiot")), "one word has no shingles");
        assert!(!print("Idiot!").is_near(&print("fool")));
    }
}
