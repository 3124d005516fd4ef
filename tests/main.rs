//! Every integration test, in one binary: each test binary links the embedded weights again.

mod bad_input;
mod bad_models;
mod calibrate;
mod cells;
mod cli;
mod exports;
mod faults;
mod languages;
mod normalize;
mod outputs;
mod parity;
mod pipeline;
mod privacy;
mod quotes;
mod real_exports;
mod report;
mod resume;
mod serve;
mod shards;
mod stream;
mod text_dump;
mod tidy;
