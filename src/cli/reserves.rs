//! `reserves`: sign a challenge with keys at hand, or check the reserve side of a bundle.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use zeroize::Zeroizing;

use super::error::CliError;
use super::files::{self, Folder, Readers};
use super::{Outcome, challenge, policy, remark, say};
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::basis::Basis;
use crate::code::Outcome as CodeOutcome;
use crate::hash::decode_lower;
use crate::json;
use crate::reconcile::{Report, Severity, reconcile};
use crate::reserve::bitcoin::control::sign::{AddressKey, sign, sign_legacy};
use crate::reserve::claim::ControlProof;
use crate::reserve::evm;

/// Sign a challenge, or check the reserve side of a bundle.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Sign a challenge with keys from a file; for small holders and tests, others sign on their devices
    Sign(SignArgs),
    /// Check address set, signatures and chain evidence of a bundle, offline; gives no verdict on coverage
    Verify(VerifyArgs),
}

/// Sign a challenge with keys from a file.
#[derive(clap::Args)]
pub(super) struct SignArgs {
    /// The challenge document
    challenge: PathBuf,
    /// Lines of CHAIN ADDRESS KEY (WIF on Bitcoin, 64 hexadecimal digits on EVM chains), readable by its owner only
    #[arg(long, value_name = "FILE")]
    keys_file: PathBuf,
    /// Sign P2PKH addresses in the legacy form instead of BIP-137
    #[arg(long)]
    legacy: bool,
    /// Sign on EVM chains in a typed message (EIP-712), which names the chain, instead of EIP-191
    #[arg(long)]
    eip712: bool,
    /// Where to write the signatures
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Check the reserve side of a bundle.
#[derive(clap::Args)]
pub(super) struct VerifyArgs {
    /// The folder of the bundle
    bundle: PathBuf,
    /// Your own policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Sign(args) => sign_all(args),
        Verb::Verify(args) => verify(args),
    }
}

fn sign_all(args: &SignArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let line = challenge::read(&args.challenge)?.line()?;
    let bytes = files::read_private(&args.keys_file)?;
    let wrong = |number: usize, detail: &str| CliError::Unreadable {
        path: args.keys_file.clone(),
        // never the line itself: it holds a key
        detail: format!("line {number}: {detail}"),
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong(1, "it is not UTF-8"))?;
    let mut proofs = Vec::new();
    for (number, row) in (1..).zip(text.lines()) {
        let fields: Vec<&str> = row.split_whitespace().collect();
        let [chain, address, key] = fields.as_slice() else {
            return Err(wrong(number, "expected CHAIN ADDRESS KEY").into());
        };
        let chain: ChainId = chain.parse().map_err(|_| wrong(number, "the chain is not a CAIP-2 identifier"))?;
        let proof = sign_one(&chain, address, key, &line, args).map_err(|detail| wrong(number, &detail))?;
        proofs.push(proof);
    }
    proofs.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
    let mut file = Vec::new();
    for proof in &proofs {
        file.extend(json::canonical(proof)?);
        file.push(b'\n');
    }
    files::write(&args.out, &file, Readers::All, args.force)?;
    say(format!("{} signatures over: {line}", proofs.len()));
    remark("keys that have been in a file on a networked machine are not cold any more");
    Ok(ExitCode::SUCCESS)
}

fn sign_one(chain: &ChainId, address: &str, key: &str, line: &str, args: &SignArgs) -> Result<ControlProof, String> {
    if chain.namespace() == "eip155" {
        let secret = decode_lower::<32>(key).map(Zeroizing::new).ok_or("the key is not 64 lower-case digits")?;
        let own = evm::control::address_of(&secret).map_err(|error| error.to_string())?.to_string();
        if own != address {
            return Err(format!("the key is that of {own}, not of {address}"));
        }
        let scheme = if args.eip712 { evm::control::TYPED } else { evm::control::SCHEME };
        return evm::control::sign_scheme(chain, line, &secret, scheme).map_err(|error| error.to_string());
    }
    let key = AddressKey::from_wif(chain, key).map_err(|error| error.to_string())?;
    let signed = if args.legacy { sign_legacy(chain, address, line, &key) } else { sign(chain, address, line, &key) };
    signed.map_err(|error| error.to_string())
}

fn verify(args: &VerifyArgs) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let report = reconcile(&Folder(args.bundle.clone()), &policy)?;
    print(&report, &args.bundle);
    let of_reserves = report.findings.iter().filter(|finding| {
        let number = finding.code.number;
        finding.severity != Severity::Note
            && number != crate::code::finding::OTHER_LIABILITIES_NONE_STATED.number
            && number != crate::code::finding::NO_CONTROL_TOTAL.number
    });
    let outcome = of_reserves.map(|finding| finding.code.outcome).min_by_key(|outcome| outcome.exit_code());
    Ok(ExitCode::from(outcome.map_or(0, CodeOutcome::exit_code)))
}

fn print(report: &Report, bundle: &Path) {
    say("Coverage: not determinable. Reserves alone show that somebody has coins, not that they suffice.\n");
    if report.statement.is_none() {
        say("No statement is in the bundle: without its cut-off and address set nothing was looked at.");
    }
    for asset in report.assets.iter().filter(|_| report.statement.is_some()) {
        let amount = |amount: Amount| amount.to_readable(asset.decimals);
        say(format!(
            "{}: {} on accepted evidence, {} under control on any",
            asset.asset,
            amount(asset.held.counted),
            amount(asset.held.possible)
        ));
        for basis in Basis::STRONGEST_FIRST {
            let sum = asset.held.by_basis.get(basis.text()).copied().unwrap_or_default();
            if !sum.is_zero() {
                say(format!("    {} {basis}", amount(sum)));
            }
        }
        if !asset.held.without_control.is_zero() {
            say(format!("    {} without control, not counted", amount(asset.held.without_control)));
        }
    }
    say("");
    for finding in &report.findings {
        say(format!("{} {} {}: {}", finding.severity.text(), finding.code, finding.code.title, finding.detail));
        say(format!("    {}", finding.subject));
    }
    say(format!("\nbundle root {}\npolicy {}", report.bundle.root, report.policy.sha256));
    remark(format!("for a verdict: counterfoil reconcile {} --policy POLICY", bundle.display()));
}
