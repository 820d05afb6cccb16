//! Trees from leaves in memory: ours beside `rs_merkle` with the same node of digest and sum, and beside `dapol`.
//!
//! Each runs in a process of its own, so that its memory is its own. All get the same leaves; making them is not
//! counted.

use std::time::Instant;

use anyhow::{Context as _, bail};
use counterfoil::amount::Amount;
use counterfoil::hash::{Digest, Tag, TaggedHasher};
use counterfoil::liability::sum_tree::{CompactRange, SumNode, SumTree};
use rs_merkle::{Hasher, MerkleTree};

use crate::hashes::Ceiling;
use crate::{Plan, child, machine, table};

/// A node costs two compressions.
const COMPRESSIONS_PER_NODE: f64 = 2.0;

/// What can be measured, by the word for the child process.
const KINDS: [(&str, &str); 4] = [
    ("ranges", "`CompactRange`, all cores, keeps O(log n)"),
    ("range", "`CompactRange`, one core, keeps O(log n)"),
    ("levels", "`SumTree`, one core, keeps all levels"),
    ("rs_merkle", "`rs_merkle`, one core, keeps all levels"),
];

/// Prints the table.
pub(crate) fn print(plan: &Plan, ceiling: &Ceiling) -> anyhow::Result<()> {
    let columns = [
        "tree",
        "leaves",
        "leaves/s",
        "of the hash ceiling",
        "against `rs_merkle`",
        "peak memory a leaf, leaves included",
    ];
    table::head("Tree from leaves in memory", &columns);
    let own = std::env::current_exe()?;
    let mut measured = Vec::new();
    for (kind, name) in KINDS {
        let arguments = ["--child", kind, &plan.leaves.to_string()].map(str::to_owned);
        let took = child::run(&own, &arguments)?;
        let seconds: f64 = took.output.lines().next().unwrap_or_default().parse().context(took.output.clone())?;
        let root = took.output.lines().nth(1).unwrap_or_default().to_owned();
        measured.push((name, plan.leaves as f64 / seconds, took.resident_max, root));
    }
    let Some((_, peer, ..)) = measured.last().cloned() else { bail!("nothing was measured") };
    for (name, rate, memory, root) in &measured {
        if Some(root) != measured.last().map(|(_, _, _, root)| root) {
            bail!("{name} has another root than rs_merkle");
        }
        table::line(&[
            (*name).to_owned(),
            table::count(plan.leaves),
            table::short(*rate),
            table::share(rate * COMPRESSIONS_PER_NODE / ceiling.blocks),
            table::times(rate / peer),
            format!("{} B", memory / plan.leaves),
        ]);
    }
    let dapol = match &plan.peers {
        None => "not built: benches/run.sh does it".to_owned(),
        Some(program) => {
            let took = child::run(program, &[plan.slow_leaves.to_string()])?;
            let seconds: f64 = took.output.trim().parse().context(took.output.clone())?;
            let rate = plan.slow_leaves as f64 / seconds;
            let cells = ["`dapol`, all cores".to_owned(), table::count(plan.slow_leaves), table::short(rate)];
            let memory = format!("{} B", took.resident_max / plan.slow_leaves);
            let rest = ["—".to_owned(), format!("1/{:.0}", peer / rate), memory];
            table::line(&[cells, rest].concat());
            let fastest = measured.iter().map(|(_, rate, ..)| *rate).fold(0.0, f64::max);
            format!("{} faster than dapol", table::times(fastest / rate))
        }
    };
    println!("\nAll roots are equal. Goal: 10 × rs_merkle. dapol: {dapol}.");
    Ok(())
}

/// The child process: builds once, prints seconds and root.
pub(crate) fn child(arguments: &[String]) -> anyhow::Result<()> {
    let (Some(kind), Some(count)) = (arguments.get(1), arguments.get(2)) else { bail!("--child KIND COUNT") };
    let count: u64 = count.parse()?;
    let leaves: Vec<SumNode> = (0..count).map(leaf).collect();
    let (seconds, root) = match kind.as_str() {
        "range" => timed(|| range(&leaves, 0)?.root()?.context("no leaves")),
        "ranges" => timed(|| ranges(&leaves)),
        "levels" => timed(|| SumTree::new(leaves)?.root()?.context("no leaves")),
        "rs_merkle" => {
            let nodes: Vec<Node> = leaves.iter().map(|leaf| join(leaf.digest, leaf.sum.base_units())).collect();
            drop(leaves);
            timed(|| {
                let root = MerkleTree::<SumHasher>::from_leaves(&nodes).root().context("no leaves")?;
                let (digest, sum) = split(&root);
                Ok(SumNode { digest, sum: Amount::from_base_units(sum) })
            })
        }
        _ => bail!("no kind {kind:?}"),
    }?;
    println!("{seconds}\n{} {}", root.digest, root.sum);
    Ok(())
}

fn timed(build: impl FnOnce() -> anyhow::Result<SumNode>) -> anyhow::Result<(f64, SumNode)> {
    let began = Instant::now();
    let root = build()?;
    Ok((began.elapsed().as_secs_f64(), root))
}

fn leaf(index: u64) -> SumNode {
    let digest = TaggedHasher::new(Tag::Leaf).fixed(&index.to_be_bytes()).finish();
    SumNode { digest, sum: Amount::from_base_units(u128::from(index % 251) << 40) }
}

fn range(leaves: &[SumNode], begin: u64) -> anyhow::Result<CompactRange> {
    let mut range = CompactRange::starting_at(begin);
    range.extend(leaves)?;
    Ok(range)
}

/// Every core takes as much of the leaves as the others; the ranges are merged.
fn ranges(leaves: &[SumNode]) -> anyhow::Result<SumNode> {
    // an even share, cut where few nodes are parted, leaves almost nothing to do for the merge
    let part = (leaves.len().div_ceil(machine::cores())).next_multiple_of(4096);
    let parts: Vec<anyhow::Result<CompactRange>> = std::thread::scope(|scope| {
        let parts = leaves.chunks(part).zip((0_u64..).step_by(part));
        let threads: Vec<_> = parts.map(|(leaves, begin)| scope.spawn(move || range(leaves, begin))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread stopped"))).collect()
    });
    let mut whole = CompactRange::starting_at(0);
    for part in parts {
        whole.merge(&part?)?;
    }
    whole.root()?.context("no leaves")
}

/// Digest and sum.
type Node = [u8; 48];

/// The node of `docs/spec/sum-tree.md`, written for `rs_merkle`.
#[derive(Clone)]
struct SumHasher;

impl Hasher for SumHasher {
    type Hash = Node;

    fn hash(_: &[u8]) -> Node {
        // leaves come in hashed
        [0; 48]
    }

    fn concat_and_hash(left: &Node, right: Option<&Node>) -> Node {
        let Some(right) = right else { return *left };
        let digest = TaggedHasher::new(Tag::Node).fixed(left).fixed(right).finish();
        // an overflow would give another root than ours, and the run would stop
        join(digest, split(left).1.wrapping_add(split(right).1))
    }
}

fn join(digest: Digest, sum: u128) -> Node {
    let mut node = [0; 48];
    node[..32].copy_from_slice(digest.as_bytes());
    node[32..].copy_from_slice(&sum.to_be_bytes());
    node
}

fn split(node: &Node) -> (Digest, u128) {
    let (mut digest, mut sum) = ([0; 32], [0; 16]);
    digest.copy_from_slice(&node[..32]);
    sum.copy_from_slice(&node[32..]);
    (Digest::from_bytes(digest), u128::from_be_bytes(sum))
}
