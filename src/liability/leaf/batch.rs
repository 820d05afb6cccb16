//! Leaves by the thousand: the same values as one at a time, hashed side by side.

use zeroize::{Zeroize as _, Zeroizing};

use super::{LeafContent, Nonce, OrderKey, Part, SnapshotKey, Split, TreeKey, parts_digest};
use crate::amount::Amount;
use crate::hash::{Batch, Digest, Midstate, Shapes};

/// RFC 2104's two pads.
const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;
/// Messages of the outer hash that are hashed at once: what is worked on stays in the innermost cache.
const AT_ONCE: usize = 32;

impl SnapshotKey {
    /// The key as a store keeps it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key's bytes: whoever has them can tell which leaf an account has, and test guesses about it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// HMAC-SHA256 under one tree key, with the key's two blocks hashed once.
pub struct Blinder {
    inner: Midstate,
    outer: Midstate,
    batch: Batch,
    digests: Vec<Digest>,
    /// All are of one length, that of a digest.
    outers: Box<Shapes<1, AT_ONCE>>,
}

impl Blinder {
    /// Prepares a tree key.
    #[must_use]
    pub fn new(key: &TreeKey) -> Self {
        let padded = |pad: u8| {
            let mut block = Zeroizing::new([pad; 64]);
            for (byte, key) in block.iter_mut().zip(key.0.iter()) {
                *byte ^= key;
            }
            Midstate::after(&block)
        };
        let (inner, outer, outers) = (padded(INNER), padded(OUTER), Box::new(Shapes::new(32)));
        Self { inner, outer, batch: Batch::default(), digests: Vec::new(), outers }
    }

    /// Adds an account to those that wait.
    pub fn push(&mut self, account: &[u8]) {
        self.batch.message(account.len()).copy_from_slice(account);
    }

    /// The same of an account that stands at the begin of `bytes` and has so many; to read a little more than that is
    /// quicker, where there is more.
    #[inline]
    pub(crate) fn push_first(&mut self, bytes: &[u8], length: usize) {
        match bytes.first_chunk() {
            Some(fixed) if length <= fixed.len() => self.batch.push_fixed(&[], fixed, length, 0),
            _ => self.push(bytes.get(..length).unwrap_or(bytes)),
        }
    }

    /// How many accounts wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether no account waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Order key and nonce of every account that waited, in order.
    pub fn finish(&mut self, each: &mut dyn FnMut(OrderKey, Nonce)) {
        self.digests.clear();
        self.batch.finish(self.inner, &mut self.digests);
        for inner in self.digests.chunks(AT_ONCE) {
            for (message, digest) in self.outers.messages().iter_mut().zip(inner) {
                let (place, _) = message.as_flattened_mut().split_at_mut(32);
                place.copy_from_slice(digest.as_bytes());
            }
            let mut outer = [[0; 32]; AT_ONCE];
            let outer = outer.get_mut(..inner.len()).unwrap_or_default();
            self.outers.hash(self.outer, outer);
            for bytes in outer {
                if let (Some(order), Some(nonce)) = (bytes.first_chunk(), bytes.last_chunk()) {
                    each(OrderKey(*order), Nonce(*nonce));
                }
            }
        }
        self.digests.clear();
    }
}

impl Drop for Blinder {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
        self.batch.zeroize();
        self.outers.messages().as_flattened_mut().as_flattened_mut().zeroize();
    }
}

impl LeafContent<'_> {
    /// Adds the leaf to those that wait to be hashed behind the tag of leaves; `split` as for
    /// [`LeafContent::hash_piece`]. `None`, and nothing is added, when it does not fit the format.
    #[must_use]
    pub fn push_to(&self, split: Option<&Split>, batch: &mut Batch) -> Option<()> {
        let texts = (self.account.as_bytes(), self.credential.as_bytes());
        push_leaf(batch, self.nonce, self.amount, texts, (self.parts, split))
    }
}

/// The same for a leaf without credential and parts, whose account stands at the begin of `bytes` and has so many; to
/// read a little more than that is quicker, where there is more.
#[inline]
pub(crate) fn push_plain_leaf(
    batch: &mut Batch,
    nonce: Nonce,
    amount: Amount,
    bytes: &[u8],
    length: usize,
) -> Option<()> {
    match bytes.first_chunk() {
        Some(fixed) if length <= fixed.len() => {
            let mut head = [0; 34];
            head[..16].copy_from_slice(&nonce.0);
            head[16..32].copy_from_slice(&amount.to_be_bytes());
            head[32..].copy_from_slice(&u16::try_from(length).ok()?.to_be_bytes());
            // behind the account stand two empty texts: their lengths
            batch.push_fixed(&head, fixed, length, 4);
            Some(())
        }
        _ => push_leaf(batch, nonce, amount, (bytes.get(..length)?, &[]), (&[], None)),
    }
}

/// The same, of account and credential as bytes.
#[inline]
pub(crate) fn push_leaf(
    batch: &mut Batch,
    nonce: Nonce,
    amount: Amount,
    (account, credential): (&[u8], &[u8]),
    (parts, split): (&[Part], Option<&Split>),
) -> Option<()> {
    let mut detail = parts_digest(parts)?;
    if let Some(split) = split {
        detail = Some(split.digest(detail));
    }
    let detail: &[u8] = detail.as_ref().map_or(&[], |digest| digest.as_bytes());
    let length = |text: &[u8]| Some(u16::try_from(text.len()).ok()?.to_be_bytes());
    let (account_length, credential_length, detail_length) = (length(account)?, length(credential)?, length(detail)?);
    let message = batch.message(38 + account.len() + credential.len() + detail.len());
    let (head, rest) = message.split_first_chunk_mut::<34>()?;
    head[..16].copy_from_slice(&nonce.0);
    head[16..32].copy_from_slice(&amount.to_be_bytes());
    head[32..].copy_from_slice(&account_length);
    let (place, rest) = rest.split_at_mut_checked(account.len())?;
    place.copy_from_slice(account);
    let (place, rest) = rest.split_first_chunk_mut()?;
    *place = credential_length;
    let (place, rest) = rest.split_at_mut_checked(credential.len())?;
    place.copy_from_slice(credential);
    let (place, rest) = rest.split_first_chunk_mut()?;
    *place = detail_length;
    rest.copy_from_slice(detail);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Class;
    use crate::hash::Tag;
    use crate::liability::leaf::Piece;
    use crate::secret::{Secret, SecretKind};

    #[test]
    fn one_at_a_time_and_together_are_the_same() {
        let secret = Secret::new(SecretKind::Master, &mut [1; 32]);
        let key = SnapshotKey::derive(&secret, &[2; 32], &"example".parse().unwrap(), 7);
        let key = key.tree(&"BTC".parse().unwrap(), Class::Lent);
        let accounts: Vec<String> = (0..150).map(|length| "ü".repeat(length)).collect();
        let mut blinder = Blinder::new(&key);
        accounts.iter().for_each(|account| blinder.push(account.as_bytes()));
        let (mut blinded, mut batch, mut hashes) = (Vec::new(), Batch::default(), Vec::new());
        blinder.finish(&mut |order, nonce| blinded.push((order, nonce)));
        let parts = [Part { product: "spot".to_owned(), amount: Amount::from_base_units(7) }];
        let leaf = |place: usize| LeafContent {
            nonce: blinded[place].1,
            amount: Amount::from_base_units(7),
            account: &accounts[place],
            credential: &accounts[place / 2],
            parts: if place.is_multiple_of(3) { &parts } else { &[] },
        };
        for (place, account) in accounts.iter().enumerate() {
            assert_eq!(key.blind(account), blinded[place]);
            leaf(place).push_to(None, &mut batch).unwrap();
        }
        let split = Split { piece: Piece::new(2, 3).unwrap(), whole: Amount::from_base_units(70) };
        accounts.iter().enumerate().for_each(|(place, _)| leaf(place).push_to(Some(&split), &mut batch).unwrap());
        batch.finish(Midstate::of(Tag::Leaf), &mut hashes);
        let (whole, pieces) = hashes.split_at(accounts.len());
        for (place, (whole, piece)) in whole.iter().zip(pieces).enumerate() {
            assert_eq!(leaf(place).hash().unwrap().digest(), *whole);
            assert_eq!(leaf(place).hash_piece(&split).unwrap().digest(), *piece);
        }
    }
}
