//! The layout of a page whose names are alone on their lines: at a constant place before or after
//! lines of the page's own, whatever these are. The place is found by trying each, and keeping the
//! one at which the lines look most like names and the others least.

use std::collections::{HashMap, HashSet};

use super::furniture::{Furniture, Part};
use super::line::{self, Line, Vocabulary};
use super::page_words::{self, Class};
use super::segment;

/// The minimum number of comments that a layout must show, and of authors among them.
pub(super) const LEAST_COMMENTS: usize = 3;
pub(super) const LEAST_AUTHORS: usize = 2;
/// The number of the page's lines that are tried as the place of names.
const MOST_KEYS: usize = 40;

/// Returns the log-odds of each line being a name, only by its looks.
pub(super) fn name_odds(lines: &[Line<'_>]) -> Vec<f64> {
    const MOST: f64 = 6.0;
    let vocabulary = Vocabulary::of(lines);
    let seen = (0..lines.len()).map(|at| line::look(lines, at, &vocabulary));
    seen.map(|seen| if seen.never_name { -MOST } else { segment::name_odds(&seen).clamp(-MOST, MOST) })
        .collect()
}

/// The places of a page's names.
pub(super) struct Layout {
    /// The lines of names.
    pub(super) names: Vec<usize>,
    /// Lines between a name and its comment that are neither.
    pub(super) between: Vec<usize>,
    /// Lines before this one are not decided: the article, and the first comment if there is no
    /// line of the page's own above it.
    pub(super) start: usize,
}

/// A stretch of lines that are not the page's own.
struct Run {
    /// The lines of the stretch.
    lines: std::ops::Range<usize>,
    /// The keys of the page's lines before it and after it, from the end of the run before and up
    /// to the next one.
    before: Vec<String>,
    after: Vec<String>,
}

/// The place of names in relation to the page's lines with one key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The run before them is a name and possibly other lines on its author.
    RunBefore,
    /// The last line before them, below the text of the comment before.
    LineBefore,
    /// The first line after them.
    After,
}

/// Finds the layout of a page; `None` if the page's own lines do not show the names.
pub(super) fn find(lines: &[Line<'_>], furniture: &Furniture) -> Option<Layout> {
    let content: Vec<usize> = (0..lines.len()).filter(|at| furniture.parts[*at] == Part::Content).collect();
    let only: Vec<Line<'_>> = content.iter().map(|at| lines[*at].clone()).collect();
    let mut odds = vec![0.0; lines.len()];
    for (at, value) in content.iter().zip(name_odds(&only)) {
        odds[*at] = value;
    }
    let runs = runs(lines, furniture);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for run in &runs {
        for key in run.after.iter().collect::<HashSet<_>>() {
            *counts.entry(key).or_insert(0) += 1;
        }
    }
    let mut keys: Vec<(&str, usize)> =
        counts.into_iter().filter(|(_, count)| *count >= LEAST_COMMENTS).collect();
    keys.sort_unstable_by_key(|(key, count)| (std::cmp::Reverse(*count), *key));
    keys.truncate(MOST_KEYS);
    let places = [Place::RunBefore, Place::LineBefore, Place::After];
    let mut best: Option<(f64, Layout)> = None;
    for (key, place) in keys.iter().flat_map(|(key, _)| places.map(|place| (*key, place))) {
        let Some(layout) = layout(&runs, key, place) else { continue };
        let Some(score) = score(lines, &layout, &content, &odds) else { continue };
        if best.as_ref().is_none_or(|(known, _)| score > *known) {
            best = Some((score, layout));
        }
    }
    let (_, mut layout) = best?;
    let badges = badges(lines, furniture, &layout);
    layout.between.extend(badges);
    Some(layout)
}

fn runs(lines: &[Line<'_>], furniture: &Furniture) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for (at, part) in furniture.parts.iter().enumerate() {
        let follows = at > 0 && furniture.parts[at - 1] == Part::Content;
        match (part, runs.last_mut()) {
            (Part::Content, Some(run)) if follows => run.lines.end = at + 1,
            (Part::Content, _) => {
                runs.push(Run { lines: at..at + 1, before: std::mem::take(&mut before), after: Vec::new() });
            }
            (_, last) => {
                let keys = keys(lines[at].text, furniture.classes[at].as_ref());
                before.extend(keys.iter().cloned());
                if let Some(run) = last {
                    run.after.extend(keys);
                }
            }
        }
    }
    runs
}

/// Returns the words by which a line of the page's own is recognized, whatever its numbers are.
fn keys(text: &str, class: Option<&Class>) -> Vec<String> {
    match class {
        None => Vec::new(),
        Some(Class::Time) => vec!["time".to_owned()],
        Some(Class::Number) => vec!["#".to_owned()],
        Some(Class::Action(_)) => {
            page_words::tokens(text).into_iter().filter(|token| page_words::is_action_word(token)).collect()
        }
        Some(Class::Mark(word) | Class::Unknown(word)) => vec![format!("={word}")],
        Some(Class::Heading | Class::Badge) => Vec::new(),
    }
}

/// Returns the names at one place throughout the page.
fn layout(runs: &[Run], key: &str, place: Place) -> Option<Layout> {
    let has = |keys: &[String]| keys.iter().any(|known| known == key);
    let mut names = Vec::new();
    let mut between = Vec::new();
    let mut start = 0;
    match place {
        Place::After => {
            for (number, run) in runs.iter().enumerate() {
                if has(&run.before) {
                    names.push(run.lines.start);
                } else if number == 0 {
                    // The article, and possibly the first comment.
                    start = run.lines.end;
                }
            }
        }
        Place::LineBefore => {
            names.extend(runs.iter().filter(|run| has(&run.after)).map(|run| run.lines.end - 1));
        }
        Place::RunBefore => {
            let named: Vec<&Run> = runs.iter().filter(|run| has(&run.after)).collect();
            // Texts are in runs of their own.
            if named.len() < LEAST_COMMENTS || runs.len() < 2 * named.len() {
                return None;
            }
            let mut lengths: Vec<usize> = named.iter().skip(1).map(|run| run.lines.len()).collect();
            lengths.sort_unstable();
            let (usual, longest) = (lengths[lengths.len() / 2], lengths[lengths.len() * 9 / 10]);
            for (number, run) in named.iter().enumerate() {
                // The article may be above the first name.
                let is_long = number == 0 && run.lines.len() > longest.max(usual);
                let first = if is_long { run.lines.end - usual } else { run.lines.start };
                names.push(first);
                between.extend(first + 1..run.lines.end);
            }
        }
    }
    Some(Layout { names, between, start })
}

/// Returns the fit of a layout: the log-odds of its names and its texts. `None` if it does not fit:
/// too few names, or lines elsewhere look more like names.
fn score(lines: &[Line<'_>], layout: &Layout, content: &[usize], odds: &[f64]) -> Option<f64> {
    /// The part of all log-odds that a layout must agree with.
    const AGREEMENT: f64 = 0.5;
    let first = *layout.names.first()?;
    let names: HashSet<usize> = layout.names.iter().copied().collect();
    let between: HashSet<usize> = layout.between.iter().copied().collect();
    let authors: HashSet<&str> = names.iter().map(|at| lines[*at].text).collect();
    let likely = names.iter().filter(|at| odds[**at] > 0.0).count();
    if names.len() < LEAST_COMMENTS || authors.len() < LEAST_AUTHORS || likely * 10 < names.len() * 6 {
        return None;
    }
    let (mut score, mut most) = (0.0, 0.0);
    let mut with_text = 0;
    let mut is_after_name = false;
    for &at in content {
        if between.contains(&at) {
            continue;
        }
        let is_name = names.contains(&at);
        with_text += usize::from(is_after_name && !is_name);
        is_after_name = is_name;
        // The article's lines do not count; the lines before the first name count little.
        if at >= layout.start {
            let weight = if at < first { 0.2 } else { 1.0 };
            score += weight * if is_name { odds[at] } else { -odds[at] };
            most += weight * odds[at].abs();
        }
    }
    (score >= AGREEMENT * most && with_text * 2 >= names.len()).then_some(score)
}

/// Finds the lines between a name and its comment that are an author's badge: by their words, or
/// because they occur nowhere else in the file.
fn badges(lines: &[Line<'_>], furniture: &Furniture, layout: &Layout) -> Vec<usize> {
    let names: HashSet<usize> = layout.names.iter().copied().collect();
    let between: HashSet<usize> = layout.between.iter().copied().collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (line, _) in lines.iter().zip(&furniture.parts).filter(|(_, part)| **part == Part::Content) {
        *counts.entry(line.text).or_insert(0) += 1;
    }
    let next = |at: usize| (at + 1..lines.len()).find(|at| furniture.parts[*at] == Part::Content);
    let mut slots: HashMap<&str, Vec<usize>> = HashMap::new();
    for &name in &layout.names {
        let Some(first) = next(name).filter(|at| !names.contains(at) && !between.contains(at)) else {
            continue;
        };
        // A badge alone is the author's text.
        if next(first).is_some_and(|second| !names.contains(&second)) {
            slots.entry(lines[first].text).or_default().push(first);
        }
    }
    let is_badge = |text: &str, at: &[usize]| {
        furniture.classes[at[0]] == Some(Class::Badge)
            || at.len() >= LEAST_COMMENTS && at.len() == counts[text] && line::count_words(text) <= 3
    };
    slots.into_iter().filter(|(text, at)| is_badge(text, at)).flat_map(|(_, at)| at).collect()
}
