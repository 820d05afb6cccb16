//! What verifiers write themselves, and take from others: policies, assumptions, and policies of several venues.

use std::sync::OnceLock;

use counterfoil::hash::sha256;
use counterfoil::policy::Policy;
use counterfoil::policy::quality::{Assumptions, QualityRules};
use counterfoil::reconcile::network::NetworkFile;
use counterfoil::reconcile::network::fraction::{one, zero};
use counterfoil::reconcile::sheet::{Sheet, digest, judge};

use super::{documents, sheets};

const EXAMPLE: &str = include_str!("../../docs/policy.example.toml");
const ASSUMED: &str = include_str!("../../docs/quality.example.toml");
/// Larger files take longer and show nothing else.
const BYTES_MAX: usize = 20_000;
/// A whole, in hundredths of a percent.
const WHOLE: u64 = 10_000;

/// Three venues, of which two share a file.
const NETWORK: &str = "format = \"counterfoil-network-policy-v1\"\nalpha = \"4/5\"\nbeta = \"9/10\"\n\
[[venue]]\npolicy = \"alpha.toml\"\n[[venue]]\npolicy = \"../beta/policy.toml\"\ndeposit_keys = []\n\
[[venue]]\npolicy = \"alpha.toml\"\n";

/// Files as their makers write them.
pub fn honest_files() -> Vec<(&'static str, String, Vec<u8>)> {
    let (venue, _) = documents::venue();
    let (_, quality) = ASSUMED.split_once("\n[quality]\n").unwrap();
    let whole = format!("{}\n[quality]\n{quality}", venue.policy);
    // all of them are accepted
    assert!(Policy::parse(EXAMPLE).unwrap().quality().is_none() && Policy::parse(&whole).unwrap().quality().is_some());
    assert!(!Assumptions::parse(ASSUMED).unwrap().rules.asset.is_empty());
    assert_eq!(NetworkFile::parse(NETWORK).unwrap().policies().count(), 3);
    vec![
        ("policy", "example".to_owned(), EXAMPLE.as_bytes().to_vec()),
        ("policy", "quality".to_owned(), whole.into_bytes()),
        ("assumptions", "example".to_owned(), ASSUMED.as_bytes().to_vec()),
        ("network_policy", "three".to_owned(), NETWORK.as_bytes().to_vec()),
    ]
}

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok().filter(|text| text.len() <= BYTES_MAX)
}

/// Shares are shares, and lists are short.
fn within_limits(rules: &QualityRules) {
    assert!(rules.participation.max(rules.float_share) <= WHOLE);
    assert!(rules.shares.iter().all(|share| *share <= WHOLE));
    for terms in &rules.asset {
        assert!(rules.terms(&terms.id) == Some(terms), "two entries of one asset");
        assert!(terms.wrong_way.is_none_or(|left| left <= WHOLE));
        assert!(terms.bid.is_sorted_by(|before, bid| before.price >= bid.price));
    }
}

/// A policy is refused, or says the same wherever it is read.
pub fn policy(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(policy) = Policy::parse(text) else { return };
    assert_eq!(policy.digest(), sha256(data));
    let assumed = Assumptions::parse(text).unwrap();
    assert_eq!(assumed.rules, policy.quality().cloned().unwrap_or_default());
    within_limits(&assumed.rules);
    assert!(policy.departures().iter().all(|departure| !departure.is_empty()));
    assert_eq!(policy.statement_pins().venue, &policy.venue().id);
    for asset in policy.assets() {
        for deployment in &asset.deployments {
            let _ = policy.issuer_of(&deployment.id);
            if let Some(chain) = deployment.id.chain() {
                let _ = policy.window().demand(&chain);
            }
        }
    }
    // the first deployment that stands under two assets would count twice
    let all: Vec<_> = policy.assets().iter().flat_map(|asset| &asset.deployments).map(|one| &one.id).collect();
    assert!(all.iter().enumerate().all(|(at, id)| !all[..at].contains(id)), "a deployment stands twice");
}

fn judged() -> &'static [Sheet; 2] {
    static SHEETS: OnceLock<[Sheet; 2]> = OnceLock::new();
    SHEETS.get_or_init(|| [sheets::FTX, sheets::ALAMEDA].map(|text| Sheet::parse(text).unwrap()))
}

/// Assumptions are refused, or a sheet is computed under them: prices, caps and haircuts of any size.
pub fn assumptions(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(assumed) = Assumptions::parse(text) else { return };
    assert_eq!(assumed.digest, sha256(data));
    within_limits(&assumed.rules);
    for sheet in judged() {
        let found = judge(sheet, digest(text), Some(&assumed));
        sheets::told(sheet, &found);
    }
}

/// A policy of several venues is refused, or has shares between nothing and all, and one policy for each venue.
pub fn network_policy(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(file) = NetworkFile::parse(text) else { return };
    let count = file.policies().count();
    assert!(count > 0);
    let (_, policy) = documents::venue();
    for other in [count - 1, count + 1] {
        assert!(file.clone().with(vec![policy.clone(); other]).is_err());
    }
    // one venue twice is none
    let whole = file.with(vec![policy.clone(); count]);
    assert!(whole.is_err() || count == 1);
    if let Ok(whole) = whole {
        assert_eq!(whole.digest, sha256(data));
        for share in [&whole.alpha, &whole.beta] {
            assert!((zero()..=one()).contains(share));
        }
        let keys = &whole.members[0].keys;
        assert!(keys.starts_with(&policy.venue().keys));
        assert!(keys.iter().all(|key| key.check().is_ok()), "a key that is none is pinned");
    }
}
