//! CF-80nn: reports that somebody made again, and sealed.

super::codes! {
    SEAL_MALFORMED = 8001, NotMade, "the sealed report cannot be read",
        "A sealed report has the report itself, its hash, and what it was made from.",
        "ask for the sealed report again";
    REPORT_DIFFERS = 8002, Failed, "the report is not what bundle and policy give",
        "The same bundle and policy give the same bytes, whoever runs the program.",
        "keep both reports and ask who made the other one";
    SEAL_OTHER_INPUT = 8003, NotMade, "the report was made from another bundle or policy",
        "A report speaks of the bundle and the policy that it names, and of no others.",
        "give the bundle and the policy that the report names; without own files if it was made without";
    SEAL_OTHER_KEY = 8004, Failed, "the report was sealed by another key than the pinned one",
        "Anybody can run the program and sign the result with some key.",
        "compare the key with a second source; if it is right, ask for a report that its owner sealed";
    REPORT_OTHER_TOOL = 8005, NotMade, "the report was made by another version, and differs",
        "A newer version may find more, so the difference does not show that anybody was wrong.",
        "run the version that the report names";
}
