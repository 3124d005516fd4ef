//! Maps from the model's scores to those of another service, or to the share of people who say yes.
//!
//! `comity calibrate` fits a map, and `--calibration` applies it. A map is a small TOML file without
//! any texts, and fits one model only.

mod curve;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use curve::Curve;

use crate::digest::sha256;
use crate::label::Label;
use crate::record::Scores;
use crate::words;

/// Version of the file's form.
const FORM: u32 = 1;

/// The name by which [`ScoreMap::perspective`] is chosen on the command line.
pub const PERSPECTIVE: &str = "perspective";

/// A monotone map for some of the toxicity labels of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreMap {
    /// The name that reports show.
    pub name: String,
    /// The model whose scores are mapped.
    pub model: MappedModel,
    /// The file that the map was fitted on.
    pub source: MapSource,
    /// One map per label; labels without one keep their scores. Never sentiment.
    pub labels: Vec<LabelMap>,
}

/// The model that a map was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedModel {
    /// Name of the model.
    pub name: String,
    /// Version of the model.
    pub version: String,
    /// SHA-256 that identifies the model, hexadecimal.
    pub checksum: String,
}

impl fmt::Display for MappedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({:.12})", self.name, self.version, self.checksum)
    }
}

/// The file that a map was fitted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapSource {
    /// The file's name, without its folder.
    pub file: String,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// The map of one label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelMap {
    /// The label whose scores are mapped.
    pub label: Label,
    /// The column with the values that they are mapped to.
    pub column: String,
    /// The kind of these values.
    pub kind: MapKind,
    /// The number of rows that the map was fitted on.
    pub rows: u64,
    /// The number of folds of the cross-validation.
    pub folds: u64,
    /// Errors of the scores as the model gives them.
    pub before: MapError,
    /// Errors of mapped scores, by cross-validation: each row by a map fitted on other rows.
    pub after: MapError,
    /// The largest difference between [`Self::knots`] and the map before it was simplified.
    pub simplified_within: f64,
    /// The map.
    pub knots: Curve,
}

/// The kind of the values that scores are mapped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapKind {
    /// Scores of another service, from 0 to 1: a mapped score is the score to expect from it.
    Scores,
    /// Yes or no: a mapped score is the share of rows with a yes.
    Labels,
}

words! { MapKind:
    Scores = "scores",
    Labels = "labels",
}

/// Differences between scores and the values that they should have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapError {
    /// Mean absolute difference.
    pub mean_absolute: f64,
    /// Root of the mean squared difference.
    pub rmse: f64,
    /// Mean difference: score minus value.
    pub bias: f64,
}

/// The file, as TOML has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapFile {
    form: u32,
    name: String,
    model: MappedModel,
    source: MapSource,
    label: Vec<LabelMap>,
}

/// A score map was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreMapError {
    /// The file is not TOML of a score map's form.
    #[error("line {line}: not a score map: {what}; write one with `comity calibrate`")]
    Form {
        /// The line of the fault, from 1.
        line: usize,
        /// The fault.
        what: String,
    },
    /// The file has a form that this version does not read.
    #[error(
        "form {0} of a score map is unknown here; use the version of comity that wrote it, or calibrate again"
    )]
    Version(u32),
    /// The file maps nothing, a label twice, or sentiment.
    #[error("the score map {what}; write it again with `comity calibrate`")]
    Labels {
        /// The fault.
        what: String,
    },
}

impl ScoreMap {
    /// Returns the map from toxicity to Perspective's TOXICITY for the embedded English model:
    /// `data/calibration/perspective.toml`.
    pub fn perspective() -> Self {
        Self::parse(include_str!("../../../data/calibration/perspective.toml"))
            .expect("a test parses the shipped map")
    }

    /// Reads a map from TOML, as [`Display`](fmt::Display) writes it.
    ///
    /// # Errors
    /// [`ScoreMapError`] names the line at fault.
    pub fn parse(toml: &str) -> Result<Self, ScoreMapError> {
        let file: MapFile = toml::from_str(toml).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + toml[..start].matches('\n').count();
            ScoreMapError::Form { line, what: error.message().to_owned() }
        })?;
        let MapFile { form, name, model, source, label: labels } = file;
        if form != FORM {
            return Err(ScoreMapError::Version(form));
        }
        let fault = labels.iter().enumerate().find_map(|(index, map)| {
            let label = map.label;
            if !Label::TOXICITY.contains(&label) {
                return Some(format!("maps {label}, but only toxicity labels can be mapped"));
            }
            let is_repeated = labels[..index].iter().any(|earlier| earlier.label == label);
            is_repeated.then(|| format!("maps {label} twice"))
        });
        match fault.or_else(|| labels.is_empty().then(|| "maps no label".to_owned())) {
            Some(what) => Err(ScoreMapError::Labels { what }),
            None => Ok(Self { name, model, source, labels }),
        }
    }

    /// Returns the map of a label, if it has one.
    pub fn of(&self, label: Label) -> Option<&LabelMap> {
        self.labels.iter().find(|map| map.label == label)
    }

    /// Returns scores with those of the mapped labels replaced, to six decimals.
    pub fn apply(&self, scores: &Scores) -> Scores {
        Scores::new(Label::ALL.map(|label| {
            let score = scores.get(label)?;
            let map = self.of(label).filter(|_| Label::TOXICITY.contains(&label));
            Some(map.map_or(score, |map| map.knots.at(score)))
        }))
    }

    /// Returns the name with the beginning of the content's SHA-256, for run files: two maps that
    /// differ have different identities.
    pub fn identity(&self) -> String {
        format!("{} ({:.12})", self.name, sha256(self.to_string()))
    }
}

impl fmt::Display for ScoreMap {
    /// Writes the file: the same bytes for the same map.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let Self { name, model, source, labels } = self;
        writeln!(f, "# A score map of `comity calibrate`; apply it with `--calibration FILE`.")?;
        writeln!(f, "# A knot is [the model's score, the mapped score]; between knots the map is linear.")?;
        writeln!(f, "form = {FORM}\nname = {}", quoted(name))?;
        writeln!(f, "\n[model]\nname = {}\nversion = {}", quoted(&model.name), quoted(&model.version))?;
        writeln!(f, "checksum = {}", quoted(&model.checksum))?;
        writeln!(f, "\n[source]\nfile = {}\nsha256 = {}", quoted(&source.file), quoted(&source.sha256))?;
        for map in labels {
            writeln!(f, "\n[[label]]\nlabel = \"{}\"\ncolumn = {}", map.label, quoted(&map.column))?;
            writeln!(f, "kind = \"{}\"\nrows = {}\nfolds = {}", map.kind, map.rows, map.folds)?;
            for (when, error) in [("before", &map.before), ("after", &map.after)] {
                let MapError { mean_absolute, rmse, bias } = error;
                writeln!(
                    f,
                    "{when} = {{ mean_absolute = {mean_absolute:.6}, rmse = {rmse:.6}, bias = {bias:.6} }}"
                )?;
            }
            writeln!(f, "simplified_within = {:.6}\nknots = [", map.simplified_within)?;
            for [score, mapped] in map.knots.knots() {
                writeln!(f, "  [{score:.6}, {mapped:.6}],")?;
            }
            writeln!(f, "]")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(name: &str, column: &str, knots: Vec<[f64; 2]>) -> ScoreMap {
        let error = MapError { mean_absolute: 0.1, rmse: 0.2, bias: -0.03 };
        ScoreMap {
            name: name.to_owned(),
            model: MappedModel { name: "m".to_owned(), version: "1".to_owned(), checksum: "0a".repeat(32) },
            source: MapSource { file: "old.csv".to_owned(), sha256: "b1".repeat(32) },
            labels: vec![LabelMap {
                label: Label::Insult,
                column: column.to_owned(),
                kind: MapKind::Scores,
                rows: 40,
                folds: 10,
                before: error,
                after: error,
                simplified_within: 0.0005,
                knots: Curve::new(knots).unwrap(),
            }],
        }
    }

    #[test]
    fn the_shipped_map_parses_and_reads_back() {
        let map = ScoreMap::perspective();
        assert_eq!((map.name.as_str(), map.labels.len()), (PERSPECTIVE, 1));
        assert_eq!(map.to_string(), include_str!("../../../data/calibration/perspective.toml"));
        assert_eq!(map.labels[0].label, Label::Toxicity);
        assert!(map.labels[0].after.mean_absolute < map.labels[0].before.mean_absolute);
    }

    #[test]
    fn only_mapped_labels_change() {
        let map = map("m", "INSULT", vec![[0.0, 0.1], [0.5, 0.9]]);
        let mut probabilities = [Some(0.25); Label::COUNT];
        probabilities[Label::Threat.index()] = None;
        let mapped = map.apply(&Scores::new(probabilities));
        assert_eq!(mapped.get(Label::Insult), Some(0.5));
        assert_eq!(mapped.get(Label::Toxicity), Some(0.25));
        assert_eq!(mapped.get(Label::Negative), Some(0.25));
        assert_eq!(mapped.get(Label::Threat), None);
    }

    #[test]
    fn faults_are_refused_with_a_remedy() {
        let good = map("m", "INSULT", vec![[0.1, 0.1], [0.5, 0.9]]).to_string();
        let repeated = good[good.find("[[label]]").unwrap()..].to_owned();
        for (bad, words) in [
            (good.replace("form = 1", "form = 2"), "form 2 of a score map"),
            (good.replace("rows = 40", "rows = forty"), "line 19: not a score map"),
            (good.replace("name = \"m\"\n\n", "name = \"m\"\ndate = 1\n\n"), "unknown field `date`"),
            (good.replace("\"insult\"", "\"negative\""), "maps negative, but only toxicity labels"),
            (good.replace("\"insult\"", "\"rude\""), "unknown variant `rude`"),
            (good.replace("0.500000", "0.050000"), "do not rise"),
            (good.replace("0.900000", "0.090000"), "falls"),
            (good.replace("0.900000", "1.900000"), "not from 0 to 1"),
            (good.replace("0.900000", "nan"), "not from 0 to 1"),
            (good.clone() + &repeated, "maps insult twice"),
            (
                good[..good.find("\n[[label]]").unwrap()].replace("\n[model]", "label = []\n[model]"),
                "no label",
            ),
        ] {
            let error = ScoreMap::parse(&bad).unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_written_map_reads_back(
            name in ".{0,12}",
            column in "\\PC{0,12}",
            xs in prop::collection::btree_set(0..1_000_000_u32, 1..40),
            ys in prop::collection::vec(0..=1_000_000_u32, 40),
        ) {
            let mut ys = ys;
            ys.sort_unstable();
            let millionths = |whole: u32| f64::from(whole) / 1e6;
            let knots = xs.iter().zip(&ys).map(|(x, y)| [millionths(*x), millionths(*y)]).collect();
            let map = map(&name, &column, knots);
            let text = map.to_string();
            let read = ScoreMap::parse(&text).unwrap();
            prop_assert_eq!(&read, &map);
            prop_assert_eq!(read.to_string(), text);
            prop_assert_eq!(read.identity(), map.identity());
        }
    }
}
