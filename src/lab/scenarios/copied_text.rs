//! A constant sentence is signed.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::Forger;
use crate::lab::forger::sign_again;
use crate::lab::scenario::Said;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::reserve::{bitcoin, evm};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "copied-text",
    attacks: &["R6"],
    title: "a sentence that never changes is signed",
    story: "Each address signs \"I am an address of Example Exchange\": a genuine signature, from years ago, which \
            anybody can copy into their own report. It binds no venue key, no date, no liability.",
    expected: Expected::Check(&codes::CONTROL_INVALID),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    const SENTENCE: &str = "I am an address of Example Exchange";
    let mut forger = Forger::new()?;
    let proofs = forger.control()?;
    let copied = proofs.iter().map(|proof| sign_again(proof, SENTENCE)).collect::<Result<Vec<_>, _>>()?;
    // the naive verifier checks each signature, over the sentence that stands on the web page
    let mut good = 0_usize;
    for proof in &copied {
        let (chain, address) = (&proof.chain, proof.address.as_str());
        let signs = bitcoin::control::verify(chain, address, SENTENCE, proof).is_ok()
            || evm::control::verify(chain, address, SENTENCE, proof).is_ok();
        good += usize::from(signs);
    }
    if good != copied.len() {
        return Err(fault(format!("{good} of {} signatures are genuine", copied.len())));
    }
    let naive = Said::yes(format!("{good} addresses have signed that they are the venue's"));
    forger.set_control(&copied)?;
    forger.played(naive, "BTC", Some(&codes::CONTROL_INVALID))
}
