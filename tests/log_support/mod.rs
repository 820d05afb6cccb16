//! What the tests of the log share: a venue whose statements are made here, its log, and witnesses with fixed keys.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::panic, reason = "tests end that way")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use counterfoil::hash::{Digest, decode_lower};
use counterfoil::json;
use counterfoil::publish::log::{KeyKind, NoteSigner};
use counterfoil::publish::{self};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use counterfoil::snapshot::Time;
use serde_json::{Value, json};

/// The origin of the log.
pub const ORIGIN: &str = "log.example/example-exchange";
const DAY: i64 = 86_400;

/// A folder in which the command is run.
pub struct Place(pub tempfile::TempDir);

/// A statement as it was made.
#[derive(Clone)]
pub struct Made {
    /// The signed file.
    pub file: Vec<u8>,
    /// Its digest.
    pub digest: Digest,
}

pub fn secret(kind: SecretKind, seed: u8) -> Secret {
    Secret::new(kind, &mut [seed; 32])
}

pub fn signing_key() -> SigningKey {
    SigningKey::new(Algorithm::Bip340, &secret(SecretKind::Signing, 5)).expect("a scalar")
}

pub fn log_signer() -> NoteSigner {
    NoteSigner::new(ORIGIN, KeyKind::Log, &secret(SecretKind::Log, 7)).expect("a name")
}

pub fn witness_signer(number: u8) -> NoteSigner {
    let name = format!("witness.example/w{number}");
    NoteSigner::new(&name, KeyKind::Witness, &secret(SecretKind::Witness, 20 + number)).expect("a name")
}

/// Cut-off of statement `sequence`, a month apart, the last one in the future of nobody.
pub fn cutoff(sequence: u64) -> i64 {
    1_735_689_600 + i64::try_from(sequence).expect("small") * 30 * DAY
}

/// A statement that may differ from the honest one in its total.
pub fn statement(sequence: u64, predecessor: Option<Digest>, total: &str) -> Made {
    statement_with(sequence, predecessor, |document| document["liabilities"][0]["total"] = json!(total))
}

/// A statement with a change of one's own.
pub fn statement_with(sequence: u64, predecessor: Option<Digest>, change: impl FnOnce(&mut Value)) -> Made {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/venue/statement.json");
    let mut file: Value = serde_json::from_slice(&fs::read(path).expect("the venue's statement")).expect("JSON");
    let mut document = file["statement"].take();
    let key = signing_key().public_key();
    document["venue"]["keys"] = json!([{"alg": "bip340", "key": key.key}]);
    document["sequence"] = json!(sequence.to_string());
    document["predecessor"] = predecessor.map_or(Value::Null, |digest| json!(digest.to_string()));
    document["cutoff"] = json!(Time::from_unix(cutoff(sequence)).to_string());
    document["next_cutoff"] = json!(Time::from_unix(cutoff(sequence + 1)).to_string());
    // far away: tests of due dates set their own
    document["due"] = json!("2098-02-01T00:00:00Z");
    change(&mut document);
    let bytes = json::canonical(&document).expect("strict JSON");
    let mut envelope = Envelope { document: bytes, signatures: Vec::new() };
    publish::sign(&mut envelope, &signing_key()).expect("a declared key");
    Made { file: envelope.to_file("statement").expect("strict JSON"), digest: publish::digest(&envelope.document) }
}

/// The first `count` statements of an honest venue.
pub fn statements(count: u64) -> Vec<Made> {
    let mut made: Vec<Made> = Vec::new();
    for sequence in 0..count {
        let before = made.last().map(|before| before.digest);
        made.push(statement(sequence, before, "550000000"));
    }
    made
}

/// A policy with this section `[log]`.
pub fn policy(log: &str) -> String {
    let key = signing_key().public_key().key;
    format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-exchange\"\nlog_origin = \"{ORIGIN}\"\n\
         keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n{log}"
    )
}

/// The section that pins the log and the first `count` witnesses.
pub fn log_section(quorum: u64, count: u8) -> String {
    let mut text = format!("[log]\nkey = \"{}\"\nquorum = {quorum}\n", log_signer().key());
    for number in 0..count {
        text.push_str(&format!("[[log.witness]]\nkey = \"{}\"\n", witness_signer(number).key()));
    }
    text
}

impl Place {
    /// With keys, `policy.toml` (no witness) and `logs.txt`.
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a temporary folder"));
        place.private("log.key", secret(SecretKind::Log, 7).to_file().as_bytes());
        for number in 0..3_u8 {
            let file = secret(SecretKind::Witness, 20 + number).to_file();
            place.private(&format!("witness{number}.key"), file.as_bytes());
        }
        place.write("policy.toml", policy(&log_section(0, 0)).as_bytes());
        place.write("logs.txt", format!("# logs\n{}\n", log_signer().key()).as_bytes());
        place
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    pub fn private(&self, name: &str, bytes: &[u8]) {
        self.write(name, bytes);
        fs::set_permissions(self.path().join(name), fs::Permissions::from_mode(0o600)).expect("our own file");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(arguments).current_dir(self.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the command starts")
    }

    /// Runs the command, which must end with `code`; gives both outputs.
    pub fn run(&self, code: i32, line: &str) -> String {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let Output { status, stdout, stderr } = self.start(&arguments).wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        assert_eq!(status.code(), Some(code), "counterfoil {line}\n{text}");
        text
    }

    /// The same, and the output names an error.
    pub fn refused(&self, code: i32, error: &str, line: &str) -> String {
        let text = self.run(code, line);
        assert!(text.contains(&format!("error[{error}]")), "counterfoil {line}: no {error} in\n{text}");
        text
    }

    /// Writes a statement and publishes it.
    pub fn publish(&self, made: &Made, more: &str) -> String {
        self.write("next.json", &made.file);
        self.run(0, &format!("publish next.json --log log --key log.key {more}"))
    }
}

/// A witness of ours that runs.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub address: String,
}

impl Running {
    pub fn start(place: &Place, number: u8) -> Self {
        Self::start_in(place, number, &format!("state{number}"))
    }

    pub fn start_in(place: &Place, number: u8, state: &str) -> Self {
        let line = format!(
            "witness --state {state} --key witness{number}.key --name witness.example/w{number} --logs logs.txt \
             --listen 127.0.0.1:0"
        );
        let mut child = place.start(&line.split_whitespace().collect::<Vec<_>>());
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let said: Vec<String> = lines.by_ref().take(2).map_while(Result::ok).collect();
        let address = said.last().and_then(|line| line.rsplit_once("http://")).map(|(_, address)| address.to_owned());
        let Some(address) = address else {
            let mut error = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut error);
            panic!("the witness does not start: {said:?} {error}");
        };
        Self { child, address }
    }

    /// Key and address as `--witness` takes them.
    pub fn argument(&self, number: u8) -> String {
        format!("--witness {}@http://{}", witness_signer(number).key(), self.address)
    }

    /// SIGKILL: it cannot tidy up.
    pub fn kill(mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: status, headers as they stand there, body.
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

/// Posts a body. `None` when the server was gone.
pub fn post(address: &str, path: &str, body: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: witness\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (headers, body) = text.split_once("\r\n\r\n")?;
    let status = headers.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, headers: headers.to_lowercase(), body: body.to_owned() })
}

/// 32 bytes from hexadecimal digits.
pub fn digest(text: &str) -> Digest {
    Digest::from_bytes(decode_lower(text).expect("64 digits"))
}
