//! CF-81nn: proofs, trees and address lists in the formats of others.

super::codes! {
    FOREIGN_UNRECOGNISED = 8101, NotMade, "the file is in no format that is known here",
        "A format is recognised by its own fields; a guess would check another rule than the one that made the file.",
        "name the format with --format, or look at `counterfoil foreign lint` for those that are known";
    FOREIGN_MALFORMED = 8102, NotMade, "the file is not in the form of its format",
        "A field that is missing, unknown, or there twice has no one meaning, so nothing was checked.",
        "ask for the file again; if the form is new, the format needs a new entry";
    FOREIGN_AMOUNT = 8103, NotMade, "an amount is not a plain decimal",
        "Programs differ in how they read signs, exponents and bare points, so they would differ in the sum.",
        "ask for the file again";
    FOREIGN_ASSETS = 8104, NotMade, "no list of assets fits the balances",
        "The order of assets is hashed and does not stand in the file: it comes from the lists of the format.",
        "a new list is one line in the format's file of lists";
    FOREIGN_LEAF = 8105, Failed, "the leaf is not the hash of its own fields",
        "Balance, nonce or account in the file are not those that were hashed.",
        "keep the file, and ask for the proof again";
    FOREIGN_ROOT = 8106, Failed, "the path does not lead to the root that the file names",
        "Hash or sums, computed from the leaf upwards, differ from those of the last element.",
        "keep the file, and ask for the proof again";
    FOREIGN_OTHER_ROOT = 8107, Failed, "the file leads to another root than the given one",
        "Either the file belongs to another snapshot, or not everybody was given the same root.",
        "compare the date of both; if they are of one snapshot, keep both";
    FOREIGN_ROOT_OWN = 8108, NotMade, "the file vouches for itself",
        "Whoever makes the file chooses the root in it, too: it shows nothing about what others were shown.",
        "give the root with --root, from a place where everybody sees the same one";
    FOREIGN_POSITION = 8109, Failed, "directions, heights or counts of the path do not fit together",
        "A position that contradicts itself lets one leaf stand in two places.",
        "keep the file, and ask for the proof again";
    FOREIGN_ACCOUNT = 8110, NotMade, "the leaf is another account's",
        "It may be a mix-up: the file is about somebody else, and says nothing about your balance.",
        "ask for the file of your own account";
    FOREIGN_NO_ACCOUNT = 8111, NotMade, "the leaf of this format names no account",
        "One leaf can be shown to every customer with the same balances, so whose it is cannot be judged.",
        "leave out --account; ask for a scheme that binds the account";
    FOREIGN_EXPECTED = 8112, Failed, "the leaf has another balance than the expected one",
        "The proof is of what the venue wrote down, not of what your account shows.",
        "compare the time of the snapshot with your statement of account, and keep both";
    FOREIGN_TREE = 8113, Failed, "a node of the tree is not made from its two children",
        "The root commits to the leaves only if every node on the way does.",
        "keep the file, and load it again from another place";
    FOREIGN_TREE_SHAPE = 8114, NotMade, "the tree is not complete",
        "A tree of this format has 1, 2, 4 … nodes on its levels, and nothing beside them.",
        "load the file again: it may have been cut";
    FOREIGN_NO_LEAF = 8115, Failed, "no leaf of the tree is this account's",
        "No match is never a success: either account or nonce are not those of the tree, or the account was left out.",
        "check account, nonce and snapshot; if they are right, you hold evidence of an omission";
    FOREIGN_NONCE = 8116, NotMade, "the nonce cannot be read",
        "A nonce of this format is 32 bytes, as 64 hexadecimal digits.",
        "copy it from your account's page into a file that only you can read";
    FOREIGN_TOO_LARGE = 8117, NotMade, "the file is larger than this version reads",
        "Limits are set before memory is taken.",
        "check that it is the right file";
    FOREIGN_ANCHOR = 8118, Failed, "the published anchor says otherwise than the file",
        "Root, totals, snapshot and number of leaves are published apart from the proofs so that they can be compared.",
        "keep both files";
    FOREIGN_NO_TREE = 8119, NotMade, "the argument does not fit the kind of file",
        "A proof of one customer and a whole tree are asked different questions.",
        "see `counterfoil foreign verify --help`";
    FOREIGN_SOUND = 8120, Failed, "forged files pass the scheme's own rule",
        "They were made here, and checked by the same rule as real ones. It says what the scheme lets a venue do, and \
         nothing about any venue.",
        "ask for a scheme whose nodes commit to both sums of their children";
    LIST_LAYOUT = 8141, NotMade, "the list of addresses is in no layout that is known here",
        "Columns are found by their names in the line before the rows.",
        "a new layout is a new table of column names";
    LIST_ROW = 8142, NotMade, "a row of the list cannot be read",
        "What cannot be read shows nothing, and is never passed over.",
        "ask for the list again; what was read is in the report";
    LIST_SIGNATURE = 8143, Failed, "a signature of the list is not by the key of its address",
        "It was checked under the digest that the layout uses.",
        "keep the list";
    LIST_UNPROVEN = 8144, NotMade, "control of an address is not shown",
        "A signature of somebody else, or in a form that is not checked here, says nothing about the coins.",
        "ask for a signature by the keys of the address, or for evidence of the contract's owners";
    LIST_REPLAYABLE = 8145, NotMade, "the signed message is a constant",
        "A signature that names no block, no day and no liabilities never expires: it shows that the keys signed once, \
         by whoever had them then.",
        "ask for signatures over a line that names a recent block";
    LIST_TOTALS = 8146, Failed, "a total of the list is not the sum of its rows",
        "Whoever reads only the block of totals reads another figure than the rows give.",
        "ask which of the two is claimed";
    LIST_DUPLICATE = 8147, Failed, "an address stands twice in the list for one coin",
        "The same coins would be counted twice.",
        "count it once, and ask for a corrected list";
    LIST_HEIGHTS = 8148, NotMade, "rows and totals of one coin have different heights",
        "Coins can move between two heights, and be counted at both.",
        "ask for one height per chain";
    LIST_UNLISTED = 8149, NotMade, "totals and rows do not speak of the same coins",
        "A coin without total, or a total without rows, has nothing to be compared with.",
        "ask for the whole list";
}
