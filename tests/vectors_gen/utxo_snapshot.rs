use bitcoin::hashes::Hash as _;
use bitcoin::{BlockHash, Network, Txid};
use counterfoil::lab::utxo_set::{NewCoin, SyntheticSet, write_head, write_transaction};
use counterfoil::reserve::bitcoin::utxo_snapshot::{Head, SATOSHIS_MAX};
use serde_json::json;

use super::{Sent, Stage, Vectors, Want, seeded};

/// Coordinate of the point that generates the curve's group.
const X: &str = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const Y: &str = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
const Y_ODD: &str = "b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777";

pub(super) fn add(vectors: &mut Vectors) {
    kinds(vectors);
    sizes(vectors);
    whole_sets(vectors);
    heads(vectors);
    lists(vectors);
    coins(vectors);
}

fn head(network: Network, count: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_head(&Head { network, block: BlockHash::from_byte_array(seeded("base block")), count }, &mut bytes);
    bytes
}

fn id(first: u8) -> [u8; 32] {
    let mut id = seeded("transaction");
    id[0] = first;
    id
}

fn coin(vout: u32, satoshis: u64, script: &[u8]) -> NewCoin {
    NewCoin { vout, height: 1_000 + vout, coinbase: vout == 0, satoshis, script: script.to_vec() }
}

/// A snapshot of these transactions.
fn file(transactions: &[(u8, Vec<NewCoin>)]) -> Vec<u8> {
    let mut bytes = head(Network::Regtest, transactions.iter().map(|(_, coins)| coins.len() as u64).sum());
    for (first, coins) in transactions {
        write_transaction(&Txid::from_byte_array(id(*first)), &mut coins.clone(), &mut bytes);
    }
    bytes
}

/// A snapshot whose transactions are written by hand.
fn raw(count: u64, rest: &[&[u8]]) -> Vec<u8> {
    [head(Network::Regtest, count), rest.concat()].concat()
}

fn case(vectors: &mut Vectors, (name, comment, flag): (&str, &str, &str), wanted: &[&str], file: Vec<u8>, want: Want) {
    let query = json!({"network": "regtest", "wanted": wanted});
    vectors.add(&format!("utxo-snapshot/{name}"), comment, &[flag], query, Sent::Bytes(file), want);
}

fn kinds(vectors: &mut Vectors) {
    let hash = "11".repeat(20);
    let (uncompressed, odd) = (format!("4104{X}{Y}ac"), format!("4104{X}{Y_ODD}ac"));
    let cases = [
        ("p2pkh", "20 bytes are stored", format!("76a914{hash}88ac")),
        ("p2sh", "20 bytes are stored", format!("a914{hash}87")),
        ("p2pk_even", "32 bytes are stored", format!("2102{X}ac")),
        ("p2pk_odd", "32 bytes are stored", format!("2103{X}ac")),
        ("p2pk_no_point", "a compressed key is not looked at", format!("2102{}ac", "ff".repeat(32))),
        ("p2pk_uncompressed_even", "y is computed", uncompressed),
        ("p2pk_uncompressed_odd", "y is computed", odd),
        (
            "p2pk_uncompressed_no_point",
            "what cannot be computed is stored in full",
            format!("4104{}ac", "05".repeat(64)),
        ),
        ("p2pk_hybrid", "no short form", format!("4106{X}{Y}ac")),
        ("p2wpkh", "stored in full", format!("0014{hash}")),
        ("p2wsh", "stored in full", format!("0020{}", "22".repeat(32))),
        ("p2tr", "stored in full", format!("5120{X}")),
        ("multisig", "stored in full", format!("512102{X}2103{X}52ae")),
        ("almost_p2pkh", "the last byte is another", format!("76a914{hash}88ad")),
        ("almost_p2sh", "a byte more", format!("a914{hash}8751")),
        ("script_empty", "nothing has to be shown to spend it", String::new()),
        ("script_of_121", "the longest behind one byte of length", "51".repeat(121)),
        ("script_of_122", "two bytes of length", "51".repeat(122)),
        ("script_of_252", "one byte of length in the hash", "51".repeat(252)),
        ("script_of_253", "three bytes of length in the hash", "51".repeat(253)),
    ];
    for (name, comment, script) in cases {
        let bytes = hex::decode(&script).expect("digits");
        let set = file(&[(1, vec![coin(3, 12_345, &bytes)])]);
        case(vectors, (name, comment, "Snapshot"), &[&script], set, Want::Valid);
    }
}

fn sizes(vectors: &mut Vectors) {
    let mut good = |name: &str, comment: &str, flag: &str, set: Vec<u8>| {
        case(vectors, (name, comment, flag), &["51"], set, Want::Valid);
    };
    let anyone = |vout, satoshis| coin(vout, satoshis, &[0x51]);
    good("no_coins", "the hash of nothing", "Boundary", head(Network::Regtest, 0));
    for (name, satoshis) in [
        ("nothing", 0),
        ("one_satoshi", 1),
        ("ten", 10),
        ("ninety_nine", 99),
        ("eight_zeros", 300_000_000),
        ("nine_zeros", 5_000_000_000),
        ("ten_zeros", 10_000_000_000),
        ("all_there_is", SATOSHIS_MAX),
    ] {
        let name = format!("amount_{name}");
        good(&name, "powers of ten are taken out", "Snapshot", file(&[(1, vec![anyone(1, satoshis)])]));
    }
    for (name, height, coinbase) in
        [("of_the_first_block", 0, true), ("of_63", 63, true), ("of_64", 64, false), ("largest", u32::MAX >> 1, true)]
    {
        let made = NewCoin { height, coinbase, ..anyone(0, 7) };
        good(&format!("height_{name}"), "one, two and five bytes", "Boundary", file(&[(1, vec![made])]));
    }
    let numbers = [0, 1, 252, 253, 65_535, 65_536, 111_110];
    let coins: Vec<NewCoin> = numbers.map(|vout| anyone(vout, 1)).to_vec();
    good("output_numbers", "one, three and five bytes", "Boundary", file(&[(1, coins)]));
    let order = [255, 256, 16_511, 16_512, 20_000].map(|vout| anyone(vout, 1)).to_vec();
    good(
        "database_order",
        "16512 stands before 256 in the file, and behind it in the hash",
        "DatabaseOrder",
        file(&[(1, order)]),
    );
    let (first, second) = ([1, 0xe0, 0, 1, 7, 0x51].as_slice(), [0, 0xe0, 0, 1, 7, 0x51].as_slice());
    good(
        "falling_order",
        "no node writes it; the hash is that of the rising order",
        "DatabaseOrder",
        raw(2, &[&id(1), &[2], first, second]),
    );
}

fn whole_sets(vectors: &mut Vectors) {
    let mut good = |name: &str, comment: &str, flag: &str, set: Vec<u8>| {
        case(vectors, (name, comment, flag), &["51"], set, Want::Valid);
    };
    let anyone = |vout, satoshis| coin(vout, satoshis, &[0x51]);
    let several = (0..5).map(|first| (first * 50, vec![anyone(0, 5), coin(1, 6, &[0x52])])).collect::<Vec<_>>();
    good("several_transactions", "half of the coins are asked for", "Snapshot", file(&several));
    let many = (0..253).map(|vout| coin(vout, 1, &[])).collect();
    good("coins_253", "the number of coins takes three bytes", "Boundary", file(&[(1, many)]));
    let mut synthetic = Vec::new();
    SyntheticSet { coins: 60, seed: 11 }.write(&mut synthetic, &mut |_| {}).expect("memory");
    good("synthetic_60", "as `lab utxo-set --coins 60 --seed 11` writes it", "Snapshot", synthetic);
    let script = "51";
    let query = json!({"network": "bitcoin", "wanted": [script]});
    let mut bytes = head(Network::Bitcoin, 1);
    write_transaction(&Txid::from_byte_array(id(1)), &mut [anyone(0, 9)], &mut bytes);
    vectors.add(
        "utxo-snapshot/mainnet",
        "the mark of the main network",
        &["Snapshot"],
        query,
        Sent::Bytes(bytes),
        Want::Valid,
    );
    let full =
        [&[1, 0xe0, 0, 1, 25 + 6], hex::decode(format!("76a914{}88ac", "11".repeat(20))).expect("digits").as_slice()]
            .concat();
    let asked = format!("76a914{}88ac", "11".repeat(20));
    case(
        vectors,
        ("short_form_not_used", "no node writes it; the set is the same", "Snapshot"),
        &[&asked],
        raw(1, &[&id(1), &[1], &full]),
        Want::Valid,
    );
}

fn heads(vectors: &mut Vectors) {
    let good = file(&[(1, vec![coin(0, 5, &[0x51])])]);
    let mut bad = |name: &str, comment: &str, flag: &str, code: &'static str, bytes: Vec<u8>| {
        case(vectors, (name, comment, flag), &["51"], bytes, Want::Refused(Stage::Parse, code));
    };
    let with = |at: usize, other: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + other.len()].copy_from_slice(other);
        bytes
    };
    bad("empty_file", "no bytes", "Damage", "CF-5180", Vec::new());
    bad("other_magic", "a capital letter", "Damage", "CF-5180", with(0, b"U"));
    bad("cut_in_magic", "four bytes", "Damage", "CF-5180", good[..4].to_vec());
    bad("version_1", "an older version", "Damage", "CF-5181", with(5, &[1]));
    bad("version_258", "the upper byte counts", "Damage", "CF-5181", with(6, &[1]));
    bad("other_network", "of the main network", "OtherNetwork", "CF-5182", with(7, &[0xf9, 0xbe, 0xb4, 0xd9]));
    bad("unknown_network", "of none", "OtherNetwork", "CF-5182", with(7, &[1, 2, 3, 4]));
    for length in [5, 10, 42, 50, 51, 60, 83, good.len() - 1] {
        bad(&format!("cut_at_{length}"), "the file is cut", "Damage", "CF-5183", good[..length].to_vec());
    }
    bad("something_behind", "a byte more", "Damage", "CF-5184", [good.as_slice(), &[0]].concat());
    bad("count_too_large", "the head names a coin more", "Damage", "CF-5183", with(43, &[2]));
    bad("count_too_small", "the head names no coin", "Damage", "CF-5184", with(43, &[0]));
}

fn lists(vectors: &mut Vectors) {
    let mut bad = |name: &str, comment: &str, flag: &str, code: &'static str, bytes: Vec<u8>| {
        case(vectors, (name, comment, flag), &["51"], bytes, Want::Refused(Stage::Parse, code));
    };
    let anyone = |vout: u32| coin(vout, 1, &[0x51]);
    let one = [0, 0xe0, 0, 1, 7, 0x51].as_slice();
    bad("transactions_falling", "ids fall", "Order", "CF-5186", file(&[(2, vec![anyone(0)]), (1, vec![anyone(0)])]));
    bad("transaction_twice", "one id twice", "Order", "CF-5186", file(&[(1, vec![anyone(0)]), (1, vec![anyone(1)])]));
    bad(
        "no_coin_of_a_transaction",
        "a list of nothing",
        "Damage",
        "CF-5187",
        raw(1, &[&id(0), &[0], &id(1), &[1], one]),
    );
    bad("more_coins_than_left", "two of one", "Damage", "CF-5187", raw(1, &[&id(1), &[2], one, &[1], &one[1..]]));
    bad("coin_twice", "one output twice", "CoinTwice", "CF-5188", raw(2, &[&id(1), &[2], one, one]));
    let apart = [one, &[1], &one[1..], one].concat();
    bad("coin_twice_apart", "with another one between", "CoinTwice", "CF-5188", raw(3, &[&id(1), &[3], &apart]));
    bad("number_in_three_bytes", "output 0 as fd0000", "NumberForm", "CF-5185", raw(1, &[&id(1), &[1, 0xfd, 0], one]));
    bad("count_in_three_bytes", "one coin as fd0100", "NumberForm", "CF-5185", raw(1, &[&id(1), &[0xfd, 1, 0], one]));
    let five = [0xfe, 0xff, 0xff, 0, 0];
    bad(
        "number_in_five_bytes",
        "65535 as feffff0000",
        "NumberForm",
        "CF-5185",
        raw(1, &[&id(1), &[1], &five, &one[1..]]),
    );
    let nine = [0xff, 1, 0, 0, 0, 0, 0, 0, 0];
    bad("number_in_nine_bytes", "1 in nine bytes", "NumberForm", "CF-5185", raw(1, &[&id(1), &[1], &nine, &one[1..]]));
}

fn coins(vectors: &mut Vectors) {
    let mut bad = |name: &str, comment: &str, flag: &str, code: &'static str, coin: &[&[u8]]| {
        let bytes = raw(1, &[&id(1), &[1], &coin.concat()]);
        case(vectors, (name, comment, flag), &["51"], bytes, Want::Refused(Stage::Parse, code));
    };
    let (rest, beyond) = ([1, 7, 0x51].as_slice(), [0xff; 9].as_slice());
    bad("height_too_large", "2^31, so 2^32 is stored", "Overflow", "CF-5190", &[&[0, 0x8e, 0xfe, 0xfe, 0xff, 0], rest]);
    bad("height_above_64_bits", "no integer holds it", "Overflow", "CF-5190", &[&[0], beyond, &[0xff, 0x7f], rest]);
    // 21 million bitcoins and a satoshi: 1 + 10 * (9 * 210000000000000 + 0)
    bad(
        "amount_too_large",
        "a satoshi above 21 million bitcoins",
        "Overflow",
        "CF-5189",
        &[&[0, 2], &stored(SATOSHIS_MAX + 1), &[7, 0x51]],
    );
    bad(
        "amount_above_64_bits",
        "no integer holds it",
        "Overflow",
        "CF-5189",
        &[&[0, 2], beyond, &[0xff, 0x7f], &[7, 0x51]],
    );
    let wraps = [0x80, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0x7f];
    bad(
        "amount_wraps",
        "what is stored fits into 64 bits, the amount does not",
        "Overflow",
        "CF-5189",
        &[&[0, 2], &wraps, &[7, 0x51]],
    );
    let mut five = [0; 32];
    five[31] = 5;
    bad("key_no_point_even", "5 is x of no point", "Damage", "CF-5191", &[&[0, 2, 1, 4], &five]);
    bad("key_no_point_odd", "5 is x of no point", "Damage", "CF-5191", &[&[0, 2, 1, 5], &five]);
    bad("key_beyond_the_field", "x is not below the prime", "Damage", "CF-5191", &[&[0, 2, 1, 4], &[0xff; 32]]);
    let number = 111_111_u32.to_le_bytes();
    bad(
        "output_number_too_large",
        "no transaction has so many outputs",
        "Damage",
        "CF-5192",
        &[&[0xfe], &number, &[2], rest],
    );
    bad(
        "output_number_of_33_bits",
        "the lower half is a good number",
        "Damage",
        "CF-5192",
        &[&[0xff, 1, 0, 0, 0, 1, 0, 0, 0, 2], rest],
    );
    let mut halves = raw(2, &[]);
    for first in [1, 2] {
        let script = [0x51];
        write_transaction(
            &Txid::from_byte_array(id(first)),
            &mut [coin(0, SATOSHIS_MAX / 2 + 1, &script)],
            &mut halves,
        );
    }
    case(
        vectors,
        ("sum_too_large", "two halves and two satoshis", "Overflow"),
        &["51"],
        halves,
        Want::Refused(Stage::Parse, "CF-5189"),
    );
}

/// An amount as a coin has it, taken out of what a node would write.
fn stored(satoshis: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_transaction(
        &Txid::from_byte_array([0; 32]),
        &mut [NewCoin { height: 0, ..coin(1, satoshis, &[]) }],
        &mut bytes,
    );
    bytes[35..bytes.len() - 1].to_vec()
}
