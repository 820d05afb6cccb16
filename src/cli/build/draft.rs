//! The draft: everything that the venue will sign.

use std::path::Path;

use super::sheet_file::SheetToml;
use super::venue_file::{SnapshotFile, VenueFile};
use super::{Args, custody_file};
use crate::amount::Amount;
use crate::asset::{AssetId, Assets};
use crate::basis::Basis;
use crate::cli::error::{CliError, Failure};
use crate::cli::files;
use crate::hash::sha256;
use crate::liability::Built;
use crate::publish::Statement;
use crate::publish::balance_sheet::{BalanceSheet, Due, ReceivableKind, Row};
use crate::publish::statement::{
    ControlTotal, FORMAT, InFlight, KIND_SNAPSHOT, OtherLiability, Provenance, Receivable, Schedules, ScopeRow,
    SetCommitment,
};
use crate::reserve::address_set::AddressSet;
use crate::reserve::challenge;

pub(super) fn statement(
    args: &Args,
    assets: &Assets,
    venue: VenueFile,
    mut snapshot: SnapshotFile,
    built: &Built,
    compared: bool,
) -> Result<Statement, Failure> {
    let set = args.addresses.as_deref().map(address_set).transpose()?;
    let custody = match &args.challenge {
        None => None,
        Some(path) => {
            let file = files::read(path, files::TEXT_SIZE_MAX)?;
            challenge::parse(&file).map_err(|error| Failure::about(path, &error))?;
            Some(sha256(&file))
        }
    };
    let chains = snapshot.chains();
    let mut schedules = schedules(args, &snapshot, assets)?;
    schedules.balance_sheet = balance_sheet(args, snapshot.balance_sheet.take())?;
    add_debts(&mut schedules, built);
    let rows = built.commitments.clone();
    let without_rows = assets.iter().map(|asset| &asset.id).filter(|id| !rows.iter().any(|row| row.asset == **id));
    let scope = venue.scope.into_iter();
    Ok(Statement {
        format: FORMAT.to_owned(),
        kind: KIND_SNAPSHOT.to_owned(),
        venue: venue.venue,
        sequence: snapshot.sequence,
        predecessor: snapshot.predecessor,
        cutoff: snapshot.cutoff,
        next_cutoff: snapshot.next_cutoff,
        due: snapshot.due,
        assets: assets.iter().cloned().collect(),
        without_rows: without_rows.cloned().collect(),
        liabilities: rows,
        schedules,
        scope: scope.map(|row| ScopeRow { product: row.product, entity: row.entity, scope: row.scope }).collect(),
        ledger: Provenance {
            sources: built.sources.clone(),
            rows_read: built.counts.rows,
            rows_zero: built.counts.zero,
            rows_filtered: built.counts.debts,
            as_of: snapshot.as_of.unwrap_or(snapshot.cutoff),
            control_total: if compared { ControlTotal::Compared } else { ControlTotal::None },
        },
        account_hint: venue.account_hint,
        address_set: set.map(|set| SetCommitment { count: set.count(), root: set.root() }),
        custody,
        chains,
        tool: concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

/// The balance sheet of the snapshot file, or of the table beside it.
fn balance_sheet(args: &Args, sheet: Option<SheetToml>) -> Result<Option<BalanceSheet>, Failure> {
    let snapshot = args.snapshot.clone().unwrap_or_default();
    match (&args.balance_sheet, sheet) {
        (Some(path), Some(_)) => Err(CliError::TableBeside { table: path.clone(), file: snapshot }.into()),
        (Some(path), None) => {
            let table = files::read(path, files::TEXT_SIZE_MAX)?;
            let sheet = BalanceSheet::parse_csv(&table).map_err(|faults| Failure::all_about(path, &faults))?;
            Ok(Some(sheet))
        }
        (None, sheet) => Ok(sheet.map(|sheet| sheet.read(&snapshot)).transpose()?),
    }
}

/// What customers owe by the rows of the ledger, wherever this statement lists what is owed to the venue.
fn add_debts(schedules: &mut Schedules, built: &Built) {
    const COUNTERPARTY: &str = "customers, rows of the ledger";
    if let Some(sheet) = &mut schedules.balance_sheet {
        sheet.receivables.extend(built.debts.iter().map(|(asset, amount)| Row {
            asset: asset.clone(),
            amount: *amount,
            kind: ReceivableKind::Customer,
            counterparty: COUNTERPARTY.to_owned(),
            related_party: false,
            basis: Basis::Stated,
            due: Due::Longer,
            evidence: None,
        }));
        sheet.sort();
        return;
    }
    schedules.receivables.extend(built.debts.iter().map(|(asset, amount)| Receivable {
        asset: asset.clone(),
        amount: *amount,
        counterparty: COUNTERPARTY.to_owned(),
        related_party: false,
    }));
}

fn address_set(path: &Path) -> Result<AddressSet, Failure> {
    let file = files::read(path, crate::bundle::FILE_SIZE_MAX)?;
    AddressSet::parse(&file).map_err(|error| Failure::about(path, &error))
}

fn schedules(args: &Args, snapshot: &SnapshotFile, assets: &Assets) -> Result<Schedules, Failure> {
    let amount = |id: &AssetId, text: &str| -> Result<Amount, CliError> {
        let path = || args.snapshot.clone().unwrap_or_default();
        let wrong = |detail: String| CliError::VenueFile { path: path(), detail };
        let unknown = || wrong(format!("a schedule names {id}, which is not in the assets file"));
        let asset = assets.get(id.as_str()).ok_or_else(unknown)?;
        Amount::parse(text, asset.decimals).map_err(|error| wrong(format!("a schedule of {id}: {error}")))
    };
    let mut schedules = Schedules::default();
    for row in &snapshot.other_liability {
        schedules.other_liabilities.push(OtherLiability {
            asset: row.asset.clone(),
            amount: amount(&row.asset, &row.amount)?,
            kind: row.kind.clone(),
            counterparty: row.counterparty.clone(),
            due: row.due,
        });
    }
    for row in &snapshot.receivable {
        schedules.receivables.push(Receivable {
            asset: row.asset.clone(),
            amount: amount(&row.asset, &row.amount)?,
            counterparty: row.counterparty.clone(),
            related_party: row.related_party,
        });
    }
    for row in &snapshot.in_flight {
        schedules.in_flight.push(InFlight {
            asset: row.asset.clone(),
            amount: amount(&row.asset, &row.amount)?,
            direction: row.direction,
            chain: row.chain.clone(),
            txid: row.txid.clone(),
        });
    }
    let path = args.snapshot.clone().unwrap_or_default();
    let wrong = |detail: String| CliError::VenueFile { path: path.clone(), detail };
    let decimals = |id: &AssetId| assets.get(id.as_str()).map(|asset| asset.decimals);
    schedules.tiers = custody_file::tiers(snapshot.tier.as_deref(), &decimals).map_err(wrong)?;
    schedules.custody_accounts =
        custody_file::accounts(snapshot.custody_account.as_deref(), &decimals).map_err(wrong)?;
    Ok(schedules)
}
