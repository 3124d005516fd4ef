//! `methods.md`: how the numbers came about, in words to paste into a paper.

use askama::Template;

use super::draft::Drafts;
use super::plain::{self, counted};
use super::summary::{Counts, LISTED_FILES};
use super::{ReportError, Summary};
use crate::aggregate::{
    CALM, ENTRY, EXPECTED_MAXIMUM_OF, FASTER, MAX_BINS, MIN_COMMENTS_FOR_TREND, MIN_COMMENTS_IN_BIN,
    MIN_COMMENTS_TO_RANK, REPLICATES, SEED, TOP, TOXIC, WINDOWS,
};
use crate::policy::Policy;
use crate::record::{CALIBRATION, Run};

pub(super) const METHODS: &str = "methods.md";

#[derive(Template)]
#[template(path = "methods.md")]
struct Page<'a> {
    summary: &'a Summary,
    seed: &'a str,
}

/// Writes `methods.md`.
pub(super) fn write(summary: &Summary, drafts: &mut Drafts) -> Result<(), ReportError> {
    let seed = str::from_utf8(&SEED).expect("the seed is a line of letters");
    let page = Page { summary, seed };
    let text = page.render().map_err(|error| drafts.failed(METHODS, std::io::Error::other(error)))?;
    drafts.write(METHODS, &(text + "\n"))
}

/// Returns the paragraph that describes how the numbers were computed.
pub(super) fn paragraph(run: &Run, policy: &Policy, counts: &Counts) -> String {
    let Run { version, model, engine, .. } = run;
    let corrected = model.held_out.as_ref().map_or_else(
        || "; the share was not corrected for the model's errors, which are not known".to_owned(),
        |held_out| {
            let errors = &held_out.errors;
            format!(
                " and by the share corrected for the model's errors (Rogan and Gladen 1978; interval of Lang and Reiczigel 2014), \
                 which assumes that it errs as often as on {data}, where it found {found} of {positives} toxic comments \
                 and passed {cleared} of {negatives} others",
                data = held_out.data,
                found = errors.true_positives,
                positives = errors.true_positives + errors.false_negatives,
                cleared = errors.true_negatives,
                negatives = errors.true_negatives + errors.false_positives,
            )
        },
    );
    format!(
        "Comments were scored with comity {version} (model {name} {model_version}, SHA-256 of its manifest {checksum}, \
         {engine} engine). Of {read} {records}, {scored} were scored, {unscored} were not (the summary has the causes) and \
         {rejects} could not be read. Each toxicity score is {a_calibrated} probability from 0 to 1{mapped}; sentiment is the \
         probability of positive minus that of negative, from -1 to 1. Only a comment's own words were scored, not its \
         quotes. A comment counts as toxic at a probability of {TOXIC} or more; comments were flagged by the policy \
         \"{policy}\" ({rules}). Shares have 95% Wilson score intervals. Prevalence was estimated by the share of toxic \
         comments, by the mean probability, which assumes calibrated probabilities{corrected}. Authors' mean toxicity was \
         shrunk towards the mean of all (normal model, variances by analysis of variance, Morris 1983); authors with at \
         least {MIN_COMMENTS_TO_RANK} scored comments were ranked if any two of them had \
         95% intervals that do not overlap. Trends along a thread are Theil-Sen \
         slopes per 100 comments with the tie-corrected Mann-Kendall test, from {MIN_COMMENTS_FOR_TREND} scored comments; \
         the test assumes independent comments. Rolling means are centred, over a fifth of the points and from {low} to \
         {high} of them, with pointwise 95% bands of a local block bootstrap (Paparoditis and Politis 2002; {REPLICATES} \
         replicates, fixed seed). Expected maxima are of {EXPECTED_MAXIMUM_OF} comments drawn without replacement, computed \
         exactly. Bursts are those of Kleinberg's (2003) two-state automaton (s = {FASTER}, gamma = {ENTRY}). The toxic \
         share of replies to toxic comments was compared with that of replies to others by Newcombe's (1998) interval, \
         which assumes independent replies.",
        records = if counts.read == 1 { "record" } else { "records" },
        a_calibrated = if model.uncalibrated { "an uncalibrated" } else { "a calibrated" },
        mapped = run.settings.get(CALIBRATION).map_or(String::new(), |map| format!(
            ", mapped by the calibration {map} to other scores or labels"
        )),
        name = model.name,
        model_version = model.version,
        checksum = model.checksum,
        read = counts.read,
        scored = counts.scored,
        unscored = counts.unscored,
        rejects = counts.rejects,
        policy = policy.name,
        rules = counted(policy.rules.len() as u64, "rule", "rules"),
        low = WINDOWS.0,
        high = WINDOWS.1,
    )
}
