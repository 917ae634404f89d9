//! The format of the data, and the way from older ones to the current one.

use redb::{Database, ReadableDatabase, ReadableTable, TableHandle, WriteTransaction};

use super::tables::{
    COLLECTIONS, DOCUMENTS, DROPPED, FORMAT, INDEXES, LOG, LogRow, META, SIZES, TOMBSTONES, WRITTEN,
};
use crate::error::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// Takes the data from one format to the next.
type Migration = fn(&WriteTransaction) -> Result<()>;

/// The step at position `n` leads from the format `n` to `n + 1`; 0 is an empty
/// folder. The current format is the number of steps.
const MIGRATIONS: &[Migration] = &[create_tables, remember_last_writes];

/// Brings the database to the current format, all steps in one transaction.
pub(super) fn to_current(database: &Database, path: &str) -> Result<()> {
    migrate(database, path, MIGRATIONS)
}

fn migrate(database: &Database, path: &str, migrations: &[Migration]) -> Result<()> {
    let current = migrations.len() as u64;
    let found = format(database, path)?;
    if found > current {
        return Err(StoreError::unavailable(format!(
            "{path} has the format {found}, this program reads formats up to {current}: \
             use the program that wrote it, or a newer one"
        )));
    }
    if found == current {
        return Ok(());
    }
    if found > 0 {
        tracing::info!("{path}: bringing the format {found} to {current}");
    }
    let transaction = database.begin_write()?;
    for step in migrations.iter().skip(usize::try_from(found).unwrap_or(0)) {
        step(&transaction)?;
    }
    transaction.open_table(META)?.insert(FORMAT, current)?;
    transaction.commit()?;
    Ok(())
}

fn format(database: &Database, path: &str) -> Result<u64> {
    let transaction = database.begin_read()?;
    let tables: Vec<_> = transaction.list_tables()?.collect();
    if tables.is_empty() {
        return Ok(0);
    }
    let unknown = || StoreError::unavailable(format!("{path} was not written by this program"));
    if !tables.iter().any(|it| it.name() == META.name()) {
        return Err(unknown());
    }
    let meta = transaction.open_table(META)?;
    let format = meta.get(FORMAT)?.ok_or_else(unknown)?;
    Ok(format.value())
}

/// Opening a table makes it, so that readers find all of them.
fn create_tables(transaction: &WriteTransaction) -> Result<()> {
    transaction.open_table(META)?;
    transaction.open_table(INDEXES)?;
    transaction.open_table(COLLECTIONS)?;
    transaction.open_table(DOCUMENTS)?;
    transaction.open_table(TOMBSTONES)?;
    transaction.open_table(LOG)?;
    transaction.open_table(SIZES)?;
    transaction.open_table(DROPPED)?;
    Ok(())
}

/// Of each collection; what the log has forgotten is long past, and before
/// this format nobody asked for it.
fn remember_last_writes(transaction: &WriteTransaction) -> Result<()> {
    let mut written = transaction.open_table(WRITTEN)?;
    for row in transaction.open_table(LOG)?.iter()? {
        let (sequence, row) = row?;
        if let Some(row) = LogRow::decode(row.value()) {
            written.insert(row.collection.0, sequence.value())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    fn database() -> Database {
        let backend = InMemoryBackend::new();
        Database::builder().create_with_backend(backend).unwrap()
    }

    fn add_index(transaction: &WriteTransaction) -> Result<()> {
        let mut indexes = transaction.open_table(INDEXES)?;
        indexes.insert("added", &b"{}"[..])?;
        Ok(())
    }

    fn fail(_: &WriteTransaction) -> Result<()> {
        Err(StoreError::internal("this step fails"))
    }

    fn has_index(database: &Database) -> bool {
        let transaction = database.begin_read().unwrap();
        let indexes = transaction.open_table(INDEXES).unwrap();
        indexes.get("added").unwrap().is_some()
    }

    #[test]
    fn older_formats_are_brought_up() {
        let database = database();
        migrate(&database, "test", &[create_tables]).unwrap();
        assert_eq!(format(&database, "test").unwrap(), 1);
        migrate(&database, "test", &[fail, add_index]).unwrap();
        assert_eq!(format(&database, "test").unwrap(), 2);
        assert!(has_index(&database));
    }

    #[test]
    fn a_failing_step_changes_nothing() {
        let database = database();
        migrate(&database, "test", &[create_tables]).unwrap();
        assert!(migrate(&database, "test", &[fail, add_index, fail]).is_err());
        assert_eq!(format(&database, "test").unwrap(), 1);
        assert!(!has_index(&database));
    }

    #[test]
    fn newer_formats_and_strange_files_are_refused() {
        let newer = database();
        migrate(&newer, "test", &[create_tables, add_index]).unwrap();
        let error = migrate(&newer, "test", &[create_tables]).unwrap_err();
        assert!(error.message.contains("format 2"), "{error}");
        let strange = database();
        let transaction = strange.begin_write().unwrap();
        transaction.open_table(LOG).unwrap();
        transaction.commit().unwrap();
        let error = migrate(&strange, "test", &[create_tables]).unwrap_err();
        assert!(error.message.contains("not written by"), "{error}");
    }
}
