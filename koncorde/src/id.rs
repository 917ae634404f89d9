//! The 128-bit name of a filter.

use std::fmt;
use std::str::FromStr;

use smallvec::SmallVec;

/// The id of a filter: 128 bits, the same for equivalent filters under one seed
/// and index name, on every machine and in every process.
///
/// It displays as 32 hexadecimal digits and parses back from them.
///
/// ```
/// use koncorde::FilterId;
///
/// let id: FilterId = "0000000000000000000000000000beef".parse()?;
/// assert_eq!(id, FilterId::from_u128(0xbeef));
/// assert_eq!(id.to_string(), "0000000000000000000000000000beef");
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterId(u128);

impl FilterId {
    /// The keyed hash of the name of an index and a canonical form.
    pub(crate) fn new(seed: &[u8; 32], index: Option<&str>, form: &[u8]) -> Self {
        let mut text: SmallVec<[u8; 256]> = SmallVec::new();
        match index {
            None => text.push(0),
            Some(name) => {
                text.push(1);
                text.extend_from_slice(&(name.len() as u64).to_le_bytes());
                text.extend_from_slice(name.as_bytes());
            }
        }
        text.extend_from_slice(form);
        let hash = blake3::keyed_hash(seed, &text);
        let mut bits = [0; 16];
        bits.copy_from_slice(&hash.as_bytes()[..16]);
        Self(u128::from_be_bytes(bits))
    }

    /// The id with these 128 bits.
    pub const fn from_u128(bits: u128) -> Self {
        Self(bits)
    }

    /// The 128 bits.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for FilterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for FilterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilterId({self})")
    }
}

impl FromStr for FilterId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}
