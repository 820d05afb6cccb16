//! The text of a descriptor: its checksum, private keys that must not be there, and what a message may repeat.

use bitcoin::PrivateKey;
use miniscript::descriptor::checksum::{Engine, verify_checksum};

use super::DescriptorError;

/// Fifteen extended keys with their origins take less than 3,000.
const LENGTH_MAX: usize = 16_384;
/// Eight characters and the mark before them.
const CHECKSUM_LENGTH: usize = 9;
/// Letters and digits in a row: an uncompressed key has the most. The time to read base58 grows with the square of its
/// length.
const WORD_MAX: usize = 130;
/// Letters and digits in a row that a message repeats: names of functions, checksums, fingerprints, never a key.
const SHOWN_MAX: usize = 12;

/// The text before its checksum, which is there and right.
pub(in super::super) fn body(text: &str) -> Result<&str, DescriptorError> {
    if text.len() > LENGTH_MAX {
        let detail = format!("{} characters, at most {LENGTH_MAX} are read", text.len());
        return Err(DescriptorError::Malformed(detail));
    }
    if let Some((at, c)) = text.char_indices().find(|(_, c)| !c.is_ascii_graphic()) {
        return Err(DescriptorError::Malformed(format!("{c:?} at character {}", at + 1)));
    }
    let longest = words(text).map(str::len).max().unwrap_or(0);
    if longest > WORD_MAX && !text.starts_with("raw(") {
        return Err(DescriptorError::Malformed(format!("{longest} letters and digits in a row, at most {WORD_MAX}")));
    }
    let Some((body, checksum)) = text.rsplit_once('#') else {
        return Err(DescriptorError::Checksum("it has no checksum: nothing stands behind `#`".to_owned()));
    };
    if checksum.len() + 1 != CHECKSUM_LENGTH {
        let detail = format!("a checksum of {} characters, expected 8", checksum.len());
        return Err(DescriptorError::Checksum(detail));
    }
    match verify_checksum(text) {
        Ok(_) => Ok(body),
        Err(_) => Err(DescriptorError::Checksum(format!("the checksum {checksum} does not fit the text"))),
    }
}

/// A descriptor's text with the checksum that fits it, for whoever writes one. A text that came without is refused, not
/// completed: only its wallet knows what it should be.
///
/// # Errors
/// [`DescriptorError::Malformed`] for a character that no descriptor has.
pub fn with_checksum(body: &str) -> Result<String, DescriptorError> {
    let mut engine = Engine::new();
    engine.input(body).map_err(|error| DescriptorError::Malformed(redacted(&error.to_string())))?;
    Ok(format!("{body}#{}", engine.checksum()))
}

/// Whether a private key stands in the text, or what was meant as one: a mistyped key tells most of the right one.
#[must_use]
pub fn holds_private_key(text: &str) -> bool {
    words(text).any(|word| {
        let extended = word.len() > 50 && word.get(1..4) == Some("prv");
        let looks_like_wif = matches!(word.len(), 51 | 52) && word.starts_with(['5', 'K', 'L', '9', 'c']);
        extended || looks_like_wif || (word.len() <= WORD_MAX && PrivateKey::from_wif(word).is_ok())
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

/// A message of the parser without long words: none of them can be a key.
pub(in super::super) fn redacted(message: &str) -> String {
    let mut shown = String::new();
    let mut word = String::new();
    for c in message.chars().take(400).chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        shown.push_str(if word.len() > SHOWN_MAX && word.contains(|c: char| c.is_ascii_digit()) {
            "…"
        } else {
            &word
        });
        word.clear();
        shown.push(c);
    }
    shown.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Coded as _;

    #[test]
    fn a_checksum_is_there_and_right() {
        let good = "pkh(02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5)#8fhd9pwu";
        assert_eq!(body(good), Ok(&good[..good.len() - 9]), "an example of BIP-380 and its successors");
        for bad in
            [&good[..good.len() - 9], &good[..good.len() - 1], &good.replace("8f", "9f"), &good.replace("02c", "03c")]
        {
            assert_eq!(body(bad).expect_err(bad).code().number, 5112, "{bad}");
        }
        assert_eq!(with_checksum(&good[..good.len() - 9]), Ok(good.to_owned()));
        for bad in
            ["pk h()#00000000", "pkh(\u{e4})#00000000", &"a".repeat(20_000), &format!("pkh({})", "1".repeat(131))]
        {
            assert_eq!(body(bad).expect_err(bad).code().number, 5111, "{bad}");
        }
    }

    #[test]
    fn private_keys_are_seen_and_not_repeated() {
        let wif = "L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k";
        let mistyped = wif.replace("VFe", "VFf");
        for key in [wif, &mistyped, &format!("xprv{}", "9".repeat(107)), &format!("tprv{}", "8".repeat(107))] {
            assert!(holds_private_key(&format!("wpkh([d34db33f/84h]{key}/0/*)")), "{key}");
            assert!(!redacted(&format!("unexpected {key} here")).contains(&key[5..20]));
        }
        assert!(!holds_private_key("wpkh(02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5)"));
        assert_eq!(redacted("unknown wrapper «z:» in sortedmulti_a"), "unknown wrapper «z:» in sortedmulti_a");
    }
}
