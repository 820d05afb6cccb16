//! A headless Chromium, spoken to over the two pipes of its debugging protocol: no port, no further crate.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// The browser; it ends with this value.
pub(crate) struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    next: u64,
    /// What happened since the last page was opened.
    events: Vec<Value>,
    _folder: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.to.flush();
        for _ in 0..100 {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) width: u64,
    pub(crate) height: u64,
    pub(crate) theme: &'static str,
    pub(crate) media: &'static str,
}

impl Browser {
    pub(crate) fn start(program: &std::ffi::OsStr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // the shell puts the pipes where the browser looks for them
        let script = "program=$1; shift; exec \"$program\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";
        let mut process = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(program)
            .args(["--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run"])
            // the pages are our own, and the sandbox needs rights that a container may not give
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"])
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .env("HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut browser = Self { process, to, from, session: None, next: 0, events: Vec::new(), _folder: folder };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.ask("Target.attachToTarget", attach)["sessionId"].as_str().map(str::to_owned);
        browser.session = session;
        for domain in ["Page", "Network", "Log", "Runtime"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    fn read(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser ended");
        serde_json::from_slice(&message).unwrap()
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.to.write_all(&bytes).unwrap();
        self.to.flush().unwrap();
        loop {
            let mut answer = self.read();
            if answer["id"] == json!(self.next) {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            if answer.get("id").is_none() {
                self.events.push(answer);
            }
        }
    }

    /// Opens a file, and waits until it is there.
    pub(crate) fn open(&mut self, path: &std::path::Path, view: View) {
        self.events.clear();
        let size = json!({"width": view.width, "height": view.height, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let theme = json!([{"name": "prefers-color-scheme", "value": view.theme}]);
        self.ask("Emulation.setEmulatedMedia", json!({"media": view.media, "features": theme}));
        self.ask("Page.navigate", json!({"url": format!("file://{}", path.display())}));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.read();
            self.events.push(event);
        }
    }

    /// The value of an expression in the page, as JSON.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let mut answer = self.ask("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// What the console said and what was fetched besides the page itself, since it was opened.
    pub(crate) fn noise(&mut self) -> Vec<String> {
        // an answer to a later question comes after what happened before it
        self.value("document.fonts.size");
        let of = |event: &Value| match event["method"].as_str().unwrap_or_default() {
            "Log.entryAdded" => Some(format!("log: {}", event["params"]["entry"]["text"])),
            "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" => Some(format!("console: {}", event["params"])),
            "Network.requestWillBeSent" if event["params"]["type"] != "Document" => {
                Some(format!("request: {}", event["params"]["request"]["url"]))
            }
            "Network.requestWillBeSent" | "Network.loadingFailed" | "Network.webSocketCreated" => {
                let url = event["params"]["request"]["url"].as_str().unwrap_or("?");
                (!url.starts_with("file://")).then(|| format!("request: {}", event["params"]))
            }
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    /// The whole page as a picture.
    pub(crate) fn picture(&mut self, from: u64, height: u64, width: u64) -> Vec<u8> {
        let clip = json!({"x": 0, "y": from, "width": width, "height": height, "scale": 1});
        let asked = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let answer = self.ask("Page.captureScreenshot", asked);
        BASE64_STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    /// The page on paper, of the size that its style sheet names.
    pub(crate) fn print(&mut self) -> Vec<u8> {
        let answer = self.ask("Page.printToPDF", json!({"preferCSSPageSize": true, "printBackground": false}));
        BASE64_STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }
}
