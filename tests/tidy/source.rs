//! Reading Rust source just well enough for rules: without comments, literals and tests.

/// One file, with the path that violations name.
pub(crate) struct Source {
    /// Relative to `src/`, with `/`.
    pub(crate) path: String,
    /// As it stands on disk.
    pub(crate) text: String,
    /// `text` with comments and the contents of literals blanked; lines and columns stay.
    pub(crate) code: String,
    /// `code` with everything behind `#[cfg(test)]` blanked.
    pub(crate) shipped: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = blank_comments_and_literals(text);
        let test_file = path.ends_with("/tests.rs") || path.contains("/tests/");
        let shipped = if test_file { String::new() } else { blank_tests(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, shipped }
    }

    /// The first part of the path: `liability` for `liability/leaf.rs` and for `liability.rs`.
    pub(crate) fn part(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Names of the modules down to this file: `["liability", "leaf"]`.
    pub(crate) fn modules(&self) -> Vec<&str> {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        if stem == "lib" || stem == "main" { Vec::new() } else { stem.split('/').collect() }
    }

    /// The line of `text`, from 1.
    pub(crate) fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number.saturating_sub(1)).unwrap_or_default()
    }
}

pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The line of a byte, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

/// Every place of `needle` where it is not part of a longer word.
pub(crate) fn find_words(code: &str, needle: &str) -> Vec<usize> {
    let starts_word = needle.chars().next().is_some_and(is_word);
    let ends_word = needle.chars().next_back().is_some_and(is_word);
    let standing_alone = |at: usize| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        let after = code.get(at + needle.len()..).and_then(|text| text.chars().next());
        let longer = starts_word && before.is_some_and(is_word) || ends_word && after.is_some_and(is_word);
        !longer
    };
    code.match_indices(needle).map(|(at, _)| at).filter(|&at| standing_alone(at)).collect()
}

/// What of a literal or comment is kept: its line ends, so that every line keeps its number, and its width.
fn blank(out: &mut String, text: &[char]) {
    out.extend(text.iter().map(|&character| if character == '\n' { '\n' } else { ' ' }));
}

fn starts(text: &[char], at: usize, word: &str) -> bool {
    word.chars().enumerate().all(|(offset, character)| text.get(at + offset) == Some(&character))
}

/// The end of the comment or literal that begins at `at`; `None` when there is none.
fn end_of_blanked(text: &[char], at: usize) -> Option<usize> {
    let find = |from: usize, end: &str| (from..text.len()).find(|&at| starts(text, at, end)).unwrap_or(text.len());
    if starts(text, at, "//") {
        return Some(find(at, "\n"));
    }
    if starts(text, at, "/*") {
        let (mut depth, mut next) = (1, at + 2);
        while depth > 0 && next < text.len() {
            if starts(text, next, "/*") {
                (depth, next) = (depth + 1, next + 2);
            } else if starts(text, next, "*/") {
                (depth, next) = (depth - 1, next + 2);
            } else {
                next += 1;
            }
        }
        return Some(next);
    }
    let previous = at.checked_sub(1).and_then(|before| text.get(before));
    if !previous.is_some_and(|&character| is_word(character)) {
        let prefix = ["br", "cr", "r"].into_iter().find(|prefix| starts(text, at, prefix));
        if let Some(prefix) = prefix {
            let hashes = text.iter().skip(at + prefix.len()).take_while(|&&character| character == '#').count();
            let quote = at + prefix.len() + hashes;
            if text.get(quote) == Some(&'"') {
                let end = format!("\"{}", "#".repeat(hashes));
                return Some((find(quote + 1, &end) + end.len()).min(text.len()));
            }
        }
    }
    match text.get(at) {
        Some('"') => Some(end_of_quoted(text, at, '"')),
        // a lifetime has no closing quote behind its first character
        Some('\'') if text.get(at + 1) == Some(&'\\') || text.get(at + 2) == Some(&'\'') => {
            Some(end_of_quoted(text, at, '\''))
        }
        _ => None,
    }
}

fn end_of_quoted(text: &[char], at: usize, quote: char) -> usize {
    let mut next = at + 1;
    while let Some(&character) = text.get(next) {
        if character == quote {
            return next + 1;
        }
        next += if character == '\\' { 2 } else { 1 };
    }
    text.len()
}

pub(crate) fn blank_comments_and_literals(text: &str) -> String {
    let text: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&character) = text.get(at) {
        match end_of_blanked(&text, at) {
            Some(end) => {
                let end = end.clamp(at + 1, text.len());
                blank(&mut out, text.get(at..end).unwrap_or_default());
                at = end;
            }
            None => {
                out.push(character);
                at += 1;
            }
        }
    }
    out
}

/// The byte behind the item that begins at `from`: its closing brace, or its semicolon if that comes first.
pub(crate) fn end_of_item(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    let mut brackets = 0_usize;
    for (offset, character) in code.get(from..).unwrap_or_default().char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth <= 1 => return from + offset + 1,
            '}' => depth -= 1,
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if depth == 0 && brackets == 0 => return from + offset + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = 0;
    while let Some(offset) = code.get(rest..).and_then(|text| text.find(MARK)) {
        let start = rest + offset;
        let end = end_of_item(code, start + MARK.len());
        out.push_str(code.get(rest..start).unwrap_or_default());
        let body: Vec<char> = code.get(start..end).unwrap_or_default().chars().collect();
        blank(&mut out, &body);
        rest = end;
    }
    out.push_str(code.get(rest..).unwrap_or_default());
    out
}

#[test]
fn comments_literals_and_tests_are_no_code() {
    let text = "let a = \"unsafe // \\\" {\"; // unsafe\n/* unsafe /* { */ */ let b = r#\"unsafe \"\"#; let c = '{';\n\
                fn f<'a>(x: &'a str, y: char) { y == '\\'' }\n#[cfg(test)]\nmod tests { fn g() { x.unwrap() } }\nfn h() {}";
    let source = Source::new("x.rs", text);
    assert!(find_words(&source.code, "unsafe").is_empty(), "{}", source.code);
    assert_eq!(source.code.lines().count(), text.lines().count());
    assert_eq!(source.code.matches('{').count(), source.code.matches('}').count());
    assert!(source.code.contains("fn f<'a>(x: &'a str, y: char)"), "{}", source.code);
    assert!(source.code.contains("unwrap()") && !source.shipped.contains("unwrap()"), "{}", source.shipped);
    assert!(source.shipped.contains("fn h() {}"));
    assert!(Source::new("liability/tests.rs", "x.unwrap()").shipped.is_empty());
}

#[test]
fn words_stand_alone() {
    assert_eq!(find_words("panic!() my_panic!() panics", "panic!"), [0]);
    assert_eq!(find_words("unsafe_code unsafe", "unsafe"), [12]);
}
