//! Where a byte stands among 64: a line of a ledger is hardly longer, and a search that is begun anew for each comma
//! takes longer than to look at all of them at once.

/// Bytes that are looked at together.
pub(super) const WINDOW: usize = 64;

/// Each byte's bit among eight.
const BITS: [u8; WINDOW] = {
    let mut bits = [0; WINDOW];
    let mut at = 0;
    while at < WINDOW {
        bits[at] = 1 << (at % 8);
        at += 1;
    }
    bits
};

/// One bit for each byte of the window that is `byte`, the lowest for the first.
#[inline]
pub(super) fn of(window: &[u8; WINDOW], byte: u8) -> u64 {
    let mut marked = [0; WINDOW];
    for ((mark, found), bit) in marked.iter_mut().zip(window).zip(BITS) {
        *mark = if *found == byte { bit } else { 0 };
    }
    let (words, _) = marked.as_chunks::<8>();
    words.iter().zip((0..).step_by(8)).fold(0, |bits, (word, shift)| {
        // no two of the eight bytes have a bit in common: the product's highest byte is their sum
        let sum = u64::from_le_bytes(*word).wrapping_mul(0x0101_0101_0101_0101) >> 56;
        bits | sum << shift
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found() {
        let plain = |window: &[u8; WINDOW], byte| (0..WINDOW).filter(|at| window[*at] == byte).fold(0, |bits, at| bits | 1 << at);
        for byte in [b',', b'\n', 0, 0x80, 0xff] {
            for others in [b'-', b'+', 0, 0x80, 0xac, 0x7f, byte] {
                for at in 0..WINDOW {
                    let mut window = [others; WINDOW];
                    (window[at], window[(7 * at + 3) % WINDOW]) = (byte, byte);
                    let expected: u64 = plain(&window, byte);
                    assert_eq!(of(&window, byte), expected, "{byte} {others} {at}");
                }
            }
        }
    }
}
