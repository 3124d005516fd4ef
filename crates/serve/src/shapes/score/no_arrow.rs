//! Stands for `arrow` in a build without it. [`Form::Arrow`](super::Form) is never chosen there.

use comity_core::policy::Policy;

use super::records::{Item, Reader};
use super::{Answer, Fault};
use crate::refusal::Refusal;

/// A reader that does not exist.
pub(super) enum Batches {}

impl Batches {
    pub(super) fn new(_: Reader, _: usize) -> Result<Self, Fault> {
        Err(Refusal::Internal.into())
    }

    pub(super) fn push(&mut self, _: bytes::Bytes) {
        match *self {}
    }

    pub(super) fn waiting(&self) -> usize {
        match *self {}
    }

    pub(super) fn has_schema(&self) -> bool {
        match *self {}
    }

    pub(super) fn next(&mut self, _: bool) -> Result<Option<Vec<Item>>, Fault> {
        match *self {}
    }
}

/// A writer that does not exist.
pub(super) enum Table {}

impl Table {
    pub(super) fn new(_: &'static str) -> Result<Self, Fault> {
        Err(Refusal::Internal.into())
    }

    pub(super) fn begin(&mut self) -> Result<Vec<u8>, Refusal> {
        match *self {}
    }

    pub(super) fn write(&mut self, _: &[Answer], _: &Policy) -> Result<Vec<u8>, Refusal> {
        match *self {}
    }

    pub(super) fn end(&mut self) -> Result<Vec<u8>, Refusal> {
        match *self {}
    }
}
