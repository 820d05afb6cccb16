//! CF-71nn: statements of one venue beside each other, and what is drawn from their blocks.

super::codes! {
    STATEMENT_TWICE = 7101, Failed, "two statements for one sequence number",
        "The venue's keys have signed both: somebody is shown other liabilities than somebody else.",
        "nothing clears it; keep both files, they convict whoever holds the keys";
    PREDECESSOR_DIFFERS = 7102, Failed, "a statement hangs on another predecessor than the one shown",
        "Each statement names the digest of the one before, so that no past one can be repaired unseen.",
        "ask the venue for the statement with this digest, and for the reason why another one is shown";
    STATEMENTS_MISSING = 7103, NotMade, "statements are missing between two others",
        "What was owed in between, and which addresses were claimed, is not shown.",
        "add the missing statements to the bundle; the venue's log has one for each number";
    CUTOFF_NOT_RISING = 7104, Failed, "a statement looks back behind its predecessor",
        "Cut-offs and cut-off blocks only rise. Going back, a venue could pick its moment afterwards.",
        "nothing clears it; ask the venue";
    CUTOFF_NOT_ANNOUNCED = 7105, NotMade, "the cut-off is not the one that was announced",
        "Each statement announces the next cut-off, so that nobody picks a good moment afterwards.",
        "the venue says why it moved the cut-off";
    PREDECESSOR_NOT_SHOWN = 7106, NotMade, "the statement before is not in the bundle",
        "Without it nothing is carried forward: neither totals, nor addresses, nor transfers in flight.",
        "add the statement before with `bundle add --statements`, and its address set with `--address-sets`";
    STATEMENT_REFUSED = 7107, NotMade, "a further statement cannot be used",
        "It must be signed by the pinned keys, like the statement that the report is about.",
        "see the detail; leave the file out or replace it";
    STATEMENT_OVERDUE = 7108, NotMade, "the next statement was due when the bundle was sealed",
        "Each statement says when the next one is out at the latest. Going quiet is a choice.",
        "ask the venue for the statement that was due";
}
