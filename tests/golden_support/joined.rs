//! Venues with a custodian or an issuer, whose own bundles stand in theirs.

use std::sync::Arc;

use counterfoil::amount::Amount;
use counterfoil::bundle::MemoryFiles;
use counterfoil::liability::inclusion_proof::StatementRef;
use counterfoil::liability::prover::Prover;
use counterfoil::liability::store::Store;
use counterfoil::publish::custody::{CustodyAccount, CustodyDirection, CustodyLine, TierRow};
use counterfoil::publish::statement::OtherLiability;
use counterfoil::publish::{self, Statement};
use counterfoil::reserve::address_set::Role;

use super::{Made, made, made_on, reseal};

pub(crate) const COIN: u128 = 100_000_000;
pub(crate) const BOOKS: &str = "account,asset,amount,class\nu000000000001,BTC,9.50000000,custody\n";

pub(crate) fn coins(coins: u128) -> Amount {
    Amount::from_base_units(coins * COIN)
}

pub(crate) fn declare(statement: &mut Statement, rows: &[(Role, u128)]) {
    let row =
        |(role, amount): &(Role, u128)| TierRow { asset: "BTC".parse().unwrap(), role: *role, amount: coins(*amount) };
    statement.schedules.tiers = Some(rows.iter().map(row).collect());
}

pub(crate) fn account(party: &str, opening: u128, closing: u128) -> CustodyAccount {
    let line = CustodyLine {
        reference: "booking-1".to_owned(),
        direction: CustodyDirection::In,
        amount: coins(closing - opening),
    };
    CustodyAccount {
        asset: "BTC".parse().unwrap(),
        party: party.parse().unwrap(),
        opening: coins(opening),
        closing: coins(closing),
        lines: if closing > opening { vec![line] } else { Vec::new() },
    }
}

/// A venue that lists its custodian's addresses as its own, and has 6 there by the custodian's books.
pub(crate) fn venue() -> Made {
    made("golden-exchange", ("venue", BOOKS), &|statement| {
        statement.schedules.custody_accounts = Some(vec![account("example-custodian", 2, 6)]);
    })
}

pub(crate) fn custodian_books(venue: &Made) -> String {
    format!(
        "account,asset,amount,credential,class\ngolden-exchange,BTC,6,{},custody\nother-exchange,BTC,4,another key,custody\n",
        venue.key.public_key()
    )
}

/// No other liability than its clients'.
pub(crate) fn of_clients(statement: &mut Statement) {
    statement.schedules.other_liabilities = Vec::<OtherLiability>::new();
    statement.schedules.custody_accounts =
        Some(vec![account("golden-exchange", 2, 6), account("other-exchange", 4, 4)]);
    declare(statement, &[(Role::Cold, 3), (Role::Hot, 7)]);
}

pub(crate) fn custodian(venue: &Made, purpose: &str, change: &dyn Fn(&mut Statement)) -> Made {
    made("example-custodian", (purpose, &custodian_books(venue)), &|statement| {
        of_clients(statement);
        change(statement);
    })
}

/// The inclusion proof of an account of the custodian.
pub(crate) fn proof(custodian: &Made, account: &str) -> Vec<u8> {
    let draft = counterfoil::json::canonical(&custodian.statement).unwrap();
    let statement = &custodian.statement;
    let reference = StatementRef {
        digest: publish::digest(&draft),
        sequence: statement.sequence,
        venue: statement.venue.id.clone(),
    };
    let store = Store::open(Arc::new(custodian.store.clone())).unwrap();
    let prover = Prover::new(&store, &statement.liabilities, reference).unwrap();
    counterfoil::json::canonical(&prover.prove(account).unwrap()).unwrap()
}

/// The venue's bundle with its custodian's, and the policy that pins both.
pub(crate) fn joined(venue: &Made, custodian: &Made, account: &str) -> (MemoryFiles, String) {
    let mut bundle = venue.golden.bundle.clone();
    for (path, bytes) in &custodian.golden.bundle {
        bundle.insert(format!("custodians/example-custodian/{path}"), bytes.clone());
    }
    bundle.insert("custodians/example-custodian.proof.json".to_owned(), proof(custodian, account));
    reseal(&mut bundle);
    let key = custodian.key.public_key().key;
    let pinned = format!(
        "\n[[custodian]]\nid = \"example-custodian\"\nlog_origin = \"log.example/example-custodian\"\n\
         keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n"
    );
    (bundle, format!("{}{pinned}", venue.golden.policy))
}

/// A policy that knows the venue's only coin as issued by somebody, and perhaps a native coin beside it.
pub(crate) fn with_issuer(venue: &Made, issuer: &Made, native: &str) -> String {
    let (chain, key) = (&venue.statement.chains[0].chain, issuer.key.public_key().key);
    let deployment = format!("{chain}/slip44:0");
    format!(
        "{}{native}\n[[issuer]]\nid = \"example-wrapper\"\nlog_origin = \"log.example/example-wrapper\"\n\
         keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\ndeployments = [\"{deployment}\"]\n\
         [[issuer.asset]]\nid = \"BTC\"\ndecimals = 8\n[[issuer.asset.deployment]]\nid = \"{deployment}\"\ndecimals = 8\n",
        venue.golden.policy
    )
}

/// It keeps 3, on the cold address.
pub(crate) fn issuer(change: &dyn Fn(&mut Statement)) -> Made {
    let books = "account,asset,amount\nholders of the coin,BTC,40\n";
    made_on("example-wrapper", ("issuer", books), &[Role::Cold], change)
}

/// A venue with 20 on the hot address: none of the issuer's.
pub(crate) fn holder() -> Made {
    made_on("golden-exchange", ("venue", BOOKS), &[Role::Hot], &|_| ())
}

pub(crate) fn with_bundle(venue: &Made, issuer: &Made) -> MemoryFiles {
    let mut bundle = venue.golden.bundle.clone();
    for (path, bytes) in &issuer.golden.bundle {
        bundle.insert(format!("issuers/example-wrapper/{path}"), bytes.clone());
    }
    reseal(&mut bundle);
    bundle
}
