//! Sets of unspent outputs that nobody has: snapshots of any size, as a node would dump them, the same bytes for the
//! same seed.
//!
//! Every coin is a function of the seed and of its number. Kinds of scripts, sizes and amounts are about as frequent as
//! on Bitcoin's main chain; the network is regtest, so that nobody takes such a set for a real one.

use std::io::{self, Write};

use bitcoin::hashes::Hash as _;
use bitcoin::{BlockHash, Network, Txid};
use k256::elliptic_curve::sec1::ToSec1Point as _;

use super::ledger::scrambled;
use crate::hash::sha256;
use crate::reserve::bitcoin::utxo_snapshot::{Head, MAGIC, SATOSHIS_MAX, VERSION};

/// More coins than any chain has; each still gets some satoshis.
pub const COINS_MAX: u64 = 1_000_000_000;
/// Bytes collected before they are handed on.
const BUFFER_SIZE: usize = 1 << 18;
/// The youngest coin is this old.
const HEIGHT_MAX: u64 = 900_000;

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct SyntheticSet {
    /// How many coins, from 1 to [`COINS_MAX`].
    pub coins: u64,
    /// Another seed gives other coins.
    pub seed: u64,
}

/// One output of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCoin {
    /// Its number in the transaction.
    pub vout: u32,
    /// Height of the block that made it, at most 31 bits.
    pub height: u32,
    /// Whether a coinbase made it.
    pub coinbase: bool,
    /// Its amount.
    pub satoshis: u64,
    /// Its script.
    pub script: Vec<u8>,
}

impl SyntheticSet {
    /// Writes the snapshot. `progress` is told the number of coins from time to time.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> io::Result<()> {
        let block = BlockHash::from_byte_array(sha256(&self.seed.to_be_bytes()).to_bytes());
        let mut buffer = Vec::with_capacity(2 * BUFFER_SIZE);
        write_head(&Head { network: Network::Regtest, block, count: self.coins }, &mut buffer);
        // as ids rise, their first eight bytes do: one step for every coin is enough
        let step = u64::MAX / self.coins.max(1);
        let (mut coins, mut written) = (Vec::new(), 0);
        while written < self.coins {
            let chance = self.chance(written, 0);
            coins.clear();
            coins.extend(self.vouts(written, chance).map(|(number, vout)| self.coin(number, vout)));
            let mut id = [0; 32];
            id.as_mut_slice().write_all(&(written * step).to_be_bytes())?;
            for (number, part) in (1..).zip(id.chunks_exact_mut(8).skip(1)) {
                part.copy_from_slice(&self.chance(written, number).to_be_bytes());
            }
            write_transaction(&Txid::from_byte_array(id), &mut coins, &mut buffer);
            written += coins.len() as u64;
            if buffer.len() > BUFFER_SIZE {
                out.write_all(&buffer)?;
                buffer.clear();
                progress(written);
            }
        }
        out.write_all(&buffer)?;
        progress(self.coins);
        Ok(())
    }

    /// Numbers of the coins of one transaction, among all and in the transaction. Most have one coin left, a few have
    /// hundreds.
    fn vouts(&self, first: u64, chance: u64) -> impl Iterator<Item = (u64, u32)> {
        let (count, gap) = match chance % 65_536 {
            0 => (300, 61),
            few if few % 16 == 1 => (3 + (chance >> 16 & 7), 1),
            two if two % 16 < 5 => (2, 1),
            _ => (1, 1),
        };
        let begin = u32::try_from(chance >> 32 & 1).unwrap_or(0);
        let count = count.min(self.coins - first);
        (first..first + count).zip((0..).map(move |place| begin + place * gap))
    }

    fn coin(&self, number: u64, vout: u32) -> NewCoin {
        let chance = self.chance(number, 5);
        let amount = self.chance(number, 6);
        let most = SATOSHIS_MAX / self.coins;
        let satoshis = match amount % 8 {
            0..3 => 330 + (amount >> 8 & 1) * 216,
            3 => (1 + (amount >> 8) % 99) * 10_u64.pow(u32::try_from(amount >> 16 & 7).unwrap_or(0)),
            _ => (amount >> 8) % 50_000_000,
        };
        NewCoin {
            vout,
            height: u32::try_from((chance >> 16) % HEIGHT_MAX).unwrap_or(0),
            coinbase: chance.is_multiple_of(512),
            satoshis: satoshis.min(most),
            script: self.script(number, chance >> 40),
        }
    }

    /// A script of one of the common kinds.
    fn script(&self, number: u64, chance: u64) -> Vec<u8> {
        let mut bytes = [0; 104];
        for (place, part) in (8..).zip(bytes.chunks_exact_mut(8)) {
            part.copy_from_slice(&self.chance(number, place).to_le_bytes());
        }
        let (key, rest) = bytes.split_at(32);
        let hash = key.get(..20).unwrap_or(key);
        match chance % 4096 {
            0 => [&[33, 2 + (bytes[40] & 1)], key, &[0xac]].concat(),
            1 => [&[65_u8], uncompressed(number + 1).as_slice(), &[0xac]].concat(),
            2..50 => {
                let (second, third) = rest.split_at(32);
                let third = third.get(..32).unwrap_or(third);
                [&[0x51, 33, 2], key, &[33, 3], second, &[33, 2], third, &[0x53, 0xae]].concat()
            }
            50..100 => [&[0, 32], key].concat(),
            100..550 => [&[0xa9, 20], hash, &[0x87]].concat(),
            550..1600 => [&[0x76, 0xa9, 20], hash, &[0x88, 0xac]].concat(),
            1600..2900 => [&[0x51, 32], key].concat(),
            _ => [&[0, 20], hash].concat(),
        }
    }

    fn chance(&self, number: u64, place: u64) -> u64 {
        scrambled(scrambled(self.seed ^ place << 56).wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

/// The key with this number, in 65 bytes.
fn uncompressed(number: u64) -> Vec<u8> {
    let point = k256::ProjectivePoint::GENERATOR * k256::Scalar::from(number);
    point.to_affine().to_sec1_point(false).as_bytes().to_vec()
}

/// Writes the head of a snapshot.
pub fn write_head(head: &Head, out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&head.network.magic().to_bytes());
    out.extend_from_slice(head.block.as_byte_array());
    out.extend_from_slice(&head.count.to_le_bytes());
}

/// Writes the coins of one transaction as a node does, in the order of its database: that of their numbers as it
/// stores them, byte by byte.
pub fn write_transaction(txid: &Txid, coins: &mut [NewCoin], out: &mut Vec<u8>) {
    coins.sort_by_cached_key(|coin| {
        let mut key = Vec::new();
        varint(u64::from(coin.vout), &mut key);
        key
    });
    out.extend_from_slice(txid.as_byte_array());
    compact_size(coins.len() as u64, out);
    for coin in coins {
        compact_size(u64::from(coin.vout), out);
        varint(u64::from(coin.height) << 1 | u64::from(coin.coinbase), out);
        varint(stored_amount(coin.satoshis), out);
        script(&coin.script, out);
    }
}

fn compact_size(value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_le_bytes();
    let (mark, width) = match value {
        0..0xfd => (None, 1),
        0xfd..0x1_0000 => (Some(0xfd), 2),
        0x1_0000..0x1_0000_0000 => (Some(0xfe), 4),
        _ => (Some(0xff), 8),
    };
    out.extend(mark);
    out.extend(bytes.into_iter().take(width));
}

/// Groups of seven bits, the highest first, each but the last marked and lowered by one.
fn varint(mut value: u64, out: &mut Vec<u8>) {
    let start = out.len();
    let mut mark = 0;
    loop {
        out.push((value & 0x7f) as u8 | mark);
        if value < 0x80 {
            break;
        }
        value = (value >> 7) - 1;
        mark = 0x80;
    }
    if let Some(written) = out.get_mut(start..) {
        written.reverse();
    }
}

/// The amount with its powers of ten taken out.
fn stored_amount(mut satoshis: u64) -> u64 {
    if satoshis == 0 {
        return 0;
    }
    let mut zeros = 0;
    while satoshis.is_multiple_of(10) && zeros < 9 {
        satoshis /= 10;
        zeros += 1;
    }
    if zeros < 9 { 1 + (satoshis / 10 * 9 + satoshis % 10 - 1) * 10 + zeros } else { 1 + (satoshis - 1) * 10 + 9 }
}

/// A script in short where there is a short form.
fn script(script: &[u8], out: &mut Vec<u8>) {
    match script {
        [0x76, 0xa9, 20, hash @ .., 0x88, 0xac] if hash.len() == 20 => {
            out.push(0);
            out.extend_from_slice(hash);
        }
        [0xa9, 20, hash @ .., 0x87] if hash.len() == 20 => {
            out.push(1);
            out.extend_from_slice(hash);
        }
        [33, parity @ (2 | 3), key @ .., 0xac] if key.len() == 32 => {
            out.push(*parity);
            out.extend_from_slice(key);
        }
        [65, key @ .., 0xac]
            if key.len() == 65 && key.first() == Some(&4) && k256::PublicKey::from_sec1_bytes(key).is_ok() =>
        {
            out.push(4 | key.last().map_or(0, |last| last & 1));
            out.extend(key.iter().skip(1).take(32));
        }
        _ => {
            varint(script.len() as u64 + 6, out);
            out.extend_from_slice(script);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reserve::bitcoin::utxo_snapshot::summarize;

    fn written(coins: u64, seed: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        SyntheticSet { coins, seed }.write(&mut bytes, &mut |_| {}).expect("memory");
        bytes
    }

    #[test]
    fn the_same_seed_gives_the_same_set() {
        assert_eq!(written(2_000, 1), written(2_000, 1));
        assert_ne!(written(2_000, 1), written(2_000, 2));
    }

    #[test]
    fn sets_of_every_size_are_whole() {
        for coins in (1..40).chain([70_000, 200_000]) {
            let summary = summarize(written(coins, coins).as_slice(), &mut |_, _| {}).expect("whole");
            assert_eq!(summary.head.count, coins);
            assert!(summary.transactions <= coins && summary.transactions * 2 >= coins.min(2), "{coins}");
        }
    }

    #[test]
    fn kinds_of_scripts_are_mixed() {
        let set = SyntheticSet { coins: 100_000, seed: 3 };
        let mut lengths = std::collections::BTreeMap::<usize, u32>::new();
        for number in 0..set.coins {
            *lengths.entry(set.coin(number, 0).script.len()).or_default() += 1;
        }
        let kinds: Vec<usize> = lengths.keys().copied().collect();
        assert_eq!(kinds, [22, 23, 25, 34, 35, 67, 105]);
        assert!(lengths[&22] > 20_000 && lengths[&25] > 20_000 && lengths[&34] > 20_000, "{lengths:?}");
    }
}
