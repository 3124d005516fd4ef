//! Calls to a site about decisions. They are stored with the decision, in the same transaction, and
//! sent until the site accepts them: at least once, each with an idempotency key.

use jiff::Timestamp;

use crate::store::{Store, StoreError, UserId};

/// An address that is called about decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The id.
    pub id: i64,
    /// The address.
    pub url: String,
    /// True if it is called.
    pub enabled: bool,
    /// Calls that wait to be sent or sent again.
    pub waiting: u64,
    /// Calls that were given up.
    pub failed: u64,
    /// The last fault, for people.
    pub last_error: Option<String>,
    /// When the last call was accepted.
    pub accepted_at: Option<Timestamp>,
}

impl Store {
    /// Adds a webhook. `secret` signs its calls.
    ///
    /// # Errors
    /// [`StoreError::Webhook`] if the address is none; [`StoreError`] if the database fails.
    pub async fn add_webhook(&self, url: &str, secret: &[u8], user: UserId) -> Result<i64, StoreError> {
        todo!()
    }

    /// Returns the webhooks.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        todo!()
    }

    /// Stops or continues to call a webhook.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn enable_webhook(&self, id: i64, enabled: bool, user: UserId) -> Result<(), StoreError> {
        todo!()
    }

    /// Deletes a webhook and the calls that wait.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn delete_webhook(&self, id: i64, user: UserId) -> Result<(), StoreError> {
        todo!()
    }
}
