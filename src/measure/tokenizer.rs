//! Counts tokens with OpenAI's o200k vocabulary.
//!
//! Counts are never used as they are: a call's local counts are scaled to the
//! billed total, so only their proportions matter (docs/adr/0006-tokenizer.md).

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use super::pretokens;

/// Tokens of a full piece.
pub const PIECE_TOKENS: u32 = 64;

/// A text cut every [`PIECE_TOKENS`] tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// Tokens of the whole text.
    pub tokens: u32,
    /// Hash and tokens of each piece, in order.
    pub pieces: Box<[(u64, u32)]>,
}

/// Counts the tokens of a text.
#[must_use]
pub fn count(text: &str) -> u32 {
    let mut tokens = 0_u32;
    each_word(text, |_, count| tokens = tokens.saturating_add(count));
    tokens
}

/// Cuts a text into pieces of [`PIECE_TOKENS`] tokens and hashes each.
///
/// A piece ends with the word in which the border falls, so that pieces are
/// whole words and a long word counts whole.
#[must_use]
pub fn pieces(text: &str) -> Pieces {
    let (mut tokens, mut in_piece) = (0_u32, 0_u32);
    let mut pieces = Vec::new();
    let mut hasher = Xxh3::new();
    each_word(text, |word, count| {
        hasher.update(word.as_bytes());
        tokens = tokens.saturating_add(count);
        in_piece = in_piece.saturating_add(count);
        if in_piece >= PIECE_TOKENS {
            pieces.push((hasher.digest(), in_piece));
            hasher.reset();
            in_piece = 0;
        }
    });
    if in_piece > 0 {
        pieces.push((hasher.digest(), in_piece));
    }
    Pieces { tokens, pieces: pieces.into_boxed_slice() }
}

/// Words whose counts a thread remembers. Natural text repeats its words, so
/// most of them are looked up instead of encoded again.
const REMEMBERED: usize = 1 << 16;
/// Longer words are rare and not worth a place.
const LONGEST_REMEMBERED: usize = 24;

thread_local! {
    static COUNTS: RefCell<FxHashMap<Box<str>, u32>> = RefCell::default();
}

fn each_word(text: &str, mut visit: impl FnMut(&str, u32)) {
    let tokenizer = bpe_openai::o200k_base();
    COUNTS.with_borrow_mut(|counts| {
        pretokens::each_word(tokenizer, text, |word| {
            if word.len() > LONGEST_REMEMBERED {
                return visit(word, encoded(tokenizer, word));
            }
            if let Some(&count) = counts.get(word) {
                return visit(word, count);
            }
            let count = encoded(tokenizer, word);
            if counts.len() < REMEMBERED {
                counts.insert(word.into(), count);
            }
            visit(word, count);
        });
    });
}

fn encoded(tokenizer: &bpe_openai::Tokenizer, word: &str) -> u32 {
    u32::try_from(tokenizer.bpe.count(word.as_bytes())).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{PIECE_TOKENS, count, pieces};

    #[test]
    fn counts_agree_with_the_published_vocabulary() {
        // OpenAI's cookbook on counting tokens: o200k_base makes 2 of the first and
        // 6 of the second.
        assert_eq!(count("hello world"), 2);
        assert_eq!(count("tiktoken is great!"), 6);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn pieces_hold_every_token_once_and_open_alike() {
        let long = "the quick brown fox jumps over the lazy dog ".repeat(40);
        let longer = format!("{long}and then it sleeps");
        let (short, extended) = (pieces(&long), pieces(&longer));
        assert_eq!(short.tokens, count(&long));
        assert!(short.tokens > 5 * PIECE_TOKENS);
        let full = short.pieces.len() - 1;
        assert_eq!(short.pieces[..full], extended.pieces[..full]);
        assert_eq!(short.pieces.iter().map(|(_, tokens)| tokens).sum::<u32>(), short.tokens);
    }
}
