//! CF-616n: staked ether.

super::codes! {
    STAKED_MALFORMED = 6160, NotMade, "a file of staked ether cannot be read",
        "The files have the form of docs/spec/evm-staked.md.",
        "gather the proofs of the validators again";
    STAKED_BLOCK = 6161, NotMade, "the beacon block is not that of the cut-off block",
        "In another state the same ether may be on an account already, or not staked yet: it would count twice.",
        "gather the proofs in the state of the beacon block that the cut-off block is in";
    STAKED_UNANCHORED = 6162, NotMade, "nothing shows that the beacon block is of the chain",
        "It must be named by the anchored block after the cut-off block, or hang on a final state at most 8192 slots later.",
        "pin a block above the cut-off block, or gather finality at most 27 hours after it";
    STAKED_UNASKED = 6163, NotMade, "a validator is paid out to an address outside the committed set",
        "Staked ether belongs to whoever controls the address of its withdrawal credentials; only committed addresses count.",
        "commit to the address before the next snapshot, with a control proof";
    STAKED_TWICE = 6164, Failed, "a validator stands twice in the evidence",
        "It counts once.",
        "give one line for each validator";
    STAKED_SLASHED = 6165, Failed, "a validator was slashed",
        "It loses more until it is paid out, and at the worst all of it: it counts as zero.",
        "leave the validator out";
    STAKED_PENDING = 6166, NotMade, "a validator is not active yet",
        "Its deposit waits in a queue: it counts as zero until the validator is active.",
        "wait for its activation, or leave the validator out";
    STAKED_LEAVING = 6167, NotMade, "nothing shows that a leaving validator is not merged into another one",
        "Its balance may go to a validator of somebody else, on a request that was made already: it counts as zero.",
        "add the state's list of pending consolidations";
    STAKED_MERGED = 6168, Failed, "a validator is being merged into another one",
        "Its balance goes to that one, whose credentials may be of somebody else: it counts as zero.",
        "wait until it is done, and show the other validator";
}
