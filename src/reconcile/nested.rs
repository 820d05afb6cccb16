//! A bundle within a bundle: what somebody else signed and sealed about themselves, judged by the same rules.

use std::collections::BTreeSet;

use super::model::Report;
use super::{History, gathered, verdicts};
use crate::asset::ChainId;
use crate::bundle::{FileSource, MANIFEST, SealedFiles, SourceError, paths};
use crate::policy::Policy;
use crate::publish::VerifiedStatement;
use crate::reserve::address_set::AddressSet;
use crate::reserve::bitcoin::own::BundleAlone;
use crate::reserve::claim::{ControlGrade, Holding};

/// The files below one folder.
struct Folder<'a> {
    files: &'a dyn FileSource,
    prefix: &'a str,
}

impl FileSource for Folder<'_> {
    fn list(&self) -> Result<Vec<String>, SourceError> {
        let all = self.files.list()?;
        Ok(all.iter().filter_map(|path| path.strip_prefix(self.prefix)).map(str::to_owned).collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        self.files.read(&format!("{}{path}", self.prefix))
    }
}

/// What such a bundle says.
pub(super) struct Nested {
    pub(super) report: Report,
    pub(super) history: History,
    /// The addresses of its set.
    pub(super) addresses: BTreeSet<(ChainId, String)>,
    /// Addresses on which it shows coins under its control.
    pub(super) controlled: BTreeSet<(ChainId, String)>,
}

impl Nested {
    pub(super) fn statement(&self) -> &VerifiedStatement {
        self.history.subject()
    }
}

/// Reads the bundle in the folder `prefix` under the policy about whoever it is of, which names no custodians and
/// issuers: nobody is looked through twice. `Ok(None)` when there is none.
///
/// # Errors
/// Why it is not accepted, in words.
pub(super) fn read(files: &dyn FileSource, policy: &Policy, prefix: &str) -> Result<Option<Nested>, String> {
    let files = Folder { files, prefix };
    if files.read(MANIFEST).map_err(|error| error.to_string())?.is_none() {
        return Ok(None);
    }
    let (sealed, statement, reserves) = gathered(&files, policy, &BundleAlone).map_err(|error| error.to_string())?;
    let Some(history) = reserves.history.clone() else { return Err("it has no statement".to_owned()) };
    // a way of control that does not count, such as a node's word that only the bundle has, anybody can write about
    // anybody's wallet: it takes nothing from who has the key
    let require = policy.require();
    let is_shown = |grade: ControlGrade| grade >= require.control && grade.basis() >= require.authenticity;
    let held = reserves.held.iter().filter(|item| item.free && item.control.is_some_and(is_shown));
    let place = |holding: &Holding| Some((holding.deployment.chain()?, holding.address.clone()));
    let controlled = held.filter_map(|item| place(&item.holding)).collect();
    let report = verdicts::report(&sealed, policy, statement.as_ref(), reserves, None);
    let sealed = SealedFiles::new(&files, &sealed);
    let set = sealed.read(paths::ADDRESSES).map_err(|error| error.to_string())?;
    let set = set.and_then(|file| AddressSet::parse(&file).ok());
    let addresses = set.iter().flat_map(AddressSet::entries);
    let addresses = addresses.map(|entry| (entry.chain.clone(), entry.address.clone())).collect();
    Ok(Some(Nested { report, history, addresses, controlled }))
}
