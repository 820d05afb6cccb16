//! A secret under a passphrase. Specification: `docs/spec/keys.md`.
//!
//! Argon2id (RFC 9106) makes each guess cost memory and time; ChaCha20-Poly1305 (RFC 8439) seals under what it gives.
//! The salt is new each time, so a key seals one message and one nonce serves.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use super::{Secret, SecretKind};
use crate::code::{Code, Coded, keys as codes};
use crate::hash::{decode_lower, sha256};

/// The first line of every such file.
pub const LOCKED: &str = "counterfoil-locked-key-v1";
/// A file above this size is none.
pub const FILE_SIZE_MAX: usize = 512;
/// A passphrase that is made here has at least so many characters.
pub const PASSPHRASE_MIN: usize = 12;
/// A passphrase has at most so many bytes.
pub const PASSPHRASE_MAX: usize = 1024;
/// A key is used once, so that one nonce serves.
const NONCE: [u8; 12] = [0; 12];
const SEALED_BYTES: usize = 32 + 16;

/// What a guess costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// What new files get: a quarter of a GiB, three times over.
    pub const DEFAULT: Self = Self { memory_kib: 256 << 10, passes: 3, lanes: 1 };
    /// The least that is accepted.
    pub const LEAST: Self = Self { memory_kib: 19 << 10, passes: 2, lanes: 1 };
    /// The most that a file may ask of whoever opens it.
    pub const MOST: Self = Self { memory_kib: 1 << 20, passes: 16, lanes: 16 };

    /// Memory in KiB, passes over it, lanes of it.
    ///
    /// # Errors
    /// [`LockError::Cost`] outside of the bounds, before anything is allocated.
    pub fn new(memory_kib: u64, passes: u64, lanes: u64) -> Result<Self, LockError> {
        let within = |what, got: u64, least: u32, most: u32| match u32::try_from(got) {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(LockError::Cost { what, got, least, most }),
        };
        let (least, most) = (Self::LEAST, Self::MOST);
        Ok(Self {
            memory_kib: within("KiB of memory", memory_kib, least.memory_kib, most.memory_kib)?,
            passes: within("passes", passes, least.passes, most.passes)?,
            lanes: within("lanes", lanes, least.lanes, most.lanes)?,
        })
    }
}

/// A passphrase as it was typed, byte for byte.
#[derive(ZeroizeOnDrop)]
pub struct Passphrase(String);

impl std::fmt::Debug for Passphrase {
    /// Never the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}

impl Passphrase {
    /// Takes a passphrase over that was made before.
    ///
    /// # Errors
    /// [`LockError::Passphrase`]; it never repeats any part of the text.
    pub fn new(mut text: String) -> Result<Self, LockError> {
        let wrong = if text.is_empty() {
            Some("it is empty")
        } else if text.len() > PASSPHRASE_MAX {
            Some("it has more than 1,024 bytes")
        } else if text.chars().any(char::is_control) {
            Some("it has control characters: expected one line of text")
        } else {
            None
        };
        match wrong {
            Some(detail) => {
                text.zeroize();
                Err(LockError::Passphrase(detail))
            }
            None => Ok(Self(text)),
        }
    }

    /// The first line of a file that holds nothing else.
    ///
    /// # Errors
    /// [`LockError::Passphrase`].
    pub fn from_file(file: &[u8]) -> Result<Self, LockError> {
        let text = std::str::from_utf8(file).map_err(|_| LockError::Passphrase("it is not UTF-8 text"))?;
        let line = text.strip_suffix('\n').unwrap_or(text);
        Self::new(line.strip_suffix('\r').unwrap_or(line).to_owned())
    }

    /// Refuses one that is too short to begin with.
    ///
    /// # Errors
    /// [`LockError::Passphrase`].
    pub fn long_enough(self) -> Result<Self, LockError> {
        let long = self.0.chars().count() >= PASSPHRASE_MIN;
        if long {
            Ok(self)
        } else {
            Err(LockError::Passphrase("it has fewer than 12 characters; five words are better"))
        }
    }

    /// Whether two are the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// A secret that a passphrase opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedSecret {
    kind: SecretKind,
    cost: Cost,
    salt: [u8; 16],
    sealed: [u8; SEALED_BYTES],
}

impl LockedSecret {
    /// Whether a file means to be one of these, damaged or not.
    #[must_use]
    pub fn is_locked(file: &[u8]) -> bool {
        file.starts_with(LOCKED.as_bytes())
    }

    /// What the secret is for. It is authenticated only by opening.
    #[must_use]
    pub const fn kind(&self) -> SecretKind {
        self.kind
    }

    /// Locks a secret. `salt` is random and never used again.
    ///
    /// # Errors
    /// [`LockError::Memory`].
    pub fn lock(secret: &Secret, passphrase: &Passphrase, salt: [u8; 16], cost: Cost) -> Result<Self, LockError> {
        let mut locked = Self { kind: secret.kind, cost, salt, sealed: [0; SEALED_BYTES] };
        let head = locked.head();
        let payload = Payload { msg: secret.expose(), aad: head.as_bytes() };
        let sealed = locked.cipher(passphrase)?.encrypt(&Nonce::from(NONCE), payload);
        // the cipher's only refusal is of messages of 256 GiB
        let sealed = sealed.ok().and_then(|sealed| <[u8; SEALED_BYTES]>::try_from(sealed).ok());
        locked.sealed = sealed.ok_or(LockError::Memory { kib: cost.memory_kib })?;
        Ok(locked)
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`LockError::Wrong`], [`LockError::Memory`].
    pub fn unlock(&self, passphrase: &Passphrase) -> Result<Secret, LockError> {
        let head = self.head();
        let payload = Payload { msg: &self.sealed[..], aad: head.as_bytes() };
        let opened = self.cipher(passphrase)?.decrypt(&Nonce::from(NONCE), payload);
        let opened = Zeroizing::new(opened.map_err(|_| LockError::Wrong)?);
        let mut bytes = Zeroizing::new(<[u8; 32]>::try_from(opened.as_slice()).map_err(|_| LockError::Wrong)?);
        Ok(Secret::new(self.kind, &mut bytes))
    }

    fn cipher(&self, passphrase: &Passphrase) -> Result<ChaCha20Poly1305, LockError> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let refused = LockError::Memory { kib: memory_kib };
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| refused)?;
        let mut blocks: Vec<Block> = Vec::new();
        blocks.try_reserve_exact(params.block_count()).map_err(|_| refused)?;
        blocks.resize(params.block_count(), Block::new());
        let mut key = Zeroizing::new([0; 32]);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let done =
            argon.hash_password_into_with_memory(passphrase.0.as_bytes(), &self.salt, &mut key[..], &mut blocks[..]);
        blocks.iter_mut().for_each(Block::zeroize);
        done.map_err(|_| refused)?;
        Ok(ChaCha20Poly1305::new(&Key::from(*key)))
    }

    /// The lines that are authenticated.
    fn head(&self) -> String {
        let Cost { memory_kib, passes, lanes } = self.cost;
        format!(
            "{LOCKED}\nkind {}\nargon2id memory_kib={memory_kib} passes={passes} lanes={lanes} salt={}\n",
            self.kind.text(),
            hex::encode(self.salt)
        )
    }

    /// The file.
    #[must_use]
    pub fn to_file(&self) -> String {
        let covered = format!("{}sealed {}\n", self.head(), hex::encode(self.sealed));
        let sum = sha256(covered.as_bytes());
        format!("{covered}sha256 {sum}\n")
    }

    /// Reads a file. Nothing of it is believed before it is opened, but that it is not damaged.
    ///
    /// # Errors
    /// [`LockError::Damaged`], [`LockError::Cost`].
    pub fn parse(file: &[u8]) -> Result<Self, LockError> {
        if file.len() > FILE_SIZE_MAX {
            return Err(LockError::Damaged("it is longer than any such file"));
        }
        let text = std::str::from_utf8(file).map_err(|_| LockError::Damaged("it is not text"))?;
        let (covered, sum) =
            text.rsplit_once("sha256 ").ok_or(LockError::Damaged("its end is missing: there is no checksum"))?;
        let sum = sum.strip_suffix('\n').unwrap_or(sum);
        if sha256(covered.as_bytes()).to_string() != sum {
            return Err(LockError::Damaged("its checksum does not fit"));
        }
        let shape = LockError::Damaged("its lines are not those of the format");
        let mut lines = covered.lines();
        let (head, kind, derivation, sealed) = (lines.next(), lines.next(), lines.next(), lines.next());
        if head != Some(LOCKED) {
            return Err(shape);
        }
        let kind = kind.and_then(|line| line.strip_prefix("kind "));
        let kind = SecretKind::ALL.into_iter().find(|known| Some(known.text()) == kind).ok_or(shape)?;
        let (cost, salt) = read_derivation(derivation.ok_or(shape)?, shape)?;
        let sealed = sealed.and_then(|line| line.strip_prefix("sealed ")).and_then(decode_lower);
        let locked = Self { kind, cost, salt, sealed: sealed.ok_or(shape)? };
        // one file, one spelling
        let same = locked.to_file();
        if same.strip_suffix('\n').unwrap_or(&same) == text.strip_suffix('\n').unwrap_or(text) {
            Ok(locked)
        } else {
            Err(shape)
        }
    }
}

fn read_derivation(line: &str, shape: LockError) -> Result<(Cost, [u8; 16]), LockError> {
    let mut words = line.split(' ');
    let mut field = |name: &str| words.next().and_then(|word| word.strip_prefix(name)).ok_or(shape);
    field("argon2id")?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| shape);
    let memory_kib = number(field("memory_kib=")?)?;
    let passes = number(field("passes=")?)?;
    let lanes = number(field("lanes=")?)?;
    let salt = decode_lower(field("salt=")?).ok_or(shape)?;
    Ok((Cost::new(memory_kib, passes, lanes)?, salt))
}

/// A locked key file is not usable, or not with this passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It asks for too much or too little.
    #[error("the file asks for {got} {what}, from {least} to {most} are accepted")]
    Cost {
        /// Of what.
        what: &'static str,
        /// How much.
        got: u64,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// It is not what was written.
    #[error("{0}")]
    Damaged(&'static str),
    /// There is not enough memory.
    #[error("{kib} KiB of memory are needed, and the system does not give them")]
    Memory {
        /// How much.
        kib: u32,
    },
    /// A passphrase cannot be used.
    #[error("the passphrase: {0}")]
    Passphrase(&'static str),
    /// Another passphrase.
    #[error("the file is whole, and this passphrase does not open it")]
    Wrong,
}

impl Coded for LockError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Cost { .. } => &codes::KEY_COST,
            Self::Damaged(_) => &codes::KEY_DAMAGED,
            Self::Memory { .. } => &codes::KEY_MEMORY,
            Self::Passphrase(_) => &codes::PASSPHRASE_UNUSABLE,
            Self::Wrong => &codes::PASSPHRASE_WRONG,
        }
    }
}

#[cfg(test)]
mod tests;
