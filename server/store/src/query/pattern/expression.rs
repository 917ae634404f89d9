//! Languages as expressions, with derivatives: what may still come after a
//! letter was read.
//!
//! Equal expressions have equal ids, and unions and intersections are sorted
//! sets: so the derivatives of an expression are finitely many, and they are
//! the states of its automaton.

use std::collections::HashMap;

use super::Result;

/// Beyond this an expression is not worth its memory.
const EXPRESSIONS_MAX: usize = 200_000;

/// The parts that are looked at to make it: what bounds time, and the memory of
/// large sets.
const WORK_MAX: usize = 3_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(u32);

/// Letters, as ranges in order.
pub(super) type Class = Vec<(char, char)>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    /// No text at all.
    Nothing,
    /// The empty text.
    Empty,
    Class(Class),
    Then(Id, Id),
    Either(Vec<Id>),
    Both(Vec<Id>),
    Many(Id),
    Not(Id),
}

/// The expressions made so far.
pub(super) struct Expressions {
    nodes: Vec<Node>,
    /// Whether the empty text is one of the language's.
    takes_empty: Vec<bool>,
    ids: HashMap<Node, Id>,
    ignore_case: bool,
    derivatives: HashMap<(Id, char), Id>,
    work: usize,
    nothing: Id,
    empty: Id,
    anything: Id,
}

impl Expressions {
    /// Without case: for letters of ASCII, as in Elasticsearch.
    pub(super) fn new(ignore_case: bool) -> Self {
        let nodes = vec![Node::Nothing, Node::Empty, Node::Not(Id(0))];
        let ids = (0..).zip(&nodes).map(|(id, it)| (it.clone(), Id(id)));
        Self {
            ids: ids.collect(),
            nodes,
            takes_empty: vec![false, true, true],
            ignore_case,
            derivatives: HashMap::new(),
            work: 0,
            nothing: Id(0),
            empty: Id(1),
            anything: Id(2),
        }
    }

    pub(super) fn nothing(&self) -> Id {
        self.nothing
    }

    pub(super) fn empty(&self) -> Id {
        self.empty
    }

    pub(super) fn anything(&self) -> Id {
        self.anything
    }

    pub(super) fn takes_empty(&self, id: Id) -> bool {
        self.takes_empty[id.0 as usize]
    }

    fn node(&mut self, node: Node) -> Result<Id> {
        if let Some(id) = self.ids.get(&node) {
            return Ok(*id);
        }
        if self.nodes.len() >= EXPRESSIONS_MAX {
            return Err(too_complex());
        }
        let takes = |it: &Id| self.takes_empty[it.0 as usize];
        let takes_empty = match &node {
            Node::Nothing | Node::Class(_) => false,
            Node::Empty | Node::Many(_) => true,
            Node::Then(a, b) => takes(a) && takes(b),
            Node::Either(all) => all.iter().any(takes),
            Node::Both(all) => all.iter().all(takes),
            Node::Not(it) => !takes(it),
        };
        let id = Id(self.nodes.len() as u32);
        self.nodes.push(node.clone());
        self.takes_empty.push(takes_empty);
        self.ids.insert(node, id);
        Ok(id)
    }

    fn spend(&mut self, work: usize) -> Result<()> {
        self.work += work;
        match self.work > WORK_MAX {
            true => Err(too_complex()),
            false => Ok(()),
        }
    }

    pub(super) fn letter(&mut self, letter: char) -> Result<Id> {
        self.class(vec![(letter, letter)])
    }

    pub(super) fn any_letter(&mut self) -> Result<Id> {
        self.class(vec![('\0', char::MAX)])
    }

    pub(super) fn class(&mut self, mut class: Class) -> Result<Id> {
        if self.ignore_case {
            add_cases(&mut class);
        }
        let class = merged(class);
        match class.is_empty() {
            true => Ok(self.nothing),
            false => self.node(Node::Class(class)),
        }
    }

    pub(super) fn other_letters(&mut self, class: Class) -> Result<Id> {
        let mut class = class;
        if self.ignore_case {
            add_cases(&mut class);
        }
        let class = complement(&merged(class));
        match class.is_empty() {
            true => Ok(self.nothing),
            false => self.node(Node::Class(class)),
        }
    }

    pub(super) fn then(&mut self, a: Id, b: Id) -> Result<Id> {
        if a == self.nothing || b == self.nothing {
            return Ok(self.nothing);
        }
        if a == self.empty {
            return Ok(b);
        }
        if b == self.empty {
            return Ok(a);
        }
        // To the right, so that equal sequences are equal.
        let mut parts = vec![a];
        while let Some(Node::Then(head, tail)) = parts.last().map(|it| &self.nodes[it.0 as usize]) {
            let (head, tail) = (*head, *tail);
            parts.pop();
            parts.extend([head, tail]);
        }
        self.spend(parts.len())?;
        let tail = |tail: Result<Id>, it: &Id| self.node(Node::Then(*it, tail?));
        parts.iter().rev().fold(Ok(b), tail)
    }

    pub(super) fn sequence(&mut self, parts: &[Id]) -> Result<Id> {
        let tail = Ok(self.empty);
        parts
            .iter()
            .rev()
            .fold(tail, |tail, it| self.then(*it, tail?))
    }

    pub(super) fn either(&mut self, parts: &[Id]) -> Result<Id> {
        let mut all = Vec::new();
        for part in parts {
            match &self.nodes[part.0 as usize] {
                Node::Either(inner) => all.extend(inner),
                Node::Nothing => (),
                _ => all.push(*part),
            }
        }
        self.spend(all.len())?;
        all.sort_unstable();
        all.dedup();
        if all.contains(&self.anything) {
            return Ok(self.anything);
        }
        match all[..] {
            [] => Ok(self.nothing),
            [one] => Ok(one),
            _ => self.node(Node::Either(all)),
        }
    }

    pub(super) fn both(&mut self, parts: &[Id]) -> Result<Id> {
        let mut all = Vec::new();
        for part in parts {
            match &self.nodes[part.0 as usize] {
                Node::Both(inner) => all.extend(inner),
                _ if *part == self.anything => (),
                _ => all.push(*part),
            }
        }
        self.spend(all.len())?;
        all.sort_unstable();
        all.dedup();
        if all.contains(&self.nothing) {
            return Ok(self.nothing);
        }
        match all[..] {
            [] => Ok(self.anything),
            [one] => Ok(one),
            _ => self.node(Node::Both(all)),
        }
    }

    pub(super) fn not(&mut self, of: Id) -> Result<Id> {
        match self.nodes[of.0 as usize] {
            Node::Not(inner) => Ok(inner),
            _ => self.node(Node::Not(of)),
        }
    }

    pub(super) fn many(&mut self, of: Id) -> Result<Id> {
        match &self.nodes[of.0 as usize] {
            Node::Nothing | Node::Empty => Ok(self.empty),
            Node::Many(_) => Ok(of),
            Node::Class(class) if class[..] == [('\0', char::MAX)] => Ok(self.anything),
            _ => self.node(Node::Many(of)),
        }
    }

    /// From `least` to `most` times.
    pub(super) fn repeat(&mut self, of: Id, least: usize, most: Option<usize>) -> Result<Id> {
        let mut tail = match most {
            None => self.many(of)?,
            Some(most) => {
                let mut tail = self.empty;
                for _ in least..most {
                    let more = self.then(of, tail)?;
                    tail = self.either(&[self.empty, more])?;
                }
                tail
            }
        };
        for _ in 0..least {
            tail = self.then(of, tail)?;
        }
        Ok(tail)
    }

    /// What may come after the letter. Parts first, without recursion: a long
    /// expression is a deep one.
    pub(super) fn after(&mut self, of: Id, letter: char) -> Result<Id> {
        let mut open = vec![of];
        while let Some(next) = open.last().copied() {
            if self.derivatives.contains_key(&(next, letter)) {
                open.pop();
                continue;
            }
            let known = open.len();
            let is_open = |it: &Id| !self.derivatives.contains_key(&(*it, letter));
            match &self.nodes[next.0 as usize] {
                Node::Nothing | Node::Empty | Node::Class(_) => (),
                Node::Then(a, b) => {
                    let needs_tail = self.takes_empty(*a);
                    open.extend([a].into_iter().filter(|it| is_open(it)));
                    open.extend([b].into_iter().filter(|it| needs_tail && is_open(it)));
                }
                Node::Either(all) | Node::Both(all) => {
                    open.extend(all.iter().filter(|it| is_open(it)));
                }
                Node::Many(inner) | Node::Not(inner) => {
                    open.extend([inner].into_iter().filter(|it| is_open(it)));
                }
            }
            if open.len() > known {
                continue;
            }
            self.spend(1)?;
            let after = self.derive(next, letter)?;
            self.derivatives.insert((next, letter), after);
        }
        Ok(self.derivatives[&(of, letter)])
    }

    /// Those of the parts are known.
    fn derive(&mut self, of: Id, letter: char) -> Result<Id> {
        let known = |all: &Self, it: Id| all.derivatives[&(it, letter)];
        match self.nodes[of.0 as usize].clone() {
            Node::Nothing | Node::Empty => Ok(self.nothing),
            Node::Class(class) => {
                let takes = class.iter().any(|it| it.0 <= letter && letter <= it.1);
                Ok(if takes { self.empty } else { self.nothing })
            }
            Node::Then(a, b) => {
                let whole = self.then(known(self, a), b)?;
                match self.takes_empty(a) {
                    false => Ok(whole),
                    true => self.either(&[whole, known(self, b)]),
                }
            }
            Node::Either(all) => {
                let all: Vec<Id> = all.iter().map(|it| known(self, *it)).collect();
                self.either(&all)
            }
            Node::Both(all) => {
                let all: Vec<Id> = all.iter().map(|it| known(self, *it)).collect();
                self.both(&all)
            }
            Node::Many(inner) => self.then(known(self, inner), of),
            Node::Not(inner) => self.not(known(self, inner)),
        }
    }

    /// The first letters of ranges of letters that no expression tells apart.
    pub(super) fn ranges(&self) -> Vec<char> {
        let mut starts = vec!['\0'];
        for node in &self.nodes {
            if let Node::Class(class) = node {
                starts.extend(class.iter().map(|it| it.0));
                starts.extend(class.iter().filter_map(|it| next(it.1)));
            }
        }
        starts.sort_unstable();
        starts.dedup();
        starts
    }
}

pub(super) fn too_complex() -> String {
    "it is too complex: it would take too many states".to_owned()
}

fn next(letter: char) -> Option<char> {
    match letter {
        '\u{D7FF}' => Some('\u{E000}'),
        letter => char::from_u32(u32::from(letter) + 1),
    }
}

fn previous(letter: char) -> Option<char> {
    match letter {
        '\u{E000}' => Some('\u{D7FF}'),
        letter => char::from_u32(u32::from(letter).checked_sub(1)?),
    }
}

fn add_cases(class: &mut Class) {
    let mut others = Vec::new();
    for (start, end) in class.iter() {
        for (from, to, other) in [('a', 'z', 'A'), ('A', 'Z', 'a')] {
            let (first, last) = ((*start).max(from), (*end).min(to));
            let moved = |it: char| char::from(it as u8 - from as u8 + other as u8);
            if first <= last {
                others.push((moved(first), moved(last)));
            }
        }
    }
    class.extend(others);
}

fn merged(mut class: Class) -> Class {
    class.sort_unstable();
    let mut merged: Class = Vec::with_capacity(class.len());
    for (start, end) in class {
        match merged.last_mut() {
            Some(last) if next(last.1).is_none_or(|it| start <= it) => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

fn complement(class: &Class) -> Class {
    let mut free = Class::new();
    let mut start = Some('\0');
    for (first, last) in class {
        if let (Some(start), Some(end)) = (start, previous(*first))
            && start <= end
        {
            free.push((start, end));
        }
        start = next(*last);
    }
    free.extend(start.map(|it| (it, char::MAX)));
    free
}
