//! Writes the cases of the corpora as seeds for the fuzzer, one file each, to
//! `fuzz/corpus/<target>/`, where `cargo fuzz run <target>` looks for them.

use std::path::Path;
use std::{fs, io};

use koncorde_tests::{Case, corpus};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let match_cases = corpus("match.jsonl.gz");
    let parse_cases = corpus("parse.jsonl");
    let filters: Vec<String> = parse_cases
        .iter()
        .map(|it| it.get("filter").to_string())
        .collect();
    write("parse", &filters)?;
    write("round_trip", &filters)?;
    let documents = match_cases.iter().flat_map(|it| it.list("docs"));
    write("json", &texts(documents.take(2000)))?;
    write("differential", &texts(match_cases.iter().map(small)))?;
    let removals = corpus("remove.jsonl.gz");
    write("operations", &texts(removals.iter().map(short)))?;
    let pairs = corpus("equiv.jsonl");
    let pairs = pairs
        .iter()
        .map(|it| json!({"a": it.get("a"), "b": it.get("b")}));
    write("identity", &texts(pairs))
}

fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|it| it.to_string()).collect()
}

/// A case with few filters and documents: a fuzzer is quick on small inputs.
fn small(case: &Case) -> Value {
    let first = |key: &str, count: usize| case.list(key).iter().take(count).collect::<Vec<_>>();
    json!({"filters": first("filters", 6), "docs": first("docs", 3)})
}

/// A case with few operations.
fn short(case: &Case) -> Value {
    let operations: Vec<&Value> = case.list("ops").iter().take(25).collect();
    json!({"filters": case.list("filters"), "ops": operations})
}

#[expect(clippy::print_stdout, reason = "a command says what it has done")]
fn write(target: &str, seeds: &[String]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    fs::create_dir_all(&folder)?;
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}.json")), seed)?;
    }
    println!("{target}: {} seeds", seeds.len());
    Ok(())
}
