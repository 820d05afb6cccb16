//! CF-6nnn: evidence on EVM chains.

super::codes! {
    SIGNATURE_MALFORMED = 6001, Failed, "the signature is not 65 bytes with a low s",
        "A second form of one signature is not a second signature.",
        "sign again with a wallet that follows EIP-191";
}
