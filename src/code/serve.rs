//! CF-908x: serving what a venue publishes.

super::codes! {
    SERVE_SECRET = 9080, NotMade, "the folder to be served holds what is not for everybody",
        "It would not be given to anybody, but another server, a copy or a wrong setting could.",
        "move it out of the folder; if the folder was served before, take what it holds as known to others";
    SERVE_NOTHING = 9081, NotMade, "the folder holds nothing that could be served",
        "Served are verify.html, card.json, log/ and proofs/NAME/, and nothing else.",
        "make them with `page`, `card make`, `publish --log` and `prove --all`, as docs/serving.md shows";
    SERVE_LISTEN = 9082, NotMade, "the server cannot listen at this address",
        "The system did not give the address, or another program has it.",
        "choose another --listen; port 0 takes any that is free";
}
