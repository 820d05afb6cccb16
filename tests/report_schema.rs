//! Reports fit the published schema, and the schema says what every field is.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, dead_code)]

mod credit_support;
mod golden_support;
mod window_support;

use std::sync::LazyLock;

use counterfoil::bundle::{MANIFEST, MemoryFiles, paths, seal};
use counterfoil::hash::sha256;
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::reconcile::{Report, reconcile};
use counterfoil::report;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, SigningKey};
use counterfoil::snapshot::Time;
use golden_support::joined;
use serde_json::Value;

const SCHEMA: &str = include_str!("../docs/schema/report.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn report_of(bundle: &MemoryFiles, policy: &str) -> Report {
    reconcile(bundle, &Policy::parse(policy).unwrap()).unwrap()
}

/// Reports of several kinds: with every verdict, with a window, without a statement, of a published copy.
fn reports() -> &'static [(&'static str, Report)] {
    static REPORTS: LazyLock<Vec<(&'static str, Report)>> = LazyLock::new(made);
    &REPORTS
}

fn made() -> Vec<(&'static str, Report)> {
    let example = ExampleVenue::new().unwrap();
    let mut alone = example.bundle.clone();
    alone.retain(|path, _| path != MANIFEST && path != paths::STATEMENT);
    let mut seed = sha256(b"a test").to_bytes();
    let key = SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed)).unwrap();
    let manifest = seal(&alone, "a test", Time::from_unix(0), &key).unwrap();
    alone.insert(MANIFEST.to_owned(), manifest);
    let unmapped = example.policy.split("[[asset]]").next().unwrap().to_owned();
    let borrowed = golden_support::borrowed();
    let mut public = borrowed.bundle.clone();
    public.remove(paths::ADDRESSES);
    vec![
        ("example", report_of(&example.bundle, &example.policy)),
        ("reserves alone", report_of(&alone, &example.policy)),
        ("nothing mapped", report_of(&example.bundle, &unmapped)),
        ("borrowed", report_of(&borrowed.bundle, &borrowed.policy)),
        ("with a balance sheet", credit_support::report_with(|_| ())),
        ("with assumptions", with_assumptions()),
        ("borrowed, published", report_of(&public, &borrowed.policy)),
        ("with a custodian", with_custodian()),
        ("with an issuer", with_issuer()),
    ]
}

/// A token that is nobody's: one price of its turns the outcome.
fn with_assumptions() -> Report {
    let files = credit_support::with_token("none", "10000", "now");
    let terms = "price = \"600\"\nfree_float = \"400000\"\ncirculating = \"900000\"";
    credit_support::under(&files, &credit_support::own_terms(terms))
}

fn with_custodian() -> Report {
    let venue = joined::venue();
    let custodian = joined::custodian(&venue, "custodian", &|_| ());
    let (bundle, policy) = joined::joined(&venue, &custodian, "golden-exchange");
    report_of(&bundle, &policy)
}

fn with_issuer() -> Report {
    let declare = |statement: &mut counterfoil::publish::Statement| joined::declare(statement, &[]);
    let hot = [counterfoil::reserve::address_set::Role::Hot];
    let venue = golden_support::made_on("golden-exchange", ("venue", joined::BOOKS), &hot, &declare);
    let issuer = joined::issuer(&|_| ());
    report_of(&joined::with_bundle(&venue, &issuer), &joined::with_issuer(&venue, &issuer, ""))
}

#[test]
fn every_report_fits_the_schema() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for (name, report) in reports() {
        let value: Value = serde_json::from_slice(&report::json(report).unwrap()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
}

/// The schema would be worth nothing if it let anything pass.
#[test]
fn what_is_no_report_does_not_fit() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let (_, report) = &reports()[3];
    let whole: Value = serde_json::from_slice(&report::json(report).unwrap()).unwrap();
    let mut refused = 0;
    for path in paths_of(&whole, "") {
        for change in [Value::from(1), Value::from("-1 x"), Value::Array(vec![Value::Null])] {
            let mut changed = whole.clone();
            *changed.pointer_mut(&path).unwrap() = change.clone();
            let free_text = change.is_string() && whole.pointer(&path).unwrap().is_string();
            let nullable_text = change.is_string() && whole.pointer(&path).unwrap().is_null();
            let fits = validator.is_valid(&changed);
            assert!(!fits || free_text || nullable_text, "{path} = {change}");
            refused += usize::from(!fits);
        }
        let mut surplus = whole.clone();
        if let Some(object) = surplus.pointer_mut(&path).unwrap().as_object_mut() {
            object.insert("surplus".to_owned(), Value::Null);
            assert!(!validator.is_valid(&surplus), "{path} takes another field");
        }
    }
    assert!(refused > 500, "{refused}");
}

fn paths_of(value: &Value, at: &str) -> Vec<String> {
    let mut paths = vec![at.to_owned()];
    match value {
        Value::Object(fields) => {
            paths.extend(fields.iter().flat_map(|(key, value)| paths_of(value, &format!("{at}/{key}"))));
        }
        // the first of a list stands for the others
        Value::Array(items) => {
            paths.extend(items.iter().take(1).flat_map(|value| paths_of(value, &format!("{at}/0"))));
        }
        _ => {}
    }
    paths
}

#[test]
fn every_field_is_described_and_none_may_be_added() {
    let schema = schema();
    let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let mut objects = 0;
    for definition in definitions {
        assert!(definition["description"].as_str().is_some_and(|text| text.len() > 3), "{definition}");
        let Some(fields) = definition["properties"].as_object() else { continue };
        objects += 1;
        assert_eq!(definition["additionalProperties"], Value::Bool(false), "{definition}");
        let required: Vec<&str> =
            definition["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let always = fields.keys().map(String::as_str).filter(|name| !SOMETIMES.contains(name));
        assert_eq!(required, always.collect::<Vec<_>>(), "every other field is always there");
        for (name, field) in fields {
            assert!(field["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name} is not described");
        }
    }
    assert!(objects > 20);
}

/// Fields that windows of stretches have, or those of which only some blocks are shown.
const SOMETIMES: [&str; 2] = ["bounds", "sampled"];
/// Definitions of what no report here has: earlier statements, which `tests/chained_statements.rs` compares with the
/// schema, and windows of which only some blocks are shown.
const ELSEWHERE: [&str; 7] =
    ["address_change", "carried", "change", "chain_section", "in_flight", "opening", "sampled"];

/// A definition or field that no report has would be a promise that nobody keeps.
#[test]
fn every_field_occurs_in_a_report() {
    let all: String =
        reports().iter().map(|(_, report)| String::from_utf8(report::json(report).unwrap()).unwrap()).collect();
    for (name, definition) in schema()["$defs"].as_object().unwrap() {
        let fields = definition["properties"].as_object().filter(|_| !ELSEWHERE.contains(&name.as_str()));
        for field in fields.into_iter().flat_map(serde_json::Map::keys).filter(|name| *name != "sampled") {
            assert!(all.contains(&format!("\"{field}\":")), "{name}.{field}");
        }
        let used = SCHEMA.contains(&format!("\"#/$defs/{name}\""));
        assert!(used, "nothing refers to {name}");
    }
}

#[test]
fn integers_are_texts() {
    fn numbers(value: &Value) -> usize {
        match value {
            Value::Number(_) => 1,
            Value::Array(items) => items.iter().map(numbers).sum(),
            Value::Object(fields) => fields.values().map(numbers).sum(),
            _ => 0,
        }
    }
    for (name, report) in reports() {
        let bytes = report::json(report).unwrap();
        let value = counterfoil::json::parse_canonical(bytes.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!(numbers(&value), 0, "{name}");
    }
}
