//! One process per data folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process;

use crate::error::StoreError;

const NAME: &str = "lock";

/// Holds the folder. The operating system gives it back when the process ends,
/// in whatever way.
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(crate) fn acquire(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(NAME);
        let shown = path.display();
        let failed = |error| StoreError::unavailable(format!("cannot write {shown}: {error}"));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => return Err(taken(folder, &mut file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Only for whoever finds the folder taken: to fail here harms nobody.
        let _ = write_process_id(&mut file);
        Ok(Self { _file: file })
    }
}

fn write_process_id(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", process::id())
}

fn taken(folder: &Path, file: &mut File) -> StoreError {
    let mut holder = String::new();
    let _ = file.take(32).read_to_string(&mut holder);
    let holder = match holder.trim() {
        "" => "another process".into(),
        id => format!("the process {id}"),
    };
    StoreError::unavailable(format!(
        "the data folder {} is in use by {holder}: stop it, or choose another folder",
        folder.display()
    ))
}
