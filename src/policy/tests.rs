use super::*;

const KEY: &str = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

fn policy(rest: &str) -> Result<Policy, PolicyError> {
    Policy::parse(&format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\n\
         keys = [{{ alg = \"bip340\", key = \"{KEY}\" }}]\n{rest}"
    ))
}

#[test]
fn defaults_are_the_built_in_policy() {
    let policy = policy("").expect("a small policy");
    assert_eq!(policy.require(), &Requirements::default());
    assert!(policy.departures().is_empty());
}

#[test]
fn departures_say_which_way() {
    let policy = policy("[require]\ncompleteness = \"unspent-stated\"\nother_liabilities = true\n").expect("a policy");
    assert_eq!(
        policy.departures(),
        [
            "laxer: unspentness counts from unspent-stated, built-in unspent-observed",
            "stricter: no coverage without a schedule of other liabilities"
        ]
    );
}

#[test]
fn windows_have_defaults_and_limits() {
    let plain = policy("[window]\n").expect("defaults");
    assert_eq!(plain.window(), &WindowRules::default());
    let chain = "bip122:000000000019d6689c085ae165831e93";
    let (bitcoin, evm) = (chain.parse().expect("a chain"), "eip155:1".parse().expect("a chain"));
    let demand = |policy: &Policy, chain| policy.window().demand(chain).range(10_000);
    assert_eq!(demand(&plain, &bitcoin), Some((9_856, 10_144)), "a day each side");
    assert_eq!(demand(&plain, &evm), Some((2_800, 17_200)));
    let text = format!(
        "[window]\nafter = 7\nflow_share = 50\n[[window.chain]]\nchain = \"eip155:1\"\nbefore = 9000\n\
         [[window.seen]]\nchain = \"{chain}\"\nheight = 9\n"
    );
    let asset = |chain: &str| {
        format!(
            "[[asset]]\nid = \"A{}\"\ndecimals = 8\n[[asset.deployment]]\nid = \"{chain}/slip44:0\"\ndecimals = 8\n",
            chain.len()
        )
    };
    let own = policy(&format!("{text}{}{}", asset(chain), asset("eip155:1"))).expect("a window");
    assert_eq!((demand(&own, &bitcoin), demand(&own, &evm)), (Some((9_856, 10_007)), Some((1_000, 10_007))));
    assert_eq!(
        own.departures(),
        [
            &format!("laxer: 7 blocks after the cut-off block of {chain}, built-in 144"),
            "stricter: 9000 blocks before the cut-off block of eip155:1, built-in 7200",
            "laxer: 7 blocks after the cut-off block of eip155:1, built-in 7200",
            "stricter: flows are told from, hundredths of a percent: 50, built-in 100",
            &format!("stricter: what is on signed addresses must still be there at block 9 of {chain}")
        ]
    );
    let none = policy("[window]\nbefore = 0\nafter = 0\n").expect("no window");
    assert_eq!(demand(&none, &bitcoin), None);
    let row = "[[window.chain]]\nchain = \"eip155:1\"\nafter = 1\n";
    assert!(policy(&row.repeat(2)).is_err(), "two rows for one chain");
    assert!(policy("[[window.chain]]\nchain = \"eip155:1\"\nafter = 100000001\n").is_err());
    for bad in ["before = 100000001", "flow_share = 10001", "round_trip_tolerance = 10001", "blocks = 1"] {
        assert!(policy(&format!("[window]\n{bad}\n")).is_err(), "{bad}");
    }
    let high = text.replace("height = 9", "height = 4294967296");
    assert!(policy(&high).expect_err("no such height").to_string().contains("4294967295"));
}

#[test]
fn work_needs_both_numbers_and_is_laxer() {
    let chain = "bip122:000000000019d6689c085ae165831e93";
    let work = |confirmations: &str, work: &str| {
        policy(&format!("[[work]]\nchain = \"{chain}\"\nmin_confirmations = {confirmations}\n{work}\n"))
    };
    let good = work("6", "min_work = \"00ff\"").expect("a policy");
    let rule = good.work(&chain.parse().expect("a chain")).expect("a rule");
    assert_eq!((rule.confirmations, rule.work), (6, U256::from(255)));
    assert_eq!(good.work(&"eip155:1".parse().expect("a chain")), None);
    assert_eq!(
        good.departures(),
        [format!(
            "laxer: on {chain}, blocks above the highest pin count from 6 blocks with the work 0xff on, built-in never"
        )]
    );
    let wide = format!("min_work = \"1{}\"", "0".repeat(64));
    for bad in ["", "min_work = \"\"", "min_work = \"0\"", "min_work = \"0xff\"", "min_work = \"FF\"", &wide] {
        assert!(work("6", bad).is_err(), "{bad}");
    }
    assert!(work("0", "min_work = \"ff\"").is_err());
    let row = format!("[[work]]\nchain = \"{chain}\"\nmin_confirmations = 1\nmin_work = \"1\"\n");
    let error = policy(&row.repeat(2)).expect_err("two rules");
    assert_eq!(error.to_string(), format!("work of {chain}: it stands twice"));
}

#[test]
fn one_set_of_unspent_outputs_per_block() {
    let row = |hash: &str| {
        format!("[[utxo_set]]\nchain = \"bip122:000000000019d6689c085ae165831e93\"\nheight = 7\nhash = \"{hash}\"\n")
    };
    let one = policy(&row(KEY)).expect("a policy");
    assert_eq!((one.utxo_sets().len(), one.departures()), (1, Vec::new()));
    assert!(policy(&(row(KEY) + &row(&"11".repeat(32)))).is_err());
}

#[test]
fn finality_begins_at_one_root_per_chain() {
    let root = |chain: &str, byte: &str| format!("[[finality]]\nchain = \"{chain}\"\nroot = \"{}\"\n", byte.repeat(32));
    let read = policy(&(root("eip155:1", "0a") + &root("eip155:100", "0b"))).expect("two chains");
    let at = |chain: &str| read.finality_root(&chain.parse().expect("a chain")).map(ToString::to_string);
    assert_eq!((at("eip155:1"), at("eip155:10")), (Some("0a".repeat(32)), None));
    assert!(policy(&(root("eip155:1", "0a") + &root("eip155:1", "0a"))).is_err());
    assert!(policy(&root("eip155:1", "0A")).is_err());
}

#[test]
fn contradictions_are_refused() {
    assert!(policy("threshold = 2\n").is_err());
    assert!(policy("unknown = 1\n").is_err());
    let twice = format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\nthreshold = 2\n\
         keys = [{{ alg = \"bip340\", key = \"{KEY}\" }}, {{ alg = \"ecdsa-secp256k1\", key = \"02{KEY}\" }}]\n"
    );
    let error = Policy::parse(&twice).expect_err("one secret for two signers");
    assert_eq!(error.to_string(), "venue: two pinned keys have one x coordinate, so one secret signs for both");
    let asset = |id: &str| {
        format!(
            "[[asset]]\nid = \"{id}\"\ndecimals = 8\n[[asset.deployment]]\nid = \"eip155:1/slip44:60\"\ndecimals = 18\n"
        )
    };
    let error = policy(&(asset("A") + &asset("B"))).expect_err("one deployment for two assets");
    assert_eq!(error.to_string(), "deployment eip155:1/slip44:60 counts for two assets");
}

/// An auditor who copies a wrapped coin with the capitals of its checksum means the one that its issuer is listed with.
#[test]
fn attack_r8_capitals_make_no_other_token() {
    let (capitals, lower) =
        ("0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599");
    let token = |contract: &str| format!("eip155:1/erc20:{contract}");
    let listed = |asset: &str, ids: &[String]| {
        let of = |id: &String| format!("[[asset.deployment]]\nid = \"{id}\"\ndecimals = 8\n");
        format!("[[asset]]\nid = \"{asset}\"\ndecimals = 8\n{}", ids.iter().map(of).collect::<String>())
    };
    let issuer = |id: &str| {
        format!(
            "[[issuer]]\nid = \"custodian\"\nlog_origin = \"log\"\n\
             keys = [{{ alg = \"bip340\", key = \"{KEY}\" }}]\ndeployments = [\"{id}\"]\n"
        )
    };
    let id: DeploymentId = token(lower).parse().expect("an id");
    for (one, other) in [(capitals, lower), (lower, capitals)] {
        let own = format!("[require]\nown_tokens = [\"{}\"]\n", token(other));
        let read =
            policy(&format!("{own}{}{}", listed("BTC", &[token(one)]), issuer(&token(other)))).expect("a policy");
        assert_eq!(read.assets()[0].deployments[0].id, id);
        assert_eq!(read.own_tokens(), std::slice::from_ref(&id));
        assert!(read.issuer_of(&id).is_some(), "{one} {other}");
        let twice = policy(&(listed("A", &[token(one)]) + &listed("B", &[token(other)]))).expect_err("one token");
        assert_eq!(twice.to_string(), format!("deployment {id} counts for two assets"));
    }
    let twice = policy(&listed("A", &[token(capitals), token(lower)])).expect_err("one token");
    assert_eq!(twice.to_string(), format!("deployment {id} is listed twice"));
    let shares = policy(&listed("A", &[format!("{}/shares", token(capitals))])).expect("a policy");
    assert_eq!(shares.assets()[0].deployments[0].id.as_str(), format!("{id}/shares"));
    let wrong = policy(&listed("A", &[token(&capitals.replace("FAC5", "FaC5"))])).expect_err("a checksum");
    assert!(wrong.to_string().contains("EIP-55"), "{wrong}");
}

#[test]
fn a_related_address_in_capitals_is_the_same() {
    let text = "[[related_party]]\nname = \"Lender AG\"\n\
                addresses = [\"0xAB\", \"BC1QXY\", \"1AbC\", \"BCRT1QXY\"]\n";
    let known = policy(text).expect("a policy");
    for (address, related) in
        [("0xab", true), ("bc1qxy", true), ("bcrt1qxy", true), ("1AbC", true), ("1abc", false), ("bc1qxz", false)]
    {
        assert_eq!(known.is_related_address(address), related, "{address}");
    }
}

#[test]
fn own_tokens_are_told() {
    let entry = "[[token]]\nchain = \"eip155:1\"\ncontract = \"0x7f39c581f595b53c5cb19bd0b3f8da6c935e2ca0\"\n\
                 name = \"wstETH\"\nbalance_slot = 0\nlayout = \"solidity\"\ndecode = \"plain\"\nsource = \"mine\"\n";
    let hash = format!("code_hash = \"{}\"\n", "11".repeat(32));
    let own = policy(&format!("{entry}{hash}")).expect("a policy");
    assert_eq!(own.departures(), ["laxer: balances of wstETH are proved by an entry of the policy's own"]);
    assert_eq!(own.tokens().entries().len(), policy("").expect("a policy").tokens().entries().len() + 1);
    assert!(policy(&format!("{entry}{hash}{entry}{hash}")).is_err(), "twice");
    assert!(policy(entry).is_err(), "no code hash");
}

/// Six blocks on Bitcoin, two epochs elsewhere, or all blocks that there are.
#[test]
fn a_window_can_be_too_short() {
    let enough = |before: u64, after: u64, chain: &str, cutoff: u64| {
        let text = format!("[window]\nbefore = {before}\nafter = {after}\n");
        let policy = policy(&text).expect("a window");
        policy.window().demand(&chain.parse().expect("a chain")).is_enough(cutoff)
    };
    let bitcoin = "bip122:000000000019d6689c085ae165831e93";
    assert!(enough(6, 6, bitcoin, 900_000) && !enough(5, 6, bitcoin, 900_000) && !enough(6, 5, bitcoin, 900_000));
    assert!(enough(64, 64, "eip155:1", 900_000) && !enough(63, 64, "eip155:1", 900_000));
    assert!(!enough(0, 0, bitcoin, 900_000));
    assert!(enough(3, 6, bitcoin, 3), "from the chain's first block on");
}

#[test]
fn demands_of_control_ratio_and_parties_are_departures() {
    let text = "[require]\ncontrol = \"script-satisfied\"\nschemes = [\"bip322-simple\"]\nminimum_ratio = 10550\n\
                control_max_age_days = 30\nmax_age_days = 45\nown_tokens = [\"eip155:1/erc20:0x00\"]\n\
                [[related_party]]\nname = \"Lender AG\"\naddresses = [\"0xAb\"]\n";
    let own = policy(text).expect("a policy");
    assert_eq!(
        own.departures(),
        [
            "stricter: control counts from script-satisfied, built-in key-threshold",
            "stricter: only control proofs of these kinds count: bip322-simple",
            "stricter: a challenge may be 30 days older than the cut-off, built-in 400",
            "stricter: Lender AG is known as related to the venue",
            "stricter: eip155:1/erc20:0x00 is known as the venue's own issue",
            "stricter: covered from 105.50 % of what is owed on, built-in 100.00 %",
            "stricter: a statement is accepted for 45 days"
        ]
    );
    assert!(own.is_related_address("0xaB") && !own.is_related_address("0xac"));
    let laxer = policy("[require]\ncontrol = \"contract-stated\"\ncontrol_max_age_days = 500\n").expect("a policy");
    assert!(laxer.departures().iter().all(|departure| departure.starts_with("laxer: ")), "{:?}", laxer.departures());
    for bad in ["minimum_ratio = 9999", "minimum_ratio = 1000001", "schemes = [\"bip-322\"]", "control = \"word\""] {
        assert!(policy(&format!("[require]\n{bad}\n")).is_err(), "{bad}");
    }
}

#[test]
fn lists_of_events_are_added_and_told() {
    let entry = "[[token_events]]\nchain = \"eip155:1\"\ncontract = \"0x0101010101010101010101010101010101010101\"\n\
        name = \"a token\"\ncode_hash = \"d0a06b12ac47863b5c7be4185c2deaad1c61557033f56c7d4ea74429cbb25e23\"\n\
        changes = []\nsource = \"its source\"\n[[token_events.moves]]\nevent = \"Transfer(address,address,uint256)\"\n\
        holders = [\"topic1\", \"topic2\"]\n";
    let own = policy(entry).expect("an entry");
    let contract = "0x0101010101010101010101010101010101010101".parse().expect("an address");
    assert_eq!(own.token_events().of_contract(&"eip155:1".parse().expect("a chain"), contract).len(), 1);
    assert!(
        own.departures().iter().any(|departure| departure.contains("what moves a token")),
        "{:?}",
        own.departures()
    );
    for bad in [format!("{entry}{entry}"), entry.replace("its source", ""), entry.replace("topic2", "topic4")] {
        assert!(policy(&bad).is_err(), "{bad}");
    }
}
