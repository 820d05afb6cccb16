//! Kinds of files, by their first bytes, their format, or the fields that they have.

use serde_json::Value;

use crate::secret::locked::LOCKED;
use crate::secret::{SecretKind, locked::LockedSecret};

/// As many bytes as [`by_first_bytes`] looks at.
pub(super) const HEAD_BYTES: u64 = 4096;

/// Kinds of JSON by the field that their content stands in, or by their format.
const JSON: [(&str, &str); 31] = [
    ("statement", "a signed statement of liabilities"),
    ("manifest", "the sealed manifest of a bundle"),
    ("transcript", "a signed transcript of a node's answers"),
    ("seal", "a report that somebody made again, and signed"),
    ("receipt", "a receipt: what the venue told one customer; private"),
    ("answer", "the venue's answer in a dispute; private"),
    ("counterfoil-dispute-v1", "a dispute about a receipt; private"),
    ("counterfoil-receipt-contradiction-v1", "evidence that a receipt and a logged statement exclude each other"),
    ("counterfoil-contradiction-v1", "evidence that two signed things exclude each other"),
    ("counterfoil-report-v1", "a report of a reconciliation"),
    ("counterfoil-network-v1", "a report about several venues"),
    ("counterfoil-sheet-report-v1", "a report about a balance sheet that nobody signed"),
    ("counterfoil-inclusion-proof-v1", "an inclusion proof of one customer account"),
    ("counterfoil-sealed-proofs-v1", "the index of a folder of sealed proofs"),
    ("counterfoil-challenge-v1", "a challenge document"),
    ("counterfoil-compact-range-v1", "a compact range: a part of a liability tree"),
    ("counterfoil-statement-v1", "the draft of a statement, unsigned"),
    ("counterfoil-bundle-v1", "a manifest without its signature"),
    ("counterfoil-transcript-v1", "a transcript of a node's answers, unsigned"),
    ("counterfoil-sealed-report-v1", "what says that somebody made a report again, unsigned"),
    ("counterfoil-receipt-v1", "a receipt without its signature; private"),
    ("counterfoil-dispute-answer-v1", "the venue's answer in a dispute, unsigned; private"),
    ("counterfoil-signing-request-v1", "what a hardware module or key service is asked to sign"),
    ("counterfoil-venue-card-v1", "the card of a venue: what its customers pin"),
    ("counterfoil-sample-v1", "blocks drawn from the past, to be looked at"),
    ("counterfoil-depositor-v1", "an inclusion proof of somebody who paid coins in; for the auditor"),
    ("counterfoil-deposits-v1", "what a venue says of its deposits elsewhere"),
    ("counterfoil-deposit-claim-v1", "a claim to a deposit at another venue"),
    ("counterfoil-window-v1", "the head of the evidence for a window of Bitcoin"),
    ("counterfoil-evm-window-v1", "the head of the evidence for a window of an EVM chain"),
    ("counterfoil-evm-watch-v1", "the journal of blocks that `fetch evm --watch` has seen"),
];

/// Kinds of TOML by their format.
const TOML: [(&str, &str); 4] = [
    ("counterfoil-policy-v1", "a verifier's policy; `policy check` reads it"),
    ("counterfoil-network-policy-v1", "a policy for several venues"),
    ("counterfoil-assumptions-v1", "assumptions for a balance sheet: prices, depth, haircuts"),
    ("counterfoil-sheet-v1", "a balance sheet that was published or leaked; `sheet` judges it"),
];

/// Kinds of TOML without a format, by a field that only they have.
const FIELDS: [(&str, &str); 3] = [
    ("asset", "a list of assets, for `build`"),
    ("legal_entity", "what stays the same about a venue, for `build`"),
    ("cutoff", "what is new in a snapshot, for `build`"),
];

/// Kinds of files that are not text.
const MAGIC: [(&[u8], &str); 5] = [
    (b"cfnodes1", "nodes of the tries of an EVM chain, each once: evidence in a bundle"),
    (b"counterfoil\0st\0", "the private store of a build: accounts, balances and nonces; not for others"),
    (&[0x1f, 0x8b], "compressed with gzip: unpack it, or give it to `build` if it is a ledger"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "compressed with zstd: unpack it, or give it to `build` if it is a ledger"),
    (b"PAR1", "a Parquet file: a ledger, perhaps; private then"),
];

/// What is known from the first bytes alone: secrets, of which nothing else is said, and what is not text.
pub(super) fn by_first_bytes(head: &[u8]) -> Option<String> {
    if LockedSecret::is_locked(head) {
        let kind = LockedSecret::parse(head).map(|locked| locked.kind().text());
        let kind = kind.unwrap_or("cannot be read: damaged or of another version");
        return Some(format!("a secret under a passphrase ({LOCKED}): {kind}; not for others"));
    }
    if let Some(kind) = SecretKind::ALL.into_iter().find(|kind| head.starts_with(kind.text().as_bytes())) {
        return Some(format!("a secret, not under a passphrase: {}; not for others", kind.text()));
    }
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, words)| (*words).to_owned())
}

/// What a JSON value is. Only signed files have signatures beside their content: an inclusion proof has a field
/// `statement`, too.
pub(super) fn of_json(value: &Value) -> Option<&'static str> {
    let format = value.get("format").and_then(Value::as_str).unwrap_or_default();
    let signed = value.get("signatures").is_some();
    let is_of = |mark: &str| if signed { value.get(mark).is_some_and(Value::is_object) } else { mark == format };
    JSON.iter().find(|(mark, _)| is_of(mark)).map(|(_, words)| *words)
}

/// What other text is: TOML, a ledger, a key in PEM.
pub(super) fn by_content(bytes: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(bytes).ok()?;
    if let Ok(table) = text.parse::<toml::Table>()
        && !table.is_empty()
    {
        let format = table.get("format").and_then(toml::Value::as_str);
        let named = TOML.iter().find(|(mark, _)| format == Some(mark));
        let known = named.or_else(|| FIELDS.iter().find(|(field, _)| format.is_none() && table.contains_key(*field)));
        return known.map(|(_, words)| *words).or(Some("TOML of a kind that this version does not know"));
    }
    let first = text.lines().next().unwrap_or_default();
    let has = |name: &str| first.split([',', ';', '\t']).any(|column| column.trim_matches(['"', '\u{feff}']) == name);
    (has("account") && has("asset") && has("amount"))
        .then_some("a ledger in CSV: balances of customers; not for others")
}
