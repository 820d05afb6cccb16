//! One spelling for each token: a policy that names it twice, in two spellings, means one.

use super::PolicyError;
use crate::asset::{Asset, Deployment, DeploymentId};
use crate::reserve::evm::address::{AddressError, EvmAddress};

/// The same deployment with its contract in lower case. Wallets copy addresses with capitals, and what is compared as
/// text would be another token: one that is issued would not be known as such.
fn of(id: &DeploymentId) -> Result<DeploymentId, PolicyError> {
    let fail = |detail: String| PolicyError(format!("deployment {id}: {detail}"));
    let token = id.chain().filter(|chain| chain.namespace() == "eip155").zip(id.asset().strip_prefix("erc20:"));
    let Some((chain, token)) = token else { return Ok(id.clone()) };
    let (contract, rest) = token.split_once('/').map_or((token, ""), |(contract, _)| token.split_at(contract.len()));
    match contract.parse::<EvmAddress>() {
        Ok(contract) => format!("{chain}/erc20:{contract}{rest}").parse().map_err(|error| fail(format!("{error}"))),
        // what is no address is told with the balances
        Err(AddressError::Form { .. }) => Ok(id.clone()),
        Err(error) => Err(fail(error.to_string())),
    }
}

/// [`of`] for each.
pub(super) fn of_all(ids: &mut [DeploymentId]) -> Result<(), PolicyError> {
    for id in ids {
        *id = of(id)?;
    }
    Ok(())
}

/// [`of`] for the deployments of an asset, each of which stands once.
pub(super) fn of_asset(asset: Asset) -> Result<Asset, PolicyError> {
    let spelled = |found: Deployment| Ok(Deployment { id: of(&found.id)?, ..found });
    let mut deployments = asset.deployments.into_iter().map(spelled).collect::<Result<Vec<_>, PolicyError>>()?;
    deployments.sort_by(|left, right| left.id.cmp(&right.id));
    let twice = |pair: &&[Deployment]| matches!(pair, [left, right] if left.id == right.id);
    if let Some([twice, ..]) = deployments.windows(2).find(twice) {
        return Err(PolicyError(format!("deployment {} is listed twice", twice.id)));
    }
    Ok(Asset { deployments, ..asset })
}
