//! Strict JSON: what every signed file is read with. Specification: `docs/spec/canonical-json.md`.
//!
//! Two rules beyond RFC 8259: no JSON numbers (programs round them differently) and no key twice (programs
//! differ in which they keep). Signed files are moreover in the form of RFC 8785, byte for byte.

mod exact;

use std::cell::Cell;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::code::{Code, Coded, publish as codes};

/// Why bytes are not an acceptable JSON file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// A key stands twice in one object.
    #[error("key {key:?} stands twice in one object, at line {line} column {column}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The bytes are not the canonical form of what they say.
    #[error("byte {at} differs from the canonical form of RFC 8785")]
    NotCanonical {
        /// First byte that differs, from 0.
        at: usize,
    },
    /// A JSON number.
    #[error("JSON number {number} at line {line} column {column}, expected a decimal string")]
    Number {
        /// The number as read.
        number: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The JSON is not of the shape that the file must have.
    #[error("{detail}")]
    Shape {
        /// What was found and expected.
        detail: String,
    },
    /// Not JSON at all.
    #[error("{detail}")]
    Syntax {
        /// The parser's words, with line and column.
        detail: String,
    },
}

impl Coded for JsonError {
    fn code(&self) -> &'static Code {
        match self {
            Self::DuplicateKey { .. } => &codes::JSON_DUPLICATE_KEY,
            Self::NotCanonical { .. } => &codes::NOT_CANONICAL,
            Self::Number { .. } => &codes::JSON_NUMBER,
            Self::Shape { .. } => &codes::STATEMENT_MALFORMED,
            Self::Syntax { .. } => &codes::JSON_SYNTAX,
        }
    }
}

/// More values than any file of this program has (a manifest of a million files has four million). Each takes many
/// times the memory of its two or three bytes.
const VALUES_MAX: u32 = 1 << 23;

/// Reads a value that has no number and no key twice. The parser limits nesting to 127 levels.
///
/// # Errors
/// [`JsonError`] with the place.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let value = Strict(&Cell::new(0)).deserialize(&mut parser).map_err(|error| classify(&error))?;
    parser.end().map_err(|error| JsonError::Syntax { detail: error.to_string() })?;
    Ok(value)
}

/// Reads a file that must also be canonical: what was signed is the bytes, so only one form is accepted.
///
/// # Errors
/// [`JsonError`] with the place.
pub fn parse_canonical(bytes: &[u8]) -> Result<Value, JsonError> {
    let value = parse(bytes)?;
    let canonical = canonical(&value)?;
    if canonical != bytes {
        let at = canonical.iter().zip(bytes).take_while(|(left, right)| left == right).count();
        return Err(JsonError::NotCanonical { at });
    }
    Ok(value)
}

/// The canonical bytes (RFC 8785) of anything that has no numbers.
///
/// # Errors
/// [`JsonError::Shape`] when `value` cannot be written, which no type of this crate is.
pub fn canonical<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, JsonError> {
    serde_json_canonicalizer::to_vec(value).map_err(|error| JsonError::Shape { detail: error.to_string() })
}

/// A typed reading of a strict value: an object for each struct, a text for each word, nothing in their place.
///
/// # Errors
/// [`JsonError::Shape`] naming the field.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, JsonError> {
    T::deserialize(exact::Exact(value)).map_err(|error| JsonError::Shape { detail: error.to_string() })
}

/// Strict reading into a type in one step.
///
/// # Errors
/// [`JsonError`].
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    typed(parse(bytes)?)
}

/// Strict and canonical reading into a type in one step.
///
/// # Errors
/// [`JsonError`].
pub fn read_canonical<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    typed(parse_canonical(bytes)?)
}

/// An optional field that must be written, as `null` when there is nothing: what is absent was not stated.
///
/// # Errors
/// Those of the deserializer.
pub fn required<'de, D: serde::Deserializer<'de>, T: serde::Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    serde::Deserialize::deserialize(deserializer)
}

/// Marks in messages of our own visitor; the parser adds the place behind them.
const NUMBER_MARK: &str = "\u{1}number ";
const DUPLICATE_MARK: &str = "\u{1}key ";

/// What the parser says of a number that no double holds, which it meets before our visitor does.
const OUT_OF_RANGE: &str = "number out of range";

fn classify(error: &serde_json::Error) -> JsonError {
    let text = error.to_string();
    let (line, column) = (error.line(), error.column());
    let payload = |mark: &str| {
        let rest = text.split_once(mark)?.1;
        rest.rsplit_once(" at line ").map_or(Some(rest), |(payload, _)| Some(payload)).map(str::to_owned)
    };
    if let Some(number) = payload(NUMBER_MARK) {
        JsonError::Number { number, line, column }
    } else if let Some(key) = payload(DUPLICATE_MARK) {
        JsonError::DuplicateKey { key, line, column }
    } else if text.starts_with(OUT_OF_RANGE) {
        JsonError::Number { number: "out of range".to_owned(), line, column }
    } else {
        JsonError::Syntax { detail: text }
    }
}

/// Counts the values.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a Cell<u32>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let count = self.0.get().saturating_add(1);
        if count > VALUES_MAX {
            return Err(D::Error::custom(format!("more than {VALUES_MAX} values")));
        }
        self.0.set(count);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON without numbers")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        Err(E::custom(format!("{NUMBER_MARK}{value}")))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        Err(E::custom(format!("{NUMBER_MARK}{value}")))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Err(E::custom(format!("{NUMBER_MARK}{value}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("{DUPLICATE_MARK}{key}")));
            }
            let value = access.next_value_seed(self)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// Integers in files: decimal strings without sign or leading zero.
pub mod uint {
    use std::borrow::Cow;
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes a decimal string.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer, T: Display>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    /// Reads a decimal string in its only form.
    ///
    /// # Errors
    /// Anything else than digits without a leading zero, or a value that does not fit.
    pub fn deserialize<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<T, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is not a decimal integer in range")))
    }

    /// The one form that [`deserialize`] accepts.
    #[must_use]
    pub fn parse<T: FromStr>(text: &str) -> Option<T> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = digits && (text == "0" || !text.starts_with('0'));
        if canonical { text.parse().ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_duplicates_are_refused_with_their_place() {
        let number = parse(b"{\n  \"total\": 12345678901234567890\n}").expect_err("a number");
        assert_eq!(
            number.to_string(),
            "JSON number 12345678901234567890 at line 2 column 31, expected a decimal string"
        );
        let twice = parse(br#"{"a":"1","a":"2"}"#).expect_err("a duplicate");
        assert_eq!(twice.to_string(), "key \"a\" stands twice in one object, at line 1 column 12");
        assert!(matches!(parse(b"{\"a\":[{\"b\":\"\",\"b\":\"\"}]}"), Err(JsonError::DuplicateKey { .. })));
        assert!(matches!(parse(b"1.5"), Err(JsonError::Number { .. })));
        assert!(matches!(parse(b"[1e999]"), Err(JsonError::Number { .. })));
        assert!(matches!(parse(b"{} x"), Err(JsonError::Syntax { .. })));
    }

    #[test]
    fn only_the_canonical_form_is_accepted() {
        assert!(parse_canonical(br#"{"a":"1","b":[true,null]}"#).is_ok());
        assert_eq!(parse_canonical(br#"{"b":"1","a":"2"}"#), Err(JsonError::NotCanonical { at: 2 }));
        assert!(parse_canonical(br#"{"a": "1"}"#).is_err());
        assert!(parse_canonical(br#"{"\u0061":"1"}"#).is_err());
        assert_eq!(parse_canonical(b"{}\n"), Err(JsonError::NotCanonical { at: 2 }));
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(deep.as_bytes()), Err(JsonError::Syntax { .. })));
    }

    #[test]
    fn many_small_values_are_an_error() {
        let many = "[],".repeat(1 << 23);
        let error = parse(format!("[{many}[]]").as_bytes()).expect_err("more values than memory is for");
        assert!(matches!(&error, JsonError::Syntax { detail } if detail.starts_with("more than 8388608 values")));
    }

    #[test]
    fn integers_have_one_form() {
        assert_eq!(uint::parse::<u64>("0"), Some(0));
        assert_eq!(uint::parse::<u8>("255"), Some(255));
        for text in ["", "00", "01", "-1", "+1", "256", "1.0", "１"] {
            assert_eq!(uint::parse::<u8>(text), None, "{text}");
        }
    }
}
