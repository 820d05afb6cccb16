//! The proof brings its own root.

use crate::code::publish as codes;
use crate::lab::books::{Books, Customer, file, policy_of};
use crate::lab::example_venue::ExampleError;
use crate::lab::forger;
use crate::lab::scenario::{Expected, Played, Said, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "root-from-the-proof",
    attacks: &["A14"],
    title: "the proof brings the root that it leads to",
    story: "Alice's 50 BTC are in no published total. The venue builds a second tree just for her, with her in it, and \
            hands out a proof from there with a statement of its own. A key that nobody has seen has signed it, so \
            that nothing can be held against the venue. A verifier that takes root and key from the files that come \
            along has nothing else to compare with.",
    expected: Expected::Check(&codes::KEY_NOT_PINNED),
    undetected: &[
        "A customer who takes the policy, too, from whoever hands out the proof is shown what that person likes: the \
            key has to come from somewhere else, and the statement from the log.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut private = Books::new("alice,BTC,50,\nbob,BTC,7,\n")?;
    let stranger = forger::signing_key("a key that nobody has seen")?;
    private.sign_with(&stranger)?;
    let proof = file(&private.proof("alice")?)?;
    let alice = Customer { account: "alice", ..Customer::default() };
    // it asks the files themselves whom to believe
    let named = private.statement.venue.keys.clone();
    let naive = match private.verify_under(&policy_of(&named, "")?, alice, &proof)? {
        Ok(()) => Said::yes("the proof leads to the root that came with it, signed by the key that came with it"),
        Err(refusal) => Said::no(refusal.words),
    };
    private.played(naive, alice, &proof)
}
