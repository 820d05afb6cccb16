//! CF-815n: tables in CSV that people keep in spreadsheets.

super::codes! {
    TABLE_UNREADABLE = 8150, NotMade, "a table is not CSV as it is read here",
        "A table is UTF-8 with commas, one row a line; a quote begins and ends a cell. What programs read in two ways is not guessed at.",
        "save the table as CSV, UTF-8, with commas, and without line breaks in cells";
    TABLE_COLUMN = 8151, NotMade, "a column of a table is missing, unknown, or there twice",
        "A column with a wrong name would be left out, and its figures with it.",
        "name the columns as the help and the specification do";
    TABLE_ROW = 8152, NotMade, "a row of a table has more or fewer cells than there are columns",
        "A cell too many or too few moves every figure behind it into another column.",
        "check the row for a comma that is missing, too many, or not in quotes";
    TABLE_CELL = 8153, NotMade, "a cell of a table cannot be read",
        "A figure or word that is not exactly of its form could be read as another one.",
        "correct the cell: plain decimals with a point, the words of the specification";
    TABLE_CELL_EMPTY = 8154, NotMade, "a cell of a table is empty that its row needs",
        "Nothing is assumed for an empty cell, and nothing is zero because nobody said it.",
        "fill the cell";
    TABLE_CELL_SURPLUS = 8155, NotMade, "a cell of a table is filled that its row has no use for",
        "Whoever filled the cell meant something by it, and nobody would read it.",
        "empty the cell, or put the row into the list that it belongs to";
    TABLE_TOO_LONG = 8156, NotMade, "a table has more rows than are read",
        "A list that long is no schedule that people keep by hand.",
        "join small rows of one counterparty";
    TABLE_BESIDE = 8157, NotMade, "rows stand in a table and in the file beside it",
        "What stands in two places can be read in two ways: one row would count twice, or not at all.",
        "keep the rows in one of the two";
}
