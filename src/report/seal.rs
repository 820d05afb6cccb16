//! Sealed reports: whoever made a report again signs bundle, policy, report and tool. Specification:
//! `docs/spec/report.md`.
//!
//! Nothing that a sealed report says is believed: bundle and policy are the verifier's, and the report is made again.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::code::{Code, Coded, report as codes};
use crate::hash::{Digest, Tag, sha256};
use crate::json::{self, JsonError};
use crate::reconcile::Report;
use crate::signature::{Envelope, PublicKey, Signature, SignatureError, SigningKey, verify};
use crate::snapshot::Time;

const FORMAT: &str = "counterfoil-sealed-report-v1";
/// The field of the file that has the signed object.
const FIELD: &str = "seal";
/// Characters of a value that are shown.
const SHOWN: usize = 160;

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// [`FORMAT`].
    format: String,
    /// When, says the signer.
    sealed_at: Time,
    /// Root of the bundle.
    bundle: Digest,
    /// SHA-256 of the policy.
    policy: Digest,
    /// Program and version.
    tool: String,
    /// SHA-256 of the report's file.
    report_sha256: Digest,
    /// The report.
    report: Value,
}

/// A sealed report whose signature fits the key in it, and whose hash fits the report in it.
#[derive(Clone, Debug)]
pub struct SealedReport {
    document: Document,
    signature: Signature,
}

/// Why a sealed report does not hold.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It is not of its form.
    #[error("{0}")]
    Json(#[source] JsonError),
    /// It contradicts itself.
    #[error("{0}")]
    Malformed(String),
    /// The signature is not its key's.
    #[error("{0}")]
    Signature(#[source] SignatureError),
    /// Another key has signed.
    #[error("sealed by {got}, pinned is {expected}")]
    OtherKey {
        /// The key of the seal.
        got: PublicKey,
        /// The verifier's.
        expected: PublicKey,
    },
    /// It speaks of another bundle or policy.
    #[error("{what}: the report names {got}, given is {expected}")]
    OtherInput {
        /// Which.
        what: &'static str,
        /// The report's.
        got: String,
        /// The verifier's.
        expected: String,
    },
    /// The bytes differ.
    #[error("first difference at {place}: the report has {got}, bundle and policy give {expected}")]
    Differs {
        /// The first field that differs.
        place: String,
        /// The report's.
        got: String,
        /// What was made here.
        expected: String,
    },
    /// The bytes differ, and so does the version.
    #[error("made by {tool}, this is {here}; first difference at {place}: the report has {got}, here it is {expected}")]
    OtherTool {
        /// The report's.
        tool: String,
        /// This one.
        here: String,
        /// The first field that differs, but for the version.
        place: String,
        /// The report's.
        got: String,
        /// What was made here.
        expected: String,
    },
}

impl Coded for SealError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Json(JsonError::Shape { .. }) | Self::Malformed(_) => &codes::SEAL_MALFORMED,
            Self::Json(error) => error.code(),
            Self::Signature(error) => error.code(),
            Self::OtherKey { .. } => &codes::SEAL_OTHER_KEY,
            Self::OtherInput { .. } => &codes::SEAL_OTHER_INPUT,
            Self::Differs { .. } => &codes::REPORT_DIFFERS,
            Self::OtherTool { .. } => &codes::REPORT_OTHER_TOOL,
        }
    }
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Same {
    /// Every byte.
    Bytes,
    /// All but the name of the version, which was this one.
    ButForTool(String),
}

/// Compares a report's file with the one that was made here, byte for byte. Another version of the program may write
/// its own name; all else must be the same.
///
/// # Errors
/// [`SealError`] with the first field that differs.
pub fn compare(file: &[u8], made: &Report) -> Result<Same, SealError> {
    let expected = super::json(made).map_err(SealError::Json)?;
    if file == expected.as_slice() {
        return Ok(Same::Bytes);
    }
    let body = file.strip_suffix(b"\n").ok_or_else(|| malformed("a report ends with one newline"))?;
    let got = json::parse_canonical(body).map_err(SealError::Json)?;
    let expected = json::parse_canonical(expected.strip_suffix(b"\n").unwrap_or(&expected)).map_err(SealError::Json)?;
    inputs(&got, &expected)?;
    let here = text_at(&expected, "/tool");
    let tool = text_at(&got, "/tool");
    let mut expected_but_for_tool = expected;
    if let Some(field) = expected_but_for_tool.pointer_mut("/tool") {
        *field = Value::String(tool.clone());
    }
    match (first_difference("", &got, &expected_but_for_tool), tool == here) {
        (None, _) => Ok(Same::ButForTool(tool)),
        (Some(Difference { place, got, expected }), true) => Err(SealError::Differs { place, got, expected }),
        (Some(Difference { place, got, expected }), false) => {
            Err(SealError::OtherTool { tool, here, place, got, expected })
        }
    }
}

/// A report of another bundle or policy is a mix-up, not a failure.
fn inputs(got: &Value, expected: &Value) -> Result<(), SealError> {
    for (what, pointer) in [("bundle", "/bundle/root"), ("policy", "/policy/sha256")] {
        let (got, expected) = (text_at(got, pointer), text_at(expected, pointer));
        if got != expected {
            return Err(SealError::OtherInput { what, got, expected });
        }
    }
    Ok(())
}

fn text_at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).map_or_else(|| "nothing".to_owned(), shortened)
}

fn malformed(detail: &str) -> SealError {
    SealError::Malformed(detail.to_owned())
}

struct Difference {
    place: String,
    got: String,
    expected: String,
}

fn shortened(value: &Value) -> String {
    // what others wrote draws no line of its own
    let text = super::text::shown(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    match text.chars().count() {
        0..=SHOWN => text,
        _ => text.chars().take(SHOWN).chain(['…']).collect(),
    }
}

/// The first field that differs, in the order of the file.
fn first_difference(place: &str, got: &Value, expected: &Value) -> Option<Difference> {
    let absent = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), shortened);
    let differ = |place: String, got: Option<&Value>, expected: Option<&Value>| Difference {
        place,
        got: absent(got),
        expected: absent(expected),
    };
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            let keys: std::collections::BTreeSet<&String> = got.keys().chain(expected.keys()).collect();
            keys.into_iter().find_map(|key| {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                match (got.get(key), expected.get(key)) {
                    (Some(got), Some(expected)) => first_difference(&place, got, expected),
                    (got, expected) => Some(differ(place, got, expected)),
                }
            })
        }
        (Value::Array(got), Value::Array(expected)) => (0..got.len().max(expected.len())).find_map(|index| {
            let place = format!("{place}[{index}]");
            match (got.get(index), expected.get(index)) {
                (Some(got), Some(expected)) => first_difference(&place, got, expected),
                (got, expected) => Some(differ(place, got, expected)),
            }
        }),
        _ if got == expected => None,
        _ => Some(differ(place.to_owned(), Some(got), Some(expected))),
    }
}

/// Signs a report that was made here.
///
/// # Errors
/// [`SealError`], which no report causes.
pub fn seal(report: &Report, sealed_at: Time, key: &SigningKey) -> Result<Vec<u8>, SealError> {
    let file = super::json(report).map_err(SealError::Json)?;
    let document = Document {
        format: FORMAT.to_owned(),
        sealed_at,
        bundle: report.bundle.root,
        policy: report.policy.sha256,
        tool: report.tool.clone(),
        report_sha256: sha256(&file),
        report: json::parse_canonical(file.strip_suffix(b"\n").unwrap_or(&file)).map_err(SealError::Json)?,
    };
    let document = json::canonical(&document).map_err(SealError::Json)?;
    let signature = key.sign(Tag::Seal, &document).map_err(SealError::Signature)?;
    Envelope { document, signatures: vec![signature] }.to_file(FIELD).map_err(SealError::Json)
}

impl SealedReport {
    /// Reads a sealed report, and checks its signature and that it agrees with itself.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn parse(file: &[u8]) -> Result<Self, SealError> {
        let envelope = Envelope::parse(file, FIELD).map_err(SealError::Json)?;
        let [signature] = envelope.signatures.as_slice() else {
            let got = envelope.signatures.len();
            return Err(SealError::Malformed(format!("{got} signatures, expected one")));
        };
        verify(Tag::Seal, &envelope.document, signature).map_err(SealError::Signature)?;
        let document: Document = json::read_canonical(&envelope.document).map_err(SealError::Json)?;
        if document.format != FORMAT {
            return Err(SealError::Malformed(format!("format {:?}, expected {FORMAT:?}", document.format)));
        }
        let sealed = Self { document, signature: signature.clone() };
        let (got, expected) = (sealed.document.report_sha256, sha256(&sealed.report_file()?));
        if got != expected {
            return Err(SealError::Malformed(format!("report_sha256 {got}, but its report gives {expected}")));
        }
        for (what, pointer, said) in [
            ("bundle", "/bundle/root", sealed.document.bundle.to_string()),
            ("policy", "/policy/sha256", sealed.document.policy.to_string()),
            ("tool", "/tool", sealed.document.tool.clone()),
        ] {
            let got = text_at(&sealed.document.report, pointer);
            if got != said {
                return Err(SealError::Malformed(format!("{what} {said}, but its report names {got}")));
            }
        }
        Ok(sealed)
    }

    /// The bytes of the report's file.
    ///
    /// # Errors
    /// [`SealError::Json`], which nothing that was parsed causes.
    pub fn report_file(&self) -> Result<Vec<u8>, SealError> {
        let mut file = json::canonical(&self.document.report).map_err(SealError::Json)?;
        file.push(b'\n');
        Ok(file)
    }

    /// The key that has signed.
    #[must_use]
    pub fn signer(&self) -> PublicKey {
        self.signature.public_key()
    }

    /// When it was sealed, says the signer.
    #[must_use]
    pub fn sealed_at(&self) -> Time {
        self.document.sealed_at
    }

    /// Whether the verifier's key has signed.
    ///
    /// # Errors
    /// [`SealError::OtherKey`].
    pub fn check_signer(&self, pinned: &PublicKey) -> Result<(), SealError> {
        let got = self.signer();
        if got == *pinned { Ok(()) } else { Err(SealError::OtherKey { got, expected: pinned.clone() }) }
    }
}
