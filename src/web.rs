//! The web: the server of a witness, the client that asks one, and the server of what a venue publishes. Sockets are
//! here, judgement is in `publish`.

pub mod client;
#[cfg(feature = "serve")]
pub mod listen;
#[cfg(feature = "serve")]
pub mod serve;
#[cfg(feature = "serve")]
pub mod site;
#[cfg(feature = "serve")]
pub mod witness;
