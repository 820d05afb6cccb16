//! CF-31xx: the public log, its proofs, and histories that contradict each other.

super::codes! {
    NOTE_MALFORMED = 3100, NotMade, "a signed note cannot be read",
        "A note is text, an empty line, and lines of signatures; anything else was not signed.",
        "download the file again, without letting a program reformat it";
    NOTE_KEY = 3101, NotMade, "a verifier key cannot be used",
        "A verifier key is NAME+ID+KEY: the identifier must follow from name and key.",
        "copy the key again from where the log or witness publishes it";
    NOTE_UNSIGNED = 3102, NotMade, "the checkpoint is not signed by the key of the log that you pin",
        "A checkpoint by a key that nobody pinned binds nobody.",
        "check that log and policy belong together; pin a new key only after comparing it with a second source";
    NOTE_SIGNATURE = 3103, Failed, "a signature of a pinned log or witness is not valid",
        "Name and identifier are those of a pinned key, and the bytes are not what its holder signed.",
        "download the file again; if it is what the log publishes, keep it as evidence";
    CHECKPOINT_MALFORMED = 3104, NotMade, "the checkpoint cannot be read",
        "A checkpoint is three lines: origin, number of entries, root.",
        "download the checkpoint again";
    OTHER_LOG = 3105, NotMade, "the checkpoint is of another log",
        "Every venue has one log, and the policy pins it.",
        "take the checkpoint or proof of this log";
    LOG_PROOF_MALFORMED = 3106, NotMade, "the log proof cannot be read",
        "A log proof has the form c2sp.org/tlog-proof@v1.",
        "download the log proof again";
    LOG_INDEX = 3107, NotMade, "the log proof is of another entry",
        "The index in the log is the sequence number of the statement.",
        "take the log proof of this statement";
    LOG_PATH_LENGTH = 3108, Failed, "the path has not the length of its place in the tree",
        "Index and number of entries leave exactly one length.",
        "download the file again; if it is what the venue publishes, keep it as evidence";
    NOT_IN_LOG = 3109, Failed, "the statement is not in the log",
        "The path from this statement does not lead to the root that was signed: others were shown another statement.",
        "keep statement and proof, and compare them with those of others: `counterfoil compare`";
    WITNESS_QUORUM = 3110, NotMade, "too few of the pinned witnesses have cosigned the checkpoint",
        "A log alone can show two histories; witnesses that you pin sign only one.",
        "ask the venue for a proof with more cosignatures";
    COSIGNED_TOO_RECENTLY = 3111, NotMade, "the checkpoint was cosigned too recently",
        "What was published just now, nobody else had the time to see.",
        "check again later, or lower min_age_minutes in the policy";
    CHECKPOINT_TOO_OLD = 3112, NotMade, "the checkpoint is older than the policy accepts",
        "Behind an old checkpoint a log can hide what it did since.",
        "ask for a newer log proof, or raise max_age_days in the policy";
    UNLOGGED = 3113, NotMade, "no log proof for the statement",
        "A statement that is not in the public log may have been made for you alone.",
        "get the log proof of the statement from the venue: `counterfoil log prove` makes it";
    LOG_FILE_MISSING = 3114, NotMade, "a file of the log is missing or unreadable",
        "Without it the log cannot be checked as a whole.",
        "download the log again, with all files that the checkpoint's size demands";
    LOG_TILE = 3115, Failed, "a tile of the log is not what its entries give",
        "An entry was rewritten after it was logged, or the tile is damaged.",
        "download both again; if they are what the venue publishes, keep them as evidence";
    LOG_ROOT = 3116, Failed, "the signed root is not the root of the entries",
        "The log signed a history, and shows another one.",
        "download the log again; if it is what the venue publishes, keep it as evidence";
    LOG_INDEX_TAKEN = 3117, NotMade, "another statement stands in the log at this index",
        "Two statements for one index convict the log, and the witnesses that cosigned both.",
        "raise the sequence number; a void statement has a number of its own";
    LOG_SEQUENCE = 3118, Failed, "an entry of the log has another sequence number than its index",
        "Index and sequence number are one, so that nothing can be left out or put in between.",
        "keep the log as evidence";
    LOG_PREDECESSOR = 3119, Failed, "a statement names another predecessor than the log has",
        "Statements form a chain; one that hangs on another statement replaces a part of it unseen.",
        "ask the venue for the statement that is named, and keep both";
    LOG_GAP = 3120, NotMade, "statements before this one are not in the log",
        "Every snapshot has its place in the log; none can be added behind a later one.",
        "publish the missing statements first";
    SNAPSHOT_OVERDUE = 3121, Failed, "a snapshot that was due is not in the log",
        "A venue that publishes when it likes can wait for a good day.",
        "ask the venue for the snapshot that it announced";
    SNAPSHOT_LATE = 3122, Failed, "a snapshot was taken after the moment at which it was due",
        "The statement before had announced it for an earlier day.",
        "ask the venue why it was late";
    LOG_CUTOFF_ORDER = 3123, Failed, "the cut-offs of the log do not rise",
        "A later number with an earlier cut-off rewrites the past.",
        "keep the log as evidence";
    LOG_INCONSISTENT = 3124, Failed, "two checkpoints of one log are not of one history",
        "The later one does not continue the earlier one: what was logged has been changed.",
        "keep both: `counterfoil compare --out` makes evidence of them that anybody can check";
    SUPERSEDED = 3125, NotMade, "the log has a later statement",
        "What is checked here was true of an earlier moment.",
        "ask for the latest statement and its proofs";
    HISTORIES_DIFFER = 3130, Failed, "two signed states contradict each other",
        "Both are signed by the same keys, and no honest venue or log signs both.",
        "save the evidence with --out, and show it: anybody who has the keys can check it";
    HISTORY_UNKNOWN = 3131, NotMade, "the two states cannot be compared",
        "Neither agreement nor contradiction follows from what is there.",
        "give the folder of the log with --log, or files that speak of the same snapshot or log";
    CONTRADICTION_MALFORMED = 3132, NotMade, "the file of evidence cannot be read",
        "What cannot be read convicts nobody.",
        "get the file again from whoever made it";
    NO_CONTRADICTION = 3133, Failed, "the evidence shows no contradiction",
        "Both states can be of one honest history.",
        "accuse nobody with it";
}
