//! Markdown as a terminal shows it best: wrapped paragraphs and lists,
//! underlined headings, tables and code as they are.
//!
//! Knows as much Markdown as our own pages use.

use std::fmt::Write as _;

/// A page, wrapped to a width.
pub(super) fn readable(page: &str, width: usize) -> String {
    let mut text = String::new();
    let mut is_comment = false;
    for line in page.lines() {
        is_comment |= line.starts_with("<!--");
        if !is_comment {
            let line = without_links(line);
            append(&mut text, &line, width);
        }
        is_comment &= !line.ends_with("-->");
    }
    text
}

/// A name and what it is, in two columns.
pub(super) fn entry(name: &str, longest: usize, meaning: &str, width: usize) -> String {
    let column = longest + 2;
    let mut text = String::new();
    wrap(&mut text, &format!("{name:<column$}"), column, &without_links(meaning), width);
    text
}

fn append(text: &mut String, line: &str, width: usize) {
    if let Some((level, title)) = heading(line) {
        let underline = if level == 1 { "=" } else { "-" };
        // Writing to a string never fails.
        let _ = writeln!(text, "{title}\n{}", underline.repeat(title.chars().count()));
    } else if line.starts_with(['|', ' ']) {
        let _ = writeln!(text, "{line}");
    } else {
        let (mark, rest) = line.split_at(mark_length(line));
        wrap(text, mark, mark.len(), rest, width);
    }
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (level > 0).then(|| (level, title.trim()))
}

/// The bytes of `- ` or `12. ` that open a list item; 0 where none do.
fn mark_length(line: &str) -> usize {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let is_numbered = digits > 0 && line.get(digits..).is_some_and(|rest| rest.starts_with(". "));
    match () {
        () if line.starts_with("- ") => 2,
        () if is_numbered => digits + 2,
        () => 0,
    }
}

/// Appends words behind an opening, further lines set in by `indent`. Words
/// that are longer than a line keep one of their own.
fn wrap(text: &mut String, opening: &str, indent: usize, words: &str, width: usize) {
    let mut line = opening.to_owned();
    let mut is_fresh = true;
    for word in words.split_whitespace() {
        let needed = line.chars().count() + usize::from(!is_fresh) + word.chars().count();
        if !is_fresh && needed > width {
            let _ = writeln!(text, "{}", line.trim_end());
            line = " ".repeat(indent);
            is_fresh = true;
        }
        if !is_fresh {
            line.push(' ');
        }
        line.push_str(word);
        is_fresh = false;
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// `[text](target)` as its text.
fn without_links(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once('[') {
        let parts = link.split_once("](").and_then(|(label, tail)| {
            let (_, after) = tail.split_once(')')?;
            (!label.contains(['[', ']'])).then_some((label, after))
        });
        shown.push_str(before);
        match parts {
            Some((label, after)) => {
                shown.push_str(label);
                rest = after;
            }
            None => {
                shown.push('[');
                rest = link;
            }
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::{entry, readable};

    #[test]
    fn a_page_is_wrapped_and_keeps_its_tables() {
        let page = "# Title\n\nOne two three four [five](six.md).\n\n<!-- hidden -->\n\
            - a list item that is long\n12. another one of them\n\n| a | very wide table row |\n    code stays\n[x] no link\n";
        // Wrapped by hand at 16 columns.
        let expected = "Title\n=====\n\nOne two three\nfour five.\n\n\
            - a list item\n  that is long\n12. another one\n    of them\n\n\
            | a | very wide table row |\n    code stays\n[x] no link\n";
        assert_eq!(readable(page, 16), expected);
    }

    #[test]
    fn an_entry_keeps_its_column() {
        assert_eq!(entry("a", 3, "one two three", 12), "a    one two\n     three\n");
    }
}
