//! CF-9nnn: files and the command line.

super::codes! {
    FILE_UNREADABLE = 9001, NotMade, "a file cannot be read",
        "The check needs it.",
        "check the path and its permissions";
    OUTPUT_EXISTS = 9002, NotMade, "the output already exists",
        "Nothing is overwritten unasked.",
        "choose another --out, or replace it with --force";
    OUTPUT_UNWRITABLE = 9003, NotMade, "the output cannot be written",
        "Outputs appear whole or not at all; nothing was left behind.",
        "check the folder, its permissions and the space on the disk";
    ARGUMENTS = 9004, NotMade, "the arguments are not complete or do not fit together",
        "See the message.",
        "`counterfoil help VERB` shows what a verb takes";
    UNKNOWN_CODE = 9005, NotMade, "no such code",
        "Codes have the form CF-1004.",
        "`counterfoil explain` without a code lists them all";
    TOO_LARGE = 9006, NotMade, "a file is larger than its limit",
        "Files are limited before they are read.",
        "check that it is the right file";
    RPC = 9007, NotMade, "the node did not answer as expected",
        "Evidence is gathered from the node's own answers.",
        "check the address, the cookie file and that the node is in sync";
    DEMO_UNEXPECTED = 9008, Failed, "the demonstration gave another verdict than it was built to show",
        "The demonstration runs the same code as everything else.",
        "report it with the folder that it left";
    UNFINISHED = 9060, NotMade, "the folder is left over from a run that was killed",
        "What is under construction has a hidden name, which it loses when it is complete.",
        "delete the folder, and run the command again that was making it";
    SIGNATURES_MISSING = 9070, NotMade, "addresses have not signed yet",
        "The collection is not complete; what has come in is kept.",
        "have the missing ones signed, and run the command again with the files that come";
    SIGNATURE_UNASKED = 9071, NotMade, "a signature is for an address outside the committed set",
        "Only committed addresses count, so nothing can be done with it.",
        "check that the file answers this challenge";
    SIGNATURES_FILE = 9072, NotMade, "a file of signatures cannot be read",
        "Its lines are those of control.jsonl, or CHAIN ADDRESS SCHEME SIGNATURE.",
        "correct the line as the message says";
    DEVICES_FILE = 9073, NotMade, "the list of devices cannot be used",
        "Every line names an address of the set and the device that holds its key.",
        "correct the list as the message says";
}
