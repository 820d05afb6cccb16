//! CF-325n: the balance sheet of a statement. CF-326n: sheets that no venue has signed, and what is assumed.

super::codes! {
    SHEET_BESIDE_LISTS = 3250, NotMade, "a balance sheet and older lists of the same rows",
        "What stands in two places can be read in two ways: one row would count twice, or not at all.",
        "move the rows of other_liability and receivable into [balance_sheet]";
    SHEET_ORDER = 3251, NotMade, "rows of the balance sheet are not in their order",
        "Rows rise by unit, kind, counterparty, due, address and amount, so that one sheet has one form and no row stands twice.",
        "build the statement again; join two rows that are equal";
    SHEET_UNIT = 3252, NotMade, "a unit of the balance sheet is missing or does not fit",
        "Every unit needs its decimals and the venue's relation to its issuer: a coin of the venue's own circle covers only itself.",
        "add a unit with id, decimals, relation and issuer, as in the assets file";
    SHEET_BASIS = 3253, NotMade, "a row of the balance sheet claims more than a word",
        "What a venue signs is stated; proofs are recomputed by whoever verifies, and are no field of a statement.",
        "write stated, or assumed for an estimate";
    SHEET_LIMIT = 3254, NotMade, "a list of the balance sheet is too long, or a text or sum does not fit",
        "Lists have at most 100,000 rows, names 1 to 256 bytes, sums less than 2^128.",
        "join small rows of one counterparty, or shorten the name";
    SHEET_UNTIL = 3255, NotMade, "the end of a lock does not fit its row",
        "The day on which a lock ends and the bucket that it stands in must say the same, counted from the cut-off.",
        "correct until or due";
    SHEET_FILE = 3260, NotMade, "the sheet cannot be read",
        "A sheet says who, as of when, in which unit, and from which source; its rows have a relation to the issuer.",
        "correct the file as the message says";
    ASSUMPTIONS_MALFORMED = 3261, NotMade, "the assumptions cannot be used",
        "A price or limit that is read wrongly gives a figure that nobody assumed.",
        "correct the file as the message says";
}
