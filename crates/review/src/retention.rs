//! Deletes texts after a time, and a person's data on request. Both are recorded in the audit log.

use crate::store::{AuthorId, Store, StoreError, UserId};

/// The name of the setting.
const DAYS: &str = "retention.days";

impl Store {
    /// Sets the number of days after which texts are deleted; `None` keeps them.
    /// [`Store::delete_old_texts`] deletes them.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn set_retention(&self, days: Option<u32>, user: UserId) -> Result<(), StoreError> {
        let detail = days.map_or("kept".to_owned(), |days| format!("{days} days"));
        let days = days.map(|days| days.to_string());
        self.change_setting(DAYS, days.as_deref(), user, "retention.set", &detail).await
    }

    /// Returns the number of days after which texts are deleted.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn retention(&self) -> Result<Option<u32>, StoreError> {
        Ok(self.setting(DAYS).await?.and_then(|days| days.parse().ok()))
    }

    /// Deletes the texts and explanations of comments that were added more days ago than
    /// [`Store::retention`] says and that are not open, and returns their number. Scores and
    /// decisions stay.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn delete_old_texts(&self) -> Result<u64, StoreError> {
        let Some(days) = self.retention().await? else { return Ok(0) };
        let mut deleted = 0;
        loop {
            // A part at a time, so that moderators do not wait.
            let part = self.delete_texts_older_than(days).await?;
            deleted += part;
            if part == 0 {
                break;
            }
        }
        if deleted > 0 {
            self.audit(None, "retention.delete", "", &format!("{deleted} texts")).await?;
        }
        self.clean_search().await?;
        Ok(deleted)
    }

    /// Deletes an author's name and the texts of the author's comments; scores and decisions stay.
    /// Returns the number of comments. A later import does not bring them back: a keyed hash of the
    /// name is kept for that.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn forget_author(&self, author: AuthorId, user: UserId) -> Result<u64, StoreError> {
        self.erase_author(author, user).await
    }

    /// Replaces an author's name by a pseudonym, which is returned. It is random: nobody can find
    /// the name from it. Texts that mention the name are left as they are.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn pseudonymize_author(&self, author: AuthorId, user: UserId) -> Result<String, StoreError> {
        let mut random = [0; 5];
        getrandom::fill(&mut random).map_err(|error| StoreError::Random(error.to_string()))?;
        let pseudonym = format!("person-{}", comity_core::digest::hex(&random));
        self.rename_author(author, &pseudonym, user).await?;
        Ok(pseudonym)
    }
}
