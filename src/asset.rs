//! Assets: the unit owed, and the places where it exists. Specification: `docs/spec/amount.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::amount::Decimals;
use crate::code::{Code, Coded, ledger as codes};

/// A name made of a small set of characters: no two look alike, and none needs escaping anywhere.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $max:literal, $extra:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let allowed = |c: char| c.is_ascii_alphanumeric() || $extra.contains(c);
                if text.is_empty() || text.len() > $max || !text.chars().all(allowed) {
                    let text = text.chars().take(80).collect();
                    return Err(NameError { what: stringify!($name), text, extra: $extra, max: $max });
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name_type! {
    /// The unit owed: `BTC`, `USDT`, `iso4217:EUR`.
    AssetId, 64, ":._-"
}
name_type! {
    /// A chain by its CAIP-2 identifier: `bip122:000000000019d6689c085ae165831e93`, `eip155:1`.
    ChainId, 72, ":_-"
}
name_type! {
    /// An asset on one chain by its CAIP-19 identifier: the chain, a slash, the asset.
    DeploymentId, 240, ":_-./%"
}

impl ChainId {
    /// The file name of this chain in a bundle: `:` becomes `_`.
    #[must_use]
    pub fn folder(&self) -> String {
        self.0.replace(':', "_")
    }

    /// What stands before the colon: `bip122`, `eip155`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once(':').map_or("", |(namespace, _)| namespace)
    }

    /// What stands behind the colon.
    #[must_use]
    pub fn reference(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, reference)| reference)
    }
}

impl DeploymentId {
    /// The chain, when the text has one.
    #[must_use]
    pub fn chain(&self) -> Option<ChainId> {
        self.0.split_once('/')?.0.parse().ok()
    }

    /// What stands behind the slash: `slip44:0`, `erc20:0x…`.
    #[must_use]
    pub fn asset(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, asset)| asset)
    }
}

/// A text is not a name of the kind expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is 1 to {max} ASCII letters, digits or {extra:?}, got {text:?}")]
pub struct NameError {
    what: &'static str,
    text: String,
    extra: &'static str,
    max: usize,
}

/// What kind of claim a liability is. Every class has a tree of its own, so that its total is committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Held for the customer, callable at any time.
    #[default]
    Custody,
    /// Lent to the venue or through it.
    Lent,
    /// Pledged by the customer for a position.
    Collateral,
    /// Claims out of derivative positions.
    Derivative,
}

impl Class {
    /// Every class, in the order of their texts' first use.
    pub const ALL: [Self; 4] = [Self::Custody, Self::Lent, Self::Collateral, Self::Derivative];

    /// The text in files and hashes.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Custody => "custody",
            Self::Lent => "lent",
            Self::Collateral => "collateral",
            Self::Derivative => "derivative",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl FromStr for Class {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|class| class.text() == text).ok_or(())
    }
}

/// An asset on one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// CAIP-19 identifier.
    pub id: DeploymentId,
    /// Decimals on that chain, which may differ from those of the unit owed.
    pub decimals: Decimals,
}

/// One asset as the venue owes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// The unit owed.
    pub id: AssetId,
    /// Decimals of the amounts owed.
    pub decimals: Decimals,
    /// Where it exists on chains.
    pub deployments: Vec<Deployment>,
}

/// The assets file: every asset once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets(BTreeMap<AssetId, Asset>);

impl Assets {
    /// Reads `assets.toml`.
    ///
    /// # Errors
    /// [`AssetsError`] naming the entry.
    pub fn parse(text: &str) -> Result<Self, AssetsError> {
        let file: AssetsToml = toml::from_str(text).map_err(|error| AssetsError(error.to_string()))?;
        let mut assets = BTreeMap::new();
        for entry in file.asset {
            let asset = entry.check()?;
            if let Some(twice) = assets.insert(asset.id.clone(), asset) {
                return Err(AssetsError(format!("asset {} is listed twice", twice.id)));
            }
        }
        if assets.is_empty() {
            return Err(AssetsError("no [[asset]] is listed".to_owned()));
        }
        Ok(Self(assets))
    }

    /// The asset of this name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Asset> {
        self.0.values().find(|asset| asset.id.as_str() == id)
    }

    /// The position of the asset of this name, and the asset.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<(usize, &Asset)> {
        self.0.values().enumerate().find(|(_, asset)| asset.id.as_str() == id)
    }

    /// All assets in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.0.values()
    }
}

/// The assets file is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AssetsError(String);

impl Coded for AssetsError {
    fn code(&self) -> &'static Code {
        &codes::ASSETS_FILE
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetsToml {
    #[serde(default)]
    asset: Vec<AssetToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetToml {
    id: AssetId,
    decimals: u8,
    #[serde(default)]
    deployment: Vec<DeploymentToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeploymentToml {
    id: DeploymentId,
    decimals: u8,
}

impl AssetToml {
    fn check(self) -> Result<Asset, AssetsError> {
        let decimals = |count: u8, whose: &dyn fmt::Display| {
            Decimals::new(count)
                .ok_or_else(|| AssetsError(format!("{whose} has {count} decimals, at most 38 are possible")))
        };
        let mut deployments = Vec::with_capacity(self.deployment.len());
        for deployment in self.deployment {
            if deployment.id.chain().is_none() || deployment.id.asset().is_empty() {
                return Err(AssetsError(format!(
                    "deployment {} is not a CAIP-19 identifier (CHAIN/ASSET)",
                    deployment.id
                )));
            }
            let decimals = decimals(deployment.decimals, &deployment.id)?;
            deployments.push(Deployment { id: deployment.id, decimals });
        }
        deployments.sort_by(|left, right| left.id.cmp(&right.id));
        if let Some(pair) = deployments.windows(2).find(|pair| matches!(pair, [left, right] if left.id == right.id)) {
            let twice = pair.first().map(|deployment| deployment.id.to_string()).unwrap_or_default();
            return Err(AssetsError(format!("deployment {twice} is listed twice")));
        }
        Ok(Asset { decimals: decimals(self.decimals, &self.id)?, id: self.id, deployments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[[asset]]
id = "USDT"
decimals = 6
[[asset.deployment]]
id = "eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7"
decimals = 6
[[asset]]
id = "BTC"
decimals = 8
"#;

    #[test]
    fn assets_are_sorted_and_unique() {
        let assets = Assets::parse(FILE).expect("a good file");
        assert_eq!(assets.iter().map(|asset| asset.id.as_str()).collect::<Vec<_>>(), ["BTC", "USDT"]);
        let twice = format!("{FILE}\n[[asset]]\nid = \"BTC\"\ndecimals = 8\n");
        assert_eq!(Assets::parse(&twice).expect_err("twice").to_string(), "asset BTC is listed twice");
        assert!(Assets::parse("").is_err());
        assert!(Assets::parse("[[asset]]\nid = \"A B\"\ndecimals = 8\n").is_err());
        assert!(Assets::parse("[[asset]]\nid = \"A\"\ndecimals = 39\n").is_err());
    }

    #[test]
    fn caip_parts() {
        let id: DeploymentId = "eip155:1/slip44:60".parse().expect("CAIP-19");
        assert_eq!(id.chain().map(|chain| chain.folder()), Some("eip155_1".to_owned()));
        assert_eq!(id.asset(), "slip44:60");
    }
}
