//! Scores the texts that it is given.
//!
//! `cargo run --example score_texts -- "You are very kind." "You are a stupid idiot."`

#![expect(clippy::print_stdout, reason = "this is what the example is for")]

use comity::label::Label;
use comity::record::Outcome;
use comity::{ModelChoice, Scorer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let texts: Vec<String> = std::env::args().skip(1).collect();
    // Build a scorer once. Clones share the model, and threads can use it at the same time.
    let scorer = Scorer::builder().model(ModelChoice::English).threads(2).build()?;
    for (text, outcome) in texts.iter().zip(scorer.score(&texts)?) {
        match outcome {
            Outcome::Scored(scores) => {
                let toxicity = scores.get(Label::Toxicity).unwrap_or_default();
                let sentiment = scores.sentiment().unwrap_or_default();
                println!("toxicity {toxicity:.3}, sentiment {sentiment:+.3}: {text}");
            }
            Outcome::Unscored(cause) => println!("not scored ({cause}): {text}"),
        }
    }
    Ok(())
}
