//! CF-7450 to CF-7469: what holdings are worth under the policy's assumptions, and by when.

super::codes! {
    NOT_PAID_BY_SELLING = 7450, NotMade, "selling everything else would not pay what is missing",
        "Even if every debtor pays, and every other holding is sold at the most that the policy's assumptions allow, customers of another asset go away with less than they are owed. Nothing of this is coverage, whatever it comes to.",
        "the venue holds what it owes, in the asset in which it owes it";
    ABOVE_FREE_FLOAT = 7451, NotMade, "more of a token of its own circle is held than everybody else has",
        "Whoever would buy it must bring money for more of the token than was ever in other hands: its price says nothing about such an amount.",
        "nothing clears it; such a token covers liabilities in itself";
    ABOVE_CIRCULATING = 7452, NotMade, "more units are claimed than circulate",
        "Either the venue claims what does not exist, or the policy's figure is wrong.",
        "compare the policy's figure with the contract that issues the unit";
    NOTHING_ASSUMED = 7453, NotMade, "nothing is assumed of an asset that would have to be sold or bought",
        "Without a price nobody can say what is missing in it, and without any cap nobody can say what it brings.",
        "write what you assume of it into the policy's table [quality]";
    NOTHING_VALUED = 7454, NotMade, "the policy's assumptions could not be used",
        "What can be paid by when is computed from a statement with a balance sheet; here it has none, or a sum in it does not fit.",
        "the venue states a balance sheet with its next statement";
    CUSTODY_WITHOUT_BUCKET = 7455, NotMade, "nobody says by when a custodian pays out",
        "What a custodian keeps is held; when it comes is a matter of its contract, which the balance sheet gives as the bucket of the deposit there.",
        "the venue lists its account as a holding of kind deposit, with the custodian's short name as counterparty";
}
