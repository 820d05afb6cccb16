//! Whether the statement stands in the public log, as the policy demands.

use super::{Args, say_wrapped};
use crate::cli::error::{CliError, Failure};
use crate::cli::wording::sentence;
use crate::cli::{files, say};
use crate::code::{Code, Coded, log as codes};
use crate::policy::Policy;
use crate::publish::VerifiedStatement;
use crate::publish::log::{LogProof, Logged, proof};
use crate::report::{shown, wrap};
use crate::snapshot::Time;

/// The policy demands a log proof.
#[derive(Debug, thiserror::Error)]
#[error("the policy pins the log {0}, and there is no --log-proof")]
struct Unlogged(String);

impl Coded for Unlogged {
    fn code(&self) -> &'static Code {
        &codes::UNLOGGED
    }
}

/// Checks the log proof; nothing when the policy asks for no log.
pub(super) fn check(
    args: &Args,
    policy: &Policy,
    statement: &VerifiedStatement,
    now: Time,
) -> Result<Option<Logged>, Failure> {
    let (rules, path) = match (policy.log(), &args.log_proof) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            let detail = "--log-proof: the policy names no log: pin a venue card that has one (`pin add`), or add a \
                          section [log] with the key that you pin";
            return Err(CliError::Arguments(detail.to_owned()).into());
        }
        (Some(rules), None) => return Err(Unlogged(shown(rules.pins().origin).to_string()).into()),
        (Some(rules), Some(path)) => (rules, path),
    };
    let file = files::read(path, proof::PROOF_SIZE_MAX)?;
    let check = || {
        let proof = LogProof::parse(&file)?;
        let logged = rules.pins().verify(&proof, statement.statement().sequence, &statement.leaf())?;
        logged.signed().check_age(now, rules.min_age_minutes(), rules.max_age_days())?;
        Ok(logged)
    };
    check().map(Some).map_err(|error: crate::publish::log::LogError| Failure::about(path, &error))
}

/// Says what was checked, or that nothing was.
pub(super) fn tell(logged: Option<&Logged>) {
    let Some(logged) = logged else {
        say(wrap(&sentence("verify.not-logged", &[])));
        return;
    };
    let signed = logged.signed();
    let (index, size) = (logged.index().to_string(), signed.checkpoint().size.to_string());
    let origin = shown(&signed.checkpoint().origin).to_string();
    let names: Vec<String> = signed.cosignatures().iter().map(|found| shown(&found.witness).to_string()).collect();
    let (names, time) = (names.join(", "), signed.seen().map(|seen| seen.to_string()));
    let place = [("index", index.as_str()), ("size", &size), ("origin", &origin)];
    let seen = [("witnesses", names.as_str()), ("time", time.as_deref().unwrap_or_default())];
    say_wrapped(&match time {
        Some(_) => sentence("verify.logged", &[&place[..], &seen[..]].concat()),
        None => sentence("verify.logged.unwatched", &place),
    });
    match logged.later() {
        0 => {}
        1 => say(wrap(&sentence("verify.superseded", &[]))),
        later => say(wrap(&sentence("verify.superseded.some", &[("later", &later.to_string())]))),
    }
}
