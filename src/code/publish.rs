//! CF-3nnn: keys, statements and the policy.

super::codes! {
    STATEMENT_MALFORMED = 3001, NotMade, "the statement cannot be read",
        "A damaged file says nothing about what is owed.",
        "download the statement again";
    JSON_NUMBER = 3002, NotMade, "a JSON number stands where a decimal string is required",
        "Programs read JSON numbers differently: large ones are rounded silently.",
        "the file was not written by a conforming program; ask whoever made it";
    JSON_DUPLICATE_KEY = 3003, NotMade, "a key stands twice in one JSON object",
        "Programs differ in which of the two they read.",
        "the file was not written by a conforming program; ask whoever made it";
    NOT_CANONICAL = 3004, NotMade, "the JSON is not in canonical form",
        "What is signed is the exact bytes of RFC 8785; other bytes were not signed.",
        "download the file again, without letting a program reformat it";
    JSON_SYNTAX = 3005, NotMade, "the file is not JSON",
        "Nothing can be read from it.",
        "download the file again";
    KEY_NOT_PINNED = 3006, NotMade, "the statement is not signed by a key of your policy",
        "A signature by a key that the file brings along proves nothing.",
        "check that statement and policy are of the same venue; pin a new key only after comparing it with a second source";
    SIGNATURE_INVALID = 3007, Failed, "a signature is not valid",
        "The bytes are not what the key's holder signed.",
        "download the file again; if it is what the venue publishes, keep it as evidence";
    THRESHOLD_NOT_REACHED = 3008, NotMade, "too few of the pinned keys have signed",
        "The policy asks for more signatures of different keys.",
        "collect the missing signatures";
    SIGNED_TWICE = 3009, NotMade, "another statement was already signed for this sequence number",
        "Two signed statements for one sequence number convict the venue of showing different roots.",
        "raise the sequence number; a void statement has a number of its own";
    KEY_FILE = 3010, NotMade, "the key file cannot be used",
        "A key file holds one line with its kind and 64 hexadecimal digits, readable by its owner only.",
        "make one with `counterfoil keygen`, whose --kind says what it is for, or restrict it with chmod 600";
    POLICY_MALFORMED = 3011, NotMade, "the policy cannot be used",
        "Without a policy the verifier would have to believe the file that it checks.",
        "correct the policy as the message says";
    OTHER_VENUE = 3012, NotMade, "the statement is of another venue than the policy",
        "A policy pins one venue.",
        "take the policy of this venue";
    STATEMENT_TOO_OLD = 3013, NotMade, "the statement is older than the policy accepts",
        "An old statement says nothing about today.",
        "ask for the current statement, or raise max_age_days in the policy";
    VENUE_FILE = 3014, NotMade, "the venue or snapshot file cannot be used",
        "A statement says who owes, as of when, and by which blocks.",
        "correct the file as the message says";
    SIGNATURE_ENCODING = 3015, NotMade, "a signature or key is not in its standard encoding",
        "Signatures are 64 bytes, with the low S for ECDSA; keys are 32 bytes (bip340) or 33 bytes (ecdsa-secp256k1).",
        "re-encode it; `statement attach` accepts DER and high S and converts both";
    SIGNING_RECORD = 3016, NotMade, "the record of signed statements cannot be used",
        "The record is what keeps a key from signing two statements for one sequence number.",
        "restore the record from its backup; do not delete it";
    KEY_NOT_DECLARED = 3017, NotMade, "the key is not one of the venue's keys in the statement",
        "A statement names the keys that may sign it.",
        "sign with a declared key, or build with a venue file that declares this one";
    STATEMENT_NOT_YET = 3018, NotMade, "the statement is of a moment that has not come yet",
        "Dated ahead, one statement would stay young for as long as the venue likes; nobody knows tomorrow's balances.",
        "check the clock of this computer; if it is right, ask the venue for a statement of a moment that has passed";
    OTHER_PREDECESSOR = 3019, NotMade, "the statement names another predecessor than the one that was signed",
        "Statements form a chain; one that hangs on another statement could replace a part of it unseen.",
        "write the digest that `statement sign` printed for the statement before into `predecessor`";
    VENUE_CARD = 3020, NotMade, "the venue card cannot be read",
        "A card says by which keys a venue signs; without it there is nothing to compare with.",
        "get the card again, from somewhere else than the proof";
    OTHER_FINGERPRINT = 3021, Failed, "the card has another fingerprint than the one that you were told",
        "One of the two, card or fingerprint, is not the venue's, or is an older one.",
        "pin nothing; ask both sources which of them has changed";
    OTHER_CARD = 3022, NotMade, "another card is pinned for this venue",
        "Whoever can exchange the keys that are pinned can show everybody another statement.",
        "ask a second source whether the venue has changed its keys; only then pin the new card with --replace";
    FINGERPRINT_TOLD = 3029, NotMade, "what was told as a fingerprint cannot be one",
        "A part of a fingerprint would fit many cards, and one that was pasted with other text fits none.",
        "give all 32 digits, as the second source shows them, and nothing else";
}
