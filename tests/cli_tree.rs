//! `tree check` on stores that were changed: what differs first is named, whoever changed it.
#![allow(missing_docs, clippy::unwrap_used)]

mod cli_support;

use std::fs;
use std::os::unix::fs::FileExt as _;

use cli_support::{build_line, done, fresh, refused, run};

#[test]
fn changed_stores_are_named_by_what_differs_first() {
    let venue = fresh();
    let folder = venue.path();
    let rows: String = (0..40).map(|number| format!("u{number},BTC,1\n")).collect();
    fs::write(folder.join("forty.csv"), "account,asset,amount\n".to_owned() + &rows).unwrap();
    done(folder, &build_line("forty.csv", "snapshot.toml", "forty"));
    done(folder, "tree check forty");
    let leaves = folder.join("forty/store/0000.leaves");
    let whole = fs::read(&leaves).unwrap();
    let change = |at: u64, byte: u8| {
        fs::write(&leaves, &whole).unwrap();
        fs::OpenOptions::new().write(true).open(&leaves).unwrap().write_all_at(&[byte], at).unwrap();
        let output = run(folder, "tree check forty");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // leaf 20 holds a unit more, or stands elsewhere
    let said = change(20 * 40 + 31, 1);
    assert!(said.contains("CF-2045") && said.contains("node 1 of level 4, over leaves 16 to 31"), "{said}");
    let said = change(20 * 40 + 15, !whole[20 * 40 + 15]);
    assert!(said.contains("CF-2046"), "{said}");
    assert!(said.contains("leaf 20 does not stand where the key puts its account"), "{said}");
    // the last leaves belong to no node that is kept: they show in the root
    let said = change(39 * 40 + 31, 1);
    assert!(said.contains("CF-2018") && said.contains("the leaves give root"), "{said}");
    fs::write(&leaves, &whole).unwrap();
    done(folder, "tree check forty --ledger forty.csv --assets assets.toml --secret-file master.secret");
    done(folder, "keygen --kind master --out other.secret");
    let other = "tree check forty --ledger forty.csv --assets assets.toml --secret-file other.secret";
    refused(folder, other, 2, "CF-2048");
    let fewer = rows.replace("u17,BTC,1\n", "");
    fs::write(folder.join("fewer.csv"), "account,asset,amount\n".to_owned() + &fewer).unwrap();
    let output = run(folder, "tree check forty --ledger fewer.csv --assets assets.toml");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("CF-2047") && said.contains("account \"u17\" is leaf "), "{said}");
    let left = fs::read_dir(folder.join("forty")).unwrap().count();
    assert_eq!(left, 2, "store and draft, and nothing of the check");
}
