//! CF-7400 to CF-7449: tiers of wallets, custodians, issuers and positions in contracts.

super::codes! {
    TIER_DIFFERS = 7400, NotMade, "a tier of wallets is not what the venue declares",
        "The statement says how much lies hot, warm and cold; the chain shows another amount on the addresses of that tier.",
        "the venue corrects the roles in its address set or the tiers in its statement, and says what moved";
    TIER_NOT_DETERMINABLE = 7401, NotMade, "weaker evidence decides neither way about a tier",
        "What was declared lies between what accepted evidence shows and what any evidence shows.",
        "gather evidence of the tier that the policy accepts";
    TIERS_NOT_DECLARED = 7402, NotMade, "a statement with tiers leaves out an asset that is held",
        "The venue declares how its wallets are split, and says nothing about this asset.",
        "the venue adds the asset to the tiers of its next statement";
}
