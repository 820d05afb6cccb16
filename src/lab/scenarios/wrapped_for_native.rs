//! A wrapped coin counts as the native one.

use crate::asset::Deployment;
use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "wrapped-for-native",
    attacks: &["R8"],
    title: "a token named after bitcoin counts as bitcoin",
    story: "The statement maps a token on the EVM chain to BTC: whoever adds up by ticker counts the promise of \
            an issuer as the coin itself, and the coin that stands behind it perhaps a second time.",
    expected: Expected::Check(&codes::DEPLOYMENT_MAP_DIFFERS),
    undetected: &["Whether an issuer has what stands behind a wrapped coin is the question that this program asks, \
            about another venue."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let id = "eip155:1337/erc20:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599".parse().map_err(fault)?;
    forger.state(|statement| {
        if let Some(asset) = statement.assets.iter_mut().find(|asset| asset.id.as_str() == "BTC") {
            asset.deployments.push(Deployment { id, decimals: asset.decimals });
        }
    })?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::DEPLOYMENT_MAP_DIFFERS))
}
