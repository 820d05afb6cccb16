//! `prove --all`: a sealed proof for every customer account, in a folder for any host, and the private table of codes.
//!
//! Two passes. The first draws a code for every account and writes the table; the names that follow from the codes
//! say in which pack a proof belongs. The second makes, pack by pack, the proofs that belong into it. So no sealed
//! proof waits on disk for its neighbours, and memory holds a few packs and a part of the accounts.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::super::error::{CliError, Failure};
use super::super::files::{self, NewFile, NewFolder, Readers};
use super::super::{Outcome, interrupt, random, remark};
use super::spill::{Spill, Ticket};
use super::{Args, open};
use crate::hash::Digest;
use crate::json;
use crate::liability::prover::Prover;
use crate::liability::sealed_proof::{self, INDEX, Index, Prefix, ProofCode, SealedProof};
use crate::liability::store::Store;

pub(super) fn run(args: &Args, codes: &Path) -> Outcome {
    files::check_free(&args.out, args.force)?;
    files::check_free(codes, args.force)?;
    if files::is_inside(codes, &args.out)? {
        return Err(CliError::CodesPublic { codes: codes.to_owned(), folder: args.out.clone() }.into());
    }
    let (store, statement, reference) = open(&args.dir)?;
    let prover = Prover::new(&store, &statement.liabilities, reference.clone())?;
    let leaves = statement.liabilities.iter().map(|row| row.leaf_count).sum();
    let folder = NewFolder::create(&args.out, args.force, Readers::All)?;
    let mut table = NewFile::create(codes, Readers::Owner, args.force)?;
    let spill = draw_codes(&store, &mut table, Spill::create(codes, reference.digest, leaves)?, codes)?;
    let bits = Prefix::bits_for(spill.count());
    let index = json::canonical(&Index::new(reference.clone(), bits))?;
    folder.add(INDEX, &index, Readers::All)?;
    let bar = progress(spill.count(), "proofs");
    let sealer = Sealer { prover: &prover, statement: reference.digest, folder: &folder, bar: &bar };
    for piece in Prefix::all(spill.piece_bits(bits)) {
        sealer.seal_piece(&spill.piece(piece)?, piece, bits)?;
    }
    spill.check_all_returned()?;
    bar.finish_and_clear();
    let count = spill.count();
    drop(spill);
    publish(folder, table, codes)?;
    let (proofs, packs) = (words(count, "proof"), words(1 << bits, "pack"));
    remark(format!("{proofs} in {packs} written to {}: for everybody, any host can serve it", args.out.display()));
    remark(format!("their codes written to {}: private, for the venue's app", codes.display()));
    Ok(ExitCode::SUCCESS)
}

fn words(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// The first pass: a code for every account, into the table and into the spill.
fn draw_codes(store: &Store, table: &mut NewFile, mut spill: Spill, path: &Path) -> Result<Spill, Failure> {
    let unwritable =
        |error: &dyn std::fmt::Display| CliError::OutputUnwritable { path: path.to_owned(), detail: error.to_string() };
    let mut rows = csv::Writer::from_writer(table);
    rows.write_record(["account", "code"]).map_err(|error| unwritable(&error))?;
    let bar = ProgressBar::new_spinner().with_message("codes");
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    for account in store.accounts() {
        let (account, code) = (account?, ProofCode::from_bytes(random()?));
        rows.write_record([&*account, &code.to_text()]).map_err(|error| unwritable(&error))?;
        spill.add(&code, &account)?;
        bar.inc(1);
    }
    rows.flush().map_err(|error| unwritable(&error))?;
    spill.finish()?;
    bar.finish_and_clear();
    Ok(spill)
}

/// The second pass: what the threads share.
struct Sealer<'a> {
    prover: &'a Prover<'a>,
    statement: Digest,
    folder: &'a NewFolder,
    bar: &'a ProgressBar,
}

impl Sealer<'_> {
    /// Writes all packs whose prefix begins with `piece`; `tickets` are all that belong into them, in order.
    fn seal_piece(&self, tickets: &[Ticket], piece: Prefix, bits: u8) -> Result<(), Failure> {
        let mut rest = tickets;
        let packs = piece.longer(bits).map(|prefix| {
            let belongs = |ticket: &Ticket| Prefix::of(ticket.name, bits) == prefix;
            let (own, behind) = rest.split_at(rest.partition_point(belongs));
            rest = behind;
            (prefix, own)
        });
        let packs: Vec<(Prefix, &[Ticket])> = packs.collect();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            while let Some((prefix, tickets)) = packs.get(next.fetch_add(1, Ordering::Relaxed)) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                self.seal_pack(*prefix, tickets).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            }
            Ok(())
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(packs.len());
        std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let ended = handles
                .into_iter()
                .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            ended.fold(Ok(()), Result::and)
        })
    }

    fn seal_pack(&self, prefix: Prefix, tickets: &[Ticket]) -> Result<(), Failure> {
        let seal = |ticket: &Ticket| -> Result<SealedProof, Failure> {
            let proof = json::canonical(&self.prover.prove(&ticket.account)?)?;
            self.bar.inc(1);
            Ok(sealed_proof::seal(&ticket.code, &self.statement, &proof)?)
        };
        let proofs = tickets.iter().map(seal).collect::<Result<Vec<_>, _>>()?;
        let file = sealed_proof::write(&self.statement, prefix, proofs)?;
        Ok(self.folder.add(&prefix.to_string(), &file, Readers::All)?)
    }
}

/// Puts both outputs in their places. Codes come first: proofs without codes are worth nothing to anybody, and codes
/// without proofs open nothing.
fn publish(folder: NewFolder, table: NewFile, codes: &Path) -> Result<(), Failure> {
    folder.check_ready()?;
    let replaced = files::is_there(codes)?;
    interrupt::whole(|| {
        table.place()?;
        folder.place().map_err(|error| {
            if !replaced {
                let _ = std::fs::remove_file(codes);
            }
            error.into()
        })
    })
}

/// How far it is; shown only to a person.
fn progress(length: u64, what: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {msg} {per_sec} {eta}");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(what)
}
