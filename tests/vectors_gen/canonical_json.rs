use serde_json::json;

use super::{Sent, Stage, Vectors, Want};

pub(super) fn add(vectors: &mut Vectors) {
    accepted(vectors);
    refused(vectors);
    nested(vectors);
}

fn case(vectors: &mut Vectors, form: &str, name: &str, comment: &str, flag: &str, file: &[u8], want: Want) {
    let sent = Sent::Bytes(file.to_vec());
    vectors.add(&format!("canonical-json/{name}"), comment, &[flag], json!({ "form": form }), sent, want);
}

fn accepted(vectors: &mut Vectors) {
    let canonical: [(&str, &str, &str, &str); 9] = [
        ("object", "the one form", "Canonical", r#"{"amount":"1","asset":"BTC"}"#),
        ("all_types", "text, true, false, null, list, object", "Canonical", r#"{"a":["x",true,false,null,{}],"b":[]}"#),
        ("empty_object", "no fields", "Boundary", "{}"),
        ("empty_text", "a text alone is a value", "Boundary", r#""""#),
        (
            "utf16_order",
            "U+1F600 sorts before U+FB33: by UTF-16 units, not by code points",
            "Unicode",
            "{\"\u{1f600}\":\"1\",\"\u{fb33}\":\"2\"}",
        ),
        ("short_escapes", "the escapes that have one letter", "Canonical", r#""\b\t\n\f\r\"\\""#),
        ("control_escapes", "the others have four lower-case digits", "Canonical", r#""\u0000\u001f""#),
        ("delete_is_not_escaped", "U+007F and U+2028 stand for themselves", "Unicode", "\"\u{7f}\u{2028}/\""),
        ("not_normalised", "a decomposed letter stays decomposed", "Unicode", "\"e\u{301}\u{e9}\""),
    ];
    for (name, comment, flag, file) in canonical {
        case(vectors, "canonical", name, comment, flag, file.as_bytes(), Want::Valid);
    }
    let strict: [(&str, &str, &str); 6] = [
        ("strict_white_space", "unsigned files may have white space", " { \"a\" : [ \"1\" ] }\r\n\t"),
        ("strict_order", "unsigned files may have any order", r#"{"b":"1","a":"2"}"#),
        ("strict_escapes", "unsigned files may escape more than needed", r#""\u0061\/""#),
        ("strict_surrogates", "a pair of surrogates is one character", r#""\ud83d\ude00""#),
        ("strict_upper_case_escape", "upper-case digits in an escape", r#""\u00E9""#),
        ("strict_same_key_in_two_objects", "a key once in each object", r#"{"a":{"a":"1"},"b":{"a":"1"}}"#),
    ];
    for (name, comment, file) in strict {
        case(vectors, "strict", name, comment, "Strict", file.as_bytes(), Want::Valid);
    }
}

fn refused(vectors: &mut Vectors) {
    let cases: [(&str, &str, &str, &[u8], &str); 31] = [
        ("keys_out_of_order", "another order", "NotCanonical", br#"{"asset":"BTC","amount":"1"}"#, "CF-3004"),
        (
            "code_point_order",
            "sorted by code points",
            "NotCanonical",
            "{\"\u{fb33}\":\"2\",\"\u{1f600}\":\"1\"}".as_bytes(),
            "CF-3004",
        ),
        ("white_space", "a space", "NotCanonical", br#"{"a": "1"}"#, "CF-3004"),
        ("newline_at_the_end", "signed bytes end with the value", "NotCanonical", b"{}\n", "CF-3004"),
        ("escaped_letter", "an escape that is not needed", "NotCanonical", br#"{"\u0061":"1"}"#, "CF-3004"),
        ("escaped_solidus", "an escape that is not needed", "NotCanonical", br#""\/""#, "CF-3004"),
        ("escaped_tab_long", "the short escape exists", "NotCanonical", br#""\u0009""#, "CF-3004"),
        ("escape_in_upper_case", "digits of escapes are lower case", "NotCanonical", br#""\u001F""#, "CF-3004"),
        ("integer", "a JSON number", "JsonNumber", br#"{"amount":1}"#, "CF-3002"),
        (
            "large_integer",
            "readers round this number",
            "JsonNumber",
            br#"{"amount":12345678901234567890123}"#,
            "CF-3002",
        ),
        ("fraction", "a JSON number", "JsonNumber", br#"["1",1.5]"#, "CF-3002"),
        ("negative_number", "a JSON number", "JsonNumber", br#"[-1]"#, "CF-3002"),
        ("number_with_exponent", "a JSON number", "JsonNumber", br#"{"a":1e3}"#, "CF-3002"),
        ("huge_exponent", "a JSON number that no double holds", "JsonNumber", br#"{"a":1e999}"#, "CF-3002"),
        ("number_alone", "a JSON number", "JsonNumber", b"0", "CF-3002"),
        (
            "key_twice",
            "readers keep the first or the last",
            "DuplicateKey",
            br#"{"amount":"1","amount":"2"}"#,
            "CF-3003",
        ),
        ("key_twice_same_value", "also with equal values", "DuplicateKey", br#"{"a":"1","a":"1"}"#, "CF-3003"),
        (
            "key_twice_by_escape",
            "the same key in another spelling",
            "DuplicateKey",
            br#"{"a":"1","\u0061":"2"}"#,
            "CF-3003",
        ),
        ("key_twice_inside", "in an inner object", "DuplicateKey", br#"{"a":[{"b":"1","b":"2"}]}"#, "CF-3003"),
        ("empty", "no value", "NotJson", b"", "CF-3005"),
        ("cut_off", "the end is missing", "NotJson", br#"{"a":"1""#, "CF-3005"),
        ("two_values", "something behind the value", "NotJson", b"{}{}", "CF-3005"),
        ("trailing_comma", "a comma before the end", "NotJson", br#"{"a":"1",}"#, "CF-3005"),
        ("single_quotes", "not JSON", "NotJson", b"{'a':'1'}", "CF-3005"),
        ("comment", "not JSON", "NotJson", b"{} // x", "CF-3005"),
        ("nan", "no JSON value", "NotJson", br#"{"a":NaN}"#, "CF-3005"),
        ("byte_order_mark", "no byte order mark", "NotJson", "\u{feff}{}".as_bytes(), "CF-3005"),
        ("raw_newline_in_text", "control characters are escaped", "NotJson", b"\"a\nb\"", "CF-3005"),
        ("half_a_surrogate_pair", "no character", "Unicode", br#""\ud83d""#, "CF-3005"),
        ("not_utf8", "a byte that no UTF-8 text has", "Unicode", b"\"\xff\"", "CF-3005"),
        ("overlong_utf8", "a character in too many bytes", "Unicode", b"\"\xc0\xaf\"", "CF-3005"),
    ];
    for (name, comment, flag, file, code) in cases {
        case(vectors, "canonical", name, comment, flag, file, Want::Refused(Stage::Parse, code));
    }
}

fn nested(vectors: &mut Vectors) {
    let file = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let comment = "as deep as allowed";
    case(vectors, "canonical", "nesting_127", comment, "Boundary", file(127).as_bytes(), Want::Valid);
    let (comment, want) = ("one level too deep", Want::Refused(Stage::Parse, "CF-3005"));
    case(vectors, "canonical", "nesting_128", comment, "Boundary", file(128).as_bytes(), want);
}
