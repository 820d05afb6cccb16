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
    BEACON_UNKNOWN = 7130, NotMade, "the headers do not show which block is the beacon",
        "The beacon is the first block whose median time lies past the commitment: its hash was nobody's choice.",
        "gather headers from eleven blocks before the moment up to a block behind it, and pin a block above them";
    SAMPLE_QUESTION = 7131, NotMade, "nothing can be drawn from these blocks",
        "A sample needs a range of blocks, a number of draws, and a moment after the cut-off.",
        "correct the question as the message says";
    SAMPLE_FILE = 7132, NotMade, "the file is no sample",
        "It must be the canonical JSON that `counterfoil sample` writes.",
        "write it again with `counterfoil sample blocks --json`";
    SAMPLE_DIFFERS = 7133, Failed, "another sample was drawn than the one that follows",
        "What is drawn follows from the statement and the beacon. Whoever draws otherwise chooses.",
        "compare statement, moment, range and count; when these are the same, draw again and keep the file as evidence";
    DEPOSITS_UNKNOWN = 7134, NotMade, "no deposit can be seen",
        "Deposits are read from the window of blocks in the bundle.",
        "gather a window before the cut-off with `fetch`, for the chains that are asked about";
}
