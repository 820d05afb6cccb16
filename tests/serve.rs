//! The server of what a venue publishes, as a real process on loopback: what it gives, to whom it gives nothing, how it
//! ends, and what it notes.
#![allow(missing_docs, clippy::unwrap_used)]

mod log_support;
mod serve_support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::time::{Duration, Instant};

use log_support::Place;
use serve_support::{PACK, Serving, ask, files, raw, reply, site};

#[test]
fn what_is_published_is_served_as_it_lies_there() {
    let place = site();
    let server = Serving::start(&place, "");
    for (name, bytes) in files(&place.path().join("site")) {
        let (kind, kept) = match name.as_str() {
            "verify.html" => ("text/html; charset=utf-8", "public, max-age=300"),
            "log/checkpoint" => ("text/plain; charset=utf-8", "public, max-age=5"),
            _ if name.starts_with("log/tile") => ("application/octet-stream", "public, max-age=31536000, immutable"),
            _ if name.starts_with("log/statement") => ("application/json", "public, max-age=3600"),
            _ if name.ends_with(".pack") => ("application/octet-stream", "public, max-age=3600"),
            _ => ("application/json", "public, max-age=300"),
        };
        let got = ask(&server.address, "GET", &format!("/{name}"), "");
        assert_eq!((got.status, got.body == bytes), (200, true), "{name}");
        assert_eq!((got.header("content-type"), got.header("cache-control")), (Some(kind), Some(kept)), "{name}");
        assert_eq!(got.header("content-length"), Some(bytes.len().to_string().as_str()), "{name}");
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        let head = ask(&server.address, "HEAD", &format!("/{name}?a=b"), "");
        let dated =
            |headers: &str| headers.lines().filter(|line| !line.starts_with("date")).collect::<Vec<_>>().join("\n");
        assert_eq!((head.status, dated(&head.headers)), (200, dated(&got.headers)), "{name}");
        assert!(head.body.is_empty());
        // who has it gets it not again
        let tag = got.header("etag").unwrap();
        for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let again = ask(&server.address, "GET", &format!("/{name}"), &format!("If-None-Match: {known}\r\n"));
            assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)), "{name} {known}");
        }
        assert_eq!(ask(&server.address, "GET", &format!("/{name}"), "If-None-Match: \"x\"\r\n").status, 200);
        // a part of a pack would say which proof is wanted
        let part = ask(&server.address, "GET", &format!("/{name}"), "Range: bytes=0-9\r\n");
        assert_eq!((part.status, part.body.len(), part.header("accept-ranges")), (200, bytes.len(), Some("none")));
    }
    let page = ask(&server.address, "GET", "/", "");
    assert_eq!(page.body, place.read("site/verify.html"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("connect-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    // what appears later is there without a restart
    place.write("site/proofs/8/packs/0.pack", PACK);
    assert_eq!(ask(&server.address, "GET", "/proofs/8/packs/0.pack", "").body, PACK);
}

/// The site, and beside what is published all that must not be served.
fn site_with_strays() -> Place {
    let place = site();
    let outside = place.path().join("outside");
    fs::create_dir_all(outside.join("packs")).unwrap();
    for name in ["card.json", "index.json", "packs/0.pack"] {
        fs::write(outside.join(name), [PACK, b"outside"].concat()).unwrap();
    }
    let at = |name: &str| place.path().join("site").join(name);
    place.write("site/notes.txt", b"notes");
    place.write("site/.hidden", b"hidden");
    place.write("site/.git/config", b"hidden");
    place.write("site/log/pending", &place.read("site/log/checkpoint"));
    place.write("site/proofs/7/packs/1.pack", b"no pack");
    place.write("site/proofs/7/packs/2.pack", b"");
    // what the checkpoint does not speak of
    place.write("site/log/tile/0/000.p/4", &[0; 128]);
    place.write("site/log/tile/0/000", &[0; 8192]);
    place.write("site/log/tile/entries/000.p/200", b"x");
    place.write("site/log/statement/003.json", b"{}");
    // links, of files and of folders, to what is outside
    fs::remove_file(at("card.json")).unwrap();
    symlink(outside.join("card.json"), at("card.json")).unwrap();
    symlink(&outside, at("proofs/linked")).unwrap();
    fs::create_dir(at("proofs/half")).unwrap();
    symlink(outside.join("packs"), at("proofs/half/packs")).unwrap();
    // a pipe, which would wait for its writer
    fs::create_dir(at("proofs/pipe")).unwrap();
    assert!(Command::new("mkfifo").arg(at("proofs/pipe/index.json")).status().unwrap().success());
    fs::create_dir(at("proofs/folder")).unwrap();
    fs::create_dir(at("proofs/folder/index.json")).unwrap();
    place.write("site/proofs/mine/index.json", b"{}");
    fs::set_permissions(at("proofs/mine/index.json"), fs::Permissions::from_mode(0o600)).unwrap();
    place.write("site/proofs/early/index.json", b"{}");
    fs::set_permissions(at("proofs/early"), fs::Permissions::from_mode(0o700)).unwrap();
    place
}

#[test]
fn nothing_else_of_the_folder_is_served() {
    let place = site_with_strays();
    let server = Serving::start(&place, "");
    for target in [
        "/notes.txt",
        "/.hidden",
        "/.git/config",
        "/log",
        "/log/",
        "/log/pending",
        "/proofs",
        "/proofs/",
        "/proofs/7",
        "/proofs/7/packs/",
        "/proofs/7/packs/1.pack",
        "/proofs/7/packs/2.pack",
        "/proofs/7/packs/f.pack",
        "/log/tile/0/000.p/4",
        "/log/tile/0/000",
        "/log/tile/entries/000.p/200",
        "/log/statement/003.json",
        "/log/statement/000.json/",
        "/card.json",
        "/proofs/linked/index.json",
        "/proofs/linked/packs/0.pack",
        "/proofs/half/packs/0.pack",
        "/proofs/pipe/index.json",
        "/proofs/folder/index.json",
        "/proofs/mine/index.json",
        "/proofs/early/index.json",
        "/verify.html/",
        "/verify.html/x",
        "/VERIFY.HTML",
        "/favicon.ico",
    ] {
        let got = ask(&server.address, "GET", target, "");
        assert_eq!((got.status, &got.body[..], got.header("etag")), (404, &b"not here\n"[..], None), "{target}");
    }
    let (_, said) = {
        server.terminate();
        server.ended(Duration::from_secs(20))
    };
    assert!(said.contains("not served: ") && said.contains("the log, 3 entries"), "{said}");
    assert!(said.contains("not served: 2 files that others on this machine may not read"), "{said}");
}

/// What is not a plain request for one of the files gets a refusal or nothing.
#[test]
fn hostile_requests_are_refused_or_dropped() {
    let place = site();
    place.write("secret.txt", b"outside of the folder");
    let server = Serving::start(&place, "");
    let address = server.address.as_str();
    for target in [
        "/../secret.txt",
        "/log/../../secret.txt",
        "/log/../verify.html",
        "/./verify.html",
        "//verify.html",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/%252e%252e/secret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/%uff0e%uff0e/secret.txt",
        "/log/%2e%2e/card.json",
        "/%76erify.html",
        "/verify.html%00",
        "/verify.html%00.txt",
        "/verify.html%20",
        "/verify.html;x",
        "/verify.html.",
        "/proofs/7/packs/../index.json",
        "/proofs/../log/checkpoint",
        "/proofs/../../secret.txt",
        "/....//secret.txt",
        "/file:///etc/passwd",
        "/etc/passwd",
        "/proc/self/environ",
        "/~root/",
        "/proofs/7/packs/%30.pack",
    ] {
        let answer = raw(address, format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
        let got = reply(&answer);
        assert!(got.status == 404 || got.status == 400, "{target}: {}", got.status);
        assert!(got.body.len() < 20, "{target}");
    }
    methods_and_hosts(&place, address);
    malformed(address);
    assert_eq!(ask(address, "GET", "/card.json", "").status, 200);
}

fn methods_and_hosts(place: &Place, address: &str) {
    // as for a proxy: the same file, whatever host is named, and nothing is fetched from there
    for target in
        ["http://site/card.json", "http://other.example:1/card.json", "HTTP://user:word@other.example/card.json"]
    {
        assert_eq!(ask(address, "GET", target, "").body, place.read("site/card.json"), "{target}");
    }
    assert_eq!(ask(address, "GET", "http://127.0.0.1/../secret.txt", "").status, 404);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"] {
        let got = ask(address, method, "/card.json", "Content-Length: 3\r\n");
        assert_eq!((got.status, got.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
    assert_eq!(ask(address, "OPTIONS", "*", "").status, 405);
    assert_eq!(ask(address, "CONNECT", "other.example:443", "").status, 405);
}

fn malformed(address: &str) {
    let long = "x".repeat(100_000);
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    let hostile: Vec<Vec<u8>> = vec![
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(),
        format!("GET /card.json HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n").into_bytes(),
        format!("GET /card.json HTTP/1.1\r\nHost: x\r\n{many}\r\n").into_bytes(),
        format!("{long} /card.json HTTP/1.1\r\n\r\n").into_bytes(),
        b"\x00\xff\x00\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET /card.json\r\n\r\n".to_vec(),
        b"GET /card.json HTTP/9.9\r\n\r\n".to_vec(),
        b"GET  /card.json  HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        b"GET /card.json HTTP/1.1\r\nHost x\r\n\r\n".to_vec(),
        b"GET /card.json HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n".to_vec(),
        b"GET /card.json HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n".to_vec(),
        b"GET /card.json HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab".to_vec(),
        b"GET /card.json HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n".to_vec(),
        b"GET /card.json HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n".to_vec(),
    ];
    for bytes in hostile {
        let answer = String::from_utf8_lossy(&raw(address, &bytes)).into_owned();
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.0 4");
        assert!(
            refused,
            "{:?}: {:?}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(80)]),
            &answer[..answer.len().min(80)]
        );
    }
    // one request is never read as two
    let smuggled = b"GET /card.json HTTP/1.1\r\nHost: x\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n\
        0\r\n\r\nGET /verify.html HTTP/1.1\r\nHost: x\r\n\r\n";
    let answer = raw(address, smuggled);
    assert!(answer.windows(15).filter(|part| part == b"HTTP/1.1 200 OK").count() <= 1);
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let place = site();
    let server = Serving::start(&place, "");
    let targets = ["/card.json", "/nothing", "/log/checkpoint", "/proofs/7/index.json"];
    let mut request = String::new();
    for round in 0..40 {
        let (method, close) = if round % 5 == 4 { ("HEAD", "") } else { ("GET", "") };
        let close = if round == 39 { "Connection: close\r\n" } else { close };
        request.push_str(&format!("{method} {} HTTP/1.1\r\nHost: x\r\n{close}\r\n", targets[round % 4]));
    }
    let mut rest = &raw(&server.address, request.as_bytes())[..];
    for round in 0..40 {
        let got = reply(rest);
        let length: usize = got.header("content-length").unwrap().parse().unwrap();
        let length = if round % 5 == 4 { 0 } else { length };
        assert_eq!(got.status, if round % 4 == 1 { 404 } else { 200 }, "answer {round}");
        rest = &rest[rest.len() - got.body.len() + length..];
    }
    assert!(rest.is_empty());
}

/// Who dribbles, and who does not read, has no effect on others, and does not stay.
#[test]
fn slow_clients_hold_up_nobody() {
    let place = site();
    let server = Serving::start(&place, "");
    let connect = || TcpStream::connect(&server.address).unwrap();
    let mut silent = connect();
    let mut dribbling: Vec<TcpStream> = (0..60).map(|_| connect()).collect();
    for stream in &mut dribbling {
        stream.write_all(b"GET /card.json HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    }
    let mut deaf: Vec<TcpStream> = (0..60).map(|_| connect()).collect();
    for stream in &mut deaf {
        stream.write_all(b"GET /proofs/2026-11/packs/3fa.pack HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    }
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(ask(&server.address, "GET", "/card.json", "").status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // one byte a second keeps no place either
    let begun = Instant::now();
    let (first, mut rest) = (&mut dribbling[0], Vec::new());
    first.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    while begun.elapsed() < Duration::from_secs(40) {
        if first.write_all(b"y").is_err() || first.read_to_end(&mut rest).is_ok() {
            break;
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    silent.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert_eq!(silent.read_to_end(&mut rest).ok(), Some(0), "who asks nothing does not stay");
}

#[test]
fn memory_stays_bounded_when_all_places_are_taken() {
    let place = site();
    place.write("site/proofs/7/packs/9.pack", &[PACK, &vec![7; 32 << 20][..]].concat());
    let server = Serving::start(&place, "--connections 200");
    assert_eq!(ask(&server.address, "GET", "/card.json", "").status, 200);
    let before = server.memory_kib();
    // everybody asks for 32 MiB and reads nothing
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..400 {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(b"GET /proofs/7/packs/9.pack HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        clients.push(stream);
    }
    std::thread::sleep(Duration::from_secs(3));
    let grown = server.memory_kib() - before;
    // each place: a piece of 64 KiB that waits, one that is being sent, and 16 KiB of buffer
    assert!(grown < 200 * 192, "{grown} KiB more");
    // those who wait get their turn when others leave
    clients.drain(..300);
    let mut answer = [0; 15];
    let last = clients.last_mut().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    last.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    drop(clients);
    assert_eq!(ask(&server.address, "GET", "/card.json", "").status, 200);
}

#[test]
fn it_finishes_what_it_began_when_it_is_asked_to_end() {
    let place = site();
    let content = [PACK, &vec![9; 24 << 20][..]].concat();
    place.write("site/proofs/7/packs/9.pack", &content);
    let server = Serving::start(&place, "");
    let mut reading = TcpStream::connect(&server.address).unwrap();
    reading.write_all(b"GET /proofs/7/packs/9.pack HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = vec![0; 4096];
    reading.read_exact(&mut answer).unwrap();
    let mut idle = TcpStream::connect(&server.address).unwrap();
    idle.write_all(b"HEAD /card.json HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut some = [0; 15];
    idle.read_exact(&mut some).unwrap();
    server.terminate();
    std::thread::sleep(Duration::from_millis(500));
    assert!(TcpStream::connect(&server.address).is_err(), "it still listens");
    reading.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    reading.read_to_end(&mut answer).unwrap();
    assert!(reply(&answer).body == content, "the answer was cut");
    let (status, said) = server.ended(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("ended: 2 requests, 2 of them answered") && !said.contains("cut"), "{said}");
}

#[test]
fn waiting_for_running_answers_has_an_end() {
    let place = site();
    place.write("site/proofs/7/packs/9.pack", &[PACK, &vec![9; 24 << 20][..]].concat());
    let server = Serving::start(&place, "--grace 1");
    let mut deaf = TcpStream::connect(&server.address).unwrap();
    deaf.write_all(b"GET /proofs/7/packs/9.pack HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    deaf.read_exact(&mut [0; 15]).unwrap();
    server.terminate();
    let (status, said) = server.ended(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("after 1 s were cut"), "{said}");
}

#[test]
fn notes_say_neither_who_asked_nor_for_what() {
    let place = site();
    let server = Serving::start(&place, "--access-log");
    for target in ["/proofs/2026-11/packs/3fa.pack", "/proofs/7/packs/0.pack", "/c00042?account=c00042", "/card.json"] {
        ask(&server.address, "GET", target, "User-Agent: customer-c00042\r\nReferer: http://x/c00042\r\n");
    }
    ask(&server.address, "POST", "/c00042", "");
    raw(&server.address, b"GET /c00042\r\n\r\n");
    server.terminate();
    let (_, said) = server.ended(Duration::from_secs(20));
    let (_, behind) = said.split_once("SIGINT\n").unwrap();
    let lines: Vec<&str> = behind.lines().filter(|line| !line.starts_with("ended: ")).collect();
    assert_eq!(lines.len(), 5, "{said}");
    for (line, begin) in
        lines.iter().zip(["read 200 262144 ", "read 200 4096 ", "read 404 16 ", "read 200 ", "other 405 4 "])
    {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(line.starts_with(begin) && words.len() == 4 && words[3].ends_with("ms"), "{line}");
        assert!(words[2].parse::<u64>().unwrap().is_power_of_two(), "{line}");
    }
    for word in ["c00042", "3fa", "2026-11", "127.0.0.1", "customer"] {
        assert!(!behind.contains(word), "{word} in {behind}");
    }
}

#[test]
fn a_folder_with_secrets_is_not_served() {
    let place = site();
    let refused = |name: &str, bytes: &[u8], mode: u32, what: &str| {
        place.write(&format!("site/{name}"), bytes);
        let path = place.path().join("site").join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let said = place.refused(2, "CF-9080", "serve site --listen 127.0.0.1:0");
        assert!(said.contains(name) && said.contains(what), "{said}");
        fs::remove_file(path).unwrap();
        said
    };
    let key = place.read("log.key");
    assert!(!refused("a.key", &key, 0o644, "a key or a master secret").contains("0707"));
    // the name of something that is served helps nobody
    refused("card.json", &key, 0o644, "a key or a master secret");
    place.run(0, "page --force --out site/verify.html");
    refused("log/master", b"counterfoil-master-secret-v1 0", 0o644, "a key or a master secret");
    refused("old/b.key", b"counterfoil-locked-key-v1\nkind x", 0o644, "a key or a master secret");
    refused("tls.pem", b"-----BEGIN EC PRIVATE KEY-----\nM", 0o644, "a private key in PEM");
    refused("proofs/codes.csv", b"account,code\nu1,AAAAA\n", 0o644, "the table of accounts and codes");
    refused("ledger.csv", b"account,asset,amount\n", 0o644, "a table of customer accounts");
    refused("store/header", b"counterfoil\0st\0\x02", 0o644, "a store of balances");
    refused("proof.json", b"{\"account\":\"u1\",\"format\":", 0o644, "the inclusion proof of one customer");
    refused("my.code", b"2ZT9T-R7K22-ZRR2H-B4RNS-8Y5H3-BF73J\n", 0o644, "the code of a customer");
    refused(".deep/er/file", b"anything", 0o600, "only its owner may read it");
    place.run(2, "serve nowhere --listen 127.0.0.1:0");
    fs::create_dir(place.path().join("empty")).unwrap();
    place.write("empty/notes.txt", b"x");
    place.refused(2, "CF-9081", "serve empty --listen 127.0.0.1:0");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    place.refused(2, "CF-9082", &format!("serve site --listen {}", taken.local_addr().unwrap()));
    place.refused(2, "CF-9082", "serve site --listen nowhere.invalid");
    open_files_are_counted(&place);
    // the lock that `publish` leaves is empty, and no secret
    place.write("site/log.lock", b"");
    let server = Serving::start(&place, "");
    assert_eq!(ask(&server.address, "GET", "/log.lock", "").status, 404);
}

fn open_files_are_counted(place: &Place) {
    let command = format!(
        "ulimit -n 120 && exec {} serve site --listen 127.0.0.1:0 --connections 100",
        env!("CARGO_BIN_EXE_counterfoil")
    );
    let ended = Command::new("sh").args(["-c", &command]).current_dir(place.path()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("CF-9004") && said.contains("need 264 open files, the system allows 120"), "{said}");
}
