//! Figures of one asset over all venues: gross, netted, consolidated and cleared, side by side.

use super::clearing::{Clearing, ClearingError, System};
use super::elsewhere::Deposit;
use super::fraction::{Exact, Fraction, decimal, one, percent, units, zero};
use super::model::{AssetNetwork, Cleared, DepositRow, RingRow, Side, Sums, VenueFigures};
use super::netting::{Matrix, bilateral, cyclic};
use super::policy::NetworkPolicy;
use super::shared::Shared;
use super::sheet::Sheet;
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::reconcile::assess::Reason;
use crate::reconcile::{AssetReport, Verdict};
use crate::snapshot::VenueId;

/// Whether a critical finding names a venue.
pub(super) type IsCritical<'a> = dyn Fn(&VenueId) -> bool + 'a;

/// A venue that says what it owes in the asset.
struct Member<'a> {
    /// Place among the sheets.
    sheet: usize,
    venue: &'a VenueId,
    report: &'a AssetReport,
    owed: Fraction,
    low: Fraction,
    high: Fraction,
    shared: Fraction,
    /// All its proved deposits, those at debtors without a figure in the asset, too.
    elsewhere: Fraction,
    readable: bool,
}

impl Member<'_> {
    /// Reserves against what is owed, deposits elsewhere left out; at most 1.
    fn own_coverage(&self) -> Fraction {
        if self.owed == zero() { one() } else { (&self.low / &self.owed).min(one()) }
    }
}

/// Everything about one asset, and what is to be told about it.
pub(super) struct Joined<'a> {
    members: Vec<Member<'a>>,
    deposits: Vec<(usize, usize, &'a Deposit)>,
    between: Matrix,
    pub(super) report: AssetNetwork,
}

fn sum<'v>(parts: impl IntoIterator<Item = &'v Fraction>) -> Fraction {
    parts.into_iter().fold(zero(), |sum, part| sum + part)
}

fn at(values: &[Fraction], place: usize) -> Fraction {
    values.get(place).cloned().unwrap_or_else(zero)
}

/// Joins one asset; `None` when no venue says what it owes in it.
pub(super) fn join<'a>(
    sheets: &'a [Sheet<'a>],
    deposits: &'a [Deposit],
    shared: &Shared,
    policy: &NetworkPolicy,
    asset: &AssetId,
    is_critical: &IsCritical<'_>,
) -> Result<Option<Joined<'a>>, ClearingError> {
    let members = members(sheets, deposits, shared, asset);
    if members.is_empty() {
        return Ok(None);
    }
    let place = |sheet: usize| members.iter().position(|member| member.sheet == sheet);
    let here = deposits.iter().filter(|deposit| deposit.asset == *asset);
    // of a depositor that states nothing in this asset there is no sheet to put it in: it counts as a customer
    let deposits: Vec<(usize, usize, &Deposit)> =
        here.filter_map(|deposit| Some((place(deposit.depositor)?, place(deposit.debtor)?, deposit))).collect();
    let mut between: Matrix = vec![vec![zero(); members.len()]; members.len()];
    for (depositor, debtor, deposit) in &deposits {
        if let Some(entry) = between.get_mut(*debtor).and_then(|row| row.get_mut(*depositor)) {
            *entry += units(deposit.amount, deposit.decimals);
        }
    }
    let computed = Computed::new(&members, &between, policy)?;
    let report = computed.report(&members, &deposits, &between, (asset, shared, is_critical));
    Ok(Some(Joined { members, deposits, between, report }))
}

fn members<'a>(sheets: &'a [Sheet<'a>], deposits: &[Deposit], shared: &Shared, asset: &AssetId) -> Vec<Member<'a>> {
    let elsewhere = |sheet: usize| {
        let own = deposits.iter().filter(move |deposit| deposit.depositor == sheet && deposit.asset == *asset);
        own.fold(zero(), |sum, deposit| sum + units(deposit.amount, deposit.decimals))
    };
    // what a member of the network keeps for another one is a deposit there
    let is_member = |id: &VenueId| sheets.iter().any(|sheet| sheet.venue() == id);
    let kept = |report: &AssetReport| {
        let used = report.custodians.iter().filter(|share| share.used && !is_member(&share.custodian));
        used.fold(zero(), |sum, share| sum + units(share.in_tree, share.decimals))
    };
    let member = |(sheet, of): (usize, &'a Sheet<'a>)| {
        let report = of.report.assets.iter().find(|found| found.asset == *asset)?;
        let (low, owed) = stands(of, shared, sheet, asset)?;
        let held = &report.held;
        let at_most = held.possible.checked_sub(report.came_and_went).unwrap_or(Amount::ZERO);
        Some(Member {
            sheet,
            venue: of.venue(),
            report,
            owed,
            low,
            // what a custodian's tree has for it, too: without that nobody is called short
            high: units(at_most, report.decimals) + kept(report) + booked(of, asset, &is_member),
            shared: shared.of.get(&(sheet, asset.clone())).cloned().unwrap_or_else(zero),
            elsewhere: elsewhere(sheet),
            readable: !matches!(report.reason, Reason::NothingStated | Reason::NotClaimed | Reason::NotReadable),
        })
    };
    sheets.iter().enumerate().filter_map(member).collect()
}

/// What the venue's own books have with custodians that show nothing, or nothing that can be read.
fn booked(sheet: &Sheet<'_>, asset: &AssetId, is_member: &dyn Fn(&VenueId) -> bool) -> Fraction {
    let (statement, reserves) = (sheet.statement.statement(), &sheet.reserves);
    let Some(listed) = statement.assets.iter().find(|listed| listed.id == *asset) else { return zero() };
    let is_silent =
        |party: &VenueId| reserves.custody_unreadable.contains(party) || reserves.custody_absent.contains(party);
    let rows = statement.schedules.custody_accounts.iter().flatten().filter(|row| row.asset == *asset);
    let rows = rows.filter(|row| is_silent(&row.party) && !is_member(&row.party));
    rows.fold(zero(), |sum, row| sum + units(row.closing, listed.decimals))
}

/// What a venue counts of an asset, less what others show, too, and what it owes in it; none where it does not say.
pub(super) fn stands(
    sheet: &Sheet<'_>,
    shared: &Shared,
    place: usize,
    asset: &AssetId,
) -> Option<(Fraction, Fraction)> {
    let report = sheet.report.assets.iter().find(|found| found.asset == *asset)?;
    let exact = |amount: Amount| units(amount, report.decimals);
    let owed = report.owed.as_ref()?.total;
    let counted = report.held.counted.checked_sub(report.not_sustained).unwrap_or(Amount::ZERO);
    let also = shared.of.get(&(place, asset.clone())).cloned().unwrap_or_else(zero);
    Some(((exact(counted) - also).max(zero()), exact(owed)))
}

/// Cleared and netted.
struct Computed {
    low: Clearing,
    high: Clearing,
    customers: Vec<Fraction>,
    netted: Matrix,
    rings: Vec<(Vec<usize>, Fraction)>,
}

impl Computed {
    fn new(members: &[Member<'_>], between: &Matrix, policy: &NetworkPolicy) -> Result<Self, ClearingError> {
        let customers: Vec<Fraction> =
            members.iter().zip(between).map(|(member, row)| &member.owed - sum(row)).collect();
        let clear = |outside: &dyn Fn(&Member<'_>) -> Fraction| {
            // customers and all others are one node more: they owe nothing
            let rows = between.iter().zip(&customers);
            let mut owes: Matrix = rows.map(|(row, rest)| row.iter().chain([rest]).cloned().collect()).collect();
            owes.push(vec![zero(); members.len() + 1]);
            let outside: Vec<Fraction> = members.iter().map(outside).chain([zero()]).collect();
            System::new(&owes, &outside, &policy.alpha, &policy.beta)?.clear()
        };
        let low = clear(&|member| member.low.clone())?;
        let high = clear(&|member| member.high.clone())?;
        let pairs = bilateral(between);
        let (netted, found) = cyclic(&pairs);
        let mut rings = Vec::new();
        for (one, row) in between.iter().enumerate() {
            for (other, owed) in row.iter().enumerate().skip(one + 1) {
                let back = between.get(other).and_then(|row| row.get(one)).cloned().unwrap_or_else(zero);
                let both = owed.clone().min(back);
                if both != zero() {
                    rings.push((vec![one, other], both));
                }
            }
        }
        rings.extend(found.into_iter().map(|ring| (ring.nodes, ring.amount)));
        Ok(Self { low, high, customers, netted, rings })
    }

    fn report(
        &self,
        members: &[Member<'_>],
        deposits: &[(usize, usize, &Deposit)],
        between: &Matrix,
        (asset, shared, is_critical): (&AssetId, &Shared, &IsCritical<'_>),
    ) -> AssetNetwork {
        let venues: Vec<VenueFigures> =
            (0..members.len()).filter_map(|place| self.venue(members, deposits, between, place, is_critical)).collect();
        let total = |figure: fn(&VenueFigures) -> &Exact| sum(venues.iter().map(|venue| &figure(venue).0));
        let once = shared.once.get(asset).cloned().unwrap_or_else(zero);
        let (outside, customers) = (total(|venue| &venue.outside) + once, sum(&self.customers));
        // what two venues show on any evidence is in the sheets of both; the sum has at least what one of them has
        let twice = members.iter().map(|member| &member.shared);
        let at_most = total(|venue| &venue.outside_at_most);
        let once_at_most = shared.once.get(asset).cloned().unwrap_or_else(zero);
        let outside_at_most = (at_most - sum(twice) + once_at_most).max(outside.clone());
        let sums = Sums {
            gross_assets: Exact(total(|venue| &venue.gross.assets)),
            gross_owed: Exact(total(|venue| &venue.gross.owed)),
            between: Exact(sum(between.iter().flatten())),
            between_netted: Exact(sum(self.netted.iter().flatten())),
            coverage: percent(&outside, &customers),
            coverage_at_most: percent(&outside_at_most, &customers),
            customers_get: Exact(total(|venue| &venue.cleared.customers_get)),
            customers_get_least: Exact(total(|venue| &venue.cleared.customers_get_least)),
            outside: Exact(outside),
            outside_at_most: Exact(outside_at_most),
            customers: Exact(customers),
        };
        let name = |place: &usize| members.get(*place).map(|member| member.venue.clone());
        let ring = |(nodes, amount): &(Vec<usize>, Fraction)| RingRow {
            venues: nodes.iter().filter_map(name).collect(),
            amount: Exact(amount.clone()),
        };
        let decimals = members.iter().map(|member| member.report.decimals).max().unwrap_or(Decimals::ZERO);
        AssetNetwork {
            asset: asset.clone(),
            decimals,
            required: members.iter().any(|member| member.report.required),
            verdict: venues.iter().map(|venue| venue.verdict).min().unwrap_or(Verdict::NotDeterminable),
            sentence: sentence(asset, decimals, &sums, &venues),
            sums,
            venues,
            rings: self.rings.iter().map(ring).collect(),
        }
    }

    fn venue(
        &self,
        members: &[Member<'_>],
        deposits: &[(usize, usize, &Deposit)],
        between: &Matrix,
        place: usize,
        is_critical: &IsCritical<'_>,
    ) -> Option<VenueFigures> {
        let member = members.get(place)?;
        let column = |matrix: &Matrix| sum(matrix.iter().filter_map(|row| row.get(place)));
        let row = |matrix: &Matrix| matrix.get(place).map_or_else(zero, sum);
        let (face, customers) = (column(between), at(&self.customers, place));
        let own = deposits.iter().filter(|(depositor, _, _)| *depositor == place);
        let worth = own.filter_map(|(_, debtor, deposit)| {
            Some(units(deposit.amount, deposit.decimals) * members.get(*debtor)?.own_coverage())
        });
        let at_most = worth.fold(zero(), |sum, part| sum + part);
        let side = |assets: Fraction, owed: Fraction| Side {
            sufficient: assets >= owed,
            assets: Exact(assets),
            owed: Exact(owed),
        };
        let (pays, least, most) =
            (at(&self.low.greatest, place), at(&self.low.least, place), at(&self.high.greatest, place));
        // pro rata: of all that is paid, customers get their share of all that is owed
        let of_customers =
            |paid: &Fraction| if member.owed == zero() { zero() } else { paid * &customers / &member.owed };
        let wave = self.low.waves.iter().position(|wave| wave.contains(&place)).map_or(0, |wave| wave as u64 + 1);
        let all_readable = members.iter().all(|member| member.readable);
        let judged = Judged {
            own: member.report.verdict,
            leans_on_others: member.elsewhere != zero(),
            // what a debtor without a figure pays is unknown
            readable: all_readable && member.elsewhere == face,
            in_full: least == member.owed,
            in_full_at_most: most == member.owed,
            beyond_help: &member.high + &member.elsewhere < member.owed,
            critical: is_critical(member.venue),
        };
        Some(VenueFigures {
            venue: member.venue.clone(),
            readable: member.readable,
            outside: Exact(member.low.clone()),
            outside_at_most: Exact(member.high.clone()),
            shared: Exact(member.shared.clone()),
            deposits: Exact(face.clone()),
            deposits_at_most: Exact(at_most),
            owed_to_venues: Exact(row(between)),
            owed_to_customers: Exact(customers.clone()),
            gross: side(&member.low + face, member.owed.clone()),
            netted: side(&member.low + column(&self.netted), &customers + row(&self.netted)),
            cleared: Cleared {
                share: percent(&pays, &member.owed),
                customers_get: Exact(of_customers(&pays)),
                customers_get_least: Exact(of_customers(&least)),
                pays: Exact(pays),
                pays_least: Exact(least),
                pays_at_most: Exact(most),
                wave,
            },
            verdict: judged.verdict(),
        })
    }
}

/// What the verdict of the network about one venue is made of.
struct Judged {
    own: Verdict,
    leans_on_others: bool,
    readable: bool,
    in_full: bool,
    in_full_at_most: bool,
    /// Whether all that was offered and all deposits, paid in full, are less than what is owed.
    beyond_help: bool,
    critical: bool,
}

impl Judged {
    /// A deposit is shown at the cut-off only, and a snapshot covers nothing: whoever needs one is not covered. Whoever
    /// has none is judged by the own report, which the network can only lower.
    fn verdict(&self) -> Verdict {
        let covered = self.own == Verdict::Covered && self.in_full && !self.critical;
        match (self.leans_on_others, self.own) {
            _ if covered => Verdict::Covered,
            (false, Verdict::Covered) => Verdict::NotDeterminable,
            (false, own) => own,
            // whatever is unknown of others: they pay no more than they owe
            (true, Verdict::Short) if self.beyond_help => Verdict::Short,
            (true, _) if self.readable && !self.in_full_at_most => Verdict::Short,
            (true, _) => Verdict::NotDeterminable,
        }
    }
}

/// Gross, consolidated, cleared.
fn sentence(asset: &AssetId, decimals: Decimals, sums: &Sums, venues: &[VenueFigures]) -> String {
    let text = |amount: &Exact| decimal(&amount.0, decimals);
    let coverage = sums.coverage.as_ref().map_or_else(String::new, |share| format!(", {share}"));
    format!(
        "{asset}: the sheets add up to {} of assets; {} of it is there, against {} owed to customers and others{coverage}. \
         By the gross sheets {} pay in full; cleared, {}, and customers and others get {}.",
        text(&sums.gross_assets),
        text(&sums.outside),
        text(&sums.customers),
        who(venues.iter().filter(|venue| !venue.gross.sufficient)),
        who(venues.iter().filter(|venue| venue.cleared.wave > 0)),
        text(&sums.customers_get),
    )
}

/// Those who cannot, or that all can.
fn who<'v>(short: impl Iterator<Item = &'v VenueFigures>) -> String {
    let names: Vec<&str> = short.map(|venue| venue.venue.as_str()).collect();
    match names.split_last() {
        None => "all can".to_owned(),
        Some((last, [])) => format!("{last} cannot"),
        Some((last, others)) => format!("{} and {last} cannot", others.join(", ")),
    }
}

impl Joined<'_> {
    /// Rows of the deposits, in their order.
    pub(super) fn rows(&self) -> Vec<DepositRow> {
        let row = |(depositor, debtor, deposit): &(usize, usize, &Deposit)| {
            let amount = units(deposit.amount, deposit.decimals);
            let debtor = self.members.get(*debtor)?;
            Some(DepositRow {
                depositor: self.members.get(*depositor)?.venue.clone(),
                debtor: debtor.venue.clone(),
                name: deposit.name.clone(),
                asset: deposit.asset.clone(),
                class: deposit.class,
                indices: deposit.indices.iter().map(u64::to_string).collect(),
                at_most: Exact(&amount * debtor.own_coverage()),
                amount: Exact(amount),
            })
        };
        self.deposits.iter().filter_map(row).collect()
    }

    /// Whether deposits join any of its venues.
    pub(super) fn is_joined(&self) -> bool {
        self.between.iter().flatten().any(|amount| *amount != zero())
    }
}
