//! Where in a settings file something stands.

use std::ops::Range;

use crate::report::document::Place;

/// The text of a settings file, with the name that reports give it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The file, as it was named or found.
    pub path: &'a str,
    /// What it holds.
    pub text: &'a str,
}

impl Source<'_> {
    /// The place of some bytes of the text; `None` where they lie outside.
    #[must_use]
    pub fn place(&self, span: Range<usize>) -> Option<Place> {
        let before = self.text.get(..span.start)?;
        let inside = self.text.get(span)?;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text.get(start..)?.lines().next().unwrap_or_default();
        let column = before.get(start..)?.chars().count() as u64 + 1;
        // What goes on over several lines is shown by its first.
        let first = inside.lines().next().unwrap_or_default();
        Some(Place {
            path: self.path.to_owned(),
            line: before.matches('\n').count() as u64 + 1,
            column,
            text: line.to_owned(),
            length: (first.chars().count() as u64).max(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let text = "# été\r\n[budget]\r\ncost = { max = \"é4\" }\r\n";
        let source = Source { path: "tokopt.toml", text };
        let at = text.find("\"é4\"").expect("a value");
        let place = source.place(at..at + "\"é4\"".len()).expect("inside");
        assert_eq!((place.line, place.column, place.length), (3, 16, 4));
        assert_eq!(place.text, "cost = { max = \"é4\" }");
        assert_eq!(source.place(0..1).map(|place| (place.line, place.column)), Some((1, 1)));
        assert_eq!(source.place(900..901), None);
    }
}
