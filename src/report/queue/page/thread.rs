//! A thread as the page shows it, one key away from its cards.

use super::text::{Segment, segments};
use crate::comment::Status;
use crate::report::ReportError;
use crate::report::address::{self, Headings};
use crate::report::plain;
use crate::report::queue::beside::Beside;
use crate::report::queue::whole::Said;
use crate::report::queue::{Item, Queue, Sources};

/// A thread, or what stands around its flagged comments.
pub(super) struct Thread<'a> {
    pub(super) number: usize,
    pub(super) name: String,
    /// Its address on the web, whole and as it is shown.
    pub(super) address: Option<(String, String)>,
    pub(super) comments: u64,
    pub(super) said: Vec<Line<'a>>,
    /// Comments that are not here.
    pub(super) left_out: u64,
}

/// A comment in its thread.
pub(super) struct Line<'a> {
    /// Comments left out before it.
    pub(super) gap: u64,
    /// From 1.
    pub(super) position: u32,
    pub(super) author: Option<&'a str>,
    pub(super) time: Option<String>,
    /// Its status, unless it is live.
    pub(super) status: Option<&'static str>,
    pub(super) text: Vec<Segment<'a>>,
    pub(super) cut: usize,
    pub(super) is_flagged: bool,
    /// The rank of the card that shows it or one with the same or nearly the same words, if there
    /// is one.
    pub(super) card: Option<usize>,
}

/// Returns the threads of the page, in the order of their first comments.
pub(super) fn threads<'a>(
    sources: &Sources<'_>,
    queue: &Queue<'_>,
    beside: &'a Beside,
) -> Result<Vec<Thread<'a>>, ReportError> {
    let mut headings = Headings::open(sources.scores)?;
    let thread = |(&number, said): (&usize, &'a Vec<_>)| {
        let counts = sources.first_pass.threads.totals(number);
        let comments = u64::from(counts.comments);
        let name = sources.first_pass.threads.name(number);
        let mut last = 0;
        let lines = said.iter().map(|said: &'a Said| {
            let gap = u64::from(said.position - last - 1);
            last = said.position;
            let shows = |item: &&Item<'_>| {
                let mut repeated = item.repeated.iter();
                (item.thread, item.position) == (number, said.position)
                    || repeated.any(|repeated| repeated.position == said.position && repeated.thread == name)
            };
            let card = queue.items.iter().filter(|_| said.is_flagged).find(shows);
            Line {
                gap,
                position: said.position,
                author: said.author.as_deref(),
                time: said.time.map(plain::moment),
                status: (said.status != Status::Live).then(|| said.status.as_str()),
                text: segments(&said.text, &said.quotes, |_, _| None, &[]),
                cut: said.cut,
                is_flagged: said.is_flagged,
                card: card.map(|item| item.rank),
            }
        });
        let said: Vec<Line<'_>> = lines.collect();
        let heading = headings.of(counts)?;
        Ok(Thread {
            number,
            name: plain::name(heading.title.as_deref().unwrap_or(name)),
            address: heading.address.map(|address| (address.clone(), address::shown(&address))),
            comments,
            left_out: comments - said.len() as u64,
            said,
        })
    };
    beside.threads.said.iter().map(thread).collect()
}
