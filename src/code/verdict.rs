//! CF-7050 to CF-7069: the verdict over the window, and what a policy may demand of freshness, control and parties.

super::codes! {
    SNAPSHOT_ONLY = 7050, NotMade, "the policy asks for no window, or for one that is too short",
        "A snapshot can be gamed: coins are borrowed for it and given back. Fewer blocks than a receiver waits for show no more than a snapshot.",
        "leave the built-in window in place, or ask for at least 6 blocks each side on Bitcoin and 64 elsewhere";
    COMMITMENT_NOT_LOGGED = 7051, NotMade, "no log shows another statement that is used",
        "Whoever signs statements can make one for a bundle alone, dated as they like. What it says was owed is compared with what was held then; it does not lower what is asked between the other statements.",
        "the policy pins the log, and the bundle has the log proof of that statement, too";
    TIMES_MISSING = 7052, NotMade, "chains cannot be put side by side",
        "Times of blocks are missing: the sum of the chains' lowest balances is what was held at least, and more may have been.",
        "fetch the headers of the whole window on every chain";
    ADDRESS_APPEARED = 7053, NotMade, "an address had nothing at the window's start and holds coins at the cut-off",
        "New cold storage looks like this, and a lender's wallet does.",
        "the venue says what the address is for, and it is still there in the next window";
    ADDRESS_EMPTIED = 7054, NotMade, "an address that held coins at the cut-off was empty soon after",
        "A wallet that is retired looks like this, and one that was lent does.",
        "see where the coins went; the next statement's address set says whether the address is retired";
    SCHEME_NOT_ACCEPTED = 7055, NotMade, "a control proof is of a kind that the policy does not accept",
        "The policy lists the schemes that count; what another one shows is held at most.",
        "have the address sign by a scheme of the list, or accept this one under [require] schemes";
    CHALLENGE_OLD = 7056, NotMade, "the challenge is older than the policy allows",
        "Signatures are no younger than their challenge: at the cut-off they may say nothing any more about who has the keys.",
        "the venue has its addresses sign a new challenge";
    STATEMENT_OLD = 7057, NotMade, "the statement is older than the policy allows, or nobody said what time it is",
        "The policy gives statements an age; a reconciliation reads no clock, so that everybody gets the same bytes.",
        "give the time with --as-of, or ask the venue for its latest statement";
    STATEMENT_OVERDUE = 7058, NotMade, "the next statement is overdue",
        "The venue announced by when it would publish the next one, and that time has passed.",
        "ask the venue for its latest statement";
    RELATED_PARTY = 7059, NotMade, "coins of a related party",
        "The policy names who is related to the venue: what such a party holds for it counts nothing, and its transfers are told.",
        "move the coins to the venue's own keys, or to a custodian who is not related";
    OWN_TOKEN = 7060, NotMade, "a token that the policy knows as the venue's own issue",
        "Such a coin covers only itself: it counts where the same coin is owed, and for nothing else.",
        "read the asset as what it is, a promise of the venue";
    CONTROL_WEAK = 7061, NotMade, "control is shown by less than the policy demands",
        "What lies under it is held at most; it does not count as held.",
        "have the address sign by a stronger scheme";
    RATIO_NOT_REACHED = 7062, NotMade, "more is held than is owed, but less than the policy demands above it",
        "The policy asks for a share of what is owed above one hundred percent.",
        "the venue holds more, or the policy asks for less";
    TRIPS_NOT_SOUGHT = 7068, NotMade, "coins that came and went could not be looked for",
        "The window shows balances, and nothing of what moved: loans that relieve each other leave a balance as it is.",
        "gather receipts and bodies of the blocks in which something moved";
    WINDOW_SAMPLED = 7070, NotMade, "the window is sampled, it has no minimum",
        "Some blocks are shown and others are not. What was held in those is unknown; the chance to meet a dip follows from the number of blocks, if they were drawn by lot.",
        "draw the blocks yourself after the commitment, or fetch what shows every block";
}
