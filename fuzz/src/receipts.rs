//! Receipts, disputes and evidence: what anybody brings.

use std::sync::OnceLock;

use counterfoil::publish::log::{KeyKind, LogPins, NoteSigner};
use counterfoil::publish::receipt::dispute::Dispute;
use counterfoil::publish::receipt::{Committed, FORMAT, Receipt, evidence, verify};
use counterfoil::publish::{KeyHistory, Stated, StatementPins};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, PublicKey, SigningKey};
use counterfoil::snapshot::VenueId;

const ORIGIN: &str = "log.example/por";

fn key() -> SigningKey {
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut [5; 32])).unwrap()
}

fn receipt(snapshot: bool) -> Receipt {
    let leaves = vec![counterfoil::hash::sha256(b"leaf")];
    Receipt {
        account: "u1".to_owned(),
        amount: counterfoil::amount::Amount::from_base_units(500),
        asset: "BTC".parse().unwrap(),
        class: counterfoil::asset::Class::Custody,
        credential: String::new(),
        decimals: counterfoil::amount::Decimals::ZERO,
        format: FORMAT.to_owned(),
        keys: Vec::new(),
        log_origin: ORIGIN.to_owned(),
        snapshot: snapshot.then_some(Committed { leaves, sequence: 7 }),
        time: "2026-11-01T00:00:00Z".parse().unwrap(),
        venue: "example-exchange".parse().unwrap(),
    }
}

/// A receipt as the venue signed it: of a snapshot, or of a moment.
pub fn honest_receipt(snapshot: bool) -> Vec<u8> {
    receipt(snapshot).sign(&[key()]).unwrap()
}

/// A dispute about the first one.
pub fn honest_dispute() -> Vec<u8> {
    let dispute = Dispute {
        deadline: "2026-12-15T00:00:00Z".parse().unwrap(),
        format: counterfoil::publish::receipt::dispute::FORMAT.to_owned(),
        opened: "2026-12-01T00:00:00Z".parse().unwrap(),
        receipt: String::from_utf8(honest_receipt(true)).unwrap(),
        sequence: 7,
    };
    counterfoil::json::canonical(&dispute).unwrap()
}

/// Reads the bytes as each of these files. The only receipts that are accepted are those that were signed, and nothing
/// is evidence.
pub fn venue_receipt(data: &[u8]) {
    static PINNED: OnceLock<(VenueId, [PublicKey; 1], NoteSigner)> = OnceLock::new();
    let (venue, keys, signer) = PINNED.get_or_init(|| {
        let secret = Secret::new(SecretKind::Log, &mut [7; 32]);
        let signer = NoteSigner::new(ORIGIN, KeyKind::Log, &secret).unwrap();
        ("example-exchange".parse().unwrap(), [key().public_key()], signer)
    });
    let pins = StatementPins { venue, log_origin: ORIGIN, keys, threshold: 1 };
    if verify(data, &KeyHistory::of(pins.clone())).is_ok() {
        let signed = [true, false].map(honest_receipt);
        assert!(signed.iter().any(|honest| honest == data), "a receipt that nobody signed is accepted");
    }
    if let Ok(dispute) = Dispute::parse(data) {
        assert_eq!(counterfoil::json::canonical(&dispute).unwrap(), data, "a dispute has one form");
    }
    if let Ok(stated) = Stated::parse(data) {
        assert!(stated.snapshot().is_some() || stated.sequence() > 0);
    }
    let _ = KeyHistory::new(pins.clone(), &[data.to_vec()]);
    let log = LogPins { origin: ORIGIN, key: signer.key(), witnesses: &[], quorum: 0 };
    assert!(evidence::convicts(data, &pins, log).is_err(), "nobody has signed a contradiction");
}
