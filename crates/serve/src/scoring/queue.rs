//! The texts that wait for a worker.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use comity_core::comment::Comment;
use comity_core::record::Scored;
use tokio::sync::oneshot;

use super::Priority;
use super::figures::Waiting;
use super::worker::Text;
use crate::config::Config;
use crate::refusal::Refusal;

/// The most tokens of an interactive request. A longer one waits with the bulk: however long its
/// texts are, and however many, nobody else waits for them.
const INTERACTIVE_TOKENS: usize = 4096;

/// One batch in this many is bulk while interactive texts wait, so that bulk never stands still.
const BULK_TURN: usize = 4;

/// Bytes of text in a token. English has 4 to 5 with its blanks, and other languages of our models
/// about as many; an estimate is enough, since a batch is cut by the true number.
const BYTES_PER_TOKEN: usize = 4;

/// Tokens that a model adds to each text, and tokens of a long text that several windows share: a
/// third, with windows of 256 tokens that overlap by 64.
const MARKS: usize = 2;
const WINDOW: usize = 256;

/// Seconds that a token takes one worker, before the first batch has shown it.
const FIRST_GUESS: f64 = 1e-4;

/// The share of the latest batch in the running mean of the time that a token takes.
const LATEST: f64 = 0.1;

/// The shortest and the longest time after which a refused client may try again.
const RETRY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// The choice of the model for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// By the detected language.
    Detect,
    /// This model, whatever the language.
    Named(usize),
    /// This model, for a part of a comment: whatever the language, and even without words.
    Words(usize),
}

/// A text of a request.
pub(super) struct Job {
    pub(super) comment: Comment,
    pub(super) choice: Choice,
    /// Closed once the client is gone.
    pub(super) reply: oneshot::Sender<Scored>,
    pub(super) arrived: Instant,
    /// The estimated number of its tokens.
    tokens: usize,
}

impl Job {
    pub(super) fn new(comment: Comment, choice: Choice, reply: oneshot::Sender<Scored>) -> Self {
        let tokens = estimate(comment.text.len());
        Self { comment, choice, reply, arrived: Instant::now(), tokens }
    }
}

/// Returns the estimated number of tokens that a text of this many bytes takes.
fn estimate(bytes: usize) -> usize {
    let content = bytes.div_ceil(BYTES_PER_TOKEN) + MARKS;
    if content <= WINDOW { content } else { content + content / 3 }
}

/// A piece of work for a worker.
pub(super) enum Item {
    /// A text that nobody has looked at.
    Fresh(Box<Job>),
    /// A text with windows that are still to be run.
    Rest(Box<Text>),
}

impl Item {
    fn tokens(&self) -> usize {
        match self {
            Self::Fresh(job) => job.tokens,
            Self::Rest(text) => text.tokens_left(),
        }
    }

    fn is_abandoned(&self) -> bool {
        match self {
            Self::Fresh(job) => job.reply.is_closed(),
            Self::Rest(text) => text.is_abandoned(),
        }
    }

    fn arrived(&self) -> Instant {
        match self {
            Self::Fresh(job) => job.arrived,
            Self::Rest(text) => text.arrived(),
        }
    }
}

/// The texts of one priority, in the order of their arrival.
#[derive(Default)]
struct Lane {
    items: VecDeque<Item>,
    tokens: usize,
}

impl Lane {
    fn push_back(&mut self, item: Item) {
        self.tokens += item.tokens();
        self.items.push_back(item);
    }

    fn push_front(&mut self, item: Item) {
        self.tokens += item.tokens();
        self.items.push_front(item);
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.tokens -= item.tokens();
        Some(item)
    }

    /// Drops the texts whose clients are gone, and returns their number.
    fn purge(&mut self) -> usize {
        let before = self.items.len();
        self.items.retain(|item| !item.is_abandoned());
        self.tokens = self.items.iter().map(Item::tokens).sum();
        before - self.items.len()
    }
}

/// What a worker takes at once.
pub(super) struct Taken {
    /// Texts of one priority.
    pub(super) items: Vec<Item>,
    /// Their priority.
    pub(super) priority: Priority,
    /// The number of texts that were dropped because their clients are gone.
    pub(super) abandoned: usize,
}

struct State {
    interactive: Lane,
    bulk: Lane,
    /// Batches that were taken while both lanes had texts.
    turn: usize,
    /// The time that a token takes one worker, in seconds.
    pace: f64,
    is_stopping: bool,
}

impl State {
    fn lane(&mut self, priority: Priority) -> &mut Lane {
        match priority {
            Priority::Interactive => &mut self.interactive,
            Priority::Bulk => &mut self.bulk,
        }
    }

    /// Returns whose turn it is; `None` if nobody waits.
    fn next(&self) -> Option<Priority> {
        match (self.interactive.items.is_empty(), self.bulk.items.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Priority::Bulk),
            (false, true) => Some(Priority::Interactive),
            (false, false) if (self.turn + 1).is_multiple_of(BULK_TURN) => Some(Priority::Bulk),
            (false, false) => Some(Priority::Interactive),
        }
    }
}

/// The queue of all requests: two lanes, each of bounded size.
///
/// Workers take interactive texts first, but for every fourth batch. A batch has texts of one lane
/// only: filling one up with bulk would make the interactive texts in it wait for the bulk.
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    /// The tokens of each lane from which a request is refused.
    capacity: usize,
    /// The tokens of a batch.
    pub(super) batch: usize,
    /// The time that a batch waits for more texts.
    wait: Duration,
    workers: usize,
    figures: Waiting,
}

impl Queue {
    pub(super) fn new(config: &Config, workers: usize, figures: Waiting) -> Self {
        let state = State {
            interactive: Lane::default(),
            bulk: Lane::default(),
            turn: 0,
            pace: FIRST_GUESS,
            is_stopping: false,
        };
        let Config { queue: capacity, batch, wait, .. } = *config;
        let (state, batch) = (Mutex::new(state), batch.max(1));
        Self { state, arrived: Condvar::new(), capacity: capacity.max(1), batch, wait, workers, figures }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no one panics while holding the lock")
    }

    /// Accepts the texts of a request, all or none. A lane takes a whole request as long as it is
    /// not full, so that no request is too large for it.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the lane is full, [`Refusal::Stopping`] after [`stop`](Self::stop).
    pub(super) fn accept(&self, jobs: Vec<Job>, priority: Priority) -> Result<(), Refusal> {
        let tokens: usize = jobs.iter().map(|job| job.tokens).sum();
        let priority = if tokens > INTERACTIVE_TOKENS { Priority::Bulk } else { priority };
        let mut state = self.lock();
        if state.is_stopping {
            return Err(Refusal::Stopping);
        }
        if state.lane(priority).tokens >= self.capacity {
            state.lane(priority).purge();
        }
        if state.lane(priority).tokens >= self.capacity {
            return Err(Refusal::Busy(self.retry_after(&state, priority)));
        }
        let is_one = jobs.len() == 1;
        jobs.into_iter().for_each(|job| state.lane(priority).push_back(Item::Fresh(Box::new(job))));
        self.show(&state);
        drop(state);
        if is_one {
            self.arrived.notify_one();
        } else {
            self.arrived.notify_all();
        }
        Ok(())
    }

    /// Returns the time in which the workers will have done half of what waits.
    fn retry_after(&self, state: &State, priority: Priority) -> Duration {
        let tokens = match priority {
            Priority::Interactive => state.interactive.tokens,
            Priority::Bulk => state.interactive.tokens + state.bulk.tokens,
        };
        let seconds = tokens as f64 / 2.0 * state.pace / self.workers as f64;
        let [shortest, longest] = RETRY;
        Duration::try_from_secs_f64(seconds).unwrap_or(longest).clamp(shortest, longest)
    }

    /// Waits for texts, and takes as many as make a batch. Returns `None` once the queue is empty
    /// and stopped.
    pub(super) fn take(&self) -> Option<Taken> {
        let mut state = self.lock();
        let mut abandoned = 0;
        loop {
            let Some(priority) = state.next() else {
                if state.is_stopping {
                    return None;
                }
                state = self.arrived.wait(state).expect("no one panics while holding the lock");
                continue;
            };
            if let Some(rest) = self.unripe(state.lane(priority)).filter(|_| !state.is_stopping) {
                let waited = self.arrived.wait_timeout(state, rest);
                (state, _) = waited.expect("no one panics while holding the lock");
                continue;
            }
            let both = !state.interactive.items.is_empty() && !state.bulk.items.is_empty();
            let lane = state.lane(priority);
            let (mut items, mut tokens) = (Vec::new(), 0);
            while tokens < self.batch
                && let Some(item) = lane.pop()
            {
                if item.is_abandoned() {
                    abandoned += 1;
                    continue;
                }
                tokens += item.tokens();
                items.push(item);
            }
            self.show(&state);
            if !items.is_empty() {
                state.turn += usize::from(both);
                return Some(Taken { items, priority, abandoned });
            }
        }
    }

    /// Returns how long a batch should wait for more texts; `None` if it should not.
    fn unripe(&self, lane: &Lane) -> Option<Duration> {
        if self.wait.is_zero() || lane.tokens >= self.batch {
            return None;
        }
        let rest = self.wait.checked_sub(lane.items.front()?.arrived().elapsed())?;
        (!rest.is_zero()).then_some(rest)
    }

    /// Gives back texts with windows that are still to be run, before all others of their lane, and
    /// learns how long a number of tokens took.
    pub(super) fn give_back(&self, rest: Vec<Text>, priority: Priority, tokens: usize, took: Duration) {
        let mut state = self.lock();
        if tokens > 0 {
            let pace = took.as_secs_f64() / tokens as f64;
            state.pace += (pace - state.pace) * LATEST;
        }
        let is_empty = rest.is_empty();
        for text in rest.into_iter().rev() {
            state.lane(priority).push_front(Item::Rest(Box::new(text)));
        }
        self.show(&state);
        drop(state);
        if !is_empty {
            self.arrived.notify_one();
        }
    }

    /// Shows the state in the figures.
    fn show(&self, state: &State) {
        let State { interactive, bulk, .. } = state;
        self.figures.texts.set((interactive.items.len() + bulk.items.len()) as i64);
        self.figures.tokens.set((interactive.tokens + bulk.tokens) as i64);
    }

    /// Refuses new requests from now on.
    pub(super) fn stop(&self) {
        self.lock().is_stopping = true;
        self.arrived.notify_all();
    }
}
