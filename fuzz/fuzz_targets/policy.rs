//! Any text as a policy: rules whose thresholds are probabilities, or an error.

#![no_main]

use comity::policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|toml: &str| {
    if let Ok(policy) = Policy::parse(toml) {
        assert!(policy.rules.iter().all(|rule| (0.0..=1.0).contains(&rule.threshold)));
    }
});
