//! CF-735n: findings about the balance sheet of a statement. CF-737n: findings about sheets that no venue has signed.

super::codes! {
    NO_BALANCE_SHEET = 7350, NotMade, "no balance sheet is stated",
        "What else is owed, what is pledged, and which holdings are claims on others is unknown, which is never zero.",
        "the venue states a balance sheet with its next statement";
    SCOPE_NONE_STATED = 7351, NotMade, "no scope is stated",
        "Nobody says which products of which entities the trees cover.",
        "the venue states its products and entities with its next statement";
    CLAIM_LISTED = 7352, NotMade, "a claim on somebody else is listed",
        "It rests on credit: it is worth what that counterparty can pay, and it counts nothing as held.",
        "nothing clears it; a claim is worth an inclusion proof in the counterparty's tree, and what that covers";
    CLAIM_ON_RELATED = 7353, NotMade, "a claim on a related party",
        "The venue and its debtor are likely to fail together.",
        "the debtor pays, or shows reserves of its own";
    CLAIM_AS_NATIVE = 7354, NotMade, "a claim on an issuer is counted as what it promises",
        "A stablecoin is no dollar and a wrapped coin is no coin: each is worth what its issuer can pay.",
        "the venue counts it under a unit of its own, with its issuer";
    PLEDGE_NOT_IN_SET = 7355, NotMade, "the statement pledges coins that its address set shows as free",
        "Balance sheet and address set are signed by the same venue and contradict each other: pledged coins cannot pay customers.",
        "the venue commits to an address set that names the encumbrance";
    PLEDGE_NOT_IN_SHEET = 7356, NotMade, "an encumbered address is not in the balance sheet",
        "The address set names an encumbrance that the balance sheet leaves out.",
        "the venue lists the encumbrance in its balance sheet";
    RELATION_CONTRADICTED = 7357, NotMade, "the relation to an issuer is stated in two ways",
        "The balance sheet says less than the address set or the policy knows: a coin of the venue's own circle covers only itself.",
        "the venue corrects the unit in its balance sheet";
    LADDER_FAILS = 7358, NotMade, "more can be asked for than can be paid by then",
        "Customers of a trading venue may all leave at once; what is staked, locked or lent comes too late for them.",
        "the venue holds at once what can be asked for at once";
    OWN_TOKEN_AT_ZERO = 7370, NotMade, "a token of the venue's own circle is counted as an asset",
        "Its price is what others believe of the venue: it covers liabilities in itself, and nothing else.",
        "nothing clears it";
    ABOVE_MARKET_VALUE = 7371, NotMade, "a token is marked above the market value of all of it",
        "Nobody can sell for more than everybody together would pay.",
        "mark it at what a sale brings";
    UNEXPLAINED_ENTRY = 7372, NotMade, "an entry of the sheet belongs to neither side",
        "The sheet shows an amount and does not say whether it is owed or owned.",
        "whoever made the sheet says what the entry is";
    NOT_ITEMISED = 7373, NotMade, "a part of a total has no rows",
        "Nobody can say what it consists of; it is counted in full where that is in favour of the venue.",
        "whoever made the sheet lists the rest";
    OWED_AND_NOT_HELD = 7374, NotMade, "an asset is owed and less of it is listed",
        "Assets of another kind have to be sold first to pay it, at prices that nobody knows.",
        "the venue holds what it owes";
    DUE_UNKNOWN = 7375, NotMade, "nobody says when something can be turned into money",
        "It is counted as if that were possible at once, in favour of the venue.",
        "whoever made the sheet names the bucket";
    HELD_BY_RELATED = 7376, NotMade, "a row belongs to somebody related",
        "It may have to pay other creditors first.",
        "whoever made the sheet shows that it belongs to the venue";
    ROWS_ABOVE_TOTAL = 7377, NotMade, "the rows are more than their total",
        "One of the two is wrong, or a row stands in the sheet twice.",
        "whoever made the sheet corrects it";
    ASSUMPTION_UNUSED = 7378, NotMade, "something is assumed of an asset that has no row",
        "Nothing is capped by it; a name that is spelt otherwise than in the sheet looks the same.",
        "write the name as it stands in the sheet";
}
