//! Lists of assets, which are hashed in an order that does not stand in the files: a new list is a line of data.

use super::document::Value;
use super::error::{Fault, Kind};

/// The list that has these fields and no others.
///
/// # Errors
/// [`Kind::Assets`].
pub(super) fn find(lists: &'static str, balances: &Value<'_>) -> Result<Vec<&'static str>, Fault> {
    let object = balances.object()?;
    let names: Vec<&str> = object.fields().iter().map(|(name, _)| name.as_str()).collect();
    let fits = |list: &Vec<&'static str>| list.len() == names.len() && names.iter().all(|name| list.contains(name));
    all(lists).map(|(_, list)| list).find(fits).ok_or_else(|| {
        let known = all(lists).map(|(name, list)| format!("{name} ({})", list.len())).collect::<Vec<_>>().join(", ");
        let detail = format!("{} assets that are those of none of the lists {known}", names.len());
        Fault::at(Kind::Assets, balances.place(), detail)
    })
}

/// Every list with its name.
pub(super) fn all(lists: &'static str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let lines = lists.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(':')).map(|(name, list)| (name, list.split_whitespace().collect()))
}
