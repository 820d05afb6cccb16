use super::*;
use crate::code::Coded as _;
use crate::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};

/// The account keys of the vectors of BIP-84 and BIP-86, and a master key of BIP-32's vectors with its test twin.
const BIP84: &str =
    "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V";
const BIP86: &str =
    "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ";
const MASTER: &str =
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";

fn chain(network: Network) -> ChainId {
    super::super::network::identifier(network).parse().expect("a chain")
}

fn checked(body: &str) -> String {
    text::with_checksum(body).expect("a text of a descriptor")
}

fn read(body: &str, last: Option<u32>) -> Result<Vec<RangedDescriptor>, DescriptorError> {
    RangedDescriptor::read(&chain(Network::Bitcoin), &checked(body), last)
}

fn one(body: &str, last: Option<u32>) -> RangedDescriptor {
    let mut all = read(body, last).expect(body);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn address(body: &str, last: Option<u32>, index: u32) -> String {
    one(body, last).address(&Deriver::default(), index).expect(body)
}

fn code(result: Result<Vec<RangedDescriptor>, DescriptorError>) -> u16 {
    result.expect_err("refused").code().number
}

#[test]
fn published_addresses_are_derived() {
    let receive = format!("wpkh({BIP84}/0/*)");
    assert_eq!(address(&receive, Some(1), 0), "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu");
    assert_eq!(address(&receive, Some(1), 1), "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g");
    let taproot = format!("tr({BIP86}/0/*)");
    let first = "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr";
    assert_eq!(address(&taproot, Some(0), 0), first);
    let both = read(&format!("wpkh({BIP84}/<0;1>/*)"), Some(9)).expect("two paths");
    let deriver = Deriver::default();
    let addresses: Vec<String> = both.iter().map(|one| one.address(&deriver, 0).expect("derives")).collect();
    assert_eq!(addresses, ["bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el"]);
    assert_eq!(both[0].text(), one(&receive, Some(9)).text());
    assert_eq!(both[0].count(), 10);
    let error = both[0].address(&deriver, 10).expect_err("beyond the range");
    assert_eq!(error.code().number, 5115);
}

#[test]
fn each_refusal_has_its_code() {
    let number = |body: &str, last| code(read(body, last));
    let wpkh = format!("wpkh({BIP84}/0/*)");
    assert_eq!(number(&wpkh, None), 5115, "a wildcard without a range");
    assert_eq!(number(&wpkh, Some(LAST_MAX + 1)), 5115);
    assert_eq!(number(&format!("wpkh({BIP84}/0/7)"), Some(3)), 5115, "a range without a wildcard");
    let plain = "addr(bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu)";
    assert_eq!(number(plain, Some(0)), 5115);
    assert_eq!(number("raw(0014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2)", Some(0)), 5115);
    assert_eq!(number(&format!("wpkh({BIP84}/0/*h)"), Some(3)), 5116);
    assert_eq!(number(&format!("wpkh({BIP84}/0h/*)"), Some(3)), 5116);
    assert_eq!(number(&format!("pk({BIP84}/0/*)"), Some(3)), 5117);
    assert_eq!(number("raw(6a)", None), 5117);
    for body in
        ["", "wpkh()", "wpkh(02)", "combo(02)", "wpkh(x", "raw(0g)", "tr(02)", &format!("wsh(multi(3,{BIP84}))")]
    {
        assert_eq!(number(body, None), 5111, "{body}");
    }
    let elsewhere = RangedDescriptor::read(&chain(Network::Regtest), &checked(plain), None);
    assert_eq!(code(elsewhere), 5005, "an address of the main network");
    let testnet = RangedDescriptor::read(&chain(Network::Regtest), &checked(&wpkh), Some(3));
    assert_eq!(code(testnet), 5113, "keys of the main network");
    let unknown = "bip122:12a765e31ffd4059bada1e25190f6e98".parse().expect("a chain");
    assert_eq!(code(RangedDescriptor::read(&unknown, &checked(&wpkh), Some(3))), 5004);
    let bare = RangedDescriptor::read(&chain(Network::Bitcoin), &wpkh, Some(3));
    assert_eq!(code(bare), 5112, "no checksum");
}

#[test]
fn private_keys_are_refused_and_not_repeated() {
    let key = concat!(
        "xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuos",
        "eXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc",
    );
    let wif = "L3VFeEujGtevx9w18HD1fhRbCH67Az2dpCymeRE1SoPK6XQtaN2k";
    for body in [format!("wpkh({key}/0/*)"), format!("wpkh({wif})"), format!("wpkh({}x/0/*)", &key[..80])] {
        let error = read(&body, Some(3)).expect_err("private");
        assert_eq!(error.code().number, 5114);
        assert!(!format!("{error} {error:?}").contains(&key[6..12]));
        assert!(!format!("{error} {error:?}").contains(&wif[6..12]));
        let line = format!("{{\"chain\":\"bip122:0\",\"descriptor\":{body},\"last\":1}}\n");
        let error = DescriptorList::parse(line.as_bytes()).expect_err("private");
        assert_eq!(error.to_string(), "line 1: a private key stands in it");
    }
}

#[test]
fn a_descriptor_has_one_spelling_and_one_id() {
    let hooks = one(&format!("wpkh([d34db33f/84'/0'/0']{BIP84}/0/*)"), Some(3));
    let letters = one(&format!("wpkh([d34db33f/84h/0h/0h]{BIP84}/0/*)"), Some(3));
    assert_eq!((hooks.text(), hooks.id()), (letters.text(), letters.id()));
    assert_eq!(letters.fingerprints().into_iter().collect::<Vec<_>>(), ["d34db33f"]);
    assert_eq!(letters.path(7).as_deref(), Some("m/84'/0'/0'/0/7"));
    assert!(letters.has_extended_keys());
    let ids = [
        letters.id(),
        one(&format!("wpkh([d34db33f/84h/0h/0h]{BIP84}/0/*)"), Some(4)).id(),
        one(&format!("wpkh({BIP84}/0/*)"), Some(3)).id(),
        one(&format!("wpkh({BIP84}/0/0)"), None).id(),
    ];
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(ids.iter().position(|other| other == id), Some(at), "ids differ");
    }
    let shown = one(&format!("wpkh([73c5da0a/84h/0h/0h]{BIP84}/0/*)"), Some(999));
    let id = "ca20e2b1c7634ba90a7450c777b357712ee115508797af91131df6dfda24ffe8";
    assert_eq!(shown.id().to_string(), id, "the example of the specification");
    let raw = one("raw(0014C0CEBCD6C3D3CA8C75DC5EC62EBE55330EF910E2)", None);
    assert_eq!(raw.text(), checked("raw(0014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2)"));
    assert!(!raw.has_extended_keys());
}

fn list() -> DescriptorList {
    let all = [format!("wpkh({BIP84}/0/*)"), format!("wsh(sortedmulti(2,{BIP84}/1/*,{BIP86}/1/*,{MASTER}/7/*))")];
    let mut all: Vec<RangedDescriptor> = all.iter().map(|body| one(body, Some(4))).collect();
    all.push(one("addr(1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa)", None));
    DescriptorList::new(all).expect("a list")
}

fn set(list: &DescriptorList) -> Vec<AddressEntry> {
    let entry = |derived: Derived| AddressEntry {
        address: derived.address,
        chain: chain(Network::Bitcoin),
        custodian: None,
        descriptor: Some(derived.from),
        encumbrance: None,
        issuer: IssuerRelation::None,
        role: Role::Cold,
        salt: "00".repeat(16),
    };
    derive_all(list.descriptors()).expect("derives").into_iter().map(entry).collect()
}

fn differences(list: &DescriptorList, entries: Vec<AddressEntry>) -> Vec<Difference> {
    compare(list, &AddressSet::from_entries(entries).expect("in order"))
}

#[test]
fn lists_are_read_back_in_one_form() {
    let list = list();
    let file = list.to_file().expect("canonical");
    let text = String::from_utf8(file.clone()).expect("ASCII");
    let again = DescriptorList::parse(&file).expect("its own file");
    assert_eq!(again.to_file().expect("canonical"), file);
    let number = |text: &str| DescriptorList::parse(text.as_bytes()).expect_err(text).code().number;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(number(""), 5110);
    assert_eq!(number(text.trim_end()), 5110, "a cut file");
    assert_eq!(number(&"\n".repeat((64 << 20) + 1)), 5110, "more than is read");
    assert_eq!(number(&format!("{}\n{}\n", lines[1], lines[0])), 5110, "order");
    assert_eq!(number(&format!("{0}\n{0}\n", lines[0])), 5110, "twice");
    assert_eq!(number(&text.replace("\"last\":\"4\"", "\"last\":\"04\"")), 5115);
    assert_eq!(number(&text.replace("\"last\":\"4\"", "\"last\":4")), 5110);
    assert_eq!(number(&text.replace("\"last\":null", "\"last\":null,\"note\":\"\"")), 5110);
    let multipath = checked(&format!("wpkh({BIP84}/<0;1>/*)"));
    let line = |descriptor: &str| {
        format!("{{\"chain\":\"{}\",\"descriptor\":\"{descriptor}\",\"last\":\"4\"}}\n", chain(Network::Bitcoin))
    };
    assert_eq!(number(&line(&multipath)), 5110, "each path has a line");
    let letters = checked(&format!("wpkh([d34db33f/84h]{BIP84}/0/*)"));
    let hooks = checked(&format!("wpkh([d34db33f/84']{BIP84}/0/*)"));
    let results = [letters, hooks].map(|text| DescriptorList::parse(line(&text).as_bytes()).is_ok());
    assert_eq!(results.iter().filter(|ok| **ok).count(), 1, "one spelling");
}

#[test]
fn a_set_has_exactly_the_addresses_of_its_descriptors() {
    let list = list();
    let whole = set(&list);
    assert_eq!(whole.len(), 11);
    assert_eq!(differences(&list, whole.clone()), []);
    for at in 0..whole.len() {
        let mut without = whole.clone();
        let left_out = without.remove(at).descriptor.expect("derived");
        let found = differences(&list, without);
        assert!(
            matches!(found.as_slice(), [Difference::Missing { id, count: 1, first, .. }]
                if (*id, *first) == (left_out.id, left_out.index)),
            "{found:?}"
        );
    }
    for at in 0..whole.len() {
        let mut moved = whole.clone();
        let from = moved[at].descriptor.as_mut().expect("derived");
        from.index = if from.index == 4 { 3 } else { 4 };
        let found = differences(&list, moved);
        assert!(!found.is_empty() && found.iter().all(|one| one.id() == whole[at].descriptor.expect("derived").id));
    }
    let mut beyond = whole.clone();
    beyond[0].descriptor.as_mut().expect("derived").index = u32::MAX;
    assert!(differences(&list, beyond).iter().any(|one| matches!(one, Difference::Surplus { .. })));
    let mut swapped = whole.clone();
    let (left, right) = (swapped[3].address.clone(), swapped[4].address.clone());
    (swapped[3].descriptor, swapped[4].descriptor) = (swapped[4].descriptor, swapped[3].descriptor);
    let found = differences(&list, swapped);
    assert!(found.iter().all(|one| matches!(one, Difference::OtherAddress { .. })), "{left} {right} {found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn undisclosed_descriptors_and_lists_without_addresses_are_told() {
    let list = list();
    let whole = set(&list);
    let few = DescriptorList::new(list.descriptors()[..1].to_vec()).expect("a list");
    let found = differences(&few, whole.clone());
    assert!(matches!(found.as_slice(), [Difference::Undisclosed { .. }, Difference::Undisclosed { .. }]), "{found:?}");
    let of_few = set(&few);
    let found = differences(&list, of_few);
    assert!(matches!(found.as_slice(), [Difference::Missing { first: 0, .. }, Difference::Missing { first: 0, .. }]));
    let longer: Vec<RangedDescriptor> = vec![one(&format!("wpkh({BIP84}/0/*)"), Some(5))];
    let found = differences(&DescriptorList::new(longer).expect("a list"), whole);
    assert!(found.iter().any(|one| matches!(one, Difference::Undisclosed { .. })), "another range is another id");
}

#[test]
fn one_script_comes_from_one_descriptor() {
    let plain = one(&format!("wpkh({BIP84}/0/*)"), Some(4));
    let origin = one(&format!("wpkh([d34db33f/84h/0h/0h]{BIP84}/0/*)"), Some(2));
    let error = derive_all(&[plain.clone(), origin]).expect_err("one wallet, two texts");
    assert_eq!(error.code().number, 5118);
    let single = one("addr(bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu)", None);
    assert_eq!(derive_all(&[plain.clone(), single]).expect_err("its first address").code().number, 5118);
    let ranges = [plain, one(&format!("wpkh({BIP84}/0/*)"), Some(9))];
    assert_eq!(DescriptorList::new(ranges.to_vec()).expect_err("one text, two ranges").code().number, 5118);
}
