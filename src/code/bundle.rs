//! CF-4nnn: bundles and the address set.

super::codes! {
    MANIFEST_MALFORMED = 4001, NotMade, "the bundle's manifest cannot be read",
        "The manifest says which files belong to the bundle.",
        "ask for the bundle again";
    FILE_HASH_DIFFERS = 4002, NotMade, "a file of the bundle is not the file in its manifest",
        "Evidence that was changed after sealing is not evidence.",
        "ask for the bundle again";
    FILE_MISSING = 4003, NotMade, "a file of the bundle is missing",
        "A check without its evidence cannot be made.",
        "ask for the bundle again";
    FILE_UNLISTED = 4004, NotMade, "the bundle holds a file that its manifest does not list",
        "What is not sealed could be added by anybody.",
        "remove the file, or seal the bundle again";
    PATH_UNSAFE = 4005, NotMade, "the bundle names a path outside itself",
        "Paths are relative, in ASCII, without `..`.",
        "do not use this bundle; ask who made it";
    ADDRESS_SET_MALFORMED = 4006, NotMade, "the address set cannot be read",
        "Every address has a chain, a role and a salt.",
        "ask for the bundle again";
    ADDRESS_SET_ROOT = 4007, Failed, "the address set is not the committed one",
        "Addresses were added, dropped or changed after the statement was signed.",
        "keep the bundle as evidence and ask the venue";
    ADDRESS_TWICE = 4008, Failed, "an address stands twice in the address set",
        "The coins on it would be counted twice.",
        "the venue must commit to each address once";
    SUBSET_INDICES = 4009, Failed, "the indices of a partial disclosure are not strictly increasing below the count",
        "A repeated index lets any leaf pass.",
        "do not use this disclosure";
    SUBSET_LENGTH = 4010, Failed, "a partial disclosure has the wrong number of hashes",
        "The number of hashes follows from the indices and the count.",
        "do not use this disclosure";
    SUBSET_ROOT = 4011, Failed, "a partial disclosure does not lead to the committed root",
        "The leaves shown are not in the committed set.",
        "do not use this disclosure";
    CHALLENGE_MALFORMED = 4013, NotMade, "the challenge cannot be used",
        "A challenge binds venue, address set, a block per chain, an expiry and a nonce.",
        "issue a new challenge with `counterfoil challenge new`";
    EVIDENCE_MALFORMED = 4014, NotMade, "a file of evidence cannot be read",
        "Evidence has the format of docs/spec/bundle.md.",
        "gather the evidence again with `counterfoil fetch`";
    ADDRESSES_FILE = 4015, NotMade, "the list of addresses cannot be used",
        "Every address has a chain and a role.",
        "correct the list as the message says";
    AUDITOR_PART_ABSENT = 4016, NotMade, "files of the auditor's part are not in this copy",
        "They are sealed and were not published. What they show, for or against the venue, was not looked at.",
        "reconcile the auditor's copy, or read the report of somebody who has it";
    PART_UNMATCHED = 4017, NotMade, "a name for the auditor's part is the name of no file",
        "A misspelt name would publish what it was to keep back.",
        "give the path of a file or folder as it stands in the bundle";
}
