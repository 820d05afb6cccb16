//! CF-402n: files of depositors in a bundle.

super::codes! {
    DEPOSITOR_MALFORMED = 4020, NotMade, "a depositor's file cannot be read",
        "It names an account, the transactions that brought its coins, and an inclusion proof for each statement.",
        "write it with `counterfoil bundle explain`";
}
