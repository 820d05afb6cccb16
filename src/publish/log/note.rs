//! Signed notes (C2SP signed-note) with Ed25519: the log's own signature, and the timestamped cosignature of a witness
//! (C2SP tlog-cosignature, `cosignature/v1`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::error::LogError;
use crate::hash::{decode_lower, sha256};
use crate::secret::Secret;
use crate::snapshot::Time;

/// A note above this size is not read.
pub const NOTE_SIZE_MAX: usize = 1 << 20;
/// More signatures than any log collects.
const SIGNATURES_MAX: usize = 128;
/// How a line of a signature begins: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The text of the note (type 1): checkpoints of a log.
    Log,
    /// A time and the text of a checkpoint (type 4): cosignatures of a witness.
    Witness,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Witness => 4,
        }
    }
}

/// A verifier key: a name and an Ed25519 key for one kind of signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: KeyKind,
    key: VerifyingKey,
}

/// The first four bytes of a hash over name, kind and key: it tells keys of one name apart, and protects nothing.
fn key_id(name: &str, kind: KeyKind, key: &[u8; 32]) -> [u8; 4] {
    let mut bytes = Vec::with_capacity(name.len() + 34);
    bytes.extend(name.as_bytes());
    bytes.extend([b'\n', kind.byte()]);
    bytes.extend(key);
    let [a, b, c, d, ..] = sha256(&bytes).to_bytes();
    [a, b, c, d]
}

/// Whether a text can be a key's name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
}

impl NoteKey {
    /// Reads `NAME+ID+KEY`: eight hexadecimal digits, and the base64 form of the kind and the 32 bytes of the key.
    ///
    /// # Errors
    /// [`LogError::Key`].
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let fail = |detail: &str| LogError::Key(format!("{text:.120}: {detail}"));
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(fail("expected NAME+ID+KEY"));
        };
        if !is_name(name) {
            return Err(fail("a name is not empty, and has neither spaces nor +"));
        }
        let id: [u8; 4] = decode_lower(id).ok_or_else(|| fail("expected an identifier of eight digits"))?;
        let bytes = STANDARD.decode(key).map_err(|_| fail("the key is not base64"))?;
        let kind = match bytes.first() {
            Some(1) => KeyKind::Log,
            Some(4) => KeyKind::Witness,
            _ => return Err(fail("the key is neither of kind 1 (log) nor of kind 4 (witness), both Ed25519")),
        };
        let bytes: [u8; 32] =
            bytes.get(1..).and_then(|rest| rest.try_into().ok()).ok_or_else(|| fail("not 32 bytes"))?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| fail("no point of the curve"))?;
        if key.is_weak() {
            return Err(fail("a weak key: anybody can sign under it"));
        }
        let key = Self { name: name.to_owned(), kind, key };
        if key.id() == id { Ok(key) } else { Err(fail("the identifier does not follow from name and key")) }
    }

    /// The name: of a log, its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The identifier in its signatures.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, self.kind, self.key.as_bytes())
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Name and identifier, as people see them.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}+{}", self.name, hex::encode(self.id()))
    }

    /// Checks a signature of `text` that bears this key's name and identifier.
    fn verify(&self, text: &str, signature: &NoteSignature) -> Result<Option<Time>, LogError> {
        let wrong = || LogError::Signature(self.shown());
        let check = |message: &[u8], bytes: &[u8]| {
            let signature = ed25519_dalek::Signature::from_slice(bytes).map_err(|_| wrong())?;
            self.key.verify_strict(message, &signature).map_err(|_| wrong())
        };
        match self.kind {
            KeyKind::Log => check(text.as_bytes(), &signature.bytes).map(|()| None),
            KeyKind::Witness => {
                let (time, bytes) = signature.bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
                let time = i64::try_from(u64::from_be_bytes(*time)).map_err(|_| wrong())?;
                let time = Time::from_unix(time);
                check(cosigned(text, time).as_bytes(), bytes).map(|()| Some(time))
            }
        }
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend(self.key.as_bytes());
        write!(f, "{}+{}", self.shown(), STANDARD.encode(bytes))
    }
}

/// The message that a witness signs.
fn cosigned(text: &str, time: Time) -> String {
    format!("cosignature/v1\ntime {}\n{text}", time.unix())
}

/// One line of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl NoteSignature {
    /// Reads a line without its newline.
    fn parse(line: &str) -> Result<Self, LogError> {
        let fail = || LogError::Note(format!("has a line that is no signature: {line:.80}"));
        let (name, rest) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or_else(fail)?;
        let bytes = STANDARD.decode(rest).map_err(|_| fail())?;
        let (id, rest) = bytes.split_first_chunk::<4>().ok_or_else(fail)?;
        if !is_name(name) || rest.is_empty() {
            return Err(fail());
        }
        Ok(Self { name: name.to_owned(), id: *id, bytes: rest.to_vec() })
    }

    /// Reads the answer of a witness: nothing but lines of signatures.
    ///
    /// # Errors
    /// [`LogError::Note`].
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, LogError> {
        let lines = text.strip_suffix('\n').ok_or_else(|| LogError::Note("does not end with a newline".to_owned()))?;
        let lines: Vec<&str> = lines.split('\n').take(SIGNATURES_MAX + 1).collect();
        if lines.len() > SIGNATURES_MAX {
            return Err(LogError::Note(format!("has more than {SIGNATURES_MAX} signatures")));
        }
        lines.into_iter().map(Self::parse).collect()
    }

    /// Whether it bears the name and identifier of `key`.
    #[must_use]
    pub fn is_by(&self, key: &NoteKey) -> bool {
        self.name == key.name && self.id == key.id()
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = self.id.iter().chain(&self.bytes).copied().collect();
        writeln!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

/// A text with its signatures. Reading one says nothing about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// A note to be signed. The text ends with a newline.
    #[must_use]
    pub(crate) fn new(text: String) -> Self {
        Self { text, signatures: Vec::new() }
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`LogError::Note`].
    pub fn parse(file: &[u8]) -> Result<Self, LogError> {
        let fail = |detail: &str| LogError::Note(detail.to_owned());
        if file.len() > NOTE_SIZE_MAX {
            return Err(LogError::Note(format!("has {} bytes, at most {NOTE_SIZE_MAX} are read", file.len())));
        }
        let whole = std::str::from_utf8(file).map_err(|_| fail("is not UTF-8 text"))?;
        if whole.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(fail("has a control character"));
        }
        let at = whole.rfind("\n\n").ok_or_else(|| fail("has no empty line before its signatures"))?;
        let (text, lines) = whole.split_at(at + 1);
        let signatures = NoteSignature::parse_lines(lines.strip_prefix('\n').unwrap_or(lines))?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The signed text, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in the order of the file.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature; one of the same name and identifier is replaced.
    pub fn add(&mut self, signature: NoteSignature) {
        self.signatures.retain(|present| (&present.name, present.id) != (&signature.name, signature.id));
        self.signatures.push(signature);
    }

    /// The times at which `key` signed; those of a log have none. Empty when it did not sign.
    ///
    /// # Errors
    /// [`LogError::Signature`] for a signature under the key's name and identifier that does not fit.
    pub fn signed_by(&self, key: &NoteKey) -> Result<Vec<Option<Time>>, LogError> {
        let own = self.signatures.iter().filter(|signature| signature.is_by(key));
        own.map(|signature| key.verify(&self.text, signature)).collect()
    }

    /// Names and identifiers of all signatures, for a message.
    #[must_use]
    pub fn signers(&self) -> String {
        let shown = |signature: &NoteSignature| format!("{}+{}", signature.name, hex::encode(signature.id));
        self.signatures.iter().map(shown).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| fmt::Display::fmt(signature, f))
    }
}

/// A key that signs notes.
pub struct NoteSigner {
    public: NoteKey,
    secret: SigningKey,
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.public)
    }
}

impl NoteSigner {
    /// The signer of this name; `None` when [`is_name`] refuses it.
    #[must_use]
    pub fn new(name: &str, kind: KeyKind, secret: &Secret) -> Option<Self> {
        let bytes = Zeroizing::new(*secret.expose());
        let secret = SigningKey::from_bytes(&bytes);
        let public = NoteKey { name: name.to_owned(), kind, key: secret.verifying_key() };
        is_name(name).then_some(Self { public, secret })
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> &NoteKey {
        &self.public
    }

    /// Signs a text that ends with a newline, a witness with the time.
    ///
    /// # Errors
    /// [`LogError::Signature`] when the result does not verify, which would be a fault of the machine.
    pub fn sign(&self, text: &str, time: Time) -> Result<NoteSignature, LogError> {
        let bytes = match self.public.kind {
            KeyKind::Log => self.secret.sign(text.as_bytes()).to_bytes().to_vec(),
            KeyKind::Witness => {
                let seconds = u64::try_from(time.unix()).map_err(|_| LogError::Signature(self.public.shown()))?;
                let signature = self.secret.sign(cosigned(text, time).as_bytes());
                seconds.to_be_bytes().into_iter().chain(signature.to_bytes()).collect()
            }
        };
        let signature = NoteSignature { name: self.public.name.clone(), id: self.public.id(), bytes };
        self.public.verify(text, &signature)?;
        Ok(signature)
    }
}
