//! Deposits of one venue at another: proved in the other's tree, under the depositor's key, or worth nothing.
//!
//! The seam to schedules: a row "deposit at another venue" of a statement's balance sheet is the depositor's word. What
//! stands here is what of it is proved; the two are joined on (debtor, asset), and this side is the one that counts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::findings::NetworkFinding;
use super::sheet::Sheet;
use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Class};
use crate::bundle::{FileSource, SealedFiles};
use crate::code::{Code, Coded, network as codes, venues as venue_codes};
use crate::hash::{Digest, Tag, sha256};
use crate::json;
use crate::liability::inclusion_proof::{self, InclusionProof, InclusionQuery};
use crate::publish;
use crate::reconcile::{Finding, ReconcileError, Severity};
use crate::signature::{self, Envelope, PublicKey, Signature};
use crate::snapshot::VenueId;

/// The folder of deposits in a bundle: one folder below it for each.
pub const ELSEWHERE: &str = "elsewhere/";
/// The debtor's signed statement.
pub const STATEMENT: &str = "statement.json";
/// The depositor's inclusion proof in it.
pub const PROOF: &str = "proof.json";
/// The depositor's claim.
pub const CLAIM: &str = "claim.json";
/// Deposits of one bundle.
const DEPOSITS_MAX: usize = 1_000;
/// A claim has one account and one signature.
const CLAIM_SIZE_MAX: usize = 1 << 16;
const FORMAT: &str = "counterfoil-deposit-claim-v1";

/// The file `claim.json`: whose account it is, signed. The line that is signed is never in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The account at the debtor.
    pub account: String,
    /// `counterfoil-deposit-claim-v1`.
    pub format: String,
    /// Over [`line()`], under the key that is the leaf's credential.
    pub signature: Signature,
}

impl Claim {
    /// Signs the claim of an account.
    ///
    /// # Errors
    /// [`signature::SignatureError`] when the machine fails.
    pub fn sign(
        key: &signature::SigningKey,
        depositor: &VenueId,
        debtor: &VenueId,
        statement: &Digest,
        account: &str,
    ) -> Result<Self, signature::SignatureError> {
        let signature = key.sign(Tag::Deposit, line(depositor, debtor, statement, account).as_bytes())?;
        Ok(Self { account: account.to_owned(), format: FORMAT.to_owned(), signature })
    }

    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it, in words: it is no claim, or not canonical, or too large.
    pub fn parse(file: &[u8]) -> Result<Self, String> {
        if file.len() > CLAIM_SIZE_MAX {
            return Err(format!("{} bytes, at most {CLAIM_SIZE_MAX} are read", file.len()));
        }
        let claim: Self = json::read_canonical(file).map_err(|error| error.to_string())?;
        if claim.format != FORMAT {
            return Err(format!("format {:?}, expected {FORMAT:?}", claim.format));
        }
        Ok(claim)
    }
}

/// The line that a depositor signs: it binds both venues, the debtor's statement and the account. The verifier computes
/// it from what it knows, and takes it from no file.
#[must_use]
pub fn line(depositor: &VenueId, debtor: &VenueId, statement: &Digest, account: &str) -> String {
    let account = sha256(account.as_bytes());
    format!("counterfoil v1 deposit of {depositor} at {debtor} statement {statement} account sha256 {account}")
}

/// What the debtor hashes into the leaf: the depositor's key as text.
#[must_use]
pub fn credential(key: &PublicKey) -> String {
    key.to_string()
}

/// A deposit that is proved: the debtor owes it to the depositor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// Place of the depositor among the sheets.
    pub depositor: usize,
    /// Place of the debtor.
    pub debtor: usize,
    /// Its folder in the depositor's bundle.
    pub name: String,
    /// The unit owed.
    pub asset: AssetId,
    /// The class.
    pub class: Class,
    /// Base units, and their decimals in the debtor's statement.
    pub amount: Amount,
    /// Decimals of the amount.
    pub decimals: Decimals,
    /// Positions of its leaves in the debtor's tree.
    pub indices: Vec<u64>,
}

/// One reason why a deposit counts nothing.
type Refusal = (&'static Code, String);

/// Every deposit of every bundle, in a fixed order, and what is wrong with others.
pub(super) fn read(
    sheets: &[Sheet<'_>],
    absent: &[VenueId],
) -> Result<(Vec<Deposit>, Vec<NetworkFinding>), ReconcileError> {
    let (mut deposits, mut findings): (Vec<Deposit>, Vec<NetworkFinding>) = Default::default();
    // where each leaf was shown first
    let mut shown: BTreeMap<(usize, AssetId, &'static str, u64), (VenueId, String)> = BTreeMap::new();
    for (depositor, sheet) in sheets.iter().enumerate() {
        let files = SealedFiles::new(sheet.files, &sheet.sealed);
        let names = names(&files)?;
        if names.len() > DEPOSITS_MAX {
            let detail = format!("{} deposits, at most {DEPOSITS_MAX} are read", names.len());
            findings.push(refused(sheet, None, ELSEWHERE, (&codes::DEPOSIT_INCOMPLETE, detail)));
            continue;
        }
        for name in names {
            let debtor = match one(sheets, absent, depositor, &files, &name)? {
                Ok(found) => found,
                Err((debtor, refusal)) => {
                    findings.push(refused(sheet, debtor, &name, refusal));
                    continue;
                }
            };
            for deposit in debtor {
                let key = |index: &u64| (deposit.debtor, deposit.asset.clone(), deposit.class.text(), *index);
                let twice = deposit.indices.iter().find_map(|index| shown.get(&key(index)).map(|first| (index, first)));
                let at = sheets.get(deposit.debtor);
                if let Some((index, (venue, first))) = twice {
                    let detail = format!(
                        "leaf {index} of {} ({}) is shown by {venue} as {first}, too; it counts there",
                        deposit.asset, deposit.class
                    );
                    let finding = refused(sheet, at, &deposit.name, (&codes::DEPOSIT_LEAF_TWICE, detail));
                    findings.push(finding.of_asset(&deposit.asset).and(venue));
                    continue;
                }
                for index in &deposit.indices {
                    shown.insert(key(index), (sheet.venue().clone(), deposit.name.clone()));
                }
                deposits.push(deposit);
            }
        }
    }
    Ok((deposits, findings))
}

fn refused(sheet: &Sheet<'_>, debtor: Option<&Sheet<'_>>, name: &str, (code, detail): Refusal) -> NetworkFinding {
    // evidence that shows something else than it says is worse than evidence that is missing
    let severity = match code.outcome {
        crate::code::Outcome::Failed => Severity::Critical,
        crate::code::Outcome::NotMade => Severity::Exception,
    };
    let finding = NetworkFinding::new(code, severity, name, detail).and(sheet.venue());
    // two statements convict whoever signed both; everything else is what the depositor put into its bundle
    let signed_twice = debtor.filter(|_| code.number == codes::DEPOSIT_TWO_STATEMENTS.number);
    let finding = finding.against(signed_twice.unwrap_or(sheet).venue());
    match debtor {
        Some(debtor) => finding.and(debtor.venue()),
        None => finding,
    }
}

/// What a report about one bundle says of its deposits elsewhere: that they are there, and that nothing here judges
/// them.
///
/// # Errors
/// [`ReconcileError`] when the files cannot be listed.
pub(in crate::reconcile) fn stated(files: &dyn FileSource) -> Result<Option<Finding>, ReconcileError> {
    let names = names(files)?;
    let Some(first) = names.first() else { return Ok(None) };
    let detail = match names.len() {
        1 => "1 deposit elsewhere: stated, counts nothing here; `network` compares".to_owned(),
        count => {
            format!("{count} deposits elsewhere, the first is {first}: stated, count nothing here; `network` compares")
        }
    };
    Ok(Some(Finding::new(&venue_codes::DEPOSITS_STATED, Severity::Note, ELSEWHERE.trim_end_matches('/'), detail)))
}

/// The folders below [`ELSEWHERE`], each once.
fn names(files: &dyn FileSource) -> Result<BTreeSet<String>, ReconcileError> {
    let all = files.list()?;
    let names = all.iter().filter_map(|path| path.strip_prefix(ELSEWHERE)?.split_once('/'));
    Ok(names.map(|(name, _)| name.to_owned()).collect())
}

/// What one folder shows: deposits, or the debtor as far as it is known and why it shows none.
type Shown<'a> = Result<Vec<Deposit>, (Option<&'a Sheet<'a>>, Refusal)>;

fn one<'a>(
    sheets: &'a [Sheet<'a>],
    absent: &[VenueId],
    depositor: usize,
    files: &dyn FileSource,
    name: &str,
) -> Result<Shown<'a>, ReconcileError> {
    let read = |file: &str| files.read(&format!("{ELSEWHERE}{name}/{file}"));
    let (Some(statement), Some(proof), Some(claim)) = (read(STATEMENT)?, read(PROOF)?, read(CLAIM)?) else {
        let detail = format!("expected {STATEMENT}, {PROOF} and {CLAIM} in {ELSEWHERE}{name}/");
        return Ok(Err((None, (&codes::DEPOSIT_INCOMPLETE, detail))));
    };
    let Some(sheet) = sheets.get(depositor) else { return Ok(Ok(Vec::new())) };
    let debtor = match debtor_of(sheets, absent, depositor, &statement) {
        Ok(debtor) => debtor,
        Err(refusal) => return Ok(Err((None, refusal))),
    };
    let Some(at) = sheets.get(debtor) else { return Ok(Ok(Vec::new())) };
    Ok(proved(sheet, at, &statement, &proof, &claim).map_err(|refusal| (Some(at), refusal)).map(|balances| {
        let deposit = |balance: inclusion_proof::VerifiedInclusion| Deposit {
            depositor,
            debtor,
            name: name.to_owned(),
            asset: balance.row().asset.clone(),
            class: balance.row().class,
            amount: balance.amount(),
            decimals: balance.row().decimals,
            indices: balance.indices().to_vec(),
        };
        balances.into_iter().map(deposit).collect()
    }))
}

/// Which of the venues the statement speaks of. That only says where to look: nothing in it is believed.
fn debtor_of(sheets: &[Sheet<'_>], absent: &[VenueId], depositor: usize, statement: &[u8]) -> Result<usize, Refusal> {
    if statement.len() as u64 > publish::statement_check::FILE_SIZE_MAX {
        return Err((&codes::DEPOSIT_INCOMPLETE, format!("{STATEMENT} has {} bytes", statement.len())));
    }
    let named = Envelope::parse(statement, publish::statement_check::FIELD)
        .map_err(|error| error.to_string())
        .and_then(|envelope| publish::parse(&envelope.document).map_err(|error| error.to_string()))
        .map_err(|detail| (&codes::DEPOSIT_INCOMPLETE, format!("{STATEMENT}: {detail}")))?;
    let id = named.venue.id;
    match sheets.iter().position(|sheet| *sheet.venue() == id) {
        Some(debtor) if debtor == depositor => {
            Err((&codes::DEPOSIT_AT_ITSELF, format!("the statement is of {id} itself")))
        }
        Some(debtor) => Ok(debtor),
        None if absent.contains(&id) => {
            Err((&codes::DEPOSIT_VENUE_UNKNOWN, format!("{id} is in the network policy, and its bundle is not here")))
        }
        None => Err((&codes::DEPOSIT_VENUE_UNKNOWN, format!("{id} is not in the network policy"))),
    }
}

/// The checks that do not depend on other deposits.
fn proved(
    sheet: &Sheet<'_>,
    debtor: &Sheet<'_>,
    statement: &[u8],
    proof: &[u8],
    claim: &[u8],
) -> Result<Vec<inclusion_proof::VerifiedInclusion>, Refusal> {
    same_statement(debtor, statement)?;
    let claim = Claim::parse(claim).map_err(|detail| (&codes::DEPOSIT_CLAIM_MALFORMED, detail))?;
    let key = claim.signature.public_key();
    if !sheet.member.keys.contains(&key) {
        return Err((&codes::DEPOSIT_KEY, format!("signed by {key}, which is not pinned for {}", sheet.venue())));
    }
    let reference = debtor.statement.reference();
    let signed = line(sheet.venue(), debtor.venue(), &reference.digest, &claim.account);
    signature::verify(Tag::Deposit, signed.as_bytes(), &claim.signature)
        .map_err(|error| (&codes::DEPOSIT_SIGNATURE, format!("{error}; expected a signature of: {signed}")))?;
    let not_included = |error: &dyn Coded| (&codes::DEPOSIT_NOT_INCLUDED, format!("{}: {error}", error.code()));
    if proof.len() as u64 > inclusion_proof::FILE_SIZE_MAX {
        return Err((&codes::DEPOSIT_NOT_INCLUDED, format!("{PROOF} has {} bytes", proof.len())));
    }
    let proof = InclusionProof::parse(proof).map_err(|error| not_included(&error))?;
    let query = InclusionQuery {
        statement: &reference,
        rows: &debtor.statement.statement().liabilities,
        account: &claim.account,
        credential: &credential(&key),
        expected: &BTreeMap::new(),
    };
    inclusion_proof::verify(&query, &proof).map_err(|error| not_included(&error))
}

/// Whether depositor and auditor were shown the same statement of the debtor.
fn same_statement(debtor: &Sheet<'_>, statement: &[u8]) -> Result<(), Refusal> {
    let (known, pins) = (&debtor.statement, debtor.member.policy.statement_pins());
    let other = |detail: String| Err((&codes::DEPOSIT_OTHER_STATEMENT, detail));
    let shown = match publish::verify(statement, &pins) {
        Ok(shown) => shown,
        Err(error) => return other(format!("{STATEMENT}: {}: {error}", error.code())),
    };
    if shown.digest() == known.digest() {
        return Ok(());
    }
    let (got, expected) = (shown.statement().sequence, known.statement().sequence);
    if got == expected {
        let detail =
            format!("statement {got}: {} here, {} in the bundle of the debtor", shown.digest(), known.digest());
        return Err((&codes::DEPOSIT_TWO_STATEMENTS, detail));
    }
    other(format!("statement {got}, the debtor's bundle is about statement {expected}"))
}
