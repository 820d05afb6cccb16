//! `card make`, `card show`, `pin add`: what a customer pins, and from where.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use toml_edit::TableLike;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::{Outcome, policy, remark, say};
use crate::hash::sha256;
use crate::json;
use crate::policy::Policy;
use crate::publish::statement_check;
use crate::publish::venue_card::{CardError, CardLog, CardVenue, CardWitness, FILE_SIZE_MAX, FORMAT, VenueCard};
use crate::report::shown;
use crate::signature::{Envelope, PublicKey};

/// A page above this size is none.
const PAGE_SIZE_MAX: u64 = 16 << 20;

/// Make or show the card of a venue.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Make the card of the venue that a statement names
    Make(MakeArgs),
    /// Show a card with its fingerprint
    Show {
        /// The card
        card: PathBuf,
    },
}

/// Make a venue card.
#[derive(clap::Args)]
pub(super) struct MakeArgs {
    /// A signed statement of the venue
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// The customer's page that the venue hands out
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// The public key of the venue's log, as C2SP signed notes write it
    #[arg(long, value_name = "KEY", requires = "quorum")]
    log_key: Option<String>,
    /// A witness of the log: who it is, and its key; may be given several times
    #[arg(long, value_name = "NAME=KEY", requires = "log_key")]
    witness: Vec<String>,
    /// How many of the witnesses must have signed
    #[arg(long, value_name = "N", requires = "log_key")]
    quorum: Option<u64>,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Pin what a card says, in your policy.
#[derive(clap::Subcommand)]
pub(super) enum PinVerb {
    /// Pin the keys of a venue card, after comparing its fingerprint
    Add(PinArgs),
}

/// Pin a venue card.
#[derive(clap::Args)]
pub(super) struct PinArgs {
    /// The card
    card: PathBuf,
    /// Its fingerprint, as a second source told it to you
    #[arg(long, value_name = "DIGITS")]
    fingerprint: String,
    /// Your policy; it is made if there is none
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Pin the card although another one is pinned for this venue
    #[arg(long)]
    replace: bool,
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Make(args) => make(args),
        Verb::Show { card } => {
            show(&read(card)?)?;
            say("\nNobody has signed a card. Compare the fingerprint with one from a second source, then:");
            say(format!("  counterfoil pin add {} --fingerprint \"…\" --policy policy.toml", card.display()));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn read(path: &Path) -> Result<VenueCard, Failure> {
    let bytes = files::read(path, FILE_SIZE_MAX)?;
    VenueCard::parse(&bytes).map_err(|error| Failure::about(path, &error))
}

fn make(args: &MakeArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let file = files::read(&args.statement, statement_check::FILE_SIZE_MAX)?;
    let about = |error: &dyn crate::code::Coded| Failure::about(&args.statement, error);
    let envelope = Envelope::parse(&file, statement_check::FIELD).map_err(|error| about(&error))?;
    let venue = crate::publish::parse(&envelope.document).map_err(|error| about(&error))?.venue;
    let page = args.page.as_deref().map(|page| files::read(page, PAGE_SIZE_MAX)).transpose()?;
    let witnesses = args.witness.iter().map(|text| witness(text)).collect::<Result<Vec<_>, _>>()?;
    let log = args.log_key.clone().map(|key| CardLog { key, quorum: args.quorum.unwrap_or(0), witnesses });
    let card = VenueCard {
        format: FORMAT.to_owned(),
        log,
        page: page.map(|page| sha256(&page)),
        venue: CardVenue {
            id: venue.id,
            keys: venue.keys,
            legal_entity: venue.legal_entity,
            log_origin: venue.log_origin,
            threshold: venue.threshold,
        },
    };
    card.check()?;
    files::write(&args.out, &json::canonical(&card)?, Readers::All, args.force)?;
    say(format!("card written to {}", args.out.display()));
    show(&card)?;
    say("\nPublish the fingerprint where your statements are not: on paper, with your auditor, with your witnesses.");
    Ok(ExitCode::SUCCESS)
}

fn witness(text: &str) -> Result<CardWitness, Failure> {
    let wrong = || CliError::Arguments(format!("--witness {text}: expected NAME=KEY"));
    // a key ends in base64, which may have `=` at its end; a name has none
    let (name, key) = text.split_once('=').ok_or_else(wrong)?;
    Ok(CardWitness { key: key.to_owned(), name: name.to_owned() })
}

fn show(card: &VenueCard) -> Result<(), Failure> {
    let venue = &card.venue;
    say(format!("venue {}: {}", venue.id, shown(&venue.legal_entity)));
    say(format!("log {}", shown(&venue.log_origin)));
    say(format!("{} of these keys must have signed:", venue.threshold));
    for key in &venue.keys {
        say(format!("  {key}"));
    }
    if let Some(log) = &card.log {
        say(format!("log key {}", shown(&log.key)));
        if log.witnesses.is_empty() {
            say("no witness watches it: others may be shown another log");
        } else {
            say(format!("{} of these witnesses must have signed:", log.quorum));
        }
        for witness in &log.witnesses {
            say(format!("  {}: {}", shown(&witness.name), shown(&witness.key)));
        }
    }
    if let Some(page) = &card.page {
        say(format!("page sha256 {page}"));
    }
    say(format!("fingerprint {}", card.fingerprint()?));
    Ok(())
}

pub(super) fn pin(verb: &PinVerb) -> Outcome {
    let PinVerb::Add(args) = verb;
    let card = read(&args.card)?;
    card.compare(&args.fingerprint).map_err(|error| Failure::about(&args.card, &error))?;
    let there = files::is_there(&args.policy)?;
    let before = if there { files::read_text(&args.policy)? } else { EMPTY_POLICY.to_owned() };
    if there && is_pinned(args, &policy::read(&args.policy)?, &card)? {
        say(format!("{}: this card is pinned already", args.policy.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let after = with_card(&before, &card)?;
    // the policy could be used before: what cannot be used now is the card
    Policy::parse(&after).map_err(|error| Failure::about(&args.card, &CardError::Contradiction(error.to_string())))?;
    files::write(&args.policy, after.as_bytes(), Readers::All, true)?;
    say(format!("{} pins {}:", args.policy.display(), card.venue.id));
    show(&card)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether the policy pins this card already. A log that the policy does not demand yet is no other card.
fn is_pinned(args: &PinArgs, policy: &Policy, card: &VenueCard) -> Result<bool, Failure> {
    let (pinned, venue) = (policy.venue(), &card.venue);
    if pinned.id != venue.id {
        let detail =
            format!("{} pins {}; a policy pins one venue: name another file", args.policy.display(), pinned.id);
        return Err(CliError::Arguments(detail).into());
    }
    let (old_keys, old_log) = (venue_lines(&pinned.keys, pinned.threshold, &pinned.log_origin), pinned_log(policy));
    let (keys, log) = (venue_lines(&venue.keys, venue.threshold, &venue.log_origin), card_log(card));
    let same_log = log.is_empty() || log == old_log;
    if old_keys == keys && (same_log || old_log.is_empty()) {
        return Ok(same_log);
    }
    if !args.replace {
        let (pinned, got) = ([old_keys, old_log].concat(), [keys, log].concat());
        return Err(CliError::OtherCard { venue: venue.id.to_string(), pinned, got }.into());
    }
    remark(format!("REPLACED: what was pinned of {} before is no longer believed", venue.id));
    Ok(false)
}

fn venue_lines(keys: &[PublicKey], threshold: u64, origin: &str) -> Vec<String> {
    let head = format!("{threshold} of these keys, log {}", shown(origin));
    std::iter::once(head).chain(keys.iter().map(ToString::to_string)).collect()
}

fn log_lines(key: &str, quorum: u64, mut witnesses: Vec<String>) -> Vec<String> {
    // their order says nothing
    witnesses.sort_unstable();
    let head = format!("log key {}, {quorum} of these witnesses", shown(key));
    std::iter::once(head).chain(witnesses.iter().map(|key| shown(key).to_string())).collect()
}

fn pinned_log(policy: &Policy) -> Vec<String> {
    let Some(rules) = policy.log() else { return Vec::new() };
    let pins = rules.pins();
    log_lines(&pins.key.to_string(), pins.quorum, pins.witnesses.iter().map(ToString::to_string).collect())
}

fn card_log(card: &VenueCard) -> Vec<String> {
    let Some(CardLog { key, quorum, witnesses }) = &card.log else { return Vec::new() };
    log_lines(key, *quorum, witnesses.iter().map(|witness| witness.key.clone()).collect())
}

const EMPTY_POLICY: &str = "format = \"counterfoil-policy-v1\"\n";

/// The policy with the venue and log of this card, everything else as it was, comments too. A card without a log
/// takes no demand out of a policy.
fn with_card(text: &str, card: &VenueCard) -> Result<String, Failure> {
    let mut document: toml_edit::DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| CliError::Arguments(error.to_string()))?;
    insert_venue(&mut document, &card.venue)?;
    if let Some(log) = &card.log {
        insert_log(&mut document, log)?;
    }
    Ok(document.to_string())
}

/// An integer of TOML, which has 63 bits.
fn integer(number: u64, what: &str) -> Result<i64, Failure> {
    i64::try_from(number).map_err(|_| CliError::Arguments(format!("a {what} of {number} is none")).into())
}

fn table<'a>(document: &'a mut toml_edit::DocumentMut, name: &str) -> Result<&'a mut dyn TableLike, Failure> {
    let entry = document.entry(name).or_insert_with(toml_edit::table);
    entry.as_table_like_mut().ok_or_else(|| CliError::Arguments(format!("{name} is no table")).into())
}

fn insert_log(document: &mut toml_edit::DocumentMut, log: &CardLog) -> Result<(), Failure> {
    let mut witnesses = toml_edit::ArrayOfTables::new();
    for witness in &log.witnesses {
        let mut row = toml_edit::Table::new();
        row.insert("key", toml_edit::value(witness.key.as_str()));
        witnesses.push(row);
    }
    let quorum = integer(log.quorum, "quorum")?;
    let table = table(document, "log")?;
    table.insert("key", toml_edit::value(log.key.as_str()));
    table.insert("quorum", toml_edit::value(quorum));
    table.remove("witness");
    if !witnesses.is_empty() {
        table.insert("witness", toml_edit::Item::ArrayOfTables(witnesses));
    }
    Ok(())
}

fn insert_venue(document: &mut toml_edit::DocumentMut, venue: &CardVenue) -> Result<(), Failure> {
    let mut keys = toml_edit::Array::new();
    for key in &venue.keys {
        let mut row = toml_edit::InlineTable::new();
        row.insert("alg", key.alg.text().into());
        row.insert("key", key.key.as_str().into());
        let mut row = toml_edit::Value::InlineTable(row);
        row.decor_mut().set_prefix("\n  ");
        keys.push_formatted(row);
    }
    keys.set_trailing("\n");
    keys.set_trailing_comma(true);
    let threshold = integer(venue.threshold, "threshold")?;
    let fields: [(&str, toml_edit::Value); 4] = [
        ("id", venue.id.to_string().into()),
        ("log_origin", venue.log_origin.as_str().into()),
        ("threshold", threshold.into()),
        ("keys", keys.into()),
    ];
    let table = table(document, "venue")?;
    for (name, value) in fields {
        table.insert(name, toml_edit::value(value));
    }
    Ok(())
}
