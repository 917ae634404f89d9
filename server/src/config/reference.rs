//! `docs/config.md`, written from the table; `UPDATE=1 cargo test` writes it anew.

use std::fmt::Write;
use std::path::Path;

use super::keys::{KEYS, WITHOUT_EFFECT};

#[test]
fn the_reference_follows_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config.md");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let expected = reference();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, expected).unwrap();
        return;
    }
    assert!(
        written == expected,
        "docs/config.md is not what the table says; run with UPDATE=1"
    );
}

fn reference() -> String {
    let mut text = include_str!("reference.md").to_owned();
    text.push_str("\n## Keys\n\n| key | default | allowed | meaning |\n|---|---|---|---|\n");
    for key in KEYS {
        let (path, default, meaning) = (key.path, key.default, key.meaning);
        let allowed = key.kind.expected().replace('*', "\\*");
        writeln!(text, "| `{path}` | `{default}` | {allowed} | {meaning} |").unwrap();
    }
    text.push_str("\n## Keys of Kuzzle without an effect\n\n");
    text.push_str("They are accepted, and named in a warning at start, so that an existing configuration file can be used as it is.\n\n");
    text.push_str("| key (and all below it) | why |\n|---|---|\n");
    for (path, why) in WITHOUT_EFFECT {
        writeln!(text, "| `{path}` | {why} |").unwrap();
    }
    text
}
