//! Memory and processors, as the system tells them. Where it tells nothing
//! (Linux does), the answers are zero and empty.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Resident memory of this process.
pub(super) fn memory_used_bytes() -> u64 {
    of_this_process("VmRSS:")
}

/// The most it ever was.
pub(super) fn memory_peak_bytes() -> u64 {
    of_this_process("VmHWM:")
}

fn of_this_process(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    kilobytes(&text, name).unwrap_or(0) * 1024
}

/// The files of a folder and of those in it; what cannot be read counts for nothing.
pub(super) fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|it| match it.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&it.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// `1536` → `1.50K`.
pub(super) fn readable(bytes: u64) -> String {
    let mut amount = bytes as f64;
    for unit in ["", "K", "M", "G"] {
        if amount < 1024.0 {
            return format!("{amount:.2}{unit}");
        }
        amount /= 1024.0;
    }
    format!("{amount:.2}T")
}

/// The number on the line that starts so.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|it| it.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `{free, total}` in bytes.
pub(super) fn memory() -> Value {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let bytes = |name| kilobytes(&text, name).unwrap_or(0) * 1024;
    json!({"free": bytes("MemFree:"), "total": bytes("MemTotal:")})
}

/// One object for each processor: model, speed in MHz, milliseconds spent.
pub(super) fn processors() -> Vec<Value> {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let times = stat
        .lines()
        .filter(|it| it.starts_with("cpu") && !it.starts_with("cpu "));
    text.split("\n\n")
        .filter(|it| it.contains("processor"))
        .zip(times)
        .map(|(processor, times)| {
            let field = |name: &str| {
                let line = processor.lines().find(|it| it.starts_with(name))?;
                Some(line.split_once(':')?.1.trim())
            };
            let speed = field("cpu MHz").and_then(|it| it.parse::<f64>().ok());
            json!({
                "model": field("model name").unwrap_or_default(),
                "speed": speed.unwrap_or(0.0).round() as u64,
                "times": times_of(times),
            })
        })
        .collect()
}

/// A line of `/proc/stat`, whose ticks are hundredths of a second.
fn times_of(line: &str) -> Value {
    let mut ticks = line
        .split_whitespace()
        .skip(1)
        .map(|it| it.parse().unwrap_or(0u64) * 10);
    let mut next = || ticks.next().unwrap_or(0);
    let (user, nice, sys, idle, _iowait, irq) = (next(), next(), next(), next(), next(), next());
    json!({"user": user, "nice": nice, "sys": sys, "idle": idle, "irq": irq})
}
