//! Addresses of databases: `postgres://…`, without a password and with a decision about encryption.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use postgres::Config;
use postgres::config::{Host, SslMode};

use super::password_file;
use crate::ledger::{LedgerError, LedgerErrorKind as Kind};

/// How the connection is protected: libpq's `sslmode`, without its two modes that fall back to no protection unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Not at all. The default on this machine only.
    Disable,
    /// Encrypted, to whomever answers; with certificates at hand, the same as `verify-ca`.
    Require,
    /// The server has a certificate that leads to one of those trusted.
    VerifyCa,
    /// The same, and it is for the host that was asked for. The default for other machines.
    VerifyFull,
}

/// The address of a database.
#[derive(Clone, Debug)]
pub struct Address {
    config: Config,
    tls: TlsMode,
    root_certificates: Option<PathBuf>,
}

impl Address {
    /// Whether an argument is such an address.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Reads an address.
    ///
    /// # Errors
    /// A password in it, or anything that is not understood. No error repeats any part of a password.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let (_, behind) = text.split_once("://").unwrap_or(("", text));
        // looked for before anything is taken apart, as a part could be shown in an error: the last @ ends the user
        // even where the password has one, too
        if behind.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
            return Err(Kind::DatabasePassword.into());
        }
        let (base, query) = behind.split_once('?').unwrap_or((behind, ""));
        let (mut mode, mut root_certificates, mut others) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(mode_of(value)?),
                Some(("sslrootcert", value)) => root_certificates = Some(PathBuf::from(percent_decoded(value)?)),
                _ => others.push(pair),
            }
        }
        let rest = format!("postgres://{base}?{}", others.join("&"));
        let mut config: Config =
            rest.parse().map_err(|error: postgres::Error| Kind::DatabaseUrl(super::text_of(&error)))?;
        if config.get_password().is_some() {
            return Err(Kind::DatabasePassword.into());
        }
        if config.get_dbname().is_none() || config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            let what = "expected a host and a database, as in postgres://USER@HOST/DATABASE";
            return Err(Kind::DatabaseUrl(what.to_owned()).into());
        }
        let tls = mode.unwrap_or(if is_here(&config) { TlsMode::Disable } else { TlsMode::VerifyFull });
        if root_certificates.is_some() && tls == TlsMode::Disable {
            let what = "sslrootcert without encryption: give sslmode=verify-full with it";
            return Err(Kind::DatabaseUrl(what.to_owned()).into());
        }
        config.ssl_mode(if tls == TlsMode::Disable { SslMode::Disable } else { SslMode::Require });
        if config.get_application_name().is_none() {
            config.application_name("counterfoil");
        }
        Ok(Self { config, tls, root_certificates })
    }

    /// The name of the database: what messages and provenance call the source. Host and user are nobody's business.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_default()
    }

    /// How the connection is protected.
    #[must_use]
    pub fn tls(&self) -> TlsMode {
        self.tls
    }

    /// The file of certificates that are trusted; none for those of the system.
    #[must_use]
    pub fn root_certificates(&self) -> Option<&Path> {
        self.root_certificates.as_deref()
    }

    /// The same with the password that the file has for it.
    pub(super) fn config(&self, passwords: Option<&[u8]>) -> Config {
        let mut config = self.config.clone();
        if let Some(password) = passwords.and_then(|file| password_file::find(file, &config)) {
            config.password(password.as_slice());
        }
        config
    }
}

fn mode_of(text: &str) -> Result<TlsMode, LedgerError> {
    Ok(match text {
        "disable" => TlsMode::Disable,
        "require" => TlsMode::Require,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-full" => TlsMode::VerifyFull,
        "allow" | "prefer" => {
            let what = format!("sslmode={text} sends a ledger in the clear when the server says so: take verify-full");
            return Err(Kind::DatabaseUrl(what).into());
        }
        _ => {
            let what = "sslmode is none of disable, require, verify-ca, verify-full";
            return Err(Kind::DatabaseUrl(what.to_owned()).into());
        }
    })
}

/// Whether nothing that is sent leaves this machine.
fn is_here(config: &Config) -> bool {
    let by_name = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
    };
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(by_name),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
}

fn percent_decoded(text: &str) -> Result<String, LedgerError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (Some(byte), Some(rest)) = (byte, part.get(2..)) else {
            return Err(Kind::DatabaseUrl("sslrootcert has a % that begins no %XX".to_owned()).into());
        };
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| Kind::DatabaseUrl("sslrootcert is not UTF-8".to_owned()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::{Coded as _, ledger as codes};

    #[test]
    fn no_password_is_accepted_or_shown() {
        for text in [
            "postgres://u:secret@db.example/books",
            "postgres://u:sec@ret@db.example/books",
            "postgres://u:sec/ret@db.example/books",
            "postgres://u:sec?ret=1@db.example/books",
            "postgresql://u:@db.example/books",
            "postgres://u@db.example/books?password=secret",
            "postgres://u@db.example/books?pass%77ord=secret",
        ] {
            let error = Address::parse(text).expect_err(text);
            assert_eq!(error.code(), &codes::DATABASE_PASSWORD, "{text}");
            assert!(!error.to_string().contains("ret"), "{error}");
        }
    }

    #[test]
    fn other_machines_are_asked_with_full_verification() {
        let tls = |text: &str| Address::parse(text).map(|address| address.tls());
        assert_eq!(tls("postgres://u@db.example/books"), Ok(TlsMode::VerifyFull));
        assert_eq!(tls("postgres://u@10.0.0.1:5433/books"), Ok(TlsMode::VerifyFull));
        assert_eq!(tls("postgres://u@localhost,db.example/books"), Ok(TlsMode::VerifyFull));
        assert_eq!(tls("postgres://u@localhost/books?hostaddr=10.0.0.1"), Ok(TlsMode::VerifyFull));
        assert_eq!(tls("postgres://u@127.0.0.1/books"), Ok(TlsMode::Disable));
        assert_eq!(tls("postgres://u@[::1]/books"), Ok(TlsMode::Disable));
        assert_eq!(tls("postgres://%2Fvar%2Frun%2Fpostgresql/books"), Ok(TlsMode::Disable));
        assert_eq!(tls("postgres://u@localhost/books?sslmode=require"), Ok(TlsMode::Require));
        assert_eq!(tls("postgres://u@db.example/books?sslmode=disable"), Ok(TlsMode::Disable));
        assert_eq!(tls("postgres://u@db.example/books?sslmode=verify-ca"), Ok(TlsMode::VerifyCa));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, said) in [
            ("postgres://u@db.example/books?sslmode=prefer", "in the clear"),
            ("postgres://u@db.example/books?sslmode=on", "none of"),
            ("postgres://u@db.example/books?sslkey=x", "sslkey"),
            ("postgres://u@db.example", "expected a host and a database"),
            ("postgres://localhost/books?sslrootcert=/ca.pem", "without encryption"),
            ("postgres://db.example/books?sslrootcert=%2", "begins no %XX"),
        ] {
            let error = Address::parse(text).expect_err(text);
            assert_eq!(error.code(), &codes::DATABASE_URL, "{text}");
            assert!(error.to_string().contains(said), "{error}");
        }
        let full = Address::parse("postgres://db.example/books?sslrootcert=%2Fca%20s.pem").expect("an address");
        assert_eq!(full.root_certificates(), Some(Path::new("/ca s.pem")));
        assert_eq!(full.database(), "books");
    }
}
