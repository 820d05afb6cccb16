//! The web: the server of a witness, and the client that asks one. Sockets are here, judgement is in `publish`.

pub mod client;
#[cfg(feature = "serve")]
pub mod listen;
#[cfg(feature = "serve")]
pub mod witness;
