//! Files of the auditor's part that a published copy lacks: what was not looked at decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Finding, Severity};
use super::reserves::Reserves;
use crate::asset::ChainId;
use crate::bundle::{AUDITOR, DEPOSITORS, FileEntry, FileSource, Sealed, nested};
use crate::code::bundle::AUDITOR_PART_ABSENT;

/// What a group of files belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    /// `auditor/`: what the program reads there can only refute the set, and its absence has a finding of its own.
    Auditor,
    /// `depositors/`: what is there can only speak for the venue, where coins came and went.
    Depositors,
    /// The evidence of a chain.
    Chain(&'a str),
    /// What a custodian or issuer keeps back of its own bundle: its own report is judged without it.
    Nested(&'a str),
    /// Anything else.
    Whole(&'a str),
}

fn place<'a>(path: &'a str, nested: &'a BTreeMap<String, BTreeSet<String>>) -> Place<'a> {
    if let Some((prefix, _)) = nested.iter().find(|(_, kept_back)| kept_back.contains(path)) {
        return Place::Nested(prefix);
    }
    let mut parts = path.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(AUDITOR), Some(_), _) => Place::Auditor,
        (Some(DEPOSITORS), Some(_), _) => Place::Depositors,
        (Some("chains"), Some(folder), Some(_)) => Place::Chain(folder),
        _ => Place::Whole(path),
    }
}

/// A finding for each group; and what an absent file belongs to cannot be judged, neither covered nor short.
pub(super) fn note(sealed: &Sealed, files: &dyn FileSource, chains: &[ChainId], reserves: &mut Reserves) {
    if sealed.absent().next().is_none() {
        return;
    }
    let listed = sealed.manifest().files.iter().map(|entry| entry.path.as_str());
    // a manifest that cannot be read has its own finding, and what it would keep back belongs to the whole
    let kept_back = |prefix: String| nested::kept_back(files, &prefix).ok().map(|files| (prefix, files));
    let nested: BTreeMap<String, BTreeSet<String>> =
        nested::prefixes(listed).into_iter().filter_map(kept_back).collect();
    let mut groups: BTreeMap<Place<'_>, Vec<&FileEntry>> = BTreeMap::new();
    for entry in sealed.absent() {
        groups.entry(place(&entry.path, &nested)).or_default().push(entry);
    }
    for (place, entries) in groups {
        let Some(first) = entries.first() else { continue };
        let detail = match entries.len() {
            1 => format!("1 file, sha256 {}", first.sha256),
            count => format!("{count} files, the first is {}, sha256 {}", first.path, first.sha256),
        };
        let finding = |severity, subject: &str| Finding::new(&AUDITOR_PART_ABSENT, severity, subject, detail);
        let finding = match place {
            Place::Auditor => finding(Severity::Exception, AUDITOR),
            Place::Depositors => {
                reserves.depositors.absent = true;
                finding(Severity::Exception, DEPOSITORS)
            }
            Place::Nested(prefix) => finding(Severity::Exception, prefix.trim_end_matches('/')),
            Place::Whole(path) => {
                reserves.readable = false;
                finding(Severity::Critical, path)
            }
            Place::Chain(folder) => {
                let subject = format!("chains/{folder}");
                match chains.iter().find(|chain| chain.folder() == folder) {
                    Some(chain) => {
                        reserves.unreadable.insert(chain.clone());
                        finding(Severity::Critical, &subject).on_chain(chain)
                    }
                    // a folder that no chain of the statement or the policy has: nobody knows what it was to show
                    None => {
                        reserves.readable = false;
                        finding(Severity::Critical, &subject)
                    }
                }
            }
        };
        reserves.findings.push(finding);
    }
}
