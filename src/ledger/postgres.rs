//! Ledgers out of PostgreSQL: one query, in one transaction that can only read and sees one state of the database.
//!
//! The server sends CSV (`COPY … TO STDOUT`), so a database and its export make the same tree.

mod address;
mod password_file;
mod tls;

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use postgres::error::ErrorPosition;
use postgres::types::Type;
use postgres::{Client, NoTls};

pub use address::{Address, TlsMode};

use super::excerpt;
use super::{Chunk, CsvSource, DatabaseRecord, LedgerError, LedgerErrorKind as Kind, RowSource, SourceRecord};
use crate::asset::Assets;

/// What is asked, and with what.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// Whom.
    pub address: &'q Address,
    /// One SELECT.
    pub query: &'q str,
    /// The content of the password file, if there is one.
    pub passwords: Option<&'q [u8]>,
    /// The certificates, as PEM, of [`Address::root_certificates`].
    pub roots: Option<&'q [u8]>,
}

/// Rows of one query.
pub struct PostgresSource {
    rows: CsvSource<Copied>,
    database: DatabaseRecord,
}

impl PostgresSource {
    /// Connects, and begins to read. `name` is for messages and provenance, `number` the source's position from 0;
    /// columns named in `ignored` are left out on purpose; `debts` reads a negative amount as the customer's debt.
    ///
    /// # Errors
    /// [`LedgerError`]: no connection, a query that is refused, columns that are missing, unknown or of a type that
    /// does not hold amounts exactly.
    pub fn open(
        name: &str,
        number: u32,
        question: Question<'_>,
        assets: &Assets,
        ignored: &[String],
        debts: bool,
    ) -> Result<Self, Vec<LedgerError>> {
        let one = |error| vec![error];
        let query = question.query.trim_end_matches(|c: char| c.is_whitespace() || c == ';').to_owned();
        let mut client = connect(name, question).map_err(one)?;
        let database = begin(name, &mut client, &query).map_err(one)?;
        let (sender, receiver) = sync_channel(PARTS_WAITING);
        // the reader of a COPY borrows its client: a thread of their own holds both
        let thread = std::thread::Builder::new().name("postgres".to_owned());
        let spawned = thread.spawn(move || {
            let end = copy(&mut client, &query, &sender);
            let _ = sender.send(end.map(|()| Vec::new()));
        });
        spawned.map_err(|error| vec![failed(name, &error)])?;
        let stream = Copied { receiver, part: io::Cursor::default(), ended: false };
        let rows = CsvSource::new(name, number, stream, assets, ignored);
        let rows =
            rows.map_err(|errors| errors.into_iter().map(|error| of_database(name, error)).collect::<Vec<_>>())?;
        let rows = rows.with_debts(debts);
        Ok(Self { rows, database })
    }
}

impl<'a> RowSource<'a> for PostgresSource {
    fn next_chunk(&mut self) -> Option<Result<Box<dyn Chunk + 'a>, LedgerError>> {
        let chunk = self.rows.next_chunk()?;
        Some(chunk.map_err(|error| of_database(self.rows.name(), error)))
    }

    fn has_credentials(&self) -> bool {
        RowSource::has_credentials(&self.rows)
    }

    fn record(&self) -> SourceRecord {
        let database = Some(self.database.clone());
        SourceRecord { kind: "postgres".to_owned(), database, ..RowSource::record(&self.rows) }
    }
}

/// Parts of the answer that wait to be read.
const PARTS_WAITING: usize = 8;
/// Bytes of a part.
const PART_LENGTH: u64 = 256 * 1024;

/// The answer as it comes. An empty part is its end: an answer without one was cut short.
struct Copied {
    receiver: Receiver<io::Result<Vec<u8>>>,
    part: io::Cursor<Vec<u8>>,
    ended: bool,
}

impl Read for Copied {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.part.read(buffer)?;
            if count > 0 || self.ended || buffer.is_empty() {
                return Ok(count);
            }
            let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended within the answer");
            let part = self.receiver.recv().map_err(|_| cut())??;
            self.ended = part.is_empty();
            self.part = io::Cursor::new(part);
        }
    }
}

fn copy(client: &mut Client, query: &str, sender: &SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let words = |error: postgres::Error| io::Error::other(text_of(&error));
    // a comment at the end of the query ends with its line
    let line = format!("COPY (\n{query}\n) TO STDOUT (FORMAT csv, HEADER true, ENCODING 'UTF8')");
    let mut answer = client.copy_out(line.as_str()).map_err(words)?;
    let mut more = true;
    while more {
        let mut part = Vec::new();
        answer.by_ref().take(PART_LENGTH).read_to_end(&mut part)?;
        // behind its end the answer must not be read again: what comes then is not part of it
        more = part.len() as u64 == PART_LENGTH;
        if !part.is_empty() && sender.send(Ok(part)).is_err() {
            // nobody reads any more
            return Ok(());
        }
    }
    drop(answer);
    client.batch_execute("COMMIT").map_err(words)
}

fn connect(name: &str, question: Question<'_>) -> Result<Client, LedgerError> {
    let config = question.address.config(question.passwords);
    let client = match question.address.tls() {
        TlsMode::Disable => config.connect(NoTls),
        mode => config.connect(tls::connector(mode, question.roots)?),
    };
    client.map_err(|error| failed(name, &text_of(&error)))
}

/// Begins the transaction, and looks at what the query gives before anything is copied.
fn begin(name: &str, client: &mut Client, query: &str) -> Result<DatabaseRecord, LedgerError> {
    let words = |error: postgres::Error| failed(name, &text_of(&error));
    client.batch_execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").map_err(words)?;
    let about = "SELECT current_setting('server_version'), pg_current_snapshot()::text";
    let row = client.query_one(about, &[]).map_err(words)?;
    let (server, snapshot) = (row.try_get(0).map_err(words)?, row.try_get(1).map_err(words)?);
    // the query alone: what is no single statement would otherwise be let out of the parentheses around it
    let prepared = client.prepare(query).map_err(|error| refused(name, query, &error))?;
    let amount = prepared.columns().iter().find(|column| column.name() == "amount");
    if let Some(column) = amount.filter(|column| [Type::FLOAT4, Type::FLOAT8, Type::MONEY].contains(column.type_())) {
        let (column, got) = (column.name().to_owned(), column.type_().name().to_owned());
        return Err(Kind::AmountType { column, got }.into());
    }
    if prepared.columns().is_empty() {
        return Err(Kind::Query("the query gives no rows, expected a SELECT".to_owned()).into());
    }
    Ok(DatabaseRecord { query: query.to_owned(), server, snapshot })
}

/// An answer that breaks off is no unreadable file.
fn of_database(name: &str, error: LedgerError) -> LedgerError {
    match &error.kind {
        Kind::Read(text) => failed(name, &text.strip_prefix(&format!("{name}: ")).unwrap_or(text)),
        _ => error,
    }
}

fn failed(name: &str, detail: &dyn std::fmt::Display) -> LedgerError {
    Kind::Database { name: name.to_owned(), detail: detail.to_string() }.into()
}

/// The whole chain of an error in one line: the first words alone say only that there was one.
fn text_of(error: &postgres::Error) -> String {
    if let Some(server) = error.as_db_error() {
        return format!("{} ({})", server.message(), server.code().code());
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// What the server does not like about the query, and where.
fn refused(name: &str, query: &str, error: &postgres::Error) -> LedgerError {
    let Some(server) = error.as_db_error() else { return failed(name, &text_of(error)) };
    let kind = Kind::Query(text_of(error));
    let Some(ErrorPosition::Original(position)) = server.position() else { return kind.into() };
    // the server counts characters, from 1
    let before = usize::try_from(*position).unwrap_or(usize::MAX).saturating_sub(1);
    let at = query.char_indices().nth(before).map_or(query.len(), |(at, _)| at);
    let (head, rest) = query.split_at_checked(at).unwrap_or((query, ""));
    let start = head.rfind('\n').map_or(0, |at| at + 1);
    let line = query.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len()).max(1);
    let number = 1 + head.matches('\n').count() as u64;
    let place = excerpt::place_of_bytes("query", number, line.as_bytes(), (at - start, at - start + word));
    LedgerError { kind, place: Some(Box::new(place)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(parts: Vec<io::Result<Vec<u8>>>) -> io::Result<String> {
        let (sender, receiver) = sync_channel(parts.len());
        parts.into_iter().for_each(|part| sender.send(part).expect("there is room"));
        drop(sender);
        let mut text = String::new();
        Copied { receiver, part: io::Cursor::default(), ended: false }.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn an_answer_has_an_end() {
        let part = |text: &str| Ok(text.as_bytes().to_vec());
        assert_eq!(copied(vec![part("a,"), part("b"), part("")]).expect("whole"), "a,b");
        assert_eq!(copied(vec![part("a,")]).map_err(|error| error.kind()), Err(io::ErrorKind::UnexpectedEof));
        let fault = Err(io::Error::other("gone"));
        assert_eq!(copied(vec![part("a,"), fault]).expect_err("a fault").to_string(), "gone");
    }
}
