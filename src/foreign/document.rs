//! JSON of others, with the place of every value: what is wrong is shown where it stands.
//!
//! Numbers, unlike in the program's own files, are allowed: these formats write directions and heights as such. Keys
//! that stand twice, and keys that a format does not have, are refused.

use std::fmt;
use std::ops::Range;

use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{Fault, Kind};

/// A proof has some kilobytes for each asset and level.
pub const FILE_MAX: u64 = 16 << 20;
/// Elements of a list or fields of an object.
const ITEMS_MAX: usize = 4096;

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    raw: &'a str,
    at: usize,
}

/// An object's fields in the order of the file.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    fields: Vec<(String, Value<'a>)>,
    place: Range<usize>,
}

impl<'a> Value<'a> {
    /// Reads a whole file.
    ///
    /// # Errors
    /// [`Fault`] with the place.
    pub fn parse(file: &'a [u8]) -> Result<Self, Fault> {
        if file.len() as u64 > FILE_MAX {
            return Err(Fault::new(Kind::TooLarge, format!("{} bytes, at most {FILE_MAX} are read", file.len())));
        }
        let text = std::str::from_utf8(file).map_err(|error| {
            Fault::at(Kind::Malformed, error.valid_up_to()..error.valid_up_to() + 1, "the file is not UTF-8 text")
        })?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| syntax(text, 0, &error))?;
        Ok(Self { raw: raw.get(), at: offset(text, raw.get()) })
    }

    /// The bytes of the file that it takes.
    #[must_use]
    pub fn place(&self) -> Range<usize> {
        self.at..self.at + self.raw.len()
    }

    /// Its fields.
    ///
    /// # Errors
    /// [`Fault`] when it is no object, or has a key twice.
    pub fn object(&self) -> Result<Object<'a>, Fault> {
        if !self.raw.starts_with('{') {
            return Err(self.unexpected("an object"));
        }
        let mut parser = serde_json::Deserializer::from_str(self.raw);
        let pairs = parser.deserialize_map(Pairs).map_err(|error| syntax(self.raw, self.at, &error))?;
        let mut fields: Vec<(String, Value<'a>)> = Vec::with_capacity(pairs.len());
        for (key, raw) in pairs {
            let value = self.inside(raw);
            if fields.iter().any(|(other, _)| *other == key) {
                let detail = format!("the key {:?} stands twice", shorten(&key));
                return Err(Fault::at(Kind::Malformed, value.place(), detail));
            }
            fields.push((key, value));
        }
        Ok(Object { fields, place: self.place() })
    }

    /// Its elements.
    ///
    /// # Errors
    /// [`Fault`] when it is no list.
    pub fn list(&self) -> Result<Vec<Value<'a>>, Fault> {
        if !self.raw.starts_with('[') {
            return Err(self.unexpected("a list"));
        }
        let mut parser = serde_json::Deserializer::from_str(self.raw);
        let items = parser.deserialize_seq(Items).map_err(|error| syntax(self.raw, self.at, &error))?;
        Ok(items.into_iter().map(|raw| self.inside(raw)).collect())
    }

    /// Its text.
    ///
    /// # Errors
    /// [`Fault`] when it is no text.
    pub fn text(&self) -> Result<String, Fault> {
        serde_json::from_str(self.raw).map_err(|_| self.unexpected("a text"))
    }

    /// Its text, when it is hexadecimal digits in lower case, as many as said.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn hash(&self, digits: usize) -> Result<String, Fault> {
        let text = self.text()?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == digits && text.bytes().all(hex) {
            return Ok(text);
        }
        Err(self.unexpected(&format!("{digits} hexadecimal digits in lower case")))
    }

    /// Its number, when it is digits and nothing else.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn number(&self) -> Result<u64, Fault> {
        serde_json::from_str(self.raw).map_err(|_| self.unexpected("a whole number"))
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.raw == "null"
    }

    /// A fault of this value.
    #[must_use]
    pub fn unexpected(&self, expected: &str) -> Fault {
        Fault::at(Kind::Malformed, self.place(), format!("got {}, expected {expected}", shorten(self.raw)))
    }

    fn inside(&self, raw: &'a RawValue) -> Value<'a> {
        Value { raw: raw.get(), at: self.at + offset(self.raw, raw.get()) }
    }
}

impl<'a> Object<'a> {
    /// The bytes of the file that it takes.
    #[must_use]
    pub fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// The value of a field, if it is there.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| *value)
    }

    /// The value of a field.
    ///
    /// # Errors
    /// [`Fault`] when it is missing.
    pub fn need(&self, key: &str) -> Result<Value<'a>, Fault> {
        let missing = || Fault::at(Kind::Malformed, self.place(), format!("the field {key:?} is missing"));
        self.get(key).ok_or_else(missing)
    }

    /// Refuses fields of other names.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn only(&self, keys: &[&str]) -> Result<(), Fault> {
        match self.fields.iter().find(|(name, _)| !keys.contains(&name.as_str())) {
            Some((name, value)) => {
                let detail = format!("the field {:?} is not one of {}", shorten(name), keys.join(", "));
                Err(Fault::at(Kind::Malformed, value.place(), detail))
            }
            None => Ok(()),
        }
    }

    /// All fields in the order of the file.
    #[must_use]
    pub fn fields(&self) -> &[(String, Value<'a>)] {
        &self.fields
    }
}

/// Where `inner`, a piece of `outer`, begins in it.
fn offset(outer: &str, inner: &str) -> usize {
    (inner.as_ptr() as usize).saturating_sub(outer.as_ptr() as usize)
}

fn shorten(text: &str) -> String {
    text.chars().take(60).collect()
}

fn syntax(text: &str, from: usize, error: &serde_json::Error) -> Fault {
    let line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let at = (line + error.column().saturating_sub(1)).min(text.len().saturating_sub(1));
    Fault::at(Kind::Malformed, from + at..from + at + 1, error.to_string())
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            check_count::<A::Error>(pairs.len())?;
            pairs.push((key, map.next_value()?));
        }
        Ok(pairs)
    }
}

struct Items;

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            check_count::<A::Error>(items.len())?;
            items.push(item);
        }
        Ok(items)
    }
}

fn check_count<E: serde::de::Error>(count: usize) -> Result<(), E> {
    if count < ITEMS_MAX { Ok(()) } else { Err(E::custom(format!("more than {ITEMS_MAX} items"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place() {
        let file = b" {\"a\": [1, \"x\\n\"],\n \"b\": {\"c\": null}}\n";
        let top = Value::parse(file).expect("JSON").object().expect("an object");
        let shown = |value: &Value<'_>| std::str::from_utf8(&file[value.place()]).expect("text").to_owned();
        let list = top.need("a").and_then(|list| list.list()).expect("a list");
        assert_eq!(list.iter().map(shown).collect::<Vec<_>>(), ["1", "\"x\\n\""]);
        assert_eq!((list[0].number(), list[1].text()), (Ok(1), Ok("x\n".to_owned())));
        let inner = top.need("b").and_then(|inner| inner.object()).expect("an object");
        assert_eq!(shown(&inner.need("c").expect("there")), "null");
        assert!(inner.need("d").is_err() && inner.only(&["c"]).is_ok() && inner.only(&["d"]).is_err());
    }

    #[test]
    fn what_is_wrong_is_shown_where_it_stands() {
        let fault = |file: &str| Value::parse(file.as_bytes()).and_then(|value| value.object().map(|_| ()));
        let at = |file: &str| fault(file).expect_err("wrong").at.expect("a place");
        assert_eq!(at("{\"a\": 1,\n \"a\": 2}"), 15..16);
        assert_eq!(at("{\"a\": }"), 6..7);
        assert_eq!(at("[1]"), 0..3);
        assert!(Value::parse(b"{} x").is_err() && Value::parse(b"").is_err() && Value::parse(b"\"\xff\"").is_err());
        assert!(Value::parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
