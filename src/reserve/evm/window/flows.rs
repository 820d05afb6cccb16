//! What moved between two blocks, from whom and to whom: transactions, receipts and withdrawals of whole blocks,
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
pub use tokens::{Meaning, meanings};

use std::collections::{BTreeMap, BTreeSet};

use super::{TokenEvents, WindowHeaders};
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
    /// The contracts of the tokens that count.
    pub contracts: &'a BTreeSet<EvmAddress>,
}

/// What movements are asked for.
#[derive(Clone, Copy, Debug)]
pub enum FlowAsset<'a> {
    /// The native coin.
    Native,
    /// A token.
    Token {
        /// Its contract.
        contract: EvmAddress,
        /// Which events write balances, for the code that the asker proved; `None`: then what its logs say is only
        /// stated.
        events: Option<&'a TokenEvents>,
    },
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
    /// Of a log, which of the known events it is.
    event: Option<usize>,
}

/// Everything that bodies and receipts show of the asked addresses.
#[derive(Clone, Debug)]
pub struct Movements {
    native: Vec<Movement>,
    tokens: BTreeMap<EvmAddress, Vec<Movement>>,
    basis: Basis,
    addresses: BTreeSet<EvmAddress>,
    meanings: Vec<Meaning>,
    /// Blocks of which something could be read, in rising order.
    pub blocks: Vec<u64>,
    /// How many of them have a body.
    bodies: usize,
    /// Bodies and receipts that show nothing, and why.
    pub problems: Vec<Problem>,
}

/// Reads bodies and receipts of blocks of the window. What is refused shows nothing of its block and is a problem;
/// other blocks stand by themselves. A block without a body shows its logs.
///
/// # Errors
/// [`FlowError::Address`] for a chain outside `eip155`; [`FlowError::Source`] when the bundle cannot be read.
pub fn movements(question: &FlowQuestion<'_>, files: &dyn FileSource) -> Result<Movements, FlowError> {
    let chain = chain_number(question.chain)?;
    let mut all = Movements {
        native: Vec::new(),
        tokens: BTreeMap::new(),
        basis: question.basis,
        addresses: question.addresses.clone(),
        meanings: meanings().map_err(|detail| FlowError::Malformed { detail })?,
        blocks: Vec::new(),
        bodies: 0,
        problems: Vec::new(),
    };
    for (height, found) in blocks(question.chain, files)? {
        let [body, receipts] = found;
        let path = body.as_ref().or(receipts.as_ref()).cloned().unwrap_or_default();
        let read = |path: Option<String>| path.map_or(Ok(None), |path| files.read(&path));
        let (body, receipts) = (read(body)?, read(receipts)?);
        match all.add(question, chain, height, (body.as_deref(), receipts.as_deref())) {
            Ok(()) => {}
            Err(error) => all.problems.push(Problem::from_error(path, &error)),
        }
    }
    Ok(all)
}

/// Paths of body and receipts of each block that has one of them; a name that is none comes first.
fn blocks(chain: &ChainId, files: &dyn FileSource) -> Result<BTreeMap<Option<u64>, [Option<String>; 2]>, FlowError> {
    let folders = [paths::EVM_BODIES, paths::EVM_RECEIPTS].map(|name| paths::chain(chain, name));
    let mut found: BTreeMap<Option<u64>, [Option<String>; 2]> = BTreeMap::new();
    for path in files.list()? {
        for (at, folder) in folders.iter().enumerate() {
            let Some(name) = path.strip_prefix(folder) else { continue };
            let height = name.strip_suffix(".rlp").and_then(uint::parse);
            if let Some(place) = found.entry(height).or_default().get_mut(at) {
                *place = Some(path.clone());
            }
        }
    }
    Ok(found)
}

impl Movements {
    /// Adds what one block shows; nothing of it when any part is refused.
    fn add(
        &mut self,
        question: &FlowQuestion<'_>,
        chain: u64,
        height: Option<u64>,
        (body, receipts): (Option<&[u8]>, Option<&[u8]>),
    ) -> Result<(), FlowError> {
        let header = height.and_then(|height| question.headers.at(height));
        let header = header.ok_or(FlowError::Outside { height })?;
        let receipts = super::receipts(header, receipts.ok_or(FlowError::NoReceipts)?)?;
        let (mut native, mut ids) = (Vec::new(), Vec::new());
        if let Some(body) = body {
            let body = Body::open(chain, header, &receipts, body)?;
            native = native::movements(header, &body, question)?;
            ids = body.transactions().map(|(transaction, ..)| transaction.hash.to_string()).collect();
        }
        let tokens = tokens::movements(header.number(), &receipts, &ids, &self.meanings, question)?;
        self.native.extend(native);
        self.bodies = self.bodies.saturating_add(usize::from(body.is_some()));
        for (contract, moved) in tokens {
            self.tokens.entry(contract).or_default().extend(moved);
        }
        self.blocks.push(header.number());
        Ok(())
    }

    /// Whether anything could be seen of an asset: that nothing moved says something only then.
    #[must_use]
    pub const fn speaks_of(&self, asset: &FlowAsset<'_>) -> bool {
        match asset {
            FlowAsset::Native => self.bodies > 0,
            FlowAsset::Token { .. } => !self.blocks.is_empty(),
        }
    }

    /// What one asset did, in the order of the chain; `balances` are the proved ones of that asset, at ends of blocks.
    #[must_use]
    pub fn flows(&self, asset: &FlowAsset<'_>, balances: &Balances) -> Flows {
        match asset {
            FlowAsset::Native => compare::compare(&self.native, balances, &self.addresses, self.basis),
            FlowAsset::Token { contract, events } => {
                let moved = self.tokens.get(contract).map(Vec::as_slice).unwrap_or_default();
                let moved = tokens::written(moved, &self.meanings, *events);
                let mut flows = compare::compare(&moved, balances, &self.addresses, self.basis);
                if events.is_none() && !moved.is_empty() {
                    flows.problems.push(tokens::unknown(*contract));
                }
                flows
            }
        }
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
