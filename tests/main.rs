//! Every integration test, in one binary: each test binary links the embedded weights again.
mod report;
