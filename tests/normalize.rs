//! Normalization and the language gate on real comments. Needs the labelled data next to the
//! project, and is skipped without it.

use std::fs::File;
use std::path::PathBuf;

use comity::language::Gate;
use comity::normalize::normalize;
use flate2::read::MultiGzDecoder;

/// One column of a labelled set; `None` if the set is not there.
#[allow(clippy::print_stdout, reason = "a skipped test says so")]
fn column(set: &str, column: &str) -> Option<Vec<String>> {
    let shared = std::env::var_os("COMITY_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("data").join(set);
    let Ok(file) = File::open(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    let mut reader = csv::Reader::from_reader(MultiGzDecoder::new(file));
    let index = reader.headers().expect("a header row").iter().position(|name| name == column).expect(column);
    Some(reader.records().map(|record| record.expect("a CSV record")[index].to_owned()).collect())
}

#[test]
fn real_comments_keep_their_way_back() {
    let Some(texts) = column("goemotions/train.csv.gz", "text") else { return };
    let mut disguised = 0;
    for text in &texts {
        let normalized = normalize(text);
        assert_eq!(normalize(&normalized.text).text, normalized.text, "{text:?}");
        disguised += u32::from(normalized.evasion);
        let (mut start, mut last) = (0, 0..0);
        for word in normalized.text.split_inclusive(' ') {
            let range = normalized.original_range(start..start + word.len());
            assert!(last.start <= range.start && last.end <= range.end, "{word:?} of {text:?}");
            assert!(!text[range.clone()].is_empty(), "{word:?} of {text:?}");
            last = range;
            start += word.len();
        }
    }
    assert!(disguised < 10, "{disguised} ordinary comments were taken for disguised ones");
}

#[test]
fn real_english_is_scored() {
    let Some(texts) = column("goemotions/train.csv.gz", "text") else { return };
    let gate = Gate::new(&["en"]);
    let turned_away = texts.iter().filter(|text| gate.detect(&normalize(text).text).foreign).count();
    assert!(turned_away * 1000 <= texts.len(), "{turned_away} of {} English comments", texts.len());
}
