//! Synthetic ledgers of any size: the same rows for the same seed, on every machine.
//!
//! Every figure is a function of the seed and of a row's number: nothing is drawn in sequence, nothing is kept, and
//! no float decides about a balance. Chance comes from SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): it is for
//! variety, and guards nothing.

mod files;

use std::io::{self, Write};

use crate::amount::{Amount, Decimals};

pub use files::{assets_toml, master_secret, signing_key, snapshot_toml, totals_toml, venue_toml};

/// More rows than any venue has. Below it no total leaves 128 bits.
pub const ROWS_MAX: u64 = 10_000_000_000;

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct SyntheticLedger {
    /// How many rows, from 1 to [`ROWS_MAX`].
    pub rows: u64,
    /// Another seed gives other accounts and balances.
    pub seed: u64,
    /// In which order.
    pub order: Order,
    /// Whether rows name a product; several products of one asset are then parts of one balance.
    pub products: bool,
    /// Whether rows name a class.
    pub classes: bool,
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The rows of an account are neighbours, as in an export that is sorted by account.
    Account,
    /// Neighbours are far apart, as in an export without any order.
    Mixed,
}

/// Sum per asset in base units, in the order of `ASSETS`: the control totals.
pub type Totals = [u128; ASSETS.len()];

/// One asset of the made-up venue.
pub(super) struct SyntheticAsset {
    pub(super) id: &'static str,
    pub(super) decimals: u8,
    /// Base units of a balance in the middle.
    typical: u64,
    /// CAIP-19 identifiers with the decimals there.
    pub(super) deployments: &'static [(&'static str, u8)],
}

/// In the order of their names.
pub(super) const ASSETS: [SyntheticAsset; 6] = [
    SyntheticAsset {
        id: "BTC",
        decimals: 8,
        typical: 300_000,
        deployments: &[("bip122:000000000019d6689c085ae165831e93/slip44:0", 8)],
    },
    SyntheticAsset {
        id: "ETH",
        decimals: 18,
        typical: 50_000_000_000_000_000,
        deployments: &[("eip155:1/slip44:60", 18), ("eip155:42161/slip44:60", 18)],
    },
    SyntheticAsset {
        id: "SOL",
        decimals: 9,
        typical: 1_200_000_000,
        deployments: &[("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp/slip44:501", 9)],
    },
    SyntheticAsset {
        id: "USDC",
        decimals: 6,
        typical: 80_000_000,
        deployments: &[
            ("eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", 6),
            ("eip155:42161/erc20:0xaf88d065e77c8cc2239327c5edb3a432268e5831", 6),
        ],
    },
    SyntheticAsset {
        id: "USDT",
        decimals: 6,
        typical: 150_000_000,
        deployments: &[
            ("eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7", 6),
            // eighteen decimals here, six where the venue owes it
            ("eip155:56/erc20:0x55d398326f99059ff775485246999027b3197955", 18),
        ],
    },
    SyntheticAsset { id: "iso4217:EUR", decimals: 2, typical: 12_000, deployments: &[] },
];

/// Which assets an account holds, as positions in [`ASSETS`]: an account with k of them takes the first k of one line.
const PORTFOLIOS: [[usize; 6]; 8] = [
    [4, 0, 1, 3, 2, 5],
    [4, 1, 0, 2, 3, 5],
    [0, 4, 1, 2, 5, 3],
    [0, 1, 4, 3, 2, 5],
    [1, 0, 4, 2, 3, 5],
    [3, 4, 0, 1, 2, 5],
    [5, 0, 1, 4, 2, 3],
    [2, 4, 1, 0, 3, 5],
];

/// Sixteen rows are eight accounts: which of the eight a row belongs to, and which row of that account it is. Most have
/// one or two assets, few have five.
const GROUP: [(u64, usize); 16] = [
    (0, 0),
    (1, 0),
    (2, 0),
    (2, 1),
    (3, 0),
    (4, 0),
    (4, 1),
    (4, 2),
    (5, 0),
    (6, 0),
    (6, 1),
    (6, 2),
    (6, 3),
    (6, 4),
    (7, 0),
    (7, 1),
];
const GROUP_ROWS: u64 = GROUP.len() as u64;
const GROUP_ACCOUNTS: u64 = 8;

/// What a number is drawn for: each has a stream of its own.
#[derive(Clone, Copy)]
enum Stream {
    Account = 1,
    Balance = 2,
    Detail = 3,
}

/// Bytes collected before they are handed on.
const BUFFER_SIZE: usize = 1 << 18;
/// A row is never longer.
const ROW_SIZE_MAX: usize = 160;
/// Rows between two calls of `progress`.
const PROGRESS_ROWS: u64 = 1 << 16;

impl SyntheticLedger {
    /// Writes the ledger as CSV and returns its control totals. `progress` is told the number of rows from time to
    /// time.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> io::Result<Totals> {
        let mut totals: Totals = [0; ASSETS.len()];
        let mut buffer = Vec::with_capacity(BUFFER_SIZE);
        buffer.extend_from_slice(b"account,asset,amount");
        buffer.extend_from_slice(if self.products { b",product" } else { b"" });
        buffer.extend_from_slice(if self.classes { b",class\n" } else { b"\n" });
        let step = self.step();
        let mut slot = 0;
        for row in 0..self.rows {
            self.row(slot, &mut buffer, &mut totals);
            // as `step` and the number of rows have no common divisor, every slot comes once
            slot += step;
            slot = if slot >= self.rows { slot - self.rows } else { slot };
            if buffer.len() > BUFFER_SIZE - ROW_SIZE_MAX {
                out.write_all(&buffer)?;
                buffer.clear();
            }
            if row.is_multiple_of(PROGRESS_ROWS) {
                progress(row);
            }
        }
        out.write_all(&buffer)?;
        progress(self.rows);
        Ok(totals)
    }

    /// From one row to the next: 1, or about 0.618 of all rows, which puts neighbours far apart.
    fn step(&self) -> u64 {
        match self.order {
            Order::Account => 1,
            Order::Mixed => {
                let near = self.rows * 618 / 1000 + 1;
                (near..).find(|&step| common_divisor(step, self.rows) == 1).unwrap_or(1) % self.rows
            }
        }
    }

    /// The row of this place in the order by account.
    fn row(&self, slot: u64, out: &mut Vec<u8>, totals: &mut Totals) {
        let place = usize::try_from(slot % GROUP_ROWS).unwrap_or(0);
        let (offset, nth) = GROUP.get(place).copied().unwrap_or((0, 0));
        let first = slot / GROUP_ROWS * GROUP_ACCOUNTS;
        let chance = self.chance(Stream::Account, first + offset);
        let (holding, product) = if self.products { (nth / 2, nth % 2) } else { (nth, 0) };
        let portfolio = PORTFOLIOS.get(low(chance >> 61, 8)).unwrap_or(&PORTFOLIOS[0]);
        let position = portfolio.get(holding).copied().unwrap_or(0);
        let asset = ASSETS.get(position).unwrap_or(&ASSETS[0]);

        self.account(first, offset, chance, out);
        out.push(b',');
        out.extend_from_slice(asset.id.as_bytes());
        out.push(b',');
        let units = self.balance(slot, asset);
        if let Some(total) = totals.get_mut(position) {
            *total += units;
        }
        decimal(units, asset.decimals, out);
        let detail = self.chance(Stream::Detail, slot);
        if self.products {
            let product: &[u8] = match (product, detail % 4) {
                (0, _) => b",spot",
                (_, 0) => b",margin",
                _ => b",earn",
            };
            out.extend_from_slice(product);
        }
        if self.classes {
            let class: &[u8] = match (detail >> 8) % 16 {
                0 => b",lent",
                1 => b",collateral",
                2 => b",derivative",
                _ => b",custody",
            };
            out.extend_from_slice(class);
        }
        out.push(b'\n');
    }

    /// `u` and twelve digits, a UUID, or for the last of the eight a sub-account of one of the others.
    fn account(&self, first: u64, offset: u64, chance: u64, out: &mut Vec<u8>) {
        if offset == GROUP_ACCOUNTS - 1 {
            let main = chance % (GROUP_ACCOUNTS - 1);
            self.main_account(first + main, self.chance(Stream::Account, first + main), out);
            out.extend_from_slice(b"-s01");
        } else {
            self.main_account(first + offset, chance, out);
        }
    }

    fn main_account(&self, number: u64, chance: u64, out: &mut Vec<u8>) {
        if !(chance >> 8).is_multiple_of(4) {
            out.push(b'u');
            padded(number + 1, 12, out);
            return;
        }
        // `chance` differs for every account of a seed, so the ids do: all its digits are in, the others are filled up
        let fill = self.chance(Stream::Detail, !number);
        hexadecimal(chance >> 32, 8, out);
        out.push(b'-');
        hexadecimal(fill, 4, out);
        out.extend_from_slice(b"-4");
        hexadecimal(fill >> 16, 3, out);
        out.push(b'-');
        hexadecimal(8 | (fill >> 28 & 3), 1, out);
        hexadecimal(fill >> 32, 3, out);
        out.push(b'-');
        hexadecimal(fill >> 48, 4, out);
        hexadecimal(chance, 8, out);
    }

    /// Base units. Above the middle the share of balances larger than x falls as 1/x; below it is dust, some of it
    /// nothing at all; and some balances are round.
    fn balance(&self, slot: u64, asset: &SyntheticAsset) -> u128 {
        /// No balance is more than about 2^34 times the typical one, so no total of [`ROWS_MAX`] rows overflows.
        const DOUBLINGS_MAX: u32 = 34;
        let chance = self.chance(Stream::Balance, slot);
        let doublings = (chance | 1 << DOUBLINGS_MAX).trailing_zeros();
        let fraction = (1 << 29) + (chance >> 35);
        let units = ((u128::from(asset.typical) * u128::from(fraction)) << doublings) >> 30;
        let kind = self.chance(Stream::Detail, slot) >> 32;
        match kind % 32 {
            0 => 0,
            1..=7 => units >> (kind >> 5 & 15),
            8..=10 => {
                let whole = 10_u128.pow(u32::from(asset.decimals));
                if units < whole { units } else { units / (whole / 100) * (whole / 100) }
            }
            _ => units,
        }
    }

    /// A number for a purpose; two numbers of one stream are never the same.
    fn chance(&self, stream: Stream, number: u64) -> u64 {
        let start = scrambled(self.seed ^ (stream as u64) << 56);
        scrambled(start.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

/// SplitMix64's output function, a permutation of the 64-bit numbers.
pub(super) fn scrambled(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn common_divisor(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// `value` modulo a small number.
fn low(value: u64, modulus: u64) -> usize {
    usize::try_from(value % modulus).unwrap_or(0)
}

/// The last `digits` hexadecimal digits.
fn hexadecimal(value: u64, digits: u32, out: &mut Vec<u8>) {
    for place in (0..digits).rev() {
        let digit = value >> (4 * place) & 15;
        out.push(u8::try_from(if digit < 10 { 48 + digit } else { 87 + digit }).unwrap_or(b'0'));
    }
}

/// At least `width` decimal digits, at most 20.
fn padded(mut value: u64, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        if value == 0 && length >= width {
            break;
        }
        *digit += u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
        length += 1;
    }
    out.extend_from_slice(digits.get(20 - length..).unwrap_or_default());
}

/// A plain decimal with all decimals of the asset, as [`Amount::to_decimal`] writes it, without an allocation a row.
fn decimal(units: u128, decimals: u8, out: &mut Vec<u8>) {
    let scale = 10_u64.pow(u32::from(decimals));
    let (whole, fraction) = match u64::try_from(units) {
        Ok(units) => (units / scale, units % scale),
        Err(_) => {
            let (whole, fraction) = (units / u128::from(scale), units % u128::from(scale));
            (u64::try_from(whole).unwrap_or(u64::MAX), u64::try_from(fraction).unwrap_or(0))
        }
    };
    padded(whole, 1, out);
    out.push(b'.');
    padded(fraction, usize::from(decimals), out);
}

/// A total for a file.
pub(super) fn total_text(units: u128, asset: &SyntheticAsset) -> String {
    let decimals = Decimals::new(asset.decimals).unwrap_or(Decimals::ZERO);
    Amount::from_base_units(units).to_decimal(decimals)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn ledger(rows: u64, order: Order) -> SyntheticLedger {
        SyntheticLedger { rows, seed: 7, order, products: false, classes: false }
    }

    fn written(ledger: &SyntheticLedger) -> (String, Totals) {
        let mut out = Vec::new();
        let totals = ledger.write(&mut out, &mut |_| ()).expect("memory takes it");
        (String::from_utf8(out).expect("ASCII"), totals)
    }

    #[test]
    fn the_order_changes_no_row_and_no_total() {
        for rows in [1, 2, 15, 16, 17, 1000, 4096, 99_991] {
            let (sorted, totals) = written(&ledger(rows, Order::Account));
            let (mixed, same) = written(&ledger(rows, Order::Mixed));
            assert_eq!(totals, same, "{rows}");
            assert_eq!(sorted.lines().count() as u64, rows + 1);
            assert_eq!(sorted.lines().collect::<BTreeSet<_>>(), mixed.lines().collect::<BTreeSet<_>>(), "{rows}");
            let (other, _) = written(&SyntheticLedger { seed: 8, ..ledger(rows, Order::Account) });
            assert_ne!(sorted, other, "{rows}");
        }
    }

    #[test]
    fn no_account_has_an_asset_twice_and_totals_are_those_of_the_rows() {
        for (products, classes) in [(false, false), (true, false), (false, true), (true, true)] {
            let (text, totals) = written(&SyntheticLedger { products, classes, ..ledger(50_000, Order::Mixed) });
            let mut seen = BTreeSet::new();
            let mut sums: BTreeMap<&str, u128> = BTreeMap::new();
            for line in text.lines().skip(1) {
                let fields: Vec<&str> = line.split(',').collect();
                assert_eq!(fields.len(), 3 + usize::from(products) + usize::from(classes), "{line}");
                assert!(line.len() < ROW_SIZE_MAX, "{line}");
                let product = if products { fields[3] } else { "" };
                assert!(seen.insert((fields[0], fields[1], product)), "{line}");
                let asset = ASSETS.iter().find(|asset| asset.id == fields[1]).expect("listed");
                let decimals = Decimals::new(asset.decimals).expect("few");
                let units = Amount::parse(fields[2], decimals).expect(line).base_units();
                assert_eq!(fields[2], total_text(units, asset), "every amount has all decimals");
                *sums.entry(asset.id).or_default() += units;
            }
            let expected: Vec<u128> = ASSETS.iter().map(|asset| sums.get(asset.id).copied().unwrap_or(0)).collect();
            assert_eq!(totals.to_vec(), expected);
        }
    }

    #[test]
    fn balances_are_heavy_tailed() {
        let (text, _) = written(&ledger(100_000, Order::Account));
        let mut bitcoin: Vec<u128> = text
            .lines()
            .filter_map(|line| line.split_once(",BTC,"))
            .map(|(_, amount)| Amount::parse(amount, Decimals::new(8).expect("few")).expect("an amount").base_units())
            .collect();
        bitcoin.sort_unstable();
        let (all, count) = (bitcoin.iter().sum::<u128>(), bitcoin.len());
        let largest: u128 = bitcoin.iter().rev().take(count / 100).sum();
        assert!(largest * 3 > all, "one account of a hundred has more than a third of everything");
        assert!(bitcoin[count / 2] * 100 < bitcoin[count - 1], "the largest is far above the middle");
        assert!(bitcoin[count / 50] == 0 && bitcoin[count / 10] > 0, "a few have nothing");
    }

    #[test]
    fn accounts_have_three_shapes() {
        let (text, _) = written(&ledger(16_000, Order::Account));
        let accounts: BTreeSet<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        assert_eq!(accounts.len(), 8_000);
        let subs = accounts.iter().filter(|account| account.ends_with("-s01")).count();
        assert_eq!(subs, 1_000);
        for sub in accounts.iter().filter_map(|account| account.strip_suffix("-s01")) {
            assert!(accounts.contains(sub), "a sub-account of {sub}");
        }
        let numbered = |account: &&&str| account.len() == 13 && account.starts_with('u');
        let numbered = accounts.iter().filter(numbered).count();
        assert!((4_800..5_700).contains(&numbered), "{numbered} of 7,000 have a number");
    }

    #[test]
    fn large_amounts_are_exact() {
        let mut out = Vec::new();
        decimal(10_u128.pow(30) + 1, 18, &mut out);
        out.push(b' ');
        decimal(5, 2, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), "1000000000000.000000000000000001 0.05");
    }
}
