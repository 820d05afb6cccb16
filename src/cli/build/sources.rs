//! Sources of a ledger: files, standard input and databases, opened for whoever reads them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use crate::asset::Assets;
use crate::cli::error::{CliError, Failure};
use crate::ledger::{CsvSource, LedgerError, LedgerErrorKind, Place, RowSource};

/// What stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Which ledgers, and how they are read.
pub(in crate::cli) struct Ledgers<'p> {
    /// Paths, `-` for standard input, or addresses of databases.
    pub(in crate::cli) paths: &'p [PathBuf],
    /// What databases are asked.
    pub(in crate::cli) query: Option<&'p str>,
    /// Columns that are left out on purpose.
    pub(in crate::cli) ignored: &'p [String],
    /// Whether negative amounts are debts.
    pub(in crate::cli) debts: bool,
}

impl Ledgers<'_> {
    /// Refuses early what can be seen in the arguments alone: before anything shows an argument, and before work is
    /// done that would be lost.
    pub(in crate::cli) fn check(&self) -> Result<(), Failure> {
        let mut databases = 0;
        for path in self.paths {
            if let Some(address) = address_of(path) {
                databases += 1;
                check_address(address)?;
            }
        }
        let wrong = |detail: &str| Err(CliError::Arguments(detail.to_owned()).into());
        if self.paths.iter().filter(|path| path.as_os_str() == STANDARD_INPUT).count() > 1 {
            return wrong("standard input can be read once, and - is given twice");
        }
        match (databases, self.query) {
            (0, Some(_)) => wrong("--query is for a database, and no postgres://… is given"),
            (1.., None) => {
                wrong("a database needs a query:\n  --query \"SELECT account, asset, amount FROM balances\"")
            }
            _ => Ok(()),
        }
    }

    /// The names that stand in messages and provenance: no folders, they are nobody's business. The second source of
    /// one name is `name (2)`, so that a place says which one it is in.
    pub(in crate::cli) fn names(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let name = |path: &PathBuf| {
            let name = name_of(path);
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 { name } else { format!("{name} ({count})") }
        };
        self.paths.iter().map(name).collect()
    }

    /// Opens all sources. Bytes that are read of files are told to `bar`.
    pub(in crate::cli) fn open<'a>(
        &self,
        assets: &'a Assets,
        bar: &ProgressBar,
    ) -> Result<Vec<Box<dyn RowSource<'a> + 'a>>, Failure> {
        self.check()?;
        let mut sources = Vec::new();
        let mut faults: Vec<LedgerError> = Vec::new();
        for (number, (path, name)) in (0..).zip(self.paths.iter().zip(self.names())) {
            match self.open_one(path, &name, number, assets, bar)? {
                Ok(source) => sources.push(source),
                Err(errors) => faults.extend(errors),
            }
        }
        if faults.is_empty() { Ok(sources) } else { Err(Failure::ledger(faults, &|place| self.line_of(place))) }
    }

    fn open_one<'a>(
        &self,
        path: &Path,
        name: &str,
        number: u32,
        assets: &'a Assets,
        bar: &ProgressBar,
    ) -> Result<Opened<'a>, Failure> {
        if let Some(address) = address_of(path) {
            return self.open_database(address, name, number, assets);
        }
        let csv = |stream: Box<dyn std::io::Read>| -> Opened<'a> {
            let source = CsvSource::new(name, number, stream, assets, self.ignored)?;
            Ok(Box::new(source.with_debts(self.debts)))
        };
        if path.as_os_str() == STANDARD_INPUT {
            return Ok(csv(Box::new(bar.wrap_read(std::io::stdin()))));
        }
        let unreadable =
            |error: std::io::Error| CliError::Unreadable { path: path.to_owned(), detail: error.to_string() };
        let mut file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            let detail = "it is a folder, expected a CSV file".to_owned();
            return Err(CliError::Unreadable { path: path.to_owned(), detail }.into());
        }
        if is_parquet(&mut file, name) {
            return Ok(self.open_parquet(file, name, number, assets, bar));
        }
        Ok(csv(Box::new(bar.wrap_read(file))))
    }

    #[cfg(feature = "parquet")]
    fn open_parquet<'a>(
        &self,
        file: File,
        name: &str,
        number: u32,
        assets: &'a Assets,
        bar: &ProgressBar,
    ) -> Opened<'a> {
        let hashed = file.try_clone().map(|file| bar.wrap_read(file));
        let hashed = hashed.map_err(|error| vec![LedgerErrorKind::Read(format!("{name}: {error}")).into()])?;
        let source = crate::ledger::ParquetSource::new(name, number, file, hashed, assets, self.ignored)?;
        Ok(Box::new(source.with_debts(self.debts)))
    }

    #[cfg(not(feature = "parquet"))]
    #[allow(clippy::unused_self, reason = "the same call as with the feature")]
    fn open_parquet<'a>(&self, _: File, name: &str, _: u32, _: &'a Assets, _: &ProgressBar) -> Opened<'a> {
        Err(vec![not_built_in(name, "Parquet", "parquet")])
    }

    #[cfg(feature = "postgres")]
    fn open_database<'a>(
        &self,
        address: &str,
        name: &str,
        number: u32,
        assets: &'a Assets,
    ) -> Result<Opened<'a>, Failure> {
        use crate::cli::files;
        use crate::ledger::postgres::{Address, PostgresSource, Question, TlsMode};
        let address = Address::parse(address)?;
        let passwords = password_file()?;
        let roots = address.root_certificates().map(|path| files::read(path, files::TEXT_SIZE_MAX)).transpose()?;
        if address.tls() == TlsMode::Require && roots.is_none() {
            crate::cli::remark("sslmode=require encrypts to whomever answers: verify-full checks who it is");
        }
        let question = Question {
            address: &address,
            query: self.query.unwrap_or_default(),
            passwords: passwords.as_ref().map(|bytes| bytes.as_slice()),
            roots: roots.as_deref(),
        };
        let opened = PostgresSource::open(name, number, question, assets, self.ignored, self.debts);
        Ok(opened.map(|source| Box::new(source) as Box<dyn RowSource<'a> + 'a>))
    }

    #[cfg(not(feature = "postgres"))]
    #[allow(clippy::unused_self, reason = "the same call as with the feature")]
    fn open_database<'a>(&self, _: &str, name: &str, _: u32, _: &'a Assets) -> Result<Opened<'a>, Failure> {
        Ok(Err(vec![not_built_in(name, "PostgreSQL", "postgres")]))
    }

    /// Reads one line of a plain file again, for a message.
    pub(in crate::cli) fn line_of(&self, place: &Place) -> Option<String> {
        let path = self.paths.iter().zip(self.names()).find(|(_, name)| *name == place.source)?.0;
        let plain = address_of(path).is_none() && std::fs::metadata(path).is_ok_and(|file| file.is_file());
        let mut file = BufReader::new(File::open(path).ok().filter(|_| plain)?);
        let packed = [b"PAR1".as_slice(), &[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]];
        if file.fill_buf().is_ok_and(|head| packed.iter().any(|magic| head.starts_with(magic))) {
            return None;
        }
        let skip = usize::try_from(place.line.checked_sub(1)?).ok()?;
        let line = file.split(b'\n').nth(skip)?.ok()?;
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
        Some(if skip == 0 { text.trim_start_matches('\u{feff}').to_owned() } else { text })
    }

    /// Bytes read of all files; shown only to a person.
    pub(in crate::cli) fn progress(&self) -> ProgressBar {
        if !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let lengths: Option<Vec<u64>> = self.paths.iter().map(|path| length_of(path)).collect();
        // how much will come out of a pipe or a database is not known
        lengths.map_or_else(ProgressBar::no_length, |lengths| ProgressBar::new(lengths.iter().sum()))
    }
}

/// A source, or what is wrong with its columns.
type Opened<'a> = Result<Box<dyn RowSource<'a> + 'a>, Vec<LedgerError>>;

fn length_of(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len())
}

fn address_of(path: &Path) -> Option<&str> {
    path.to_str().filter(|text| text.starts_with("postgres://") || text.starts_with("postgresql://"))
}

#[cfg(feature = "postgres")]
fn check_address(address: &str) -> Result<(), Failure> {
    crate::ledger::postgres::Address::parse(address)?;
    Ok(())
}

#[cfg(not(feature = "postgres"))]
fn check_address(_: &str) -> Result<(), Failure> {
    Err(not_built_in("postgres://…", "PostgreSQL", "postgres").into())
}

#[cfg(not(all(feature = "postgres", feature = "parquet")))]
fn not_built_in(name: &str, format: &'static str, feature: &'static str) -> LedgerError {
    LedgerErrorKind::NotBuiltIn { name: name.to_owned(), format, feature }.into()
}

fn name_of(path: &Path) -> String {
    if path.as_os_str() == STANDARD_INPUT {
        return "standard input".to_owned();
    }
    #[cfg(feature = "postgres")]
    if let Some(address) = address_of(path) {
        let address = crate::ledger::postgres::Address::parse(address);
        return address.map_or_else(|_| "database".to_owned(), |address| address.database().to_owned());
    }
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into())
}

/// Whether a file is Parquet by its first bytes, or says so by its name. What cannot go back is no file of that kind.
fn is_parquet(file: &mut File, name: &str) -> bool {
    let regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
    let mut head = [0; 4];
    let begins = regular && file.read_exact(&mut head).is_ok() && &head == b"PAR1";
    let back = regular && file.rewind().is_ok();
    back && (begins || name.ends_with(".parquet"))
}

/// The file of passwords: where PGPASSFILE says, or `~/.pgpass` if it is there.
#[cfg(feature = "postgres")]
fn password_file() -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, CliError> {
    use crate::cli::files;
    if let Some(path) = std::env::var_os("PGPASSFILE") {
        return files::read_private(Path::new(&path)).map(Some);
    }
    let Some(path) = std::env::home_dir().map(|home| home.join(".pgpass")) else { return Ok(None) };
    if files::is_there(&path)? { files::read_private(&path).map(Some) } else { Ok(None) }
}
