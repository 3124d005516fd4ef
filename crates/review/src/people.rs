//! Passwords, and the limits on guessing them.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// The least number of characters of a password.
pub const LEAST_CHARACTERS: usize = 12;

/// The largest number of bytes of a password that is looked at: hashing costs time.
const MOST_BYTES: usize = 1024;

/// A password was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// It has too few characters.
    #[error("the password is too short; use at least {LEAST_CHARACTERS} characters")]
    Short,
    /// It has too many bytes.
    #[error("the password is too long; use at most {MOST_BYTES} bytes")]
    Long,
    /// It is the name of its owner, or one character over and over.
    #[error("the password is too easy to guess; use another one")]
    Easy,
    /// The system has no random numbers or no memory.
    #[error("the password cannot be hashed; the system has no random numbers or too little memory")]
    System,
}

/// Checks a new password and returns its hash, as a PHC string of Argon2id.
///
/// # Errors
/// [`PasswordError`] if the password is too short, too long or too easy to guess.
pub fn hash_password(name: &str, password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < LEAST_CHARACTERS {
        return Err(PasswordError::Short);
    }
    if password.len() > MOST_BYTES {
        return Err(PasswordError::Long);
    }
    let first = password.chars().next();
    let is_name = !name.is_empty() && password.to_lowercase().replace(&name.to_lowercase(), "").len() < 4;
    if is_name || password.chars().all(|char| Some(char) == first) {
        return Err(PasswordError::Easy);
    }
    let hash: PasswordHash =
        Argon2::default().hash_password(password.as_bytes()).map_err(|_| PasswordError::System)?;
    Ok(hash.to_string())
}

/// The hash that is checked if there is no such person: it takes as long as any other.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_password("", "correct horse battery staple").expect("a good password"));

/// Hashes that may be computed at a time: each takes 19 MiB and a core.
static AT_A_TIME: Semaphore = Semaphore::const_new(2);

/// Returns true if the password has this hash. Without a hash, takes as long and returns false.
pub async fn is_password(password: String, hash: Option<String>) -> bool {
    let Ok(_permit) = AT_A_TIME.acquire().await else { return false };
    let check = move || {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let Ok(hash) = PasswordHash::new(&hash) else { return false };
        let fits = password.len() <= MOST_BYTES
            && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        is_known && fits
    };
    tokio::task::spawn_blocking(check).await.unwrap_or(false)
}

/// Computes a hash like [`hash_password`], away from the threads that answer requests.
///
/// # Errors
/// See [`hash_password`].
pub async fn hash_in_background(name: String, password: String) -> Result<String, PasswordError> {
    let _permit = AT_A_TIME.acquire().await.map_err(|_| PasswordError::System)?;
    let hash = move || hash_password(&name, &password);
    tokio::task::spawn_blocking(hash).await.map_err(|_| PasswordError::System)?
}

/// The seconds within which failed logins count.
pub const WINDOW: i64 = 15 * 60;

/// Returns true if another login may be tried after these numbers of failures within [`WINDOW`].
///
/// Five for one name from one address stop a guesser, and leave the person alone who logs in from
/// elsewhere: nobody can lock others out from a single address. The other two bounds stop guesses
/// at many names from one address, and at one name from many.
pub fn may_try(of_both: u64, of_name: u64, of_address: u64) -> bool {
    of_both < 5 && of_name < 50 && of_address < 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_password_is_refused() {
        for (password, error) in [
            ("short", PasswordError::Short),
            ("aaaaaaaaaaaaaaaa", PasswordError::Easy),
            ("margaret-margaret", PasswordError::Easy),
            (&"long".repeat(300), PasswordError::Long),
        ] {
            assert_eq!(hash_password("Margaret", password), Err(error), "{password}");
        }
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let hash = hash_password("m", "a walk in the park").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("m", "a walk in the park").unwrap(), "each has its own salt");
        let check = |password: &str, hash: Option<String>| is_password(password.to_owned(), hash);
        assert!(check("a walk in the park", Some(hash.clone())).await);
        assert!(!check("A walk in the park", Some(hash)).await);
        assert!(!check("correct horse battery staple", None).await, "nobody has no password");
        assert!(!check("a walk in the park", Some("plain".to_owned())).await, "a broken hash fits none");
    }

    #[test]
    fn guesses_end() {
        assert!(may_try(4, 4, 4));
        assert!(!may_try(5, 5, 5));
        assert!(may_try(0, 49, 19));
        assert!(!may_try(0, 50, 0));
        assert!(!may_try(0, 0, 20));
    }
}
