//! Words of a text as hashes, and the kinds of changing values it holds.

use xxhash_rust::xxh3::xxh3_64;

use crate::record::prompt::{Volatile, Words};

/// The casefolded words of a text as hashes.
#[must_use]
pub fn words(text: &str) -> Words {
    let mut distinct = Vec::new();
    let mut with_digits = Vec::new();
    for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
    {
        let hash = xxh3_64(word.to_lowercase().as_bytes());
        distinct.push(short(hash));
        if word.bytes().any(|byte| byte.is_ascii_digit()) {
            with_digits.push(hash);
        }
    }
    distinct.sort_unstable();
    distinct.dedup();
    with_digits.sort_unstable();
    let too_long = distinct.len() > Words::MOST;
    if too_long {
        distinct.clear();
    }
    let digits: Vec<u8> = with_digits.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    Words { distinct: distinct.into_boxed_slice(), with_digits: xxh3_64(&digits), too_long }
}

/// The upper half of a hash.
const fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Words a run must share to count as repeated.
const RUN: usize = 6;

/// The casefolded words of a text as hashes, in order.
#[must_use]
pub fn in_order(text: &str) -> Box<[u32]> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| short(xxh3_64(word.to_lowercase().as_bytes())))
        .collect()
}

/// How much of `source` stands again in `answer`, in words of `source`, beside
/// all its words. A repeat is a run of six words or more.
#[must_use]
pub fn repeated_words(source: &[u32], answer: &[u32]) -> (u64, u64) {
    let runs: rustc_hash::FxHashSet<&[u32]> = answer.windows(RUN).collect();
    let mut covered_until = 0;
    let mut repeated = 0;
    for (start, run) in source.windows(RUN).enumerate() {
        if runs.contains(run) {
            let end = start + RUN;
            repeated += end - covered_until.max(start);
            covered_until = end;
        }
    }
    (repeated as u64, source.len() as u64)
}

/// Bytes of `05:40:20`.
const SHORTEST_TIME: usize = 8;
/// Shorter runs of hexadecimal digits occur by chance.
const SHORTEST_IDENTIFIER: usize = 20;

/// Which kinds of values that commonly break a shared prefix a text holds.
#[must_use]
pub fn volatile(text: &str) -> u8 {
    let ends_word = |byte: &u8| {
        byte.is_ascii_whitespace() || matches!(byte, b'"' | b',' | b'(' | b')' | b'<' | b'>')
    };
    let mut found = 0;
    for word in text.as_bytes().split(ends_word) {
        // Most words are ruled out by their length or first byte.
        if word.len() >= SHORTEST_TIME && word[0].is_ascii_digit() && looks_like_time(word) {
            found |= Volatile::Time as u8;
        }
        if word.len() >= SHORTEST_IDENTIFIER && looks_like_identifier(word) {
            found |= Volatile::Identifier as u8;
        }
    }
    found
}

/// Letters of a text's opening that name its template.
const OPENING: usize = 160;

/// Hash of a text's opening with digits levelled and spacing folded, so that a
/// template keeps its hash when a date or an id in it changes.
#[must_use]
pub fn opening(text: &str) -> u64 {
    let mut levelled = String::with_capacity(OPENING);
    for letter in text.chars().filter(|letter| !letter.is_whitespace()).take(OPENING) {
        if !letter.is_ascii_digit() {
            levelled.push(letter);
        } else if !levelled.ends_with('0') {
            levelled.push('0');
        }
    }
    xxh3_64(levelled.as_bytes())
}

/// `2026-06-01…` or `05:40:20…`.
fn looks_like_time(word: &[u8]) -> bool {
    let shaped = |shape: &[u8]| {
        word.len() >= shape.len()
            && word.iter().zip(shape).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                other => byte == other,
            })
    };
    shaped(b"0000-00-00") || shaped(b"00:00:00")
}

/// A UUID, or 20 and more hexadecimal digits with both letters and digits.
fn looks_like_identifier(word: &[u8]) -> bool {
    let hexadecimal = word.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    let dashes = word.iter().filter(|byte| **byte == b'-').count();
    hexadecimal >= SHORTEST_IDENTIFIER
        && hexadecimal + dashes == word.len()
        && word.iter().any(u8::is_ascii_digit)
        && word.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::{in_order, repeated_words, volatile, words};

    #[test]
    fn words_are_folded_and_numbers_kept_apart() {
        let first = words("Refund order 1234, please!");
        assert_eq!(first, words("please refund ORDER 1234"));
        assert_ne!(first.with_digits, words("please refund order 1235").with_digits);
        assert_eq!(first.distinct.len(), 4);
    }

    #[test]
    fn repeats_are_counted_in_words_of_the_source() {
        let source = "a b c d e f g h and nothing more";
        let repeated = |answer| repeated_words(&in_order(source), &in_order(answer));
        assert_eq!(repeated("it says: a b c d e f g, no"), (7, 11));
        assert_eq!(repeated("nothing of the kind"), (0, 11));
    }

    #[test]
    fn changing_values_are_recognised_by_shape() {
        assert_eq!(volatile("now: 2026-06-01T05:40:20Z"), 1);
        assert_eq!(volatile("id 2f8b1c4d-6a73-4e9b-91c0-5d7f3a8e2b46"), 2);
        assert_eq!(volatile("call 555-0100 at noon"), 0);
    }
}
