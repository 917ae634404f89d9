//! What was measured, as Markdown.

use crate::race::{Result_, Times};
use crate::rows::{Figure, Row};

/// A line of the table of ratios.
pub struct Line {
    pub text: String,
    pub is_reached: bool,
}

pub const HEAD: &str = "| workload | figure | koncorde | best rival | which | ratio | wanted | |\n\
    |---|---|---:|---:|---|---:|---:|---|";

pub const DETAILS: &str = "| workload | filters | engine | median | best | register, per filter | memory, per filter | answers compared |\n\
    |---|---:|---|---:|---:|---:|---:|---|";

/// The ratio that a row asks for.
pub fn line(row: &Row, results: &[Result_]) -> Line {
    let figure = |times: &Times| match row.figure {
        Figure::Time => times.median_nanos,
        Figure::Registration => times.register_nanos,
        Figure::Memory => times.bytes_per_filter,
    };
    let of = |engine: &str| {
        let result = results.iter().find(|it| it.engine == engine)?;
        let times = result.outcome.as_ref().ok().filter(|it| it.wrong == 0)?;
        Some(figure(times))
    };
    let best = row.rivals.iter().filter_map(|it| Some((of(it)?, *it)));
    let best = best.min_by(|a, b| a.0.total_cmp(&b.0));
    let what = match row.figure {
        Figure::Time if row.ours.ends_with("visit") => "test, visitor",
        Figure::Time => "test",
        Figure::Registration => "registration",
        Figure::Memory => "memory",
    };
    let (Some(ours), Some((theirs, who))) = (of(row.ours), best) else {
        let text = format!(
            "| {} | {what} | | | nobody finished | | {} × | |",
            row.workload, row.least
        );
        return Line {
            text,
            is_reached: false,
        };
    };
    let ratio = theirs / ours;
    let is_reached = ratio >= row.least;
    let text = format!(
        "| {} | {what} | {} | {} | {who} | {} × | {} × | {} |",
        row.workload,
        shown(row.figure, ours),
        shown(row.figure, theirs),
        rounded(ratio),
        row.least,
        if is_reached { "✓" } else { "✗" },
    );
    Line { text, is_reached }
}

/// Everything known about one engine on one workload.
pub fn details(workload: &str, filters: usize, result: &Result_) -> String {
    let engine = result.engine;
    match &result.outcome {
        Err(refusal) => format!("| {workload} | {filters} | {engine} | {refusal} | | | | |"),
        Ok(it) => format!(
            "| {workload} | {filters} | {engine} | {} | {} | {} | {} | {} {} |",
            shown(Figure::Time, it.median_nanos),
            shown(Figure::Time, it.best_nanos),
            shown(Figure::Registration, it.register_nanos),
            shown(Figure::Memory, it.bytes_per_filter),
            it.checked,
            match it.wrong {
                0 => "right".into(),
                wrong => format!("of which {wrong} **wrong**"),
            },
        ),
    }
}

pub const RECORD: &str = "workload,filters,engine,median_ns,best_ns,register_ns_per_filter,bytes_per_filter,compared,wrong,refusal";

/// The same for machines.
pub fn record(workload: &str, filters: usize, result: &Result_) -> String {
    let engine = result.engine;
    match &result.outcome {
        Err(refusal) => {
            let refusal = refusal.replace([',', '\n'], ";");
            format!("{workload},{filters},{engine},,,,,,,{refusal}")
        }
        Ok(it) => format!(
            "{workload},{filters},{engine},{:.1},{:.1},{:.1},{:.1},{},{},",
            it.median_nanos,
            it.best_nanos,
            it.register_nanos,
            it.bytes_per_filter,
            it.checked,
            it.wrong,
        ),
    }
}

fn shown(figure: Figure, value: f64) -> String {
    match figure {
        Figure::Memory => format!("{} B", rounded(value)),
        _ => format!("{} µs", rounded(value / 1e3)),
    }
}

/// Three digits, thousands apart.
fn rounded(value: f64) -> String {
    let digits = match value {
        it if it < 0.995 => 3,
        it if it < 9.95 => 2,
        it if it < 99.5 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    match text.len() {
        5.. if digits == 0 => {
            let (thousands, rest) = text.split_at(text.len() - 3);
            format!("{thousands} {rest}")
        }
        _ => text,
    }
}
