//! Cuts text into the words that the vocabulary encodes one by one.
//!
//! The o200k vocabulary defines its words by a regular expression. Most text is
//! ASCII, for which the same words are found here without one, several times as
//! fast; stretches with other letters go through the expression itself. A
//! property test holds the two against each other.

use bpe_openai::Tokenizer;

/// Bytes of a stretch that is looked at as a whole.
const STRETCH: usize = 512;

/// Visits the words of a text, in order.
pub(super) fn each_word(tokenizer: &Tokenizer, text: &str, mut visit: impl FnMut(&str)) {
    let mut rest = text;
    while !rest.is_empty() {
        let (stretch, after) = rest.split_at(stretch_end(rest));
        if stretch.is_ascii() {
            each_ascii_word(stretch, &mut visit);
        } else {
            tokenizer.split(stretch).for_each(&mut visit);
        }
        rest = after;
    }
}

/// Where a stretch can end: behind a letter or digit and before a space that a
/// letter follows. No word of the expression reaches over such a place.
fn stretch_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = STRETCH.min(bytes.len());
    while let Some(found) = memchr::memchr(b' ', bytes.get(at..).unwrap_or_default()) {
        let space = at + found;
        let before = space.checked_sub(1).and_then(|before| bytes.get(before));
        if before.is_some_and(u8::is_ascii_alphanumeric)
            && bytes.get(space + 1).is_some_and(u8::is_ascii_alphabetic)
        {
            return space;
        }
        at = space + 1;
    }
    bytes.len()
}

fn each_ascii_word(text: &str, visit: &mut impl FnMut(&str)) {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let end = word_end(bytes, start).max(start + 1);
        // Every byte is a character of its own here.
        visit(text.get(start..end).unwrap_or_default());
        start = end;
    }
}

/// The length of the run of bytes from `at` on for which `test` holds.
fn run(bytes: &[u8], at: usize, test: impl Fn(u8) -> bool) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|byte| test(**byte)).count()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn is_mark(byte: u8) -> bool {
    !is_space(byte) && !byte.is_ascii_alphanumeric()
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    let first = bytes[start];
    let next = bytes.get(start + 1).copied();
    if first.is_ascii_alphabetic() {
        return letters_end(bytes, start);
    }
    if first.is_ascii_digit() {
        return start + run(bytes, start, |byte| byte.is_ascii_digit()).min(3);
    }
    // Any one byte but a line end joins the letters behind it.
    if !matches!(first, b'\r' | b'\n') && next.is_some_and(|next| next.is_ascii_alphabetic()) {
        return letters_end(bytes, start + 1);
    }
    // Marks, a space before them, line ends and slashes behind them.
    let marks = if first == b' ' { start + 1 } else { start };
    let marks_end = marks + run(bytes, marks, is_mark);
    if marks_end > marks {
        return marks_end + run(bytes, marks_end, |byte| matches!(byte, b'\r' | b'\n' | b'/'));
    }
    spaces_end(bytes, start)
}

/// Capitals, then small letters, then a contraction.
fn letters_end(bytes: &[u8], start: usize) -> usize {
    let capitals = start + run(bytes, start, |byte| byte.is_ascii_uppercase());
    let end = capitals + run(bytes, capitals, |byte| byte.is_ascii_lowercase());
    end + contraction(bytes.get(end..).unwrap_or_default())
}

fn contraction(bytes: &[u8]) -> usize {
    let [b'\'', rest @ ..] = bytes else { return 0 };
    let lower = |at: usize| rest.get(at).map(u8::to_ascii_lowercase);
    match (lower(0), lower(1)) {
        (Some(b's' | b't' | b'm' | b'd'), _) => 2,
        (Some(b'r' | b'v'), Some(b'e')) | (Some(b'l'), Some(b'l')) => 3,
        _ => 0,
    }
}

/// White space: up to its last line end; else all of it at the end of the text;
/// else all but the last, which goes to the word behind it.
fn spaces_end(bytes: &[u8], start: usize) -> usize {
    let end = start + run(bytes, start, is_space);
    let lines = bytes[start..end].iter().rposition(|byte| matches!(byte, b'\r' | b'\n'));
    match lines {
        Some(last) => start + last + 1,
        None if end == bytes.len() || end - start == 1 => end,
        None => end - 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::each_word;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(bpe_openai::o200k_base(), text, |word| words.push(word.to_owned()));
        words
    }

    fn by_expression(text: &str) -> Vec<String> {
        bpe_openai::o200k_base().split(text).map(str::to_owned).collect()
    }

    #[test]
    fn the_words_are_those_of_the_expression() {
        for text in [
            "It's HTMLParser's job, isn't it? DON'T  ask -- we'll see.\n\n  \tif (x_1 == 12345) {\r\n",
            "  two  spaces\tand\ttabs \n \n end  ",
            "path/to/file.rs://x //\n/ 'LL 'Re 're's",
            "naïve café — “quoted” text. Then plain text again, and 中文 too.",
        ] {
            assert_eq!(words(text), by_expression(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn any_ascii_text_is_cut_alike(text in "[ -~\t\r\n\u{b}\u{c}]{0,80}") {
            prop_assert_eq!(words(&text), by_expression(&text));
        }

        #[test]
        fn long_mixed_text_is_cut_alike(parts in proptest::collection::vec(
            prop_oneof![
                Just("plain words of a sentence ".to_owned()),
                Just("it's 2026, isn't it?\n\n".to_owned()),
                "[a-zA-Z0-9 '\n\t.,/]{0,30}",
                "\\PC{0,20}",
            ],
            0..60,
        )) {
            let text = parts.concat();
            prop_assert_eq!(words(&text), by_expression(&text));
        }
    }
}
