//! Vectors of `reconcile`. Every table is computed by hand: 21 blocks, so the median is the eleventh of the sorted
//! balances; 20 intervals of ten minutes, so the mean is the sum over blocks 100 to 119, divided by 20.

mod coverage;
mod episodes;
mod explained;
mod statements;
mod story;
mod trips;

use self::story::{Story, table};
use super::{Sent, Vectors, Want};
use crate::vector_runner::{self, Outcome};

/// One scenario with its table; what the code finds otherwise is a surprise.
fn case(vectors: &mut Vectors, name: &str, comment: &str, flags: &[&str], story: &Story<'_>, wanted: &[&str]) {
    let id = format!("reconcile/{name}");
    let (query, sent) = (story.query(), Sent::Object(story.proof()));
    match vector_runner::run("reconcile", &query, &sent) {
        Ok(Outcome::Valid(values)) => {
            let found = table(&values.into());
            if found != wanted {
                vectors.surprises.push(format!("{id}: by hand {wanted:#?}, computed {found:#?}"));
            }
        }
        Ok(Outcome::Refused(code)) => vectors.surprises.push(format!("{id}: refused with {code}")),
        Err(error) => vectors.surprises.push(format!("{id}: {error}")),
    }
    vectors.add(&id, comment, flags, query, sent, Want::Valid);
}

pub(super) fn add(vectors: &mut Vectors) {
    coverage::add(vectors);
    coverage::evidence(vectors);
    episodes::add(vectors);
    statements::add(vectors);
    statements::chains(vectors);
    statements::bounds(vectors);
    trips::add(vectors);
    trips::limits(vectors);
    trips::held(vectors);
    explained::add(vectors);
}
