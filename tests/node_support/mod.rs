//! A real node of Bitcoin Core in regtest mode, on loopback, for the tests that need one.

use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use counterfoil::fetch::rpc::{Client, Credentials};
use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

/// A node with an empty chain; it ends with this value.
pub(crate) struct Node {
    process: Child,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) url: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.client().ask_raw("stop", "[]");
        let _ = self.process.wait();
    }
}

impl Node {
    pub(crate) fn start(program: &OsStr) -> Self {
        Self::start_with(program, &[])
    }

    /// With further arguments.
    pub(crate) fn start_with(program: &OsStr, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(program)
            .arg(format!("-datadir={}", folder.path().display()))
            .arg(format!("-rpcport={port}"))
            .args(more)
            .args(["-regtest", "-server", "-listen=0", "-rpcbind=127.0.0.1", "-rpcallowip=127.0.0.1"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let node = Self { process, folder, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..200 {
            let ready = node.cookie().is_some() && node.client().ask_raw("getblockcount", "[]").is_ok();
            if ready {
                return node;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the node did not start");
    }

    pub(crate) fn cookie_file(&self) -> std::path::PathBuf {
        self.folder.path().join("regtest/.cookie")
    }

    pub(crate) fn cookie(&self) -> Option<Credentials> {
        Credentials::parse(&std::fs::read_to_string(self.cookie_file()).ok()?).ok()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url, self.cookie()).unwrap()
    }
}

/// A trial that needs a node: named by BITCOIND, ignored with the reason without one, failed without one in CI.
/// `left_out` are trials that this machine cannot run for another reason, which their names say.
pub(crate) fn with_node(names: &[&str], left_out: &[&str], run: fn(&OsStr, &str) -> Result<(), Failed>) -> Conclusion {
    let program = std::env::var_os("BITCOIND");
    let ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let trial = |name: &str| {
        let (program, scenario) = (program.clone(), name.to_owned());
        match program {
            Some(program) => Trial::test(name, move || run(&program, &scenario)),
            None if ci => Trial::test(name, || Err("BITCOIND names no bitcoind".into())),
            None => {
                let reason = format!("{name} (left out: BITCOIND names no bitcoind)");
                Trial::test(reason, || Ok(())).with_ignored_flag(true)
            }
        }
    };
    let missing = |name: &&str| match ci {
        true => Trial::test(*name, || Err("it cannot run on this machine".into())),
        false => Trial::test(*name, || Ok(())).with_ignored_flag(true),
    };
    let trials = names.iter().map(|name| trial(name)).chain(left_out.iter().map(missing)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials)
}
