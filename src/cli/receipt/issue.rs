//! `receipt sign`: receipts of one account or of all, from the store of a build.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::SignArgs;
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, NewFile, Readers};
use crate::cli::statement::record;
use crate::cli::{Outcome, prove, say};
use crate::liability::prover::{OwnBalance, Prover};
use crate::liability::store::Store;
use crate::publish::receipt::{Committed, FORMAT, Receipt};
use crate::publish::{Stated, Statement, StatementError};
use crate::signature::SigningKey;

pub(super) fn run(args: &SignArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let (store, statement, reference) = prove::open(&args.dir)?;
    let mut keys = Vec::new();
    for path in &args.key {
        let key = files::read_signing_key(path, args.alg.into(), &args.unlock)?;
        if !statement.venue.keys.contains(&key.public_key()) {
            let count = statement.venue.keys.len();
            let error = StatementError::KeyNotDeclared { key: key.public_key(), count };
            return Err(Failure::about(path, &error));
        }
        keys.push(key);
    }
    // nobody can add a signature to a receipt: too few now are too few for ever
    let signers: BTreeSet<String> = keys.iter().map(|key| key.public_key().x().to_owned()).collect();
    let (got, expected) = (signers.len() as u64, statement.venue.threshold);
    if got < expected {
        return Err(StatementError::Threshold { got, expected }.into());
    }
    let digest = reference.digest;
    let prover = Prover::new(&store, &statement.liabilities, reference)?;
    if !args.balance {
        // receipts of one build and a statement of another, for one number, would convict the venue
        let stated = Stated::Snapshot(Box::new(statement.clone()));
        for key in &args.key {
            record::note(&PathBuf::from(format!("{}.signed", key.display())), &stated, digest)?;
        }
    }
    let mut file = NewFile::create(&args.out, Readers::Owner, args.force)?;
    let issuer = Issuer { prover: &prover, statement: &statement, keys: &keys, balance: args.balance };
    let count = issuer.issue(args, &store, &mut file)?;
    file.publish()?;
    let receipts = if count == 1 { "receipt" } else { "receipts" };
    say(format!("{count} {receipts} written to {}: private, one a line", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

struct Issuer<'a> {
    prover: &'a Prover<'a>,
    statement: &'a Statement,
    keys: &'a [SigningKey],
    balance: bool,
}

impl Issuer<'_> {
    fn issue(&self, args: &SignArgs, store: &Store, file: &mut NewFile) -> Result<u64, Failure> {
        let mut count = 0;
        let mut one = |account: &str| -> Result<(), Failure> {
            for balance in self.prover.balances(account)? {
                let line = self.receipt(account, balance).sign(self.keys)?;
                let unwritable = |error: std::io::Error| CliError::OutputUnwritable {
                    path: args.out.clone(),
                    detail: error.to_string(),
                };
                file.write_all(&[line, b"\n".to_vec()].concat()).map_err(unwritable)?;
                count += 1;
            }
            Ok(())
        };
        match &args.account {
            Some(account) => one(account)?,
            None => store.accounts().try_for_each(|account| one(&account?))?,
        }
        Ok(count)
    }

    fn receipt(&self, account: &str, balance: OwnBalance) -> Receipt {
        let (statement, OwnBalance { row, amount, credential, leaves }) = (self.statement, balance);
        let snapshot = (!self.balance).then_some(Committed { leaves, sequence: statement.sequence });
        Receipt {
            account: account.to_owned(),
            amount,
            asset: row.asset,
            class: row.class,
            credential,
            decimals: row.decimals,
            format: FORMAT.to_owned(),
            keys: Vec::new(),
            log_origin: statement.venue.log_origin.clone(),
            time: if self.balance { statement.ledger.as_of } else { statement.cutoff },
            snapshot,
            venue: statement.venue.id.clone(),
        }
    }
}
