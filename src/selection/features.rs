//! Which feature a call belongs to, as `[features]` in `tokopt.toml` says.

use std::borrow::Cow;

use super::error::SelectionError;
use super::fields::{Field, Fields};
use super::filter::Filter;

/// Rules that name features. The default ones name none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeatureRules {
    rules: Vec<Rule>,
    from: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    name: String,
    filter: Filter,
}

impl FeatureRules {
    /// Adds a rule after those there are: calls that pass all the filters
    /// belong to the feature of that name.
    ///
    /// # Errors
    /// When the name is empty or a filter cannot be read.
    pub fn add_rule(
        &mut self,
        name: &str,
        filters: &[impl AsRef<str>],
    ) -> Result<(), SelectionError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(SelectionError::NamelessRule);
        }
        self.rules.push(Rule { name: name.to_owned(), filter: Filter::parse(filters)? });
        Ok(())
    }

    /// Adds a field to take the feature's name from where no rule holds.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn add_source(&mut self, field: &str) -> Result<(), SelectionError> {
        self.from.push(Field::parse(field)?);
        Ok(())
    }

    /// The feature of a call: the first rule that holds, else the first of the
    /// fields that has a value, else `None`.
    #[must_use]
    pub fn feature<'f>(&'f self, fields: &'f impl Fields) -> Option<Cow<'f, str>> {
        let mut rules = self.rules.iter();
        if let Some(rule) = rules.find(|rule| rule.filter.keeps(fields)) {
            return Some(Cow::Borrowed(&rule.name));
        }
        self.from.iter().find_map(|field| fields.value(field))
    }

    /// Whether there is no rule and no field to take a name from.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.from.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use super::FeatureRules;
    use crate::selection::fields::{Field, Fields};

    struct Known(BTreeMap<Field, &'static str>);

    impl Fields for Known {
        fn value(&self, field: &Field) -> Option<Cow<'_, str>> {
            self.0.get(field).copied().map(Cow::Borrowed)
        }
    }

    fn feature(rules: &FeatureRules, values: &[(&str, &'static str)]) -> Option<String> {
        let field = |name: &str| Field::parse(name).expect("a field");
        let known = Known(values.iter().map(|(name, value)| (field(name), *value)).collect());
        rules.feature(&known).map(Cow::into_owned)
    }

    #[test]
    fn the_first_rule_that_holds_goes_before_any_field() {
        let mut rules = FeatureRules::default();
        assert_eq!(feature(&rules, &[("tag.team", "red")]), None);
        rules.add_rule("support", &["tag.route=/support/*", "model!=*-mini"]).expect("a rule");
        rules.add_rule("triage", &["tag.route=/support/*"]).expect("a rule");
        rules.add_source("tag.team").expect("a field");
        rules.add_source("call_site").expect("a field");
        let route = ("tag.route", "/support/new");
        assert_eq!(feature(&rules, &[route, ("model", "m")]).as_deref(), Some("support"));
        assert_eq!(feature(&rules, &[route, ("model", "m-mini")]).as_deref(), Some("triage"));
        let both = [("tag.team", "red"), ("call_site", "search#1")];
        assert_eq!(feature(&rules, &both).as_deref(), Some("red"));
        assert_eq!(feature(&rules, &both[1..]).as_deref(), Some("search#1"));
        assert_eq!(feature(&rules, &[("user", "anna")]), None);
    }

    #[test]
    fn a_rule_needs_a_name_and_filters_that_can_be_read() {
        let mut rules = FeatureRules::default();
        assert!(rules.add_rule(" ", &["model=x"]).is_err());
        assert!(rules.add_rule("x", &["modle=x"]).is_err());
        assert!(rules.add_source("teams").is_err());
        assert!(rules.is_empty());
    }
}
