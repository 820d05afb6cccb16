//! A figure is changed after the bundle was sealed.

use crate::bundle::{MemoryFiles, paths};
use crate::code::bundle as codes;
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::forger::{BITCOIN, Forger};
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Said, Scenario, Show};
use crate::policy::Policy;
use crate::reconcile::{AssetReport, Verdict, reconcile};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "invented-figures",
    attacks: &["R15"],
    title: "a figure in the evidence is raised by hand",
    story: "The total in the node's answer is raised from 1,251 to 9,251 BTC. A report that is typed, and not \
            computed, carries any figure that its author likes; nobody can lead it back to data.",
    expected: Expected::Check(&codes::FILE_HASH_DIFFERS),
    undetected: &[
        "Who invents the whole bundle, and signs it, is caught only where chain, customers and other people \
            disagree.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let forger = Forger::new()?;
    let path = Forger::path(BITCOIN, paths::TRANSCRIPT)?;
    let mut bundle = forger.sealed()?;
    let file = bundle.get(&path).ok_or_else(|| fault("no transcript"))?;
    let text = String::from_utf8(file.clone()).map_err(fault)?;
    let raised = text.replace("total_amount\\\":1251", "total_amount\\\":9251");
    if raised == text {
        return Err(fault("the transcript names no total of 1251 BTC"));
    }
    bundle.insert(path, raised.into_bytes());
    let naive = quoted(&bundle, "BTC")?;
    let judged = reconcile(&bundle, &Policy::parse(&forger.policy).map_err(fault)?);
    let (counterfoil, verdicts) = match &judged {
        Err(error) => (Said::no(error.to_string()), Vec::new()),
        Ok(report) => {
            let of = |asset: &&AssetReport| asset.asset.as_str() == "BTC";
            let judged = report.assets.iter().find(of).ok_or_else(|| fault("no BTC in the report"))?;
            let believed = judged.verdict == Verdict::Covered;
            (Said { believed, words: judged.sentence.clone() }, vec![("BTC".to_owned(), judged.verdict)])
        }
    };
    let refusal = judged.err();
    let mut files: MemoryFiles = bundle.into_iter().map(|(path, bytes)| (format!("bundle/{path}"), bytes)).collect();
    files.insert("policy.toml".to_owned(), forger.policy.into_bytes());
    Ok(Played {
        naive,
        counterfoil,
        codes: refusal.iter().map(crate::code::Coded::code).collect(),
        verdicts,
        files,
        shows: vec![Show::new(
            "reconcile {dir}/bundle --policy {dir}/policy.toml",
            2,
            codes::FILE_HASH_DIFFERS.to_string(),
        )],
    })
}
