//! The inputs that the user named, as a list of files in a fixed order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use tempfile::TempDir;
use walkdir::WalkDir;

use super::archive::{self, Archive};
use super::formats::{Companions, Format};
use super::{ReadError, ReadErrorKind, own_output};

/// The inputs that the user named.
pub(crate) struct Inputs {
    pub(crate) groups: Vec<Group>,
    /// The folders that zip archives are unpacked into; each is deleted together with this value.
    pub(crate) unpacked: Vec<TempDir>,
}

/// One input that the user named: a file, or a folder or zip archive with its files.
pub(crate) struct Group {
    /// The folder's or archive's name; `None` for a file or standard input.
    pub(crate) folder: Option<Arc<str>>,
    pub(crate) files: Vec<InputFile>,
}

/// One file, or standard input.
#[derive(Clone, Debug)]
pub(crate) struct InputFile {
    /// `None` for standard input.
    pub(crate) path: Option<PathBuf>,
    /// The name by which the user named it.
    pub(crate) name: Arc<str>,
    /// The thread of its comments, if the export names none.
    pub(crate) thread: Arc<str>,
    /// The number of bytes on disk; `None` if it is not a plain file and so can be opened only
    /// once.
    pub(crate) size: Option<u64>,
    /// The extension in lower case, without that of a compression; empty if it has none.
    pub(crate) extension: String,
    /// The user named it more than once.
    pub(crate) is_repeated: bool,
    /// Files next to it that describe it and are not exports of their own.
    pub(crate) companions: Vec<String>,
    /// The user named it, rather than a folder around it.
    pub(crate) is_named: bool,
    /// The reason it is not even opened.
    pub(crate) refusal: Option<Refusal>,
}

/// The reason a file of a folder is not opened.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// [`ReadErrorKind::NoComments`] if it has no comments.
    pub(crate) kind: ReadErrorKind,
    /// The description of the file.
    pub(crate) what: String,
    /// The remedy.
    pub(crate) remedy: String,
}

impl Refusal {
    /// Returns the reason for a file that may have comments.
    pub(crate) fn reject(what: &str, remedy: &str) -> Self {
        Self { kind: ReadErrorKind::NoExport, what: what.to_owned(), remedy: remedy.to_owned() }
    }

    /// Returns the reason for a file of a kind that has none.
    pub(crate) fn skip(kind: &str) -> Self {
        let remedy = "name a comment export".to_owned();
        Self { kind: ReadErrorKind::NoComments, what: format!("{kind}, not an export"), remedy }
    }
}

impl InputFile {
    /// Returns standard input.
    pub(crate) fn stdin() -> Self {
        Self {
            path: None,
            name: "-".into(),
            thread: "stdin".into(),
            size: None,
            extension: String::new(),
            is_repeated: false,
            companions: Vec::new(),
            is_named: true,
            refusal: None,
        }
    }

    fn folder(&self) -> Option<&Path> {
        self.path.as_deref()?.parent()
    }
}

/// Returns every file of the inputs: inputs in the order given, files of a folder by path (name by
/// name, bytewise), at any depth. Hidden files and folders (names that begin with a dot) are left
/// out, and so is a file named a second time. A zip archive counts as a folder.
pub(crate) fn find(inputs: &[PathBuf], max_expansion: Option<u64>) -> Result<Inputs, ReadError> {
    if inputs.is_empty() {
        return Err(ReadError::new(
            ReadErrorKind::NoInput,
            &"".into(),
            "no input",
            "name a file, a folder or -",
        ));
    }
    let mut known = HashMap::new();
    let mut groups = Vec::new();
    let mut unpacked = Vec::new();
    for input in inputs {
        let name: Arc<str> = input.to_string_lossy().into();
        if &*name == "-" {
            groups.push(Group { folder: None, files: vec![InputFile::stdin()] });
            continue;
        }
        let metadata = fs::metadata(input).map_err(|error| ReadError::io(&name, &error))?;
        if metadata.is_dir() {
            let mut files = walk(input, &name)?;
            files.retain(|file| file.path.as_deref().is_some_and(|path| is_new(path, &mut known)));
            let files = unpack_archives(files, max_expansion, &mut unpacked);
            groups.push(Group { folder: Some(name), files });
        } else if is_new(input, &mut known) && metadata.is_file() && archive::is_archive(input) {
            let Archive { files, folder } = archive::open(input, max_expansion)?;
            if files.is_empty() {
                let remedy = "name an archive that contains comment exports";
                let what = "a zip archive without any file";
                return Err(ReadError::new(ReadErrorKind::NoInput, &name, what, remedy));
            }
            unpacked.push(folder);
            groups.push(Group { folder: Some(name), files });
        } else if known.get(&real(input)) == Some(&1) {
            // A pipe or a device has no meaningful size.
            let size = metadata.is_file().then_some(metadata.len());
            let file = InputFile { is_named: true, ..file(input.clone(), size) };
            groups.push(Group { folder: None, files: vec![file] });
        }
    }
    for file in groups.iter_mut().flat_map(|group| &mut group.files) {
        file.is_repeated = file.path.as_deref().is_some_and(|path| known.get(&real(path)) > Some(&1));
    }
    set_companions_aside(&mut groups);
    name_threads(&mut groups);
    Ok(Inputs { groups, unpacked })
}

/// Replaces each zip archive by its files.
fn unpack_archives(
    files: Vec<InputFile>,
    max_expansion: Option<u64>,
    unpacked: &mut Vec<TempDir>,
) -> Vec<InputFile> {
    let mut all = Vec::new();
    for file in files {
        let path = file.path.as_deref().filter(|path| file.refusal.is_none() && archive::is_archive(path));
        match path.map(|path| archive::open(path, max_expansion)) {
            None => all.push(file),
            Some(Ok(archive)) => {
                all.extend(archive.files);
                unpacked.push(archive.folder);
            }
            Some(Err(error)) => {
                let refusal = Some(Refusal::reject(&error.what, &error.remedy));
                all.push(InputFile { refusal, ..file });
            }
        }
    }
    all
}

/// Removes the files that only describe an export, a folder whose format names its main file, and
/// notes them in that file.
fn set_companions_aside(groups: &mut [Group]) {
    let hooks = Format::ALL.iter().filter_map(|format| format.entry().hooks.companions.as_ref());
    for Companions { root, describes } in hooks {
        let root_of = |file: &InputFile| root(&file.thread, file.path.as_deref()?).map(Path::to_owned);
        let mut exports: HashMap<PathBuf, Vec<String>> = HashMap::new();
        for file in groups.iter().flat_map(|group| &group.files) {
            exports.extend(root_of(file).map(|root| (root, Vec::new())));
        }
        for group in groups.iter_mut() {
            group.files.retain(|file| {
                let export = file.folder().and_then(|folder| exports.get_mut(folder));
                let is_companion = export.is_some() && describes(&file.thread, &file.extension);
                if let (Some(companions), true) = (export, is_companion) {
                    let name = file.path.as_deref().and_then(Path::file_name).unwrap_or_default();
                    companions.push(name.to_string_lossy().into_owned());
                }
                !is_companion
            });
        }
        // Report this only once for each export.
        for file in groups.iter_mut().flat_map(|group| &mut group.files) {
            if let Some(companions) = root_of(file).and_then(|root| exports.remove(&root)) {
                file.companions = companions;
            }
        }
    }
}

/// Returns true if a file was not named before; counts how often it was.
fn is_new(path: &Path, known: &mut HashMap<PathBuf, u32>) -> bool {
    let count = known.entry(real(path)).or_default();
    *count += 1;
    *count == 1
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn walk(folder: &Path, name: &Arc<str>) -> Result<Vec<InputFile>, ReadError> {
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
    };
    if own_output::is_report(folder) {
        let remedy = own_output::remedy(folder);
        return Err(ReadError::new(ReadErrorKind::NoExport, name, own_output::REPORT, remedy));
    }
    let mut files = Vec::new();
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name();
    let mut entries = walk.into_iter().filter_entry(visible);
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            // A dangling link, a link to a folder around it, or a folder without permission: it
            // cannot be opened, which costs the run one reject.
            Err(error) if error.depth() > 0 => {
                files.extend(error.path().map(|path| file(path.to_owned(), Some(0))));
                continue;
            }
            Err(error) => {
                let error = error.into_io_error().unwrap_or_else(|| io::ErrorKind::InvalidInput.into());
                return Err(ReadError::io(name, &error));
            }
        };
        let kind = entry.file_type();
        if kind.is_file() {
            let size = entry.metadata().ok().map(|metadata| metadata.len());
            files.push(file(entry.into_path(), size));
        } else if kind.is_dir() && own_output::is_report(entry.path()) {
            let refusal = Some(Refusal::reject(own_output::REPORT, &own_output::remedy(entry.path())));
            entries.skip_current_dir();
            files.push(InputFile { refusal, ..file(entry.into_path(), Some(0)) });
        } else if !kind.is_dir() {
            let what = "a pipe, a socket or a device, which is skipped within a folder";
            let refusal = Some(Refusal::reject(what, "name it as an input of its own to read it"));
            files.push(InputFile { refusal, ..file(entry.into_path(), Some(0)) });
        }
    }
    if files.is_empty() {
        return Err(ReadError::new(
            ReadErrorKind::NoInput,
            name,
            "a folder without any file",
            "name a folder that contains comment exports",
        ));
    }
    Ok(files)
}

/// Returns a file of a folder.
pub(crate) fn file(path: PathBuf, size: Option<u64>) -> InputFile {
    let bare = without_compression(&path);
    let extension = bare.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let thread = bare.file_stem().map(|stem| stem.to_string_lossy().into()).unwrap_or_else(|| "".into());
    InputFile {
        name: path.to_string_lossy().into(),
        thread,
        size,
        extension,
        is_repeated: false,
        companions: Vec::new(),
        is_named: false,
        refusal: None,
        path: Some(path),
    }
}

fn without_compression(path: &Path) -> PathBuf {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz" | "zst") => path.with_extension(""),
        _ => path.to_owned(),
    }
}

/// Names the threads of files that share a name after their whole paths.
fn name_threads(groups: &mut [Group]) {
    let mut uses: HashMap<Arc<str>, u32> = HashMap::new();
    for file in groups.iter().flat_map(|group| &group.files) {
        *uses.entry(file.thread.clone()).or_default() += 1;
    }
    for file in groups.iter_mut().flat_map(|group| &mut group.files) {
        if uses[&file.thread] > 1 {
            file.thread = file.name.clone();
        }
    }
}
