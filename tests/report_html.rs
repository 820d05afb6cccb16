//! The page that `reconcile --html` writes: what it holds, and how a real browser shows it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

mod credit_support;

#[path = "report_html/browser.rs"]
mod browser;
#[path = "report_html/network.rs"]
mod network;
#[path = "report_html/sample.rs"]
mod sample;
#[path = "report_html/sheet.rs"]
mod sheet;

use browser::{Browser, View};
use counterfoil::reconcile::Report;
use counterfoil::reconcile::network::NetworkReport;
use counterfoil::reconcile::sheet::SheetReport;
use counterfoil::report::{html, network_html, sheet_html};

type Made = (&'static str, fn() -> Report);

const SAMPLES: [Made; 6] = [
    ("demo", sample::demo),
    ("windows", sample::windows),
    ("many", sample::many),
    ("hostile", sample::hostile),
    ("bare", sample::bare),
    ("assumed", sample::assumed),
];

fn main() -> ExitCode {
    let mut trials = vec![
        Trial::test("the same report is the same page", same_bytes),
        Trial::test("hostile texts stay texts", hostile_texts),
        Trial::test("hostile texts of several venues stay texts", network::hostile_texts),
        Trial::test("hostile texts of a sheet stay texts", sheet::hostile_texts),
        Trial::test("the command writes the page", command),
        Trial::test("the page says it in this order", order),
    ];
    let ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let chromium = chromium();
    let reports = SAMPLES.map(|(name, make)| (name, Page::Report(make)));
    let networks = network::SAMPLES.map(|(name, make)| (name, Page::Network(make)));
    let sheets = sheet::SAMPLES.map(|(name, make)| (name, Page::Sheet(make)));
    for (name, page) in reports.into_iter().chain(networks).chain(sheets) {
        let title = format!("{name} in a browser");
        trials.push(match chromium.clone() {
            Some(program) => Trial::test(title, move || in_browser(&program, name, &page.made()?)),
            None if ci => Trial::test(title, || Err("no chromium: CHROMIUM names none, PATH has none".into())),
            None => Trial::test(format!("{title} (left out: no chromium)"), || Ok(())).with_ignored_flag(true),
        });
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What makes a page.
#[derive(Clone, Copy)]
enum Page {
    Report(fn() -> Report),
    Network(fn() -> NetworkReport),
    Sheet(fn() -> SheetReport),
}

impl Page {
    fn made(self) -> Result<String, Failed> {
        match self {
            Self::Report(make) => Ok(html(&make())?),
            Self::Network(make) => Ok(network_html(&make())?),
            Self::Sheet(make) => Ok(sheet_html(&make())?),
        }
    }
}

/// Named by CHROMIUM, or the one of the system.
fn chromium() -> Option<OsString> {
    let named = std::env::var_os("CHROMIUM");
    named.or_else(|| {
        let there = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
        ["chromium", "chromium-browser", "google-chrome"].into_iter().find(there).map(OsString::from)
    })
}

fn same_bytes() -> Result<(), Failed> {
    for (name, make) in SAMPLES {
        assert_eq!(html(&make())?, html(&make())?, "{name}");
    }
    Ok(())
}

/// The words between tags and in attributes hold no tag; nothing hidden or turned is left.
fn hostile_texts() -> Result<(), Failed> {
    let (page, plain) = (html(&sample::hostile())?, html(&sample::windows())?);
    for tag in ["<script", "<img", "<iframe", "<link", "<object", "<form", "<input", "onload=alert(2)>"] {
        assert!(!page.contains(tag) && !plain.contains(tag), "{tag}");
    }
    assert!(page.contains("&#60;script&#62;"), "the text itself is shown");
    assert!(!page.contains(|c| counterfoil::report::is_control(c) && c != '\n'));
    assert!(page.contains("safe \u{fffd}txt.exe\u{fffd}"));
    for elsewhere in ["http:", "https:", "url(", "@import", "src="] {
        let count = |page: &str| page.matches(elsewhere).count();
        let local = plain.matches("url(#").count();
        assert_eq!(count(&plain), if elsewhere == "url(" { local } else { 0 }, "{elsewhere}");
    }
    assert!(plain.contains("default-src 'none'; style-src 'sha256-"));
    assert!(!plain.contains(" style="));
    Ok(())
}

fn command() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let run = |threads: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.current_dir(folder.path()).env("RAYON_NUM_THREADS", threads).args(arguments).output().unwrap()
    };
    assert!(run("2", &["demo"]).status.success());
    let page = |threads: &str, name: &str| {
        let bundle =
            ["reconcile", "counterfoil-demo/bundle", "--policy", "counterfoil-demo/policy.toml", "--html", name];
        let output = run(threads, &bundle);
        assert_eq!(output.status.code(), Some(1), "one asset is short: {}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stderr).contains(&format!("report written to {name}")));
        std::fs::read_to_string(folder.path().join(name)).unwrap()
    };
    let one = page("1", "one.html");
    assert_eq!(one, page("4", "four.html"));
    assert_eq!(one, std::fs::read_to_string(folder.path().join("counterfoil-demo/report.html"))?);
    assert_eq!(one, html(&sample::demo())?);
    let again = run("1", &["reconcile", "nothing", "--policy", "nothing", "--html", "one.html"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("CF-9002"), "refused before any work is done");
    Ok(())
}

fn order() -> Result<(), Failed> {
    let report = sample::windows();
    let page = html(&report)?;
    let places: Vec<usize> = [
        "<h1",
        "What this is not</h2>",
        "Scope</h2>",
        "Departures from the built-in policy",
        "Assets</h2>",
        "How to quote this",
        "Owed against held</h2>",
        "Asset by asset</h2>",
        "Findings</h2>",
        "Assertions</h2>",
        "What this report does not show</h2>",
        "Procedures, and how to repeat them</h2>",
        "To make it again</h3>",
        "<footer id=\"bundle\"",
    ]
    .iter()
    .map(|words| page.find(words).unwrap_or_else(|| panic!("{words} is missing")))
    .collect();
    assert!(places.is_sorted(), "{places:?}");
    for departure in &report.policy.departures {
        assert!(page.contains(&departure.replace('\'', "&#39;")), "{departure}");
    }
    for line in &report.not_shown {
        assert!(page.contains(&line.replace('\'', "&#39;")), "{line}");
    }
    for assertion in &report.workpapers.assertions {
        assert!(page.contains(&format!("<span class=\"asset\">{}</span>", assertion.assertion.text())));
    }
    for procedure in &report.workpapers.procedures {
        assert!(page.contains(&format!("<b class=\"id\">{}</b>", procedure.id)), "{}", procedure.id);
    }
    for finding in &report.findings {
        assert!(page.contains(&format!("id=\"{}\"", finding.id)), "{}", finding.id);
        assert!(finding.evidence_sha256.is_none_or(|digest| page.contains(&digest.to_string())));
    }
    Ok(())
}

const PHONE: u64 = 360;
const DESKTOP: u64 = 1_280;
/// Between the margins of an A4 page, at 96 pixels an inch.
const PAPER: u64 = 665;

fn in_browser(program: &OsStr, name: &str, page: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.html");
    std::fs::write(&path, page)?;
    let mut browser = Browser::start(program);
    let pictures = std::env::var_os("COUNTERFOIL_PICTURES").map(PathBuf::from);
    for (theme, width, media) in [
        ("light", DESKTOP, "screen"),
        ("dark", DESKTOP, "screen"),
        ("light", PHONE, "screen"),
        ("dark", PHONE, "screen"),
        ("dark", PAPER, "print"),
    ] {
        browser.open(&path, View { width, height: 800, theme, media });
        look(&mut browser, name, width, theme, media);
        // folded parts must fit as well
        browser.value("document.querySelectorAll('details').forEach(part => part.open = true)");
        look(&mut browser, name, width, theme, media);
        assert_eq!(browser.noise(), Vec::<String>::new(), "{name} {theme} {width}");
        if let Some(folder) = &pictures {
            browser.open(&path, View { width, height: 800, theme, media });
            let height = browser.value("document.documentElement.scrollHeight").as_u64().unwrap();
            let step = if width == PHONE { 1_600 } else { 1_500 };
            for (number, from) in (0..height.min(step * 14)).step_by(usize::try_from(step).unwrap()).enumerate() {
                let picture = browser.picture(from, step.min(height - from), width);
                std::fs::write(folder.join(format!("{name}-{media}-{theme}-{width}-{number}.png")), picture)?;
            }
        }
    }
    names(&mut browser);
    browser.open(&path, View { width: DESKTOP, height: 800, theme: "dark", media: "" });
    let paper = browser.print();
    if let Some(folder) = &pictures {
        std::fs::write(folder.join(format!("{name}.pdf")), &paper)?;
    }
    let pages = on_a4(&paper);
    assert!(pages >= 1);
    Ok(())
}

/// Nothing hangs over the edge, and what is painted can be read against its ground.
fn look(browser: &mut Browser, name: &str, width: u64, theme: &str, media: &str) {
    let what = format!("{name} {theme} {width} {media}");
    let wide = browser.value("document.scrollingElement.scrollWidth").as_u64().unwrap();
    assert!(wide <= width, "{what}: {wide} pixels wide");
    let hanging = browser.value(
        "[...document.querySelectorAll('body *')].filter(part => !part.closest('.scroll, .hidden, .defs, thead, svg') && \
         part.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(part => part.outerHTML.slice(0, 120))",
    );
    assert_eq!(hanging, serde_json::json!([]), "{what}");
    // on paper nothing can be moved, and on a phone nobody finds what stands beside the screen
    if media == "print" || width == PHONE {
        let cut = browser.value(
            "[...document.querySelectorAll('.scroll')].filter(part => part.scrollWidth > part.clientWidth + 1)\
             .map(part => part.scrollWidth + ' of ' + part.clientWidth + ': ' + part.getAttribute('aria-label'))",
        );
        assert_eq!(cut, serde_json::json!([]), "{what}: tables are cut");
    }
    let [paper, ink] = ["background-color", "color"].map(|property| {
        let color = format!("getComputedStyle(document.documentElement).getPropertyValue('{property}')");
        browser.value(&format!("{color}.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"))
    });
    let dark = theme == "dark" && media == "screen";
    assert_eq!(dark, paper.as_u64() < ink.as_u64(), "{what}: paper {paper}, ink {ink}");
}

/// What somebody who does not see the page is told.
fn names(browser: &mut Browser) {
    let none = serde_json::json!([]);
    let checks = [
        ("language", "document.documentElement.lang === 'en' ? [] : ['no language']"),
        (
            "landmarks",
            "['header', 'nav[aria-label]', 'main', 'footer']\
             .filter(one => document.querySelectorAll('body > ' + one).length !== 1)",
        ),
        ("one h1", "document.querySelectorAll('h1').length === 1 ? [] : ['h1']"),
        (
            "headings in order",
            "[...document.querySelectorAll('h1, h2, h3, h4')].map(one => Number(one.tagName[1]))\
             .filter((level, at, all) => at > 0 && level > all[at - 1] + 1)",
        ),
        (
            "ids once",
            "[...document.querySelectorAll('[id]')].map(one => one.id)\
             .filter((id, at, all) => all.indexOf(id) !== at)",
        ),
        (
            "captions",
            "[...document.querySelectorAll('table')]\
             .filter(one => !one.caption || !one.caption.textContent.trim()).map(one => one.outerHTML.slice(0, 80))",
        ),
        ("scopes", "[...document.querySelectorAll('th:not([scope])')].map(one => one.outerHTML)"),
        (
            "names of plots",
            "[...document.querySelectorAll('figure > svg')].filter(one => one.getAttribute('role') !== 'img' || \
             !one.getAttribute('aria-labelledby').split(' ')\
             .every(id => document.getElementById(id).textContent.trim()))\
             .map(one => one.outerHTML.slice(0, 80))",
        ),
        (
            "links inside",
            "[...document.querySelectorAll('a')].map(one => one.getAttribute('href'))\
             .filter(href => !href.startsWith('#') || !document.getElementById(href.slice(1)))",
        ),
        (
            "references",
            "[...document.querySelectorAll('[aria-labelledby]')].filter(one => one.getAttribute('aria-labelledby').split(' ')\
             .some(id => !document.getElementById(id))).map(one => one.outerHTML.slice(0, 80))",
        ),
        (
            "regions that scroll can be reached",
            "[...document.querySelectorAll('.scroll')].filter(one => one.tabIndex !== 0 || !one.getAttribute('aria-label') || \
             one.getAttribute('role') !== 'region').map(one => one.outerHTML.slice(0, 80))",
        ),
        (
            "words in plots do not meet",
            "[...document.querySelectorAll('figure > svg')].flatMap(plot => { \
             const boxes = [...plot.querySelectorAll('text')].map(one => [one.textContent, one.getBBox()])\
             .filter(one => one[0]); \
             return boxes.flatMap(([left, a], at) => boxes.slice(at + 1)\
             .filter(([right, b]) => a.x < b.x + b.width - 1 && \
             b.x < a.x + a.width - 1 && a.y < b.y + b.height - 3 && b.y < a.y + a.height - 3)\
             .map(([right]) => left + ' / ' + right)); })",
        ),
    ];
    for (what, expression) in checks {
        assert_eq!(browser.value(expression), none, "{what}");
    }
}

/// The number of pages; each is 210 by 297 millimetres.
fn on_a4(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    let boxes: Vec<&str> =
        text.split("/MediaBox").skip(1).filter_map(|rest| rest.split_once(']').map(|(size, _)| size)).collect();
    for size in &boxes {
        let sides: Vec<i64> = size
            .trim_start_matches([' ', '['])
            .split_whitespace()
            .filter_map(|side| side.split('.').next()?.parse().ok())
            .collect();
        assert!(matches!(sides[..], [0, 0, 594..=596, 841..=842]), "{size}");
    }
    boxes.len()
}
