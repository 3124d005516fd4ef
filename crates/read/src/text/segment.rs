//! Labels each line as article, author or comment, with a hidden Markov model over the whole file.
//!
//! States: the article, a name, and the first, second, ... sixth and later line of a comment. A
//! name is followed by a line of text; the article is one prefix. The emission of a state is judged
//! by log-odds against "a line of text", summed over the groups of evidence below. Both the
//! evidence and the lengths of comments start from the tables in this file and are fitted to the
//! input by a few rounds of expectation-maximisation (Baum-Welch), kept close to the tables by
//! pseudo-counts.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::line::{Group, Line, Seen};

/// The role inferred for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Article,
    Name,
    Text,
}

/// A role with its probability given the whole file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) role: Role,
    /// The probability of the role.
    pub(super) probability: f64,
}

/// The reading of a whole file.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    /// The verdict on each line.
    pub(super) verdicts: Vec<Verdict>,
    /// The log-odds of this reading against the file being an article and nothing else.
    pub(super) gain: f64,
}

/// The prior knowledge of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Given {
    /// There is none.
    #[default]
    Open,
    /// This line belongs to the article.
    Article,
    /// This line is after the article.
    Comments,
    /// This line is after the article, and an author.
    Name,
    /// This line is not an author (article or text).
    NotName,
    /// The heading of a comment section: the article ends here, if there is no better reason
    /// against it.
    Heading,
}

const STATES: usize = 8;
const ARTICLE: usize = 0;
const NAME: usize = 1;
const TEXT: usize = 2;
const LAST_TEXT: usize = STATES - 1;

/// Returns the probability of each value of a group for a name and for text. `line::look` numbers
/// the values.
fn table(group: Group) -> (&'static [f64], &'static [f64]) {
    match group {
        // One word of 1-2, 3-15, 16-25, more characters; two, three, four words (shorter, longer);
        // 5-6; 7-9; 10-20; more.
        Group::Length => (
            &[0.008, 0.43, 0.04, 0.004, 0.33, 0.015, 0.11, 0.006, 0.03, 0.004, 0.012, 0.001, 0.0002, 0.0001],
            &[0.006, 0.025, 0.003, 0.004, 0.025, 0.002, 0.02, 0.004, 0.02, 0.004, 0.05, 0.08, 0.26, 0.5],
        ),
        // Letter, digit, dot after an initial, dot, "!", "?", comma or colon, ellipsis, closing
        // quote or bracket, other.
        Group::Ending => (
            &[0.82, 0.10, 0.012, 0.002, 0.007, 0.0015, 0.004, 0.001, 0.02, 0.01],
            &[0.16, 0.02, 0.002, 0.53, 0.08, 0.07, 0.03, 0.03, 0.04, 0.03],
        ),
        // All capitals at word starts, first word's only, none, all letters capital, mixed, a
        // handle, a caseless script.
        Group::Shape1 => {
            (&[0.34, 0.0, 0.24, 0.05, 0.0, 0.33, 0.04], &[0.50, 0.0, 0.34, 0.08, 0.0, 0.03, 0.05])
        }
        Group::Shape2 => {
            (&[0.55, 0.10, 0.12, 0.04, 0.06, 0.09, 0.04], &[0.06, 0.60, 0.17, 0.06, 0.05, 0.02, 0.04])
        }
        Group::Shape3 => {
            (&[0.60, 0.07, 0.08, 0.04, 0.14, 0.04, 0.03], &[0.03, 0.62, 0.15, 0.06, 0.09, 0.02, 0.03])
        }
        Group::Shape4 => {
            (&[0.50, 0.06, 0.08, 0.03, 0.26, 0.04, 0.03], &[0.02, 0.62, 0.15, 0.05, 0.11, 0.02, 0.03])
        }
        Group::Shape5 => {
            (&[0.40, 0.06, 0.08, 0.03, 0.36, 0.04, 0.03], &[0.01, 0.58, 0.15, 0.04, 0.16, 0.03, 0.03])
        }
        // The one word: a common English word, common in this file, neither.
        Group::Word => (&[0.06, 0.10, 0.84], &[0.66, 0.12, 0.22]),
        // Of the words, the common ones are: all, half or more, fewer, none.
        Group::Words => (&[0.06, 0.11, 0.10, 0.73], &[0.60, 0.26, 0.07, 0.07]),
        // Contains a pronoun, auxiliary, ...; an article or preposition; neither.
        Group::Grammar => (&[0.01, 0.08, 0.91], &[0.48, 0.20, 0.32]),
        // Capital, small letter, digit, "@", quote mark, ">", list mark, bracket or dot, caseless
        // letter, other, "_" or "~".
        Group::Start => (
            &[0.62, 0.25, 0.03, 0.01, 0.003, 0.0002, 0.001, 0.004, 0.05, 0.01, 0.01],
            &[0.68, 0.14, 0.02, 0.02, 0.05, 0.01, 0.03, 0.01, 0.04, 0.015, 0.001],
        ),
        // Contains an address; the end of a sentence; a comma or colon; none of these.
        Group::Inside => (&[0.0005, 0.004, 0.015, 0.98], &[0.06, 0.08, 0.12, 0.74]),
        // The same line is in the file once, twice, three to five times, more often.
        Group::Recurrence => (&[0.55, 0.17, 0.17, 0.11], &[0.95, 0.03, 0.012, 0.008]),
        // A blank line before + 2 * a blank line after.
        Group::Blank => (&[0.25, 0.34, 0.11, 0.30], &[0.25, 0.22, 0.25, 0.28]),
        // Another line addresses this name.
        Group::Called => (&[0.90, 0.10], &[0.99, 0.01]),
        // A line of the page's own before + 2 * one after.
        Group::Page => (&[0.25, 0.20, 0.20, 0.35], &[0.25, 0.30, 0.30, 0.15]),
        // A short line without an end before + 2 * one after: short comments among names have such
        // neighbours, and so do lists.
        Group::Beside => (&[0.70, 0.12, 0.12, 0.06], &[0.45, 0.20, 0.20, 0.15]),
    }
}

const GROUPS: [Group; 17] = [
    Group::Length,
    Group::Ending,
    Group::Shape1,
    Group::Shape2,
    Group::Shape3,
    Group::Shape4,
    Group::Shape5,
    Group::Word,
    Group::Words,
    Group::Grammar,
    Group::Start,
    Group::Inside,
    Group::Recurrence,
    Group::Blank,
    Group::Called,
    Group::Beside,
    Group::Page,
];

/// The probability of each size (five buckets) and register (three) of a line of an article and of
/// a comment.
const ARTICLE_SIZE: [f64; 5] = [0.10, 0.16, 0.30, 0.32, 0.12];
const COMMENT_SIZE: [f64; 5] = [0.38, 0.23, 0.16, 0.13, 0.10];
const ARTICLE_REGISTER: [f64; 3] = [0.62, 0.07, 0.31];
const COMMENT_REGISTER: [f64; 3] = [0.45, 0.50, 0.05];

/// The damping of overlapping groups of evidence: each counts for less than it would alone.
const DAMPING: f64 = 0.85;
/// The weight of a table in lines, against the lines of the file, and the maximum weight of the
/// file in lines.
const TABLE_WEIGHT: f64 = 25.0;
const FILE_WEIGHT: f64 = 75.0;
/// The probability of a name-like line within a comment: somebody addressed at its beginning, a
/// signature, a list.
const NAME_IN_TEXT: [f64; 2] = [0.02, 0.007];
const SIGNATURE: f64 = 0.1;
/// The share of an article's lines that look like names: titles, bylines, subheadings.
const NAME_IN_ARTICLE: f64 = 0.07;
/// The log-odds against a name of a recurring short line, before any other evidence.
const TYPICAL: f64 = 0.56;
/// The log-odds of the same author twice in a row.
const AGAIN: f64 = -1.5;
/// The log-odds of a line of an article that repeats an earlier one.
const ANSWER: f64 = -5.0;
const HEADING: f64 = 6.0;
const ROUNDS: usize = 8;
const NEVER: f64 = -60.0;

struct Model {
    tables: Vec<[Vec<f64>; 2]>,
    article: [[f64; 3]; 5],
    comment: [[f64; 3]; 5],
    /// The probability that a comment ends after its first, second, ... line.
    ends: [f64; STATES - TEXT],
}

fn outer(sizes: &[f64; 5], registers: &[f64; 3]) -> [[f64; 3]; 5] {
    sizes.map(|size| registers.map(|register| size * register))
}

impl Model {
    fn prior() -> Self {
        let tables = GROUPS.iter().map(|&group| {
            let (name, text) = table(group);
            [name.to_vec(), text.to_vec()]
        });
        Self {
            tables: tables.collect(),
            article: outer(&ARTICLE_SIZE, &ARTICLE_REGISTER),
            comment: outer(&COMMENT_SIZE, &COMMENT_REGISTER),
            ends: [0.55, 0.45, 0.40, 0.35, 0.30, 0.25],
        }
    }

    fn name_odds(&self, seen: &Seen) -> f64 {
        seen.sights
            .iter()
            .map(|&(group, value)| {
                let [name, text] = &self.tables[group as usize];
                let value = usize::from(value);
                DAMPING * ((name[value] + 1e-6) / (text[value] + 1e-6)).ln()
            })
            .sum::<f64>()
            .clamp(-25.0, 25.0)
    }

    fn article_odds(&self, seen: &Seen) -> f64 {
        let odds = (self.article[seen.size][seen.register] / self.comment[seen.size][seen.register]).ln();
        if seen.answers { odds + ANSWER } else { odds }
    }

    /// Fits the tables again, from the lines' probabilities.
    fn refit(&mut self, seen: &[Seen], gamma: &[[f64; STATES]], given: &[Given]) {
        let prior = Self::prior();
        let mut counts: Vec<[Vec<f64>; 2]> =
            prior.tables.iter().map(|[name, text]| [vec![0.0; name.len()], vec![0.0; text.len()]]).collect();
        let mut article = [[0.0; 3]; 5];
        let mut comment = [[0.0; 3]; 5];
        for ((seen, gamma), given) in seen.iter().zip(gamma).zip(given) {
            let text: f64 = gamma[TEXT..].iter().sum();
            if *given != Given::Heading {
                for &(group, value) in &seen.sights {
                    counts[group as usize][0][usize::from(value)] += gamma[NAME];
                    counts[group as usize][1][usize::from(value)] += text;
                }
            }
            article[seen.size][seen.register] += gamma[ARTICLE];
            comment[seen.size][seen.register] += text;
        }
        for ((table, prior), counts) in self.tables.iter_mut().zip(&prior.tables).zip(&counts) {
            for side in 0..2 {
                let prior_total: f64 = prior[side].iter().sum();
                table[side] = blend(&prior[side], prior_total, &counts[side]);
            }
        }
        self.article = refit_grid(&prior.article, &article);
        self.comment = refit_grid(&prior.comment, &comment);
    }
}

fn blend(prior: &[f64], prior_total: f64, counts: &[f64]) -> Vec<f64> {
    let seen: f64 = counts.iter().sum();
    let scale = if seen > FILE_WEIGHT { FILE_WEIGHT / seen } else { 1.0 };
    let total = TABLE_WEIGHT + seen * scale;
    prior
        .iter()
        .zip(counts)
        .map(|(p, count)| (TABLE_WEIGHT * p / prior_total + count * scale) / total)
        .collect()
}

fn refit_grid(prior: &[[f64; 3]; 5], counts: &[[f64; 3]; 5]) -> [[f64; 3]; 5] {
    let flat = blend(prior.as_flattened(), 1.0, counts.as_flattened());
    let mut grid = [[0.0; 3]; 5];
    grid.as_flattened_mut().copy_from_slice(&flat);
    grid
}

/// Returns the log-odds of a line being a name rather than text, only by the tables.
pub(super) fn name_odds(seen: &Seen) -> f64 {
    static PRIOR: LazyLock<Model> = LazyLock::new(Model::prior);
    PRIOR.name_odds(seen)
}

/// Returns the best reading of the lines, and the probability of each role. `None` if they cannot
/// contain a comment.
pub(super) fn segment(lines: &[Line<'_>], seen: &[Seen], given: &[Given]) -> Option<Segments> {
    if lines.len() < 2 {
        return None;
    }
    let file = File::new(lines, seen, given);
    let mut model = Model::prior();
    let mut gamma: Vec<[f64; STATES]> = Vec::new();
    for _ in 0..ROUNDS {
        let (next, ends) = forward_backward(&file.emissions(&model, &gamma), &model.ends)?;
        gamma = next;
        model.refit(seen, &gamma, given);
        model.ends = ends;
    }
    let emissions = file.emissions(&model, &gamma);
    let (gamma, _) = forward_backward(&emissions, &model.ends)?;
    let (path, score) = viterbi(&emissions, &model.ends)?;
    let article: f64 =
        start_of(ARTICLE) + emissions.iter().map(|row| row[ARTICLE] + STAY_ARTICLE.ln()).sum::<f64>();
    let verdicts = path.into_iter().zip(gamma).map(|(state, gamma)| {
        let (role, probability) = match state {
            ARTICLE => (Role::Article, gamma[ARTICLE]),
            NAME => (Role::Name, gamma[NAME]),
            _ => (Role::Text, gamma[TEXT..].iter().sum()),
        };
        Verdict { role, probability }
    });
    Some(Segments { verdicts: verdicts.collect(), gain: score - article })
}

/// The lines, and the kinds of equal ones.
struct File<'a> {
    lines: &'a [Line<'a>],
    seen: &'a [Seen],
    given: &'a [Given],
    /// The number of the kind of each short line; equal lines are of one kind.
    kinds: Vec<Option<usize>>,
    kind_count: usize,
}

impl<'a> File<'a> {
    fn new(lines: &'a [Line<'a>], seen: &'a [Seen], given: &'a [Given]) -> Self {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let kind_of = |(line, seen): (&Line<'a>, &Seen)| {
            let next = numbers.len();
            (!seen.never_name).then(|| *numbers.entry(line.text).or_insert(next))
        };
        let kinds = lines.iter().zip(seen).map(kind_of).collect();
        Self { lines, seen, given, kinds, kind_count: numbers.len() }
    }

    /// Returns, for each line, the probability that equal lines elsewhere are names; `None` if
    /// there are none, or at first.
    fn elsewhere(&self, gamma: &[[f64; STATES]]) -> Vec<Option<f64>> {
        let mut sums = vec![(0.0, 0.0); self.kind_count];
        for (kind, gamma) in self.kinds.iter().zip(gamma) {
            if let Some(kind) = kind {
                sums[*kind].0 += gamma[NAME];
                sums[*kind].1 += 1.0;
            }
        }
        let of_others = |at: usize| {
            let (names, count) = sums[self.kinds[at]?];
            (count > 1.0).then(|| (names - gamma[at][NAME]) / (count - 1.0))
        };
        (0..self.lines.len()).map(of_others).collect()
    }

    /// Returns the log-odds of each state against a line of text, at each line.
    fn emissions(&self, model: &Model, gamma: &[[f64; STATES]]) -> Vec<[f64; STATES]> {
        let elsewhere = self.elsewhere(gamma);
        let mut speaker: Option<&str> = None;
        let mut after_heading = false;
        let mut emissions = Vec::with_capacity(self.lines.len());
        for (at, elsewhere) in elsewhere.into_iter().enumerate() {
            let (line, given) = (self.lines[at].text, self.given[at]);
            let speaks_already = speaker == Some(line);
            let name = match given {
                Given::Name => 30.0,
                Given::NotName | Given::Heading => NEVER,
                _ if self.seen[at].never_name => NEVER,
                _ => {
                    let others = elsewhere.map_or(0.0, |p| ((p + 0.05) / (1.05 - p)).ln() + TYPICAL);
                    model.name_odds(&self.seen[at]) + others + if speaks_already { AGAIN } else { 0.0 }
                }
            };
            let mut row = [mix(NAME_IN_TEXT[1], 0.0, name); STATES];
            row[TEXT] = mix(NAME_IN_TEXT[0], 0.0, name);
            if speaks_already {
                row[TEXT + 1..].fill(mix(SIGNATURE, 0.0, name));
            }
            row[NAME] = name;
            // A person who comments later is rarely in a byline or a subheading.
            let in_article = NAME_IN_ARTICLE * (1.0 - 0.97 * elsewhere.unwrap_or(0.0));
            row[ARTICLE] = mix(in_article, model.article_odds(&self.seen[at]), name);
            if after_heading {
                row[ARTICLE] -= 1.0;
            }
            match given {
                Given::Article => row[NAME..].fill(NEVER * 4.0),
                Given::Comments | Given::Name => row[ARTICLE] = NEVER * 4.0,
                Given::Heading => {
                    row[ARTICLE] = HEADING;
                    after_heading = true;
                }
                Given::Open | Given::NotName => {}
            }
            if gamma.get(at).is_some_and(|gamma| gamma[NAME] > 0.5) {
                speaker = Some(line);
            }
            emissions.push(row);
        }
        emissions
    }
}

fn mix(share: f64, base: f64, odds: f64) -> f64 {
    ((1.0 - share) * base.exp() + share * odds.min(40.0).exp()).ln()
}

const START_ARTICLE: f64 = 0.85;
const STAY_ARTICLE: f64 = 0.97;

/// Returns the log-probability of going from one state to the next; `None` if that is impossible.
fn step(from: usize, to: usize, ends: &[f64; STATES - TEXT]) -> Option<f64> {
    let probability = match (from, to) {
        (ARTICLE, ARTICLE) => STAY_ARTICLE,
        (ARTICLE, NAME) => 1.0 - STAY_ARTICLE,
        (NAME, TEXT) => 1.0,
        (TEXT.., NAME) => ends[from - TEXT],
        (TEXT.., _) if to == (from + 1).min(LAST_TEXT) => 1.0 - ends[from - TEXT],
        _ => return None,
    };
    Some(probability.ln())
}

fn start_of(state: usize) -> f64 {
    match state {
        ARTICLE => START_ARTICLE.ln(),
        NAME => (1.0 - START_ARTICLE).ln(),
        _ => f64::NEG_INFINITY,
    }
}

type Ends = [f64; STATES - TEXT];

/// Returns the possible steps, with their log-probabilities.
fn steps(ends: &Ends) -> Vec<(usize, usize, f64)> {
    let pairs = (0..STATES).flat_map(|from| (0..STATES).map(move |to| (from, to)));
    pairs.filter_map(|(from, to)| Some((from, to, step(from, to, ends)?))).collect()
}

/// Returns the probability of each state at each line, and the ends of comments fitted to them.
fn forward_backward(emissions: &[[f64; STATES]], ends: &Ends) -> Option<(Vec<[f64; STATES]>, Ends)> {
    let steps: Vec<(usize, usize, f64)> =
        steps(ends).into_iter().map(|(from, to, log)| (from, to, log.exp())).collect();
    // Each row is divided by its largest value, so that products over thousands of lines stay in
    // range.
    let scaled: Vec<[f64; STATES]> = emissions
        .iter()
        .map(|row| {
            let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.map(|value| (value - top).exp())
        })
        .collect();
    let mut forward = Vec::with_capacity(scaled.len());
    let mut row: [f64; STATES] = std::array::from_fn(|state| start_of(state).exp() * scaled[0][state]);
    normalise(&mut row)?;
    forward.push(row);
    for emission in &scaled[1..] {
        let mut next = [0.0; STATES];
        for &(from, to, p) in &steps {
            next[to] += row[from] * p * emission[to];
        }
        normalise(&mut next)?;
        row = next;
        forward.push(row);
    }
    let mut backward = [0.0; STATES];
    backward[TEXT..].fill(1.0);
    let mut gamma = vec![[0.0; STATES]; scaled.len()];
    let mut ended = [0.0; STATES - TEXT];
    let mut passed = [0.0; STATES - TEXT];
    for at in (0..scaled.len()).rev() {
        let mut here: [f64; STATES] = std::array::from_fn(|state| forward[at][state] * backward[state]);
        normalise(&mut here)?;
        for state in TEXT..STATES {
            passed[state - TEXT] += here[state];
        }
        if at + 1 == scaled.len() {
            for state in TEXT..STATES {
                ended[state - TEXT] += here[state];
            }
        }
        gamma[at] = here;
        if at == 0 {
            break;
        }
        let mut previous = [0.0; STATES];
        let mut into_name = [0.0; STATES];
        for &(from, to, p) in &steps {
            let value = p * scaled[at][to] * backward[to];
            previous[from] += value;
            if to == NAME {
                into_name[from] += value;
            }
        }
        // Expected endings: the share of each text state's weight at the line before that continues
        // to a name.
        let total: f64 = (0..STATES).map(|state| forward[at - 1][state] * previous[state]).sum();
        if total > 0.0 {
            for state in TEXT..STATES {
                ended[state - TEXT] += forward[at - 1][state] * into_name[state] / total;
            }
        }
        normalise(&mut previous)?;
        backward = previous;
    }
    let prior = Model::prior().ends;
    const WEIGHT: f64 = 4.0;
    let fitted = std::array::from_fn(|at| (WEIGHT * prior[at] + ended[at]) / (WEIGHT + passed[at]));
    Some((gamma, fitted))
}

fn normalise(row: &mut [f64; STATES]) -> Option<()> {
    let total: f64 = row.iter().sum();
    if !(total.is_finite() && total > 0.0) {
        return None;
    }
    for value in row {
        *value /= total;
    }
    Some(())
}

fn viterbi(emissions: &[[f64; STATES]], ends: &Ends) -> Option<(Vec<usize>, f64)> {
    let steps = steps(ends);
    let mut best: [f64; STATES] = std::array::from_fn(|state| start_of(state) + emissions[0][state]);
    let mut from = Vec::with_capacity(emissions.len());
    for emission in &emissions[1..] {
        let mut next = [f64::NEG_INFINITY; STATES];
        let mut back = [0u8; STATES];
        for &(a, b, log) in &steps {
            let value = best[a] + log + emission[b];
            if value > next[b] {
                next[b] = value;
                back[b] = a as u8;
            }
        }
        best = next;
        from.push(back);
    }
    let mut state = (TEXT..STATES).max_by(|&a, &b| best[a].total_cmp(&best[b]))?;
    let score = best[state];
    if score == f64::NEG_INFINITY {
        return None;
    }
    let mut path = vec![state];
    for back in from.iter().rev() {
        state = usize::from(back[state]);
        path.push(state);
    }
    path.reverse();
    Some((path, score))
}
