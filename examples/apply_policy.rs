//! Scores an export and prints the comments that a policy flags.
//!
//! `cargo run --example apply_policy -- data/sample`

#![expect(clippy::print_stdout, reason = "this is what the example is for")]

use std::path::PathBuf;

use comity::policy::Policy;
use comity::read::{Options, Reader, Record};
use comity::score::CHUNK_COMMENTS;
use comity::thread::Threader;
use comity::{ModelChoice, Scorer};

const POLICY: &str = r#"
name = "example"

[[rule]]
name = "toxic"
label = "toxicity"
threshold = 0.7
action = "review"
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inputs: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let policy = Policy::parse(POLICY)?;
    let scorer = Scorer::builder().model(ModelChoice::English).threads(2).build()?;
    // A session scores the comments of one run, chunk by chunk, and scores equal texts once.
    let mut session = scorer.session();
    let mut threader = Threader::new();
    let mut reader = Reader::open(&inputs, &Options::default())?;
    loop {
        let mut chunk = Vec::new();
        for record in reader.by_ref() {
            let Record::Comment(mut comment) = record? else { continue };
            threader.link(&mut comment);
            chunk.push(comment);
            if chunk.len() == CHUNK_COMMENTS {
                break;
            }
        }
        if chunk.is_empty() {
            return Ok(());
        }
        for scored in session.score(chunk, &|_| ())? {
            // No decision: the comment has no scores. No rule that fired: it may stand.
            let Some(fired) = policy.decide(&scored).and_then(|decision| decision.fired) else { continue };
            println!(
                "{} {:.3} >= {}: {}",
                fired.rule.label, fired.score, fired.threshold, scored.comment.text
            );
        }
    }
}
