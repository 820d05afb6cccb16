//! CF-52nn: windows on Bitcoin, gathered from a node and checked.

super::codes! {
    WINDOW_NODE_INCONSISTENT = 5200, NotMade, "inconsistent answers of the node",
        "The coins at its tip, less what it says came and plus what it says went, are not the coins at the start.",
        "fetch again; when it says so again, rebuild the node's block filter index, or ask another node";
    WINDOW_METHOD_MISSING = 5201, NotMade, "the node does not list receipts and spends",
        "A window needs the method getdescriptoractivity, which Bitcoin Core has from version 29 on.",
        "ask a node of version 29 or later that keeps all blocks";
    WINDOW_RANGE = 5202, NotMade, "no range of blocks",
        "A window is written FROM..TO, two heights of the node's chain, the lower one first.",
        "name two heights at or below the node's tip";
    WINDOW_MALFORMED = 5203, NotMade, "window.jsonl is not of its form",
        "Lines are canonical, in rising order, and as many as the first one says.",
        "fetch the window again";
    WINDOW_OTHER_CHAIN = 5204, NotMade, "the window's blocks are not those of the other evidence",
        "Heights are counted on the bundle's headers; list, statement and transcript must lie on them.",
        "fetch headers, coins and window in one go";
    WINDOW_UNASKED = 5205, Failed, "the window lists a coin of a script that nobody asked about",
        "Only coins of committed addresses belong in it.",
        "fetch the window for the committed address set";
    WINDOW_COIN_TWICE = 5206, Failed, "the window makes a coin twice",
        "A coin exists once; counted twice it would double a reserve.",
        "ask whoever made the bundle; fetch the window again";
    WINDOW_SPENT_TWICE = 5207, Failed, "the window spends a coin twice",
        "A coin is spent once.",
        "ask whoever made the bundle; fetch the window again";
    WINDOW_SPENT_BEFORE_MADE = 5208, Failed, "the window spends a coin before it makes it",
        "The list is in no order that a chain can have.",
        "ask whoever made the bundle; fetch the window again";
    WINDOW_UNKNOWN_COIN = 5209, Failed, "the window spends a coin that was not there",
        "It is neither among the coins of the start nor made since: the list at the start, or a receipt, was cut.",
        "ask whoever made the bundle; fetch the window again";
    WINDOW_OPENING_LATE = 5210, Failed, "a coin of the window's start was made later",
        "It would count at blocks at which it did not exist.",
        "ask whoever made the bundle; fetch the window again";
    WINDOW_EVENT_CONTRADICTED = 5211, Failed, "a proof contradicts the window",
        "Transaction, Merkle block and list must say the same of a coin: script, amount, block and place.",
        "ask whoever made the bundle; fetch the window again";
    WINDOW_EVENT_LEFT_OUT = 5212, Failed, "the window leaves out what its own transactions show",
        "A transaction in the evidence pays or spends more of the asked scripts than the list says.",
        "ask whoever made the bundle; fetch the window again";
    WINDOW_SCAN_DIFFERS = 5213, Failed, "the window does not end at the coins that the node lists",
        "Replayed to the node's tip, the list must leave exactly the coins of the scan there.",
        "ask whoever made the bundle: a receipt or a spend was left out or added";
    WINDOW_ANSWER_DIFFERS = 5214, Failed, "the window and the node's signed answers have different events",
        "The list is made from these answers; one of them was changed afterwards.",
        "ask whoever made the bundle; fetch the window again";
    WINDOW_ANSWER_MALFORMED = 5215, NotMade, "a node's answer about a window cannot be read",
        "Not the form that Bitcoin Core gives it, of other blocks than the headers, or two answers that disagree.",
        "fetch the window again";
    WINDOW_PROOF_MISSING = 5216, NotMade, "nothing proves an event of the window",
        "Transaction or Merkle block are missing, or its block is not anchored: the event is stated.",
        "fetch the window again, and pin a block at or above its end";
    WINDOW_REPLAY_DIFFERS = 5217, Failed, "whole blocks show other events than the window",
        "The blocks leave nothing out; the list does, or has more, or begins with other coins.",
        "believe the blocks, and ask whoever made the bundle";
}
