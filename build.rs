//! Used only with the feature `rust-bert`: the program finds libtorch in the folder that it was
//! built with.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // What the build script of `torch-sys` says.
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
