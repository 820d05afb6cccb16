//! CF-614n and CF-615n: what moved on an EVM chain, from whom and to whom.

super::codes! {
    BODY_MALFORMED = 6140, NotMade, "the body of a block cannot be read",
        "It has the format of docs/spec/evm-flows.md.",
        "gather the body of that block again";
    TRANSACTIONS_ROOT = 6141, Failed, "the transactions of a block do not give its transactions root",
        "They are of another block, or one was left out or changed.",
        "gather the body again, all transactions of the block and in their order";
    EVM_TRANSACTION_TYPE = 6142, NotMade, "a transaction is of a type that this version does not know",
        "What it moves and who signed it depend on its type; an unknown one is not guessed.",
        "use a later version; until then what moved in that block has no counterparty";
    EVM_TRANSACTION_MALFORMED = 6143, NotMade, "a transaction cannot be read",
        "Each type has so many fields, integers without leading zeros, and addresses of 20 bytes.",
        "gather the body of that block again";
    EVM_TRANSACTION_CHAIN = 6144, Failed, "a transaction was signed for another chain",
        "A signature names its chain, and no block of one chain has transactions for another.",
        "ask for the body of a block of the right chain";
    EVM_TRANSACTION_SIGNATURE = 6145, Failed, "a transaction has a signature that no key made",
        "Both scalars are in range, s is the lower one, v is one of its forms, and a key recovers from them.",
        "keep the bundle as evidence and ask who made it";
    RECEIPTS_COUNT = 6146, Failed, "receipts and transactions of a block do not belong together",
        "There is one receipt for each transaction, and the gas that they have used rises.",
        "keep the bundle as evidence and ask who made it";
    WITHDRAWALS_ROOT = 6147, Failed, "the withdrawals of a block do not give its withdrawals root",
        "They are of another block, or one was left out or changed.",
        "gather the body again, all withdrawals of the block and in their order";
    BODY_OUTSIDE = 6148, NotMade, "there is a body of a block that the window does not have",
        "Only headers that hang on an anchored block say which body is the right one.",
        "gather headers of the whole window, and bodies of its blocks only";
    RECEIPT_STATUS = 6149, NotMade, "a receipt does not say whether its transaction succeeded",
        "Before Byzantium a state root stood there: whether the value moved is not known.",
        "choose a window after Byzantium, which is any since October 2017";
    FLOW_AMOUNT = 6150, NotMade, "an amount that moved does not fit 128 bits",
        "Amounts of that size are refused by name and never cut.",
        "look at the token: no supply of a real one is that large";
    FLOW_EVENTS = 6151, NotMade, "what events of this token mean is not known for its code",
        "A contract may log what it likes; only for code that somebody read do its events move balances.",
        "compare with proofs of balances before and after";
    FLOW_RAW = 6152, NotMade, "the node gives no bytes that have the right hash",
        "A transaction or a receipt is kept as the bytes that were hashed; this node's words do not give them.",
        "ask another node, or one with the debug namespace";
    BODY_RECEIPTS = 6153, NotMade, "the receipts of a block are not there, and its body is",
        "Whether a transaction succeeded and what its gas cost stands in its receipt.",
        "gather the receipts of that block, too";
}
