//! CF-5nnn: evidence on Bitcoin.

super::codes! {
    SIGNATURE_SCHEME = 5001, Failed, "the signature scheme does not fit the address",
        "Each kind of address has its schemes; a signature of another kind shows control of something else.",
        "sign with bip322-simple or bip322-full, bip137 (P2PKH, P2SH-P2WPKH, P2WPKH) or legacy (P2PKH)";
    SIGNATURE_SCHEME_UNKNOWN = 5002, NotMade, "the signature scheme is not known",
        "The scheme says which rules to check; it is never guessed from the signature.",
        "name one of the schemes in `docs/spec/bitcoin-control.md`, or use a newer version";
    SCRIPT_NOT_JUDGED = 5003, NotMade, "this version cannot judge a signature by this kind of script",
        "Keys, thresholds, timelocks, hashes and branches are judged: a rule that is not understood is never taken as satisfied.",
        "use a version that judges the script, or move the coins to an address with a script that is judged";
    BITCOIN_CHAIN_UNKNOWN = 5004, NotMade, "the chain is not a Bitcoin chain that this version knows",
        "A chain is named by its genesis block; addresses and proof of work follow from it.",
        "name one of mainnet, testnet3, testnet4, signet, regtest by its CAIP-2 identifier";
    ADDRESS_NETWORK = 5005, NotMade, "the text is not an address of this chain",
        "An address of another network holds nothing here, even where its script looks the same.",
        "correct the address or its chain in the address set";
    PROOF_FOR_ANOTHER = 5006, NotMade, "the control proof is for another chain or address",
        "A proof answers one question; it cannot answer another.",
        "look up the proof that was made for this address";
    SIGNATURE_PREFIX = 5007, Failed, "the signature has another prefix than its scheme",
        "BIP-322 marks its variants with three letters: smp, ful and pof; others have no meaning.",
        "name the scheme of the signature's variant; only the simple one may go without a prefix";
    SIGNATURE_BASE64 = 5008, Failed, "the signature is not canonical base64",
        "One signature has one text: no line breaks, no missing or surplus padding, no loose bits.",
        "copy the signature exactly as the device printed it";
    SIGNATURE_WITNESS = 5009, Failed, "the signature has the wrong shape",
        "It is one witness stack, one transaction, or the 65 bytes of a signed message, and nothing behind that.",
        "sign again with a wallet that follows BIP-322 or BIP-137";
    SIGNATURE_SIGHASH = 5010, Failed, "the signature does not cover the whole message transaction",
        "BIP-322 admits SIGHASH_ALL, and for taproot the default; other flags leave parts unsigned.",
        "sign again with SIGHASH_ALL";
    SIGNATURE_DER = 5011, Failed, "the signature is not in strict encoding",
        "BIP-66 admits one encoding of a signature.",
        "sign again with a wallet that follows BIP-66";
    SIGNATURE_HIGH_S = 5012, Failed, "the signature has a high S",
        "Of the two equivalent signatures only the low one is accepted, so that nobody can make a second one.",
        "sign again with a current wallet";
    SIGNATURE_HEADER_CLASS = 5013, Failed, "the first byte of the signature names another kind of address",
        "BIP-137 ties the byte to the kind of address and key; another byte is about another address.",
        "sign again for this address";
    CONTROL_SIGNATURE_INVALID = 5014, Failed, "the signature does not show control of the address",
        "It was made by another key, or over another line.",
        "check that the address signed exactly the challenge's line";
    CONTROL_KEY = 5015, NotMade, "the key is not the key of the address",
        "A signature by another key would be refused.",
        "use the key from which the address was derived";
    HEADERS_LENGTH = 5020, NotMade, "the file of headers is cut or damaged",
        "Bitcoin headers have 80 bytes each.",
        "gather the evidence again with `counterfoil fetch bitcoin`";
    HEADER_LINK = 5021, Failed, "a block header does not follow its predecessor",
        "The chain is its links; a gap can hide a fork.",
        "gather the evidence again from a node on the main chain";
    HEADER_TARGET = 5022, Failed, "a block header has an impossible target",
        "A target is positive, canonical and not easier than the network's limit.",
        "gather the evidence again from a node on the main chain";
    HEADER_WORK = 5023, Failed, "a block header lacks proof of work",
        "The hash of a header must not exceed the target that it names.",
        "gather the evidence again from a node on the main chain";
    PINS_CONTRADICT = 5024, NotMade, "the pinned blocks contradict each other or the headers",
        "A pin is a hash and a height; two of them in one chain must be as far apart as their heights.",
        "check the pins in the policy against several sources";
    HEADERS_UNANCHORED = 5025, NotMade, "no pinned block is among the headers",
        "Headers that only the bundle vouches for prove nothing.",
        "pin a block of this chain after the cut-off in the policy, from a source of your own";
    HEADERS_MISSING = 5026, NotMade, "the bundle has no headers of this chain",
        "Without headers no block and no height can be checked.",
        "gather the evidence with `counterfoil fetch bitcoin`";
    CUTOFF_BLOCK_DIFFERS = 5027, Failed, "the cut-off block of the statement is not at its height in the chain",
        "The snapshot speaks of a block that this chain does not have there.",
        "keep the bundle as evidence and ask the venue";
    CUTOFF_BLOCK_MISSING = 5028, NotMade, "the cut-off block is not among the headers",
        "Nothing shows where the cut-off lies in the chain.",
        "gather the evidence again, from twelve blocks before the cut-off to the tip";
    MERKLE_BLOCK_MALFORMED = 5030, Failed, "a Merkle block cannot be read",
        "A Merkle block is a header, a count, hashes and flags in the one encoding of BIP-37, without trailing bytes.",
        "gather the evidence again with `counterfoil fetch bitcoin`";
    MERKLE_BLOCK_OTHER = 5031, Failed, "a Merkle block is of another block",
        "The file's name says which block it is of; its header must hash to that.",
        "gather the evidence again with `counterfoil fetch bitcoin`";
    MERKLE_ROOT_DIFFERS = 5032, Failed, "a Merkle block does not lead to its header's root",
        "The transactions shown are not in the block.",
        "do not count this coin; ask who made the bundle";
    MERKLE_DUPLICATE = 5033, Failed, "a Merkle block repeats a node",
        "With a repeated node, a transaction seems to be in a block twice (CVE-2012-2459).",
        "do not count this coin; ask who made the bundle";
    MERKLE_COINBASE = 5034, Failed, "a Merkle block does not prove the block's coinbase",
        "The coinbase fixes the tree's depth; without it an inner node can pose as a transaction (CVE-2017-12842).",
        "gather the evidence again; the proof must include the coinbase, its transaction must be in the bundle";
    TRANSACTION_MALFORMED = 5035, Failed, "a transaction cannot be read",
        "Transactions are stored as the bytes that their id is the hash of: without witnesses, without trailing bytes.",
        "gather the evidence again with `counterfoil fetch bitcoin`";
    TRANSACTION_OTHER = 5036, Failed, "a transaction has another id than its file says",
        "The id is the hash of the bytes.",
        "gather the evidence again with `counterfoil fetch bitcoin`";
    TRANSACTION_64_BYTES = 5037, Failed, "a transaction has 64 bytes",
        "64 bytes are also an inner node of a Merkle tree (CVE-2017-12842); no real payment has that length.",
        "do not count this coin; ask who made the bundle";
    SCAN_MISSING = 5040, NotMade, "nothing says that coins are unspent",
        "Blocks show that a coin was made; that it was not spent, only a node's answer says.",
        "gather the evidence with `counterfoil fetch bitcoin`, or have a node of your own asked";
    SCAN_MALFORMED = 5041, NotMade, "an answer of the node cannot be read",
        "The answer to `scantxoutset` has the fields that Bitcoin Core gives it.",
        "gather the evidence again with `counterfoil fetch bitcoin`";
    SCAN_INCONSISTENT = 5042, Failed, "the node's answers are about different blocks",
        "Coins seen at different blocks can be one coin that moved.",
        "gather the evidence again with `counterfoil fetch bitcoin`";
    SCAN_TOO_EARLY = 5043, NotMade, "the node answered before the cut-off block",
        "A coin that is unspent before the cut-off can be spent at it.",
        "gather the evidence again, after the cut-off block";
    COIN_UNASKED = 5044, NotMade, "a coin is on no address of the committed set",
        "Only coins of the committed addresses count.",
        "commit to the address, or leave the coin out";
    COIN_TWICE = 5045, NotMade, "a coin is listed twice",
        "One outpoint is one coin; it is counted once.",
        "ask each address in one scan only";
    COIN_CONTRADICTED = 5046, Failed, "the evidence contradicts a coin",
        "Script, value, height or block differ between the node's answer and the block chain.",
        "the coin counts nothing; keep the bundle as evidence and ask the venue";
    COIN_IMMATURE = 5047, NotMade, "a block reward cannot be spent yet at the cut-off",
        "A coinbase output is locked until it has 100 confirmations.",
        "the coin counts at a later cut-off";
    BITCOIN_DEPLOYMENT_MISSING = 5048, NotMade, "the policy counts nothing on this chain",
        "Coins count for an asset only where the policy lists the chain's own coin.",
        "list `<chain>/slip44:0` (or the chain's own number) under the asset in the policy";
    SCRIPT_TWICE = 5049, NotMade, "two addresses of the set are one script",
        "Two spellings of one address would count its coins twice; the first one has them.",
        "commit to each script once";
    SCAN_NOT_ASKED = 5050, NotMade, "the node was not asked about an address",
        "That the node lists no coin of it means nothing then: coins on it are missing from the sum.",
        "gather the evidence again with `counterfoil fetch bitcoin`, for the whole address set";
    COINBASE_MISSING = 5051, NotMade, "a Merkle block comes without its coinbase",
        "Only the coinbase fixes the depth of the tree; without it a node could be shown as a transaction.",
        "gather the evidence again";
    SCAN_UNANCHORED = 5052, NotMade, "a pinned node answered at a block that no pin reaches",
        "Which chain the node was on is then only its word.",
        "pin the block at which the node answered, or a later one";
    RPC_UNREACHABLE = 5060, NotMade, "the node does not answer",
        "Evidence is gathered from a running node.",
        "start the node, and check address, port and user";
    RPC_REFUSED = 5061, NotMade, "the node refused a request",
        "The node's own message says why.",
        "do what the message says";
    RPC_ANSWER = 5062, NotMade, "the node's answer is not as expected",
        "Evidence is kept only in forms that the verifier can read.",
        "check that the address is that of a Bitcoin Core node";
    RPC_OTHER_CHAIN = 5063, NotMade, "the node is on another chain",
        "A chain is named by its genesis block.",
        "ask a node of the chain";
    RPC_TIP_MOVED = 5064, NotMade, "new blocks kept arriving during the scan",
        "All answers must be of one block.",
        "run the command again";
    RPC_CREDENTIALS = 5065, NotMade, "the credentials of the node cannot be used",
        "A cookie file holds one line, user and password with a colon between.",
        "name the node's `.cookie` file, or a file with `user:password`";
    LAB_CHAIN = 5070, NotMade, "the embedded chain cannot make this block",
        "The laboratory follows the rules of a real chain: times rise, coins are mature and enough.",
        "correct the scenario";
}
