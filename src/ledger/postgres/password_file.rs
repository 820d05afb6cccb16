//! Password files in PostgreSQL's own form: `host:port:database:user:password`, one a line, the first that fits.

use postgres::Config;
use postgres::config::Host;
use zeroize::Zeroizing;

/// The password for a connection.
pub(super) fn find(file: &[u8], config: &Config) -> Option<Zeroizing<Vec<u8>>> {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        // what a socket of this machine is called in such files
        Some(Host::Unix(_)) => "localhost".to_owned(),
        None => config.get_hostaddrs().first()?.to_string(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let database = config.get_dbname().unwrap_or_default();
    let user = config.get_user().unwrap_or_default();
    let asked = [host.as_str(), port.as_str(), database, user];
    file.split(|&byte| byte == b'\n').find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"#") {
            return None;
        }
        let mut rest = line;
        for asked in asked {
            let (field, behind) = field(rest)?;
            if field.as_slice() != b"*" && field.as_slice() != asked.as_bytes() {
                return None;
            }
            rest = behind?;
        }
        field(rest).map(|(password, _)| password)
    })
}

/// A text, and what stands behind the colon that ends it.
type Field<'l> = (Zeroizing<Vec<u8>>, Option<&'l [u8]>);

/// The text up to the next colon, and what stands behind it; a backslash takes the next byte as it is.
fn field(line: &[u8]) -> Option<Field<'_>> {
    let mut text = Zeroizing::new(Vec::with_capacity(line.len()));
    let mut rest = line;
    loop {
        match rest {
            [] => return Some((text, None)),
            [b':', behind @ ..] => return Some((text, Some(behind))),
            [b'\\', byte, behind @ ..] | [byte, behind @ ..] => {
                text.push(*byte);
                rest = behind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_is_taken() {
        let file = b"# host:port:db:user:password\n\
            db.example:5432:books:reader:no\n\
            db.example:5433:books:r\\:x:a\\:b\\\\c\n\
            localhost:*:*:reader:socket\r\n\
            *:*:*:*:any\nbroken\n";
        let find = |address: &str| {
            let config: Config = address.parse().expect("an address");
            find(file, &config).map(|password| String::from_utf8_lossy(&password).into_owned())
        };
        assert_eq!(find("postgres://r%3Ax@db.example:5433/books").as_deref(), Some("a:b\\c"));
        assert_eq!(find("postgres://reader@db.example/books").as_deref(), Some("no"));
        assert_eq!(find("postgres://reader@%2Frun/other").as_deref(), Some("socket"));
        assert_eq!(find("postgres://writer@db.example/books").as_deref(), Some("any"));
    }
}
