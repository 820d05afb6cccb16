//! The window on Bitcoin: which coins the asked scripts had after every block of a stretch. Specification:
//! `docs/spec/window.md`.
//!
//! A list of coins at the start and of events from there to a node's tip is replayed. Each event is proved by its
//! transaction and a Merkle block under an anchored header; the amount of a spent coin by the transaction that made it.
//! That no event was left out is another question, which the node's signed answers or whole blocks decide.

pub mod answers;
mod error;
pub mod file;
mod proofs;
mod replay;

use std::collections::BTreeMap;

use bitcoin::ScriptBuf;

pub use self::error::WindowError;
use self::file::WindowFile;
use self::proofs::Proofs;
use self::replay::Replay;
use super::activity::{Activity, ActivityKind};
use super::balance::scan;
use super::blocks::Replay as Blocks;
use super::header::{HeaderChain, WorkRule};
use super::network::{internal, network, readable, script};
use crate::basis::{Basis, Completeness};
use crate::bundle::{FileSource, paths};
use crate::reserve::claim::ChainQuery;
use crate::reserve::window::WindowEvidence;

/// What the verifier brings along: nothing of it comes from a bundle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Own<'a> {
    /// What must stand on a block above the highest pin.
    pub work: Option<&'a WorkRule>,
    /// What whole blocks show.
    pub replay: Option<&'a Blocks>,
}

/// What the window in a bundle shows of the addresses asked about; `None` when the bundle has none, or when the policy
/// counts no native coin of this chain.
///
/// # Errors
/// [`WindowError`] when the list contradicts itself, its proofs, the node's answers or whole blocks: then no block of
/// it can be believed.
pub fn window(
    query: &ChainQuery<'_>,
    own: &Own<'_>,
    files: &dyn FileSource,
) -> Result<Option<WindowEvidence>, WindowError> {
    let proofs = Proofs::new(files, query.chain);
    let native = |id: &&crate::asset::DeploymentId| {
        id.chain().as_ref() == Some(query.chain) && id.asset().starts_with("slip44:")
    };
    let Some(deployment) = query.deployments.iter().find(native) else { return Ok(None) };
    let Some(bytes) = proofs.read(paths::WINDOW)? else { return Ok(None) };
    let list = WindowFile::parse(&bytes)?;
    let chain = headers(query, own, &list, &proofs)?;
    let scripts = scripts(query)?;
    let mut replay = Replay::new(&chain, &scripts, proofs, network(query.chain)?);
    replay.open(&list)?;
    replay.run(&list)?;
    let sources = Sources { query, list: &list, chain: &chain, scripts: &scripts };
    let said = sources.node(&replay)?;
    let (completeness, gaps) = match own.replay {
        Some(blocks) => sources.blocks(blocks, said, &replay)?,
        None => (said.list, said.gaps),
    };
    let times = (list.from..=list.to).filter_map(|height| {
        let block = chain.at_height(height)?;
        Some((height, chain.median_time(block)?))
    });
    Ok(Some(WindowEvidence {
        deployment: deployment.clone(),
        from: list.from,
        to: list.to,
        tip: list.tip.clone(),
        opening: replay.opening(),
        times: times.collect(),
        gaps,
        authenticity: replay.authenticity,
        completeness,
        problems: replay.problems,
        transfers: replay.transfers.into_iter().filter(|transfer| transfer.height <= list.to).collect(),
    }))
}

/// The headers of the bundle, with heights; the list must lie on them.
fn headers(
    query: &ChainQuery<'_>,
    own: &Own<'_>,
    list: &WindowFile,
    proofs: &Proofs<'_>,
) -> Result<HeaderChain, WindowError> {
    let tip = &list.tip;
    let other = |detail: String| Err(WindowError::OtherChain { detail });
    if tip.chain != *query.chain {
        return other(format!("the list ends at {tip}, expected a block of {}", query.chain));
    }
    let Some(bytes) = proofs.read(paths::HEADERS)? else {
        return other(format!("the bundle has no {}, which place its blocks", paths::HEADERS));
    };
    let mut chain = HeaderChain::parse(network(query.chain)?, &bytes)?;
    let pins: Vec<_> = query.pins.iter().filter(|pin| pin.chain == *query.chain).cloned().collect();
    chain.anchor(&pins)?;
    if let Some(rule) = own.work {
        // what could not be checked is told with the balances
        let _ = chain.confirm(rule);
    }
    chain.hint(query.cutoff_block)?;
    chain.hint(tip)?;
    for (block, whose) in [(query.cutoff_block, "the statement's cut-off block"), (tip, "the end of the list")] {
        match chain.at_height(block.height) {
            Some(found) if found == internal(block.hash) => {}
            Some(found) => {
                return other(format!("{whose} is {block}, the headers have {found} at that height"));
            }
            None => return other(format!("{whose} is {block}, which is not among {} headers", chain.len())),
        }
    }
    if chain.at_height(list.from).is_none() {
        return other(format!("it begins at height {}, which is not among {} headers", list.from, chain.len()));
    }
    if let Some((transcript, _)) = query.transcript.filter(|(transcript, _)| transcript.tip != *tip) {
        return other(format!("the list ends at {tip}, the node answered at {}", transcript.tip));
    }
    Ok(chain)
}

fn scripts<'a>(query: &ChainQuery<'a>) -> Result<BTreeMap<ScriptBuf, &'a str>, WindowError> {
    let network = network(query.chain)?;
    let mut scripts = BTreeMap::new();
    for address in query.addresses {
        // what is no address of this chain has no coins here; the balances tell of it
        if let Ok(script) = script(network, address) {
            scripts.entry(script).or_insert(*address);
        }
    }
    Ok(scripts)
}

/// What speaks for the list being whole.
struct Sources<'a> {
    query: &'a ChainQuery<'a>,
    list: &'a WindowFile,
    chain: &'a HeaderChain,
    scripts: &'a BTreeMap<ScriptBuf, &'a str>,
}

/// What a node's answers say.
struct Said {
    /// How whole the list is.
    list: Completeness,
    /// What it rests on that the coins at the end are there.
    end: Completeness,
    /// Stretches of which it said nothing.
    gaps: Vec<(u64, u64)>,
}

impl Sources<'_> {
    /// What the node's answers are worth, when they agree.
    fn node(&self, replay: &Replay<'_>) -> Result<Said, WindowError> {
        const STATED: Completeness = Completeness::UnspentStated;
        let Some((transcript, basis)) = self.query.transcript else {
            return Ok(Said { list: STATED, end: STATED, gaps: Vec::new() });
        };
        let scan = scan::read(transcript)?;
        let scanned = scan.coins.into_iter().filter(|(_, coin)| self.scripts.contains_key(&coin.script));
        replay.compare_end(&scanned.collect())?;
        let observed = basis >= Basis::Observed && self.chain.is_anchored(internal(self.list.tip.hash));
        let end = if observed { Completeness::UnspentObserved } else { STATED };
        let Some(answers) = answers::read(transcript, self.chain)? else {
            return Ok(Said { list: STATED, end, gaps: Vec::new() });
        };
        self.compare(&answers)?;
        let uncovered = answers.uncovered(self.scripts.keys(), (self.list.from.saturating_add(1), self.list.to));
        Ok(Said { list: end, end, gaps: stretches(uncovered) })
    }

    /// List and answers have the same events.
    fn compare(&self, answers: &answers::Answers) -> Result<(), WindowError> {
        let differs = |coin, detail| Err(WindowError::AnswerDiffers { coin, detail });
        for event in &self.list.events {
            let said = answers.events.get(&(event.coin, event.kind));
            let same = said.is_some_and(|said| {
                (said.height, said.block, said.txid) == (event.height, readable(event.block), event.txid)
                    && said.script == event.script
                    && said.amount == event.amount
            });
            if !same {
                let verb = verb(event.kind);
                return differs(event.coin, format!("{verb} at height {}, which no answer says", event.height));
            }
        }
        let listed: std::collections::BTreeSet<_> =
            self.list.events.iter().map(|event| (event.coin, event.kind)).collect();
        for (key, said) in &answers.events {
            let inside = said.height > self.list.from && self.scripts.contains_key(&said.script);
            if inside && !listed.contains(key) {
                let (verb, height) = (verb(said.kind), said.height);
                return differs(
                    said.coin,
                    format!("the node says it was {verb} at height {height}, the list does not"),
                );
            }
        }
        Ok(())
    }

    /// Whole blocks say more than any answer: nothing in them is left out. A replay that does not know a coin, since it
    /// is older, does not see its spend either.
    fn blocks(
        &self,
        blocks: &Blocks,
        said: Said,
        replay: &Replay<'_>,
    ) -> Result<(Completeness, Vec<(u64, u64)>), WindowError> {
        let (from, to) = (self.list.from, self.list.to);
        let known = |event: &&Activity| event.kind == ActivityKind::Receive || blocks.coins().contains_key(&event.coin);
        let inside = |event: &&Activity| {
            event.height > from && event.height <= self.list.tip.height && self.scripts.contains_key(&event.script)
        };
        let mut whole: Vec<&Activity> = blocks.activity().iter().filter(inside).collect();
        whole.sort_by_key(|event| file::order(event));
        let listed = self.list.events.iter().filter(|event| blocks.has(event.height));
        same(&listed.filter(known).collect::<Vec<_>>(), &whole)?;
        if !blocks.gaps(from.saturating_add(1), to).is_empty() {
            return Ok((said.list, said.gaps));
        }
        if !blocks.is_complete(from) {
            // coins of the start that never moved are only as unspent as the node says
            let moved = replay.opening_all_spent();
            return Ok((if moved { Completeness::UnspentUntilSpend } else { said.end }, Vec::new()));
        }
        self.opening(blocks)?;
        Ok((Completeness::Replayed, Vec::new()))
    }

    /// A replay that knows every coin at the start must have those of the list.
    fn opening(&self, blocks: &Blocks) -> Result<(), WindowError> {
        let from = self.list.from;
        let there = blocks.coins().iter().filter(|(_, coin)| {
            let unspent = coin.spent.is_none_or(|(height, _)| height > from);
            coin.height <= from && unspent && self.scripts.contains_key(&coin.script)
        });
        let there: Vec<_> = there.map(|(outpoint, coin)| (*outpoint, coin.amount)).collect();
        let listed: Vec<_> = self.list.opening.iter().map(|coin| (coin.coin, coin.amount)).collect();
        if there == listed {
            return Ok(());
        }
        let at = there.iter().zip(&listed).take_while(|(left, right)| left == right).count();
        let text = |coin: Option<&(bitcoin::OutPoint, crate::amount::Amount)>| {
            coin.map_or_else(|| "no further coin".to_owned(), |(coin, amount)| format!("{coin} with {amount}"))
        };
        let (listed, found) = (text(listed.get(at)), text(there.get(at)));
        Err(WindowError::ReplayDiffers { listed: format!("{listed} at the start"), found })
    }
}

/// List and blocks have the same events.
fn same(listed: &[&Activity], found: &[&Activity]) -> Result<(), WindowError> {
    if listed == found {
        return Ok(());
    }
    let at = found.iter().zip(listed).take_while(|(left, right)| left == right).count();
    let text = |event: Option<&&Activity>| {
        event.map_or_else(
            || "nothing more".to_owned(),
            |event| format!("{} {} at height {}", event.coin, verb(event.kind), event.height),
        )
    };
    Err(WindowError::ReplayDiffers { listed: text(listed.get(at)), found: text(found.get(at)) })
}

const fn verb(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Receive => "received",
        ActivityKind::Spend => "spent",
    }
}

/// Heights as stretches, both ends included.
fn stretches(heights: impl IntoIterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut stretches: Vec<(u64, u64)> = Vec::new();
    for height in heights {
        match stretches.last_mut().filter(|last| last.1 + 1 == height) {
            Some(last) => last.1 = height,
            None => stretches.push((height, height)),
        }
    }
    stretches
}
