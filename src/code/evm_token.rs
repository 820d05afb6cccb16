//! CF-605n to CF-608n: tokens, contract wallets and the gathering of evidence on EVM chains.

super::codes! {
    EVM_POOL_MALFORMED = 6050, NotMade, "the file of trie nodes cannot be read",
        "Every node has a length that fits and a hash above the one before, so that a set of nodes has one file.",
        "gather the evidence again with `counterfoil fetch`";
    EVM_KEY_UNPROVEN = 6051, NotMade, "the trie nodes do not lead to the asked key",
        "They are about another address, slot or block, or some are missing: a valid proof of something else shows nothing.",
        "gather the evidence for this address and block";
    EVM_STORAGE_VALUE = 6052, Failed, "a storage slot holds no word in its one encoding",
        "A word is 1 to 32 bytes without leading zeros; a zero is never stored.",
        "gather the evidence from a node whose state trie is that of Ethereum";
    EVM_TOKEN_UNKNOWN = 6053, NotMade, "a token is not in the registry",
        "Which slot holds a balance follows from the token's code alone: without an entry nothing of it is proved.",
        "add an entry with its sources to your policy, or accept `observed`";
    EVM_TOKEN_CODE = 6054, NotMade, "a token runs code that the registry does not know",
        "An entry is valid for the code hashes in it. Other code may keep balances elsewhere, or invent them.",
        "look at the token's code, then add an entry for its hash";
    EVM_PROXY_UNPROVEN = 6055, NotMade, "what a token's proxy runs is not shown",
        "Its pointer and the account that it points to belong to the proof of every balance.",
        "gather the evidence again with `counterfoil fetch evm`";
    EVM_TOKEN_SWITCHED = 6056, Failed, "a token answers from elsewhere than its own storage",
        "A slot that the registry expects to be zero is not, so the balances under it are not the token's any more.",
        "find the contract that took over, and add it to the policy";
    EVM_TOKEN_FROZEN = 6057, Failed, "coins that the token's issuer has frozen",
        "Whoever cannot move coins cannot pay customers with them.",
        "have the issuer release the address, or hold other coins";
    EVM_TOKEN_SHARES = 6058, NotMade, "a rebasing token is shown in shares",
        "Its balances follow from shares and a pool's totals. Shares are no amount of the token, and never native coins.",
        "let the policy list the deployment with `/shares` behind the contract, for an asset counted in shares";
    EVM_TOKEN_REGISTRY = 6059, NotMade, "a token registry cannot be used",
        "Entries have the fields of docs/spec/evm-token.md, name their sources, and stand once for each code.",
        "correct the entry that is named";
    EVM_SAFE_CODE = 6065, NotMade, "a wallet does not run the code of a known Safe",
        "Which slots hold owners and threshold follows from the code alone.",
        "sign with `eip1271` and a node's answer, which is `observed` at best";
    EVM_WALLET_UNPROVEN = 6066, NotMade, "the evidence does not show what a contract wallet needs",
        "A contract has no key: its state at the cut-off block, or a node's answer, says who controls it.",
        "gather the evidence again with `counterfoil fetch evm`, the control proof beside it";
    EVM_SAFE_THRESHOLD = 6067, Failed, "fewer owners of a Safe signed than it asks for",
        "Its threshold is read from its storage.",
        "collect the missing signatures";
    EVM_SAFE_OWNER = 6068, Failed, "a signer is not an owner of the Safe",
        "Recovery gives some address for almost any bytes; only owners in the Safe's storage count.",
        "sign the Safe's message for the challenge's exact line with keys of its owners";
    EVM_SAFE_SIGNATURES = 6069, Failed, "the signatures of a Safe's owners are not in their one form",
        "65 bytes each, in the order of the owners' addresses, none twice; no contracts and no approvals among them.",
        "collect the signatures again, as the Safe's own interface orders them";
    EVM_SAFE_MODULE = 6070, NotMade, "a module can move a Safe's coins without its owners",
        "What a module's code allows is not judged here.",
        "disable the module, or show what it does";
    EVM_SAFE_GUARD = 6071, NotMade, "a guard can keep a Safe's owners from moving its coins",
        "What a guard's code forbids is not judged here.",
        "remove the guard, or show what it does";
    EVM_DELEGATED = 6072, NotMade, "a key has lent its account to code",
        "Since EIP-7702 such code can move the coins of the account, besides its key.",
        "take the delegation back, or show what the code does";
    EVM_UNDEPLOYED = 6073, Failed, "a signature is for a wallet that is not deployed",
        "ERC-6492 brings the code along: whoever makes the proof would choose what judges it.",
        "deploy the wallet before the cut-off";
    EVM_WALLET_REFUSED = 6074, Failed, "a contract wallet does not accept the signature",
        "Its answer to isValidSignature is not the one that means yes.",
        "sign the challenge's exact line as the wallet demands it";
    EVM_CONTROL_ANSWERED = 6075, NotMade, "control of a wallet rests on a node's answer",
        "The wallet's code was run by a node, not here: what it holds counts as observed at best.",
        "hold the coins in a wallet whose control can be proved";
    EVM_FETCH_CHAIN = 6080, NotMade, "the node is of another EVM chain",
        "Its own number is not the one asked for.",
        "name the node of the chain, or the chain of the node";
    EVM_FETCH_EARLY = 6081, NotMade, "the chain does not show yet which block is the cut-off block",
        "It is the last one whose time is not after the cut-off: the next one must be there.",
        "fetch again when the next block has arrived";
    EVM_FETCH_HEADER = 6082, NotMade, "a node's block header does not have the hash that the node names",
        "Its fields, in the order of the forks known here, hash to something else.",
        "ask a node that answers `debug_getRawHeader`, or use a later version";
}
