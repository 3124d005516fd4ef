//! Scores with an engine of its own: one that wraps the built-in engine and counts its calls.
//!
//! `cargo run --example custom_engine`

#![expect(clippy::print_stdout, reason = "this is what the example is for")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use comity::engine::{self, Batch, Engine, EngineError};
use comity::label::Label;
use comity::model::Model;
use comity::{ModelChoice, Scorer};
use ndarray::Array2;

struct Counting {
    inner: Box<dyn Engine>,
    calls: AtomicUsize,
}

impl Engine for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    /// Returns a row for each sequence of the batch, and a column for each label of the model.
    fn logits(&self, batch: &Batch) -> Result<Array2<f32>, EngineError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.inner.logits(batch)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // An engine reads the weights of the model that it is for.
    let model = Model::embedded()?;
    let inner = engine::open("native", &model)?;
    let engine = Arc::new(Counting { inner, calls: AtomicUsize::new(0) });

    let scorer = Scorer::builder().model(ModelChoice::English).custom_engine(engine.clone()).build()?;
    let outcomes = scorer.score(&["You are very kind.", "You are a stupid idiot."])?;
    for outcome in outcomes {
        println!("{:?}", outcome.scores().and_then(|scores| scores.get(Label::Toxicity)));
    }
    println!("{} calls of the engine", engine.calls.load(Ordering::Relaxed));
    Ok(())
}
