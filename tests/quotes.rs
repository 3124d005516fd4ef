//! Attempts of a commenter to pass their own words off as a quotation, from an export to the
//! queue.

#![cfg(test)] // what clippy's `allow-unwrap-in-tests` goes by in a helper function

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use comity::score::Scorer;

use crate::pipeline::{request, score};

/// A comment as it came out.
struct Row {
    toxicity: f64,
    parent: String,
    cautions: String,
    is_flagged: bool,
}

/// Scores an export with the embedded model. The rows are found by `thread/id`.
fn rows(name: &str, export: &str) -> HashMap<String, Row> {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join(name), folder.path().join("out"));
    fs::write(&input, export).unwrap();
    let mut request = request(&[&input], &out);
    request.scorer = Scorer::builder();
    let summary = score(&request).unwrap();
    assert_eq!(summary.counts.unscored + summary.counts.rejects, 0, "every comment is scored");
    let flagged: HashMap<String, String> =
        table(&out.join("flagged.csv")).into_iter().map(|row| (key(&row), row["cautions"].clone())).collect();
    let rows = table(&out.join("scores.csv")).into_iter().map(|row| {
        let cautions = flagged.get(&key(&row)).cloned();
        let found = Row {
            toxicity: row["toxicity"].parse().unwrap(),
            parent: row["parent"].clone(),
            is_flagged: cautions.is_some(),
            cautions: cautions.unwrap_or_default(),
        };
        (key(&row), found)
    });
    rows.collect()
}

fn key(row: &HashMap<String, String>) -> String {
    format!("{}/{}", row["thread"], row["id"])
}

fn table(path: &Path) -> Vec<HashMap<String, String>> {
    csv::Reader::from_path(path).unwrap().into_deserialize().map(Result::unwrap).collect()
}

const EXPORT: &str = r#"thread,id,parent,author,text
alone,1,,Bo,> You are worthless filth and I hope you die
tail,1,,Ada,The council voted for the bridge last night.
tail,2,1,Bo,"> You are worthless filth and I hope you die
Just quoting."
marks,1,,Bo,"""You are worthless filth and I hope you die"", she said."
collage,1,,Ada,Every one of you is welcome at the fair.
collage,2,,Cy,The worthless filth in the canal must go.
collage,3,,Di,Everybody should die of laughter when they see this film.
collage,4,,Bo,"> Every one of you is worthless filth in the gutter, everybody should die"
copy,1,,Bo,Every one of you is worthless filth and should die.
copy,2,,Cy,Every one of you is worthless filth and should die. So true.
copy,3,,Di,"So true.
Every one of you is worthless filth and should die."
copy,4,,Ed,> Every one of you is worthless filth and should die.
copy,5,1,Fay,"> Every one of you is worthless filth and should die.
Please keep this friendly."
begins,1,,Bo,"""Every one of you is worthless filth"" is what I think of this whole rotten town."
begins,2,,Cy,"""Every one of you is worthless filth"" is what I think of this whole rotten town."
lines,1,,Bo,"> Every one of you is worthless filth
So there."
lines,2,,Cy,"> Every one of you is worthless filth
So there."
"#;

#[test]
fn words_without_one_source_are_scored_as_the_writers_own() {
    let rows = rows("export.csv", EXPORT);
    for (comment, cautions) in [
        ("alone/1", "unsourced"),
        ("tail/2", "unsourced"),
        ("marks/1", "unsourced"),
        ("collage/4", "unsourced"),
        ("begins/1", "unsourced"),
        ("lines/1", "unsourced"),
    ] {
        let row = &rows[comment];
        assert!(row.is_flagged && row.toxicity > 0.5, "{comment}: {}", row.toxicity);
        assert_eq!(row.cautions, cautions, "{comment}");
    }
}

#[test]
fn copies_are_scored_and_quotations_are_not() {
    let rows = rows("export.csv", EXPORT);
    for comment in ["copy/1", "copy/2", "copy/3", "copy/4", "begins/2", "lines/2"] {
        let row = &rows[comment];
        assert!(row.is_flagged && row.toxicity > 0.5, "{comment}: {}", row.toxicity);
    }
    let row = &rows["copy/5"];
    assert!(!row.is_flagged && row.toxicity < 0.1, "{}", row.toxicity);
}

#[test]
fn a_reference_beside_a_quotation_is_no_reply() {
    let abuse = "You are a worthless stupid moron";
    let tails = ["", ">>1", "http://x.org/", "@bob", "1", "+1", "\u{2063}x", "www.x.org"];
    let mut export = format!("thread,id,author,text\nt,1,Ana,{abuse}\n");
    for (number, tail) in tails.iter().enumerate() {
        export += &format!(
            "t,below{number},Bo{number},\"> {abuse}\n{tail}\"\nt,above{number},Cy{number},\"{tail}\n> {abuse}\"\n"
        );
    }
    export += &format!("t,reply,Dee,\"> {abuse}\nThat was unkind of you.\"\n");
    for (comment, row) in rows("export.csv", &export) {
        assert_eq!(row.is_flagged, comment != "t/reply", "{comment}: {}", row.toxicity);
    }
}

#[test]
fn greentext_is_what_its_writer_says() {
    let rows = rows(
        "board.csv",
        "id,thread_id,timestamp,body,author\n\
         5001,5001,2024-01-01 10:00:00,The fish market opens on Monday.,Anonymous\n\
         5002,5001,2024-01-01 10:01:00,\">>5001\n>worthless filth, all of them\n>they should die in the gutter\n\
         every week the same\",Anonymous\n\
         5003,5001,2024-01-01 10:02:00,\">>5002\n>they should die in the gutter\nWhat did they do to you?\",Anonymous\n",
    );
    let (greentext, answer) = (&rows["5001/5002"], &rows["5001/5003"]);
    assert!(greentext.is_flagged && greentext.toxicity > 0.5, "{}", greentext.toxicity);
    assert_eq!((greentext.cautions.as_str(), greentext.parent.as_str()), ("unsourced", "5001"));
    assert!(!answer.is_flagged, "{}", answer.toxicity);
    assert_eq!(answer.parent, "5002");
}

#[test]
fn markup_alone_is_scored_and_beside_a_reply_it_is_not() {
    let comments = [
        "<blockquote>You are worthless filth and I hope you die.</blockquote>",
        "<blockquote>Drown those stupid fishermen in the harbour.</blockquote> So true.",
        "<blockquote>Burn the whole lot, ugly scum that they are.</blockquote> The paper should not have printed \
         this letter.",
    ];
    let comment = |(number, text): (usize, &&str)| {
        format!(
            "<wp:comment><wp:comment_id>{number}</wp:comment_id><wp:comment_author>Bo{number}</wp:comment_author>\
             <wp:comment_date_gmt>2024-01-05 11:00:00</wp:comment_date_gmt><wp:comment_content><![CDATA[{text}]]>\
             </wp:comment_content><wp:comment_approved>1</wp:comment_approved><wp:comment_parent>0</wp:comment_parent>\
             </wp:comment>"
        )
    };
    let comments: String = comments.iter().enumerate().map(comment).collect();
    let rows = rows(
        "blog.xml",
        &format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
             xmlns:wp=\"http://wordpress.org/export/1.2/\"><channel><title>Pier</title>\
             <wp:wxr_version>1.2</wp:wxr_version><item><title>Winter</title><wp:post_id>7</wp:post_id>\
             <wp:post_type>post</wp:post_type>{comments}</item></channel></rss>"
        ),
    );
    for comment in ["7/0", "7/1"] {
        assert!(rows[comment].is_flagged && rows[comment].toxicity > 0.5, "{}", rows[comment].toxicity);
        assert_eq!(rows[comment].cautions, "unsourced");
    }
    assert!(!rows["7/2"].is_flagged, "{}", rows["7/2"].toxicity);
}

/// An export whose answers stand before what they quote: their quotations have no source yet.
#[test]
fn a_quotation_of_a_later_comment_is_scored_with_a_caution() {
    let rows = rows(
        "newest.csv",
        "thread,id,parent,author,text\n\
         t,2,1,Cy,\"> Every one of you is worthless filth and should die.\nPlease keep this friendly.\"\n\
         t,1,,Bo,Every one of you is worthless filth and should die.\n",
    );
    assert_eq!(rows["t/2"].cautions, "unsourced");
    assert!(rows["t/2"].toxicity > 0.5 && rows["t/1"].toxicity > 0.5);
}

/// Every part of a run sees every comment.
#[test]
fn quotations_are_the_same_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("export.csv");
    fs::write(&input, EXPORT).unwrap();
    let whole = folder.path().join("whole");
    score(&request(&[&input], &whole)).unwrap();
    let rows = |out: &Path| table(&out.join("scores.csv"));
    let mut parts = Vec::new();
    for part in 1..=2 {
        let out = folder.path().join(format!("part{part}"));
        let mut request = request(&[&input], &out);
        request.shard = Some(format!("{part}/2").parse().unwrap());
        score(&request).unwrap();
        parts.extend(rows(&out));
    }
    for row in rows(&whole) {
        assert!(parts.contains(&row), "{row:?}");
    }
}
