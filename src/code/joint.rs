//! CF-753n: control that somebody else beside the signer may have given.

super::codes! {
    MOVEMENT_JOINT = 7530, NotMade, "the movement spends coins of somebody else, too",
        "Whoever signs beside others in one transaction did not choose its mark: a partner in a joint payment, or a seller whose input anybody may complete, would show control for the one who adds it.",
        "move coins of the address alone, in a transaction of its own";
}
