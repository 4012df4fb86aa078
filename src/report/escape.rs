//! Makes text from a log safe to show: keys, paths, names of models.
//!
//! A log is written by strangers. What it calls a feature may hold terminal
//! codes, direction overrides, table borders, markup or a spreadsheet formula.
//! Knows no document and no layout.

/// The sign of a text that was cut short.
pub const ELLIPSIS: char = '…';

/// The text without control characters, terminal sequences and direction
/// overrides, on one line.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut characters),
            '\u{9b}' => skip_parameters(&mut characters),
            _ if character.is_whitespace() => {
                if !kept.is_empty() && !kept.ends_with(' ') {
                    kept.push(' ');
                }
            }
            _ if character.is_control() || is_invisible(character) => {}
            _ => kept.push(character),
        }
    }
    kept.truncate(kept.trim_end().len());
    kept
}

/// Skips what follows an escape character: a control sequence up to its final
/// byte, a string up to its terminator, or one character.
fn skip_sequence(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match characters.next() {
        Some('[') => skip_parameters(characters),
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(character) = characters.next() {
                if matches!(character, '\u{7}' | '\u{9c}') {
                    return;
                }
                if character == '\u{1b}' {
                    characters.next_if_eq(&'\\');
                    return;
                }
            }
        }
        _ => {}
    }
}

/// Skips the parameters of a control sequence and its final byte.
fn skip_parameters(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while characters.next_if(|character| matches!(character, ' '..='?')).is_some() {}
    characters.next_if(|character| matches!(character, '@'..='~'));
}

/// Characters that show nothing but change how their neighbours are shown.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The cleaned text, cut to `limit` columns with an ellipsis at its end.
#[must_use]
pub fn plain(text: &str, limit: usize) -> String {
    cut(&clean(text), limit)
}

/// A text that is clean already, cut to `limit` columns with an ellipsis at
/// its end.
#[must_use]
pub fn cut(cleaned: &str, limit: usize) -> String {
    if display_width(cleaned) <= limit {
        return cleaned.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for character in cleaned.chars() {
        used += character_width(character);
        if used > limit {
            break;
        }
        kept.push(character);
    }
    kept.truncate(kept.trim_end().len());
    if limit > 0 {
        kept.push(ELLIPSIS);
    }
    kept
}

/// The cleaned text, cut to `limit` columns with an ellipsis at its start:
/// the end of a path says more than its beginning.
#[must_use]
pub fn plain_end(text: &str, limit: usize) -> String {
    let cleaned = clean(text);
    if display_width(&cleaned) <= limit {
        return cleaned;
    }
    let mut used = 1;
    let kept = cleaned.char_indices().rev().take_while(|(_, character)| {
        used += character_width(*character);
        used <= limit
    });
    let start = kept.last().map_or(cleaned.len(), |(start, _)| start);
    let end = cleaned.get(start..).unwrap_or_default();
    if limit == 0 { String::new() } else { format!("{ELLIPSIS}{end}") }
}

/// The cleaned text as literal Markdown, also inside a table's cell.
#[must_use]
pub fn markdown(text: &str) -> String {
    let cleaned = clean(text);
    let mut escaped = String::with_capacity(cleaned.len());
    let mut previous = None;
    let mut characters = cleaned.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => escaped.push_str("&#64;"),
            // Bare addresses become links without any bracket.
            ':' if next == Some('/') => escaped.push_str("&#58;"),
            '.' if escaped.to_ascii_lowercase().ends_with("www") => escaped.push_str("&#46;"),
            '_' if is_word(previous) && is_word(next) => escaped.push('_'),
            // A dollar sign opens a formula, unless it is money.
            '$' if next.is_some_and(|next| next.is_ascii_digit()) => escaped.push('$'),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '!' | '#' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
        previous = Some(character);
    }
    escaped
}

/// The cleaned text as literal Markdown of a comment, which calls nobody and
/// refers to nothing: the services look for `@name` and `#12` after they have
/// taken the escapes away, so a space of no width parts the sign from the word.
#[must_use]
pub fn markdown_comment(text: &str) -> String {
    markdown(text).replace("&#64;", "@&#8203;").replace("\\#", "\\#&#8203;")
}

/// The cleaned text for XML 1.0, in an element or in an attribute's quotes.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in clean(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // No XML document may hold them.
            '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A line as it is written, character by character, with a sign in the place of
/// everything that could steer the terminal: columns stay where they are.
#[must_use]
pub fn in_place(line: &str) -> String {
    line.chars()
        .map(|character| match character {
            '\t' => ' ',
            _ if character.is_control() || is_invisible(character) => '\u{fffd}',
            _ => character,
        })
        .collect()
}

fn is_word(neighbour: Option<char>) -> bool {
    neighbour.is_some_and(char::is_alphanumeric)
}

/// The cleaned text as a CSV cell that no spreadsheet takes for a formula.
///
/// Quoting is the writer's part.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let cleaned = clean(text);
    // A tab or carriage return at the start is a formula sign too; cleaning
    // drops it, so the text itself is looked at.
    let opens =
        |part: &str| part.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if opens(text) || opens(&cleaned) { format!("'{cleaned}") } else { cleaned }
}

/// Columns that a terminal needs for the text.
#[must_use]
pub fn display_width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

/// Columns of one character: none for combining marks, two for wide ones.
fn character_width(character: char) -> usize {
    let within = |ranges: &[(char, char)]| {
        let at = ranges.partition_point(|(_, last)| *last < character);
        ranges.get(at).is_some_and(|(first, _)| *first <= character)
    };
    match character {
        ' '..='\u{2ff}' => 1,
        '\u{17d8}' => 3,
        _ if within(&COMBINING) => 0,
        _ if within(&WIDE) => 2,
        _ => 1,
    }
}

/// The common combining marks; a missing one only widens a column.
const COMBINING: [(char, char); 7] = [
    ('\u{300}', '\u{36f}'),
    ('\u{483}', '\u{489}'),
    ('\u{1ab0}', '\u{1ace}'),
    ('\u{1dc0}', '\u{1dff}'),
    ('\u{20d0}', '\u{20f0}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{fe20}', '\u{fe2f}'),
];

/// Wide characters of East Asian scripts and pictures.
const WIDE: [(char, char); 38] = [
    ('\u{1100}', '\u{115f}'),
    ('\u{17a4}', '\u{17a4}'),
    ('\u{231a}', '\u{231b}'),
    ('\u{2329}', '\u{232a}'),
    ('\u{23e9}', '\u{23ec}'),
    ('\u{23f0}', '\u{23f0}'),
    ('\u{23f3}', '\u{23f3}'),
    ('\u{25fd}', '\u{25fe}'),
    ('\u{2614}', '\u{2615}'),
    ('\u{2630}', '\u{2637}'),
    ('\u{2648}', '\u{2653}'),
    ('\u{267f}', '\u{267f}'),
    ('\u{268a}', '\u{268f}'),
    ('\u{2693}', '\u{2693}'),
    ('\u{26a1}', '\u{26a1}'),
    ('\u{26aa}', '\u{26ab}'),
    ('\u{26bd}', '\u{26be}'),
    ('\u{26c4}', '\u{26c5}'),
    ('\u{26ce}', '\u{26ce}'),
    ('\u{26d4}', '\u{26d4}'),
    ('\u{26ea}', '\u{26ea}'),
    ('\u{26f2}', '\u{26fd}'),
    ('\u{2705}', '\u{2705}'),
    ('\u{270a}', '\u{270b}'),
    ('\u{2728}', '\u{2728}'),
    ('\u{274c}', '\u{2757}'),
    ('\u{2795}', '\u{2797}'),
    ('\u{27b0}', '\u{27bf}'),
    ('\u{2b1b}', '\u{2b1c}'),
    ('\u{2b50}', '\u{2b55}'),
    ('\u{2e80}', '\u{a4cf}'),
    ('\u{a960}', '\u{a97c}'),
    ('\u{ac00}', '\u{d7a3}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{fe10}', '\u{fe6f}'),
    ('\u{ff01}', '\u{ff60}'),
    ('\u{ffe0}', '\u{ffe6}'),
    ('\u{16fe0}', '\u{3fffd}'),
];

#[cfg(test)]
mod tests {
    use super::{
        clean, csv_cell, display_width, in_place, markdown, markdown_comment, plain, plain_end, xml,
    };

    #[test]
    fn nothing_steers_the_terminal() {
        for (text, shown) in [
            ("a\x1b[31mred\x1b[0m", "ared"),
            ("\x1b]0;title\x07x", "x"),
            ("\x1b]8;;http://a\x1b\\x", "x"),
            ("\u{9b}2Jx", "x"),
            ("a\u{202e}b\u{2066}c\u{200b}", "abc"),
            ("two\r\n lines\tx ", "two lines x"),
            ("\x1b", ""),
            ("bell\x07\0", "bell"),
        ] {
            assert_eq!(clean(text), shown, "{text:?}");
        }
    }

    #[test]
    fn text_is_cut_by_columns_not_by_characters() {
        assert_eq!(plain("abcdef", 6), "abcdef");
        assert_eq!(plain("abcdefg", 6), "abcde…");
        assert_eq!(plain("日本語テキスト", 6), "日本…");
        assert_eq!(plain("abc", 0), "");
        assert_eq!(plain_end("logs/2026/june.jsonl", 11), "…june.jsonl");
        assert_eq!(display_width("e\u{301}"), 1);
    }

    #[test]
    fn markdown_stays_literal() {
        for (text, escaped) in [
            ("tool_definitions", "tool_definitions"),
            ("_a_ *b* `c` | d", "\\_a\\_ \\*b\\* \\`c\\` \\| d"),
            ("<script>&", "&lt;script&gt;&amp;"),
            ("[x](http://y)", "\\[x\\](http&#58;//y)"),
            ("www.example.org a@b", "www&#46;example.org a&#64;b"),
            ("a\nb", "a b"),
            ("$3.14 for $x$", "$3.14 for \\$x\\$"),
        ] {
            assert_eq!(markdown(text), escaped, "{text:?}");
        }
    }

    #[test]
    fn a_comment_calls_nobody() {
        assert_eq!(markdown_comment("@octo #12"), "@&#8203;octo \\#&#8203;12");
        assert_eq!(markdown_comment("--> <b>"), "--&gt; &lt;b&gt;");
    }

    #[test]
    fn xml_stays_text() {
        assert_eq!(xml("]]> & <a b='c\">"), "]]&gt; &amp; &lt;a b=&apos;c&quot;&gt;");
        assert_eq!(xml("a\0\u{8}\u{fffe}b\x1b[31mc"), "abc");
    }

    #[test]
    fn columns_stay_where_they_are() {
        assert_eq!(in_place("a\tb\x1b[0m\u{202e}c"), "a b\u{fffd}[0m\u{fffd}c");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@sum", "'@sum"),
            ("\t=1", "'=1"),
            ("\rx", "'x"),
            ("\x1b[0m=1", "'=1"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(csv_cell(text), cell, "{text:?}");
        }
    }
}
