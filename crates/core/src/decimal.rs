//! Numbers with six decimals, as all of our files have them.

/// Returns the number rounded to six decimals.
pub fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Returns the number as a cell of a table, with six decimals; blank if there is none.
pub fn cell(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.6}")).unwrap_or_default()
}
