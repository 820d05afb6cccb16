//! Depositors: customers whose coins came in and went out around a commitment, and who are in the tree. Specification:
//! `docs/spec/bundle.md`, and `docs/spec/window.md` for what follows from them.

mod file;

use std::collections::{BTreeMap, BTreeSet};

pub use self::file::{DEPOSITS_MAX, Deposit, Depositor, DepositorError, FORMAT, PROOFS_MAX};
use super::findings::{Finding, Severity};
use super::history::History;
use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Class, DeploymentId};
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::{Coded as _, depositor, explained as codes, liability as proof_codes};
use crate::liability::inclusion_proof::{self, InclusionProof, InclusionQuery, VerifiedInclusion};
use crate::publish::VerifiedStatement;

/// More files of depositors are not read.
const FILES_MAX: usize = 10_000;

/// What is known of customers who paid in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depositors {
    /// Each with a file of its own, in the order of their paths.
    pub(super) customers: Vec<Customer>,
    /// Which of them, by their places, name a transaction: once for all assets and all round trips.
    pub(super) named: BTreeMap<DeploymentId, BTreeMap<String, Vec<usize>>>,
    /// Whether this copy of the bundle lacks some of the files.
    pub(super) absent: bool,
}

/// One customer. The account is not kept: a report tells the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Customer {
    pub(super) path: String,
    pub(super) credential: String,
    pub(super) deposits: Vec<Deposit>,
    /// What its leaves have, shown to be in the total: by asset and statement, with the row's decimals.
    pub(super) balances: BTreeMap<AssetId, BTreeMap<u64, (Amount, Decimals)>>,
}

/// Positions of leaves that were shown: statement, asset, class, index.
type Seen = BTreeSet<(u64, AssetId, Class, u64)>;

/// Reads all files of depositors and checks their proofs against the statements that the bundle has.
///
/// # Errors
/// [`SourceError`].
pub(super) fn read(files: &dyn FileSource, history: &History) -> Result<(Depositors, Vec<Finding>), SourceError> {
    let (mut depositors, mut findings, mut seen) = (Depositors::default(), Vec::new(), Seen::new());
    let listed = files.list()?;
    let own: Vec<&String> =
        listed.iter().filter(|path| path.starts_with(paths::DEPOSITORS) && path.ends_with(".json")).collect();
    for path in own.iter().take(FILES_MAX) {
        let Some(bytes) = files.read(path)? else { continue };
        match Customer::read(path, &bytes, history, &mut seen) {
            Ok((customer, found)) => {
                findings.extend(found);
                depositors.take(customer);
            }
            Err(detail) => findings.push(refused(path, detail)),
        }
    }
    if let Some(path) = own.get(FILES_MAX) {
        findings.push(refused(path, format!("it and the files behind it are not read: more than {FILES_MAX}")));
    }
    Ok((depositors, findings))
}

impl Depositors {
    fn take(&mut self, customer: Customer) {
        let place = self.customers.len();
        for deposit in &customer.deposits {
            let named = self.named.entry(deposit.deployment.clone()).or_default();
            named.entry(deposit.txid.clone()).or_default().push(place);
        }
        self.customers.push(customer);
    }
}

fn refused(path: &str, detail: String) -> Finding {
    Finding::new(&codes::DEPOSITOR_REFUSED, Severity::Exception, path, detail).in_file(path.to_owned())
}

impl Customer {
    /// What a file shows, and what of it shows nothing.
    ///
    /// # Errors
    /// Why nothing in the file can be used, in words that name no account.
    fn read(path: &str, bytes: &[u8], history: &History, seen: &mut Seen) -> Result<(Self, Vec<Finding>), String> {
        if bytes.len() as u64 > inclusion_proof::FILE_SIZE_MAX {
            let (got, most) = (bytes.len(), inclusion_proof::FILE_SIZE_MAX);
            return Err(format!("{}: {got} bytes, expected at most {most}", depositor::DEPOSITOR_MALFORMED));
        }
        // a parser's words may quote what it read, and that is a customer's
        let file = Depositor::parse(bytes).map_err(|error| format!("{}: {}", error.code(), error.code().title))?;
        let (mut balances, mut findings) = (BTreeMap::new(), Vec::new());
        for (number, proof) in (1..).zip(&file.proofs) {
            let shown = match verified(&file, proof, history) {
                Ok(shown) => shown,
                Err(code) => {
                    let detail = format!("proof {number} of {}: {code}: {}", file.proofs.len(), code.title);
                    findings.push(refused(path, detail));
                    continue;
                }
            };
            let (sequence, shown) = shown;
            for inclusion in &shown {
                match count(&mut balances, sequence, inclusion, seen) {
                    true => {}
                    false => findings.push(twice(path, sequence, inclusion)),
                }
            }
        }
        let Depositor { credential, deposits, .. } = file;
        Ok((Self { path: path.to_owned(), credential, deposits, balances }, findings))
    }
}

/// The balances that a proof shows, with the number of the statement that they are in.
fn verified(
    file: &Depositor,
    proof: &InclusionProof,
    history: &History,
) -> Result<(u64, Vec<VerifiedInclusion>), &'static crate::code::Code> {
    let named = |known: &&VerifiedStatement| known.digest() == proof.statement.digest;
    let known = history.statements().iter().find(named).ok_or(&proof_codes::PROOF_OTHER_STATEMENT)?;
    let (statement, none) = (known.reference(), BTreeMap::new());
    let query = InclusionQuery {
        statement: &statement,
        rows: &known.statement().liabilities,
        account: &file.account,
        credential: &file.credential,
        expected: &none,
    };
    let shown = inclusion_proof::verify(&query, proof).map_err(|error| error.code())?;
    Ok((statement.sequence, shown))
}

/// Adds a balance, once: `false` when one of its leaves was shown before, or the sum does not fit.
fn count(
    balances: &mut BTreeMap<AssetId, BTreeMap<u64, (Amount, Decimals)>>,
    sequence: u64,
    inclusion: &VerifiedInclusion,
    seen: &mut Seen,
) -> bool {
    let row = inclusion.row();
    let places = || inclusion.indices().iter().map(|index| (sequence, row.asset.clone(), row.class, *index));
    if places().any(|place| seen.contains(&place)) {
        return false;
    }
    seen.extend(places());
    let of_asset = balances.entry(row.asset.clone()).or_default();
    let (sum, _) = of_asset.entry(sequence).or_insert((Amount::ZERO, row.decimals));
    // a sum above 2^128 is above the total of no asset whose sums fit
    *sum = sum.checked_add(inclusion.amount()).unwrap_or(*sum);
    true
}

fn twice(path: &str, sequence: u64, inclusion: &VerifiedInclusion) -> Finding {
    let row = inclusion.row();
    let detail = format!("its leaf of {} ({}) in statement {sequence} was shown before", row.asset, row.class);
    let finding = Finding::new(&codes::LEAF_TWICE, Severity::Exception, path, detail);
    finding.of_asset(&row.asset).in_file(path.to_owned())
}
