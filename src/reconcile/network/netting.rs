//! Netting: what two owe each other, and what runs in a ring, is struck out. Arithmetic, not law: nobody has agreed.

use std::collections::VecDeque;

use super::fraction::{Fraction, zero};

/// What each owes each other one: row by debtor, column by creditor.
pub type Matrix = Vec<Vec<Fraction>>;

/// A ring of obligations that was struck out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Who owes whom, from the smallest index on.
    pub nodes: Vec<usize>,
    /// What each of them owes the next one and is no longer owed.
    pub amount: Fraction,
}

fn entry(owes: &Matrix, from: usize, to: usize) -> Fraction {
    owes.get(from).and_then(|row| row.get(to)).cloned().unwrap_or_else(zero)
}

/// Of each pair only the one who owes more still owes, and the difference.
#[must_use]
pub fn bilateral(owes: &Matrix) -> Matrix {
    let net = |from: usize, to: usize| (entry(owes, from, to) - entry(owes, to, from)).max(zero());
    let nodes = 0..owes.len();
    nodes.clone().map(|from| nodes.clone().map(|to| net(from, to)).collect()).collect()
}

/// Strikes out rings until none is left: always a shortest one, of these the first by its nodes, by the smallest
/// amount on it. What each has to get on balance does not change. Where rings share an obligation, another order would
/// leave others: which ones are struck out is a convention.
#[must_use]
pub fn cyclic(owes: &Matrix) -> (Matrix, Vec<Ring>) {
    let (mut left, mut rings) = (owes.clone(), Vec::new());
    // each ring makes an obligation vanish, so this ends
    while let Some(nodes) = shortest_ring(&left) {
        let edges: Vec<(usize, usize)> =
            nodes.iter().copied().zip(nodes.iter().copied().skip(1).chain(nodes.first().copied())).collect();
        let amount = edges.iter().map(|&(from, to)| entry(&left, from, to)).min().unwrap_or_else(zero);
        for (from, to) in edges {
            if let Some(entry) = left.get_mut(from).and_then(|row| row.get_mut(to)) {
                *entry -= &amount;
            }
        }
        rings.push(Ring { nodes, amount });
    }
    (left, rings)
}

/// The shortest ring, of several the one that is first by its nodes.
fn shortest_ring(owes: &Matrix) -> Option<Vec<usize>> {
    let through = |start: usize| ring_through(owes, start);
    (0..owes.len()).filter_map(through).min_by(|left, right| (left.len(), left).cmp(&(right.len(), right)))
}

/// The shortest ring in which `start` is the smallest node, by breadth first.
fn ring_through(owes: &Matrix, start: usize) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; owes.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for to in start..owes.len() {
            if entry(owes, at, to) == zero() {
                continue;
            }
            if to == start {
                let mut nodes = vec![at];
                let mut node = at;
                while let Some(before) = came_from.get(node).copied().flatten() {
                    nodes.push(before);
                    node = before;
                }
                nodes.reverse();
                return Some(nodes);
            }
            if let Some(place @ None) = came_from.get_mut(to) {
                *place = Some(at);
                queue.push_back(to);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[u32]]) -> Matrix {
        rows.iter().map(|row| row.iter().map(|units| Fraction::from_integer((*units).into())).collect()).collect()
    }

    #[test]
    fn a_pair_keeps_its_difference() {
        assert_eq!(bilateral(&matrix(&[&[0, 70], &[30, 0]])), matrix(&[&[0, 40], &[0, 0]]));
    }

    #[test]
    fn rings_vanish_and_balances_stay() {
        let owes = matrix(&[&[0, 60, 0, 5], &[0, 0, 50, 0], &[70, 10, 0, 0], &[0, 0, 0, 0]]);
        let (left, rings) = cyclic(&owes);
        let shown: Vec<(Vec<usize>, String)> =
            rings.iter().map(|ring| (ring.nodes.clone(), ring.amount.to_string())).collect();
        assert_eq!(shown, [(vec![1, 2], "10".to_owned()), (vec![0, 1, 2], "40".to_owned())]);
        assert_eq!(left, matrix(&[&[0, 20, 0, 5], &[0, 0, 0, 0], &[30, 0, 0, 0], &[0, 0, 0, 0]]));
        let balance = |owes: &Matrix, node: usize| {
            let owed: Fraction = (0..4).map(|from| entry(owes, from, node)).fold(zero(), |sum, part| sum + part);
            owed - (0..4).map(|to| entry(owes, node, to)).fold(zero(), |sum, part| sum + part)
        };
        for node in 0..4 {
            assert_eq!(balance(&owes, node), balance(&left, node), "{node}");
        }
        assert_eq!(cyclic(&left), (left.clone(), Vec::new()), "nothing is left to strike out");
    }

    #[test]
    fn a_ring_that_does_not_pass_its_smallest_neighbour_is_found() {
        let owes = matrix(&[&[0, 9, 0, 0], &[0, 0, 9, 0], &[0, 0, 0, 9], &[0, 9, 0, 0]]);
        let (left, rings) = cyclic(&owes);
        assert_eq!(rings, [Ring { nodes: vec![1, 2, 3], amount: Fraction::from_integer(9.into()) }]);
        assert_eq!(left, matrix(&[&[0, 9, 0, 0], &[0; 4], &[0; 4], &[0; 4]]));
    }
}
