//! Rows of one asset, as one position.

use std::collections::BTreeMap;

use super::model::{GroupReport, ValueRow};
use super::{AssetRow, Sheet};
use crate::amount::exact::Exact;
use crate::asset::AssetId;
use crate::policy::quality::{AssetTerms, QualityRules};
use crate::publish::balance_sheet::Due;
use crate::reconcile::quality::{Cap, Position, Question, Valued, value};
use crate::reserve::address_set::IssuerRelation;

/// One asset of the sheet, or what has no rows.
pub(super) struct Group<'a> {
    /// The asset; none for what is not itemised.
    pub(super) asset: Option<&'a AssetId>,
    pub(super) rows: Vec<&'a AssetRow>,
    pub(super) own: bool,
    pub(super) relation: IssuerRelation,
    pub(super) whole: Position,
    pub(super) terms: Option<&'a AssetTerms>,
    /// By bucket, with what it is worth at most.
    pub(super) values: Vec<(Due, Valued)>,
}

/// The sum of what is known; `None` when a part of it is not.
fn position<'a>(rows: impl Iterator<Item = &'a AssetRow> + Clone) -> Position {
    let sum = |of: fn(&AssetRow) -> Option<&Exact>| {
        let parts: Option<Vec<&Exact>> = rows.clone().map(of).collect();
        parts.map(Exact::sum)
    };
    Position { marked: sum(|row| row.marked.as_ref()), quantity: sum(|row| row.quantity.as_ref()) }
}

/// What of it can move by then.
fn available(rows: &[&AssetRow], due: Due) -> Position {
    // nobody can say when a row without a bucket is free: at once, in favour of the venue
    position(rows.iter().copied().filter(|row| row.due.is_none_or(|free| free <= due)))
}

/// The groups, in the order of their names; what is not itemised stands last.
pub(super) fn of<'a>(sheet: &'a Sheet, rules: &'a QualityRules) -> Vec<Group<'a>> {
    let mut by_asset: BTreeMap<&AssetId, Vec<&AssetRow>> = BTreeMap::new();
    for row in sheet.asset.iter().filter(|row| row.part_of.is_none()) {
        by_asset.entry(&row.asset).or_default().push(row);
    }
    let mut groups: Vec<Group<'_>> = by_asset.into_iter().map(|(asset, rows)| group(asset, rows, rules)).collect();
    // a row without a mark is a part of the rest of the total, when there is one
    let marked =
        Exact::sum(sheet.asset.iter().filter(|row| row.part_of.is_none()).filter_map(|row| row.marked.as_ref()));
    if let Some(rest) = sheet.totals.assets.as_ref().map(|total| total.less(&marked)).filter(|rest| !rest.is_zero()) {
        groups.retain(|group| group.whole.marked.is_some() || group.whole.quantity.is_some());
        let whole = Position { marked: Some(rest), quantity: None };
        let values = valued(rules, None, false, &whole, |_| whole.clone());
        let (rows, relation) = (Vec::new(), IssuerRelation::None);
        groups.push(Group { asset: None, rows, own: false, relation, whole, terms: None, values });
    }
    groups
}

fn valued(
    rules: &QualityRules,
    terms: Option<&AssetTerms>,
    own: bool,
    whole: &Position,
    available: impl Fn(Due) -> Position,
) -> Vec<(Due, Valued)> {
    let of = |due: &Due| {
        let available = available(*due);
        (*due, value(&Question { rules, terms, own, whole, available: &available, due: *due }))
    };
    Due::ALL.iter().map(of).collect()
}

fn group<'a>(asset: &'a AssetId, rows: Vec<&'a AssetRow>, rules: &'a QualityRules) -> Group<'a> {
    let terms = rules.terms(asset);
    let known = terms.and_then(|terms| terms.relation);
    let stated = rows.iter().map(|row| row.relation);
    // the word against the venue counts, whoever says it
    let relation = stated.chain(known).find(|relation| *relation != IssuerRelation::None);
    let relation = relation.unwrap_or(IssuerRelation::None);
    let own = relation != IssuerRelation::None;
    let whole = position(rows.iter().copied());
    let values = valued(rules, terms, own, &whole, |due| available(&rows, due));
    Group { asset: Some(asset), own, relation, whole, terms, values, rows }
}

impl Group<'_> {
    pub(super) fn at(&self, due: Due) -> Option<&Valued> {
        self.values.iter().find(|(of, _)| *of == due).map(|(_, valued)| valued)
    }

    /// What of its own circle's token pays liabilities in that token: nobody has to buy it for that.
    pub(super) fn covers_itself(&self, sheet: &Sheet, due: Due) -> Exact {
        let Some(asset) = self.asset.filter(|_| self.own) else { return Exact::zero() };
        let owed = sheet.owed_in(asset, due);
        self.whole.marked.clone().map_or_else(|| owed.clone(), |marked| marked.min(owed.clone()))
    }

    /// What is there by then: the mark, or else quantity by price.
    fn available(&self, due: Due) -> Option<Exact> {
        let Position { marked, quantity } = available(&self.rows, due);
        marked.or_else(|| Some(quantity?.times(self.terms?.price.as_ref()?)))
    }

    /// What of anybody else's asset pays liabilities in that asset: it is handed over, and not sold. Of an unknown
    /// amount it is everything that is owed in it.
    pub(super) fn in_kind(&self, sheet: &Sheet, due: Due) -> Exact {
        let Some(asset) = self.asset.filter(|_| !self.own) else { return Exact::zero() };
        let owed = sheet.owed_in(asset, due);
        self.available(due).map_or_else(|| owed.clone(), |available| available.min(owed.clone()))
    }

    /// What it pays at most: first in kind, then what the rest brings, of which `value` is the most that a sale of
    /// all of it would.
    pub(super) fn pays(&self, sheet: &Sheet, due: Due, value: Exact) -> Exact {
        let in_kind = self.in_kind(sheet, due);
        if in_kind.is_zero() {
            return value;
        }
        let rest = self.available(due).map(|available| available.less(&in_kind));
        in_kind.plus(&rest.map_or_else(|| value.clone(), |rest| rest.min(value.clone())))
    }

    /// Its share of what all of the token is worth.
    pub(super) fn share_of_market(&self) -> Option<String> {
        let market = self.terms.and_then(|terms| terms.market_value.as_ref())?;
        self.whole.marked.as_ref()?.percent_of(market)
    }

    /// What of it is left at the end, when nothing but these caps counts.
    pub(super) fn only(&self, kept: &[Cap]) -> Option<Exact> {
        let caps = &self.at(Due::Longer)?.caps;
        caps.iter().filter(|(cap, _)| kept.contains(cap)).map(|(_, value)| value.clone()).min()
    }

    pub(super) fn report(&self) -> GroupReport {
        let row = |(due, found): &(Due, Valued)| ValueRow { due: *due, value: found.value.clone(), by: found.by };
        GroupReport {
            asset: self.asset.cloned(),
            rows: self.rows.iter().map(|row| row.name.clone()).collect(),
            relation: self.relation,
            marked: self.whole.marked.clone(),
            quantity: self.whole.quantity.clone(),
            share_of_market: self.share_of_market(),
            values: self.values.iter().map(row).collect(),
        }
    }
}

/// What all of it pays at most by then; `None` when nothing caps a part of it.
pub(super) fn realisable(sheet: &Sheet, groups: &[Group<'_>], due: Due) -> Option<Exact> {
    let paid = |group: &Group<'_>| Some(group.pays(sheet, due, group.at(due)?.value.clone()?));
    let values: Option<Vec<Exact>> = groups.iter().map(paid).collect();
    values.map(|values| Exact::sum(&values))
}
