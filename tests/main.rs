//! Every integration test, in one binary: each test binary links the embedded weights again.

mod parity;
mod bad_input;
mod exports;
mod normalize;
mod text_dump;
