//! CF-1nnn: ledgers, amounts and the asset registry.

super::codes! {
    MISSING_COLUMN = 1001, NotMade, "the ledger lacks a required column",
        "Every row must say whose balance it is, of which asset, and how much.",
        "name the columns `account`, `asset` and `amount` in the first line; `credential`, `product` and `class` are optional";
    NOT_UTF8 = 1002, NotMade, "the ledger is not UTF-8",
        "An account is hashed byte by byte; a guess at its encoding would give another leaf than the customer computes.",
        "export the ledger as UTF-8";
    UNKNOWN_ASSET = 1003, NotMade, "the ledger names an asset that is not listed",
        "An asset without decimals has no amounts.",
        "add the asset to the assets file, or correct the spelling: names are case-sensitive";
    NEGATIVE_BALANCE = 1004, NotMade, "liability balances must not be negative",
        "A negative leaf lowers the published total by somebody else's balance.",
        "put margin debt in its own schedule (--debts); a negative leaf would let the venue hide liabilities";
    TOO_MANY_DIGITS = 1005, NotMade, "an amount has more digits than its asset has decimals",
        "What is owed is never rounded.",
        "correct the amount, or give the asset its real number of decimals in the assets file";
    EXPONENT = 1006, NotMade, "an amount is written with an exponent",
        "Exponents come from programs that keep money in floating point, where the digits may already be lost.",
        "export amounts as plain decimals";
    NOT_AN_AMOUNT = 1007, NotMade, "an amount is not a plain decimal",
        "An amount is ASCII digits with at most one point between them; signs, separators and NaN are refused.",
        "export amounts as plain decimals such as 1234.50";
    AMOUNT_TOO_LARGE = 1008, NotMade, "an amount is too large",
        "Amounts are at most 2^128 - 1 base units.",
        "check the amount and the asset's decimals";
    DUPLICATE_ACCOUNT = 1009, NotMade, "an account has two rows for one asset",
        "Of two leaves for one customer, each can be shown alone.",
        "add the rows up before exporting, or tell them apart in a `product` column";
    TOTAL_OVERFLOW = 1010, NotMade, "the balances of an asset add up to more than can be stated",
        "A sum that wraps around hides liabilities.",
        "check the amounts and the asset's decimals";
    EMPTY_LEDGER = 1011, NotMade, "the ledger has no rows",
        "A tree without leaves commits to nothing.",
        "check the export";
    EMPTY_ACCOUNT = 1012, NotMade, "a row names no account",
        "A balance that belongs to nobody can be checked by nobody.",
        "correct the export: every balance belongs to a customer account";
    UNKNOWN_COLUMN = 1013, NotMade, "the ledger has a column with an unknown name",
        "A misspelt `class` or `credential` that is silently skipped would change what is committed.",
        "correct the name, or leave the column out on purpose with --ignore-column NAME";
    ROW_SHAPE = 1014, NotMade, "a row has another number of fields than the first line",
        "A shifted row would put one customer's balance on another.",
        "correct the export: quote fields that contain a comma";
    CONTROL_TOTAL_MISSED = 1015, Failed, "the ledger does not add up to the control total",
        "The control total comes from a second source; a difference means that rows are missing or counted twice.",
        "find the rows that differ between the two sources; --no-control-total builds without the comparison, and reports say so";
    CONTROL_TOTAL_MISSING = 1016, NotMade, "no control total was given",
        "A ledger export that lost rows builds a tree that looks complete.",
        "give a file of totals from a second source with --expect-total, or build without one with --no-control-total";
    FIELD_TOO_LONG = 1017, NotMade, "a field is longer than can be committed",
        "Fields are committed with a 16-bit length.",
        "shorten the field to at most 1024 bytes";
    UNKNOWN_CLASS = 1018, NotMade, "a row names an unknown class of liability",
        "Every class has a tree of its own.",
        "use custody, lent, collateral or derivative";
    ASSETS_FILE = 1019, NotMade, "the assets file cannot be used",
        "Assets, their decimals and their deployments are stated once, in this file.",
        "correct the file as the message says; `counterfoil build --help` shows an example";
    CREDENTIAL_DIFFERS = 1020, NotMade, "rows of one account carry different credentials",
        "A leaf binds one credential; a customer who checks with the other one would find no proof.",
        "export the same credential on every row of the account";
    DUPLICATE_COLUMN = 1021, NotMade, "the ledger has a column twice",
        "Which of the two is meant cannot be known.",
        "remove one of the columns from the export";
    CSV_SYNTAX = 1022, NotMade, "the ledger is not well-formed CSV",
        "A quote that is not closed takes the rows behind it into one field, where they are owed to nobody.",
        "correct the quoting: a field in quotes begins and ends with one, on one line; a quote inside is doubled";
    CONTROL_TOTAL_FILE = 1023, NotMade, "the file of control totals cannot be used",
        "A total that is not read is not compared.",
        "write one line per asset, such as BTC = \"1204.5\"";
    RESERVED_ACCOUNT = 1024, NotMade, "the account is reserved",
        "Accounts that begin like this are those of decoys: leaves of nobody.",
        "give this customer account another id, or export the venue's own";
    COMPRESSED = 1030, NotMade, "a compressed ledger cannot be unpacked",
        "A ledger that ends too early lacks customers; what is damaged may lack anything.",
        "copy or export the file again, and test it with `gzip -t` or `zstd -t`";
    NOT_AS_NAMED = 1031, NotMade, "a ledger is not of the format that it should be",
        "A file under a wrong name may be the wrong file.",
        "give the file that was meant; Parquet is read from files only, and is compressed inside";
    NOT_BUILT_IN = 1032, NotMade, "this build does not read ledgers of this format",
        "Formats that few need are features of the build, because they take long to compile.",
        "build the program with the feature, or export the ledger as CSV";
    DATABASE_URL = 1033, NotMade, "the address of the database cannot be used",
        "An address that is read in part could lead to another database, or to one without encryption.",
        "write postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=FILE; docs/spec/ledger.md has the rules";
    DATABASE_PASSWORD = 1034, NotMade, "a password stands on the command line",
        "Arguments are seen by other processes and kept in the shell's history.",
        "put the password into a file that only you can read, as ~/.pgpass or where PGPASSFILE says: \
         HOST:PORT:DATABASE:USER:PASSWORD; then change it, because this one was seen";
    DATABASE = 1035, NotMade, "the database did not give what was asked for",
        "A ledger that a broken connection cut short lacks customers.",
        "check host, port, user, password file and certificates; build again, since nothing was written";
    QUERY = 1036, NotMade, "the database refuses the query",
        "The query runs in a transaction that can only read.",
        "correct the query: one SELECT with the columns account, asset, amount and, if wanted, credential, product, class";
    AMOUNT_TYPE = 1037, NotMade, "the amounts are of a type that does not hold them exactly",
        "Floating point has lost digits before the ledger is read, and money types print differently per locale.",
        "store amounts as NUMERIC or DECIMAL, as integers of whole units, or as text; a cast in the export does not bring \
         digits back";
    COLUMN_TYPE = 1038, NotMade, "a column is of a type that is no text",
        "An account is hashed byte by byte; another type would have more than one text.",
        "export account, asset, credential, product and class as UTF-8 strings";
    NULL = 1039, NotMade, "a required column is null in a row",
        "Every row must say whose balance it is, of which asset, and how much.",
        "correct the export; an amount of nothing is 0";
}
