//! The example venue turned dishonest: it changes its files and signs them again, with keys that are its own.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::asset::ChainId;
use crate::bundle::{self, MANIFEST, MemoryFiles, paths};
use crate::code::Code;
use crate::hash::sha256;
use crate::json;
use crate::policy::Policy;
use crate::publish::{self, Statement};
use crate::reconcile::{Report, Verdict, reconcile};
use crate::reserve::address_set::AddressSet;
use crate::reserve::bitcoin::control::sign::{AddressKey, sign};
use crate::reserve::challenge::{self, Challenge};
use crate::reserve::claim::ControlProof;
use crate::reserve::evm;
use crate::reserve::transcript::Transcript;
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, Envelope, SigningKey};
use crate::snapshot::Time;

use super::example_venue::{ExampleError, ExampleVenue, fault, seed};
use super::scenario::{Played, Said, Show};

/// The embedded Bitcoin chain.
pub const BITCOIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
/// The embedded EVM chain.
pub const EVM: &str = "eip155:1337";

/// The bundle of the example venue without its manifest, and the auditor's policy.
#[derive(Clone, Debug)]
pub struct Forger {
    /// The files of the bundle.
    pub files: MemoryFiles,
    /// The policy.
    pub policy: String,
    /// Who seals the bundle.
    pub maker: String,
}

/// One of the example's keys: `venue`, `auditor's node`, or any other word for a stranger's.
///
/// # Errors
/// [`ExampleError`], which no purpose is known to cause.
pub fn signing_key(purpose: &str) -> Result<SigningKey, ExampleError> {
    let secret = Secret::new(SecretKind::Signing, &mut seed(purpose));
    SigningKey::new(Algorithm::Bip340, &secret).ok_or_else(|| fault("a seed is no key"))
}

impl Forger {
    /// The honest files. The example is built once in a process.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn new() -> Result<Self, ExampleError> {
        static EXAMPLE: OnceLock<Result<ExampleVenue, ExampleError>> = OnceLock::new();
        let example = EXAMPLE.get_or_init(ExampleVenue::new).as_ref().map_err(Clone::clone)?;
        let mut files = example.bundle.clone();
        files.remove(MANIFEST);
        Ok(Self { files, policy: example.policy.clone(), maker: "a test".to_owned() })
    }

    /// Where a file of a chain is.
    ///
    /// # Errors
    /// [`ExampleError`] when the text is no chain.
    pub fn path(chain: &str, name: &str) -> Result<String, ExampleError> {
        Ok(paths::chain(&chain.parse::<ChainId>().map_err(fault)?, name))
    }

    fn file(&self, path: &str) -> Result<&[u8], ExampleError> {
        self.files.get(path).map(Vec::as_slice).ok_or_else(|| fault(format!("no {path}")))
    }

    /// The statement as it is now.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn statement(&self) -> Result<Statement, ExampleError> {
        let envelope = Envelope::parse(self.file(paths::STATEMENT)?, "statement").map_err(fault)?;
        json::read_canonical(&envelope.document).map_err(fault)
    }

    /// The address set as it is now.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn addresses(&self) -> Result<AddressSet, ExampleError> {
        AddressSet::parse(self.file(paths::ADDRESSES)?).map_err(fault)
    }

    /// The control proofs as they are now.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn control(&self) -> Result<Vec<ControlProof>, ExampleError> {
        let lines = self.file(paths::CONTROL)?.split_inclusive(|byte| *byte == b'\n');
        lines.map(|line| json::read(line).map_err(fault)).collect()
    }

    /// Puts these control proofs in place.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn set_control(&mut self, proofs: &[ControlProof]) -> Result<(), ExampleError> {
        let mut file = Vec::new();
        for proof in proofs {
            file.extend(json::canonical(proof).map_err(fault)?);
            file.push(b'\n');
        }
        self.files.insert(paths::CONTROL.to_owned(), file);
        Ok(())
    }

    /// Changes the statement and signs it again, with the venue's own key.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn state(&mut self, change: impl FnOnce(&mut Statement)) -> Result<(), ExampleError> {
        let mut statement = self.statement()?;
        change(&mut statement);
        let mut envelope = Envelope { document: json::canonical(&statement).map_err(fault)?, signatures: Vec::new() };
        publish::sign(&mut envelope, &signing_key("venue")?).map_err(fault)?;
        self.files.insert(paths::STATEMENT.to_owned(), envelope.to_file("statement").map_err(fault)?);
        Ok(())
    }

    /// Changes a transcript and signs it with the key of `signer`.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn answer(
        &mut self,
        chain: &str,
        signer: &str,
        change: impl FnOnce(&mut Transcript),
    ) -> Result<(), ExampleError> {
        let path = Self::path(chain, paths::TRANSCRIPT)?;
        let (mut transcript, _, _) = Transcript::parse(self.file(&path)?, &[]).map_err(fault)?;
        change(&mut transcript);
        let file = transcript.to_file(&signing_key(signer)?).map_err(fault)?;
        self.files.insert(path, file);
        Ok(())
    }

    /// Commits to another address set and challenge, and signs the line with every key of the example.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn commit(
        &mut self,
        set: impl FnOnce(&mut AddressSet),
        issue: impl FnOnce(&mut Challenge),
    ) -> Result<(), ExampleError> {
        let mut committed = self.addresses()?;
        set(&mut committed);
        let mut challenge = challenge::parse(self.file(paths::CHALLENGE)?).map_err(fault)?;
        challenge.address_set.count = committed.count();
        challenge.address_set.root = committed.root();
        issue(&mut challenge);
        let document = challenge.to_file().map_err(fault)?;
        let line = challenge.line().map_err(fault)?;
        let proofs = self.control()?;
        let signed: Vec<ControlProof> =
            proofs.iter().map(|proof| sign_again(proof, &line)).collect::<Result<_, _>>()?;
        self.set_control(&signed)?;
        self.files.insert(paths::ADDRESSES.to_owned(), committed.to_file().map_err(fault)?);
        let custody = sha256(&document);
        self.files.insert(paths::CHALLENGE.to_owned(), document);
        let (count, root) = (committed.count(), committed.root());
        self.state(|statement| {
            if let Some(set) = statement.address_set.as_mut() {
                (set.count, set.root) = (count, root);
            }
            statement.custody = Some(custody);
        })
    }

    /// The bundle with its manifest.
    ///
    /// # Errors
    /// [`ExampleError`].
    pub fn sealed(&self) -> Result<MemoryFiles, ExampleError> {
        let mut files = self.files.clone();
        let manifest =
            bundle::seal(&files, &self.maker, Time::from_unix(1_793_600_000), &signing_key("venue")?).map_err(fault)?;
        files.insert(MANIFEST.to_owned(), manifest);
        Ok(files)
    }

    /// The report on the sealed bundle.
    ///
    /// # Errors
    /// [`ExampleError`], also when the bundle is refused as a whole.
    pub fn run(&self) -> Result<Report, ExampleError> {
        reconcile(&self.sealed()?, &Policy::parse(&self.policy).map_err(fault)?).map_err(fault)
    }

    /// Findings of the honest files: none of them is what a scenario is about, unless these are the honest files.
    fn known(&self) -> Result<BTreeSet<(u16, String)>, ExampleError> {
        let honest = Self::new()?;
        if honest.files == self.files && honest.policy == self.policy {
            return Ok(BTreeSet::new());
        }
        let found = honest.run()?.findings;
        Ok(found.into_iter().map(|finding| (finding.code.number, finding.subject)).collect())
    }

    /// A scenario about a bundle: the naive verifier's words, and what `reconcile` says of the same files. The finding
    /// `about` and the verdict on `asset` are what it is about.
    pub(super) fn played(&self, naive: Said, asset: &str, about: Option<&Code>) -> Result<Played, ExampleError> {
        let report = self.run()?;
        let known = self.known()?;
        let judged = report.assets.iter().find(|judged| judged.asset.as_str() == asset);
        let (verdict, sentence) = match judged {
            Some(judged) => (judged.verdict, judged.sentence.clone()),
            // a report that does not speak of an asset says what it says without it
            None => (report.overall.verdict, format!("No word about {asset}; overall {}.", report.overall.verdict)),
        };
        let new =
            || report.findings.iter().filter(|found| !known.contains(&(found.code.number, found.subject.clone())));
        let finding = about.and_then(|code| new().find(|found| found.code.number == code.number));
        let told = finding.map_or_else(String::new, |found| format!(" {}: {}.", found.code, found.code.title));
        let words = format!("{sentence}{told}");
        let believed = verdict == Verdict::Covered && finding.is_none();
        let mut codes: Vec<&'static Code> = new().map(|found| found.code).collect();
        codes.dedup();
        let mut files: MemoryFiles =
            self.sealed()?.into_iter().map(|(path, bytes)| (format!("bundle/{path}"), bytes)).collect();
        files.insert("policy.toml".to_owned(), self.policy.clone().into_bytes());
        let exit = match report.overall.verdict {
            Verdict::Covered => 0,
            Verdict::Short => 1,
            Verdict::NotDeterminable => 2,
        };
        let prints = about.map_or_else(|| verdict.to_string(), ToString::to_string);
        Ok(Played {
            naive,
            counterfoil: Said { believed, words },
            codes,
            verdicts: report.assets.iter().map(|asset| (asset.asset.to_string(), asset.verdict)).collect(),
            files,
            shows: vec![Show::new("reconcile {dir}/bundle --policy {dir}/policy.toml", exit, prints)],
        })
    }
}

/// The same address signs another line, when its key is one of the example's.
///
/// # Errors
/// [`ExampleError`] otherwise.
pub fn sign_again(proof: &ControlProof, line: &str) -> Result<ControlProof, ExampleError> {
    let bitcoin = (0..3).filter_map(|number| AddressKey::new(&mut seed(&format!("bitcoin {number}"))));
    let signed = bitcoin.filter_map(|key| sign(&proof.chain, &proof.address, line, &key).ok());
    let evm = (0..2).map(|number| evm::control::sign(&proof.chain, line, &seed(&format!("evm {number}"))));
    let mut all = signed.chain(evm.filter_map(Result::ok));
    all.find(|signed| signed.address == proof.address).ok_or_else(|| fault("an address without its key"))
}
