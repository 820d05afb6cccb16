//! CF-7nnn: findings of a reconciliation. They stand in reports; none of them is an error of a command.

super::codes! {
    NO_LIABILITIES = 7001, NotMade, "no statement of liabilities",
        "Reserves alone show that somebody has coins, not that they suffice.",
        "add the venue's signed statement to the bundle";
}
