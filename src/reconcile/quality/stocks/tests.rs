//! Fractions here are computed by hand, beside each expectation.

use super::*;

fn rules(text: &str) -> QualityRules {
    toml::from_str(text).expect("assumptions")
}

/// The same at every bucket.
fn stock(asset: &str, relation: IssuerRelation, callable: u128, available: u128) -> Stock {
    stepped(asset, relation, [(callable, available); 5])
}

fn stepped(asset: &str, relation: IssuerRelation, steps: [(u128, u128); 5]) -> Stock {
    let step = |(due, (callable, available)): (&Due, (u128, u128))| StockStep {
        due: *due,
        callable: Amount::from_base_units(callable),
        available: Amount::from_base_units(available),
    };
    Stock {
        asset: asset.parse().expect("a name"),
        decimals: Decimals::ZERO,
        relation,
        steps: Due::ALL.iter().zip(steps).map(step).collect(),
    }
}

const NONE: IssuerRelation = IssuerRelation::None;

fn texts(values: impl Iterator<Item = Option<Exact>>) -> Vec<String> {
    values.map(|value| value.map_or_else(|| "-".to_owned(), |value| value.to_string())).collect()
}

fn paid(ladder: &Ladder<Exact>) -> Vec<String> {
    texts(ladder.rungs.iter().map(|rung| rung.realisable.clone()))
}

fn lacking(ladder: &Ladder<Exact>) -> Vec<String> {
    texts(ladder.rungs.iter().map(|rung| rung.missing.clone()))
}

fn turn<'a>(section: &'a QualitySection, parameter: &str, asset: Option<&str>) -> &'a Turn {
    let of =
        |turn: &&Turn| turn.parameter.text() == parameter && turn.asset.as_ref().map(|asset| asset.as_str()) == asset;
    section.turns.iter().find(of).expect("the assumption is made")
}

#[track_caller]
fn turns_at(turn: &Turn, below: Option<(&str, Option<Due>)>, above: Option<(&str, Option<Due>)>) {
    let point = |point: &Option<crate::reconcile::quality::TurnPoint>| {
        point.as_ref().map(|point| (point.value.to_string(), point.first_failing))
    };
    let expected = |point: Option<(&str, Option<Due>)>| point.map(|(value, due)| (value.to_owned(), due));
    assert_eq!((point(&turn.below), point(&turn.above)), (expected(below), expected(above)));
}

#[test]
fn what_is_left_of_one_asset_is_sold_for_what_is_missing_of_another() {
    let rules =
        rules("[[asset]]\nid = \"A\"\nprice = \"1\"\n[[asset]]\nid = \"B\"\nprice = \"2\"\ndaily_volume = \"10\"\n");
    let section = judge(&rules, &[stock("A", NONE, 100, 60), stock("B", NONE, 5, 35)]);
    // 30 of B are left; a tenth of ten a day is one a day: 0, 1, 7, 30 of them at 2, and all of them in the end
    assert_eq!(paid(&section.ladder), ["0", "2", "14", "60", "60"]);
    // 40 of A are missing at 1
    assert_eq!(lacking(&section.ladder), ["40", "38", "26", "-", "-"]);
    assert_eq!(section.ladder.first_failing, Some(Due::Now));
    let by: Vec<_> = section.assets[1].rungs.iter().map(|rung| rung.by.map(Cap::text)).collect();
    assert_eq!(by, ["participation", "participation", "participation", "price", "price"].map(Some));
    assert_eq!(section.assets[0].rungs[0].missing, Amount::from_base_units(40));
    assert_eq!((section.unpriced.len(), section.unvalued.len()), (0, 0));
}

#[test]
fn turning_points_are_the_nearest_steps() {
    let rules = rules(
        "[[asset]]\nid = \"A\"\nprice = \"1\"\n[[asset]]\nid = \"B\"\nprice = \"2\"\nfree_float = \"15\"\n\
         market_value = \"1000\"\nwrong_way = 9000\n",
    );
    let section = judge(&rules, &[stock("A", NONE, 100, 60), stock("B", NONE, 0, 30)]);
    // 15 of B at 2 are 30, 90 % of 60 are 54; 40 are missing, so ten are, in every bucket
    assert_eq!(lacking(&section.ladder), ["10"; 5]);
    // 20 at 2 are enough: 15 · 1.3334 = 20.001, 15 · 1.3333 = 19.9995
    turns_at(turn(&section, "free_float", Some("B")), None, Some(("20.001", None)));
    // 15 · p ≥ 40 from p = 8/3 on: 2 · 1.3334
    turns_at(turn(&section, "price", Some("B")), None, Some(("2.6668", None)));
    // 40 · p ≤ 30 from p = 3/4 down
    turns_at(turn(&section, "price", Some("A")), Some(("0.75", None)), None);
    // they can fall to nothing, or rise, and nothing changes: another cap binds
    for (parameter, asset) in [("market_value", Some("B")), ("wrong_way", Some("B")), ("participation", None)] {
        turns_at(turn(&section, parameter, asset), None, None);
    }
    assert!(section.turns.iter().all(|turn| turn.parameter.text() != "bid"), "nobody assumes an order book");
}

#[test]
fn a_turn_names_the_bucket_that_fails_instead() {
    let rules = rules(
        "participation = 2000\n[[asset]]\nid = \"A\"\nprice = \"1\"\n[[asset]]\nid = \"B\"\nprice = \"1\"\n\
         daily_volume = \"100\"\n",
    );
    // 10 of A are missing from the second bucket on; of B a fifth of 100 a day is sold
    let late = [(0, 0), (10, 0), (10, 0), (10, 0), (10, 0)];
    let section = judge(&rules, &[stepped("A", NONE, late), stock("B", NONE, 0, 50)]);
    assert_eq!(section.ladder.first_failing, None);
    // below a tenth of it a day brings less than 10: 999 of 10,000 are 9.99
    turns_at(turn(&section, "participation", None), Some(("999", Some(Due::Day))), None);
    turns_at(turn(&section, "daily_volume", Some("B")), Some(("49.99", Some(Due::Day))), None);
    // 20 can be paid by the second bucket, 50 later: at 2.0001 a day is too short, and a week is not
    turns_at(turn(&section, "price", Some("A")), None, Some(("2.0001", Some(Due::Day))));
    turns_at(turn(&section, "price", Some("B")), Some(("0.4999", Some(Due::Day))), None);
}

#[test]
fn attack_r9_own_tokens_fill_the_sheet_and_pay_nothing_but_themselves() {
    let rules = rules(
        "[[asset]]\nid = \"A\"\nprice = \"1\"\n[[asset]]\nid = \"OWN\"\nprice = \"50\"\nfree_float = \"400\"\n\
         circulating = \"4000\"\n",
    );
    let section = judge(&rules, &[stock("A", NONE, 100, 60), stock("OWN", IssuerRelation::Affiliate, 30, 1000)]);
    assert_eq!(lacking(&section.ladder), ["40"; 5]);
    let own = &section.assets[1];
    assert_eq!(
        (own.share_of_float.as_deref(), own.share_of_circulating.as_deref()),
        (Some("250.00 %"), Some("25.00 %"))
    );
    assert!(own.rungs.iter().all(|rung| rung.missing.is_zero() && rung.by == Some(Cap::Issuer)));
    // 970 that are left at 50, if anybody believed in the price
    assert_eq!(paid(&section.scenarios[0].ladder), ["48500"; 5]);
    assert_eq!(section.scenarios[0].ladder.first_failing, None);
    assert_eq!(section.scenarios[1].ladder.first_failing, Some(Due::Now));
    // no price of its own makes it pay for others
    turns_at(turn(&section, "price", Some("OWN")), None, None);
    // and what is owed in it is owed
    let short = judge(&rules, &[stock("OWN", IssuerRelation::Own, 30, 10)]);
    assert_eq!(short.ladder.rungs[0].callable.to_string(), "1000");
}

#[test]
fn what_is_locked_or_promised_comes_in_its_bucket() {
    let rules = rules("[[asset]]\nid = \"A\"\nprice = \"1\"\n[[asset]]\nid = \"B\"\nprice = \"2\"\n");
    let late = [(10, 20), (10, 20), (10, 40), (40, 40), (40, 40)];
    let section = judge(&rules, &[stock("A", NONE, 25, 0), stepped("B", NONE, late)]);
    // 10 left of 30 that would be left if nothing were locked; then 30; then its own customers take the rest
    assert_eq!(paid(&section.ladder), ["20", "20", "60", "0", "0"]);
    let by: Vec<_> = section.assets[1].rungs.iter().map(|rung| rung.by.map(Cap::text)).collect();
    assert_eq!(by, [Some("locked"), Some("locked"), Some("price"), None, None]);
    assert_eq!(lacking(&section.ladder), ["5", "5", "-", "25", "25"]);
}

#[test]
fn what_nobody_assumes_is_not_known() {
    let rules = rules("[[asset]]\nid = \"A\"\nprice = \"1\"\n");
    // B has neither price nor cap, C is missing without a price
    let section = judge(&rules, &[stock("A", NONE, 10, 5), stock("B", NONE, 0, 7), stock("C", NONE, 3, 1)]);
    assert_eq!(paid(&section.ladder), ["-"; 5]);
    assert_eq!(section.ladder.first_failing, None, "unknown is no failure, and no success");
    assert_eq!(section.unvalued, ["B".parse().expect("a name")]);
    assert_eq!(section.unpriced, ["C".parse().expect("a name")]);
    assert_eq!(section.ladder.rungs[0].callable.to_string(), "5", "C counts for nothing in what is missing");
    assert!(section.turns.iter().all(|turn| turn.below.is_none() && turn.above.is_none()));
    // what is missing without a price cannot save anybody
    let section = judge(&rules, &[stock("A", NONE, 10, 5), stock("C", NONE, 3, 1)]);
    assert_eq!(lacking(&section.ladder), ["5"; 5]);
}

#[test]
fn beliefs_are_given_up_one_by_one() {
    let rules = rules(
        "shares = [10000, 5000]\n[[asset]]\nid = \"A\"\nprice = \"1\"\n[[asset]]\nid = \"B\"\nprice = \"2\"\n\
         free_float = \"15\"\nmarket_value = \"50\"\nbid = [{ price = \"1\", amount = \"28\" }]\n",
    );
    let section = judge(&rules, &[stock("A", NONE, 25, 0), stock("B", NONE, 0, 30)]);
    let rows: Vec<(&str, String)> = section
        .scenarios
        .iter()
        .map(|row| (row.name.as_str(), paid(&row.ladder).last().cloned().unwrap_or_default()))
        .collect();
    let expected = [
        ("at the assumed prices, own tokens too", "60"),
        ("tokens of its own circle at zero", "60"),
        ("and none above the market value of all of it", "50"),
        ("every cap that is assumed", "28"),
        ("every cap but book", "30"),
        ("everything at 50.00 % of every cap", "14"),
    ];
    assert_eq!(rows, expected.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(section.scenarios[5].ladder.first_failing, Some(Due::Now));
    // 25 of 28 units: 28 · 0.8928 = 24.9984
    turns_at(turn(&section, "bid", Some("B")), Some(("24.9984", Some(Due::Now))), None);
}
