//! Files in the formats of other venues.

use counterfoil::foreign::bitmex::{self, Question as TreeQuestion};
use counterfoil::foreign::forge::{Combine, Tree};
use counterfoil::foreign::reserves::{Question as ListQuestion, Row, Status, read};
use counterfoil::foreign::verify::{Question, verify};
use counterfoil::foreign::{Kind, SCHEMES, hotcoin, lint};

/// A file of each format; a file of each weakness that can be seen in it; a tree and a list.
pub fn honest_files() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut files = Vec::new();
    for scheme in SCHEMES {
        let name = scheme.facts().name;
        let customers = (1..).zip(["5", "3", "9"]).map(|(number, units)| scheme.example(number, units)).collect();
        let tree = Tree::build(scheme, customers, Combine::Sum).unwrap();
        files.push(("foreign_proof", name.to_owned(), tree.files().swap_remove(2).into_bytes()));
    }
    let forged = lint::show("bitget").unwrap().swap_remove(1).files.swap_remove(0);
    files.push(("foreign_proof", "bitget-negative".to_owned(), forged.into_bytes()));
    for leaves in [1_u64, 2, 8] {
        let leaf = |index: u64| (index % 3, [7; 32], 100 + index);
        let tree = bitmex::build(420, &(0..leaves).map(leaf).collect::<Vec<_>>()).unwrap();
        files.push(("foreign_tree", format!("{leaves}-leaves"), tree.into_bytes()));
    }
    files
}

/// Reads a proof of any format. Under the root that it leads to itself, what fits without a root from outside fits.
pub fn foreign_proof(data: &[u8]) {
    let _ = hotcoin::anchor(data);
    let Ok(answer) = verify(data, &Question::default()) else { return };
    assert!(!answer.faults.is_empty(), "a file that vouches for itself is a success");
    let question = Question { root: Some(&answer.folded.root.hash), ..Question::default() };
    let again = verify(data, &question).unwrap();
    // an amount below zero fails whatever the root is
    assert_eq!(again.faults.iter().all(|fault| fault.kind == Kind::Negative), answer.is_consistent());
    let other = Question { root: Some("0"), ..Question::default() };
    assert!(!verify(data, &other).unwrap().is_consistent());
}

/// Reads a whole tree. Its total is below 2^64, and it is no success without a root from outside.
pub fn foreign_tree(data: &[u8]) {
    let Ok(answer) = bitmex::verify("tree", data, &TreeQuestion::default(), &mut |_| {}) else { return };
    assert!(!answer.faults.is_empty() && answer.leaf_count.is_power_of_two());
    let lines = data.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
    assert_eq!(lines, 2 * answer.leaf_count);
}

/// Reads a list of addresses. Nobody's line is signed by keys that do not exist.
pub fn foreign_list(data: &[u8]) {
    let mut rows = 0_u64;
    let mut each = |row: &Row| {
        rows += 1;
        assert!(row.status == Status::Signed || row.reason.is_some(), "a row is not signed for no reason");
        Ok::<(), ()>(())
    };
    let question = ListQuestion { message: Some("a line that nobody signs") };
    if let Ok(summary) = read("list", data, &question, &mut each, &mut |_| {}) {
        let [signed, unproven, failed] = summary.rows();
        assert_eq!((signed, unproven + failed), (0, rows));
    }
    let _ = read("list", data, &ListQuestion::default(), &mut |_| Ok::<(), ()>(()), &mut |_| {});
}
