//! Stories for `reconcile`: a venue between blocks 100 and 120, ten minutes each, with the cut-off at block 110.

use counterfoil::snapshot::Time;
use serde_json::{Map, Value, json};

pub(super) const BITCOIN: &str = "bip122:000000000019d6689c085ae165831e93";
pub(super) const ETHEREUM: &str = "eip155:1";
const FROM: u64 = 100;
const CUTOFF: u64 = 110;
const TO: u64 = 120;

/// Median time of block 100, and of every tenth minute from there on.
fn clock(height: u64) -> i64 {
    1_800_000_000 + 600 * (i64::try_from(height).expect("a small height") - 100)
}

fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// Addresses or names with amounts.
type Units<'a> = Vec<(&'a str, u128)>;

/// One transaction.
#[derive(Clone)]
pub(super) struct Move<'a> {
    height: u64,
    spent: Units<'a>,
    received: Units<'a>,
    from: Units<'a>,
    to: Units<'a>,
}

/// The coins of one deployment.
#[derive(Clone)]
pub(super) struct Chain<'a> {
    pub(super) id: &'a str,
    pub(super) decimals: u8,
    pub(super) opening: Units<'a>,
    pub(super) moves: Vec<Move<'a>>,
    /// Address, first block, last block, minimum, reason; then nothing is opened and replayed.
    pub(super) stretches: Vec<(&'a str, u64, u64, u128, &'a str)>,
    /// Held at the cut-off where it is not what the window has: counted, possible.
    pub(super) held: Option<(u128, u128)>,
    pub(super) apart: u128,
    pub(super) outside: u128,
    /// How many seconds later its blocks are; without it no times are known.
    pub(super) later: Option<i64>,
    pub(super) shown: (u64, u64),
    pub(super) asked: (u64, u64),
    pub(super) gaps: Vec<(u64, u64)>,
    pub(super) snapshot: u64,
    pub(super) closing: Option<u64>,
    /// Transactions that brought coins of customers, with the names of the leaves.
    pub(super) explained: Vec<(&'a str, &'a str)>,
    pub(super) demanded: bool,
    pub(super) window: bool,
    pub(super) authenticity: &'a str,
    pub(super) completeness: &'a str,
}

pub(super) fn chain<'a>(id: &'a str, opening: &[(&'a str, u128)]) -> Chain<'a> {
    Chain {
        id,
        decimals: 0,
        opening: opening.to_vec(),
        moves: Vec::new(),
        stretches: Vec::new(),
        held: None,
        apart: 0,
        outside: 0,
        later: Some(0),
        shown: (FROM, TO),
        asked: (FROM, TO),
        gaps: Vec::new(),
        snapshot: CUTOFF,
        closing: None,
        explained: Vec::new(),
        demanded: true,
        window: true,
        authenticity: "proved",
        completeness: "unspent-observed",
    }
}

/// A quiet venue on Bitcoin.
pub(super) fn hot<'a>(units: u128) -> Chain<'a> {
    chain(BITCOIN, &[("hot", units)])
}

impl<'a> Chain<'a> {
    pub(super) fn came(self, height: u64, units: u128, from: &'a str) -> Self {
        self.into_address("hot", height, units, from)
    }

    pub(super) fn left(self, height: u64, units: u128, to: &'a str) -> Self {
        self.out_of("hot", height, units, to)
    }

    pub(super) fn into_address(self, address: &'a str, height: u64, units: u128, from: &'a str) -> Self {
        self.moved(height, [&[], &[(address, units)], &[(from, units)], &[]])
    }

    pub(super) fn out_of(self, address: &'a str, height: u64, units: u128, to: &'a str) -> Self {
        self.moved(height, [&[(address, units)], &[], &[], &[(to, units)]])
    }

    /// Spent and received by the venue; from and to others.
    pub(super) fn moved(mut self, height: u64, [spent, received, from, to]: [&[(&'a str, u128)]; 4]) -> Self {
        let list = |units: &[(&'a str, u128)]| units.to_vec();
        let (spent, received, from, to) = (list(spent), list(received), list(from), list(to));
        self.moves.push(Move { height, spent, received, from, to });
        self
    }

    pub(super) fn lent(self, came: u64, went: u64, units: u128) -> Self {
        self.came(came, units, "lender").left(went, units, "lender")
    }

    fn deployment(&self) -> String {
        format!("{}/slip44:{}", self.id, if self.id == BITCOIN { 0 } else { 60 })
    }

    /// Every address that is asked about.
    fn addresses(&self) -> Vec<&str> {
        let moved =
            self.moves.iter().flat_map(|found| found.spent.iter().chain(&found.received)).map(|(name, _)| *name);
        let opened = self.opening.iter().map(|(name, _)| *name);
        let mut all: Vec<&str> = opened.chain(moved).chain(self.stretches.iter().map(|found| found.0)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What the window has at the cut-off: the sums are small.
    fn at_cutoff(&self) -> u128 {
        let sum = |units: &Units<'_>| units.iter().map(|(_, units)| units).sum::<u128>();
        let until = || self.moves.iter().filter(|found| found.height <= self.snapshot);
        let came: u128 = until().map(|found| sum(&found.received)).sum();
        let shown = self.stretches.iter().filter(|found| (found.1..=found.2).contains(&self.snapshot));
        sum(&self.opening) + came + shown.map(|found| found.3).sum::<u128>()
            - until().map(|found| sum(&found.spent)).sum::<u128>()
    }

    fn held(&self) -> Value {
        let (counted, possible) = self.held.unwrap_or_else(|| (self.at_cutoff(), self.at_cutoff()));
        let mut asked = json!({
            "addresses": self.addresses(), "demanded": yes(self.demanded), "explained": self.explained(),
            "from": self.asked.0.to_string(), "snapshot": self.snapshot.to_string(), "to": self.asked.1.to_string(),
        });
        if let (Some(closing), Some(asked)) = (self.closing, asked.as_object_mut()) {
            asked.insert("closing".to_owned(), json!(closing.to_string()));
        }
        json!({
            "apart": self.apart.to_string(), "counted": counted.to_string(), "decimals": self.decimals.to_string(),
            "every_address": "yes", "id": self.deployment(), "outside": self.outside.to_string(),
            "possible": possible.to_string(), "window": asked,
        })
    }

    fn explained(&self) -> Value {
        self.explained.iter().map(|(txid, leaf)| json!({"leaf": leaf, "txid": txid})).collect()
    }

    fn shown(&self) -> Option<Value> {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        put("authenticity", json!(self.authenticity));
        put("completeness", json!(self.completeness));
        put("deployment", json!(self.deployment()));
        put("from", json!(self.shown.0.to_string()));
        put("to", json!(self.shown.1.to_string()));
        put("times", self.times());
        put("transfers", self.moves.iter().map(|found| self.transfer(found)).collect());
        if self.stretches.is_empty() {
            let range = |(from, to): &(u64, u64)| json!({"from": from.to_string(), "to": to.to_string()});
            put("gaps", self.gaps.iter().map(range).collect());
            put("opening", self.parts("start", &self.opening));
        } else {
            let stretch = |(address, from, to, minimum, reason): &(&str, u64, u64, u128, &str)| {
                json!({
                    "address": address, "from": from.to_string(), "minimum": minimum.to_string(), "reason": reason,
                    "to": to.to_string(),
                })
            };
            put("stretches", self.stretches.iter().map(stretch).collect());
        }
        self.window.then_some(Value::Object(shown))
    }

    /// Of the blocks at which something can change, and of both ends.
    fn times(&self) -> Value {
        let ends = [self.shown.0, self.snapshot, self.shown.1];
        let begins = self.stretches.iter().flat_map(|found| [found.1, (found.2 + 1).min(self.shown.1)]);
        let mut heights: Vec<u64> = self.moves.iter().map(|found| found.height).chain(begins).chain(ends).collect();
        heights.sort_unstable();
        heights.dedup();
        let time = |height: u64| {
            let seconds = clock(height) + self.later?;
            Some(json!({"height": height.to_string(), "seconds": seconds.to_string()}))
        };
        heights.into_iter().filter_map(time).collect()
    }

    /// Coins have names; an account's balance has the name of the account.
    fn parts(&self, txid: &str, units: &Units<'_>) -> Value {
        let part = |(place, (address, units)): (usize, &(&str, u128))| {
            let id = if self.id == BITCOIN { format!("{txid}:{place}") } else { (*address).to_owned() };
            json!({"address": address, "amount": units.to_string(), "id": id})
        };
        units.iter().enumerate().map(part).collect()
    }

    fn transfer(&self, found: &Move<'_>) -> Value {
        let names = |units: &Units<'_>| -> Value {
            units.iter().map(|(name, units)| json!({"amount": units.to_string(), "name": name})).collect()
        };
        let txid = format!("transaction {}", found.height);
        json!({
            "authenticity": self.authenticity, "from": names(&found.from), "height": found.height.to_string(),
            "received": self.parts(&txid, &found.received), "spent": self.parts(&format!("{txid} spends"), &found.spent),
            "to": names(&found.to), "txid": txid,
        })
    }
}

/// Name, credential, and what it has by statement.
type Leaf<'a> = (&'a str, &'a str, Vec<(u64, u128)>);

/// Everything about one asset.
#[derive(Clone)]
pub(super) struct Story<'a> {
    pub(super) chains: Vec<Chain<'a>>,
    /// Sequence, block and what is owed, with whether it is of the same addresses; the subject is number 7.
    pub(super) statements: Vec<(u64, u64, u128, bool)>,
    /// Of these, numbers of statements that no log shows.
    pub(super) unlogged: Vec<u64>,
    /// Name, credential, and what the leaf has by statement.
    pub(super) leaves: Vec<Leaf<'a>>,
    pub(super) decimals: u8,
    pub(super) ratio: u64,
    pub(super) blocks: u64,
    pub(super) tolerance: u64,
    pub(super) readable: bool,
    pub(super) critical: bool,
}

pub(super) fn owes<'a>(owed: u128, chain: Chain<'a>) -> Story<'a> {
    owes_on(owed, vec![chain])
}

pub(super) fn owes_on<'a>(owed: u128, chains: Vec<Chain<'a>>) -> Story<'a> {
    let cutoff = chains.first().map_or(CUTOFF, |chain| chain.snapshot);
    Story {
        chains,
        statements: vec![(7, cutoff, owed, true)],
        // whether the subject is logged is asked elsewhere
        unlogged: vec![7],
        leaves: Vec::new(),
        decimals: 0,
        ratio: 10_000,
        blocks: 1_008,
        tolerance: 100,
        readable: true,
        critical: false,
    }
}

impl<'a> Story<'a> {
    pub(super) fn leaf(mut self, name: &'a str, credential: &'a str, balances: &[(u64, u128)]) -> Self {
        self.leaves.push((name, credential, balances.to_vec()));
        self
    }

    pub(super) fn also(mut self, sequence: u64, height: u64, owed: u128, same_set: bool) -> Self {
        self.statements.push((sequence, height, owed, same_set));
        self.statements.sort_unstable();
        self
    }

    /// These statements stand in no log.
    pub(super) fn unlogged(mut self, sequences: &[u64]) -> Self {
        self.unlogged.extend(sequences);
        self
    }

    pub(super) fn query(&self) -> Value {
        let statement = |(sequence, height, owed, same_set): &(u64, u64, u128, bool)| {
            let blocks = self.chains.iter().map(|chain| {
                let own = if *sequence == 7 { chain.snapshot } else { *height };
                json!({"chain": chain.id, "height": own.to_string()})
            });
            json!({
                "blocks": blocks.collect::<Value>(), "cutoff": Time::from_unix(clock(*height)),
                "logged": yes(!self.unlogged.contains(sequence)), "owed": owed.to_string(),
                "same_set": yes(*same_set), "sequence": sequence.to_string(),
            })
        };
        let leaf = |(name, credential, balances): &Leaf<'_>| {
            let balance = |(sequence, units): &(u64, u128)| json!({"amount": units.to_string(), "sequence": sequence.to_string()});
            let balances = balances.iter().map(balance).collect::<Value>();
            json!({"balances": balances, "credential": credential, "name": name})
        };
        let mut query = json!({
            "authenticity": "proved",
            "commitments": self.statements.iter().map(statement).collect::<Value>(),
            "completeness": "unspent-observed",
            "critical": yes(self.critical),
            "decimals": self.decimals.to_string(),
            "deployments": self.chains.iter().map(Chain::held).collect::<Value>(),
            "flow_share": "100",
            "minimum_ratio": self.ratio.to_string(),
            "readable": yes(self.readable),
            "round_trip_blocks": self.blocks.to_string(),
            "round_trip_tolerance": self.tolerance.to_string(),
            "subject": "7",
        });
        if let (false, Some(query)) = (self.leaves.is_empty(), query.as_object_mut()) {
            query.insert("leaves".to_owned(), self.leaves.iter().map(leaf).collect());
        }
        query
    }

    pub(super) fn proof(&self) -> Value {
        json!({"windows": self.chains.iter().filter_map(Chain::shown).collect::<Value>()})
    }
}

/// What was found in the words of the tables: `-` where nothing is known.
pub(super) fn table(found: &Value) -> Vec<String> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or("-").to_owned();
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let of = |name: &str| text(found, name);
    let mut lines = vec![
        format!("{}, {}", of("verdict"), of("reason")),
        format!(
            "low {}, high {}, came and went {}, not sustained {}",
            of("low"),
            of("high"),
            of("came_and_went"),
            of("not_sustained")
        ),
        format!("minimum {}, without trips {}, by {}", of("minimum"), of("minimum_without_trips"), of("alignment")),
    ];
    for row in list(found, "commitments") {
        let of = |name: &str| text(&row, name);
        lines.push(format!("statement {}: {} to {}, {}", of("sequence"), of("low"), of("high"), of("coverage")));
    }
    for row in list(found, "below") {
        lines.push(format!("below: {} of {} at {}", text(&row, "held"), text(&row, "owed"), text(&row, "at")));
    }
    for window in list(found, "windows") {
        let of = |name: &str| text(&window, name);
        lines.push(format!(
            "window: {} at {}, median {}, mean {}, cut-off {}, dressing {}, {} of {} blocks",
            of("minimum"),
            of("minimum_at"),
            of("median"),
            of("mean"),
            of("snapshot"),
            of("dressing_ratio"),
            of("covered"),
            of("blocks")
        ));
        for trip in list(&window, "round_trips") {
            let of = |name: &str| text(&trip, name);
            let owed = |name: &str, word: &str| match trip[name].as_str() {
                Some(units) => format!("; {units} {word}"),
                None => String::new(),
            };
            lines.push(format!(
                "trip: {} in at {} to {}, {} out at {} to {}, {}{}{}",
                of("amount_in"),
                of("in_at"),
                of("last_in_at"),
                of("amount_out"),
                of("first_out_at"),
                of("out_at"),
                of("counterparty"),
                owed("explained_bound", "bound"),
                owed("explained_stated", "stated")
            ));
        }
        let addresses = list(&window, "addresses");
        for row in addresses.iter().filter(|_| addresses.len() > 1) {
            let of = |name: &str| text(row, name);
            lines.push(format!("address {}: {} at {}", of("address"), of("minimum"), of("minimum_at")));
        }
    }
    lines
}
