//! CF-7400 to CF-7449: tiers of wallets, custodians, issuers and positions in contracts.

super::codes! {
    TIER_DIFFERS = 7400, NotMade, "a tier of wallets is not what the venue declares",
        "The statement says how much lies hot, warm and cold; the chain shows another amount on the addresses of that tier.",
        "the venue corrects the roles in its address set or the tiers in its statement, and says what moved";
    TIER_NOT_DETERMINABLE = 7401, NotMade, "weaker evidence decides neither way about a tier",
        "What was declared lies between what accepted evidence shows and what any evidence shows.",
        "gather evidence of the tier that the policy accepts";
    TIERS_NOT_DECLARED = 7402, NotMade, "a statement with tiers leaves out an asset that is held",
        "The venue declares how its wallets are split, and says nothing about this asset.",
        "the venue adds the asset to the tiers of its next statement";
    CUSTODIAN_KEY = 7410, NotMade, "the custodian signs with the venue's key",
        "Custody must be separate from trading: who signs for both can move the coins of both.",
        "the coins go to a custodian with keys of its own";
    CUSTODIAN_DAY = 7411, NotMade, "the custodian's statement is of another moment",
        "Coins that were in custody yesterday can be elsewhere today: a claim counts at the same cut-off only.",
        "the custodian states and signs as of the venue's cut-off";
    CUSTODIAN_NOT_ZERO = 7412, NotMade, "a custodian owes another amount than it keeps",
        "Whoever only keeps coins for others has exactly what it owes, every day; a difference is a loan in one direction or the other.",
        "the custodian says what the difference is";
    CUSTODIAN_ASSETS = 7413, NotMade, "a custodian does not say what it keeps",
        "Without its tiers nobody can compare what it keeps with what it owes.",
        "the custodian declares its tiers in its statement";
    CUSTODIAN_DAYS = 7414, NotMade, "there is no custodian's statement for each day",
        "Between two statements coins can be lent and given back.",
        "the custodian states every day, and the bundle has each statement since the venue's last one";
    CUSTODY_NOT_ROLLED = 7415, NotMade, "books of custody do not roll forward",
        "What was there, and what came in, less what went out, is what is there: a difference moved without a line.",
        "whoever keeps the books lists every movement";
    CUSTODY_BOOKS_AND_TREE = 7416, NotMade, "a custodian's accounts are not what it owes",
        "Its books and its committed trees speak of the same balances, and their totals differ.",
        "the custodian builds its trees from its books";
    CUSTODY_BALANCE_DIFFERS = 7417, NotMade, "venue and custodian state other balances",
        "Both keep books of one account; at least one of them is wrong.",
        "both compare their books and correct them";
    CUSTODY_LINE_DIFFERS = 7418, NotMade, "a movement is not the same in both books",
        "A deposit or withdrawal that one side does not know, or knows with another amount, hides where coins went.",
        "both compare their books and correct them";
    CUSTODY_LEAF_DIFFERS = 7419, NotMade, "a custodian's tree and its books differ about the venue",
        "What counts is the leaf: it is in the total that everybody sees.",
        "the custodian builds its trees from its books";
    VENUE_BOOKS_MISSING = 7420, NotMade, "the venue's statement has no books of custody",
        "The custodian's side alone cannot be compared with anything.",
        "the venue states its custody accounts with its next statement";
    CUSTODIAN_MISSING = 7421, NotMade, "a custodian has no evidence in the bundle, or nobody pins it",
        "The venue says that somebody keeps coins for it, and nothing shows it.",
        "pin the custodian in the policy, and put its bundle under custodians/";
    CUSTODIAN_REFUSED = 7422, NotMade, "a custodian's bundle is not accepted",
        "It is not what its manifest, its keys or its statement say.",
        "ask the custodian for its bundle again";
    CUSTODIAN_PROOF = 7423, NotMade, "no proof that the venue is in the custodian's tree",
        "Only a leaf that names the venue and its key is the venue's: the custodian's total belongs to all that it serves.",
        "the venue adds its inclusion proof from the custodian";
    CUSTODIAN_ADDRESSES = 7424, NotMade, "addresses stand in the sets of venue and custodian",
        "The same coins would be counted twice, or by each venue that the custodian serves: they count by the leaf in its tree alone.",
        "the venue leaves the custodian's addresses out of its own set";
    CUSTODIAN_OPEN = 7425, NotMade, "a custodian's own report has findings, or does not cover what it owes",
        "What the venue has there is worth what the custodian keeps.",
        "read the custodian's own bundle";
    ISSUED_AS_NATIVE = 7430, NotMade, "an issued coin is mapped to a coin that nobody issues",
        "A wrapped coin is a claim on its issuer: whoever is owed the native coin cannot be paid with it.",
        "map the issued coin to an asset of its own, or hold the native coin";
    ISSUER_NOT_SHOWN = 7431, NotMade, "nothing shows what stands behind an issued coin",
        "Its issuer has published no bundle that is here: the coin is worth what the issuer can pay, which nobody shows.",
        "put the issuer's own bundle under issuers/";
    ISSUER_REFUSED = 7432, NotMade, "an issuer's bundle is not accepted",
        "It is not what its manifest, its keys or its statement say.",
        "ask the issuer for its bundle again";
    ISSUER_DAY = 7433, NotMade, "an issuer's statement is of another moment",
        "What stood behind a coin yesterday can be gone today: it is looked through at the same cut-off only.",
        "the issuer states and signs as of the venue's cut-off";
    ISSUER_OPEN = 7434, NotMade, "an issuer does not show that it covers what it issues",
        "The coin is a claim on whoever owes more than it shows.",
        "read the issuer's own bundle";
    POOL_POSITION = 7440, NotMade, "shares of a contract that owes nobody",
        "The contract would have paid this much for them in this state, rounded down. Nobody owes it, and it counts nothing as held: what the shares stand for moves with every trade and every price.",
        "withdraw from the contract; nothing else turns shares into coins";
    POOL_NOT_DETERMINABLE = 7441, NotMade, "what shares of a contract stand for is not determinable",
        "The policy names the contract, and the evidence does not show its state, or shows another code or another state than the entry is about.",
        "gather the contract's account and slots, or correct the entry";
    POOL_CODE = 7442, NotMade, "the contract has another code than the entry",
        "Slots mean what the code that reads them makes of them.",
        "read the new code, and write an entry for it";
    POOL_STATE = 7443, NotMade, "the contract is in no state that its code can be in",
        "More shares than there are, one token on both sides, or shares that stand for themselves.",
        "correct the slots of the entry";
    POOL_TOO_LARGE = 7444, NotMade, "a figure of the contract is too large",
        "Amounts above 2^128 - 1 are refused by name.",
        "leave the contract out; no real token has so many units";
}
