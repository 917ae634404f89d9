//! Pages of `docs/` that tests write from the tables of the program.

use std::fs;
use std::path::Path;

/// Compares a page with what it should be; with `UPDATE=1`, writes it.
pub(crate) fn check(page: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(page);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == expected,
        "docs/{page} is not what the table says; run with UPDATE=1"
    );
}
