//! The verifier's file about several venues: which policy holds for each, and what a default costs.

use serde::Deserialize;

use super::clearing::DEBTORS_MAX;
use super::fraction::{Fraction, one, parse};
use crate::code::{Code, Coded, network as codes};
use crate::hash::{Digest, sha256};
use crate::policy::Policy;
use crate::signature::PublicKey;

const FORMAT: &str = "counterfoil-network-policy-v1";

/// A network policy is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NetworkPolicyError(String);

impl Coded for NetworkPolicyError {
    fn code(&self) -> &'static Code {
        &codes::NETWORK_POLICY_MALFORMED
    }
}

/// The file alone: the policies that it names are still to be read.
#[derive(Clone, Debug)]
pub struct NetworkFile {
    digest: Digest,
    alpha: Fraction,
    beta: Fraction,
    venues: Vec<VenueToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileToml {
    format: String,
    #[serde(default = "whole")]
    alpha: String,
    #[serde(default = "whole")]
    beta: String,
    #[serde(default)]
    venue: Vec<VenueToml>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VenueToml {
    policy: String,
    #[serde(default)]
    deposit_keys: Vec<PublicKey>,
}

fn whole() -> String {
    "1".to_owned()
}

/// What the verifier pins of one venue.
#[derive(Clone, Debug)]
pub struct PinnedMember {
    /// Its policy, the same that `reconcile` takes.
    pub policy: Policy,
    /// Keys that speak for its deposits elsewhere: those of its statements, and more that the file names.
    pub keys: Vec<PublicKey>,
}

/// What the verifier demands of several venues.
#[derive(Clone, Debug)]
pub struct NetworkPolicy {
    /// SHA-256 of the file.
    pub digest: Digest,
    /// The share of its own assets that a defaulter is left with.
    pub alpha: Fraction,
    /// The share of what others pay it that a defaulter is left with.
    pub beta: Fraction,
    /// The venues, in the order of the file.
    pub members: Vec<PinnedMember>,
}

impl NetworkFile {
    /// Reads the file.
    ///
    /// # Errors
    /// [`NetworkPolicyError`].
    pub fn parse(text: &str) -> Result<Self, NetworkPolicyError> {
        let file: FileToml = toml::from_str(text).map_err(|error| NetworkPolicyError(error.to_string()))?;
        if file.format != FORMAT {
            return Err(NetworkPolicyError(format!("format {:?}, expected {FORMAT:?}", file.format)));
        }
        let share = |name: &str, text: &str| {
            let wrong =
                || NetworkPolicyError(format!("{name} is {text:?}, expected a fraction from 0 to 1, such as 4/5"));
            parse(text).filter(|share| *share <= one()).ok_or_else(wrong)
        };
        let (alpha, beta) = (share("alpha", &file.alpha)?, share("beta", &file.beta)?);
        let count = file.venue.len();
        if count == 0 || count > DEBTORS_MAX {
            return Err(NetworkPolicyError(format!("{count} venues, expected 1 to {DEBTORS_MAX}")));
        }
        for key in file.venue.iter().flat_map(|venue| &venue.deposit_keys) {
            key.check().map_err(|error| NetworkPolicyError(format!("deposit_keys: {error}")))?;
        }
        Ok(Self { digest: sha256(text.as_bytes()), alpha, beta, venues: file.venue })
    }

    /// The policy files that it names, as it names them.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.venues.iter().map(|venue| venue.policy.as_str())
    }

    /// The whole, with the policies in the order of [`NetworkFile::policies`].
    ///
    /// # Errors
    /// [`NetworkPolicyError`] when two policies are of one venue, or one key speaks for two.
    pub fn with(self, policies: Vec<Policy>) -> Result<NetworkPolicy, NetworkPolicyError> {
        if policies.len() != self.venues.len() {
            let (got, expected) = (policies.len(), self.venues.len());
            return Err(NetworkPolicyError(format!("{got} policies, expected {expected}")));
        }
        let mut members: Vec<PinnedMember> = Vec::with_capacity(policies.len());
        for (policy, venue) in policies.into_iter().zip(self.venues) {
            let mut keys = policy.venue().keys.clone();
            keys.extend(venue.deposit_keys);
            for other in &members {
                let id = &policy.venue().id;
                if other.policy.venue().id == *id {
                    return Err(NetworkPolicyError(format!("two policies pin the venue {id}")));
                }
                // whoever has the secret of one x coordinate signs under every key with it
                if let Some(key) = keys.iter().find(|key| other.keys.iter().any(|known| known.x() == key.x())) {
                    let both = &other.policy.venue().id;
                    return Err(NetworkPolicyError(format!("the key {key} is pinned for {both} and for {id}")));
                }
            }
            members.push(PinnedMember { policy, keys });
        }
        Ok(NetworkPolicy { digest: self.digest, alpha: self.alpha, beta: self.beta, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 2] = [
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
    ];

    fn policy(id: &str, key: &str) -> Policy {
        let text = format!(
            "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"{id}\"\nlog_origin = \"log.example/{id}\"\n\
             keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n"
        );
        Policy::parse(&text).expect("a policy")
    }

    const TWO: &str =
        "format = \"counterfoil-network-policy-v1\"\n[[venue]]\npolicy = \"a\"\n[[venue]]\npolicy = \"b\"\n";

    #[test]
    fn a_file_names_a_policy_for_each_venue() {
        let file = NetworkFile::parse(TWO).expect("a file");
        assert_eq!(file.policies().collect::<Vec<_>>(), ["a", "b"]);
        let found = file.with(vec![policy("a", KEYS[0]), policy("b", KEYS[1])]).expect("a network policy");
        assert_eq!((found.alpha, found.beta, found.members.len()), (one(), one(), 2));
    }

    #[test]
    fn what_is_no_network_policy_is_refused() {
        let head = "format = \"counterfoil-network-policy-v1\"\n";
        let many = format!("{head}{}", "[[venue]]\npolicy = \"a\"\n".repeat(DEBTORS_MAX + 1));
        let bad_key =
            format!("{head}[[venue]]\npolicy = \"a\"\ndeposit_keys = [{{ alg = \"bip340\", key = \"00\" }}]\n");
        for text in [
            "",
            "x",
            head,
            "format = \"counterfoil-policy-v1\"\n",
            &many,
            &bad_key,
            &format!("alpha = \"3/2\"\n{TWO}"),
            &format!("beta = \"0.8\"\n{TWO}"),
            &format!("gamma = \"1\"\n{TWO}"),
        ] {
            assert_eq!(NetworkFile::parse(text).expect_err(text).code().name, "NETWORK_POLICY_MALFORMED");
        }
        let file = || NetworkFile::parse(TWO).expect("a file");
        for policies in [
            vec![policy("a", KEYS[0])],
            vec![policy("a", KEYS[0]), policy("a", KEYS[1])],
            vec![policy("a", KEYS[0]), policy("b", KEYS[0])],
        ] {
            assert!(file().with(policies).is_err());
        }
    }
}
