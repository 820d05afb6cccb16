//! What a policy demands of the public log: its key, the witnesses, how many of them, and when.

use serde::Deserialize;

use super::PolicyError;
use crate::publish::log::{KeyKind, LogPins, NoteKey};

/// The section `[log]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogToml {
    key: String,
    quorum: u64,
    #[serde(default)]
    witness: Vec<WitnessToml>,
    #[serde(default)]
    min_age_minutes: u64,
    #[serde(default)]
    max_age_days: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessToml {
    key: String,
}

/// What is demanded of the log in which a statement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRules {
    origin: String,
    key: NoteKey,
    witnesses: Vec<NoteKey>,
    quorum: u64,
    min_age_minutes: u64,
    max_age_days: Option<u64>,
}

impl LogRules {
    pub(super) fn read(toml: LogToml, origin: &str) -> Result<Self, PolicyError> {
        let fail = |detail: String| PolicyError(format!("log: {detail}"));
        let key = |text: &str, kind: KeyKind, what: &str| {
            let key = NoteKey::parse(text).map_err(|error| fail(error.to_string()))?;
            if key.kind() == kind { Ok(key) } else { Err(fail(format!("{} is no key of a {what}", key.shown()))) }
        };
        let log = key(&toml.key, KeyKind::Log, "log")?;
        if log.name() != origin {
            return Err(fail(format!("the key is of {:?}, the venue's log is {origin:?}", log.name())));
        }
        let mut witnesses: Vec<NoteKey> = Vec::new();
        for WitnessToml { key: text } in &toml.witness {
            let witness = key(text, KeyKind::Witness, "witness")?;
            // one key under two names would count as two witnesses
            if witnesses.iter().any(|other| other.public() == witness.public()) || witness.public() == log.public() {
                return Err(fail(format!("the key of {} stands twice", witness.shown())));
            }
            witnesses.push(witness);
        }
        let count = witnesses.len() as u64;
        if toml.quorum > count || (toml.quorum == 0) != (count == 0) {
            return Err(fail(format!("quorum {} of {count} witnesses, expected 1 to {count}", toml.quorum)));
        }
        if count == 0 && (toml.min_age_minutes > 0 || toml.max_age_days.is_some()) {
            return Err(fail("without witnesses nobody says when a checkpoint was seen".to_owned()));
        }
        Ok(Self {
            origin: origin.to_owned(),
            key: log,
            witnesses,
            quorum: toml.quorum,
            min_age_minutes: toml.min_age_minutes,
            max_age_days: toml.max_age_days,
        })
    }

    /// What to check a checkpoint or log proof with.
    #[must_use]
    pub fn pins(&self) -> LogPins<'_> {
        let Self { origin, key, witnesses, quorum, .. } = self;
        LogPins { origin, key, witnesses, quorum: *quorum }
    }

    /// Minutes for which a quorum must have known the checkpoint; `verify` asks.
    #[must_use]
    pub fn min_age_minutes(&self) -> u64 {
        self.min_age_minutes
    }

    /// Days after which a quorum's cosignatures are too old; `verify` asks.
    #[must_use]
    pub fn max_age_days(&self) -> Option<u64> {
        self.max_age_days
    }

    pub(super) fn departures(&self) -> Vec<String> {
        let (quorum, count) = (self.quorum, self.witnesses.len());
        let mut departures = vec![match quorum {
            0 => format!("stricter: the statement must stand in the log {}, which no witness watches", self.origin),
            _ => format!(
                "stricter: the statement must stand in the log {}, cosigned by {quorum} of {count} witnesses",
                self.origin
            ),
        }];
        if self.min_age_minutes > 0 {
            departures.push(format!(
                "stricter, for `verify` alone: the quorum must have known it for {} minutes",
                self.min_age_minutes
            ));
        }
        if let Some(days) = self.max_age_days {
            departures.push(format!("stricter, for `verify` alone: a log proof is accepted for {days} days"));
        }
        departures
    }
}
