//! Files without comments that a folder of exports may contain: documentation, pictures, code, Git
//! LFS pointers.

use serde_json::Value;

use crate::formats::Format;
use crate::input_file::InputFile;

/// The beginning of a Git LFS pointer.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The description of a Git LFS pointer, and the remedy.
pub(crate) const LFS_POINTER: (&str, &str) =
    ("a Git LFS pointer, not the file itself", "fetch the file with `git lfs pull`");

/// Returns true for the text that Git LFS keeps in place of a large file.
pub(crate) fn is_lfs_pointer(head: &[u8]) -> bool {
    head.starts_with(LFS)
}

/// The description of JSON that was encoded twice, and the remedy.
pub(crate) const ENCODED_TWICE: (&str, &str) = (
    "JSON strings that contain JSON documents: it was encoded twice",
    "decode it once, for example with `jq -r '.. | strings' FILE > decoded.ndjson`",
);

/// Returns true if a file begins with a JSON string, or an array of them, that contains JSON.
pub(crate) fn is_encoded_twice(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let array = head.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
    let string = array.unwrap_or(head);
    if !string.starts_with(b"\"") {
        return false;
    }
    let mut strings = serde_json::Deserializer::from_slice(string).into_iter::<String>();
    let first = strings.next();
    let rest = &string[strings.byte_offset()..];
    match first {
        // A field of a table may look like a string.
        Some(Ok(text)) => {
            let ends: &[u8] = if array.is_some() { b",]" } else { b"\r\n" };
            let rest = if array.is_some() { rest.trim_ascii_start() } else { rest };
            is_document(&text) && rest.first().is_none_or(|next| ends.contains(next))
        }
        // It is longer than the head.
        Some(Err(error)) if error.is_eof() => {
            let mut inside = &string[1..];
            while let Some(rest) = [&b"["[..], b" ", b"\\n", b"\\r", b"\\t"]
                .iter()
                .find_map(|skipped| inside.strip_prefix(*skipped))
            {
                inside = rest;
            }
            inside.starts_with(b"{\\")
        }
        _ => false,
    }
}

/// Returns true if a text is a JSON object, or an array of anything but numbers.
fn is_document(text: &str) -> bool {
    let is_list = |values: &Vec<Value>| {
        values.iter().any(|value| value.is_object() || value.is_array() || value.is_string())
    };
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) => true,
        Ok(Value::Array(values)) => is_list(&values),
        _ => false,
    }
}

/// Returns the kind of a file by its name, with its article; `None` if it may be an export.
///
/// A text with a name such as README is not an export, whatever its content resembles.
pub(crate) fn named_as_text(file: &InputFile) -> Option<&'static str> {
    let name = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let is_plain = matches!(file.extension.as_str(), "" | "txt" | "md" | "rst" | "html" | "cff");
    match stem.to_uppercase().replace(['-', ' '], "_").as_str() {
        "README" | "READ_ME" | "CHANGELOG" | "CONTRIBUTING" | "CODE_OF_CONDUCT" | "SECURITY" if is_plain => {
            Some("documentation")
        }
        "LICENSE" | "LICENCE" | "COPYING" | "NOTICE" | "CITATION" if is_plain => Some("a licence or notice"),
        "MAKEFILE" | "DOCKERFILE" if file.extension.is_empty() => Some("code"),
        "REQUIREMENTS" if file.extension == "txt" => Some("code"),
        "DATAPACKAGE" | "DATASET_METADATA" | "DATASET_INFOS" | "PACKAGE" | "PACKAGE_LOCK"
            if file.extension == "json" =>
        {
            Some("a description of a data set or program")
        }
        _ => None,
    }
}

/// Returns the kind of a file by its extension, with its article, if no format has that extension.
pub(crate) fn named_as(file: &InputFile) -> Option<&'static str> {
    if has_extension_of_format(file) {
        return None;
    }
    const KINDS: &[(&str, &[&str])] = &[
        ("documentation", &["md", "markdown", "rst", "adoc", "org", "tex", "bib"]),
        (
            "code",
            &[
                "py", "ipynb", "r", "rmd", "js", "ts", "mjs", "java", "kt", "c", "h", "cpp", "cs", "go",
                "rs", "rb", "php", "pl", "sh", "bat", "ps1", "sql", "css", "scss", "lua", "swift", "scala",
                "jl",
            ],
        ),
        ("a settings file", &["yaml", "yml", "toml", "ini", "cfg", "conf", "lock", "env", "properties"]),
        ("a contact card", &["vcf"]),
        ("subtitles", &["srt", "vtt"]),
        (
            "a picture",
            &[
                "png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "tif", "tiff", "ico", "heic", "avif",
                "thumb",
            ],
        ),
        ("a recording", &["mp3", "m4a", "opus", "ogg", "oga", "wav", "flac", "aac", "amr"]),
        ("a video", &["mp4", "mov", "webm", "avi", "mkv", "m4v", "3gp"]),
        ("a font", &["woff", "woff2", "ttf", "otf"]),
    ];
    let kind = KINDS.iter().find(|(_, extensions)| extensions.contains(&file.extension.as_str()));
    kind.map(|(kind, _)| *kind)
}

/// Returns true if the extension is that of a format.
pub(crate) fn has_extension_of_format(file: &InputFile) -> bool {
    const EXPORTS: [&str; 3] = ["txt", "log", "jsonl"];
    let extension = file.extension.as_str();
    EXPORTS.contains(&extension)
        || Format::ALL.iter().any(|format| format.entry().extensions.contains(&extension))
}

#[cfg(test)]
mod tests {
    use crate::{Options, Reader};

    #[test]
    fn what_holds_no_comments_is_skipped_within_a_folder() {
        const CSV: &str = "id,author,comment\n1,Cleo,It rains again today.\n";
        let readme =
            "Snow\n\nCleo Ray\nIt is a set of texts.\n\nDan Berg\nIt is. So it is.\n\nCleo Ray\nAnd more.\n";
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("comments.csv", CSV),
            ("README.md", readme),
            ("README.txt", readme),
            ("LICENSE", "Do as you like.\n"),
            ("notes.md", "# Notes\n\n- one, two\n- three, four\n"),
            ("plot.py", "import sys\nprint(sys.argv)\n"),
            ("large.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
            ("pic.png", "\u{89}PNG\r\n"),
            ("none.json", "{\"comments\": []}"),
            ("limit.json", "{\"error\": {\"code\": 403, \"message\": \"too many requests\"}}"),
            ("cut.csv", ""),
        ] {
            let bytes: Vec<u8> =
                if name == "pic.png" { b"\x89PNG\r\n\x1a\n\0\0".to_vec() } else { content.into() };
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let reader = Reader::open(&[folder.path().to_owned()], &Options::default()).unwrap();
        assert_eq!(reader.files().len(), 1);
        let bare = |file: &str| file.rsplit('/').next().unwrap().to_owned();
        let skipped: Vec<String> = reader.skipped().iter().map(|file| bare(&file.file)).collect();
        assert_eq!(
            skipped,
            [
                "LICENSE",
                "README.md",
                "README.txt",
                "large.csv",
                "limit.json",
                "none.json",
                "notes.md",
                "pic.png",
                "plot.py"
            ]
        );
        let unreadable: Vec<String> = reader.unreadable().map(|reject| bare(&reject.file)).collect();
        assert_eq!(unreadable, ["cut.csv"]);
        let lfs = &reader.skipped()[3];
        assert!(lfs.why.starts_with("a Git LFS pointer"), "{lfs:?}");
    }
}
