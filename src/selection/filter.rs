//! `FIELD=PATTERN` and `FIELD!=PATTERN`: commas are or, repeats are and.

use super::error::SelectionError;
use super::fields::{Field, Fields};
use super::pattern::Pattern;

/// A condition on fields. The default one keeps everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    clauses: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause {
    field: Field,
    negated: bool,
    patterns: Vec<Pattern>,
}

impl Filter {
    /// Reads filters that must all hold.
    ///
    /// # Errors
    /// When one has no `=`, names no field or ends in a loose backslash.
    pub fn parse(texts: &[impl AsRef<str>]) -> Result<Self, SelectionError> {
        let clauses = texts.iter().map(|text| Clause::parse(text.as_ref()));
        Ok(Self { clauses: clauses.collect::<Result<_, _>>()? })
    }

    /// Whether the fields satisfy every clause.
    #[must_use]
    pub fn keeps(&self, fields: &impl Fields) -> bool {
        self.clauses.iter().all(|clause| clause.holds(fields))
    }

    /// The fields that decide, each as often as it is named.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.clauses.iter().map(|clause| &clause.field)
    }

    /// Whether everything is kept.
    #[must_use]
    pub const fn keeps_everything(&self) -> bool {
        self.clauses.is_empty()
    }
}

impl Clause {
    fn parse(text: &str) -> Result<Self, SelectionError> {
        let no_operator = || SelectionError::NoOperator { text: text.to_owned() };
        let (name, patterns) = text.split_once('=').ok_or_else(no_operator)?;
        if patterns.starts_with('=') {
            return Err(SelectionError::DoubledOperator { text: text.to_owned() });
        }
        let (name, negated) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
        if name.trim().is_empty() {
            return Err(no_operator());
        }
        let patterns = Pattern::parse_list(patterns)
            .ok_or_else(|| SelectionError::LooseEscape { text: text.to_owned() })?;
        Ok(Self { field: Field::parse(name)?, negated, patterns })
    }

    fn holds(&self, fields: &impl Fields) -> bool {
        let matched = match fields.value(&self.field) {
            Some(value) => self.patterns.iter().any(|pattern| pattern.matches(&value)),
            None => self.patterns.iter().any(Pattern::is_empty),
        };
        matched != self.negated
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Filter, SelectionError};
    use crate::selection::fields::{Field, Fields};

    /// A model, and no user.
    struct Named(&'static str);

    impl Fields for Named {
        fn value(&self, field: &Field) -> Option<Cow<'_, str>> {
            (*field == Field::Model).then_some(Cow::Borrowed(self.0))
        }
    }

    fn keeps(filters: &[&str], model: &'static str) -> bool {
        Filter::parse(filters).expect("filters").keeps(&Named(model))
    }

    #[test]
    fn commas_are_or_and_repeats_are_and() {
        assert!(keeps(&[], "a"));
        assert!(keeps(&["model=gpt-*,claude-*"], "claude-x"));
        assert!(!keeps(&["model=gpt-*", "model=*-mini"], "gpt-5"));
        assert!(keeps(&["model=gpt-*", "model=*-mini"], "gpt-5-mini"));
        assert!(!keeps(&["model!=gpt-*,claude-*"], "claude-x"));
        assert!(keeps(&["model != gpt-*, claude-*"], "mistral-x"));
    }

    #[test]
    fn a_missing_value_fits_only_the_empty_pattern() {
        assert!(!keeps(&["user=*"], "a"));
        assert!(keeps(&["user="], "a"));
        assert!(keeps(&["user=anna,"], "a"));
        assert!(keeps(&["user!=anna"], "a"));
        assert!(!keeps(&["user!="], "a"));
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        assert!(keeps(&["model=a=b"], "a=b"));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let error = |text: &str| Filter::parse(&[text]).expect_err("no filter");
        assert!(matches!(error("model"), SelectionError::NoOperator { .. }));
        assert!(matches!(error("=x"), SelectionError::NoOperator { .. }));
        assert!(matches!(error("model==x"), SelectionError::DoubledOperator { .. }));
        assert!(matches!(error("model=x\\"), SelectionError::LooseEscape { .. }));
        let unknown = error("modle=x");
        assert_eq!(unknown.to_string(), "there is no field `modle` to select by");
        assert_eq!(
            unknown.hint().as_deref(),
            Some("did you mean `model`? a tag is written tag.NAME")
        );
    }
}
