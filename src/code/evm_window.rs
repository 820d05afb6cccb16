//! CF-6114 to CF-6139: windows on EVM chains, gathered from a node and read from a bundle.

super::codes! {
    EVM_WINDOW_MALFORMED = 6114, NotMade, "window.jsonl of an EVM chain is not of its form",
        "It is one line of canonical JSON that names the first and the last block.",
        "fetch the window again";
    EVM_WINDOW_BLOCKS = 6115, NotMade, "the headers do not hold the window and the cut-off block",
        "Every block of the window has its header in the bundle, and so has the block that the statement names.",
        "fetch headers, balances and window in one go";
    EVM_WINDOW_UNANCHORED = 6116, NotMade, "blocks of the window stand above every anchored block",
        "Anybody can write headers on top of a real block: what only the bundle vouches for is left out.",
        "pin a block at or above the end of the window, or bring evidence of finality for one";
    EVM_WINDOW_RANGE = 6117, NotMade, "no range of blocks that can be gathered",
        "A window is written FROM..TO, two numbers of blocks that the node has, the lower one first.",
        "name blocks at or below the node's last one, and fewer of them";
    EVM_WATCH_FOREIGN = 6118, NotMade, "the journal belongs to another question",
        "A journal is of one chain, one list of addresses and one list of tokens.",
        "name another file for --watch, or the address set and the policy with which it was begun";
    EVM_WATCH_MALFORMED = 6119, NotMade, "the journal cannot be read",
        "It has the format of docs/spec/evm-window.md; only its last line may be cut.",
        "begin a new journal, and keep this one: its blocks are still in it";
    EVM_WATCH_GAP = 6120, NotMade, "the journal does not cover the window",
        "Each block of the window has its line, and each names the block of the line before.",
        "name blocks between the first and the last one of the journal";
    EVM_FETCH_RECEIPTS = 6121, NotMade, "the node's receipts of a block give another root than its header",
        "Receipts that are encoded again differ when the node leaves a field out or has a type that is not known here.",
        "ask a node that answers debug_getRawReceipts";
}
