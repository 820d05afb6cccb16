//! Why a descriptor or a list of them is refused.

use crate::code::{Code, Coded, descriptor as codes};
use crate::json::JsonError;
use crate::reserve::bitcoin::network::AddressError;

/// Why a descriptor cannot be used. No message repeats a private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptorError {
    /// The chain is unknown, or the address of `addr(…)` is not of it.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// At a line of a list.
    #[error("line {line}: {source}")]
    At {
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        source: Box<Self>,
    },
    /// The checksum of BIP-380.
    #[error("{0}")]
    Checksum(String),
    /// A hardened step is left to derive.
    #[error("a hardened step (`'` or `h`) stands behind an extended public key")]
    Hardened,
    /// A line is not strict JSON of its shape.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// The list as a whole.
    #[error("{0}")]
    List(String),
    /// Not a descriptor, or none that is understood.
    #[error("{0}")]
    Malformed(String),
    /// Extended keys of another network.
    #[error("extended keys of {got}, expected those of {expected}")]
    Network {
        /// Main network, test networks, or both.
        got: &'static str,
        /// What the chain has.
        expected: &'static str,
    },
    /// A bare script.
    #[error("the script has no address")]
    NoAddress,
    /// A private key among public ones.
    #[error("a private key stands in it")]
    Private,
    /// A range and a descriptor that do not fit.
    #[error("{0}")]
    Range(String),
    /// One script from two descriptors.
    #[error("{address} is given by {first} and by {second}")]
    ScriptTwice {
        /// The address.
        address: String,
        /// Descriptor and index.
        first: String,
        /// Descriptor and index.
        second: String,
    },
}

impl DescriptorError {
    /// The error with the line of the list where it is.
    #[must_use]
    pub fn at(self, line: usize) -> Self {
        Self::At { line, source: Box::new(self) }
    }
}

impl Coded for DescriptorError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Address(error) => error.code(),
            Self::At { source, .. } => source.code(),
            Self::Checksum(_) => &codes::DESCRIPTOR_CHECKSUM,
            Self::Hardened => &codes::DESCRIPTOR_HARDENED,
            Self::Json(_) | Self::List(_) => &codes::DESCRIPTORS_MALFORMED,
            Self::Malformed(_) => &codes::DESCRIPTOR_MALFORMED,
            Self::Network { .. } => &codes::DESCRIPTOR_NETWORK,
            Self::NoAddress => &codes::DESCRIPTOR_NO_ADDRESS,
            Self::Private => &codes::DESCRIPTOR_PRIVATE,
            Self::Range(_) => &codes::DESCRIPTOR_RANGE,
            Self::ScriptTwice { .. } => &codes::DESCRIPTOR_SCRIPT_TWICE,
        }
    }
}
