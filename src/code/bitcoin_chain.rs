//! CF-513n to CF-517n: the rules of Bitcoin's headers, whole blocks, their replay, and sets of unspent outputs.

super::codes! {
    HEADER_NEXT_TARGET = 5130, Failed, "a block header names another target than the rule gives",
        "The target follows from the headers before it; an easier one makes work cheap.",
        "gather the evidence again from a node on the main chain";
    HEADER_TIME = 5131, Failed, "a block's time is not after the median of the eleven before it",
        "The median time of a chain never falls; cut-off blocks are found by it.",
        "gather the evidence again from a node on the main chain";
    HEADER_TIMEWARP = 5132, Failed, "the first block of a period lies too far before its predecessor",
        "With such times a period seems longer than it was, and its successor becomes easy (BIP-94).",
        "gather the evidence again from a node on the main chain";
    HEADER_VERSION = 5133, Failed, "a block header has a version that is not valid at its height",
        "From the heights of BIP-34, BIP-66 and BIP-65 on, older versions are refused by every node.",
        "gather the evidence again from a node on the main chain";
    WORK_UNCHECKED = 5134, NotMade, "headers above the highest pin cannot all be checked",
        "The rule for the next target needs the first header of the period before; from the first header that lacks something, no block is anchored by work.",
        "gather the headers from 2016 blocks before the pinned block on, or pin a later block";
    WORK_TOO_LITTLE = 5135, NotMade, "too little work stands on the cut-off block",
        "Above the highest pin, a block counts only under the confirmations and the work that the policy demands.",
        "gather the evidence again when more blocks have been found, or pin a later block";
    BLOCK_FILE_CUT = 5140, NotMade, "a file of blocks ends within a block",
        "The end of the file is missing, or the node was writing it.",
        "stop the node or copy the file again, and name all files that hold blocks of the window";
    BLOCK_FILE_MAGIC = 5141, NotMade, "a file of blocks has something else where a block should begin",
        "A block in a file begins with the four bytes of its network. Files that a node keeps obfuscated need its `xor.dat` beside them.",
        "name the node's whole `blocks` folder, of the chain asked about";
    BLOCK_FILE_LENGTH = 5142, NotMade, "a block in a file has an impossible length",
        "A block has more than 80 bytes and at most 4,000,000.",
        "copy the file again";
    BLOCK_FILE_UNREADABLE = 5143, NotMade, "a file of blocks cannot be read",
        "See the system's words.",
        "check the file and its permissions";
    BLOCK_MALFORMED = 5144, Failed, "a block cannot be read",
        "A block is a header and whole transactions, without a byte left over.",
        "copy the file again; a node refuses such a block";
    BLOCK_ROOT = 5145, Failed, "the transactions of a block do not lead to its Merkle root",
        "They are not the transactions of this block.",
        "copy the file again; a node refuses such a block";
    BLOCK_DUPLICATE = 5146, Failed, "a block repeats transactions",
        "Repeated nodes give the same Merkle root as the true block (CVE-2012-2459).",
        "copy the file again; a node refuses such a block";
    BLOCK_NODES = 5147, Failed, "a block shows nodes of its tree as transactions",
        "64 bytes are an inner node and a transaction at once (CVE-2017-12842).",
        "copy the file again; a node refuses such a block";
    BLOCK_COINBASE = 5148, Failed, "a block does not begin with its one coinbase",
        "The first transaction of a block, and no other, makes new coins.",
        "copy the file again; a node refuses such a block";
    BLOCK_WITNESS = 5149, Failed, "a block's witnesses are not those that its coinbase commits to",
        "Witnesses stand in no transaction id; the coinbase commits to them (BIP-141).",
        "copy the file again; a node refuses such a block";
    BLOCKS_MISSING = 5150, NotMade, "blocks of the replay are missing",
        "A spend can hide in a block that was left out.",
        "name the files that hold these blocks";
    BLOCKS_UNANCHORED = 5151, NotMade, "blocks cannot be replayed without anchored headers",
        "Blocks that hang on no pinned block may have been made for this purpose.",
        "pin a block after the cut-off in the policy, and gather headers that reach it";
    COIN_SPENT = 5160, Failed, "a coin was spent at or before the cut-off block",
        "The spending transaction is in a block, whatever a node said.",
        "the coin counts nothing; keep the bundle as evidence and ask whose node answered";
    SCAN_LISTS_SPENT = 5161, Failed, "a node listed a coin that was spent by then",
        "The coin counts, for the spend shows that it was there at the cut-off; the node's other answers are in doubt.",
        "ask whose node answered; ask another one";
    COIN_NOT_IN_SET = 5162, Failed, "a coin is not in the whole set of unspent outputs",
        "The set leaves nothing out, or its hash would differ: the coin was spent, or never made.",
        "the coin counts nothing; keep the bundle as evidence and ask whose node answered";
    UTXO_SET_UNPINNED = 5170, NotMade, "a set of unspent outputs has a hash that nobody pins",
        "Anybody can write such a file; only a hash from a source of your own makes it the set of the chain.",
        "pin height and hash under `[[utxo_set]]`, from several sources; four of mainnet are built in";
    UTXO_SET_BLOCK = 5171, Failed, "a set of unspent outputs is of another block than its pin",
        "Hash, height and block belong together.",
        "check the pin against several sources";
}
