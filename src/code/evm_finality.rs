//! CF-609n to CF-611n: finality of EVM chains by sync committees, and balances between two blocks.

super::codes! {
    FINALITY_NOT_BUILT = 6090, NotMade, "this program was built without the check of finality",
        "The evidence may be right or wrong: signatures of sync committees are checked by builds with the feature `finality` only.",
        "build with `--features finality`, or pin the block's hash in the policy";
    FINALITY_UNPINNED = 6091, NotMade, "there is evidence of finality, and the policy pins no root for it",
        "A chain of signatures begins somewhere; where, the verifier says, never the bundle.",
        "compare a recent finalized beacon block root from several sources and pin it under `[[finality]]`";
    FINALITY_ROOT = 6092, Failed, "the evidence of finality begins at another block than the pinned root",
        "A chain that begins elsewhere shows nothing, whoever signed it.",
        "ask for evidence that begins at the root of your policy";
    FINALITY_MALFORMED = 6093, NotMade, "evidence of finality cannot be read",
        "The files have the format of docs/spec/evm-finality.md.",
        "gather the evidence again";
    FINALITY_FORK = 6094, NotMade, "evidence of finality is of a fork that this version does not know",
        "Each fork may move what a branch leads to; an unknown one is not guessed.",
        "use a later version, or pin the block's hash in the policy";
    FINALITY_CHAIN = 6095, NotMade, "finality of this chain cannot be checked",
        "Fork versions and genesis are known for Ethereum mainnet (`eip155:1`) only.",
        "pin the block's hash in the policy";
    FINALITY_BRANCH = 6096, Failed, "a branch of the evidence of finality does not lead to its root",
        "Committee, finalized block and execution block hang on signed headers by hashes.",
        "keep the bundle as evidence and ask who made it";
    FINALITY_KEY = 6097, Failed, "a sync committee has a key that is no key",
        "Keys are points of the right subgroup other than infinity, and their sum is the committee's aggregate key.",
        "keep the bundle as evidence and ask who made it";
    FINALITY_PARTICIPATION = 6098, Failed, "fewer than two thirds of a sync committee signed",
        "342 of 512 members must have signed.",
        "gather later evidence, which more members have signed";
    FINALITY_SIGNATURE = 6099, Failed, "the signature of a sync committee is wrong",
        "It is not by the members named, or not over this header and fork.",
        "keep the bundle as evidence and ask who made it";
    FINALITY_ORDER = 6100, Failed, "slots or periods of the evidence of finality are out of order",
        "Finalized, attested and signature slot rise; updates follow each other period by period.",
        "keep the bundle as evidence and ask who made it";
    FINALITY_PERIOD = 6101, NotMade, "the sync committee of a period is not known",
        "Each period's committee is named by the period before; a gap cannot be bridged.",
        "gather the evidence again, one update for each period since the pinned root";
}
