//! Commas and line feeds among 64 bytes: rows are short, and a search that is begun anew for each comma takes longer
//! than to look at all bytes at once.

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

/// Where in the window commas and line feeds stand, in their order, and which of the two.
#[inline]
pub(super) fn of(window: &[u8; WINDOW]) -> impl Iterator<Item = (usize, u8)> {
    let mut marked = [0; WINDOW];
    for ((mark, found), bit) in marked.iter_mut().zip(window).zip(BITS) {
        *mark = if matches!(*found, b',' | b'\n') { bit } else { 0 };
    }
    let (words, _) = marked.as_chunks::<8>();
    let mut marks = words.iter().zip((0..).step_by(8)).fold(0, |marks, (word, shift)| {
        // no two of the eight bytes have a bit in common: the product's highest byte is their sum
        marks | (u64::from_le_bytes(*word).wrapping_mul(0x0101_0101_0101_0101) >> 56) << shift
    });
    std::iter::from_fn(move || {
        let at = marks.trailing_zeros() as usize;
        let found = *window.get(at)?;
        marks &= marks - 1;
        Some((at, found))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found() {
        for marks in [[b',', b'\n'], [b'\n', b','], [b',', b',']] {
            for others in [b'-', b'+', 0, 0x80, 0xac, 0x0b, 0x8a, 0xff, marks[0]] {
                for at in 0..WINDOW {
                    let mut window = [others; WINDOW];
                    (window[at], window[(7 * at + 3) % WINDOW]) = (marks[0], marks[1]);
                    let expected: Vec<(usize, u8)> =
                        window.into_iter().enumerate().filter(|(_, byte)| matches!(byte, b',' | b'\n')).collect();
                    assert_eq!(of(&window).collect::<Vec<_>>(), expected, "{others} {at}");
                }
            }
        }
    }
}
