//! How errors look: code, place, what was got and expected, what to do.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::code::{Code, Coded, Outcome, cli as codes};
use crate::ledger::{LedgerError, Place};

/// An error of the edge itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The arguments do not fit together.
    #[error("{0}")]
    Arguments(String),
    /// The demonstration went wrong.
    #[error("{0}")]
    Demo(String),
    /// A required argument with a line to copy.
    #[error("{0}")]
    Missing(String),
    /// An output is there already.
    #[error("{} exists", .0.display())]
    OutputExists(PathBuf),
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
    /// A venue or snapshot file is not usable.
    #[error("{}: {detail}", path.display())]
    VenueFile {
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
            Self::Demo(_) => &codes::DEMO_UNEXPECTED,
            Self::OutputExists(_) => &codes::OUTPUT_EXISTS,
            Self::OutputUnwritable { .. } => &codes::OUTPUT_UNWRITABLE,
            Self::TooLarge { .. } => &codes::TOO_LARGE,
            Self::UnknownCode(_) => &codes::UNKNOWN_CODE,
            Self::Unreadable { .. } => &codes::FILE_UNREADABLE,
            Self::SecretOpen { .. } => &crate::code::publish::KEY_FILE,
            Self::VenueFile { .. } => &crate::code::publish::VENUE_FILE,
            Self::AddressesFile { .. } => &crate::code::bundle::ADDRESSES_FILE,
            Self::SignedTwice { .. } => &crate::code::publish::SIGNED_TWICE,
            Self::SigningRecord { .. } => &crate::code::publish::SIGNING_RECORD,
        }
    }
}

/// One or more errors that end a verb.
#[derive(Debug)]
pub(super) struct Failure {
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    code: &'static Code,
    detail: String,
    place: Option<Place>,
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { items: vec![Item { code: error.code(), detail: error.to_string(), place: None }] }
    }
}

impl Failure {
    /// An error about one file.
    pub(super) fn about(path: &std::path::Path, error: &dyn Coded) -> Self {
        let detail = format!("{}: {error}", path.display());
        Self { items: vec![Item { code: error.code(), detail, place: None }] }
    }

    /// All faults of a ledger. `excerpt` shows a line that the reader no longer had at hand.
    pub(super) fn ledger(errors: Vec<LedgerError>, excerpt: &dyn Fn(&Place) -> Option<String>) -> Self {
        let item = |error: LedgerError| {
            let (code, detail) = (error.code(), error.to_string());
            let mut place = error.place.map(|place| *place);
            if let Some(place) = place.as_mut().filter(|place| place.excerpt.is_empty())
                && let Some(line) = excerpt(place)
            {
                place.span = 0..line.len();
                place.excerpt = line;
            }
            Item { code, detail, place }
        };
        Self { items: errors.into_iter().map(item).collect() }
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
        for item in &self.items {
            let _ = writeln!(out, "{}\n", item.render(&renderer));
        }
        if self.items.len() > 1 {
            let _ = writeln!(out, "{} errors", self.items.len());
        }
    }
}

/// Spaces in place of control characters, as many as these have bytes: what follows keeps its place.
fn blank(text: &str) -> String {
    let mut blank = String::with_capacity(text.len());
    for c in text.chars() {
        match crate::report::is_control(c) {
            true => blank.extend(std::iter::repeat_n(' ', c.len_utf8())),
            false => blank.push(c),
        }
    }
    blank
}

impl Item {
    fn render(&self, renderer: &Renderer) -> String {
        let id = self.code.to_string();
        let title = Level::ERROR.primary_title(self.code.title).id(id.as_str());
        let detail = super::clean(&self.detail);
        let help = Group::with_title(Level::HELP.secondary_title(self.code.remedy));
        let excerpt = self.place.as_ref().map(|place| blank(&place.excerpt));
        let main = match (&self.place, &excerpt) {
            (Some(place), Some(excerpt))
                if excerpt.is_char_boundary(place.span.start) && excerpt.is_char_boundary(place.span.end) =>
            {
                let line = usize::try_from(place.line).unwrap_or(usize::MAX);
                let annotation = AnnotationKind::Primary.span(place.span.clone()).label(detail.as_str());
                let snippet = Snippet::source(excerpt.as_str()).line_start(line).path(place.source.as_str());
                Group::with_title(title).element(snippet.annotation(annotation))
            }
            (Some(place), _) => {
                let detail = format!("{place}: {detail}");
                return renderer.render(&[Group::with_title(title).element(Level::NOTE.message(detail)), help]);
            }
            _ => Group::with_title(title).element(Level::NOTE.message(detail.as_str())),
        };
        renderer.render(&[main, help])
    }
}
