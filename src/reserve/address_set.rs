//! The address set: everything that a venue claims, committed before anybody looks. Specification:
//! `docs/spec/address-set.md`.

use serde::{Deserialize, Serialize};

use crate::asset::ChainId;
use crate::code::{Code, Coded, bundle as codes};
use crate::hash::{Digest, ShortBytes, Tag, TaggedHasher, decode_lower};
use crate::json::{self, JsonError, uint};
use crate::merkle_set::{self, AddressSetKind};

/// More addresses than any venue has.
const ADDRESSES_MAX: usize = 50_000_000;

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Keys online.
    Hot,
    /// Keys reachable within a day.
    Warm,
    /// Keys offline.
    Cold,
    /// Keys with a custodian.
    Custodian,
    /// Moves coins between the venue's own addresses; counts for nothing.
    Internal,
    /// Given to customers for paying in.
    Deposit,
}

impl Role {
    /// All, in the order of reports.
    pub const ALL: [Self; 6] = [Self::Hot, Self::Warm, Self::Cold, Self::Custodian, Self::Deposit, Self::Internal];

    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Warm => "warm",
            Self::Cold => "cold",
            Self::Custodian => "custodian",
            Self::Internal => "internal",
            Self::Deposit => "deposit",
        }
    }
}

/// How the venue is related to whoever issues what lies on an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssuerRelation {
    /// Not at all.
    None,
    /// It is the issuer: such a coin covers only itself.
    #[serde(rename = "self")]
    Own,
    /// The issuer belongs to its circle.
    Affiliate,
}

impl IssuerRelation {
    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Own => "self",
            Self::Affiliate => "affiliate",
        }
    }
}

/// Which descriptor an address was derived from, so that a set cannot have some of its addresses and not the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DerivedFrom {
    /// The descriptor's id, a hash over its text and range: `docs/spec/descriptor.md`.
    pub id: Digest,
    /// What stands for `*`; 0 for a descriptor without it.
    #[serde(with = "uint")]
    pub index: u32,
}

/// One address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressEntry {
    /// The address, in the one spelling of its chain.
    pub address: String,
    /// The chain.
    pub chain: ChainId,
    /// Name of the custodian.
    #[serde(deserialize_with = "json::required")]
    pub custodian: Option<String>,
    /// Which descriptor gives it; left out for an address that was listed as such. `null` would be a second spelling.
    #[serde(default, deserialize_with = "written", skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<DerivedFrom>,
    /// What the coins are pledged for.
    #[serde(deserialize_with = "json::required")]
    pub encumbrance: Option<String>,
    /// Relation to the issuer.
    pub issuer: IssuerRelation,
    /// What the address is for.
    pub role: Role,
    /// 32 lower-case hexadecimal digits.
    pub salt: String,
}

fn written<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<DerivedFrom>, D::Error> {
    DerivedFrom::deserialize(deserializer).map(Some)
}

/// Why an address set is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressSetError {
    /// A line is not strict JSON of its shape.
    #[error("line {line}: {source}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        source: JsonError,
    },
    /// A line's content does not fit.
    #[error("line {line}: {detail}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// No addresses.
    #[error("there are no addresses")]
    Empty,
    /// Too many.
    #[error("more than {ADDRESSES_MAX} addresses")]
    TooMany,
    /// An address twice.
    #[error("line {line}: {address} on {chain} stands twice, or the lines are not in order")]
    Order {
        /// Line, from 1.
        line: usize,
        /// The address.
        address: String,
        /// Its chain.
        chain: ChainId,
    },
}

impl Coded for AddressSetError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Order { .. } => &codes::ADDRESS_TWICE,
            _ => &codes::ADDRESS_SET_MALFORMED,
        }
    }
}

/// A whole set, in order, each address once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressSet {
    entries: Vec<AddressEntry>,
    root: Digest,
}

impl AddressSet {
    /// Reads `addresses.jsonl`.
    ///
    /// # Errors
    /// [`AddressSetError`].
    pub fn parse(file: &[u8]) -> Result<Self, AddressSetError> {
        Self::from_entries(read(file, ADDRESSES_MAX)?)
    }

    /// The set of these entries, which are in order.
    ///
    /// # Errors
    /// [`AddressSetError`].
    pub fn from_entries(entries: Vec<AddressEntry>) -> Result<Self, AddressSetError> {
        let mut leaves = Vec::with_capacity(entries.len());
        let mut before: Option<(&ChainId, &str)> = None;
        for (line, entry) in (1..).zip(&entries) {
            let key = (&entry.chain, entry.address.as_str());
            if before.is_some_and(|before| before >= key) {
                let (address, chain) = (entry.address.clone(), entry.chain.clone());
                return Err(AddressSetError::Order { line, address, chain });
            }
            before = Some(key);
            leaves.push(entry.leaf().map_err(|detail| AddressSetError::Line { line, detail })?);
        }
        let root = merkle_set::root::<AddressSetKind>(&leaves).ok_or(AddressSetError::Empty)?;
        Ok(Self { entries, root })
    }

    /// The file.
    ///
    /// # Errors
    /// [`JsonError`], which no entry causes.
    pub fn to_file(&self) -> Result<Vec<u8>, JsonError> {
        let mut file = Vec::new();
        for entry in &self.entries {
            file.extend(json::canonical(entry)?);
            file.push(b'\n');
        }
        Ok(file)
    }

    /// The addresses, in order.
    #[must_use]
    pub fn entries(&self) -> &[AddressEntry] {
        &self.entries
    }

    /// Root over all addresses.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.root
    }

    /// Number of addresses.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.entries.len() as u64
    }
}

/// What the lines say, at most so many.
fn read(file: &[u8], most: usize) -> Result<Vec<AddressEntry>, AddressSetError> {
    let mut entries = Vec::new();
    if file.last().is_some_and(|&byte| byte != b'\n') {
        let line = lines(file).count();
        return Err(AddressSetError::Line { line, detail: "it does not end in U+000A".to_owned() });
    }
    for (number, line) in (1..).zip(lines(file)) {
        if entries.len() >= most {
            return Err(AddressSetError::TooMany);
        }
        entries.push(json::read(line).map_err(|source| AddressSetError::Json { line: number, source })?);
    }
    Ok(entries)
}

/// The lines of a file, without their ends. A last line without its end is a line like the others.
pub(crate) fn lines(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = file.strip_suffix(b"\n").unwrap_or(file);
    body.split(|&byte| byte == b'\n').filter(move |_| !file.is_empty())
}

impl AddressEntry {
    /// The leaf of this address.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn leaf(&self) -> Result<Digest, String> {
        check_spelling(&self.chain, &self.address)?;
        let salt = decode_lower::<16>(&self.salt).ok_or("the salt is not 32 lower-case hexadecimal digits")?;
        let optional = |text: &Option<String>, what: &str| match text.as_deref() {
            Some("") => Err(format!("{what} is an empty text, expected null")),
            text => Ok(text.unwrap_or_default().to_owned()),
        };
        let custodian = optional(&self.custodian, "custodian")?;
        let encumbrance = optional(&self.encumbrance, "encumbrance")?;
        let texts =
            [self.chain.as_str(), &self.address, self.role.text(), &custodian, &encumbrance, self.issuer.text()];
        let mut hasher = TaggedHasher::new(Tag::Address).fixed(&salt);
        for text in texts {
            let bytes = ShortBytes::new(text.as_bytes());
            hasher = hasher.string(bytes.ok_or_else(|| format!("a text of {} bytes", text.len()))?);
        }
        if let Some(from) = self.descriptor {
            if self.chain.namespace() != "bip122" {
                return Err(format!("chain {}: only Bitcoin addresses come from descriptors", self.chain));
            }
            hasher = hasher.fixed(from.id.as_bytes()).fixed(&from.index.to_be_bytes());
        }
        Ok(hasher.finish())
    }
}

/// Two spellings of one address would count its coins twice, so each chain has one.
fn check_spelling(chain: &ChainId, address: &str) -> Result<(), String> {
    match chain.namespace() {
        "bip122" => {
            let parsed = address.parse::<::bitcoin::Address<_>>();
            let parsed = parsed.map_err(|error| format!("{address:?} is not a Bitcoin address: {error}"))?;
            let spelling = parsed.assume_checked().to_string();
            if spelling == address {
                Ok(())
            } else {
                Err(format!("address {address:?}, expected the spelling {spelling:?}"))
            }
        }
        "eip155" => {
            let digits = address.strip_prefix("0x").and_then(decode_lower::<20>);
            digits.map(|_| ()).ok_or_else(|| format!("address {address:?}, expected 0x and 40 lower-case digits"))
        }
        other => Err(format!("chain {chain}: this version reads bip122 and eip155, got {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(address: &str) -> AddressEntry {
        AddressEntry {
            address: address.to_owned(),
            chain: "eip155:1".parse().expect("a chain"),
            custodian: None,
            descriptor: None,
            encumbrance: None,
            issuer: IssuerRelation::None,
            role: Role::Cold,
            salt: "00".repeat(16),
        }
    }

    fn address(last: u8) -> String {
        format!("0x{}{last:02x}", "00".repeat(19))
    }

    #[test]
    fn files_are_read_back() {
        let set = AddressSet::from_entries(vec![entry(&address(1)), entry(&address(2))]).expect("in order");
        let file = set.to_file().expect("canonical");
        assert_eq!(AddressSet::parse(&file), Ok(set));
        assert_eq!(AddressSet::parse(b""), Err(AddressSetError::Empty));
        assert!(AddressSet::parse(b"\n").is_err());
    }

    #[test]
    fn no_more_lines_are_read_than_are_accepted() {
        let entries = vec![entry(&address(1)), entry(&address(2)), entry(&address(3))];
        let mut file = AddressSet::from_entries(entries.clone()).expect("in order").to_file().expect("canonical");
        for most in [3, 4, usize::MAX] {
            assert_eq!(read(&file, most).as_ref(), Ok(&entries), "{most}");
        }
        for most in [0, 1, 2] {
            assert_eq!(read(&file, most), Err(AddressSetError::TooMany), "{most}");
        }
        // what stands behind the last accepted line is not looked at
        file.extend(b"no json\n");
        assert_eq!(read(&file, 3), Err(AddressSetError::TooMany));
        assert!(matches!(read(&file, 4), Err(AddressSetError::Json { line: 4, .. })));
    }

    #[test]
    fn what_was_read_is_all_there() {
        let mut derived = entry("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
        derived.chain = "bip122:000000000019d6689c085ae165831e93".parse().expect("a chain");
        derived.descriptor = Some(DerivedFrom { id: Digest::from_bytes([5; 32]), index: 7 });
        let entries = vec![derived, entry(&address(1))];
        let file = AddressSet::from_entries(entries.clone()).expect("in order").to_file().expect("canonical");
        let set = AddressSet::parse(&file).expect("our own");
        assert_eq!((set.entries(), set.count()), (entries.as_slice(), 2));
    }

    #[test]
    fn reports_have_the_words_of_files() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_string(&role).expect("a word"), format!("\"{}\"", role.text()));
        }
        for issuer in [IssuerRelation::None, IssuerRelation::Own, IssuerRelation::Affiliate] {
            assert_eq!(serde_json::to_string(&issuer).expect("a word"), format!("\"{}\"", issuer.text()));
        }
    }

    #[test]
    fn an_address_stands_once_and_in_one_spelling() {
        let twice = AddressSet::from_entries(vec![entry(&address(1)), entry(&address(1))]);
        assert_eq!(twice.expect_err("twice").code().name, "ADDRESS_TWICE");
        let upper = entry(&address(0xab).to_uppercase().replace("0X", "0x"));
        assert!(AddressSet::from_entries(vec![upper]).is_err());
        let mut bitcoin = entry("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4");
        bitcoin.chain = "bip122:000000000019d6689c085ae165831e93".parse().expect("a chain");
        assert!(AddressSet::from_entries(vec![bitcoin.clone()]).is_err());
        bitcoin.address = bitcoin.address.to_lowercase();
        assert!(AddressSet::from_entries(vec![bitcoin]).is_ok());
    }
}
