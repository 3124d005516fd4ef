use proptest::prelude::*;

use super::*;
use crate::comment::Origin;

fn comment(id: &str, author: &str, text: &str) -> Comment {
    let origin = Origin { file: "x".into(), record: 1, line: 1 };
    Comment { author: Some(author.to_owned()), ..Comment::new(id, "t", text, origin) }
}

/// Links the comments, whose ids are 1, 2, ..., and returns the last.
fn last(comments: &[(&str, &str)]) -> Comment {
    let mut threader = Threader::new();
    let mut last = None;
    for (number, (author, text)) in comments.iter().enumerate() {
        let mut comment = comment(&(number + 1).to_string(), author, text);
        threader.link(&mut comment);
        last = Some(comment);
    }
    let last = last.unwrap();
    assert_eq!(last.parent.is_some(), last.parent_inferred);
    last
}

fn shown<'a>(comment: &'a Comment, ranges: &[Range<usize>]) -> Vec<&'a str> {
    ranges.iter().map(|range| &comment.text[range.clone()]).collect()
}

const FIRST: (&str, &str) =
    ("Ada Berg", "The ferry was never late. Then they sold it, and now nobody comes.");
const SECOND: (&str, &str) = ("harbour_cat", "I like the noise of the old engine at night.");

#[test]
fn quotes_and_parents_are_found() {
    for (author, text, quoted, unsourced, parent) in [
        ("Bo", "No idea what you mean.", vec![], vec![], None),
        // After ">", known and unknown.
        ("Bo", "> the ferry was never late\nIt was.", vec!["> the ferry was never late"], vec![], Some("1")),
        ("Bo", "> something else altogether\nNo.", vec![], vec!["> something else altogether"], None),
        ("Bo", "> something else altogether", vec![], vec!["> something else altogether"], None),
        (">_<", ">:( why", vec![], vec![], None),
        // In marks, with other marks, cut short, with a corrected word, which is the writer's.
        ("Bo", "“Then they sold it” is a lie.", vec!["“Then they sold it”"], vec![], Some("1")),
        (
            "Bo",
            "You say \"I like the noise ... at night\". Why?",
            vec!["\"I like the noise ... at night\""],
            vec![],
            Some("2"),
        ),
        (
            "Bo",
            "> The fairy was never late. Then they sold it\nTo whom?",
            vec!["was never late. Then they sold it"],
            vec![],
            Some("1"),
        ),
        ("Bo", "She said \"never late\" and meant it.", vec![], vec![], None),
        (
            "Bo",
            "They call it \"a great day for all of us\".",
            vec![],
            vec!["\"a great day for all of us\""],
            None,
        ),
        // One's own words again are one's own.
        ("harbour_cat", "> I like the noise of the old engine\nStill.", vec![], vec![], Some("2")),
        ("harbour_cat", "I like the noise of the old engine at night. Still.", vec![], vec![], None),
        // Names.
        ("Bo", "@harbour_cat get some sleep", vec![], vec![], Some("2")),
        ("Bo", "I am with @Ada Berg, as always", vec![], vec![], Some("1")),
        ("Bo", "@ada you are right", vec![], vec![], Some("1")),
        ("Bo", "Ada Berg, you are right", vec![], vec![], Some("1")),
        ("Bo", "write to ada@harbour_cat.example", vec![], vec![], None),
        ("Bo", "@nobody at all", vec![], vec![], None),
        ("harbour_cat", "@harbour_cat is me", vec![], vec![], None),
        // Numbers, the way of image boards.
        (">>", ">>2\nsleep is for the weak", vec![], vec![], Some("2")),
        ("Bo", ">>9 >>1 who bought it?", vec![], vec![], Some("1")),
        ("Bo", ">>9 >> 1 > 2", vec![], vec![], None),
    ] {
        let comment = last(&[FIRST, SECOND, (author, text)]);
        assert_eq!(shown(&comment, &comment.quotes), quoted, "{text}");
        assert_eq!(shown(&comment, &comment.unsourced), unsourced, "{text}");
        assert_eq!(comment.parent.as_deref(), parent, "{text}");
    }
}

#[test]
fn copies_are_what_their_writer_says() {
    for (author, text, quoted, parent) in [
        // Alone, with a tail, with a head, and in marks.
        ("Bo", "I like the noise of the old engine at night.", vec![], None),
        ("Bo", "I like the noise of the old engine at night. So do I!", vec![], Some("2")),
        ("Bo", "I like the noise of the old engine at night.\nSo do I!", vec![], Some("2")),
        ("Bo", "So do I!\nI like the noise of the old engine at night.", vec![], Some("2")),
        ("Bo", "> I like the noise of the old engine at night.", vec![], Some("2")),
        ("Bo", "\"I like the noise of the old engine at night.\" 👍", vec![], Some("2")),
        // A part of a comment.
        ("Bo", "Then they sold it, and now nobody comes.", vec![], None),
        ("Bo", "Then they sold it, and now nobody comes. Sad.", vec![], Some("1")),
        // A line of its own, and a reply that is not shorter.
        (
            "Bo",
            "I like the noise of the old engine at night.\nYou would not if you had to get up at five.",
            vec!["I like the noise of the old engine at night."],
            Some("2"),
        ),
        ("Bo", "The ferry was never late? Then you were not on it.", vec![], None),
    ] {
        let comment = last(&[FIRST, SECOND, (author, text)]);
        assert_eq!(shown(&comment, &comment.quotes), quoted, "{text}");
        assert!(comment.unsourced.is_empty(), "{text}");
        assert_eq!(comment.parent.as_deref(), parent, "{text}");
    }
}

#[test]
fn the_second_copy_of_a_comment_that_begins_with_a_quotation_is_a_copy() {
    let text = "\"Every last one of them is vermin\" is what I say to all of you who live here.";
    let own = |comments: &[(&str, &str)]| last(comments).own_words();
    assert_eq!(own(&[("Bo", text)]), text);
    assert_eq!(own(&[("Bo", text), ("Cy", text)]), text);
    assert_eq!(own(&[("Bo", text), ("Cy", text), ("Di", text)]), text);
    let text = "> Every last one of them is vermin\nSo there.";
    assert_eq!(own(&[("Bo", text)]), text);
    assert_eq!(own(&[("Bo", text), ("Cy", text)]), text);
    let tail = format!("{text}\nTrue.");
    assert_eq!(own(&[("Bo", text), ("Cy", &tail)]), tail);
    let text = "> the ferry was never late\nYou lot are vermin, every last one of you.";
    let words = "You lot are vermin, every last one of you.";
    assert_eq!(own(&[FIRST, ("Bo", text)]).trim(), words);
    assert_eq!(own(&[FIRST, ("Bo", text), ("Cy", text)]).trim(), words);
}

#[test]
fn the_comment_that_is_answered_is_looked_at_first() {
    let mut threader = Threader::new();
    threader.link(&mut comment("1", "Ada", "Nobody. Not one."));
    for id in 2..20 {
        threader.link(&mut comment(&id.to_string(), "Cy", "Not one of them came, and nobody called."));
    }
    let mut answer = |parent: Option<&str>| {
        let mut answer = comment("20", "Bo", "> Nobody.\nMy aunt did.\n> Not one.\nAnd she sang.");
        answer.parent = parent.map(str::to_owned);
        threader.link(&mut answer);
        (answer.own_words(), answer.unsourced.len())
    };
    assert_eq!(answer(Some("1")), ("\nMy aunt did.\n\n\nAnd she sang.".to_owned(), 0));
    assert_eq!(answer(None).1, 2);
}

#[test]
fn a_shared_name_is_nobody() {
    let earlier = ("Anonymous", "I like the noise of the old engine at night.");
    let comment = last(&[earlier, ("Anonymous", ">I like the noise\nYou would.")]);
    assert_eq!(shown(&comment, &comment.quotes), [">I like the noise"]);
    let comment = last(&[("Ada", earlier.1), ("Ada", ">I like the noise\nI really do.")]);
    assert!(comment.quotes.is_empty() && comment.unsourced.is_empty());
}

#[test]
fn what_the_reader_knows_to_be_someone_elses_stays_so() {
    let mut threader = Threader::new();
    let mut article = comment("1", "Ada", "The old mill burned down.");
    article.quotes.push(0..25);
    threader.link(&mut article);
    assert_eq!(article.own_words(), "");
}

/// A comment whose stretch `quoted` the export's markup shows as a quotation.
fn with_markup(author: &str, text: &str, quoted: &str) -> Comment {
    let mut comment = comment("9", author, text);
    let start = text.find(quoted).unwrap();
    comment.unsourced.push(start..start + quoted.len());
    comment
}

#[test]
fn markup_counts_beside_a_reply() {
    const WORDS: &str = "Every last one of you is vermin.";
    for (text, quoted, unsourced) in [
        ("Every last one of you is vermin.\n\nThat is a vile thing to print.", vec![WORDS], vec![]),
        ("Every last one of you is vermin.\n\nSo true.", vec![], vec![WORDS]),
        (
            "Every last one of you is vermin.\n\n> and so is all of your sorry kin",
            vec![],
            vec![WORDS, "> and so is all of your sorry kin"],
        ),
        // Addresses, mentions and numbers are no reply, however many words they have.
        ("Every last one of you is vermin.\n\nhttps://example.org/a-b-c-d-e-f Lol", vec![], vec![WORDS]),
        ("Every last one of you is vermin.\n\n@ann @ben @cleo @dora @ezra 1 2 3", vec![], vec![WORDS]),
        ("Every last one of you is vermin.", vec![], vec![WORDS]),
    ] {
        let mut threader = Threader::new();
        threader.link(&mut comment("1", FIRST.0, FIRST.1));
        let mut marked = with_markup("Bo", text, WORDS);
        threader.link(&mut marked);
        assert_eq!(shown(&marked, &marked.quotes), quoted, "{text}");
        assert_eq!(shown(&marked, &marked.unsourced), unsourced, "{text}");
    }
}

#[test]
fn markup_with_a_source_needs_no_reply_of_some_length() {
    for (text, quoted, own) in [
        ("The ferry was never late.\n\nNo.", "The ferry was never late.", "\n\nNo."),
        ("Ada:\n\nThe ferry was never late.\n\nNo.", "Ada:\n\nThe ferry was never late.", "\n\nNo."),
        (
            "[quote=\"ada_berg, post:3, topic:57\"]\nThe ferry was never late.\n[/quote]\nNo.",
            "[quote=\"ada_berg, post:3, topic:57\"]\nThe ferry was never late.\n[/quote]",
            "\nNo.",
        ),
        // Words of the quotation that are not in the source, and a label that is no name, are
        // the writer's.
        (
            "The ferry was never late. Then they sold it, you clown.\n\nNo.",
            "The ferry was never late. Then they sold it, you clown.",
            ", you clown.\n\nNo.",
        ),
        (
            "[quote=\"you clown, post:3\"]The ferry was never late.[/quote] No.",
            "[quote=\"you clown, post:3\"]The ferry was never late.[/quote]",
            "[quote=\"you clown, post:3\"]\n No.",
        ),
    ] {
        let mut threader = Threader::new();
        threader.link(&mut comment("1", FIRST.0, FIRST.1));
        let mut marked = with_markup("Bo", text, quoted);
        threader.link(&mut marked);
        assert_eq!(marked.own_words(), own, "{text}");
        assert!(marked.unsourced.is_empty());
    }
}

#[test]
fn ranges_that_were_there_stay() {
    let mut threader = Threader::new();
    threader.link(&mut comment("1", "Ada", "The lamp on the pier has been dark for a year."));
    let mut second = comment("2", "Bo", "> one\n\"has been dark for a year\" indeed");
    second.quotes.push(0..5);
    second.parent = Some("9".to_owned());
    threader.link(&mut second);
    assert_eq!(second.quotes, [0..5, 6..32]);
    assert_eq!((second.parent.as_deref(), second.parent_inferred), (Some("9"), false));
}

proptest! {
    /// Every word is either in the one earlier comment or scored, whatever marks stand around
    /// it.
    #[test]
    fn words_that_nobody_said_before_are_own(
        earlier in prop::collection::vec("[a-e]( [a-e]){3,12}", 1..6),
        text in "(> |\"|“)?[a-g]( [a-g]|, |\n|\n> |\" |” | \"|… ){2,40}",
    ) {
        let earlier: Vec<(&str, &str)> = earlier.iter().map(|text| ("Ada", text.as_str())).collect();
        let comments = [&earlier[..], &[("Bo", text.as_str())]].concat();
        let comment = last(&comments);
        let own = comment.own_words();
        for new in ["f", "g"] {
            prop_assert_eq!(text.matches(new).count(), own.matches(new).count(), "{:?}", comment);
        }
        prop_assert!(!own.is_empty(), "a comment is never nothing but quotations");
        let mut end = 0;
        for range in merged(comment.quotes.iter().chain(&comment.unsourced).cloned()) {
            prop_assert!(range.start >= end && comment.text.get(range.clone()).is_some());
            end = range.end;
        }
    }
}

#[test]
fn links_are_counted() {
    let mut threader = Threader::new();
    for (id, author, parent) in [
        ("1", "a", None),
        ("2", "b", Some("1")),
        ("3", "b", Some("2")),
        ("4", "c", Some("nowhere")),
        ("5", "c", Some("6")),
        ("6", "d", Some("5")),
        ("7", "e", Some("7")),
        ("8", "f", Some("5")),
    ] {
        let mut comment = comment(id, author, "x");
        comment.parent = parent.map(str::to_owned);
        threader.link(&mut comment);
    }
    let report = threader.finish().unwrap();
    assert_eq!((report.threads, report.comments, report.parents_given), (1, 8, 7));
    assert_eq!((report.orphans, report.cycles), (1, 2));
    assert_eq!(report.self_replies, 2); // 3 answers 2, and 7 answers 7
}
