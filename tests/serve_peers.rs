//! The folder that a venue publishes, served by others: nginx as `docs/serving.md` configures it gives what `serve`
//! gives, and a plain file server learns of the sealed proofs neither account nor amount nor who asked.
#![allow(missing_docs, clippy::unwrap_used)]

mod cli_support;
mod log_support;
mod serve_support;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use cli_support::{build_line, chmod, done, made};
use counterfoil::hash::sha256;
use counterfoil::liability::inclusion_proof::StatementRef;
use counterfoil::liability::sealed_proof::{Index, Pack, ProofCode};
use counterfoil::publish;
use libtest_mimic::{Arguments, Failed, Trial};
use serve_support::{Serving, ask, files, raw, reply, site};

type Test = fn(&Path);

fn main() -> ExitCode {
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let find = |name: &str, beside: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
        places.push(PathBuf::from(beside));
        places.into_iter().map(|place| place.join(name)).find(|program| program.is_file())
    };
    let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let tests: [(&str, &str, Test); 4] = [
        ("the page works under the headers of serve", &browser, page_in_a_browser),
        ("nginx gives what serve gives", "nginx", same_as_nginx),
        ("a file server of sealed proofs learns nothing", "python3", nothing_is_learnt),
        ("sizes tell nothing of amounts", "python3", sizes_tell_nothing),
    ];
    let trial = |(name, program, test): (&'static str, &str, Test)| match find(program, "/usr/sbin") {
        Some(program) => Trial::test(name, move || {
            test(&program);
            Ok(())
        }),
        None => {
            let missing = format!("{program} is not installed");
            let name = format!("{name} (ignored: {missing})");
            let result = move || if in_ci { Err(Failed::from(missing)) } else { Ok(()) };
            Trial::test(name, result).with_ignored_flag(!in_ci)
        }
    };
    libtest_mimic::run(&Arguments::from_args(), tests.into_iter().map(trial).collect()).exit_code()
}

/// A server of others, for as long as this lives.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts a program that listens at a port that was free a moment ago.
    fn start(make: impl FnOnce(&str) -> Command) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let child = make(&address).spawn().unwrap();
        for _ in 0..400 {
            if TcpStream::connect(&address).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx ends its own children when it is asked, and not when it is killed
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// The block of the document, with this test's folder and port.
fn nginx_configuration(place: &Path, address: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/serving.md")).unwrap();
    let block = text.split_once("```nginx\n").unwrap().1.split_once("```").unwrap().0;
    let own = |from: &str, to: &str, text: String| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replacen(from, to, 1)
    };
    let block = own("127.0.0.1:7381", address, block.to_owned());
    let block = own("/srv/example-exchange/site", place.join("site").to_str().unwrap(), block);
    let inside = place.join("nginx");
    let inside = inside.display();
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: String = paths.iter().map(|name| format!("{name}_temp_path {inside}/{name};\n")).collect();
    format!(
        "daemon off;\nworker_processes 1;\npid {inside}/pid;\nerror_log {inside}/error.log crit;\n\
         events {{ worker_connections 256; }}\nhttp {{\n{paths}{block}}}\n"
    )
}

fn same_as_nginx(program: &Path) {
    let place = site();
    place.write("site/notes.txt", b"notes");
    place.write("site/.hidden", b"hidden");
    place.write("secret.txt", b"outside");
    std::os::unix::fs::symlink("../../secret.txt", place.path().join("site/proofs/linked")).unwrap();
    fs::create_dir(place.path().join("site/proofs/out")).unwrap();
    std::os::unix::fs::symlink("../../../secret.txt", place.path().join("site/proofs/out/index.json")).unwrap();
    fs::create_dir(place.path().join("nginx")).unwrap();
    // as root, nginx serves as another user, who must reach the folder
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let nginx = Server::start(|address| {
        place.write("nginx/nginx.conf", nginx_configuration(place.path(), address).as_bytes());
        let mut command = Command::new(program);
        command.arg("-p").arg(place.path().join("nginx")).arg("-c").arg(place.path().join("nginx/nginx.conf"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    });
    let ours = Serving::start(&place, "");
    let same = |method: &str, target: &str, more: &str| {
        let (theirs, ours) = (ask(&nginx.address, method, target, more), ask(&ours.address, method, target, more));
        assert_eq!(theirs.status, ours.status, "{method} {target} {more}");
        if ours.status == 200 {
            assert!(theirs.body == ours.body, "{method} {target} {more}");
            for name in [
                "content-type",
                "content-length",
                "cache-control",
                "content-security-policy",
                "x-frame-options",
                "x-content-type-options",
                "referrer-policy",
            ] {
                assert_eq!(theirs.header(name), ours.header(name), "{method} {target}: {name}");
            }
        }
        ours.status
    };
    for (name, _) in files(&place.path().join("site")) {
        let open = !["notes.txt", ".hidden", "proofs/linked", "proofs/out/index.json"].contains(&name.as_str());
        let expected = if open { 200 } else { 404 };
        if name.starts_with("proofs/out") {
            // both refuse to follow the link; nginx says 403
            assert_eq!(ask(&ours.address, "GET", &format!("/{name}"), "").status, 404);
            assert_eq!(ask(&nginx.address, "GET", &format!("/{name}"), "").status, 403);
            continue;
        }
        for method in ["GET", "HEAD"] {
            assert_eq!(same(method, &format!("/{name}"), ""), expected, "{name}");
        }
        // never a part
        same("GET", &format!("/{name}"), "Range: bytes=0-9\r\n");
    }
    assert_eq!(same("GET", "/", ""), 200);
    for target in ["/log/", "/proofs/7/", "/proofs/7/packs/", "/log/pending", "/log/tile/8/000", "/nothing"] {
        assert_eq!(same("GET", target, ""), 404, "{target}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(same(method, "/card.json", ""), 405);
    }
    for target in ["/../secret.txt", "/%2e%2e/secret.txt", "/proofs/..%2f..%2fsecret.txt"] {
        let answer =
            raw(&nginx.address, format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes());
        assert!(!String::from_utf8_lossy(&answer).contains("outside"), "{target}");
    }
}

/// The policy of the headers takes nothing from the page that it needs: its script runs and writes the texts.
fn page_in_a_browser(browser: &Path) {
    let place = site();
    let ours = Serving::start(&place, "");
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", place.path().join("browser").display()));
    let output = command.arg(format!("http://{}/", ours.address)).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let title = "<h1 data-text=\"title\">";
    assert!(String::from_utf8(place.read("site/verify.html")).unwrap().contains(&format!("{title}</h1>")));
    assert!(shown.contains(&format!("{title}Check your balance")), "{}", String::from_utf8_lossy(&output.stderr));
}

const CUSTOMERS: usize = 300;
/// Account, amount in the ledger's text, the same in base units, credential.
type Customer = (String, String, u128, String);

/// Every text and number of them is long enough not to be met by chance.
fn customers(step: u128) -> Vec<Customer> {
    let row = |number: usize| {
        let units = 7_234_567_890_123_u128 + (number as u128) * step;
        let text = format!("{}.{:08}", units / 100_000_000, units % 100_000_000);
        (format!("customer-{number:06}@mail.example"), text, units, format!("blue heron {number:06}"))
    };
    (0..CUSTOMERS).map(row).collect()
}

fn ledger(customers: &[Customer]) -> String {
    let head = "account,asset,amount,credential\n".to_owned();
    let row = |(account, amount, _, credential): &Customer| format!("{account},BTC,{amount},{credential}\n");
    head + &customers.iter().map(row).collect::<String>()
}

/// Builds, signs and exports; gives the codes by account.
fn export(folder: &Path, ledger: &str, name: &str) -> BTreeMap<String, String> {
    fs::write(folder.join(format!("{name}.csv")), ledger).unwrap();
    done(folder, &build_line(&format!("{name}.csv"), "snapshot.toml", name));
    done(folder, &format!("statement sign {name} --key signing-a.key --record {name}.signed --out {name}.json"));
    done(folder, &format!("prove {name} --all --out site-{name}/proofs/0 --codes codes-{name}.csv"));
    let mut rows = csv::Reader::from_path(folder.join(format!("codes-{name}.csv"))).unwrap();
    rows.deserialize().collect::<Result<_, _>>().unwrap()
}

/// Every form in which a server could meet what it must not know.
struct Forbidden(Vec<(String, Vec<u8>)>);

impl Forbidden {
    fn of(customers: &[Customer], codes: &BTreeMap<String, String>) -> Self {
        let mut all = Vec::new();
        let mut add = |what: &str, bytes: &[u8]| {
            all.push((what.to_owned(), bytes.to_vec()));
            all.push((format!("{what}, in hexadecimal"), hex::encode(bytes).into_bytes()));
            all.push((format!("{what}, its hash"), sha256(bytes).as_bytes().to_vec()));
            all.push((format!("{what}, its hash in hexadecimal"), sha256(bytes).to_string().into_bytes()));
        };
        for (account, text, units, credential) in customers {
            add(&format!("account {account}"), account.as_bytes());
            add(&format!("credential of {account}"), credential.as_bytes());
            add(&format!("amount of {account}"), text.as_bytes());
            add(&format!("units of {account}"), units.to_string().as_bytes());
            add(&format!("units of {account}, hexadecimal"), format!("{units:x}").as_bytes());
            add(&format!("units of {account}, big-endian"), &units.to_be_bytes()[8..]);
            add(&format!("units of {account}, little-endian"), &units.to_le_bytes()[..8]);
            let code = &codes[account];
            add(&format!("code of {account}"), code.as_bytes());
            add(&format!("code of {account}, plain"), code.replace('-', "").as_bytes());
            add(&format!("code of {account}, bytes"), ProofCode::parse(code.as_bytes()).unwrap().expose());
        }
        Self(all)
    }

    /// The first that stands in these bytes, whatever the letters' case.
    fn find(&self, bytes: &[u8]) -> Option<&str> {
        // by the first eight bytes of each, or this would take minutes
        let begin = |bytes: &[u8]| u64::from_be_bytes(bytes[..8].try_into().unwrap());
        let mut begins: HashMap<u64, Vec<usize>> = HashMap::new();
        for (number, (_, needle)) in self.0.iter().enumerate() {
            begins.entry(begin(needle)).or_default().push(number);
            begins.entry(begin(&needle.to_ascii_lowercase())).or_default().push(number);
        }
        for text in [bytes, &bytes.to_ascii_lowercase()] {
            for (at, eight) in text.windows(8).enumerate() {
                let met = begins.get(&begin(eight)).into_iter().flatten().map(|number| &self.0[*number]);
                let whole = |needle: &[u8]| {
                    text[at..].starts_with(needle) || text[at..].starts_with(&needle.to_ascii_lowercase())
                };
                if let Some((what, _)) = met.clone().find(|(_, needle)| whole(needle)) {
                    return Some(what);
                }
            }
        }
        None
    }
}

/// The test is worth what it would see: a proof in the clear, and the table of codes.
fn it_finds_what_it_looks_for(folder: &Path, account: &str, forbidden: &Forbidden) {
    done(folder, &format!("prove many --account {} --out one.json", account));
    let one = fs::read(folder.join("one.json")).unwrap();
    for what in ["account", "units"] {
        let named = forbidden.0.iter().filter(|(name, _)| {
            name.starts_with(&format!("{what} {}", account)) || name.starts_with(&format!("{what} of {}", account))
        });
        assert!(named.clone().any(|(_, needle)| one.windows(needle.len()).any(|part| part == needle)), "{what}");
    }
    assert!(forbidden.find(&fs::read(folder.join("codes-many.csv")).unwrap()).is_some());
}

/// Every tenth customer fetches what they need, and verifies their proof. Gives every byte that was sent, by what it
/// asked for.
fn customers_ask(
    folder: &Path,
    address: &str,
    customers: &[Customer],
    codes: &BTreeMap<String, String>,
) -> BTreeMap<String, Vec<Vec<u8>>> {
    let root = folder.join("site-many");
    let index = Index::parse(&fs::read(root.join("proofs/0/index.json")).unwrap()).unwrap();
    let document = fs::read(folder.join("many/statement.draft.json")).unwrap();
    let statement = publish::parse(&document).unwrap();
    let reference = StatementRef {
        digest: publish::digest(&document),
        sequence: statement.sequence,
        venue: statement.venue.id.clone(),
    };
    let mut requests: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for (number, (account, ..)) in customers.iter().enumerate().step_by(29) {
        let code = ProofCode::parse(codes[account].as_bytes()).unwrap();
        let pack = index.locate(&code, &reference).unwrap().to_string();
        // what the page's instructions and `verify` need: the index, and one whole pack
        let wanted = ["verify.html".to_owned(), "proofs/0/index.json".to_owned(), format!("proofs/0/{pack}")];
        let own = folder.join(format!("of-{number}"));
        for name in &wanted {
            let request = format!("GET /{name} HTTP/1.1\r\nHost: proofs\r\nConnection: close\r\n\r\n").into_bytes();
            let got = reply(&raw(address, &request));
            assert_eq!(got.status, 200, "{name}");
            let path = own.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &got.body).unwrap();
            requests.entry(name.clone()).or_default().push(request);
        }
        fs::write(folder.join("my.code"), &codes[account]).unwrap();
        fs::write(folder.join("my.credential"), &customers[number].3).unwrap();
        for name in ["my.code", "my.credential"] {
            chmod(&folder.join(name), 0o600);
        }
        let line = format!(
            "verify of-{number}/proofs/0 --code-file my.code --credential-file my.credential --statement many.json \
             --policy policy.toml --account {account}"
        );
        assert!(done(folder, &line).contains("Your balance is in the total"));
    }
    requests
}

/// Everything that a plain file server sees: names and bytes of all files, and every byte of every request that a
/// customer makes for the command or the page, which itself may ask nobody. None of it says who, whose, or how much.
fn nothing_is_learnt(python: &Path) {
    let venue = made();
    let folder = venue.path();
    let customers = customers(1_000_003);
    let codes = export(folder, &ledger(&customers), "many");
    assert_eq!(codes.len(), CUSTOMERS);
    let forbidden = Forbidden::of(&customers, &codes);
    it_finds_what_it_looks_for(folder, &customers[5].0, &forbidden);
    let root = folder.join("site-many");
    done(folder, "page --out site-many/verify.html");
    fs::create_dir_all(root.join("log/statement")).unwrap();
    fs::copy(folder.join("many.json"), root.join("log/statement/000.json")).unwrap();
    let published = files(&root);
    for (name, bytes) in &published {
        assert_eq!(forbidden.find(name.as_bytes()), None, "the name {name}");
        // the statement's figures are the venue's; a customer's are nowhere
        assert_eq!(forbidden.find(bytes), None, "{name}");
    }
    let log = folder.join("server.log");
    let server = Server::start(|address| {
        let (host, port) = address.split_once(':').unwrap();
        let mut command = Command::new(python);
        command.args(["-u", "-m", "http.server", port, "--bind", host, "--directory"]).arg(&root);
        command.stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap());
        command
    });
    let requests = customers_ask(folder, &server.address, &customers, &codes);
    drop(server);
    // the server's own notes, and what it was sent
    let mut notes = String::new();
    fs::File::open(&log).unwrap().read_to_string(&mut notes).unwrap();
    assert!(notes.matches("\"GET /proofs/0/packs/").count() >= 10, "{notes}");
    assert_eq!(forbidden.find(notes.as_bytes()), None, "{notes}");
    for (name, sent) in &requests {
        // all who ask for a thing send the same bytes
        assert!(sent.windows(2).all(|two| two[0] == two[1]), "{name}");
        assert_eq!(forbidden.find(&sent[0]), None, "{name}");
    }
    // and share it with many
    for (name, bytes) in published.iter().filter(|(name, _)| name.ends_with(".pack")) {
        let pack = Pack::parse(bytes).unwrap();
        assert!(pack.entries().len() >= 64, "{name} has {} proofs", pack.entries().len());
    }
    assert!(requests.keys().filter(|name| name.ends_with(".pack")).count() <= published.len());
}

/// Two exports of the same accounts, one with amounts a million times larger: a server sees the same names and sizes.
fn sizes_tell_nothing(_: &Path) {
    let venue = made();
    let folder = venue.path();
    let few = 100;
    let sizes = |name: &str, customers: &[Customer]| {
        export(folder, &ledger(&customers[..few]), name);
        let published = files(&folder.join(format!("site-{name}")));
        let packs = published.iter().filter(|(name, _)| name.ends_with(".pack"));
        let mut lengths: Vec<usize> = packs
            .flat_map(|(_, bytes)| Pack::parse(bytes).unwrap().entries().map(|(_, length)| length).collect::<Vec<_>>())
            .collect();
        lengths.sort_unstable();
        let names: Vec<(String, usize)> = published.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect();
        (names, lengths)
    };
    let (small, large) = (sizes("small", &customers(1)), sizes("large", &customers(900_000_000_000)));
    let stable = |found: &[(String, usize)]| -> Vec<(String, usize)> {
        found.iter().filter(|(name, _)| name.ends_with(".pack")).cloned().collect()
    };
    assert_eq!(stable(&small.0), stable(&large.0));
    assert_eq!(small.1, large.1);
    assert_eq!(small.1.len(), few);
    // the class of the only size there is: a power of two, and the seal
    assert!(small.1.iter().all(|length| (length - 16).is_power_of_two()), "{:?}", small.1);
}
