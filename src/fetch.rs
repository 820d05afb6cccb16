//! Fetching: gathers chain evidence from a node. It verifies nothing; `reserve` does, without a socket.

pub mod bitcoin;
pub mod evm;
pub mod rpc;
