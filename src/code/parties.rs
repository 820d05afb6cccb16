//! CF-7510 to CF-7519: custodians and issuers beside each other.

super::codes! {
    PARTIES_SHARE = 7510, NotMade, "two custodians or issuers show the same coins",
        "One coin is kept once: what two names show on one address is there for one of them at most, so it counts for neither.",
        "ask both whose coins they are; each leaves the other's addresses out of its set";
    ISSUER_ADDRESSES = 7511, NotMade, "addresses stand in the sets of venue and issuer",
        "Coins that stand behind an issued coin are owed to whoever holds it, and do not pay the venue's customers as well.",
        "the venue leaves the issuer's addresses out of its own set";
}
