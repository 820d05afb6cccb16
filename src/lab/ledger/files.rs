//! The files beside a synthetic ledger, so that `build` can be run on it at once.

use std::fmt::Write as _;

use super::{ASSETS, Totals, total_text};
use crate::hash::sha256;
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, SigningKey};

/// The assets with their decimals and deployments.
#[must_use]
pub fn assets_toml() -> String {
    let mut text = String::new();
    for asset in &ASSETS {
        // writing into a string cannot fail
        let _ = writeln!(text, "[[asset]]\nid = \"{}\"\ndecimals = {}", asset.id, asset.decimals);
        for (id, decimals) in asset.deployments {
            let _ = writeln!(text, "[[asset.deployment]]\nid = \"{id}\"\ndecimals = {decimals}");
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The control totals of every asset, also of those without rows.
#[must_use]
pub fn totals_toml(totals: &Totals) -> String {
    let mut text = String::new();
    for (asset, total) in ASSETS.iter().zip(totals) {
        let _ = writeln!(text, "\"{}\" = \"{}\"", asset.id, total_text(*total, asset));
    }
    text
}

/// The venue, with the public half of [`signing_key`].
#[must_use]
pub fn venue_toml(seed: u64) -> String {
    let key = SigningKey::new(Algorithm::Bip340, &signing_key(seed));
    let key = key.map(|key| key.public_key().key).unwrap_or_default();
    format!(
        "id = \"example-exchange\"\nlegal_entity = \"Example Exchange Ltd\"\n\
         log_origin = \"log.example/example-exchange\"\nkeys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n\
         account_hint = \"the id under Profile\"\n"
    )
}

/// The snapshot: the first one of the venue.
#[must_use]
pub fn snapshot_toml() -> &'static str {
    "sequence = 0\ncutoff = \"2026-11-01T00:00:00Z\"\nnext_cutoff = \"2026-12-01T00:00:00Z\"\n\
     due = \"2026-12-03T00:00:00Z\"\n"
}

/// The venue's key. Anybody can derive it from the seed: it guards nothing.
#[must_use]
pub fn signing_key(seed: u64) -> Secret {
    Secret::new(SecretKind::Signing, &mut derived(seed, "signing key"))
}

/// The venue's master secret. Anybody can derive it from the seed: it hides nothing.
#[must_use]
pub fn master_secret(seed: u64) -> Secret {
    Secret::new(SecretKind::Master, &mut derived(seed, "master secret"))
}

fn derived(seed: u64, purpose: &str) -> [u8; 32] {
    sha256(format!("synthetic ledger {seed}: {purpose}").as_bytes()).to_bytes()
}
