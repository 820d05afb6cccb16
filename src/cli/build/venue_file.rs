//! The venue's files: who owes, and as of when.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::custody_file::{CustodyToml, TierToml};
use super::sheet_file::SheetToml;
use crate::asset::{AssetId, ChainId};
use crate::cli::error::CliError;
use crate::cli::files;
use crate::hash::Digest;
use crate::publish::statement::{Direction, Scope, Venue};
use crate::signature::PublicKey;
use crate::snapshot::{BlockRef, Time, VenueId};

/// What the three files look like.
pub(super) const EXAMPLES: &str = r#"assets.toml
  [[asset]]
  id = "BTC"
  decimals = 8
  [[asset.deployment]]
  id = "bip122:000000000019d6689c085ae165831e93/slip44:0"
  decimals = 8

venue.toml
  id = "example-exchange"
  legal_entity = "Example Exchange Ltd"
  log_origin = "log.example/example-exchange"
  keys = [{ alg = "bip340", key = "…from keygen…" }]
  account_hint = "the number under Profile: u and 12 digits"

snapshot.toml
  sequence = 0
  cutoff = "2026-11-01T00:00:00Z"
  next_cutoff = "2026-12-01T00:00:00Z"
  due = "2026-12-03T00:00:00Z"
  [[chain]]                       # `fetch bitcoin --cutoff` prints this
  chain = "bip122:000000000019d6689c085ae165831e93"
  height = 921847
  hash = "…"
  [[other_liability]]             # none stated is an exception in every report
  asset = "BTC"
  amount = "12.5"
  kind = "loan"
  counterparty = "Example Lender AG"

  Or, instead of [[other_liability]] and [[receivable]], everything beside trees and chains:
  [[balance_sheet.unit]]          # every asset, and every further unit of the rows
  id = "BTC"
  decimals = 8
  relation = "none"               # to its issuer: none, self or affiliate; issuer = "…" names it
  [[balance_sheet.liability]]     # likewise receivable, holding and encumbrance
  asset = "BTC"
  amount = "12.5"
  kind = "loan"
  counterparty = "Example Lender AG"
  related_party = false
  due = "30d"                     # now, 24h, 7d, 30d or longer
  [[tier]]                        # how the wallets are split; a report compares it with the chain
  asset = "BTC"
  role = "cold"                   # hot, warm, cold, custodian or deposit
  amount = "950"
  [[custody_account]]             # what moved in custody, in the books of both sides
  asset = "BTC"
  party = "example-custodian"
  opening = "100"
  closing = "120"
  [[custody_account.line]]
  reference = "…transaction or booking number…"
  direction = "in"                # in or out, from the custodian's side
  amount = "20"
"#;

/// `venue.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VenueToml {
    id: VenueId,
    legal_entity: String,
    lei: Option<String>,
    log_origin: String,
    keys: Vec<PublicKey>,
    #[serde(default = "one")]
    threshold: u64,
    account_hint: String,
    #[serde(default)]
    scope: Vec<ScopeToml>,
}

const fn one() -> u64 {
    1
}

/// A line of the scope table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScopeToml {
    pub(super) product: String,
    pub(super) entity: String,
    pub(super) scope: Scope,
}

/// What a venue file says.
pub(crate) struct VenueFile {
    /// As it stands in statements.
    pub(crate) venue: Venue,
    pub(super) account_hint: String,
    pub(super) scope: Vec<ScopeToml>,
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    let text = files::read_text(path)?;
    toml::from_str(&text).map_err(|error| CliError::VenueFile { path: path.to_owned(), detail: error.to_string() })
}

/// Reads `venue.toml`.
pub(crate) fn read_venue(path: &Path) -> Result<VenueFile, CliError> {
    let VenueToml { id, legal_entity, lei, log_origin, mut keys, threshold, account_hint, scope } = read(path)?;
    keys.sort();
    let venue = Venue { id, legal_entity, lei, keys, threshold, log_origin };
    Ok(VenueFile { venue, account_hint, scope })
}

/// `snapshot.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotFile {
    pub(super) sequence: u64,
    pub(super) predecessor: Option<Digest>,
    pub(super) cutoff: Time,
    pub(super) next_cutoff: Time,
    pub(super) due: Time,
    pub(super) as_of: Option<Time>,
    #[serde(default)]
    chain: Vec<ChainToml>,
    #[serde(default)]
    pub(super) other_liability: Vec<OtherToml>,
    #[serde(default)]
    pub(super) receivable: Vec<ReceivableToml>,
    #[serde(default)]
    pub(super) in_flight: Vec<InFlightToml>,
    pub(super) balance_sheet: Option<SheetToml>,
    pub(super) tier: Option<Vec<TierToml>>,
    pub(super) custody_account: Option<Vec<CustodyToml>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainToml {
    chain: ChainId,
    height: u64,
    hash: Digest,
}

/// One liability outside the ledger.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherToml {
    pub(super) asset: AssetId,
    pub(super) amount: String,
    pub(super) kind: String,
    pub(super) counterparty: String,
    pub(super) due: Option<Time>,
}

/// One claim of the venue.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceivableToml {
    pub(super) asset: AssetId,
    pub(super) amount: String,
    pub(super) counterparty: String,
    pub(super) related_party: bool,
}

/// One transfer under way.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InFlightToml {
    pub(super) asset: AssetId,
    pub(super) amount: String,
    pub(super) direction: Direction,
    pub(super) chain: ChainId,
    pub(super) txid: String,
}

impl SnapshotFile {
    /// The blocks in the order of their chains.
    pub(super) fn chains(&self) -> Vec<BlockRef> {
        let block = |entry: &ChainToml| BlockRef { chain: entry.chain.clone(), height: entry.height, hash: entry.hash };
        let mut blocks: Vec<BlockRef> = self.chain.iter().map(block).collect();
        blocks.sort_by(|left, right| left.chain.cmp(&right.chain));
        blocks
    }
}

/// Reads `snapshot.toml`.
pub(super) fn read_snapshot(path: &Path) -> Result<SnapshotFile, CliError> {
    read(path)
}
