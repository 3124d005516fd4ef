//! Users, sessions and failed logins.

use std::time::Duration;

use comity_core::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use super::{Store, StoreError, UserId, Write, count, get, micros, span, time, word};

/// The time that failed logins are kept.
const FAILURES_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

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
    /// Those for the name from the address.
    pub by_both: u64,
}

/// Name of the user of single-user mode.
const LOCAL_USER: &str = "local";

const USER: &str = "SELECT id, name, role, password_hash, disabled, created_at FROM member ";

fn user(row: &AnyRow) -> Result<User, StoreError> {
    Ok(User {
        id: get(row, "id")?,
        name: get(row, "name")?,
        role: word(row, "role")?,
        password_hash: get(row, "password_hash")?,
        disabled: get::<i64>(row, "disabled")? == 1,
        created_at: time(get(row, "created_at")?)?,
    })
}

fn session(row: &AnyRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: get(row, "id")?,
        user: get(row, "user_id")?,
        created_at: time(get(row, "created_at")?)?,
        rotated_at: time(get(row, "rotated_at")?)?,
        expires_at: time(get(row, "expires_at")?)?,
    })
}

async fn revoke_all(write: &mut Write, user: UserId) -> Result<(), StoreError> {
    let sql = "DELETE FROM login WHERE user_id = $1";
    sqlx::query(sql).bind(user).execute(write.connection()).await?;
    Ok(())
}

impl Store {
    /// Returns the user of a name, in any letter case.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn user_by_name(&self, name: &str) -> Result<Option<User>, StoreError> {
        let mut sql = self.sql(USER);
        sql.push("WHERE name_key = ").bind(name.trim().to_lowercase());
        sql.optional(&mut *self.reader().await?).await?.as_ref().map(user).transpose()
    }

    /// Returns all users, by name.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let mut sql = self.sql(USER);
        sql.push("ORDER BY name_key");
        sql.all(&mut *self.reader().await?).await?.iter().map(user).collect()
    }

    /// Returns true if any user can log in: one who is not disabled and has a password.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn has_logins(&self) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM member WHERE disabled = 0 AND password_hash IS NOT NULL";
        Ok(sqlx::query_scalar::<_, i64>(sql).fetch_one(&self.pool).await? > 0)
    }

    /// Returns the user of single-user mode, who is an admin without a password and is created if
    /// there is none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn local_user(&self) -> Result<User, StoreError> {
        if let Some(user) = self.user_by_name(LOCAL_USER).await? {
            return Ok(user);
        }
        match self.create_user(LOCAL_USER, Role::Admin, None).await {
            // Another process was first.
            Err(StoreError::NameTaken(_)) => match self.user_by_name(LOCAL_USER).await? {
                Some(user) => Ok(user),
                None => Err(StoreError::NameTaken(LOCAL_USER.to_owned())),
            },
            created => created,
        }
    }

    /// Creates a user.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] if there is one of that name; [`StoreError`] if the database
    /// fails.
    pub async fn create_user(
        &self,
        name: &str,
        role: Role,
        password_hash: Option<&str>,
    ) -> Result<User, StoreError> {
        let name = name.trim();
        let mut write = self.begin().await?;
        let now = write.now;
        let sql = "INSERT INTO member (name, name_key, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (name_key) DO NOTHING RETURNING id";
        let query = sqlx::query_scalar(sql).bind(name).bind(name.to_lowercase()).bind(role.as_str());
        let query = query.bind(password_hash.map(str::to_owned)).bind(now);
        let Some(id) = query.fetch_optional(write.connection()).await? else {
            return Err(StoreError::NameTaken(name.to_owned()));
        };
        write.commit().await?;
        Ok(User {
            id,
            name: name.to_owned(),
            role,
            password_hash: password_hash.map(str::to_owned),
            disabled: false,
            created_at: time(now)?,
        })
    }

    /// Replaces the hash of a user's password, and ends all sessions of the user.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn set_password_hash(&self, user: UserId, hash: &str) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let sql = "UPDATE member SET password_hash = $1 WHERE id = $2";
        sqlx::query(sql).bind(hash).bind(user).execute(write.connection()).await?;
        revoke_all(&mut write, user).await?;
        write.commit().await
    }

    /// Gives a user another role.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn set_role(&self, user: UserId, role: Role) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let sql = "UPDATE member SET role = $1 WHERE id = $2";
        sqlx::query(sql).bind(role.as_str()).bind(user).execute(write.connection()).await?;
        write.commit().await
    }

    /// Locks a user out, or lets the user in again. Sessions and claims of a disabled user end.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn set_disabled(&self, user: UserId, disabled: bool) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let sql = "UPDATE member SET disabled = $1 WHERE id = $2";
        sqlx::query(sql).bind(i64::from(disabled)).bind(user).execute(write.connection()).await?;
        if disabled {
            revoke_all(&mut write, user).await?;
            let sql = "UPDATE item SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = $1";
            sqlx::query(sql).bind(user).execute(write.connection()).await?;
        }
        write.commit().await
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
        let mut write = self.begin().await?;
        let now = write.now;
        let sql = "DELETE FROM login WHERE expires_at <= $1";
        sqlx::query(sql).bind(now).execute(write.connection()).await?;
        let sql = "INSERT INTO login (user_id, token_hash, created_at, rotated_at, expires_at) \
                   VALUES ($1, $2, $3, $3, $4) RETURNING id";
        let query = sqlx::query_scalar(sql).bind(user).bind(token_hash).bind(now).bind(micros(expires_at));
        let id = query.fetch_one(write.connection()).await?;
        write.commit().await?;
        Ok(Session { id, user, created_at: time(now)?, rotated_at: time(now)?, expires_at })
    }

    /// Returns the session of a token's hash and its user; `None` if there is none, it has expired,
    /// or the user is disabled.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn session(&self, token_hash: &[u8]) -> Result<Option<(Session, User)>, StoreError> {
        let now = self.now().await?;
        let mut connection = self.reader().await?;
        let sql = "SELECT id, user_id, created_at, rotated_at, expires_at FROM login \
                   WHERE token_hash = $1 AND expires_at > $2";
        let query = sqlx::query(sql).bind(token_hash).bind(now);
        let Some(row) = query.fetch_optional(&mut *connection).await? else { return Ok(None) };
        let session = session(&row)?;
        let mut sql = self.sql(USER);
        sql.push("WHERE disabled = 0 AND id = ").bind(session.user);
        let row = sql.optional(&mut connection).await?;
        row.as_ref().map(|row| Ok((session, user(row)?))).transpose()
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
        let mut write = self.begin().await?;
        let now = write.now;
        let sql = "UPDATE login SET token_hash = $1, rotated_at = $2, expires_at = $3 \
                   WHERE id = $4 AND token_hash = $5 AND expires_at > $2";
        let query = sqlx::query(sql).bind(new_hash).bind(now).bind(micros(expires_at)).bind(session);
        let done = query.bind(old_hash).execute(write.connection()).await?;
        write.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn revoke_session(&self, session: i64) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let sql = "DELETE FROM login WHERE id = $1";
        sqlx::query(sql).bind(session).execute(write.connection()).await?;
        write.commit().await
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn revoke_sessions(&self, user: UserId) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        revoke_all(&mut write, user).await?;
        write.commit().await
    }

    /// Returns the sessions of a user that have not ended, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let now = self.now().await?;
        let sql = "SELECT id, user_id, created_at, rotated_at, expires_at FROM login \
                   WHERE user_id = $1 AND expires_at > $2 ORDER BY id DESC";
        let rows = sqlx::query(sql).bind(user).bind(now).fetch_all(&self.pool).await?;
        rows.iter().map(session).collect()
    }

    /// Records a failed login.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn note_login_failure(&self, name: &str, address: &str) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let now = write.now;
        let sql = "DELETE FROM login_failure WHERE at < $1";
        sqlx::query(sql).bind(now - span(FAILURES_KEPT)).execute(write.connection()).await?;
        let sql = "INSERT INTO login_failure (name_key, address, at) VALUES ($1, $2, $3)";
        let query =
            sqlx::query(sql).bind(name.trim().to_lowercase().replace('\0', " ")).bind(address).bind(now);
        query.execute(write.connection()).await?;
        write.commit().await
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
        let sum = |condition: &str, column: &str| {
            format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT) AS {column}")
        };
        let mut sql = self.sql("SELECT ");
        sql.push(&sum("name_key = named", "by_name")).push(", ");
        sql.push(&sum("address = from_address", "by_address")).push(", ");
        sql.push(&sum("name_key = named AND address = from_address", "by_both"));
        sql.push(" FROM (SELECT name_key, address, CAST(")
            .bind(name.trim().to_lowercase().replace('\0', " "));
        sql.push(" AS TEXT) AS named, CAST(")
            .bind(address)
            .push(" AS TEXT) AS from_address FROM login_failure WHERE at >= ");
        sql.bind(micros(since)).push(") failures");
        let row = sql.one(&mut *self.reader().await?).await?;
        Ok(LoginFailures {
            by_name: count(&row, "by_name")?,
            by_address: count(&row, "by_address")?,
            by_both: count(&row, "by_both")?,
        })
    }

    /// Forgets the failed logins for a name, after one that succeeded.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn clear_login_failures(&self, name: &str) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let sql = "DELETE FROM login_failure WHERE name_key = $1";
        sqlx::query(sql).bind(name.trim().to_lowercase()).execute(write.connection()).await?;
        write.commit().await
    }
}
