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
    SUCCESSOR_WAS_DUE = 7108, NotMade, "the next statement was due when the bundle was sealed",
        "Each statement says when the next one is out at the latest. Going quiet is a choice.",
        "ask the venue for the statement that was due";
    EARLIER_SET_MISSING = 7110, NotMade, "the address set of an earlier statement is not in the bundle",
        "Addresses that were claimed then and are not now could be left out of every figure.",
        "add it with `bundle add --address-sets`";
    EARLIER_SET_REFUSED = 7111, NotMade, "the address set of an earlier statement cannot be used",
        "It is not the one that the statement commits to, or it cannot be read.",
        "add the set whose root the statement names";
    ADDRESS_ADDED = 7112, NotMade, "addresses that the set before did not have",
        "A set grows honestly; it also grows by addresses that happen to be full.",
        "ask since when the venue has them, and look at what came to them";
    RETIRED_HOLDS = 7113, NotMade, "addresses that are no longer in the set still hold something",
        "Whose it is now, nobody says.",
        "the venue says who has the address now, or takes it into the set again";
    RETIRED_UNKNOWN = 7114, NotMade, "nothing shows that addresses which left the set are empty",
        "A venue could leave out the addresses from which coins flowed.",
        "gather a window over the addresses of both sets";
    CARRIED_UNKNOWN = 7115, NotMade, "what was held between two statements is not shown",
        "Opening, net flow and closing need every block from one cut-off block to the next.",
        "gather a window from the cut-off block before to the present one, over the addresses of both sets";
    MOVED_APART = 7116, NotMade, "what is held and what is owed changed by different amounts",
        "What customers bring raises both, and what they take lowers both. The rest is the venue's own.",
        "the venue explains the difference: fees, earnings, loans, or a hole";
    CLOSING_DIFFERS = 7117, NotMade, "opening and net flow do not give what is listed at the cut-off",
        "Flows and list are about the same addresses and the same block.",
        "fetch coins and window in one go";
    IN_FLIGHT_ABSENT = 7120, Failed, "a transfer that was under way never arrived on the chain",
        "It was named at one cut-off and is in no block up to the next.",
        "the venue says what became of it";
    IN_FLIGHT_CONTRADICTED = 7121, Failed, "a transfer that was under way is something else on the chain",
        "Its transaction has another amount, the other direction, or was there before the cut-off.",
        "the venue corrects its schedule";
    IN_FLIGHT_OPEN = 7122, NotMade, "nothing shows what became of a transfer under way",
        "The evidence does not reach its transaction, and not every block in between.",
        "gather a window from the cut-off block before to the present one";
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
        "Deposits are read from the windows of blocks in the bundle, up to the cut-off block.",
        "gather a window of blocks before the cut-off, for the chains on which customers pay in";
}
