//! Values by name, in the order of their names, in as little memory as they
//! take: there are thousands of mappings, most of them small.

/// A row of pairs. Looking up takes a binary search, inserting moves what
/// stands behind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sorted<T>(Vec<(Box<str>, T)>);

impl<T> Sorted<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|it| (*it.0).cmp(name))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        let place = self.place(name).ok()?;
        self.0.get(place).map(|it| &it.1)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        let place = self.place(name).ok()?;
        self.0.get_mut(place).map(|it| &mut it.1)
    }

    /// Puts the value in the place of the one with its name.
    pub(crate) fn insert(&mut self, name: &str, value: T) {
        match self.place(name) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (name.into(), value)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<T> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|it| &it.1)
    }
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> IntoIterator for Sorted<T> {
    type Item = (Box<str>, T);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> FromIterator<(&'a str, T)> for Sorted<T> {
    fn from_iter<I: IntoIterator<Item = (&'a str, T)>>(pairs: I) -> Self {
        let mut sorted = Self::default();
        for (name, value) in pairs {
            sorted.insert(name, value);
        }
        sorted.0.shrink_to_fit();
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_in_their_order() {
        let mut sorted = Sorted::from_iter([("b", 1), ("a", 2), ("c", 3), ("b", 4)]);
        let all: Vec<_> = sorted.iter().collect();
        assert_eq!(all, [("a", &2), ("b", &4), ("c", &3)]);
        assert_eq!(
            (sorted.get("b"), sorted.get("d"), sorted.len()),
            (Some(&4), None, 3)
        );
        assert_eq!((sorted.remove("b"), sorted.remove("b")), (Some(4), None));
        *sorted.get_mut("c").unwrap() = 5;
        assert_eq!(sorted.values().sum::<i32>(), 7);
    }
}
