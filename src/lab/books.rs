//! The books of a small made-up venue: a ledger of a few rows, its trees, its signed statement and its proofs, by the
//! code of real venues. What a dishonest one changes afterwards, it signs again: the keys are its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::asset::Assets;
use crate::bundle::MemoryFiles;
use crate::code::{Code, Coded};
use crate::hash::Digest;
use crate::json;
use crate::ledger::{CsvSource, RowSource};
use crate::liability::inclusion_proof::{self, InclusionProof, InclusionQuery, StatementRef};
use crate::liability::leaf::SnapshotKey;
use crate::liability::prover::Prover;
use crate::liability::storage::{MemoryScratch, MemoryStorage};
use crate::liability::store::Store;
use crate::liability::{BuildOptions, MEMORY_MIN, build};
use crate::policy::Policy;
use crate::publish::statement::{ControlTotal, FORMAT, KIND_SNAPSHOT, Provenance, Schedules, Scope, ScopeRow, Venue};
use crate::publish::{self, Statement};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, Envelope, PublicKey, SigningKey};
use crate::snapshot::Time;

use super::example_venue::{CUTOFF, ExampleError, fault, seed};
use super::scenario::{Played, Said, Show};

/// The venue's short name.
const VENUE: &str = "lab-exchange";
/// Where its log is.
pub(super) const ORIGIN: &str = "log.example/lab-exchange";
const DAY: i64 = 86_400;

const ASSETS: &str = "[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset]]\nid = \"USDT\"\ndecimals = 6\n";

/// A statement with the store behind it.
pub(super) struct Books {
    store: MemoryStorage,
    /// As signed last.
    pub(super) statement: Statement,
    /// The signed file.
    pub(super) file: Vec<u8>,
    reference: StatementRef,
}

/// A refusal of the command, with its code.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The code.
    pub(super) code: &'static Code,
    /// The words.
    pub(super) words: String,
}

impl<E: Coded> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self { code: error.code(), words: format!("{}: {error}", error.code()) }
    }
}

/// What a customer brings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Customer<'a> {
    /// The account.
    pub(super) account: &'a str,
    /// The credential, if one was chosen.
    pub(super) credential: &'a str,
    /// What the customer's own records say: asset and amount.
    pub(super) expects: Option<(&'a str, &'a str)>,
}

/// The venue's key.
pub(super) fn signing_key() -> Result<SigningKey, ExampleError> {
    let secret = Secret::new(SecretKind::Signing, &mut seed("lab: venue"));
    SigningKey::new(Algorithm::Bip340, &secret).ok_or_else(|| fault("a seed is no key"))
}

/// The policy of a customer, with `more` tables.
pub(super) fn policy(more: &str) -> Result<String, ExampleError> {
    policy_of(&[signing_key()?.public_key()], more)
}

/// The same of somebody who believes these keys, of which the last counts.
pub(super) fn policy_of(keys: &[PublicKey], more: &str) -> Result<String, ExampleError> {
    let key = &keys.last().ok_or_else(|| fault("no key"))?.key;
    Ok(format!(
        "# A customer's policy: which venue, which key.\nformat = \"counterfoil-policy-v1\"\n\n[venue]\n\
         id = \"{VENUE}\"\nlog_origin = \"{ORIGIN}\"\nkeys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n{more}"
    ))
}

impl Books {
    /// The books with these rows, of `account,asset,amount,credential`.
    pub(super) fn new(rows: &str) -> Result<Self, ExampleError> {
        Self::follow(rows, 0, None)
    }

    /// The books of a later month, behind the statement with this digest.
    pub(super) fn follow(rows: &str, sequence: u64, predecessor: Option<Digest>) -> Result<Self, ExampleError> {
        let faults = |faults: Vec<crate::ledger::LedgerError>| {
            fault(faults.first().map_or_else(|| "no ledger".to_owned(), ToString::to_string))
        };
        let assets = Assets::parse(ASSETS).map_err(fault)?;
        let csv = format!("account,asset,amount,credential\n{rows}");
        let master = Secret::new(SecretKind::Master, &mut seed("lab: master secret"));
        let build_id = seed(&format!("lab: build {sequence} {rows}"));
        let key = SnapshotKey::derive(&master, &build_id, &VENUE.parse().map_err(fault)?, sequence);
        let source = CsvSource::new("ledger.csv", 0, csv.as_bytes(), &assets, &[]).map_err(faults)?;
        let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
        let options =
            BuildOptions { key: &key, build_id, assets: &assets, memory: MEMORY_MIN, threads: 1, split: 1, decoys: 0 };
        let store = MemoryStorage::default();
        let built = build(&options, &mut sources, &MemoryScratch, &store, &()).map_err(fault)?;
        let cutoff = Time::from_unix(CUTOFF.unix() - (12 - i64::try_from(sequence).map_err(fault)?) * 30 * DAY);
        let later = |days: i64| Time::from_unix(cutoff.unix() + days * DAY);
        let without_rows = assets.iter().map(|asset| asset.id.clone());
        let without_rows = without_rows.filter(|id| !built.commitments.iter().any(|row| row.asset == *id)).collect();
        let statement = Statement {
            format: FORMAT.to_owned(),
            kind: KIND_SNAPSHOT.to_owned(),
            venue: Venue {
                id: VENUE.parse().map_err(fault)?,
                legal_entity: "Lab Exchange Ltd".to_owned(),
                lei: None,
                keys: vec![signing_key()?.public_key()],
                threshold: 1,
                log_origin: ORIGIN.to_owned(),
            },
            sequence,
            predecessor,
            cutoff,
            next_cutoff: later(30),
            due: later(32),
            assets: assets.iter().cloned().collect(),
            liabilities: built.commitments.clone(),
            without_rows,
            schedules: Schedules::default(),
            scope: vec![ScopeRow {
                product: "spot".to_owned(),
                entity: "Lab Exchange Ltd".to_owned(),
                scope: Scope::In,
            }],
            ledger: Provenance {
                sources: built.sources.clone(),
                rows_read: built.counts.rows,
                rows_zero: built.counts.zero,
                rows_filtered: 0,
                as_of: cutoff,
                control_total: ControlTotal::Compared,
            },
            account_hint: "the number under Profile".to_owned(),
            address_set: None,
            custody: None,
            chains: Vec::new(),
            tool: concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let (file, reference) = signed(&statement, &signing_key()?)?;
        Ok(Self { store, statement, file, reference })
    }

    /// Changes the statement and signs it again. Proofs name the new one from now on.
    pub(super) fn restate(&mut self, change: impl FnOnce(&mut Statement)) -> Result<(), ExampleError> {
        change(&mut self.statement);
        (self.file, self.reference) = signed(&self.statement, &signing_key()?)?;
        Ok(())
    }

    /// Names another key in the statement, in place of the venue's, and signs with it.
    pub(super) fn sign_with(&mut self, key: &SigningKey) -> Result<(), ExampleError> {
        self.statement.venue.keys = vec![key.public_key()];
        (self.file, self.reference) = signed(&self.statement, key)?;
        Ok(())
    }

    /// The digest that a successor names.
    pub(super) fn digest(&self) -> Digest {
        self.reference.digest
    }

    /// The proof of an account, as the store gives it, under the statement as it is now.
    pub(super) fn proof(&self, account: &str) -> Result<InclusionProof, ExampleError> {
        let store = Store::open(Arc::new(self.store.clone())).map_err(fault)?;
        // the rows of the store, not those that were restated: the prover refuses to prove a lie
        let rows: Vec<_> = store.trees().iter().map(|tree| tree.commitment().clone()).collect();
        let prover = Prover::new(&store, &rows, self.reference.clone()).map_err(fault)?;
        prover.prove(account).map_err(fault)
    }

    /// What `counterfoil verify` does with this proof file for this customer.
    pub(super) fn verify(&self, customer: Customer<'_>, proof: &[u8]) -> Result<Result<(), Refusal>, ExampleError> {
        self.verify_under(&policy("")?, customer, proof)
    }

    /// The same under another policy.
    pub(super) fn verify_under(
        &self,
        policy: &str,
        customer: Customer<'_>,
        proof: &[u8],
    ) -> Result<Result<(), Refusal>, ExampleError> {
        let policy = Policy::parse(policy).map_err(fault)?;
        let mut expected = BTreeMap::new();
        if let Some((asset, amount)) = customer.expects {
            let row = self.statement.assets.iter().find(|row| row.id.as_str() == asset);
            let row = row.ok_or_else(|| fault("no such asset"))?;
            expected.insert(row.id.clone(), crate::amount::Amount::parse(amount, row.decimals).map_err(fault)?);
        }
        let check = || -> Result<(), Refusal> {
            let verified = publish::verify(&self.file, &policy.statement_pins())?;
            let proof = InclusionProof::parse(proof)?;
            let query = InclusionQuery {
                statement: &verified.reference(),
                rows: &verified.statement().liabilities,
                account: customer.account,
                credential: customer.credential,
                expected: &expected,
            };
            inclusion_proof::verify(&query, &proof)?;
            Ok(())
        };
        Ok(check())
    }

    /// A scenario about one customer's proof: what both said, the files, and the command that shows it.
    pub(super) fn played(&self, naive: Said, customer: Customer<'_>, proof: &[u8]) -> Result<Played, ExampleError> {
        let refusal = self.verify(customer, proof)?.err();
        let mut files = MemoryFiles::new();
        files.insert("statement.json".to_owned(), self.file.clone());
        files.insert("policy.toml".to_owned(), policy("")?.into_bytes());
        files.insert("proof.json".to_owned(), proof.to_vec());
        let mut line = format!(
            "verify {{dir}}/proof.json --statement {{dir}}/statement.json --policy {{dir}}/policy.toml --account {}",
            customer.account
        );
        if !customer.credential.is_empty() {
            files.insert("credential.txt".to_owned(), customer.credential.as_bytes().to_vec());
            line.push_str(" --credential-file {dir}/credential.txt");
        }
        if let Some((asset, amount)) = customer.expects {
            line.push_str(&format!(" --expect {asset}={amount}"));
        }
        let (exit, prints) = match &refusal {
            None => (0, "is in the total".to_owned()),
            Some(refusal) => (refusal.code.outcome.exit_code(), refusal.code.to_string()),
        };
        Ok(Played {
            naive,
            counterfoil: refusal.as_ref().map_or_else(
                || Said::yes("the balance is in the committed total"),
                |refusal| Said::no(refusal.words.clone()),
            ),
            codes: refusal.iter().map(|refusal| refusal.code).collect(),
            verdicts: Vec::new(),
            files,
            shows: vec![Show::new(line, exit, prints)],
        })
    }
}

fn signed(statement: &Statement, key: &SigningKey) -> Result<(Vec<u8>, StatementRef), ExampleError> {
    let draft = json::canonical(statement).map_err(fault)?;
    let (digest, sequence, venue) = (publish::digest(&draft), statement.sequence, statement.venue.id.clone());
    let mut envelope = Envelope { document: draft, signatures: Vec::new() };
    publish::sign(&mut envelope, key).map_err(fault)?;
    Ok((envelope.to_file("statement").map_err(fault)?, StatementRef { digest, sequence, venue }))
}

/// A proof as a file.
pub(super) fn file(proof: &InclusionProof) -> Result<Vec<u8>, ExampleError> {
    json::canonical(proof).map_err(fault)
}
