//! Full-text search over every comment.

use super::queue::Filter;
use super::{CommentId, CommentView, Store, StoreError};

/// A comment that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchHit {
    /// The comment.
    pub comment: CommentView,
}

/// A page of what a search found, the newest comments of the store first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchPage {
    /// The comments.
    pub hits: Vec<SearchHit>,
    /// The `before` of the next page; `None` on the last.
    pub next: Option<CommentId>,
}

impl Store {
    /// Returns comments that have all words of `text`, in any letter case; words within quotation
    /// marks must follow each other, and a word that ends in `*` stands for all that begin so. The
    /// filter's queue does not count.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn search(
        &self,
        text: &str,
        filter: &Filter,
        before: Option<CommentId>,
        size: u32,
    ) -> Result<SearchPage, StoreError> {
        todo!()
    }
}
