//! Measures texts before they are dropped: tokens, pieces, words, what lossless
//! rewriting would remove.
//!
//! Knows no format, no provider and no price. Everything here is a pure
//! function of a text, so the same text always measures the same, on any
//! thread.

pub mod lossless;
pub mod memo;
pub mod tokenizer;
pub mod words;

mod pretokens;

use xxhash_rust::xxh3::xxh3_64;

use crate::record::prompt::Block;

/// What a block is, as far as measuring it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text a user wrote: its words are kept as hashes.
    UserText,
    /// A system prompt: its opening names the call site.
    Template,
    /// Any other text.
    Text,
    /// A JSON value, such as a tool definition, sent as the provider renders it.
    Json,
}

/// Measures one block of text.
///
/// The identity is a fixed, unkeyed hash of the text, so it is the same in
/// every run and on every machine; it never leaves the process.
#[must_use]
pub fn block(text: &str, kind: Kind) -> Block {
    let minified = (kind == Kind::Json).then(|| lossless::minified_json(text)).flatten();
    let seen = minified.as_deref().unwrap_or(text);
    let pieces = tokenizer::pieces(seen);
    let removable = match kind {
        Kind::Json => crate::record::prompt::Removable::default(),
        Kind::UserText | Kind::Template | Kind::Text => lossless::removable(text, pieces.tokens),
    };
    Block {
        identity: xxh3_64(seen.as_bytes()),
        tokens: pieces.tokens,
        characters: u32::try_from(seen.chars().count()).unwrap_or(u32::MAX),
        pieces: pieces.pieces,
        removable,
        words: (kind == Kind::UserText).then(|| Box::new(words::words(text))),
        volatile: words::volatile(text),
        opening: if kind == Kind::Template { words::opening(text) } else { 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, block};

    #[test]
    fn json_spacing_does_not_change_a_block() {
        let spaced = block("{\"name\": \"search\",  \"k\": [1, 2]}", Kind::Json);
        let tight = block("{\"name\":\"search\",\"k\":[1,2]}", Kind::Json);
        assert_eq!(spaced.identity, tight.identity);
        assert_eq!(spaced.tokens, tight.tokens);
    }
}
