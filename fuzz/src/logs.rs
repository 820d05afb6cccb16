//! Log proofs and requests to witnesses.

use counterfoil::publish::log::LogProof;
use counterfoil::publish::witness::Request;

/// There is one text for one proof: what is read is written as it stood there.
pub fn log_proof(bytes: &[u8]) {
    if let Ok(proof) = LogProof::parse(bytes) {
        assert_eq!(proof.to_string().as_bytes(), bytes);
        let _ = proof.leads_to_root(&counterfoil::hash::sha256(bytes));
    }
}

/// Likewise.
pub fn witness_request(bytes: &[u8]) {
    if let Ok(request) = Request::parse(bytes) {
        assert_eq!(request.body().as_bytes(), bytes);
        let _ = counterfoil::publish::witness::decide(&request, None, &[]);
    }
}
