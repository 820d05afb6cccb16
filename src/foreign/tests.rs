//! Builders of each format make fresh trees, so that no reader is tuned to the published samples.

use proptest::prelude::*;

use super::bitmex::{self, Nonce};
use super::forge::{Combine, Tree, mirrored};
use super::scheme::{Proof, Scheme, StatedRoot};
use super::verify::{Question, verify};
use super::*;

const HASH: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

fn amount(scheme: &dyn Scheme, units: u64) -> String {
    let whole = format!("{}.{:08}", units / 100_000_000, units % 100_000_000);
    let short = whole.parse::<decimal::Decimal>().expect("a decimal").to_string();
    if scheme.facts().name == "bybit" { whole } else { short }
}

fn customers(scheme: &dyn Scheme, amounts: &[Vec<u64>]) -> Vec<Proof> {
    let customer = |(number, amounts): (u64, &Vec<u64>)| {
        let mut example = scheme.example(number, "0");
        for (balance, units) in example.balances.iter_mut().zip(amounts.iter().cycle()) {
            *balance = amount(scheme, *units);
        }
        example
    };
    (1..).zip(amounts).map(customer).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn fresh_trees_verify_and_their_parts_are_bound(
        amounts in prop::collection::vec(prop::collection::vec(0_u64..1 << 50, 1..4), 2..12),
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
    ) {
        for scheme in SCHEMES {
            let all = customers(scheme, &amounts);
            let tree = Tree::build(scheme, all.clone(), Combine::Sum).expect("decimals");
            let root = tree.root().expect("a root").clone();
            for (index, file) in tree.files().iter().enumerate() {
                let account = scheme.facts().account.map(|_| all[index].account.as_str());
                let question = Question { root: Some(&root.hash), account, ..Question::default() };
                let answer = verify(file.as_bytes(), &question);
                let answer = answer.unwrap_or_else(|fault| panic!("{}: {fault}", scheme.facts().name));
                prop_assert_eq!(&answer.faults, &[], "{}", file);
                prop_assert_eq!(answer.facts.name, scheme.facts().name);
                prop_assert_eq!(&answer.folded.root.sums, &root.sums);
                prop_assert_eq!(&answer.proof.balances, &all[index].balances);
            }
            // whatever one byte becomes, the answer is one, and no panic
            let mut file = tree.files()[pick.index(amounts.len())].clone().into_bytes();
            let at = at.index(file.len());
            file[at] ^= 0x15;
            let _ = verify(&file, &Question::default());
        }
    }

    #[test]
    fn fresh_whole_trees_verify(
        depth in 0_u32..6,
        seed in any::<u64>(),
        height in any::<u64>(),
        who in any::<prop::sample::Index>(),
    ) {
        let leaf = |index: u64| (index % 3, [u8::try_from(index % 3).expect("small"); 32], (seed ^ (index * 77)) >> 8);
        let leaves: Vec<_> = (0..1_u64 << depth).map(leaf).collect();
        let file = bitmex::build(height, &leaves).expect("a power of two");
        let account = who.index(leaves.len()) as u64 % 3;
        let nonce = || zeroize::Zeroizing::new([u8::try_from(account).expect("small"); 32]);
        let expected: u64 = leaves.iter().filter(|leaf| leaf.0 == account).map(|leaf| leaf.2).sum();
        let nobody = bitmex::Question::default();
        let root = bitmex::verify("x", file.as_bytes(), &nobody, &mut |_| {}).expect("a tree").root;
        let key = Some((Nonce::Account(nonce()), account));
        let question = bitmex::Question { root, key, expected: Some(expected) };
        let answer = bitmex::verify("x", file.as_bytes(), &question, &mut |_| {}).expect("a tree");
        prop_assert_eq!(&answer.faults, &[]);
        prop_assert_eq!(answer.own(), Some(expected));
        prop_assert_eq!(answer.total, leaves.iter().map(|leaf| leaf.2).sum::<u64>());
        // another height gives other keys
        let other = file.replacen(&height.to_string(), &(height ^ 1).to_string(), 1);
        let answer = bitmex::verify("x", other.as_bytes(), &question, &mut |_| {}).expect("a tree");
        prop_assert!(answer.leaves.is_empty() && !answer.is_consistent());
    }
}

#[test]
fn the_worked_example_of_2014_gives_its_hashes() {
    // from the scheme's own description
    let scheme = scheme_named("olalonde").expect("a scheme");
    let mut proof = scheme.example(1, "3.1415");
    (proof.account, proof.nonce) = ("frank@example.com".to_owned(), "e3b0c44298fc1c149afbf4c8996fb924".to_owned());
    let leaf = "1ded5478d0116b30aca091f8d5ddd2340d9391dca47a41d9271e61ede51c0f6b";
    assert_eq!(scheme.leaf(&proof), leaf);
    let place = scheme::Place { proof: &proof, above: 1, depth: 1 };
    let right = "20aa3f466728a58182a9b7733fcb70044ab489a27554d9fb7ed520936759bf96";
    let sums = ["71.31".parse().expect("a decimal")];
    let parent = "365a82cbacdae592a3606786addbc38efcc60e857e35451d5e332070b1b31e91";
    assert_eq!(scheme.parent(&place, leaf, right, &sums), parent);
}

fn tree_of(scheme: &'static dyn Scheme) -> Tree<'static> {
    Tree::build(scheme, customers(scheme, &[vec![5], vec![3], vec![9], vec![1], vec![4]]), Combine::Sum)
        .expect("decimals")
}

#[test]
fn questions_are_the_customers() {
    for scheme in SCHEMES {
        let tree = tree_of(scheme);
        let root = tree.root().expect("a root").hash.clone();
        let file = tree.files().remove(1);
        let kinds = |question: &Question<'_>| -> Vec<Kind> {
            let answer =
                verify(file.as_bytes(), &Question { root: Some(&root), ..question.clone() }).expect("readable");
            answer.faults.iter().map(|fault| fault.kind).collect()
        };
        let account = if scheme.facts().account.is_some() { Kind::Account } else { Kind::NoAccount };
        assert_eq!(kinds(&Question { account: Some("nobody"), ..Question::default() }), [account]);
        let asset = tree.proof(1).expect("a proof").assets[0].name.clone();
        let expect = |asset: &str, text: &str| [(asset.to_owned(), text.parse().expect("a decimal"))];
        assert_eq!(kinds(&Question { expected: &expect(&asset, "0.000000030"), ..Question::default() }), []);
        assert_eq!(kinds(&Question { expected: &expect(&asset, "3"), ..Question::default() }), [Kind::Expected]);
        assert_eq!(kinds(&Question { expected: &expect("DOGE2", "0"), ..Question::default() }), [Kind::Expected]);
        assert_eq!(kinds(&Question { format: Some(scheme.facts().name), ..Question::default() }), []);
        assert!(verify(file.as_bytes(), &Question { format: Some("none"), ..Question::default() }).is_err());
    }
}

#[test]
fn the_anchor_is_compared_in_each_of_its_fields() {
    let scheme = scheme_named("hotcoin").expect("a scheme");
    let tree = tree_of(scheme);
    let root = tree.root().expect("a root").clone();
    let text = |root: &str, snapshot: &str, count: u64, total: &str| {
        format!(
            r#"{{"protocol":"HOTCOIN-POR-SUM","assets":[{{"coin":"BTC","decimals":8}},{{"coin":"USDT","decimals":8}}],
            "snapshotId":"{snapshot}","root":"{root}","leafCount":{count},"userTotals":{{"BTC":"{total}","USDT":"{total}"}}}}"#
        )
    };
    let file = tree.files().remove(4);
    let kinds = |anchor: &str| -> Vec<Kind> {
        let anchor = hotcoin::anchor(anchor.as_bytes()).expect("readable");
        let answer = verify(file.as_bytes(), &Question { anchor: Some(&anchor), ..Question::default() });
        answer.expect("readable").faults.iter().map(|fault| fault.kind).collect()
    };
    let total = root.sums[0].to_string();
    assert_eq!(kinds(&text(&root.hash, "example-1", 5, &total)), []);
    assert_eq!(kinds(&text(HASH, "example-1", 5, &total)), [Kind::OtherRoot]);
    assert_eq!(kinds(&text(&root.hash, "example-2", 5, &total)), [Kind::Anchor]);
    // the number of leaves is in no hash: only the anchor has it
    assert_eq!(kinds(&text(&root.hash, "example-1", 6, &total)), [Kind::Anchor]);
    assert_eq!(kinds(&text(&root.hash, "example-1", 5, "18")), [Kind::Anchor]);
    let other = scheme_named("okx-v1").expect("a scheme");
    let anchor = hotcoin::anchor(text(&root.hash, "example-1", 5, &total).as_bytes()).expect("readable");
    let question = Question { anchor: Some(&anchor), ..Question::default() };
    let answer = verify(tree_of(other).files()[0].as_bytes(), &question).expect("readable");
    assert!(answer.faults.iter().any(|fault| fault.kind == Kind::NoTree));
}

#[test]
fn contradictions_are_named_by_their_kind() {
    let kind = |scheme: &dyn Scheme, proof: &Proof, root: &str| {
        let file = scheme.write(proof);
        let question = Question { root: Some(root), ..Question::default() };
        match verify(file.as_bytes(), &question) {
            Ok(answer) => answer.faults.first().map(|fault| fault.kind),
            Err(fault) => Some(fault.kind),
        }
    };
    for scheme in SCHEMES {
        let name = scheme.facts().name;
        let tree = tree_of(scheme);
        let root = tree.root().expect("a root").hash.clone();
        let proof = tree.proof(2).expect("a proof");
        assert_eq!(kind(scheme, &proof, &root), None, "{name}");
        let other = "0".repeat(root.len());
        assert_eq!(kind(scheme, &proof, &other), Some(Kind::OtherRoot), "{name}");
        let turned = kind(scheme, &mirrored(&proof), &root).expect("a fault");
        assert!([Kind::Root, Kind::OtherRoot, Kind::Position].contains(&turned), "{name}: {turned:?}");
        if let Some(StatedRoot { node, .. }) = &proof.root {
            let mut node = node.clone();
            node.sums[0] = "18".parse().expect("a decimal");
            let stated = Proof { root: Some(StatedRoot { node, place: 0..0 }), ..proof.clone() };
            let expected = if name == "hotcoin" || name == "olalonde" { None } else { Some(Kind::Root) };
            assert_eq!(kind(scheme, &stated, &root), expected, "{name}");
        }
    }
}

#[test]
fn files_that_are_none_are_refused_with_their_kind() {
    let kind = |file: &str| verify(file.as_bytes(), &Question::default()).expect_err("refused").kind;
    assert_eq!(kind("{}"), Kind::Unrecognised);
    assert_eq!(kind("{\"self\":{\"hash\":1,\"balances\":{}}}"), Kind::Malformed);
    assert_eq!(kind("{\"partial_tree\":{\"data\":{\"user\":\"a\",\"sum\":\"1e3\",\"nonce\":\"n\"}}}"), Kind::Amount);
    let list = r#"{"self":{"height":1,"userHash":"","balance":{"BTC":"1"}},"path":[]}"#;
    assert_eq!(kind(list), Kind::Assets);
    let deep = format!("{{\"partial_tree\":{}}}", deep(80));
    let fault = verify(deep.as_bytes(), &Question::default()).expect_err("refused");
    assert_eq!((fault.kind, fault.code()), (Kind::TooLarge, &crate::code::foreign::FOREIGN_TOO_LARGE));
    let nonce = bitmex::read_nonce(b"12").expect_err("too short");
    assert_eq!(nonce.kind, Kind::Nonce);
    let tree = |file: &str| {
        bitmex::verify("x", file.as_bytes(), &bitmex::Question::default(), &mut |_| {}).expect_err("refused").kind
    };
    assert_eq!(tree("block_height:1\n"), Kind::TreeShape);
    assert_eq!(tree(&format!("block_height:1\n{HASH},1\n{HASH},1\n")), Kind::TreeShape);
    assert_eq!(tree(&format!("block_height:1\n{HASH},01\n")), Kind::Amount);
    assert_eq!(tree(&format!("block_height:1\n{},1\n", HASH.to_uppercase())), Kind::Malformed);
    assert_eq!(tree(&format!("block_height:1\n{HASH},{}\n", "1".repeat(200))), Kind::TooLarge);
    assert_eq!(tree("block_height:x\n"), Kind::Unrecognised);
    let wrong = format!("block_height:1\n{HASH},3\n{HASH},1\n{HASH},2\n");
    let answer = bitmex::verify("x", wrong.as_bytes(), &bitmex::Question::default(), &mut |_| {}).expect("readable");
    assert_eq!((answer.faults[0].kind, answer.faults[0].place.as_ref().map(|place| place.line)), (Kind::Tree, Some(2)));
}

/// Nested nodes, each with a sibling.
fn deep(levels: usize) -> String {
    let sibling = format!(r#"{{"data":{{"sum":"1","hash":"{HASH}"}}}}"#);
    let leaf = r#"{"data":{"user":"a","sum":"1","nonce":"n"}}"#.to_owned();
    (0..levels).fold(leaf, |below, _| format!(r#"{{"data":null,"left":{below},"right":{sibling}}}"#))
}

/// The forged sets are made again here: each passes its scheme's own rule, and is refused by this program's.
#[test]
fn attacks_on_the_schemes_of_others_are_shown_on_forged_files() {
    let mut sum_unsafe = 0;
    for facts in all_facts() {
        let shown = lint::show(facts.name).expect("a format");
        let weaknesses: Vec<_> = shown.iter().map(|one| one.weakness).collect();
        assert_eq!(weaknesses, facts.weaknesses, "{}", facts.name);
        for one in &shown {
            assert!(one.holds, "{}: {}", facts.name, one.weakness.name());
            assert!(!one.refused.is_empty() && !one.files.is_empty(), "{}: {}", facts.name, one.weakness.name());
        }
        let Some(sum) = shown.iter().find(|one| one.weakness == weakness::Weakness::SumNotBound) else { continue };
        sum_unsafe += 1;
        // the files, and not what they were made from: a customer checks them, under the one root
        let answers: Vec<_> = sum
            .files
            .iter()
            .map(|file| {
                let question = Question { root: Some(&sum.roots[0]), ..Question::default() };
                verify(file.as_bytes(), &question).expect("readable")
            })
            .collect();
        let own: Vec<String> = answers.iter().map(|answer| answer.folded.own[0].to_string()).collect();
        assert_eq!(own, ["5", "3", "9", "1"]);
        for answer in answers {
            assert_eq!((answer.faults.as_slice(), answer.folded.root.sums[0].to_string().as_str()), (&[][..], "9"));
        }
    }
    assert_eq!(sum_unsafe, 5);
    for (name, weakness) in [
        ("bitget", weakness::Weakness::TruncatedHash),
        ("bitget", weakness::Weakness::PaddingCopies),
        ("bybit", weakness::Weakness::AmbiguousEncoding),
        ("olalonde", weakness::Weakness::AmbiguousEncoding),
        ("okx-v1", weakness::Weakness::NegativeAmounts),
        ("river", weakness::Weakness::RootInFile),
    ] {
        assert!(facts_named(name).expect("a format").weaknesses.contains(&weakness), "{name}");
    }
    assert!(lint::show("none").is_none());
}
