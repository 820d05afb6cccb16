//! `bundle add --custodian --issuer`: somebody else's bundle into its place in one's own, whole or not at all.

use std::path::Path;

use super::AddArgs;
use crate::bundle::{self, BundleError, FileSource as _, MANIFEST, paths};
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Folder, NewFile, NewFolder, Readers};
use crate::cli::{interrupt, policy, remark, say};
use crate::liability::inclusion_proof;
use crate::policy::Policy;
use crate::publish::{self, VerifiedStatement};
use crate::reconcile::enclosed::{Enclosed, EnclosedError, Party, check};

/// What is needed for a bundle of somebody else.
#[derive(clap::Args)]
pub(super) struct Others {
    /// The folder with the sealed bundle of a custodian
    #[arg(long, value_name = "DIR", requires = "policy", conflicts_with = "issuer")]
    custodian: Option<std::path::PathBuf>,
    /// Your inclusion proof in the custodian's tree, as it was given to you
    #[arg(long, value_name = "FILE", requires = "custodian")]
    custodian_proof: Option<std::path::PathBuf>,
    /// The folder with the sealed bundle of an issuer of coins that you hold
    #[arg(long, value_name = "DIR", requires = "policy")]
    issuer: Option<std::path::PathBuf>,
    /// A policy that pins you, and the other one as custodian or issuer
    #[arg(long, value_name = "FILE")]
    policy: Option<std::path::PathBuf>,
}

impl Others {
    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.custodian.is_none() && self.issuer.is_none()
    }
}

/// Puts a bundle in its place. The own statement is already in the folder.
pub(super) fn add(args: &AddArgs) -> Result<(), Failure> {
    let others = &args.others;
    let (from, role) = match (&others.custodian, &others.issuer) {
        (Some(from), _) => (from, Party::Custodian),
        (None, Some(from)) => (from, Party::Issuer),
        (None, None) => return Ok(()),
    };
    let policy = others.policy.as_ref().ok_or_else(|| CliError::Arguments("--policy is needed".to_owned()))?;
    let policy = policy::read(policy)?;
    let own = own_statement(args, &policy)?;
    let refuse = |error: EnclosedError| Failure::about(from, &error);
    if files::is_inside(from, &args.dir)? || files::is_inside(&args.dir, from)? {
        return Err(refuse(EnclosedError::Itself(own.statement().venue.id.clone())));
    }
    let source = Folder(from.clone());
    let enclosed = check(&source, role, &policy, &own).map_err(refuse)?;
    let proof = proof(others.custodian_proof.as_deref(), &enclosed, &own)?;
    place(args, &source, &enclosed, proof.as_deref())?;
    say(format!("{}: {} files and its manifest", enclosed.prefix(), enclosed.files().len()));
    let kept_back = enclosed.files().iter().filter(|(_, kept_back)| *kept_back).count();
    if kept_back > 0 {
        remark(format!("{kept_back} of them are for auditors only: `bundle seal` keeps them back, too"));
    }
    if role == Party::Custodian && proof.is_none() {
        let path = paths::custodian_proof(enclosed.party());
        remark(format!("{path} is not given: without your inclusion proof nothing there is yours"));
    }
    Ok(())
}

/// The statement of whoever makes the bundle, in the folder.
fn own_statement(args: &AddArgs, policy: &Policy) -> Result<VerifiedStatement, Failure> {
    let path = args.dir.join(paths::STATEMENT);
    if !files::is_there(&path)? {
        let detail = format!("{} is not there: add your own statement first", path.display());
        return Err(CliError::Arguments(detail).into());
    }
    let file = files::read(&path, publish::statement_check::FILE_SIZE_MAX)?;
    publish::verify(&file, &policy.statement_pins()).map_err(|error| Failure::about(&path, &error))
}

/// The inclusion proof, after the check that an auditor will make.
fn proof(path: Option<&Path>, enclosed: &Enclosed, own: &VerifiedStatement) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let file = files::read(path, inclusion_proof::FILE_SIZE_MAX)?;
    let included = enclosed.included(own, &file).map_err(|error| Failure::about(path, &error))?;
    for balance in &included {
        let (row, amount) = (balance.row(), balance.amount());
        let amount = amount.to_decimal(row.decimals);
        say(format!("{amount} {} ({}) at {}", row.asset, row.class, enclosed.party()));
    }
    Ok(Some(file))
}

/// Folder and proof, or neither.
fn place(args: &AddArgs, source: &Folder, enclosed: &Enclosed, proof: Option<&[u8]>) -> Result<(), Failure> {
    let target = args.dir.join(enclosed.prefix().trim_end_matches('/'));
    // a link would lead what is written out of the bundle
    let above = target.parent().unwrap_or(&args.dir);
    for folder in [args.dir.as_path(), above] {
        if files::is_there(folder)? && !std::fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir()) {
            let detail = "it is not a folder, and stays".to_owned();
            return Err(CliError::OutputUnwritable { path: folder.to_owned(), detail }.into());
        }
    }
    let folder = NewFolder::create(&target, args.force, Readers::All)?;
    for (path, kept_back) in enclosed.files() {
        let readers = if *kept_back { Readers::Owner } else { Readers::All };
        // a public file that is gone since the check is found below
        if let Some(bytes) = source.read(path).map_err(BundleError::from)? {
            folder.add(path, &bytes, readers)?;
        }
    }
    let manifest = source.read(MANIFEST).map_err(BundleError::from)?.unwrap_or_default();
    folder.add(MANIFEST, &manifest, Readers::All)?;
    // what was copied must be what was checked
    bundle::open(&Folder(folder.path().to_owned()))?;
    let file = proof.map(|bytes| {
        let mut file =
            NewFile::create(&args.dir.join(paths::custodian_proof(enclosed.party())), Readers::All, args.force)?;
        std::io::Write::write_all(&mut file, bytes)
            .map_err(|error| CliError::OutputUnwritable { path: target.clone(), detail: error.to_string() })?;
        Ok::<_, CliError>(file)
    });
    let file = file.transpose()?;
    // both places are free now, or nothing is put anywhere
    folder.check_ready()?;
    interrupt::whole(|| {
        if let Some(file) = file {
            file.place()?;
        }
        folder.place()
    })?;
    Ok(())
}
