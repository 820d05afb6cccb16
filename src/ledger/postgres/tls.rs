//! TLS towards a database, as its address asks for.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::TlsMode;
use crate::ledger::{LedgerError, LedgerErrorKind as Kind};

/// Makes the connector. `roots` are certificates as PEM; without them those of the system are trusted.
pub(super) fn connector(mode: TlsMode, roots: Option<&[u8]>) -> Result<MakeRustlsConnect, LedgerError> {
    let wrong = |error: &dyn std::fmt::Display| LedgerError::from(Kind::DatabaseUrl(format!("sslrootcert: {error}")));
    let mode = if mode == TlsMode::Require && roots.is_some() { TlsMode::VerifyCa } else { mode };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| wrong(&error))?;
    let config = if mode == TlsMode::Require {
        let verifier = Arc::new(Lenient { provider, roots: None });
        builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
    } else {
        let mut store = RootCertStore::empty();
        match roots {
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    store.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
                }
            }
            None => drop(store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        }
        if store.is_empty() {
            return Err(wrong(&"no certificate to trust, so none of a server can be verified"));
        }
        let store = Arc::new(store);
        if mode == TlsMode::VerifyFull {
            let verifier = WebPkiServerVerifier::builder_with_provider(store, provider).build();
            let verifier = verifier.map_err(|error| wrong(&error))?;
            builder.with_webpki_verifier(verifier).with_no_client_auth()
        } else {
            let verifier = Arc::new(Lenient { provider, roots: Some(store) });
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

/// Asks less than rustls does: not for the host's name, and without certificates to trust for nothing but that the
/// server holds the key of its own certificate.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    roots: Option<Arc<RootCertStore>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(certificate)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
