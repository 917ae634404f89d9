//! Settings and where they come from.

/// All settings, checked.
#[derive(Clone, Debug, Default)]
pub struct Config {}
