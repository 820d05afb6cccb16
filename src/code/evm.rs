//! CF-6nnn: evidence on EVM chains.

super::codes! {
    EVM_SIGNATURE_MALFORMED = 6001, Failed, "the signature is not 65 bytes r, s, v",
        "A signature has one encoding: `0x` and 130 hexadecimal digits, with v one of 0, 1, 27 and 28.",
        "sign again with a wallet that follows EIP-191";
    EVM_SIGNATURE_HIGH_S = 6002, Failed, "the signature has a high s",
        "A second form of one signature is not a second signature.",
        "sign again with a wallet that follows EIP-2";
    EVM_SIGNATURE_SCHEME = 6003, Failed, "the signature scheme is not one for EVM chains",
        "Schemes are named, never guessed: the same 65 bytes recover another address under another hash.",
        "use one of `eip191`, `eip191-prehashed`, `eip712`, `safe`, `eip1271`, by what was really signed";
    EVM_SIGNER = 6004, Failed, "the signature is by another address",
        "Recovery gives some address for almost any bytes; only the asked one counts.",
        "sign the challenge's exact line with the key of the address";
    EVM_CONTROL_OTHER = 6005, Failed, "the control proof is for another chain or address",
        "A proof answers the verifier's question and does not choose it.",
        "add a proof for the address that was asked";
    EVM_ADDRESS = 6006, Failed, "a text is not an EVM address",
        "An address is `0x` and 40 digits, in lower case or with a right EIP-55 checksum.",
        "copy the address again from where it is known to be right";
    EVM_CHAIN = 6007, NotMade, "a chain is not an EVM chain",
        "EVM chains are named `eip155:` and the chain's number.",
        "correct the chain's name";
    EVM_KEY = 6008, NotMade, "a secret is not a key of secp256k1",
        "A key is a number from 1 to below the group's order.",
        "use another key";
    EVM_ADDRESS_TWICE = 6009, Failed, "one address or token was asked for twice in different spellings",
        "Its balance would be counted twice.",
        "list each address and each token once";
    EVM_HEADER_MALFORMED = 6020, NotMade, "a block header cannot be read",
        "A header is one RLP list of 15 to 40 strings; its hash is that of these bytes.",
        "gather the evidence again with `counterfoil fetch`";
    EVM_HEADERS_UNLINKED = 6021, Failed, "block headers do not follow each other",
        "Each header names its parent by hash; a gap cannot be anchored.",
        "gather the evidence again with `counterfoil fetch`";
    EVM_BLOCK_MISSING = 6022, NotMade, "the header of the cut-off block is not in the evidence",
        "Without it there is no state root under which a balance could be proved.",
        "gather the evidence again at the statement's cut-off block";
    EVM_PIN_CONTRADICTED = 6023, Failed, "the headers contradict a block that the policy pins",
        "They belong to another chain or to a fork that was left.",
        "compare the pinned hash with your own node, then ask who made the bundle";
    EVM_EVIDENCE_MALFORMED = 6030, NotMade, "a line of the EVM evidence cannot be read",
        "The lines have the format of docs/spec/evm-balance.md.",
        "gather the evidence again with `counterfoil fetch`";
    EVM_PROOF_INVALID = 6031, Failed, "a trie node on the way to an account or a slot is not one of such a trie",
        "Nodes have one encoding and paths of 64 nibbles; accounts have four fields.",
        "keep the bundle as evidence and ask who made it";
    EVM_BALANCE_MISSING = 6034, NotMade, "there is no evidence for a balance",
        "An address without evidence counts nothing.",
        "gather the evidence again with `counterfoil fetch`";
    EVM_BALANCE_TOO_LARGE = 6035, Failed, "a balance exceeds 2^128 - 1 base units",
        "Amounts have 128 bits; a larger balance is refused rather than cut.",
        "look at the token: an honest supply is far smaller";
    EVM_ANSWER_MALFORMED = 6040, NotMade, "a node's answer cannot be read",
        "Questions and answers have the form of docs/spec/evm-balance.md.",
        "gather the evidence again with `counterfoil fetch`";
    EVM_ANSWER_OTHER_BLOCK = 6041, NotMade, "a node's answer is about another block",
        "Only the state of the cut-off block counts.",
        "gather the evidence again at the statement's cut-off block";
    EVM_ANSWERS_DISAGREE = 6042, Failed, "two pieces of evidence name different balances",
        "One of them is wrong; which one, the verifier cannot know.",
        "ask another node and compare";
    EVM_ANSWER_UNASKED = 6043, Failed, "a node's answer is about an address that nobody asked for",
        "It adds nothing to the reserves.",
        "remove the answer, or add the address to the committed set";
    EVM_TRANSCRIPT_OTHER_CHAIN = 6044, Failed, "the transcript is not from the chain of the cut-off block",
        "Its node was on another chain or fork, or not yet at the cut-off block.",
        "ask a node that follows the chain named in the statement";
    EVM_DEPLOYMENT = 6045, NotMade, "an asset of this chain is of a kind that cannot be counted",
        "Native coins (`slip44:60`) and `erc20:` tokens can be counted.",
        "remove the asset from the policy, or use a later version";
}
