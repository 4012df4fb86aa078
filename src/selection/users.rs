//! Which user a call is of, as `[users]` in `tokopt.toml` says.

use std::borrow::Cow;

use super::error::SelectionError;
use super::fields::{CallFields, Field, Fields as _};
use crate::record::log::Log;

/// Fields to take a call's user from, the first that has a value. The default
/// leaves every user as the log states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserRules {
    from: Vec<Field>,
}

impl UserRules {
    /// Adds a field after those there are.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn add_source(&mut self, field: &str) -> Result<(), SelectionError> {
        self.from.push(Field::parse(field)?);
        Ok(())
    }

    /// Gives every call its user. Where no field has a value the user that the
    /// log states stays. Periods of a usage export have no fields of a call and
    /// keep theirs.
    pub fn apply(&self, log: &mut Log) {
        if self.from.is_empty() {
            return;
        }
        for position in 0..log.calls.len() {
            let fields = CallFields::logged(log, &log.calls[position]);
            let found = self.from.iter().find_map(|field| fields.value(field));
            let Some(name) = found.map(Cow::into_owned) else { continue };
            log.calls[position].user = log.strings.intern(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UserRules;
    use crate::record::call::{Call, TagsId};
    use crate::record::log::Log;

    #[test]
    fn the_first_field_with_a_value_names_the_user() {
        let mut log = Log::default();
        let ann = log.strings.intern("ann");
        let team = log.strings.intern("acme");
        let tag = (log.strings.intern("user_id"), log.strings.intern("u-7"));
        log.tag_sets.push(tag.0.zip(tag.1).into_iter().collect());
        log.calls = vec![
            Call { user: ann, account: team, tags: Some(TagsId(0)), ..Call::default() },
            Call { user: ann, account: team, ..Call::default() },
            Call { user: ann, ..Call::default() },
        ];
        let users = |log: &Log| -> Vec<String> {
            let names = log.calls.iter().map(|call| log.strings.text_of(call.user));
            names.map(|name| name.unwrap_or_default().to_owned()).collect()
        };
        UserRules::default().apply(&mut log);
        assert_eq!(users(&log), ["ann", "ann", "ann"]);
        let mut rules = UserRules::default();
        rules.add_source("tag.user_id").expect("a field");
        rules.add_source("account").expect("a field");
        rules.apply(&mut log);
        assert_eq!(users(&log), ["u-7", "acme", "ann"]);
        assert!(rules.add_source("users").is_err());
    }
}
