//! Sends the calls of webhooks until the site accepts them: at least once, each with an idempotency
//! key.
//!
//! The form is that of [Standard Webhooks](https://www.standardwebhooks.com): `webhook-id` is equal
//! for every attempt, and `webhook-signature` is the HMAC-SHA256 of id, time and body, so that the
//! libraries of that standard check it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use tokio::task;
use tracing::{info, warn};

pub use crate::store::Webhook;
use crate::store::{Call, Store, StoreError};

/// The time that a site has to answer.
const ANSWER: Duration = Duration::from_secs(15);

/// Attempts after which a call is given up: over about two days.
const ATTEMPTS: i64 = 30;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 60 * 60);

/// Counts of calls that were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Calls that the site accepted.
    pub accepted: u64,
    /// Calls that it did not accept, and that are sent again later unless they were given up.
    pub refused: u64,
}

impl Store {
    /// Sends the calls that are due, and returns when none is left.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A site that fails is no error.
    pub async fn send_calls(&self) -> Result<Sent, StoreError> {
        let mut sent = Sent::default();
        loop {
            let calls = self.take_calls().await?;
            if calls.is_empty() {
                return Ok(sent);
            }
            for call in calls {
                let answer = {
                    let call = call.clone();
                    task::spawn_blocking(move || send(&call)).await
                };
                match answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())) {
                    Ok(()) => {
                        self.accepted(&call).await?;
                        sent.accepted += 1;
                    }
                    Err(cause) => {
                        let again = pause(call.attempts);
                        warn!(webhook = call.webhook, attempts = call.attempts + 1, cause, "a call failed");
                        self.refused(&call, &cause, again).await?;
                        sent.refused += 1;
                    }
                }
            }
        }
    }

    /// Does what is due again and again, until it is dropped: sends calls every few seconds, and
    /// once an hour deletes old texts and draws scheduled samples.
    pub async fn keep_up(&self) {
        let mut rounds = 0_u32;
        loop {
            if let Err(error) = self.send_calls().await {
                warn!(%error, "calls wait");
            }
            if rounds.is_multiple_of(HOUR) {
                match self.delete_old_texts().await {
                    Ok(0) => {}
                    Ok(texts) => info!(texts, "old texts are deleted"),
                    Err(error) => warn!(%error, "old texts are not deleted"),
                }
                if let Err(error) = self.draw_due_sample().await {
                    warn!(%error, "no sample was drawn");
                }
            }
            rounds = rounds.wrapping_add(1);
            tokio::time::sleep(ROUND).await;
        }
    }
}

/// The time between two rounds of [`Store::keep_up`], and the rounds of an hour.
const ROUND: Duration = Duration::from_secs(5);
const HOUR: u32 = 720;

/// Returns the pause after an attempt, which doubles each time; `None` gives the call up.
fn pause(attempts: i64) -> Option<Duration> {
    let doubled = Duration::from_secs(5) * 2_u32.pow(u32::try_from(attempts).unwrap_or(0).min(12));
    (attempts + 1 < ATTEMPTS).then(|| doubled.min(LONGEST_PAUSE))
}

/// Returns the signature of a call.
fn signature(secret: &[u8], key: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
    mac.update(format!("{key}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Sends a call, and returns the cause if the site did not accept it.
fn send(call: &Call) -> Result<(), String> {
    let seconds = Timestamp::now().as_second();
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(ANSWER))
        // A redirect would be a way around what an admin has allowed.
        .max_redirects(0)
        .http_status_as_error(false)
        .build();
    let agent: ureq::Agent = config.into();
    let answer = agent
        .post(&call.url)
        .header("content-type", "application/json")
        .header("idempotency-key", &call.key)
        .header("webhook-id", &call.key)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", signature(&call.secret, &call.key, seconds, &call.body))
        .send(&call.body);
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("the site answered {}", answer.status().as_u16())),
        Err(error) => Err(format!("the site cannot be reached: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the standard's specification.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = "{\"test\": 2432232314}";
        let found = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(found, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(0), Some(Duration::from_secs(5)));
        assert_eq!(pause(3), Some(Duration::from_secs(40)));
        assert_eq!(pause(20), Some(LONGEST_PAUSE));
        assert_eq!(pause(ATTEMPTS - 1), None);
    }
}
