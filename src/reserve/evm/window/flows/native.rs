//! The native coin: values of transactions that succeeded, what gas cost, and stake that was paid out.

use alloy_primitives::U256;

use super::body::Body;
use super::error::FlowError;
use super::{FlowQuestion, Movement, Side};
use crate::amount::Amount;
use crate::reserve::evm::window::WindowHeader;

/// Base units in a billionth of the coin.
const GWEI: u64 = 1_000_000_000;

/// What a block shows of the asked addresses.
pub(super) fn movements(
    header: &WindowHeader,
    body: &Body<'_>,
    question: &FlowQuestion<'_>,
) -> Result<Vec<Movement>, FlowError> {
    let (height, basis, asked) = (header.number(), question.basis, question.addresses);
    let mut moved = Vec::new();
    let mut places = 0_u32..;
    for ((transaction, receipt, gas), place) in body.transactions().zip(&mut places) {
        let (sender, recipient) = (transaction.sender, transaction.recipient());
        let txid = || transaction.hash.to_string();
        let movement = |to: Side, amount: Amount| Movement {
            height,
            place,
            txid: txid(),
            from: Side::Address(sender),
            to,
            amount,
            basis,
            event: None,
        };
        let concerned = asked.contains(&sender) || asked.contains(&recipient);
        if concerned && receipt.succeeded == Some(true) && !transaction.value.is_zero() {
            moved.push(movement(Side::Address(recipient), amount(transaction.value, txid)?));
        }
        if asked.contains(&sender) {
            let price = transaction.gas_price(header.header().base_fee());
            let fee = price.and_then(|price| price.checked_mul(U256::from(gas)));
            let fee = fee.ok_or_else(|| FlowError::Counts {
                detail: format!("transaction {place} has a price that needs a base fee, and the header has none"),
            })?;
            if !fee.is_zero() {
                moved.push(movement(Side::Fee, amount(fee, txid)?));
            }
        }
    }
    for (withdrawal, place) in body.withdrawals().iter().zip(places) {
        if !asked.contains(&withdrawal.address) || withdrawal.gwei == 0 {
            continue;
        }
        let txid = format!("withdrawal {}", withdrawal.index);
        let units = U256::from(withdrawal.gwei).saturating_mul(U256::from(GWEI));
        moved.push(Movement {
            height,
            place,
            from: Side::Validator(withdrawal.validator),
            to: Side::Address(withdrawal.address),
            amount: amount(units, || txid.clone())?,
            txid,
            basis,
            event: None,
        });
    }
    Ok(moved)
}

/// An amount of at most 128 bits.
pub(super) fn amount(units: U256, what: impl FnOnce() -> String) -> Result<Amount, FlowError> {
    match u128::try_from(units) {
        Ok(units) => Ok(Amount::from_base_units(units)),
        Err(_) => Err(FlowError::Amount { what: what(), got: units.to_string() }),
    }
}
