//! Evidence on EVM chains. Specifications: `docs/spec/evm-control.md`, `docs/spec/evm-balance.md`.
