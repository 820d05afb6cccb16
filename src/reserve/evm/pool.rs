//! Positions in contracts that owe nobody: what a share of a vault or of a pool stands for in a proved state.
//! Specification: `docs/spec/evm-pool.md`.
//!
//! A share is worth what the contract's code pays for it. The slots are proved; what they mean follows from the code
//! that reads them, so an entry is valid for one code hash, and any other contract is not determinable.

use alloy_primitives::{U256, U512};
use serde::Deserialize;

use super::account_proof::{self, AccountProofError};
use super::address::EvmAddress;
use super::balance::EvmError;
use super::state::State;
use super::storage_proof::{self, Slot, StorageProofError, slot};
use super::token::{self, Layout, TokenError, TokenRegistry, as_address};
use super::trie::NodePool;
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::bundle::FileSource;
use crate::code::{Code, Coded, custody as codes};
use crate::hash::Digest;
use crate::reserve::claim::{ChainQuery, Problem};

/// How a contract turns shares into what they stand for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// A vault of ERC-4626 that holds all of its asset itself: floor(shares · (assets + 1) ÷ (supply + 10^offset)).
    Vault {
        /// The token that the vault holds. It is no slot: an immutable of the code, or a fact of it.
        #[serde(deserialize_with = "token::address")]
        asset: EvmAddress,
        /// The decimals by which shares are finer than the asset.
        offset: u8,
    },
    /// A pool of two tokens whose product of reserves never falls: floor(shares · reserve ÷ supply) of both.
    ConstantProduct {
        /// The slot with the first token.
        token0_slot: u64,
        /// The slot with the second token.
        token1_slot: u64,
        /// The slot with both reserves, 112 bits each, the first one lowest.
        reserves_slot: u64,
        /// The slot with the product at the last fee. What it has grown since is taxed with a sixth before a share is
        /// paid, at most.
        last_product_slot: u64,
    },
}

/// What is known of one contract's code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PoolEntry {
    /// The chain.
    pub chain: ChainId,
    /// The contract that keeps the shares.
    #[serde(deserialize_with = "token::address")]
    pub contract: EvmAddress,
    /// The contract and the version of its code, in words.
    pub name: String,
    /// The hash of the contract's code.
    pub code_hash: Digest,
    /// The slot of the sum of all shares.
    pub supply_slot: u64,
    /// The slot of the mapping from holders to shares.
    pub balance_slot: u64,
    /// How that mapping is laid out.
    pub layout: Layout,
    /// What a share stands for.
    pub rule: Rule,
    /// Where each of these facts comes from.
    pub source: String,
}

/// What a holder's shares stand for. Nobody owes it: it is what the contract would have paid in that state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The shares.
    pub shares: U256,
    /// Each token with its amount, rounded down.
    pub parts: Vec<(EvmAddress, Amount)>,
}

impl PoolEntry {
    /// Every slot of the contract that a position of `holder` needs.
    #[must_use]
    pub fn slots(&self, holder: EvmAddress) -> Vec<Slot> {
        let mut slots = vec![slot(self.supply_slot), self.layout.holder_slot(holder, self.balance_slot)];
        if let Rule::ConstantProduct { token0_slot, token1_slot, reserves_slot, last_product_slot } = &self.rule {
            slots.extend([token0_slot, token1_slot, reserves_slot, last_product_slot].map(|number| slot(*number)));
        }
        slots
    }
}

/// What `holder` has in the contract of `entry`, under `state_root`. Entry, holder and root are the verifier's.
///
/// # Errors
/// [`PoolError`]: a contract whose code is not the entry's is not determinable.
pub fn position(
    entry: &PoolEntry,
    tokens: &TokenRegistry,
    holder: EvmAddress,
    state_root: &Digest,
    nodes: &NodePool,
) -> Result<Position, PoolError> {
    let contract = entry.contract;
    let account = account_proof::verify(state_root, contract, nodes)?;
    let account = account.ok_or(PoolError::Code { contract, got: None })?;
    if account.code_hash != entry.code_hash {
        return Err(PoolError::Code { contract, got: Some(account.code_hash) });
    }
    let read = |place: &Slot| storage_proof::verify(&account.storage_root, place, nodes);
    let shares = read(&entry.layout.holder_slot(holder, entry.balance_slot))?;
    let supply = read(&slot(entry.supply_slot))?;
    if shares > supply {
        return Err(PoolError::Contradiction { contract, detail: format!("{shares} shares of {supply}") });
    }
    let parts = match &entry.rule {
        Rule::Vault { asset, offset } => {
            // an address in the asset's own books: the vault's, which is the verifier's and not read from a slot
            let token = token::open(tokens, &entry.chain, *asset, state_root, nodes)?;
            if token.in_shares() {
                let detail = format!("its asset {asset} counts in shares of something else");
                return Err(PoolError::Contradiction { contract, detail });
            }
            let assets = U256::from(token.holding(contract)?.amount.base_units());
            let one = U512::from(1_u8);
            let scale = U512::from(10_u8).checked_pow(U512::from(*offset)).ok_or(PoolError::TooLarge { contract })?;
            let whole = U512::from(supply).checked_add(scale).ok_or(PoolError::TooLarge { contract })?;
            vec![(*asset, part(contract, shares, U512::from(assets) + one, whole)?)]
        }
        Rule::ConstantProduct { token0_slot, token1_slot, reserves_slot, last_product_slot } => {
            let (first, second) = (read(&slot(*token0_slot))?, read(&slot(*token1_slot))?);
            let both = as_address(first).zip(as_address(second)).filter(|(first, second)| first != second);
            let Some((first, second)) = both.filter(|(first, second)| *first != contract && *second != contract) else {
                let detail = format!("its two tokens are {first:#x} and {second:#x}");
                return Err(PoolError::Contradiction { contract, detail });
            };
            let (reserves, last) = (read(&slot(*reserves_slot))?, read(&slot(*last_product_slot))?);
            let mask = (U256::from(1) << 112) - U256::from(1);
            let (left, right) = (reserves & mask, (reserves >> 112) & mask);
            let whole = U512::from(supply) + fee_shares(supply, left * right, last);
            vec![
                (first, part(contract, shares, U512::from(left), whole)?),
                (second, part(contract, shares, U512::from(right), whole)?),
            ]
        }
    };
    Ok(Position { shares, parts })
}

/// One answer about one holder and one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What there is, or why nobody can say.
    pub problem: Problem,
    /// Whether it is a position, and not a reason.
    pub shown: bool,
}

/// The positions of the asked addresses in these contracts at the cut-off block; holders without shares are left out.
///
/// # Errors
/// [`EvmError`] when the evidence cannot be read at all.
pub fn positions(
    query: &ChainQuery<'_>,
    pools: &[PoolEntry],
    tokens: &TokenRegistry,
    files: &dyn FileSource,
) -> Result<Vec<Seen>, EvmError> {
    let pools: Vec<&PoolEntry> = pools.iter().filter(|pool| pool.chain == *query.chain).collect();
    let mut all = Vec::new();
    if pools.is_empty() {
        return Ok(all);
    }
    let state = State::open(query, files)?;
    // without the header nothing of the chain is shown, which is told with its balances
    let Some(root) = state.root() else { return Ok(all) };
    let basis = if state.anchored { "proved" } else { "stated, for no pinned block stands above it" };
    for pool in pools {
        for holder in query.addresses.iter().filter_map(|address| address.parse::<EvmAddress>().ok()) {
            let found = position(pool, tokens, holder, root, &state.pool);
            let subject = format!("{holder} in {}", pool.contract);
            let (code, detail, shown) = match found {
                Ok(found) if found.shares.is_zero() => continue,
                Ok(found) => (&codes::POOL_POSITION, format!("{} of {:?}, {basis}", found.words(), pool.name), true),
                Err(error) => (&codes::POOL_NOT_DETERMINABLE, format!("{}: {error}", error.code()), false),
            };
            all.push(Seen { problem: Problem { code, subject, detail }, shown });
        }
    }
    Ok(all)
}

impl Position {
    /// Base units throughout: of tokens that no policy lists nobody knows the decimals.
    fn words(&self) -> String {
        let part = |(token, amount): &(EvmAddress, Amount)| format!("{} base units of {token}", amount.base_units());
        let parts: Vec<String> = self.parts.iter().map(part).collect();
        format!("{} shares stand for {}", self.shares, parts.join(" and "))
    }
}

/// floor(shares · amount ÷ whole); nothing of nothing.
fn part(contract: EvmAddress, shares: U256, amount: U512, whole: U512) -> Result<Amount, PoolError> {
    if whole.is_zero() {
        return Ok(Amount::ZERO);
    }
    let product = U512::from(shares).checked_mul(amount).ok_or(PoolError::TooLarge { contract })?;
    let found = u128::try_from(product / whole).map_err(|_| PoolError::TooLarge { contract })?;
    Ok(Amount::from_base_units(found))
}

/// Shares that the contract makes for its fee before it pays: supply · (√k − √last) ÷ (5 · √k + √last), none when it
/// takes no fee. Rounded up, so that what is left for the others is rounded down.
fn fee_shares(supply: U256, product: U256, last: U256) -> U512 {
    let (root, before) = (square_root(product), square_root(last));
    if last.is_zero() || root <= before {
        return U512::ZERO;
    }
    // both roots are below 2^112 and the quotient is below a fifth of the supply
    let grown = U512::from(supply) * U512::from(root - before);
    let per = U512::from(root) * U512::from(5_u8) + U512::from(before);
    (grown + per - U512::from(1_u8)) / per
}

/// The integer root, rounded down.
fn square_root(square: U256) -> U256 {
    let (mut low, mut high) = (U256::ZERO, U256::from(1) << 128);
    while high - low > U256::from(1) {
        let middle: U256 = (low + high) >> 1;
        let fits = middle.checked_mul(middle).is_some_and(|product| product <= square);
        if fits { low = middle } else { high = middle }
    }
    low
}

fn code_words(got: Option<&Digest>) -> String {
    got.map_or_else(|| "no code".to_owned(), |got| format!("the code {got}"))
}

/// Why a position is not determinable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The code is another one, or there is none.
    #[error("{contract} has {}, expected the code of its entry", code_words(.got.as_ref()))]
    Code {
        /// The contract.
        contract: EvmAddress,
        /// The proved hash.
        got: Option<Digest>,
    },
    /// The state is none that this code can be in.
    #[error("{contract} is in no state of its code: {detail}")]
    Contradiction {
        /// The contract.
        contract: EvmAddress,
        /// What was found.
        detail: String,
    },
    /// A figure above 128 bits, or a product above 512.
    #[error("a figure of {contract} exceeds 2^128 - 1")]
    TooLarge {
        /// The contract.
        contract: EvmAddress,
    },
    /// The contract's account is not shown.
    #[error(transparent)]
    Account(#[from] AccountProofError),
    /// A slot is not shown.
    #[error(transparent)]
    Storage(#[from] StorageProofError),
    /// The vault's asset is not shown.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl Coded for PoolError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Code { .. } => &codes::POOL_CODE,
            Self::Contradiction { .. } => &codes::POOL_STATE,
            Self::TooLarge { .. } => &codes::POOL_TOO_LARGE,
            Self::Account(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Token(error) => error.code(),
        }
    }
}
