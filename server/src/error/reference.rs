//! `docs/errors.md`, written from the table; `UPDATE=1 cargo test` writes it anew.

use std::fmt::Write;

use super::{ALL, Class};
use crate::reference;

#[test]
fn the_errors_follow_the_table() {
    reference::check("errors.md", &errors());
}

fn errors() -> String {
    let mut text = include_str!("reference.md").to_owned();
    text.push_str("\n## All errors\n\n| id | code | status | message |\n|---|---|---|---|\n");
    for error in ALL {
        let (id, code, status) = (error.id, error.code, error.class.status());
        let message = error.message.replace('|', "\\|");
        let list = match error.class {
            Class::Partial | Class::MultipleErrors => " (with `errors` and `count`)",
            _ => "",
        };
        writeln!(text, "| `{id}` | {code} | {status} | {message}{list} |").unwrap();
    }
    text
}
