//! Encrypted key files.

use counterfoil::hash::sha256;
use counterfoil::secret::locked::{Cost, LockedSecret, Passphrase};
use counterfoil::secret::{Secret, SecretKind};

/// A key under a passphrase.
pub fn honest_file() -> Vec<u8> {
    let secret = Secret::new(SecretKind::Signing, &mut [7; 32]);
    let passphrase = Passphrase::new("five words are easily remembered".to_owned()).unwrap();
    LockedSecret::lock(&secret, &passphrase, [9; 16], Cost::LEAST).unwrap().to_file().into_bytes()
}

/// Reads a file, as it is and with the checksum that fits. What is accepted is what this program would write. It is never
/// opened: that takes memory and time on purpose.
pub fn key_file(data: &[u8]) {
    reads(data);
    let sum = format!("sha256 {}\n", sha256(data));
    reads(&[data, sum.as_bytes()].concat());
}

fn reads(file: &[u8]) {
    let Ok(locked) = LockedSecret::parse(file) else { return };
    let written = locked.to_file().into_bytes();
    assert!(written == file || written == [file, b"\n"].concat());
    assert!(LockedSecret::is_locked(file));
}
