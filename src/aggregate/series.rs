//! The scores along a thread.

use bytemuck::{Pod, Zeroable};

use super::Tone;

/// A score in millionths, which is exactly what files keep (six decimals) in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(transparent)]
pub struct Micro(i32);

impl Micro {
    /// A score from -1 to 1.
    pub fn new(score: f64) -> Self {
        Self((score * 1e6).round() as i32)
    }

    /// The score.
    pub fn get(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// The score in millionths.
    pub fn millionths(self) -> i32 {
        self.0
    }
}

/// A scored comment of a thread: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Which comment of the thread, from 1; comments without scores have places too.
    pub position: u32,
    /// Probability of toxicity.
    pub toxicity: Option<Micro>,
    /// Sentiment, from -1 to 1.
    pub sentiment: Option<Micro>,
    /// A rule of the policy fired.
    pub flagged: bool,
}

impl Point {
    /// Its scores.
    pub fn tone(&self) -> Tone {
        Tone { toxicity: self.toxicity.map(Micro::get), sentiment: self.sentiment.map(Micro::get) }
    }
}

/// The scored comments of a thread, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series(Vec<Point>);

impl Series {
    /// Adds the next scored comment.
    pub fn push(&mut self, point: Point) {
        self.0.push(point);
    }

    /// The points.
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    /// Toxicity of each point.
    pub fn toxicity(&self) -> Vec<f64> {
        self.0.iter().filter_map(|point| point.toxicity).map(Micro::get).collect()
    }

    /// Sentiment of each point.
    pub fn sentiment(&self) -> Vec<f64> {
        self.0.iter().filter_map(|point| point.sentiment).map(Micro::get).collect()
    }
}
