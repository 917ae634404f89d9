//! The table: what is compared with whom, and how much faster we want to be.

use crate::session::{ORIGINAL, ORIGINAL_BYTES};

/// A line of the table.
pub struct Row {
    /// The name of a definition in `koncorde-benches`.
    pub workload: &'static str,
    /// The way of ours that the ratio is about.
    pub ours: &'static str,
    /// Whom the best is taken of.
    pub rivals: &'static [&'static str],
    pub figure: Figure,
    /// How many times better we want to be.
    pub least: f64,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Figure {
    /// Thread time per document.
    Time,
    /// Thread time per registered filter.
    Registration,
    /// Memory per filter.
    Memory,
}

/// Documents come as bytes.
const CRATES: &[&str] = &[
    "mokaccino",
    "mokaccino-optimized",
    "quamina",
    "quamina-speed",
    "a-tree",
];

/// Without the variants that help at some sizes only and never finish at others.
const LARGE: &[&str] = &["mokaccino", "mokaccino-optimized", "quamina", "a-tree"];

/// Documents come parsed.
const NPM: &[&str] = &[ORIGINAL];

const fn bytes(workload: &'static str, rivals: &'static [&'static str], least: f64) -> Row {
    row(workload, "koncorde", rivals, Figure::Time, least)
}

const fn parsed(workload: &'static str, least: f64) -> Row {
    row(workload, "koncorde-parsed", NPM, Figure::Time, least)
}

const fn row(
    workload: &'static str,
    ours: &'static str,
    rivals: &'static [&'static str],
    figure: Figure,
    least: f64,
) -> Row {
    Row {
        workload,
        ours,
        rivals,
        figure,
        least,
    }
}

pub const ROWS: &[Row] = &[
    parsed("own-equals-10k", 5.0),
    parsed("own-exists-10k", 5.0),
    parsed("own-in-10k", 5.0),
    parsed("own-range-10k", 30.0),
    parsed("own-box-10k", 5.0),
    parsed("own-distance-10k", 5.0),
    parsed("own-ring-10k", 5.0),
    parsed("own-polygon-10k", 30.0),
    parsed("common-100k", 5000.0),
    parsed("regexp-none-10k", 200.0),
    row(
        "notequals-10k",
        "koncorde-parsed-visit",
        NPM,
        Figure::Time,
        1000.0,
    ),
    parsed("tenth-10k", 100.0),
    parsed("fields-10k", 1000.0),
    row(
        "in50-10k",
        "koncorde-parsed",
        NPM,
        Figure::Registration,
        100.0,
    ),
    row("in50-10k", "koncorde-parsed", NPM, Figure::Memory, 10.0),
    bytes("eq-10k", CRATES, 8.0),
    bytes("eq-100k", CRATES, 8.0),
    bytes("eq-1m", LARGE, 8.0),
    bytes("and-10k", CRATES, 12.0),
    bytes("and-100k", CRATES, 12.0),
    bytes("and-1m", LARGE, 25.0),
    bytes("range-10k", CRATES, 8.0),
    bytes("range-100k", CRATES, 10.0),
    bytes("prefix-10k", CRATES, 4.0),
    bytes("regex-10k", CRATES, 3.0),
    bytes("andnot-10k", CRATES, 10.0),
    row("not-10k", "koncorde-visit", CRATES, Figure::Time, 20.0),
];

/// Who is measured besides, for the long table.
pub fn besides(row: &Row) -> Vec<&'static str> {
    if row.ours.contains("parsed") {
        return vec!["koncorde-parsed", "koncorde-parsed-visit"];
    }
    let mut engines = vec![
        "koncorde",
        "koncorde-visit",
        "mokaccino-lean",
        "mokaccino-optimized-lean",
    ];
    // For the plot; at a million, it takes a minute to register.
    if ["eq-10k", "eq-100k", "and-10k", "and-100k"].contains(&row.workload) {
        engines.push(ORIGINAL_BYTES);
    }
    engines
}

/// What the plot shows besides: smaller numbers of filters of these workloads.
pub const SMALL: [(&str, usize); 4] = [
    ("eq-10k", 100),
    ("eq-10k", 1000),
    ("and-10k", 100),
    ("and-10k", 1000),
];

/// Who takes part in it.
pub const PLOTTED: &[&str] = &["koncorde", "mokaccino", "quamina", "a-tree", ORIGINAL_BYTES];
