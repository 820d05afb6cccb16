//! Secrets: bytes that are wiped when dropped and never printed. Specification: `docs/spec/keys.md`.

pub mod locked;

use std::fmt;

use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use crate::code::{Code, Coded, publish as codes};
use crate::hash::decode_lower;

/// Thirty-two secret bytes of one kind.
#[derive(ZeroizeOnDrop)]
pub struct Secret {
    #[zeroize(skip)]
    kind: SecretKind,
    bytes: [u8; 32],
}

/// What a secret is for. The kind stands in the file, so that one cannot be used as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Derives the nonces and order keys of every leaf.
    Master,
    /// Signs statements, manifests and transcripts.
    Signing,
    /// Signs the checkpoints of a log.
    Log,
    /// Cosigns the checkpoints of other people's logs.
    Witness,
}

impl SecretKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Master, Self::Signing, Self::Log, Self::Witness];

    /// The first word of the file.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Master => "counterfoil-master-secret-v1",
            Self::Signing => "counterfoil-signing-key-v1",
            Self::Log => "counterfoil-log-key-v1",
            Self::Witness => "counterfoil-witness-key-v1",
        }
    }
}

impl fmt::Debug for Secret {
    /// Never the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.kind.text())
    }
}

impl Secret {
    /// Takes the bytes over and wipes the caller's copy.
    #[must_use]
    pub fn new(kind: SecretKind, bytes: &mut [u8; 32]) -> Self {
        let secret = Self { kind, bytes: *bytes };
        bytes.zeroize();
        secret
    }

    /// The bytes, for the one function that uses them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`SecretError`]; it never repeats any part of the file but a wrong kind.
    pub fn parse(kind: SecretKind, file: &[u8]) -> Result<Self, SecretError> {
        let text = std::str::from_utf8(file).map_err(|_| SecretError::Shape { expected: kind.text() })?;
        let line = text.strip_suffix('\n').unwrap_or(text);
        let (word, digits) = line.split_once(' ').ok_or(SecretError::Shape { expected: kind.text() })?;
        if word != kind.text() {
            let other = SecretKind::ALL.into_iter().find(|other| other.text() == word);
            return Err(match other {
                Some(other) => SecretError::Kind { got: other.text(), expected: kind.text() },
                None => SecretError::Shape { expected: kind.text() },
            });
        }
        let bytes = decode_lower::<32>(digits).ok_or(SecretError::Shape { expected: kind.text() })?;
        let mut bytes = Zeroizing::new(bytes);
        Ok(Self::new(kind, &mut bytes))
    }

    /// The one line of a key file.
    #[must_use]
    pub fn to_file(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(self.bytes));
        Zeroizing::new(format!("{} {}\n", self.kind.text(), *digits))
    }
}

/// A key file is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// A file for another purpose.
    #[error("the file holds a {got}, expected a {expected}")]
    Kind {
        /// Its first word.
        got: &'static str,
        /// The word expected.
        expected: &'static str,
    },
    /// Anything else.
    #[error("expected one line: {expected} and 64 lower-case hexadecimal digits")]
    Shape {
        /// The word expected.
        expected: &'static str,
    },
}

impl Coded for SecretError {
    fn code(&self) -> &'static Code {
        &codes::KEY_FILE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_back_and_kinds_are_kept_apart() {
        let secret = Secret::new(SecretKind::Master, &mut [7; 32]);
        let file = secret.to_file();
        let back = Secret::parse(SecretKind::Master, file.as_bytes()).expect("its own file");
        assert_eq!(back.expose(), &[7; 32]);
        let other = Secret::parse(SecretKind::Signing, file.as_bytes()).expect_err("another kind");
        assert_eq!(
            other.to_string(),
            "the file holds a counterfoil-master-secret-v1, expected a counterfoil-signing-key-v1"
        );
        assert!(!format!("{secret:?}").contains("07"));
        for file in ["", "x", "counterfoil-master-secret-v1 07", "counterfoil-master-secret-v1"] {
            let error = Secret::parse(SecretKind::Master, file.as_bytes()).expect_err(file);
            assert!(matches!(error, SecretError::Shape { .. }), "{file}");
        }
    }
}
