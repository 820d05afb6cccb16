//! Evidence on Bitcoin. Specifications: `docs/spec/bitcoin-control.md`, `docs/spec/bitcoin-balance.md`.
