//! CF-320n to CF-322n: receipts, and disputes about them.

super::codes! {
    RECEIPT_MALFORMED = 3200, NotMade, "the receipt cannot be read",
        "A damaged receipt says nothing about what was owed.",
        "take it again from where you kept it, byte for byte";
    RECEIPT_OTHER_ACCOUNT = 3201, NotMade, "the receipt is of another account or credential",
        "It says nothing about the account that you asked about.",
        "give the account and credential that the receipt was issued for";
    RECEIPT_AMOUNT = 3202, Failed, "the receipt names another amount than you expect",
        "The venue has signed another balance than the one that you know.",
        "ask the venue at once; what it signed later than your balance changed may be right";
    RECEIPT_KEY = 3203, NotMade, "a receipt is signed by keys that it does not name",
        "A receipt says itself by whose keys it is: a signature beside that is by somebody else.",
        "ask the venue for a receipt in its form";
    DISPUTE_MALFORMED = 3210, NotMade, "the dispute cannot be read",
        "A dispute is a receipt, the number of a statement, and two moments.",
        "open it again from the receipt";
    ANSWER_MALFORMED = 3211, NotMade, "the answer cannot be read",
        "An answer is a signed file of its own form; what is not one answers nothing.",
        "ask the venue for its answer again";
    ANSWER_OTHER = 3212, NotMade, "the answer is about another receipt or statement",
        "It neither answers this dispute nor contradicts the receipt.",
        "ask the venue for the answer to this receipt";
    OPENING_OTHER = 3213, NotMade, "what was opened is not what the receipt is about",
        "Another sequence number, asset or class neither answers nor contradicts.",
        "ask for the inclusion proof of the receipt's own sequence number, asset and class";
    OPENING_REFUSED = 3214, NotMade, "the opening does not hold",
        "What does not lead to the signed root shows nothing, whoever brings it.",
        "ask for an inclusion proof under the logged statement";
    MOVEMENTS_DIFFER = 3215, NotMade, "the movements do not lead from the receipt to the statement",
        "Balance, plus what came, less what went, must be the balance that was opened.",
        "ask the venue for the movements that are missing";
    RECEIPT_CONTRADICTED = 3220, Failed, "the venue has signed two things that exclude each other",
        "Its receipt and its logged statement say two things about one account at one moment. Honest keys do not sign both.",
        "nothing clears it; keep the evidence, anybody can check it: counterfoil dispute check";
    DISPUTE_UNANSWERED = 3221, NotMade, "the deadline has passed without an answer",
        "Silence proves nothing: an honest venue may not have been asked, and a dishonest one may have nothing to say.",
        "ask again in public; tell auditor and witnesses";
    DISPUTE_OPEN = 3222, NotMade, "the dispute is open, and its deadline has not passed",
        "The venue still has time to answer.",
        "judge again when there is an answer, or after the deadline";
    EVIDENCE_OF_RECEIPT = 3223, NotMade, "the evidence of a contradiction cannot be read",
        "It must hold receipt, statement and log proof, each as it was signed.",
        "ask for the file again";
    NOT_CONTRADICTED = 3224, NotMade, "the evidence contradicts nothing",
        "Receipt and statement can both be of an honest venue.",
        "nothing: there is no contradiction";
    BALANCE_RECEIPT = 3225, NotMade, "a balance receipt contradicts no statement",
        "It is of another moment: whatever came or went in between changes the balance. It opens a dispute, and proves nothing.",
        "open a dispute and ask for the movements";
}
