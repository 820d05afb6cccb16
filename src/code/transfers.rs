//! CF-7525 to CF-7529: coins between venues by way of others.

super::codes! {
    NETWORK_LOAN_AROUND = 7525, Failed, "coins of one venue were with another around the cut-off, by way of others",
        "They came before the cut-off and went back after it, though not both times by the same way, and no proved deposit says that they are owed.",
        "ask all of these venues what was paid for; a deposit needs its proof in the other's tree";
}
