//! CF-315x: witnesses of logs, and those that ask them.

super::codes! {
    WITNESS_REQUEST = 3150, NotMade, "a request to a witness cannot be read",
        "It has an old size, the lines of a proof, an empty line and a checkpoint. The witness answers 400.",
        "send what c2sp.org/tlog-witness describes";
    WITNESS_UNKNOWN_LOG = 3151, NotMade, "the witness does not know this log",
        "A witness follows the logs in its list. It answers 404.",
        "ask whoever runs the witness to add the key of the log";
    WITNESS_UNSIGNED = 3152, NotMade, "the checkpoint is not signed by a key that the witness has for this log",
        "Anybody could send it. The witness answers 403.",
        "sign the checkpoint with the key that the witness knows";
    WITNESS_OLD_SIZE = 3153, NotMade, "the witness has last seen another size of the log",
        "A proof must begin where the witness stands. It answers 409 with its size.",
        "send the proof from that size on";
    WITNESS_ROOT = 3154, Failed, "the witness has cosigned another root of the same size",
        "The log has signed two histories. The witness answers 422, and keeps both checkpoints.",
        "ask the witness for the evidence";
    WITNESS_PROOF = 3155, Failed, "the checkpoint does not continue what the witness has cosigned",
        "The proof does not lead from the old root to the new one. The witness answers 422.",
        "a log that was changed cannot be cosigned any more";
    WITNESS_STATE = 3156, NotMade, "the state of the witness cannot be used",
        "A witness that forgot what it signed could be led to sign a second history.",
        "restore the folder from its backup; a new one needs a new key";
    WITNESSES_FEW = 3157, NotMade, "too few witnesses have cosigned",
        "The checkpoint is signed and waits; it is not published before enough witnesses have seen it.",
        "run the same command again when they answer";
    WITNESS_ANSWER = 3158, NotMade, "a witness did not answer as expected",
        "Only a valid cosignature by its key counts.",
        "check the address and the key of the witness";
}
