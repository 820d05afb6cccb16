//! Scenarios of several venues: what `network` says of the three of the ring, whatever one of them lies about.

use crate::bundle::MemoryFiles;
use crate::code::Code;
use crate::policy::Policy;
use crate::reconcile::Verdict;
use crate::reconcile::network::{Input, NetworkFile, NetworkFinding, network};

use super::example_venue::{ExampleError, fault};
use super::ring::Ring;
use super::scenario::{Played, Said, Show};

/// What both said about the venue `liar`; the finding `about`, on this subject or on any, is what it is about.
pub(super) fn played(
    ring: &Ring,
    naive: Said,
    liar: &str,
    (about, subject): (&'static Code, Option<&str>),
) -> Result<Played, ExampleError> {
    let policies = ring.venues.iter().map(|venue| Policy::parse(&venue.policy)).collect::<Result<_, _>>();
    let policy = NetworkFile::parse(&ring.policy).map_err(fault)?.with(policies.map_err(fault)?).map_err(fault)?;
    let input = |venue: &'_ super::ring::RingVenue| (venue.id.to_string(), venue.bundle.clone());
    let bundles: Vec<(String, MemoryFiles)> = ring.venues.iter().map(input).collect();
    let inputs: Vec<Input<'_>> = bundles.iter().map(|(name, files)| Input { name: name.clone(), files }).collect();
    let report = network(&inputs, &policy, None).map_err(fault)?;
    let figures = report.assets.iter().flat_map(|asset| &asset.venues).find(|figures| figures.venue.as_str() == liar);
    let figures = figures.ok_or_else(|| fault(format!("no {liar} in the report")))?;
    let of = |finding: &&NetworkFinding| subject.is_none_or(|subject| finding.subject == subject);
    let found = report.findings.iter().filter(of).find(|finding| finding.code.number == about.number);
    let told = found.map_or_else(String::new, |found| format!(" {}: {}.", found.code, found.code.title));
    let mut files = MemoryFiles::from([("network.toml".to_owned(), ring.policy.clone().into_bytes())]);
    for venue in &ring.venues {
        files.insert(format!("{}.toml", venue.id), venue.policy.clone().into_bytes());
        files.extend(venue.bundle.iter().map(|(path, bytes)| (format!("{}/{path}", venue.id), bytes.clone())));
    }
    let names: Vec<String> = ring.venues.iter().map(|venue| format!("{{dir}}/{}", venue.id)).collect();
    let exit = match report.verdict {
        Verdict::Covered => 0,
        Verdict::Short => 1,
        Verdict::NotDeterminable => 2,
    };
    let line = format!("network {} --policy {{dir}}/network.toml", names.join(" "));
    Ok(Played {
        naive,
        counterfoil: Said {
            believed: figures.verdict == Verdict::Covered && found.is_none(),
            words: format!("{liar}: {}, all together.{told}", figures.verdict),
        },
        codes: report.findings.iter().filter(of).map(|finding| finding.code).collect(),
        verdicts: vec![(liar.to_owned(), figures.verdict)],
        files,
        shows: vec![Show::new(line, exit, about.to_string())],
    })
}
