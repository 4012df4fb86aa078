//! What rewriting a text without losing anything would save.
//!
//! Every figure is counted by the tokenizer on the rewritten text, never
//! estimated: minified JSON, collapsed white space, comment-only lines inside
//! code fences, and passages that stand twice in one block.

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

use crate::record::prompt::Removable;

use super::tokenizer;

/// Shorter texts are not worth rewriting.
const FEWEST_TOKENS: u32 = 16;
/// Passages shorter than this many bytes repeat by chance.
const SHORTEST_PASSAGE: usize = 80;

/// Tokens that each lossless rewriting would remove from `text`, which counts
/// `tokens` as it is. The rewritings are applied one after the other, so the
/// figures add up.
#[must_use]
pub fn removable(text: &str, tokens: u32) -> Removable {
    let mut removable = Removable::default();
    if tokens < FEWEST_TOKENS {
        return removable;
    }
    let mut left = tokens;
    let mut saved_by = |rewritten: Option<&str>| -> u32 {
        let Some(rewritten) = rewritten else { return 0 };
        let after = tokenizer::count(rewritten).min(left);
        let saved = left - after;
        left = after;
        saved
    };
    if let Some(minified) = minified_json(text) {
        removable.json = saved_by((minified.len() < text.len()).then_some(minified.as_str()));
        return removable;
    }
    let without_comments = without_comment_lines(text);
    removable.comments = saved_by(without_comments.as_deref());
    let text = without_comments.as_deref().unwrap_or(text);
    let without_repeats = without_repeated_passages(text);
    removable.duplicates = saved_by(without_repeats.as_deref());
    let text = without_repeats.as_deref().unwrap_or(text);
    removable.whitespace = saved_by(collapsed_whitespace(text).as_deref());
    removable
}

/// The text as minified JSON, where it is a JSON object or array.
///
/// Key order, numbers and escapes stay as they are; only white space between
/// tokens goes.
#[must_use]
pub fn minified_json(text: &str) -> Option<String> {
    let trimmed = text.trim();
    if !trimmed.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<&serde_json::value::RawValue>(trimmed).ok()?;
    let mut minified = String::with_capacity(trimmed.len());
    let (mut in_string, mut escaped) = (false, false);
    for letter in trimmed.chars() {
        if in_string {
            in_string = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            minified.push(letter);
        } else if !letter.is_ascii_whitespace() {
            in_string = letter == '"';
            minified.push(letter);
        }
    }
    Some(minified)
}

/// The text with trailing white space and runs of blank lines removed and runs
/// of spaces inside a line collapsed; indentation stays. `None` if it is so
/// already.
fn collapsed_whitespace(text: &str) -> Option<String> {
    let mut collapsed = String::with_capacity(text.len());
    let mut blank_lines = 0;
    let mut fenced = false;
    for line in text.split('\n') {
        let kept = line.trim_end();
        fenced ^= kept.trim_start().starts_with("```");
        blank_lines = if kept.is_empty() { blank_lines + 1 } else { 0 };
        if blank_lines > 1 {
            continue;
        }
        let indentation = kept.len() - kept.trim_start().len();
        collapsed.push_str(&kept[..indentation]);
        push_collapsed(&mut collapsed, &kept[indentation..], fenced);
        collapsed.push('\n');
    }
    collapsed.pop();
    (collapsed.len() < text.len()).then_some(collapsed)
}

fn push_collapsed(into: &mut String, line: &str, verbatim: bool) {
    if verbatim || !line.contains("  ") {
        into.push_str(line);
        return;
    }
    let mut after_space = false;
    for letter in line.chars() {
        let space = letter == ' ';
        if !(space && after_space) {
            into.push(letter);
        }
        after_space = space;
    }
}

/// The text without the lines of fenced code that are only a comment. `None`
/// where there are none. A `#` line is kept in shells' first line and where
/// the fence names C or another language in which it is no comment.
fn without_comment_lines(text: &str) -> Option<String> {
    if !text.contains("```") {
        return None;
    }
    let mut kept = String::with_capacity(text.len());
    let mut marks: Option<&[&str]> = None;
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some(language) = trimmed.strip_prefix("```") {
            inside = !inside;
            marks = inside.then(|| comment_marks(language));
        } else if let Some(marks) = marks
            && marks.iter().any(|mark| trimmed.starts_with(mark))
            && !trimmed.starts_with("#!")
        {
            continue;
        }
        kept.push_str(line);
    }
    (kept.len() < text.len()).then_some(kept)
}

fn comment_marks(language: &str) -> &'static [&'static str] {
    match language.trim().to_ascii_lowercase().as_str() {
        "python" | "py" | "ruby" | "rb" | "bash" | "sh" | "shell" | "yaml" | "yml" | "toml"
        | "r" => &["#"],
        "rust" | "rs" | "c" | "cpp" | "c++" | "java" | "go" | "javascript" | "js"
        | "typescript" | "ts" | "kotlin" | "swift" | "csharp" | "cs" | "scala" => &["//"],
        "sql" | "lua" | "haskell" => &["--"],
        _ => &[],
    }
}

/// The text without paragraphs that stood before in it. `None` where none does.
fn without_repeated_passages(text: &str) -> Option<String> {
    if !text.contains("\n\n") {
        return None;
    }
    let mut seen = FxHashSet::default();
    let mut kept = String::with_capacity(text.len());
    for passage in text.split_inclusive("\n\n") {
        let content = passage.trim();
        if content.len() >= SHORTEST_PASSAGE && !seen.insert(xxh3_64(content.as_bytes())) {
            continue;
        }
        kept.push_str(passage);
    }
    (kept.len() < text.len()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::{collapsed_whitespace, minified_json, removable, without_comment_lines};
    use crate::measure::tokenizer::count;

    #[test]
    fn minifying_keeps_strings_numbers_and_order() {
        let text = "{ \"b\" : 1.50,\n \"a\": \"two  \\\" words\", \"c\": [ ] }";
        let minified = "{\"b\":1.50,\"a\":\"two  \\\" words\",\"c\":[]}";
        assert_eq!(minified_json(text).as_deref(), Some(minified));
        assert_eq!(minified_json("{not json}"), None);
        assert_eq!(minified_json("42"), None);
    }

    #[test]
    fn white_space_collapses_but_indentation_stays() {
        let text = "a  b \n\n\n\n    c";
        assert_eq!(collapsed_whitespace(text).as_deref(), Some("a b\n\n    c"));
        assert_eq!(collapsed_whitespace("a b"), None);
    }

    #[test]
    fn only_comment_lines_inside_code_go() {
        let text = "# title\n```python\n# why\nx = 1  # what\n```\n";
        assert_eq!(
            without_comment_lines(text).as_deref(),
            Some("# title\n```python\nx = 1  # what\n```\n")
        );
    }

    #[test]
    fn the_saving_is_what_the_tokenizer_counts() {
        let pretty = "{\n    \"alpha\": 1,\n    \"beta\": [\n        1,\n        2\n    ]\n}";
        let saved = removable(pretty, count(pretty)).json;
        assert_eq!(saved, count(pretty) - count("{\"alpha\":1,\"beta\":[1,2]}"));
        assert!(saved > 0);
    }
}
