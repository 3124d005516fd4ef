//! The generic reader of JSON: looks through an input ([`survey`]), chooses by content what its
//! records are ([`choice`]), cuts them off the stream ([`walk`]), and reads them with the replies
//! within them ([`records`]).

pub(crate) mod choice;
pub(crate) mod records;
pub(crate) mod survey;
pub(crate) mod walk;
