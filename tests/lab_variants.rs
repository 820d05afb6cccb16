//! The liars of the lab, changed a little: other addresses, other amounts, one block or one second away, another asset.
//! Whatever they change, the asset must not be covered without a finding that the honest files do not have.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use counterfoil::amount::{Amount, Decimals};
use counterfoil::bundle::paths;
use counterfoil::hash::{Digest, sha256};
use counterfoil::lab::example_venue::ExampleError;
use counterfoil::lab::forger::{BITCOIN, EVM, Forger};
use counterfoil::policy::Policy;
use counterfoil::publish::Statement;
use counterfoil::reconcile::{Report, Verdict, reconcile};
use counterfoil::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use counterfoil::reserve::challenge::Challenge;
use counterfoil::snapshot::Time;

const DAY: i64 = 86_400;

/// An error where the venue's own tool refuses to sign.
type Told = Result<(), ExampleError>;

/// The report; `None` when the bundle is refused as a whole.
fn report(forger: &Forger) -> Option<Report> {
    let sealed = forger.sealed().unwrap();
    reconcile(&sealed, &Policy::parse(&forger.policy).unwrap()).ok()
}

fn verdict(report: &Report, asset: &str) -> Option<Verdict> {
    Some(report.assets.iter().find(|judged| judged.asset.as_str() == asset)?.verdict)
}

fn findings(report: &Report) -> BTreeSet<(u16, String)> {
    report.findings.iter().map(|finding| (finding.code.number, finding.subject.clone())).collect()
}

/// Variants that pass for the truth, in words, and how many were told at all: some the venue cannot even sign.
#[derive(Default)]
struct Missed {
    names: Vec<String>,
    told: usize,
}

impl Missed {
    /// Bitcoin is the asset that the honest files cover.
    fn lie(&mut self, name: &str, tell: impl FnOnce(&mut Forger) -> Told) {
        let honest = Forger::new().unwrap();
        let mut forger = honest.clone();
        if tell(&mut forger).is_err() {
            return;
        }
        self.told += 1;
        let Some(found) = report(&forger) else { return };
        let known = findings(&report(&honest).unwrap());
        let new = findings(&found).difference(&known).count();
        if verdict(&found, "BTC") == Some(Verdict::Covered) && new == 0 {
            self.names.push(name.to_owned());
        }
    }

    fn none(self, told: usize) {
        assert!(self.names.is_empty(), "covered, and nothing found: {:?}", self.names);
        assert!(self.told >= told, "{} variants were told, expected {told}", self.told);
    }
}

/// Changes addresses of the Bitcoin chain, in the committed set.
fn entries(forger: &mut Forger, mut change: impl FnMut(&mut AddressEntry)) -> Told {
    let mut all = forger.addresses().unwrap().entries().to_vec();
    all.iter_mut().filter(|entry| entry.chain.as_str() == BITCOIN).for_each(&mut change);
    let set = AddressSet::from_entries(all).unwrap();
    forger.commit(|committed| *committed = set, |_| ())
}

fn without(forger: &mut Forger, path: &str) -> Told {
    forger.files.remove(path);
    Ok(())
}

fn largest(entry: &AddressEntry) -> bool {
    entry.role == Role::Cold
}

#[test]
fn the_honest_files_are_covered() {
    let honest = report(&Forger::new().unwrap()).unwrap();
    assert_eq!(verdict(&honest, "BTC"), Some(Verdict::Covered), "or no variant would show anything");
    let mut untouched = Forger::new().unwrap();
    untouched.state(|_| ()).unwrap();
    untouched.commit(|_| (), |_| ()).unwrap();
    let again = report(&untouched).unwrap();
    assert_eq!(verdict(&again, "BTC"), Some(Verdict::Covered), "signing again is no lie");
    assert_eq!(findings(&again), findings(&honest));
}

#[test]
fn coins_that_are_not_free() {
    let mut missed = Missed::default();
    for (name, is) in [("hot", Role::Hot), ("cold", Role::Cold)] {
        for relation in [IssuerRelation::Own, IssuerRelation::Affiliate] {
            missed.lie(&format!("{name} {}", relation.text()), |forger| {
                entries(forger, |entry| {
                    if entry.role == is {
                        entry.issuer = relation;
                    }
                })
            });
        }
        missed.lie(&format!("{name} pledged"), |forger| {
            entries(forger, |entry| entry.encumbrance = (entry.role == is).then(|| "staked".to_owned()))
        });
    }
    missed.lie("cold called internal", |forger| {
        entries(forger, |entry| {
            if largest(entry) {
                entry.role = Role::Internal;
            }
        })
    });
    missed.none(7);
}

#[test]
fn challenges_of_another_time_or_text() {
    let cutoff = Forger::new().unwrap().statement().unwrap().cutoff.unix();
    let midnight = |days: i64| Time::from_unix((cutoff.div_euclid(DAY) + days) * DAY);
    let mut missed = Missed::default();
    let mut issue = |name: &str, change: &dyn Fn(&mut Challenge)| {
        missed.lie(name, |forger| forger.commit(|_| (), |challenge| change(challenge)));
    };
    issue("expired at the cut-off", &|challenge| {
        (challenge.issued, challenge.expires) = (midnight(-3), Time::from_unix(cutoff.div_euclid(DAY) * DAY));
    });
    issue("expired a day before", &|challenge| {
        (challenge.issued, challenge.expires) = (midnight(-3), midnight(-1));
    });
    issue("issued a second after the cut-off", &|challenge| challenge.issued = Time::from_unix(cutoff + 1));
    issue("of another log", &|challenge| challenge.log_origin.push('x'));
    issue("of another venue", &|challenge| challenge.venue.id = "another-exchange".parse().unwrap());
    issue("of fewer addresses", &|challenge| challenge.address_set.count -= 1);
    issue("of another set", &|challenge| challenge.address_set.root = sha256(b"another set"));
    issue("of no block", &|challenge| challenge.blocks.clear());
    issue("of an invented block", &|challenge| {
        challenge.blocks.iter_mut().for_each(|block| block.hash = sha256(b"invented"));
    });
    missed.none(9);
}

#[test]
fn signatures_for_less_than_all() {
    let mut missed = Missed::default();
    for at in 0..3 {
        missed.lie(&format!("without signature {at}"), |forger| {
            let mut proofs = forger.control().unwrap();
            proofs.remove(at);
            forger.set_control(&proofs)
        });
        missed.lie(&format!("signature {at} is that of the next address"), |forger| {
            let mut proofs = forger.control().unwrap();
            let other = proofs[(at + 1) % 3].signature.clone();
            proofs[at].signature = other;
            forger.set_control(&proofs)
        });
        missed.lie(&format!("signature {at} twice, under another address"), |forger| {
            let mut proofs = forger.control().unwrap();
            let mut copied = proofs[(at + 1) % 3].clone();
            copied.address = proofs[at].address.clone();
            proofs[at] = copied;
            forger.set_control(&proofs)
        });
    }
    missed.none(9);
}

fn bitcoin_headers(forger: &Forger) -> Vec<Digest> {
    let path = Forger::path(BITCOIN, paths::HEADERS).unwrap();
    let hash = |header: &[u8]| {
        let mut hash = sha256(sha256(header).as_bytes()).to_bytes();
        hash.reverse();
        Digest::from_bytes(hash)
    };
    forger.files[&path].chunks(80).map(hash).collect()
}

#[test]
fn blocks_and_times_beside_the_right_ones() {
    let mut missed = Missed::default();
    for step in [-2_i64, -1, 1, 2] {
        missed.lie(&format!("the cut-off block {step:+}"), |forger| {
            let hashes = bitcoin_headers(forger);
            forger.state(|statement| {
                let block = statement.chains.iter_mut().find(|block| block.chain.as_str() == BITCOIN).unwrap();
                let at = hashes.iter().position(|hash| *hash == block.hash).unwrap();
                block.height = block.height.checked_add_signed(step).unwrap();
                block.hash = hashes[at.checked_add_signed(isize::try_from(step).unwrap()).unwrap()];
            })
        });
        missed.lie(&format!("the cut-off {step:+} blocks"), |forger| {
            forger.state(|statement| statement.cutoff = Time::from_unix(statement.cutoff.unix() + step * 601))
        });
        missed.lie(&format!("the height {step:+}, the block as it is"), |forger| {
            forger.state(|statement| {
                let block = statement.chains.iter_mut().find(|block| block.chain.as_str() == BITCOIN).unwrap();
                block.height = block.height.checked_add_signed(step).unwrap();
            })
        });
    }
    missed.lie("no block of the chain", |forger| {
        forger.state(|statement| statement.chains.retain(|block| block.chain.as_str() != BITCOIN))
    });
    missed.none(8);
}

#[test]
fn statements_about_another_unit() {
    let mut missed = Missed::default();
    for decimals in [0, 7, 9, 18] {
        let decimals = Decimals::new(decimals).unwrap();
        let state = |forger: &mut Forger, asset: bool, row: bool| -> Told {
            let change = |statement: &mut Statement| {
                let assets = statement.assets.iter_mut().filter(|listed| asset && listed.id.as_str() == "BTC");
                assets.for_each(|listed| listed.decimals = decimals);
                let rows = statement.liabilities.iter_mut().filter(|listed| row && listed.asset.as_str() == "BTC");
                rows.for_each(|listed| listed.decimals = decimals);
            };
            forger.state(change)
        };
        for (asset, row) in [(true, true), (true, false), (false, true)] {
            missed.lie(&format!("{} decimals {asset} {row}", decimals.get()), |forger| state(forger, asset, row));
        }
    }
    missed.lie("no other liability", |forger| forger.state(|statement| statement.schedules.other_liabilities.clear()));
    missed.lie("a larger loan", |forger| {
        forger.state(|statement| {
            statement.schedules.other_liabilities[0].amount = Amount::from_base_units(60_000_000_000);
        })
    });
    missed.lie("a second loan", |forger| {
        forger.state(|statement| {
            let mut more = statement.schedules.other_liabilities[0].clone();
            (more.amount, more.counterparty) = (Amount::from_base_units(5_000_000_000), "Another AG".to_owned());
            statement.schedules.other_liabilities.push(more);
        })
    });
    missed.lie("the deployment of another asset", |forger| {
        forger.state(|statement| {
            let from = statement.assets.iter().find(|asset| asset.id.as_str() == "ETH").unwrap();
            let more = from.deployments.clone();
            let to = statement.assets.iter_mut().find(|asset| asset.id.as_str() == "BTC").unwrap();
            to.deployments.extend(more);
        })
    });
    missed.lie("no deployment", |forger| {
        forger.state(|statement| {
            let asset = statement.assets.iter_mut().find(|asset| asset.id.as_str() == "BTC").unwrap();
            asset.deployments.clear();
        })
    });
    missed.none(9);
}

#[test]
fn sets_that_were_not_committed() {
    let mut missed = Missed::default();
    let put = |forger: &mut Forger, change: &dyn Fn(&mut Vec<AddressEntry>)| -> Told {
        let mut all = forger.addresses().unwrap().entries().to_vec();
        change(&mut all);
        let set = AddressSet::from_entries(all).unwrap();
        forger.files.insert(paths::ADDRESSES.to_owned(), set.to_file().unwrap());
        Ok(())
    };
    missed.lie("one left out", |forger| put(forger, &|all| drop(all.remove(0))));
    missed.lie("another role", |forger| {
        put(forger, &|all| {
            all.iter_mut().for_each(|entry| entry.role = Role::Deposit);
        })
    });
    missed.lie("another salt", |forger| put(forger, &|all| all[0].salt = "0".repeat(32)));
    missed.lie("a custodian", |forger| put(forger, &|all| all[0].custodian = Some("A Bank AG".to_owned())));
    missed.none(4);
}

#[test]
fn answers_of_others_and_evidence_with_holes() {
    let mut missed = Missed::default();
    for signer in ["venue", "a stranger"] {
        missed.lie(&format!("the node's answers, signed by {signer}"), |forger| forger.answer(BITCOIN, signer, |_| ()));
    }
    missed.lie("the answer of another tip", |forger| {
        forger.answer(BITCOIN, "auditor's node", |transcript| transcript.tip.hash = sha256(b"another tip"))
    });
    missed.lie("no answer", |forger| forger.answer(BITCOIN, "auditor's node", |transcript| transcript.calls.clear()));
    let prefix = Forger::path(BITCOIN, "").unwrap();
    let files: Vec<String> =
        Forger::new().unwrap().files.keys().filter(|path| path.starts_with(&prefix)).cloned().collect();
    assert!(files.len() > 4, "{files:?}");
    for path in files {
        missed.lie(&format!("without {path}"), |forger| without(forger, &path));
    }
    for path in [paths::STATEMENT, paths::CHALLENGE, paths::ADDRESSES, paths::CONTROL] {
        missed.lie(&format!("without {path}"), |forger| without(forger, path));
    }
    missed.none(10);
}

/// The ether that came for the cut-off does not become the venue's by another cut-off within the loan.
#[test]
fn ether_is_never_covered() {
    let headers = Forger::path(EVM, paths::EVM_HEADERS).unwrap();
    for step in [-30_i64, -1, 1, 40] {
        let mut forger = Forger::new().unwrap();
        assert!(forger.files.contains_key(&headers));
        forger
            .state(|statement| {
                let block = statement.chains.iter_mut().find(|block| block.chain.as_str() == EVM).unwrap();
                block.height = block.height.checked_add_signed(step).unwrap();
            })
            .unwrap();
        let found = report(&forger).and_then(|report| verdict(&report, "ETH"));
        assert_ne!(found, Some(Verdict::Covered), "{step:+} blocks");
    }
}
