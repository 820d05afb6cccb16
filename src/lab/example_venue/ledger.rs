//! The books of Example Exchange: few large balances and many small ones, adding up to round totals.

use std::fmt::Write as _;

use alloy_primitives::U256;

use crate::amount::{Amount, Decimals};
use crate::hash::sha256;

const CUSTOMERS: u32 = 10_000;
/// Asset, decimals, total in base units.
const TOTALS: [(&str, u8, u128); 3] =
    [("BTC", 8, 120_000_000_000), ("ETH", 18, 18_330_250_000_000_000_000_000), ("USDT", 6, 9_100_000_000_000)];

/// The ledger as CSV, asset by asset.
pub(super) fn csv() -> Vec<u8> {
    let mut text = String::from("account,asset,amount,product\n");
    for (asset, decimals, total) in TOTALS {
        let weights: Vec<u64> = (0..CUSTOMERS).map(|customer| weight(asset, customer)).collect();
        let all: u64 = weights.iter().sum();
        let mut left = total;
        for (customer, weight) in (0..CUSTOMERS).zip(&weights).rev() {
            // the first customer takes what rounding leaves
            let share = if customer == 0 { left } else { share(total, *weight, all) };
            left -= share;
            let decimals = Decimals::new(decimals).map(|decimals| Amount::from_base_units(share).to_decimal(decimals));
            // writing into a string cannot fail
            let _ = writeln!(text, "u{customer:012},{asset},{},spot", decimals.unwrap_or_default());
        }
    }
    text.into_bytes()
}

/// Balances spread over some six orders of magnitude.
fn weight(asset: &str, customer: u32) -> u64 {
    let digest = sha256(format!("{asset} {customer}").as_bytes()).to_bytes();
    let [size, fine, ..] = digest;
    (1 << (size.trailing_zeros() * 2)) * (64 + u64::from(fine))
}

fn share(total: u128, weight: u64, all: u64) -> u128 {
    let share = U256::from(total) * U256::from(weight) / U256::from(all);
    share.try_into().unwrap_or(0)
}
