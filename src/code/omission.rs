//! CF-72nn: questions about accounts that were left out.

super::codes! {
    OMISSION_TOO_LARGE = 7201, NotMade, "the exact answer would be too large",
        "Probabilities are exact fractions here; nothing is estimated.",
        "ask about fewer accounts, or with fewer decimals";
    OMISSION_QUESTION = 7202, NotMade, "the question contradicts itself",
        "More cannot be checked or left out than there is, and somebody has to complain.",
        "correct the figures";
    OMISSION_SHARE = 7203, NotMade, "a text is not a share",
        "A share lies between 0 and 1, with at most ten decimals, or between 0 % and 100 %.",
        "write it like 0.05 or 5%";
}
