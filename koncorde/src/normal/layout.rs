//! A diagram, written down.
//!
//! First come the questions that it asks, then its nodes. A question about a field
//! lists the classes of values that this diagram tells apart, and not those that
//! the conditions of a filter would: so equal functions are equal bytes.
//!
//! Cost: linear in the children of the nodes, and in the values that are named.

use ahash::AHashMap;

use super::chain::decide;
use super::diagram::{Diagram, FALSE, NodeId, TRUE, Variable};
use super::domain::{Cell, Opaque};
use super::values::Values;
use super::writer::Writer;
use crate::scalar::Scalar;

/// Writes the diagram under an inner node.
pub(super) fn write(diagram: &Diagram<'_>, root: NodeId, writer: &mut Writer) {
    let mut nodes_of: Vec<Vec<NodeId>> = vec![Vec::new(); diagram.variables.len()];
    for id in reachable(diagram, root) {
        if let Some(node) = diagram.node(id) {
            nodes_of[node.variable as usize].push(id);
        }
    }
    writer.mark(b'D');
    writer.count(nodes_of.iter().filter(|it| !it.is_empty()).count());
    let mut questions: Vec<Question> = Vec::with_capacity(nodes_of.len());
    let mut asked = 0;
    for (variable, nodes) in diagram.variables.iter().zip(&nodes_of) {
        let mut order = Vec::new();
        if !nodes.is_empty() {
            order = write_question(diagram, *variable, nodes, writer);
            asked += 1;
        }
        let number = asked;
        questions.push(Question { number, order });
    }
    write_nodes(diagram, root, &questions, writer);
}

/// How a variable is written.
struct Question {
    number: usize,
    /// The places of a node's children that are written, in their order.
    order: Vec<usize>,
}

fn reachable(diagram: &Diagram<'_>, root: NodeId) -> Vec<NodeId> {
    let mut is_known = vec![false; diagram.len() + 2];
    let mut reached = vec![root];
    let mut next = 0;
    while let Some(id) = reached.get(next).copied() {
        next += 1;
        for child in diagram.node(id).iter().flat_map(|it| &it.children) {
            if !std::mem::replace(&mut is_known[*child as usize], true) {
                reached.push(*child);
            }
        }
    }
    reached
}

/// Writes what a variable asks, and returns which children of its nodes answer it.
fn write_question(
    diagram: &Diagram<'_>,
    variable: Variable<'_>,
    nodes: &[NodeId],
    writer: &mut Writer,
) -> Vec<usize> {
    writer.text(diagram.fields[variable.field()].0.as_str());
    match variable {
        Variable::Class { field } => {
            writer.mark(b'F');
            let mut answers = answers(diagram, field, nodes);
            answers.sort_unstable();
            writer.count(answers.len());
            for (values, _) in &answers {
                writer.bytes.extend_from_slice(values);
            }
            answers.into_iter().map(|(_, class)| class).collect()
        }
        Variable::Opaque { asks, .. } => {
            match asks {
                Opaque::Shape(shape) => {
                    writer.mark(b'G');
                    writer.shape(shape);
                }
                Opaque::Other(test) => {
                    writer.mark(b'O');
                    writer.test(test);
                }
            }
            let node = nodes.first().and_then(|it| diagram.node(*it));
            (0..node.map_or(0, |it| it.children.len())).collect()
        }
    }
}

/// The classes of a field that its nodes tell apart: their values, written, and
/// one class of the domain that leads where they lead.
///
/// A named string that leads where all other strings lead, once what those leave
/// open is decided for it, is not special and in no class.
fn answers(diagram: &Diagram<'_>, field: usize, nodes: &[NodeId]) -> Vec<(Vec<u8>, usize)> {
    let classes = &diagram.fields[field].1.classes;
    let child =
        |id: &NodeId, class: usize| diagram.node(*id).map_or(FALSE, |it| it.children[class]);
    let has_others = |it: usize| classes[it].cells.contains(&Cell::OtherStrings);
    let others = (0..classes.len()).find(|it| has_others(*it)).unwrap_or(0);
    let mut by_way: AHashMap<Vec<NodeId>, (Vec<Cell<'_>>, usize)> = AHashMap::new();
    for (at, class) in classes.iter().enumerate() {
        let is_string = |it: &&Cell<'_>| matches!(it, Cell::Value(Scalar::String(_)));
        let is_special = class.cells.iter().any(|it| is_string(&it))
            && nodes
                .iter()
                .any(|id| decide(diagram, child(id, others), field, class) != child(id, at));
        let way = nodes.iter().map(|id| child(id, at)).collect();
        let (cells, _) = by_way.entry(way).or_insert_with(|| (Vec::new(), at));
        let kept = class.cells.iter().filter(|it| is_special || !is_string(it));
        cells.extend(kept.copied());
    }
    let answers = by_way.into_values().filter(|(cells, _)| !cells.is_empty());
    answers
        .map(|(cells, class)| {
            let mut values = Vec::new();
            Values::of_cells(cells, Vec::new()).write(&mut values);
            (values, class)
        })
        .collect()
}

/// Nodes in the order in which a walk first meets them; the leaves are 0 and 1.
fn write_nodes(diagram: &Diagram<'_>, root: NodeId, questions: &[Question], writer: &mut Writer) {
    let mut places = AHashMap::from([(FALSE, 0), (TRUE, 1), (root, 2)]);
    let mut queue = vec![root];
    let mut next = 0;
    while let Some(node) = queue.get(next).and_then(|id| diagram.node(*id)) {
        next += 1;
        let question = &questions[node.variable as usize];
        writer.count(question.number);
        for child in question.order.iter().map(|it| node.children[*it]) {
            let place = *places.entry(child).or_insert_with(|| {
                queue.push(child);
                queue.len() + 1
            });
            writer.count(place);
        }
    }
}
