//! Proof of reserves against proof of liabilities.
//!
//! Which function for which need:
//!
//! | need | start at |
//! |---|---|
//! | commit to customer balances | [`liability::build`] |
//! | check one customer's inclusion proof | [`liability::inclusion_proof::verify`] |
//! | sign or check what a venue states | [`publish::statement`] |
//! | check that everybody is shown the same statement | [`publish::log`] |
//! | check reserve evidence, offline | [`reserve`] |
//! | compare both halves | [`reconcile`] |
//! | check a proof in the format of others | [`foreign`] |
//!
//! Every module up to [`reconcile`] is pure: no clock, no socket, no environment; files only in
//! `liability::store`. The edges are [`fetch`], [`web`] and [`cli`].

pub mod amount;
pub mod asset;
pub mod basis;
pub mod bundle;
pub mod cli;
pub mod code;
pub mod fetch;
pub mod foreign;
pub mod hash;
pub mod json;
pub mod lab;
pub mod ledger;
pub mod liability;
pub mod merkle_set;
pub mod policy;
pub mod publish;
pub mod reconcile;
pub mod report;
pub mod reserve;
pub mod secret;
pub mod signature;
pub mod snapshot;
pub mod table;
pub mod web;
