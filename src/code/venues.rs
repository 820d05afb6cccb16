//! CF-7490 to CF-7509 and CF-8170 to CF-8179: coins between venues, and bundles of others in one's own.

super::codes! {
    DEPOSITS_STATED = 7490, NotMade, "deposits at other venues are stated, and not judged here",
        "A deposit is worth what the other venue can pay, which its own bundle shows and this one does not. Here it counts nothing.",
        "give the bundles of all these venues to `network`";
    NETWORK_TRANSFER = 7491, NotMade, "coins went from one venue to another within the window",
        "Both show the same coins, in different blocks. At the cut-off block each coin is with one of them and counts there.",
        "nothing is wrong with it; ask both venues what was paid for";
    NETWORK_TRANSFER_OUTSIDE = 7492, NotMade, "coins went between two venues in a block that only one window shows",
        "Only blocks that both windows show are compared: whether the other venue gave the coins back is not seen.",
        "demand windows that overlap in the policies, and ask for the evidence";
    NETWORK_LOAN = 7493, Failed, "one venue's coins were with another around the cut-off",
        "Net of all payments the other way they came before the cut-off block and went back after it, and no proved deposit says that they are owed. It is critical for a venue that would not have what it owes without them.",
        "ask both venues; a deposit needs its proof in the other's tree";
    ENCLOSED_UNPINNED = 8170, NotMade, "a bundle is of nobody whom the policy pins in that role",
        "Who keeps coins or issues them is the verifier's to say; the bundle's own word chooses among the pinned ones only.",
        "pin it as [[custodian]] or [[issuer]] in the policy, after comparing its keys with a second source";
    ENCLOSED_DAY = 8171, NotMade, "a bundle for one's own is of another cut-off",
        "What somebody kept at another moment shows nothing at this one, and would be refused by whoever reads the bundle.",
        "ask for the bundle at the cut-off of the own statement";
    ENCLOSED_KEY = 8172, Failed, "a custodian's bundle is signed with the venue's own key",
        "Custody must be separate from trading: who signs for both can move the coins of both.",
        "the coins go to a custodian with keys of its own";
    ENCLOSED_ITSELF = 8173, NotMade, "a bundle would be put into itself",
        "A venue is not its own custodian or issuer, and a folder cannot hold itself.",
        "name the folder with the other party's bundle";
    ENCLOSED_DEEP = 8174, NotMade, "a bundle holds bundles too deep, or paths too long, for a place in another one",
        "Nobody is looked through twice: what lies deeper is never read. Paths have at most 255 bytes.",
        "ask for a bundle without those of third parties in it";
}
