//! What has to be verified for a candidate: a tree of literals, by number.
//!
//! Most filters have a few literals, all of which must hold: they stand in the
//! program itself. What is longer or has another shape stands elsewhere.

/// A condition, possibly negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lit(u32);

impl Lit {
    /// These are of no condition.
    pub(super) const MAX: [Self; 3] = [Self(u32::MAX), Self(u32::MAX - 1), Self(u32::MAX - 2)];

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
    One(Lit),
    Two([Lit; 2]),
    Three([Lit; 3]),
    Tree(Box<Tree>),
}

/// A program of any shape.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    All(Box<[Lit]>),
    Any(Box<[Lit]>),
    And(Box<[Program]>),
    Or(Box<[Program]>),
}

impl Program {
    /// All of these must hold.
    pub(super) fn all(literals: Vec<Lit>) -> Self {
        match literals[..] {
            [] => Self::Always,
            [a] => Self::One(a),
            [a, b] => Self::Two([a, b]),
            [a, b, c] => Self::Three([a, b, c]),
            _ => Self::Tree(Box::new(Tree::All(literals.into()))),
        }
    }

    /// One of these must hold.
    pub(super) fn any(literals: Vec<Lit>) -> Self {
        match literals[..] {
            [only] => Self::One(only),
            _ => Self::Tree(Box::new(Tree::Any(literals.into()))),
        }
    }

    pub(super) fn and(programs: Vec<Self>) -> Self {
        Self::Tree(Box::new(Tree::And(programs.into())))
    }

    pub(super) fn or(programs: Vec<Self>) -> Self {
        Self::Tree(Box::new(Tree::Or(programs.into())))
    }

    /// The literals of which each must hold, as far as they stand side by side.
    pub(super) fn required(&self) -> &[Lit] {
        match self {
            Self::Always => &[],
            Self::One(literal) => std::slice::from_ref(literal),
            Self::Two(literals) => literals,
            Self::Three(literals) => literals,
            Self::Tree(tree) => match &**tree {
                Tree::All(literals) => literals,
                Tree::And(programs) => programs.first().map_or(&[], Self::required),
                Tree::Any(_) | Tree::Or(_) => &[],
            },
        }
    }

    /// Whether it holds, given what its literals do.
    #[inline]
    pub(super) fn holds(&self, literal: &mut impl FnMut(Lit) -> bool) -> bool {
        match self {
            Self::Always => true,
            Self::One(it) => literal(*it),
            Self::Two(literals) => literals.iter().all(|it| literal(*it)),
            Self::Three(literals) => literals.iter().all(|it| literal(*it)),
            Self::Tree(tree) => tree.holds(literal),
        }
    }

    pub(super) fn for_each(&self, visit: &mut impl FnMut(Lit)) {
        match self {
            Self::Always => (),
            Self::One(it) => visit(*it),
            Self::Two(literals) => literals.iter().for_each(|it| visit(*it)),
            Self::Three(literals) => literals.iter().for_each(|it| visit(*it)),
            Self::Tree(tree) => tree.for_each(visit),
        }
    }

    /// The memory it holds elsewhere.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Tree(tree) => size_of::<Tree>() + tree.heap_bytes(),
            _ => 0,
        }
    }
}

impl Tree {
    fn holds(&self, literal: &mut dyn FnMut(Lit) -> bool) -> bool {
        let literal = &mut |it| literal(it);
        match self {
            Self::All(literals) => literals.iter().all(|it| literal(*it)),
            Self::Any(literals) => literals.iter().any(|it| literal(*it)),
            Self::And(programs) => programs.iter().all(|it| it.holds_inside(literal)),
            Self::Or(programs) => programs.iter().any(|it| it.holds_inside(literal)),
        }
    }

    fn for_each(&self, visit: &mut dyn FnMut(Lit)) {
        match self {
            Self::All(literals) | Self::Any(literals) => {
                literals.iter().for_each(|it| visit(*it));
            }
            Self::And(programs) | Self::Or(programs) => {
                let visit = &mut |it| visit(it);
                programs.iter().for_each(|it| it.for_each_inside(visit));
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::All(literals) | Self::Any(literals) => size_of_val(&**literals),
            Self::And(programs) | Self::Or(programs) => {
                let inside: usize = programs.iter().map(Program::heap_bytes).sum();
                size_of_val(&**programs) + inside
            }
        }
    }
}

/// Below the root the closure is behind a pointer, so that its type ends.
impl Program {
    fn holds_inside(&self, literal: &mut dyn FnMut(Lit) -> bool) -> bool {
        self.holds(&mut |it| literal(it))
    }

    fn for_each_inside(&self, visit: &mut dyn FnMut(Lit)) {
        self.for_each(&mut |it| visit(it));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_small() {
        assert_eq!(size_of::<Program>(), 16);
    }
}
