use super::*;

fn exact(text: &str) -> Exact {
    text.parse().expect("a plain decimal")
}

fn terms(more: &str) -> QualityRules {
    let text = format!("participation = 1000\nimpact = 10000\nfloat_share = 5000\n[[asset]]\nid = \"XMPL\"\n{more}");
    toml::from_str(&text).expect("assumptions")
}

fn position(marked: Option<&str>, quantity: Option<&str>) -> Position {
    Position { marked: marked.map(exact), quantity: quantity.map(exact) }
}

fn ask(more: &str, own: bool, whole: &Position, available: &Position, due: Due) -> (Option<String>, Option<Cap>) {
    let rules = terms(more);
    let terms = rules.asset.first();
    let found = value(&Question { rules: &rules, terms, own, whole, available, due });
    (found.value.map(|value| value.to_string()), found.by)
}

#[track_caller]
fn is(more: &str, due: Due, expected: (&str, Cap)) {
    let whole = position(None, Some("1000"));
    let (value, by) = ask(more, false, &whole, &whole, due);
    assert_eq!((value.as_deref(), by), (Some(expected.0), Some(expected.1)));
}

#[test]
fn each_cap_binds_alone() {
    is("price = \"2\"", Due::Longer, ("2000", Cap::Price));
    is("price = \"2\"\nmarket_value = \"88\"", Due::Longer, ("88", Cap::MarketValue));
    is("price = \"2\"\nwrong_way = 2500", Due::Longer, ("500", Cap::WrongWay));
    is("price = \"2\"\nfree_float = \"300\"", Due::Longer, ("300", Cap::Float));
    is("price = \"2\"\ndaily_volume = \"100\"", Due::Week, ("140", Cap::Participation));
    is("price = \"2\"\ndaily_volume = \"100\"", Due::Now, ("0", Cap::Participation));
    is("price = \"2\"\ndaily_volume = \"100\"", Due::Longer, ("2000", Cap::Price));
    let book = "bid = [{ price = \"2\", amount = \"10\" }, { price = \"1.5\", amount = \"20\" }]";
    is(book, Due::Now, ("50", Cap::Book));
}

#[test]
fn impact_takes_the_root_of_the_share_of_the_volume() {
    // 1000 of 4000 a day: the root is 0.5, a tenth of it is taken off
    is("price = \"2\"\ndaily_volume = \"4000\"\nvolatility = 1000", Due::Longer, ("1900", Cap::Impact));
    // more units than at the turning point bring less: 10·(2/3)² units are sold, at a third of the price
    is("price = \"3\"\ndaily_volume = \"10\"\nvolatility = 10000", Due::Longer, ("4.444444", Cap::Impact));
    is("price = \"3\"\ndaily_volume = \"0\"\nvolatility = 10000", Due::Longer, ("0", Cap::Impact));
}

#[test]
fn own_tokens_are_worth_nothing_to_others() {
    let whole = position(Some("553"), None);
    assert_eq!(ask("", true, &whole, &whole, Due::Longer), (Some("0".to_owned()), Some(Cap::Issuer)));
}

#[test]
fn what_is_locked_counts_when_it_is_free() {
    let (whole, free) = (position(Some("100"), None), position(Some("40"), None));
    assert_eq!(ask("", false, &whole, &free, Due::Now), (Some("40".to_owned()), Some(Cap::Locked)));
    assert_eq!(ask("", false, &whole, &whole, Due::Month), (Some("100".to_owned()), Some(Cap::Marked)));
}

#[test]
fn of_nothing_known_nothing_is_said() {
    let nothing = Position::default();
    assert_eq!(ask("price = \"2\"", false, &nothing, &nothing, Due::Longer), (None, None));
}
