//! CF-511n and CF-512n: output descriptors of Bitcoin.

super::codes! {
    DESCRIPTORS_MALFORMED = 5110, NotMade, "the list of descriptors cannot be read",
        "It has one strict JSON object a line, each descriptor in the one spelling that commits to it, in order.",
        "make the list again with `counterfoil challenge addresses --descriptors-out`";
    DESCRIPTOR_MALFORMED = 5111, NotMade, "the text is no output descriptor that can be used",
        "A descriptor says how keys become scripts (BIP-380 and those behind it); one that is not understood commits to nothing.",
        "export it again from the wallet: `bitcoin-cli listdescriptors`, or the device's own export";
    DESCRIPTOR_CHECKSUM = 5112, NotMade, "the descriptor's checksum is missing or wrong",
        "One mistyped character gives other addresses, and only the checksum shows it (BIP-380).",
        "copy the descriptor with `#` and the eight characters behind it; `bitcoin-cli getdescriptorinfo` prints them";
    DESCRIPTOR_NETWORK = 5113, NotMade, "the descriptor has extended keys of another network",
        "Keys of a test network are made with less care, and wallets of the main network do not watch them.",
        "export the descriptor for the chain that the line names, or correct the chain";
    DESCRIPTOR_PRIVATE = 5114, NotMade, "a private key stands in a list of public descriptors",
        "Whoever reads the list could spend the coins. Nothing of the line is repeated here.",
        "export the public descriptor, delete this file, and move the coins if anybody else could read it";
    DESCRIPTOR_RANGE = 5115, NotMade, "the range does not fit the descriptor",
        "A descriptor that ends in `/*` has a last index, every other one stands for one address and has none.",
        "name the last index of a ranged descriptor, at most 9999999, and none for any other";
    DESCRIPTOR_HARDENED = 5116, NotMade, "the descriptor needs a private key to be derived",
        "A hardened step behind an extended public key is derived by the private key alone, so nobody can check the range.",
        "export the public key behind the last hardened step, or list the addresses one by one";
    DESCRIPTOR_NO_ADDRESS = 5117, NotMade, "the descriptor's script has no address",
        "Sets are made of addresses; a bare key or bare multisig has none.",
        "move the coins to an address";
    DESCRIPTOR_SCRIPT_TWICE = 5118, Failed, "two descriptors give one address",
        "Its coins would be counted twice, or one list hides in another.",
        "list each descriptor once, and no address beside the descriptor that it comes from";
    DESCRIPTOR_KEYS = 5119, NotMade, "the private keys of the descriptor are not enough",
        "A signature needs the key of the address, several of them when the script says so.",
        "write the descriptor with the private keys of enough signers (xprv or WIF)";
    DESCRIPTOR_NOT_SIGNED = 5120, NotMade, "this version does not sign by this kind of descriptor",
        "It signs pkh, wpkh, sh(wpkh), the key path of tr, and wsh or sh(wsh) of multi and sortedmulti.",
        "sign with the wallet that holds the keys, and take the signature in with `counterfoil challenge collect`";
}
