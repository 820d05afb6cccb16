//! `hotcoin`: SHA-256 with a byte for each kind of node, over lists of texts. Page: `docs/foreign/hotcoin.md`.

use super::decimal::Decimal;
use super::document::{Object, Value};
use super::error::{Fault, Kind};
use super::scheme::{Asset, Facts, Node, Place, Proof, Scheme, Step, Unbound, balances, object_text, quoted, sha};
use super::weakness::Weakness;

/// What every file and every hash begins with.
pub const PROTOCOL: &str = "HOTCOIN-POR-SUM";
/// Assets of one tree.
const ASSETS_MAX: usize = 32;
/// Decimals of one asset.
const DECIMALS_MAX: u64 = 30;

static FACTS: Facts = Facts {
    name: "hotcoin",
    aliases: &[],
    weaknesses: &[Weakness::SumNotBound, Weakness::FieldsNotBound],
    unbound: &[
        Unbound { field: "self.leafCount", weakness: Weakness::FieldsNotBound },
        Unbound { field: "self.leafIndex", weakness: Weakness::FieldsNotBound },
    ],
    source: "https://github.com/hotcoinexchange/proof-of-reserves, commit 75e9098, src/main/java/com/hotcoin/core",
    page: "docs/foreign/hotcoin.md",
    account: Some("accountId"),
};

/// The format.
pub struct Hotcoin;

/// What a hash is for: its first byte.
#[derive(Clone, Copy)]
enum Domain {
    Leaf = 0,
    Node = 1,
    Padding = 2,
    Config = 3,
}

fn hash(domain: Domain, fields: &[&str]) -> String {
    let list = fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",");
    crate::hash::sha256(&[&[domain as u8][..], format!("[{list}]").as_bytes()].concat()).to_string()
}

fn config(assets: &[Asset]) -> String {
    let decimals: Vec<String> = assets.iter().map(|asset| asset.decimals.unwrap_or(0).to_string()).collect();
    let pairs = assets.iter().zip(&decimals).flat_map(|(asset, decimals)| [asset.name.as_str(), decimals.as_str()]);
    hash(Domain::Config, &std::iter::once(PROTOCOL).chain(pairs).collect::<Vec<_>>())
}

impl Scheme for Hotcoin {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn recognises(&self, file: &Object<'_>) -> bool {
        file.get("protocol").and_then(|value| value.text().ok()).as_deref() == Some(PROTOCOL)
    }

    fn open(&self, file: &Object<'_>) -> Result<Proof, Fault> {
        file.only(&["protocol", "assets", "self", "path"])?;
        expect_protocol(file)?;
        let assets = read_assets(&file.need("assets")?)?;
        let own = file.need("self")?.object()?;
        own.only(&["snapshotId", "accountId", "nonce", "balances", "leafHash", "leafIndex", "leafCount"])?;
        let texts = canonical(&own.need("balances")?, &assets)?;
        let path = file.need("path")?.list()?;
        let steps = path.iter().map(|value| step(value, &assets)).collect::<Result<Vec<_>, _>>()?;
        Ok(Proof {
            snapshot: own.need("snapshotId")?.text()?,
            account: own.need("accountId")?.hash(64)?,
            nonce: own.need("nonce")?.hash(64)?,
            balances: texts,
            leaf: Some(own.need("leafHash")?.hash(64)?),
            steps,
            root: None,
            position: Some((own.need("leafIndex")?.number()?, own.need("leafCount")?.number()?)),
            place: own.place(),
            assets,
        })
    }

    fn leaf(&self, proof: &Proof) -> String {
        let config = config(&proof.assets);
        let fields = [PROTOCOL, &proof.snapshot, &config, &proof.account, &proof.nonce];
        let amounts = proof.balances.iter().map(String::as_str);
        hash(Domain::Leaf, &fields.into_iter().chain(amounts).collect::<Vec<_>>())
    }

    fn parent(&self, place: &Place<'_>, left: &str, right: &str, sums: &[Decimal]) -> String {
        let config = config(&place.proof.assets);
        let sums: Vec<String> = sums.iter().map(Decimal::to_string).collect();
        let fields = [PROTOCOL, &config, left, right].into_iter().chain(sums.iter().map(String::as_str));
        hash(Domain::Node, &fields.collect::<Vec<_>>())
    }

    fn check(&self, proof: &Proof) -> Vec<Fault> {
        let fail = |detail: String| vec![Fault::at(Kind::Position, proof.place.clone(), detail)];
        let Some((mut index, mut width)) = proof.position else { return Vec::new() };
        if index >= width {
            return fail(format!("leaf {index} of {width} leaves"));
        }
        let padding = self.padding(proof, &Node { hash: String::new(), sums: Vec::new() });
        for step in &proof.steps {
            let is_left = index % 2 == 1;
            if width <= 1 || step.is_left != is_left {
                return fail(format!("the siblings are not those of leaf {index} of {width} leaves"));
            }
            if !is_left && index + 1 >= width && step.node != padding {
                return fail(format!("beside node {index} of {width} there is nothing, and the sibling is no padding"));
            }
            (index, width) = (index / 2, width.div_ceil(2));
        }
        if width == 1 { Vec::new() } else { fail(format!("{} siblings are too few", proof.steps.len())) }
    }

    fn padding(&self, proof: &Proof, _beside: &Node) -> Node {
        let hash = hash(Domain::Padding, &[PROTOCOL, &proof.snapshot, &config(&proof.assets)]);
        Node { hash, sums: vec![Decimal::zero(); proof.assets.len()] }
    }

    fn write(&self, proof: &Proof) -> String {
        let asset = |asset: &Asset| {
            let (coin, decimals) = (quoted(&asset.name), asset.decimals.unwrap_or(0));
            format!(r#"{{"coin":{coin},"decimals":{decimals}}}"#)
        };
        let assets = proof.assets.iter().map(asset).collect::<Vec<_>>().join(",");
        let step = |step: &Step| {
            let sums: Vec<String> = step.node.sums.iter().map(Decimal::to_string).collect();
            let (side, hash) = (if step.is_left { "LEFT" } else { "RIGHT" }, quoted(&step.node.hash));
            let balances = object_text(&proof.assets, &sums);
            format!(r#"{{"position":"{side}","hash":{hash},"balances":{balances}}}"#)
        };
        let path = proof.steps.iter().map(step).collect::<Vec<_>>().join(",");
        let (index, count) = proof.position.unwrap_or((0, 1));
        let [snapshot, account, nonce, leaf] =
            [&proof.snapshot, &proof.account, &proof.nonce, &self.leaf(proof)].map(|text| quoted(text));
        let balances = object_text(&proof.assets, &proof.balances);
        format!(
            r#"{{"protocol":"{PROTOCOL}","assets":[{assets}],"self":{{"snapshotId":{snapshot},"accountId":{account},"nonce":{nonce},"balances":{balances},"leafHash":{leaf},"leafIndex":{index},"leafCount":{count}}},"path":[{path}]}}"#
        )
    }

    fn example(&self, number: u64, units: &str) -> Proof {
        let example = super::forge::example(&["BTC", "USDT"], number, units, &sha(&format!("customer {number}")));
        let assets = example.assets.iter().map(|asset| Asset { decimals: Some(8), ..asset.clone() }).collect();
        Proof { assets, snapshot: "example-1".to_owned(), ..example }
    }
}

/// What the venue publishes apart from the proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The root.
    pub root: String,
    /// The snapshot.
    pub snapshot: String,
    /// How many leaves there are.
    pub leaf_count: u64,
    /// The assets.
    pub assets: Vec<Asset>,
    /// The totals in the order of the assets.
    pub totals: Vec<Decimal>,
}

/// Reads the file that is published apart from the proofs.
///
/// # Errors
/// [`Fault`] with the place.
pub fn anchor(file: &[u8]) -> Result<Anchor, Fault> {
    let file = Value::parse(file)?.object()?;
    file.only(&["protocol", "assets", "snapshotId", "root", "leafCount", "userTotals"])?;
    expect_protocol(&file)?;
    let assets = read_assets(&file.need("assets")?)?;
    let names: Vec<&str> = assets.iter().map(|asset| asset.name.as_str()).collect();
    let (_, totals) = balances(&file.need("userTotals")?, &names)?;
    Ok(Anchor {
        root: file.need("root")?.hash(64)?,
        snapshot: file.need("snapshotId")?.text()?,
        leaf_count: file.need("leafCount")?.number()?,
        totals,
        assets,
    })
}

/// Compares a folded proof with the anchor.
#[must_use]
pub fn compare(anchor: &Anchor, proof: &Proof, totals: &[Decimal]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut differ = |what: &str, got: String, expected: String| {
        if got != expected {
            faults.push(Fault::new(Kind::Anchor, format!("{what}: the file gives {got}, the anchor says {expected}")));
        }
    };
    let assets = |assets: &[Asset]| {
        let shown = |asset: &Asset| format!("{} ({} decimals)", asset.name, asset.decimals.unwrap_or(0));
        assets.iter().map(shown).collect::<Vec<_>>().join(", ")
    };
    differ("assets", assets(&proof.assets), assets(&anchor.assets));
    differ("snapshot", proof.snapshot.clone(), anchor.snapshot.clone());
    differ("leaves", proof.position.map_or(0, |(_, count)| count).to_string(), anchor.leaf_count.to_string());
    let text = |totals: &[Decimal]| totals.iter().map(Decimal::to_string).collect::<Vec<_>>().join(", ");
    differ("totals", text(totals), text(&anchor.totals));
    faults
}

fn expect_protocol(file: &Object<'_>) -> Result<(), Fault> {
    let value = file.need("protocol")?;
    if value.text()? == PROTOCOL { Ok(()) } else { Err(value.unexpected(PROTOCOL)) }
}

fn read_assets(value: &Value<'_>) -> Result<Vec<Asset>, Fault> {
    let mut assets: Vec<Asset> = Vec::new();
    for item in value.list()? {
        let item = item.object()?;
        item.only(&["coin", "decimals"])?;
        let (coin, decimals) = (item.need("coin")?, item.need("decimals")?);
        let (name, number) = (coin.text()?, decimals.number()?);
        let named = name.len() <= 16 && name.starts_with(|c: char| c.is_ascii_uppercase());
        if !named || !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
            return Err(coin.unexpected("up to 16 capital letters and digits, a letter first"));
        }
        if number > DECIMALS_MAX || assets.len() == ASSETS_MAX || assets.iter().any(|asset| asset.name == name) {
            let detail = format!("up to {ASSETS_MAX} different assets with up to {DECIMALS_MAX} decimals");
            return Err(decimals.unexpected(&detail));
        }
        assets.push(Asset { name, decimals: u32::try_from(number).ok() });
    }
    if assets.is_empty() { Err(value.unexpected("at least one asset")) } else { Ok(assets) }
}

/// Amounts in their one form, with no more decimals than the asset has: the only form that the scheme takes.
fn canonical(value: &Value<'_>, assets: &[Asset]) -> Result<Vec<String>, Fault> {
    let names: Vec<&str> = assets.iter().map(|asset| asset.name.as_str()).collect();
    let (texts, amounts) = balances(value, &names)?;
    for ((text, amount), asset) in texts.iter().zip(&amounts).zip(assets) {
        let cut = amount.cut(asset.decimals.unwrap_or(0));
        if amount.to_string() != *text || amount.is_negative() || cut != *amount {
            let detail = format!("{} is {text:?}, expected its one form, not below zero", asset.name);
            return Err(Fault::at(Kind::Amount, value.place(), detail));
        }
    }
    Ok(texts)
}

fn step(value: &Value<'_>, assets: &[Asset]) -> Result<Step, Fault> {
    let object = value.object()?;
    object.only(&["position", "hash", "balances"])?;
    let position = object.need("position")?;
    let is_left = match position.text()?.as_str() {
        "LEFT" => true,
        "RIGHT" => false,
        _ => return Err(position.unexpected("LEFT or RIGHT")),
    };
    let names: Vec<&str> = assets.iter().map(|asset| asset.name.as_str()).collect();
    let balances_value = object.need("balances")?;
    canonical(&balances_value, assets)?;
    let (_, sums) = balances(&balances_value, &names)?;
    let node = Node { hash: object.need("hash")?.hash(64)?, sums };
    Ok(Step { is_left, is_padding: false, node, place: value.place() })
}
