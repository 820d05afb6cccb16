use serde_json::json;

use super::{Sent, Stage, Vectors, Want};

const MAX: &str = "340282366920938463463374607431768211455";
const TOO_LARGE: &str = "340282366920938463463374607431768211456";

pub(super) fn add(vectors: &mut Vectors) {
    accepted(vectors);
    refused(vectors);
    base_units(vectors);
    rescaled(vectors);
}

fn parse(vectors: &mut Vectors, name: &str, comment: &str, flags: &[&str], decimals: u8, text: &str, want: Want) {
    let query = json!({"operation": "parse", "decimals": decimals.to_string()});
    let sent = Sent::Object(json!({ "text": text }));
    vectors.add(&format!("amount/{name}"), comment, flags, query, sent, want);
}

fn accepted(vectors: &mut Vectors) {
    let cases: [(&str, &str, &[&str], u8, &str); 11] = [
        ("zero", "nothing is an amount", &["Boundary"], 8, "0"),
        ("zero_with_a_fraction", "a zero before the point is not a leading zero", &[], 8, "0.5"),
        ("one_base_unit", "the smallest amount", &["Boundary"], 8, "0.00000001"),
        ("whole_units", "no point at all", &[], 8, "21000000"),
        ("fewer_digits", "missing decimals are zeros", &[], 8, "21000000.5"),
        (
            "trailing_zeros",
            "a NUMERIC(38,18) column prints zeros beyond the decimals",
            &["Rounding"],
            6,
            "1234.500000000000000000",
        ),
        ("no_decimals", "an asset without decimals", &["Boundary"], 0, "12"),
        ("no_decimals_with_zeros", "zeros behind the point change nothing", &["Boundary", "Rounding"], 0, "12.00"),
        ("most_decimals", "38 decimals is the most", &["Boundary"], 38, "3.40282366920938463463374607431768211455"),
        ("largest", "2^128 - 1 base units", &["Boundary", "Overflow"], 0, MAX),
        (
            "largest_with_decimals",
            "2^128 - 1 base units, 18 decimals",
            &["Boundary", "Overflow"],
            18,
            "340282366920938463463.374607431768211455",
        ),
    ];
    for (name, comment, flags, decimals, text) in cases {
        parse(vectors, name, comment, flags, decimals, text, Want::Valid);
    }
}

fn refused(vectors: &mut Vectors) {
    let cases: [(&str, &str, &str, u8, &str, &str); 30] = [
        ("empty", "no digits", "NumberForm", 8, "", "CF-1007"),
        ("negative", "a negative balance would lower the total", "NegativeAmount", 8, "-0.001", "CF-1004"),
        ("negative_zero", "minus zero has a sign", "NegativeAmount", 8, "-0", "CF-1004"),
        ("plus_sign", "one amount has one spelling", "NumberForm", 8, "+1", "CF-1007"),
        ("leading_zero", "octal in some languages", "NumberForm", 8, "007", "CF-1007"),
        ("two_zeros_before_the_point", "a leading zero", "NumberForm", 8, "00.5", "CF-1007"),
        ("bare_point_before", "digits are missing before the point", "NumberForm", 8, ".5", "CF-1007"),
        ("bare_point_behind", "digits are missing behind the point", "NumberForm", 8, "5.", "CF-1007"),
        ("point_alone", "no digits", "NumberForm", 8, ".", "CF-1007"),
        ("two_points", "at most one point", "NumberForm", 8, "1.2.3", "CF-1007"),
        ("decimal_comma", "a comma may also separate thousands", "NumberForm", 8, "1,5", "CF-1007"),
        ("thousands_comma", "a separator", "NumberForm", 8, "1,000", "CF-1007"),
        ("underscore", "a separator that some parsers accept", "NumberForm", 8, "1_000", "CF-1007"),
        ("apostrophe", "a separator", "NumberForm", 8, "1'000", "CF-1007"),
        ("space_before", "no white space", "NumberForm", 8, " 1", "CF-1007"),
        ("space_behind", "no white space", "NumberForm", 8, "1 ", "CF-1007"),
        ("newline_behind", "some regular expressions let a newline pass at the end", "NumberForm", 8, "1\n", "CF-1007"),
        ("nul_behind", "C strings end here", "NumberForm", 8, "1\u{0}", "CF-1007"),
        ("exponent", "digits may already be lost", "NumberForm", 8, "1e5", "CF-1006"),
        ("exponent_upper_case", "digits may already be lost", "NumberForm", 8, "1.5E-3", "CF-1006"),
        ("hexadecimal", "not a decimal", "NumberForm", 8, "0x10", "CF-1007"),
        ("not_a_number", "what floating point prints for no value", "NumberForm", 8, "NaN", "CF-1007"),
        ("infinity", "what floating point prints for too much", "NumberForm", 8, "Infinity", "CF-1007"),
        ("arabic_digits", "digits, but not ASCII", "Unicode", 8, "\u{661}\u{662}", "CF-1007"),
        ("fullwidth_digits", "digits, but not ASCII", "Unicode", 8, "\u{ff11}", "CF-1007"),
        ("one_digit_too_many", "what is owed is never rounded", "Rounding", 8, "0.000000001", "CF-1005"),
        ("digit_behind_zeros", "zeros do not hide a digit", "Rounding", 2, "1.0000001", "CF-1005"),
        ("fraction_without_decimals", "an asset without decimals has no fractions", "Rounding", 0, "0.5", "CF-1005"),
        ("too_large", "2^128 base units", "Overflow", 0, TOO_LARGE, "CF-1008"),
        (
            "too_large_with_decimals",
            "below 2^128 units, but not base units",
            "Overflow",
            18,
            "340282366920938463463.374607431768211456",
            "CF-1008",
        ),
    ];
    for (name, comment, flag, decimals, text, code) in cases {
        parse(vectors, name, comment, &[flag], decimals, text, Want::Refused(Stage::Parse, code));
    }
}

fn base_units(vectors: &mut Vectors) {
    let refused = |code| Want::Refused(Stage::Parse, code);
    let cases = [
        ("base_units", "how amounts stand in JSON", "Boundary", "120450000000", Want::Valid),
        ("base_units_zero", "zero has one digit", "Boundary", "0", Want::Valid),
        ("base_units_largest", "2^128 - 1", "Boundary", MAX, Want::Valid),
        ("base_units_too_large", "2^128", "Overflow", TOO_LARGE, refused("CF-1008")),
        ("base_units_negative", "a negative sum", "NegativeAmount", "-1", refused("CF-1004")),
        ("base_units_leading_zero", "one spelling only", "NumberForm", "01", refused("CF-1007")),
        ("base_units_with_a_point", "base units are whole", "NumberForm", "1.0", refused("CF-1007")),
        ("base_units_empty", "no digits", "NumberForm", "", refused("CF-1007")),
    ];
    for (name, comment, flag, text, want) in cases {
        let sent = Sent::Object(json!({ "text": text }));
        vectors.add(&format!("amount/{name}"), comment, &[flag], json!({"operation": "base_units"}), sent, want);
    }
}

fn rescaled(vectors: &mut Vectors) {
    let refused = |code| Want::Refused(Stage::Sum, code);
    let cases = [
        ("rescale_up", "6 to 18 decimals is exact", "6", "18", "1234500000", Want::Valid),
        ("rescale_down_exact", "18 to 6 decimals without loss", "18", "6", "1234500000000000000000", Want::Valid),
        ("rescale_same", "the same decimals", "8", "8", "1", Want::Valid),
        (
            "rescale_down_inexact",
            "one base unit would be lost",
            "18",
            "6",
            "1234500000000000000001",
            refused("CF-1005"),
        ),
        ("rescale_up_overflow", "the result is 2^128 or more", "0", "38", "4", refused("CF-1008")),
        ("rescale_up_largest_power", "3 * 10^38 fits", "0", "38", "3", Want::Valid),
    ];
    for (name, comment, from, to, text, want) in cases {
        let query = json!({"operation": "rescale", "from": from, "to": to});
        let sent = Sent::Object(json!({ "text": text }));
        vectors.add(&format!("amount/{name}"), comment, &["Rescale"], query, sent, want);
    }
}
