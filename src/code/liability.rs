//! CF-2nnn: liability tree, store and inclusion proofs.

super::codes! {
    PROOF_MALFORMED = 2001, NotMade, "the inclusion proof cannot be read",
        "A damaged file says nothing about the balance in it.",
        "download the proof again from the venue";
    PROOF_OTHER_STATEMENT = 2002, NotMade, "the inclusion proof belongs to another statement",
        "A proof holds for one snapshot only.",
        "take the statement of the same snapshot, or the proof of this one";
    PROOF_OTHER_ACCOUNT = 2003, NotMade, "the inclusion proof is for another account",
        "The account is yours to name; the file only answers.",
        "check the account, or download your own proof";
    PATH_LENGTH = 2004, Failed, "the path has the wrong length",
        "The length of a path follows from the position and the number of leaves; any other proves something else.",
        "keep the file as evidence and ask the venue";
    INDEX_RANGE = 2005, Failed, "the position lies outside the tree",
        "Positions are below the number of leaves in the statement.",
        "keep the file as evidence and ask the venue";
    ROOT_MISMATCH = 2006, Failed, "the proof does not lead to the published root",
        "The account, amount or credential that you checked is not what the venue committed to.",
        "check account and credential; if they are right, keep the file as evidence: the balance is not in the total";
    TOTAL_MISMATCH = 2007, Failed, "the proof does not lead to the published total",
        "The sums along the path must end in the total of the statement.",
        "keep the file as evidence: the published total is not the sum of its parts";
    SUM_OVERFLOW = 2008, Failed, "the sums along the path do not fit",
        "A sum that wraps around hides liabilities.",
        "keep the file as evidence and ask the venue";
    UNKNOWN_ROW = 2009, Failed, "the proof names a liability that the statement does not list",
        "A leaf under no published total is owed by nobody.",
        "keep the file as evidence and ask the venue";
    AMOUNT_DIFFERS = 2010, Failed, "the committed balance is not the balance you expect",
        "The venue committed to another amount than your own records show.",
        "compare the cut-off time with your records; if both are right, keep the file as evidence";
    PARTS_DIFFER = 2011, Failed, "the parts of the balance do not add up to it",
        "A leaf that lists parts commits to each of them.",
        "keep the file as evidence and ask the venue";
    DUPLICATE_LEAF = 2012, Failed, "the proof lists one liability twice",
        "One leaf shown twice would look like twice the balance.",
        "keep the file as evidence and ask the venue";
    EXPECTED_ABSENT = 2013, Failed, "the proof says nothing about a balance that you expect",
        "A balance that is left out of the proof may be left out of the total.",
        "keep the file as evidence and ask the venue";
    STORE_DAMAGED = 2014, NotMade, "the store is damaged",
        "Every byte of a sealed store is covered by its checksum.",
        "build again from the ledger";
    STORE_VERSION = 2015, NotMade, "the store has another format version",
        "A store is read by the version that wrote it.",
        "build again with this version; the build id, for --build-id, is bytes 17 to 48 of the old header";
    ACCOUNT_NOT_FOUND = 2016, NotMade, "the account is not in the tree",
        "No balance of this account was in the ledger.",
        "check the spelling: accounts are compared byte by byte";
    STORE_DISAGREES = 2018, Failed, "the store does not give the committed root",
        "The store or the statement was changed after the build.",
        "build again from the ledger";
    EMPTY_PROOF = 2019, NotMade, "the proof contains no leaf",
        "A proof about nothing checks nothing.",
        "download the proof again from the venue";
    SPLIT_INCOMPLETE = 2020, Failed, "a piece of the balance is missing",
        "Each piece of a split balance says how many there are; one that is not shown may not be in the total.",
        "keep the file as evidence and ask the venue";
    SPLIT_DIFFERS = 2021, Failed, "the leaves of one balance contradict each other",
        "All pieces of a split balance name the same number of pieces, the same whole balance and the same parts.",
        "keep the file as evidence and ask the venue";
    SPLIT_SUM = 2022, Failed, "the pieces of the balance do not add up to it",
        "The total holds the pieces, not the whole balance that they name.",
        "keep the file as evidence and ask the venue";
    SPLIT_POSITION = 2023, Failed, "two pieces of the balance stand at one position",
        "One position is one leaf, and counts once in the total.",
        "keep the file as evidence and ask the venue";
    CODE_SHAPE = 2030, NotMade, "this is not a proof code",
        "A proof code has 30 characters: digits, and letters without I, L, O and U.",
        "copy the code again from where the venue shows it; hyphens, spaces and small letters do not matter";
    CODE_MISTYPED = 2031, NotMade, "the proof code is mistyped",
        "The last characters of a code follow from the others, so that a slip is no missing proof.",
        "compare it, character by character, with the code that the venue shows";
    SEALED_DAMAGED = 2032, NotMade, "the pack of sealed proofs is damaged",
        "Every byte of a pack is covered by its checksum, and its form is fixed.",
        "download the pack again";
    SEALED_VERSION = 2033, NotMade, "the pack of sealed proofs has another format version",
        "A pack is read by a version that knows its form.",
        "take a version of this program that reads it";
    SEALED_INDEX = 2034, NotMade, "the index of the sealed proofs cannot be read",
        "Without the index nobody knows in which pack a proof is.",
        "download `index.json` again";
    NO_PROOF_FOR_CODE = 2035, NotMade, "there is no proof for this code here",
        "Every snapshot has new codes, and every code has one name, in one pack.",
        "check that code and statement are of the same snapshot; if they are, ask the venue for the proof";
    OTHER_PACK = 2036, NotMade, "the proof for this code is in another pack",
        "Packs are filled by the first bits of the names.",
        "take the pack that the message names, or give the whole folder";
    SEALED_CLOSED = 2037, NotMade, "the sealed proof does not open",
        "Its bytes are not those that were sealed under this code for this statement.",
        "download the pack again; if it stays like this, keep it and ask the venue for the proof";
    SEALED_CONTENT = 2038, NotMade, "the opened proof is not in its form",
        "A proof is sealed behind its length, with zeros up to the next power of two.",
        "keep the pack and ask the venue for the proof";
    CODES_PUBLIC = 2039, NotMade, "the table of codes would be public",
        "Whoever has a code reads a customer's balances.",
        "choose a place outside of the folder that is published";
    NODE_DIFFERS = 2045, Failed, "a node of the tree is not the hash of what is below it",
        "The leaves or the node were changed after the build.",
        "build again from the ledger, and compare the root with the one that was published";
    LEAF_MISPLACED = 2046, Failed, "a leaf of the tree is not where it belongs",
        "Its key puts every account at one place; decoys are zero, and pieces are cut by the key.",
        "build again from the ledger, and compare the root with the one that was published";
    LEDGER_DIFFERS = 2047, Failed, "the ledger gives another tree than the one that was committed",
        "A balance was left out, added or changed between ledger and tree, or this is the ledger of another day.",
        "compare the ledger's file hashes with the statement's provenance, then look at the account that is named";
    KEY_DIFFERS = 2048, NotMade, "the store was built under another key",
        "Venue, sequence, build id and master secret give the key of every nonce and of the order.",
        "take the master secret with which this snapshot was built";
    RANGE_MALFORMED = 2050, NotMade, "the compact range cannot be read",
        "Equal ranges are equal files: canonical JSON, and exactly the nodes that its first and last leaf ask for.",
        "make the file again with `counterfoil tree range`";
    RANGE_GAP = 2051, NotMade, "leaves are missing between two ranges",
        "A total without them would be too small.",
        "give the range of the missing leaves, too, in its place";
    RANGE_OVERLAP = 2052, NotMade, "two ranges have leaves in common",
        "A leaf counts once in the total.",
        "leave out the file that is given twice, or make ranges that meet without overlapping";
    RANGE_ORDER = 2053, NotMade, "two ranges are in the wrong order",
        "The order of the leaves is part of the tree, and is not mended here: wrong order may be a wrong file.",
        "give the files in the order of their leaves";
    RANGE_OTHER_TREE = 2054, NotMade, "the range is of another tree",
        "A tree is one asset in one class, with its decimals; amounts of two are never added.",
        "check that all files are of one asset, class and number of decimals";
    RANGE_OVERFLOW = 2055, NotMade, "the sums of the ranges do not fit",
        "A sum that wraps around hides liabilities.",
        "check the amounts, and that they are in base units of the asset";
    RANGE_DIFFERS = 2056, Failed, "the ranges do not give the row of the statement",
        "Other leaves, another order of them, or another snapshot make another root.",
        "check that ranges and statement are of one snapshot; if they are, keep both as evidence";
    LEAF_LINES = 2057, NotMade, "the leaves cannot be read",
        "Each line is a digest, a comma and an amount in base units; a line left out would move all behind it.",
        "correct the line in what wrote the leaves, and let it write them again";
    RANGE_BOUNDS = 2058, NotMade, "the leaves are not those asked for",
        "A range is taken from one tree, and lies between leaf 0 and its number of leaves.",
        "check asset, class, --begin and --end";
    RANGE_PARTIAL = 2059, NotMade, "the range is no whole tree",
        "Only a range that begins at leaf 0, and is not empty, has a root to compare with a statement.",
        "merge all ranges of the tree, from leaf 0 on";
    TOO_MANY_TREES = 2060, NotMade, "there are more trees than a store can list",
        "A tree is one asset in one class; the list of all is read as a whole before any of them.",
        "leave out assets without customers, or build the ledger in parts, one statement for each";
}
