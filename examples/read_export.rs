//! Reads exports, whatever their format, and counts comments, replies and rejects.
//!
//! `cargo run --example read_export -- data/sample`

#![expect(clippy::print_stdout, reason = "this is what the example is for")]

use std::path::PathBuf;

use comity::read::{Options, Reader, Record};
use comity::thread::Threader;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inputs: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut reader = Reader::open(&inputs, &Options::default())?;
    // Marks quotes of earlier comments, and links replies that only the text shows.
    let mut threader = Threader::new();
    let (mut comments, mut replies) = (0, 0);
    for record in reader.by_ref() {
        match record? {
            Record::Comment(mut comment) => {
                threader.link(&mut comment);
                comments += 1;
                replies += u32::from(comment.parent.is_some());
            }
            // A record that cannot be read never ends the run.
            Record::Reject(reject) => println!("{}, line {}: {}", reject.file, reject.line, reject.cause),
        }
    }
    for file in reader.files() {
        println!("{}: {} ({}), {} comments", file.file, file.format, file.why, file.comments);
    }
    println!("{comments} comments, {replies} of them replies");
    Ok(())
}
