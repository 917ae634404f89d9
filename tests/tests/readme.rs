//! What the README promises beside the code it shows: its commands are those
//! that are checked, its links lead somewhere. Its Rust is a doc test of this
//! package, its curl and JavaScript run in `tests/clients`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn its_commands_are_those_that_are_checked() {
    let readme = read("README.md");
    let checks = read(".ci/run");
    let commands: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("cargo ") || line.starts_with("npm --prefix "))
        .collect();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        // What one starts, the checks build.
        let checked = command.replace("cargo run ", "cargo build ");
        assert!(
            checks.contains(&checked),
            ".ci/run does not check `{command}`"
        );
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut errors = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let target = link.split('#').next().unwrap();
            let is_elsewhere = target.is_empty() || target.contains("://");
            if !is_elsewhere && !page.parent().unwrap().join(target).exists() {
                errors.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

/// The pages at the top and in `docs`.
fn pages() -> Vec<PathBuf> {
    let folders = [root().to_owned(), root().join("docs")];
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut pages: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|it| it == "md"));
    pages
}

/// The targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
