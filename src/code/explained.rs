//! CF-714n: depositors, whose leaves in the tree answer to coins that came and went.

super::codes! {
    DEPOSITOR_REFUSED = 7140, NotMade, "a depositor's file, or an inclusion proof in it, shows nothing",
        "What explains coins that came and went is a leaf of the statement, and only what leads to its root is one.",
        "ask the venue for the proof of that account in that statement";
    LEAF_TWICE = 7141, Failed, "a depositor's leaf was shown before",
        "What is owed once explains coins once.",
        "give each account one file, and one proof for each statement";
    DEPOSIT_UNUSED = 7142, NotMade, "a transaction that a depositor's file names begins no round trip",
        "It explains nothing, because nothing about it needs to be explained.",
        "leave it out, or correct the transaction";
    TRIP_EXPLAINED = 7143, NotMade, "coins came and went, and a leaf that is bound to the counterparty owes them",
        "The leaf's credential is the counterparty's address, so it is no other customer's who checks. The coins are in what is owed, and count.",
        "ask the counterparty whether the balance was its own, and not a loan beside an older one";
    TRIP_STATED = 7144, NotMade, "only the bundle says that the leaf which owes such coins is the counterparty's",
        "The leaf could be any customer's of that size. The coins count as held on weaker evidence: they convict nobody, and cover nothing.",
        "let the counterparty choose its address as credential before the next statement";
    TRIP_PARTLY = 7145, NotMade, "the leaves of a depositor owe less than came",
        "A leaf explains at most what it has, once, at each statement that the coins were there for.",
        "ask for a proof at each of these statements, and what the rest was";
    DEPOSITORS_ABSENT = 7146, NotMade, "coins came and went, and what may explain them is not in this copy",
        "Files of depositors show accounts, and are for auditors. Without them nobody can say whether the coins were a customer's.",
        "reconcile the auditor's copy, or read the report of somebody who has it";
}
