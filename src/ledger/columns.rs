//! Columns of a ledger: which ones there are, and what the texts of one row mean.

use super::excerpt::Fault;
use super::{FIELD_LENGTH_MAX, LedgerErrorKind as Kind, Line, RESERVED_PREFIX, Row};
use crate::amount::{Amount, Decimals};
use crate::asset::{Assets, Class};

/// Column names, the required ones first.
pub(super) const NAMES: [&str; 6] = ["account", "asset", "amount", "credential", "product", "class"];

/// Where each column stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    /// Columns of the ledger, ignored ones included.
    pub(super) count: usize,
    pub(super) account: usize,
    pub(super) asset: usize,
    pub(super) amount: usize,
    pub(super) credential: Option<usize>,
    pub(super) product: Option<usize>,
    pub(super) class: Option<usize>,
}

/// A fault of a row, and what of the row is at fault.
pub(super) type RowFault = Box<(Kind, Fault)>;

impl Columns {
    /// Finds the columns by their names.
    ///
    /// # Errors
    /// Every column that is unknown, there twice or missing.
    pub(super) fn find<'b>(
        names: impl Iterator<Item = Result<&'b str, RowFault>>,
        ignored: &[String],
    ) -> Result<Self, Vec<RowFault>> {
        let mut found: [Option<usize>; 6] = [None; 6];
        let mut faults = Vec::new();
        let mut count = 0;
        for (index, name) in names.enumerate() {
            count += 1;
            let fault = Fault::Field { index, within: None };
            // column names in another encoding are all unknown; one message says why
            let name = name.map_err(|fault| vec![fault])?;
            let known = NAMES.iter().position(|known| *known == name).and_then(|known| found.get_mut(known));
            match known {
                Some(Some(_)) => faults.push(Box::new((Kind::ColumnTwice(name.to_owned()), fault))),
                Some(slot) => *slot = Some(index),
                None if ignored.iter().any(|ignored| ignored == name) => {}
                None => faults.push(Box::new((Kind::ColumnUnknown(name.to_owned()), fault))),
            }
        }
        let [account, asset, amount, credential, product, class] = found;
        let required = NAMES.into_iter().zip([account, asset, amount]);
        let missing: Vec<&str> = required.filter(|(_, column)| column.is_none()).map(|(name, _)| name).collect();
        if found.iter().all(Option::is_none) {
            // a first line without any known name is a row: that it is one says more than each unknown name
            faults.clear();
        }
        if !missing.is_empty() {
            faults.push(Box::new((Kind::ColumnMissing(missing), Fault::Line)));
        }
        match (account, asset, amount) {
            (Some(account), Some(asset), Some(amount)) if faults.is_empty() => {
                Ok(Self { count, account, asset, amount, credential, product, class })
            }
            _ => Err(faults),
        }
    }
}

/// What every row of a source is read with, on whatever thread.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) columns: Columns,
    /// Position of the source in the order given.
    pub(super) source: u32,
    /// Whether a negative amount is a debt of the customer, instead of a fault.
    pub(super) debts: bool,
    assets: AssetTable,
}

impl Meaning {
    pub(super) fn new(columns: Columns, source: u32, debts: bool, assets: &Assets) -> Self {
        Self { columns, source, debts, assets: AssetTable::new(assets) }
    }

    /// Reads a row out of its texts, which `field` gives by the position of their column.
    ///
    /// # Errors
    /// The first fault, in the order of [`NAMES`].
    #[inline]
    pub(super) fn row<'b>(
        &self,
        number: u64,
        field: impl Fn(usize) -> Result<&'b str, RowFault>,
    ) -> Result<Row<'b>, RowFault> {
        let columns = &self.columns;
        let (account, asset, decimals) = self.whose(&field)?;
        let text = short(field(columns.amount)?, "the amount", columns.amount)?;
        let unsigned = if self.debts { text.strip_prefix('-') } else { None };
        let amount = Amount::parse(unsigned.unwrap_or(text), decimals).map_err(|error| {
            let skipped = usize::from(unsigned.is_some());
            let within = Some((error.start + skipped, error.end + skipped));
            Box::new((Kind::Amount(error), Fault::Field { index: columns.amount, within }))
        })?;
        // a balance of minus nothing is a balance of nothing
        let debt = unsigned.is_some() && !amount.is_zero();
        self.complete(number, field, Owed { account, asset, amount, debt })
    }

    /// The row as most are, with account, asset and amount alone, out of the text that it stands in; `bounds` says
    /// where a column begins and ends. `None` says only that [`Meaning::row`] has to look.
    #[inline]
    pub(super) fn plain_row<'b>(
        &self,
        number: u64,
        text: &'b str,
        bounds: impl Fn(usize) -> (usize, usize),
    ) -> Option<Row<'b>> {
        let Columns { account, asset, amount, credential: None, product: None, class: None, .. } = self.columns else {
            return None;
        };
        let (begin, end) = bounds(account);
        let account = text.get(begin..end).filter(|account| (1..=FIELD_LENGTH_MAX).contains(&account.len()))?;
        if account.as_bytes().first() == RESERVED_PREFIX.as_bytes().first() && account.starts_with(RESERVED_PREFIX) {
            return None;
        }
        let (begin, end) = bounds(asset);
        let (asset, decimals) = self.assets.find_short(text.as_bytes().get(begin..)?.first_chunk()?, end - begin)?;
        let (begin, end) = bounds(amount);
        let amount = Amount::parse_within(text.as_bytes(), begin, end, decimals)?;
        let line = Line { source: self.source, number };
        let class = Class::Custody;
        Some(Row { account, asset, amount, credential: "", product: None, class, debt: false, line })
    }

    /// The account and the asset with its decimals.
    ///
    /// # Errors
    /// The first fault of the two.
    #[inline]
    pub(super) fn whose<'b>(
        &self,
        field: &impl Fn(usize) -> Result<&'b str, RowFault>,
    ) -> Result<(&'b str, usize, Decimals), RowFault> {
        let columns = &self.columns;
        let account = short(field(columns.account)?, "the account", columns.account)?;
        if account.is_empty() {
            return Err(whole(Kind::EmptyAccount, columns.account));
        }
        if account.starts_with(RESERVED_PREFIX) {
            return Err(whole(Kind::ReservedAccount, columns.account));
        }
        let id = short(field(columns.asset)?, "the asset", columns.asset)?;
        let Some((asset, decimals)) = self.assets.find(id) else {
            return Err(whole(Kind::UnknownAsset(id.to_owned()), columns.asset));
        };
        Ok((account, asset, decimals))
    }

    /// Adds the optional columns.
    ///
    /// # Errors
    /// The first fault of these.
    #[inline]
    pub(super) fn complete<'b>(
        &self,
        number: u64,
        field: impl Fn(usize) -> Result<&'b str, RowFault>,
        owed: Owed<'b>,
    ) -> Result<Row<'b>, RowFault> {
        let optional = |index: Option<usize>, what| match index {
            Some(index) => short(field(index)?, what, index),
            None => Ok(""),
        };
        let columns = &self.columns;
        let class = match optional(columns.class, "the class")? {
            "" => Class::Custody,
            text => text
                .parse()
                .map_err(|()| whole(Kind::UnknownClass(text.to_owned()), columns.class.unwrap_or_default()))?,
        };
        let product = Some(optional(columns.product, "the product")?).filter(|product| !product.is_empty());
        let credential = optional(columns.credential, "the credential")?;
        let Owed { account, asset, amount, debt } = owed;
        let line = Line { source: self.source, number };
        Ok(Row { account, asset, amount, credential, product, class, debt, line })
    }
}

/// The required part of a row.
pub(super) struct Owed<'b> {
    pub(super) account: &'b str,
    pub(super) asset: usize,
    pub(super) amount: Amount,
    pub(super) debt: bool,
}

/// A fault of a whole field.
pub(super) fn whole(kind: Kind, index: usize) -> RowFault {
    Box::new((kind, Fault::Field { index, within: None }))
}

#[inline]
fn short<'b>(text: &'b str, what: &'static str, index: usize) -> Result<&'b str, RowFault> {
    if text.len() > FIELD_LENGTH_MAX {
        return Err(whole(Kind::FieldTooLong { what, got: text.len() }, index));
    }
    Ok(text)
}

/// Assets by name. It is asked once a row: a walk through hundreds of assets would cost more than all else.
#[derive(Debug)]
struct AssetTable {
    /// A power of two, at least twice as many as assets, so that a search ends at an empty one.
    slots: Vec<Option<(String, usize, Decimals)>>,
    /// Those whose names have at most eight bytes, as one integer; zero for none. As many as `slots`.
    short: Vec<(u64, usize, Decimals)>,
}

impl AssetTable {
    fn new(assets: &Assets) -> Self {
        let count = (2 * assets.iter().count()).next_power_of_two().max(2);
        let mut slots = vec![None; count];
        for (position, asset) in assets.iter().enumerate() {
            let id = asset.id.as_str();
            let start = start(id, count);
            let (before, from) = slots.split_at_mut(start);
            if let Some(free) = from.iter_mut().chain(before).find(|slot| slot.is_none()) {
                *free = Some((id.to_owned(), position, asset.decimals));
            }
        }
        let mut short = vec![(0, 0, Decimals::ZERO); count];
        for (position, asset) in assets.iter().enumerate() {
            let id = asset.id.as_str().as_bytes();
            let mut name = [0; 8];
            let Some(place) = name.get_mut(..id.len()) else { continue };
            place.copy_from_slice(id);
            let name = u64::from_le_bytes(name);
            let (before, from) = short.split_at_mut(start_short(name, count));
            if let Some(free) = from.iter_mut().chain(before).find(|(known, ..)| *known == 0) {
                *free = (name, position, asset.decimals);
            }
        }
        Self { slots, short }
    }

    /// The asset whose name is the first `length` of these bytes, if it is a short one.
    #[inline]
    fn find_short(&self, bytes: &[u8; 8], length: usize) -> Option<(usize, Decimals)> {
        let above = 8_usize.checked_sub(length).filter(|above| *above < 8)?;
        let name = u64::from_le_bytes(*bytes) & (u64::MAX >> (8 * above));
        let mut at = start_short(name, self.short.len());
        loop {
            let (known, position, decimals) = self.short.get(at)?;
            if *known == name {
                return Some((*position, *decimals));
            }
            if *known == 0 {
                return None;
            }
            at = (at + 1) & (self.short.len() - 1);
        }
    }

    #[inline]
    fn find(&self, id: &str) -> Option<(usize, Decimals)> {
        let (before, from) = self.slots.split_at_checked(start(id, self.slots.len()))?;
        for slot in from.iter().chain(before) {
            let (known, position, decimals) = slot.as_ref()?;
            if known == id {
                return Some((*position, *decimals));
            }
        }
        None
    }
}

/// Where the search for a name begins: names are the venue's own, so a simple mixing does.
#[inline]
fn start(id: &str, count: usize) -> usize {
    let mixed = id.bytes().fold(0_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x9e37_79b1));
    // the upper bits depend on every byte
    (mixed >> 8) as usize & (count - 1)
}

/// The same for a name as one integer.
#[inline]
fn start_short(name: u64, count: usize) -> usize {
    // the upper bits of a product depend on every byte
    (name.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize & (count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_and_no_other() {
        let text: String = (0..500).map(|n| format!("[[asset]]\nid = \"A{n}\"\ndecimals = {}\n", n % 19)).collect();
        let assets = Assets::parse(&text).expect("assets");
        let table = AssetTable::new(&assets);
        for (position, asset) in assets.iter().enumerate() {
            let (id, expected) = (asset.id.as_str(), Some((position, asset.decimals)));
            assert_eq!(table.find(id), expected, "{id}");
            let line = format!("{id},1.5,BTC");
            assert_eq!(table.find_short(line.as_bytes().first_chunk().expect("eight"), id.len()), expected, "{id}");
        }
        for other in ["", "A", "A500", "a1", "A1 ", "B1"] {
            assert_eq!(table.find(other), None, "{other}");
            let line = format!("{other},1.5,BTC");
            assert_eq!(table.find_short(line.as_bytes().first_chunk().expect("eight"), other.len()), None, "{other}");
        }
    }
}
