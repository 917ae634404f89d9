//! The folder of one search index, as tantivy sees it.
//!
//! What tantivy writes for each commit needs no fsync: the documents are safe
//! elsewhere. The list of segments is therefore kept in memory,
//! and now and then a **checkpoint** makes all files that it names durable and
//! writes it to disk, last and atomically. Files that the last checkpoint names
//! are deleted only after the next one. So whatever happens, the folder holds
//! one whole checkpoint; what else lies there is swept when it is opened.
//!
//! The index of a small collection has no folder: it is in memory, and built
//! again when it is needed again.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, DirectoryLock, FileHandle, Lock, MmapDirectory, RamDirectory, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};
use tantivy::{Directory, IndexMeta};

use super::writer::Payload;
use crate::files::Disk;

/// What tantivy reads and writes under this name is the part `meta` of the file
/// `CHECKPOINT`.
const META: &str = "meta.json";
const CHECKPOINT: &str = "checkpoint.json";
/// tantivy's list of the files that it may delete; ours is in memory.
const MANAGED: &str = ".managed.json";

/// What is on disk of the list of segments.
#[derive(Serialize, Deserialize)]
struct Checkpoint {
    meta: String,
    /// The length of each file.
    files: BTreeMap<PathBuf, u64>,
}

/// Clones are the same folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    shared: Arc<Shared>,
    view: Arc<Mutex<View>>,
}

#[derive(Debug)]
struct Shared {
    place: Place,
    /// Those that the last checkpoint names; none of them is deleted.
    durable: Mutex<HashSet<PathBuf>>,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only tests have disks that fail")
    )]
    disk: Disk,
}

#[derive(Debug)]
enum Place {
    Memory(RamDirectory),
    /// Its files are mapped into memory.
    Disk(PathBuf, MmapDirectory),
}

/// What one writer of segments knows.
#[derive(Debug, Default)]
struct View {
    meta: Option<Vec<u8>>,
    /// The files that it may delete.
    own: HashSet<PathBuf>,
}

impl Folder {
    pub(super) fn in_memory() -> Self {
        Self {
            shared: Arc::new(Shared {
                place: Place::Memory(RamDirectory::create()),
                durable: Mutex::default(),
                disk: Disk::default(),
            }),
            view: Arc::default(),
        }
    }

    /// Opens the folder, made when it does not exist, at its last checkpoint.
    pub(super) fn open(path: &Path, disk: Disk) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let files = MmapDirectory::open(path).map_err(io::Error::other)?;
        let mut own = HashSet::new();
        for entry in fs::read_dir(path)? {
            own.insert(PathBuf::from(entry?.file_name()));
        }
        let meta = match own.remove(Path::new(CHECKPOINT)) {
            true => Some(read_checkpoint(path)?.into_bytes()),
            false => None,
        };
        Ok(Self {
            shared: Arc::new(Shared {
                place: Place::Disk(path.to_owned(), files),
                // Until the checkpoint is read, all may belong to it.
                durable: Mutex::new(own.clone()),
                disk,
            }),
            view: Arc::new(Mutex::new(View { meta, own })),
        })
    }

    /// What the last checkpoint of a folder remembers.
    pub(super) fn payload(path: &Path) -> Option<Payload> {
        let checkpoint = fs::read(path.join(CHECKPOINT)).ok()?;
        let checkpoint: Checkpoint = serde_json::from_slice(&checkpoint).ok()?;
        let meta: serde_json::Value = serde_json::from_str(&checkpoint.meta).ok()?;
        serde_json::from_str(meta.get("payload")?.as_str()?).ok()
    }

    /// Deletes what the checkpoint does not name.
    pub(super) fn sweep(&self, checkpoint: &IndexMeta) {
        let named = self.present(checkpoint);
        *lock(&self.shared.durable) = named.clone();
        self.collect(&named);
    }

    pub(super) fn has_checkpoint(&self) -> bool {
        self.view().meta.is_some()
    }

    pub(super) fn is_in_memory(&self) -> bool {
        matches!(self.shared.place, Place::Memory(_))
    }

    fn files(&self) -> &dyn Directory {
        match &self.shared.place {
            Place::Memory(files) => files,
            Place::Disk(_, files) => files,
        }
    }

    /// The same files with a list of segments of its own: where a merge writes.
    pub(super) fn beside(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            view: Arc::default(),
        }
    }

    /// What was written beside belongs here from now on.
    pub(super) fn adopt(&self, beside: &Self) {
        let files = std::mem::take(&mut beside.view().own);
        self.view().own.extend(files);
    }

    /// Deletes what was written beside.
    pub(super) fn discard(&self) {
        self.collect(&HashSet::new());
    }

    /// Deletes what was written and is not among `living`.
    pub(super) fn collect(&self, living: &HashSet<PathBuf>) {
        let doomed: Vec<PathBuf> = {
            let view = self.view();
            view.own.difference(living).cloned().collect()
        };
        for path in doomed {
            if !lock(&self.shared.durable).contains(&path) {
                // What cannot be deleted now is swept another time.
                let _ = self.files().delete(&path);
                self.view().own.remove(&path);
            }
        }
    }

    /// The files of these segments that exist.
    pub(super) fn present(&self, meta: &IndexMeta) -> HashSet<PathBuf> {
        let mut named = meta.list_segment_files();
        let view = self.view();
        named.retain(|it| view.own.contains(it));
        named
    }

    /// Makes these segments durable.
    pub(super) fn checkpoint(&self, meta: &IndexMeta) -> io::Result<()> {
        let Place::Disk(folder, _) = &self.shared.place else {
            return Ok(());
        };
        let mut checkpoint = Checkpoint {
            meta: serde_json::to_string(meta)?,
            files: BTreeMap::new(),
        };
        let named = self.present(meta);
        let fresh: HashSet<PathBuf> = {
            let durable = lock(&self.shared.durable);
            named.difference(&durable).cloned().collect()
        };
        for path in &named {
            let file = File::open(folder.join(path))?;
            checkpoint
                .files
                .insert(path.clone(), file.metadata()?.len());
            if fresh.contains(path) {
                self.check_disk()?;
                file.sync_all()?;
            }
        }
        self.check_disk()?;
        replace(folder, CHECKPOINT, &serde_json::to_vec(&checkpoint)?)?;
        *lock(&self.shared.durable) = named.clone();
        self.view().meta = Some(checkpoint.meta.into_bytes());
        self.collect(&named);
        Ok(())
    }

    fn view(&self) -> MutexGuard<'_, View> {
        lock(&self.view)
    }

    fn check_disk(&self) -> io::Result<()> {
        #[cfg(test)]
        self.shared.disk.faults.check()?;
        Ok(())
    }
}

/// The list of segments, when all their files are there.
fn read_checkpoint(path: &Path) -> io::Result<String> {
    let checkpoint = fs::read(path.join(CHECKPOINT))?;
    let checkpoint: Checkpoint = serde_json::from_slice(&checkpoint)?;
    for (name, length) in checkpoint.files {
        let found = fs::metadata(path.join(&name))?.len();
        if found != length {
            let name = name.display();
            let message = format!("{name} has {found} bytes, it had {length}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
    }
    Ok(checkpoint.meta)
}

/// Replaces a file at once and durably.
fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, folder.join(name))?;
    File::open(folder)?.sync_all()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Directory for Folder {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.files().get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        if lock(&self.shared.durable).contains(path) {
            return Ok(());
        }
        self.view().own.remove(path);
        self.files().delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        match path == Path::new(META) {
            true => Ok(self.view().meta.is_some()),
            false => self.files().exists(path),
        }
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let failed = |error| OpenWriteError::wrap_io_error(error, path.to_path_buf());
        self.view().own.insert(path.to_path_buf());
        let folder = match &self.shared.place {
            Place::Memory(files) => return files.open_write(path),
            Place::Disk(folder, _) => folder,
        };
        self.check_disk().map_err(failed)?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(folder.join(path))
            .map_err(failed)?;
        let folder = self.clone();
        Ok(BufWriter::new(Box::new(Unsynced { file, folder })))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let view = self.view();
        let found = match path.to_str() {
            Some(META) => view.meta.clone(),
            Some(MANAGED) => serde_json::to_vec(&view.own).ok(),
            _ => None,
        };
        found.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_path_buf()))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        if path == Path::new(META) {
            self.view().meta = Some(data.to_vec());
        }
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    /// One writer at a time has the folder anyway, and only it deletes files.
    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

/// A file that a checkpoint will sync, if it lives so long.
struct Unsynced {
    file: File,
    folder: Folder,
}

impl Write for Unsynced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.folder.check_disk()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl TerminatingWrite for Unsynced {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.file.flush()
    }
}
