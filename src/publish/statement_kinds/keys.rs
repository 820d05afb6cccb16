//! Which keys were the venue's at which sequence number, as far as the verifier's pins reach.

use std::collections::BTreeSet;

use super::{KeyRotation, Stated, VerifiedStated, check_both_sides, rotated};
use crate::hash::Tag;
use crate::publish::statement_check::{self, FIELD, StatementError, StatementPins, VerifiedStatement};
use crate::signature::{Envelope, PublicKey};
use crate::snapshot::Time;

/// More changes of keys than any venue has.
pub(crate) const ROTATIONS_MAX: usize = 1_000;

/// The pins of a verifier, and the changes of keys that it was shown. From the keys that are pinned it reaches back,
/// over changes that the pinned keys have accepted; it never reaches forward.
#[derive(Clone, Debug)]
pub struct KeyHistory<'a> {
    pins: StatementPins<'a>,
    rotations: Vec<KeyRotation>,
    /// For each stretch between changes in which the pins hold: those of the pinned keys that are in force, as many as
    /// must sign or more. None for a stretch in which they do not hold.
    holds: Vec<Option<Vec<PublicKey>>>,
}

/// Keys in force.
struct Stretch<'a> {
    keys: &'a [PublicKey],
    threshold: u64,
}

impl<'a> KeyHistory<'a> {
    /// The pins alone.
    #[must_use]
    pub fn of(pins: StatementPins<'a>) -> Self {
        Self { holds: vec![Some(pins.keys.to_vec())], pins, rotations: Vec::new() }
    }

    /// Takes the signed changes of keys that are known, in any order.
    ///
    /// # Errors
    /// [`StatementError`]: a file that is no change of keys of this venue, that both sides have not signed, or that
    /// does not continue the one before it; [`StatementError::KeyNotPinned`] when none of them touches a pinned key.
    pub fn new(pins: StatementPins<'a>, files: &[Vec<u8>]) -> Result<Self, StatementError> {
        if files.is_empty() {
            return Ok(Self::of(pins));
        }
        if files.len() > ROTATIONS_MAX {
            let detail = format!("{} changes of keys, at most {ROTATIONS_MAX} are read", files.len());
            return Err(StatementError::Contradiction(detail));
        }
        let mut read = files.iter().map(|file| rotation(file, &pins)).collect::<Result<Vec<_>, _>>()?;
        read.sort_by_key(|(rotation, _)| rotation.sequence);
        read.dedup_by(|left, right| left.0 == right.0);
        for (before, after) in read.iter().zip(read.iter().skip(1)) {
            check_follows(&before.0, &after.0)?;
        }
        let (rotations, envelopes): (Vec<KeyRotation>, Vec<Envelope>) = read.into_iter().unzip();
        let mut history = Self { pins, holds: Vec::new(), rotations };
        history.holds = (0..=history.rotations.len())
            .map(|at| history.stretch(at).and_then(|stretch| history.held(stretch.keys)))
            .collect();
        // anybody can name a pinned key beside keys of their own: the change itself must bear the pinned signatures
        for (at, envelope) in envelopes.iter().enumerate() {
            if history.pins_held(at).is_some() || history.pins_held(at + 1).is_some() {
                statement_check::signers(Tag::Statement, envelope, &history.pins)?;
            }
        }
        if history.last_held().is_none() {
            let pinned = history.pins.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(StatementError::KeyNotPinned {
                got: "keys of changes that touch no pinned key".to_owned(),
                pinned,
            });
        }
        Ok(history)
    }

    /// The venue and log that are asked about, and the pins themselves.
    #[must_use]
    pub fn pins(&self) -> &StatementPins<'a> {
        &self.pins
    }

    /// The changes of keys, in their order.
    #[must_use]
    pub fn rotations(&self) -> &[KeyRotation] {
        &self.rotations
    }

    /// Changes behind the keys that are pinned: announced, and not followed.
    pub fn announced(&self) -> impl Iterator<Item = &KeyRotation> {
        self.rotations.iter().skip(self.last_held().unwrap_or(0))
    }

    /// The pins for what is signed now: a pinned key that was replaced does not count.
    #[must_use]
    pub fn pins_now(&self) -> StatementPins<'_> {
        self.last_held().and_then(|last| self.pins_held(last)).unwrap_or_else(|| self.pins.clone())
    }

    fn held(&self, keys: &[PublicKey]) -> Option<Vec<PublicKey>> {
        let own: Vec<PublicKey> = self.pins.keys.iter().filter(|key| keys.contains(key)).cloned().collect();
        let signers: BTreeSet<&str> = own.iter().map(PublicKey::x).collect();
        let enough = signers.len() as u64 >= self.pins.threshold;
        enough.then_some(own)
    }

    fn last_held(&self) -> Option<usize> {
        self.holds.iter().rposition(Option::is_some)
    }

    fn pins_held(&self, place: usize) -> Option<StatementPins<'_>> {
        let keys = self.holds.get(place)?.as_deref()?;
        Some(StatementPins { keys, ..self.pins.clone() })
    }

    /// How many changes lie before this sequence number. A change is signed by the keys that it replaces.
    fn place(&self, sequence: u64) -> usize {
        self.rotations.partition_point(|rotation| rotation.sequence < sequence)
    }

    fn stretch(&self, place: usize) -> Option<Stretch<'_>> {
        let before = place.checked_sub(1).and_then(|before| self.rotations.get(before));
        let after = self.rotations.get(place);
        match (before, after) {
            (Some(before), _) => Some(Stretch { keys: &before.new.keys, threshold: before.new.threshold }),
            (None, Some(after)) => Some(Stretch { keys: &after.venue.keys, threshold: after.venue.threshold }),
            (None, None) => None,
        }
    }

    /// Pins for what was signed under this sequence number.
    ///
    /// # Errors
    /// [`StatementError::Rotated`] behind a change of keys that the verifier does not pin.
    pub fn pins_at(&self, sequence: u64) -> Result<StatementPins<'_>, StatementError> {
        let place = self.place(sequence);
        if let Some(pins) = self.pins_held(place) {
            return Ok(pins);
        }
        let reached = self.last_held().is_some_and(|last| last > place);
        match (self.stretch(place), place.checked_sub(1).and_then(|before| self.rotations.get(before))) {
            (Some(stretch), _) if reached => Ok(self.with(&stretch)),
            (_, Some(before)) => Err(rotated(before)),
            _ => Ok(self.pins.clone()),
        }
    }

    /// Pins for what was signed at a moment, without a sequence number: those of the verifier, and those that they
    /// reach back to, each up to the moment at which it was replaced. The keys of the verifier come first.
    pub fn pins_of_time(&self, time: Time) -> impl Iterator<Item = StatementPins<'_>> {
        let replaced_later = move |(_, rotation): &(usize, &KeyRotation)| time <= rotation.issued;
        let last = self.last_held().unwrap_or(0);
        let earlier = self.rotations.iter().enumerate().take(last).filter(replaced_later);
        let pins =
            |(place, _)| self.pins_held(place).or_else(|| self.stretch(place).map(|stretch| self.with(&stretch)));
        std::iter::once(self.pins_now()).chain(earlier.filter_map(pins))
    }

    fn with<'b>(&'b self, stretch: &Stretch<'b>) -> StatementPins<'b> {
        StatementPins { keys: stretch.keys, threshold: stretch.threshold, ..self.pins.clone() }
    }

    /// Checks a signed statement of any kind under the keys of its sequence number.
    ///
    /// # Errors
    /// [`StatementError`]; [`StatementError::RetiredKey`] when keys have signed that were replaced before.
    pub fn verify(&self, file: &[u8]) -> Result<VerifiedStated, StatementError> {
        let envelope = Envelope::parse(file, FIELD)?;
        let stated = Stated::parse(&envelope.document)?;
        let place = self.place(stated.sequence());
        statement_check::check_pinned_venue(stated.venue(), &self.pins)?;
        let pins = self.pins_at(stated.sequence());
        // behind a change that is not followed: the keys that the log itself has in force
        let announced = self.stretch(place).map_or_else(|| self.pins.clone(), |stretch| self.with(&stretch));
        let asked = pins.as_ref().unwrap_or(&announced);
        if let Err(error) = statement_check::signers(Tag::Statement, &envelope, asked) {
            let few = matches!(error, StatementError::KeyNotPinned { .. } | StatementError::Threshold { .. });
            return Err(if few { self.retired(&envelope, &stated, place).unwrap_or(error) } else { error });
        }
        super::verify(file, &pins?)
    }

    /// The same for a snapshot.
    ///
    /// # Errors
    /// [`StatementError`]; [`StatementError::Rotated`] and [`StatementError::Void`] for the other kinds.
    pub fn verify_snapshot(&self, file: &[u8]) -> Result<VerifiedStatement, StatementError> {
        let sequence = self.verify(file)?.stated().sequence();
        statement_check::verify(file, &self.pins_at(sequence)?)
    }

    /// Whether keys of an earlier stretch have signed it that are not in force any more.
    fn retired(&self, envelope: &Envelope, stated: &Stated, place: usize) -> Option<StatementError> {
        let in_force = self.stretch(place).map_or(self.pins.keys, |stretch| stretch.keys);
        let signed = |key: &PublicKey| envelope.signatures.iter().any(|one| one.public_key() == *key);
        let gone = |key: &PublicKey| signed(key) && !in_force.contains(key);
        let since = self.rotations.iter().take(place).find(|rotation| rotation.venue.keys.iter().any(gone))?;
        Some(StatementError::RetiredKey { sequence: stated.sequence(), since: since.sequence })
    }
}

fn rotation(file: &[u8], pins: &StatementPins<'_>) -> Result<(KeyRotation, Envelope), StatementError> {
    let envelope = Envelope::parse(file, FIELD)?;
    let stated = Stated::parse(&envelope.document)?;
    let (kind, sequence) = (stated.kind(), stated.sequence());
    let Stated::Rotation(rotation) = stated else { return Err(StatementError::Kind { kind, sequence }) };
    statement_check::check_pinned_venue(&rotation.venue, pins)?;
    check_both_sides(&envelope, &rotation)?;
    Ok((*rotation, envelope))
}

fn check_follows(before: &KeyRotation, after: &KeyRotation) -> Result<(), StatementError> {
    if before.sequence == after.sequence {
        let detail = format!("two changes of keys with the number {}", before.sequence);
        return Err(StatementError::Contradiction(detail));
    }
    if (&before.new.keys, before.new.threshold) != (&after.venue.keys, after.venue.threshold) {
        let (first, second) = (before.sequence, after.sequence);
        let detail = format!("the change of keys {second} replaces other keys than the change {first} gave");
        return Err(StatementError::Unaccepted(detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
