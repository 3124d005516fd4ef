//! Deletes texts after a time, and a person's data on request. Both are recorded in the audit log.

use crate::store::{AuthorId, Store, StoreError, UserId};

impl Store {
    /// Sets the number of days after which texts are deleted; `None` keeps them.
    /// [`Store::delete_old_texts`] deletes them.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn set_retention(&self, days: Option<u32>, user: UserId) -> Result<(), StoreError> {
        todo!()
    }

    /// Returns the number of days after which texts are deleted.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn retention(&self) -> Result<Option<u32>, StoreError> {
        todo!()
    }

    /// Deletes the texts, explanations and authors' names of comments that were added more days ago
    /// than [`Store::retention`] says and that are not open, and returns their number. Scores and
    /// decisions stay.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn delete_old_texts(&self) -> Result<u64, StoreError> {
        todo!()
    }

    /// Deletes an author's name and the texts of the author's comments; scores and decisions stay.
    /// Returns the number of comments.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn forget_author(&self, author: AuthorId, user: UserId) -> Result<u64, StoreError> {
        todo!()
    }

    /// Replaces an author's name by a pseudonym, which is returned. It is random: nobody can find
    /// the name from it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn pseudonymize_author(&self, author: AuthorId, user: UserId) -> Result<String, StoreError> {
        todo!()
    }
}
