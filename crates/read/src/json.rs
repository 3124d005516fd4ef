//! The generic reader of JSON: surveys an input ([`survey`]), chooses its records by content
//! ([`choice`]), cuts them from the stream ([`walk`]), and reads them with the replies within them
//! ([`records`]).

pub(crate) mod answer;
pub(crate) mod choice;
pub(crate) mod records;
pub(crate) mod survey;
pub(crate) mod walk;
