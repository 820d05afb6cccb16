//! The proof brings its own root.

use crate::code::liability as codes;
use crate::hash::sha256;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "root-from-the-proof",
    attacks: &["A14"],
    title: "the proof file brings the root that it leads to",
    story: "Alice's 50 BTC are in no published total. The venue builds a second tree just for her, with her in \
            it, and hands out a proof from there. A verifier that takes the root from the proof file has nothing \
            else to compare with.",
    expected: Expected::Check(&codes::PROOF_OTHER_STATEMENT),
    undetected: &[
        "A customer who takes the statement, too, from whoever hands out the proof is shown what that person \
            likes: it has to come from the log.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let public = Books::new("bob,BTC,7,\ncarol,BTC,2,\n")?;
    let private = Books::new("alice,BTC,50,\nbob,BTC,7,\n")?;
    let proof = private.proof("alice")?;
    // the file says where its path leads, and so it does
    let shown = sha256(&private.file);
    let naive = naive::plain(shown, &[], shown);
    public.played(naive, Customer { account: "alice", ..Customer::default() }, &file(&proof)?)
}
