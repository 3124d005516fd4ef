//! The error for a text that fits no format: its beginning, and the formats that it resembles most.

use crate::Options;
use crate::formats::{self, Format};
use crate::source::Source;

/// The most lines of an unknown file that an error shows, and the most characters of each.
const SHOWN_LINES: usize = 3;
const SHOWN_CHARS: usize = 80;

/// Returns the fault and the remedy for a text that fits no format: its first lines as they were
/// read, and the two most likely formats.
pub(super) fn unrecognized(source: &Source, options: &Options) -> (String, String) {
    let head = &source.head()[..source.head().len().min(64 << 10)];
    let head = String::from_utf8_lossy(head);
    let lines: Vec<&str> =
        head.split(char::from(source.line_end())).map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut what = "its format is not recognized".to_owned();
    if !options.withhold_names {
        let shown = lines.iter().take(SHOWN_LINES).map(|line| {
            let clean = line.chars().map(|c| if c.is_control() { ' ' } else { c });
            let cut: String = clean.clone().take(SHOWN_CHARS).collect();
            if clean.count() > SHOWN_CHARS { format!("`{cut}...`") } else { format!("`{cut}`") }
        });
        what.push_str(&format!(" (it begins {})", shown.collect::<Vec<_>>().join(", ")));
    }
    if is_script(&head) {
        let what =
            what.replacen("its format is not recognized", "JSON within JavaScript, which is not read", 1);
        let remedy = "take out what is before its first bracket and after its last one, and save it as .json";
        return (what, remedy.to_owned());
    }
    let likely = likeliest(&lines);
    let named: Vec<String> = likely.iter().map(|(format, why)| format!("{format} ({why})")).collect();
    let tries: Vec<String> = likely.iter().map(|(format, _)| format!("--format {format}")).collect();
    let remedy = format!(
        "the likeliest formats are {}: try {}; `comity formats` describes all of them",
        named.join(" and "),
        tries.join(" or ")
    );
    (what, remedy)
}

/// Returns true if a text is JSON in a call or an assignment of JavaScript (`f({...})`,
/// `x = [...]`).
fn is_script(head: &str) -> bool {
    const LONGEST: usize = 200;
    let head = head.trim_start();
    let Some(at) = head.find(['{', '[']).filter(|at| (1..LONGEST).contains(at)) else { return false };
    let (before, json) = head.split_at(at);
    let is_of_name = |c: char| c.is_alphanumeric() || "_$. =(;:/*".contains(c);
    let inner = json[1..].trim_start();
    before.trim_end().ends_with(['=', '('])
        && before.chars().all(is_of_name)
        && inner.starts_with(['{', '[', '"', ']', '}'])
}

/// Returns the two formats that lines resemble most, with the reason.
fn likeliest(lines: &[&str]) -> Vec<(Format, String)> {
    let sample = &lines[..lines.len().min(200)];
    let share = |fits: &dyn Fn(&str) -> bool| {
        let fitting = sample.iter().filter(|line| fits(line)).count();
        (fitting, fitting as f64 / sample.len().max(1) as f64)
    };
    let mut guesses: Vec<(f64, Format, String)> = Vec::new();
    let begins = |signs: &[char]| sample.first().is_some_and(|line| line.starts_with(signs));
    if begins(&['{', '[']) {
        guesses.push((0.9, Format::of(&formats::json::FORMAT), "it begins with a bracket".to_owned()));
        let (count, objects) = share(&|line| line.starts_with('{') && line.ends_with('}'));
        guesses.push((
            0.5 + objects / 2.0,
            Format::of(&formats::ndjson::FORMAT),
            format!("{count} of its first {} lines are in braces", sample.len()),
        ));
    }
    let [csv, tsv] = [&formats::csv::FORMAT, &formats::tsv::FORMAT].map(Format::of);
    for (sign, word, format) in
        [(',', "commas", csv), (';', "semicolons", csv), ('|', "bars", csv), ('\t', "tabs", tsv)]
    {
        let first = sample.first().map_or(0, |line| line.matches(sign).count());
        let (count, same) = share(&|line| first > 0 && line.matches(sign).count() == first);
        if count > 0 {
            let why =
                format!("{count} of its first {} lines have as many {word} as the first one", sample.len());
            guesses.push((same * 0.8, format, why));
        }
    }
    let (count, timed) = share(&|line| {
        let is_digit = |c: char| c.is_ascii_digit();
        line.trim_start_matches('[').starts_with(is_digit) && line.contains(": ") && line.contains(':')
    });
    if count > 0 {
        let why =
            format!("{count} of its first {} lines begin with a number and contain a colon", sample.len());
        guesses.push((timed * 0.7, Format::of(&formats::chat::FORMAT), why));
    }
    let (long, prose) = share(&|line| line.split_whitespace().count() >= 4);
    guesses.push((
        0.2 + prose * 0.2,
        Format::of(&formats::lines::FORMAT),
        format!("one comment a line: {long} of its first {} lines have four words or more", sample.len()),
    ));
    guesses.push((
        0.35,
        Format::of(&formats::text::FORMAT),
        "the text of a web page, with a line for each name".to_owned(),
    ));
    guesses.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    let mut likely: Vec<(Format, String)> = Vec::new();
    for (_, format, why) in guesses {
        if likely.iter().all(|(other, _)| *other != format) {
            likely.push((format, why));
        }
    }
    likely.truncate(2);
    likely
}
