//! Names of people as reports show them.

/// How users and accounts are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Pseudonyms under a key that everyone knows: who guesses a name can check
    /// the guess.
    PublishedKey,
    /// Pseudonyms under the user's own key.
    Key(Vec<u8>),
    /// As logged.
    Shown,
}

/// The key of everyone who has not chosen one. Published on purpose: without a
/// key of one's own a pseudonym hides nothing from a determined reader, and
/// reports say so.
const PUBLISHED_KEY: &[u8] = b"tokopt published pseudonym key, guessable by design";
const CONTEXT: &str = "tokopt 2026-11 pseudonyms of users and accounts";
/// Hexadecimal digits of a pseudonym: among a million users, two share one with
/// a chance of less than one in two million.
const DIGITS: usize = 15;

impl Naming {
    /// A user's name.
    #[must_use]
    pub fn user(&self, name: &str) -> String {
        self.name("user", name)
    }

    /// An account's name.
    #[must_use]
    pub fn account(&self, name: &str) -> String {
        self.name("account", name)
    }

    fn name(&self, kind: &str, name: &str) -> String {
        // A table of calls carries pseudonyms: one of a pseudonym would only
        // hide which users of two reports are the same.
        if is_pseudonym(kind, name) {
            return name.to_owned();
        }
        let key = match self {
            Self::Shown => return name.to_owned(),
            Self::PublishedKey => PUBLISHED_KEY,
            Self::Key(key) => key,
        };
        let key = blake3::derive_key(CONTEXT, key);
        let hash = blake3::keyed_hash(&key, format!("{kind}:{name}").as_bytes()).to_hex();
        format!("{kind}-{}", hash.get(..DIGITS).unwrap_or_default())
    }
}

/// Whether a name is a pseudonym of this kind.
fn is_pseudonym(kind: &str, name: &str) -> bool {
    let digits = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::Naming;

    #[test]
    fn a_pseudonym_depends_on_key_kind_and_name() {
        let own = Naming::Key(b"secret".to_vec());
        let names = [
            own.user("ann@example.org"),
            own.account("ann@example.org"),
            own.user("bob@example.org"),
            Naming::PublishedKey.user("ann@example.org"),
        ];
        for (position, name) in names.iter().enumerate() {
            assert!(!name.contains("ann") && !name.contains("bob"), "{name}");
            assert!(!names[..position].contains(name), "{name}");
        }
        assert_eq!(own.user("ann@example.org"), names[0]);
        assert_eq!(Naming::Shown.user("ann"), "ann");
        // What is a pseudonym already stays one; one of another kind does not.
        let user = own.user("ann@example.org");
        assert_eq!(Naming::PublishedKey.user(&user), user);
        assert_ne!(own.account(&user), user);
    }
}
