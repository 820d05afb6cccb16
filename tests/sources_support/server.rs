//! A PostgreSQL server of its own: on loopback and a socket in a temporary folder, with TLS by a made-up authority.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The password of every account of the server.
pub(crate) const PASSWORD: &str = "horse:battery";

/// An empty server with the database `books`; it ends with this value.
pub(crate) struct Server {
    process: Child,
    bin: PathBuf,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) port: u16,
}

/// The programs of the newest PostgreSQL on this machine.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
    let version = |path: &Path| path.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let found = versions.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    found.max_by_key(|bin| version(bin))
}

/// Whether a program is there.
pub(crate) fn is_there(program: &str) -> bool {
    // `openssl --version` is known since its version 3, and every program ends at once
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// The server refuses to run as root: `nobody` runs it, who then owns its folder.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

fn command(program: &Path, home: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.env("HOME", home).current_dir(home).stdin(Stdio::null());
    command
}

fn done(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

impl Server {
    pub(crate) fn start() -> Self {
        let bin = programs().expect("was looked for before");
        let open = std::fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("cf-pg-").permissions(open).tempdir_in("/tmp").expect("a folder");
        let (path, data) = (folder.path(), folder.path().join("data"));
        certificates(path);
        std::fs::write(path.join("password"), PASSWORD).expect("writes");
        if is_root() {
            for owned in [path.to_owned(), path.join("server.key"), path.join("password")] {
                chown(owned, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
        let init = ["-U", "admin", "-E", "UTF8", "--no-locale", "--no-sync", "--auth-local=trust"];
        let mut initdb = command(&bin.join("initdb"), path);
        initdb.args(init).args(["--auth-host=scram-sha-256", "--pwfile=password", "-D", "data"]);
        done(&mut initdb);
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its own").port();
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={}", path.display()),
            "fsync=off".to_owned(),
            format!("ssl_cert_file={}", path.join("server.pem").display()),
            format!("ssl_key_file={}", path.join("server.key").display()),
        ];
        // in the file, where a test can override it
        let mut file =
            std::fs::OpenOptions::new().append(true).open(data.join("postgresql.conf")).expect("initdb made it");
        std::io::Write::write_all(&mut file, b"ssl = on\n").expect("writes");
        let mut postgres = command(&bin.join("postgres"), path);
        postgres.arg("-D").arg(&data).args(settings.iter().flat_map(|setting| ["-c", setting]));
        let log = std::fs::File::create(path.join("log")).expect("a log");
        let process = postgres.stdout(Stdio::null()).stderr(log).spawn().expect("the server starts");
        let server = Self { process, bin, folder, port };
        for _ in 0..200 {
            let ready = Command::new(server.bin.join("pg_isready"))
                .args(["-q", "-h"])
                .arg(server.folder.path())
                .args(["-p", &port.to_string()])
                .status();
            if ready.is_ok_and(|status| status.success()) {
                server.sql("postgres", "CREATE DATABASE books");
                return server;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
        panic!("the server did not start: {log}");
    }

    /// Runs statements over the socket, as the administrator; returns what they print.
    pub(crate) fn sql(&self, database: &str, statements: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.arg("-h").arg(self.folder.path()).args(["-p", &self.port.to_string(), "-U", "admin", "-d", database]);
        done(psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statements]))
    }

    /// Its address over the socket.
    pub(crate) fn socket(&self) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://admin@{folder}:{}/books", self.port)
    }

    /// Its address over TCP, as `host`.
    pub(crate) fn tcp(&self, host: &str, options: &str) -> String {
        format!("postgres://admin@{host}:{}/books?hostaddr=127.0.0.1{options}", self.port)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = command(&self.bin.join("pg_ctl"), self.folder.path());
        let _ = stop.args(["-D", "data", "-m", "immediate", "-s", "stop"]).status();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An authority, a certificate by it for `localhost`, and another authority that signed nothing.
fn certificates(folder: &Path) {
    let openssl = |line: &str| {
        done(Command::new("openssl").current_dir(folder).args(line.split(' ')));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=made-up-authority -days 3"));
    openssl(&format!("req -x509 {key} -keyout other.key -out other.pem -subj /CN=other-authority -days 3"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"));
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").expect("writes");
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 3 -extfile names");
    std::fs::set_permissions(folder.join("server.key"), std::fs::Permissions::from_mode(0o600)).expect("its owner may");
}
