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
    WINDOW_HEADERS = 6102, NotMade, "the block headers do not cover the window",
        "Each block from the first to the last one is there, and each names the one before by hash.",
        "gather the headers of the whole window again";
    WINDOW_RULE_CHAIN = 6103, NotMade, "a rule about blocks without proofs was not reviewed for this chain or fork",
        "What moves coins differs between chains and forks: some debit accounts without a nonce, some leave blooms empty.",
        "gather proofs of every block, or use a later version";
    WINDOW_RULE_CONTROL = 6104, NotMade, "the nonce rule needs a signature by the key of the address",
        "An address that only a contract can have may send and vanish within one transaction, and show nothing of it.",
        "add a control proof by key, or gather proofs of every block";
    WINDOW_RULE_CODE = 6105, NotMade, "the nonce rule does not hold for an address with code",
        "Code moves coins without using a nonce.",
        "gather proofs of every block";
    STRETCH_GAP = 6106, NotMade, "for some blocks of the window nothing shows a balance",
        "What was held then may be nothing; a gap is never filled by its ends.",
        "gather proofs at both ends of each stretch, each next to the one before";
    WINDOW_CONTRADICTION = 6107, Failed, "two proofs contradict the rule between them",
        "Either the balance fell without a transaction of its key, or a token moved without one of its listed events.",
        "keep the bundle as evidence, and look at the token's list of events";
    WINDOW_TOKEN_EVENTS = 6108, NotMade, "the events of this token's code are not known",
        "That no event was logged shows nothing unless every event that writes a balance is listed for the very code.",
        "gather proofs of every block";
    WINDOW_CODE_CHANGED = 6109, NotMade, "the code of a token changed within the window, or may have",
        "What other code did between the two events is not known, even when the old code came back.",
        "gather proofs of every block from then on";
    RECEIPTS_ROOT = 6110, Failed, "the receipts of a block do not give its receipts root",
        "They are of another block, or one was left out or changed.",
        "gather the receipts again, all of the block and in their order";
    RECEIPTS_MALFORMED = 6111, NotMade, "the receipts of a block cannot be read",
        "They have the format of docs/spec/evm-window.md.",
        "gather the receipts again";
    RECEIPTS_MISSING = 6112, NotMade, "a bloom allows an event, and the block's receipts are not there",
        "A bloom can rule an event out and never show one: the whole list of receipts decides.",
        "gather the receipts of that block, or proofs of it and of the block before";
    VALIDATOR_WITHDRAWAL = 6113, Failed, "the withdrawals of a validator go to another address than the asked one",
        "Staked ether belongs to whoever controls the address of its withdrawal credentials; without one, nobody can tell.",
        "claim the validator under the address in its credentials, with a control proof of that address";
}
