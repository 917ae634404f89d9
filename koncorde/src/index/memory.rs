//! How much memory an index takes.
//!
//! Lists and tables know what they have reserved; texts, programs and the like
//! are counted as they come and go; the structures of each field are estimated
//! from what is in them.
//!
//! Cost: linear in the chunks of lists and tables, and in the fields.

use super::{Index, Way};
use crate::statistics::Statistics;

impl Index {
    pub(crate) fn statistics(&self) -> Statistics {
        Statistics {
            filters: self.filters.len(),
            subfilters: self.subfilters,
            conditions: self.conditions.len(),
            fields: self.fields.len(),
            moves: self.survey.moves,
            bytes: self.bytes(),
        }
    }

    fn bytes(&self) -> usize {
        let lists = self.filters.bytes() + self.ways.bytes() + self.heap_bytes;
        let members = self.one_of.bytes() + self.contained.bytes();
        let lists = lists + self.traffic.bytes();
        lists + members + self.conditions.bytes() + self.fields.bytes()
    }

    /// In how many ways a filter is found.
    pub(super) fn ways(&self, filter: u32) -> usize {
        match self.filters[filter].access.way() {
            Way::None => 0,
            Way::Always => 1,
            Way::One(_) | Way::Any(_) => self.postings(filter).len(),
        }
    }
}
