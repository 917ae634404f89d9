//! What has to be verified for a candidate: a tree of literals, by number.

/// A condition, possibly negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lit(u32);

impl Lit {
    pub(super) fn new(condition: u32, negated: bool) -> Self {
        Self(condition << 1 | u32::from(negated))
    }

    #[inline]
    pub(super) fn condition(self) -> u32 {
        self.0 >> 1
    }

    #[inline]
    pub(super) fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Literals joined by `and` and `or`; cheap ones come first.
#[derive(Clone, Debug)]
pub(super) enum Program {
    Always,
    All(Box<[Lit]>),
    Any(Box<[Lit]>),
    And(Box<[Program]>),
    Or(Box<[Program]>),
}

impl Program {
    /// Whether it holds, given what its literals do.
    #[inline]
    pub(super) fn holds(&self, literal: &mut impl FnMut(Lit) -> bool) -> bool {
        match self {
            Self::Always => true,
            Self::All(literals) => literals.iter().all(|it| literal(*it)),
            Self::Any(literals) => literals.iter().any(|it| literal(*it)),
            Self::And(_) | Self::Or(_) => self.tree_holds(literal),
        }
    }

    fn tree_holds(&self, literal: &mut dyn FnMut(Lit) -> bool) -> bool {
        match self {
            Self::And(programs) => programs.iter().all(|it| it.tree_holds(literal)),
            Self::Or(programs) => programs.iter().any(|it| it.tree_holds(literal)),
            Self::Always => true,
            Self::All(literals) => literals.iter().all(|it| literal(*it)),
            Self::Any(literals) => literals.iter().any(|it| literal(*it)),
        }
    }

    pub(super) fn for_each(&self, visit: &mut impl FnMut(Lit)) {
        match self {
            Self::Always => (),
            Self::All(literals) | Self::Any(literals) => {
                literals.iter().for_each(|it| visit(*it));
            }
            Self::And(programs) | Self::Or(programs) => {
                programs.iter().for_each(|it| it.for_each(visit));
            }
        }
    }
}
