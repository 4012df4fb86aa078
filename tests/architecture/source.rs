//! A reader of Rust source that is just good enough to see which paths a file
//! names: comments, literals and test code are gone, `use` trees are flat.

use std::collections::{BTreeMap, BTreeSet};

/// One word or mark of source code, with the line it stands on.
#[derive(Clone, Debug)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A path as written (`crate::record::Call`), from a `use` or from code.
#[derive(Clone, Debug)]
pub struct NamedPath {
    pub segments: Vec<String>,
    pub line: usize,
    /// The local name, where a `use` declared the path.
    pub imported_as: Option<String>,
    /// How many inline modules of the file are around it.
    pub inline_modules: usize,
}

/// A function and the lines that it takes.
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
}

/// One source file, read.
pub struct Source {
    /// Path from the repository's root, with forward slashes.
    pub file: String,
    pub text: String,
    /// Tokens outside test code.
    pub tokens: Vec<Token>,
    /// Paths outside test code, as written.
    pub paths: Vec<NamedPath>,
}

impl Source {
    pub fn new(file: &str, text: String) -> Self {
        let stem = file.rsplit('/').next().unwrap_or(file);
        let is_test_file = stem == "tests.rs" || file.contains("/tests/");
        let tokens = if is_test_file { Vec::new() } else { without_tests(&lex(&text)) };
        let paths = paths(&tokens);
        Self { file: file.to_owned(), text, tokens, paths }
    }

    /// The path of the file's module below the crate root; empty for a root.
    pub fn module(&self) -> Vec<&str> {
        let inner = self.file.strip_prefix("src/").unwrap_or(&self.file);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let mut parts: Vec<&str> = inner.split('/').collect();
        if matches!(parts.as_slice(), ["lib" | "main"]) || parts.last() == Some(&"mod") {
            parts.pop();
        }
        parts
    }

    /// The names of modules that the file declares.
    pub fn declared_modules(&self) -> BTreeSet<&str> {
        let pairs = self.tokens.windows(2);
        pairs.filter(|pair| pair[0].text == "mod").map(|pair| pair[1].text.as_str()).collect()
    }

    /// The paths with the file's own imports put in; what begins with one of
    /// the file's own modules is left out.
    pub fn resolved_paths(&self) -> Vec<NamedPath> {
        let modules = self.declared_modules();
        let imports: BTreeMap<&str, &[String]> = self
            .paths
            .iter()
            .filter_map(|path| Some((path.imported_as.as_deref()?, path.segments.as_slice())))
            .collect();
        let mut resolved = Vec::new();
        for path in &self.paths {
            let (Some(first), rest) = (path.segments.first(), path.segments.get(1..)) else {
                continue;
            };
            let mut path = path.clone();
            if path.imported_as.is_none()
                && let Some(target) = imports.get(first.as_str())
            {
                path.segments = [target, rest.unwrap_or_default()].concat();
            }
            if path.segments.first().is_some_and(|first| !modules.contains(first.as_str())) {
                resolved.push(path);
            }
        }
        resolved
    }

    /// Every function with a body, test code left out.
    pub fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for (index, pair) in self.tokens.windows(2).enumerate() {
            if pair[0].text != "fn" || !is_word(&pair[1].text) {
                continue;
            }
            let last = item_end(&self.tokens, index + 2) - 1;
            if self.tokens[last].text == "}" {
                let lines = self.tokens[last].line - pair[0].line + 1;
                found.push(Function { name: pair[1].text.clone(), line: pair[0].line, lines });
            }
        }
        found
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Splits source into tokens; comments vanish, literals become one `"` mark.
pub fn lex(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < chars.len() {
        let end = token_end(&chars, at).max(at + 1).min(chars.len());
        let piece: String = chars[at..end].iter().collect();
        let is_comment = piece.starts_with("//") || piece.starts_with("/*");
        if !is_comment && !chars[at].is_whitespace() {
            let text = if piece.contains('"') { "\"".to_owned() } else { piece.clone() };
            tokens.push(Token { text, line });
        }
        line += piece.matches('\n').count();
        at = end;
    }
    tokens
}

/// Where the token (or comment, or blank) that starts at `at` ends.
fn token_end(chars: &[char], at: usize) -> usize {
    let get = |i: usize| chars.get(i).copied().unwrap_or('\0');
    match (get(at), get(at + 1)) {
        ('/', '/') => scan(chars, at, |c| c != '\n'),
        ('/', '*') => block_comment_end(chars, at),
        (':', ':') => at + 2,
        ('"', _) => string_end(chars, at + 1),
        ('\'', '\\') => scan(chars, at + 3, |c| c != '\'') + 1,
        ('\'', _) if get(at + 2) == '\'' => at + 3,
        ('\'', _) => scan(chars, at + 1, |c| c.is_alphanumeric() || c == '_'),
        (c, _) if c.is_alphanumeric() || c == '_' => {
            let end = scan(chars, at, |c| c.is_alphanumeric() || c == '_');
            let word: String = chars[at..end].iter().collect();
            let hashes = scan(chars, end, |c| c == '#') - end;
            match (word.as_str(), get(end + hashes)) {
                ("b" | "c", '"') if hashes == 0 => string_end(chars, end + 1),
                ("b", '\'') => token_end(chars, end),
                ("r" | "br" | "cr", '"') => raw_string_end(chars, end + hashes + 1, hashes),
                _ => end,
            }
        }
        _ => at + 1,
    }
}

fn scan(chars: &[char], from: usize, belongs: impl Fn(char) -> bool) -> usize {
    let rest = chars.get(from..).unwrap_or_default();
    from + rest.iter().position(|&c| !belongs(c)).unwrap_or(rest.len())
}

fn string_end(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string_end(chars: &[char], mut at: usize, hashes: usize) -> usize {
    while at < chars.len() {
        if chars[at] == '"' && scan(chars, at + 1, |c| c == '#') > at + hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

fn block_comment_end(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// The index of the bracket that closes the one at `open`.
fn matching(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len().saturating_sub(1)
}

/// Drops every item under `#[cfg(test)]`, and all of a `#![cfg(test)]` file.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let inner = usize::from(text(at + 1) == "!");
        let open = at + 1 + inner;
        if text(at) == "#" && text(open) == "[" && text(open + 1) == "cfg" {
            let close = matching(tokens, open);
            let words: Vec<&str> = tokens[open..close].iter().map(|t| t.text.as_str()).collect();
            if words.contains(&"test") && !words.contains(&"not") {
                if inner == 1 {
                    return Vec::new();
                }
                at = item_end(tokens, close + 1);
                continue;
            }
        }
        kept.push(tokens[at].clone());
        at += 1;
    }
    kept
}

/// One past the last token of the item that starts at `at`.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "{" => return matching(tokens, at) + 1,
            ";" => return at + 1,
            "(" | "[" => at = matching(tokens, at) + 1,
            _ => at += 1,
        }
    }
    at
}

fn paths(tokens: &[Token]) -> Vec<NamedPath> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    let mut braces = 0_usize;
    let mut inline = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let depth = inline.len();
        match text(at) {
            "{" => braces += 1,
            "}" => {
                braces = braces.saturating_sub(1);
                inline.retain(|&opened| opened < braces);
            }
            "mod" if text(at + 2) == "{" => inline.push(braces),
            "use" if is_word(text(at + 1)) || matches!(text(at + 1), "::" | "{") => {
                let start = found.len();
                at = use_tree(tokens, at + 1, &[], &mut found);
                found[start..].iter_mut().for_each(|path| path.inline_modules = depth);
                continue;
            }
            word if is_word(word) && !follows_a_path(tokens, at) => {
                let mut segments = vec![word.to_owned()];
                let line = tokens[at].line;
                while text(at + 1) == "::" && is_word(text(at + 2)) {
                    segments.push(text(at + 2).to_owned());
                    at += 2;
                }
                found.push(NamedPath { segments, line, imported_as: None, inline_modules: depth });
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Whether the word at `at` goes on from something before it (`a::<T>::word`,
/// `value.word`) and so names no path of its own.
fn follows_a_path(tokens: &[Token], at: usize) -> bool {
    let before = |back: usize| {
        at.checked_sub(back).and_then(|index| tokens.get(index)).map_or("", |t| t.text.as_str())
    };
    match before(1) {
        "." => before(2) != ".",
        "::" => is_word(before(2)) || before(2) == ">",
        _ => false,
    }
}

/// Reads one `use` tree and pushes a path for every leaf; returns where it ends.
fn use_tree(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<NamedPath>,
) -> usize {
    let mut segments = prefix.to_vec();
    let mut alias = None;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" => {}
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    if tokens[at].text == "," {
                        at += 1;
                    } else {
                        at = use_tree(tokens, at, &segments, found).max(at + 1);
                    }
                }
                return at + 1;
            }
            "as" => {
                alias = tokens.get(at + 1).map(|token| token.text.clone());
                at += 1;
            }
            "self" if !segments.is_empty() => {}
            "*" => alias = Some("*".to_owned()),
            word if is_word(word) => segments.push(word.to_owned()),
            _ => break,
        }
        at += 1;
    }
    let line = tokens.get(at.saturating_sub(1)).map_or(0, |token| token.line);
    let imported_as = alias.or_else(|| segments.last().cloned());
    found.push(NamedPath { segments, line, imported_as, inline_modules: 0 });
    at
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn written(text: &str) -> Vec<String> {
        let source = Source::new("src/a/b.rs", text.to_owned());
        let long = source.paths.iter().filter(|path| path.segments.len() > 1);
        long.map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn use_trees_are_flat() {
        let text = "use crate::{a::{b, c as d}, e::{self, f::*}};\nuse std::io::{self, Read};";
        let expected =
            ["crate::a::b", "crate::a::c", "crate::e", "crate::e::f", "std::io", "std::io::Read"];
        assert_eq!(written(text), expected);
    }

    #[test]
    fn comments_literals_and_tests_name_nothing() {
        let text = r##"
            // crate::a::b
            /* crate::a /* crate::b */ crate::c */
            const T: &str = "crate::d \" crate::e"; const R: &str = r#"crate::f " "#;
            const C: char = '"'; fn f<'a>(x: &'a str) -> char { '\'' }
            #[cfg(test)] mod tests { use crate::g; fn t() { crate::h::i() } }
            #[cfg(not(test))] fn kept() -> Vec<u8> { crate::j::k::<Vec<u8>>::l() }
        "##;
        assert_eq!(written(text), ["crate::j::k"]);
    }

    #[test]
    fn imports_are_put_in_and_own_modules_left_out() {
        let text = "mod csv; use std::io; fn f() { io::stdout(); csv::write(); other::g() }";
        let source = Source::new("src/report/mod.rs", text.to_owned());
        let resolved = source.resolved_paths();
        let long = resolved.iter().filter(|path| path.segments.len() > 1);
        let names: Vec<String> = long.map(|path| path.segments.join("::")).collect();
        assert_eq!(names, ["std::io", "std::io::stdout", "other::g"]);
    }

    #[test]
    fn a_function_is_as_long_as_its_lines() {
        let source = Source::new("src/a.rs", "fn f(\n_: [u8; 2]) {\n  g();\n}\nfn h();".to_owned());
        let measured: Vec<_> = source.functions().iter().map(|f| (f.line, f.lines)).collect();
        assert_eq!(measured, [(1, 4)]);
    }
}
