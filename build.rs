//! Of use with the feature `rust-bert` alone: the program finds libtorch where it lay when it was
//! built.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // What the build script of `torch-sys` says.
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
