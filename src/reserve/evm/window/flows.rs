//! What moved between two blocks, from whom and to whom: the transactions, receipts and withdrawals of whole blocks,
//! compared with proved balances. Specification: `docs/spec/evm-flows.md`.
//!
//! Calls within a contract's call leave no trace in a block's body. Where two proved balances differ by more than the
//! movements between them, the rest is a movement of its own that says so.

mod body;
mod compare;
mod error;
mod native;
mod tokens;

pub use body::{BODY_BYTES_MAX, Body, WITHDRAWALS_MAX, Withdrawal, body_file, withdrawals_root};
pub use compare::{Balances, Flows, UNEXPLAINED, Unexplained};
pub use error::FlowError;
pub use tokens::{FlowToken, Meaning, meanings};

use std::collections::{BTreeMap, BTreeSet};

use super::WindowHeaders;
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::basis::Basis;
use crate::bundle::{FileSource, paths};
use crate::json::uint;
use crate::reserve::claim::Problem;
use crate::reserve::evm::address::{EvmAddress, chain_number};
use crate::reserve::window::{Part, Party, Transfer};

/// What the verifier asks; nothing in it comes from the bodies.
#[derive(Clone, Debug)]
pub struct FlowQuestion<'a> {
    /// The chain.
    pub chain: &'a ChainId,
    /// The headers of the window: bodies of other blocks are not read.
    pub headers: &'a WindowHeaders,
    /// What the headers are worth: proved when the last one is anchored.
    pub basis: Basis,
    /// The addresses of the committed set.
    pub addresses: &'a BTreeSet<EvmAddress>,
    /// The tokens that count.
    pub tokens: &'a [FlowToken<'a>],
}

/// What movements are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowAsset {
    /// The native coin.
    Native,
    /// The token of this contract.
    Token(EvmAddress),
}

/// One side of a movement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Side {
    /// An address.
    Address(EvmAddress),
    /// A validator, by its index, whose stake is paid out.
    Validator(u64),
    /// The token's contract, which makes and destroys its own coins against others that it holds.
    Contract(EvmAddress),
    /// Gas: partly destroyed, partly the block producer's.
    Fee,
}

/// Coins that went from one side to another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Movement {
    height: u64,
    place: u32,
    txid: String,
    from: Side,
    to: Side,
    amount: Amount,
    basis: Basis,
}

/// Everything that the bodies show of the asked addresses.
#[derive(Clone, Debug, Default)]
pub struct Movements {
    native: Vec<Movement>,
    tokens: BTreeMap<EvmAddress, Vec<Movement>>,
    basis: Option<Basis>,
    addresses: BTreeSet<EvmAddress>,
    /// Blocks whose bodies could be read, in rising order.
    pub blocks: Vec<u64>,
    /// Bodies that show nothing, and why; tokens whose events are not known.
    pub problems: Vec<Problem>,
}

/// Reads every body in the bundle of a block of the window. A body that is refused shows nothing and is a problem; the
/// others stand by themselves.
///
/// # Errors
/// [`FlowError::Address`] for a chain outside `eip155`; [`FlowError::Source`] when the bundle cannot be read.
pub fn movements(question: &FlowQuestion<'_>, files: &dyn FileSource) -> Result<Movements, FlowError> {
    let number = chain_number(question.chain)?;
    let mut all = Movements {
        basis: Some(question.basis),
        addresses: question.addresses.clone(),
        problems: tokens::unknown(question.tokens),
        ..Movements::default()
    };
    let folder = paths::chain(question.chain, paths::EVM_BODIES);
    let mut found: Vec<(Option<u64>, String)> = files
        .list()?
        .into_iter()
        .filter_map(|path| {
            let height = path.strip_prefix(&folder)?.strip_suffix(".rlp").and_then(uint::parse);
            Some((height, path))
        })
        .collect();
    found.sort();
    for (height, path) in found {
        let bytes = files.read(&path)?.unwrap_or_default();
        match all.add(question, number, height, &bytes) {
            Ok(()) => {}
            Err(error) => all.problems.push(Problem::from_error(path, &error)),
        }
    }
    Ok(all)
}

impl Movements {
    /// Adds what one body shows; nothing of it when any part is refused.
    fn add(
        &mut self,
        question: &FlowQuestion<'_>,
        chain: u64,
        height: Option<u64>,
        bytes: &[u8],
    ) -> Result<(), FlowError> {
        let header = height.and_then(|height| question.headers.at(height));
        let header = header.ok_or(FlowError::Outside { height })?;
        let body = Body::open(chain, header, bytes)?;
        let native = native::movements(header, &body, question)?;
        let tokens = tokens::movements(header.number(), &body, question)?;
        self.native.extend(native);
        for (contract, moved) in tokens {
            self.tokens.entry(contract).or_default().extend(moved);
        }
        self.blocks.push(header.number());
        Ok(())
    }

    /// What one asset did, in the order of the chain; `balances` are the proved ones of that asset, at ends of blocks.
    #[must_use]
    pub fn flows(&self, asset: FlowAsset, balances: &Balances) -> Flows {
        let none = Vec::new();
        let moved = match asset {
            FlowAsset::Native => &self.native,
            FlowAsset::Token(contract) => self.tokens.get(&contract).unwrap_or(&none),
        };
        compare::compare(moved, balances, &self.addresses, self.basis.unwrap_or(Basis::Assumed))
    }

    /// Blocks in which an asked address has or gets something, as far as bodies show it: proofs before and after each of
    /// them leave nothing to guess.
    #[must_use]
    pub fn moving_blocks(&self) -> BTreeSet<u64> {
        self.native.iter().chain(self.tokens.values().flatten()).map(|moved| moved.height).collect()
    }
}

/// The movements of one transaction, as one transfer of the asked addresses; `None` when a sum does not fit.
fn transfer(moved: &[&Movement], asked: &BTreeSet<EvmAddress>) -> Option<Transfer> {
    let first = moved.first()?;
    let (mut spent, mut received) = (BTreeMap::new(), BTreeMap::new());
    let (mut from, mut to) = (Vec::new(), Vec::new());
    let own = |side: &Side| match side {
        Side::Address(address) => Some(*address).filter(|address| asked.contains(address)),
        _ => None,
    };
    let mut basis = first.basis;
    for one in moved {
        let (payer, payee) = (own(&one.from), own(&one.to));
        for (sums, address) in [(&mut spent, payer), (&mut received, payee)] {
            let Some(address) = address else { continue };
            let sum: &mut Amount = sums.entry(address).or_default();
            *sum = sum.checked_add(one.amount)?;
        }
        if payer.is_none() {
            from.extend(party(&one.from, one.amount));
        }
        if payee.is_none() {
            to.extend(party(&one.to, one.amount).map(|party| Party { amount: Some(one.amount), ..party }));
        }
        basis = basis.min(one.basis);
    }
    Some(Transfer {
        height: first.height,
        place: first.place,
        txid: first.txid.clone(),
        spent: parts(spent),
        received: parts(received),
        from,
        to,
        authenticity: basis,
    })
}

/// An account has one balance, so its address stands for it.
fn parts(sums: BTreeMap<EvmAddress, Amount>) -> Vec<Part> {
    let part = |(address, amount): (EvmAddress, Amount)| {
        let address = address.to_string();
        Part { id: address.clone(), address, amount }
    };
    sums.into_iter().map(part).collect()
}

/// Nobody gets a fee that could give it back. What a contract makes of other coins comes from nobody, either: those
/// coins say from whom.
fn party(side: &Side, amount: Amount) -> Option<Party> {
    match side {
        Side::Address(address) => Some(Party { name: address.to_string(), amount: Some(amount) }),
        Side::Validator(index) => Some(Party { name: format!("validator {index}"), amount: Some(amount) }),
        Side::Contract(contract) => Some(Party { name: contract.to_string(), amount: None }),
        Side::Fee => None,
    }
}

#[cfg(test)]
mod tests;
