//! CF-323n: statements that are no snapshot: a change of keys, a withdrawal.

super::codes! {
    STATEMENT_KIND = 3230, NotMade, "a statement of another kind than asked for",
        "Beside snapshots, a venue states that its keys change, or that a statement is void. These commit to no liabilities.",
        "give the statement of a snapshot";
    KEYS_ROTATED = 3231, NotMade, "the venue says that its keys changed",
        "Whoever holds the old keys can say so, a thief too. New keys are pinned from somewhere else, never followed.",
        "get the new venue card from your auditor, a witness or another second source, then `counterfoil pin add --replace`";
    STATEMENT_VOID = 3232, NotMade, "the venue has withdrawn the statement",
        "A withdrawn statement shows nothing, neither for the venue nor against it. What was signed about it stays signed.",
        "ask for the statement that takes its place, and read the reason";
    RETIRED_KEY = 3233, Failed, "signed by keys that were replaced before",
        "The log has a change of keys before this statement. Whoever signs with the old ones is not the venue any more.",
        "nothing clears it; tell the venue and its witnesses";
    ROTATION_UNACCEPTED = 3234, NotMade, "a change of keys that both sides have not signed",
        "The old keys hand over, the new ones accept, each with as many signatures as it declares.",
        "add the missing signatures with `counterfoil statement sign`";
    VOIDS_OTHER = 3235, Failed, "a void statement names another statement than the log has",
        "Number and digest of what is withdrawn must be those of an earlier entry that is a snapshot.",
        "nothing clears it; ask the venue";
    KEYS_CHANGED = 3236, Failed, "keys changed without a change of keys in the log",
        "From one entry to the next the declared keys stay the same, but for an entry that says otherwise.",
        "log a key rotation first: `counterfoil statement rotate`";
}
