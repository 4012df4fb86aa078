//! The hidden mark by which a later run finds its comment again.
//!
//! Knows no comment's text.

/// The name in the mark, so that several checks can each keep a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentTag(String);

/// Why a word cannot be a tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be a comment's tag: use 1 to {LONGEST} letters, digits, dots, underscores and \
     single dashes"
)]
pub struct CommentTagError(String);

/// Characters of the longest tag.
const LONGEST: usize = 64;

impl CommentTag {
    /// A tag of that name.
    ///
    /// # Errors
    /// When the name could end the HTML comment that it stands in.
    pub fn parse(name: &str) -> Result<Self, CommentTagError> {
        let fits = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        let is_safe = (1..=LONGEST).contains(&name.len())
            && name.chars().all(fits)
            && !name.contains("--")
            && !name.ends_with('-');
        if is_safe { Ok(Self(name.to_owned())) } else { Err(CommentTagError(name.to_owned())) }
    }

    /// The hidden first line of a comment.
    #[must_use]
    pub fn mark(&self) -> String {
        mark(&self.0)
    }
}

/// The mark with a tag that is known to be safe.
pub(in crate::report) fn mark(tag: &str) -> String {
    format!("<!-- tokopt:comment:v1 tag={tag} -->")
}

impl Default for CommentTag {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::CommentTag;

    #[test]
    fn no_tag_ends_the_comment_it_stands_in() {
        let mark = |name| CommentTag::parse(name).map(|tag| tag.mark());
        assert_eq!(CommentTag::default().mark(), "<!-- tokopt:comment:v1 tag=default -->");
        assert_eq!(mark("nightly-2"), Ok("<!-- tokopt:comment:v1 tag=nightly-2 -->".to_owned()));
        for name in ["", "a b", "-->", "a--", "a--!b", "x\n", "é", &"a".repeat(65)] {
            assert!(mark(name).is_err(), "{name:?}");
        }
    }
}
