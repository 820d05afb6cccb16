use super::*;
use crate::amount::Decimals;

/// One customer's leaf beside another's, and what the statement says of both.
struct Two {
    statement: StatementRef,
    row: LiabilityCommitment,
    proof: InclusionProof,
    expected: BTreeMap<AssetId, Amount>,
}

impl Two {
    fn new(parts: &[Part]) -> Self {
        let (asset, class): (AssetId, _) = ("BTC".parse().expect("an asset"), Class::Custody);
        let (amount, nonce) = (Amount::from_base_units(7), Nonce([3; 16]));
        let hash = LeafContent { nonce, amount, account: "A-1", credential: "", parts }.hash().expect("short texts");
        let beside = SumNode { digest: Digest::from_bytes([9; 32]), sum: Amount::from_base_units(5) };
        let root = SumNode::parent(&beside, &SumNode::leaf(hash, amount)).expect("small sums");
        let decimals = Decimals::new(8).expect("few");
        let row = LiabilityCommitment {
            asset: asset.clone(),
            class,
            decimals,
            leaf_count: 2,
            root: root.digest,
            total: root.sum,
        };
        let venue = "example".parse().expect("a name");
        let statement = StatementRef { digest: Digest::from_bytes([1; 32]), sequence: 4, venue };
        let leaf =
            LeafProof { asset, class, amount, nonce, index: 1, parts: parts.to_vec(), path: vec![beside], split: None };
        let proof = InclusionProof {
            format: FORMAT.to_owned(),
            account: "A-1".to_owned(),
            statement: statement.clone(),
            leaves: vec![leaf],
        };
        Self { statement, row, proof, expected: BTreeMap::new() }
    }

    fn verify(&self) -> Result<Vec<VerifiedInclusion>, InclusionError> {
        let (statement, expected) = (&self.statement, &self.expected);
        let rows = [self.row.clone()];
        verify(&InclusionQuery { statement, rows: &rows, account: "A-1", credential: "", expected }, &self.proof)
    }
}

fn part(product: &str, units: u128) -> Part {
    Part { product: product.to_owned(), amount: Amount::from_base_units(units) }
}

#[test]
fn what_is_shown_is_what_the_leaf_commits_to() {
    let parts = [part("earn", 5), part("spot", 2)];
    let two = Two::new(&parts);
    let verified = two.verify().expect("the leaf is under the root");
    let [shown] = verified.as_slice() else { panic!("one balance") };
    assert_eq!((shown.row(), shown.amount()), (&two.row, Amount::from_base_units(7)));
    assert_eq!((shown.parts(), shown.indices()), (parts.as_slice(), [1].as_slice()));
}

#[test]
fn another_balance_than_expected_is_told_in_units_of_its_asset() {
    let mut two = Two::new(&[]);
    let asset: AssetId = "BTC".parse().expect("an asset");
    two.expected.insert(asset.clone(), Amount::from_base_units(7));
    assert!(two.verify().is_ok());
    two.expected.insert(asset.clone(), Amount::from_base_units(8));
    let (got, expected) = ("0.00000007".to_owned(), "0.00000008".to_owned());
    assert_eq!(two.verify(), Err(InclusionError::AmountDiffers { asset, got, expected }));
}

#[test]
fn a_proof_of_another_statement_is_a_mix_up_and_two_for_one_number_are_evidence() {
    let mut two = Two::new(&[]);
    let own = two.proof.statement.clone();
    let mut told = |statement: StatementRef| {
        two.statement = statement;
        two.verify().expect_err("another statement").to_string()
    };
    let (first, other) = ("01".repeat(32), "02".repeat(32));
    let later = told(StatementRef { sequence: 5, digest: Digest::from_bytes([2; 32]), ..own.clone() });
    let expected =
        format!("the proof belongs to statement 4 of example ({first}), you gave statement 5 of example ({other})");
    assert_eq!(later, expected);
    let elsewhere = told(StatementRef { venue: "another".parse().expect("a name"), ..own.clone() });
    let expected =
        format!("the proof belongs to statement 4 of example ({first}), you gave statement 4 of another ({first})");
    assert_eq!(elsewhere, expected);
    let twin = told(StatementRef { digest: Digest::from_bytes([2; 32]), ..own });
    let expected = format!(
        "the proof belongs to statement 4 of example ({first}), you gave statement 4 of example ({other}): \
         two statements for one number; if both are signed, keep both as evidence"
    );
    assert_eq!(twin, expected);
}
