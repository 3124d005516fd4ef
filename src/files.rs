//! Files in the folders that a run writes: readable by their owner only, never reached through a
//! link, and whole or not there.
//!
//! Reports contain personal data, so on Unix files are created with mode 0600 and folders with mode 0700. A umask can only
//! take more away.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

/// Largest small file that a user names: a policy, a list of authors.
pub const MAX_SMALL_FILE: u64 = 16 << 20;

/// Largest file that is read into memory whole: `run.json` of a run over a million files, or
/// decisions of years.
pub const MAX_WHOLE_FILE: u64 = 1 << 30;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// The file cannot be read, or it is longer.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("larger than {} MiB, the most that is read of such a file", limit >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Reads a UTF-8 file of at most `limit` bytes.
///
/// # Errors
/// Those of [`read_at_most`]; the file is not UTF-8.
pub fn read_text_at_most(path: &Path, limit: u64) -> io::Result<String> {
    let text = String::from_utf8(read_at_most(path, limit)?);
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

/// Creates a folder and those above it. One that is there stays as it is.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Creates a folder within an output folder. A link in its place is an error.
pub(crate) fn create_folder_within(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_dir() => Err(io::Error::new(io::ErrorKind::NotADirectory, NO_FOLDER)),
        Ok(_) => Ok(()),
        Err(_) => create_folder(path),
    }
}

const NO_FOLDER: &str = "not a folder, and links are not followed";
const NO_FILE: &str = "not a regular file, and links are not followed";

/// Opens a file to write in place: its content stays, and it is created if there is none. A link in
/// its place is an error.
pub(crate) fn open_in_place(path: &Path) -> io::Result<File> {
    let is_file = || fs::symlink_metadata(path).map_or(true, |found| found.is_file());
    let refused = || io::Error::new(io::ErrorKind::AlreadyExists, NO_FILE);
    if !is_file() {
        return Err(refused());
    }
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Also closes the gap between looking and opening.
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
    }
    options.open(path).map_err(|error| if is_file() { error } else { refused() })
}

/// A file under a temporary name, `.NAME.part`, until [`Staged::publish`]. It is deleted if that
/// never happens; one that a killed process left is replaced.
#[derive(Debug)]
pub(crate) struct Staged {
    temporary: TempPath,
    path: PathBuf,
}

impl Staged {
    /// Creates a file of the folder `dir`; `name` may contain a folder (`charts/sizes.svg`).
    /// Write to the writer, then [`finish`] it.
    pub(crate) fn create(dir: &Path, name: impl AsRef<OsStr>) -> io::Result<(Self, BufWriter<File>)> {
        let name = name.as_ref();
        let temporary = format!(".{}.part", name.to_string_lossy().replace('/', "-"));
        match fs::remove_file(dir.join(&temporary)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = tempfile::Builder::new().prefix(&temporary).rand_bytes(0).tempfile_in(dir)?;
        let (file, temporary) = file.into_parts();
        Ok((Self { temporary, path: dir.join(name) }, BufWriter::new(file)))
    }

    /// The path that it will have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name. A file or link of that name is replaced.
    pub(crate) fn publish(self) -> io::Result<()> {
        self.temporary.persist(&self.path).map_err(|error| error.error)
    }

    /// Gives the file its name, if nothing else has it.
    pub(crate) fn publish_new(self) -> io::Result<()> {
        self.temporary.persist_noclobber(&self.path).map_err(|error| error.error)
    }
}

/// Returns true for a name that [`Staged::create`] may use.
pub(crate) fn is_temporary_name(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".part")
}

/// Ends a staged file: all of it is on the disk.
pub(crate) fn finish(file: BufWriter<File>) -> io::Result<()> {
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Ends a CSV file and returns what it was written to.
pub(crate) fn end_csv<W: Write>(csv: csv::Writer<W>) -> io::Result<W> {
    csv.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.error().to_string()))
}

/// Writes a whole file of the folder `dir`.
pub(crate) fn write(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let (staged, mut file) = Staged::create(dir, name)?;
    file.write_all(content)?;
    finish(file)?;
    staged.publish()?;
    sync_folder(dir)
}

/// Makes the names in a folder outlast a power failure.
pub(crate) fn sync_folder(dir: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened; file systems that cannot sync one (EINVAL) have nothing
    // to wait for.
    #[cfg(unix)]
    match File::open(dir)?.sync_all() {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => return Err(error),
        _ => {}
    }
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Returns true if both paths lead to one file.
pub(crate) fn is_same(first: &Path, second: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
        // Hard links have one identity, too.
        identity(first).ok().zip(identity(second).ok()).is_some_and(|(first, second)| first == second)
    }
    #[cfg(not(unix))]
    first.canonicalize().ok().zip(second.canonicalize().ok()).is_some_and(|(first, second)| first == second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let names = || fs::read_dir(folder.path()).unwrap().count();
        fs::write(folder.path().join(".a-b.part"), "left by a killed process").unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        let (staged, mut file) = Staged::create(folder.path(), "a/b").unwrap();
        file.write_all(b"half").unwrap();
        assert!(!folder.path().join("a/b").exists());
        drop((staged, file));
        assert_eq!(names(), 1, "only the folder is left");

        let (staged, mut file) = Staged::create(folder.path(), "a/b").unwrap();
        file.write_all(b"whole").unwrap();
        finish(file).unwrap();
        staged.publish().unwrap();
        assert_eq!(fs::read(folder.path().join("a/b")).unwrap(), b"whole");
        assert_eq!(names(), 1);

        let (staged, file) = Staged::create(folder.path(), "a/b").unwrap();
        finish(file).unwrap();
        assert_eq!(staged.publish_new().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(folder.path().join("a/b")).unwrap(), b"whole");
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [b'x'; 10]).unwrap();
        assert_eq!(read_at_most(&path, 10).unwrap(), [b'x'; 10]);
        assert_eq!(read_at_most(&path, 9).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_text_at_most(&path, 10).unwrap(), "x".repeat(10));
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_text_at_most(&path, 10).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_or_for_others_to_read() {
        use std::os::unix::fs::{MetadataExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("victim"), "mine").unwrap();
        fs::create_dir(path("elsewhere")).unwrap();

        symlink(path("victim"), path("in-place")).unwrap();
        assert!(open_in_place(&path("in-place")).unwrap_err().to_string().contains("links are not followed"));
        symlink(path("elsewhere"), path("charts")).unwrap();
        assert!(
            create_folder_within(&path("charts")).unwrap_err().to_string().contains("links are not followed")
        );
        symlink(path("victim"), path(".staged.part")).unwrap();
        symlink(path("victim"), path("staged")).unwrap();
        write(folder.path(), "staged", b"ours").unwrap();
        assert_eq!(fs::read(path("victim")).unwrap(), b"mine");
        assert!(fs::symlink_metadata(path("staged")).unwrap().is_file());

        create_folder(&path("new/folder")).unwrap();
        drop(open_in_place(&path("opened")).unwrap());
        for (name, mode) in [("new", 0o700), ("new/folder", 0o700), ("opened", 0o600), ("staged", 0o600)] {
            assert_eq!(fs::metadata(path(name)).unwrap().mode() & 0o777, mode, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_known_under_all_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "").unwrap();
        fs::write(path("b"), "").unwrap();
        fs::hard_link(path("a"), path("hard")).unwrap();
        std::os::unix::fs::symlink(path("a"), path("soft")).unwrap();
        for (other, same) in [("a", true), ("hard", true), ("soft", true), ("b", false), ("none", false)] {
            assert_eq!(is_same(&path("a"), &path(other)), same, "{other}");
        }
    }
}
