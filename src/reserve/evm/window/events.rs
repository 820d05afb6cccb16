//! Which events write the balances of a token, for which code of it: data with provenance, in `events.toml`.

use serde::Deserialize;

use super::receipts::Log;
use crate::asset::ChainId;
use crate::hash::Digest;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::keccak;

/// Where an event names a holder whose balance it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// In a topic, from 1: only there a bloom knows of it.
    Topic(usize),
    /// In a word of the data, from 0.
    Word(usize),
    /// Nowhere: it may be about anyone.
    Anyone,
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = |digits: &str, places: std::ops::RangeInclusive<usize>| {
            digits.parse::<usize>().ok().filter(|number| places.contains(number) && digits.len() == 1)
        };
        let place = match text.as_str() {
            "anyone" => Some(Self::Anyone),
            text => match (text.strip_prefix("topic"), text.strip_prefix("word")) {
                (Some(digits), _) => number(digits, 1..=3).map(Self::Topic),
                (_, Some(digits)) => number(digits, 0..=7).map(Self::Word),
                _ => None,
            },
        };
        place.ok_or_else(|| format!("{text:?} is no place: topic1 to topic3, word0 to word7, anyone"))
    }
}

impl Place {
    /// Whether a log names `holder` here.
    pub(super) fn names(self, log: &Log, holder: &[u8; 32]) -> bool {
        match self {
            Self::Topic(at) => log.topics.get(at) == Some(holder),
            // data that is too short for the word names nobody that could be told apart
            Self::Word(at) => {
                let from = at.saturating_mul(32);
                log.data.get(from..from.saturating_add(32)).is_none_or(|word| word == holder)
            }
            Self::Anyone => true,
        }
    }
}

/// An event that writes balances.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moves {
    /// Its signature, as it is hashed: `Transfer(address,address,uint256)`.
    pub event: String,
    /// Where it names the holders.
    pub holders: Vec<Place>,
}

/// Everything that writes balances of one code of one token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEvents {
    /// The chain.
    pub chain: ChainId,
    /// The contract.
    #[serde(deserialize_with = "address")]
    pub contract: EvmAddress,
    /// The token and its version, in words.
    pub name: String,
    /// The hash of the contract's code.
    pub code_hash: Digest,
    /// The hash of the code that a proxy runs; none for a contract that is no proxy.
    pub implementation_code_hash: Option<Digest>,
    /// Events after which other code may answer.
    pub changes: Vec<String>,
    /// Where these facts come from.
    pub source: String,
    /// Every event that writes a balance.
    pub moves: Vec<Moves>,
}

/// The first topic of an event.
pub(super) fn topic(event: &str) -> [u8; 32] {
    keccak(event.as_bytes())
}

fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<EvmAddress, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// Entries, each for one code of one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventList(Vec<TokenEvents>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventToml {
    token: Vec<TokenEvents>,
}

impl EventList {
    /// The entries that come with the program.
    ///
    /// # Errors
    /// What is wrong, never for the file of this version: a test reads it.
    pub fn built_in() -> Result<Self, String> {
        Self::parse(include_str!("events.toml"))
    }

    /// Reads a list.
    ///
    /// # Errors
    /// What is wrong: an unknown field, no source, no event that writes balances, or two entries for one code.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::default().with(toml::from_str::<EventToml>(text).map_err(|error| error.to_string())?.token)
    }

    /// With more entries.
    ///
    /// # Errors
    /// What is wrong: no source, no event that writes balances, or two entries for one code.
    pub fn with(self, more: Vec<TokenEvents>) -> Result<Self, String> {
        let mut entries = self.0;
        entries.extend(more);
        for (at, entry) in entries.iter().enumerate() {
            let poor = entry.source.trim().is_empty()
                || entry.moves.is_empty()
                || entry.moves.iter().any(|moves| moves.holders.is_empty());
            if poor {
                return Err(format!("{}: an entry has a source, events, and a place of holders in each", entry.name));
            }
            if entries.iter().take(at).any(|before| before.is_for(&entry.chain, entry.contract, entry.code())) {
                return Err(format!("{}: two entries for one code", entry.name));
            }
        }
        Ok(Self(entries))
    }

    /// The entries of one contract, whatever its code.
    #[must_use]
    pub fn of_contract(&self, chain: &ChainId, contract: EvmAddress) -> Vec<&TokenEvents> {
        self.0.iter().filter(|entry| entry.chain == *chain && entry.contract == contract).collect()
    }

    /// The entry for this very code; what is not listed is not known.
    #[must_use]
    pub fn of(
        &self,
        chain: &ChainId,
        contract: EvmAddress,
        code_hash: Digest,
        implementation: Option<Digest>,
    ) -> Option<&TokenEvents> {
        self.0.iter().find(|entry| entry.is_for(chain, contract, (code_hash, implementation)))
    }
}

impl TokenEvents {
    const fn code(&self) -> (Digest, Option<Digest>) {
        (self.code_hash, self.implementation_code_hash)
    }

    fn is_for(&self, chain: &ChainId, contract: EvmAddress, code: (Digest, Option<Digest>)) -> bool {
        self.chain == *chain && self.contract == contract && self.code() == code
    }
}
