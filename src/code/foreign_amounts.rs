//! CF-8180: amounts in the formats of others.

super::codes! {
    FOREIGN_NEGATIVE = 8180, Failed, "an amount below zero lowers the total",
        "What is owed to some is not less because others are in debt: a total with such an amount in it is less than what is owed.",
        "keep the file, and ask whose amount it is; debts of customers belong in a list of their own";
}
