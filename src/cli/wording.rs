//! Sentences that the command and the customer's page say alike: one file has them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The page's English sentences.
const SENTENCES: &str = include_str!("../web/page/locales/en.json");

static BY_KEY: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| serde_json::from_str(SENTENCES).unwrap_or_default());

/// The sentence with this key, its `{fields}` filled in.
pub(super) fn sentence(key: &str, fields: &[(&str, &str)]) -> String {
    let text = BY_KEY.get(key).map_or(key, String::as_str);
    fields.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// `1 entry`, `2 entries`.
pub(super) fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    match count.try_into() {
        Ok(1) => format!("1 {one}"),
        Ok(count) => format!("{count} {many}"),
        Err(_) => format!("more than 2^64 {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        let entries = |count: u64| counted(count, "entry", "entries");
        assert_eq!([0, 1, 2].map(entries), ["0 entries", "1 entry", "2 entries"]);
    }

    #[test]
    fn every_sentence_of_the_command_is_in_the_file() {
        let source = concat!(include_str!("verify.rs"), include_str!("verify/logged.rs"));
        let used: Vec<&str> = source.split("sentence(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(used.len() > 13, "{used:?}");
        for key in used {
            assert!(BY_KEY.contains_key(key), "{key}");
        }
    }

    #[test]
    fn fields_are_filled_in() {
        assert_eq!(sentence("verify.root", &[("root", "0f01")]), "root 0f01");
        assert_eq!(sentence("no such", &[]), "no such");
    }

    #[test]
    fn both_languages_say_the_same_things() {
        let chinese: BTreeMap<String, String> =
            serde_json::from_str(include_str!("../web/page/locales/zh.json")).expect("JSON");
        let fields = |text: &str| {
            let mut found: Vec<String> =
                text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned).collect();
            found.sort();
            found
        };
        assert_eq!(BY_KEY.keys().collect::<Vec<_>>(), chinese.keys().collect::<Vec<_>>());
        for (key, text) in &*BY_KEY {
            assert_eq!(fields(text), fields(&chinese[key]), "{key}");
        }
    }

    /// What the page says about a code is what `explain` says, but for the two that the page words for itself.
    #[test]
    fn the_page_explains_codes_as_the_command_does() {
        type Codes = BTreeMap<String, BTreeMap<String, String>>;
        let english: Codes = serde_json::from_str(include_str!("../web/page/locales/codes.en.json")).expect("JSON");
        let chinese: Codes = serde_json::from_str(include_str!("../web/page/locales/codes.zh.json")).expect("JSON");
        assert_eq!(english.keys().collect::<Vec<_>>(), chinese.keys().collect::<Vec<_>>());
        for (name, texts) in english.iter().filter(|(name, _)| *name != "CF-9004") {
            let code = crate::code::find(name).expect("a code");
            assert_eq!(texts["title"], code.title, "{name}");
            assert_eq!(texts["meaning"], code.meaning, "{name}");
            let remedy: String = code.remedy.chars().take(1).flat_map(char::to_uppercase).collect();
            assert_eq!(texts["remedy"], format!("{remedy}{}.", &code.remedy[1..]), "{name}");
        }
    }
}
