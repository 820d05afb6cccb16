//! How errors look: code, place, what was got and expected, what to do.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::code::{Code, Coded, Outcome, cli as codes};
use crate::ledger::{LedgerError, Place};
use crate::liability::FAULTS_KEPT;

/// An error of the edge itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The arguments do not fit together.
    #[error("{0}")]
    Arguments(String),
    /// The table of codes would lie where everybody reads.
    #[error("{} lies inside {}, which is for everybody", codes.display(), folder.display())]
    CodesPublic {
        /// The table.
        codes: PathBuf,
        /// The folder to be published.
        folder: PathBuf,
    },
    /// The leaves of a range are not there.
    #[error("{0}")]
    RangeBounds(String),
    /// The merged range is not the statement's row.
    #[error("the ranges give {got}, {} says {expected}", statement.display())]
    RangeDiffers {
        /// The statement.
        statement: PathBuf,
        /// What the ranges give.
        got: String,
        /// The row.
        expected: String,
    },
    /// A statement has nothing to compare a range with.
    #[error("{} has no row for {tree}", statement.display())]
    RangeOfNoRow {
        /// The statement.
        statement: PathBuf,
        /// The tree of the range.
        tree: String,
    },
    /// A part of a tree has no root.
    #[error("it has leaves [{begin}, {end})")]
    RangePartial {
        /// First leaf.
        begin: u64,
        /// The leaf after the last.
        end: u64,
    },
    /// The demonstration went wrong.
    #[error("{0}")]
    Demo(String),
    /// A required argument with a line to copy.
    #[error("{0}")]
    Missing(String),
    /// An output is there already.
    #[error("{} exists", .0.display())]
    OutputExists(PathBuf),
    /// Standard output is full or closed.
    #[error("standard output took only a part of the result")]
    OutputLost,
    /// An output cannot be written.
    #[error("{}: {detail}", path.display())]
    OutputUnwritable {
        /// The output.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A file is too large.
    #[error("{} has {got} bytes, at most {max} are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        got: u64,
        /// The limit.
        max: u64,
    },
    /// No such code.
    #[error("{0:?} is not in the catalogue")]
    UnknownCode(String),
    /// A file was written to while it was read.
    #[error("{}: it was changed or replaced while it was read", .0.display())]
    Changed(PathBuf),
    /// A folder has the name of one that is not finished.
    #[error("{}: the name says that its making was not finished", .0.display())]
    Unfinished(PathBuf),
    /// A file cannot be read.
    #[error("{}: {detail}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// A key file is open to others.
    #[error("{} can be read by others (mode {mode:o})", path.display())]
    SecretOpen {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Two places for one balance sheet.
    #[error("{} and [balance_sheet] in {}", table.display(), file.display())]
    TableBeside {
        /// The table.
        table: PathBuf,
        /// The snapshot file.
        file: PathBuf,
    },
    /// A venue or snapshot file is not usable.
    #[error("{}: {detail}", path.display())]
    VenueFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Addresses that have not signed.
    #[error("{count} of {total} addresses have not signed, the first is {first}{listed}")]
    SignaturesMissing {
        /// How many.
        count: usize,
        /// Of how many.
        total: usize,
        /// The first of them.
        first: String,
        /// Where they are listed.
        listed: String,
    },
    /// A signature that nobody asked for.
    #[error("{place}: {address} on {chain} is not in the address set")]
    SignatureUnasked {
        /// File and line.
        place: String,
        /// The address.
        address: String,
        /// Its chain.
        chain: String,
    },
    /// A file of signatures is not usable.
    #[error("{place}: {detail}")]
    SignaturesFile {
        /// File and line.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// A list of devices is not usable.
    #[error("{}: {detail}", path.display())]
    DevicesFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A list of addresses is not usable.
    #[error("{}: {detail}", path.display())]
    AddressesFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The statement before was another one.
    #[error("statement {sequence} names {got} as its predecessor, the one signed before it is {expected}")]
    OtherPredecessor {
        /// The sequence number.
        sequence: u64,
        /// Digest in the statement.
        got: String,
        /// Digest in the record.
        expected: String,
    },
    /// Another statement was signed for this number.
    #[error("statement {sequence} of {venue} was signed as {got}, this one is {expected}")]
    SignedTwice {
        /// The venue.
        venue: String,
        /// The sequence number.
        sequence: u64,
        /// Digest in the record.
        got: String,
        /// Digest to be signed.
        expected: String,
    },
    /// Other keys are pinned for the venue.
    #[error("{venue}: pinned {}, the card has {}", pinned.join(", "), got.join(", "))]
    OtherCard {
        /// The venue.
        venue: String,
        /// Keys in the policy.
        pinned: Vec<String>,
        /// Keys on the card.
        got: Vec<String>,
    },
    /// The record is not usable.
    #[error("{}: {detail}", path.display())]
    SigningRecord {
        /// The record.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

impl Coded for CliError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Arguments(_) | Self::Missing(_) => &codes::ARGUMENTS,
            Self::CodesPublic { .. } => &crate::code::liability::CODES_PUBLIC,
            Self::RangeBounds(_) => &crate::code::liability::RANGE_BOUNDS,
            Self::RangeDiffers { .. } => &crate::code::liability::RANGE_DIFFERS,
            Self::RangeOfNoRow { .. } => &crate::code::liability::RANGE_OTHER_TREE,
            Self::RangePartial { .. } => &crate::code::liability::RANGE_PARTIAL,
            Self::Demo(_) => &codes::DEMO_UNEXPECTED,
            Self::OutputExists(_) => &codes::OUTPUT_EXISTS,
            Self::OutputLost | Self::OutputUnwritable { .. } => &codes::OUTPUT_UNWRITABLE,
            Self::TooLarge { .. } => &codes::TOO_LARGE,
            Self::UnknownCode(_) => &codes::UNKNOWN_CODE,
            Self::Changed(_) => &crate::code::robust::FILE_CHANGED,
            Self::Unfinished(_) => &codes::UNFINISHED,
            Self::Unreadable { .. } => &codes::FILE_UNREADABLE,
            Self::SecretOpen { .. } => &crate::code::publish::KEY_FILE,
            Self::TableBeside { .. } => &crate::code::table::TABLE_BESIDE,
            Self::VenueFile { .. } => &crate::code::publish::VENUE_FILE,
            Self::SignaturesMissing { .. } => &codes::SIGNATURES_MISSING,
            Self::SignatureUnasked { .. } => &codes::SIGNATURE_UNASKED,
            Self::SignaturesFile { .. } => &codes::SIGNATURES_FILE,
            Self::DevicesFile { .. } => &codes::DEVICES_FILE,
            Self::AddressesFile { .. } => &crate::code::bundle::ADDRESSES_FILE,
            Self::OtherPredecessor { .. } => &crate::code::publish::OTHER_PREDECESSOR,
            Self::OtherCard { .. } => &crate::code::publish::OTHER_CARD,
            Self::SignedTwice { .. } => &crate::code::publish::SIGNED_TWICE,
            Self::SigningRecord { .. } => &crate::code::publish::SIGNING_RECORD,
        }
    }
}

/// One or more errors that end a verb.
#[derive(Debug)]
pub(super) struct Failure {
    items: Vec<Item>,
    /// Whether there may be more than these.
    more: bool,
}

#[derive(Debug)]
struct Item {
    code: &'static Code,
    detail: String,
    place: Option<Place>,
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { items: vec![Item { code: error.code(), detail: error.to_string(), place: None }], more: false }
    }
}

impl Failure {
    /// An error about one file or argument.
    pub(super) fn about(path: impl AsRef<std::path::Path>, error: &dyn Coded) -> Self {
        let detail = format!("{}: {error}", path.as_ref().display());
        Self { items: vec![Item { code: error.code(), detail, place: None }], more: false }
    }

    /// Several errors, each of which says where it is.
    pub(super) fn all<E: Coded>(mut errors: Vec<E>) -> Self {
        let more = errors.len() > FAULTS_KEPT;
        if more {
            // what decides the exit code stays
            errors.sort_by_key(|error| error.code().outcome.exit_code());
            errors.truncate(FAULTS_KEPT);
        }
        Self { items: errors.into_iter().flat_map(|error| Self::from(error).items).collect(), more }
    }

    /// Several errors about one file.
    pub(super) fn all_about<E: Coded>(path: impl AsRef<std::path::Path>, errors: &[E]) -> Self {
        let about = |error| Self::about(&path, error).items;
        Self { items: errors.iter().flat_map(|error| about(error)).collect(), more: errors.len() >= FAULTS_KEPT }
    }

    /// All faults of a ledger. `excerpt` shows a line that the reader no longer had at hand.
    pub(super) fn ledger(errors: Vec<LedgerError>, excerpt: &dyn Fn(&Place) -> Option<String>) -> Self {
        let item = |error: LedgerError| {
            let (code, detail) = (error.code(), error.to_string());
            let mut place = error.place.map(|place| *place);
            if let Some(place) = place.as_mut().filter(|place| place.excerpt.is_empty())
                && let Some(line) = excerpt(place)
            {
                *place = place.clone().with_line(&line);
            }
            Item { code, detail, place }
        };
        let more = errors.len() >= FAULTS_KEPT;
        Self { items: errors.into_iter().map(item).collect(), more }
    }

    /// Faults, each with its place where it has one.
    pub(super) fn placed(faults: impl IntoIterator<Item = (&'static Code, String, Option<Place>)>) -> Self {
        let item = |(code, detail, place): (&'static Code, String, Option<Place>)| {
            // of a long line only a part is shown, and its columns are not those of the file
            let shortened = place.as_ref().filter(|place| {
                let shown = place.excerpt.get(..place.span.start).unwrap_or_default();
                !place.excerpt.is_empty() && shown.chars().count() + 1 != place.column
            });
            let column = shortened.map(|place| format!(" (column {})", place.column)).unwrap_or_default();
            Item { code, detail: detail + &column, place }
        };
        let mut items: Vec<Item> = faults.into_iter().map(item).collect();
        // what decides the exit code comes first
        items.sort_by_key(|item| item.code.outcome.exit_code());
        let more = items.len() > FAULTS_KEPT;
        items.truncate(FAULTS_KEPT);
        Self { items, more }
    }

    /// 1 beats 2: a check that failed is not hidden by one that could not be made.
    pub(super) fn exit_code(&self) -> u8 {
        self.items.iter().map(|item| item.code.outcome.exit_code()).min().unwrap_or(Outcome::NotMade.exit_code())
    }

    /// Writes all errors to standard error.
    pub(super) fn print(&self) {
        let mut out = std::io::stderr();
        let renderer = if out.is_terminal() { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut items = self.items.iter().peekable();
        while let Some(item) = items.next() {
            // what to do about a run of equal errors is said once
            let help = items.peek().is_none_or(|next| next.code != item.code);
            let _ = writeln!(out, "{}", item.render(&renderer, help));
            if items.peek().is_some() {
                let _ = writeln!(out);
            }
        }
        match self.items.len() {
            0 | 1 => {}
            count if self.more => drop(writeln!(out, "\nthe first {count} errors; correct them to see the others")),
            count => drop(writeln!(out, "\n{count} errors")),
        }
    }
}

/// Longer texts are broken at spaces: amounts, hashes and paths stay whole. So do lines that are indented.
const WIDTH: usize = 108;

/// Characters shown of one line: a parser may quote the line of the file that it stumbles on, whatever its length.
const LINE_MAX: usize = 1_000;

fn shortened(line: &str) -> Cow<'_, str> {
    let Some((end, _)) = line.char_indices().nth(LINE_MAX) else { return Cow::Borrowed(line) };
    let (shown, rest) = line.split_at(end);
    Cow::Owned(format!("{shown}… ({} bytes more)", rest.len()))
}

fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_end().lines().map(shortened) {
        let line = &*line;
        if line.starts_with("  ") {
            // a line to copy, or an excerpt
            lines.push(line.to_owned());
            continue;
        }
        let mut words = line.split(' ');
        let mut shown = words.next().unwrap_or_default().to_owned();
        for word in words {
            if shown.chars().count() + 1 + word.chars().count() > WIDTH && !shown.trim().is_empty() {
                lines.push(std::mem::take(&mut shown));
            } else {
                shown.push(' ');
            }
            shown.push_str(word);
        }
        lines.push(shown);
    }
    lines.join("\n")
}

impl Item {
    fn render(&self, renderer: &Renderer, with_help: bool) -> String {
        let id = self.code.to_string();
        let title = Level::ERROR.primary_title(self.code.title).id(id.as_str());
        let detail = super::printable(&self.detail);
        let remedy = wrapped(self.code.remedy);
        let help = with_help.then(|| Group::with_title(Level::HELP.secondary_title(remedy.as_str())));
        let main = match &self.place {
            Some(place) if place.excerpt.get(place.span.clone()).is_some() => {
                let line = usize::try_from(place.line).unwrap_or(usize::MAX);
                let annotation = AnnotationKind::Primary.span(place.span.clone()).label(detail.as_str());
                let snippet = Snippet::source(place.excerpt.as_str()).line_start(line).path(place.source.as_str());
                Group::with_title(title).element(snippet.annotation(annotation))
            }
            Some(place) => {
                Group::with_title(title).element(Level::NOTE.message(wrapped(&format!("{place}: {detail}"))))
            }
            None => Group::with_title(title).element(Level::NOTE.message(wrapped(&detail))),
        };
        let groups: Vec<Group<'_>> = std::iter::once(main).chain(help).collect();
        renderer.render(&groups)
    }
}
