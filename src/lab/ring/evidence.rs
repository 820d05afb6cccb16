//! The chain on which the three venues hold their bitcoins, and what each of them shows of it.

use crate::bundle::{MemoryFiles, paths};
use crate::hash::{Digest, sha256};
use crate::json;
use crate::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use crate::publish::statement::Venue;
use crate::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use crate::reserve::bitcoin::control::sign::{AddressKey, AddressKind, sign};
use crate::reserve::challenge::{Challenge, ChallengedSet, ChallengedVenue};
use crate::signature::SigningKey;
use crate::snapshot::{BlockRef, Time, VenueId};

use super::super::example_venue::{CUTOFF, ExampleError, fault, seed};
use super::{DAY, HOUR, RingOptions, VENUES, bitcoins, signing_key};

const SPACING: i64 = 600;
/// Their rewards pay for everything.
const EARLY_BLOCKS: u64 = 140;
/// Blocks between the payments and the cut-off, and behind it.
const BEFORE: u64 = 20;
const BEHIND: u64 = 30;
/// Blocks from the payments to the cut-off block: medians of times are five blocks behind.
const CUTOFF_AFTER: i64 = 25;
/// Blocks of the window on each side of the cut-off block.
const WINDOW: u64 = 6;

/// What each venue owes, and where it is.
pub(super) const ASSETS: &str = r#"
[[asset]]
id = "BTC"
decimals = 8
[[asset.deployment]]
id = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328/slip44:0"
decimals = 8
"#;

/// One chain for all.
pub(super) struct World {
    chain: BitcoinChain,
    keys: Vec<(String, AddressKey)>,
}

/// What one venue shows.
pub(super) struct Held {
    pub(super) set: AddressSet,
    pub(super) challenge: Digest,
    pub(super) cutoff_block: BlockRef,
    pub(super) files: MemoryFiles,
}

impl World {
    /// Pays each venue what it has.
    pub(super) fn new(options: &RingOptions) -> Result<Self, ExampleError> {
        let mut chain = BitcoinChain::new().map_err(fault)?;
        let first = CUTOFF.unix() - i64::try_from(EARLY_BLOCKS + BEFORE).map_err(fault)? * SPACING;
        chain.mine_empty(Time::from_unix(first), SPACING, EARLY_BLOCKS).map_err(fault)?;
        let (mut keys, mut payments) = (Vec::new(), Vec::new());
        for (name, count) in VENUES.iter().zip(options.outside) {
            let key = AddressKey::new(&mut seed(&format!("ring: wallet of {name}")));
            let key = key.ok_or_else(|| fault("a seed is no key"))?;
            let address = key.address(chain.id(), AddressKind::WitnessKeyHash).map_err(fault)?;
            if count > 0 {
                payments.push(vec![Payment { address: address.clone(), amount: bitcoins(count) }]);
            }
            keys.push((address, key));
        }
        let paid_at = first + i64::try_from(EARLY_BLOCKS).map_err(fault)? * SPACING;
        chain.mine(Time::from_unix(paid_at), &payments).map_err(fault)?;
        for blocks in 1..=i64::try_from(BEFORE + BEHIND).map_err(fault)? {
            let time = Time::from_unix(paid_at + blocks * SPACING);
            let here = options.moved.iter().find(|moved| moved.after + CUTOFF_AFTER == blocks);
            let from = here.and_then(|moved| Some((keys.get(moved.from)?, keys.get(moved.to)?, moved.count)));
            match from {
                Some(((from, key), (to, _), count)) => {
                    let payment = Payment { address: to.clone(), amount: bitcoins(count) };
                    chain.pay_from(time, key, from, &[payment]).map_err(fault)?;
                }
                None => chain.mine_empty(time, SPACING, 1).map_err(fault)?,
            }
        }
        Ok(Self { chain, keys })
    }

    /// The block below another one.
    pub(super) fn before(&self, block: &BlockRef) -> Result<BlockRef, ExampleError> {
        self.chain.block(block.height.saturating_sub(1)).ok_or_else(|| fault("no block"))
    }

    /// Address set, challenge, signatures and chain evidence of one venue.
    pub(super) fn held(
        &self,
        options: &RingOptions,
        place: usize,
        venue: &Venue,
        cutoff: Time,
    ) -> Result<Held, ExampleError> {
        let borrowed = options.shared_wallet.filter(|claims| *claims == place).and_then(|place| place.checked_sub(1));
        let own = [Some(place), borrowed].into_iter().flatten().filter_map(|place| self.keys.get(place));
        let keys: Vec<&(String, AddressKey)> = own.collect();
        let set = self.address_set(&keys)?;
        let cutoff_block = self.chain.cutoff_block(cutoff).ok_or_else(|| fault("no cut-off block"))?;
        let challenge = self.challenge(venue, &set)?;
        let document = challenge.to_file().map_err(fault)?;
        let line = challenge.line().map_err(fault)?;
        let mut files = self.evidence(&keys, cutoff, &cutoff_block)?;
        let mut control = Vec::new();
        for (address, key) in &keys {
            control
                .extend(json::canonical(&sign(self.chain.id(), address, &line, key).map_err(fault)?).map_err(fault)?);
            control.push(b'\n');
        }
        files.insert(paths::CONTROL.to_owned(), control);
        files.insert(paths::ADDRESSES.to_owned(), set.to_file().map_err(fault)?);
        let challenge = sha256(&document);
        files.insert(paths::CHALLENGE.to_owned(), document);
        Ok(Held { set, challenge, cutoff_block, files })
    }

    fn address_set(&self, keys: &[&(String, AddressKey)]) -> Result<AddressSet, ExampleError> {
        let entry = |(address, _): &&(String, AddressKey)| AddressEntry {
            salt: sha256(address.as_bytes()).to_string().chars().take(32).collect(),
            address: address.clone(),
            chain: self.chain.id().clone(),
            custodian: None,
            descriptor: None,
            encumbrance: None,
            issuer: IssuerRelation::None,
            role: Role::Cold,
        };
        let mut entries: Vec<AddressEntry> = keys.iter().map(entry).collect();
        entries.sort_by(|left, right| left.address.cmp(&right.address));
        AddressSet::from_entries(entries).map_err(fault)
    }

    fn challenge(&self, venue: &Venue, set: &AddressSet) -> Result<Challenge, ExampleError> {
        let issued = Time::from_unix(CUTOFF.unix() - HOUR);
        let expires = Time::from_unix(CUTOFF.unix() + 181 * DAY);
        let challenged = ChallengedSet { count: set.count(), root: set.root() };
        let whose = ChallengedVenue { id: venue.id.clone(), keys: venue.keys.clone() };
        let known = self.chain.block(EARLY_BLOCKS).ok_or_else(|| fault("no block"))?;
        let mut random = [0; 20];
        for (byte, seeded) in random.iter_mut().zip(seed(&format!("ring: challenge of {}", venue.id))) {
            *byte = seeded;
        }
        Challenge::custody(whose, &venue.log_origin, challenged, vec![known], (issued, expires), random).map_err(fault)
    }

    fn evidence(
        &self,
        keys: &[&(String, AddressKey)],
        cutoff: Time,
        block: &BlockRef,
    ) -> Result<MemoryFiles, ExampleError> {
        let addresses: Vec<&str> = keys.iter().map(|(address, _)| address.as_str()).collect();
        let around = (block.height.saturating_sub(WINDOW), block.height + WINDOW);
        let now = Time::from_unix(CUTOFF.unix() + DAY);
        let from_height = around.0.saturating_sub(12);
        let question = Question { addresses: &addresses, from_height, cutoff: Some(cutoff), now };
        let fetched = self.chain.window(&question, around).map_err(fault)?;
        let chain = self.chain.id();
        let mut files: MemoryFiles =
            fetched.files.into_iter().map(|(name, bytes)| (paths::chain(chain, &name), bytes)).collect();
        let transcript = fetched.transcript.to_file(&signing_key("ring: node")?).map_err(fault)?;
        files.insert(paths::chain(chain, paths::TRANSCRIPT), transcript);
        Ok(files)
    }

    /// What an auditor pins of one venue.
    pub(super) fn policy(&self, venue: &VenueId, key: &SigningKey) -> Result<String, ExampleError> {
        let tip = self.chain.block(self.chain.height()).ok_or_else(|| fault("no block"))?;
        let node = signing_key("ring: node")?.public_key().key;
        let key = key.public_key().key;
        Ok(format!(
            "format = \"counterfoil-policy-v1\"\n\n[window]\nbefore = {WINDOW}\nafter = {WINDOW}\n\n\
             [venue]\nid = \"{venue}\"\nlog_origin = \"log.example/{venue}\"\n\
             keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n\n\
             [[node]]\nname = \"the auditor's node\"\nkey = {{ alg = \"bip340\", key = \"{node}\" }}\n\n\
             [[pin]]\nchain = \"{}\"\nheight = {}\nhash = \"{}\"\n{ASSETS}",
            tip.chain, tip.height, tip.hash
        ))
    }
}
