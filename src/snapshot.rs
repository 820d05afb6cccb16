//! Snapshots: who owes, as of when, and which block of each chain that is. Specification: `docs/spec/statement.md`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::asset::ChainId;
use crate::json::uint;

/// A moment in UTC, to the second, as it stands in every file: `2026-11-01T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// Seconds since 1970.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => f.pad(&time.to_string()),
            Err(_) => write!(f, "unix:{}", self.0),
        }
    }
}

/// 0001-01-01T00:00:00Z, the first time that is read. The last one is 9999-12-30T22:00:00Z: behind it `jiff` has none.
const FIRST: i64 = -62_135_596_800;

impl FromStr for Time {
    type Err = TimeError;

    /// One form only, so that one moment is one text.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError(text.chars().take(80).collect());
        let time = text.parse::<jiff::Timestamp>().map_err(|_| error())?;
        let time = Self(time.as_second());
        // no year 0 and none before it: other programs cannot write them, and refuse what this one would accept
        if time.0 >= FIRST && time.to_string() == text { Ok(time) } else { Err(error()) }
    }
}

/// A text is not a time in the one accepted form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written 2026-11-01T00:00:00Z, got {0:?}")]
pub struct TimeError(String);

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A block of a chain. On Bitcoin the hash is in the byte order that people read, without `0x`; on EVM chains
/// likewise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockRef {
    /// The chain.
    pub chain: ChainId,
    /// Height or number.
    #[serde(with = "uint")]
    pub height: u64,
    /// Hash as people read it, 64 lower-case hexadecimal digits.
    pub hash: crate::hash::Digest,
}

impl fmt::Display for BlockRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {} ({}) of {}", self.height, self.hash, self.chain)
    }
}

/// The short name of a venue: it stands in the line that devices sign.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct VenueId(String);

impl VenueId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VenueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for VenueId {
    type Err = VenueIdError;

    fn from_str(text: &str) -> Result<Self, VenueIdError> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
        if fits { Ok(Self(text.to_owned())) } else { Err(VenueIdError(text.chars().take(80).collect())) }
    }
}

/// A text is not a venue's short name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a venue's short name is 1 to 32 lower-case letters, digits, `-` or `.`, got {0:?}")]
pub struct VenueIdError(String);

impl<'de> Deserialize<'de> for VenueId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_is_one_text() {
        let time: Time = "2026-11-01T00:00:00Z".parse().expect("the one form");
        assert_eq!(time.unix(), 1_793_491_200);
        assert_eq!(time.to_string(), "2026-11-01T00:00:00Z");
        for text in ["2026-11-01 00:00:00Z", "2026-11-01T01:00:00+01:00", "2026-11-01T00:00:00.5Z", "1793491200", ""] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
        for text in ["0000-12-31T23:59:59Z", "-000001-01-01T00:00:00Z", "9999-12-30T22:00:01Z", "9999-12-31T00:00:00Z"]
        {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
        for text in ["0001-01-01T00:00:00Z", "9999-12-30T22:00:00Z"] {
            assert_eq!(text.parse::<Time>().expect("the first and the last").to_string(), text);
        }
    }

    #[test]
    fn venue_names_fit_the_signed_line() {
        assert!("example-exchange".parse::<VenueId>().is_ok());
        for text in ["", "Example", "a b", "é", &"x".repeat(33)] {
            assert!(text.parse::<VenueId>().is_err(), "{text}");
        }
    }
}
