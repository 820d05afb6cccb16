//! CF-73nn: several venues at once, and what they owe each other.

super::codes! {
    CLEARING_MALFORMED = 7300, NotMade, "a network of obligations cannot be read",
        "Amounts and shares are exact fractions in lowest terms, such as 9376/97; nobody owes less than nothing or owes themselves.",
        "correct the network";
    CLEARING_TOO_LARGE = 7301, NotMade, "a network of obligations is too large to be cleared exactly",
        "Exact fractions grow with the number of those who owe; nothing is estimated instead.",
        "clear fewer venues at once";
    NETWORK_POLICY_MALFORMED = 7302, NotMade, "a network policy is not usable",
        "It names one policy file for each venue, and says what a default costs.",
        "correct the file; docs/spec/network.md shows one";
    NETWORK_VENUE_UNKNOWN = 7303, NotMade, "a bundle is of no venue that the network policy pins",
        "Keys and blocks come from the verifier; a bundle cannot bring its own.",
        "add a policy of your own for this venue, or leave the bundle out";
    NETWORK_VENUE_TWICE = 7304, NotMade, "two bundles are of one venue",
        "What a venue holds and owes is joined once.",
        "leave one of them out; `compare` looks at two statements of one venue";
    NETWORK_CUTOFFS_DIFFER = 7305, NotMade, "the statements are of different moments",
        "Between two moments one coin can be shown by two venues; their sheets are not joined.",
        "ask for bundles at one cut-off";
    NETWORK_BLOCKS_DIFFER = 7306, NotMade, "two venues name different cut-off blocks of one chain",
        "At two blocks one coin can be in two places; their sheets are not joined.",
        "ask for bundles with the block that the rule of the cut-off gives";
    NETWORK_WINDOWS_APART = 7307, NotMade, "on a chain of several venues, no block is shown by all their windows",
        "Coins that went from one venue to another around the cut-off would not be seen.",
        "demand windows that overlap in the policies, and ask for the evidence";
    NETWORK_BUNDLE_ABSENT = 7308, NotMade, "a venue of the network policy has no bundle",
        "What it owes and holds is unknown, not zero; deposits there count nothing.",
        "ask for its bundle";
    NETWORK_VENUE_UNREADABLE = 7309, NotMade, "what a venue of the network owes or holds cannot be judged",
        "Unknown is not zero: no verdict of the network speaks of the asset while one venue's sheet is open.",
        "see the findings of that venue's own report";
    SHARED_ADDRESS = 7310, Failed, "two venues claim one address",
        "A wallet backs one venue. It is counted once in the sum, and for neither venue until it is clear whose it is.",
        "ask both venues; a custodian who serves both shows separate addresses";
    SHARED_HOLDING = 7311, Failed, "two venues count the same coins",
        "Coins that stand in two sheets pay one of two debts.",
        "ask both venues whose they are";
    DEPOSIT_INCOMPLETE = 7320, NotMade, "a deposit elsewhere lacks a part of its evidence",
        "Statement of the other venue, inclusion proof and claim belong together.",
        "add statement.json, proof.json and claim.json below the deposit's folder";
    DEPOSIT_VENUE_UNKNOWN = 7321, NotMade, "a deposit is at a venue whose bundle is not here",
        "A claim is worth what the debtor can pay, and nothing is known about this one.",
        "add the other venue's bundle and a policy for it";
    DEPOSIT_OTHER_STATEMENT = 7322, NotMade, "a deposit is shown in another statement than the debtor's bundle has",
        "What was deposited at another moment shows nothing about this one.",
        "ask for a proof in the statement of the same cut-off";
    DEPOSIT_TWO_STATEMENTS = 7323, Failed, "the debtor has signed two statements for one number",
        "The depositor and the auditor were shown different books of the other venue.",
        "keep both files: they convict the debtor; see `compare`";
    DEPOSIT_CLAIM_MALFORMED = 7324, NotMade, "the claim of a deposit cannot be read",
        "It names the account and carries one signature.",
        "make it as docs/spec/network.md shows";
    DEPOSIT_KEY = 7325, Failed, "a deposit is claimed with a key that is not the depositor's",
        "Only keys that the verifier pins for the depositor speak for it; anybody has a key.",
        "open the account with a pinned key as credential, or have that key pinned as a deposit key";
    DEPOSIT_SIGNATURE = 7326, Failed, "the signature of a deposit's claim does not fit",
        "It binds depositor, debtor, the debtor's statement and account; one made for another venue or moment shows nothing here.",
        "sign the line of this claim";
    DEPOSIT_NOT_INCLUDED = 7327, Failed, "a deposit is not in the debtor's tree under the depositor's key",
        "The leaf must bind the account and, as its credential, the depositor's key; another customer's leaf binds another one.",
        "ask the debtor for the inclusion proof of this account";
    DEPOSIT_LEAF_TWICE = 7328, Failed, "one leaf is shown for two deposits",
        "A leaf is owed once.",
        "show each leaf once";
    DEPOSIT_AT_ITSELF = 7329, Failed, "a venue shows a deposit at itself",
        "What somebody owes themselves is no asset.",
        "leave it out";
    DEPOSIT_CAPPED = 7330, NotMade, "a deposit is worth less than its face value",
        "It counts for at most the debtor's own coverage, deposits of the debtor elsewhere left out.",
        "none at the depositor; the debtor shows more reserves";
    DEPOSIT_RING = 7331, NotMade, "deposits run in a ring",
        "Every venue of the ring counts the same money once more; nothing of it is there for customers.",
        "read the consolidated and the cleared figures";
    NETWORK_GRIDLOCK = 7332, NotMade, "more than one set of payments clears the network",
        "Whether anybody is paid depends on who pays first; coverage is judged by the least payments.",
        "settle the deposits between the venues";
    NETWORK_DEFAULT = 7333, Failed, "a venue that its gross sheet calls sufficient cannot pay in full",
        "The gross sheet counts deposits at their face value; cleared, the debtors pay less.",
        "read the cleared figures";
}
