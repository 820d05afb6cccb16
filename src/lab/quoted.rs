//! Somebody who adds up what the files of a bundle quote at the cut-off block, as pages with a list of balances do: no
//! signature is checked, no block is asked for, no window is looked at, and nothing is owed beside the tree.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::amount::{Amount, Decimals};
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::publish::Statement;
use crate::reserve::address_set::AddressSet;
use crate::reserve::evm::account_proof::verify;
use crate::reserve::evm::header::EvmHeader;
use crate::reserve::evm::trie::NodePool;
use crate::reserve::transcript::Transcript;
use crate::signature::Envelope;

use super::example_venue::{ExampleError, fault};
use super::forger::{BITCOIN, EVM};
use super::scenario::Said;

/// What stands on each side.
pub(super) struct Figures {
    held: Amount,
    held_decimals: Decimals,
    owed: Amount,
    owed_decimals: Decimals,
}

/// The answer to `scantxoutset`, as far as anybody reads it who wants one number.
#[derive(Deserialize)]
struct Scan<'a> {
    #[serde(borrow)]
    total_amount: &'a RawValue,
}

#[derive(Deserialize)]
struct HeaderLine {
    rlp: String,
}

fn file<'a>(files: &'a MemoryFiles, path: &str) -> Result<&'a [u8], ExampleError> {
    files.get(path).map(Vec::as_slice).ok_or_else(|| fault(format!("no {path}")))
}

fn of_chain(chain: &str, name: &str) -> Result<String, ExampleError> {
    Ok(paths::chain(&chain.parse::<ChainId>().map_err(fault)?, name))
}

/// The document in a signed file; whose signature it is, nobody asks.
fn document<'a, T: Deserialize<'a>>(envelope: &'a Envelope) -> Result<T, ExampleError> {
    serde_json::from_slice(&envelope.document).map_err(fault)
}

fn transcript(files: &MemoryFiles, chain: &str) -> Result<Transcript, ExampleError> {
    let path = of_chain(chain, paths::TRANSCRIPT)?;
    document(&Envelope::parse(file(files, &path)?, "transcript").map_err(fault)?)
}

fn decimals(number: u8) -> Result<Decimals, ExampleError> {
    Decimals::new(number).ok_or_else(|| fault("decimals"))
}

/// The total of a node's list of unspent coins.
fn bitcoin(files: &MemoryFiles) -> Result<(Amount, Decimals), ExampleError> {
    let transcript = transcript(files, BITCOIN)?;
    let call = transcript.calls_of("scantxoutset").next().ok_or_else(|| fault("no scan"))?;
    let scan: Scan<'_> = serde_json::from_str(&call.result).map_err(fault)?;
    let decimals = decimals(8)?;
    Ok((Amount::parse(scan.total_amount.get(), decimals).map_err(fault)?, decimals))
}

/// The balances of all addresses on the list, in the state of the block that the statement names.
fn ether(files: &MemoryFiles, statement: &Statement) -> Result<(Amount, Decimals), ExampleError> {
    let block = statement.chains.iter().find(|block| block.chain.as_str() == EVM).ok_or_else(|| fault("no block"))?;
    let lines = std::str::from_utf8(file(files, &of_chain(EVM, paths::EVM_HEADERS)?)?).map_err(fault)?;
    let header = |line: &str| {
        let line: HeaderLine = serde_json::from_str(line).ok()?;
        EvmHeader::parse(&hex::decode(line.rlp.trim_start_matches("0x")).ok()?).ok()
    };
    let header = lines.lines().filter_map(header).find(|header| header.number() == block.height);
    let header = header.ok_or_else(|| fault("no header"))?;
    let path = of_chain(EVM, paths::EVM_NODES)?;
    let pool = NodePool::parse(&path, file(files, &path)?).map_err(fault)?;
    let set = AddressSet::parse(file(files, paths::ADDRESSES)?).map_err(fault)?;
    let mut sum = Amount::ZERO;
    for entry in set.entries().iter().filter(|entry| entry.chain.as_str() == EVM) {
        let account = verify(header.state_root(), entry.address.parse().map_err(fault)?, &pool).map_err(fault)?;
        let balance = account.map_or(Ok(0), |account| u128::try_from(account.balance)).map_err(fault)?;
        sum = sum.checked_add(Amount::from_base_units(balance)).ok_or_else(|| fault("a sum that does not fit"))?;
    }
    Ok((sum, decimals(18)?))
}

/// What a node answered about a token, whoever's node it is.
fn token(files: &MemoryFiles) -> Result<(Amount, Decimals), ExampleError> {
    let transcript = transcript(files, EVM)?;
    let mut sum = Amount::ZERO;
    for call in transcript.calls_of("eth_call") {
        let digits = call.result.trim_matches('"').trim_start_matches("0x").trim_start_matches('0');
        let balance = Amount::from_base_units(u128::from_str_radix(&format!("0{digits}"), 16).map_err(fault)?);
        sum = sum.checked_add(balance).ok_or_else(|| fault("a sum that does not fit"))?;
    }
    Ok((sum, decimals(6)?))
}

impl Figures {
    /// Reads the files of a bundle.
    pub(super) fn read(files: &MemoryFiles, asset: &str) -> Result<Self, ExampleError> {
        let envelope = Envelope::parse(file(files, paths::STATEMENT)?, "statement").map_err(fault)?;
        let statement: Statement = document(&envelope)?;
        let row = statement.liabilities.iter().find(|row| row.asset.as_str() == asset);
        let row = row.ok_or_else(|| fault(format!("no {asset} in the statement")))?;
        let (held, held_decimals) = match asset {
            "BTC" => bitcoin(files)?,
            "ETH" => ether(files, &statement)?,
            _ => token(files)?,
        };
        Ok(Self { held, held_decimals, owed: row.total, owed_decimals: row.decimals })
    }

    /// Whole units, rounded down: held and owed.
    pub(super) fn whole(&self) -> (u128, u128) {
        let whole = |amount: Amount, decimals: Decimals| amount.base_units() / decimals.scale();
        (whole(self.held, self.held_decimals), whole(self.owed, self.owed_decimals))
    }

    /// The sentence of a proof of reserves that has one figure on each side.
    pub(super) fn said(&self, asset: &str) -> Said {
        let (held, owed) = (self.held.to_decimal(self.held_decimals), self.owed.to_decimal(self.owed_decimals));
        // with as many digits in front of the point and no zeros at the end, texts are in the order of the numbers
        let places = |text: &str| text.find('.').unwrap_or(text.len());
        let width = places(&held).max(places(&owed));
        let number = |text: &str| {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            format!("{}{whole}.{}", "0".repeat(width - places(text)), fraction.trim_end_matches('0'))
        };
        let enough = number(&held) >= number(&owed);
        let sign = if enough { "at least" } else { "less than" };
        let held = self.held.to_readable(self.held_decimals);
        let owed = self.owed.to_readable(self.owed_decimals);
        Said { believed: enough, words: format!("holds {held} {asset}, {sign} the {owed} {asset} in the tree") }
    }
}

/// What such a page says of the files of a bundle.
pub(super) fn quoted(files: &MemoryFiles, asset: &str) -> Result<Said, ExampleError> {
    Ok(Figures::read(files, asset)?.said(asset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_different_decimals_are_compared_as_numbers() {
        let amount = Amount::from_base_units;
        let figures = |held, owed| Figures {
            held: amount(held),
            held_decimals: Decimals::new(8).expect("8 decimals"),
            owed: amount(owed),
            owed_decimals: Decimals::new(18).expect("18 decimals"),
        };
        assert!(figures(100, 900_000_000_000).said("BTC").believed);
        assert!(figures(100_000_000, 1_000_000_000_000_000_000).said("BTC").believed, "equal");
        assert!(!figures(900_000_000, 10_000_000_000_000_000_000).said("BTC").believed);
        assert_eq!(figures(900_000_000, 10_000_000_000_000_000_000).whole(), (9, 10));
    }
}
