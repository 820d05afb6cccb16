//! Proof codes: what opens one customer's proof, in a form that can be typed.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::SealedError;
use crate::hash::{Digest, Tag, TaggedHasher};

/// The secret bytes of a code.
pub const CODE_BYTES: usize = 16;
/// Characters of a code: 128 bits of the code and 22 that tell a slip.
const CHARACTERS: usize = 30;
/// Characters between two hyphens.
const GROUP: usize = 5;
/// Crockford's digits of base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The public name of a sealed proof. It shows nothing of the code, and differs in every snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(Digest);

impl Name {
    /// The name in a pack.
    pub(super) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Digest::from_bytes(bytes))
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The secret that opens one customer's proof of one snapshot. Wiped when dropped, and never printed but by
/// [`ProofCode::to_text`].
#[derive(ZeroizeOnDrop)]
pub struct ProofCode([u8; CODE_BYTES]);

impl fmt::Debug for ProofCode {
    /// Never the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofCode")
    }
}

impl ProofCode {
    /// A code from bytes of chance.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; CODE_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for whoever keeps them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; CODE_BYTES] {
        &self.0
    }

    /// Reads a code as a person typed it: in either case, grouped in any way, with O for 0 and I or L for 1.
    ///
    /// # Errors
    /// [`SealedError::CodeShape`], [`SealedError::CodeMistyped`]; neither repeats any of the text.
    pub fn parse(text: &[u8]) -> Result<Self, SealedError> {
        let mut digits = Zeroizing::new(Vec::with_capacity(CHARACTERS));
        for (at, &character) in (1..).zip(text.trim_ascii()) {
            if matches!(character, b' ' | b'-') {
                continue;
            }
            let upper = match character.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            let digit = (0_u8..).zip(ALPHABET).find_map(|(digit, &known)| (known == upper).then_some(digit));
            let shape = || SealedError::CodeShape(format!("character {at} is none of a proof code"));
            digits.push(digit.ok_or_else(shape)?);
        }
        if digits.len() != CHARACTERS {
            let got = digits.len();
            return Err(SealedError::CodeShape(format!("{got} characters beside hyphens, expected {CHARACTERS}")));
        }
        // of the 130 bits of these, the last two are the first two of the check
        let bits = digits.iter().take(25).fold(0_u128, |bits, &digit| bits << 5 | u128::from(digit));
        let last = digits.get(25).map_or(0, |&digit| u128::from(digit >> 2));
        let code = Self((bits << 3 | last).to_be_bytes());
        if *code.digits() != *digits { Err(SealedError::CodeMistyped) } else { Ok(code) }
    }

    /// The code as people see it: six groups of five characters.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(CHARACTERS + CHARACTERS / GROUP));
        for (at, &digit) in self.digits().iter().enumerate() {
            if at > 0 && at.is_multiple_of(GROUP) {
                text.push('-');
            }
            text.push(ALPHABET.get(usize::from(digit)).map_or('0', |&character| char::from(character)));
        }
        text
    }

    /// The first 150 bits of code and check, five at a time.
    fn digits(&self) -> Zeroizing<Vec<u8>> {
        let check = TaggedHasher::new(Tag::CodeCheck).fixed(&self.0).finish();
        let mut digits = Zeroizing::new(Vec::with_capacity(CHARACTERS));
        let (mut held, mut bits) = (0_u16, 0_u8);
        for &byte in self.0.iter().chain(check.as_bytes()) {
            held = held << 8 | u16::from(byte);
            bits += 8;
            while bits >= 5 && digits.len() < CHARACTERS {
                bits -= 5;
                digits.push(u8::try_from(held >> bits & 31).unwrap_or(0));
            }
            held &= (1 << bits) - 1;
            if digits.len() == CHARACTERS {
                break;
            }
        }
        digits
    }

    /// The name of the proof that this code opens, in one snapshot.
    #[must_use]
    pub fn name(&self, statement: &Digest) -> Name {
        Name(TaggedHasher::new(Tag::CodeName).fixed(statement.as_bytes()).fixed(&self.0).finish())
    }

    /// The key of one proof. Nothing that is published depends on it but the sealed bytes.
    #[must_use]
    pub fn key(&self, statement: &Digest) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(statement.as_bytes()), &self.0)
            .expand(b"counterfoil/sealed-proof", key.as_mut())
            .expect("HKDF-SHA256 gives up to 8,160 bytes, 32 are asked for");
        key
    }
}
