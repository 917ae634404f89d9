//! The file under the database. Tests make it fail.

use std::fs::OpenOptions;
use std::path::Path;

use redb::StorageBackend;
use redb::backends::FileBackend;

use crate::error::StoreError;

/// How to open the file of the database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    #[cfg(test)]
    pub(crate) faults: std::sync::Arc<faulty::Faults>,
}

impl Disk {
    pub(super) fn open(&self, path: &Path) -> Result<impl StorageBackend, StoreError> {
        let shown = path.display();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| StoreError::unavailable(format!("cannot open {shown}: {error}")))?;
        let file = FileBackend::new(file)
            .map_err(|error| StoreError::unavailable(format!("cannot open {shown}: {error}")))?;
        #[cfg(test)]
        let file = faulty::FaultyFile::new(file, self.faults.clone());
        Ok(file)
    }
}

#[cfg(test)]
pub(crate) mod faulty {
    //! A file whose writes fail on demand.

    use std::io;
    use std::ops::Bound;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    use redb::backends::FileBackend;
    use redb::{BackendError, StorageBackend};

    /// When to fail.
    #[derive(Debug)]
    pub(crate) struct Faults {
        /// So many more writes and syncs succeed; negative: all of them do.
        pub(crate) writes_left: AtomicI64,
        /// The failure stays, other than a disk that is full for a moment.
        pub(crate) is_lasting: AtomicBool,
    }

    impl Default for Faults {
        fn default() -> Self {
            Self {
                writes_left: AtomicI64::new(-1),
                is_lasting: AtomicBool::new(false),
            }
        }
    }

    impl Faults {
        pub(crate) fn check(&self) -> io::Result<()> {
            let left = self.writes_left.load(Ordering::SeqCst);
            if left > 0 || (left == 0 && !self.is_lasting.load(Ordering::SeqCst)) {
                self.writes_left.store(left - 1, Ordering::SeqCst);
            }
            match left {
                0 => Err(io::ErrorKind::StorageFull.into()),
                _ => Ok(()),
            }
        }
    }

    #[derive(Debug)]
    pub(crate) struct FaultyFile {
        file: FileBackend,
        faults: Arc<Faults>,
    }

    impl FaultyFile {
        pub(crate) fn new(file: FileBackend, faults: Arc<Faults>) -> Self {
            Self { file, faults }
        }
    }

    impl StorageBackend for FaultyFile {
        fn len(&self) -> io::Result<u64> {
            self.file.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.file.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.faults.check()?;
            self.file.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.faults.check()?;
            self.file.sync_data()
        }

        /// A write that fails leaves half of itself behind, as a full disk does.
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            if let Err(error) = self.faults.check() {
                self.file.write(offset, &data[..data.len() / 2])?;
                return Err(error);
            }
            self.file.write(offset, data)
        }

        fn close(&self) -> io::Result<()> {
            self.file.close()
        }

        fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
            self.file.try_lock_range(from, to)
        }

        fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
            self.file.unlock_range(from, to)
        }
    }
}
