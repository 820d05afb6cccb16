//! What the tests of serving share: a folder as a venue publishes it, and the command that serves it.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::panic, reason = "tests end that way")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::log_support::{Place, statements};

/// The magic of a pack.
pub const PACK: &[u8] = b"counterfoil\0sp\0\x01";

/// A folder with `site/` as `docs/serving.md` shows it, with three statements in the log.
pub fn site() -> Place {
    let place = Place::new();
    for made in statements(3) {
        place.publish(&made, "");
    }
    fs::create_dir(place.path().join("site")).expect("a folder");
    fs::rename(place.path().join("log"), place.path().join("site/log")).expect("the same disk");
    place.run(0, "page --out site/verify.html");
    place.run(0, "card make --statement next.json --page site/verify.html --out site/card.json");
    place.write("site/proofs/7/index.json", b"{}");
    place.write("site/proofs/7/packs/0.pack", &[PACK, &[7; 3000]].concat());
    place.write("site/proofs/2026-11/index.json", b"{\"x\":1}");
    place.write("site/proofs/2026-11/packs/3fa.pack", &[PACK, &[8; 200_000]].concat());
    place
}

/// Every file of the site with its path there.
pub fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut open) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below").to_str().expect("text").to_owned();
                found.push((name, fs::read(&path).expect("a file")));
            }
        }
    }
    found.sort();
    found
}

/// `counterfoil serve`, running.
pub struct Serving {
    child: Child,
    /// Where it listens.
    pub address: String,
    said: Arc<Mutex<Vec<String>>>,
}

impl Serving {
    /// Starts it in the folder of `place`.
    pub fn start(place: &Place, more: &str) -> Self {
        let line = format!("serve site --listen 127.0.0.1:0 {more}");
        let mut child = place.start(&line.split_whitespace().collect::<Vec<_>>());
        let said = Arc::new(Mutex::new(Vec::new()));
        let (sender, receiver) = std::sync::mpsc::channel();
        for stream in [
            Box::new(child.stdout.take().expect("piped")) as Box<dyn std::io::Read + Send>,
            Box::new(child.stderr.take().expect("piped")),
        ] {
            let (said, sender) = (Arc::clone(&said), sender.clone());
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if let Some((_, rest)) = line.split_once("listening at http://") {
                        let _ = sender.send(rest.split(',').next().unwrap_or_default().to_owned());
                    }
                    said.lock().expect("no panic there").push(line);
                }
            });
        }
        drop(sender);
        let address = receiver.recv_timeout(Duration::from_secs(60));
        let address = address.unwrap_or_else(|_| panic!("it does not listen: {:?}", said.lock().expect("lines")));
        Self { child, address, said }
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    }

    /// Waits for its end, at most so long.
    pub fn ended(mut self, most: Duration) -> (ExitStatus, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                break status;
            }
            assert!(begun.elapsed() < most, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        std::thread::sleep(Duration::from_millis(200));
        let said = self.said.lock().expect("lines").join("\n");
        (status, said)
    }

    /// The largest amount of memory that it ever had, in KiB.
    pub fn memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a figure");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends bytes and reads until the other side closes, or for ten seconds.
pub fn raw(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a socket");
    // it may close while we are still sending
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// An answer: status, headers in lower case, body.
pub struct Reply {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// Takes one answer apart.
pub fn reply(answer: &[u8]) -> Reply {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let at = at.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(answer)));
    let head = String::from_utf8(answer[..at].to_vec()).expect("ASCII");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let headers = head.lines().skip(1).map(|line| {
        let (name, value) = line.split_once(": ").expect("a header");
        format!("{}: {value}\n", name.to_lowercase())
    });
    Reply { status, headers: headers.collect(), body: answer[at + 4..].to_vec() }
}

/// One request.
pub fn ask(address: &str, method: &str, target: &str, more: &str) -> Reply {
    let request = format!("{method} {target} HTTP/1.1\r\nHost: site\r\nConnection: close\r\n{more}\r\n");
    reply(&raw(address, request.as_bytes()))
}
