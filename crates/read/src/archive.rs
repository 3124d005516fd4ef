//! Zip archives, which are read like folders: their files are unpacked into a temporary folder.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use zip::ZipArchive;
use zip::result::ZipError;

use super::input_file::{InputFile, Refusal, file};
use super::source::{FREE_BYTES, MAX_EXPANSION};
use super::{ReadError, ReadErrorKind, binary};

/// The maximum number of entries in an archive.
const MAX_ENTRIES: usize = 100_000;
/// The number of leading bytes of an entry that decide if it is unpacked.
const HEAD_BYTES: u64 = 4 << 10;
/// The longest name of a file or folder on common file systems.
const MAX_NAME_BYTES: usize = 255;

/// An archive whose files are in a temporary folder.
pub(crate) struct Archive {
    /// The files, by path. Their names begin with that of the archive.
    pub(crate) files: Vec<InputFile>,
    /// The folder, which is deleted together with this value.
    pub(crate) folder: TempDir,
}

/// Returns true for a zip archive that is not a file of another kind (spreadsheets, documents and
/// books are zip archives as well).
pub(crate) fn is_archive(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut magic = [0; 4];
    if file.read_exact(&mut magic).is_err() || !is_begun(&magic) || file.rewind().is_err() {
        return false;
    }
    let Ok(archive) = ZipArchive::new(file) else {
        // Damaged: the bytes decide.
        return File::open(path).is_ok_and(|file| {
            let mut head = Vec::new();
            file.take(HEAD_BYTES).read_to_end(&mut head).is_ok() && !binary::is_office(&head)
        });
    };
    let mut names = archive.file_names_raw();
    !names
        .any(|name| name == b"[Content_Types].xml" || name == b"mimetype" || name == b"META-INF/MANIFEST.MF")
}

/// Returns true if bytes begin like an archive; an empty one has no entry.
fn is_begun(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Unpacks an archive. A file in it that cannot be unpacked, or need not be, is refused on its own.
///
/// # Errors
/// The archive is damaged, or has too many entries, or the temporary folder cannot be used.
pub(crate) fn open(path: &Path, max_expansion: Option<u64>) -> Result<Archive, ReadError> {
    let name: Arc<str> = path.to_string_lossy().into();
    let damaged = |error: &ZipError| {
        let what = format!("a zip archive that cannot be opened ({error})");
        ReadError::new(ReadErrorKind::Binary, &name, what, "get the file again; it is damaged or incomplete")
    };
    let disk = File::open(path).map_err(|error| ReadError::io(&name, &error))?;
    let packed = disk.metadata().map_err(|error| ReadError::io(&name, &error))?.len();
    let mut archive = ZipArchive::new(disk).map_err(|error| damaged(&error))?;
    if archive.len() > MAX_ENTRIES {
        let what = format!("a zip archive of {} files, more than {MAX_ENTRIES}", archive.len());
        return Err(ReadError::new(ReadErrorKind::Binary, &name, what, "unpack it and name its folder"));
    }
    let folder =
        tempfile::Builder::new().prefix("comity-").tempdir().map_err(|error| no_room(&name, &error))?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|error| damaged(&error))?;
        let parts = parts(&String::from_utf8_lossy(entry.name_raw()));
        let is_hidden = parts.iter().any(|part| part.starts_with('.') || part == "__MACOSX");
        if !entry.is_dir() && !is_hidden && !parts.is_empty() {
            entries.push((parts, index));
        }
    }
    entries.sort();
    let lost = lost_entries(path, &archive).map_err(|error| ReadError::io(&name, &error))?;
    let most = |unpacked: u64| {
        unpacked > FREE_BYTES && unpacked / packed.max(1) >= max_expansion.unwrap_or(MAX_EXPANSION)
    };
    let mut unpack = Unpack { archive: &mut archive, folder: folder.path(), unpacked: 0, is_over: &most };
    let mut files = Vec::new();
    for (parts, index) in entries {
        let shown: Arc<str> = format!("{name}/{}", parts.join("/")).into();
        let path = folder.path().join(parts.iter().collect::<PathBuf>());
        let refusal = unpack.file(index, &path).map_err(|error| no_room(&name, &error))?;
        let size =
            if refusal.is_some() { Some(0) } else { path.metadata().ok().map(|metadata| metadata.len()) };
        files.push(InputFile { name: shown, refusal, ..file(path, size) });
    }
    for lost in lost {
        let parts = parts(&String::from_utf8_lossy(&lost));
        let refusal = Some(Refusal::reject(
            "the archive has a later file of the same name, which is read instead",
            "unpack the archive under different names, and name the folder",
        ));
        let path = folder.path().join(parts.iter().collect::<PathBuf>());
        let shown: Arc<str> = format!("{name}/{}", parts.join("/")).into();
        files.push(InputFile { name: shown.clone(), thread: shown, refusal, ..file(path, Some(0)) });
    }
    Ok(Archive { files, folder })
}

/// Returns the names of entries that later ones of the same name hide from the archive's reader.
fn lost_entries(path: &Path, archive: &ZipArchive<File>) -> io::Result<Vec<Vec<u8>>> {
    const SIGNATURE: &[u8] = b"PK\x01\x02";
    const HEADER_BYTES: usize = 46;
    let mut disk = io::BufReader::new(File::open(path)?);
    disk.seek(io::SeekFrom::Start(archive.central_directory_start()))?;
    let (mut names, mut lost) = (HashSet::new(), Vec::new());
    let mut header = [0; HEADER_BYTES];
    // Each header is followed by the name, other fields and a remark.
    while disk.read_exact(&mut header).is_ok() && header.starts_with(SIGNATURE) {
        let length = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let mut name = vec![0; length(28)];
        if disk.read_exact(&mut name).is_err() || lost.len() + names.len() > MAX_ENTRIES {
            break;
        }
        disk.seek_relative((length(30) + length(32)) as i64)?;
        let is_file = !name.ends_with(b"/") && !name.starts_with(b"__MACOSX");
        if !names.insert(name.clone()) && is_file {
            lost.push(name);
        }
    }
    Ok(lost)
}

/// Returns the parts of an entry's path, without any that would lead out of a folder.
fn parts(name: &str) -> Vec<String> {
    let parts = name.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
    let clean = |part: &str| part.replace([':', '\0'], "_");
    parts.map(clean).collect()
}

/// Returns the error of the temporary folder.
fn no_room(name: &Arc<str>, error: &io::Error) -> ReadError {
    ReadError::new(
        ReadErrorKind::Io,
        name,
        format!("could not be unpacked into the folder for temporary files ({error})"),
        "make room there, or name another folder in TMPDIR",
    )
}

struct Unpack<'a> {
    archive: &'a mut ZipArchive<File>,
    folder: &'a Path,
    /// The number of bytes unpacked so far.
    unpacked: u64,
    /// Checks if this many bytes are more than anyone would have packed.
    is_over: &'a dyn Fn(u64) -> bool,
}

impl Unpack<'_> {
    /// Unpacks an entry; returns the reason if it was not unpacked.
    ///
    /// # Errors
    /// The temporary folder cannot be used.
    fn file(&mut self, index: usize, path: &Path) -> io::Result<Option<Refusal>> {
        let refuse = |what: &str, remedy: &str| Ok(Some(Refusal::reject(what, remedy)));
        if (self.is_over)(self.unpacked) {
            return refuse(
                "the files of its archive before it unpack to more than is allowed",
                "if that is no decompression bomb, allow more with --max-expansion",
            );
        }
        let long = |part: &std::ffi::OsStr| part.len() > MAX_NAME_BYTES;
        let Ok(inner) = path.strip_prefix(self.folder) else {
            return refuse("a path that leads out of the archive", "unpack the archive and name the file");
        };
        if inner.iter().any(long) {
            return refuse("its name is too long", "unpack the archive under a shorter name");
        }
        let mut entry = match self.archive.by_index(index) {
            Ok(entry) => entry,
            Err(error) => return refuse(&explain(&error), REMEDY),
        };
        if entry.encrypted() {
            return refuse("encrypted", "unpack the archive with its password, and name its folder");
        }
        if entry.is_symlink() {
            return refuse("a link within a zip archive", "unpack the archive and name the file");
        }
        let mut head = Vec::new();
        if let Err(error) = entry.by_ref().take(HEAD_BYTES).read_to_end(&mut head) {
            return refuse(&format!("damaged ({error})"), REMEDY);
        }
        if is_begun(&head) && !binary::is_office(&head) {
            return refuse("a zip archive within a zip archive", "unpack the outer one and name its folder");
        }
        if let Some(kind) = binary::media(&head) {
            return Ok(Some(Refusal::skip(kind)));
        }
        fs::create_dir_all(path.parent().unwrap_or(self.folder))?;
        let mut output = match File::create_new(path) {
            Ok(output) => output,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return refuse(
                    "a second file of this name in the archive",
                    "unpack the archive and name the file",
                );
            }
            Err(error) => return Err(error),
        };
        let mut chunk = head;
        loop {
            output.write_all(&chunk)?;
            self.unpacked += chunk.len() as u64;
            if (self.is_over)(self.unpacked) {
                drop(output);
                fs::remove_file(path)?;
                return refuse(
                    &format!("unpacks to more than {} MiB with the files before it", self.unpacked >> 20),
                    "if that is no decompression bomb, allow more with --max-expansion",
                );
            }
            chunk.resize(64 << 10, 0);
            match entry.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(bytes) => chunk.truncate(bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => chunk.clear(),
                Err(error) => {
                    drop(output);
                    fs::remove_file(path)?;
                    return refuse(&format!("damaged ({error})"), REMEDY);
                }
            }
        }
    }
}

const REMEDY: &str = "unpack the archive with another program and name its folder";

/// Returns the reason an entry cannot be unpacked.
fn explain(error: &ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(message) if message.contains("assword") => "encrypted".to_owned(),
        ZipError::InvalidPassword => "encrypted".to_owned(),
        error => format!("cannot be unpacked ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use crate::{Options, Reader, Record};

    const CSV: &[u8] = b"id,author,comment\n1,Cleo,It rains again today.\n";

    fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut writer, content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// Returns what is read from an archive in a folder: files, skipped files and rejects.
    fn read(archive: &[u8], options: &Options) -> (Vec<String>, Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.zip");
        std::fs::write(&path, archive).unwrap();
        std::fs::write(folder.path().join("other.csv"), CSV).unwrap();
        let mut reader = Reader::open(&[folder.path().to_owned()], options).unwrap();
        let name = |file: &str| file.replace(&format!("{}/", folder.path().display()), "");
        let rejects = reader.by_ref().filter_map(|record| match record.unwrap() {
            Record::Reject(reject) => Some(format!("{}: {}", name(&reject.file), reject.cause)),
            Record::Comment(_) => None,
        });
        let rejects = rejects.collect();
        let files = reader.files().iter().map(|report| name(&report.file)).collect();
        let skipped = reader.skipped().iter().map(|file| format!("{}: {}", name(&file.file), file.why));
        (files, skipped.collect(), rejects)
    }

    #[test]
    fn an_archive_is_read_as_a_folder() {
        let inner = zip(&[("x.csv", CSV)]);
        let archive = zip(&[
            ("b.csv", CSV),
            ("a/c.csv", CSV),
            ("../../up.csv", CSV),
            ("/root.csv", CSV),
            ("a/.hidden.csv", CSV),
            ("__MACOSX/a/c.csv", CSV),
            ("a/picture.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01"),
            ("README.md", b"# Rain\n\nAll of it.\n"),
            ("inner.zip", &inner),
        ]);
        let (files, skipped, rejects) = read(&archive, &Options::default());
        assert_eq!(
            files,
            ["all.zip/a/c.csv", "all.zip/b.csv", "all.zip/root.csv", "all.zip/up.csv", "other.csv"]
        );
        assert_eq!(
            skipped,
            [
                "all.zip/README.md: documentation, not an export",
                "all.zip/a/picture.jpg: a JPEG picture, not an export"
            ]
        );
        let [nested] = &rejects[..] else { panic!("{rejects:?}") };
        assert!(nested.starts_with("all.zip/inner.zip: a zip archive within a zip archive; "), "{nested}");
    }

    #[test]
    fn a_file_that_a_later_one_hides_is_a_reject() {
        let mut archive = zip(&[("a.csv", CSV), ("b.csv", CSV)]);
        for at in 0..archive.len() - 5 {
            if archive[at..].starts_with(b"b.csv") {
                archive[at] = b'a';
            }
        }
        let (files, _, rejects) = read(&archive, &Options::default());
        assert_eq!(files, ["all.zip/a.csv", "other.csv"]);
        let [hidden] = &rejects[..] else { panic!("{rejects:?}") };
        assert!(
            hidden.starts_with("all.zip/a.csv: the archive has a later file of the same name"),
            "{hidden}"
        );
    }

    #[test]
    fn an_archive_named_as_an_input_is_read_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.zip");
        std::fs::write(&path, zip(&[("a.csv", CSV)])).unwrap();
        let mut reader = Reader::open(std::slice::from_ref(&path), &Options::default()).unwrap();
        let unpacked = reader.unpacked[0].path().to_owned();
        assert_eq!(reader.by_ref().filter(|record| matches!(record, Ok(Record::Comment(_)))).count(), 1);
        let report = &reader.files()[0];
        assert_eq!(*report.file, *path.join("a.csv").to_string_lossy());
        assert_eq!(report.fingerprint.as_ref().map(|(size, _)| *size), Some(CSV.len() as u64));
        assert!(!unpacked.exists());
        for broken in [&zip(&[("a.csv", CSV)])[..60], &zip(&[]), b"PK\x03\x04 and no more"] {
            std::fs::write(&path, broken).unwrap();
            assert!(Reader::open(std::slice::from_ref(&path), &Options::default()).is_err());
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let bytes = vec![b'a'; super::FREE_BYTES as usize + (1 << 20)];
        let archive = zip(&[("a.csv", CSV), ("b.csv", &bytes), ("c.csv", CSV)]);
        let (files, _, rejects) = read(&archive, &Options::default());
        assert_eq!(files, ["all.zip/a.csv", "other.csv"]);
        assert_eq!(rejects.len(), 2, "{rejects:?}");
        assert!(rejects.iter().all(|reject| reject.contains("--max-expansion")), "{rejects:?}");
    }

    #[test]
    fn damaged_archives_are_refused_or_read() {
        let archive = zip(&[("a.csv", CSV), ("b/c.csv", CSV)]);
        for at in 0..archive.len() {
            let mut damaged = archive.clone();
            damaged[at] ^= 0x55;
            let (files, _, rejects) = read(&damaged, &Options::default());
            assert!(files.len() + rejects.len() >= 1, "{at}");
            damaged.truncate(at);
            read(&damaged, &Options::default());
        }
    }
}
