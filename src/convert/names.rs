//! How people and accounts are named in a table.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::record::log::Log;
use crate::record::symbol::Symbol;

/// Gives a name for a name, such as a pseudonym.
pub type Rename<'a> = &'a dyn Fn(&str) -> String;

/// The names of a log's users and accounts as a table shows them.
#[derive(Debug)]
pub struct Names<'a> {
    log: &'a Log,
    users: FxHashMap<Symbol, String>,
    accounts: FxHashMap<Symbol, String>,
    /// Tag values that name a user or an account of the log, or look like a
    /// mail address.
    tag_values: FxHashMap<Symbol, String>,
}

impl<'a> Names<'a> {
    /// Renames the users, accounts and workspaces of a log, also where a tag
    /// repeats them.
    #[must_use]
    pub fn new(log: &'a Log, user: Rename<'_>, account: Rename<'_>) -> Self {
        let mut names = Self {
            log,
            users: FxHashMap::default(),
            accounts: FxHashMap::default(),
            tag_values: FxHashMap::default(),
        };
        let call_users = log.calls.iter().filter_map(|call| call.user);
        for symbol in call_users.chain(log.buckets.iter().filter_map(|bucket| bucket.user)) {
            names.users.entry(symbol).or_insert_with(|| user(log.strings.text(symbol)));
        }
        let of_calls = log.calls.iter().flat_map(|call| [call.account, call.workspace]);
        let of_buckets = log.buckets.iter().map(|bucket| bucket.account);
        let of_charges = log.charges.iter().map(|charge| charge.account);
        for symbol in of_calls.chain(of_buckets).chain(of_charges).flatten() {
            names.accounts.entry(symbol).or_insert_with(|| account(log.strings.text(symbol)));
        }
        for (_, value) in log.tag_sets.iter().flatten() {
            let known = names.users.get(value).or_else(|| names.accounts.get(value));
            let renamed = match known {
                Some(name) => Some(name.clone()),
                None => Some(log.strings.text(*value)).filter(|text| is_address(text)).map(user),
            };
            if let Some(renamed) = renamed {
                names.tag_values.insert(*value, renamed);
            }
        }
        names
    }

    /// The name of a user.
    #[must_use]
    pub fn user(&self, symbol: Option<Symbol>) -> Option<&str> {
        self.users.get(&symbol?).map(String::as_str)
    }

    /// The name of an account or a workspace.
    #[must_use]
    pub fn account(&self, symbol: Option<Symbol>) -> Option<&str> {
        self.accounts.get(&symbol?).map(String::as_str)
    }

    /// The value of a tag.
    #[must_use]
    pub fn tag_value(&self, symbol: Symbol) -> &str {
        self.tag_values.get(&symbol).map_or_else(|| self.log.strings.text(symbol), String::as_str)
    }

    /// Tags as a JSON object; a key with several values has a list. `None`
    /// where there are none.
    #[must_use]
    pub fn tags(&self, tags: &[(Symbol, Symbol)]) -> Option<Cow<'static, str>> {
        if tags.is_empty() {
            return None;
        }
        let mut object = serde_json::Map::new();
        for group in tags.chunk_by(|left, right| left.0 == right.0) {
            let Some((key, _)) = group.first() else { continue };
            let mut values: Vec<serde_json::Value> =
                group.iter().map(|(_, value)| self.tag_value(*value).into()).collect();
            let value = if values.len() == 1 { values.remove(0) } else { values.into() };
            object.insert(self.log.strings.text(*key).to_owned(), value);
        }
        Some(Cow::Owned(serde_json::Value::from(object).to_string()))
    }
}

/// Whether a text looks like a mail address.
fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(person, host)| {
        !person.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn mail_addresses_are_told() {
        assert!(is_address("ann@example.org"));
        for other in ["@mention", "a@b", "call me @ example.org", "prod"] {
            assert!(!is_address(other), "{other}");
        }
    }
}
