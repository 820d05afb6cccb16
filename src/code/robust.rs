//! CF-219x and CF-903x: files that grow when they are unpacked, and files that change when they are read.

super::codes! {
    LEDGER_UNPACKS = 2190, NotMade, "a compressed ledger unpacks to far more than a ledger would",
        "Rows that differ cannot be packed that tightly: the file repeats itself, and would fill memory or the disk.",
        "check that it is the right file; a ledger that really repeats itself can be given unpacked";
    FILE_CHANGED = 9030, NotMade, "a file was changed while it was read",
        "What was read may be half of one state and half of another, and its hash that of neither.",
        "export to a file that nobody writes to any more, and run the command again";
}
