//! Checksums: XXH3 with 128 bits, for bytes that a medium may lose. They are quick and nothing else: whoever chooses
//! the bytes can choose the checksum, so nothing that somebody may have changed on purpose rests on one.

use std::fmt;

use twox_hash::xxhash3_128;

/// What a checksum says of some bytes, as `xxhsum -H2` prints it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checksum([u8; Self::SIZE]);

impl Checksum {
    /// Bytes of a checksum.
    pub(crate) const SIZE: usize = 16;

    pub(crate) const fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn to_bytes(self) -> [u8; Self::SIZE] {
        self.0
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// The checksum of bytes that come piece by piece.
#[derive(Default)]
pub(crate) struct Checksummer(xxhash3_128::Hasher);

impl Checksummer {
    /// Adds bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The checksum of all bytes so far.
    pub(crate) fn finish(&self) -> Checksum {
        Checksum(self.0.finish_128().to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the reference implementation: its own test of no bytes at all, and what `xxhsum -H2` prints.
    #[test]
    fn checksums_are_those_of_others() {
        let of = |bytes: &[u8]| {
            let mut checksum = Checksummer::default();
            bytes.chunks(7).for_each(|piece| checksum.update(piece));
            checksum.finish().to_string()
        };
        assert_eq!(of(b""), "99aa06d3014798d86001c324468d497f");
        assert_eq!(of(b"counterfoil"), COUNTERFOIL);
        let long: Vec<u8> = (0..=255).cycle().take(5_000).collect();
        assert_eq!(of(&long), LONG);
    }

    const COUNTERFOIL: &str = "6d449224d526179c7d873ce320d932d3";
    const LONG: &str = "7a681524919c28221b74bda2c82a8c7a";
}
