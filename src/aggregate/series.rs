//! The scores along a thread.

use bytemuck::{Pod, Zeroable};

use super::Tone;

/// A score in millionths, which is exactly what files keep (six decimals) in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(transparent)]
pub(crate) struct FixedPoint(i32);

impl FixedPoint {
    /// Rounds a score from -1 to 1.
    pub(crate) fn new(score: f64) -> Self {
        Self((score * 1e6).round() as i32)
    }

    /// Returns the score.
    pub(crate) fn get(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// Returns the score in millionths.
    pub(crate) fn millionths(self) -> i32 {
        self.0
    }
}

/// A scored comment of a thread: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    /// Position in the thread, from 1; comments without scores count, too.
    pub position: u32,
    /// Probability of toxicity.
    pub toxicity: Option<FixedPoint>,
    /// Sentiment, from -1 to 1.
    pub sentiment: Option<FixedPoint>,
    /// True if a rule of the policy fired.
    pub flagged: bool,
}

impl Point {
    /// Returns its scores.
    pub(crate) fn tone(&self) -> Tone {
        Tone { toxicity: self.toxicity.map(FixedPoint::get), sentiment: self.sentiment.map(FixedPoint::get) }
    }
}

/// The scored comments of a thread, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series(Vec<Point>);

impl Series {
    /// Adds the next scored comment.
    pub(crate) fn push(&mut self, point: Point) {
        self.0.push(point);
    }

    /// The points.
    pub(crate) fn points(&self) -> &[Point] {
        &self.0
    }

    /// Returns the toxicity of each point.
    pub(crate) fn toxicity(&self) -> Vec<f64> {
        self.0.iter().filter_map(|point| point.toxicity).map(FixedPoint::get).collect()
    }
}
