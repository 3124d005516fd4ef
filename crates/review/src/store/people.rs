//! Users, sessions and failed logins.

use comity_core::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, UserId};

/// The rights of a user. Each role has those of the roles before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees the queue and the figures, and decides nothing.
    ReadOnly,
    /// Decides about comments.
    Moderator,
    /// Decides about escalated comments and appeals, acts in bulk, and publishes policies.
    Lead,
    /// Manages users, webhooks, retention and persons' data.
    Admin,
}

words! { Role, "role":
    ReadOnly = "read-only",
    Moderator = "moderator",
    Lead = "lead",
    Admin = "admin",
}

/// A user of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name, unique in any letter case.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The password's hash, in the PHC string form; `None` if the user cannot log in by password.
    pub password_hash: Option<String>,
    /// True if the user may no longer log in.
    pub disabled: bool,
    /// The time of creation.
    pub created_at: Timestamp,
}

/// A login that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: i64,
    /// Whose it is.
    pub user: UserId,
    /// The time of the login.
    pub created_at: Timestamp,
    /// The time when the token was last replaced.
    pub rotated_at: Timestamp,
    /// The time when it ends by itself.
    pub expires_at: Timestamp,
}

/// Counts of failed logins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginFailures {
    /// Those for the name.
    pub by_name: u64,
    /// Those from the address.
    pub by_address: u64,
}

impl Store {
    /// Returns the user of a name, in any letter case.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn user_by_name(&self, name: &str) -> Result<Option<User>, StoreError> {
        todo!()
    }

    /// Returns all users, by name.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        todo!()
    }

    /// Creates a user.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] if there is one of that name; [`StoreError`] if the database fails.
    pub async fn create_user(
        &self,
        name: &str,
        role: Role,
        password_hash: Option<&str>,
    ) -> Result<User, StoreError> {
        todo!()
    }

    /// Replaces the hash of a user's password, and ends all sessions of the user.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn set_password_hash(&self, user: UserId, hash: &str) -> Result<(), StoreError> {
        todo!()
    }

    /// Gives a user another role.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn set_role(&self, user: UserId, role: Role) -> Result<(), StoreError> {
        todo!()
    }

    /// Locks a user out, or lets the user in again. Sessions and claims of a disabled user end.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn set_disabled(&self, user: UserId, disabled: bool) -> Result<(), StoreError> {
        todo!()
    }

    /// Creates a session. The store keeps the hash of its token alone.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn create_session(
        &self,
        user: UserId,
        token_hash: &[u8],
        expires_at: Timestamp,
    ) -> Result<Session, StoreError> {
        todo!()
    }

    /// Returns the session of a token's hash and its user; `None` if there is none, it has expired,
    /// or the user is disabled.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn session(&self, token_hash: &[u8]) -> Result<Option<(Session, User)>, StoreError> {
        todo!()
    }

    /// Gives a session another token. Returns false if somebody else did so first, or it has ended.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn rotate_session(
        &self,
        session: i64,
        old_hash: &[u8],
        new_hash: &[u8],
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        todo!()
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn revoke_session(&self, session: i64) -> Result<(), StoreError> {
        todo!()
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn revoke_sessions(&self, user: UserId) -> Result<(), StoreError> {
        todo!()
    }

    /// Returns the sessions of a user that have not ended, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        todo!()
    }

    /// Records a failed login.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn note_login_failure(&self, name: &str, address: &str) -> Result<(), StoreError> {
        todo!()
    }

    /// Counts failed logins since a time.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn login_failures(
        &self,
        name: &str,
        address: &str,
        since: Timestamp,
    ) -> Result<LoginFailures, StoreError> {
        todo!()
    }

    /// Forgets the failed logins for a name, after one that succeeded.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn clear_login_failures(&self, name: &str) -> Result<(), StoreError> {
        todo!()
    }
}
