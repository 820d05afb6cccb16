//! CF-508n to CF-510n: control over a Bitcoin address, beyond one signature by one key.

super::codes! {
    SCRIPT_CODE_SEPARATOR = 5080, Failed, "a script has OP_CODESEPARATOR",
        "With it a signature covers only a part of its script; BIP-322 forbids it.",
        "use an address whose script has no OP_CODESEPARATOR";
    SCRIPT_FIND_AND_DELETE = 5081, Failed, "a script contains its own signature",
        "The oldest rules delete such a signature before hashing, so that it signs another script; BIP-322 forbids it.",
        "sign again with a wallet that follows BIP-322";
    SCRIPT_NOT_MINIMAL = 5082, Failed, "a push, a number or a condition is not in its shortest form",
        "Each value has one form (MINIMALDATA, MINIMALIF); others would let anybody make a second proof of the first.",
        "sign again with a wallet that follows BIP-322";
    SCRIPT_STACK = 5083, Failed, "a script leaves more behind than its result",
        "What nobody consumes can be changed by anybody (CLEANSTACK).",
        "sign again with a wallet that follows BIP-322";
    SIGNATURE_NOT_EMPTY = 5084, Failed, "a signature that fails is not empty",
        "A signature that a script does without is an empty push (NULLFAIL).",
        "leave the places of keys that do not sign empty";
    SCRIPT_KEY = 5085, Failed, "a public key is not in an accepted encoding",
        "A key has 33 bytes, or 65 in scripts without witness; in witness scripts it is compressed.",
        "move the coins to an address whose keys are compressed";
    RULE_UPGRADEABLE = 5086, NotMade, "the signature relies on a rule that may still get a meaning",
        "Today's consensus lets unknown versions and reserved opcodes pass; BIP-322 calls such a signature inconclusive.",
        "sign with version 0 or 2, by a script without reserved opcodes, of witness version 0 or 1";
    MESSAGE_TRANSACTION = 5087, Failed, "the signed transaction is not the one of BIP-322",
        "It spends the message's made-up coin first and has one output: nothing, to OP_RETURN.",
        "sign again with a wallet that follows BIP-322";
    PSBT_MALFORMED = 5088, Failed, "a partially signed transaction cannot be read",
        "BIP-174 in its one encoding, version 0, nothing behind it, every input finalized.",
        "finalize the transaction and export it again";
    PSBT_COIN = 5089, Failed, "the coins of a proof of funds conflict, repeat, or lack their evidence",
        "A signature by a script without witness does not cover the amount: only the creating transaction shows it.",
        "export the transaction again, with the creating transaction of every coin that has no witness";
    PSBT_MESSAGE = 5090, Failed, "a proof of funds names another message",
        "The message is the challenge's line, and comes from the verifier.",
        "sign the line of this challenge";
    FUNDS_TRANSACTION = 5091, Failed, "the transaction is not a proof of reserves by BIP-127",
        "Its first input names the hash of the message, its only output is the sum of its inputs.",
        "make the proof again over the challenge's line; the older variant with a double hash is `bdk-reserves`";
    FUNDS_NO_COIN = 5092, Failed, "the proof of funds shows no coin of the address",
        "Coins of other addresses say nothing about this one.",
        "add the proof that spends coins of this address";
    THRESHOLD_SCRIPT = 5093, Failed, "the script is not the script of the address",
        "The address is a hash; only the script with that hash says whose keys count.",
        "give the redeem script or witness script of this address";
    THRESHOLD_TEMPLATE = 5094, NotMade, "the script is more than keys and a threshold",
        "With a timelock, a hash or a branch, that many keys may not suffice; only plain multisig scripts are judged so.",
        "sign with `bip322-full`, which executes the script";
    THRESHOLD_KEYS = 5095, Failed, "fewer different keys of the script have signed than it asks for",
        "Each signature must be by another key of the script, and there must be as many as the script says.",
        "collect the missing signatures over the challenge's line";
    CONTROL_FIELDS = 5096, NotMade, "the fields of a control proof do not fit its scheme",
        "`script` and `signatures` belong to key-threshold, `transaction` to moved, `signature` to all others.",
        "write the line as the specification of control proofs says";
    MOVEMENT_UNPROVED = 5097, NotMade, "the evidence does not prove the movement",
        "A movement counts when its transaction is in a block below a pinned one, and the coin it spends is shown.",
        "add both transactions, the Merkle block and the headers to the bundle";
    MOVEMENT_EARLY = 5098, Failed, "the movement is not later than the block that the challenge names",
        "What was there before the challenge does not answer it.",
        "move a coin after the challenge was made";
    MOVEMENT_OTHER = 5099, Failed, "the movement spends no coin of the address",
        "Anybody can pay to an address; only its owner can spend from it.",
        "move a coin of the address itself";
    MOVEMENT_MARK = 5100, Failed, "the movement does not carry the challenge's mark",
        "Without the mark any payment would answer any challenge.",
        "add an OP_RETURN output with the hash of the challenge, or pay the derived amount back to the address";
    SCRIPT_WITHOUT_SIGNATURE = 5101, NotMade, "the script asks for no signature",
        "Without a signature nothing ties the proof to the message: it could be copied from another one.",
        "move the coins to an address whose script asks for a signature";
    CONTROL_LIMIT = 5102, NotMade, "the control proof is larger than this version reads",
        "Sizes are limited before anything is decoded.",
        "split the coins over several proofs";
}
