//! Trees in the formats of others: honest ones, so that readers can be tested on more than the samples, and forged
//! ones, so that nobody has to believe what a weakness means.

use super::decimal::Decimal;
use super::error::Fault;
use super::scheme::{Node, Place, Proof, Scheme, StatedRoot, Step, amounts, assets, fold, sha};

/// How a parent's sums come from those of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// As the scheme says.
    Sum,
    /// The larger of both: what a node can claim when it commits to one sum only.
    Larger,
}

/// A tree over customers, with the nodes that are padding.
pub struct Tree<'s> {
    scheme: &'s dyn Scheme,
    customers: Vec<Proof>,
    /// From the leaves up; a level with an odd number of nodes ends with one of padding.
    levels: Vec<Vec<Node>>,
    /// Nodes of each level that are not padding.
    real: Vec<usize>,
}

impl<'s> Tree<'s> {
    /// Builds a tree over at least two customers, as their leaves say who they are.
    ///
    /// # Errors
    /// [`Fault`] when a balance is no decimal.
    pub fn build(scheme: &'s dyn Scheme, customers: Vec<Proof>, combine: Combine) -> Result<Self, Fault> {
        let leaf = |customer: &Proof| {
            let sums = amounts(customer.balances.iter().map(String::as_str), &(0..0))?;
            Ok::<Node, Fault>(Node { hash: scheme.leaf(customer), sums })
        };
        let leaves = customers.iter().map(leaf).collect::<Result<Vec<_>, _>>()?;
        let depth = leaves.len().next_power_of_two().ilog2() as usize;
        let (mut levels, mut real) = (Vec::new(), Vec::new());
        let mut current = leaves;
        let Some(any) = customers.first().cloned() else { return Ok(Self { scheme, customers, levels, real }) };
        for above in 1..=depth {
            real.push(current.len());
            if let Some(last) = current.last().filter(|_| current.len() % 2 == 1) {
                let padding = scheme.padding(&any, last);
                current.push(padding);
            }
            let place = Place { proof: &any, above, depth };
            let parents = current.chunks(2).filter_map(|pair| match pair {
                [left, right] => Some(parent(scheme, &place, left, right, combine)),
                _ => None,
            });
            let parents = parents.collect();
            levels.push(std::mem::replace(&mut current, parents));
        }
        real.push(current.len());
        levels.push(current);
        Ok(Self { scheme, customers, levels, real })
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Option<&Node> {
        self.levels.last().and_then(|level| level.first())
    }

    /// The proof of one customer. Siblings have the sums that lead to the parent's, whatever their own are.
    #[must_use]
    pub fn proof(&self, index: usize) -> Option<Proof> {
        self.proof_of(index, self.customers.get(index)?)
    }

    /// The same, for a leaf that says something else in the same bytes.
    #[must_use]
    pub fn proof_of(&self, index: usize, customer: &Proof) -> Option<Proof> {
        let mut own = amounts(customer.balances.iter().map(String::as_str), &(0..0)).ok()?;
        let (mut at, mut steps) = (index, Vec::new());
        for ((level, above), real) in self.levels.iter().zip(self.levels.iter().skip(1)).zip(&self.real) {
            let (sibling, parent) = (level.get(at ^ 1)?, above.get(at / 2)?);
            let rest = |(all, own): (&Decimal, &Decimal)| all.minus(&self.scheme.round(own.clone()));
            let sums = parent.sums.iter().zip(&own).map(rest).collect();
            let node = Node { hash: sibling.hash.clone(), sums };
            steps.push(Step { is_left: at % 2 == 1, is_padding: at ^ 1 >= *real, node, place: 0..0 });
            own.clone_from(&parent.sums);
            at /= 2;
        }
        let root = Some(StatedRoot { node: self.root()?.clone(), place: 0..0 });
        let position = Some((index as u64, self.customers.len() as u64));
        Some(Proof { steps, root, position, leaf: Some(self.scheme.leaf(customer)), ..customer.clone() })
    }

    /// The files of all customers.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let proofs = (0..self.customers.len()).filter_map(|index| self.proof(index));
        proofs.map(|proof| self.scheme.write(&proof)).collect()
    }
}

fn parent(scheme: &dyn Scheme, place: &Place<'_>, left: &Node, right: &Node, combine: Combine) -> Node {
    let pairs = left.sums.iter().zip(&right.sums);
    let sum = |(left, right): (&Decimal, &Decimal)| match combine {
        Combine::Sum => scheme.round(left.plus(right)),
        Combine::Larger => left.larger(right),
    };
    let sums: Vec<Decimal> = pairs.map(sum).collect();
    Node { hash: scheme.parent(place, &left.hash, &right.hash, &sums), sums }
}

/// The same leaf as the right child of a parent in which it was the left one: possible where both have one hash.
#[must_use]
pub fn mirrored(proof: &Proof) -> Proof {
    let mut mirrored = proof.clone();
    if let Some(first) = mirrored.steps.first_mut() {
        (first.is_left, first.is_padding) = (!first.is_left, false);
    }
    mirrored
}

/// Whether a proof passes the scheme's own rule under this root.
#[must_use]
pub fn passes(scheme: &dyn Scheme, proof: &Proof, root: &str) -> bool {
    fold(scheme, proof).is_ok_and(|folded| folded.faults.is_empty() && folded.root.hash == root)
}

/// A made-up customer who owns `units` of the first asset.
#[must_use]
pub fn example(names: &[&str], number: u64, units: &str, account: &str) -> Proof {
    let balances = names.iter().enumerate().map(|(at, _)| if at == 0 { units } else { "0" }.to_owned()).collect();
    Proof {
        assets: assets(names),
        snapshot: "example-1".to_owned(),
        account: account.to_owned(),
        nonce: sha(&format!("nonce {number}")),
        balances,
        leaf: None,
        steps: Vec::new(),
        root: None,
        position: None,
        place: 0..0,
    }
}
