//! CF-7nnn: findings of a reconciliation. They stand in reports; none of them is an error of a command.

super::codes! {
    NO_LIABILITIES = 7001, NotMade, "no statement of liabilities",
        "Reserves alone show that somebody has coins, not that they suffice.",
        "add the venue's signed statement to the bundle";
    NO_RESERVES = 7002, NotMade, "no evidence of reserves",
        "What is owed is stated, what is held is not shown.",
        "add address set, challenge, signatures and chain evidence to the bundle";
    OTHER_LIABILITIES_NONE_STATED = 7003, NotMade, "no other liabilities are stated",
        "A tree of customer balances does not show loans, margin debts, fiat or deposits of other venues. None stated is not zero.",
        "the venue states a schedule of its other liabilities; the policy can demand one";
    CONTROL_MISSING = 7004, Failed, "no valid signature for an address",
        "What nobody has shown control of counts for nothing.",
        "have the address sign the challenge";
    CONTROL_INVALID = 7005, Failed, "a signature does not show control of its address",
        "A signature over another line, another venue's challenge for example, shows nothing here.",
        "have the address sign the line of this challenge";
    CONTROL_UNASKED = 7006, NotMade, "a signature for an address outside the committed set",
        "Only committed addresses count.",
        "commit to the address before the next snapshot";
    CUTOFF_BLOCK = 7007, Failed, "the statement's block is not the cut-off block of its chain",
        "A venue that picks each chain's block can count the same coins on two of them.",
        "the cut-off block is the last one whose time is not after the cut-off";
    CUTOFF_UNKNOWN = 7008, NotMade, "the evidence does not show that the statement's block is the cut-off block",
        "Its time and that of its successor must be in evidence.",
        "pin a block above the cut-off block; when the evidence ends before the next block, fetch it again";
    CHAIN_UNANCHORED = 7009, NotMade, "the evidence of a chain hangs on no block that the policy pins",
        "A header chain that only the bundle vouches for may have been made for it.",
        "pin the hash of a recent block of this chain, seen with your own node, in the policy";
    CHAIN_WITHOUT_BLOCK = 7010, NotMade, "the statement names no block for a chain of the address set",
        "Without a block there is no balance to speak of.",
        "the venue names the cut-off block of every chain";
    DEPLOYMENT_MAP_DIFFERS = 7011, NotMade, "the statement counts other deployments for an asset than the policy",
        "A wrapped or bridged copy is a claim on somebody, not the asset.",
        "compare both lists; the policy's is the one that counts";
    ENCUMBERED = 7012, Failed, "coins that are pledged",
        "What is pledged is not free to pay customers.",
        "release the pledge, or leave the address out";
    OWN_ISSUE = 7013, Failed, "coins that the venue or its circle issues",
        "Such a coin is worth what its issuer is worth, and covers only itself.",
        "hold the asset that is owed";
    ADDRESS_SET_DIFFERS = 7014, Failed, "the address set is not the one in the statement",
        "Addresses chosen after the statement was signed prove nothing about it.",
        "add the committed address set to the bundle";
    CHALLENGE_REFUSED = 7015, Failed, "the challenge does not bind this statement",
        "Signatures over it show control at another time, for another set or for somebody else.",
        "issue a challenge for this venue and set before the cut-off";
    EVIDENCE_MISSING = 7016, NotMade, "a file of evidence is missing",
        "A check without its evidence cannot be made.",
        "add the file to the bundle and seal it again";
    EVIDENCE_REFUSED = 7017, NotMade, "a file of evidence cannot be used",
        "See the detail.",
        "gather the evidence again";
    NO_CONTROL_TOTAL = 7018, NotMade, "no total of a second source was compared with the ledger",
        "A ledger export that lost rows builds a tree that looks complete.",
        "the venue builds with --expect-total";
    TRANSCRIPT_STATED = 7019, NotMade, "a node's answers are stated by whoever made the bundle",
        "An answer of a node that only the bundle vouches for is a text file.",
        "fetch the evidence yourself and pin your own key, or pin the key of a node that you trust";
    ASSET_NOT_MAPPED = 7020, NotMade, "the policy counts no deployment for an asset",
        "Without a deployment nothing that is held can count for it.",
        "add the asset and its deployments to the policy";
    AMOUNT_NOT_COMPARABLE = 7021, NotMade, "amounts do not fit a common number of decimals",
        "A sum that does not fit is refused.",
        "check the decimals of the asset and its deployments";
    ASSET_WITHOUT_ROWS = 7022, NotMade, "the statement commits to no balances in an asset",
        "Nothing is committed, so nothing that is owed can be compared. None listed is not zero.",
        "the venue builds a tree for the asset, or leaves it out of the statement";
    DECIMALS_DIFFER = 7023, NotMade, "the statement counts an asset with other decimals than the policy",
        "The same digits with more decimals are a smaller sum: what is owed may have shrunk, whatever the digits say.",
        "compare an own balance, written with its point, with `verify --expect`";
    ANSWER_AFTER_CUTOFF = 7024, NotMade, "a node listed its coins after the cut-off block",
        "A coin that was held at the cut-off and spent since is not on the list: less is seen than was there.",
        "fetch as soon as the next block shows which one is the cut-off block, gather later spends, or let `--blocks` show them";
    CHALLENGE_LONG = 7025, NotMade, "the challenge is valid for more than 400 days",
        "A signature over it says little about who holds the key today.",
        "issue challenges for at most 400 days";
    FEWER_SIGNERS = 7026, NotMade, "fewer keys have signed than the venue declares",
        "The statement says how many officers sign it.",
        "collect the missing signatures, or pin the keys of all officers";
    OUT_OF_SCOPE = 7027, NotMade, "a product is outside of the trees",
        "What is owed for it is in no total of this statement.",
        "the venue takes the product into its trees";
    CONTROL_LOCKED = 7030, Failed, "control is shown for a time after the cut-off",
        "The script is satisfied from a height or time on that the cut-off has not reached: until then nobody shows that these coins can be paid out.",
        "have the address sign by a branch that can be spent at the cut-off";
    CONTROL_AGE = 7031, NotMade, "control is shown for older coins than this one",
        "The script is satisfied by coins that have rested for some time; younger ones cannot be spent by it yet.",
        "have the address sign by a branch without a relative timelock";
    CONTROL_FOREIGN_HEADER = 7032, NotMade, "a signature of the form for P2PKH stands for a witness address",
        "Both addresses are the same key's hash, so that key signed; but the signature names the other address.",
        "have the address sign by BIP-322 or BIP-137";
    CONTROL_MARK_AMOUNT = 7033, NotMade, "the mark of a movement is an amount",
        "Whoever makes a challenge can try nonces until somebody else's payment fits: about a million tries.",
        "move a coin with the challenge's hash in an OP_RETURN output";
    CONTROL_COIN_DIFFERS = 7034, Failed, "a proof of funds shows a coin with another amount than the chain evidence",
        "One outpoint has one amount.",
        "the coin counts nothing; keep the bundle as evidence and ask the venue";
    DESCRIPTORS_UNDISCLOSED = 7035, NotMade, "the descriptors behind the address set are not disclosed",
        "Whether the set has every address of its wallets, or a choice of them, cannot be seen without the descriptors.",
        "the venue gives the auditor a bundle with `auditor/descriptors.jsonl`";
    DESCRIPTORS_REFUSED = 7036, NotMade, "the list of descriptors cannot be used",
        "See the detail.",
        "ask the venue for the list that `counterfoil challenge addresses` wrote beside the set";
    DESCRIPTOR_DIFFERS = 7037, Failed, "the address set is not what its descriptors give",
        "An address that is missing, surplus or another one means that the set was chosen, not derived.",
        "keep the bundle as evidence and ask the venue";
    WINDOW_GAP = 7040, NotMade, "blocks of the window without evidence",
        "Coins can be elsewhere in the blocks that nobody shows.",
        "fetch the whole window that the policy asks for, from a node with the block filter index";
    WINDOW_OFFERED = 7041, NotMade, "the window is the one that the bundle offers",
        "Whoever chooses the blocks chooses the minimum.",
        "name blocks before and after the cut-off in the policy, under [window]";
    WINDOW_REFUSED = 7042, NotMade, "the window in the bundle cannot be used",
        "It contradicts itself, its proofs or the node's answers: no block of it can be believed.",
        "see the detail; fetch the window again";
    CLOSING_NOT_REACHED = 7043, NotMade, "the evidence ends before the block at which signatures had been seen",
        "Nobody shows that what was signed for was still there then.",
        "fetch a window that reaches this block";
    GONE_BEFORE_CLOSING = 7044, NotMade, "coins left before the signature for their address had been seen",
        "A key that is handed over after the coins left signs for nothing.",
        "count the address at the next snapshot; the venue logs its signatures earlier";
    ROUND_TRIP = 7045, NotMade, "coins came from a counterparty and went back there",
        "Coins that are borrowed for a snapshot are nobody's reserve. Around the cut-off they do not count as accepted evidence.",
        "the venue explains the transfers; a customer who deposits and withdraws has a balance in the tree in between";
    WINDOW_BELOW_OWED = 7046, NotMade, "the balance fell below what was owed",
        "Before the first statement of the window its total is asked for, after the last one that one's, in between the smaller one. Coins that came and went do not count.",
        "a further statement from the time of the dip: less may have been owed then";
    WINDOW_BALANCE_DIFFERS = 7047, Failed, "the window has less than the list of coins",
        "Both are about the same addresses at the same block.",
        "fetch coins and window in one go";
    WINDOW_WEAK = 7048, NotMade, "the window rests on less than the policy demands",
        "A window that is only stated shows what its maker likes.",
        "fetch it yourself, have it signed by a node that the policy pins, or read whole blocks";
    CLOSING_UNKNOWN = 7049, NotMade, "nothing shows by when the signatures had been made",
        "A signature has no date: the key may have been handed over after the coins left.",
        "name the block at which you had seen the signatures, as [[window.seen]] in the policy";
}
