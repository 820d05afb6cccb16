//! Lists of output descriptors.

use counterfoil::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use counterfoil::reserve::bitcoin::descriptor::{
    Deriver, DescriptorList, LAST_MAX, RangedDescriptor, compare, derive_all, holds_private_key, with_checksum,
};
use counterfoil::reserve::bitcoin::network::{network, script};

const CHAIN: &str = "bip122:000000000019d6689c085ae165831e93";
/// More addresses than this make a target slow.
const DERIVED_MAX: u64 = 40;

/// Two wallets and two addresses, of a key that is in the vectors of BIP-84.
pub fn honest_list() -> Vec<u8> {
    let chain = CHAIN.parse().unwrap();
    let texts: [(&str, Option<u32>); 4] = [
        (
            "wpkh([73c5da0a/84'/0'/0']xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWc\
             MLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V/0/*)#wc3n3van",
            Some(5),
        ),
        (
            "tr(xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yf\
             dDEHGCtMMj92pReUsQ/0/*)#8e7pq23w",
            Some(3),
        ),
        ("addr(1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa)#632p52jr", None),
        ("pkh(02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5)#8fhd9pwu", None),
    ];
    let read = |(text, last): &(&str, Option<u32>)| RangedDescriptor::read(&chain, text, *last).unwrap();
    DescriptorList::new(texts.iter().flat_map(read).collect()).unwrap().to_file().unwrap()
}

/// A list from lines of a last index, or nothing, and a descriptor without its checksum, which no change of a byte
/// would get right.
fn with_checksums(data: &[u8]) -> Vec<u8> {
    let mut file = String::new();
    for line in String::from_utf8_lossy(data).lines() {
        let Some((last, body)) = line.split_once(' ') else { continue };
        let Ok(text) = with_checksum(body) else { continue };
        let last = if last.is_empty() { "null".to_owned() } else { format!("{last:?}") };
        file += &format!("{{\"chain\":\"{CHAIN}\",\"descriptor\":{text:?},\"last\":{last}}}\n");
    }
    file.into_bytes()
}

/// Reads a list, with its checksums or without. What is accepted has one form, stays within its limits, gives addresses
/// of its chains, and fits the set that is made from it.
pub fn descriptor_list(data: &[u8]) {
    let list =
        if data.starts_with(b"{") { DescriptorList::parse(data) } else { DescriptorList::parse(&with_checksums(data)) };
    let Ok(list) = list else { return };
    let file = list.to_file().unwrap();
    let again = DescriptorList::parse(&file).unwrap();
    assert_eq!(again.to_file().unwrap(), file, "a list has one form");
    assert!(!holds_private_key(&String::from_utf8_lossy(&file)), "a private key is taken for a public one");
    let deriver = Deriver::default();
    for one in list.descriptors() {
        assert!(one.last().is_none_or(|last| last <= LAST_MAX));
        for index in [0, one.count() - 1] {
            let address = one.address(&deriver, index).unwrap();
            script(network(one.chain()).unwrap(), &address).unwrap();
        }
        assert!(one.address(&deriver, one.count()).is_err(), "beyond its range");
    }
    if list.descriptors().iter().map(|one| u64::from(one.count())).sum::<u64>() > DERIVED_MAX {
        return;
    }
    let Ok(derived) = derive_all(list.descriptors()) else { return };
    let entries = derived.into_iter().map(|one| AddressEntry {
        chain: list.descriptors()[one.descriptor].chain().clone(),
        address: one.address,
        custodian: None,
        descriptor: Some(one.from),
        encumbrance: None,
        issuer: IssuerRelation::None,
        role: Role::Cold,
        salt: "00".repeat(16),
    });
    let set = AddressSet::from_entries(entries.collect()).unwrap();
    assert_eq!(compare(&list, &set), [], "a set differs from the list that it was made from");
}
