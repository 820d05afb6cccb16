//! CF-708n: findings about what moved on an EVM chain.

super::codes! {
    FLOW_UNEXPLAINED = 7080, NotMade, "a balance changed by more than the movements that can be seen",
        "A contract moved coins within its call, a block's producer was paid, or the body of the block is not there: with whom is not shown.",
        "gather the bodies of all blocks of that stretch; what is left then, the venue explains";
    FLOW_UNCOMPARED = 7081, NotMade, "movements of an address were compared with no balance",
        "That nothing else moved shows only between two proved balances.",
        "gather proofs at both ends of the window, and before and after each block that moved something";
}
