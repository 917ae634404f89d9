//! Lists of conditions that a value may satisfy.

/// Keeps those from `first` on that hold, each once.
pub(super) fn keep(found: &mut Vec<u32>, first: usize, mut holds: impl FnMut(u32) -> bool) {
    found[first..].sort_unstable();
    let mut kept = first;
    let mut last = None;
    for place in first..found.len() {
        let candidate = found[place];
        if last.replace(candidate) != Some(candidate) && holds(candidate) {
            found[kept] = candidate;
            kept += 1;
        }
    }
    found.truncate(kept);
}
