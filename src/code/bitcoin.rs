//! CF-5nnn: evidence on Bitcoin.

super::codes! {
    SIGNATURE_SCHEME = 5001, Failed, "the signature scheme does not fit the address",
        "Each kind of address has its schemes; a signature of another kind shows control of something else.",
        "sign with bip322 (P2WPKH, P2TR), or with bip137 or legacy (P2PKH)";
}
