//! Whether a text is in a language that the model knows.
