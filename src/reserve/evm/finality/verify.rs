//! The walk from the pinned root: bootstrap, one update for each period, the last finalized header.

use std::collections::BTreeMap;

use super::bls::{CheckKeys, Signers};
use super::error::FinalityError;
use super::files::{self, Bootstrap, Committee, Finality, Header, Hex, SyncAggregate, Update, Versioned};
use super::fork::{Fork, Network, period};
use super::ssz::{self, Chunk, Gindex};
use super::validator::FinalState;
use super::{Evidence, Final, PARTICIPANTS_MIN};
use crate::asset::ChainId;
use crate::hash::Digest;
use crate::snapshot::BlockRef;

/// See [`super::follow`]; `check` is what the build can do.
pub(super) fn follow(
    chain: &ChainId,
    root: &Digest,
    evidence: &Evidence,
    check: Option<CheckKeys>,
) -> Result<Final, FinalityError> {
    let network = Network::of(chain)?;
    let check = check.ok_or(FinalityError::NotBuilt)?;
    let bootstrap = files::read("bootstrap.json", &evidence.bootstrap)?;
    let mut walk = Walk::begin(network, check, root, &bootstrap)?;
    for (at, bytes) in evidence.updates.iter().enumerate() {
        let place = format!("update {at}");
        let update = files::read(&place, bytes)?;
        walk.update(&place, &update)?;
    }
    if let Some(bytes) = &evidence.finality {
        let finality = files::read("finality.json", bytes)?;
        walk.finality("finality.json", &finality)?;
    }
    let blocks = walk.blocks.into_iter();
    let blocks = blocks.map(|(height, hash)| BlockRef { chain: chain.clone(), height, hash }).collect();
    Ok(Final { blocks, states: walk.states.into_values().collect() })
}

/// What is known so far.
struct Walk {
    network: Network,
    check: CheckKeys,
    /// Committees by period: that of the last update and the one after it.
    committees: BTreeMap<u64, Box<dyn Signers>>,
    /// The period whose update comes next.
    expected: u64,
    /// The last attested slot.
    attested: Option<u64>,
    /// Execution blocks that are final.
    blocks: BTreeMap<u64, Digest>,
    /// Beacon states that are final, by slot.
    states: BTreeMap<u64, FinalState>,
}

impl Walk {
    fn begin(
        network: Network,
        check: CheckKeys,
        root: &Digest,
        file: &Versioned<Bootstrap>,
    ) -> Result<Self, FinalityError> {
        let (place, data) = ("bootstrap.json", &file.data);
        let slot = data.header.beacon.slot.0;
        let fork = network.named(&file.version, slot)?;
        let got = Digest::from_bytes(data.header.beacon.root());
        if got != *root {
            return Err(FinalityError::Root { got, expected: *root });
        }
        let mut walk = Self {
            network,
            check,
            committees: BTreeMap::new(),
            expected: period(slot),
            attested: None,
            blocks: BTreeMap::new(),
            states: BTreeMap::new(),
        };
        let state = (&data.header.beacon.state_root.0, fork.current_committee);
        let branch = &data.current_sync_committee_branch;
        walk.committee(place, period(slot), state, &data.current_sync_committee, branch)?;
        walk.header(place, &data.header)?;
        walk.take(place, &data.header)?;
        Ok(walk)
    }

    /// One period: its committee names the next one.
    fn update(&mut self, place: &str, file: &Versioned<Update>) -> Result<(), FinalityError> {
        let data = &file.data;
        let attested = data.attested_header.beacon.slot.0;
        let own = period(attested);
        if own > self.expected {
            return Err(FinalityError::Period { place: place.to_owned(), period: own, known: self.expected });
        }
        if own < self.expected {
            let detail = format!("an update of period {own}, expected period {}", self.expected);
            return Err(FinalityError::Order { place: place.to_owned(), detail });
        }
        let finalized = period(data.finalized_header.beacon.slot.0);
        if finalized != own {
            // a committee that only the attested header names could be one of a branch that was left
            let detail = format!("period {own}, but the finalized header is of period {finalized}");
            return Err(FinalityError::Order { place: place.to_owned(), detail });
        }
        let signed = Signed {
            attested: &data.attested_header,
            finalized: &data.finalized_header,
            branch: &data.finality_branch,
            aggregate: &data.sync_aggregate,
            slot: data.signature_slot.0,
        };
        let fork = self.signed(place, &file.version, &signed)?;
        let state = (&data.attested_header.beacon.state_root.0, fork.next_committee);
        let next = own.saturating_add(1);
        self.committee(place, next, state, &data.next_sync_committee, &data.next_sync_committee_branch)?;
        self.committees.retain(|period, _| *period >= own);
        self.expected = next;
        Ok(())
    }

    fn finality(&mut self, place: &str, file: &Versioned<Finality>) -> Result<(), FinalityError> {
        let data = &file.data;
        let signed = Signed {
            attested: &data.attested_header,
            finalized: &data.finalized_header,
            branch: &data.finality_branch,
            aggregate: &data.sync_aggregate,
            slot: data.signature_slot.0,
        };
        self.signed(place, &file.version, &signed).map(|_| ())
    }

    /// The finalized header under an attested one that enough of the right committee signed.
    fn signed(&mut self, place: &str, version: &str, signed: &Signed<'_>) -> Result<&'static Fork, FinalityError> {
        let (attested, finalized) = (signed.attested.beacon.slot.0, signed.finalized.beacon.slot.0);
        let fork = self.network.named(version, attested)?;
        if !(finalized < attested && attested < signed.slot && self.attested < Some(attested)) {
            let detail = format!(
                "finalized slot {finalized}, attested slot {attested}, signature slot {}, attested before: {}; these \
                 must rise",
                signed.slot,
                self.attested.map_or_else(|| "none".to_owned(), |slot| slot.to_string()),
            );
            return Err(FinalityError::Order { place: place.to_owned(), detail });
        }
        let bits = &signed.aggregate.sync_committee_bits.0;
        let got = bits.iter().fold(0_usize, |sum, byte| sum.saturating_add(byte.count_ones() as usize));
        if got < PARTICIPANTS_MIN {
            return Err(FinalityError::Participation { place: place.to_owned(), got });
        }
        self.header(place, signed.attested)?;
        self.header(place, signed.finalized)?;
        let state = &signed.attested.beacon.state_root.0;
        let leaf = signed.finalized.beacon.root();
        branch(place, "the finalized header", &leaf, signed.branch, (state, fork.finalized))?;
        let asked = period(signed.slot);
        let Some(committee) = self.committees.get(&asked) else {
            let known = self.committees.keys().next_back().copied().unwrap_or_default();
            return Err(FinalityError::Period { place: place.to_owned(), period: asked, known });
        };
        let message = self.network.signing_root(&signed.attested.beacon.root(), signed.slot)?;
        if !committee.signed(bits, &message, &signed.aggregate.sync_committee_signature.0) {
            return Err(FinalityError::Signature { place: place.to_owned(), participants: got, slot: attested });
        }
        self.attested = Some(attested);
        self.take(place, signed.finalized)?;
        Ok(fork)
    }

    fn header(&self, place: &str, header: &Header) -> Result<(), FinalityError> {
        header.check(place, self.network.at(header.beacon.slot.0)?)
    }

    /// The committee of `period` hangs on a state, and its keys are keys.
    fn committee(
        &mut self,
        place: &str,
        period: u64,
        state: (&Chunk, Gindex),
        committee: &Committee,
        nodes: &[Hex<32>],
    ) -> Result<(), FinalityError> {
        branch(place, "the sync committee", &committee.root(), nodes, state)?;
        let signers =
            (self.check)(committee).map_err(|detail| FinalityError::Key { place: place.to_owned(), detail })?;
        self.committees.insert(period, signers);
        Ok(())
    }

    /// One number has one hash, or the committees signed two chains.
    fn take(&mut self, place: &str, header: &Header) -> Result<(), FinalityError> {
        let (number, hash) = (header.execution.block_number.0, Digest::from_bytes(header.execution.block_hash.0));
        let slot = header.beacon.slot.0;
        let fork = self.network.at(slot)?;
        self.states.insert(slot, FinalState { slot, root: header.beacon.state_root.0, fork });
        match self.blocks.insert(number, hash) {
            Some(other) if other != hash => {
                let detail = format!("block {number} is final as {other} and as {hash}");
                Err(FinalityError::Order { place: place.to_owned(), detail })
            }
            _ => Ok(()),
        }
    }
}

/// What a committee signed.
struct Signed<'a> {
    attested: &'a Header,
    finalized: &'a Header,
    branch: &'a [Hex<32>],
    aggregate: &'a SyncAggregate,
    slot: u64,
}

fn branch(
    place: &str,
    what: &'static str,
    leaf: &Chunk,
    nodes: &[Hex<32>],
    (root, gindex): (&Chunk, Gindex),
) -> Result<(), FinalityError> {
    let chunks: Vec<Chunk> = nodes.iter().map(|node| node.0).collect();
    if ssz::root_of(leaf, &chunks, gindex).as_ref() == Some(root) {
        return Ok(());
    }
    Err(FinalityError::Branch { place: place.to_owned(), what, nodes: nodes.len() })
}
