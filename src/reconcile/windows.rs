//! Windows in the section of an asset: which of them concern it, and what they take from what is counted.

use std::collections::BTreeSet;

use super::findings::{Finding, Severity};
use super::reserves::lives_on;
use super::verdicts::Section;
use super::window::{self, WindowQuestion, WindowReport};
use crate::amount::{Amount, Decimals};
use crate::asset::{Asset, AssetId, ChainId, Deployment};
use crate::bundle::{FileSource, paths};
use crate::code::{Coded as _, finding as codes};
use crate::reserve::bitcoin;
use crate::reserve::claim::{Bucket, ChainQuery};
use crate::reserve::window::WindowEvidence;

/// The window of one chain.
#[derive(Clone, Debug, Default)]
pub struct ChainWindow {
    /// The cut-off block.
    pub snapshot: u64,
    /// Addresses that count: free, and under control.
    pub counted: BTreeSet<String>,
    /// What the bundle shows; none when it shows nothing that can be used.
    pub evidence: Option<WindowEvidence>,
}

/// What the bundle shows of the blocks around the cut-off block of a chain of Bitcoin.
pub(super) fn read(
    query: &ChainQuery<'_>,
    own: &bitcoin::window::Own<'_>,
    files: &dyn FileSource,
) -> (Option<WindowEvidence>, Vec<Finding>) {
    let evidence = match bitcoin::window::window(query, own, files) {
        Ok(evidence) => evidence,
        Err(error) => {
            let path = paths::chain(query.chain, paths::WINDOW);
            let detail = format!("{}: {error}", error.code());
            let finding = Finding::new(&codes::WINDOW_REFUSED, Severity::Critical, path.clone(), detail);
            return (None, vec![finding.on_chain(query.chain).in_file(path)]);
        }
    };
    let problems = evidence.iter().flat_map(|evidence| evidence.problems.clone());
    let found = problems.map(|problem| Finding::from_problem(problem, query.chain)).collect();
    (evidence, found)
}

impl Section<'_> {
    /// The windows of the asset's deployments, with their findings.
    pub(super) fn windows(&self, mapped: Option<&Asset>, findings: &mut Vec<Finding>) -> Vec<WindowReport> {
        let mut reports = Vec::new();
        for (chain, known) in &self.reserves.windows {
            let rules = self.policy.window();
            let closing = self.closing(chain);
            let named = closing.filter(|closing| closing.1).map(|closing| closing.0);
            // the closing block closes the window
            let range = rules.range(known.snapshot).map(|(from, to)| (from, to.max(named.unwrap_or(to))));
            let deployment = known
                .evidence
                .as_ref()
                .and_then(|evidence| mapped?.deployments.iter().find(|listed| listed.id == evidence.deployment));
            let (Some(evidence), Some(deployment)) = (&known.evidence, deployment) else {
                if lives_on(self.policy, self.id, chain) {
                    let missing = window::missing(chain, range, named, "the bundle shows none");
                    findings.extend(missing.into_iter().map(|finding| finding.of_asset(self.id)));
                }
                continue;
            };
            let decimals = deployment.decimals;
            // a closing block asks for every block from the cut-off to it, even when the policy asks for no others
            let closed = named.filter(|closing| *closing > known.snapshot);
            let offered = |closing: u64| (evidence.from.min(known.snapshot), evidence.to.max(closing));
            let range = range.or_else(|| closed.map(offered));
            let question =
                WindowQuestion { range, snapshot: known.snapshot, closing, counted: &known.counted, decimals, rules };
            match window::measure(evidence, &question) {
                Some(report) => {
                    let held = &self.reserves.held;
                    findings.extend(window::findings(&report, &question, self.policy, self.id, held));
                    reports.push(report);
                }
                None if range.is_none_or(|(from, to)| from <= evidence.to && to >= evidence.from) => {
                    let detail = "a sum of its amounts does not fit, or falls below zero";
                    let finding = Finding::new(&codes::WINDOW_REFUSED, Severity::Critical, chain.as_str(), detail);
                    findings.push(finding.of_asset(self.id).on_chain(chain));
                }
                None => {
                    let why = format!("the bundle shows {} to {} only", evidence.from, evidence.to);
                    let missing = window::missing(chain, range, named, &why);
                    findings.extend(missing.into_iter().map(|finding| finding.of_asset(self.id)));
                }
            }
        }
        reports
    }

    /// The latest block by which signatures are known to have been made: the policy's, or else the one that the
    /// challenge names, which is only a bound from below.
    fn closing(&self, chain: &ChainId) -> Option<(u64, bool)> {
        let seen = self.policy.window().seen.iter().filter(|seen| seen.chain == *chain).map(|seen| seen.height).max();
        let challenged = self.reserves.challenged.get(chain).copied();
        match (seen, challenged) {
            (Some(seen), challenged) => Some((seen.max(challenged.unwrap_or(0)), true)),
            (None, challenged) => challenged.map(|height| (height, false)),
        }
    }

    /// What is counted of one deployment. What validators have is on no account: the window neither shows it nor takes
    /// from it.
    fn counted_of(&self, deployment: &Deployment, decimals: Decimals) -> Option<Amount> {
        let require = self.policy.require();
        let counts = self.reserves.held.iter().filter(|item| {
            let holding = &item.holding;
            item.free
                && item.control.is_some()
                && holding.bucket() == Bucket::FreeNow
                && holding.deployment == deployment.id
                && holding.authenticity >= require.authenticity
                && holding.completeness >= require.completeness
        });
        let amounts: Option<Vec<Amount>> =
            counts.map(|item| item.holding.amount.rescale(deployment.decimals, decimals).ok()).collect();
        Amount::checked_sum(amounts?)
    }

    fn deployment(&self, report: &WindowReport) -> Option<&Deployment> {
        let mapped = self.policy.assets().iter().find(|asset| asset.id == *self.id)?;
        mapped.deployments.iter().find(|deployment| deployment.id == report.deployment)
    }
}

/// What of the counted coins came and went around the snapshot, or had left before the closing block.
pub(super) fn not_sustained(reports: &[WindowReport], section: &Section<'_>, decimals: Decimals) -> Option<Amount> {
    let mut sum = Amount::ZERO;
    for report in reports {
        let (Some(snapshot), Some(sustained)) = (report.snapshot, report.sustained) else { continue };
        let deployment = section.deployment(report)?;
        let sustained = sustained.rescale(deployment.decimals, decimals).ok()?;
        let counted = section.counted_of(deployment, decimals)?;
        let lost = snapshot.rescale(deployment.decimals, decimals).ok()?.checked_sub(sustained)?;
        // coins of the window that are not counted must not stand in for those that were lost
        let less = counted.checked_sub(sustained).unwrap_or(Amount::ZERO).max(lost.min(counted));
        sum = sum.checked_add(less)?;
    }
    Some(sum)
}

/// The sum of the deployments' minima: they need not fall into one moment, so the true minimum is at least this.
pub(super) fn minimum(
    reports: &[WindowReport],
    section: &Section<'_>,
    mapped: Option<&Asset>,
    decimals: Decimals,
) -> Option<Amount> {
    let claimed = mapped?.deployments.iter().filter(|found| section.reserves.claimed.contains(&found.id));
    let mut minima = Vec::new();
    for deployment in claimed {
        let report = reports.iter().find(|report| report.deployment == deployment.id)?;
        minima.push(report.minimum.rescale(deployment.decimals, decimals).ok()?);
    }
    if minima.is_empty() { None } else { Amount::checked_sum(minima) }
}

/// A finding when the minimum lies below what is owed.
pub(super) fn below_owed(
    reports: &[WindowReport],
    (minimum, owed): (Amount, Amount),
    (asset, decimals): (&AssetId, Decimals),
) -> Option<Finding> {
    if minimum >= owed {
        return None;
    }
    let at: Vec<String> =
        reports.iter().map(|report| format!("block {} of {}", report.minimum_at, report.deployment)).collect();
    let (minimum, owed) = (minimum.to_readable(decimals), owed.to_readable(decimals));
    let detail = format!("{minimum} at {}; {owed} were owed at the cut-off", at.join(", "));
    Some(Finding::new(&codes::WINDOW_BELOW_OWED, Severity::Exception, asset.as_str(), detail).of_asset(asset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::{Basis, Completeness};
    use crate::policy::Policy;
    use crate::reconcile::reserves::{Held, Reserves};
    use crate::reserve::address_set::Role;
    use crate::reserve::claim::Holding;
    use crate::reserve::window::{Part, Party, Transfer};
    use crate::snapshot::BlockRef;

    const CHAIN: &str = "bip122:000000000019d6689c085ae165831e93";

    fn policy(window: &str) -> Policy {
        let text = format!(
            "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\n\
             keys = [{{ alg = \"bip340\", key = \"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\" }}]\n\
             {window}\n[[asset]]\nid = \"BTC\"\ndecimals = 10\n[[asset.deployment]]\nid = \"{CHAIN}/slip44:0\"\ndecimals = 8\n"
        );
        Policy::parse(&text).expect("a policy")
    }

    fn part(id: &str, units: u128) -> Part {
        Part { address: "hot".to_owned(), id: id.to_owned(), amount: Amount::from_base_units(units) }
    }

    /// 100 of the venue's own and 40 that somebody lends it over block 150; all of it is listed as held.
    fn reserves(with_window: bool) -> Reserves {
        let lender = |units| vec![Party { name: "lender".into(), amount: Some(Amount::from_base_units(units)) }];
        let transfer = |height, spent, received, from, to| Transfer {
            height,
            place: 1,
            txid: format!("at {height}"),
            spent,
            received,
            from,
            to,
            authenticity: Basis::Proved,
        };
        let evidence = WindowEvidence {
            deployment: format!("{CHAIN}/slip44:0").parse().expect("a deployment"),
            from: 100,
            to: 200,
            tip: BlockRef { chain: CHAIN.parse().expect("a chain"), height: 200, hash: crate::hash::sha256(b"") },
            opening: vec![part("own", 100)],
            transfers: vec![
                transfer(149, Vec::new(), vec![part("lent", 40)], lender(40), Vec::new()),
                transfer(151, vec![part("lent", 40)], Vec::new(), Vec::new(), lender(40)),
            ],
            times: std::collections::BTreeMap::new(),
            gaps: Vec::new(),
            authenticity: Basis::Proved,
            completeness: Completeness::UnspentObserved,
            problems: Vec::new(),
        };
        let held = |id: &str, units| Held {
            holding: Holding {
                deployment: evidence.deployment.clone(),
                address: "hot".to_owned(),
                id: id.to_owned(),
                amount: Amount::from_base_units(units),
                made_at: None,
                authenticity: Basis::Proved,
                completeness: Completeness::UnspentUntilSpend,
            },
            role: Role::Hot,
            control: Some(crate::reserve::claim::ControlGrade::KeySigned),
            free: true,
        };
        let mut reserves = Reserves { readable: true, ..Reserves::default() };
        reserves.held = vec![held("own", 100), held("lent", 40)];
        reserves.claimed.insert(evidence.deployment.clone());
        let counted = BTreeSet::from(["hot".to_owned()]);
        let window = ChainWindow { snapshot: 150, counted, evidence: with_window.then_some(evidence) };
        reserves.windows.insert(CHAIN.parse().expect("a chain"), window);
        reserves
    }

    fn section(policy: &Policy, reserves: &Reserves) -> (crate::reconcile::AssetReport, Vec<u16>) {
        let id = "BTC".parse().expect("an asset");
        let mut findings = Vec::new();
        let report = Section { policy, statement: None, reserves, id: &id }.report(&mut findings);
        (report, findings.iter().map(|finding| finding.code.number).collect())
    }

    #[test]
    fn borrowed_coins_are_taken_from_what_is_counted() {
        let (report, codes) = section(&policy(""), &reserves(true));
        let units = Amount::from_base_units;
        assert_eq!((report.held.counted, report.not_sustained), (units(14_000), units(4_000)), "ten decimals");
        assert_eq!((report.held.possible, report.window_minimum), (units(14_000), Some(units(10_000))));
        assert_eq!(codes, [7041, 7045]);
        let (report, codes) = section(&policy("[window]\nround_trip_blocks = 0"), &reserves(true));
        assert_eq!((report.not_sustained, codes), (Amount::ZERO, vec![7041]));
    }

    #[test]
    fn a_window_that_is_demanded_and_missing_is_told() {
        let demanded = policy(&format!("[window]\nbefore = 9\n[[window.seen]]\nchain = \"{CHAIN}\"\nheight = 160"));
        let (report, codes) = section(&demanded, &reserves(false));
        assert_eq!((report.windows.len(), report.window_minimum, codes), (0, None, vec![7040, 7043]));
        assert!(section(&policy(""), &reserves(false)).1.is_empty());
        let (report, codes) = section(&demanded, &reserves(true));
        assert_eq!((report.windows[0].asked.from, report.windows[0].asked.to), (141, 160), "up to the closing block");
        assert_eq!(codes, [7045, 7044]);
    }

    /// The key is handed over after the coins have left, and the window begins behind that.
    #[test]
    fn attack_r20_a_window_that_skips_the_cutoff_does_not_close_it() {
        let seen = policy(&format!("[[window.seen]]\nchain = \"{CHAIN}\"\nheight = 160"));
        let mut emptied = reserves(true);
        let window = emptied.windows.values_mut().next().and_then(|window| window.evidence.as_mut());
        let evidence = window.expect("a window");
        (evidence.from, evidence.opening, evidence.transfers) = (155, Vec::new(), Vec::new());
        let critical = |reserves: &Reserves| {
            let (id, mut findings) = ("BTC".parse().expect("an asset"), Vec::new());
            Section { policy: &seen, statement: None, reserves, id: &id }.report(&mut findings);
            let critical = findings.iter().filter(|finding| finding.severity == Severity::Critical);
            critical.map(|finding| finding.code.number).collect::<Vec<u16>>()
        };
        assert_eq!(critical(&emptied), [7040], "blocks 150 to 154 are not shown");
        let mut blind = reserves(true);
        let window = blind.windows.values_mut().next().and_then(|window| window.evidence.as_mut());
        window.expect("a window").gaps = vec![(151, 152)];
        assert_eq!(critical(&blind), [7040], "nobody was asked about them");
        let mut stated = reserves(true);
        let window = stated.windows.values_mut().next().and_then(|window| window.evidence.as_mut());
        window.expect("a window").completeness = Completeness::UnspentStated;
        assert_eq!(critical(&stated), [7048], "only the bundle says that they are still there");
        assert_eq!(critical(&reserves(true)), Vec::<u16>::new());
    }

    /// The policy names a closing block and no range, so the bundle chooses which blocks it shows: none at the cut-off,
    /// or none of those in which the coins left.
    #[test]
    fn attack_a_window_that_leaves_out_blocks_before_the_closing_block() {
        let demanded = policy(&format!("[[window.seen]]\nchain = \"{CHAIN}\"\nheight = 160"));
        let told = |change: fn(&mut WindowEvidence)| {
            let mut reserves = reserves(true);
            change(reserves.windows.values_mut().next().and_then(|known| known.evidence.as_mut()).expect("a window"));
            section(&demanded, &reserves).1
        };
        let late = told(|evidence| {
            evidence.from = 155;
            evidence.opening.clear();
            evidence.transfers.clear();
        });
        assert_eq!(late, [7040]);
        assert!(told(|evidence| evidence.gaps = vec![(151, 151)]).contains(&7040));
        assert!(told(|evidence| evidence.gaps = vec![(158, 170)]).contains(&7040));
        assert!(!told(|_| ()).contains(&7040));
    }

    /// The venue's own list of movements can leave out the one that the closing block is named for.
    #[test]
    fn attack_a_stated_window_up_to_a_named_closing_block() {
        let severity = |window: &str| {
            let policy = policy(window);
            let mut reserves = reserves(true);
            let evidence = reserves.windows.values_mut().next().and_then(|known| known.evidence.as_mut());
            evidence.expect("a window").completeness = Completeness::UnspentStated;
            let id = "BTC".parse().expect("an asset");
            let mut findings = Vec::new();
            Section { policy: &policy, statement: None, reserves: &reserves, id: &id }.report(&mut findings);
            findings.iter().find(|finding| finding.code.number == 7048).map(|finding| finding.severity)
        };
        let seen = |height: u64| format!("[[window.seen]]\nchain = \"{CHAIN}\"\nheight = {height}");
        assert_eq!(severity(&seen(160)), Some(Severity::Critical));
        assert_eq!(severity(&seen(150)), Some(Severity::Exception), "nothing lies in between");
        assert_eq!(severity(""), Some(Severity::Exception));
    }

    #[test]
    fn a_window_that_cannot_be_measured_is_told() {
        let mut broken = reserves(true);
        let window = broken.windows.values_mut().next().and_then(|window| window.evidence.as_mut());
        window.expect("a window").opening.push(part("more", u128::MAX));
        let (report, codes) = section(&policy(""), &broken);
        assert_eq!((report.windows.len(), codes), (0, vec![7042]));
        let elsewhere = policy("[window]\nafter = 1");
        let mut early = reserves(true);
        early.windows.values_mut().for_each(|window| window.snapshot = 50);
        assert_eq!(section(&elsewhere, &early).1, [7040]);
    }

    #[test]
    fn a_minimum_below_what_is_owed_is_told() {
        let reports = section(&policy(""), &reserves(true)).0.windows;
        let id: AssetId = "BTC".parse().expect("an asset");
        let below = |minimum, owed| {
            let amounts = (Amount::from_base_units(minimum), Amount::from_base_units(owed));
            below_owed(&reports, amounts, (&id, Decimals::ZERO)).map(|finding| finding.detail)
        };
        assert_eq!(below(100, 100), None);
        let detail = format!("99 at block 100 of {CHAIN}/slip44:0; 100 were owed at the cut-off");
        assert_eq!(below(99, 100), Some(detail));
    }
}
