//! Markdown as a terminal shows it best: wrapped paragraphs and lists,
//! underlined headings, tables as they are where they fit, code as it is.
//!
//! Knows as much Markdown as our own pages use.

use std::fmt::Write as _;

/// A page, wrapped to a width.
pub(super) fn readable(page: &str, width: usize) -> String {
    let mut text = String::new();
    let mut table: Vec<String> = Vec::new();
    for line in page.lines().filter(|line| !line.starts_with("<!--")).map(without_links) {
        if line.starts_with('|') {
            table.push(line);
            continue;
        }
        append_table(&mut text, &std::mem::take(&mut table), width);
        if !(line.is_empty() && text.ends_with("\n\n")) {
            append(&mut text, &line, width);
        }
    }
    append_table(&mut text, &table, width);
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
    } else if line.starts_with(' ') {
        let _ = writeln!(text, "{line}");
    } else {
        let (mark, rest) = line.split_at(mark_length(line));
        wrap(text, mark, mark.len(), rest, width);
    }
}

/// A table as it is where it fits, else each row as its first cell and, set
/// in, the others with their headings.
fn append_table(text: &mut String, lines: &[String], width: usize) {
    if lines.iter().all(|line| line.chars().count() <= width) {
        text.extend(lines.iter().flat_map(|line| [line.as_str(), "\n"]));
        return;
    }
    let mut rows = lines.iter().map(|line| cells(line));
    let headings = rows.next().unwrap_or_default();
    // The second line only draws the first one's underline.
    for (number, row) in rows.skip(1).enumerate() {
        let mut cells = headings.iter().zip(&row).filter(|(_, cell)| !cell.is_empty());
        let first = cells.next().map_or("", |(_, cell)| cell);
        let others: Vec<String> =
            cells.map(|(heading, cell)| format!("{heading}: {cell}")).collect();
        if number > 0 {
            text.push('\n');
        }
        wrap(text, "", 0, first, width);
        wrap(text, "  ", 2, &others.join(" · "), width);
    }
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
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
            - a list item that is long\n12. another one of them\n\n\n| a | b |\n|---|---|\n| c | d |\n    code stays\n[x] no link\n";
        // Wrapped by hand at 16 columns.
        let expected = "Title\n=====\n\nOne two three\nfour five.\n\n\
            - a list item\n  that is long\n12. another one\n    of them\n\n\
            | a | b |\n|---|---|\n| c | d |\n    code stays\n[x] no link\n";
        assert_eq!(readable(page, 16), expected);
    }

    #[test]
    fn a_table_that_is_too_wide_becomes_a_list() {
        let page =
            "| name | low | what it is |\n|---|---|---|\n| `a` | 0 | how many |\n| `b` | 1 | |\n";
        let expected = "`a`\n  low: 0 · what it is:\n  how many\n\n`b`\n  low: 1\n";
        assert_eq!(readable(page, 22), expected);
        assert_eq!(readable(page, 27), page);
    }

    #[test]
    fn an_entry_keeps_its_column() {
        assert_eq!(entry("a", 3, "one two three", 12), "a    one two\n     three\n");
    }
}
