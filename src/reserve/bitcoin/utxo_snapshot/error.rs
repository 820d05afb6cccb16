//! Why a file is not a usable snapshot. `at` counts the bytes before the fault.

use bitcoin::{Network, OutPoint, Txid};

use super::coin::Fault;
use super::{OUTPUTS_MAX, SATOSHIS_MAX, SCRIPT_LENGTH_MAX, TRANSACTION_LENGTH_MAX, VERSION};
use crate::code::{Code, Coded, utxo_snapshot as codes};

/// Why a file is not a usable snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// A coin of more than all satoshis.
    #[error("coin {outpoint} at byte {at} has an amount above {SATOSHIS_MAX} satoshis")]
    Amount {
        /// Bytes before.
        at: u64,
        /// The coin.
        outpoint: OutPoint,
    },
    /// A transaction with no coin, or with more than are left.
    #[error("transaction {txid} at byte {at} has {got} coins, expected 1 to {left}")]
    Count {
        /// Bytes before.
        at: u64,
        /// The transaction.
        txid: Txid,
        /// The number of coins that it has.
        got: u64,
        /// Coins of the whole set that are not read yet.
        left: u64,
    },
    /// The file ends too early.
    #[error("the file ends at byte {at}, after {coins} coins, expected {}", whole(count))]
    Cut {
        /// Bytes before.
        at: u64,
        /// Coins read.
        coins: u64,
        /// Coins that the head names, where it is whole.
        count: Option<u64>,
    },
    /// One output stands twice.
    #[error("coin {outpoint} stands twice")]
    Duplicate {
        /// The coin.
        outpoint: OutPoint,
    },
    /// A coin's height does not fit.
    #[error("coin {outpoint} at byte {at} has a height above {}", u32::MAX >> 1)]
    Height {
        /// Bytes before.
        at: u64,
        /// The coin.
        outpoint: OutPoint,
    },
    /// Half a key that belongs to no key.
    #[error("coin {outpoint} at byte {at} has a public key that is no point of the curve")]
    Key {
        /// Bytes before.
        at: u64,
        /// The coin.
        outpoint: OutPoint,
    },
    /// Not a snapshot.
    #[error("the file begins with {got}, expected 7574786fff (`utxo` and a byte)")]
    Magic {
        /// The first bytes.
        got: String,
    },
    /// More coins of the asked scripts than are kept.
    #[error("more than {max} coins are on the addresses asked about")]
    Many {
        /// The limit.
        max: usize,
    },
    /// A snapshot of another network.
    #[error("the snapshot is of the network {got}, expected {expected}")]
    Network {
        /// The file's.
        got: Network,
        /// The one asked for.
        expected: Network,
    },
    /// No known network.
    #[error("the snapshot is of a network with the mark {got}, which is none of the five known")]
    NetworkUnknown {
        /// Four bytes.
        got: String,
    },
    /// A length in more bytes than it takes.
    #[error("the number at byte {at} is not in its shortest form")]
    Number {
        /// Bytes before the coin or transaction.
        at: u64,
    },
    /// Transactions out of order.
    #[error("transaction {got} at byte {at} follows {last}; their ids must rise, byte by byte as stored")]
    Order {
        /// Bytes before.
        at: u64,
        /// The transaction.
        got: Txid,
        /// The one before.
        last: Txid,
    },
    /// A script that no node keeps.
    #[error("coin {outpoint} at byte {at} has a script of {length} bytes, expected at most {SCRIPT_LENGTH_MAX}")]
    Script {
        /// Bytes before.
        at: u64,
        /// The coin.
        outpoint: OutPoint,
        /// Its length.
        length: u64,
    },
    /// More than all satoshis.
    #[error("with coin {outpoint}, the sum is {total} satoshis, expected at most {SATOSHIS_MAX}")]
    Sum {
        /// The coin with which the sum is too large.
        outpoint: OutPoint,
        /// The sum.
        total: u64,
    },
    /// Something behind the last coin.
    #[error("the file goes on at byte {at}, behind its {count} coins")]
    Trailing {
        /// Bytes before.
        at: u64,
        /// The number of coins.
        count: u64,
    },
    /// Outputs that fit no transaction.
    #[error("the outputs of transaction {txid} at byte {at} exceed {TRANSACTION_LENGTH_MAX} bytes")]
    Transaction {
        /// Bytes before.
        at: u64,
        /// The transaction.
        txid: Txid,
    },
    /// The stream fails.
    #[error("byte {at} cannot be read: {detail}")]
    Unreadable {
        /// Bytes before.
        at: u64,
        /// The system's words.
        detail: String,
    },
    /// Another version.
    #[error("the snapshot has version {got}, expected {VERSION}")]
    Version {
        /// The version.
        got: u16,
    },
    /// An output number that no transaction has.
    #[error("output {got} of transaction {txid} at byte {at}, expected a number below {OUTPUTS_MAX}")]
    Vout {
        /// Bytes before.
        at: u64,
        /// The transaction.
        txid: Txid,
        /// The number.
        got: u64,
    },
}

fn whole(count: &Option<u64>) -> String {
    count.map_or_else(|| "a head of 51 bytes".to_owned(), |count| count.to_string())
}

impl SnapshotError {
    /// A fault at a byte, of a transaction and one of its outputs as far as they are known, after so many coins.
    pub(super) fn from_fault(
        fault: Fault,
        at: u64,
        of: Option<(Txid, Option<u32>)>,
        (coins, count): (u64, Option<u64>),
    ) -> Self {
        let (txid, vout) = of.unwrap_or((bitcoin::hashes::Hash::all_zeros(), None));
        let outpoint = OutPoint { txid, vout: vout.unwrap_or(u32::MAX) };
        match fault {
            Fault::Cut => Self::Cut { at, coins, count },
            Fault::Long => Self::Number { at },
            Fault::Height => Self::Height { at, outpoint },
            Fault::Vout(got) => Self::Vout { at, txid, got },
            Fault::Amount => Self::Amount { at, outpoint },
            Fault::Key => Self::Key { at, outpoint },
            Fault::Script(length) => Self::Script { at, outpoint, length },
        }
    }
}

impl Coded for SnapshotError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Amount { .. } | Self::Sum { .. } => &codes::SNAPSHOT_AMOUNT,
            Self::Count { .. } => &codes::SNAPSHOT_COUNT,
            Self::Cut { .. } => &codes::SNAPSHOT_CUT,
            Self::Duplicate { .. } => &codes::SNAPSHOT_DUPLICATE,
            Self::Height { .. } => &codes::SNAPSHOT_HEIGHT,
            Self::Key { .. } => &codes::SNAPSHOT_KEY,
            Self::Magic { .. } => &codes::SNAPSHOT_MAGIC,
            Self::Many { .. } => &codes::SNAPSHOT_MANY,
            Self::Network { .. } | Self::NetworkUnknown { .. } => &codes::SNAPSHOT_NETWORK,
            Self::Number { .. } => &codes::SNAPSHOT_NUMBER,
            Self::Order { .. } => &codes::SNAPSHOT_ORDER,
            Self::Script { .. } | Self::Transaction { .. } | Self::Vout { .. } => &codes::SNAPSHOT_TRANSACTION,
            Self::Trailing { .. } => &codes::SNAPSHOT_TRAILING,
            Self::Unreadable { .. } => &codes::SNAPSHOT_UNREADABLE,
            Self::Version { .. } => &codes::SNAPSHOT_VERSION,
        }
    }
}
