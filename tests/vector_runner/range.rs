//! Runner of compact-range.

use counterfoil::amount::Decimals;
use counterfoil::asset::{AssetId, Class};
use counterfoil::code::Coded as _;
use counterfoil::json::uint;
use counterfoil::liability::compact_range::{TreeName, TreeRange, TreeRangeError};
use counterfoil::liability::sum_tree::{CompactRange, SumNode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, object, typed, valid};

#[derive(Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
enum Query {
    Merge,
    Range {
        asset: AssetId,
        #[serde(with = "uint")]
        begin: u64,
        class: Class,
        decimals: Decimals,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaves {
    leaves: Vec<SumNode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    ranges: Vec<String>,
}

pub(super) fn compact_range(query: &Value, sent: &Sent) -> Run {
    let made = match typed(query)? {
        Query::Merge => merge(&object::<Files>(sent)?.ranges)?,
        Query::Range { asset, begin, class, decimals } => {
            range(TreeName { asset, class, decimals }, begin, &object::<Leaves>(sent)?.leaves)
        }
    };
    let range = match made {
        Ok(range) => range,
        Err(error) => return Ok(Outcome::Refused(error.code())),
    };
    let file = range.to_file().map_err(|error| error.to_string())?;
    let file = String::from_utf8(file).map_err(|error| error.to_string())?;
    match range.commitment().map_err(|error| error.to_string())? {
        None => valid(json!({"range": file})),
        Some(row) => valid(json!({
            "commitment": row.digest(),
            "leaf_count": row.leaf_count.to_string(),
            "range": file,
            "root": row.root,
            "total": row.total,
        })),
    }
}

fn range(tree: TreeName, begin: u64, leaves: &[SumNode]) -> Result<TreeRange, TreeRangeError> {
    let mut range = CompactRange::starting_at(begin);
    leaves.iter().try_for_each(|leaf| range.append(*leaf)).map_err(|_| TreeRangeError::Overflow)?;
    TreeRange::new(tree, range)
}

fn merge(files: &[String]) -> Result<Result<TreeRange, TreeRangeError>, String> {
    let ranges = files.iter().map(|file| TreeRange::parse(file.as_bytes())).collect::<Result<Vec<_>, _>>();
    let ranges = match ranges {
        Ok(ranges) => ranges,
        Err(error) => return Ok(Err(error)),
    };
    let (first, following) = ranges.split_first().ok_or("no ranges")?;
    Ok(first.merge(following).map_err(|refusal| refusal.error))
}
