//! Sorting more records than memory should hold.
//!
//! Records are gathered into runs of [`RUN_BYTES`]; a full run is sorted and written to a temporary
//! file, and the files are merged while they are read (Knuth, The Art of Computer Programming 3,
//! 5.4.1). What fits one run never leaves memory. The files have no names where the system allows
//! it, and are gone with the process however it ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use bytemuck::Pod;

/// Bytes of records that are sorted in memory.
const RUN_BYTES: usize = 4 << 20;

/// Files that are merged at once: few enough to be open together, many enough that a thousand
/// million records are written three times at most.
const FAN_IN: usize = 64;

/// Bytes read from a file at once while merging.
const READ_BYTES: usize = 1 << 15;

/// Takes records in any order.
pub(crate) struct Sorter<T> {
    dir: PathBuf,
    run: Vec<T>,
    /// The files by the number of times that their records were merged: fewer than [`FAN_IN`] each.
    files: Vec<Vec<File>>,
}

/// The records in ascending order, to be read as often as one likes.
pub(crate) struct Sorted<T> {
    run: Vec<T>,
    files: Vec<File>,
}

impl<T: Pod + Ord> Sorter<T> {
    /// A sorter that writes its files into the folder `dir`.
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), run: Vec::new(), files: Vec::new() }
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: T) -> io::Result<()> {
        if self.run.len() >= (RUN_BYTES / size_of::<T>()).max(1) {
            self.spill()?;
        }
        self.run.push(record);
        Ok(())
    }

    /// Ends the input.
    pub(crate) fn finish(mut self) -> io::Result<Sorted<T>> {
        if self.files.is_empty() {
            self.run.sort_unstable();
            self.run.shrink_to_fit();
        } else {
            self.spill()?;
            self.run = Vec::new();
        }
        Ok(Sorted { run: self.run, files: self.files.into_iter().flatten().collect() })
    }

    fn spill(&mut self) -> io::Result<()> {
        self.run.sort_unstable();
        let file = write(&self.dir, self.run.iter().map(|record| Ok(*record)))?;
        self.run.clear();
        self.add(0, file)
    }

    fn add(&mut self, level: usize, file: File) -> io::Result<()> {
        if self.files.len() == level {
            self.files.push(Vec::new());
        }
        self.files[level].push(file);
        if self.files[level].len() < FAN_IN {
            return Ok(());
        }
        let files = std::mem::take(&mut self.files[level]);
        let merged = write(&self.dir, Records::<T>::of(&[], &files)?)?;
        self.add(level + 1, merged)
    }
}

impl<T: Pod + Ord> Sorted<T> {
    /// The records from the first on. They are read from files that one reader at a time may use.
    pub(crate) fn records(&mut self) -> io::Result<Records<'_, T>> {
        Records::of(&self.run, &self.files)
    }
}

/// Records in ascending order.
pub(crate) struct Records<'a, T> {
    run: std::slice::Iter<'a, T>,
    files: Vec<BufReader<&'a File>>,
    /// The next record of every file, and the file.
    next: BinaryHeap<Reverse<(T, usize)>>,
}

impl<'a, T: Pod + Ord> Records<'a, T> {
    fn of(run: &'a [T], files: &'a [File]) -> io::Result<Self> {
        let mut records = Self { run: run.iter(), files: Vec::new(), next: BinaryHeap::new() };
        for (index, mut file) in files.iter().enumerate() {
            file.rewind()?;
            records.files.push(BufReader::with_capacity(READ_BYTES, file));
            records.advance(index)?;
        }
        Ok(records)
    }

    /// Takes the next record of a file, if it has one.
    fn advance(&mut self, index: usize) -> io::Result<()> {
        let file = &mut self.files[index];
        if !file.fill_buf()?.is_empty() {
            let mut record = T::zeroed();
            file.read_exact(bytemuck::bytes_of_mut(&mut record))?;
            self.next.push(Reverse((record, index)));
        }
        Ok(())
    }
}

impl<T: Pod + Ord> Iterator for Records<'_, T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next.pop() {
            Some(Reverse((record, index))) => Some(self.advance(index).map(|()| record)),
            None => self.run.next().map(|record| Ok(*record)),
        }
    }
}

fn write<T: Pod>(dir: &Path, records: impl Iterator<Item = io::Result<T>>) -> io::Result<File> {
    let mut out = BufWriter::new(tempfile::tempfile_in(dir)?);
    for record in records {
        out.write_all(bytemuck::bytes_of(&record?))?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records that are scattered, some of them equal.
    fn scattered(count: u64) -> Vec<[u64; 16]> {
        (0..count).map(|n| [n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (count / 2 + 1); 16]).collect()
    }

    #[test]
    fn records_come_back_in_order_from_memory_and_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let a_run = (RUN_BYTES / 128) as u64;
        for (count, files) in [(0, 0), (1, 0), (a_run, 0), (a_run + 1, 2), (3 * a_run + 5, 4)] {
            let mut records = scattered(count);
            let mut sorter = Sorter::new(folder.path());
            records.iter().for_each(|record| sorter.push(*record).unwrap());
            let mut sorted = sorter.finish().unwrap();
            assert_eq!(sorted.files.len(), files);
            records.sort_unstable();
            for _ in 0..2 {
                assert!(sorted.records().unwrap().map(Result::unwrap).eq(records.iter().copied()));
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file is left, none has a name");
    }

    #[test]
    fn many_files_become_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path());
        let count = 2 * FAN_IN as u64 + 3;
        for number in (0..count).rev() {
            sorter.push(number).unwrap();
            sorter.spill().unwrap();
        }
        assert_eq!(sorter.files.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
        let mut sorted = sorter.finish().unwrap();
        assert!(sorted.records().unwrap().map(Result::unwrap).eq(0..count));
    }
}
