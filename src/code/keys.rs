//! CF-302x: key files under a passphrase.

super::codes! {
    KEY_LOCKED = 3023, NotMade, "the key file is encrypted, and nobody is there to ask for its passphrase",
        "It is asked for on the terminal; there is none here.",
        "run the command in a terminal, or name a file with the passphrase (mode 0600) with --passphrase-file";
    PASSPHRASE_WRONG = 3024, NotMade, "the passphrase does not open the key file",
        "The file is as it was written: its checksum fits.",
        "try again; a passphrase that is lost cannot be found again, and the key with it";
    KEY_DAMAGED = 3025, NotMade, "the encrypted key file is damaged",
        "It is not what was written, so no passphrase opens it.",
        "restore it from its backup";
    KEY_COST = 3026, NotMade, "the encrypted key file asks for more work than is accepted, or for less",
        "A file could make the program use up the machine, or make guesses cheap.",
        "this program wrote no such file; find out who did";
    PASSPHRASE_UNUSABLE = 3027, NotMade, "the passphrase cannot be used",
        "See the message; it never repeats the passphrase.",
        "take one line of at least 12 characters, better five words drawn by dice";
    KEY_MEMORY = 3028, NotMade, "there is not enough memory to open the key file",
        "Each guess costs memory, and so does the right one.",
        "close other programs, or open the file on a larger machine";
}
