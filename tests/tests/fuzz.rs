//! What must hold for any input, held against inputs from a seed and against
//! every input that ever failed. `FUZZ_SECONDS` makes it longer than the second
//! that each promise gets here.

#![allow(
    clippy::print_stdout,
    reason = "a failure is repeated from what is printed"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use koncorde_fuzz as promise;
use koncorde_tests::Random;

/// Replays what failed before, then tries inputs from a seed until time is up.
fn check(name: &str, promise: fn(&[u8]), make: impl Fn(&mut Random) -> Vec<u8>) {
    let mut replayed = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions");
    for entry in fs::read_dir(folder.join(name)).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        println!("{}", path.display());
        promise(&fs::read(path).expect("the file can be read"));
        replayed += 1;
    }
    let seconds = std::env::var("FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|it| it.parse().ok()).unwrap_or(1.0);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut random = Random::from_env(0);
    let mut runs = 0u64;
    while Instant::now() < end {
        let input = make(&mut random);
        if let Err(panic) = std::panic::catch_unwind(|| promise(&input)) {
            let path = std::env::temp_dir().join(format!("koncorde-{name}-{runs}"));
            fs::write(&path, &input).expect("the input can be kept");
            println!("the input is in {}", path.display());
            std::panic::resume_unwind(panic);
        }
        runs += 1;
    }
    println!("{name}: {replayed} replayed, {runs} inputs from the seed");
}

fn bytes(random: &mut Random) -> Vec<u8> {
    let bits = 3 + random.below(8);
    let count = 1 + random.below(1 << bits);
    (0..count).map(|_| random.bits() as u8).collect()
}

/// Text that looks like JSON, broken here and there.
fn broken(random: &mut Random, seeds: &[String]) -> Vec<u8> {
    let mut bytes = random.pick(seeds).clone().into_bytes();
    for _ in 0..random.below(4) {
        let place = random.below(bytes.len().max(1));
        match (random.below(4), bytes.is_empty()) {
            (_, true) => bytes.push(b'{'),
            (0, _) => bytes[place] = random.bits() as u8,
            (1, _) => drop(bytes.remove(place)),
            (2, _) => {
                let other = random.pick(seeds).as_bytes();
                let start = random.below(other.len().max(1));
                let end = (start + random.below(20)).min(other.len());
                let part = other[start.min(end)..end].to_vec();
                bytes.splice(place..place, part);
            }
            _ => bytes.insert(
                place,
                *random.pick(b"{}[]:,\"\\0123456789.eE+-tfn \x00\xff"),
            ),
        }
    }
    bytes
}

#[test]
fn parse() {
    let seeds = corpus_texts("parse.jsonl", "filter");
    check("parse", promise::parse, |random| broken(random, &seeds));
}

#[test]
fn json() {
    let mut seeds: Vec<String> = corpus_lists("match-large.jsonl", "docs");
    seeds.extend([
        r#"{"a":{"b":1},"a.b":2,"a":3}"#.to_owned(),
        r#"{"a":"\u00e9\ud83d\ude00\n","b":[1,-0.0,1e-7,123456789.123456789e3]}"#.to_owned(),
    ]);
    check("json", promise::json, |random| broken(random, &seeds));
}

#[test]
fn round_trip() {
    check("round_trip", promise::round_trip, bytes);
}

#[test]
fn differential() {
    check("differential", promise::differential, bytes);
}

#[test]
fn operations() {
    check("operations", promise::operations, bytes);
}

#[test]
fn identity() {
    check("identity", promise::identity, bytes);
}

#[test]
fn patterns() {
    check("patterns", promise::patterns, bytes);
}

fn corpus_texts(name: &str, key: &str) -> Vec<String> {
    let cases = koncorde_tests::corpus(name);
    cases.iter().map(|it| it.get(key).to_string()).collect()
}

fn corpus_lists(name: &str, key: &str) -> Vec<String> {
    let cases = koncorde_tests::corpus(name);
    let lists = cases.iter().flat_map(|it| it.list(key));
    lists.map(|it| it.to_string()).collect()
}
