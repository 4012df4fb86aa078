//! Patterns of texts: `*` is any text, `?` one character, `\` takes the next
//! character as it is. Square brackets mean themselves, because names of
//! models have them. Letter case counts.

/// One pattern, ready to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Shape);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    /// No wildcard: most patterns, and the fastest.
    Exactly(String),
    Wild(Vec<Part>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    AnyLetter,
    AnyText,
}

impl Pattern {
    /// Reads the patterns between the commas of a text, white space around
    /// them trimmed; `None` where a backslash at the end escapes nothing.
    #[must_use]
    pub fn parse_list(text: &str) -> Option<Vec<Self>> {
        let mut patterns = Vec::new();
        let mut draft = Draft::default();
        let mut letters = text.trim_start().chars();
        while let Some(letter) = letters.next() {
            match letter {
                ',' => patterns.push(std::mem::take(&mut draft).finish()),
                '\\' => draft.solid(Part::Letter(letters.next()?)),
                '*' => draft.solid(Part::AnyText),
                '?' => draft.solid(Part::AnyLetter),
                space if space.is_whitespace() => draft.space(space),
                letter => draft.solid(Part::Letter(letter)),
            }
        }
        patterns.push(draft.finish());
        Some(patterns)
    }

    /// Whether the whole text fits.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Shape::Exactly(wanted) => wanted == text,
            Shape::Wild(parts) => fits(parts, text),
        }
    }

    /// Whether this is the empty pattern, which a missing value fits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Shape::Exactly(wanted) if wanted.is_empty())
    }
}

/// A pattern in the making; `kept` ends after the last part that is not white
/// space.
#[derive(Default)]
struct Draft {
    parts: Vec<Part>,
    kept: usize,
}

impl Draft {
    fn solid(&mut self, part: Part) {
        self.parts.push(part);
        self.kept = self.parts.len();
    }

    fn space(&mut self, space: char) {
        if self.kept > 0 {
            self.parts.push(Part::Letter(space));
        }
    }

    fn finish(mut self) -> Pattern {
        self.parts.truncate(self.kept);
        let letters = self.parts.iter().map(|part| match part {
            Part::Letter(letter) => Some(*letter),
            Part::AnyLetter | Part::AnyText => None,
        });
        let plain: Option<String> = letters.collect();
        Pattern(plain.map_or(Shape::Wild(self.parts), Shape::Exactly))
    }
}

/// Compares from the left; on a mismatch the last `*` takes one character more.
fn fits(parts: &[Part], text: &str) -> bool {
    let mut part = 0;
    let mut rest = text.chars();
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let before = rest.clone();
        match (parts.get(part), rest.next()) {
            (Some(Part::AnyText), _) => {
                rest = before.clone();
                part += 1;
                retry = Some((part, before));
                continue;
            }
            (Some(Part::AnyLetter), Some(_)) => {
                part += 1;
                continue;
            }
            (Some(Part::Letter(wanted)), Some(letter)) if *wanted == letter => {
                part += 1;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        let Some((after_star, taken)) = &mut retry else { return false };
        if taken.next().is_none() {
            return false;
        }
        part = *after_star;
        rest = taken.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn matches(pattern: &str, text: &str) -> bool {
        let patterns = Pattern::parse_list(pattern).expect("a pattern");
        patterns.iter().any(|pattern| pattern.matches(text))
    }

    #[test]
    fn wildcards_stand_for_text() {
        for (pattern, text) in [
            ("gpt-*", "gpt-5-mini"),
            ("*", ""),
            ("*-mini", "gpt-5-mini-mini"),
            ("*a*b*", "xxaxxbab"),
            ("gpt-?", "gpt-5"),
            ("caf?", "café"),
            ("claude-*[1m]", "claude-opus-4-8[1m]"),
            ("/support/*", "/support/a/b"),
            (r"a\*b", "a*b"),
            ("a, b c ", "b c"),
            (r"x\,y", "x,y"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("gpt-*", "a-gpt-5"),
            ("*-mini", "mini"),
            ("gpt-?", "gpt-"),
            ("a*", ""),
            ("A", "a"),
            (r"a\*b", "axb"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn only_nothing_is_the_empty_pattern() {
        let empty: Vec<bool> =
            Pattern::parse_list(" ,a,*").unwrap().iter().map(Pattern::is_empty).collect();
        assert_eq!(empty, [true, false, false]);
        assert_eq!(Pattern::parse_list("a\\"), None);
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        assert!(!matches(&"*a".repeat(40), &"a".repeat(30)));
        assert!(!matches(&format!("{}b", "*a".repeat(20)), &"a".repeat(5_000)));
    }
}
